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


class ContactCreateFields(TypedDict, total=False):
    """What may be left out of a ContactCreate, in every spelling. A value is given under one spelling, or the same under all."""

    first_name: str | None
    """First name. Deprecated spelling is `firstName`."""
    firstName: str | None
    """Deprecated spelling of `first_name`."""
    last_name: str | None
    """Last name. Deprecated spelling is `lastName`."""
    lastName: str | None
    """Deprecated spelling of `last_name`."""
    sendblue_number: str | None
    """The Sendblue number to send from, in E.164 form. Deprecated spelling is `sendblueNumber`."""
    sendblueNumber: str | None
    """Deprecated spelling of `sendblue_number`."""
    assigned_to_email: str | None
    """E-mail address of the user to assign the contact to. Deprecated spelling is `assignedToEmail`."""
    assignedToEmail: str | None
    """Deprecated spelling of `assigned_to_email`."""
    tags: list[str] | tuple[str, ...] | None
    """Tags of the contact. When a contact is updated they replace all its tags."""
    custom_variables: Mapping[str, str] | None
    """Custom variables by label. When a contact is updated they are merged with its own. Deprecated spelling is
    `customVariables`."""
    customVariables: Mapping[str, str] | None
    """Deprecated spelling of `custom_variables`."""
    update_if_exists: bool
    """Whether to update the contact if the number exists. The server takes false when it is left out. Deprecated
    spelling is `updateIfExists`."""
    updateIfExists: bool
    """Deprecated spelling of `update_if_exists`."""


class ContactCreateMapping(ContactCreateFields, total=False):
    """A whole ContactCreate as one mapping, in every spelling; one spelling of each required field must be there."""

    number: str
    """The contact's phone number in E.164 form. Deprecated spellings are `phone_number` and `phoneNumber`;
    `phone`, as bulk items call it, is read too."""
    phoneNumber: str
    """Deprecated spelling of `number`."""
    phone_number: str
    """Deprecated spelling of `number`."""
    phone: str
    """Deprecated spelling of `number`."""


@_attrs_define(repr=False)
class ContactCreate:
    """A contact to create, or to update when `update_if_exists` is true.

    Attributes:
        number (str): The contact's phone number in E.164 form. Deprecated spellings are `phone_number` and
            `phoneNumber`; `phone`, as bulk items call it, is read too.
        first_name (str | None | Unset): First name. Deprecated spelling is `firstName`.
        last_name (str | None | Unset): Last name. Deprecated spelling is `lastName`.
        sendblue_number (str | None | Unset): The Sendblue number to send from, in E.164 form. Deprecated spelling
            is `sendblueNumber`.
        assigned_to_email (str | None | Unset): E-mail address of the user to assign the contact to. Deprecated
            spelling is `assignedToEmail`.
        tags (list[str] | None | Unset): Tags of the contact. When a contact is updated they replace all its tags.
        custom_variables (dict[str, str] | None | Unset): Custom variables by label. When a contact is updated they
            are merged with its own. Deprecated spelling is `customVariables`.
        update_if_exists (bool | Unset): Whether to update the contact if the number exists. The server takes false
            when it is left out. Deprecated spelling is `updateIfExists`.
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
        "first_name": Field("string", aliases=("firstName",), nullable=True, attribute="first_name"),
        "last_name": Field("string", aliases=("lastName",), nullable=True, attribute="last_name"),
        "sendblue_number": Field("e164", aliases=("sendblueNumber",), nullable=True, attribute="sendblue_number"),
        "assigned_to_email": Field(
            "string", aliases=("assignedToEmail",), nullable=True, attribute="assigned_to_email"
        ),
        "tags": Field("array[string]", nullable=True, attribute="tags"),
        "custom_variables": Field("map", aliases=("customVariables",), nullable=True, attribute="custom_variables"),
        "update_if_exists": Field("boolean", aliases=("updateIfExists",), attribute="update_if_exists"),
    }
    """What the document says of each field, by its preferred name."""

    number: str
    first_name: str | None | Unset = UNSET
    last_name: str | None | Unset = UNSET
    sendblue_number: str | None | Unset = UNSET
    assigned_to_email: str | None | Unset = UNSET
    tags: list[str] | None | Unset = UNSET
    custom_variables: dict[str, str] | None | Unset = UNSET
    update_if_exists: bool | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=no_properties)

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """Read a ContactCreate in any spelling; where two stand, the preferred one counts.

        A value that cannot be read is UNSET, and is kept as it came in additional_properties.
        """
        get = src_dict.get
        number = get("number", UNSET)
        if number is UNSET:
            number = get("phoneNumber", get("phone_number", get("phone", UNSET)))
        if number is UNSET:
            raise KeyError("number")
        first_name = get("first_name", UNSET)
        if first_name is UNSET:
            first_name = get("firstName", UNSET)
        last_name = get("last_name", UNSET)
        if last_name is UNSET:
            last_name = get("lastName", UNSET)
        sendblue_number = get("sendblue_number", UNSET)
        if sendblue_number is UNSET:
            sendblue_number = get("sendblueNumber", UNSET)
        assigned_to_email = get("assigned_to_email", UNSET)
        if assigned_to_email is UNSET:
            assigned_to_email = get("assignedToEmail", UNSET)
        raw_tags = get("tags", UNSET)
        tags = raw_tags if raw_tags.__class__ is list else None
        raw_custom_variables = get("custom_variables", UNSET)
        if raw_custom_variables is UNSET:
            raw_custom_variables = get("customVariables", UNSET)
        custom_variables = raw_custom_variables if raw_custom_variables.__class__ is dict else None
        update_if_exists = get("update_if_exists", UNSET)
        if update_if_exists is UNSET:
            update_if_exists = get("updateIfExists", UNSET)
        model = cls(
            number,
            first_name,
            last_name,
            sendblue_number,
            assigned_to_email,
            UNSET if tags is None and raw_tags is not None else tags,
            UNSET if custom_variables is None and raw_custom_variables is not None else custom_variables,
            update_if_exists,
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
        result["number"] = self.number
        if not isinstance(self.first_name, Unset):
            result["first_name"] = self.first_name
        if not isinstance(self.last_name, Unset):
            result["last_name"] = self.last_name
        if not isinstance(self.sendblue_number, Unset):
            result["sendblue_number"] = self.sendblue_number
        if not isinstance(self.assigned_to_email, Unset):
            result["assigned_to_email"] = self.assigned_to_email
        if not isinstance(self.tags, Unset):
            result["tags"] = self.tags
        if not isinstance(self.custom_variables, Unset):
            result["custom_variables"] = self.custom_variables
        if not isinstance(self.update_if_exists, Unset):
            result["update_if_exists"] = self.update_if_exists
        return result

    def __repr__(self) -> str:
        return outline(self, self.FIELDS)


_SHAPES = Shapes(ContactCreate.FIELDS)
