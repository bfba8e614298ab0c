"""Opt-outs belong to numbers (vendor's page 004: "from recipient opt-out state"), and verifying verifies nobody."""

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
    """What the contact says of itself."""
    return api.get(path).json()["contact"]["opt_out"]


def test_opting_out_is_the_default(api: httpx.Client) -> None:
    """A number alone opts out; the answer is the number, its state and the status."""
    response = api.post(f"{PATH}/opt-out", json={"number": ADA})
    assert response.status_code == 200
    assert response.json() == {"number": ADA, "opted_out": True, "status": "OK"}


def test_a_number_can_opt_in_again(api: httpx.Client) -> None:
    """`opted_out: false` ends an opt-out, and the contact follows (the vendor's own library has the field)."""
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


def test_an_opt_out_makes_no_contact(api: httpx.Client) -> None:
    """A number that is no contact can opt out, and is no contact after it."""
    api.post(f"{PATH}/opt-out", json={"number": ADA})
    assert api.get(f"{PATH}/count").json() == {"count": 0}


def test_a_contact_finds_the_opt_out_of_its_number(api: httpx.Client) -> None:
    """A number that opted out before it became a contact is opted out."""
    api.post(f"{PATH}/opt-out", json={"number": ADA})
    api.post(PATH, json={"number": ADA})
    assert opted_out(api) is True


def test_an_opt_out_outlives_the_contact(api: httpx.Client) -> None:
    """Deleting a contact does not make its owner want messages again."""
    api.post(PATH, json={"number": ADA})
    api.post(f"{PATH}/opt-out", json={"number": ADA})
    api.delete(ADA_PATH)
    api.post(PATH, json={"number": ADA})
    assert opted_out(api) is True


def test_a_new_number_has_an_opt_out_of_its_own(api: httpx.Client) -> None:
    """A contact that gets another number has that number's state; the old number keeps its own."""
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


def test_verify_answers_a_status(api: httpx.Client) -> None:
    """Verifying answers `{status: "OK"}`, for a number that is no contact too."""
    response = api.post(f"{PATH}/verify", json={"number": ADA})
    assert (response.status_code, response.json()) == (200, {"status": "OK"})


def test_verify_verifies_nobody(api: httpx.Client) -> None:
    """A message was sent, no more: the contact is verified when its owner answers, which nobody does here."""
    api.post(PATH, json={"number": ADA})
    api.post(f"{PATH}/verify", json={"number": ADA})
    assert api.get(ADA_PATH).json()["contact"]["verified"] is False


@pytest.mark.parametrize("path", ["verify", "opt-out"])
def test_a_number_must_be_e164(api: httpx.Client, path: str) -> None:
    """What is no number is refused, with the name of the field."""
    response = api.post(f"{PATH}/{path}", json={"number": "(415) 555-1234"})
    assert response.status_code == 400
    assert response.json()["message"].startswith("Invalid phone number: number")
