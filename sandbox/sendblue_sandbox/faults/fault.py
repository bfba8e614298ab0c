"""One fault: what happens to which requests. Each field is checked when it is made, with a sentence for a bad one.

| what          | what the client gets                                                          | carried out         |
|---------------|-------------------------------------------------------------------------------|---------------------|
| `status`      | an error: `status` (500), and `body` or the documented form of one            | if `after`          |
| `delay`       | the real answer, later                                                        | yes                 |
| `reset`       | a connection that is reset before any answer                                  | if `after`          |
| `truncated`   | half of the real answer, though its Content-Length says all; then the end     | yes                 |
| `broken_json` | half of the real answer as if it were the whole one                           | yes                 |
| `html`        | a page of a proxy, as 502 unless `status` says otherwise                      | if `after`          |
| `empty`       | 200 unless `status` says otherwise, and no body                               | if `after`          |
| `redirect`    | 307 unless `status` says otherwise, to the `Location` of `headers`, or nowhere | if `after`          |
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, TypeAlias, cast, get_args

What: TypeAlias = Literal["status", "delay", "reset", "truncated", "broken_json", "html", "empty", "redirect"]
LOWEST_STATUS, HIGHEST_STATUS = 200, 599
LONGEST_DELAY = 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What happens to which requests.

    Args:
        what: What happens, see the table in this module.
        operation: Only requests of this operation, by its name in the document.
        method: Only requests with this HTTP method.
        path: Only requests whose decoded path matches this pattern, as `/api/v2/contacts/*`.
        nth: Only these of the requests that match, counted from 1; a number or several. Empty for all.
        every: Only every so manieth of the requests that match.
        probability: The chance of each, 0 to 1.
        seed: The same makes the same chances.
        times: How often at most; None for no end.
        after: Whether the request is carried out first, where `what` leaves it open; a delay comes after it then.
        status: The status of the answer.
        body: The body of the answer: text, or anything else as JSON. None for one that fits.
        headers: Headers of the answer.
        delay: Real seconds to wait, before the request is carried out unless `after` says otherwise.
        jitter: As much again by chance: a time from 0 to so many seconds is added.

    Raises:
        ValueError: A value cannot be.
    """

    what: What = "status"
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
        """Refuse what cannot be, and make `nth` a tuple."""
        object.__setattr__(self, "nth", _several(self.nth))
        for name, (fits, wanted) in CHECKS.items():
            value = getattr(self, name)
            if not fits(value):
                raise ValueError(f"{name}={value!r} is not a setting of a fault: give {wanted}.")

    def in_turn(self, number: int) -> bool:
        """Whether `nth` and `every` pick the request with this number, of those that match."""
        picked = cast("tuple[int, ...]", self.nth)
        return (not picked or number in picked) and number % self.every == 0

    def plain(self) -> dict[str, Any]:
        """The fields that are not as they are by default, and `what`."""
        values, empty = asdict(self), asdict(Fault())
        return {name: value for name, value in values.items() if name == "what" or value != empty[name]}


def fault(rule: Mapping[str, Any]) -> Fault:
    """Make a fault of a mapping.

    Raises:
        ValueError: A field is unknown, or a value cannot be.
    """
    known = [each.name for each in fields(Fault)]
    for name in rule:
        if name not in known:
            raise ValueError(f"{name[:100]!r} is not a field of a fault: there are {', '.join(known)}.")
    return Fault(**rule)


def _several(value: object) -> tuple[object, ...]:
    # What is no sequence is one value, and CHECKS says what is wrong with it.
    return tuple(cast("Sequence[object]", value)) if isinstance(value, list | tuple) else (value,)


def _whole(value: object, low: float = -math.inf, high: float = math.inf) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _number(value: object, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= high


def _wholes(value: tuple[object, ...]) -> bool:
    return all(_whole(each, 1) for each in value)


def _text(value: object) -> bool:
    return value is None or isinstance(value, str)


def _headers(value: object) -> bool:
    pairs = cast("Mapping[object, object]", value).items() if isinstance(value, Mapping) else [(None, None)]
    return all(_latin(name) and _latin(each) for name, each in pairs)


def _latin(text: object) -> bool:
    return isinstance(text, str) and all(" " <= character <= "\xff" for character in text)


# Each field that can be wrong: what fits, and what to give instead.
CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "what": (lambda value: value in get_args(What), "one of " + ", ".join(get_args(What))),
    "operation": (_text, "the name of an operation, or None for all"),
    "method": (_text, "an HTTP method in capitals, or None for all"),
    "path": (_text, "a path, with * for any text, or None for all"),
    "nth": (_wholes, "whole numbers from 1 on"),
    "every": (lambda value: _whole(value, 1), "a whole number from 1 on"),
    "probability": (lambda value: _number(value, 1), "a number from 0 to 1"),
    "seed": (_whole, "a whole number"),
    "times": (lambda value: value is None or _whole(value, 1), "a whole number from 1 on, or None for no end"),
    "after": (lambda value: isinstance(value, bool), "true or false"),
    "status": (
        lambda value: value is None or _whole(value, LOWEST_STATUS, HIGHEST_STATUS),
        f"a status from {LOWEST_STATUS} to {HIGHEST_STATUS}",
    ),
    "headers": (_headers, "names and values of headers, as text"),
    "delay": (lambda value: _number(value, LONGEST_DELAY), f"seconds from 0 to {LONGEST_DELAY:.0f}"),
    "jitter": (lambda value: _number(value, LONGEST_DELAY), f"seconds from 0 to {LONGEST_DELAY:.0f}"),
}
