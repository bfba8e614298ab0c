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


class BulkContactFields(TypedDict, total=False):
    """The optional fields of BulkContact, by preferred name and by alias. A field given under several names needs equal values."""

    first_name: str
    """The contact's first name. Deprecated alias is `firstName`."""
    firstName: str
    """Deprecated alias of `first_name`."""
    last_name: str
    """The contact's last name. Deprecated alias is `lastName`."""
    lastName: str
    """Deprecated alias of `last_name`."""
    company_name: str
    """The contact's company name. Deprecated aliases are `company` and `companyName`."""
    company: str
    """Deprecated alias of `company_name`."""
    companyName: str
    """Deprecated alias of `company_name`."""
    tags: list[str] | tuple[str, ...]
    """The contact's tags."""
    custom_variables: Mapping[str, str]
    """The contact's custom variables, by label. Deprecated alias is `customVariables`."""
    customVariables: Mapping[str, str]
    """Deprecated alias of `custom_variables`."""


class BulkContactMapping(BulkContactFields, total=False):
    """All fields of BulkContact as one mapping, by preferred name and by alias. Each required field needs one of its names."""

    phone: str
    """The contact's phone number, in E.164 format. Deprecated aliases are `number`, `phone_number` and
    `phoneNumber`."""
    number: str
    """Deprecated alias of `phone`."""
    phone_number: str
    """Deprecated alias of `phone`."""
    phoneNumber: str
    """Deprecated alias of `phone`."""


class BulkContact(MaskedModel):
    """A contact in a bulk request.

    Attributes:
        phone (str): The contact's phone number, in E.164 format. Deprecated aliases are `number`, `phone_number`
            and `phoneNumber`.
        first_name (str | Unset): The contact's first name. Deprecated alias is `firstName`.
        last_name (str | Unset): The contact's last name. Deprecated alias is `lastName`.
        company_name (str | Unset): The contact's company name. Deprecated aliases are `company` and `companyName`.
        tags (list[str] | Unset): The contact's tags.
        custom_variables (dict[str, str] | Unset): The contact's custom variables, by label. Deprecated alias is
            `customVariables`.
        additional_properties (dict[str, Any]): Undocumented keys, and values of the wrong type.
    """

    __slots__ = (
        "__weakref__",
        "additional_properties",
        "phone",
        "first_name",
        "last_name",
        "company_name",
        "tags",
        "custom_variables",
    )

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
    """The definition of each field, by its preferred name."""

    phone: str
    first_name: str | Unset
    last_name: str | Unset
    company_name: str | Unset
    tags: list[str] | Unset
    custom_variables: dict[str, str] | Unset
    additional_properties: dict[str, Any]

    def __init__(
        self,
        phone: str,
        first_name: str | Unset = UNSET,
        last_name: str | Unset = UNSET,
        company_name: str | Unset = UNSET,
        tags: list[str] | Unset = UNSET,
        custom_variables: dict[str, str] | Unset = UNSET,
    ) -> None:
        self.phone = phone
        self.first_name = first_name
        self.last_name = last_name
        self.company_name = company_name
        self.tags = tags
        self.custom_variables = custom_variables
        self.additional_properties = {}

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """Create a BulkContact from JSON with preferred names or aliases; preferred names take precedence.

        A value of the wrong type becomes UNSET and is kept unchanged in `additional_properties`.
        """
        get = src_dict.get
        value_phone = get("phone", UNSET)
        if value_phone is UNSET:
            value_phone = get("number", get("phone_number", get("phoneNumber", UNSET)))
        if value_phone is UNSET:
            raise KeyError("phone")
        value_first_name = get("first_name", UNSET)
        if value_first_name is UNSET:
            value_first_name = get("firstName", UNSET)
        value_last_name = get("last_name", UNSET)
        if value_last_name is UNSET:
            value_last_name = get("lastName", UNSET)
        value_company_name = get("company_name", UNSET)
        if value_company_name is UNSET:
            value_company_name = get("company", get("companyName", UNSET))
        raw_tags = get("tags", UNSET)
        value_tags = raw_tags if raw_tags.__class__ is list else None
        raw_custom_variables = get("custom_variables", UNSET)
        if raw_custom_variables is UNSET:
            raw_custom_variables = get("customVariables", UNSET)
        value_custom_variables = raw_custom_variables if raw_custom_variables.__class__ is dict else None
        model = cls(
            value_phone,
            value_first_name,
            value_last_name,
            value_company_name,
            UNSET if value_tags is None else value_tags,
            UNSET if value_custom_variables is None else value_custom_variables,
        )
        _, unknown = _SHAPES[tuple(src_dict)]
        if unknown:
            model.additional_properties = {key: src_dict[key] for key in unknown}
        if value_tags is None and raw_tags is not UNSET and raw_tags is not None:
            model.additional_properties["tags"] = raw_tags
        if value_custom_variables is None and raw_custom_variables is not UNSET and raw_custom_variables is not None:
            model.additional_properties["custom_variables"] = raw_custom_variables
        return model

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON, under their preferred names, without UNSET fields."""
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

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return equal_models(self, other, self.FIELDS)

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        return super().__reduce_ex__(max(2, int(protocol)))  # older protocols cannot pickle slots


_SHAPES = Shapes(BulkContact.FIELDS)
