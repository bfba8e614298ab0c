"""Opt-outs of numbers (vendor's page 004: "from recipient opt-out state"), and the operation `verify`."""

import httpx

from tests.sandbox.contacts_api import ADA, ADA_PATH, BOB, PATH, outcome


def opted_out(api: httpx.Client) -> object:
    """Return `opt_out` of the contact."""
    return api.get(ADA_PATH).json()["contact"]["opt_out"]


def test_opting_out_is_the_default(api: httpx.Client) -> None:
    """A number alone opts out, also twice, and does not become a contact."""
    for _ in range(2):
        response = api.post(f"{PATH}/opt-out", json={"number": ADA})
        assert response.status_code == 200
        assert response.json() == {"number": ADA, "opted_out": True, "status": "OK"}
    assert api.get(f"{PATH}/count").json() == {"count": 0}


def test_the_opt_out_belongs_to_the_number(api: httpx.Client) -> None:
    """A contact has the opt-out of its number: one before its creation, and one of a deleted contact."""
    api.post(f"{PATH}/opt-out", json={"number": ADA})
    for _ in range(2):
        api.post(PATH, json={"number": ADA})
        assert opted_out(api) is True
        api.delete(ADA_PATH)


def test_an_update_sets_the_opt_out(api: httpx.Client) -> None:
    """`opt_out` in an update sets the state of the number, which a contact with a new number leaves; null clears it."""
    api.post(PATH, json={"number": ADA})
    for sent, state in ((True, True), (None, False), (True, True), (False, False), (True, True)):
        assert api.put(ADA_PATH, json={"opt_out": sent}).json()["contact"]["opt_out"] is state
    assert api.put(ADA_PATH, json={"phone_number": BOB}).json()["contact"]["opt_out"] is False
    api.post(PATH, json={"number": ADA})
    assert opted_out(api) is True


def test_verify_returns_a_status(api: httpx.Client) -> None:
    """Verifying returns `{status: "OK"}`, but a contact becomes verified by a reply, which never arrives here."""
    api.post(PATH, json={"number": ADA})
    for number in (ADA, BOB):
        response = api.post(f"{PATH}/verify", json={"number": number})
        assert (response.status_code, response.json()) == (200, {"status": "OK"})
    assert api.get(ADA_PATH).json()["contact"]["verified"] is False


def test_a_number_must_be_e164(api: httpx.Client) -> None:
    """An invalid number is refused with the name of the field."""
    for path in ("verify", "opt-out"):
        status, message = outcome(api.post(f"{PATH}/{path}", json={"number": "(415) 555-1234"}))
        assert (path, status, message.startswith("Invalid phone number: number")) == (path, 400, True)
