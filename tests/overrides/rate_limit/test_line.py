"""The line before a window: who of two lanes is next."""

from __future__ import annotations

import pytest
from sendblue_contacts import RateLimit
from sendblue_contacts.rate_limit.line import Line
from sendblue_contacts.rate_limit.turns import ThreadTurn
from sendblue_contacts.rate_limit.window import Window


def waiting(window: Window, *, bulk: bool) -> Line:
    """A line with one turn in it, which could go now and has not looked yet."""
    line, turn = Line(window), ThreadTurn()
    turn.bulk = bulk
    line.join(turn)
    return line


@pytest.mark.parametrize("bulk", [False, True])
def test_slots_for_both_lanes_are_no_contest(bulk: bool) -> None:  # noqa: FBT001  # a lane
    """Who comes to the other lane need not wait until the one who came first has been woken."""
    window = Window(RateLimit(2, per=10.0, reserve=1))
    assert waiting(window, bulk=not bulk).is_open(0.0, bulk=bulk)


@pytest.mark.parametrize("bulk", [False, True])
def test_the_last_slot_is_for_who_came_first(bulk: bool) -> None:  # noqa: FBT001  # a lane
    """Whoever comes to the other lane stands in line."""
    window = Window(RateLimit(2, per=10.0, reserve=0))
    window.take(0.0)
    assert not waiting(window, bulk=not bulk).is_open(0.0, bulk=bulk)


@pytest.mark.parametrize("bulk", [False, True])
def test_where_everybody_is_paced_each_start_is_contested(bulk: bool) -> None:  # noqa: FBT001  # a lane
    """A start makes the next one wait for the pace, however many slots are free."""
    window = Window(RateLimit(5, per=10.0, paced=True))
    assert not waiting(window, bulk=not bulk).is_open(0.0, bulk=bulk)
