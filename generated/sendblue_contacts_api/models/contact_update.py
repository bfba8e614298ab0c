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


class ContactUpdateFields(TypedDict, total=False):
    """The optional fields of ContactUpdate, by preferred name and by alias. A field given under several names needs equal values."""

    phone_number: str
    """The contact's new phone number, in E.164 format. Deprecated aliases are `phoneNumber`, `number` and `phone`."""
    phoneNumber: str
    """Deprecated alias of `phone_number`."""
    number: str
    """Deprecated alias of `phone_number`."""
    phone: str
    """Deprecated alias of `phone_number`."""
    first_name: str | None
    """The contact's first name. Deprecated alias is `firstName`."""
    firstName: str | None
    """Deprecated alias of `first_name`."""
    last_name: str | None
    """The contact's last name. Deprecated alias is `lastName`."""
    lastName: str | None
    """Deprecated alias of `last_name`."""
    company_name: str | None
    """The contact's company name. Deprecated aliases are `companyName` and `company`."""
    companyName: str | None
    """Deprecated alias of `company_name`."""
    company: str | None
    """Deprecated alias of `company_name`."""
    sendblue_number: str | None
    """The Sendblue phone number to send messages from, in E.164 format. Deprecated alias is `sendblueNumber`."""
    sendblueNumber: str | None
    """Deprecated alias of `sendblue_number`."""
    assigned_to_email: str | None
    """The email address of the user to assign the contact to. Deprecated alias is `assignedToEmail`."""
    assignedToEmail: str | None
    """Deprecated alias of `assigned_to_email`."""
    tags: list[str] | tuple[str, ...] | None
    """The contact's tags. They replace all existing tags, so send the full set."""
    custom_variables: Mapping[str, str] | None
    """The contact's custom variables, by label. They are merged into the existing custom variables. Deprecated
    alias is `customVariables`."""
    customVariables: Mapping[str, str] | None
    """Deprecated alias of `custom_variables`."""
    opt_out: bool | None
    """Whether the contact has opted out of messages. Deprecated alias is `optOut`."""
    optOut: bool | None
    """Deprecated alias of `opt_out`."""


class ContactUpdateMapping(ContactUpdateFields, total=False):
    """All fields of ContactUpdate as one mapping, by preferred name and by alias. Each required field needs one of its names."""

    pass


class ContactUpdate(MaskedModel):
    """The fields of a contact to change. Absent fields are unchanged; null clears a field.

    Attributes:
        phone_number (str | Unset): The contact's new phone number, in E.164 format. Deprecated aliases are
            `phoneNumber`, `number` and `phone`.
        first_name (str | None | Unset): The contact's first name. Deprecated alias is `firstName`.
        last_name (str | None | Unset): The contact's last name. Deprecated alias is `lastName`.
        company_name (str | None | Unset): The contact's company name. Deprecated aliases are `companyName` and
            `company`.
        sendblue_number (str | None | Unset): The Sendblue phone number to send messages from, in E.164 format.
            Deprecated alias is `sendblueNumber`.
        assigned_to_email (str | None | Unset): The email address of the user to assign the contact to. Deprecated
            alias is `assignedToEmail`.
        tags (list[str] | None | Unset): The contact's tags. They replace all existing tags, so send the full set.
        custom_variables (dict[str, str] | None | Unset): The contact's custom variables, by label. They are merged
            into the existing custom variables. Deprecated alias is `customVariables`.
        opt_out (bool | None | Unset): Whether the contact has opted out of messages. Deprecated alias is `optOut`.
        additional_properties (dict[str, Any]): Undocumented keys, and values of the wrong type.
    """

    __slots__ = (
        "__weakref__",
        "additional_properties",
        "phone_number",
        "first_name",
        "last_name",
        "company_name",
        "sendblue_number",
        "assigned_to_email",
        "tags",
        "custom_variables",
        "opt_out",
    )

    FIELDS: ClassVar[Mapping[str, Field]] = {
        "phone_number": Field(
            "e164",
            aliases=(
                "phoneNumber",
                "number",
                "phone",
            ),
            attribute="phone_number",
        ),
        "first_name": Field("string", aliases=("firstName",), nullable=True, attribute="first_name"),
        "last_name": Field("string", aliases=("lastName",), nullable=True, attribute="last_name"),
        "company_name": Field(
            "string",
            aliases=(
                "companyName",
                "company",
            ),
            nullable=True,
            attribute="company_name",
        ),
        "sendblue_number": Field("e164", aliases=("sendblueNumber",), nullable=True, attribute="sendblue_number"),
        "assigned_to_email": Field(
            "string", aliases=("assignedToEmail",), nullable=True, attribute="assigned_to_email"
        ),
        "tags": Field("array[string]", nullable=True, attribute="tags"),
        "custom_variables": Field("map", aliases=("customVariables",), nullable=True, attribute="custom_variables"),
        "opt_out": Field("boolean", aliases=("optOut",), nullable=True, attribute="opt_out"),
    }
    """The definition of each field, by its preferred name."""

    phone_number: str | Unset
    first_name: str | None | Unset
    last_name: str | None | Unset
    company_name: str | None | Unset
    sendblue_number: str | None | Unset
    assigned_to_email: str | None | Unset
    tags: list[str] | None | Unset
    custom_variables: dict[str, str] | None | Unset
    opt_out: bool | None | Unset
    additional_properties: dict[str, Any]

    def __init__(
        self,
        phone_number: str | Unset = UNSET,
        first_name: str | None | Unset = UNSET,
        last_name: str | None | Unset = UNSET,
        company_name: str | None | Unset = UNSET,
        sendblue_number: str | None | Unset = UNSET,
        assigned_to_email: str | None | Unset = UNSET,
        tags: list[str] | None | Unset = UNSET,
        custom_variables: dict[str, str] | None | Unset = UNSET,
        opt_out: bool | None | Unset = UNSET,
    ) -> None:
        self.phone_number = phone_number
        self.first_name = first_name
        self.last_name = last_name
        self.company_name = company_name
        self.sendblue_number = sendblue_number
        self.assigned_to_email = assigned_to_email
        self.tags = tags
        self.custom_variables = custom_variables
        self.opt_out = opt_out
        self.additional_properties = {}

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """Create a ContactUpdate from JSON with preferred names or aliases; preferred names take precedence.

        A value of the wrong type becomes UNSET and is kept unchanged in `additional_properties`.
        """
        get = src_dict.get
        value_phone_number = get("phone_number", UNSET)
        if value_phone_number is UNSET:
            value_phone_number = get("phoneNumber", get("number", get("phone", UNSET)))
        value_first_name = get("first_name", UNSET)
        if value_first_name is UNSET:
            value_first_name = get("firstName", UNSET)
        value_last_name = get("last_name", UNSET)
        if value_last_name is UNSET:
            value_last_name = get("lastName", UNSET)
        value_company_name = get("company_name", UNSET)
        if value_company_name is UNSET:
            value_company_name = get("companyName", get("company", UNSET))
        value_sendblue_number = get("sendblue_number", UNSET)
        if value_sendblue_number is UNSET:
            value_sendblue_number = get("sendblueNumber", UNSET)
        value_assigned_to_email = get("assigned_to_email", UNSET)
        if value_assigned_to_email is UNSET:
            value_assigned_to_email = get("assignedToEmail", UNSET)
        raw_tags = get("tags", UNSET)
        value_tags = raw_tags if raw_tags.__class__ is list else None
        raw_custom_variables = get("custom_variables", UNSET)
        if raw_custom_variables is UNSET:
            raw_custom_variables = get("customVariables", UNSET)
        value_custom_variables = raw_custom_variables if raw_custom_variables.__class__ is dict else None
        value_opt_out = get("opt_out", UNSET)
        if value_opt_out is UNSET:
            value_opt_out = get("optOut", UNSET)
        model = cls(
            value_phone_number,
            value_first_name,
            value_last_name,
            value_company_name,
            value_sendblue_number,
            value_assigned_to_email,
            UNSET if value_tags is None and raw_tags is not None else value_tags,
            UNSET if value_custom_variables is None and raw_custom_variables is not None else value_custom_variables,
            value_opt_out,
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
        if not isinstance(self.phone_number, Unset):
            result["phone_number"] = self.phone_number
        if not isinstance(self.first_name, Unset):
            result["first_name"] = self.first_name
        if not isinstance(self.last_name, Unset):
            result["last_name"] = self.last_name
        if not isinstance(self.company_name, Unset):
            result["company_name"] = self.company_name
        if not isinstance(self.sendblue_number, Unset):
            result["sendblue_number"] = self.sendblue_number
        if not isinstance(self.assigned_to_email, Unset):
            result["assigned_to_email"] = self.assigned_to_email
        if not isinstance(self.tags, Unset):
            result["tags"] = self.tags
        if not isinstance(self.custom_variables, Unset):
            result["custom_variables"] = self.custom_variables
        if not isinstance(self.opt_out, Unset):
            result["opt_out"] = self.opt_out
        return result

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return equal_models(self, other, self.FIELDS)

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        return super().__reduce_ex__(max(2, int(protocol)))  # older protocols cannot pickle slots


_SHAPES = Shapes(ContactUpdate.FIELDS)
