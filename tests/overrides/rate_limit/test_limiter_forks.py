"""The limiter in a process that forks: the child has no requests in flight, no waiting threads, and no locked lock."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

PREFACE = """
import logging, os, sys, threading, time
from sendblue_contacts import RateLimit, RateLimiter
from sendblue_contacts.rate_limit import registry, shared_limiter

def child(body):
    '''Run this in a child, for at most 20 s; print its status.'''
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        import signal
        signal.alarm(20)
        try:
            body()
        finally:
            sys.stdout.flush()
            os._exit(0)
    print("status", os.waitpid(pid, 0)[1])

def acquired(limiter):
    slot = limiter.slot()
    limiter.acquire(slot)
    return slot
"""


def run(program: str) -> tuple[list[str], str]:
    """What a new process prints, line by line, and what it writes to stderr."""
    whole = PREFACE + textwrap.dedent(program)
    done = subprocess.run([sys.executable, "-c", whole], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines(), done.stderr


def test_requests_in_flight_stay_with_the_parent() -> None:
    """In the child they count as abandoned at the fork; in the parent nothing changes."""
    printed, _ = run("""
        now = [0.0]
        limiter = RateLimiter(RateLimit(3, 10.0), clock=lambda: now[0])
        acquired(limiter)

        def show():
            statistics = limiter.statistics()
            print(statistics.in_flight, statistics.free)
            now[0] = 10.0
            print(limiter.statistics().free)

        child(show)
        show()
    """)
    assert printed == ["0 2", "3", "status 0", "1 2", "2"]


def test_waiting_threads_stay_with_the_parent() -> None:
    """The callers of the child do not queue behind them, because they never continue there."""
    printed, _ = run("""
        limiter = RateLimiter(RateLimit(1, 0.2))
        slot = acquired(limiter)
        waiting = threading.Thread(target=acquired, args=(limiter,))
        waiting.start()
        while not limiter.statistics().waiting:
            time.sleep(0.001)

        def call():
            print(limiter.statistics().waiting)
            acquired(limiter)
            print("served")

        child(call)
        limiter.release(slot)
        waiting.join()
        print("served too")
    """)
    assert printed == ["0", "served", "status 0", "served too"]


def test_a_lock_that_another_thread_holds_is_free_in_the_child() -> None:
    """The thread that would release it does not exist there; this applies to a limiter and to the registry."""
    printed, _ = run("""
        limiter = shared_limiter("key", "host", RateLimit(3))
        locked, over = threading.Event(), threading.Event()

        def hold():
            with limiter._lock, registry._REGISTRY.lock:
                locked.set()
                over.wait()

        thread = threading.Thread(target=hold)
        thread.start()
        locked.wait()

        def call():
            acquired(limiter)
            print(shared_limiter("key", "host", RateLimit(3)) is limiter, limiter.statistics().in_flight)

        child(call)
        over.set()
        thread.join()
    """)
    assert printed == ["True 1", "status 0"]


def test_the_child_does_not_release_a_slot_of_its_parent() -> None:
    """It leaves the block in which the parent forked, and gets no additional slot from that."""
    printed, _ = run("""
        limiter = RateLimiter(RateLimit(1, 1000.0))
        unlimited = RateLimiter(None)
        with limiter.slot(), unlimited.slot():
            pid = os.fork()
        if not pid:
            statistics = limiter.statistics()
            slots = len(limiter._window._free_at)
            print(statistics.in_flight, statistics.free, slots, unlimited.statistics().in_flight)
            sys.exit()
        print("status", os.waitpid(pid, 0)[1])
    """)
    assert printed == ["0 0 1 0", "status 0"]


def test_the_child_logs_a_warning_without_a_shared_store() -> None:
    """If the parent has sent requests: both keep the limit separately. The warning states how to share it."""
    _, errors = run("""
        logging.basicConfig(format="%(levelname)s %(message)s")
        used, unused, unlimited = RateLimiter(), RateLimiter(), RateLimiter(None)
        for limiter in (used, unlimited):
            with limiter.slot():
                pass
        child(lambda: None)
    """)
    assert errors.splitlines() == [
        "WARNING forked: parent and child apply the rate limit separately; share it with a file store"
    ]


def test_parent_and_child_share_a_file(tmp_path: os.PathLike[str]) -> None:
    """Each acquires one of three slots: the third is free for either, a fourth is not; no warning is logged."""
    printed, errors = run(f"""
        logging.basicConfig()
        limiter = RateLimiter(RateLimit(3, 0.3, store="file://{os.fspath(tmp_path)}/slots"))
        acquired(limiter)

        def call():
            acquired(limiter)
            with limiter.slot(max_wait=0) as slot:
                print("the third")
            try:
                with limiter.slot(max_wait=0.1):
                    print("a fourth")
            except Exception as error:
                print(type(error).__name__)

        child(call)
    """)
    assert (printed, errors) == (["the third", "RateLimitError", "status 0"], "")


def test_a_deleted_limiter_does_not_break_a_fork() -> None:
    """Only those that exist are reset."""
    printed, _ = run("""
        import gc
        for _ in range(3):
            RateLimiter(RateLimit(1))
        gc.collect()
        limiter = RateLimiter(RateLimit(1))
        child(lambda: print(acquired(limiter).waited))
    """)
    assert printed == ["0.0", "status 0"]
