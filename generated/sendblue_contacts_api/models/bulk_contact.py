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


class BulkContactFields(TypedDict, total=False):
    """What may be left out of a BulkContact, in every spelling. A value is given under one spelling, or the same under all."""

    first_name: str
    """First name. Deprecated spelling is `firstName`."""
    firstName: str
    """Deprecated spelling of `first_name`."""
    last_name: str
    """Last name. Deprecated spelling is `lastName`."""
    lastName: str
    """Deprecated spelling of `last_name`."""
    company_name: str
    """Company name. Deprecated spellings are `company` and `companyName`."""
    company: str
    """Deprecated spelling of `company_name`."""
    companyName: str
    """Deprecated spelling of `company_name`."""
    tags: list[str] | tuple[str, ...]
    """Tags of the contact."""
    custom_variables: Mapping[str, str]
    """Custom variables by label. Deprecated spelling is `customVariables`."""
    customVariables: Mapping[str, str]
    """Deprecated spelling of `custom_variables`."""


class BulkContactMapping(BulkContactFields, total=False):
    """A whole BulkContact as one mapping, in every spelling; one spelling of each required field must be there."""

    phone: str
    """Phone number in E.164 form. Read as `number`, `phone_number` and `phoneNumber` too."""
    number: str
    """Deprecated spelling of `phone`."""
    phone_number: str
    """Deprecated spelling of `phone`."""
    phoneNumber: str
    """Deprecated spelling of `phone`."""


@_attrs_define(repr=False)
class BulkContact:
    """One contact of a bulk request.

    Attributes:
        phone (str): Phone number in E.164 form. Read as `number`, `phone_number` and `phoneNumber` too.
        first_name (str | Unset): First name. Deprecated spelling is `firstName`.
        last_name (str | Unset): Last name. Deprecated spelling is `lastName`.
        company_name (str | Unset): Company name. Deprecated spellings are `company` and `companyName`.
        tags (list[str] | Unset): Tags of the contact.
        custom_variables (dict[str, str] | Unset): Custom variables by label. Deprecated spelling is
            `customVariables`.
        additional_properties (dict[str, Any]): Keys that the document does not know, and values that could not be read.
    """

    FIELDS: ClassVar[Mapping[str, Field]] = {
        "phone": Field(
            "e164",
            aliases=(
                "number",
                "phone_number",
                "phoneNumber",
            ),
            required=True,
            attribute="phone",
        ),
        "first_name": Field("string", aliases=("firstName",), attribute="first_name"),
        "last_name": Field("string", aliases=("lastName",), attribute="last_name"),
        "company_name": Field(
            "string",
            aliases=(
                "company",
                "companyName",
            ),
            attribute="company_name",
        ),
        "tags": Field("array[string]", attribute="tags"),
        "custom_variables": Field("map", aliases=("customVariables",), attribute="custom_variables"),
    }
    """What the document says of each field, by its preferred name."""

    phone: str
    first_name: str | Unset = UNSET
    last_name: str | Unset = UNSET
    company_name: str | Unset = UNSET
    tags: list[str] | Unset = UNSET
    custom_variables: dict[str, str] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=no_properties)

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """Read a BulkContact in any spelling; where two stand, the preferred one counts.

        A value that cannot be read is UNSET, and is kept as it came in additional_properties.
        """
        get = src_dict.get
        phone = get("phone", UNSET)
        if phone is UNSET:
            phone = get("number", get("phone_number", get("phoneNumber", UNSET)))
        if phone is UNSET:
            raise KeyError("phone")
        first_name = get("first_name", UNSET)
        if first_name is UNSET:
            first_name = get("firstName", UNSET)
        last_name = get("last_name", UNSET)
        if last_name is UNSET:
            last_name = get("lastName", UNSET)
        company_name = get("company_name", UNSET)
        if company_name is UNSET:
            company_name = get("company", get("companyName", UNSET))
        raw_tags = get("tags", UNSET)
        tags = raw_tags if raw_tags.__class__ is list else None
        raw_custom_variables = get("custom_variables", UNSET)
        if raw_custom_variables is UNSET:
            raw_custom_variables = get("customVariables", UNSET)
        custom_variables = raw_custom_variables if raw_custom_variables.__class__ is dict else None
        model = cls(
            phone,
            first_name,
            last_name,
            company_name,
            UNSET if tags is None else tags,
            UNSET if custom_variables is None else custom_variables,
        )
        _, unknown = _SHAPES[tuple(src_dict)]
        if unknown:
            model.additional_properties = {key: src_dict[key] for key in unknown}
        if tags is None and raw_tags is not UNSET and raw_tags is not None:
            model.additional_properties["tags"] = raw_tags
        if custom_variables is None and raw_custom_variables is not UNSET and raw_custom_variables is not None:
            model.additional_properties["custom_variables"] = raw_custom_variables
        return model

    def to_dict(self) -> dict[str, Any]:
        """The fields as JSON, under their preferred names, without what is UNSET."""
        result = dict(self.additional_properties)
        result["phone"] = self.phone
        if not isinstance(self.first_name, Unset):
            result["first_name"] = self.first_name
        if not isinstance(self.last_name, Unset):
            result["last_name"] = self.last_name
        if not isinstance(self.company_name, Unset):
            result["company_name"] = self.company_name
        if not isinstance(self.tags, Unset):
            result["tags"] = self.tags
        if not isinstance(self.custom_variables, Unset):
            result["custom_variables"] = self.custom_variables
        return result

    def __repr__(self) -> str:
        return outline(self, self.FIELDS)


_SHAPES = Shapes(BulkContact.FIELDS)
