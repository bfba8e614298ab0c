"""Pure functions that format text, counts and durations for messages and tables."""

from __future__ import annotations

import re
import textwrap
from typing import Any

_MINUTE, _HOUR = 60, 3600
_UNPRINTABLE = "[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
"""Control characters, line and paragraph separators, marks that change the direction of text, and lone surrogates."""
_PYTHON_SPELLINGS = {
    # An option and, in parentheses, the argument of the Python function.
    r"(--[a-z][a-z-]*(?: '[^']*'| [\w%-]+| [\w-]+ or [\w-]+)?) \((?:\w+=[^()]*|ColumnMap\(\{[^{}]*\}\))\)": r"\1",
    r"RateLimit\(store=…\) or (?=SENDBLUE_)": "",
    r",? or in Python pass \w+=True": "",
    r"\bdefault_region (?=')": "--default-region ",
}
"""Patterns for what messages of the library say about Python, and what replaces it."""
_WHOLE_WORDS: Any = {"break_on_hyphens": False, "break_long_words": False}


def visible(text: str) -> str:
    r"""Return the text on one line, with control characters as escape sequences: `\n`, `\x1b`."""
    return re.sub(_UNPRINTABLE, lambda found: found[0].encode("unicode_escape").decode(), text)


def printable(text: str) -> str:
    """Return the text on one line like `visible`, without spaces at its ends."""
    return visible(text.strip(" "))


def name_options_only(message: str) -> str:
    """Return a message of the library without the arguments of Python functions."""
    for pattern, replacement in _PYTHON_SPELLINGS.items():
        message = re.sub(pattern, replacement, message)
    return message


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
