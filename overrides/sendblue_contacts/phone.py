"""Phone numbers: E.164 or refused. Nothing that is not E.164 may ever become part of a path.

A path segment such as `count`, `.` or an empty one reaches another operation (`openapi/contacts.yaml`, "Numbers"), so
every number passes through `normalise` before a request is built. No error text shows a number, only its shape.
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

from .errors import InvalidPhoneNumberError

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_PUNCTUATION = dict.fromkeys(map(ord, " \t\u00a0\u2007\u2009\u202f()[]-./\u2010\u2011\u2012\u2013\u2212"))
# What address books put around a number that they copy: marks of writing direction, which nobody sees.
_INVISIBLE = dict.fromkeys(
    map(ord, "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff")
)
_IGNORED = _PUNCTUATION | _INVISIBLE
_OPTIONAL_ZERO = re.compile(r"[(\[]\W*0\W*[)\]]")
_LONGEST = 64
_HINT = "write it in E.164 form, such as +14155551234"


def normalise(value: object, *, field: str = "number", default_region: str | None = None) -> str:
    """The number in E.164 form.

    Args:
        value: A number in E.164 form, with or without the usual punctuation: `+1 (415) 555-1234`.
        field: The name of the field, for the error.
        default_region: Two letters such as `US`; then a national form is read too (needs the extra `phone`).

    Raises:
        InvalidPhoneNumberError: It is no such number. The text shows its shape, not its digits.
        TypeError: It is no string.
    """
    if not isinstance(value, str):
        message = f"{field} must be a phone number as a str, not {type(value).__name__}; {_HINT}"
        raise TypeError(message)
    if value.__class__ is str and _E164.fullmatch(value):  # most are, and to translate takes longer
        return value
    stripped = value.translate(_IGNORED)
    if _E164.fullmatch(stripped) and not _OPTIONAL_ZERO.search(value):
        return stripped
    if default_region is not None:
        return _national(value, field, default_region)
    raise _invalid(value, field, _reason(value, stripped))


def _reason(value: str, stripped: str) -> str:
    if not stripped:
        return "is empty"
    if _OPTIONAL_ZERO.search(value):
        return "has a (0), which is dialled in some countries and not in others: leave it out or write the digit"
    if not stripped.startswith("+"):
        return "has no country code"
    return "is not a phone number with 7 to 15 digits"


def _invalid(value: str, field: str, reason: str) -> InvalidPhoneNumberError:
    shape = re.sub(r"[^\W\d_]", "x", re.sub(r"\d", "#", value[:_LONGEST]))
    return InvalidPhoneNumberError(f"{field} ({shape!r}) {reason}; {_HINT}")


def _national(value: str, field: str, region: str) -> str:
    library = _phonenumbers()
    try:
        number = library.parse(value, region)
    except library.NumberParseException:
        raise _invalid(value, field, f"is no number that can be dialled in {region}") from None
    found = str(library.format_number(number, library.PhoneNumberFormat.E164))
    # The library takes numbers of some countries that are shorter or longer than E.164 allows.
    if not library.is_possible_number(number) or number.extension or not _E164.fullmatch(found):
        raise _invalid(value, field, f"is no number that can be dialled in {region}")
    return found


def _phonenumbers() -> Any:  # noqa: ANN401  # an optional library, typed only where it is installed
    try:
        return import_module("phonenumbers")
    except ModuleNotFoundError:
        message = 'default_region needs the library phonenumbers: pip install "sendblue-contacts[phone]"'
        raise ModuleNotFoundError(message) from None


def check_region(region: str | None) -> str | None:
    """The region in capitals, or None.

    Raises:
        ValueError: It is not two letters that the library phonenumbers knows.
    """
    if region is None:
        return None
    if region.upper() not in _phonenumbers().SUPPORTED_REGIONS:
        message = f"default_region {region!r} is no region; give two letters such as 'US'"
        raise ValueError(message)
    return region.upper()
