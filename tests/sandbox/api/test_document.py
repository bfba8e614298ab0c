"""The document defines what the sandbox does: a change of the document needs no change of the sandbox."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from sendblue_sandbox import Sandbox
from sendblue_sandbox.api.document import DOCUMENT_VARIABLE, Document, find_document
from sendblue_sandbox.api.operations import HANDLERS

from tests.sandbox.contacts_api import ADA, ADA_PATH, BOB, PATH, Connect, Edited, Serve, outcome

ROOT = Path(__file__).parents[3]


def add_birthday(document: dict[str, Any]) -> None:
    """Add a field `birthday` to contacts."""
    for schema in ("Contact", "ContactCreate", "ContactUpdate", "BulkContact"):
        field = {"type": ["string", "null"], "format": "date", "x-aliases": ["birthDate"]}
        document["components"]["schemas"][schema]["properties"]["birthday"] = field


def rename_and_extend(document: dict[str, Any]) -> None:
    """Add a query parameter and an operation, require a field, change an alias, and lower the highest offset."""
    schemas = document["components"]["schemas"]
    schemas["ContactCreate"]["required"].append("last_name")
    for schema in ("Contact", "ContactCreate"):
        schemas[schema]["properties"]["first_name"]["x-aliases"] = ["vorname"]
    parameters = document["paths"][PATH]["get"]["parameters"]
    next(each for each in parameters if each["name"] == "offset")["schema"]["maximum"] = 1
    parameters.append({"name": "depth", "in": "query", "schema": {"type": "integer", "minimum": 3}})
    merge = {"operationId": "merge_contacts", "responses": {"204": {"description": "Merged."}}}
    document["paths"][f"{PATH}/merge"] = {"post": merge}


def test_a_new_field_needs_no_new_code(serve: Serve, connect: Connect, edited: Edited) -> None:
    """A field added to the document is created, updated, upserted, bulk created, cleared, listed and checked."""
    api = connect(serve(document=edited(add_birthday)))
    created = api.post(PATH, json={"number": ADA, "birthDate": "1815-12-10"}).json()["contact"]
    assert (created["birthday"], created["birthDate"]) == ("1815-12-10", "1815-12-10")
    assert api.put(ADA_PATH, json={"birthday": "1816-01-01"}).json()["contact"]["birthday"] == "1816-01-01"
    upsert = {"number": ADA, "birthDate": "1817-01-01", "update_if_exists": True}
    assert api.post(PATH, json=upsert).json()["contact"]["birthDate"] == "1817-01-01"
    item = {"phone": "+14155550001", "birthDate": "1818-01-01"}
    assert api.post(f"{PATH}/bulk", json={"contacts": [item]}).json()["contacts"][0]["birthday"] == "1818-01-01"
    assert [each["birthday"] for each in api.get(PATH).json()] == ["1818-01-01", "1817-01-01"]
    assert api.put(ADA_PATH, json={"birthDate": None}).json()["contact"]["birthday"] is None
    invalid = api.post(PATH, json={"number": BOB, "birthDate": 1815})
    assert invalid.json()["message"].startswith("Invalid field: birthday")


def test_a_changed_document(serve: Serve, connect: Connect, edited: Edited) -> None:
    """Required fields, aliases, query parameters and the highest offset come from the document."""
    api = connect(serve(document=edited(rename_and_extend)))
    assert outcome(api.post(PATH, json={"number": ADA})) == (400, "Missing fields")
    contact = api.post(PATH, json={"number": ADA, "lastName": "Lovelace", "vorname": "Ada"}).json()["contact"]
    assert (contact["first_name"], contact["vorname"], "firstName" in contact) == ("Ada", "Ada", False)
    api.post(PATH, json={"number": BOB, "lastName": "Byron"})
    assert [api.get(PATH, params={"depth": depth}).status_code for depth in (3, 2)] == [200, 400]
    pages = [api.get(PATH, params={"offset": offset}).json() for offset in (1, 2, 1000)]
    assert [[each["phone"] for each in page] for page in pages] == [[ADA]] * 3
    response = api.post(f"{PATH}/merge")
    assert (response.status_code, "merge_contacts" in response.json()["message"]) == (501, True)


@pytest.mark.parametrize("schemas", [("Contact",), ("Contact", "ContactCreate", "ContactUpdate", "BulkContact")])
def test_a_renamed_field(serve: Serve, connect: Connect, edited: Edited, schemas: tuple[str, ...]) -> None:
    """A field that is renamed everywhere, or in responses only, is stored under every name, and its old name sorts."""
    names = {"first_name": "given_name", "tags": "labels"}

    def rename(document: dict[str, Any]) -> None:
        for properties in (document["components"]["schemas"][schema]["properties"] for schema in schemas):
            for old, new in names.items():
                field = properties.pop(old)
                properties[new] = {**field, "x-aliases": [*field.get("x-aliases", []), old]}

    api = connect(serve(document=edited(rename)))
    sent = {"first_name": "Ada", "tags": ["VIP"]}
    created = api.post(PATH, json={"number": ADA, **sent}).json()["contact"]
    bulk = api.post(f"{PATH}/bulk", json={"contacts": [{"phone": BOB, **sent}]}).json()["contacts"][0]
    for contact in (created, api.put(ADA_PATH, json=sent).json()["contact"], bulk):
        assert [contact[new] for new in names.values()] == ["Ada", ["VIP"]]
    assert api.get(PATH, params={"order_by": "first_name"}).status_code == 200


def test_a_renamed_time(serve: Serve, connect: Connect, edited: Edited) -> None:
    """A field that the server computes is still computed, and seeded contacts have all fields, under new names."""
    names = {"created_at": "created", "opt_out": "silenced", "contact_id": "id", "company_name": "firm"}

    def rename(document: dict[str, Any]) -> None:
        properties = document["components"]["schemas"]["Contact"]["properties"]
        for old, new in names.items():
            field = properties.pop(old)
            properties[new] = {**field, "x-aliases": [*field.get("x-aliases", []), old]}

    api = connect(serve(document=edited(rename)))
    api.post("/_sandbox/seed", json={"count": 9})
    contacts = api.get(PATH, params={"order_by": "created_at", "order_direction": "asc"}).json()
    times = [each["created"] for each in contacts]
    assert (len(times), times, all(times)) == (9, sorted(times), True)
    assert all(each["id"] and each["silenced"] in {True, False} for each in contacts)
    assert any(each["firm"] for each in contacts)


def add_objects_and_arrays(document: dict[str, Any]) -> None:
    """Add an object to contacts, and parameters to the list: an array that repeats its name, one that is one value."""
    schemas = document["components"]["schemas"]
    schemas["Address"] = {
        "type": "object",
        "properties": {"postal_code": {"type": ["string", "null"], "x-aliases": ["postalCode"]}},
    }
    field = {"anyOf": [{"$ref": "#/components/schemas/Address"}, {"type": "null"}], "x-aliases": ["homeAddress"]}
    for schema in ("Contact", "ContactCreate", "ContactUpdate", "BulkContact"):
        schemas[schema]["properties"]["address"] = field
    parameters: list[dict[str, Any]] = document["paths"][PATH]["get"]["parameters"]
    for name, type_ in (("verified", "boolean"), ("score", "number")):
        parameters.append({"name": name, "in": "query", "schema": {"type": type_}})
    for name, type_, settings in (("tag", "string", {}), ("depth", "integer", {"explode": False})):
        array = {"type": "array", "items": {"type": type_}, "maxItems": 2}
        parameters.append({"name": name, "in": "query", "schema": array, **settings})


def test_objects_and_arrays(serve: Serve, connect: Connect, edited: Edited) -> None:
    """The fields of an object are like those of the contact; an array repeats its name, or is one value with commas."""
    api = connect(serve(document=edited(add_objects_and_arrays)))
    created = api.post(PATH, json={"number": ADA, "homeAddress": {"postalCode": "E1"}}).json()["contact"]
    assert created["address"] == created["homeAddress"] == {"postal_code": "E1", "postalCode": "E1"}
    item = {"phone": BOB, "address": {"postal_code": "E2"}}
    assert api.post(f"{PATH}/bulk", json={"contacts": [item]}).json()["contacts"][0]["address"]["postalCode"] == "E2"
    for body, message in {
        '{"address": {"code": "E1"}}': "Unknown field: code",
        '{"address": {"postalCode": 1}}': "Invalid field: address.postal_code must be string or null",
        '{"address": {"postalCode": "a", "postal_code": "b"}}': "Conflicting values for postal_code: two spellings",
    }.items():
        status, text = outcome(api.put(ADA_PATH, content=body, headers={"content-type": "application/json"}))
        assert (status, text[: len(message)]) == (400, message)
    assert api.put(ADA_PATH, json={"address": None}).json()["contact"]["address"] is None
    assert api.get(f"{PATH}?tag=a&tag=b&depth=1,2&verified=false&score=-1.5").status_code == 200
    messages = {
        "?verified=no": "Invalid parameter: verified must be boolean",
        "?score=1e5": "Invalid parameter: score must be number",
        "?tag=a&tag=b&tag=c": "Invalid parameter: tag violates 'maxItems' in the document",
        "?depth=1&depth=2": "Invalid parameter: depth was sent twice",
        "?depth=1,x": "Invalid parameter: depth.1 must be integer",
    }
    assert {query: outcome(api.get(f"{PATH}{query}")) for query in messages} == {
        query: (400, message) for query, message in messages.items()
    }


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


def test_list_defaults(api: httpx.Client, sandbox: Sandbox, document: dict[str, Any]) -> None:
    """A list without parameters is the list with the defaults of the document."""
    schemas = {each["name"]: each["schema"] for each in document["paths"][PATH]["get"]["parameters"]}
    defaults = {name: schema["default"] for name, schema in schemas.items() if "default" in schema}
    assert list(defaults) == ["limit", "offset", "order_by", "order_direction"]
    sandbox.seed(defaults["limit"] + 20)
    page = api.get(PATH).json()
    assert len(page) == defaults["limit"]
    for given in (defaults, *({name: value} for name, value in defaults.items())):
        assert api.get(PATH, params=given).json() == page


def test_body_defaults(api: httpx.Client, document: dict[str, Any]) -> None:
    """An absent field of a body has the effect of its default in the document."""
    schemas = document["components"]["schemas"]
    exists = {"update_if_exists": schemas["ContactCreate"]["properties"]["update_if_exists"]["default"]}
    api.post(PATH, json={"number": ADA})
    assert {outcome(api.post(PATH, json={"number": ADA, **sent})) for sent in ({}, exists)} == {
        (409, "Contact already exists")
    }
    opted = {"opted_out": schemas["ContactOptOut"]["properties"]["opted_out"]["default"]}
    absent, given = (api.post(f"{PATH}/opt-out", json={"number": ADA, **sent}).json() for sent in ({}, opted))
    assert absent == given


def test_document_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`SENDBLUE_SANDBOX_DOCUMENT` names another document; an argument takes precedence, the source tree is last."""
    builtin, other = ROOT / "openapi" / "contacts.yaml", tmp_path / "other.yaml"
    assert find_document() == builtin
    other.touch()
    monkeypatch.setenv(DOCUMENT_VARIABLE, str(other))
    assert (find_document(), find_document(builtin)) == (other, builtin)


def test_invalid_document(tmp_path: Path) -> None:
    """A file that does not exist, or is not a valid OpenAPI document, is an error with its path."""
    path = tmp_path / "contacts.yaml"
    with pytest.raises(FileNotFoundError, match=f"document= or in {DOCUMENT_VARIABLE}"):
        Sandbox(document=path)
    for text in ("", "text", "[]", "{}", "a: [", "paths: {}", "components: {}\npaths: 5"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match=r"contacts\.yaml is not a valid OpenAPI document"):
            Sandbox(document=path)
