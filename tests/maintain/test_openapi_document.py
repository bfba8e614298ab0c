"""The document is read with the types of JSON, and each problem is reported with its location."""

from pathlib import Path

import pytest
from maintain.openapi_document import DocumentError, read, validate

from tests.maintain.workspaces import Workspace


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("operationId: get_pet", "operationId: [get_pet", "pets.yaml:9: "),
        ("      tags: [pets]", "      tags: [pets]\n      tags: [pets]", "pets.yaml:10: duplicate key 'tags'"),
        ("  title: Pets\n", "", "pets.yaml:2: info: 'title' is a required property"),
        ("openapi: 3.1.1", "openapi: 3.0.3", "pets.yaml:1: openapi: '3.0.3'"),
        (
            "name: {type: string}\n",
            "name: {type: text}\n",
            "pets.yaml:27: components.schemas.Pet.properties.name.type: 'text'",
        ),
        (
            "schemas/Pet",
            "schemas/Cat",
            "pets.yaml:20: paths./pets/{name}.get.responses.200.content.application/json.schema.$ref",
        ),
        ("- name: name", "- name: nam", "pets.yaml:7: paths./pets/{name}.get: Path parameter 'name'"),
    ],
)
def test_problems_have_a_location(workspace: Workspace, old: str, new: str, problem: str) -> None:
    """A problem is reported with file, line and path."""
    workspace.edit(old, new)
    with pytest.raises(DocumentError) as caught:
        validate(read(workspace.document, "pets.yaml"))
    assert [line for line in str(caught.value).splitlines() if line.startswith(problem)] != []


@pytest.mark.parametrize("text", ["", "- a\n", "just text\n"])
def test_a_document_is_a_mapping(tmp_path: Path, text: str) -> None:
    """YAML that is not a mapping is an error."""
    (tmp_path / "doc.yaml").write_text(text)
    with pytest.raises(DocumentError, match=r"doc\.yaml:1: the document must be a mapping"):
        read(tmp_path / "doc.yaml", "doc.yaml")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("2025-01-31", "2025-01-31"),
        ("yes", "yes"),
        ("12:30", "12:30"),
        ("010", 10),
        ("true", True),
        ("~", None),
        ("", None),
        ("1e3", 1000.0),
        ("'+14155551234'", "+14155551234"),
    ],
)
def test_scalars_of_yaml_1_2(tmp_path: Path, written: str, value: object) -> None:
    """Scalars are read as by other OpenAPI tools: no dates, no sexagesimal numbers, no `yes`. Keys are text."""
    (tmp_path / "doc.yaml").write_text(f"200: {written}\n")
    found = read(tmp_path / "doc.yaml", "doc.yaml").data["200"]
    assert (found, type(found)) == (value, type(value))
