from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self, SupportsIndex, TypedDict

from ..types import (
    UNSET,
    Field,
    MaskedModel,
    Shapes,
    Unset,
    equal_models,
)


class ContactOptOutFields(TypedDict, total=False):
    """The optional fields of ContactOptOut, by preferred name and by alias. A field given under several names needs equal values."""

    opted_out: bool
    """True to opt the phone number out, false to opt it back in. Deprecated alias is `optedOut`. Server default:
    `true`."""
    optedOut: bool
    """Deprecated alias of `opted_out`."""


class ContactOptOutMapping(ContactOptOutFields, total=False):
    """All fields of ContactOptOut as one mapping, by preferred name and by alias. Each required field needs one of its names."""

    number: str
    """The phone number, in E.164 format. Deprecated aliases are `phoneNumber`, `phone_number` and `phone`."""
    phoneNumber: str
    """Deprecated alias of `number`."""
    phone_number: str
    """Deprecated alias of `number`."""
    phone: str
    """Deprecated alias of `number`."""


class ContactOptOut(MaskedModel):
    """The phone number to opt out, or to opt back in.

    Attributes:
        number (str): The phone number, in E.164 format. Deprecated aliases are `phoneNumber`, `phone_number` and
            `phone`.
        opted_out (bool | Unset): True to opt the phone number out, false to opt it back in. Deprecated alias is
            `optedOut`. Server default: `true`.
        additional_properties (dict[str, Any]): Undocumented keys, and values of the wrong type.
    """

    __slots__ = (
        "__weakref__",
        "additional_properties",
        "number",
        "opted_out",
    )

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
    """The definition of each field, by its preferred name."""

    number: str
    opted_out: bool | Unset
    additional_properties: dict[str, Any]

    def __init__(
        self,
        number: str,
        opted_out: bool | Unset = UNSET,
    ) -> None:
        self.number = number
        self.opted_out = opted_out
        self.additional_properties = {}

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """Create a ContactOptOut from JSON with preferred names or aliases; preferred names take precedence.

        A value of the wrong type becomes UNSET and is kept unchanged in `additional_properties`.
        """
        get = src_dict.get
        value_number = get("number", UNSET)
        if value_number is UNSET:
            value_number = get("phoneNumber", get("phone_number", get("phone", UNSET)))
        if value_number is UNSET:
            raise KeyError("number")
        value_opted_out = get("opted_out", UNSET)
        if value_opted_out is UNSET:
            value_opted_out = get("optedOut", UNSET)
        model = cls(
            value_number,
            value_opted_out,
        )
        _, unknown = _SHAPES[tuple(src_dict)]
        if unknown:
            model.additional_properties = {key: src_dict[key] for key in unknown}
        return model

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON, under their preferred names, without UNSET fields."""
        result = dict(self.additional_properties)
        result["number"] = self.number
        if not isinstance(self.opted_out, Unset):
            result["opted_out"] = self.opted_out
        return result

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return equal_models(self, other, self.FIELDS)

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        return super().__reduce_ex__(max(2, int(protocol)))  # older protocols cannot pickle slots


_SHAPES = Shapes(ContactOptOut.FIELDS)
