"""Creating and deleting in bulk: how one kind of item is checked, sent, and read from a response. Pure.

A response is never guessed at: an item whose result it does not state is `unknown`, and `reconciler` takes it from
there.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast

from sendblue_contacts_api.models.bulk_contact import BulkContact
from sendblue_contacts_api.models.contact import Contact

from sendblue_contacts import operations, phone, responses
from sendblue_contacts._masking import mask, texts_in

from .results import FailedNumber
from .types import Entry, ItemResult

if TYPE_CHECKING:
    from sendblue_contacts_api.models.bulk_create_response import BulkCreateResponse
    from sendblue_contacts_api.models.bulk_delete_item import BulkDeleteItem
    from sendblue_contacts_api.models.bulk_delete_response import BulkDeleteResponse

    from sendblue_contacts.operations import Operation

P = TypeVar("P")
V = TypeVar("V")
Items = TypeVar("Items")

NO_RESULT = "the response does not state a result for this item"
EXISTS = "Contact already exists, with different values; use contacts.update or contacts.upsert"

_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode  # as httpx does


class BulkAction(ABC, Generic[P, V]):
    """What a bulk call does with its items: the part in which creating and deleting differ.

    Attributes:
        argument: The name of the argument with the items.
        unknown_hint: What to do about an item with the status `unknown`.
        without_effect: What is true of the contact of an item that was not applied.
        believes_early: Whether a look-up proves that the item was applied although reads may lag behind writes.
    """

    argument: ClassVar[str]
    unknown_hint: ClassVar[str]
    without_effect: ClassVar[str]
    believes_early: ClassVar[bool] = False

    def __init__(self, region: str | None) -> None:
        self.region = region

    @abstractmethod
    def payload(self, item: object) -> P:
        """Returns what is sent for an item; raises TypeError or ValueError if the item is invalid."""

    @abstractmethod
    def number(self, payload: P) -> str:
        """Returns the phone number of the item, in E.164 form."""

    @abstractmethod
    def size_bytes(self, payload: P) -> int:
        """Returns the size of the payload as JSON, in bytes."""

    @abstractmethod
    def operation(self, payloads: list[P]) -> Operation[Any]:
        """Returns the request for these payloads."""

    @abstractmethod
    def results(self, payloads: list[P], response: Any) -> list[ItemResult[V]]:  # noqa: ANN401  # a type for each action
        """Returns the result of each item, as the response states it."""

    @abstractmethod
    def is_open(self, result: ItemResult[V]) -> bool:
        """Whether an item with this result is looked up by its number."""

    @abstractmethod
    def result_of_lookup(self, payload: P, contact: Contact | None) -> ItemResult[V] | None:
        """Returns the result of an item whose number has this contact, or none; None if the item was not applied."""

    def merged(self, earlier: Entry[P], later: Entry[P]) -> Entry[P]:
        """Returns one entry for two items with the same number, at the position of the later item."""
        raise NotImplementedError

    def entry(self, index: int, item: object) -> Entry[P]:
        """Check an item."""
        try:
            payload = self.payload(item)
        except (TypeError, ValueError) as error:
            return Entry(index, item, None, str(error))
        return Entry(index, item, payload, size_bytes=self.size_bytes(payload) + 1)  # 1 for the comma after it

    def check_iterable(self, items: Items) -> Items:
        """Returns the argument with the items.

        Raises:
            TypeError: It is not iterable, or it is a string or a single mapping.
        """
        is_single = isinstance(items, Mapping | str | bytes)
        if is_single or not (isinstance(items, Iterable) or hasattr(items, "__aiter__")):
            kind = type(cast("object", items)).__name__
            message = f"{self.argument} must be an iterable of items, not a single {kind}"
            raise TypeError(message)
        return items  # pyright: ignore[reportUnknownVariableType]  # narrowed to Iterable[Unknown]


class CreateAction(BulkAction[BulkContact, Contact]):
    """Create contacts (POST /api/v2/contacts/bulk)."""

    argument = "contacts"
    unknown_hint = "it may have been created; retry it with check_existing=True"
    without_effect = "does not exist"
    believes_early = True

    def payload(self, item: object) -> BulkContact:
        """Returns the contact, with snake_case names and its number in E.164 form."""
        return operations.bulk_item(item, self.region)

    def number(self, payload: BulkContact) -> str:
        """Returns its phone number, in E.164 form."""
        return payload.phone

    def size_bytes(self, payload: BulkContact) -> int:
        """Returns its size as JSON, in bytes."""
        return len(_ENCODE(payload.to_dict()).encode())

    def operation(self, payloads: list[BulkContact]) -> Operation[Any]:
        """Returns the request that creates these contacts."""
        return operations.bulk_create(payloads)

    def results(self, payloads: list[BulkContact], response: BulkCreateResponse) -> list[ItemResult[Contact]]:
        """The response lists contacts by number in `contacts` and `failures`; either list may be absent."""
        created: dict[str | None, list[Contact]] = {}
        for contact in response.contacts or ():
            created.setdefault(contact.phone, []).append(contact)
        errors: dict[str | None, list[object]] = {}
        for failure in response.failures or ():
            number = failure.contact.phone if failure.contact else None
            errors.setdefault(number, []).append(failure.error)
        all_sent = errors.keys() <= {contact.phone for contact in payloads}
        unlisted_created = all_sent and _unlisted_were_created(len(payloads), response)
        return [_create_result(contact, created, errors, unlisted_created=unlisted_created) for contact in payloads]

    def is_open(self, result: ItemResult[Contact]) -> bool:
        """Without a result it may have been created."""
        return result.status == "unknown"

    def result_of_lookup(self, payload: BulkContact, contact: Contact | None) -> ItemResult[Contact] | None:
        """Created if the contact has the values that were sent; otherwise it existed before."""
        if contact is None:
            return None
        same = responses.matches(contact, payload.to_dict())
        return ItemResult("created", contact) if same else ItemResult("failed", None, EXISTS)

    def merged(self, earlier: Entry[BulkContact], later: Entry[BulkContact]) -> Entry[BulkContact]:
        """Returns an entry with the merged contact."""
        first, second = cast("BulkContact", earlier.payload), cast("BulkContact", later.payload)
        return self.entry(later.index, merge(first.to_dict(), second.to_dict()))


def merge(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> dict[str, Any]:
    """Returns one contact for two with the same number. Both have snake_case names.

    Later values replace earlier ones, but a blank replaces nothing; tags are combined, and so are custom variables,
    label by label.
    """
    not_blank = {name: value for name, value in later.items() if value}
    return {**earlier, **{name: _combined(earlier.get(name), value) for name, value in not_blank.items()}}


def _combined(earlier: Any, later: Any) -> Any:  # noqa: ANN401  # any JSON
    if isinstance(earlier, dict):
        labels = cast("dict[str, Any]", earlier)
        return labels | {label: text for label, text in later.items() if text or label not in labels}
    if isinstance(earlier, list):
        return list(dict.fromkeys([*cast("list[object]", earlier), *later]))
    return later


def _reason(error: object, item: Mapping[str, Any] | None = None) -> str:
    """Returns the server's error message for an item, without the values of the item."""
    if not isinstance(error, str) or not error:
        return "rejected without a reason"
    return mask(error, texts_in(item))


def _unlisted_were_created(sent: int, response: BulkCreateResponse) -> bool:
    """Whether contacts that the response does not list were created."""
    if response.contacts is None and response.number_of_contacts_created is None:
        # Page 003: failures are listed if there are any. Lists that cannot be parsed are in additional_properties.
        return not response.additional_properties.keys() & {"contacts", "failures"}
    return response.number_of_contacts_created == sent - len(response.failures or ())


def _create_result(
    contact: BulkContact,
    created: Mapping[str | None, list[Contact]],
    errors: Mapping[str | None, list[object]],
    *,
    unlisted_created: bool,
) -> ItemResult[Contact]:
    if contacts := created.get(contact.phone):
        return ItemResult("created", contacts.pop(0))
    if messages := errors.get(contact.phone):
        values = {**contact.to_dict(), "phone": None}  # the number is masked anyway
        return ItemResult("failed", None, _reason(messages.pop(0), values))
    if unlisted_created:
        return ItemResult("created", Contact.from_dict(contact.to_dict()))
    return ItemResult("unknown", None, NO_RESULT)


class DeleteAction(BulkAction[str, str]):
    """Delete contacts (DELETE /api/v2/contacts)."""

    argument = "phone_numbers"
    unknown_hint = "it may have been deleted; retry it: deleting twice is safe"
    without_effect = "still exists"

    def payload(self, item: object) -> str:
        """Returns the number, in E.164 form."""
        number = item.item if isinstance(item, FailedNumber) else item
        return phone.normalise(number, field="phone_numbers", default_region=self.region)

    def number(self, payload: str) -> str:
        """Returns the payload, which is the number."""
        return payload

    def size_bytes(self, payload: str) -> int:
        """Returns its size as JSON, in bytes."""
        return len(payload) + 2

    def operation(self, payloads: list[str]) -> Operation[Any]:
        """Returns the request that deletes the contacts with these numbers."""
        return operations.bulk_delete(payloads)

    def is_open(self, result: ItemResult[str]) -> bool:
        """Only if the server responded: a deletion without any response was repeated in vain."""
        return result.status == "unknown" and result.reason == NO_RESULT

    def result_of_lookup(self, payload: str, contact: Contact | None) -> ItemResult[str] | None:
        """Deleted if there is no contact."""
        return None if contact else ItemResult("deleted", payload)

    def results(self, payloads: list[str], response: BulkDeleteResponse) -> list[ItemResult[str]]:
        """The response has a result for each number, or only totals (observed on the live API, and page 003)."""
        results: dict[str | None, list[BulkDeleteItem]] = {}
        for result in response.results or ():
            results.setdefault(result.phone_number, []).append(result)
        deleted = response.successes if response.amount is None else response.amount
        return [_delete_result(number, results, deleted, len(payloads)) for number in payloads]


def _delete_result(
    number: str, results: Mapping[str | None, list[BulkDeleteItem]], deleted: int | None, sent: int
) -> ItemResult[str]:
    if found := results.get(number):
        result = found.pop(0)
        return ItemResult("deleted", number) if result.success else ItemResult("failed", None, _reason(result.error))
    if deleted is None:
        return ItemResult("unknown", None, NO_RESULT)
    if deleted >= sent:
        return ItemResult("deleted", number)
    reason = f"{deleted} of {sent} contacts in its request were deleted, and the response does not state which"
    return ItemResult("unknown" if deleted else "failed", None, reason)
