"""The document: what it says is what the sandbox does, and a change of it needs no change of the sandbox."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sendblue_sandbox import Sandbox
from sendblue_sandbox.api.document import VARIABLE, Document, find
from sendblue_sandbox.api.operations import HANDLERS

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

PATH = "/api/v2/contacts"
ADA = "+14155551234"
ROOT = Path(__file__).parents[3]


def add_birthday(document: dict[str, Any]) -> None:
    """Give contacts a birthday."""
    for schema in ("Contact", "ContactCreate", "ContactUpdate", "BulkContact"):
        field = {"type": ["string", "null"], "format": "date", "x-aliases": ["birthDate"]}
        document["components"]["schemas"][schema]["properties"]["birthday"] = field


def test_a_new_field_needs_no_new_code(
    serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client], edited: Callable[..., Path]
) -> None:
    """A field that is added to the document is created, updated, upserted, bulk created, cleared and listed."""
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
    """The type of a field that is added to the document is checked, and without the document it is unknown."""
    api = connect(serve(document=edited(add_birthday)))
    assert (
        api.post(PATH, json={"number": ADA, "birthDate": 1815}).json()["message"].startswith("Invalid field: birthday")
    )
    plain = connect(serve()).post(PATH, json={"number": ADA, "birthDate": "1815-12-10"})
    assert (plain.status_code, plain.json()["message"]) == (400, "Unknown field: birthDate")


def test_a_field_that_becomes_required_is_required(
    serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client], edited: Callable[..., Path]
) -> None:
    """Required fields come from the document."""

    def require_a_name(document: dict[str, Any]) -> None:
        document["components"]["schemas"]["ContactCreate"]["required"].append("last_name")

    api = connect(serve(document=edited(require_a_name)))
    assert api.post(PATH, json={"number": ADA}).json()["message"] == "Missing fields"
    assert api.post(PATH, json={"number": ADA, "lastName": "Lovelace"}).status_code == 200


def test_every_operation_of_the_document_is_carried_out() -> None:
    """The sandbox has a function for each operation of the document, and no other."""
    names = [operation.name for operation in Document().operations]
    assert (len(names) >= 10, sorted(names)) == (True, sorted(HANDLERS))


def test_every_answer_is_as_the_document_says(api: httpx.Client) -> None:
    """The answer of each operation fits the schema that the document has for it."""
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
    for operation in sorted(operations, key=lambda each: (each.name != "create_contact", each.method == "DELETE")):
        path = operation.path.replace("{phone_number}", ADA)
        response = api.request(operation.method, path, json=bodies.get(operation.name))
        assert response.status_code == 200, operation.name
        assert operation.answer.complaint(response.json()) is None


def test_it_is_found_in_the_tree() -> None:
    """In a source tree the document is `openapi/contacts.yaml`."""
    assert find() == ROOT / "openapi" / "contacts.yaml"


def test_it_is_found_beside_an_installed_package(tmp_path: Path) -> None:
    """In a wheel the document is beside the modules, and an installed sandbox starts from it."""
    package = shutil.copytree(ROOT / "sandbox" / "sendblue_sandbox", tmp_path / "sendblue_sandbox")
    shutil.copy(ROOT / "openapi" / "contacts.yaml", package)
    program = (
        "from sendblue_sandbox import Sandbox; from sendblue_sandbox.api.document import find;"
        "Sandbox().close(); print(find())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout == f"{package / 'contacts.yaml'}\n"


def test_the_environment_can_name_it(monkeypatch: pytest.MonkeyPatch, edited: Callable[..., Path]) -> None:
    """`SENDBLUE_SANDBOX_DOCUMENT` names another document, and an argument comes before that."""
    other = edited(add_birthday)
    monkeypatch.setenv(VARIABLE, str(other))
    assert find() == other
    assert find(ROOT / "openapi" / "contacts.yaml") == ROOT / "openapi" / "contacts.yaml"


def test_a_missing_document_is_told(tmp_path: Path) -> None:
    """A document that is not there is a `FileNotFoundError` that says how to give one."""
    with pytest.raises(FileNotFoundError, match=f"document= or in {VARIABLE}"):
        Sandbox(document=tmp_path / "nowhere.yaml")


@pytest.mark.parametrize("text", ["", "text", "[]", "{}", "a: [", "paths: {}", "components: {}\npaths: 5"])
def test_what_is_no_document_is_told(tmp_path: Path, text: str) -> None:
    """A file that is no OpenAPI document is a `ValueError` with its path."""
    path = tmp_path / "contacts.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"contacts\.yaml is not a document to work from"):
        Sandbox(document=path)


def test_nothing_of_the_client_is_imported() -> None:
    """The sandbox runs without a module of the client, so that a mistake of the client is not mirrored."""
    program = (
        "import sys; from sendblue_sandbox import Sandbox; Sandbox().close();"
        "print([name for name in sys.modules if name.startswith('sendblue_contacts')])"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT / "sandbox")
    assert done.stdout == "[]\n"
