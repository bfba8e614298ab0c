"""Bulk calls over real sockets: servers that refuse large requests, are too slow for them, or lose a response."""

import time
from typing import Any

import pytest
from sendblue_contacts import Retry, Sendblue
from sendblue_sandbox import Sandbox

from tests.overrides.bulk.fake_server import BULK, make_rows


def _sizes(sandbox: Sandbox) -> list[int]:
    """Return how many contacts each bulk request had."""
    return [request.body.count(b'"phone"') for request in sandbox.requests if request.path == BULK]


@pytest.mark.parametrize("chunk_size", ["auto", 60])
def test_what_times_out_is_neither_lost_nor_doubled(chunk_size: Any) -> None:
    """The server executes it after the client gave it up, and possibly while it is sent again."""
    retry = Retry(base=0.001, read_lag=0.1)
    with (
        Sandbox(limit=None, bulk_seconds_per_item=0.02) as sandbox,
        Sendblue("key", "secret", base_url=sandbox.url, rate_limit=None, retry=retry, timeout=0.9) as client,
    ):
        result = client.contacts.bulk.create(make_rows(150), chunk_size=chunk_size)
        existing = [contact["phone"] for contact in sandbox.contacts()]
        sizes = _sizes(sandbox)
    assert (len(result.created) + len(result.failed), result.unknown) == (150, [])
    assert {contact.phone for contact in result.created} <= set(existing)
    assert len(existing) == len(set(existing))
    if chunk_size == "auto":
        assert (len(result.created), max(sizes[2:]) <= 50) == (150, True)  # half of the first size


def test_a_lost_chunk_is_found_in_lists() -> None:
    """Of what was created since, on the clock of the server, which is five minutes ahead; its reads lag, too."""
    retry = Retry(base=0.001, read_lag=1.0)
    with (
        Sandbox(limit=None, read_lag=0.6, clock=lambda: time.time() + 300) as sandbox,
        Sendblue("key", "secret", base_url=sandbox.url, rate_limit=None, retry=retry) as client,
    ):
        sandbox.faults.add(what="reset", after=True, operation="bulk_create_contacts", nth=2)
        result = client.contacts.bulk.create(make_rows(300), chunk_size=100)
        reads = [request.query for request in sandbox.requests if request.method == "GET"]
        assert (len(result.created), len(sandbox.contacts()), _sizes(sandbox)) == (300, 300, [100] * 3)
    assert (len(reads) <= 3, ["created_at_gte" in query for query in reads[:2]]) == (True, [False, True])
