"""The TypedDicts of each request body have every preferred name and alias, and mark the aliases as deprecated."""

import ast
import functools
import inspect
import sys
import typing
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from sendblue_contacts_api import models

from tests.generated.conftest import Tables

SUFFIXES = ("Fields", "Mapping")


def typed_dict(model: Any, suffix: str) -> Any:
    """Return the TypedDict of `model` with this suffix."""
    return getattr(sys.modules[model.__module__], model.__name__ + suffix)


@functools.cache
def attribute_docs(model: Any) -> Mapping[str, str]:
    """Return the docstring below each key of the TypedDicts of `model`, read from the source."""
    module = ast.parse(inspect.getsource(sys.modules[model.__module__]))
    wanted = {model.__name__ + suffix for suffix in SUFFIXES}
    bodies = [node.body for node in module.body if isinstance(node, ast.ClassDef) and node.name in wanted]
    return {
        key.target.id: note.value.value
        for body in bodies
        for key, note in pairwise(body)
        if isinstance(key, ast.AnnAssign)
        and isinstance(key.target, ast.Name)
        and isinstance(note, ast.Expr)
        and isinstance(note.value, ast.Constant)
        and isinstance(note.value.value, str)
    }


def hints(model: Any, suffix: str) -> Mapping[str, Any]:
    """Return the type of each key of the TypedDict of `model` with this suffix."""
    return typing.get_type_hints(typed_dict(model, suffix))


def test_every_request_body_has_typed_dicts(tables: Tables) -> None:
    """The model of each request body has both TypedDicts, in which no single key is required."""
    paths = tables.document["paths"].values()
    operations = [each for item in paths for each in item.values() if "requestBody" in each]
    names = [
        each["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/")[-1] for each in operations
    ]
    found = [typed_dict(getattr(models, name), suffix) for name in names for suffix in SUFFIXES]
    assert (len(names), all(map(typing.is_typeddict, found))) == (6, True)
    assert {each.__required_keys__ for each in found} == {frozenset()}


def test_mapping_has_every_name_and_fields_only_the_optional_ones(tables: Tables) -> None:
    """The mapping has each name of each field; calls take required fields as an argument instead of a keyword."""
    for model in tables.sent:
        every = {key: field for name, field in model.FIELDS.items() for key in (name, *field.aliases)}
        assert hints(model, "Mapping").keys() == every.keys()
        assert hints(model, "Fields").keys() == {key for key, field in every.items() if not field.required}


def test_types_of_the_keys(tables: Tables) -> None:
    """The names of a field have the same type, which includes None if the field is nullable."""
    for case in tables.sent_cases:
        found = hints(case.model, "Mapping")
        assert {str(found[alias]) for alias in case.field.aliases} <= {str(found[case.name])}, str(case)
        assert not case.field.nullable or type(None) in typing.get_args(found[case.name]), str(case)


def test_docstrings_of_the_keys(tables: Tables) -> None:
    """Below an alias stands that it is deprecated, with the preferred name; below that, its description."""
    for case in tables.sent_cases:
        found = attribute_docs(case.model)
        expected = dict.fromkeys(case.field.aliases, f"Deprecated alias of `{case.name}`.")
        assert {alias: found.get(alias) for alias in expected} == expected
        assert not found.get(case.name, "Deprecated").startswith("Deprecated"), str(case)
