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
    read_models,
)


class BulkCreateFields(TypedDict, total=False):
    """What may be left out of a BulkCreate, in every spelling. A value is given under one spelling, or the same under all."""

    pass


class BulkCreateMapping(BulkCreateFields, total=False):
    """A whole BulkCreate as one mapping, in every spelling; one spelling of each required field must be there."""

    contacts: list[Any] | tuple[Any, ...]
    """The contacts to create, each with its phone number."""


@_attrs_define(repr=False)
class BulkCreate:
    """The contacts to create.

    Attributes:
        contacts (list[BulkContact]): The contacts to create, each with its phone number.
        additional_properties (dict[str, Any]): Keys that the document does not know, and values that could not be read.
    """

    FIELDS: ClassVar[Mapping[str, Field]] = {
        "contacts": Field("array[object]", required=True, attribute="contacts"),
    }
    """What the document says of each field, by its preferred name."""

    contacts: list[BulkContact]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=no_properties)

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """Read a BulkCreate in any spelling; where two stand, the preferred one counts.

        A value that cannot be read is UNSET, and is kept as it came in additional_properties.
        """
        get = src_dict.get
        raw_contacts = get("contacts", UNSET)
        if raw_contacts is UNSET:
            raise KeyError("contacts")
        contacts = read_models(BulkContact.from_dict, raw_contacts)
        if contacts is None:
            raise TypeError("contacts is not array[object]")
        model = cls(
            contacts,
        )
        _, unknown = _SHAPES[tuple(src_dict)]
        if unknown:
            model.additional_properties = {key: src_dict[key] for key in unknown}
        if contacts is None and raw_contacts is not UNSET and raw_contacts is not None:
            model.additional_properties["contacts"] = raw_contacts
        return model

    def to_dict(self) -> dict[str, Any]:
        """The fields as JSON, under their preferred names, without what is UNSET."""
        result = dict(self.additional_properties)
        result["contacts"] = [item.to_dict() for item in self.contacts]
        return result

    def __repr__(self) -> str:
        return outline(self, self.FIELDS)


_SHAPES = Shapes(BulkCreate.FIELDS)

# Below the class: models may refer to each other.
from ..models.bulk_contact import BulkContact  # noqa: E402
