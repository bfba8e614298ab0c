from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self, SupportsIndex

from ..types import (
    Field,
    MaskedModel,
    Shapes,
    equal_models,
    read_model,
)


class ContactResponse(MaskedModel):
    """A contact and a status.

    Attributes:
        contact (Contact | None): The contact.
        status (str | None): `OK` or, with an error message, `ERROR`.
        additional_properties (dict[str, Any]): Undocumented keys, and values of the wrong type.
    """

    __slots__ = (
        "__weakref__",
        "_fields_set",
        "additional_properties",
        "contact",
        "status",
    )

    FIELDS: ClassVar[Mapping[str, Field]] = {
        "contact": Field("object", nullable=True, attribute="contact", model="Contact"),
        "status": Field("string", nullable=True, attribute="status"),
    }
    """The definition of each field, by its preferred name."""

    contact: Contact | None
    status: str | None
    additional_properties: dict[str, Any]
    _fields_set: frozenset[str] | None

    def __init__(
        self,
        contact: Contact | None = None,
        status: str | None = None,
    ) -> None:
        self.contact = contact
        self.status = status
        self.additional_properties = {}
        self._fields_set = None

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """Create a ContactResponse from JSON with preferred names or aliases; preferred names take precedence.

        A value of the wrong type becomes None and is kept unchanged in `additional_properties`.
        """
        get = src_dict.get
        raw_contact = get("contact")
        value_contact = read_model(Contact.from_dict, raw_contact)
        value_status = get("status")
        model = cls(
            value_contact,
            value_status,
        )
        model._fields_set, unknown = _SHAPES[tuple(src_dict)]
        if unknown:
            model.additional_properties = {key: src_dict[key] for key in unknown}
        if value_contact is None and raw_contact is not None:
            model.additional_properties["contact"] = raw_contact
        return model

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON, under their preferred names, without fields that were not received and have no value."""
        result = dict(self.additional_properties)
        if self.contact is not None:
            result["contact"] = self.contact.to_dict()
        elif "contact" in self.fields_set:
            result.setdefault("contact", None)
        if self.status is not None:
            result["status"] = self.status
        elif "status" in self.fields_set:
            result.setdefault("status", None)
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


_SHAPES = Shapes(ContactResponse.FIELDS)

# Imported below the class, because models may refer to each other.
from ..models.contact import Contact  # noqa: E402
