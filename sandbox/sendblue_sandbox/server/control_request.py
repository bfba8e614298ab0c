"""A control request: its query, its body and the parameters in its path, with checks of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from sendblue_sandbox.api.errors import ApiError, unknown_name
from sendblue_sandbox.api.query_params import choice_param, integer_param

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

FLAGS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class ControlRequest:
    """A control request: its query, its body or None, and the parameters in its path."""

    query: Mapping[str, str]
    body: object
    path: Mapping[str, str]

    def integer(self, name: str, default: int, low: int = 0, high: int | None = None) -> int:
        """Return an integer query parameter."""
        return integer_param(self.query, name, default, low, high)

    def flag(self, name: str) -> bool | None:
        """Return a query parameter that is `true` or `false`; None if it was not sent."""
        return FLAGS[choice_param(self.query, name, FLAGS)] if name in self.query else None

    def number(self) -> int:
        """Return the number in the path."""
        return integer_param(self.path, "number", 0, 0, None)

    def fields(self, *known: str) -> dict[str, Any]:
        """Return the body, an object with no other fields than these.

        Raises:
            ApiError: 400, it is not an object, or has another field.
        """
        return json_object({} if self.body is None else self.body, known)


def json_object(value: object, known: Collection[str] | None = None) -> dict[str, Any]:
    """Return a value that must be an object, with no other fields than the known ones; None allows any field."""
    if not isinstance(value, dict):
        raise ApiError(400, "Invalid request: not a JSON object")
    fields = cast("dict[str, Any]", value)
    unknown = [] if known is None else sorted(fields.keys() - set(known))
    if unknown:
        raise unknown_name("field", unknown[0])
    return fields
