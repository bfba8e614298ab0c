from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Self

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import (
    Field,
    Shapes,
    empty_dict,
    masked_fields,
    masked_repr,
)


@_attrs_define(repr=False)
class Error:
    """An error. The error message is in `message`, `error` or `error_message`, in this order of precedence; `status` may
    be absent. Error responses that are not JSON, for example from a proxy, are also possible.

        Attributes:
            status (str | None): `ERROR`. Absent from the response to a request without credentials.
            message (str | None): The error message.
            error (str | None): The error message, if `message` is absent.
            error_message (str | None): The error message, if `message` and `error` are absent.
            additional_properties (dict[str, Any]): Undocumented keys, and values of the wrong type.
    """

    FIELDS: ClassVar[Mapping[str, Field]] = {
        "status": Field("string", nullable=True, attribute="status"),
        "message": Field("string", nullable=True, attribute="message"),
        "error": Field("string", nullable=True, attribute="error"),
        "error_message": Field("string", nullable=True, attribute="error_message"),
    }
    """The definition of each field, by its preferred name."""

    status: str | None = _attrs_field(default=None, repr=False)
    message: str | None = _attrs_field(default=None, repr=False)
    error: str | None = _attrs_field(default=None, repr=False)
    error_message: str | None = _attrs_field(default=None, repr=False)
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=empty_dict, repr=False)
    _fields_set: frozenset[str] | None = _attrs_field(init=False, default=None, eq=False, repr=False)

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """Create a Error from JSON with preferred names or aliases; preferred names take precedence.

        A value of the wrong type becomes None and is kept unchanged in `additional_properties`.
        """
        get = src_dict.get
        value_status = get("status")
        value_message = get("message")
        value_error = get("error")
        value_error_message = get("error_message")
        model = cls(
            value_status,
            value_message,
            value_error,
            value_error_message,
        )
        model._fields_set, unknown = _SHAPES[tuple(src_dict)]
        if unknown:
            model.additional_properties = {key: src_dict[key] for key in unknown}
        return model

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON, under their preferred names, without fields that were not received and have no value."""
        result = dict(self.additional_properties)
        if self.status is not None:
            result["status"] = self.status
        elif "status" in self.fields_set:
            result.setdefault("status", None)
        if self.message is not None:
            result["message"] = self.message
        elif "message" in self.fields_set:
            result.setdefault("message", None)
        if self.error is not None:
            result["error"] = self.error
        elif "error" in self.fields_set:
            result.setdefault("error", None)
        if self.error_message is not None:
            result["error_message"] = self.error_message
        elif "error_message" in self.fields_set:
            result.setdefault("error_message", None)
        return result

    @property
    def fields_set(self) -> frozenset[str]:
        """The attributes whose keys were in the response, null or not. For an object created in Python: those that are not None."""
        if self._fields_set is not None:
            return self._fields_set
        return frozenset(
            field.attribute for field in self.FIELDS.values() if getattr(self, field.attribute) is not None
        )

    def __repr__(self) -> str:
        return masked_repr(self, self.FIELDS)

    def __rich_repr__(self) -> Iterator[tuple[str, object]]:
        """Show in rich, and in tracebacks of it, what the repr shows."""
        return masked_fields(self, self.FIELDS)


_SHAPES = Shapes(Error.FIELDS)
