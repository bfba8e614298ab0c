"""How far an import is said to be, by a clock that the test turns."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from sendblue_transfer.fates import CREATED, DUPLICATE
from sendblue_transfer.meter import Meter

if TYPE_CHECKING:
    from sendblue_transfer import ImportProgress


class Rig:
    """A meter, its clock, and what it told."""

    def __init__(self) -> None:
        self.now = 100.0
        self.told: list[ImportProgress] = []
        self.meter = Meter(self.told.append, lambda: self.now)

    def sent(self, at: float, created: int, total: int = 1_000) -> None:
        """So many were created by this time."""
        self.now = 100.0 + at
        self.meter.sent(total, Counter({CREATED: created}))


@pytest.fixture
def rig() -> Rig:
    """One that has just begun."""
    return Rig()


def test_it_tells_ten_times_a_second(rig: Rig) -> None:
    """However often it is asked."""
    rig.meter.start_sending(1_000, Counter())
    for hundredth in range(1, 101):
        rig.sent(hundredth / 100, hundredth)
    assert len(rig.told) == pytest.approx(11, abs=1)


def test_it_tells_at_once_when_sending_begins(rig: Rig) -> None:
    """With what has its fate already, so that nobody waits for a bar."""
    rig.meter.start_sending(1_000, Counter({CREATED: 400, DUPLICATE: 5}))
    (told,) = rig.told
    assert (told.phase, told.done, told.created, told.duplicates, told.rate, told.eta) == (
        "sending",
        405,
        400,
        5,
        0,
        None,
    )


def test_what_was_done_before_is_not_in_the_rate(rig: Rig) -> None:
    """It was another run."""
    rig.meter.start_sending(1_000, Counter({CREATED: 400}))
    rig.sent(2, 500)
    assert (rig.told[-1].rate, rig.told[-1].eta) == (50, 10)


def test_the_rate_is_that_of_the_last_ten_seconds(rig: Rig) -> None:
    """A slow beginning is forgotten."""
    rig.meter.start_sending(100_000, Counter())
    rig.sent(60, 10, 100_000)
    for second in range(61, 75):
        rig.sent(second, 10 + 100 * (second - 60), 100_000)
    assert rig.told[-1].rate == 100


def test_nothing_is_reckoned_for_nobody() -> None:
    """Without a callback the clock is read only for the report."""
    reads: list[float] = []

    def clock() -> float:
        reads.append(0.0)
        return 0.0

    meter = Meter(None, clock)
    made = len(reads)
    meter.sent(10, Counter())
    meter.read(10)
    assert len(reads) == made
