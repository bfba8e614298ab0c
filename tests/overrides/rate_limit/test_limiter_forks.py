"""The limiter in a process that forks: the child has no requests in flight, no waiting threads, and no locked lock."""

import gc
import json
import os
import signal
import threading
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sendblue_contacts import RateLimit, RateLimiter, RateLimitError
from sendblue_contacts.rate_limit import shared_limiter

from tests.overrides.rate_limit.fake_waiting import FakeWaiting, acquired, release

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


@pytest.fixture(autouse=True, scope="module")
def collected() -> None:
    """No limiter of another test is left, whose clock might not run here."""
    gc.collect()


def in_child(body: Callable[[], object]) -> Any:
    """What this returns in the child of a fork, which ends after that. It may take 20 s."""
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns about threads of the parent
        pid = os.fork()
    if not pid:
        _run_child(body, writer)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as pipe:
        output = pipe.read()
    assert os.waitpid(pid, 0)[1] == 0, "the child was killed, because it waits"
    return json.loads(output)


def _run_child(body: Callable[[], object], writer: int) -> None:
    signal.alarm(20)
    try:
        result = body()
    except BaseException as error:  # noqa: BLE001  # the parent shows it
        result = repr(error)
    os.write(writer, json.dumps(result).encode())
    os._exit(0)


def test_requests_in_flight_stay_with_the_parent(waiting: FakeWaiting) -> None:
    """In the child they count as abandoned at the fork; in the parent nothing changes."""
    limiter = waiting.limiter(RateLimit(3, 10.0))
    slot = acquired(limiter)

    def show() -> list[int | None]:
        statistics = limiter.statistics()
        waiting.now += 10
        return [statistics.in_flight, statistics.free, limiter.statistics().free]

    assert (in_child(show), show()) == ([0, 2, 3], [1, 2, 2])
    release(slot)


def test_waiting_threads_stay_with_the_parent(waiting: FakeWaiting) -> None:
    """The callers of the child do not queue behind them, because they never continue there."""
    limiter = waiting.limiter(RateLimit(1, 10.0))
    slot = acquired(limiter)
    waiting.thread(partial(acquired, limiter))
    waiting.next_wait()

    def call() -> list[float]:
        before = limiter.statistics().waiting
        waiting.now += 10
        return [before, acquired(limiter, max_wait=0).waited]

    assert (in_child(call), limiter.statistics().waiting) == ([0, 0], 1)
    release(slot)


def test_a_lock_that_another_thread_holds_is_free_in_the_child() -> None:
    """The thread that would release it does not exist there."""
    limiter = shared_limiter("forks", "host", RateLimit(3))
    locked, over = threading.Event(), threading.Event()

    def hold() -> None:
        with limiter._lock:
            locked.set()
            over.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    locked.wait()
    try:
        assert in_child(lambda: acquired(shared_limiter("forks", "host", RateLimit(3))).waited) == 0
    finally:
        over.set()
        thread.join()


def test_the_child_does_not_release_a_slot_of_its_parent(waiting: FakeWaiting) -> None:
    """It leaves the block in which the parent forked, and gets no additional slot from that."""
    limited, unlimited = waiting.limiter(RateLimit(1, 10.0)), waiting.limiter(None)
    slots = acquired(limited), acquired(unlimited)

    def release_both() -> list[int | None]:
        release(slots[0])
        release(slots[1])
        waiting.now += 10
        return [limited.statistics().in_flight, limited.statistics().free, unlimited.statistics().in_flight]

    assert in_child(release_both) == [0, 1, 0]


def test_the_child_logs_a_warning_without_a_shared_store(caplog: pytest.LogCaptureFixture) -> None:
    """If the parent has sent requests: both keep the limit separately. The warning states how to share it."""
    before = in_child(lambda: len(caplog.records))
    used, unused, unlimited = RateLimiter(), RateLimiter(), RateLimiter(None)
    for limiter in (used, unlimited):
        with limiter.slot():
            pass
    assert unused.statistics().requests == 0
    assert in_child(lambda: [record.getMessage() for record in caplog.records]) == (before + 1) * [
        "forked: parent and child apply the rate limit separately; share it with a file store"
    ]


def test_parent_and_child_share_a_file(tmp_path: Path) -> None:
    """The parent holds one of three slots: the child can acquire two, and not a third one."""
    limiter = RateLimiter(RateLimit(3, 0.05, store=f"file://{tmp_path}/slots"))
    slot = acquired(limiter)

    def call() -> int:
        held = [acquired(limiter), acquired(limiter, max_wait=0)]
        with pytest.raises(RateLimitError):
            acquired(limiter, max_wait=0)
        return len(held)

    assert in_child(call) == 2
    release(slot)
