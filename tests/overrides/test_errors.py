"""Errors: the right class, a sentence with a way out, and nothing of anybody in it; they survive every kind of copy."""

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

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.overrides.conftest import World

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
    return errors.from_response(httpx.Response(status, **content), SUMMARY)


@pytest.mark.parametrize(("status", "cls"), CLASSES.items())
def test_each_status_has_its_class(status: int, cls: type[APIError]) -> None:
    """A status becomes exactly the class of the table."""
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
        ({}, "a field is missing or wrong"),
        ({"message": None}, "a field is missing or wrong"),
        ([], "a field is missing or wrong"),
        ("text", "a field is missing or wrong"),
        (None, "a field is missing or wrong"),
    ],
)
def test_the_message_is_what_the_server_said(body: object, message: str) -> None:
    """`message`, else `error`, else `error_message`, else what the status means."""
    assert _of(json=body).message == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Missing fields", "Missing fields"),
        ("  Missing fields\n", "Missing fields"),
        ("", "a field is missing or wrong"),
        ("<!doctype html><title>x", "a field is missing or wrong"),
        ("  <html>", "a field is missing or wrong"),
    ],
)
def test_a_body_that_is_no_json_is_the_message_unless_it_is_a_page(text: str, message: str) -> None:
    """Plain text is a message; HTML is for people."""
    assert _of(text=text).message == message


@pytest.mark.parametrize("body", [{"content": b"x " * 5000}, {"json": {"message": "x " * 5000}}], ids=["text", "json"])
def test_a_long_message_is_cut(body: dict[str, Any]) -> None:
    """An error fits on a screen."""
    assert len(_of(**body).message) == 300


@pytest.mark.parametrize("text", ["[" * 200_000, "a" * 200_000, "a@" * 100_000, "1" + " " * 200_000, "a.b@" * 50_000])
def test_a_huge_message_does_not_take_long(text: str) -> None:
    """Masking takes a time that grows with the text, not with its square (which would be a minute here)."""
    started = time.process_time()
    assert len(_of(text=text).message) <= 300
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("status", "way_out"),
    [
        (401, "check SENDBLUE_API_API_KEY and SENDBLUE_API_API_SECRET"),
        (403, "check the credentials, and base_url"),
        (409, "use contacts.upsert()"),
        (413, "send fewer contacts"),
        (429, "wait before sending more"),
    ],
)
def test_the_sentence_has_a_way_out(status: int, way_out: str) -> None:
    """Where there is something to do, the error says what."""
    assert way_out in str(_of(status, json={"message": "No"}))


@pytest.mark.parametrize("status", [status for status in CLASSES if status not in {402, 405, 418, 499}])
def test_every_status_has_a_sentence_of_its_own(status: int) -> None:
    """An empty answer is explained too."""
    assert _of(status).message


def test_an_api_error_has_its_attributes() -> None:
    """Status, message, request, attempts and response are there to be used."""
    response = httpx.Response(409, json={"message": "Contact already exists"})
    error = errors.from_response(response, SUMMARY, attempts=2)
    assert (error.status_code, error.message, error.request, error.attempts, error.response) == (
        409,
        "Contact already exists",
        errors.RequestSummary("GET", "/api/v2/contacts/+…"),
        2,
        response,
    )


def test_str_tells_what_happened_to_which_request_and_what_to_do() -> None:
    """One sentence, with the number masked."""
    assert str(_of(409, json={"message": "Contact already exists"})) == (
        "GET /api/v2/contacts/+…: 409, Contact already exists (use contacts.upsert() to update a contact that exists)"
    )


def test_str_tells_how_many_attempts_there_were() -> None:
    """More than one attempt is worth a word."""
    error = errors.from_response(httpx.Response(500), SUMMARY, attempts=3)
    assert str(error).startswith("GET /api/v2/contacts/+… after 3 attempts: 500, ")


def test_a_strange_answer_has_its_attributes() -> None:
    """APIResponseError has the status and the response too."""
    response = httpx.Response(200, text="hello")
    error = errors.strange(response, "the answer is not JSON", SUMMARY, attempts=2)
    assert (error.status_code, error.message, error.attempts, error.response) == (
        200,
        "the answer is not JSON",
        2,
        response,
    )


@pytest.mark.parametrize(
    ("raised", "cls", "says"),
    [
        (httpx.ConnectError("refused"), APIConnectionError, r"no answer \(ConnectError: refused\); check the network"),
        (httpx.ReadError(""), APIConnectionError, r"no answer \(ReadError\); check the network and base_url"),
        (httpx.ReadTimeout(""), APITimeoutError, r"no answer in time \(ReadTimeout\); raise timeout="),
        (httpx.ConnectTimeout("slow"), APITimeoutError, "look whether it was carried out"),
        (httpx.PoolTimeout("full"), APITimeoutError, "PoolTimeout: full"),
    ],
)
def test_no_answer_becomes_a_connection_error(
    world: World, raised: httpx.TransportError, cls: type[SendblueError], says: str
) -> None:
    """Each error of httpx becomes one of ours, which names what happened and keeps it as its cause."""

    def refuse(_: httpx.Request) -> httpx.Response:
        raise raised

    with pytest.raises(APIConnectionError, match=says) as caught:
        world.do(lambda client: client.contacts.retrieve(NUMBER), refuse)
    assert (type(caught.value), caught.value.__cause__) == (cls, raised)


def test_what_came_instead_of_http_is_neither_quoted_nor_chained(world: World) -> None:
    """An error about the protocol quotes what the server sent: its text and the error itself are left out."""

    def refuse(_: httpx.Request) -> httpx.Response:
        raise httpx.RemoteProtocolError("illegal status line: Ada")

    with pytest.raises(APIConnectionError, match=r"no answer \(RemoteProtocolError: it is not HTTP\)") as caught:
        world.do(lambda client: client.contacts.count(), refuse)
    assert (caught.value.__cause__, caught.value.__suppress_context__) == (None, True)


def test_what_httpx_says_is_masked() -> None:
    """An error of httpx may quote the address that it was sent to."""
    error = errors.no_answer(httpx.ReadError(f"reading /contacts/{NUMBER}"), "get", f"/contacts/{NUMBER}", 1)
    assert str(error).startswith("GET /contacts/+…: no answer (ReadError: reading /contacts/+…); check the network")


def test_the_error_of_a_call_carries_masked_request_and_response(world: World) -> None:
    """What a caller catches has all attributes, through both clients."""
    with pytest.raises(NotFoundError) as caught:
        world.do(lambda client: client.contacts.retrieve(NUMBER), lambda _: httpx.Response(404, json={"message": "No"}))
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
    """However the number stands in a path, it is not shown."""
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
    """The server may quote what it was sent; its message is shown without it."""
    said = str(_of(json={"message": text}))
    assert "1234" not in said
    assert "example" not in said
    assert "ada" not in said


def test_a_number_in_a_plain_text_is_masked() -> None:
    """A body that is no JSON is masked too."""
    assert _of(text=f"the number {NUMBER} of ada@example.com is taken").message == "the number +… of …@… is taken"


@settings(deadline=None)
@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True), st.text(st.sampled_from("abc .:,;'\"{}"), max_size=12))
def test_any_e164_number_in_any_message_is_masked(number: str, around: str) -> None:
    """Whatever stands around it."""
    assert number[1:] not in errors.mask(f"{around}{number}{around}")


@pytest.mark.parametrize("text", ["Missing fields: number", "Chunk 3 of 12", "status 404 in 0.25 s", "2024", "v2"])
def test_what_is_no_number_of_a_phone_stays(text: str) -> None:
    """A mask that hides everything helps nobody."""
    assert errors.mask(text) == text


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7.0), (" 7 ", 7.0), ("0", 0.0), ("", None), ("-1", None), ("soon", None), ("\u0667", None), ("1e3", None)],
)
def test_retry_after_in_seconds(value: str, seconds: float | None) -> None:
    """Seconds are read; what nobody can read is as if it were not there."""
    error = _of(429, headers=[(b"retry-after", value.encode())])
    assert isinstance(error, RateLimitError)
    assert error.retry_after == seconds


def test_retry_after_of_a_date_that_has_gone_by_is_no_wait() -> None:
    """A date is read too."""
    error = _of(429, headers={"retry-after": "Mon, 15 Jan 2024 10:30:00 GMT"})
    assert isinstance(error, RateLimitError)
    assert error.retry_after == 0


def _rate_limited() -> SendblueError:
    return _of(429, json={"message": f"slow down, {NUMBER}"}, headers={"retry-after": "7"})


MAKERS: dict[str, Callable[[], SendblueError]] = {
    "SendblueError": lambda: SendblueError("closed"),
    "CredentialsError": lambda: CredentialsError("api_key is missing"),
    "InvalidPhoneNumberError": lambda: InvalidPhoneNumberError("number ('') is empty"),
    "IncompleteListError": lambda: IncompleteListError("cannot list every contact", seen=11_000),
    "RateLimitStoreError": lambda: RateLimitStoreError("Redis at localhost refuses the password"),
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
    "InternalServerError": lambda: errors.from_response(httpx.Response(520), SUMMARY, attempts=3),
    "APIResponseError": lambda: errors.strange(httpx.Response(200, text=NUMBER), "not JSON", SUMMARY, attempts=2),
    "APIConnectionError": lambda: errors.no_answer(httpx.ReadError("x"), "GET", f"/{NUMBER}", 2),
    "APITimeoutError": lambda: errors.no_answer(httpx.ReadTimeout("x"), "GET", f"/{NUMBER}", 2),
}
each_error = pytest.mark.parametrize("name", MAKERS)


def _state(error: SendblueError) -> tuple[object, ...]:
    kept = {name: value for name, value in vars(error).items() if name != "response"}
    return type(error), str(error), repr(error), error.args, kept


def test_no_public_error_is_forgotten_here() -> None:
    """A new error has to be added to the table, and so it is copied and pickled too."""
    public = {name for name in sendblue_contacts.__all__ if name.endswith("Error")}
    assert set(MAKERS) == public


@each_error
def test_the_table_makes_what_it_says(name: str) -> None:
    """Each maker makes its class."""
    assert type(MAKERS[name]()).__name__ == name


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@each_error
def test_an_error_survives_pickle(name: str, protocol: int) -> None:
    """Class, text and attributes are the same after a round trip, without the response."""
    error = MAKERS[name]()
    restored = pickle.loads(pickle.dumps(error, protocol))  # noqa: S301  # our own bytes
    assert _state(restored) == _state(error)
    assert getattr(restored, "response", None) is None


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
@each_error
def test_an_error_survives_copies(name: str, copied: Callable[[SendblueError], SendblueError]) -> None:
    """A copy is another object and says the same."""
    error = MAKERS[name]()
    other = copied(error)
    assert other is not error
    assert _state(other) == _state(error)


def test_every_error_survives_another_process() -> None:
    """Through a process that was spawned afresh, there and back."""
    made = [maker() for maker in MAKERS.values()]
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        returned = pool.map(copy.copy, made)
    assert [_state(error) for error in returned] == [_state(error) for error in made]


def test_an_error_raised_in_another_process_arrives_as_itself() -> None:
    """What a worker raises is what the parent catches."""
    with multiprocessing.get_context("spawn").Pool(1) as pool, pytest.raises(InvalidPhoneNumberError, match="is empty"):
        pool.apply(sendblue_contacts.phone.normalise, ("",))


@each_error
def test_neither_headers_nor_bodies_go_into_a_pickle(name: str) -> None:
    """A pickle may end up in a queue; it has nothing of the response, and no number."""
    pickled = pickle.dumps(MAKERS[name]())
    assert b"4155551234" not in pickled


@each_error
def test_no_error_shows_a_number(name: str) -> None:
    """Not in str, not in repr, not in its arguments."""
    error = MAKERS[name]()
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
def test_the_tree_is_as_drawn(child: str, parent: str) -> None:
    """`except APIError` catches what stands beneath it."""
    assert issubclass(getattr(sendblue_contacts, child), getattr(sendblue_contacts, parent))


@pytest.mark.parametrize("name", ["APIConnectionError", "APIResponseError"])
def test_what_is_no_answer_of_the_api_is_no_api_error(name: str) -> None:
    """`except APIError` means that the API itself said no."""
    assert not issubclass(getattr(sendblue_contacts, name), APIError)


def test_json_and_text_agree_on_a_message_in_another_charset() -> None:
    """A text that is not UTF-8 is read as its header says."""
    body = json.dumps({"message": "Größe fehlt"}).encode()
    assert _of(content=body, headers={"content-type": "application/json; charset=latin-1"}).message == "Größe fehlt"
