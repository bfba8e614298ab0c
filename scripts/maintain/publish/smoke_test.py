"""First steps of a user with the installed package: `python -I smoke_test.py VERSION core|all`.

It runs in an environment that has the package and its dependencies, and nothing else: no pytest and no source tree.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

PACKAGES = (
    "sendblue_contacts",
    "sendblue_contacts_api",
    "sendblue_transfer",
    "sendblue_contacts_cli",
    "sendblue_sandbox",
)
NUMBER = "+14155551234"
MISSING_EXTRA = 2


def expect(what: str, found: object, expected: object) -> None:
    """Exit with a message unless `found` equals `expected`."""
    if found != expected:
        sys.exit(f"{what}: {found!r} instead of {expected!r}")


def import_error(call: Callable[[], object]) -> str:
    """Return the message of the ImportError that `call` must raise."""
    try:
        call()
    except ImportError as error:
        return str(error)
    return "it did not fail"


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command."""
    program = str(Path(sys.prefix) / "bin/sendblue-contacts")
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


class Server(BaseHTTPRequestHandler):
    """Answers the creation of a contact."""

    def do_POST(self) -> None:
        """Return the contact that was sent."""
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = json.dumps({"status": "OK", "contact": {**sent, "phone": sent["number"]}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - the signature of http.server
        """Log nothing."""


def check_packages(version: str) -> None:
    """Check that the packages come from this environment, are typed, and have this version and every public name."""
    for name in PACKAGES:
        folder = Path(importlib.import_module(name).__file__ or "").parent
        expect(f"{name} is in this environment", folder.is_relative_to(sys.prefix), expected=True)
        expect(f"{name} is typed", (folder / "py.typed").is_file(), expected=True)
    package = importlib.import_module("sendblue_contacts")
    expect("__version__", package.__version__, version)
    expect("names that are None", [name for name in package.__all__ if getattr(package, name) is None], [])


def check_core() -> None:
    """Check that the client works without extras, and that errors name a missing extra."""
    from sendblue_contacts import Sendblue
    from sendblue_sandbox import Sandbox

    with HTTPServer(("127.0.0.1", 0), Server) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        with Sendblue("key", "secret", base_url=f"http://127.0.0.1:{server.server_port}") as client:
            contact = client.contacts.create(NUMBER, firstName="Ada")
        server.shutdown()
    expect("the contact", (contact.phone, contact.first_name), (NUMBER, "Ada"))
    expect("the sandbox names its extra", "sendblue-contacts[sandbox]" in import_error(Sandbox), expected=True)
    done = command("count")
    expect("the exit status of the command without its extra", done.returncode, MISSING_EXTRA)
    expect("the command names its extra", "sendblue-contacts[cli]" in done.stderr, expected=True)


def check_extras(version: str) -> None:
    """Check the sandbox, both clients, a national phone number and the command, with all extras."""
    from sendblue_contacts import AsyncSendblue, Sendblue
    from sendblue_sandbox import Sandbox

    async def count(url: str) -> int:
        async with AsyncSendblue("key", "secret", base_url=url) as client:
            return await client.contacts.count()

    with Sandbox() as sandbox, Sendblue("key", "secret", base_url=sandbox.url, default_region="US") as client:
        client.contacts.create("(415) 555-1234", firstName="Ada", tags=["VIP"])
        expect("the contacts", [contact.phone for contact in client.contacts.list()], [NUMBER])
        expect("the async count", asyncio.run(count(sandbox.url)), 1)
    expect("the command", command("--version").stdout.split()[-1:], [version])


def main(version: str, extras: str) -> None:
    """Run all checks for the installed extras."""
    check_packages(version)
    if extras == "core":
        check_core()
    else:
        check_extras(version)


if __name__ == "__main__":
    main(*sys.argv[1:])
