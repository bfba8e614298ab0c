"""The operations, pure: arguments to a request, a response to a value. Nothing here sends or waits.

A function whose last argument is `region` is a call: `scripts/regenerate` emits the method of `client.contacts` with
the same arguments, docstring and value. In the docstring, `{Model}` stands for the fields of a model, and the method
and path of the operation are added.

What each call sends for a field:

    | value of the field | create           | upsert           | update           | bulk.create      |
    |--------------------|------------------|------------------|------------------|------------------|
    | absent             | nothing          | nothing: kept    | nothing: kept    | nothing          |
    | None               | nothing          | null: cleared    | null: cleared    | nothing          |
    | a value            | the value        | the value        | the value        | the value        |
    | tags               | the tags         | replace all tags | replace all tags | the tags         |
    | custom_variables   | the variables    | merged           | merged           | the variables    |

A default of the server is never sent unless the caller gave it.
"""

# ruff: noqa: SLF001  # `_get_kwargs` of the generated code builds a request without sending it
# pyright: reportPrivateUsage=false

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar, cast

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
from sendblue_contacts_api.models.contact_create import ContactCreate
from sendblue_contacts_api.models.contact_opt_out import ContactOptOut
from sendblue_contacts_api.models.contact_opt_out_response import ContactOptOutResponse
from sendblue_contacts_api.models.contact_update import ContactUpdate
from sendblue_contacts_api.models.contact_verify import ContactVerify

from . import phone, responses
from ._masking import RequestSummary
from .errors import APIConnectionError, APIError, APIResponseError, status_error, unexpected_response
from .fields import FieldSet, boolean, normalise_fields

if TYPE_CHECKING:
    import httpx
    from sendblue_contacts_api.models.contact import Contact

    from .errors import SendblueError
    from .retry import Call

T = TypeVar("T")

NumberOrFields = str | Mapping[str, Any]
"""A phone number, or a mapping with all fields."""

_ERROR = 400
_NOT_FOUND = 404
_CONFLICT = 409

_OTHER_CALLS = {"contacts.update": ContactUpdate.FIELDS}
_CREATE = FieldSet("contacts.create", ContactCreate.FIELDS, _OTHER_CALLS, none_is_absent=True)
_UPSERT = FieldSet("contacts.upsert", ContactCreate.FIELDS, _OTHER_CALLS)
_UPDATE = FieldSet("contacts.update", ContactUpdate.FIELDS, {"contacts.create": ContactCreate.FIELDS})


class OptOut(NamedTuple):
    """Whether the owner of a number has opted out of messages."""

    number: str
    opted_out: bool

    def __repr__(self) -> str:
        return f"OptOut(number=…, opted_out={self.opted_out})"


@dataclass(frozen=True, slots=True, repr=False)
class Operation(Generic[T]):
    """One request, and how its response is read.

    A call is ambiguous once an earlier attempt may have been applied and its response was lost. `read` converts the
    decoded JSON to the value, and raises a ValueError if the response is not what the API documents.
    """

    kwargs: dict[str, Any]  # the arguments for `httpx.Client.request`
    read: Callable[[Any], T]
    repeatable: bool = True  # whether the request may be sent again although the server may have applied it
    not_found: Literal["error", "none", "deleted"] = "error"  # a 404 is an error, None, or None if it is ambiguous
    read_back: Operation[T] | None = None  # finds out what happened if the call is ambiguous (`raw_response.look_ups`)
    conflict_status: int | None = None  # the status that the request gets if an earlier attempt was applied
    read_ambiguous: Callable[[Any], T] | None = None  # replaces `read` if the call is ambiguous
    reads_back: str = ""  # what it is to show, if it reads a contact back: `creation`, `upsert` or `update`
    delay: float = 0.0  # seconds to wait before the first attempt

    def __repr__(self) -> str:
        return f"Operation({self.summary})"

    @property
    def summary(self) -> RequestSummary:
        """The part of the request that errors show."""
        return RequestSummary.of(self.kwargs["method"], self.kwargs["url"])

    def is_shown_by(self, response: httpx.Response, call: Call) -> bool:
        """Whether the response to this operation, sent to read a contact back, shows what was written."""
        try:
            self._read(response, call)
        except (APIError, APIResponseError):
            return False
        return True

    def ambiguity_error(self, call: Call, cause: SendblueError) -> APIConnectionError:
        """Return the error if this operation, sent to read a contact back, does not show what was written."""
        text = (
            f"the response to the {self.reads_back} was lost, and reading the contact back does not show its effect "
            f"({getattr(cause, 'message', cause)}); retrieve the contact and compare it"
        )
        error = APIConnectionError(text, request=self.summary, attempts=call.attempts)
        error.maybe_applied = True
        return error

    def finish(self, response: httpx.Response, call: Call) -> T:
        """Return the value of the response.

        Raises:
            APIError: The response has an error status.
            APIResponseError: The response is not what the API documents.
            APIConnectionError: The response of an earlier attempt was lost, and this one does not show what it did.
        """
        try:
            return self._read(response, call)
        except (APIError, APIResponseError) as error:
            error.maybe_applied = call.maybe_applied
            if not self.reads_back:
                raise
            raise self.ambiguity_error(call, error) from error

    def _read(self, response: httpx.Response, call: Call) -> T:
        if response.status_code == _NOT_FOUND and self._not_found_is_none(response, call):
            return cast("T", None)
        if response.status_code >= _ERROR:
            raise status_error(response, self.summary, call.attempts)
        read = self.read_ambiguous if call.maybe_applied and self.read_ambiguous else self.read
        try:
            return read(responses.decode(response))
        except ValueError as error:
            raise unexpected_response(response, str(error), self.summary, call.attempts) from None

    def _not_found_is_none(self, response: httpx.Response, call: Call) -> bool:
        if self.not_found == "none":
            return "json" in response.headers.get("content-type", "")  # else it comes from a proxy
        return self.not_found == "deleted" and call.maybe_applied


def create(contact: NumberOrFields | None, fields: Mapping[str, Any], region: str | None = None) -> Operation[Contact]:
    """Create a contact.

    When a response is lost, the request is retried. If the retry then fails with a conflict, the client reads the
    contact back and compares: this call never raises `ConflictError` for a contact that it created itself.

    Args:
        contact: The phone number, or one mapping with all fields, including `number`. The number can also be a
            keyword: `create(number="+14155551234")`.
        fields: {ContactCreate}. A field that is None is not sent.
        region: The region of numbers in national format.

    Raises:
        ConflictError: A contact with this number already exists.

    Example:
        await client.contacts.create("+14155551234", first_name="Ada", tags=["VIP"])
    """
    values = _normalised(_CREATE, contact, fields, region)
    return _creation("creation", values, None if values.get("update_if_exists") is True else _CONFLICT)


def upsert(contact: NumberOrFields | None, fields: Mapping[str, Any], region: str | None = None) -> Operation[Contact]:
    """Create a contact, or update the one with this number, with `update_if_exists`.

    Args:
        contact: As for `create`.
        fields: As for `create`. On an existing contact, an absent field is left unchanged, None clears it, a list
            replaces the whole list, and a mapping is merged.
        region: As for `create`.
    """
    values = _normalised(_UPSERT, contact, fields, region)
    if values.setdefault("update_if_exists", True) is not True:
        raise TypeError(
            "contacts.upsert always updates an existing contact; use contacts.create for update_if_exists=False"
        )
    return _creation("upsert", values)


def _normalised(
    field_set: FieldSet, contact: NumberOrFields | None, fields: Mapping[str, Any], region: str | None
) -> dict[str, Any]:
    given = {} if contact is None else {"number": contact}
    first = contact.items() if isinstance(contact, Mapping) else given.items()
    return normalise_fields(field_set, chain(first, fields.items()), region)


def _creation(what: str, values: Mapping[str, Any], conflict: int | None = None) -> Operation[Contact]:
    body = ContactCreate.from_dict(values)
    kwargs, read = create_contact._get_kwargs(body=body), responses.contact_with(body.number)
    return Operation(kwargs, read, read_back=_read_back(what, body.number, body.to_dict()), conflict_status=conflict)


def _read_back(what: str, number: str, sent: Mapping[str, Any]) -> Operation[Contact]:
    """Retrieve the contact with this number, and compare it with what was sent."""

    def read(body: object) -> Contact:
        contact = responses.contact_with(number)(body)
        if not responses.matches(contact, sent, ContactCreate.FIELDS):
            raise ValueError("the contact differs from what was sent: another program created or changed it")
        return contact

    return Operation(retrieve_contact._get_kwargs(number), read, reads_back=what)


def retrieve(phone_number: str, region: str | None = None) -> Operation[Contact]:
    """Retrieve the contact with this number.

    Raises:
        NotFoundError: There is no contact with this number.
    """
    number = _e164(phone_number, region)
    return Operation(retrieve_contact._get_kwargs(number), responses.contact_with(number))


def get(phone_number: str, region: str | None = None) -> Operation[Contact | None]:
    """Retrieve the contact with this number, or return None."""
    retrieval = retrieve(phone_number, region)
    return Operation(retrieval.kwargs, retrieval.read, not_found="none")


def update(
    phone_number: str, changes: Mapping[str, Any], fields: Mapping[str, Any], region: str | None = None
) -> Operation[Contact]:
    """Update the contact with this number.

    Args:
        phone_number: The number that the contact has now.
        changes: The fields as one mapping, instead of keyword arguments.
        fields: {ContactUpdate}. `phone_number` is the new number. An absent field is left unchanged, None clears it,
            a list replaces the whole list, and a mapping is merged.
        region: The region of numbers in national format.

    Raises:
        NotFoundError: There is no contact with this number.
        ConflictError: The new number belongs to another contact.
    """
    values = normalise_fields(_UPDATE, chain(changes.items(), fields.items()), region)
    body = ContactUpdate.from_dict(values)
    number, new_number = _e164(phone_number, region), values.get("phone_number")
    read_back = _read_back("update", new_number or number, body.to_dict())
    # If the call is ambiguous, a 404 may mean that the contact already has its new number.
    kwargs, conflict = update_contact._get_kwargs(number, body=body), _NOT_FOUND if new_number else None
    read = responses.contact_with(number, new_number or number)
    return Operation(kwargs, read, read_back=read_back, conflict_status=conflict)


def delete(phone_number: str, region: str | None = None) -> Operation[None]:
    """Delete the contact with this number.

    Raises:
        NotFoundError: There is no contact with this number.
    """
    number = _e164(phone_number, region)
    read_back = Operation(retrieve_contact._get_kwargs(number), _still_exists, not_found="none")
    kwargs = delete_contact._get_kwargs(number)
    return Operation(kwargs, lambda _body: None, not_found="deleted", read_back=read_back)  # any success


def _still_exists(_body: object) -> None:
    raise ValueError("the contact still exists")


def count(phone_number: str | None = None, region: str | None = None) -> Operation[int]:
    """Count all contacts, or those with this number."""
    filters = {} if phone_number is None else {"phone_number": _e164(phone_number, region)}
    return Operation(count_contacts._get_kwargs(**filters), responses.count)


def verify(number: str, region: str | None = None) -> Operation[str]:
    """Send a verification message to this number.

    The message reaches a person, so the request is not retried once it may have reached the server.

    Returns:
        The status; empty if the response has none.

    Raises:
        APIConnectionError: The response was lost; the message may have been sent.
    """
    body = ContactVerify(_e164(number, region, "number"))
    return Operation(verify_contact._get_kwargs(body=body), responses.status, repeatable=False)


def opt_out(number: str, opted_out: bool | None = None, region: str | None = None) -> Operation[OptOut]:  # noqa: FBT001  # a fixed public name
    """Opt a number out of messages, or back in.

    Args:
        number: The phone number; it need not be a contact.
        opted_out: False opts the number back in. None is not sent: the server opts the number out.
        region: The region of numbers in national format.

    Returns:
        The number and whether it is opted out.
    """
    number = _e164(number, region, "number")
    sent = ContactOptOut(number)
    if opted_out is not None:
        sent.opted_out = boolean("opted_out", opted_out)

    def read(body: object) -> OptOut:
        response = ContactOptOutResponse.from_dict(responses.mapping(body))
        responses.check_number(response.number, number)
        state = opted_out is not False if response.opted_out is None else response.opted_out
        return OptOut(response.number or number, state)

    return Operation(opt_out_contact._get_kwargs(body=sent), read)


def page(filters: Mapping[str, Any], read: Callable[[object], list[Any]] = responses.contacts) -> Operation[list[Any]]:
    """Retrieve one page of a listing. The filters are already checked."""
    return Operation(list_contacts._get_kwargs(**filters), read)


def _e164(value: object, region: str | None, field: str = "phone_number") -> str:
    return phone.normalise(value, field=field, default_region=region)
