"""The command `sendblue-contacts`. `main` alone stands here; the rooms behind it load when a command needs them.

The rooms import click, which comes with the extra `cli`, so nothing but `main` may import them. rich, httpx and the
generated code are as slow to load as all the rest together: the rooms import them inside the functions that use them,
so that help and completion never wait for them.
"""

from __future__ import annotations

import sys
from importlib import import_module

PROGRAM = "sendblue-contacts"
INSTALL = 'The command line needs a package that is not installed ({}): pip install "sendblue-contacts[cli]"'
MISSING = 2
INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> None:
    """Run the command line, and end the process with its exit status.

    Args:
        arguments: The arguments; None takes those of this process.
    """
    try:
        program = import_module(f"{__name__}.program").program
    except ModuleNotFoundError as error:
        sys.stderr.write(f"{INSTALL.format(error.name)}\n")
        sys.exit(MISSING)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    program(args=arguments, prog_name=PROGRAM)
