from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self, SupportsIndex, TypedDict

from ..types import (
    UNSET,
    Field,
    MaskedModel,
    Shapes,
    equal_models,
)


class BulkDeleteFields(TypedDict, total=False):
    """The optional fields of BulkDelete, by preferred name and by alias. A field given under several names needs equal values."""

    pass


class BulkDeleteMapping(BulkDeleteFields, total=False):
    """All fields of BulkDelete as one mapping, by preferred name and by alias. Each required field needs one of its names."""

    contact_ids: list[str] | tuple[str, ...]
    """The phone numbers of the contacts to delete, in E.164 format, despite the name of the field. Deprecated
    alias is `contactIds`."""
    contactIds: list[str] | tuple[str, ...]
    """Deprecated alias of `contact_ids`."""


class BulkDelete(MaskedModel):
    """The contacts to delete.

    Attributes:
        contact_ids (list[str]): The phone numbers of the contacts to delete, in E.164 format, despite the name of
            the field. Deprecated alias is `contactIds`.
        additional_properties (dict[str, Any]): Undocumented keys, and values of the wrong type.
    """

    __slots__ = (
        "__weakref__",
        "additional_properties",
        "contact_ids",
    )

    FIELDS: ClassVar[Mapping[str, Field]] = {
        "contact_ids": Field("array[string]", aliases=("contactIds",), required=True, attribute="contact_ids"),
    }
    """The definition of each field, by its preferred name."""

    contact_ids: list[str]
    additional_properties: dict[str, Any]

    def __init__(
        self,
        contact_ids: list[str],
    ) -> None:
        self.contact_ids = contact_ids
        self.additional_properties = {}

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """Create a BulkDelete from JSON with preferred names or aliases; preferred names take precedence.

        A value of the wrong type becomes UNSET and is kept unchanged in `additional_properties`.
        """
        get = src_dict.get
        raw_contact_ids = get("contact_ids", UNSET)
        if raw_contact_ids is UNSET:
            raw_contact_ids = get("contactIds", UNSET)
        if raw_contact_ids is UNSET:
            raise KeyError("contact_ids")
        value_contact_ids = raw_contact_ids if raw_contact_ids.__class__ is list else None
        if value_contact_ids is None:
            raise TypeError("contact_ids is not array[string]")
        model = cls(
            value_contact_ids,
        )
        _, unknown = _SHAPES[tuple(src_dict)]
        if unknown:
            model.additional_properties = {key: src_dict[key] for key in unknown}
        if value_contact_ids is None and raw_contact_ids is not UNSET and raw_contact_ids is not None:
            model.additional_properties["contact_ids"] = raw_contact_ids
        return model

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON, under their preferred names, without UNSET fields."""
        result = dict(self.additional_properties)
        result["contact_ids"] = self.contact_ids
        return result

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return equal_models(self, other, self.FIELDS)

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        return super().__reduce_ex__(max(2, int(protocol)))  # older protocols cannot pickle slots


_SHAPES = Shapes(BulkDelete.FIELDS)
