"""Bulk calls over real sockets, with a bad sandbox: what is called created is there, once, and nothing else is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sendblue_sandbox import Sandbox

from tests.overrides.bulk.fake_server import make_rows
from tests.overrides.worlds import AT_ONCE, WORLDS, ask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sendblue_contacts import BulkCreateResult

CREATE, DELETE = "bulk_create_contacts", "bulk_delete_contacts"
LOSSES: dict[str, dict[str, Any]] = {
    "reset after": {"what": "reset", "after": True},
    "reset before": {"what": "reset"},
    "half an answer": {"what": "truncated"},
    "broken JSON": {"what": "broken_json"},
    "500 after": {"what": "status", "status": 500, "after": True},
    "500 before": {"what": "status", "status": 500},
    "502 page after": {"what": "html", "after": True},
    "nothing after": {"what": "empty", "after": True},
}
each_loss = pytest.mark.parametrize("loss", LOSSES)


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    """One sandbox for all tests, without a limit."""
    with Sandbox(limit=None) as started:
        yield started


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    """The sandbox, empty."""
    running.reset()
    return running


@pytest.fixture(params=WORLDS)
def bulk(request: pytest.FixtureRequest, sandbox: Sandbox) -> Callable[..., Any]:
    """Make a bulk call in each world."""

    def call(name: str, items: Any, **settings: Any) -> Any:  # noqa: ANN401  # of either kind
        return ask(
            request.param,
            lambda client: getattr(client.contacts.bulk, name)(items, **settings),
            base_url=sandbox.url,
            retry=AT_ONCE,
        )

    return call


def _numbers(sandbox: Sandbox) -> list[str]:
    return sorted(contact["phone"] for contact in sandbox.contacts())


def _asked(sandbox: Sandbox, operation: str) -> int:
    paths = {"create": ("POST", "/api/v2/contacts/bulk"), "delete": ("DELETE", "/api/v2/contacts")}
    return sum((each.method, each.path) == paths[operation] for each in sandbox.requests)


def _check(sandbox: Sandbox, result: BulkCreateResult) -> None:
    """Exactly what is called created is there, and every contact is there once."""
    there = _numbers(sandbox)
    created = sorted(contact.phone or "" for contact in result.created)
    unknown = {each["phone"] for each in result.unknown}
    assert len(there) == len(set(there))
    assert [number for number in there if number not in unknown] == created
    assert result.requested == len(result.created) + len(result.failed) + len(result.unknown)


@each_loss
def test_a_lost_answer_leaves_every_contact_there_once(bulk: Callable[..., Any], sandbox: Sandbox, loss: str) -> None:
    """Whatever became of the request: all contacts are there, and all are called created."""
    sandbox.faults.add(operation=CREATE, nth=[2, 3], **LOSSES[loss])
    result = bulk("create", make_rows(90), chunk_size=20)
    assert (repr(result), _numbers(sandbox)) == (
        "BulkCreateResult(90 of 90 created)",
        [row["phone"] for row in make_rows(90)],
    )
    assert [contact.first_name for contact in result.created] == [row["first_name"] for row in make_rows(90)]


def test_a_chunk_that_was_carried_out_costs_one_request_more(bulk: Callable[..., Any], sandbox: Sandbox) -> None:
    """It is found whole among the newest contacts."""
    sandbox.faults.add(operation=CREATE, nth=2, **LOSSES["reset after"])
    bulk("create", make_rows(60), chunk_size=20)
    assert len(sandbox.requests) == 4


def test_a_request_that_timed_out_is_settled(sandbox: Sandbox) -> None:
    """The server carried it out, and took too long to say so."""
    sandbox.faults.add(what="delay", operation=CREATE, after=True, delay=5, times=1)
    result = ask(
        "sync",
        lambda client: client.contacts.bulk.create(make_rows(30), chunk_size=10, concurrency=1),
        base_url=sandbox.url,
        retry=AT_ONCE,
        timeout=0.3,
    )
    assert (repr(result), len(sandbox.contacts())) == ("BulkCreateResult(30 of 30 created)", 30)


def test_who_was_there_before_is_told_from_who_was_made(bulk: Callable[..., Any], sandbox: Sandbox) -> None:
    """Although the answer that would have said it was lost."""
    bulk("create", [{**make_rows(1)[0], "first_name": "somebody else"}])
    sandbox.faults.add(operation=CREATE, **LOSSES["reset after"], times=1)
    result = bulk("create", make_rows(5))
    assert [(failure.index, "already exists" in failure.reason) for failure in result.failed] == [(0, True)]
    assert len(sandbox.contacts()) == 5


@pytest.mark.parametrize("seed", range(4))
def test_any_mixture_of_faults_leaves_no_doubt(bulk: Callable[..., Any], sandbox: Sandbox, seed: int) -> None:
    """Losses at random, of requests and of look-ups: what is called created is there, and nothing else is."""
    for place, loss in enumerate(LOSSES.values()):
        sandbox.faults.add(operation=CREATE, probability=0.08, seed=10 * seed + place, **loss)
    sandbox.faults.add(what="status", status=503, operation="retrieve_contact", probability=0.1, seed=seed)
    sandbox.faults.add(what="reset", operation="list_contacts", probability=0.3, seed=seed)
    result = bulk("create", make_rows(300), chunk_size=12)
    _check(sandbox, result)
    assert len(result.created) > 100


def test_what_is_left_is_settled_by_passing_it_back(bulk: Callable[..., Any], sandbox: Sandbox) -> None:
    """The failed as they are, the unknown with a look: then all are there, once."""
    sandbox.faults.add(operation=CREATE, nth=[2, 4], **LOSSES["reset after"])
    sandbox.faults.add(what="status", status=500, method="GET", times=8)
    result = bulk("create", make_rows(60), chunk_size=10, concurrency=1)
    _check(sandbox, result)
    assert (len(result.unknown), len(result.failed)) == (2, 0)
    sandbox.faults.clear()
    again = bulk("create", result.unknown, check_existing=True)
    rest = bulk("create", result.failed)
    assert len(result.created) + len(again.created) + len(rest.created) == len(sandbox.contacts()) == 60


def test_a_server_with_small_bodies_is_learned() -> None:
    """The first chunk is refused until it is small enough, and no other one is."""
    with Sandbox(limit=None, max_body_bytes=1_000) as sandbox:
        result = ask("sync", lambda client: client.contacts.bulk.create(make_rows(500)), base_url=sandbox.url)
        statuses = [each.status for each in sandbox.requests]
    # The whole first chunk, its two halves, and their four quarters: eighths get through.
    assert (len(result.created), statuses.count(413), 413 in statuses[15:]) == (500, 7, False)


def test_a_429_is_repeated_by_itself(bulk: Callable[..., Any], sandbox: Sandbox) -> None:
    """Nothing was done, so nothing has to be looked for."""
    sandbox.faults.add(what="status", status=429, operation=CREATE, nth=[2, 3], headers={"Retry-After": "0"})
    assert repr(bulk("create", make_rows(30), chunk_size=10)) == "BulkCreateResult(30 of 30 created)"
    assert {each.method for each in sandbox.requests} == {"POST"}


def test_latency_at_random_keeps_the_order(bulk: Callable[..., Any], sandbox: Sandbox) -> None:
    """However late each answer is, outcomes come in the order of the input."""
    sandbox.faults.add(what="delay", jitter=0.02, probability=0.5)
    result = bulk("create", make_rows(60), chunk_size=3, concurrency=6)
    assert [contact.phone for contact in result.created] == [row["phone"] for row in make_rows(60)]


# Deleting


@each_loss
def test_a_lost_deletion_is_a_deletion(bulk: Callable[..., Any], sandbox: Sandbox, loss: str) -> None:
    """It is repeated, and what is not there any more was deleted; an answer that cannot be read leaves it unknown."""
    numbers = sandbox.seed(60)
    sandbox.faults.add(operation=DELETE, nth=2, **LOSSES[loss])
    result = bulk("delete", numbers, chunk_size=20)
    unreadable = loss in {"broken JSON", "nothing after"}
    assert (sandbox.contacts(), len(result.unknown), result.failed) == ([], 20 if unreadable else 0, [])
    assert len(result.deleted) + len(result.unknown) == 60


def test_a_deletion_whose_every_answer_is_lost_is_unknown(bulk: Callable[..., Any], sandbox: Sandbox) -> None:
    """Never failed, for it was carried out; and to give it again does no harm."""
    numbers = sandbox.seed(10)
    sandbox.faults.add(operation=DELETE, **LOSSES["reset after"], times=3)
    result = bulk("delete", numbers)
    assert (len(result.unknown), result.failed, sandbox.contacts()) == (10, [], [])
    assert [failure.reason for failure in bulk("delete", result.unknown).failed] == ["Contact not found"] * 10
