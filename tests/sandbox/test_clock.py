"""The clock: real until it is set, then where it was put."""

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


def test_it_follows_the_real_time() -> None:
    """Nobody set it: it says what the real time is."""
    times = iter([1.0, 2.0])
    clock = Clock(lambda: next(times))
    assert (clock.virtual, clock(), clock()) == (False, 1.0, 2.0)


@pytest.mark.parametrize("at", [MOMENT, MOMENT.timestamp()])
def test_it_stands_where_it_was_set(at: float | datetime) -> None:
    """A clock that was set stands still, at seconds or at a datetime."""
    clock = Clock()
    clock.set(at)
    assert (clock.virtual, clock(), clock()) == (True, MOMENT.timestamp(), MOMENT.timestamp())


def test_it_moves_when_it_is_moved() -> None:
    """`advance` moves on from where it is, the real time included."""
    clock = Clock(lambda: 100.0)
    clock.advance(2.5)
    clock.advance(0)
    assert clock() == 102.5


def test_it_can_be_given_back() -> None:
    """`real` follows the real time again."""
    clock = Clock(lambda: 100.0)
    clock.set(5)
    clock.real()
    assert (clock.virtual, clock()) == (False, 100.0)


@pytest.mark.parametrize(
    "at",
    [-1, float("nan"), float("inf"), 1e12, True, "now", None, datetime(2024, 1, 15)],  # noqa: DTZ001 - naive, so refused
)
def test_it_is_not_set_to_what_is_no_time(at: Any) -> None:  # noqa: ANN401 - of any type
    """What is no moment from 1970 to 9999 is a `ValueError`, and the clock stays as it was."""
    clock = Clock(lambda: 100.0)
    with pytest.raises(ValueError, match=r"^set: .*: give "):
        clock.set(at)
    assert not clock.virtual


@pytest.mark.parametrize("seconds", [-1, float("nan"), 1e12, True, "1"])
def test_it_does_not_move_back(seconds: Any) -> None:  # noqa: ANN401 - of any type
    """What is no time to move on by is a `ValueError`."""
    with pytest.raises(ValueError, match=r"^advance: .*: give "):
        Clock().advance(seconds)


def test_contacts_are_made_at_its_time(sandbox: Sandbox, api: httpx.Client) -> None:
    """`created_at` is the clock's time."""
    sandbox.clock.set(MOMENT)
    contact = api.post(PATH, json={"number": "+14155551234"}).json()["contact"]
    assert contact["created_at"] == "2024-01-15T10:30:00.000Z"


def test_the_limit_follows_it(serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client]) -> None:
    """A window passes when the clock is moved on; set anew, the limit starts anew, and the worst window is kept."""
    api = connect(sandbox := serve(limit=1))
    sandbox.clock.set(1_000)
    codes = [api.get(PATH).status_code for _ in range(2)]
    sandbox.clock.advance(10)
    codes.append(api.get(PATH).status_code)
    sandbox.clock.set(500)
    codes.append(api.get(PATH).status_code)
    assert (codes, sandbox.arrivals()) == ([200, 429, 200, 200], 2)


def test_a_reset_gives_it_back(sandbox: Sandbox) -> None:
    """`reset` follows the real time again."""
    sandbox.clock.set(5)
    sandbox.reset()
    assert not sandbox.clock.virtual
