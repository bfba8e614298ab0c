"""Creating and deleting in bulk: how one kind of item is checked, sent, and read from a response. Pure.

A response is never guessed at: an item whose result it does not state is `unknown`, and `reconciler` takes it from
there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from sendblue_contacts_api.models.bulk_contact import BulkContact
from sendblue_contacts_api.models.contact import Contact

from sendblue_contacts import phone, responses

from . import requests, tables
from .results import FailedNumber
from .types import NO_RESULT, Entry, ItemResult

if TYPE_CHECKING:
    from sendblue_contacts_api.models.bulk_create_response import BulkCreateResponse
    from sendblue_contacts_api.models.bulk_delete_response import BulkDeleteResponse

    from sendblue_contacts.operations import Operation

    from .requests import EncodedContact

P = TypeVar("P")
T = TypeVar("T")
V = TypeVar("V")
Items = TypeVar("Items")

EXISTS = "Contact already exists, with different values; use contacts.update or contacts.upsert"
_CREATED = ItemResult[Any]("created")


@dataclass(frozen=True, slots=True)
class BulkAction(Generic[P, V]):
    """What a bulk call does with its items: the part in which creating and deleting differ.

    `payload` raises TypeError or ValueError if an item is invalid. `result_of_lookup` gets the contact that has the
    number of a payload, if any, and returns None if the payload was not applied.
    """

    argument: str  # the name of the argument with the items
    unknown_hint: str  # what to do about an item with the status `unknown`
    without_effect: str  # what is true of the contact of an item that was not applied
    believes_early: bool  # whether a look-up proves that an item was applied although reads may lag behind writes
    payload: Callable[[object], P]  # what is sent for an item
    number: Callable[[P], str]  # the phone number of a payload, in E.164 form
    size_bytes: Callable[[P], int]  # the size of a payload in a request, with the comma after it
    operation: Callable[[list[P]], Operation[Any]]  # the request for payloads
    results: Callable[[list[P], Any], list[ItemResult[V]]]  # the result of each payload, as the response states it
    result_of_lookup: Callable[[P, Contact | None], ItemResult[V] | None]
    table_items: Callable[[object], Any]  # the items of a table

    def entry(self, index: int, item: object) -> Entry[P]:
        """Check an item."""
        try:
            payload = self.payload(item)
        except (TypeError, ValueError) as error:
            return Entry(index, item, None, ItemResult[Any]("failed", None, str(error)))
        return Entry(index, item, payload, number=self.number(payload), size_bytes=self.size_bytes(payload))

    def check_iterable(self, items: Items) -> Items:
        """Returns the argument with the items, read from a table; it must not be a string or a single mapping."""
        if tables.is_table(items):
            return self.table_items(items)  # type: ignore[no-any-return]  # what a table has instead of the items
        is_single = isinstance(items, Mapping | str | bytes)
        if is_single or not (isinstance(items, Iterable) or hasattr(items, "__aiter__")):
            kind = type(cast("object", items)).__name__
            raise TypeError(f"{self.argument} must be an iterable of items, not a single {kind}")
        return items  # pyright: ignore[reportUnknownVariableType]  # narrowed to Iterable[Unknown]


def create_action(region: str | None, *, with_contacts: bool = True) -> BulkAction[EncodedContact, Contact]:
    """Create contacts (POST /api/v2/contacts/bulk). Without `with_contacts`, most results lack the contact."""
    return BulkAction(
        argument="contacts",
        unknown_hint="it may have been created; retry it with check_existing=True",
        without_effect="does not exist",
        believes_early=True,
        payload=lambda item: requests.encoded_item(item, region),
        number=attrgetter("phone"),
        size_bytes=lambda contact: len(contact.json) + 1,
        operation=partial(requests.bulk_create, with_contacts=with_contacts),
        results=_create_results,
        result_of_lookup=_found_after_creation,
        table_items=tables.TableContacts,
    )


def _found_after_creation(sent: EncodedContact, contact: Contact | None) -> ItemResult[Contact] | None:
    """Created if the contact has the values that were sent; otherwise it existed before."""
    if contact is None:
        return None
    same = responses.matches(contact, sent.to_dict(), BulkContact.FIELDS)
    return ItemResult("created", contact) if same else ItemResult("failed", None, EXISTS)


def _create_results(sent: list[EncodedContact], response: BulkCreateResponse | None) -> list[ItemResult[Contact]]:
    """The response lists contacts by number in `contacts` and `failures`; either list may be absent.

    None is that of `requests.bulk_create` if all contacts were created.
    """
    if response is None:
        return [_CREATED] * len(sent)
    created = _by_number((contact.phone, contact) for contact in response.contacts or ())
    failures = [(each.contact.phone if each.contact else None, each.error) for each in response.failures or ()]
    errors = _by_number(failures)
    all_sent = errors.keys() <= {contact.phone for contact in sent}
    unlisted_created = all_sent and _unlisted_were_created(len(sent), response)

    def result(contact: EncodedContact) -> ItemResult[Contact]:
        if contacts := created.get(contact.phone):
            return ItemResult("created", contacts.pop(0))
        if messages := errors.get(contact.phone):
            return ItemResult("failed", None, _reason(messages.pop(0)))
        if unlisted_created:
            return ItemResult("created", Contact.from_dict(contact.to_dict()))
        return ItemResult("unknown", None, NO_RESULT)

    return list(map(result, sent))


def _by_number(pairs: Iterable[tuple[str | None, T]]) -> dict[str | None, list[T]]:
    """Group what a response lists, because it may list a number several times."""
    groups: dict[str | None, list[T]] = {}
    for number, value in pairs:
        groups.setdefault(number, []).append(value)
    return groups


def _unlisted_were_created(sent: int, response: BulkCreateResponse) -> bool:
    """Whether contacts that the response does not list were created."""
    if response.contacts is None and response.number_of_contacts_created is None:
        # Page 003: failures are listed if there are any. Lists that cannot be parsed are in additional_properties.
        return not response.additional_properties.keys() & {"contacts", "failures"}
    return response.number_of_contacts_created == sent - len(response.failures or ())


def _reason(error: object) -> str:
    """Returns the server's error message for an item, which `responses` has masked."""
    return error if isinstance(error, str) and error else "rejected without a reason"


def delete_action(region: str | None) -> BulkAction[str, str]:
    """Delete contacts (DELETE /api/v2/contacts)."""

    def payload(item: object) -> str:
        number = item.item if isinstance(item, FailedNumber) else item
        return phone.normalise(phone.number_text(number), field="phone_numbers", default_region=region)

    return BulkAction(
        argument="phone_numbers",
        unknown_hint="it may have been deleted; retry it: deleting twice is safe",
        without_effect="still exists",
        believes_early=False,
        payload=payload,
        number=str,
        size_bytes=lambda number: len(number) + 3,  # with quotation marks
        operation=requests.bulk_delete,
        results=_delete_results,
        result_of_lookup=lambda number, contact: None if contact else ItemResult("deleted", number),
        table_items=tables.numbers,
    )


def _delete_results(numbers: list[str], response: BulkDeleteResponse) -> list[ItemResult[str]]:
    """The response has a result for each number, or only totals (observed on the live API, and page 003)."""
    results = _by_number((result.phone_number, result) for result in response.results or ())
    deleted, sent = response.successes if response.amount is None else response.amount, len(numbers)
    some_deleted = f"{deleted} of {sent} contacts in its request were deleted, and the response does not state which"

    def result(number: str) -> ItemResult[str]:
        if found := results.get(number):
            item = found.pop(0)
            return ItemResult("deleted", number) if item.success else ItemResult("failed", None, _reason(item.error))
        if deleted is None:
            return ItemResult("unknown", None, NO_RESULT)
        if deleted >= sent:
            return ItemResult("deleted", number)
        return ItemResult("unknown" if deleted else "failed", None, some_deleted)

    return list(map(result, numbers))


def merge(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> dict[str, Any]:
    """Returns one contact for two with the same number. Both have snake_case names.

    Later values replace earlier ones, but a blank replaces nothing; tags are combined, and so are custom variables,
    label by label.
    """
    new = {name: value for name, value in later.items() if value or earlier.get(name) is None}
    return {**earlier, **{name: _combined(earlier.get(name), value) for name, value in new.items()}}


def _combined(earlier: Any, later: Any) -> Any:  # noqa: ANN401  # any JSON
    if isinstance(earlier, dict):
        labels = cast("dict[str, Any]", earlier)
        return labels | {label: text for label, text in later.items() if text or label not in labels}
    if isinstance(earlier, list):
        return list(dict.fromkeys([*cast("list[object]", earlier), *later]))
    return later
