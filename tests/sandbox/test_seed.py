"""Seeding: realistic contacts, reproducible and fast."""

import re
from typing import Any

import httpx
import pytest
from sendblue_sandbox import Sandbox
from sendblue_sandbox.seed import NUMBER_COUNT

from tests.sandbox.contacts_api import ADA, PATH

NOW = 1_705_314_600_000


def test_same_seed(sandbox: Sandbox) -> None:
    """Two sandboxes with the same seed and time have the same contacts; another seed creates others."""
    made: list[Any] = []
    for seed in (1, 1, 2):
        sandbox.reset()
        sandbox.clock.set(NOW / 1000)
        sandbox.seed(50, seed=seed)
        made.append(sandbox.contacts())
    assert made[0] == made[1]
    assert made[0] != made[2]


def test_contacts_are_realistic(sandbox: Sandbox) -> None:
    """They have names, and some have tags, variables, a company, an assignee or an opt-out; numbers are E.164."""
    sandbox.seed(400)
    found = sandbox.contacts()
    assert all(re.fullmatch(r"\+1[2-9]\d\d555\d{4}", each["phone"]) and each["first_name"] for each in found)
    for name in ("tags", "custom_variables", "company_name", "assigned_to_email", "opt_out"):
        assert 0 < sum(bool(each[name]) for each in found) < 400
    assert len({each["first_name"] for each in found}) > 20


def test_seeded_contacts_are_ordinary(sandbox: Sandbox, api: httpx.Client) -> None:
    """A seeded contact is like a created one; seeding again creates others, newest last, and continues the IDs."""
    phones = sandbox.seed(200)
    assert [each["phone"] for each in api.get(PATH, params={"limit": 500}).json()] == phones[::-1]
    phone = next(each["phone"] for each in sandbox.contacts() if each["opt_out"])
    api.post(f"{PATH}/opt-out", json={"number": phone, "opted_out": False})
    assert api.get(f"{PATH}/{phone}").json()["contact"]["opt_out"] is False
    api.post(PATH, json={"number": ADA})
    again = sandbox.seed(10)
    found = sandbox.contacts()
    assert [each["phone"] for each in found] == [*phones, ADA, *again]
    assert (len({*phones, *again}), found[-1]["contact_id"]) == (210, "c_00000211")


def test_invalid_count(sandbox: Sandbox) -> None:
    """An invalid number of contacts, or a seed that is not an integer, is a `ValueError`, and none is created."""
    counts: list[Any] = [-1, 1.5, True, "5", None, NUMBER_COUNT + 1]
    for count in counts:
        with pytest.raises(ValueError, match=r"^seed: .*Use an integer from 0 to 1,000,000"):
            sandbox.seed(count)
    with pytest.raises(ValueError, match="not a valid seed"):
        sandbox.seed(1, seed="x")  # type: ignore[arg-type] # this is what the test checks
    assert sandbox.contacts() == []
