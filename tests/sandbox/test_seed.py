"""Seeding: contacts that look like those of people, the same from the same seed, and fast."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from sendblue_sandbox import Sandbox
from sendblue_sandbox.seed import NUMBERS, people

if TYPE_CHECKING:
    import httpx

PATH = "/api/v2/contacts"
NOW = 1_705_314_600_000


def test_contacts_are_added(sandbox: Sandbox, api: httpx.Client) -> None:
    """`seed` adds as many contacts as asked for and tells their numbers, the newest last."""
    phones = sandbox.seed(250)
    assert api.get(f"{PATH}/count").json() == {"count": 250}
    assert [each["phone"] for each in api.get(PATH, params={"limit": 3}).json()] == phones[:-4:-1]


def test_the_same_seed_makes_the_same_people(sandbox: Sandbox) -> None:
    """Two sandboxes with one seed hold the same contacts at the same time; another seed makes others."""
    made: list[Any] = []
    for seed in (1, 1, 2):
        sandbox.reset()
        sandbox.clock.set(NOW / 1000)
        sandbox.seed(50, seed=seed)
        made.append(sandbox.contacts())
    assert made[0] == made[1]
    assert made[0] != made[2]


def test_they_look_like_people(sandbox: Sandbox) -> None:
    """They have names, and some have tags, variables, a company, an assignee or an opt-out, with numbers in E.164."""
    sandbox.seed(400)
    found = sandbox.contacts()
    assert all(re.fullmatch(r"\+1[2-9]\d\d555\d{4}", each["phone"]) and each["first_name"] for each in found)
    for name in ("tags", "custom_variables", "company_name", "assigned_to_email", "opt_out"):
        assert 0 < sum(bool(each[name]) for each in found) < 400
    assert len({each["first_name"] for each in found}) > 20


def test_they_are_answered_as_any_contact(sandbox: Sandbox, api: httpx.Client) -> None:
    """A seeded contact answers like one that was created, can be changed, and opted in again."""
    phone = next(each["phone"] for each in (sandbox.seed(200), sandbox.contacts())[1] if each["opt_out"])
    assert api.get(f"{PATH}/{phone}").json()["contact"]["opt_out"] is True
    api.post(f"{PATH}/opt-out", json={"number": phone, "opted_out": False})
    assert api.get(f"{PATH}/{phone}").json()["contact"]["opt_out"] is False


def test_they_come_beside_what_is_there(sandbox: Sandbox, api: httpx.Client) -> None:
    """Seeding again, with the same seed even, adds people with other numbers; IDs go on."""
    sandbox.seed(10)
    api.post(PATH, json={"number": "+14155551234"})
    sandbox.seed(10)
    found = sandbox.contacts()
    assert len({each["phone"] for each in found}) == 21
    assert found[-1]["contact_id"] == "c_00000021"


def test_they_were_made_before_now() -> None:
    """Each was created after the one before, and the last not after now."""
    moments = [at for _, at, _ in people(100, 0, NOW, ()).contacts]
    assert moments == sorted(set(moments))
    assert moments[-1] < NOW


@pytest.mark.parametrize("count", [-1, 1.5, True, "5", None, NUMBERS + 1])
def test_a_bad_count_is_refused(sandbox: Sandbox, count: Any) -> None:  # noqa: ANN401 - of any type
    """A number of contacts that cannot be made is a `ValueError`, and none is."""
    with pytest.raises(ValueError, match=r"^seed: .*: give a whole number from 0 to 1,000,000"):
        sandbox.seed(count)
    assert sandbox.contacts() == []


def test_a_bad_seed_is_refused(sandbox: Sandbox) -> None:
    """A seed that is no whole number is a `ValueError`: text would be taken for one silently."""
    with pytest.raises(ValueError, match="not a seed"):
        sandbox.seed(1, seed="x")  # type: ignore[arg-type] # that is what is tested


def test_ten_thousand_take_no_time() -> None:
    """10,000 contacts are there in well under a second; 100,000 within 3, which benchmarks/sandbox.py measures."""
    sandbox = Sandbox()
    started = time.perf_counter()
    sandbox.seed(10_000)
    assert time.perf_counter() - started < 1.5
    sandbox.close()
