"""No personal data or credentials in errors, logs, reprs and pickles: all output is searched for planted texts."""

import io
import logging
import pickle
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from rich.console import Console
from rich.traceback import Traceback
from sendblue_contacts import RateLimit, RateLimiter, SendblueError, operations

from tests.overrides.clients import Runner, each_choice
from tests.overrides.raw_http import RawHttpServer

CREDENTIALS = ("planted-key-5f1c", "planted-secret-9d2e")
NUMBER = "+12025550187"
NATIONAL = "(202) 555-0187"
OTHER = "+7654321"
NAME = "Adaplanted"
ADDRESS = "planted.person@example.test"
PERSONAL_DATA = ("2025550187", "202) 555-0187", NAME, "planted.person", "Planted Variable")
PLANTED = (*CREDENTIALS, *PERSONAL_DATA, OTHER[1:])
FIELDS: dict[str, Any] = {
    "first_name": NAME,
    "assigned_to_email": ADDRESS,
    "custom_variables": {"Lead": "Planted Variable"},
    "tags": ["Planted Variable"],
}
ROW = {"phone": NUMBER, "first_name": NAME, "custom_variables": {"Lead": "Planted Variable"}}
CONTACT = {"phone": NUMBER, **FIELDS}
ECHO = {"status": "ERROR", "message": f"{NUMBER} / +1 {NATIONAL} of {ADDRESS} is taken, {' '.join(CREDENTIALS)}"}

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
    "bulk.create": lambda c: c.contacts.bulk.create([ROW, {"phone": OTHER}, {**ROW, "phone": "+1 415"}]),
    "bulk.delete": lambda c: c.contacts.bulk.delete([NUMBER, OTHER, NATIONAL]),
    "stream_create": lambda c: c.contacts.bulk.stream_create([ROW]),
    "with_raw_response": lambda c: c.contacts.with_raw_response.retrieve(NUMBER),
    "request": lambda c: c.request("GET", f"/api/v2/contacts/{NUMBER}?planted={ADDRESS}&name={NAME}"),
}
each_call = pytest.mark.parametrize(("runner", "call"), each_choice(["sync", "async"], CALLS), indirect=["runner"])


def body_for(request: httpx.Request) -> Any:
    """Return the body of a successful response, with the planted contact."""
    path, method = request.url.path, request.method
    if path.endswith("/bulk"):
        return {"status": "OK", "contacts": [CONTACT], "failures": [{"contact": CONTACT, "error": ECHO["message"]}]}
    if path.endswith("/count"):
        return {"count": 1}
    if method == "GET" and path.endswith("/contacts"):
        return [CONTACT]
    return {"status": "OK", "contact": CONTACT, "number": NUMBER, "amount": 0}


def _raises(error: httpx.TransportError) -> Callable[[httpx.Request], httpx.Response]:
    def respond(_: httpx.Request) -> httpx.Response:
        raise error

    return respond


FAILURES: dict[str, Callable[[httpx.Request], httpx.Response]] = {
    **{
        str(status): lambda _, status=status: httpx.Response(status, json=ECHO)  # type: ignore[misc]  # the default binds the status
        for status in (400, 401, 403, 404, 409, 413, 418, 422, 429, 500, 520)
    },
    "text": lambda _: httpx.Response(400, text=ECHO["message"]),
    "html": lambda _: httpx.Response(200, html=f"<html>{NUMBER} Adaplanted {CREDENTIALS[1]}</html>"),
    "html-error": lambda _: httpx.Response(502, html=f"<html>{NUMBER} Adaplanted {CREDENTIALS[1]}</html>"),
    "error-under-200": lambda _: httpx.Response(200, json=ECHO),
    "broken": lambda _: httpx.Response(200, content=f'{{"contact": {{"phone": "{NUMBER}", "first_name": "Adaplanted'),
    "no-contact": lambda _: httpx.Response(200, json={"first_name": NAME}),
    "another-contact": lambda _: httpx.Response(200, json=[{**CONTACT, "phone": OTHER}]),
    "a-string": lambda _: httpx.Response(200, json=NAME),
    "null-item": lambda _: httpx.Response(200, json=[CONTACT, None]),
    "redirect": lambda _: httpx.Response(302, headers={"location": f"https://elsewhere.test/{NUMBER}"}),
    "refused": _raises(httpx.ConnectError("[Errno 111] Connection refused")),
    "cut": _raises(httpx.RemoteProtocolError("Server disconnected without sending a response.")),
    "slow": _raises(httpx.ReadTimeout("The read operation timed out")),
}


_OWN = ["create", "list", "bulk.create", "bulk.delete", "request"]  # calls that read responses in their own way
CALLS_AND_FAILURES = [
    *each_choice(["sync", "async"], CALLS, FAILURES),
    *((kind, call, failure) for kind, call in each_choice(["async", "sync"], _OWN) for failure in ("400", "broken")),
    *((kind, "list", "another-contact") for kind in ("sync", "async")),
]


INVALID_ARGUMENTS: dict[str, Callable[[Any], Any]] = {
    "number": lambda c: c.contacts.create(NATIONAL, **FIELDS),
    "number-without-plus": lambda c: c.contacts.retrieve(NUMBER[2:]),
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
class Output:
    """Every text that a run shows.

    Attributes:
        texts: The place and the text.
    """

    texts: list[tuple[str, str]] = field(default_factory=list)

    def value(self, value: object) -> None:
        """Add what a value shows, and the values in it."""
        shown = [value, *value] if isinstance(value, list) else [value]
        for part in ("created", "failed", "deleted"):
            shown += getattr(value, part, [])
        self.texts += [(f"repr of {type(one).__name__}", f"{one!r} {one}") for one in shown if not isinstance(one, str)]

    def error(self, error: BaseException) -> None:
        """Add what an error shows: text, repr, arguments, both tracebacks, and its pickle."""
        quiet = traceback.TracebackException.from_exception(error, capture_locals=False)
        self.texts += [
            ("text", f"{error} {error!r} {error.args!r}"),
            ("traceback", "".join(traceback.format_exception(error))),
            ("traceback without locals", "".join(quiet.format())),
            ("pickle", pickle.dumps(error).decode("latin-1")),
            ("request", repr(getattr(error, "request", None))),
        ]

    def record(self, record: logging.LogRecord) -> None:
        """Add what a handler may write of a log record."""
        place = f"log of {record.name}"
        formatted = logging.Formatter("%(message)s").format(record)
        self.texts += [(place, formatted), (place, f"{record.msg!r} {record.args!r}")]

    def found(self) -> list[tuple[str, str, str]]:
        """Return each planted text that was shown, with its place and context."""
        return [(secret, place, text) for place, text in self.texts for secret in PLANTED if secret in text]


class _OutputHandler(logging.Handler):
    def __init__(self, output: Output) -> None:
        super().__init__(logging.DEBUG)
        self.output = output

    def emit(self, record: logging.LogRecord) -> None:
        self.output.record(record)


@pytest.fixture
def output() -> Iterator[Output]:
    """Record every logger at DEBUG."""
    output = Output()
    handler = _OutputHandler(output)
    loggers = [logging.getLogger(name) for name in (None, "httpx", "httpcore", "sendblue_contacts")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    loggers[0].addHandler(handler)
    yield output
    loggers[0].removeHandler(handler)
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


def _run(runner: Runner, output: Output, action: Callable[[Any], Any], *handler: Any, **settings: Any) -> None:
    """Run a call, and record its value or its error."""
    try:
        output.value(runner.run(action, *handler, **settings))
    except (SendblueError, TypeError, ValueError) as error:
        output.error(error)


def _succeed(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json=body_for(request))


@pytest.mark.parametrize("call", ["bulk.create", "bulk.delete"])
def test_the_reason_of_an_item_shows_no_personal_data(runner: Runner, output: Output, call: str) -> None:
    """The server may quote any item of the request, and the credentials, in its reason for not processing an item."""
    quoted = f"{ECHO['message']} {OTHER[1:]} {NAME if call == 'bulk.create' else ''}"
    failure = {"success": False, "contact": {"phone": OTHER}, "phone_number": OTHER, "error": quoted}
    response = {"status": "OK", "contacts": [], "amount": 0, "failures": [failure], "results": [failure]}
    result = runner.run(CALLS[call], lambda _: httpx.Response(200, json=response))
    output.texts += [("reason", str(outcome.reason)) for outcome in result.failed]
    assert any("is taken" in text for _, text in output.texts)
    assert output.found() == []


@each_call
def test_a_success_shows_no_personal_data(runner: Runner, output: Output, call: str) -> None:
    """Neither in its log lines nor in the repr of its value. A pickle of a value has contacts, but no credentials."""
    value = runner.run(CALLS[call], _succeed)
    output.value(value)
    logged = {"log of sendblue_contacts", *(["log of httpx"] if call == "request" else [])}
    assert logged <= {place for place, _ in output.texts}
    assert output.found() == []
    if not isinstance(value, httpx.Response):
        pickled = pickle.dumps(value)
        assert [secret for secret in CREDENTIALS if secret.encode() in pickled] == []


@pytest.mark.parametrize(("runner", "call", "failure"), CALLS_AND_FAILURES, indirect=["runner"])
def test_a_failure_shows_no_personal_data(runner: Runner, output: Output, call: str, failure: str) -> None:
    """Even if the server or httpx quotes the request."""
    _run(runner, output, CALLS[call], FAILURES[failure])
    assert len(output.texts) > 1
    assert output.found() == []


@pytest.mark.parametrize(("runner", "argument"), each_choice(["sync", "async"], INVALID_ARGUMENTS), indirect=["runner"])
def test_an_invalid_argument_is_not_shown(runner: Runner, output: Output, argument: str) -> None:
    """The error does not quote it. A traceback quotes the line of the caller, which is this test."""
    with pytest.raises((SendblueError, TypeError, ValueError)) as caught:
        runner.run(INVALID_ARGUMENTS[argument], _succeed)
    output.texts.append(("text", f"{caught.value} {caught.value!r}"))
    output.texts.append(("pickle", pickle.dumps(caught.value).decode("latin-1")))
    assert output.found() == []


ON_A_SOCKET = {
    "success": b'HTTP/1.1 200 OK\r\nContent-Length: 36\r\n\r\n{"contact":{"phone":"+12025550187"}}',
    "404": b"HTTP/1.1 404 Not Found\r\nContent-Length: 26\r\n\r\n" + b'{"message":"+12025550187"}',
    "cut": b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{",
    "closed": b"",
    "rest-of-another-body": f'"phone": "{NUMBER}", "first_name": "{NAME}"\r\n\r\n'.encode(),  # h11 quotes it
    "redirect": f"HTTP/1.1 308 Moved\r\nLocation: /v3/contacts/{NUMBER}\r\nContent-Length: 0\r\n\r\n".encode(),
}


@pytest.mark.parametrize(
    ("runner", "response"), each_choice(["sync", "async", "async", "sync"], ON_A_SOCKET), indirect=["runner"]
)
def test_httpcore_logs_no_personal_data(runner: Runner, output: Output, raw: RawHttpServer, response: str) -> None:
    """Over a real socket httpcore logs every step, without our headers and paths; and no error quotes what it got."""
    raw.response = ON_A_SOCKET[response]
    _run(runner, output, CALLS["retrieve"], base_url=raw.url)
    assert any(place.startswith("log of httpcore") for place, _ in output.texts)
    assert output.found() == []


def test_planted_data_is_found(output: Output) -> None:
    """A check of these tests: requests have the planted data, and a logger or an error that shows it is found."""
    runner = Runner("sync")
    runner.run(CALLS["create"], _succeed)
    output.texts.append(("request", f"{runner.sent[0].headers.raw!r} {runner.sent[0].content!r}"))
    logging.getLogger("sendblue_contacts").debug("to %s", f"/{NUMBER}")
    output.error(ValueError(NAME))
    assert {(secret, place) for secret, place, _ in output.found()} >= {
        (NUMBER[2:], "log of sendblue_contacts"),
        *((NAME, place) for place in ("text", "traceback", "pickle")),
        *((secret, "request") for secret in (*CREDENTIALS, NUMBER[2:], NAME, "planted.person", "Planted Variable")),
    }


def test_no_repr_of_a_client_shows_personal_data(runner: Runner, output: Output) -> None:
    """Nor of its attributes and operations, which a traceback with local variables shows."""

    def shown(client: Any) -> None:
        special = client.with_options(extra_headers={"x-token": CREDENTIALS[1]}, extra_body=FIELDS)
        for one in (client, special):
            parts = (one, one.contacts, one.contacts.bulk, one.contacts.with_raw_response, one.generated, one._options)
            output.texts += [(type(part).__name__, f"{part!r}") for part in parts]
        output.value([operations.create(NUMBER, FIELDS), operations.get(NUMBER)])
        output.value(client.contacts.list(phone_number=NUMBER))
        output.value(client.rate_limit)
        output.value(client.rate_limit.statistics())

    runner.run(shown)
    assert output.found() == []


@pytest.mark.parametrize("scheme", ["redis", "memcached"])
def test_the_address_of_a_store_is_not_shown(output: Output, scheme: str) -> None:
    """It may contain a password: neither the rate limit, a limiter nor the error for an invalid store shows it."""
    rate = RateLimit(store=f"{scheme}://planted:{CREDENTIALS[1]}@127.0.0.1:1/0")
    output.value(rate)
    try:
        output.value(RateLimiter(rate, account=CREDENTIALS[0]))
    except ValueError as error:
        output.error(error)
    assert (len(output.texts) > 1, output.found()) == (True, [])


def test_rich_shows_no_personal_data(runner: Runner) -> None:
    """Neither rich.print nor a traceback with local variables shows the results of calls."""
    calls = ("create", "bulk.create", "bulk.delete", "opt_out", "list", "stream_create")
    results = [runner.run(CALLS[call], _succeed) for call in calls]
    shown = io.StringIO()
    console = Console(file=shown, width=200)
    console.print(results)
    with pytest.raises(ZeroDivisionError) as caught:
        assert len(results) / 0
    console.print(Traceback.from_exception(caught.type, caught.value, caught.tb, show_locals=True))
    text = shown.getvalue()
    assert text.count("Contact(phone='+1…0187', first_name='A…'") > 1
    assert [part for part in PERSONAL_DATA if part in text] == []


@pytest.mark.parametrize(
    ("call", "look"),
    [
        (lambda client: client.contacts.list().page(), lambda page: page),
        (lambda client: client.contacts.list().pages(), lambda pages: pages[0]),
        (CALLS["bulk.create"], lambda result: result.created),
    ],
    ids=["page", "pages", "bulk.create"],
)
def test_a_notebook_shows_a_list_of_contacts_as_a_table(
    runner: Runner, call: Callable[[Any], Any], look: Callable[[Any], Any]
) -> None:
    """With the values, which the repr of the list does not show."""
    contacts = look(runner.run(call, _succeed))
    assert f"<td>{NUMBER}</td><td>{NAME}</td>" in contacts._repr_html_()
    assert [part for part in PERSONAL_DATA if part in repr(contacts)] == []
