from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self, SupportsIndex

from ..types import (
    Field,
    MaskedModel,
    Shapes,
    equal_models,
)


class Error(MaskedModel):
    """An error. The error message is in `message`, `error` or `error_message`, in this order of precedence; `status` may
    be absent. Error responses that are not JSON, for example from a proxy, are also possible.

        Attributes:
            status (str | None): `ERROR`. Absent from the response to a request without credentials.
            message (str | None): The error message.
            error (str | None): The error message, if `message` is absent.
            error_message (str | None): The error message, if `message` and `error` are absent.
            additional_properties (dict[str, Any]): Undocumented keys, and values of the wrong type.
    """

    __slots__ = (
        "__weakref__",
        "_fields_set",
        "additional_properties",
        "status",
        "message",
        "error",
        "error_message",
    )

    FIELDS: ClassVar[Mapping[str, Field]] = {
        "status": Field("string", nullable=True, attribute="status"),
        "message": Field("string", nullable=True, attribute="message"),
        "error": Field("string", nullable=True, attribute="error"),
        "error_message": Field("string", nullable=True, attribute="error_message"),
    }
    """The definition of each field, by its preferred name."""

    status: str | None
    message: str | None
    error: str | None
    error_message: str | None
    additional_properties: dict[str, Any]
    _fields_set: frozenset[str] | None

    def __init__(
        self,
        status: str | None = None,
        message: str | None = None,
        error: str | None = None,
        error_message: str | None = None,
    ) -> None:
        self.status = status
        self.message = message
        self.error = error
        self.error_message = error_message
        self.additional_properties = {}
        self._fields_set = None

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

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return equal_models(self, other, self.FIELDS)

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        return super().__reduce_ex__(max(2, int(protocol)))  # older protocols cannot pickle slots


_SHAPES = Shapes(Error.FIELDS)
