"""The arguments of scripts/demo. Only the standard library is imported, so that --help needs no installation."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

EXAMPLE = Path(__file__).resolve().parents[2] / "examples/contacts.csv"
EPILOG = """\
FILE needs a column `phone` (or `number`, `Mobile`, …) and may have columns for the other fields of a contact, such as
first_name, "First Name", tags (separated by ;) and custom_variables.Plan.

The example takes about 20 seconds, because it reaches the rate limit. Everything stays on this machine: no request is
sent to Sendblue, and no account is needed.

Then start the sandbox yourself, and open http://127.0.0.1:4010 in a browser:
    .venv/bin/sendblue-contacts sandbox
"""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the arguments `file` and `encoding`."""
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description="Import a file of contacts with the client into a sandbox on this machine, and show the result.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "file",
        nargs="?",
        type=Path,
        default=EXAMPLE,
        metavar="FILE",
        help="a CSV file with commas (default: examples/contacts.csv)",
    )
    parser.add_argument(
        "--encoding", help="the text encoding of FILE, such as cp1252 or utf-16 (default: it is detected)"
    )
    return parser.parse_args(arguments)
