"""The settings of a sandbox, checked when it is created."""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeAlias, TypedDict, cast, get_args

from .rate_limit.window_models import WindowName

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Spelling: TypeAlias = Literal["both", "snake", "camel"]
BulkExisting: TypeAlias = Literal["fail", "update"]
OffsetCeiling: TypeAlias = Literal["clamp", "refuse"]
RetryAfter: TypeAlias = Literal["seconds", "date", "none"]
PathLike: TypeAlias = str | os.PathLike[str]

MAX_PORT = 65_535
HOST_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")


class Options(TypedDict, total=False):
    """The settings as keyword arguments."""

    spelling: Spelling
    limit: int | None
    per: float
    window: WindowName
    retry_after: RetryAfter
    db: PathLike | None
    api_key: str | None
    api_secret: str | None
    bulk_existing: BulkExisting
    bulk_max: int | None
    bulk_seconds_per_item: float
    offset_ceiling: OffsetCeiling
    max_body_bytes: int
    read_lag: float
    document: PathLike | None
    host: str
    port: int
    allowed_hosts: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one sandbox. The docstring of `Sandbox` describes each of them."""

    spelling: Spelling = "both"
    limit: int | None = 100
    per: float = 10.0
    window: WindowName = "log"
    retry_after: RetryAfter = "seconds"
    db: PathLike | None = None
    api_key: str | None = field(default=None, repr=False)
    api_secret: str | None = field(default=None, repr=False)
    bulk_existing: BulkExisting = "fail"
    bulk_max: int | None = None
    bulk_seconds_per_item: float = 0.0
    offset_ceiling: OffsetCeiling = "clamp"
    max_body_bytes: int = 1_048_576
    read_lag: float = 0.0
    document: PathLike | None = None
    host: str = "127.0.0.1"
    port: int = 0
    allowed_hosts: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Raise `ValueError` for an invalid setting."""
        for name, choices in _CHOICES.items():
            _check(name, getattr(self, name), getattr(self, name) in choices, _one_of(choices))
        for name, (is_valid, expected) in _RULES.items():
            _check(name, getattr(self, name), is_valid(getattr(self, name)), expected)
        _check_credentials(self.api_key, self.api_secret)


def _check(name: str, value: object, ok: bool, expected: str) -> None:  # noqa: FBT001  # the result of the check
    if not ok:
        message = f"{name}={value!r} is not a valid setting of the sandbox. Use {expected}."
        raise ValueError(message)


def _one_of(choices: tuple[str, ...]) -> str:
    return "one of " + ", ".join(map(repr, choices))


def _is_integer(value: object, low: int, high: float = math.inf) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _is_duration(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf


def _are_host_names(value: object) -> bool:
    names: Iterable[object] = cast("Iterable[object]", value) if isinstance(value, list | tuple) else [None]
    return all(isinstance(name, str) and HOST_NAME.fullmatch(name) for name in names)


def _is_maximum(value: object) -> bool:
    return value is None or _is_integer(value, 1)


def _is_time(value: object) -> bool:
    return value == 0 or _is_duration(value)


_CHOICES: dict[str, tuple[str, ...]] = {
    "spelling": get_args(Spelling),
    "bulk_existing": get_args(BulkExisting),
    "offset_ceiling": get_args(OffsetCeiling),
    "window": get_args(WindowName),
    "retry_after": get_args(RetryAfter),
}
_RULES: dict[str, tuple[Callable[[object], bool], str]] = {
    "limit": (_is_maximum, "an integer of at least 1, or None for no limit"),
    "per": (_is_duration, "a number of seconds greater than 0"),
    "bulk_max": (_is_maximum, "an integer of at least 1, or None for no maximum"),
    "read_lag": (_is_time, "a number of seconds of at least 0"),
    "bulk_seconds_per_item": (_is_time, "a number of seconds of at least 0"),
    "max_body_bytes": (partial(_is_integer, low=1), "a number of bytes of at least 1"),
    "port": (partial(_is_integer, low=0, high=MAX_PORT), f"a port from 1 to {MAX_PORT}, or 0 for any free port"),
    "allowed_hosts": (_are_host_names, "a list of host names, without a scheme or a port"),
}
"""Whether the value of a setting is valid, and what to use instead."""


def _check_credentials(api_key: str | None, api_secret: str | None) -> None:
    if (api_key is None) != (api_secret is None):
        message = "Only one of api_key and api_secret was given. Pass both, or neither to accept any credentials."
        raise ValueError(message)
    if "" in (api_key, api_secret):
        message = "api_key and api_secret must not be empty. Omit both to accept any credentials."
        raise ValueError(message)
