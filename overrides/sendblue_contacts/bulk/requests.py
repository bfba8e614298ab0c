"""The bulk operations, pure: like `operations`, which a program that makes no bulk calls imports without them."""

# ruff: noqa: SLF001  # `_get_kwargs` of the generated code builds a request without sending it
# pyright: reportPrivateUsage=false

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, cast

from sendblue_contacts_api.api.contacts_bulk import bulk_create_contacts, bulk_delete_contacts
from sendblue_contacts_api.models.bulk_contact import BulkContact
from sendblue_contacts_api.models.bulk_create import BulkCreate
from sendblue_contacts_api.models.bulk_create_response import BulkCreateResponse
from sendblue_contacts_api.models.bulk_delete import BulkDelete
from sendblue_contacts_api.models.bulk_delete_response import BulkDeleteResponse
from sendblue_contacts_api.models.contact_create import ContactCreate
from sendblue_contacts_api.models.contact_update import ContactUpdate

from sendblue_contacts import responses
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
    if not isinstance(item, Mapping):
        raise TypeError(f"a contact must be a mapping, not {type(item).__name__}")
    return BulkContact.from_dict(normalise_fields(BULK_ITEM, cast("Mapping[str, Any]", item).items(), region))


def bulk_create(items: list[BulkContact]) -> Operation[BulkCreateResponse]:
    """Create contacts that `bulk_item` has checked."""
    kwargs = bulk_create_contacts._get_kwargs(body=BulkCreate(items))
    return Operation(kwargs, lambda body: BulkCreateResponse.from_dict(responses.mapping(body)), repeatable=False)


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
