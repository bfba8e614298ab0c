"""Each call of `client.contacts` except the listing, over TCP against the sandbox: requests and values."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from sendblue_contacts import Contact, InvalidPhoneNumberError, OptOut
from sendblue_sandbox import Sandbox

from tests.contract.conftest import Api
from tests.contract.kinds import each_with_one_kind
from tests.overrides.clients import each_choice

ADA, BOB = "+14155551234", "+14155551235"
CONTACTS, ONE = "/api/v2/contacts", "/api/v2/contacts/%2B14155551234"
FIELDS: dict[str, Any] = {
    "first_name": "Ada",
    "last_name": "Lovelace",
    "sendblue_number": "+19175559876",
    "assigned_to_email": "agent@example.com",
    "tags": ["VIP", "Customer"],
    "custom_variables": {"Lead Source": "Website", "firstName": "a label"},
}
UPSERT = {"number": ADA, "update_if_exists": True}


def sent(sandbox: Sandbox) -> tuple[str, str, Any]:
    """Return the last request: method, raw path and query, and the body as JSON."""
    last = sandbox.requests[-1]
    return (
        last.method,
        last.path + (f"?{last.query}" if last.query else ""),
        json.loads(last.body) if last.body else None,
    )


def shown(value: Any) -> Any:
    """Return a value, or the fields of a contact that are set."""
    names = ["phone", *FIELDS, "company_name"]
    return {name: got for name in names if (got := getattr(value, name))} if isinstance(value, Contact) else value


CALLS: dict[str, tuple[Callable[[Any], Any], tuple[str, str, Any], Any]] = {
    "create with snake_case": (
        lambda contacts: contacts.create(BOB, **FIELDS),
        ("POST", CONTACTS, {"number": BOB, **FIELDS}),
        {"phone": BOB, **FIELDS},
    ),
    "create with a mapping in camelCase": (
        lambda contacts: contacts.create(
            {"phoneNumber": BOB, "firstName": "Bob", "customVariables": {"firstName": "x"}}
        ),
        ("POST", CONTACTS, {"number": BOB, "first_name": "Bob", "custom_variables": {"firstName": "x"}}),
        {"phone": BOB, "first_name": "Bob", "custom_variables": {"firstName": "x"}},
    ),
    "create as in the vendor's library": (
        lambda contacts: contacts.create(number=BOB, first_name="Bob"),
        ("POST", CONTACTS, {"number": BOB, "first_name": "Bob"}),
        {"phone": BOB, "first_name": "Bob"},
    ),
    "upsert replaces tags, merges variables and clears": (
        lambda contacts: contacts.upsert(ADA, tags=["New"], customVariables={"Plan": "Pro"}, last_name=None),
        ("POST", CONTACTS, {**UPSERT, "tags": ["New"], "custom_variables": {"Plan": "Pro"}, "last_name": None}),
        {
            "phone": ADA,
            **FIELDS,
            "tags": ["New"],
            "custom_variables": {**FIELDS["custom_variables"], "Plan": "Pro"},
            "last_name": None,
        },
    ),
    "retrieve, with punctuation": (
        lambda contacts: contacts.retrieve("+1 (415) 555-1234"),
        ("GET", ONE, None),
        {"phone": ADA, **FIELDS},
    ),
    "get of a missing contact": (lambda contacts: contacts.get(BOB), ("GET", f"{CONTACTS}/%2B14155551235", None), None),
    "update replaces tags, merges variables and clears": (
        lambda contacts: contacts.update(ADA, tags=["c"], custom_variables={"two": "2"}, last_name=None),
        ("PUT", ONE, {"tags": ["c"], "custom_variables": {"two": "2"}, "last_name": None}),
        {
            "phone": ADA,
            **FIELDS,
            "tags": ["c"],
            "custom_variables": {**FIELDS["custom_variables"], "two": "2"},
            "last_name": None,
        },
    ),
    "update of the number": (
        lambda contacts: contacts.update(ADA, phone_number="+1 415 555 1235"),
        ("PUT", ONE, {"phone_number": BOB}),
        {"phone": BOB, **FIELDS},
    ),
    "delete": (lambda contacts: contacts.delete(ADA), ("DELETE", ONE, None), None),
    "count of one number": (
        lambda contacts: contacts.count("+1 415 555 9999"),
        ("GET", f"{CONTACTS}/count?phone_number=%2B14155559999", None),
        0,
    ),
    "verify": (
        lambda contacts: contacts.verify("+1 415 555 1234"),
        ("POST", f"{CONTACTS}/verify", {"number": ADA}),
        "OK",
    ),
    "opt_out": (
        lambda contacts: contacts.opt_out(ADA),
        ("POST", f"{CONTACTS}/opt-out", {"number": ADA}),
        OptOut(ADA, opted_out=True),
    ),
    "opt in again": (
        lambda contacts: contacts.opt_out(ADA, opted_out=False),
        ("POST", f"{CONTACTS}/opt-out", {"number": ADA, "opted_out": False}),
        OptOut(ADA, opted_out=False),
    ),
}


@each_with_one_kind("call,request_sent,value", CALLS)
def test_a_call_sends_one_request_and_returns_a_value(
    api: Api, sandbox: Sandbox, call: Callable[[Any], Any], request_sent: tuple[str, str, Any], value: Any
) -> None:
    """With ADA as the only contact: fields are sent under preferred names, and labels of custom variables unchanged."""
    api(lambda client: client.contacts.create(ADA, **FIELDS))
    returned = shown(api(lambda client: call(client.contacts)))
    expected = {name: got for name, got in value.items() if got} if isinstance(value, dict) else value
    assert (returned, type(returned), sent(sandbox)) == (expected, type(expected), request_sent)
    assert len(sandbox.requests) == 2


CALLS_WITH_A_NUMBER: dict[str, Callable[[Any, str], Any]] = {
    "create": lambda contacts, number: contacts.create(number),
    "upsert": lambda contacts, number: contacts.upsert(number),
    "retrieve": lambda contacts, number: contacts.retrieve(number),
    "get": lambda contacts, number: contacts.get(number),
    "update": lambda contacts, number: contacts.update(number, first_name="Ada"),
    "delete": lambda contacts, number: contacts.delete(number),
    "count": lambda contacts, number: contacts.count(number),
    "verify": lambda contacts, number: contacts.verify(number),
    "opt_out": lambda contacts, number: contacts.opt_out(number),
    "list": lambda contacts, number: contacts.list(phone_number=number),
}


@each_with_one_kind(
    "call,number",
    each_choice(
        CALLS_WITH_A_NUMBER, ["", ".", "..", "count", "bulk", "verify", "opt-out", "4155551234", "+1415555123x"]
    ),
)
def test_an_invalid_number_is_not_sent(api: Api, sandbox: Sandbox, call: str, number: str) -> None:
    """Every call rejects an invalid number before a request: in a path it would reach another operation."""
    with pytest.raises(InvalidPhoneNumberError, match=r"E\.164"):
        api(lambda client: CALLS_WITH_A_NUMBER[call](client.contacts, number))
    assert sandbox.requests == []


@pytest.fixture(scope="module")
def spellings() -> Iterator[dict[str, Sandbox]]:
    """Return a sandbox that responds in snake_case, one in camelCase, and one in both."""
    with ExitStack() as stack:
        names: Any = ("snake", "camel", "both")
        yield {name: stack.enter_context(Sandbox(limit=None, spelling=name)) for name in names}


@each_with_one_kind("spelling", ["snake", "camel", "both"])
def test_every_spelling_of_a_response_is_read(
    spellings: dict[str, Sandbox], connect: Callable[[str], Api], spelling: str
) -> None:
    """Each field of each response is read, and no additional property is left."""
    api = connect(spellings[spelling].url)
    ada = api(lambda client: client.contacts.create(ADA, **FIELDS))
    listed = api(lambda client: client.contacts.list())
    found = api(lambda client: client.contacts.retrieve(ADA))
    assert [shown(contact) for contact in (ada, found, *listed)] == [{"phone": ADA, **FIELDS}] * 3
    assert [contact.additional_properties for contact in (ada, found, *listed)] == [{}] * 3
    made = api(lambda client: client.contacts.bulk.create([{"phone": BOB, "firstName": "Bob"}, {"phone": BOB}]))
    assert ([contact.first_name for contact in made.created], [item.index for item in made.failed]) == (["Bob"], [1])
    gone = api(lambda client: client.contacts.bulk.delete([ADA, "+14155550000"]))
    assert (gone.deleted, [item.reason for item in gone.failed]) == ([ADA], ["Contact not found"])
    assert api(lambda client: client.contacts.count()) == 1
    assert api(lambda client: client.contacts.opt_out(ADA)) == OptOut(ADA, opted_out=True)
    assert api(lambda client: client.contacts.verify(ADA)) == "OK"
