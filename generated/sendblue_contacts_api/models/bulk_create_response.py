from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self, SupportsIndex

from ..types import (
    Field,
    MaskedModel,
    Shapes,
    equal_models,
    read_models,
)


class BulkCreateResponse(MaskedModel):
    """The result of a bulk create request.

    Attributes:
        status (str | None): `OK` or, with an error message, `ERROR`.
        contacts (list[Contact] | None): The created contacts.
        number_of_contacts_created (int | None): The number of created contacts.
        failures (list[BulkCreateFailure] | None): The contacts that were not created. Absent if all contacts were
            created. In a bulk delete response, this field is a number.
        additional_properties (dict[str, Any]): Undocumented keys, and values of the wrong type.
    """

    __slots__ = (
        "__weakref__",
        "_fields_set",
        "additional_properties",
        "status",
        "contacts",
        "number_of_contacts_created",
        "failures",
    )

    FIELDS: ClassVar[Mapping[str, Field]] = {
        "status": Field("string", nullable=True, attribute="status"),
        "contacts": Field("array[object]", nullable=True, attribute="contacts", model="Contact"),
        "numberOfContactsCreated": Field("integer", nullable=True, attribute="number_of_contacts_created"),
        "failures": Field("array[object]", nullable=True, attribute="failures", model="BulkCreateFailure"),
    }
    """The definition of each field, by its preferred name."""

    status: str | None
    contacts: list[Contact] | None
    number_of_contacts_created: int | None
    failures: list[BulkCreateFailure] | None
    additional_properties: dict[str, Any]
    _fields_set: frozenset[str] | None

    def __init__(
        self,
        status: str | None = None,
        contacts: list[Contact] | None = None,
        number_of_contacts_created: int | None = None,
        failures: list[BulkCreateFailure] | None = None,
    ) -> None:
        self.status = status
        self.contacts = contacts
        self.number_of_contacts_created = number_of_contacts_created
        self.failures = failures
        self.additional_properties = {}
        self._fields_set = None

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """Create a BulkCreateResponse from JSON with preferred names or aliases; preferred names take precedence.

        A value of the wrong type becomes None and is kept unchanged in `additional_properties`.
        """
        get = src_dict.get
        value_status = get("status")
        raw_contacts = get("contacts")
        value_contacts = read_models(Contact.from_dict, raw_contacts)
        value_number_of_contacts_created = get("numberOfContactsCreated")
        raw_failures = get("failures")
        value_failures = read_models(BulkCreateFailure.from_dict, raw_failures)
        model = cls(
            value_status,
            value_contacts,
            value_number_of_contacts_created,
            value_failures,
        )
        model._fields_set, unknown = _SHAPES[tuple(src_dict)]
        if unknown:
            model.additional_properties = {key: src_dict[key] for key in unknown}
        if value_contacts is None and raw_contacts is not None:
            model.additional_properties["contacts"] = raw_contacts
        if value_failures is None and raw_failures is not None:
            model.additional_properties["failures"] = raw_failures
        return model

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON, under their preferred names, without fields that were not received and have no value."""
        result = dict(self.additional_properties)
        if self.status is not None:
            result["status"] = self.status
        elif "status" in self.fields_set:
            result.setdefault("status", None)
        if self.contacts is not None:
            result["contacts"] = [item.to_dict() for item in self.contacts]
        elif "contacts" in self.fields_set:
            result.setdefault("contacts", None)
        if self.number_of_contacts_created is not None:
            result["numberOfContactsCreated"] = self.number_of_contacts_created
        elif "number_of_contacts_created" in self.fields_set:
            result.setdefault("numberOfContactsCreated", None)
        if self.failures is not None:
            result["failures"] = [item.to_dict() for item in self.failures]
        elif "failures" in self.fields_set:
            result.setdefault("failures", None)
        return result

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


_SHAPES = Shapes(BulkCreateResponse.FIELDS)

# Imported below the class, because models may refer to each other.
from ..models.bulk_create_failure import BulkCreateFailure  # noqa: E402
from ..models.contact import Contact  # noqa: E402
