"""`python -m sendblue_sandbox`: the settings as options."""

from __future__ import annotations

import argparse
import sys
from typing import Any, get_args

from .cli import PORT, run
from .config import BulkExisting, OffsetCeiling, RetryAfter, Spelling
from .rate_limit.window_models import Model


def main(arguments: list[str] | None = None) -> int:
    """Read the options and serve.

    Args:
        arguments: The command line; None takes that of this process.

    Returns:
        The exit status: 0 after Ctrl-C or SIGTERM, 1 when it could not start.
    """
    options = _parser().parse_args(arguments)
    try:
        run(**vars(options))
    except (ImportError, OSError, ValueError) as error:
        sys.stderr.write(f"{getattr(error, 'strerror', None) or error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sendblue_sandbox",
        description="A local server that behaves as the Sendblue Contacts API.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    for name, settings in OPTIONS.items():
        parser.add_argument(name, **settings)
    return parser


def _limit(text: str) -> int | None:
    return None if text == "off" else int(text)


# Each option and how argparse takes it.
OPTIONS: dict[str, dict[str, Any]] = {
    "--port": {"type": int, "default": PORT, "help": "port to listen on, 0 for a free one"},
    "--host": {"default": "127.0.0.1", "help": "address to listen on"},
    "--db": {"metavar": "FILE", "help": "keep contacts in this file and not in memory"},
    "--spelling": {"choices": get_args(Spelling), "default": "both", "help": "spelling of answers"},
    "--limit": {"type": _limit, "default": 100, "metavar": "N|off", "help": "most requests of a key in one window"},
    "--window": {"choices": get_args(Model), "default": "log", "help": "how requests are counted"},
    "--retry-after": {"choices": get_args(RetryAfter), "default": "seconds", "help": "what a refused request is told"},
    "--per": {"type": float, "default": 10.0, "metavar": "SECONDS", "help": "length of the window"},
    "--api-key": {"help": "accept this key alone and not any"},
    "--api-secret": {"help": "accept this secret alone and not any"},
    "--bulk-existing": {"choices": get_args(BulkExisting), "default": "fail", "help": "existing numbers in bulk"},
    "--offset-ceiling": {"choices": get_args(OffsetCeiling), "default": "clamp", "help": "offsets that are too high"},
    "--seed": {"type": int, "default": 0, "metavar": "N", "help": "add so many contacts at the start"},
    "--document": {"metavar": "FILE", "help": "another OpenAPI document"},
}


if __name__ == "__main__":
    sys.exit(main())
