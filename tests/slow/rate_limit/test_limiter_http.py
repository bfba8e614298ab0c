"""The limiter over real HTTP: windows of a fraction of a second, and a sandbox that counts arrivals."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait

import anyio
import pytest
from sendblue_contacts import AsyncSendblue, RateLimit, RateLimiter, Sendblue
from sendblue_sandbox import Sandbox
from sendblue_sandbox.rate_limit.window_models import WindowName

LIMIT, PER = 100, 1.0
CALLS = 300
TASKS = 200
IDEAL = PER * (CALLS / LIMIT - 1)
"""Seconds that so many calls take at least: the first window is free."""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox that refuses the 101st request in any window, a tenth as long as the real one."""
    with Sandbox(limit=LIMIT, per=PER) as started:
        yield started


@pytest.fixture
def limiter() -> RateLimiter:
    """A limiter with the same limit."""
    return RateLimiter(RateLimit(LIMIT, PER))


def number(index: int) -> str:
    """A phone number for each call."""
    return f"+1415555{index:04d}"


def check(sandbox: Sandbox, limiter: RateLimiter, started: float, log: pytest.LogCaptureFixture) -> None:
    """All calls succeeded: one request each, no 429, and no window exceeded. Prints the rate.

    An attempt whose connection fails before the request is sent takes a slot too; each attempt is logged.
    """
    seconds = time.perf_counter() - started
    assert Counter(request.status for request in sandbox.requests) == {200: CALLS}
    assert len(sandbox.contacts()) == CALLS
    assert sandbox.arrivals() <= LIMIT
    assert seconds >= IDEAL
    statistics = limiter.statistics()
    assert (statistics.in_flight, statistics.waiting, statistics.refusals) == (0, 0, 0)
    outcomes = Counter(re.sub(r".*?: (\w+) in .*", r"\1", text) for text in log.messages if "(attempt " in text)
    assert outcomes["200"] == CALLS
    assert outcomes.keys() <= {"200", "ConnectError", "ConnectTimeout"}
    assert statistics.requests == outcomes.total()
    print(f"{CALLS} calls in {seconds:.3f} s, {IDEAL / seconds:.1%} of the ideal rate")  # noqa: T201  # for pytest -s


def create_in_threads(sandbox: Sandbox, limiter: RateLimiter, calls: range) -> None:
    """Create contacts from 20 threads of one client."""
    with Sendblue("key", "secret", base_url=sandbox.url, rate_limit=limiter) as client, ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda index: client.contacts.create(number(index)), calls))


async def create_in_tasks(sandbox: Sandbox, limiter: RateLimiter, calls: range) -> None:
    """Create contacts from 200 tasks of one client."""
    todo = iter(calls)

    async def work() -> None:
        for index in todo:
            await client.contacts.create(number(index))

    async with (
        AsyncSendblue("key", "secret", base_url=sandbox.url, rate_limit=limiter) as client,
        anyio.create_task_group() as tasks,
    ):
        for _ in range(TASKS):
            tasks.start_soon(work)


def test_threads_never_exceed_the_limit(
    sandbox: Sandbox, limiter: RateLimiter, caplog: pytest.LogCaptureFixture
) -> None:
    """300 creations at once from 20 threads: all succeed, with 300 requests and no refusal."""
    caplog.set_level("INFO", "sendblue_contacts")
    started = time.perf_counter()
    create_in_threads(sandbox, limiter, range(CALLS))
    check(sandbox, limiter, started, caplog)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_tasks_never_exceed_the_limit(
    sandbox: Sandbox, limiter: RateLimiter, backend: str, caplog: pytest.LogCaptureFixture
) -> None:
    """300 creations at once from 200 tasks: the same."""
    caplog.set_level("INFO", "sendblue_contacts")
    started = time.perf_counter()
    anyio.run(create_in_tasks, sandbox, limiter, range(CALLS), backend=backend)
    check(sandbox, limiter, started, caplog)


def test_both_clients_share_the_limit(sandbox: Sandbox, limiter: RateLimiter, caplog: pytest.LogCaptureFixture) -> None:
    """Threads of one client and tasks of the other stay within the limit together."""
    caplog.set_level("INFO", "sendblue_contacts")
    started = time.perf_counter()
    with ThreadPoolExecutor(1) as pool:
        threads = pool.submit(create_in_threads, sandbox, limiter, range(CALLS // 2))
        anyio.run(create_in_tasks, sandbox, limiter, range(CALLS // 2, CALLS))
        threads.result()
    check(sandbox, limiter, started, caplog)


def test_clients_of_one_account_share_the_limit_automatically(sandbox: Sandbox) -> None:
    """Each of two clients could send 100 requests at once; together they stay within the limit."""
    rate = RateLimit(LIMIT, PER)
    with (
        Sendblue("unasked", "secret", base_url=sandbox.url, rate_limit=rate) as one,
        Sendblue("unasked", "secret", base_url=sandbox.url, rate_limit=rate) as two,
        ThreadPoolExecutor(20) as pool,
    ):
        clients = [one, two] * LIMIT
        list(pool.map(lambda client: client.contacts.count(), clients))
        assert one.rate_limit.statistics().requests == 2 * LIMIT
    assert Counter(request.status for request in sandbox.requests) == {200: 2 * LIMIT}
    assert sandbox.arrivals() <= LIMIT


def test_bulk_work_and_others_share_the_limit(sandbox: Sandbox, limiter: RateLimiter) -> None:
    """Endless bulk work and bursts of another caller: no request is refused, and the bursts do not wait."""
    with Sendblue("key", "secret", base_url=sandbox.url, rate_limit=limiter) as client, ThreadPoolExecutor(20) as pool:
        bulk = client.with_options(bulk=True)
        jobs = [pool.submit(bulk.contacts.create, number(index)) for index in range(150)]
        urgent = client.with_options(max_wait=0)
        for _ in range(limiter.rate.reserve if limiter.rate else 0):
            urgent.contacts.count()
        wait(jobs)
    assert Counter(request.status for request in sandbox.requests) == {200: 160}
    assert sandbox.arrivals() <= LIMIT


@pytest.mark.parametrize("model", ["log_all", "fixed"])
def test_servers_that_count_exactly_accept_bursts(model: WindowName) -> None:
    """Whether they count refused requests too, or use fixed windows, they refuse none."""
    rate = RateLimit(20, 0.2)
    with (
        Sandbox(limit=rate.limit, per=rate.per, window=model) as sandbox,
        Sendblue("key", "secret", base_url=sandbox.url, rate_limit=RateLimiter(rate), retry=None) as client,
        ThreadPoolExecutor(20) as pool,
    ):
        list(pool.map(lambda index: client.contacts.create(number(index)), range(100)))
        assert Counter(request.status for request in sandbox.requests) == {200: 100}


def test_without_the_limiter_the_sandbox_refuses() -> None:
    """The control: without a limiter a burst is refused and counted, so the tests above can fail."""
    with (
        Sandbox(limit=LIMIT, per=PER, clock=lambda: 1_700_000_000.0) as sandbox,
        Sendblue("key", "secret", base_url=sandbox.url, rate_limit=None, retry=None) as client,
    ):
        statuses = Counter(client.request("GET", "/api/v2/contacts/count").status_code for _ in range(LIMIT + 1))
        assert (statuses, sandbox.arrivals()) == ({200: LIMIT, 429: 1}, LIMIT + 1)
