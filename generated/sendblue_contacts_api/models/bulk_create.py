from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self, SupportsIndex, TypedDict

from ..types import (
    UNSET,
    Field,
    MaskedModel,
    Shapes,
    equal_models,
    read_models,
)


class BulkCreateFields(TypedDict, total=False):
    """The optional fields of BulkCreate, by preferred name and by alias. A field given under several names needs equal values."""

    pass


class BulkCreateMapping(BulkCreateFields, total=False):
    """All fields of BulkCreate as one mapping, by preferred name and by alias. Each required field needs one of its names."""

    contacts: Sequence[BulkContact | BulkContactMapping]
    """The contacts to create. Each needs a phone number."""


class BulkCreate(MaskedModel):
    """The contacts to create.

    Attributes:
        contacts (list[BulkContact]): The contacts to create. Each needs a phone number.
        additional_properties (dict[str, Any]): Undocumented keys, and values of the wrong type.
    """

    __slots__ = (
        "__weakref__",
        "additional_properties",
        "contacts",
    )

    FIELDS: ClassVar[Mapping[str, Field]] = {
        "contacts": Field("array[object]", required=True, attribute="contacts", model="BulkContact"),
    }
    """The definition of each field, by its preferred name."""

    contacts: list[BulkContact]
    additional_properties: dict[str, Any]

    def __init__(
        self,
        contacts: list[BulkContact],
    ) -> None:
        self.contacts = contacts
        self.additional_properties = {}

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """Create a BulkCreate from JSON with preferred names or aliases; preferred names take precedence.

        A value of the wrong type becomes UNSET and is kept unchanged in `additional_properties`.
        """
        get = src_dict.get
        raw_contacts = get("contacts", UNSET)
        if raw_contacts is UNSET:
            raise KeyError("contacts")
        value_contacts = read_models(BulkContact.from_dict, raw_contacts)
        if value_contacts is None:
            raise TypeError("contacts is not array[object]")
        model = cls(
            value_contacts,
        )
        _, unknown = _SHAPES[tuple(src_dict)]
        if unknown:
            model.additional_properties = {key: src_dict[key] for key in unknown}
        if value_contacts is None and raw_contacts is not UNSET and raw_contacts is not None:
            model.additional_properties["contacts"] = raw_contacts
        return model

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON, under their preferred names, without UNSET fields."""
        result = dict(self.additional_properties)
        result["contacts"] = [item.to_dict() for item in self.contacts]
        return result

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return equal_models(self, other, self.FIELDS)

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        return super().__reduce_ex__(max(2, int(protocol)))  # older protocols cannot pickle slots


_SHAPES = Shapes(BulkCreate.FIELDS)

# Imported below the class, because models may refer to each other.
from ..models.bulk_contact import BulkContact, BulkContactMapping  # noqa: E402
