"""The document defines what the sandbox does: a change of the document needs no change of the sandbox."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sendblue_sandbox import Sandbox
from sendblue_sandbox.api.document import DOCUMENT_VARIABLE, Document, find_document
from sendblue_sandbox.api.operations import HANDLERS

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

PATH = "/api/v2/contacts"
ADA = "+14155551234"
ROOT = Path(__file__).parents[3]


def add_birthday(document: dict[str, Any]) -> None:
    """Add a field `birthday` to contacts."""
    for schema in ("Contact", "ContactCreate", "ContactUpdate", "BulkContact"):
        field = {"type": ["string", "null"], "format": "date", "x-aliases": ["birthDate"]}
        document["components"]["schemas"][schema]["properties"]["birthday"] = field


def test_a_new_field_needs_no_new_code(
    serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client], edited: Callable[..., Path]
) -> None:
    """A field added to the document is created, updated, upserted, bulk created, cleared and listed."""
    api = connect(serve(document=edited(add_birthday)))
    ada = f"{PATH}/{ADA}"
    created = api.post(PATH, json={"number": ADA, "birthDate": "1815-12-10"}).json()["contact"]
    assert (created["birthday"], created["birthDate"]) == ("1815-12-10", "1815-12-10")
    assert api.put(ada, json={"birthday": "1816-01-01"}).json()["contact"]["birthday"] == "1816-01-01"
    upsert = {"number": ADA, "birthDate": "1817-01-01", "update_if_exists": True}
    assert api.post(PATH, json=upsert).json()["contact"]["birthDate"] == "1817-01-01"
    item = {"phone": "+14155550001", "birthDate": "1818-01-01"}
    assert api.post(f"{PATH}/bulk", json={"contacts": [item]}).json()["contacts"][0]["birthday"] == "1818-01-01"
    assert [each["birthday"] for each in api.get(PATH).json()] == ["1818-01-01", "1817-01-01"]
    assert api.put(ada, json={"birthDate": None}).json()["contact"]["birthday"] is None


def test_a_new_field_is_checked(
    serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client], edited: Callable[..., Path]
) -> None:
    """The type of a field added to the document is checked; without the document the field is unknown."""
    api = connect(serve(document=edited(add_birthday)))
    assert (
        api.post(PATH, json={"number": ADA, "birthDate": 1815}).json()["message"].startswith("Invalid field: birthday")
    )
    plain = connect(serve()).post(PATH, json={"number": ADA, "birthDate": "1815-12-10"})
    assert (plain.status_code, plain.json()["message"]) == (400, "Unknown field: birthDate")


def test_required_fields(
    serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client], edited: Callable[..., Path]
) -> None:
    """Required fields come from the document."""

    def require_a_name(document: dict[str, Any]) -> None:
        document["components"]["schemas"]["ContactCreate"]["required"].append("last_name")

    api = connect(serve(document=edited(require_a_name)))
    assert api.post(PATH, json={"number": ADA}).json()["message"] == "Missing fields"
    assert api.post(PATH, json={"number": ADA, "lastName": "Lovelace"}).status_code == 200


def test_every_operation_has_a_handler() -> None:
    """The sandbox has a function for each operation of the document, and no other."""
    names = [operation.name for operation in Document().operations]
    assert (len(names) >= 10, sorted(names)) == (True, sorted(HANDLERS))


def test_every_response_matches_its_schema(api: httpx.Client) -> None:
    """The response of each operation matches its schema in the document."""
    number = {"number": ADA}
    bodies = {
        "create_contact": number,
        "bulk_create_contacts": {"contacts": [{"phone": "+14155550001"}, {"phone": "x"}, {"phone": "y", "tags": 5}]},
        "verify_contact": number,
        "opt_out_contact": number,
        "update_contact": {"last_name": None},
        "bulk_delete_contacts": {"contact_ids": ["+14155550001", "x"]},
    }
    operations = Document().operations
    for operation in sorted(operations, key=lambda item: (item.name != "create_contact", item.method == "DELETE")):
        path = operation.path.replace("{phone_number}", ADA)
        response = api.request(operation.method, path, json=bodies.get(operation.name))
        assert response.status_code == 200, operation.name
        assert operation.response.violation(response.json()) is None


def test_document_in_the_source_tree() -> None:
    """In the source tree the document is `openapi/contacts.yaml`."""
    assert find_document() == ROOT / "openapi" / "contacts.yaml"


def test_document_in_an_installed_package(tmp_path: Path) -> None:
    """In a wheel the document is in the package, and an installed sandbox starts with it."""
    package = shutil.copytree(ROOT / "sandbox" / "sendblue_sandbox", tmp_path / "sendblue_sandbox")
    shutil.copy(ROOT / "openapi" / "contacts.yaml", package)
    program = (
        "from sendblue_sandbox import Sandbox; from sendblue_sandbox.api.document import find_document;"
        "Sandbox().close(); print(find_document())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout == f"{package / 'contacts.yaml'}\n"


def test_document_from_the_environment(monkeypatch: pytest.MonkeyPatch, edited: Callable[..., Path]) -> None:
    """`SENDBLUE_SANDBOX_DOCUMENT` names another document, and an argument takes precedence over it."""
    other = edited(add_birthday)
    monkeypatch.setenv(DOCUMENT_VARIABLE, str(other))
    assert find_document() == other
    assert find_document(ROOT / "openapi" / "contacts.yaml") == ROOT / "openapi" / "contacts.yaml"


def test_missing_document(tmp_path: Path) -> None:
    """A document that does not exist is a `FileNotFoundError` with the ways to pass one."""
    with pytest.raises(FileNotFoundError, match=f"document= or in {DOCUMENT_VARIABLE}"):
        Sandbox(document=tmp_path / "nowhere.yaml")


@pytest.mark.parametrize("text", ["", "text", "[]", "{}", "a: [", "paths: {}", "components: {}\npaths: 5"])
def test_invalid_document(tmp_path: Path, text: str) -> None:
    """A file that is not a valid OpenAPI document is a `ValueError` with its path."""
    path = tmp_path / "contacts.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"contacts\.yaml is not a valid OpenAPI document"):
        Sandbox(document=path)


def test_nothing_of_the_client_is_imported() -> None:
    """The sandbox imports no module of the client, so that it does not copy errors of the client."""
    program = (
        "import sys; from sendblue_sandbox import Sandbox; Sandbox().close();"
        "print([name for name in sys.modules if name.startswith('sendblue_contacts')])"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT / "sandbox")
    assert done.stdout == "[]\n"
