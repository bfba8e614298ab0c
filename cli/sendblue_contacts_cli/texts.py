"""Texts for people, pure: what came from elsewhere is made fit for a terminal."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from typing import Any


def clean(text: str) -> str:
    """The text on one line, without anything that a terminal would obey rather than show."""
    return "".join(" " if unicodedata.category(letter) in _UNFIT else letter for letter in text).strip()


_UNFIT = {"Cc", "Zl", "Zp"}


def kebab(name: str) -> str:
    """`first_name` and `firstName` as `first-name`; a single letter stays."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).replace("_", "-").lower() if len(name) > 1 else name


def wrapped(line: str, width: int) -> str:
    """The line broken between words, its further lines a little to the right.

    A line that begins with four spaces is a command to be copied, and stays as it is.
    """
    if len(line) <= width or line.startswith(" " * 4):
        return line
    margin = " " * (len(line) - len(line.lstrip()))
    return textwrap.fill(line.lstrip(), width, initial_indent=margin, subsequent_indent=f"{margin}  ", **_WHOLE_WORDS)


_WHOLE_WORDS: Any = {"break_on_hyphens": False, "break_long_words": False}


def counted(number: int, one: str, many: str = "") -> str:
    """`1 contact`, `2 contacts`, `1,000 contacts`."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def duration(seconds: float) -> str:
    """`8 s`, `3 min 20 s`, `28 h 5 min`: how long a person has to wait."""
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    return f"{whole // _HOUR:,} h {whole % _HOUR // _MINUTE} min"


_MINUTE, _HOUR = 60, 3600
