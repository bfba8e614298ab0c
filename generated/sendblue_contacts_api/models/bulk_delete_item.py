from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self, SupportsIndex

from ..types import (
    Field,
    MaskedModel,
    Shapes,
    equal_models,
)


class BulkDeleteItem(MaskedModel):
    """The result for one phone number of a bulk delete request.

    Attributes:
        phone_number (str | None): The phone number, in E.164 format. Also returned as `phoneNumber`.
        success (bool | None): Whether the contact was deleted.
        error (str | None): Why the contact was not deleted.
        additional_properties (dict[str, Any]): Undocumented keys, and values of the wrong type.
    """

    __slots__ = (
        "__weakref__",
        "_fields_set",
        "additional_properties",
        "phone_number",
        "success",
        "error",
    )

    FIELDS: ClassVar[Mapping[str, Field]] = {
        "phone_number": Field("e164", aliases=("phoneNumber",), nullable=True, attribute="phone_number"),
        "success": Field("boolean", nullable=True, attribute="success"),
        "error": Field("string", nullable=True, attribute="error"),
    }
    """The definition of each field, by its preferred name."""

    phone_number: str | None
    success: bool | None
    error: str | None
    additional_properties: dict[str, Any]
    _fields_set: frozenset[str] | None

    def __init__(
        self,
        phone_number: str | None = None,
        success: bool | None = None,
        error: str | None = None,
    ) -> None:
        self.phone_number = phone_number
        self.success = success
        self.error = error
        self.additional_properties = {}
        self._fields_set = None

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """Create a BulkDeleteItem from JSON with preferred names or aliases; preferred names take precedence.

        A value of the wrong type becomes None and is kept unchanged in `additional_properties`.
        """
        get = src_dict.get
        value_phone_number = get("phone_number")
        if value_phone_number is None and "phone_number" not in src_dict:
            value_phone_number = get("phoneNumber")
        value_success = get("success")
        value_error = get("error")
        model = cls(
            value_phone_number,
            value_success,
            value_error,
        )
        model._fields_set, unknown = _SHAPES[tuple(src_dict)]
        if unknown:
            model.additional_properties = {key: src_dict[key] for key in unknown}
        return model

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON, under their preferred names, without fields that were not received and have no value."""
        result = dict(self.additional_properties)
        if self.phone_number is not None:
            result["phone_number"] = self.phone_number
        elif "phone_number" in self.fields_set:
            result.setdefault("phone_number", None)
        if self.success is not None:
            result["success"] = self.success
        elif "success" in self.fields_set:
            result.setdefault("success", None)
        if self.error is not None:
            result["error"] = self.error
        elif "error" in self.fields_set:
            result.setdefault("error", None)
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


_SHAPES = Shapes(BulkDeleteItem.FIELDS)
