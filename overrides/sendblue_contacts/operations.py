"""The operations, pure: arguments in, a request out; a response in, a value out. Nothing here sends or waits.

What each call sends for a field:

    | given as         | create           | upsert           | update           | bulk.create      |
    |------------------|------------------|------------------|------------------|------------------|
    | absent           | nothing          | nothing: kept    | nothing: kept    | nothing          |
    | None             | nothing          | null: cleared    | null: cleared    | nothing          |
    | a value          | the value        | the value        | the value        | the value        |
    | tags             | the tags         | replace all tags | replace all tags | the tags         |
    | custom_variables | the variables    | merged           | merged           | the variables    |

A default of the server is never sent unless the caller gave it.
"""

# ruff: noqa: SLF001  # `_get_kwargs` is how the generated code builds a request without sending it
# pyright: reportPrivateUsage=false

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from itertools import chain
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar, cast

from sendblue_contacts_api.api.contacts import (
    count_contacts,
    create_contact,
    delete_contact,
    list_contacts,
    opt_out_contact,
    retrieve_contact,
    update_contact,
    verify_contact,
)
from sendblue_contacts_api.api.contacts_bulk import bulk_create_contacts, bulk_delete_contacts
from sendblue_contacts_api.models.bulk_contact import BulkContact
from sendblue_contacts_api.models.bulk_create import BulkCreate
from sendblue_contacts_api.models.bulk_delete import BulkDelete
from sendblue_contacts_api.models.contact_create import ContactCreate
from sendblue_contacts_api.models.contact_opt_out import ContactOptOut
from sendblue_contacts_api.models.contact_opt_out_response import ContactOptOutResponse
from sendblue_contacts_api.models.contact_update import ContactUpdate
from sendblue_contacts_api.models.contact_verify import ContactVerify

from . import phone, responses
from .errors import APIConnectionError, APIError, APIResponseError, RequestSummary, from_response, strange
from .fields import FieldSet, boolean, normalise_fields

if TYPE_CHECKING:
    import httpx
    from sendblue_contacts_api.models.bulk_create_response import BulkCreateResponse
    from sendblue_contacts_api.models.bulk_delete_response import BulkDeleteResponse
    from sendblue_contacts_api.models.contact import Contact

    from .retry import Call

T = TypeVar("T")

Given = str | Mapping[str, Any]
"""A phone number, or one mapping with all the fields."""

_ERROR = 400
_NOT_FOUND = 404
_CONFLICT = 409

_ELSEWHERE = {"contacts.update": ContactUpdate.FIELDS}
_CREATE = FieldSet("contacts.create", ContactCreate.FIELDS, _ELSEWHERE, none_is_absent=True)
_UPSERT = FieldSet("contacts.upsert", ContactCreate.FIELDS, _ELSEWHERE)
_UPDATE = FieldSet("contacts.update", ContactUpdate.FIELDS, {"contacts.create": ContactCreate.FIELDS})
_ITEM = FieldSet(
    "contacts.bulk.create",
    BulkContact.FIELDS,
    {"contacts.create": ContactCreate.FIELDS, **_ELSEWHERE},
    none_is_absent=True,
)


class Gone(Enum):
    """What it means when the server says 404."""

    AN_ERROR = auto()
    NONE = auto()
    """The value is None, if it is the API that says so and not a proxy."""
    DONE_BEFORE = auto()
    """The value is None, if an earlier attempt may have arrived."""


class OptOut(NamedTuple):
    """Whether the owner of a number has opted out of messages."""

    number: str
    opted_out: bool

    def __repr__(self) -> str:
        return f"OptOut(number=…, opted_out={self.opted_out})"


@dataclass(frozen=True, slots=True, repr=False)
class Operation(Generic[T]):
    """One request that is ready to be sent, and how its answer is read.

    Attributes:
        kwargs: For `httpx.Client.request`.
        read: The decoded JSON in, the value out; raises ValueError with a sentence if it is not what was documented.
        repeatable: Whether it may be sent again although it may have arrived.
        gone: What a 404 means.
        after_loss: A status that may come of this very call, once an earlier attempt may have arrived, and what to ask
            to find out.
        read_after_loss: How the answer is read then, if otherwise.
        doubt: Says what is not known if this operation, asked in such a case, fails.
    """

    kwargs: dict[str, Any]
    read: Callable[[Any], T]
    repeatable: bool = True
    gone: Gone = Gone.AN_ERROR
    after_loss: tuple[int, Operation[T]] | None = None
    read_after_loss: Callable[[Any], T] | None = None
    doubt: str = ""

    def __repr__(self) -> str:
        return f"Operation({self.summary})"

    @property
    def summary(self) -> RequestSummary:
        """What may be said of the request in an error."""
        return RequestSummary.of(self.kwargs["method"], self.kwargs["url"])

    def following(self, response: httpx.Response, call: Call) -> Operation[T] | None:
        """What to ask before the answer can be read; None if nothing."""
        status, operation = self.after_loss or (None, None)
        return operation if call.lost and response.status_code == status else None

    def finish(self, response: httpx.Response, call: Call) -> T:
        """The value that the response stands for.

        Raises:
            APIError: The status says that it is an error.
            APIResponseError: It is not what was documented.
            APIConnectionError: It does not tell what became of an earlier attempt whose answer was lost.
        """
        try:
            return self._read(response, call)
        except (APIError, APIResponseError) as error:
            error.lost = call.lost
            if not self.doubt:
                raise
            raise APIConnectionError(self.doubt, request=self.summary, attempts=call.attempts) from error

    def _read(self, response: httpx.Response, call: Call) -> T:
        if response.status_code == _NOT_FOUND and self._gone_is_none(response, call):
            return cast("T", None)
        if response.status_code >= _ERROR:
            raise from_response(response, self.summary, call.attempts)
        read = self.read_after_loss if call.lost and self.read_after_loss else self.read
        try:
            return read(responses.decode(response))
        except ValueError as error:
            raise strange(response, str(error), self.summary, call.attempts) from None

    def _gone_is_none(self, response: httpx.Response, call: Call) -> bool:
        if self.gone is Gone.NONE:
            return "json" in response.headers.get("content-type", "")
        return self.gone is Gone.DONE_BEFORE and call.lost


def create(given: Given, fields: Mapping[str, Any], region: str | None = None) -> Operation[Contact]:
    """Create a contact. Once its answer was lost, a conflict is settled by looking at the contact."""
    values = _normalised(_CREATE, given, fields, region)
    upserts = values.get("update_if_exists") is True
    body = ContactCreate.from_dict(values)
    look = None if upserts else (_CONFLICT, _look("creation", body.number, body.to_dict()))
    return Operation(_creation(values), responses.contact, after_loss=look)


def upsert(given: Given, fields: Mapping[str, Any], region: str | None = None) -> Operation[Contact]:
    """Create a contact, or update the one with this number."""
    values = _normalised(_UPSERT, given, fields, region)
    if values.setdefault("update_if_exists", True) is not True:
        message = "contacts.upsert always updates what exists; use contacts.create for update_if_exists=False"
        raise TypeError(message)
    return Operation(_creation(values), responses.contact)


def _normalised(field_set: FieldSet, given: Given, fields: Mapping[str, Any], region: str | None) -> dict[str, Any]:
    first = given.items() if isinstance(given, Mapping) else [("number", given)]
    values = normalise_fields(field_set, chain(first, fields.items()), region)
    if values.get("number") is None:
        message = f"{field_set.call}: the phone number is missing; give it first, or as number in the mapping"
        raise TypeError(message)
    return values


def _creation(values: Mapping[str, Any]) -> dict[str, Any]:
    return create_contact._get_kwargs(body=ContactCreate.from_dict(values))


def _look(what: str, number: str, sent: Mapping[str, Any]) -> Operation[Contact]:
    """Whether the contact that has this number is the one that was sent."""

    def same(body: object) -> Contact:
        contact = responses.contact(body)
        if not responses.holds(contact, sent):
            message = "the contact that exists is another than was sent"
            raise ValueError(message)
        return contact

    doubt = (
        f"the answer to the {what} was lost, and the contact that has this number now is not what was sent: "
        "somebody else's, or changed since; retrieve it and decide"
    )
    return Operation(retrieve_contact._get_kwargs(number), same, doubt=doubt)


def retrieve(phone_number: str, region: str | None = None) -> Operation[Contact]:
    """Retrieve one contact."""
    return Operation(retrieve_contact._get_kwargs(_number(phone_number, region)), responses.contact)


def get(phone_number: str, region: str | None = None) -> Operation[Contact | None]:
    """Retrieve one contact, or None."""
    return Operation(retrieve_contact._get_kwargs(_number(phone_number, region)), responses.contact, gone=Gone.NONE)


def update(
    phone_number: str, changes: Mapping[str, Any], fields: Mapping[str, Any], region: str | None = None
) -> Operation[Contact]:
    """Change one contact. Once its answer was lost, "not found" may mean that it has its new number already."""
    values = normalise_fields(_UPDATE, chain(changes.items(), fields.items()), region)
    body = ContactUpdate.from_dict(values)
    new_number = values.get("phone_number")
    look = (_NOT_FOUND, _look("update", new_number, body.to_dict())) if new_number else None
    kwargs = update_contact._get_kwargs(_number(phone_number, region), body=body)
    return Operation(kwargs, responses.contact, after_loss=look)


def delete(phone_number: str, region: str | None = None) -> Operation[None]:
    """Delete one contact. Once its answer was lost, "not found" means that it was deleted."""
    kwargs = delete_contact._get_kwargs(_number(phone_number, region))
    return Operation(kwargs, responses.nothing, gone=Gone.DONE_BEFORE)


def count(phone_number: str | None = None, region: str | None = None) -> Operation[int]:
    """Count the contacts, or those with one number."""
    filters = {} if phone_number is None else {"phone_number": _number(phone_number, region)}
    return Operation(count_contacts._get_kwargs(**filters), responses.count)


def verify(number: str, region: str | None = None) -> Operation[str]:
    """Send a verification message. It reaches a person, and so it is never repeated once it may have arrived."""
    body = ContactVerify(_number(number, region, "number"))
    return Operation(verify_contact._get_kwargs(body=body), responses.status, repeatable=False)


def opt_out(number: str, opted_out: object, region: str | None = None) -> Operation[OptOut]:
    """Record that the owner of a number wants no messages, or wants them again."""
    asked = OptOut(_number(number, region, "number"), boolean("opted_out", opted_out))

    def read(body: object) -> OptOut:
        answer = ContactOptOutResponse.from_dict(responses.mapping(body))
        state = asked.opted_out if answer.opted_out is None else answer.opted_out
        return OptOut(answer.number or asked.number, state)

    return Operation(opt_out_contact._get_kwargs(body=ContactOptOut(asked.number, asked.opted_out)), read)


def page(filters: Mapping[str, Any]) -> Operation[list[Contact]]:
    """One page of a listing. The filters have been checked."""
    return Operation(list_contacts._get_kwargs(**filters), responses.contacts)


def bulk_item(item: object, region: str | None = None) -> BulkContact:
    """One contact of a bulk creation, ready to be sent.

    Raises:
        TypeError: It is no mapping, or has an unknown field, no number, or a value of the wrong type.
        ValueError: Its phone number is none, or a date cannot be read.
    """
    if not isinstance(item, Mapping):
        message = f"a contact must be a mapping, not {type(item).__name__}"
        raise TypeError(message)
    values = normalise_fields(_ITEM, cast("Mapping[str, Any]", item).items(), region)
    if "phone" not in values:
        message = "the phone number is missing"
        raise TypeError(message)
    return BulkContact.from_dict(values)


def bulk_create(items: list[BulkContact]) -> Operation[BulkCreateResponse]:
    """Create the contacts that `bulk_item` has made ready."""
    kwargs = bulk_create_contacts._get_kwargs(body=BulkCreate(items))
    return Operation(kwargs, responses.bulk_created, repeatable=False)


def bulk_delete(numbers: list[str]) -> Operation[BulkDeleteResponse]:
    """Delete the contacts with these numbers, which are in E.164 form."""
    kwargs = bulk_delete_contacts._get_kwargs(body=BulkDelete(numbers))
    return Operation(kwargs, responses.bulk_deleted, read_after_loss=responses.bulk_deleted_before)


def _number(value: object, region: str | None, field: str = "phone_number") -> str:
    return phone.normalise(value, field=field, default_region=region)
