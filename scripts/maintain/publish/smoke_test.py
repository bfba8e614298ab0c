"""First steps of a user with the installed package: `python -I smoke_test.py VERSION core|all URL`.

It runs in an environment that has the package and its dependencies, and nothing else: no pytest and no source tree.
URL is the address of a sandbox in another process.
"""

from __future__ import annotations

import asyncio
import importlib
import subprocess
import sys
from pathlib import Path

PACKAGES = (
    "sendblue_contacts",
    "sendblue_contacts_api",
    "sendblue_contacts_cli",
    "sendblue_sandbox",
    "sendblue_transfer",
)
NUMBER = "+14155551234"


def expect(what: str, found: object, expected: object) -> None:
    """Exit with a message unless `found` equals `expected`."""
    if found != expected:
        sys.exit(f"{what}: {found!r} instead of {expected!r}")


def check_packages(version: str) -> None:
    """Check that the packages come from this environment, with this version and every public name."""
    for name in PACKAGES:
        folder = Path(importlib.import_module(name).__file__ or "").parent
        expect(f"{name} is in this environment", folder.is_relative_to(sys.prefix), expected=True)
    package = importlib.import_module("sendblue_contacts")
    expect("__version__", package.__version__, version)
    expect("names that are None", [name for name in package.__all__ if getattr(package, name) is None], [])


def check_clients(url: str) -> None:
    """Check that both clients work over TCP, without any extra."""
    from sendblue_contacts import AsyncSendblue, Sendblue

    async def count() -> int:
        async with AsyncSendblue("key", "secret", base_url=url) as client:
            return await client.contacts.count()

    with Sendblue("key", "secret", base_url=url) as client:
        contact = client.contacts.create(NUMBER, firstName="Ada", update_if_exists=True)
    expect("the contact", (contact.phone, contact.first_name), (NUMBER, "Ada"))
    expect("the async count", asyncio.run(count()), 1)


def check_extras(version: str) -> None:
    """Check the sandbox, a national phone number and the command."""
    from sendblue_contacts import Sendblue
    from sendblue_sandbox import Sandbox

    with Sandbox() as sandbox, Sendblue("key", "secret", base_url=sandbox.url, default_region="US") as client:
        client.contacts.create("(415) 555-1234", tags=["VIP"])
        expect("the contacts", [contact.phone for contact in client.contacts.list()], [NUMBER])
    program = str(Path(sys.prefix) / "bin/sendblue-contacts")
    expect("the command", subprocess.check_output([program, "--version"], text=True).split()[-1:], [version])


if __name__ == "__main__":
    check_packages(sys.argv[1])
    check_clients(sys.argv[3])
    if sys.argv[2] == "all":
        check_extras(sys.argv[1])
