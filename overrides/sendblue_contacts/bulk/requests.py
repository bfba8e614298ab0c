"""The bulk operations, pure: like `operations`, which a program that makes no bulk calls imports without them."""

# ruff: noqa: SLF001  # `_get_kwargs` of the generated code builds a request without sending it
# pyright: reportPrivateUsage=false

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple, cast

from sendblue_contacts_api.api.contacts_bulk import bulk_create_contacts, bulk_delete_contacts
from sendblue_contacts_api.models.bulk_contact import BulkContact
from sendblue_contacts_api.models.bulk_create import BulkCreate
from sendblue_contacts_api.models.bulk_create_response import BulkCreateResponse
from sendblue_contacts_api.models.bulk_delete import BulkDelete
from sendblue_contacts_api.models.bulk_delete_response import BulkDeleteResponse
from sendblue_contacts_api.models.contact_create import ContactCreate
from sendblue_contacts_api.models.contact_update import ContactUpdate

from sendblue_contacts import responses
from sendblue_contacts.body import EncodedItems, read_json, write_json
from sendblue_contacts.fields import FieldSet, normalise_fields
from sendblue_contacts.operations import Operation

BULK_ITEM = FieldSet(
    "contacts.bulk.create",
    BulkContact.FIELDS,
    {"contacts.create": ContactCreate.FIELDS, "contacts.update": ContactUpdate.FIELDS},
    none_is_absent=True,
    reads_numbers=True,
)


def bulk_item(item: object, region: str | None = None) -> BulkContact:
    """Check one contact of a bulk creation. TypeError: it is not a mapping; others as in `normalise_fields`."""
    return BulkContact.from_dict(_checked(item, region))


def _checked(item: object, region: str | None) -> dict[str, Any]:
    if not isinstance(item, Mapping):
        raise TypeError(f"a contact must be a mapping, not {type(item).__name__}")
    return normalise_fields(BULK_ITEM, cast("Mapping[str, Any]", item).items(), region)


class EncodedContact(NamedTuple):
    """A contact that was checked: its number in E.164 form, and its JSON, which is written only once."""

    phone: str
    json: bytes

    def to_dict(self) -> dict[str, Any]:
        """Return the contact as JSON."""
        return cast("dict[str, Any]", read_json(self.json))

    def __repr__(self) -> str:
        return "EncodedContact(…)"


class EncodedPage(list[EncodedContact]):
    """Contacts that are items of a bulk call one by one, but take less time together."""


def encoded_item(item: object, region: str | None = None) -> EncodedContact:
    """Check one contact of a bulk creation, as `bulk_item` does, and encode it."""
    values = _checked(item, region)
    return EncodedContact(values["phone"], write_json(values))


def bulk_create(items: list[EncodedContact], *, with_contacts: bool = True) -> Operation[BulkCreateResponse | None]:
    """Create contacts.

    Args:
        items: The contacts.
        with_contacts: Whether to return the contacts of the response. If not, the response to a request that created
            all of them is None.
    """
    kwargs = bulk_create_contacts._get_kwargs(body=BulkCreate([]))
    kwargs["json"]["contacts"] = EncodedItems(item.json for item in items)

    def read(body: object) -> BulkCreateResponse | None:
        values = responses.mapping(body)
        if not with_contacts and _lists_all(items, values):
            return None
        return BulkCreateResponse.from_dict(values)

    return Operation(kwargs, read, repeatable=False)


def _lists_all(items: list[EncodedContact], values: Mapping[str, Any]) -> bool:
    """Whether a response lists these contacts in this order, and no failures."""
    try:
        listed = [contact["phone"] for contact in values["contacts"]]
    except (KeyError, TypeError):
        return False
    return not values.get("failures") and listed == [item.phone for item in items]


def bulk_delete(numbers: list[str]) -> Operation[BulkDeleteResponse]:
    """Delete the contacts with these numbers, which are in E.164 format."""
    kwargs = bulk_delete_contacts._get_kwargs(body=BulkDelete(numbers))
    read_ambiguous = partial(_deleted_ambiguous, sent=len(numbers))
    return Operation(
        kwargs, lambda body: BulkDeleteResponse.from_dict(responses.mapping(body)), read_ambiguous=read_ambiguous
    )


def _deleted_ambiguous(body: object, sent: int) -> BulkDeleteResponse:
    """Return the result of a repeated bulk deletion: "not found" means that the first request deleted the contact.

    Totals do not include what that request deleted, so only a total of all numbers that were sent means something. Any
    other failure is left out: the contact is looked up.
    """
    deleted = BulkDeleteResponse.from_dict(responses.mapping(body))
    if (deleted.successes if deleted.amount is None else deleted.amount) != sent:
        deleted.amount = deleted.successes = None
    results = deleted.results or []
    for result in results:
        result.success = result.success or "not found" in str(result.error).lower()
    deleted.results = [result for result in results if result.success]
    return deleted
