"""Errors: the right class, a helpful text without personal data, and copies of every kind."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import sendblue_contacts
from sendblue_contacts import (
    APIConnectionError,
    APIError,
    APIResponseError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    BulkError,
    ConflictError,
    CredentialsError,
    IncompleteListError,
    InternalServerError,
    InvalidPhoneNumberError,
    NotFoundError,
    PayloadTooLargeError,
    PermissionDeniedError,
    RateLimitError,
    RateLimitStoreError,
    Sendblue,
    SendblueError,
    UnprocessableEntityError,
    errors,
)
from sendblue_contacts._masking import mask

from tests.overrides.clients import KEY, SECRET, Runner, each_choice

NUMBER = "+14155551234"
SUMMARY = errors.RequestSummary.of("get", f"/api/v2/contacts/{NUMBER}")
CLASSES = {
    400: BadRequestError,
    401: AuthenticationError,
    402: APIError,
    403: PermissionDeniedError,
    404: NotFoundError,
    405: APIError,
    409: ConflictError,
    413: PayloadTooLargeError,
    418: APIError,
    422: UnprocessableEntityError,
    429: RateLimitError,
    499: APIError,
    500: InternalServerError,
    501: InternalServerError,
    503: InternalServerError,
    520: InternalServerError,
    599: InternalServerError,
}


def _of(status: int = 400, **content: Any) -> APIError:
    return errors.status_error(httpx.Response(status, **content), SUMMARY)


def test_each_status_has_its_class_and_a_message() -> None:
    """Each status gives the class of the table, and a message even without a body and without a reason phrase."""
    made = {status: _of(status) for status in CLASSES}
    assert {status: type(error) for status, error in made.items()} == CLASSES
    assert [error.status_code for error in made.values()] == list(CLASSES)
    assert all(error.message for error in made.values())
    assert _of(520).message == "the server failed"


DEFAULT = "a field is missing or invalid"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"json": {"message": "a", "error": "b", "error_message": "c"}}, "a"),
        ({"json": {"message": "", "error": "b", "error_message": "c"}}, "b"),
        ({"json": {"message": {"text": "a"}, "error": ["b"], "error_message": "c"}}, "c"),
        ({"json": {"message": None}}, DEFAULT),
        ({"json": {}}, DEFAULT),
        ({"json": []}, DEFAULT),
        ({"json": "text"}, DEFAULT),
        ({"text": "  Missing fields\n"}, "Missing fields"),
        ({"text": ""}, DEFAULT),
        ({"text": " <!doctype html><title>x"}, DEFAULT),
        ({"text": f"the number {NUMBER} of ada@example.com is taken"}, "the number +… of …@… is taken"),
        ({"text": "x " * 500}, "x " * 150),  # an error fits on a screen
        ({"json": {"message": "x " * 500}}, "x " * 150),
        (
            {
                "content": '{"message": "Größe fehlt"}'.encode(),
                "headers": {"content-type": "application/json; charset=latin-1"},
            },
            "Größe fehlt",
        ),
    ],
)
def test_the_message_is_that_of_the_server(content: dict[str, Any], message: str) -> None:
    """`message`, `error`, `error_message` or plain text; for HTML and all else, a description of the status."""
    assert _of(**content).message == message


# How a response can carry a message.
CARRIERS: dict[str, Callable[[str], httpx.Response]] = {
    "json": lambda message: httpx.Response(400, json={"message": message}),
    "text": lambda message: httpx.Response(400, text=message),
    "under-200": lambda message: httpx.Response(200, json={"status": "ERROR", "message": message}),
    "reason": lambda message: httpx.Response(477, extensions={"reason_phrase": message.encode("ascii", "ignore")}),
}
ECHOES = {
    f"key {KEY}, secret {SECRET}": "key …, secret …",
    "ADA MARIA is taken; Ada and first_name 'Maria' differ": "… is taken; … and first_name '…' differ",
    "'Stra\\u00dfe' and q=queryvalue of tag x in Max": "'…' and q=… of tag x in Max",
    "Adam has 1234567 of VIPs": "Adam has … of …",
    "V" * 1500: "…",
    "Lovelace, Adagio and king exist": "…, Adagio and … exist",  # parts of a value
    "at most 1000 of 94110 since 2024-01-15": "at most 1000 of 94110 since 2024-01-15",
    "plan Gold (+) is no letter": "plan … is no letter",
    "short-token is invalid": "… is invalid",
    f"{'.' * 280}VIPs": f"{'.' * 280}…",
}


@pytest.mark.parametrize(("carrier", "message"), [*each_choice(CARRIERS, ECHOES), ("text", "V" * 1500)])
def test_what_was_sent_is_not_repeated(carrier: str, message: str) -> None:
    """The server may quote the credentials and the values of the request; the error masks them, in any case."""
    transport = httpx.MockTransport(lambda _: CARRIERS[carrier](message))
    with Sendblue(KEY, SECRET, transport=transport, retry=None, rate_limit=None) as client:
        options: dict[str, Any] = {"extra_query": {"q": "queryvalue", "limit": "1000"}}
        contacts = client.with_options(extra_headers={"x-token": "short-token"}, **options).contacts
        with pytest.raises((APIError, APIResponseError)) as caught:
            contacts.create(
                "+1234567",
                first_name="Ada",
                last_name="Maria",
                tags=["VIPs", "x", "V" * 1600],
                custom_variables={"a": "Ada Maria", "b": "Straße", "c": "Ada is King Lovelace, 94110", "d": "Gold (+)"},
            )
    assert ECHOES[message] in str(caught.value)
    assert not [part for part in (KEY, SECRET, "VIPs", "VVV", "queryvalue") if part in str(caught.value)]


@pytest.mark.parametrize(
    ("method", "path", "hint"),
    [
        ("POST", "/api/v2/contacts", " (use contacts.upsert() to update an existing contact)"),
        ("PUT", "/api/v2/contacts/%2B14155551234", ""),
        ("POST", "/api/v2/contacts/bulk", ""),
        ("POST", "/api/v2/tags", ""),
    ],
)
def test_only_a_creation_suggests_an_upsert(method: str, path: str, hint: str) -> None:
    """A conflict of another request has no hint, because an upsert would not resolve it."""
    error = errors.status_error(httpx.Response(409), errors.RequestSummary.of(method, path))
    assert error.args[0] == f"status 409: the request conflicts with what the account has{hint}"


def test_an_error_has_its_attributes() -> None:
    """Status, message, request, attempts and response are available, and the text is one sentence."""
    response = httpx.Response(409, json={"message": "Contact already exists"})
    reported = errors.status_error(response, SUMMARY, attempts=2)
    unexpected = errors.unexpected_response(response, "the response is not JSON", SUMMARY, attempts=2)
    for error, message in ((reported, "Contact already exists"), (unexpected, "the response is not JSON")):
        found = (error.status_code, error.message, str(error.request), error.attempts, error.response)
        assert found == (409, message, "GET /api/v2/contacts/+…", 2, response)
    assert str(reported) == "GET /api/v2/contacts/+… after 2 attempts: status 409: Contact already exists"
    assert str(_of(400, text="No")) == "GET /api/v2/contacts/+…: status 400: No"
    assert getattr(_of(429, headers={"retry-after": "7"}), "retry_after", None) == 7


RAISED: list[tuple[httpx.TransportError, type[SendblueError], str]] = [
    (httpx.ConnectError("refused"), APIConnectionError, r"no response \(ConnectError: refused\); check the"),
    (httpx.ReadError(""), APIConnectionError, r"no response \(ReadError\); check the network and base_url"),
    (httpx.ReadTimeout(""), APITimeoutError, r"within the timeout \(ReadTimeout\); increase timeout="),
    (httpx.ConnectTimeout("slow"), APITimeoutError, "slow.*check whether the request was applied"),
    (httpx.ReadError(f"of /{NUMBER}"), APIConnectionError, r"/contacts/\+…: no .*\(ReadError: of /\+…\)"),
    (httpx.RemoteProtocolError("got: Ada"), APIConnectionError, r" \(RemoteProtocolError: the response is not HTTP\)"),
]


@pytest.mark.parametrize(("runner", "row"), each_choice(["sync", "async"], RAISED), indirect=["runner"])
def test_an_httpx_error_becomes_a_connection_error(
    runner: Runner, row: tuple[httpx.TransportError, type[SendblueError], str]
) -> None:
    """It names the httpx error, masks its text, and keeps it as its cause, unless that quotes what the server sent."""
    raised, cls, text = row

    def fail(_: httpx.Request) -> httpx.Response:
        raise raised

    with pytest.raises(APIConnectionError, match=text) as caught:
        runner.run(lambda client: client.contacts.retrieve(NUMBER), fail)
    cause = None if isinstance(raised, httpx.ProtocolError) else raised
    assert (type(caught.value), caught.value.__cause__, caught.value.__suppress_context__) == (cls, cause, True)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("/contacts/%2B14155551234", "/contacts/+…"),
        ("/contacts/%2b14155551234", "/contacts/+…"),
        ("/contacts?phone_number=%2B14155551234", "/contacts?phone_number=+…"),
        ("/contacts/14155551234", "/contacts/+…"),
        ("/contacts/+1%204155551234", "/contacts/+1%+…"),
        ("number +1 (415) 555-1234 is taken", "number +… is taken"),
        ("+1.415.555.1234, +44 20 5551234", "+…, +…"),
        ("Ada <ada.lovelace+x@mail.example.com> exists", "Ada <…@…> exists"),
        ("mailto:ada@example.com", "…@…"),
        ("Missing fields: number", "Missing fields: number"),
        ("Chunk 3 of 12, status 404 in 0.25 s, 2024, v2", "Chunk 3 of 12, status 404 in 0.25 s, 2024, v2"),
        ("at most 10000, not 1000000", "at most 10000, not 1000000"),
        ("since 2024-01-15, or 2024-01-15T10:30:00.123Z", "since 2024-01-15, or 2024-01-15T10:30:00.123Z"),
        ("2024-01-15 10:30:00+01:00 to 2024-13-15", "2024-01-15 10:30:00+01:00 to +…"),
        ("taken: 4155551234 and +2024-01-15", "taken: +… and +…"),
    ],
)
def test_numbers_and_addresses_are_masked(text: str, masked: str) -> None:
    """Phone numbers in every notation and e-mail addresses are; a mask that hides all numbers would be useless."""
    assert mask(text) == masked


MESSAGE: dict[str, Any] = {"json": {"message": f"not for {NUMBER}"}, "headers": {"retry-after": "7"}}
ERRORS: list[SendblueError] = [
    SendblueError("closed"),
    CredentialsError("api_key is missing"),
    InvalidPhoneNumberError("number ('') is not a valid phone number"),
    IncompleteListError("cannot list every contact", seen=11_000),
    RateLimitStoreError("Redis at localhost rejects the password"),
    BulkError("970 of 1000 created; .result has the rest"),
    *(errors.status_error(httpx.Response(status, **MESSAGE), SUMMARY, attempts=3) for status in CLASSES),
    errors.unexpected_response(httpx.Response(200, text=NUMBER), "not JSON", SUMMARY, attempts=2),
    errors.request_error(httpx.ReadError("x"), "GET", f"/{NUMBER}", 2),
    errors.request_error(httpx.ReadTimeout("x"), "GET", f"/{NUMBER}", 2),
]


def _state(error: SendblueError) -> tuple[object, ...]:
    kept = {name: value for name, value in vars(error).items() if name != "response"}
    return type(error), str(error), repr(error), error.args, kept


def test_every_public_error_is_in_the_table() -> None:
    """A new error must be added to the table. `except APIError` catches the errors of the API, and no others."""
    found = {*map(type, ERRORS)}
    assert {cls.__name__ for cls in found} == {name for name in sendblue_contacts.__all__ if name.endswith("Error")}
    assert {cls for cls in found if issubclass(cls, APIError)} == {*CLASSES.values()}
    assert issubclass(APITimeoutError, APIConnectionError)
    assert issubclass(InvalidPhoneNumberError, ValueError)


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_an_error_survives_pickle_and_copies(error: SendblueError) -> None:
    """Class, text and attributes are equal, except the response. Neither the text nor the pickle has the number."""
    pickles = [pickle.dumps(error, protocol) for protocol in (0, pickle.HIGHEST_PROTOCOL)]
    restored = [pickle.loads(pickled) for pickled in pickles]  # noqa: S301  # bytes made by this test
    copies = [*restored, copy.copy(error), copy.deepcopy(error)]
    assert [_state(other) for other in copies] == [_state(error)] * 4
    assert error not in copies
    assert [getattr(other, "response", None) for other in restored] == [None, None]
    assert "4155551234" not in f"{_state(error)} {pickles}"
