"""`read_lag=`: reads show the contacts as they were some seconds ago, and writes are applied at once."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from sendblue_sandbox import Sandbox

from tests.sandbox.contacts_api import ADA, ADA_PATH, BOB, PATH, Connect, Serve

TIME = SimpleNamespace(now=1_705_314_600.0)


@pytest.fixture
def sandbox(serve: Serve) -> Sandbox:
    """A sandbox whose reads are two seconds late."""
    return serve(read_lag=2.0, clock=lambda: TIME.now)


@pytest.fixture
def api(sandbox: Sandbox, connect: Connect) -> httpx.Client:
    """A client of it."""
    return connect(sandbox)


def _shown(api: httpx.Client) -> dict[str, Any]:
    """Returns what each of the three reads shows: first names in a list, a count, and a status."""
    return {
        "list": [contact["first_name"] for contact in api.get(PATH, params={"order_direction": "asc"}).json()],
        "count": api.get(f"{PATH}/count").json()["count"],
        "status": api.get(ADA_PATH).status_code,
    }


def test_a_write_is_shown_after_the_lag(api: httpx.Client) -> None:
    """By lists, counts and look-ups alike; a contact that was deleted is shown for as long."""
    nothing, ada = {"list": [], "count": 0, "status": 404}, {"list": ["Ada"], "count": 1, "status": 200}
    assert api.post(PATH, json={"number": ADA, "first_name": "Ada"}).json()["contact"]["first_name"] == "Ada"
    TIME.now += 1.9
    assert _shown(api) == nothing
    TIME.now += 0.2
    assert _shown(api) == ada
    api.delete(ADA_PATH)
    assert _shown(api) == ada
    TIME.now += 2
    assert _shown(api) == nothing


def test_writes_do_not_lag(api: httpx.Client, sandbox: Sandbox) -> None:
    """A number that is not shown yet is a conflict, and a contact that is still shown cannot be updated."""
    api.post(PATH, json={"number": ADA})
    assert api.post(PATH, json={"number": ADA}).status_code == 409
    assert api.post(f"{PATH}/bulk", json={"contacts": [{"phone": ADA}]}).json()["failures"]
    assert api.put(ADA_PATH, json={"first_name": "Ada"}).json()["contact"]["first_name"] == "Ada"
    assert api.request("DELETE", PATH, json={"contact_ids": [ADA]}).json()["amount"] == 1
    assert (api.put(ADA_PATH, json={}).status_code, sandbox.contacts()) == (404, [])


def test_every_kind_of_write_is_repeated(api: httpx.Client, sandbox: Sandbox) -> None:
    """Also new numbers, opt-outs and verifications; the contact IDs are those of the writes."""
    sandbox.seed(3)
    made = api.post(f"{PATH}/bulk", json={"contacts": [{"phone": ADA}]}).json()["contacts"]
    api.put(ADA_PATH, json={"phone_number": BOB, "tags": ["VIP"]})
    api.post(f"{PATH}/opt-out", json={"number": BOB, "opted_out": True})
    api.post(f"{PATH}/verify", json={"number": BOB})
    api.post("/_sandbox/verifications", json={"phone": BOB}).raise_for_status()
    TIME.now += 2
    shown = api.get(PATH, params={"phone_number": BOB}).json()[0]
    assert (shown["contact_id"], shown["tags"]) == (made[0]["contact_id"], ["VIP"])
    assert (shown["opt_out"], shown["verified"]) == (True, True)
    assert (shown["contact_id"], api.get(f"{PATH}/count").json()["count"]) == ("c_00000004", 4)


def test_a_refused_bulk_item_changes_nothing(api: httpx.Client) -> None:
    """Only what was committed is shown."""
    api.post(PATH, json={"number": ADA, "first_name": "Ada"})
    items = [{"phone": ADA, "first_name": "x"}, {"phone": BOB, "first_name": "Bob"}]
    api.post(f"{PATH}/bulk", json={"contacts": items})
    TIME.now += 2
    assert _shown(api) == {"list": ["Ada", "Bob"], "count": 2, "status": 200}


def test_what_is_no_request_is_shown_at_once(serve: Serve, connect: Connect, tmp_path: Path) -> None:
    """The contacts of a file were written before; a reset is no request of the API."""
    first = serve(db=tmp_path / "contacts.sqlite")
    first.seed(3)
    first.close()
    again = serve(db=tmp_path / "contacts.sqlite", read_lag=60)
    api = connect(again)
    assert api.get(f"{PATH}/count").json() == {"count": 3}
    again.reset()
    assert api.get(f"{PATH}/count").json() == {"count": 0}
