"""The clock: real time until it is set, then virtual time."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from sendblue_sandbox import Clock, Sandbox

from tests.sandbox.contacts_api import ADA, PATH, Connect, Serve

MOMENT = datetime(2024, 1, 15, 10, 30, tzinfo=UTC)


def test_the_clock_is_set() -> None:
    """It is real time until the clock is set or advanced; then the clock stands still, until `real`."""
    real = SimpleNamespace(now=1.0)
    clock = Clock(lambda: real.now)
    assert (clock.virtual, clock()) == (False, 1.0)
    clock.advance(2.5)
    real.now = 4.0
    assert (clock.virtual, clock()) == (True, 3.5)
    for at in (MOMENT, MOMENT.timestamp()):
        clock.set(at)
        clock.advance(0)
        assert clock() == MOMENT.timestamp()
    clock.real()
    assert (clock.virtual, clock()) == (False, 4.0)


def test_invalid_time() -> None:
    """A value outside the years 1970 to 9999, or a naive datetime, is a `ValueError`; the clock does not change."""
    clock = Clock(lambda: 100.0)
    naive = MOMENT.replace(tzinfo=None)
    invalid: list[Any] = [-1, float("nan"), float("inf"), 1e12, True, "now", None, naive]
    for at in invalid:
        with pytest.raises(ValueError, match=r"^set: .*Use "):
            clock.set(at)
    for seconds in (-1, float("nan"), 1e12, True, "1"):
        with pytest.raises(ValueError, match=r"^advance: .*Use "):
            clock.advance(seconds)  # type: ignore[arg-type] # one of them is text
    assert not clock.virtual


def test_sandbox_uses_the_clock(sandbox: Sandbox, api: httpx.Client) -> None:
    """`created_at` is the time of the clock; `reset` follows real time again."""
    sandbox.clock.set(MOMENT)
    assert api.post(PATH, json={"number": ADA}).json()["contact"]["created_at"] == "2024-01-15T10:30:00.000Z"
    sandbox.reset()
    assert not sandbox.clock.virtual


def test_limit_uses_the_clock(serve: Serve, connect: Connect) -> None:
    """A window passes when the clock advances; setting the clock empties the window but keeps `arrivals`."""
    api = connect(sandbox := serve(limit=1))
    sandbox.clock.set(1_000)
    codes = [api.get(PATH).status_code for _ in range(2)]
    sandbox.clock.advance(10)
    codes.append(api.get(PATH).status_code)
    sandbox.clock.set(500)
    codes.append(api.get(PATH).status_code)
    assert (codes, sandbox.arrivals()) == ([200, 429, 200, 200], 2)
