"""Each call of `client.contacts` except the listing, over TCP against the sandbox, with every kind of client."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sendblue_contacts import ConflictError, Contact, InvalidPhoneNumberError, NotFoundError, OptOut
from sendblue_sandbox import Sandbox

from tests.overrides.clients import each_choice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.contract.conftest import Api

ADA, BOB = "+14155551234", "+14155551235"
FIELDS: dict[str, Any] = {
    "first_name": "Ada",
    "last_name": "Lovelace",
    "sendblue_number": "+19175559876",
    "assigned_to_email": "agent@example.com",
    "tags": ["VIP", "Customer"],
    "custom_variables": {"Lead Source": "Website", "firstName": "a label"},
}
CAMEL: dict[str, Any] = {
    "firstName": "Ada",
    "lastName": "Lovelace",
    "sendblueNumber": "+19175559876",
    "assignedToEmail": "agent@example.com",
    "tags": ["VIP", "Customer"],
    "customVariables": {"Lead Source": "Website", "firstName": "a label"},
}


def sent(sandbox: Sandbox) -> tuple[str, str, Any]:
    """Return the last request: method, raw path, and the body as JSON."""
    last = sandbox.requests[-1]
    return last.method, last.path, json.loads(last.body) if last.body else None


# --- create


@pytest.mark.parametrize("fields", [FIELDS, CAMEL], ids=["snake", "camel"])
def test_create_sends_preferred_names(api: Api, sandbox: Sandbox, fields: dict[str, Any]) -> None:
    """Fields in either spelling are sent under preferred names; names of custom variables are unchanged."""
    api(lambda client: client.contacts.create(ADA, **fields))
    assert sent(sandbox) == ("POST", "/api/v2/contacts", {"number": ADA, **FIELDS})


def test_create_returns_the_contact(api: Api) -> None:
    """Every field of the contact is read, and dates have a time zone."""
    before = datetime.now(UTC).replace(microsecond=0)
    ada = api(lambda client: client.contacts.create(ADA, **CAMEL))
    assert {name: getattr(ada, name) for name in FIELDS} == FIELDS
    assert (type(ada), ada.phone, ada.opt_out, ada.created_at >= before) == (Contact, ADA, False, True)


@pytest.mark.parametrize("key", ["number", "phone", "phone_number", "phoneNumber"])
def test_create_accepts_a_mapping(api: Api, sandbox: Sandbox, key: str) -> None:
    """A mapping with all fields works like keywords, with the number in any of its four spellings."""
    api(lambda client: client.contacts.create({key: ADA, **CAMEL}))
    assert sent(sandbox)[2] == {"number": ADA, **FIELDS}


def test_create_does_not_send_none(api: Api, sandbox: Sandbox) -> None:
    """A new contact has nothing to clear: None is the same as an absent field."""
    api(lambda client: client.contacts.create(ADA, first_name="Ada", last_name=None, tags=None))
    assert sent(sandbox)[2] == {"number": ADA, "first_name": "Ada"}


def test_create_of_an_existing_contact(api: Api) -> None:
    """The number of an existing contact raises ConflictError with a hint."""
    api(lambda client: client.contacts.create(ADA))
    with pytest.raises(ConflictError, match=r"POST /api/v2/contacts: status 409: Contact already exists .*upsert"):
        api(lambda client: client.contacts.create(ADA))


def test_create_with_update_if_exists(api: Api) -> None:
    """The field of the API that turns a creation into an update is supported."""
    api(lambda client: client.contacts.create(ADA, first_name="Ada"))
    again = api(lambda client: client.contacts.create(ADA, last_name="Lovelace", updateIfExists=True))
    assert (again.first_name, again.last_name) == ("Ada", "Lovelace")


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"firstname": "Ada"}, "unknown field 'firstname'; did you mean first"),
        (
            {"first_name": "Ada", "firstName": "Bob"},
            "first_name and firstName are the same field but have different values",
        ),
        ({"tags": "VIP"}, "tags must be a list of str, not str"),
        ({"custom_variables": {"Age": 36}}, r"custom_variables\['Age'\] must be a str, not int"),
        ({"company_name": "Example"}, "company_name is not a field of this call; set it with contacts.update"),
    ],
)
def test_create_rejects_invalid_fields(api: Api, sandbox: Sandbox, fields: dict[str, Any], text: str) -> None:
    """An invalid field raises a TypeError with its name, and nothing is sent."""
    with pytest.raises(TypeError, match=text):
        api(lambda client: client.contacts.create(ADA, **fields))
    assert sandbox.requests == []


# --- upsert


def test_upsert_creates(api: Api, sandbox: Sandbox) -> None:
    """A new number becomes a contact."""
    ada = api(lambda client: client.contacts.upsert({"phoneNumber": ADA, "firstName": "Ada"}))
    assert (ada.first_name, sent(sandbox)[2]["update_if_exists"]) == ("Ada", True)


def test_upsert_updates(api: Api) -> None:
    """An existing contact is updated: tags are replaced, custom variables merged, and other fields stay."""
    api(lambda client: client.contacts.create(ADA, **FIELDS))
    ada = api(lambda client: client.contacts.upsert(ADA, tags=["New"], customVariables={"Plan": "Pro"}, last_name=None))
    assert (ada.first_name, ada.last_name or None, ada.tags) == ("Ada", None, ["New"])
    assert ada.custom_variables == {**FIELDS["custom_variables"], "Plan": "Pro"}


# --- retrieve, get


def test_retrieve(api: Api, sandbox: Sandbox) -> None:
    """A contact is found by its number, with or without punctuation, and `+` is `%2B` in the path."""
    api(lambda client: client.contacts.create(ADA, first_name="Ada"))
    ada = api(lambda client: client.contacts.retrieve("+1 (415) 555-1234"))
    assert (ada.phone, ada.first_name, sent(sandbox)[:2]) == (ADA, "Ada", ("GET", "/api/v2/contacts/%2B14155551234"))


def test_retrieve_of_a_missing_contact(api: Api) -> None:
    """It raises NotFoundError, which does not contain the number."""
    with pytest.raises(NotFoundError) as raised:
        api(lambda client: client.contacts.retrieve(ADA))
    assert str(raised.value) == "GET /api/v2/contacts/+…: status 404: Contact not found"


def test_get(api: Api) -> None:
    """A contact is found by its number."""
    api(lambda client: client.contacts.create(ADA, first_name="Ada"))
    assert api(lambda client: client.contacts.get(ADA)).first_name == "Ada"


def test_get_of_a_missing_contact(api: Api) -> None:
    """It returns None."""
    assert api(lambda client: client.contacts.get(ADA)) is None


CREATIONS: list[Callable[[Any], Any]] = [
    lambda client: client.contacts.create(ADA),
    lambda client: client.contacts.create(BOB),
]
CALLS: dict[str, Callable[[Any, str], Any]] = {
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


@pytest.mark.parametrize(
    ("call", "number"),
    each_choice(CALLS, ["", ".", "..", "count", "bulk", "verify", "opt-out", "4155551234", "+1415555123x"]),
)
def test_an_invalid_number_is_not_sent(api: Api, sandbox: Sandbox, call: str, number: str) -> None:
    """Every call rejects an invalid number before a request: in a path it would reach another operation."""
    with pytest.raises(InvalidPhoneNumberError, match=r"E\.164"):
        api(lambda client: CALLS[call](client.contacts, number))
    assert sandbox.requests == []


# --- update


@pytest.mark.parametrize(
    "fields", [{"firstName": "Augusta", "companyName": "Engines"}, {"first_name": "Augusta", "company_name": "Engines"}]
)
def test_update(api: Api, sandbox: Sandbox, fields: dict[str, str]) -> None:
    """Given fields are changed, in either spelling; absent fields stay, and are not sent."""
    api(lambda client: client.contacts.create(ADA, **FIELDS))
    ada = api(lambda client: client.contacts.update(ADA, **fields))
    assert (ada.first_name, ada.company_name, ada.last_name) == ("Augusta", "Engines", "Lovelace")
    assert sent(sandbox) == (
        "PUT",
        "/api/v2/contacts/%2B14155551234",
        {"first_name": "Augusta", "company_name": "Engines"},
    )


def test_update_accepts_a_mapping(api: Api) -> None:
    """The changes can be one mapping."""
    api(lambda client: client.contacts.create(ADA))
    assert api(lambda client: client.contacts.update(ADA, {"firstName": "Ada", "opt_out": True})).opt_out is True


def test_update_clears(api: Api, sandbox: Sandbox) -> None:
    """None clears a field, and is sent as null."""
    api(lambda client: client.contacts.create(ADA, **FIELDS))
    ada = api(lambda client: client.contacts.update(ADA, last_name=None, tags=None))
    assert (ada.last_name or None, ada.tags or None, ada.first_name) == (None, None, "Ada")
    assert sent(sandbox)[2] == {"last_name": None, "tags": None}


def test_update_replaces_tags_and_merges_variables(api: Api) -> None:
    """Tags are replaced; custom variables are merged with existing ones."""
    api(lambda client: client.contacts.create(ADA, tags=["a", "b"], custom_variables={"one": "1"}))
    ada = api(lambda client: client.contacts.update(ADA, tags=["c"], custom_variables={"two": "2"}))
    assert (ada.tags, ada.custom_variables) == (["c"], {"one": "1", "two": "2"})


def test_update_of_the_number(api: Api) -> None:
    """`phone_number` among the fields is the new number, not the current one."""
    api(lambda client: client.contacts.create(ADA, first_name="Ada"))
    assert api(lambda client: client.contacts.update(ADA, phone_number="+1 415 555 1235")).phone == BOB
    assert api(lambda client: client.contacts.get(ADA)) is None
    assert api(lambda client: client.contacts.get(BOB)).first_name == "Ada"


def test_update_of_a_missing_contact(api: Api) -> None:
    """It raises NotFoundError."""
    with pytest.raises(NotFoundError):
        api(lambda client: client.contacts.update(ADA, first_name="Ada"))


def test_update_to_the_number_of_another_contact(api: Api) -> None:
    """It raises ConflictError."""
    for create in CREATIONS:
        api(create)
    with pytest.raises(ConflictError):
        api(lambda client: client.contacts.update(ADA, phone_number=BOB))


# --- delete


def test_delete(api: Api, sandbox: Sandbox) -> None:
    """The contact is deleted, and None is returned."""
    api(lambda client: client.contacts.create(ADA))
    assert api(lambda client: client.contacts.delete(ADA)) is None
    assert (sandbox.contacts(), sent(sandbox)) == ([], ("DELETE", "/api/v2/contacts/%2B14155551234", None))


def test_delete_of_a_missing_contact(api: Api) -> None:
    """It raises NotFoundError."""
    with pytest.raises(NotFoundError):
        api(lambda client: client.contacts.delete(ADA))


# --- count


@pytest.mark.parametrize(("number", "count"), [(None, 2), (ADA, 1), ("+1 (415) 555-9999", 0)])
def test_count(api: Api, number: str | None, count: int) -> None:
    """All contacts are counted, or those with one number."""
    for create in CREATIONS:
        api(create)
    found = api(lambda client: client.contacts.count(number) if number else client.contacts.count())
    assert (found, type(found)) == (count, int)


# --- verify, opt_out


def test_verify(api: Api, sandbox: Sandbox) -> None:
    """A verification is requested, and its status is returned."""
    assert api(lambda client: client.contacts.verify("+1 415 555 1234")) == "OK"
    assert sent(sandbox) == ("POST", "/api/v2/contacts/verify", {"number": ADA})


@pytest.mark.parametrize("opted_out", [True, False])
def test_opt_out(api: Api, sandbox: Sandbox, opted_out: bool) -> None:  # noqa: FBT001  # the argument of the call
    """The state of the number is recorded and returned."""
    assert api(lambda client: client.contacts.opt_out(ADA, opted_out)) == OptOut(ADA, opted_out)
    assert sent(sandbox) == ("POST", "/api/v2/contacts/opt-out", {"number": ADA, "opted_out": opted_out})


def test_opt_out_defaults_to_true(api: Api) -> None:
    """Without a second argument the number is opted out, and its contact shows it."""
    api(lambda client: client.contacts.create(ADA))
    assert api(lambda client: client.contacts.opt_out(ADA)).opted_out is True
    assert api(lambda client: client.contacts.retrieve(ADA)).opt_out is True


# --- spellings of responses


@pytest.fixture(scope="module", params=["snake", "camel", "both"])
def spelling(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """Return a sandbox that responds in one of the three spellings."""
    with Sandbox(limit=None, spelling=request.param) as sandbox:
        yield sandbox


@pytest.fixture
def spelled(spelling: Sandbox, connect: Callable[[str], Api]) -> Api:
    """Return clients of that sandbox, without contacts."""
    spelling.reset()
    return connect(spelling.url)


def test_every_spelling_of_a_response_is_read(spelled: Api) -> None:
    """In snake_case, camelCase or both, contact field is read, and no additional property is left."""
    ada = spelled(lambda client: client.contacts.create(ADA, **FIELDS))
    listed = spelled(lambda client: client.contacts.list())
    found = spelled(lambda client: client.contacts.retrieve(ADA))
    assert [{name: getattr(contact, name) for name in FIELDS} for contact in (ada, found, *listed)] == [FIELDS] * 3
    assert [contact.additional_properties for contact in (ada, found, *listed)] == [{}] * 3


def test_every_spelling_of_a_bulk_response_is_read(spelled: Api) -> None:
    """This covers responses of bulk calls, including failures."""
    rows = [{"phone": ADA, "firstName": "Ada"}, {"phone": ADA}]
    result = spelled(lambda client: client.contacts.bulk.create(rows))
    assert ([contact.first_name for contact in result.created], [contact.index for contact in result.failed]) == (
        ["Ada"],
        [1],
    )
    gone = spelled(lambda client: client.contacts.bulk.delete([ADA, BOB]))
    assert (gone.deleted, [contact.reason for contact in gone.failed]) == ([ADA], ["Contact not found"])


def test_every_spelling_of_other_responses_is_read(spelled: Api) -> None:
    """This covers counts, opt-outs and statuses."""
    assert spelled(lambda client: client.contacts.count()) == 0
    assert spelled(lambda client: client.contacts.opt_out(ADA)) == OptOut(ADA, opted_out=True)
    assert spelled(lambda client: client.contacts.verify(ADA)) == "OK"
