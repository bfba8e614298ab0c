"""Pure functions that format text, counts and durations for messages and tables."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from typing import Any

_MINUTE, _HOUR = 60, 3600
_UNPRINTABLE_CATEGORIES = {"Cc", "Zl", "Zp"}
_WHOLE_WORDS: Any = {"break_on_hyphens": False, "break_long_words": False}


def printable(text: str) -> str:
    """Return the text on one line, with control characters replaced by spaces."""
    letters = (" " if unicodedata.category(letter) in _UNPRINTABLE_CATEGORIES else letter for letter in text)
    return "".join(letters).strip()


def kebab_case(name: str) -> str:
    """Return `first_name` and `firstName` as `first-name`; a name of one letter is unchanged."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).replace("_", "-").lower() if len(name) > 1 else name


def wrap(line: str, width: int) -> str:
    """Break the line between words, and indent the continuation lines by two more spaces.

    A line that starts with four spaces is a command to copy, and is unchanged.
    """
    if len(line) <= width or line.startswith(" " * 4):
        return line
    margin = " " * (len(line) - len(line.lstrip()))
    return textwrap.fill(line.lstrip(), width, initial_indent=margin, subsequent_indent=f"{margin}  ", **_WHOLE_WORDS)


def pluralize(number: int, singular: str) -> str:
    """Return the number and the noun: `1 contact`, `2 contacts`, `1,000 contacts`."""
    return f"{number:,} {singular if number == 1 else f'{singular}s'}"


def format_duration(seconds: float) -> str:
    """Return a duration in at most two units: `8 s`, `3 min 20 s`, `28 h 5 min`."""
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    return f"{whole // _HOUR:,} h {whole % _HOUR // _MINUTE} min"
