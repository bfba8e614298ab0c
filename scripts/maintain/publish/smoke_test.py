"""What a user does first, with the package as it is installed: `python -I smoke_test.py VERSION core|all`.

Runs in an environment that has the package and what it needs, and nothing else: no pytest, and nothing of the tree.
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
MISSING = 2


def expect(what: str, found: object, wanted: object) -> None:
    """End with a sentence when something is not as it should be."""
    if found != wanted:
        sys.exit(f"{what}: {found!r} instead of {wanted!r}")


def refusal(call: Callable[[], object]) -> str:
    """What a call says that must fail for want of an extra."""
    try:
        call()
    except ImportError as error:
        return str(error)
    return "it did not fail"


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command."""
    program = str(Path(sys.prefix) / "bin/sendblue-contacts")
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


class Stub(BaseHTTPRequestHandler):
    """Answers a creation with what was sent."""

    def do_POST(self) -> None:
        """Answer."""
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = json.dumps({"status": "OK", "contact": {**sent, "phone": sent["number"]}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - the signature of http.server
        """Say nothing."""


# --- the parts


def installed(version: str) -> None:
    """The three packages come from this environment, typed, in this version, with every public name."""
    for name in PACKAGES:
        folder = Path(importlib.import_module(name).__file__ or "").parent
        expect(f"{name} is of this environment", folder.is_relative_to(sys.prefix), wanted=True)
        expect(f"{name} is typed", (folder / "py.typed").is_file(), wanted=True)
    package = importlib.import_module("sendblue_contacts")
    expect("__version__", package.__version__, version)
    expect("names that are None", [name for name in package.__all__ if getattr(package, name) is None], [])


def core() -> None:
    """Without extras the client works over TCP, and what needs an extra says which."""
    from sendblue_contacts import Sendblue
    from sendblue_sandbox import Sandbox

    with HTTPServer(("127.0.0.1", 0), Stub) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        with Sendblue("key", "secret", base_url=f"http://127.0.0.1:{server.server_port}") as client:
            made = client.contacts.create(NUMBER, firstName="Ada")
        server.shutdown()
    expect("the contact", (made.phone, made.first_name), (NUMBER, "Ada"))
    expect("the sandbox names its extra", "sendblue-contacts[sandbox]" in refusal(Sandbox), wanted=True)
    ended = command("count")
    expect("the command without its extra", ended.returncode, MISSING)
    expect("the command names its extra", "sendblue-contacts[cli]" in ended.stderr, wanted=True)


def with_extras(version: str) -> None:
    """With all extras: the sandbox, both clients, a national number, the command."""
    from sendblue_contacts import Sendblue
    from sendblue_sandbox import Sandbox

    with Sandbox() as sandbox, Sendblue("key", "secret", base_url=sandbox.url, default_region="US") as client:
        client.contacts.create("(415) 555-1234", firstName="Ada", tags=["VIP"])
        expect("the contacts", [each.phone for each in client.contacts.list()], [NUMBER])
        expect("the async count", asyncio.run(count(sandbox.url)), 1)
    expect("the command", command("--version").stdout.split()[-1:], [version])


async def count(url: str) -> int:
    """How many contacts there are, asked by the async client."""
    from sendblue_contacts import AsyncSendblue

    async with AsyncSendblue("key", "secret", base_url=url) as client:
        return await client.contacts.count()


def main(version: str, extras: str) -> None:
    """Try everything."""
    installed(version)
    if extras == "core":
        core()
    else:
        with_extras(version)


if __name__ == "__main__":
    main(*sys.argv[1:])
