"""A planted secret, key, number, name and address come to light in no repr, log, error, traceback or pickle."""

from __future__ import annotations

import logging
import pickle
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sendblue_contacts import (
    Contact,
    IncompleteListError,
    RateLimit,
    RateLimiter,
    SendblueError,
    pagination,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.overrides.conftest import RawServer, World

CREDENTIALS = ("planted-key-5f1c", "planted-secret-9d2e")
NUMBER = "+12025550187"
NATIONAL = "(202) 555-0187"
NAME = "Adaplanted"
ADDRESS = "planted.person@example.test"
PERSON = ("2025550187", "202) 555-0187", NAME, "planted.person", "Planted Variable")
PLANTED = (*CREDENTIALS, *PERSON)
FIELDS: dict[str, Any] = {
    "first_name": NAME,
    "assigned_to_email": ADDRESS,
    "custom_variables": {"Lead": "Planted Variable"},
    "tags": ["Planted Variable"],
}
ROW = {"phone": NUMBER, "first_name": NAME, "custom_variables": {"Lead": "Planted Variable"}}
CONTACT = {"phone": NUMBER, **FIELDS}
ECHO = {"status": "ERROR", "message": f"{NUMBER} / +1 {NATIONAL} of {ADDRESS} is taken"}

CALLS: dict[str, Callable[[Any], Any]] = {
    "create": lambda c: c.contacts.create(NUMBER, **FIELDS),
    "upsert": lambda c: c.contacts.upsert({"number": NUMBER, **FIELDS}),
    "retrieve": lambda c: c.contacts.retrieve(NUMBER),
    "get": lambda c: c.contacts.get(NUMBER),
    "update": lambda c: c.contacts.update(NUMBER, FIELDS),
    "delete": lambda c: c.contacts.delete(NUMBER),
    "list": lambda c: c.contacts.list(phone_number=NUMBER),
    "count": lambda c: c.contacts.count(NUMBER),
    "verify": lambda c: c.contacts.verify(NUMBER),
    "opt_out": lambda c: c.contacts.opt_out(NUMBER),
    "bulk.create": lambda c: c.contacts.bulk.create([ROW, {**ROW, "phone": "+1 415"}]),
    "bulk.delete": lambda c: c.contacts.bulk.delete([NUMBER, NATIONAL]),
    "stream_create": lambda c: c.contacts.bulk.stream_create([ROW]),
    "with_raw_response": lambda c: c.contacts.with_raw_response.retrieve(NUMBER),
    "request": lambda c: c.request("GET", f"/api/v2/contacts/{NUMBER}?planted={ADDRESS}"),
}
each_call = pytest.mark.parametrize("call", CALLS)


def _body_for(request: httpx.Request) -> Any:  # noqa: ANN401  # any JSON
    path, method = request.url.path, request.method
    if path.endswith("/bulk"):
        return {"status": "OK", "contacts": [CONTACT], "failures": [{"contact": CONTACT, "error": ECHO["message"]}]}
    if path.endswith("/count"):
        return {"count": 1}
    if (method, path) == ("GET", "/api/v2/contacts"):
        return [CONTACT]
    return {"status": "OK", "contact": CONTACT, "number": NUMBER, "amount": 0}


def _raises(error: httpx.TransportError) -> Callable[[httpx.Request], httpx.Response]:
    def answer(_: httpx.Request) -> httpx.Response:
        raise error

    return answer


FAILURES: dict[str, Callable[[httpx.Request], httpx.Response]] = {
    **{
        str(status): lambda _, status=status: httpx.Response(status, json=ECHO)  # type: ignore[misc]  # a default binds it
        for status in (400, 401, 403, 404, 409, 413, 418, 422, 429, 500, 520)
    },
    "text": lambda _: httpx.Response(400, text=ECHO["message"]),
    "html": lambda _: httpx.Response(200, html=f"<html>{NUMBER} Adaplanted {CREDENTIALS[1]}</html>"),
    "html-error": lambda _: httpx.Response(502, html=f"<html>{NUMBER} Adaplanted {CREDENTIALS[1]}</html>"),
    "error-under-200": lambda _: httpx.Response(200, json=ECHO),
    "broken": lambda _: httpx.Response(200, content=f'{{"contact": {{"phone": "{NUMBER}", "first_name": "Adaplanted'),
    "no-contact": lambda _: httpx.Response(200, json={"first_name": NAME}),
    "a-text": lambda _: httpx.Response(200, json=NAME),
    "null-item": lambda _: httpx.Response(200, json=[CONTACT, None]),
    "redirect": lambda _: httpx.Response(302, headers={"location": f"https://elsewhere.test/{NUMBER}"}),
    "refused": _raises(httpx.ConnectError("[Errno 111] Connection refused")),
    "cut": _raises(httpx.RemoteProtocolError("Server disconnected without sending a response.")),
    "slow": _raises(httpx.ReadTimeout("The read operation timed out")),
}
MISTAKES: dict[str, Callable[[Any], Any]] = {
    "number": lambda c: c.contacts.create(NATIONAL, **FIELDS),
    "number-of-digits": lambda c: c.contacts.retrieve(NUMBER[2:]),
    "name-as-number": lambda c: c.contacts.retrieve(NAME),
    "address-as-number": lambda c: c.contacts.retrieve(ADDRESS),
    "two-numbers": lambda c: c.contacts.create(NUMBER, phone="+12025550188"),
    "two-names": lambda c: c.contacts.create(NUMBER, first_name=NAME, firstName="Bea"),
    "unknown-field": lambda c: c.contacts.create({NUMBER: NAME}),
    "unknown-address": lambda c: c.contacts.create({ADDRESS: "x"}),
    "text-for-tags": lambda c: c.contacts.create(NUMBER, tags="Planted Variable"),
    "number-for-variable": lambda c: c.contacts.create(NUMBER, custom_variables={"Lead": 12025550187}),
    "text-for-bool": lambda c: c.contacts.update(NUMBER, opt_out=NAME),
    "half-a-character": lambda c: c.contacts.create(NUMBER, first_name="Adaplanted\udce4"),
    "text-for-many": lambda c: c.contacts.bulk.create(NAME),
    "filter": lambda c: c.contacts.list(phone_number=NATIONAL),
    "extra-body": lambda c: c.with_options(extra_body={"a": NAME}).contacts.retrieve(NUMBER),
}


@dataclass
class Watch:
    """Everything that a run says aloud.

    Attributes:
        texts: What was said, with where.
    """

    texts: list[tuple[str, str]] = field(default_factory=list)

    def value(self, value: object) -> None:
        """What shows of a value, and of those in it."""
        shown = [value, *value] if isinstance(value, list) else [value]
        for part in ("created", "failed", "deleted"):
            shown += getattr(value, part, [])
        self.texts += [(f"repr of {type(one).__name__}", f"{one!r} {one}") for one in shown if not isinstance(one, str)]

    def error(self, error: BaseException) -> None:
        """What shows of an error: text, repr, arguments, both tracebacks, and a pickle."""
        quiet = traceback.TracebackException.from_exception(error, capture_locals=False)
        self.texts += [
            ("text", f"{error} {error!r} {error.args!r}"),
            ("traceback", "".join(traceback.format_exception(error))),
            ("traceback without locals", "".join(quiet.format())),
            ("pickle", pickle.dumps(error).decode("latin-1")),
            ("request", repr(getattr(error, "request", None))),
        ]

    def record(self, record: logging.LogRecord) -> None:
        """What a handler may write of a record: the message, its parts, and its traceback."""
        place = f"log of {record.name}"
        formatted = logging.Formatter("%(message)s").format(record)
        self.texts += [(place, formatted), (place, f"{record.msg!r} {record.args!r}")]

    def found(self, planted: tuple[str, ...] = PLANTED) -> list[tuple[str, str, str]]:
        """What came to light: what, where, and the text."""
        return [(secret, place, text) for place, text in self.texts for secret in planted if secret in text]


class _Recorder(logging.Handler):
    def __init__(self, watch: Watch) -> None:
        super().__init__(logging.DEBUG)
        self.watch = watch

    def emit(self, record: logging.LogRecord) -> None:
        self.watch.record(record)


@pytest.fixture
def watch() -> Iterator[Watch]:
    """A watch that hears every logger at DEBUG."""
    watch = Watch()
    handler = _Recorder(watch)
    loggers = [logging.getLogger(name) for name in (None, "httpx", "httpcore", "sendblue_contacts")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    loggers[0].addHandler(handler)
    yield watch
    loggers[0].removeHandler(handler)
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


def _run(world: World, watch: Watch, act: Callable[[Any], Any], *answer: Any, **settings: Any) -> None:  # noqa: ANN401  # of World.do
    """Run a call, and watch its value or its error."""
    try:
        watch.value(world.do(act, *answer, **settings))
    except (SendblueError, TypeError, ValueError) as error:
        watch.error(error)


@each_call
def test_a_success_tells_nothing(world: World, watch: Watch, call: str) -> None:
    """Neither the log of a call that succeeds nor the repr of what it returns."""
    _run(world, watch, CALLS[call], lambda request: httpx.Response(200, json=_body_for(request)))
    assert any(place == "log of sendblue_contacts" for place, _ in watch.texts)
    assert watch.found() == []


@each_call
@pytest.mark.parametrize("failure", FAILURES)
def test_a_failure_tells_nothing(world: World, watch: Watch, call: str, failure: str) -> None:
    """Whatever goes wrong, and however much of the request the server or httpx quotes."""
    _run(world, watch, CALLS[call], FAILURES[failure])
    assert len(watch.texts) > 1
    assert watch.found() == []


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_tells_nothing(world: World, watch: Watch, mistake: str) -> None:
    """An argument that is refused is not quoted; tracebacks quote the line of the caller, which is this test."""
    with pytest.raises((SendblueError, TypeError, ValueError)) as caught:
        world.do(MISTAKES[mistake], lambda request: httpx.Response(200, json=_body_for(request)))
    watch.texts.append(("text", f"{caught.value} {caught.value!r}"))
    watch.texts.append(("pickle", pickle.dumps(caught.value).decode("latin-1")))
    assert watch.found() == []


@pytest.mark.parametrize(
    "answer",
    [
        b'HTTP/1.1 200 OK\r\nContent-Length: 62\r\n\r\n{"status":"OK","contact":{"phone":"+12025550187","tags":["x"]}}',
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 26\r\n\r\n" + b'{"message":"+12025550187"}',
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{",
        b"garbage\r\n\r\n",
        b"",
    ],
    ids=["success", "404", "cut", "garbage", "closed"],
)
def test_the_wire_tells_nothing(world: World, watch: Watch, raw: RawServer, answer: bytes) -> None:
    """Over a real socket httpcore logs every step, and none of it holds a header or a path of ours."""
    raw.answer = answer
    _run(world, watch, CALLS["retrieve"], base_url=raw.url)
    assert any(place.startswith("log of httpcore") for place, _ in watch.texts)
    assert watch.found() == []


@pytest.fixture
def broken_status_line(raw: RawServer) -> RawServer:
    """A server that sends the rest of an earlier body where an answer should begin."""
    raw.answer = f'"phone": "{NUMBER}", "first_name": "{NAME}"\r\n\r\n'.encode()
    return raw


def test_what_the_server_sends_instead_of_http_is_not_quoted(
    world: World, watch: Watch, broken_status_line: RawServer
) -> None:
    """h11 quotes it in its error; ours, its traceback and our log do not."""
    _run(world, watch, CALLS["retrieve"], base_url=broken_status_line.url)
    assert [found for found in watch.found() if "httpcore" not in found[1]] == []


def test_what_the_server_sends_instead_of_http_is_not_logged(
    world: World, watch: Watch, broken_status_line: RawServer
) -> None:
    """The log of httpcore is not ours, but a user's DEBUG turns it on all the same."""
    _run(world, watch, CALLS["retrieve"], base_url=broken_status_line.url)
    assert watch.found() == []


def test_what_a_redirect_names_is_not_logged(world: World, watch: Watch, raw: RawServer) -> None:
    """A redirect of one contact has its number in a header."""
    raw.answer = f"HTTP/1.1 308 Gone on\r\nLocation: /v3/contacts/{NUMBER}\r\nContent-Length: 0\r\n\r\n".encode()
    _run(world, watch, CALLS["retrieve"], base_url=raw.url)
    assert watch.found() == []


def test_what_is_sent_does_hold_all_of_it(world: World) -> None:
    """The canary sings where it should: every planted thing is in the request."""
    world.do(CALLS["create"], lambda _: httpx.Response(200, json={"contact": CONTACT}))
    request = world.sent[0]
    sent = f"{request.headers.raw!r} {request.content!r}"
    assert [part for part in (*CREDENTIALS, NUMBER[2:], NAME, "planted.person") if part not in sent] == []


def test_the_watch_hears_what_is_said(watch: Watch) -> None:
    """A logger that tells is found, and so is an error that does."""
    logging.getLogger("httpx").debug("to %s", f"/{NUMBER}")
    watch.error(ValueError(NAME))
    assert {(secret, place) for secret, place, _ in watch.found()} >= {
        (NUMBER[2:], "log of httpx"),
        (NAME, "text"),
        (NAME, "traceback"),
        (NAME, "pickle"),
    }


def test_no_object_of_a_client_tells(world: World, watch: Watch) -> None:
    """The client, its parts and what hangs on it."""

    def shown(client: Any) -> None:  # noqa: ANN401  # of either kind
        special = client.with_options(extra_headers={"x-token": CREDENTIALS[1]}, extra_body=FIELDS)
        for one in (client, special):
            parts = (one, one.contacts, one.contacts.bulk, one.contacts.with_raw_response, one.generated, one._options)
            watch.texts += [(type(part).__name__, f"{part!r}") for part in parts]
        watch.value(client.contacts.list(phone_number=NUMBER))
        watch.value(client.rate_limit)
        watch.value(client.rate_limit.statistics())

    world.do(shown)
    assert watch.found() == []


@pytest.mark.parametrize("scheme", ["redis", "rediss", "memcached"])
def test_the_address_of_a_store_is_not_shown(watch: Watch, scheme: str) -> None:
    """Its password may be in it: not in the limit, not in a limiter, not in the error for a store that there is not."""
    rate = RateLimit(store=f"{scheme}://planted:{CREDENTIALS[1]}@127.0.0.1:1/0")
    watch.value(rate)
    try:
        watch.value(RateLimiter(rate, account=CREDENTIALS[0]))
    except ValueError as error:
        watch.error(error)
    assert (len(watch.texts) > 1, watch.found()) == (True, [])


def test_too_long_a_wait_tells_nothing(world: World, watch: Watch) -> None:
    """The error for a call that would wait too long for a slot names neither the contact nor the account."""
    limiter = RateLimiter(RateLimit(1))
    with limiter.slot():
        pass
    _run(world, watch, lambda client: CALLS["update"](client.with_options(max_wait=1)), rate_limit=limiter)
    assert any("max_wait" in text for _, text in watch.texts)
    assert watch.found() == []


def test_an_incomplete_list_tells_nothing(world: World, watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error of a walk has a count and no contact."""
    monkeypatch.setattr(pagination, "HIGHEST_OFFSET", 0)
    with pytest.raises(IncompleteListError) as caught:
        world.do(
            lambda client: client.contacts.list(page_size=1, order_direction="desc"),
            lambda _: httpx.Response(200, json=[CONTACT]),
        )
    watch.error(caught.value)
    assert watch.found() == []


@pytest.mark.parametrize("call", ["create", "list", "bulk.create", "bulk.delete", "opt_out"])
def test_a_pickle_of_a_result_holds_no_credentials(world: World, call: str) -> None:
    """A result holds contacts, for that is what it is; the keys are not among them."""
    result = world.do(CALLS[call], lambda request: httpx.Response(200, json=_body_for(request)))
    pickled = pickle.dumps(result).decode("latin-1")
    assert [secret for secret in CREDENTIALS if secret in pickled] == []


def test_a_contact_shows_which_fields_it_has_and_not_what_is_in_them() -> None:
    """The repr of a contact may stand in a log."""
    shown = repr(Contact.from_dict(CONTACT))
    assert "first_name" in shown
    assert [part for part in PERSON if part in shown] == []
