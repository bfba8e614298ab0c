"""One fault: which requests it applies to, and what happens to them. Every field is checked at construction.

| what          | what the client receives                                                          | executed   |
|---------------|-----------------------------------------------------------------------------------|------------|
| `status`      | an error: `status` (default 500), and `body` (default: the documented error body) | if `after` |
| `delay`       | the normal response, later                                                        | yes        |
| `reset`       | a connection reset, and no response                                               | if `after` |
| `truncated`   | half of the normal body under the full Content-Length, then the end               | yes        |
| `broken_json` | half of the normal body under the Content-Length of that half                     | yes        |
| `html`        | an HTML error page, as from a proxy: `status` (default 502)                       | if `after` |
| `empty`       | no body: `status` (default 200)                                                   | if `after` |
| `redirect`    | a redirect: `status` (default 307), to the `Location` in `headers`                | if `after` |
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, TypeAlias, cast, get_args

FaultKind: TypeAlias = Literal["status", "delay", "reset", "truncated", "broken_json", "html", "empty", "redirect"]
MIN_STATUS, MAX_STATUS = 200, 599
MAX_DELAY = 3_600.0
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault and the requests that it applies to.

    Args:
        what: What happens; see the table in this module.
        operation: Only requests of this operation, by its `operationId` in the document.
        method: Only requests with this HTTP method.
        path: Only requests whose decoded path matches this pattern, for example `/api/v2/contacts/*`.
        nth: Only these of the matching requests, counted from 1; an integer or several. Empty for all.
        every: Only every n-th of the matching requests.
        probability: The probability for each matching request, from 0 to 1.
        seed: The seed of the random numbers; the same seed selects the same requests.
        times: How often the fault happens at most; None for no maximum.
        after: Whether the request is executed first, for kinds where the table allows both. A `delay` then follows
            the execution.
        status: The status of the response; None for the default of the kind.
        body: The body of the response: text, or a value to encode as JSON. None for the default of the kind.
        headers: Headers of the response.
        delay: Real seconds to wait, before the execution unless `after` is set.
        jitter: The maximum of a random number of seconds that is added to `delay`.

    Raises:
        ValueError: A field has an invalid value.
    """

    what: FaultKind = "status"
    operation: str | None = None
    method: str | None = None
    path: str | None = None
    nth: int | Sequence[int] = ()
    every: int = 1
    probability: float = 1.0
    seed: int = 0
    times: int | None = None
    after: bool = False
    status: int | None = None
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    delay: float = 0.0
    jitter: float = 0.0

    def __post_init__(self) -> None:
        """Check every field, and convert `nth` to a tuple."""
        object.__setattr__(self, "nth", _to_tuple(self.nth))
        for name, (is_valid, expected) in FIELD_CHECKS.items():
            value = getattr(self, name)
            if not is_valid(value):
                raise ValueError(f"{name}={value!r} is not a valid field of a fault. Use {expected}.")

    def selects(self, number: int) -> bool:
        """Return whether `nth` and `every` select the matching request with this number."""
        numbers = cast("tuple[int, ...]", self.nth)
        return (not numbers or number in numbers) and number % self.every == 0

    def to_dict(self) -> dict[str, Any]:
        """Return `what` and the fields that differ from their default."""
        values, defaults = asdict(self), asdict(Fault())
        return {name: value for name, value in values.items() if name == "what" or value != defaults[name]}


def fault_from_mapping(values: Mapping[str, Any]) -> Fault:
    """Create a fault from a mapping of its fields.

    Args:
        values: The values by field name.

    Raises:
        ValueError: A field is unknown or has an invalid value.
    """
    known = [field.name for field in fields(Fault)]
    for name in values:
        if name not in known:
            raise ValueError(f"{name[:100]!r} is not a field of a fault. The fields are {', '.join(known)}.")
    return Fault(**values)


def _to_tuple(value: object) -> tuple[object, ...]:
    # Any other value becomes an element; FIELD_CHECKS then refuses it if it is not an integer.
    return tuple(cast("Sequence[object]", value)) if isinstance(value, list | tuple) else (value,)


def _is_integer(value: object, low: float = -math.inf, high: float = math.inf) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _is_number(value: object, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= high


def _are_positive_integers(value: tuple[object, ...]) -> bool:
    return all(_is_integer(item, 1) for item in value)


def _is_optional_text(value: object) -> bool:
    return value is None or isinstance(value, str)


def _are_headers(value: object) -> bool:
    pairs = cast("Mapping[object, object]", value).items() if isinstance(value, Mapping) else [(None, None)]
    return all(_is_header_name(name) and _is_latin_text(content) for name, content in pairs)


def _is_header_name(text: object) -> bool:
    return isinstance(text, str) and HEADER_NAME.fullmatch(text) is not None


def _is_latin_text(text: object) -> bool:
    return isinstance(text, str) and all(" " <= character <= "\xff" for character in text)


# Each field with restrictions: the check, and the description of a valid value.
FIELD_CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "what": (lambda value: value in get_args(FaultKind), "one of " + ", ".join(get_args(FaultKind))),
    "operation": (_is_optional_text, "the operationId of an operation, or None for all"),
    "method": (_is_optional_text, "an HTTP method in upper case, or None for all"),
    "path": (_is_optional_text, "a path pattern, in which * matches any text, or None for all"),
    "nth": (_are_positive_integers, "an integer of at least 1, or several"),
    "every": (lambda value: _is_integer(value, 1), "an integer of at least 1"),
    "probability": (lambda value: _is_number(value, 1), "a number from 0 to 1"),
    "seed": (_is_integer, "an integer"),
    "times": (lambda value: value is None or _is_integer(value, 1), "an integer of at least 1, or None for no maximum"),
    "after": (lambda value: isinstance(value, bool), "a boolean"),
    "status": (
        lambda value: value is None or _is_integer(value, MIN_STATUS, MAX_STATUS),
        f"a status from {MIN_STATUS} to {MAX_STATUS}",
    ),
    "headers": (_are_headers, "a mapping from header names to text values"),
    "delay": (lambda value: _is_number(value, MAX_DELAY), f"seconds from 0 to {MAX_DELAY:.0f}"),
    "jitter": (lambda value: _is_number(value, MAX_DELAY), f"seconds from 0 to {MAX_DELAY:.0f}"),
}
