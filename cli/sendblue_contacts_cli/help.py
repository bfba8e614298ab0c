"""How help is shown: as wide as the terminal, and with colors on a terminal. Also the suggestions for unknown names."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

MAX_WIDTH = 1_000
"""The maximum width of help, beyond that of any terminal."""
_COLUMNS, _MARGIN, _MIN_WIDTH = 80, 2, 50


def shows_colors() -> bool:
    """Whether standard output is a terminal on which colors are wanted."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def styled(text: str, **style: Any) -> str:  # noqa: ANN401  # of `click.style`
    """Return the text in a style, if standard output shows colors."""
    return click.style(text, **style) if shows_colors() else text


def terminal_columns() -> int:
    """Return the width of the terminal, as `shutil.get_terminal_size` does; but `shutil` is slow to load."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        return int(columns)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno() if sys.__stdout__ else -1).columns or _COLUMNS
    except (OSError, ValueError):  # it is not a terminal, or closed
        return _COLUMNS


class HelpFormatter(click.HelpFormatter):
    """Writes headings in bold, and the names of commands and options in color."""

    def __init__(self, indent_increment: int = 2, width: int | None = None, max_width: int | None = None) -> None:
        columns = min(terminal_columns(), max_width or MAX_WIDTH)
        width = width or click.formatting.FORCED_WIDTH or max(columns - _MARGIN, _MIN_WIDTH)
        super().__init__(indent_increment, width, max_width)

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the usage line."""
        super().write_usage(prog, args, styled(prefix or "Usage:", bold=True) + " ")

    def write_heading(self, heading: str) -> None:
        """Write a heading."""
        super().write_heading(styled(heading, bold=True))

    def write_dl(self, rows: Iterable[tuple[str, str]], *args: Any, **settings: Any) -> None:  # noqa: ANN401  # as in click
        """Write a list of names and their descriptions."""
        super().write_dl([(styled(name, fg="cyan"), text) for name, text in rows], *args, **settings)


class HelpContext(click.Context):
    """A context whose help is written by `HelpFormatter`."""

    formatter_class: type[click.HelpFormatter] = HelpFormatter


def did_you_mean(name: str, known: Collection[str], synonyms: Mapping[str, str] | None = None) -> str:
    """Return the names that are similar as a question, preceded by a space; empty if none is.

    Args:
        name: The unknown name.
        known: The known names.
        synonyms: Other words for known names, which must match exactly.
    """
    from difflib import get_close_matches  # noqa: PLC0415  # slow to load, and rarely needed

    synonym = (synonyms or {}).get(name)
    found = [synonym] if synonym else get_close_matches(name, known, cutoff=0.65)
    return f" Did you mean {' or '.join(map(repr, found))}?" if found else ""
