"""The limiter over real HTTP: windows of a fraction of a second, and a sandbox that counts arrivals."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import anyio
import pytest
from sendblue_contacts import AsyncSendblue, RateLimit, RateLimiter, Sendblue
from sendblue_sandbox import Sandbox

LIMIT, PER = 50, 0.5
CALLS = 150
"""Three windows, of which the first is free."""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox that refuses the 51st request in any window."""
    with Sandbox(limit=LIMIT, per=PER) as started:
        yield started


@pytest.fixture
def limiter(caplog: pytest.LogCaptureFixture) -> RateLimiter:
    """A limiter with the same limit, whose attempts are logged."""
    caplog.set_level("INFO", "sendblue_contacts")
    return RateLimiter(RateLimit(LIMIT, PER))


def number(index: int) -> str:
    """A phone number for each call."""
    return f"+1415555{index:04d}"


def check(sandbox: Sandbox, limiter: RateLimiter, log: pytest.LogCaptureFixture) -> None:
    """All calls succeeded: one request each, no 429, and no window exceeded.

    An attempt whose connection fails before the request is sent takes a slot too; each attempt is logged.
    """
    assert Counter(request.status for request in sandbox.requests) == {200: CALLS}
    assert len(sandbox.contacts()) == CALLS
    assert sandbox.arrivals() <= LIMIT
    statistics = limiter.statistics()
    assert (statistics.in_flight, statistics.waiting, statistics.refusals) == (0, 0, 0)
    outcomes = Counter(re.sub(r".*?: (\w+) in .*", r"\1", text) for text in log.messages if "(attempt " in text)
    assert outcomes["200"] == CALLS
    assert outcomes.keys() <= {"200", "ConnectError", "ConnectTimeout"}
    assert statistics.requests == outcomes.total()


def test_threads_never_exceed_the_limit(
    sandbox: Sandbox, limiter: RateLimiter, caplog: pytest.LogCaptureFixture
) -> None:
    """150 creations at once from 20 threads: all succeed, with 150 requests and no refusal."""
    with Sendblue("key", "secret", base_url=sandbox.url, rate_limit=limiter) as client, ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda index: client.contacts.create(number(index)), range(CALLS)))
    check(sandbox, limiter, caplog)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_tasks_never_exceed_the_limit(
    sandbox: Sandbox, limiter: RateLimiter, backend: str, caplog: pytest.LogCaptureFixture
) -> None:
    """150 creations at once from as many tasks: the same."""

    async def main() -> None:
        async with (
            AsyncSendblue("key", "secret", base_url=sandbox.url, rate_limit=limiter) as client,
            anyio.create_task_group() as tasks,
        ):
            for index in range(CALLS):
                tasks.start_soon(client.contacts.create, number(index))

    anyio.run(main, backend=backend)
    check(sandbox, limiter, caplog)


def test_without_the_limiter_the_sandbox_refuses() -> None:
    """The control: without a limiter a burst is refused and counted, so the tests above can fail."""
    with (
        Sandbox(limit=LIMIT, per=PER, clock=lambda: 1_700_000_000.0) as sandbox,
        Sendblue("key", "secret", base_url=sandbox.url, rate_limit=None, retry=None) as client,
    ):
        statuses = Counter(client.request("GET", "/api/v2/contacts/count").status_code for _ in range(LIMIT + 1))
        assert (statuses, sandbox.arrivals()) == ({200: LIMIT, 429: 1}, LIMIT + 1)
