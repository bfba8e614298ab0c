"""Bulk calls over real sockets, with a sandbox that has faults: exactly the created contacts exist, once each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sendblue_sandbox import Sandbox

from tests.overrides.bulk.fake_server import make_rows
from tests.overrides.clients import KINDS, WITHOUT_PAUSES, run_client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sendblue_contacts import BulkCreateResult

CREATE, DELETE = "bulk_create_contacts", "bulk_delete_contacts"
LOSSES: dict[str, dict[str, Any]] = {
    "reset after": {"what": "reset", "after": True},
    "reset before": {"what": "reset"},
    "truncated": {"what": "truncated"},
    "broken JSON": {"what": "broken_json"},
    "500 after": {"what": "status", "status": 500, "after": True},
    "500 before": {"what": "status", "status": 500},
    "502 page after": {"what": "html", "after": True},
    "nothing after": {"what": "empty", "after": True},
}
each_loss = pytest.mark.parametrize("loss", LOSSES)


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    """One sandbox for all tests, without a rate limit."""
    with Sandbox(limit=None) as started:
        yield started


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    """The sandbox, empty."""
    running.reset()
    return running


@pytest.fixture(params=KINDS)
def bulk(request: pytest.FixtureRequest, sandbox: Sandbox) -> Callable[..., Any]:
    """Make a bulk call with threads, asyncio and trio."""

    def call(name: str, items: Any, **settings: Any) -> Any:  # noqa: ANN401  # of either kind
        return run_client(
            request.param,
            lambda client: getattr(client.contacts.bulk, name)(items, **settings),
            base_url=sandbox.url,
            retry=WITHOUT_PAUSES,
        )

    return call


def _numbers(sandbox: Sandbox) -> list[str]:
    return sorted(contact["phone"] for contact in sandbox.contacts())


def _count_requests(sandbox: Sandbox, operation: str) -> int:
    paths = {"create": ("POST", "/api/v2/contacts/bulk"), "delete": ("DELETE", "/api/v2/contacts")}
    return sum((request.method, request.path) == paths[operation] for request in sandbox.requests)


def _check(sandbox: Sandbox, result: BulkCreateResult) -> None:
    """Check that exactly the created contacts exist, once each."""
    existing = _numbers(sandbox)
    created = sorted(contact.phone or "" for contact in result.created)
    unknown = {item["phone"] for item in result.unknown}
    assert len(existing) == len(set(existing))
    assert [number for number in existing if number not in unknown] == created
    assert result.requested == len(result.created) + len(result.failed) + len(result.unknown)


@each_loss
def test_after_a_lost_response_every_contact_exists_once(bulk: Callable[..., Any], sandbox: Sandbox, loss: str) -> None:
    """Whatever the server applied: all contacts exist, and all are reported as created."""
    sandbox.faults.add(operation=CREATE, nth=[2, 3], **LOSSES[loss])
    result = bulk("create", make_rows(90), chunk_size=20)
    assert (repr(result), _numbers(sandbox)) == (
        "BulkCreateResult(90 of 90 created)",
        [row["phone"] for row in make_rows(90)],
    )
    assert [contact.first_name for contact in result.created] == [row["first_name"] for row in make_rows(90)]


def test_an_applied_chunk_takes_one_more_request(bulk: Callable[..., Any], sandbox: Sandbox) -> None:
    """All of it is among the newest contacts."""
    sandbox.faults.add(operation=CREATE, nth=2, **LOSSES["reset after"])
    bulk("create", make_rows(60), chunk_size=20)
    assert len(sandbox.requests) == 4


def test_a_timeout_is_reconciled(sandbox: Sandbox) -> None:
    """The server applied the request, and responded too late."""
    sandbox.faults.add(what="delay", operation=CREATE, after=True, delay=5, times=1)
    result = run_client(
        "sync",
        lambda client: client.contacts.bulk.create(make_rows(30), chunk_size=10, concurrency=1),
        base_url=sandbox.url,
        retry=WITHOUT_PAUSES,
        timeout=0.3,
    )
    assert (repr(result), len(sandbox.contacts())) == ("BulkCreateResult(30 of 30 created)", 30)


def test_existing_contacts_are_distinguished_from_created_ones(bulk: Callable[..., Any], sandbox: Sandbox) -> None:
    """Even if the response that distinguishes them was lost."""
    bulk("create", [{**make_rows(1)[0], "first_name": "Different"}])
    sandbox.faults.add(operation=CREATE, **LOSSES["reset after"], times=1)
    result = bulk("create", make_rows(5))
    assert [(failure.index, "already exists" in failure.reason) for failure in result.failed] == [(0, True)]
    assert len(sandbox.contacts()) == 5


@pytest.mark.parametrize("seed", range(4))
def test_any_mixture_of_faults_is_reconciled(bulk: Callable[..., Any], sandbox: Sandbox, seed: int) -> None:
    """With random losses of requests and look-ups, exactly the created contacts exist."""
    for index, loss in enumerate(LOSSES.values()):
        sandbox.faults.add(operation=CREATE, probability=0.08, seed=10 * seed + index, **loss)
    sandbox.faults.add(what="status", status=503, operation="retrieve_contact", probability=0.1, seed=seed)
    sandbox.faults.add(what="reset", operation="list_contacts", probability=0.3, seed=seed)
    result = bulk("create", make_rows(300), chunk_size=12)
    _check(sandbox, result)
    assert len(result.created) > 100


def test_a_second_call_completes_the_first(bulk: Callable[..., Any], sandbox: Sandbox) -> None:
    """With the failed items, and the unknown ones with check_existing: then all contacts exist once."""
    sandbox.faults.add(operation=CREATE, nth=[2, 4], **LOSSES["reset after"])
    sandbox.faults.add(what="status", status=500, method="GET", times=8)
    result = bulk("create", make_rows(60), chunk_size=10, concurrency=1)
    _check(sandbox, result)
    assert (len(result.unknown), len(result.failed)) == (2, 0)
    sandbox.faults.clear()
    again = bulk("create", result.unknown, check_existing=True)
    rest = bulk("create", result.failed)
    assert len(result.created) + len(again.created) + len(rest.created) == len(sandbox.contacts()) == 60


def test_the_size_adapts_to_a_server_with_a_small_maximum() -> None:
    """The first chunk is split until its parts are small enough; no other chunk is rejected."""
    with Sandbox(limit=None, max_body_bytes=1_000) as sandbox:
        result = run_client("sync", lambda client: client.contacts.bulk.create(make_rows(500)), base_url=sandbox.url)
        statuses = [request.status for request in sandbox.requests]
    # The first chunk, its two halves and their four quarters are rejected; eighths are accepted.
    assert (len(result.created), statuses.count(413), 413 in statuses[15:]) == (500, 7, False)


def test_a_429_is_retried_by_the_transport(bulk: Callable[..., Any], sandbox: Sandbox) -> None:
    """Nothing was applied, so nothing is looked up."""
    sandbox.faults.add(what="status", status=429, operation=CREATE, nth=[2, 3], headers={"Retry-After": "0"})
    assert repr(bulk("create", make_rows(30), chunk_size=10)) == "BulkCreateResult(30 of 30 created)"
    assert {request.method for request in sandbox.requests} == {"POST"}


def test_latency_at_random_keeps_the_order(bulk: Callable[..., Any], sandbox: Sandbox) -> None:
    """Outcomes are in input order, however late each response is."""
    sandbox.faults.add(what="delay", jitter=0.02, probability=0.5)
    result = bulk("create", make_rows(60), chunk_size=3, concurrency=6)
    assert [contact.phone for contact in result.created] == [row["phone"] for row in make_rows(60)]


# Deleting


@each_loss
def test_a_lost_deletion_is_retried(bulk: Callable[..., Any], sandbox: Sandbox, loss: str) -> None:
    """A contact that no longer exists was deleted; if a response cannot be decoded, its items are unknown."""
    numbers = sandbox.seed(60)
    sandbox.faults.add(operation=DELETE, nth=2, **LOSSES[loss])
    result = bulk("delete", numbers, chunk_size=20)
    unreadable = loss in {"broken JSON", "nothing after"}
    assert (sandbox.contacts(), len(result.unknown), result.failed) == ([], 20 if unreadable else 0, [])
    assert len(result.deleted) + len(result.unknown) == 60


def test_a_deletion_without_any_response_is_unknown(bulk: Callable[..., Any], sandbox: Sandbox) -> None:
    """Not failed, since it was applied; retrying it is safe."""
    numbers = sandbox.seed(10)
    sandbox.faults.add(operation=DELETE, **LOSSES["reset after"], times=3)
    result = bulk("delete", numbers)
    assert (len(result.unknown), result.failed, sandbox.contacts()) == (10, [], [])
    assert [failure.reason for failure in bulk("delete", result.unknown).failed] == ["Contact not found"] * 10
