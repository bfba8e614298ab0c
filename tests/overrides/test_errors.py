"""Errors: the right class, a helpful text without personal data, and copies of every kind."""

from __future__ import annotations

import copy
import json
import multiprocessing
import pickle
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import sendblue_contacts
from hypothesis import given, settings
from hypothesis import strategies as st
from sendblue_contacts import (
    APIConnectionError,
    APIError,
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
    SendblueError,
    UnprocessableEntityError,
    errors,
)
from sendblue_contacts._masking import mask

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.overrides.clients import Runner

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


def _of(status: int = 400, **content: Any) -> APIError:  # noqa: ANN401  # as httpx.Response takes it
    return errors.status_error(httpx.Response(status, **content), SUMMARY)


@pytest.mark.parametrize(("status", "cls"), CLASSES.items())
def test_each_status_has_its_class(status: int, cls: type[APIError]) -> None:
    """Each status gives the class of the table."""
    error = _of(status)
    assert (type(error), error.status_code) == (cls, status)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"message": "a", "error": "b", "error_message": "c"}, "a"),
        ({"error": "b", "error_message": "c"}, "b"),
        ({"error_message": "c"}, "c"),
        ({"message": "", "error": "b"}, "b"),
        ({"message": None, "error": "b"}, "b"),
        ({"message": {"text": "a"}, "error": ["b"], "error_message": "c"}, "c"),
        ({}, "a field is missing or invalid"),
        ({"message": None}, "a field is missing or invalid"),
        ([], "a field is missing or invalid"),
        ("text", "a field is missing or invalid"),
        (None, "a field is missing or invalid"),
    ],
)
def test_the_message_is_that_of_the_server(body: object, message: str) -> None:
    """`message`, `error` or `error_message`, or a description of the status."""
    assert _of(json=body).message == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Missing fields", "Missing fields"),
        ("  Missing fields\n", "Missing fields"),
        ("", "a field is missing or invalid"),
        ("<!doctype html><title>x", "a field is missing or invalid"),
        ("  <html>", "a field is missing or invalid"),
    ],
)
def test_a_plain_text_body_is_the_message(text: str, message: str) -> None:
    """Plain text is a message; HTML is not."""
    assert _of(text=text).message == message


@pytest.mark.parametrize("body", [{"content": b"x " * 5000}, {"json": {"message": "x " * 5000}}], ids=["text", "json"])
def test_a_long_message_is_truncated(body: dict[str, Any]) -> None:
    """An error fits on a screen."""
    assert len(_of(**body).message) == 300


@pytest.mark.parametrize("text", ["[" * 200_000, "a" * 200_000, "a@" * 100_000, "1" + " " * 200_000, "a.b@" * 50_000])
def test_a_huge_message_does_not_take_long(text: str) -> None:
    """Masking takes linear time, not quadratic time (which would be a minute here)."""
    started = time.process_time()
    assert len(_of(text=text).message) <= 300
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (401, "check SENDBLUE_API_API_KEY and SENDBLUE_API_API_SECRET"),
        (403, "check the credentials and base_url"),
        (409, "use contacts.upsert()"),
        (413, "send fewer contacts"),
        (429, "wait before sending more"),
    ],
)
def test_the_text_has_a_hint(status: int, hint: str) -> None:
    """The error says what to do, where that is known."""
    assert hint in str(_of(status, json={"message": "No"}))


@pytest.mark.parametrize("status", [status for status in CLASSES if status not in {402, 405, 418, 499}])
def test_every_status_has_a_description(status: int) -> None:
    """An error without a body has a message."""
    assert _of(status).message


def test_an_api_error_has_its_attributes() -> None:
    """Status, message, request, attempts and response are available."""
    response = httpx.Response(409, json={"message": "Contact already exists"})
    error = errors.status_error(response, SUMMARY, attempts=2)
    assert (error.status_code, error.message, error.request, error.attempts, error.response) == (
        409,
        "Contact already exists",
        errors.RequestSummary("GET", "/api/v2/contacts/+…"),
        2,
        response,
    )


def test_str_has_the_request_the_problem_and_a_hint() -> None:
    """One sentence, with the number masked."""
    assert str(_of(409, json={"message": "Contact already exists"})) == (
        "GET /api/v2/contacts/+…: status 409: Contact already exists "
        "(use contacts.upsert() to update an existing contact)"
    )


def test_str_has_the_number_of_attempts() -> None:
    """It is shown if there was more than one."""
    error = errors.status_error(httpx.Response(500), SUMMARY, attempts=3)
    assert str(error).startswith("GET /api/v2/contacts/+… after 3 attempts: status 500: ")


def test_an_api_response_error_has_its_attributes() -> None:
    """APIResponseError has the status and the response too."""
    response = httpx.Response(200, text="hello")
    error = errors.unexpected_response(response, "the response is not JSON", SUMMARY, attempts=2)
    assert (error.status_code, error.message, error.attempts, error.response) == (
        200,
        "the response is not JSON",
        2,
        response,
    )


@pytest.mark.parametrize(
    ("raised", "cls", "text"),
    [
        (
            httpx.ConnectError("refused"),
            APIConnectionError,
            r"no response \(ConnectError: refused\); check the network",
        ),
        (httpx.ReadError(""), APIConnectionError, r"no response \(ReadError\); check the network and base_url"),
        (httpx.ReadTimeout(""), APITimeoutError, r"no response within the timeout \(ReadTimeout\); increase timeout="),
        (httpx.ConnectTimeout("slow"), APITimeoutError, "check whether the request was applied"),
        (httpx.PoolTimeout("full"), APITimeoutError, "PoolTimeout: full"),
    ],
)
def test_an_httpx_error_becomes_a_connection_error(
    runner: Runner, raised: httpx.TransportError, cls: type[SendblueError], text: str
) -> None:
    """The error names the httpx error and keeps it as its cause."""

    def fail(_: httpx.Request) -> httpx.Response:
        raise raised

    with pytest.raises(APIConnectionError, match=text) as caught:
        runner.run(lambda client: client.contacts.retrieve(NUMBER), fail)
    assert (type(caught.value), caught.value.__cause__) == (cls, raised)


def test_a_protocol_error_is_neither_quoted_nor_chained(runner: Runner) -> None:
    """It quotes what the server sent, so its text and the error itself are left out."""

    def fail(_: httpx.Request) -> httpx.Response:
        raise httpx.RemoteProtocolError("illegal status line: Ada")

    with pytest.raises(
        APIConnectionError, match=r"no response \(RemoteProtocolError: the response is not HTTP\)"
    ) as caught:
        runner.run(lambda client: client.contacts.count(), fail)
    assert (caught.value.__cause__, caught.value.__suppress_context__) == (None, True)


def test_the_text_of_an_httpx_error_is_masked() -> None:
    """It may quote the URL of the request."""
    error = errors.connection_error(httpx.ReadError(f"reading /contacts/{NUMBER}"), "get", f"/contacts/{NUMBER}", 1)
    assert str(error).startswith("GET /contacts/+…: no response (ReadError: reading /contacts/+…); check the network")


def test_the_error_of_a_call_has_request_and_response(runner: Runner) -> None:
    """The error has all attributes, with both clients."""
    with pytest.raises(NotFoundError) as caught:
        runner.run(
            lambda client: client.contacts.retrieve(NUMBER), lambda _: httpx.Response(404, json={"message": "No"})
        )
    error = caught.value
    assert (str(error.request), error.attempts) == ("GET /api/v2/contacts/+…", 1)
    assert error.response is not None
    assert error.response.json() == {"message": "No"}


@pytest.mark.parametrize(
    "path",
    [
        "/api/v2/contacts/%2B14155551234",
        "/api/v2/contacts/%2b14155551234",
        "/api/v2/contacts/+14155551234",
        "/api/v2/contacts/+1%204155551234",
        "/api/v2/contacts?phone_number=%2B14155551234",
        "/api/v2/contacts/14155551234",
        "/ada@example.com",
    ],
)
def test_a_path_is_masked(path: str) -> None:
    """A number in a path is masked in every notation."""
    masked = errors.RequestSummary.of("get", path).path
    assert not {"4155551234", "5551234", "ada"} & {part for part in ("4155551234", "5551234", "ada") if part in masked}


@pytest.mark.parametrize(
    "text",
    [
        "the number +1 (415) 555-1234 is taken",
        "the number +1.415.555.1234 is taken",
        "14155551234 and 14155551234",
        "+44 20 5551234",
        "Ada <ada.lovelace+x@mail.example.com> exists",
        "mailto:ada@example.com",
    ],
)
def test_numbers_and_addresses_in_a_message_are_masked(text: str) -> None:
    """The server may quote what was sent; the error masks it."""
    shown = str(_of(json={"message": text}))
    assert "1234" not in shown
    assert "example" not in shown
    assert "ada" not in shown


def test_a_number_in_a_plain_text_is_masked() -> None:
    """A plain-text body is masked too."""
    assert _of(text=f"the number {NUMBER} of ada@example.com is taken").message == "the number +… of …@… is taken"


@settings(deadline=None)
@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True), st.text(st.sampled_from("abc .:,;'\"{}"), max_size=12))
def test_any_e164_number_in_any_message_is_masked(number: str, around: str) -> None:
    """Any number is masked in any context."""
    assert number[1:] not in mask(f"{around}{number}{around}")


@pytest.mark.parametrize("text", ["Missing fields: number", "Chunk 3 of 12", "status 404 in 0.25 s", "2024", "v2"])
def test_other_numbers_are_not_masked(text: str) -> None:
    """A mask that hides everything would make errors useless."""
    assert mask(text) == text


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7.0), (" 7 ", 7.0), ("0", 0.0), ("", None), ("-1", None), ("soon", None), ("\u0667", None), ("1e3", None)],
)
def test_retry_after_in_seconds(value: str, seconds: float | None) -> None:
    """Seconds are read; an invalid value is ignored."""
    error = _of(429, headers=[(b"retry-after", value.encode())])
    assert isinstance(error, RateLimitError)
    assert error.retry_after == seconds


def test_retry_after_with_a_past_date_is_zero() -> None:
    """A date is read too."""
    error = _of(429, headers={"retry-after": "Mon, 15 Jan 2024 10:30:00 GMT"})
    assert isinstance(error, RateLimitError)
    assert error.retry_after == 0


def _rate_limited() -> SendblueError:
    return _of(429, json={"message": f"slow down, {NUMBER}"}, headers={"retry-after": "7"})


ERRORS: dict[str, Callable[[], SendblueError]] = {
    "SendblueError": lambda: SendblueError("closed"),
    "CredentialsError": lambda: CredentialsError("api_key is missing"),
    "InvalidPhoneNumberError": lambda: InvalidPhoneNumberError("number ('') is not a valid phone number"),
    "IncompleteListError": lambda: IncompleteListError("cannot list every contact", seen=11_000),
    "RateLimitStoreError": lambda: RateLimitStoreError("Redis at localhost rejects the password"),
    "BulkError": lambda: BulkError("970 of 1000 created; .result has the rest"),
    "APIError": lambda: _of(418, json={"message": f"teapot {NUMBER}"}),
    "BadRequestError": lambda: _of(400, json={"message": f"bad {NUMBER}"}),
    "AuthenticationError": lambda: _of(401, text="Unauthorized"),
    "PermissionDeniedError": lambda: _of(403),
    "NotFoundError": lambda: _of(404),
    "ConflictError": lambda: _of(409),
    "PayloadTooLargeError": lambda: _of(413),
    "UnprocessableEntityError": lambda: _of(422),
    "RateLimitError": _rate_limited,
    "InternalServerError": lambda: errors.status_error(httpx.Response(520), SUMMARY, attempts=3),
    "APIResponseError": lambda: errors.unexpected_response(
        httpx.Response(200, text=NUMBER), "not JSON", SUMMARY, attempts=2
    ),
    "APIConnectionError": lambda: errors.connection_error(httpx.ReadError("x"), "GET", f"/{NUMBER}", 2),
    "APITimeoutError": lambda: errors.connection_error(httpx.ReadTimeout("x"), "GET", f"/{NUMBER}", 2),
}
each_error = pytest.mark.parametrize("name", ERRORS)


def _state(error: SendblueError) -> tuple[object, ...]:
    kept = {name: value for name, value in vars(error).items() if name != "response"}
    return type(error), str(error), repr(error), error.args, kept


def test_every_public_error_is_in_the_table() -> None:
    """A new error must be added to the table, so that it is copied and pickled here."""
    public = {name for name in sendblue_contacts.__all__ if name.endswith("Error")}
    assert set(ERRORS) == public


@each_error
def test_the_table_makes_each_class(name: str) -> None:
    """Each function makes an error of its class."""
    assert type(ERRORS[name]()).__name__ == name


@pytest.mark.parametrize("protocol", [0, pickle.HIGHEST_PROTOCOL])
@each_error
def test_an_error_survives_pickle(name: str, protocol: int) -> None:
    """Class, text and attributes are equal after a round trip, except the response."""
    error = ERRORS[name]()
    restored = pickle.loads(pickle.dumps(error, protocol))  # noqa: S301  # bytes made by this test
    assert _state(restored) == _state(error)
    assert getattr(restored, "response", None) is None


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
@each_error
def test_an_error_survives_a_copy(name: str, copied: Callable[[SendblueError], SendblueError]) -> None:
    """A copy is another object that is equal."""
    error = ERRORS[name]()
    other = copied(error)
    assert other is not error
    assert _state(other) == _state(error)


def test_every_error_survives_a_spawned_process() -> None:
    """It is sent to a spawned process and back."""
    errors_here = [make() for make in ERRORS.values()]
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        returned = pool.map(copy.copy, errors_here)
    assert [_state(error) for error in returned] == [_state(error) for error in errors_here]


def test_an_error_raised_in_another_process_keeps_its_class() -> None:
    """The parent catches what a worker raises."""
    with (
        multiprocessing.get_context("spawn").Pool(1) as pool,
        pytest.raises(InvalidPhoneNumberError, match="it is empty"),
    ):
        pool.apply(sendblue_contacts.phone.normalise, ("",))


@each_error
def test_a_pickle_contains_neither_headers_nor_bodies(name: str) -> None:
    """A pickle may be stored in a queue; it contains no response and no number."""
    pickled = pickle.dumps(ERRORS[name]())
    assert b"4155551234" not in pickled


@each_error
def test_no_error_contains_a_number(name: str) -> None:
    """Neither str, repr nor the arguments contain it."""
    error = ERRORS[name]()
    assert (
        "4155551234"
        not in f"{error} {error!r} {error.args} {getattr(error, 'message', '')} {getattr(error, 'request', '')!r}"
    )


@pytest.mark.parametrize(
    ("child", "parent"),
    [
        ("APIError", "SendblueError"),
        ("RateLimitError", "APIError"),
        ("InternalServerError", "APIError"),
        ("APITimeoutError", "APIConnectionError"),
        ("APIConnectionError", "SendblueError"),
        ("APIResponseError", "SendblueError"),
        ("IncompleteListError", "SendblueError"),
        ("InvalidPhoneNumberError", "SendblueError"),
        ("CredentialsError", "SendblueError"),
    ],
)
def test_the_class_hierarchy(child: str, parent: str) -> None:
    """`except APIError` catches its subclasses."""
    assert issubclass(getattr(sendblue_contacts, child), getattr(sendblue_contacts, parent))


@pytest.mark.parametrize("name", ["APIConnectionError", "APIResponseError"])
def test_errors_without_an_api_response_are_not_api_errors(name: str) -> None:
    """`except APIError` catches only errors that the API reported."""
    assert not issubclass(getattr(sendblue_contacts, name), APIError)


def test_a_message_in_another_charset() -> None:
    """A body that is not UTF-8 is decoded as its header says."""
    body = json.dumps({"message": "Größe fehlt"}).encode()
    assert _of(content=body, headers={"content-type": "application/json; charset=latin-1"}).message == "Größe fehlt"
