"""The configuration of the rate limit: invalid values are errors that state what is valid."""

from __future__ import annotations

import math

import pytest
from sendblue_contacts import RateLimit


@pytest.mark.parametrize("limit", [0, -1, 1.5, True, "100"])
def test_limit_must_be_a_number_of_requests(limit: int) -> None:
    """An integer of at least 1."""
    with pytest.raises(ValueError, match="RateLimit: limit must be an integer of at least 1, not"):
        RateLimit(limit)


@pytest.mark.parametrize("per", [0, -1.0, math.inf, math.nan])
def test_per_must_be_a_length_of_time(per: float) -> None:
    """A positive, finite number of seconds."""
    with pytest.raises(ValueError, match="RateLimit: per must be a positive number of seconds, not"):
        RateLimit(100, per)


@pytest.mark.parametrize("reserve", [-1, 1.5, True, "10"])
def test_reserve_must_be_a_number_of_slots(reserve: int) -> None:
    """An integer of at least 0."""
    with pytest.raises(ValueError, match="RateLimit: reserve must be an integer of at least 0, not"):
        RateLimit(reserve=reserve)


@pytest.mark.parametrize("value", ["local", "wait", None])
def test_on_unavailable_must_be_one_of_two(value: str) -> None:
    """The error names both."""
    with pytest.raises(ValueError, match="RateLimit: on_unavailable must be 'block' or 'raise', not "):
        RateLimit(on_unavailable=value)  # type: ignore[arg-type]  # an invalid value is the test
