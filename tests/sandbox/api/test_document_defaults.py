"""The sandbox applies the defaults of the document: an absent value has the same effect as its default."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import yaml
from sendblue_sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENT: dict[str, Any] = yaml.safe_load((Path(__file__).parents[3] / "openapi/contacts.yaml").read_bytes())
SCHEMAS = DOCUMENT["components"]["schemas"]
PATH = "/api/v2/contacts"
PARAMETERS = {
    parameter["name"]: parameter["schema"]["default"]
    for parameter in DOCUMENT["paths"][PATH]["get"]["parameters"]
    if "default" in parameter["schema"]
}
ADA, NEW = "+14155551234", "+14155555678"
HEADERS = {"sb-api-key-id": "key", "sb-api-secret-key": "secret"}


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    """A client of a sandbox with more contacts than one page by default."""
    with Sandbox(limit=None) as sandbox:
        sandbox.seed(PARAMETERS["limit"] + 20)
        with httpx.Client(base_url=sandbox.url, headers=HEADERS, trust_env=False) as client:
            yield client


def test_list_parameters_have_defaults() -> None:
    """The document has a default for the page and the order of a list."""
    assert list(PARAMETERS) == ["limit", "offset", "order_by", "order_direction"]


@pytest.mark.parametrize("name", [*PARAMETERS, "all"])
def test_list(client: httpx.Client, name: str) -> None:
    """A list without parameters is the list with the defaults."""
    given = PARAMETERS if name == "all" else {name: PARAMETERS[name]}
    page = client.get(PATH).json()
    assert (client.get(PATH, params=given).json(), len(page)) == (page, PARAMETERS["limit"])


def test_update_if_exists(client: httpx.Client) -> None:
    """A create of an existing contact fails without `update_if_exists`, as with its default."""
    default = SCHEMAS["ContactCreate"]["properties"]["update_if_exists"]["default"]
    client.post(PATH, json={"number": ADA}).raise_for_status()
    absent = client.post(PATH, json={"number": ADA})
    given = client.post(PATH, json={"number": ADA, "update_if_exists": default})
    assert (absent.status_code, absent.json()) == (given.status_code, given.json())
    assert absent.status_code == 409


def test_opted_out(client: httpx.Client) -> None:
    """An opt-out without `opted_out` has the result of its default."""
    default = SCHEMAS["ContactOptOut"]["properties"]["opted_out"]["default"]
    absent = client.post(f"{PATH}/opt-out", json={"number": ADA}).json()
    given = client.post(f"{PATH}/opt-out", json={"number": NEW, "opted_out": default}).json()
    assert absent | {"number": NEW} == given
