"""Mistakes in the document that OpenAPI allows: each has a line, a path and a fix, before anything is generated."""

import importlib.util
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from maintain.openapi_document import DocumentError, read, validate
from maintain.regenerate.document_rules import check_rules
from maintain.venvs import ROOT
from sendblue_contacts.fields import FieldSet, normalise_fields

from tests.maintain.workspaces import Workspace

KIND = "        kind: {type: string, enum: [cat, dog]}\n"
BODY = "{required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}"
LINE = "pets.yaml:28: components.schemas.Pet.properties."


def problems(workspace: Workspace) -> list[str]:
    """Return the mistakes in a document that is valid OpenAPI."""
    document = read(workspace.document, "pets.yaml")
    validate(document)
    try:
        check_rules(document)
    except DocumentError as error:
        return str(error).splitlines()
    return []


MEMBER = "every generated model has a member"
REMOVE = "remove the field: its value is in additional_properties"
COMBINATION = "leave the type out and describe the values in the description"


@pytest.mark.parametrize(
    ("field", "problem", "fix"),
    [
        ("kind: {type: string, x-alias: [sort]}", "kind.x-alias: x-alias is not an", "did you mean x-aliases?"),
        ("kind: {type: string, x-owner: me}", "kind.x-owner: x-owner is not an", "only x-aliases is; remove it"),
        ("kind: {type: string, x-aliases: sort}", "kind.x-aliases: the aliases must be a list", "write [sort]"),
        ("kind: {type: string, x-aliases: [kind]}", "kind.x-aliases: the alias kind is the name of", "remove it"),
        ("kind: {type: string, x-aliases: [name]}", "kind.x-aliases: the alias name is already", "remove one of them"),
        ("kind: {type: string, x-aliases: [a-b]}", "kind.x-aliases: 'a-b' is not a name", "choose another one"),
        ("kind: {type: string, x-aliases: [class]}", "kind.x-aliases: 'class' is not a name", "choose another one"),
        ("Name: {type: string}", "Name: name and Name are both the attribute name", "make one an alias of the other"),
        ("toDict: {type: string}", f"toDict: {MEMBER} to_dict", REMOVE),
        ("nick-name: {type: string}", "nick-name: 'nick-name' is not a name in Python", REMOVE),
        ("photo: {type: string, format: binary}", "photo.format: JSON has no binary", "write contentEncoding: base64"),
        ("age: {oneOf: [{type: string}, {type: integer}]}", "age.oneOf: the client cannot represent", COMBINATION),
        ("age: {allOf: [{type: string}, {maxLength: 5}]}", "age.allOf: the client cannot represent", COMBINATION),
        ("age: {enum: [one, 2]}", "age.enum: the values of an enum must all be", "not int, str; write one type"),
        ("age: {enum: [1.5]}", "age.enum: the values of an enum must all be", "not float; write one type"),
    ],
)
def test_mistakes(workspace: Workspace, field: str, problem: str, fix: str) -> None:
    """A mistake in a field is reported with its line and a fix."""
    workspace.edit(KIND, f"        {field}\n")
    (line,) = problems(workspace)
    assert (line[: len(LINE + problem)], line[-len(fix) :]) == (LINE + problem, fix)


@pytest.mark.parametrize(
    ("parameter", "problem", "fix"),
    [
        ("style: pipeDelimited, schema: {type: array}", "style: the client cannot send the style", "explode: false"),
        ("style: deepObject, schema: {}", "style: the client cannot send the style deepObject", "explode: false"),
        ("schema: {type: object}", "schema.type: a parameter cannot be an object", "for each of its fields"),
        ("explode: false, schema: {type: array, items: {type: string}}", "", ""),
    ],
)
def test_parameters(workspace: Workspace, parameter: str, problem: str, fix: str) -> None:
    """A parameter that the client could not send is reported with its line and a fix."""
    workspace.edit("parameters:\n", f"parameters:\n        - {{name: tag, in: query, {parameter}}}\n")
    place = "pets.yaml:11: paths./pets/{name}.get.parameters.0."
    found = [(line[: len(place + problem)], line[-len(fix) :]) for line in problems(workspace)]
    assert found == ([(place + problem, fix)] if fix else [])


def test_two_fields_with_one_alias(workspace: Workspace) -> None:
    """An alias of another field is reported at the second field, with every mistake; nothing is generated."""
    fields = ("kind: {type: string, x-aliases: [sort]}", "breed: {type: string, x-aliases: [sort, breed]}")
    workspace.edit(KIND, "".join(f"        {field}\n" for field in fields))
    place = "pets.yaml:29: components.schemas.Pet.properties.breed.x-aliases: "
    assert problems(workspace) == [
        f"{place}the alias sort is already the name of the alias of kind; remove one of them",
        f"{place}the alias breed is the name of the field itself; remove it",
    ]
    assert (workspace.regenerate(), workspace.package.exists()) == (1, False)


def test_reference_to_another_file(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    """A reference to another file is reported, not a traceback, and the command generates nothing."""
    workspace.edit(KIND, "        kind: {$ref: 'other.yaml#/Kind'}\n")
    assert workspace.regenerate() == 1
    assert not workspace.package.exists()
    assert (
        capsys.readouterr()
        .err.splitlines()[0]
        .endswith(
            "28: components.schemas.Pet.properties.kind.$ref: other.yaml#/Kind is in another file; "
            "copy it to components, and refer to it with #/components/…"
        )
    )


def test_fields_called_like_words_of_the_generated_code(workspace: Workspace) -> None:
    """Keywords of Python and variables of the generated code are fields like any other, required or not."""
    names = ["class", "from", "get", "model", "cls", "src_dict", "unknown", "self", "list", "datetime"]
    fields = "".join(f"        {name}: {{type: string, description: A {name}.}}\n" for name in names)
    enums = "        legs: {enum: [4, 2]}\n        moods: {type: array, items: {enum: [calm, wild]}}\n"
    workspace.edit(KIND, f"{fields}{KIND}{enums}")
    workspace.edit("required: [name]\n", "required: [class]\n")
    workspace.edit(
        "get:\n      operationId: get_pet\n", f"put:\n      operationId: put_pet\n      requestBody: {BODY}\n"
    )
    shutil.copytree(ROOT / "openapi/templates", workspace.templates, dirs_exist_ok=True)
    assert workspace.regenerate() == 0
    pets = imported(workspace.package / "__init__.py", "pets_api")
    pet, table = pets.models.pet, imported(workspace.package / "field_table.py", "pets_table").FIELD_TABLE["Pet"]
    values = {name: f"the {name}" for name in ["name", *names]}
    kinds = {"kind": ("enum", {"cat", "dog"}), "legs": ("integer", {2, 4}), "moods": ("array[enum]", {"calm", "wild"})}
    assert pet.Pet.from_dict(values).to_dict() == values
    assert pet.PetMapping.__annotations__.keys() - kinds.keys() == values.keys()
    assert pet.PetFields.__annotations__.keys() - kinds.keys() == values.keys() - {"class"}
    assert {name: table[name]["description"] for name in names} == {name: f"A {name}." for name in names}
    assert {name: (table[name]["kind"], {*table[name]["choices"]}) for name in kinds} == kinds
    field_set = FieldSet("pets.put", pet.Pet.FIELDS, {})
    assert normalise_fields(field_set, values.items()) == values
    with pytest.raises(TypeError, match=r"^pets\.put: class is missing; pass it as class$"):
        normalise_fields(field_set, {"from": "here"}.items())
    for name, wrong in (("kind", "bird"), ("legs", 3), ("moods", ["calm", "cold"])):
        with pytest.raises(ValueError, match=rf"^{name}(\[1\])? must be one of "):
            normalise_fields(field_set, {**values, name: wrong}.items())


def imported(path: Path, name: str) -> Any:
    """Import a generated module, or a package with its models, under another name."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec
    assert spec.loader
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if path.name == "__init__.py":
        importlib.import_module(f"{name}.models.pet")
    return module


@pytest.mark.parametrize(
    "field",
    [
        "kind: {anyOf: [{$ref: '#/components/schemas/Pet'}, {type: 'null'}], x-aliases: [petKind]}",
        "kind: {allOf: [{$ref: '#/components/schemas/Pet'}]}",
        "kind: {enum: [1, 2]}",
        "kind: {type: object, examples: [{x-alias: 1, format: binary}]}",
        "properties: {type: string}",
    ],
)
def test_what_is_allowed(workspace: Workspace, field: str) -> None:
    """One schema or null, one schema in `allOf`, an enum of one type, and any example are no mistakes."""
    workspace.edit(KIND, f"        {field}\n")
    assert problems(workspace) == []
