from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self, TypedDict

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import (
    UNSET,
    Field,
    Shapes,
    Unset,
    no_properties,
    outline,
)


class ContactOptOutFields(TypedDict, total=False):
    """What may be left out of a ContactOptOut, in every spelling. A value is given under one spelling, or the same under all."""

    opted_out: bool
    """True to opt out, false to opt in again. The server takes true when it is left out. Read as `optedOut` too."""
    optedOut: bool
    """Deprecated spelling of `opted_out`."""


class ContactOptOutMapping(ContactOptOutFields, total=False):
    """A whole ContactOptOut as one mapping, in every spelling; one spelling of each required field must be there."""

    number: str
    """Phone number in E.164 form. Read as `phoneNumber`, `phone_number` and `phone` too."""
    phoneNumber: str
    """Deprecated spelling of `number`."""
    phone_number: str
    """Deprecated spelling of `number`."""
    phone: str
    """Deprecated spelling of `number`."""


@_attrs_define(repr=False)
class ContactOptOut:
    """The number whose owner opts out, or in again.

    Attributes:
        number (str): Phone number in E.164 form. Read as `phoneNumber`, `phone_number` and `phone` too.
        opted_out (bool | Unset): True to opt out, false to opt in again. The server takes true when it is left out.
            Read as `optedOut` too.
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
        "opted_out": Field("boolean", aliases=("optedOut",), attribute="opted_out"),
    }
    """What the document says of each field, by its preferred name."""

    number: str
    opted_out: bool | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=no_properties)

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """Read a ContactOptOut in any spelling; where two stand, the preferred one counts.

        A value that cannot be read is UNSET, and is kept as it came in additional_properties.
        """
        get = src_dict.get
        number = get("number", UNSET)
        if number is UNSET:
            number = get("phoneNumber", get("phone_number", get("phone", UNSET)))
        if number is UNSET:
            raise KeyError("number")
        opted_out = get("opted_out", UNSET)
        if opted_out is UNSET:
            opted_out = get("optedOut", UNSET)
        model = cls(
            number,
            opted_out,
        )
        _, unknown = _SHAPES[tuple(src_dict)]
        if unknown:
            model.additional_properties = {key: src_dict[key] for key in unknown}
        return model

    def to_dict(self) -> dict[str, Any]:
        """The fields as JSON, under their preferred names, without what is UNSET."""
        result = dict(self.additional_properties)
        result["number"] = self.number
        if not isinstance(self.opted_out, Unset):
            result["opted_out"] = self.opted_out
        return result

    def __repr__(self) -> str:
        return outline(self, self.FIELDS)


_SHAPES = Shapes(ContactOptOut.FIELDS)
