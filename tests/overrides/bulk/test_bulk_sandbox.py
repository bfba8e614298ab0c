"""Bulk calls over real sockets, with a sandbox that has faults: exactly the created contacts exist, once each."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sendblue_sandbox import Sandbox

from tests.overrides.bulk.fake_server import make_rows
from tests.overrides.clients import KINDS, WITHOUT_PAUSES, each_choice, run_client

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
each_loss = pytest.mark.parametrize(("loss", "bulk"), each_choice(LOSSES, KINDS), indirect=["bulk"])
each_kind = pytest.mark.parametrize("bulk", KINDS, indirect=True)


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    """One sandbox for all tests, without a rate limit."""
    with Sandbox(limit=None, max_body_bytes=20_000) as started:
        yield started


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    """The sandbox, empty."""
    running.reset()
    return running


@pytest.fixture(params=["sync"])
def bulk(request: pytest.FixtureRequest, sandbox: Sandbox) -> Callable[..., Any]:
    """Make a bulk call with threads, asyncio or trio."""

    def call(name: str, items: Any, **settings: Any) -> Any:
        return run_client(
            request.param,
            lambda client: getattr(client.contacts.bulk, name)(items, **settings),
            base_url=sandbox.url,
            retry=WITHOUT_PAUSES,
        )

    return call


@each_kind
def test_any_mixture_of_faults_is_reconciled(bulk: Callable[..., Any], sandbox: Sandbox) -> None:
    """With random losses of requests and look-ups, exactly the created contacts exist, except unknown ones."""
    for index, loss in enumerate(LOSSES.values()):
        sandbox.faults.add(operation=CREATE, probability=0.08, seed=index, **loss)
    sandbox.faults.add(what="status", status=503, operation="retrieve_contact", probability=0.1, seed=1)
    sandbox.faults.add(what="reset", operation="list_contacts", probability=0.3, seed=1)
    result = bulk("create", make_rows(150), chunk_size=12)
    unknown = {item["phone"] for item in result.unknown}
    existing = [contact["phone"] for contact in sandbox.contacts() if contact["phone"] not in unknown]
    assert sorted(existing) == sorted(contact.phone for contact in result.created)
    assert (len(result.created) + len(result.failed) + len(unknown), len(result.created) > 50) == (150, True)


def test_a_second_call_completes_the_first(bulk: Callable[..., Any], sandbox: Sandbox) -> None:
    """With the failed items, and the unknown ones with check_existing: then all contacts exist once."""
    sandbox.faults.add(operation=CREATE, nth=[2, 4], **LOSSES["reset after"])
    sandbox.faults.add(what="status", status=500, method="GET", times=8)
    result = bulk("create", make_rows(60), chunk_size=10, concurrency=1)
    assert (len(result.unknown), len(result.failed)) == (2, 0)
    sandbox.faults.clear()
    again = bulk("create", result.unknown, check_existing=True)
    assert len(result.created) + len(again.created) == len(sandbox.contacts()) == 60


def test_the_size_adapts_to_a_server_with_a_small_maximum(bulk: Callable[..., Any], sandbox: Sandbox) -> None:
    """The first chunk is split until its parts are small enough; later ones are at most as large, with few attempts."""
    rows = [{**row, "last_name": "x" * 800} for row in make_rows(150)]
    result = bulk("create", rows)
    statuses = [request.status for request in sandbox.requests]
    # The first chunk, its first half and quarter are rejected; an eighth is accepted.
    assert (len(result.created), statuses.count(413), statuses[:4]) == (150, 3, [413, 413, 413, 200])


@each_loss
def test_a_lost_deletion_is_retried(bulk: Callable[..., Any], sandbox: Sandbox, loss: str) -> None:
    """A contact that no longer exists was deleted; if no response can be decoded, it is looked up."""
    numbers = sandbox.seed(60)
    sandbox.faults.add(operation=DELETE, nth=[2, 3, 4], **LOSSES[loss])
    result = bulk("delete", numbers, chunk_size=20, concurrency=1)
    assert (sandbox.contacts(), result.deleted) == ([], numbers)
