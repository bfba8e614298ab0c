"""Markdown tables, aligned so that the source is readable."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def show(
    title: str, head: list[str], rows: list[list[str]], note: str, *, words: int = 1, also: Path | None = None
) -> None:
    """Print a table between a title and a note.

    Args:
        title: The title of the table.
        head: The column headings.
        rows: The cells.
        note: The explanation below the table.
        words: The number of leading text columns; the others are numbers and right-aligned.
        also: A file to append the table to.
    """
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    rule = ["-" * (width - 1) + ("-" if index < words else ":") for index, width in enumerate(widths)]
    lines = [_line(row, widths, words) for row in (head, rule, *rows)]
    text = "\n".join([f"**{title}**", "", *lines, "", note, ""])
    print(f"\n{text}", flush=True)
    if also:
        with also.open("a", encoding="utf-8") as file:
            file.write(f"{text}\n")


def _line(row: list[str], widths: list[int], words: int) -> str:
    left = [cell.ljust(width) for cell, width in zip(row[:words], widths[:words], strict=True)]
    right = [cell.rjust(width) for cell, width in zip(row[words:], widths[words:], strict=True)]
    return f"| {' | '.join(left + right)} |"
