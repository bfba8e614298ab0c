"""Phone numbers: everything that is not E.164 is rejected before it can become part of a path.

A path segment such as `count`, `.` or an empty one would reach another operation (`openapi/contacts.yaml`, "Numbers").
Every number therefore passes through `normalise` before a request is built. Errors show the shape of a number and not
its digits.
"""

from __future__ import annotations

import re
from contextlib import suppress
from decimal import Decimal
from importlib import import_module
from math import isfinite
from typing import Any

from .errors import InvalidPhoneNumberError

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_PUNCTUATION = dict.fromkeys(map(ord, " \t\u00a0\u2007\u2009\u202f()[]-./\u2010\u2011\u2012\u2013\u2212"))
# Address books add invisible marks of the writing direction when a number is copied.
_INVISIBLE = dict.fromkeys(
    map(ord, "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff")
)
_IGNORED = _PUNCTUATION | _INVISIBLE
_SCIENTIFIC = re.compile(r"\s*[+-]?\d+([.,]\d+)?[eE][+-]?\d+\s*")
_OPTIONAL_ZERO = re.compile(r"[(\[][^\w()\[\]]*0[^\w()\[\]]*[)\]]")
_MAX_LENGTH = 250
"""The limit of the library phonenumbers. No number has as many characters, punctuation included."""
_MAX_SHAPE_LENGTH = 64
_MAX_REGION_LENGTH = 20
_HINT = "write it as +14155551234"
_SHORTEST_NUMBER, _LONGEST_NUMBER = 11, 15
"""How many digits a number that is not text has with its country code. Shorter ones are mostly national."""


class NumberText(str):
    """A number of a table as text, so that a phone number has neither its plus nor leading zeros."""

    __slots__ = ()


def number_text(value: object) -> object:
    """Return the text of a number, without the `.0` of an integral float. Other values are returned unchanged."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return value
    is_exact = not isinstance(value, float) or abs(value) < 2**53
    return NumberText(int(value) if is_exact and isfinite(value) and value % 1 == 0 else value)


def normalise(value: object, *, field: str = "number", default_region: str | None = None) -> str:
    """Return a phone number in E.164 format.

    Args:
        value: A number in E.164 format, with or without the usual punctuation: `+1 (415) 555-1234`.
        field: The name of the field, for the error.
        default_region: Two letters such as `US`; a number in the national format of this region is then also accepted
            (requires the extra `phone`), and the length of a number with a country code is checked for that country.

    Raises:
        InvalidPhoneNumberError: The value is not a valid phone number.
        TypeError: The value is not a string.
    """
    if not isinstance(value, str):
        raise TypeError(f"{field} must be a phone number as a str, not {type(value).__name__}; {_HINT}")
    if default_region is None and value.__class__ is str and E164.fullmatch(value):  # most values match
        return value
    if len(value) > _MAX_LENGTH:
        raise _invalid(value, field, f": it has more than {_MAX_LENGTH} characters")
    if _SCIENTIFIC.fullmatch(value):
        raise _invalid(value, field, ": it is in scientific notation, which loses digits; keep it as text")
    if isinstance(value, NumberText):
        return _from_number(value, field, default_region)
    if default_region is not None:
        return _parse_in_region(value, field, default_region)
    stripped = value.translate(_IGNORED)
    if E164.fullmatch(stripped) and not _OPTIONAL_ZERO.search(value):
        return stripped
    raise _invalid(value, field, f" in E.164 format{_problem(value, stripped)}")


def _from_number(value: NumberText, field: str, region: str | None) -> str:
    """Read a number that was not text. In a region, it may be national, and one with two meanings is rejected."""
    digits = str(value)
    if not value.isdecimal() or len(value) > _LONGEST_NUMBER:
        raise _invalid(value, field, ": it is negative, a fraction, infinite, or longer than 15 digits")
    if region is not None:
        return _number_in_region(digits, field, region)
    if len(value) < _SHORTEST_NUMBER:
        raise _invalid(value, field, ": as a number it has lost its country code or its leading zeros; keep it as text")
    return f"+{digits}"


def _number_in_region(digits: str, field: str, region: str) -> str:
    library = _phonenumbers()
    found: set[str] = set()
    for text in (f"+{digits}", digits):
        with suppress(InvalidPhoneNumberError):
            number = _parse_in_region(text, field, region)
            if text == digits or library.is_valid_number(library.parse(number)):
                found.add(number)
    has_country_code = digits.startswith(str(library.country_code_for_region(region)))
    if f"+{digits}" in found and has_country_code and len(digits) >= _SHORTEST_NUMBER:
        return f"+{digits}"
    if len(found) > 1:
        raise _invalid(digits, field, ": it can be national or have a country code; keep it as text")
    return found.pop() if found else _parse_in_region(digits, field, region)


def _problem(value: str, stripped: str) -> str:
    if not stripped:
        return ": it is empty"
    if _OPTIONAL_ZERO.search(value):
        return ": callers in some countries dial the (0) and others do not, so remove it or write the digit"
    if not stripped.startswith("+"):
        return ": the country code is missing"
    return " (+ and 7 to 15 digits)"


def _invalid(value: str, field: str, problem: str) -> InvalidPhoneNumberError:
    shape = re.sub(r"[^\W\d_]", "x", re.sub(r"\d", "#", value[:_MAX_SHAPE_LENGTH]))
    return InvalidPhoneNumberError(f"{field} ({shape!r}) is not a valid phone number{problem}; {_HINT}")


def _parse_in_region(value: str, field: str, region: str) -> str:
    library = _phonenumbers()
    expected = f" in E.164 format or in the national format of {region}"
    try:
        number = library.parse(value, region)
    except library.NumberParseException:
        empty = "" if value.translate(_IGNORED) else ": it is empty"
        raise _invalid(value, field, expected + empty) from None
    found = str(library.format_number(number, library.PhoneNumberFormat.E164))
    has_country_code = value.translate(_IGNORED).startswith("+")
    problem = _region_problem(library, number, found, None if has_country_code else region)
    if problem:
        raise _invalid(value, field, f"{expected}: {problem}")
    return found


def _region_problem(library: Any, number: Any, found: str, region: str | None) -> str | None:  # noqa: ANN401  # an optional library
    """Return what is wrong with a parsed number. The region is None if the number was written with a country code."""
    possible = library.is_possible_number_with_reason(number)
    if possible == library.ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
        return "the area code is missing"
    # For some countries the library accepts numbers that are shorter or longer than E.164 allows.
    if possible != library.ValidationResult.IS_POSSIBLE or not E164.fullmatch(found):
        return "it does not have the length of a number of its country"
    if number.extension:
        return "it has an extension, which cannot be sent"
    if region is None or library.is_valid_number(number):
        return None
    return _national_problem(library, library.national_significant_number(number), number.country_code, region)


def _national_problem(library: Any, digits: str, country_code: int, region: str) -> str | None:  # noqa: ANN401  # as above
    """Return what is wrong with a national number that the library does not know: it may be from a new range."""
    if library.country_code_for_region(region) != country_code:
        return None  # dialled with an international prefix: it has a country code
    numbers = library.PhoneMetadata.metadata_for_region(region).general_desc
    if not re.fullmatch(numbers.national_number_pattern, digits):
        return f"no number of {region} begins with these digits"
    if len(numbers.possible_length) > 1:  # it can be a local number of another length
        return "it is not a number of this region with its area code"
    return None


def _phonenumbers() -> Any:  # noqa: ANN401  # an optional library, typed only where it is installed
    try:
        return import_module("phonenumbers")
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            'default_region requires the library phonenumbers: pip install "sendblue-contacts[phone]"'
        ) from None


def check_region(region: str | None) -> str | None:
    """Return the region in capital letters. A ValueError names one that the library phonenumbers does not support."""
    if region is None:
        return None
    if region.upper() not in _phonenumbers().SUPPORTED_REGIONS:
        raise ValueError(
            f"default_region {region[:_MAX_REGION_LENGTH]!r} is not a valid region; use two letters such as 'US'"
        )
    return region.upper()


def load_regions() -> None:
    """Load the data of all regions. The library loads each one when it is first needed, while it holds a lock."""
    _phonenumbers().PhoneMetadata.load_all()
