"""A limiter in a process that forks: the child has no requests in flight, no threads that wait, and no dead lock."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")

PREFACE = """
import logging, os, sys, threading, time
from sendblue_contacts import RateLimit, RateLimiter
from sendblue_contacts.rate_limit import limiter as module, shared

def child(body):
    '''Run this in a child, for 20 s at most; what it prints, with the parent's.'''
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

def taken(limiter):
    slot = limiter.slot()
    limiter.acquire(slot)
    return slot
"""


def run(program: str) -> tuple[list[str], str]:
    """What a fresh process prints, line by line, and what it writes to stderr."""
    whole = PREFACE + textwrap.dedent(program)
    done = subprocess.run([sys.executable, "-c", whole], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines(), done.stderr


def test_what_is_in_flight_stays_with_the_parent() -> None:
    """In the child it counts as given up at the fork; in the parent nothing changes."""
    printed, _ = run("""
        now = [0.0]
        limiter = RateLimiter(RateLimit(3, 10.0), clock=lambda: now[0])
        taken(limiter)

        def show():
            stands = limiter.statistics()
            print(stands.in_flight, stands.free)
            now[0] = 10.0
            print(limiter.statistics().free)

        child(show)
        show()
    """)
    assert printed == ["0 2", "3", "status 0", "1 2", "2"]


def test_threads_that_wait_stay_with_the_parent() -> None:
    """The child's callers do not stand behind them, for they will never move on."""
    printed, _ = run("""
        limiter = RateLimiter(RateLimit(1, 0.2))
        slot = taken(limiter)
        waiting = threading.Thread(target=taken, args=(limiter,))
        waiting.start()
        while not limiter.statistics().waiting:
            time.sleep(0.001)

        def call():
            print(limiter.statistics().waiting)
            taken(limiter)
            print("served")

        child(call)
        limiter.release(slot)
        waiting.join()
        print("served too")
    """)
    assert printed == ["0", "served", "status 0", "served too"]


def test_a_lock_that_another_thread_has_is_free_in_the_child() -> None:
    """The thread that would free it does not exist there: neither that of a limiter, nor that of all of them."""
    printed, _ = run("""
        limiter = shared("key", "host", RateLimit(3))
        locked, over = threading.Event(), threading.Event()

        def hold():
            with limiter._lock, module._SHARED.lock:
                locked.set()
                over.wait()

        thread = threading.Thread(target=hold)
        thread.start()
        locked.wait()

        def call():
            taken(limiter)
            print(shared("key", "host", RateLimit(3)) is limiter, limiter.statistics().in_flight)

        child(call)
        over.set()
        thread.join()
    """)
    assert printed == ["True 1", "status 0"]


def test_the_child_does_not_give_back_what_the_parent_took() -> None:
    """It leaves the block in which the parent forked, and gets no slot more than the limit from that."""
    printed, _ = run("""
        limiter = RateLimiter(RateLimit(1, 1000.0))
        unlimited = RateLimiter(None)
        with limiter.slot(), unlimited.slot():
            pid = os.fork()
        if not pid:
            stands = limiter.statistics()
            print(stands.in_flight, stands.free, len(limiter._window._free_at), unlimited.statistics().in_flight)
            sys.exit()
        print("status", os.waitpid(pid, 0)[1])
    """)
    assert printed == ["0 0 1 0", "status 0"]


def test_without_a_shared_store_the_child_is_warned() -> None:
    """Parent and child keep the limit each for itself, where the parent has sent something; the sentence says a way."""
    _, said = run("""
        logging.basicConfig(format="%(levelname)s %(message)s")
        used, unused, unlimited = RateLimiter(), RateLimiter(), RateLimiter(None)
        for limiter in (used, unlimited):
            with limiter.slot():
                pass
        child(lambda: None)
    """)
    assert said.splitlines() == [
        "WARNING forked: parent and child keep the rate limit each for itself; a file store would share it"
    ]


def test_with_a_shared_store_parent_and_child_share(tmp_path: os.PathLike[str]) -> None:
    """Two of three slots are taken, one by each: the third is free, for either of them, and nobody is warned."""
    printed, said = run(f"""
        logging.basicConfig()
        limiter = RateLimiter(RateLimit(3, 0.3, store="file://{os.fspath(tmp_path)}/slots"))
        taken(limiter)

        def call():
            taken(limiter)
            with limiter.slot(max_wait=0) as slot:
                print("the third")
            try:
                with limiter.slot(max_wait=0.1):
                    print("a fourth")
            except Exception as error:
                print(type(error).__name__)

        child(call)
    """)
    assert (printed, said) == (["the third", "RateLimitError", "status 0"], "")


def test_a_limiter_that_is_gone_is_not_told() -> None:
    """Whoever was thrown away before the fork does not hinder it."""
    printed, _ = run("""
        import gc
        for _ in range(3):
            RateLimiter(RateLimit(1))
        gc.collect()
        limiter = RateLimiter(RateLimit(1))
        child(lambda: print(taken(limiter).waited))
    """)
    assert printed == ["0.0", "status 0"]
