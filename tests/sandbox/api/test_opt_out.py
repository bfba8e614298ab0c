"""Opt-outs of numbers (vendor's page 004: "from recipient opt-out state"), and the operation `verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import httpx

PATH = "/api/v2/contacts"
ADA = "+14155551234"
BOB = "+14155555678"
ADA_PATH = f"{PATH}/%2B14155551234"


def opted_out(api: httpx.Client, path: str = ADA_PATH) -> object:
    """Return `opt_out` of the contact."""
    return api.get(path).json()["contact"]["opt_out"]


def test_opting_out_is_the_default(api: httpx.Client) -> None:
    """A number alone opts out; the response has the number, its state and the status."""
    response = api.post(f"{PATH}/opt-out", json={"number": ADA})
    assert response.status_code == 200
    assert response.json() == {"number": ADA, "opted_out": True, "status": "OK"}


def test_a_number_can_opt_in_again(api: httpx.Client) -> None:
    """`opted_out: false` ends an opt-out, also in the contact (the vendor's own library has this parameter)."""
    api.post(PATH, json={"number": ADA})
    api.post(f"{PATH}/opt-out", json={"number": ADA})
    assert opted_out(api) is True
    response = api.post(f"{PATH}/opt-out", json={"number": ADA, "opted_out": False})
    assert response.json() == {"number": ADA, "opted_out": False, "status": "OK"}
    assert opted_out(api) is False


def test_opting_out_twice_is_no_error(api: httpx.Client) -> None:
    """An opt-out can be repeated."""
    api.post(f"{PATH}/opt-out", json={"number": ADA})
    assert api.post(f"{PATH}/opt-out", json={"number": ADA}).status_code == 200


def test_opt_out_creates_no_contact(api: httpx.Client) -> None:
    """A number that is not a contact can opt out, and does not become a contact."""
    api.post(f"{PATH}/opt-out", json={"number": ADA})
    assert api.get(f"{PATH}/count").json() == {"count": 0}


def test_new_contact_has_the_opt_out_of_its_number(api: httpx.Client) -> None:
    """A contact whose number opted out before its creation is opted out."""
    api.post(f"{PATH}/opt-out", json={"number": ADA})
    api.post(PATH, json={"number": ADA})
    assert opted_out(api) is True


def test_opt_out_remains_after_delete(api: httpx.Client) -> None:
    """An opt-out remains when the contact is deleted."""
    api.post(PATH, json={"number": ADA})
    api.post(f"{PATH}/opt-out", json={"number": ADA})
    api.delete(ADA_PATH)
    api.post(PATH, json={"number": ADA})
    assert opted_out(api) is True


def test_new_number_has_its_own_opt_out(api: httpx.Client) -> None:
    """A contact with a new number has the state of that number; the old number keeps its state."""
    api.post(PATH, json={"number": ADA})
    api.put(ADA_PATH, json={"opt_out": True})
    assert api.put(ADA_PATH, json={"phone_number": BOB}).json()["contact"]["opt_out"] is False
    api.post(PATH, json={"number": ADA})
    assert opted_out(api) is True


@pytest.mark.parametrize(("sent", "state"), [(True, True), (False, False), (None, False)])
def test_an_update_sets_the_opt_out(api: httpx.Client, sent: object, state: object) -> None:
    """`opt_out` in an update sets the state of the number; null clears it."""
    api.post(PATH, json={"number": ADA})
    api.post(f"{PATH}/opt-out", json={"number": ADA})
    assert api.put(ADA_PATH, json={"opt_out": sent}).json()["contact"]["opt_out"] is state


def test_verify_returns_a_status(api: httpx.Client) -> None:
    """Verifying returns `{status: "OK"}`, also for a number that is not a contact."""
    response = api.post(f"{PATH}/verify", json={"number": ADA})
    assert (response.status_code, response.json()) == (200, {"status": "OK"})


def test_verify_does_not_set_verified(api: httpx.Client) -> None:
    """A contact becomes verified by a reply to the message, which never arrives here."""
    api.post(PATH, json={"number": ADA})
    api.post(f"{PATH}/verify", json={"number": ADA})
    assert api.get(ADA_PATH).json()["contact"]["verified"] is False


@pytest.mark.parametrize("path", ["verify", "opt-out"])
def test_a_number_must_be_e164(api: httpx.Client, path: str) -> None:
    """An invalid number is refused with the name of the field."""
    response = api.post(f"{PATH}/{path}", json={"number": "(415) 555-1234"})
    assert response.status_code == 400
    assert response.json()["message"].startswith("Invalid phone number: number")
