from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self, TypedDict

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import (
    UNSET,
    Field,
    Shapes,
    no_properties,
    outline,
)


class BulkDeleteFields(TypedDict, total=False):
    """What may be left out of a BulkDelete, in every spelling. A value is given under one spelling, or the same under all."""

    pass


class BulkDeleteMapping(BulkDeleteFields, total=False):
    """A whole BulkDelete as one mapping, in every spelling; one spelling of each required field must be there."""

    contact_ids: list[str] | tuple[str, ...]
    """Phone numbers in E.164 form, despite the name. Read as `contactIds` too."""
    contactIds: list[str] | tuple[str, ...]
    """Deprecated spelling of `contact_ids`."""


@_attrs_define(repr=False)
class BulkDelete:
    """The contacts to delete.

    Attributes:
        contact_ids (list[str]): Phone numbers in E.164 form, despite the name. Read as `contactIds` too.
        additional_properties (dict[str, Any]): Keys that the document does not know, and values that could not be read.
    """

    FIELDS: ClassVar[Mapping[str, Field]] = {
        "contact_ids": Field("array[string]", aliases=("contactIds",), required=True, attribute="contact_ids"),
    }
    """What the document says of each field, by its preferred name."""

    contact_ids: list[str]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=no_properties)

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """Read a BulkDelete in any spelling; where two stand, the preferred one counts.

        A value that cannot be read is UNSET, and is kept as it came in additional_properties.
        """
        get = src_dict.get
        raw_contact_ids = get("contact_ids", UNSET)
        if raw_contact_ids is UNSET:
            raw_contact_ids = get("contactIds", UNSET)
        if raw_contact_ids is UNSET:
            raise KeyError("contact_ids")
        contact_ids = raw_contact_ids if raw_contact_ids.__class__ is list else None
        if contact_ids is None:
            raise TypeError("contact_ids is not array[string]")
        model = cls(
            contact_ids,
        )
        _, unknown = _SHAPES[tuple(src_dict)]
        if unknown:
            model.additional_properties = {key: src_dict[key] for key in unknown}
        if contact_ids is None and raw_contact_ids is not UNSET and raw_contact_ids is not None:
            model.additional_properties["contact_ids"] = raw_contact_ids
        return model

    def to_dict(self) -> dict[str, Any]:
        """The fields as JSON, under their preferred names, without what is UNSET."""
        result = dict(self.additional_properties)
        result["contact_ids"] = self.contact_ids
        return result

    def __repr__(self) -> str:
        return outline(self, self.FIELDS)


_SHAPES = Shapes(BulkDelete.FIELDS)
