"""The clock: real time until it is set, then virtual time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sendblue_sandbox import Clock

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx
    from sendblue_sandbox import Sandbox

PATH = "/api/v2/contacts"
MOMENT = datetime(2024, 1, 15, 10, 30, tzinfo=UTC)


def test_follows_real_time() -> None:
    """By default the clock returns real time."""
    times = iter([1.0, 2.0])
    clock = Clock(lambda: next(times))
    assert (clock.virtual, clock(), clock()) == (False, 1.0, 2.0)


@pytest.mark.parametrize("at", [MOMENT, MOMENT.timestamp()])
def test_set_time_stands_still(at: float | datetime) -> None:
    """A clock that was set stands still, set to seconds or a datetime."""
    clock = Clock()
    clock.set(at)
    assert (clock.virtual, clock(), clock()) == (True, MOMENT.timestamp(), MOMENT.timestamp())


def test_advance() -> None:
    """`advance` moves forward from the current time, real time included."""
    clock = Clock(lambda: 100.0)
    clock.advance(2.5)
    clock.advance(0)
    assert clock() == 102.5


def test_real() -> None:
    """`real` follows real time again."""
    clock = Clock(lambda: 100.0)
    clock.set(5)
    clock.real()
    assert (clock.virtual, clock()) == (False, 100.0)


@pytest.mark.parametrize(
    "at",
    [-1, float("nan"), float("inf"), 1e12, True, "now", None, datetime(2024, 1, 15)],  # noqa: DTZ001 - naive, so refused
)
def test_invalid_time(at: Any) -> None:  # noqa: ANN401 - any type
    """A value outside the years 1970 to 9999 is a `ValueError`, and the clock does not change."""
    clock = Clock(lambda: 100.0)
    with pytest.raises(ValueError, match=r"^set: .*Use "):
        clock.set(at)
    assert not clock.virtual


@pytest.mark.parametrize("seconds", [-1, float("nan"), 1e12, True, "1"])
def test_invalid_duration(seconds: Any) -> None:  # noqa: ANN401 - any type
    """An invalid duration is a `ValueError`."""
    with pytest.raises(ValueError, match=r"^advance: .*Use "):
        Clock().advance(seconds)


def test_created_at_uses_the_clock(sandbox: Sandbox, api: httpx.Client) -> None:
    """`created_at` is the time of the clock."""
    sandbox.clock.set(MOMENT)
    contact = api.post(PATH, json={"number": "+14155551234"}).json()["contact"]
    assert contact["created_at"] == "2024-01-15T10:30:00.000Z"


def test_limit_uses_the_clock(serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client]) -> None:
    """A window passes when the clock advances; setting the clock empties the window but keeps `arrivals`."""
    api = connect(sandbox := serve(limit=1))
    sandbox.clock.set(1_000)
    codes = [api.get(PATH).status_code for _ in range(2)]
    sandbox.clock.advance(10)
    codes.append(api.get(PATH).status_code)
    sandbox.clock.set(500)
    codes.append(api.get(PATH).status_code)
    assert (codes, sandbox.arrivals()) == ([200, 429, 200, 200], 2)


def test_reset_follows_real_time(sandbox: Sandbox) -> None:
    """`reset` follows real time again."""
    sandbox.clock.set(5)
    sandbox.reset()
    assert not sandbox.clock.virtual
