"""Bulk calls, what creating and deleting are: how an item is checked, sent, read from an answer, and looked for. Pure.

An answer never makes a guess: an item that it does not tell the fate of is `unknown`. What is then done about it is
decided in `settling`.
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, TypeVar, cast

from sendblue_contacts_api.models.bulk_contact import BulkContact
from sendblue_contacts_api.models.contact import Contact

from sendblue_contacts import operations, phone, responses
from sendblue_contacts.errors import mask

from .batching import Entry
from .results import FailedNumber

if TYPE_CHECKING:
    from sendblue_contacts_api.models.bulk_create_response import BulkCreateResponse
    from sendblue_contacts_api.models.bulk_delete_item import BulkDeleteItem
    from sendblue_contacts_api.models.bulk_delete_response import BulkDeleteResponse

    from sendblue_contacts.operations import Operation

    from .results import Status

R = TypeVar("R")
V = TypeVar("V")
Items = TypeVar("Items")

UNSAID = "the answer does not say what became of it"
EXISTS = "Contact already exists, with other values than were sent; use contacts.update or contacts.upsert"

_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode  # as httpx does


class Verdict(NamedTuple, Generic[V]):
    """What is known of one item: its status, with its value or the reason why there is none."""

    status: Status
    value: V | None = None
    reason: str = ""
    error: Exception | None = None

    def __repr__(self) -> str:
        return f"Verdict({self.status})"


class Job(ABC, Generic[R, V]):
    """A bulk call: what creating and deleting have in common.

    Attributes:
        many_of: What the call is given many of.
        way_out: What to do about an item whose fate nobody knows.
        looks: Whether such an item is looked for.
    """

    many_of: ClassVar[str]
    way_out: ClassVar[str]
    looks: ClassVar[bool] = False

    def __init__(self, region: str | None) -> None:
        self.region = region

    @abstractmethod
    def check(self, item: object) -> R:
        """The item ready to be sent; TypeError or ValueError if it cannot be."""

    @abstractmethod
    def number(self, ready: R) -> str:
        """Its phone number in E.164 form."""

    @abstractmethod
    def weigh(self, ready: R) -> int:
        """Its bytes in a request."""

    @abstractmethod
    def operation(self, ready: list[R]) -> Operation[Any]:
        """The request for these items."""

    @abstractmethod
    def read(self, ready: list[R], answer: Any) -> list[Verdict[V]]:  # noqa: ANN401  # each job knows its own
        """What the answer says of each item."""

    def found(self, ready: R, contact: Contact) -> Verdict[V]:
        """What it means for an item that there is this contact with its number."""
        raise NotImplementedError

    def merged(self, earlier: Entry[R], later: Entry[R]) -> Entry[R]:
        """Two items with one number as one, in the place of the later."""
        raise NotImplementedError

    def entry(self, index: int, item: object) -> Entry[R]:
        """An item, checked."""
        try:
            ready = self.check(item)
        except (TypeError, ValueError) as error:
            return Entry(index, item, None, str(error))
        return Entry(index, item, ready, weight=self.weigh(ready) + 1)  # a comma follows it

    def accept(self, items: Items) -> Items:
        """The items, if they are many.

        Raises:
            TypeError: It is one item, or a string, where many are meant.
        """
        one = isinstance(items, Mapping | str | bytes)
        if one or not (isinstance(items, Iterable) or hasattr(items, "__aiter__")):
            message = f"{self.many_of} must be an iterable of many, not one {type(cast('object', items)).__name__}"
            raise TypeError(message)
        return items  # pyright: ignore[reportUnknownVariableType]  # narrowed to Iterable[Unknown]


class CreateJob(Job[BulkContact, Contact]):
    """Creating contacts (POST /api/v2/contacts/bulk)."""

    many_of = "contacts"
    way_out = "it may have been created: give it again with look_first=True"
    looks = True

    def check(self, item: object) -> BulkContact:
        """The contact, with preferred names and its number in E.164 form."""
        return operations.bulk_item(item, self.region)

    def number(self, ready: BulkContact) -> str:
        """Its phone number in E.164 form."""
        return ready.phone

    def weigh(self, ready: BulkContact) -> int:
        """Its bytes as JSON."""
        return len(_ENCODE(ready.to_dict()).encode())

    def operation(self, ready: list[BulkContact]) -> Operation[Any]:
        """The request for these contacts."""
        return operations.bulk_create(ready)

    def read(self, ready: list[BulkContact], answer: BulkCreateResponse) -> list[Verdict[Contact]]:
        """The answer names contacts by their numbers in `contacts` and `failures`, and may leave out either or both."""
        created: dict[str | None, list[Contact]] = {}
        for contact in answer.contacts or ():
            created.setdefault(contact.phone, []).append(contact)
        reasons: dict[str | None, list[object]] = {}
        for failure in answer.failures or ():
            number = failure.contact.phone if failure.contact else None
            reasons.setdefault(number, []).append(failure.error)
        all_known = reasons.keys() <= {contact.phone for contact in ready}
        unnamed = all_known and _unnamed_went_in(len(ready), answer)
        return [_created(contact, created, reasons, unnamed=unnamed) for contact in ready]

    def found(self, ready: BulkContact, contact: Contact) -> Verdict[Contact]:
        """Created if the contact is what was sent; else it was there before."""
        same = responses.holds(contact, ready.to_dict())
        return Verdict("created", contact) if same else Verdict("failed", None, EXISTS)

    def merged(self, earlier: Entry[BulkContact], later: Entry[BulkContact]) -> Entry[BulkContact]:
        """The contact of `merge`."""
        first, second = cast("BulkContact", earlier.ready), cast("BulkContact", later.ready)
        return self.entry(later.index, merge(first.to_dict(), second.to_dict()))


def merge(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> dict[str, Any]:
    """Two contacts with one number as one, both under preferred names.

    Later values win, but a blank wins over nothing; tags are added up, and custom variables label by label.
    """
    said = {name: value for name, value in later.items() if value}
    return {**earlier, **{name: _joined(earlier.get(name), value) for name, value in said.items()}}


def _joined(earlier: Any, later: Any) -> Any:  # noqa: ANN401  # any JSON
    if isinstance(earlier, dict):
        return {**cast("dict[str, Any]", earlier), **later}
    if isinstance(earlier, list):
        return list(dict.fromkeys([*cast("list[object]", earlier), *later]))
    return later


def _reason(error: object, item: Mapping[str, Any] | None = None) -> str:
    """Why an item was refused, in the words of the server, without the values of the item."""
    if not isinstance(error, str) or not error:
        return "refused without a reason"
    for value in sorted(set(_texts(item)), key=len, reverse=True):  # a full name before the first name in it
        if value.casefold() in error.casefold():  # few are, and each pattern has to be compiled
            error = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "…", error, flags=re.IGNORECASE)
    return mask(error)


def _texts(value: object) -> Iterator[str]:
    """The texts in a value that tell something; it takes two letters for that."""
    if isinstance(value, str):
        yield from [value.strip()] if sum(map(str.isalnum, value)) > 1 else []
    elif isinstance(value, Mapping):
        yield from _texts(list(cast("Mapping[str, object]", value).values()))
    elif isinstance(value, list):
        for each in cast("list[object]", value):
            yield from _texts(each)


def _unnamed_went_in(sent: int, answer: BulkCreateResponse) -> bool:
    """Whether contacts that an answer names nowhere were created."""
    if answer.contacts is None and answer.number_of_contacts_created is None:
        # Page 003: failures are named if there are any. What could not be read is in additional_properties.
        return not answer.additional_properties.keys() & {"contacts", "failures"}
    return answer.number_of_contacts_created == sent - len(answer.failures or ())


def _created(
    contact: BulkContact,
    created: Mapping[str | None, list[Contact]],
    reasons: Mapping[str | None, list[object]],
    *,
    unnamed: bool,
) -> Verdict[Contact]:
    if contacts := created.get(contact.phone):
        return Verdict("created", contacts.pop(0))
    if why := reasons.get(contact.phone):
        values = {**contact.to_dict(), "phone": None}  # which is masked anyway, as a number
        return Verdict("failed", None, _reason(why.pop(0), values))
    if unnamed:
        return Verdict("created", Contact.from_dict(contact.to_dict()))
    return Verdict("unknown", None, UNSAID)


class DeleteJob(Job[str, str]):
    """Deleting contacts (DELETE /api/v2/contacts)."""

    many_of = "phone_numbers"
    way_out = "it may have been deleted: give it again, for to delete twice does no harm"

    def check(self, item: object) -> str:
        """The number in E.164 form."""
        number = item.item if isinstance(item, FailedNumber) else item
        return phone.normalise(number, field="phone_numbers", default_region=self.region)

    def number(self, ready: str) -> str:
        """It is one."""
        return ready

    def weigh(self, ready: str) -> int:
        """Its bytes as JSON."""
        return len(ready) + 2

    def operation(self, ready: list[str]) -> Operation[Any]:
        """The request for these numbers."""
        return operations.bulk_delete(ready)

    def read(self, ready: list[str], answer: BulkDeleteResponse) -> list[Verdict[str]]:
        """The answer has a result for each number, or only totals (seen live, and page 003)."""
        results: dict[str | None, list[BulkDeleteItem]] = {}
        for result in answer.results or ():
            results.setdefault(result.phone_number, []).append(result)
        done = answer.successes if answer.amount is None else answer.amount
        return [_deleted(number, results, done, len(ready)) for number in ready]


def _deleted(
    number: str, results: Mapping[str | None, list[BulkDeleteItem]], done: int | None, sent: int
) -> Verdict[str]:
    if found := results.get(number):
        result = found.pop(0)
        return Verdict("deleted", number) if result.success else Verdict("failed", None, _reason(result.error))
    if done is None:
        return Verdict("unknown", None, UNSAID)
    if done >= sent:
        return Verdict("deleted", number)
    unsaid = f"{done} of {sent} in its request were deleted, and the answer does not say which"
    return Verdict("unknown" if done else "failed", None, unsaid)
