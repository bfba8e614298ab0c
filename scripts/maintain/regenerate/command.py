"""Regenerate everything that is emitted: the generated package, and the client for threads."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from maintain.openapi_document import DocumentError
from maintain.regenerate import sync_client
from maintain.regenerate.differences import differences
from maintain.regenerate.generated_client import Plan, check, regenerate, shown
from maintain.regenerate.templates import accept
from maintain.venvs import ROOT, ScriptError


def check_client(client: Path) -> list[str]:
    """Return the differences between the emitted files of the client and the expected ones."""
    expected = sync_client.emitted(client)
    return differences(sync_client.current(client, expected), {name: text.encode() for name, text in expected.items()})


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line and make the paths absolute."""
    parser = argparse.ArgumentParser(
        prog="scripts/regenerate",
        description="Generate generated/ from openapi/contacts.yaml, and the client for threads from that for tasks.",
    )
    parser.add_argument(
        "--check", action="store_true", help="change nothing; exit with status 1 and a diff if anything is out of date"
    )
    parser.add_argument(
        "--accept-stock",
        action="store_true",
        help="record that the stock templates behind the custom ones were reviewed, and generate nothing",
    )
    parser.add_argument("--package-only", action="store_true", help="skip the client for threads")
    for name, default, text in (
        ("document", "openapi/contacts.yaml", "the OpenAPI document"),
        ("templates", "openapi/templates", "the folder of the custom templates"),
        ("output", "generated", "the folder that contains only the package"),
    ):
        parser.add_argument(
            f"--{name}", type=absolute, default=ROOT / default, metavar="PATH", help=f"{text} ({default})"
        )
    return parser.parse_args(arguments)


def absolute(path: str) -> Path:
    """Return `path` as an absolute path, without resolving symbolic links."""
    return Path(path).absolute()


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    options = parse(arguments)
    if options.accept_stock:
        print("\n".join(accept(options.templates)) or "nothing changed")
        return 0
    client = None if options.package_only else sync_client.CLIENT
    plan = Plan(options.document, options.templates, options.output)
    try:
        lines = check(plan) if options.check else regenerate(plan)
        if client:
            lines += check_client(client) if options.check else sync_client.write(client)
    except (DocumentError, ScriptError) as error:
        print(f"{error}\nscripts/regenerate failed; {shown(plan.output)} is unchanged.", file=sys.stderr)
        return 1
    print("\n".join(lines or ["nothing changed"]))
    if options.check and lines:
        print("Run scripts/regenerate.", file=sys.stderr)
    return int(options.check and bool(lines))
