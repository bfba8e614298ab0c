from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import Any, ClassVar, Self, SupportsIndex

from ..types import (
    Field,
    MaskedModel,
    Shapes,
    equal_models,
    read_datetime,
)


class Contact(MaskedModel):
    """A contact, as the API returns it. Any field may be absent or null.

    Attributes:
        phone (str | None): The contact's phone number, in E.164 format.
        first_name (str | None): The contact's first name. Also returned as `firstName`.
        last_name (str | None): The contact's last name. Also returned as `lastName`.
        company_name (str | None): The contact's company name. It may be the account's default rather than the
            contact's own company. Also returned as `companyName`.
        sendblue_number (str | None): The Sendblue phone number that messages to this contact are sent from, in
            E.164 format. Also returned as `sendblueNumber`.
        assigned_to_email (str | None): The email address of the user that the contact is assigned to. Also returned
            as `assignedToEmail`.
        tags (list[str] | None): The contact's tags.
        custom_variables (dict[str, str] | None): The contact's custom variables, by label. Also returned as
            `customVariables`.
        created_at (datetime.datetime | None): When the contact was created, in ISO 8601 format, with or without
            milliseconds.
        verified (bool | None): Whether the contact is verified.
        opt_out (bool | None): Whether the contact has opted out of messages. Also returned as `optOut`.
        contact_id (str | None): The unique identifier of the contact; the list operation filters on it with `cid`.
            Also returned as `contactId`.
        additional_properties (dict[str, Any]): Undocumented keys, and values of the wrong type.
    """

    __slots__ = (
        "__weakref__",
        "_fields_set",
        "_additional_properties",
        "phone",
        "first_name",
        "last_name",
        "company_name",
        "sendblue_number",
        "assigned_to_email",
        "tags",
        "custom_variables",
        "created_at",
        "verified",
        "opt_out",
        "contact_id",
    )

    FIELDS: ClassVar[Mapping[str, Field]] = {
        "phone": Field("e164", nullable=True, attribute="phone"),
        "first_name": Field("string", aliases=("firstName",), nullable=True, attribute="first_name"),
        "last_name": Field("string", aliases=("lastName",), nullable=True, attribute="last_name"),
        "company_name": Field("string", aliases=("companyName",), nullable=True, attribute="company_name"),
        "sendblue_number": Field("e164", aliases=("sendblueNumber",), nullable=True, attribute="sendblue_number"),
        "assigned_to_email": Field(
            "string", aliases=("assignedToEmail",), nullable=True, attribute="assigned_to_email"
        ),
        "tags": Field("array[string]", nullable=True, attribute="tags"),
        "custom_variables": Field("map", aliases=("customVariables",), nullable=True, attribute="custom_variables"),
        "created_at": Field("date-time", nullable=True, attribute="created_at"),
        "verified": Field("boolean", nullable=True, attribute="verified"),
        "opt_out": Field("boolean", aliases=("optOut",), nullable=True, attribute="opt_out"),
        "contact_id": Field("string", aliases=("contactId",), nullable=True, attribute="contact_id"),
    }
    """The definition of each field, by its preferred name."""

    phone: str | None
    first_name: str | None
    last_name: str | None
    company_name: str | None
    sendblue_number: str | None
    assigned_to_email: str | None
    tags: list[str] | None
    custom_variables: dict[str, str] | None
    created_at: datetime.datetime | None
    verified: bool | None
    opt_out: bool | None
    contact_id: str | None
    _additional_properties: dict[str, Any] | None
    _fields_set: frozenset[str] | None

    def __init__(
        self,
        phone: str | None = None,
        first_name: str | None = None,
        last_name: str | None = None,
        company_name: str | None = None,
        sendblue_number: str | None = None,
        assigned_to_email: str | None = None,
        tags: list[str] | None = None,
        custom_variables: dict[str, str] | None = None,
        created_at: datetime.datetime | None = None,
        verified: bool | None = None,
        opt_out: bool | None = None,
        contact_id: str | None = None,
    ) -> None:
        self.phone = phone
        self.first_name = first_name
        self.last_name = last_name
        self.company_name = company_name
        self.sendblue_number = sendblue_number
        self.assigned_to_email = assigned_to_email
        self.tags = tags
        self.custom_variables = custom_variables
        self.created_at = created_at
        self.verified = verified
        self.opt_out = opt_out
        self.contact_id = contact_id
        self._additional_properties = None
        self._fields_set = None

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """Create a Contact from JSON with preferred names or aliases; preferred names take precedence.

        A value of the wrong type becomes None and is kept unchanged in `additional_properties`.
        """
        get = src_dict.get
        value_phone = get("phone")
        value_first_name = get("first_name")
        if value_first_name is None and "first_name" not in src_dict:
            value_first_name = get("firstName")
        value_last_name = get("last_name")
        if value_last_name is None and "last_name" not in src_dict:
            value_last_name = get("lastName")
        value_company_name = get("company_name")
        if value_company_name is None and "company_name" not in src_dict:
            value_company_name = get("companyName")
        value_sendblue_number = get("sendblue_number")
        if value_sendblue_number is None and "sendblue_number" not in src_dict:
            value_sendblue_number = get("sendblueNumber")
        value_assigned_to_email = get("assigned_to_email")
        if value_assigned_to_email is None and "assigned_to_email" not in src_dict:
            value_assigned_to_email = get("assignedToEmail")
        raw_tags = get("tags")
        value_tags = raw_tags if raw_tags.__class__ is list else None
        raw_custom_variables = get("custom_variables")
        if raw_custom_variables is None and "custom_variables" not in src_dict:
            raw_custom_variables = get("customVariables")
        value_custom_variables = raw_custom_variables if raw_custom_variables.__class__ is dict else None
        raw_created_at = get("created_at")
        value_created_at = read_datetime(raw_created_at)
        value_verified = get("verified")
        value_opt_out = get("opt_out")
        if value_opt_out is None and "opt_out" not in src_dict:
            value_opt_out = get("optOut")
        value_contact_id = get("contact_id")
        if value_contact_id is None and "contact_id" not in src_dict:
            value_contact_id = get("contactId")
        model = cls(
            value_phone,
            value_first_name,
            value_last_name,
            value_company_name,
            value_sendblue_number,
            value_assigned_to_email,
            value_tags,
            value_custom_variables,
            value_created_at,
            value_verified,
            value_opt_out,
            value_contact_id,
        )
        model._fields_set, unknown = _SHAPES[tuple(src_dict)]
        if unknown:
            model.additional_properties = {key: src_dict[key] for key in unknown}
        if value_tags is None and raw_tags is not None:
            model.additional_properties["tags"] = raw_tags
        if value_custom_variables is None and raw_custom_variables is not None:
            model.additional_properties["custom_variables"] = raw_custom_variables
        if value_created_at is None and raw_created_at is not None:
            model.additional_properties["created_at"] = raw_created_at
        return model

    @classmethod
    def from_dicts(cls, items: list[Any]) -> list[Self]:
        """Create a Contact from each item, as `from_dict` does: much faster if all items have the same keys."""
        try:
            rows, columns, absent = _SHAPES.rows(items)
            fields_set, unknown = _SHAPES[tuple(items[0])]
            models = [*map(cls.__new__, repeat(cls, len(items)))]
            for (
                model,
                (
                    model.phone,
                    model.first_name,
                    model.last_name,
                    model.company_name,
                    model.sendblue_number,
                    model.assigned_to_email,
                    model.verified,
                    model.opt_out,
                    model.contact_id,
                ),
                model.tags,
                model.custom_variables,
                model.created_at,
            ) in zip(models, rows, *columns, strict=True):
                model._fields_set = fields_set
                model._additional_properties = None
        except KeyError:
            return [cls.from_dict(item) for item in items]
        for attribute in absent:
            for model in models:
                setattr(model, attribute, None)
        for model, item in zip(models, items, strict=True) if unknown else ():
            model._additional_properties = {key: item[key] for key in unknown}
        return models

    @classmethod
    def columns(cls, items: list[Any]) -> list[Sequence[Any]] | None:
        """Return the values of the attributes that `from_dicts` would set, in the order of FIELDS.

        Returns None if `from_dicts` has to create one model at a time.
        """
        return _SHAPES.columns(items)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON, under their preferred names, without fields that were not received and have no value."""
        result = dict(self.additional_properties)
        if self.phone is not None:
            result["phone"] = self.phone
        elif "phone" in self.fields_set:
            result.setdefault("phone", None)
        if self.first_name is not None:
            result["first_name"] = self.first_name
        elif "first_name" in self.fields_set:
            result.setdefault("first_name", None)
        if self.last_name is not None:
            result["last_name"] = self.last_name
        elif "last_name" in self.fields_set:
            result.setdefault("last_name", None)
        if self.company_name is not None:
            result["company_name"] = self.company_name
        elif "company_name" in self.fields_set:
            result.setdefault("company_name", None)
        if self.sendblue_number is not None:
            result["sendblue_number"] = self.sendblue_number
        elif "sendblue_number" in self.fields_set:
            result.setdefault("sendblue_number", None)
        if self.assigned_to_email is not None:
            result["assigned_to_email"] = self.assigned_to_email
        elif "assigned_to_email" in self.fields_set:
            result.setdefault("assigned_to_email", None)
        if self.tags is not None:
            result["tags"] = self.tags
        elif "tags" in self.fields_set:
            result.setdefault("tags", None)
        if self.custom_variables is not None:
            result["custom_variables"] = self.custom_variables
        elif "custom_variables" in self.fields_set:
            result.setdefault("custom_variables", None)
        if self.created_at is not None:
            result["created_at"] = self.created_at.isoformat()
        elif "created_at" in self.fields_set:
            result.setdefault("created_at", None)
        if self.verified is not None:
            result["verified"] = self.verified
        elif "verified" in self.fields_set:
            result.setdefault("verified", None)
        if self.opt_out is not None:
            result["opt_out"] = self.opt_out
        elif "opt_out" in self.fields_set:
            result.setdefault("opt_out", None)
        if self.contact_id is not None:
            result["contact_id"] = self.contact_id
        elif "contact_id" in self.fields_set:
            result.setdefault("contact_id", None)
        return result

    @property
    def additional_properties(self) -> dict[str, Any]:
        """Undocumented keys, and values of the wrong type."""
        if self._additional_properties is None:  # created here, because most objects of a listing have none
            self._additional_properties = {}
        return self._additional_properties

    @additional_properties.setter
    def additional_properties(self, value: dict[str, Any]) -> None:
        self._additional_properties = value

    @property
    def fields_set(self) -> frozenset[str]:
        """The attributes whose keys were in the response, null or not. For an object created in Python: those that are not None."""
        if self._fields_set is not None:
            return self._fields_set
        return frozenset(
            field.attribute for field in self.FIELDS.values() if getattr(self, field.attribute) is not None
        )

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return equal_models(self, other, self.FIELDS)

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        return super().__reduce_ex__(max(2, int(protocol)))  # older protocols cannot pickle slots


_SHAPES = Shapes(Contact.FIELDS)
