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


class ContactVerifyFields(TypedDict, total=False):
    """What may be left out of a ContactVerify, in every spelling. A value is given under one spelling, or the same under all."""

    pass


class ContactVerifyMapping(ContactVerifyFields, total=False):
    """A whole ContactVerify as one mapping, in every spelling; one spelling of each required field must be there."""

    number: str
    """Phone number in E.164 form. Read as `phoneNumber`, `phone_number` and `phone` too."""
    phoneNumber: str
    """Deprecated spelling of `number`."""
    phone_number: str
    """Deprecated spelling of `number`."""
    phone: str
    """Deprecated spelling of `number`."""


@_attrs_define(repr=False)
class ContactVerify:
    """The number to send a verification message to.

    Attributes:
        number (str): Phone number in E.164 form. Read as `phoneNumber`, `phone_number` and `phone` too.
        additional_properties (dict[str, Any]): Keys that the document does not know, and values that could not be read.
    """

    FIELDS: ClassVar[Mapping[str, Field]] = {
        "number": Field(
            "e164",
            aliases=(
                "phoneNumber",
                "phone_number",
                "phone",
            ),
            required=True,
            attribute="number",
        ),
    }
    """What the document says of each field, by its preferred name."""

    number: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=no_properties)

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """Read a ContactVerify in any spelling; where two stand, the preferred one counts.

        A value that cannot be read is UNSET, and is kept as it came in additional_properties.
        """
        get = src_dict.get
        number = get("number", UNSET)
        if number is UNSET:
            number = get("phoneNumber", get("phone_number", get("phone", UNSET)))
        if number is UNSET:
            raise KeyError("number")
        model = cls(
            number,
        )
        _, unknown = _SHAPES[tuple(src_dict)]
        if unknown:
            model.additional_properties = {key: src_dict[key] for key in unknown}
        return model

    def to_dict(self) -> dict[str, Any]:
        """The fields as JSON, under their preferred names, without what is UNSET."""
        result = dict(self.additional_properties)
        result["number"] = self.number
        return result

    def __repr__(self) -> str:
        return outline(self, self.FIELDS)


_SHAPES = Shapes(ContactVerify.FIELDS)
