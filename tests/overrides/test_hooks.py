"""`on_attempt` is called after each HTTP attempt of each call, with what happened and no personal data."""

import logging
from collections.abc import Callable
from typing import Any

import anyio.lowlevel
import httpx
import pytest
from sendblue_contacts import AsyncSendblue, Attempt, RateLimit, Retry
from sendblue_contacts_api.api.contacts import count_contacts

from tests.overrides.clients import URL, WITHOUT_PAUSES, Runner, each_choice, each_with_one_kind, generated
from tests.overrides.test_personal_data import CALLS, NUMBER, body_for
from tests.overrides.transport_harness import Clock, Outcome, Server, TransportHarness, throttled

ROUTE = "/api/v2/contacts/{phone_number}"
ALL = "/api/v2/contacts"
LOST = httpx.ReadTimeout("too slow")


def shown(attempt: Attempt) -> tuple[object, ...]:
    """Return an attempt without its operation, method and route, with rounded times."""
    times = (attempt.seconds, attempt.waited, attempt.retry_in)
    return (attempt.number, attempt.status, attempt.error, *(t if t is None else round(t, 6) for t in times))


# The outcomes, the policy, the limit of the account in 10 s, and the attempts: as `shown` returns them.
SEQUENCES: list[tuple[list[Outcome], Retry | None, int, list[tuple[object, ...]]]] = [
    ([200], Retry(), 100, [(1, 200, None, 0.25, 0.0, None)]),
    ([404], Retry(), 100, [(1, 404, None, 0.25, 0.0, None)]),
    ([503], None, 100, [(1, 503, None, 0.25, 0.0, None)]),
    ([503, 503], Retry(attempts=2), 100, [(1, 503, None, 0.25, 0.0, 0.05), (2, 503, None, 0.25, 0.0, None)]),
    (
        [httpx.ConnectError("refused"), LOST, 200],
        Retry(),
        100,
        [
            (1, None, "ConnectError", 0.25, 0.0, 0.05),
            (2, None, "ReadTimeout", 0.25, 0.0, 0.1),
            (3, 200, None, 0.25, 0.0, None),
        ],
    ),
    ([throttled("4"), 200], Retry(), 100, [(1, 429, None, 0.25, 0.0, 4.0), (2, 200, None, 0.25, 0.0, None)]),
    ([503, 200], Retry(), 1, [(1, 503, None, 0.25, 0.0, 0.05), (2, 200, None, 0.25, 9.95, None)]),
]


@each_with_one_kind("outcomes,retry,limit,expected", SEQUENCES)
def test_each_attempt_is_reported(
    kind: str, outcomes: list[Outcome], retry: Retry | None, limit: int, expected: list[tuple[object, ...]]
) -> None:
    """With its number, its outcome, its duration without the wait for a slot, that wait, and the pause after it."""
    clock, found = Clock(), list[Attempt]()
    settings: dict[str, Any] = {"limiter": clock.limiter(RateLimit(limit, 10.0, reserve=0)), "retry": retry}
    harness = TransportHarness(kind, *outcomes, clock=clock, on_attempt=found.append, **settings)
    harness.server.before = lambda: clock.sleep(0.25)
    harness.send("PUT", f"/api/v2/contacts/{NUMBER}?x={NUMBER}")
    assert [shown(attempt) for attempt in found] == expected
    assert {(each.operation, each.method, each.route) for each in found} == {("update_contact", "PUT", ROUTE)}


def test_the_hook_runs_before_the_pause() -> None:
    """So that a long pause is known while it lasts."""
    clock, order = Clock(), list[object]()
    harness = TransportHarness("sync", 503, 200, clock=clock, on_attempt=lambda attempt: order.append(attempt.status))
    harness.server.before = lambda: order.append("sent")
    clock.sleep = order.append  # type: ignore[method-assign,assignment]  # records the pause
    harness.send()
    assert order == ["sent", 503, 0.05, "sent", 200]


def respond(request: httpx.Request) -> httpx.Response:
    """Return a response that each call accepts."""
    return httpx.Response(200, json=body_for(request))


# A call, and its attempt: the operation, the method and the route.
OPERATIONS: dict[str, tuple[Callable[[Any], Any], tuple[str | None, str, str | None]]] = {
    "create": (CALLS["create"], ("create_contact", "POST", ALL)),
    "retrieve": (CALLS["retrieve"], ("retrieve_contact", "GET", ROUTE)),
    "update": (CALLS["update"], ("update_contact", "PUT", ROUTE)),
    "delete": (CALLS["delete"], ("delete_contact", "DELETE", ROUTE)),
    "count": (CALLS["count"], ("count_contacts", "GET", f"{ALL}/count")),
    "verify": (CALLS["verify"], ("verify_contact", "POST", f"{ALL}/verify")),
    "opt_out": (CALLS["opt_out"], ("opt_out_contact", "POST", f"{ALL}/opt-out")),
    "with_raw_response": (CALLS["with_raw_response"], ("retrieve_contact", "GET", ROUTE)),
    "stream_create": (CALLS["stream_create"], ("bulk_create_contacts", "POST", f"{ALL}/bulk")),
    "request": (CALLS["request"], ("retrieve_contact", "GET", ROUTE)),
    "copy": (lambda client: client.with_options(timeout=5).contacts.get(NUMBER), ("retrieve_contact", "GET", ROUTE)),
    "list": (lambda client: client.contacts.list(max_items=1, page_size=1), ("list_contacts", "GET", ALL)),
    "bulk.delete": (lambda client: client.contacts.bulk.delete([NUMBER]), ("bulk_delete_contacts", "DELETE", ALL)),
    "unknown path": (lambda client: client.request("GET", f"/api/v3/{NUMBER}"), (None, "GET", None)),
    "deeper path": (lambda client: client.request("GET", f"{ALL}/{NUMBER}/x"), (None, "GET", None)),
    "unknown method": (lambda client: client.request("X12025550187", ALL), (None, "_OTHER", None)),
    "generated": (generated(count_contacts), ("count_contacts", "GET", f"{ALL}/count")),
}


@pytest.mark.parametrize(("runner", "call"), each_choice(["sync", "async"], OPERATIONS), indirect=["runner"])
@pytest.mark.parametrize("base_url", [URL, f"{URL}/proxy/4"])
def test_the_attempts_of_every_call_are_reported(runner: Runner, call: str, base_url: str) -> None:
    """By operationId and route, which contain no number, also below the path of a proxy."""
    action, expected = OPERATIONS[call]
    found: list[Attempt] = []
    runner.run(action, respond, on_attempt=found.append, base_url=base_url)
    assert [(each.operation, each.method, each.route) for each in found] == [expected]
    assert len(runner.sent) == 1
    assert NUMBER[1:] not in repr(found)


def test_an_async_hook_is_awaited() -> None:
    """In the async client: a function, or an object whose `__call__` is async."""
    found: list[int] = []

    class Hook:
        async def __call__(self, attempt: Attempt) -> None:
            await anyio.lowlevel.checkpoint()
            found.append(attempt.number)

    for hook in (Hook(), Hook().__call__):
        Runner("async").run(lambda client: client.contacts.count(), respond, on_attempt=hook)
    assert found == [1, 1]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("print", "on_attempt must be a callable or None, not str"),
        (AsyncSendblue.request, "on_attempt is an async function, which this client cannot await; use AsyncSendblue"),
    ],
)
def test_an_invalid_hook_raises_when_the_client_is_created(value: Any, text: str) -> None:
    """Not at the first attempt."""
    with pytest.raises(TypeError, match=f"^{text}$"):
        Runner("sync").run(lambda client: client, on_attempt=value)


def test_an_exception_of_a_hook_is_logged_and_ignored(runner: Runner, caplog: pytest.LogCaptureFixture) -> None:
    """The call goes on, with its retries."""

    def fail(_: Attempt) -> None:
        raise ValueError("of the hook")

    with caplog.at_level(logging.ERROR, "sendblue_contacts"):
        count = runner.run(
            lambda client: client.contacts.count(),
            Server(503, 200).respond,
            retry=WITHOUT_PAUSES,
            on_attempt=fail,
        )
    assert count == 3
    assert [record.message for record in caplog.records] == ["on_attempt raised an exception, which is ignored"] * 2
    assert "ValueError: of the hook" in caplog.text
