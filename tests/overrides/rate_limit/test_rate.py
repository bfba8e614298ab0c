"""The settings of the rate limit: what makes no sense is refused, in a sentence."""

from __future__ import annotations

import math

import pytest
from sendblue_contacts import RateLimit
from sendblue_contacts.rate_limit.rate import share_of


@pytest.mark.parametrize("limit", [0, -1, 1.5, True, "100"])
def test_a_limit_must_be_a_number_of_requests(limit: int) -> None:
    """Anything but a whole number from 1 on is refused, and the sentence says so."""
    with pytest.raises(ValueError, match="RateLimit: limit must be a whole number of 1 or more, not"):
        RateLimit(limit)


@pytest.mark.parametrize("per", [0, -1.0, math.inf, math.nan])
def test_a_window_must_have_a_length(per: float) -> None:
    """Anything but a positive number of seconds is refused, and the sentence says so."""
    with pytest.raises(ValueError, match="RateLimit: per must be a positive number of seconds, not"):
        RateLimit(100, per)


@pytest.mark.parametrize("reserve", [-1, 1.5, True, "10"])
def test_a_reserve_must_be_a_number_of_slots(reserve: int) -> None:
    """Anything but a whole number from 0 on is refused, and the sentence says so."""
    with pytest.raises(ValueError, match="RateLimit: reserve must be a whole number of 0 or more, not"):
        RateLimit(reserve=reserve)


def test_what_to_do_without_a_store_must_be_one_of_three() -> None:
    """The sentence names them."""
    with pytest.raises(ValueError, match="RateLimit: when_away must be one of block, raise, local, not 'wait'"):
        RateLimit(when_away="wait")  # type: ignore[arg-type]  # that is what is tested


@pytest.mark.parametrize("share", [0, -0.1, 1.1, math.nan])
def test_a_share_is_a_part_of_the_slots(share: float) -> None:
    """Of none nobody can live, and of more than all neither."""
    with pytest.raises(ValueError, match="RateLimit: share must be above 0 and at most 1, not"):
        RateLimit(share=share)


def test_a_share_has_a_slot_at_least() -> None:
    """Were it rounded up, 200 processes with half a slot each would send twice the limit."""
    words = "a share of 0.005 of 100 slots is none, for when_away='local'; .* a share of 1/100 or more"
    with pytest.raises(ValueError, match=words):
        RateLimit(100, when_away="local", share=1 / 200)
    assert RateLimit(5, share=0.1).when_away == "block"


@pytest.mark.parametrize("processes", range(1, 101))
def test_a_share_may_be_one_slot(processes: int) -> None:
    """As many processes as there are slots can have one each, however that is rounded."""
    RateLimit(processes, when_away="local", share=1 / processes)
    assert share_of(processes, 1 / processes) == 1
