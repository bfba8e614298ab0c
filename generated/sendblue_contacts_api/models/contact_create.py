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


class ContactCreateFields(TypedDict, total=False):
    """The optional fields of ContactCreate, by preferred name and by alias. A field given under several names needs equal values."""

    first_name: str | None
    """The contact's first name. Deprecated alias is `firstName`."""
    firstName: str | None
    """Deprecated alias of `first_name`."""
    last_name: str | None
    """The contact's last name. Deprecated alias is `lastName`."""
    lastName: str | None
    """Deprecated alias of `last_name`."""
    sendblue_number: str | None
    """The Sendblue phone number to send messages from, in E.164 format. Deprecated alias is `sendblueNumber`."""
    sendblueNumber: str | None
    """Deprecated alias of `sendblue_number`."""
    assigned_to_email: str | None
    """The email address of the user to assign the contact to. Deprecated alias is `assignedToEmail`."""
    assignedToEmail: str | None
    """Deprecated alias of `assigned_to_email`."""
    tags: list[str] | tuple[str, ...] | None
    """The contact's tags. If the request updates an existing contact, they replace all its tags."""
    custom_variables: Mapping[str, str] | None
    """The contact's custom variables, by label. If the request updates an existing contact, they are merged into
    its custom variables. Deprecated alias is `customVariables`."""
    customVariables: Mapping[str, str] | None
    """Deprecated alias of `custom_variables`."""
    update_if_exists: bool
    """Whether to update the contact if one with this phone number exists. Deprecated alias is `updateIfExists`.
    Server default: `false`."""
    updateIfExists: bool
    """Deprecated alias of `update_if_exists`."""


class ContactCreateMapping(ContactCreateFields, total=False):
    """All fields of ContactCreate as one mapping, by preferred name and by alias. Each required field needs one of its names."""

    number: str
    """The contact's phone number, in E.164 format. Deprecated aliases are `phoneNumber`, `phone_number` and
    `phone`."""
    phoneNumber: str
    """Deprecated alias of `number`."""
    phone_number: str
    """Deprecated alias of `number`."""
    phone: str
    """Deprecated alias of `number`."""


class ContactCreate(MaskedModel):
    """A contact to create, or to update if it exists and `update_if_exists` is true.

    Attributes:
        number (str): The contact's phone number, in E.164 format. Deprecated aliases are `phoneNumber`,
            `phone_number` and `phone`.
        first_name (str | None | Unset): The contact's first name. Deprecated alias is `firstName`.
        last_name (str | None | Unset): The contact's last name. Deprecated alias is `lastName`.
        sendblue_number (str | None | Unset): The Sendblue phone number to send messages from, in E.164 format.
            Deprecated alias is `sendblueNumber`.
        assigned_to_email (str | None | Unset): The email address of the user to assign the contact to. Deprecated
            alias is `assignedToEmail`.
        tags (list[str] | None | Unset): The contact's tags. If the request updates an existing contact, they
            replace all its tags.
        custom_variables (dict[str, str] | None | Unset): The contact's custom variables, by label. If the request
            updates an existing contact, they are merged into its custom variables. Deprecated alias is
            `customVariables`.
        update_if_exists (bool | Unset): Whether to update the contact if one with this phone number exists.
            Deprecated alias is `updateIfExists`. Server default: `false`.
        additional_properties (dict[str, Any]): Undocumented keys, and values of the wrong type.
    """

    __slots__ = (
        "__weakref__",
        "additional_properties",
        "number",
        "first_name",
        "last_name",
        "sendblue_number",
        "assigned_to_email",
        "tags",
        "custom_variables",
        "update_if_exists",
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
    """The definition of each field, by its preferred name."""

    number: str
    first_name: str | None | Unset
    last_name: str | None | Unset
    sendblue_number: str | None | Unset
    assigned_to_email: str | None | Unset
    tags: list[str] | None | Unset
    custom_variables: dict[str, str] | None | Unset
    update_if_exists: bool | Unset
    additional_properties: dict[str, Any]

    def __init__(
        self,
        number: str,
        first_name: str | None | Unset = UNSET,
        last_name: str | None | Unset = UNSET,
        sendblue_number: str | None | Unset = UNSET,
        assigned_to_email: str | None | Unset = UNSET,
        tags: list[str] | None | Unset = UNSET,
        custom_variables: dict[str, str] | None | Unset = UNSET,
        update_if_exists: bool | Unset = UNSET,
    ) -> None:
        self.number = number
        self.first_name = first_name
        self.last_name = last_name
        self.sendblue_number = sendblue_number
        self.assigned_to_email = assigned_to_email
        self.tags = tags
        self.custom_variables = custom_variables
        self.update_if_exists = update_if_exists
        self.additional_properties = {}

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """Create a ContactCreate from JSON with preferred names or aliases; preferred names take precedence.

        A value of the wrong type becomes UNSET and is kept unchanged in `additional_properties`.
        """
        get = src_dict.get
        value_number = get("number", UNSET)
        if value_number is UNSET:
            value_number = get("phoneNumber", get("phone_number", get("phone", UNSET)))
        if value_number is UNSET:
            raise KeyError("number")
        value_first_name = get("first_name", UNSET)
        if value_first_name is UNSET:
            value_first_name = get("firstName", UNSET)
        value_last_name = get("last_name", UNSET)
        if value_last_name is UNSET:
            value_last_name = get("lastName", UNSET)
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
        value_update_if_exists = get("update_if_exists", UNSET)
        if value_update_if_exists is UNSET:
            value_update_if_exists = get("updateIfExists", UNSET)
        model = cls(
            value_number,
            value_first_name,
            value_last_name,
            value_sendblue_number,
            value_assigned_to_email,
            UNSET if value_tags is None and raw_tags is not None else value_tags,
            UNSET if value_custom_variables is None and raw_custom_variables is not None else value_custom_variables,
            value_update_if_exists,
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

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return equal_models(self, other, self.FIELDS)

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        return super().__reduce_ex__(max(2, int(protocol)))  # older protocols cannot pickle slots


_SHAPES = Shapes(ContactCreate.FIELDS)
