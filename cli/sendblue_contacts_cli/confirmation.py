"""The confirmation that commands ask for on the terminal."""

from __future__ import annotations

import shutil
import sys

import click

from .exit_codes import CommandError
from .formatting import wrap


def confirm(action: str, question: str) -> bool:
    """Ask a question on the terminal, and return whether the answer is yes.

    Args:
        action: What needs the answer, for the error message.
        question: The question.

    Raises:
        CommandError: There is no terminal.
    """
    if not sys.stdin.isatty():
        raise CommandError(f"{action} needs a confirmation, and there is no terminal to ask on; add --yes")
    return click.confirm(wrap(question, shutil.get_terminal_size().columns), err=True)
