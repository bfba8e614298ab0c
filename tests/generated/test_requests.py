"""The TypedDicts of each request body have every preferred name and alias, and mark the aliases as deprecated."""

from __future__ import annotations

import ast
import inspect
import sys
import typing
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sendblue_contacts_api import models

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.generated.conftest import Case

SUFFIXES = ("Fields", "Mapping")


def typed_dict(model: Any, suffix: str) -> Any:  # noqa: ANN401 - a generated class
    """Return the TypedDict of `model` with this suffix."""
    return getattr(sys.modules[model.__module__], model.__name__ + suffix)


def attribute_docs(model: Any) -> Mapping[str, str]:  # noqa: ANN401 - a generated class
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


def all_names(case: Case) -> set[str]:
    """Return the preferred name and the aliases of a field."""
    return {case.name, *case.field.aliases}


def test_every_request_body_has_typed_dicts(document: Any) -> None:  # noqa: ANN401 - YAML
    """The model of each request body has both TypedDicts in its module."""
    operations = [each for item in document["paths"].values() for each in item.values() if "requestBody" in each]
    names = [
        each["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/")[-1] for each in operations
    ]
    found = [typed_dict(getattr(models, name), suffix) for name in names for suffix in SUFFIXES]
    assert (len(names), all(map(typing.is_typeddict, found))) == (6, True)


def test_optional_fields_are_in_both_typed_dicts(sent_optional: Case) -> None:
    """Optional fields are in both TypedDicts, under every name."""
    keys = [typing.get_type_hints(typed_dict(sent_optional.model, suffix)).keys() for suffix in SUFFIXES]
    assert [all_names(sent_optional) <= each for each in keys] == [True, True]


def test_required_fields_are_in_the_mapping_only(sent_required: Case) -> None:
    """Required fields are only in the mapping, under every name: calls take them as a separate argument."""
    keys = [typing.get_type_hints(typed_dict(sent_required.model, suffix)).keys() for suffix in SUFFIXES]
    assert [all_names(sent_required) <= each for each in keys] == [False, True]


def test_typed_dict_has_no_other_keys(sent: Any) -> None:  # noqa: ANN401 - a generated class
    """The mapping has no key that is not a name of a field."""
    known = {key for name, field in sent.FIELDS.items() for key in (name, *field.aliases)}
    assert typing.get_type_hints(typed_dict(sent, "Mapping")).keys() == known


def test_no_single_key_is_required(sent: Any) -> None:  # noqa: ANN401 - a generated class
    """No key is required: a required field may be given under any of its names."""
    assert [typed_dict(sent, suffix).__required_keys__ for suffix in SUFFIXES] == [frozenset(), frozenset()]


def test_aliases_have_the_type_of_the_preferred_name(sent: Any) -> None:  # noqa: ANN401 - a generated class
    """The preferred name and the aliases of a field have the same type."""
    hints = typing.get_type_hints(typed_dict(sent, "Mapping"))
    types = {name: {str(hints[each]) for each in (name, *field.aliases)} for name, field in sent.FIELDS.items()}
    assert {name: len(each) for name, each in types.items()} == dict.fromkeys(types, 1)


def test_nullable_fields_accept_none(sent_nullable: Case) -> None:
    """The type of a nullable field includes None."""
    hints = typing.get_type_hints(typed_dict(sent_nullable.model, "Mapping"))
    assert type(None) in typing.get_args(hints[sent_nullable.name])


def test_aliases_are_documented_as_deprecated(sent: Any) -> None:  # noqa: ANN401 - a generated class
    """The docstring of each alias states that it is deprecated and names the preferred name."""
    expected = {
        alias: f"Deprecated alias of `{name}`." for name, field in sent.FIELDS.items() for alias in field.aliases
    }
    found = attribute_docs(sent)
    assert {alias: found.get(alias) for alias in expected} == expected


def test_preferred_names_are_documented(sent: Any) -> None:  # noqa: ANN401 - a generated class
    """The docstring of each preferred name is its description, which does not start with "Deprecated"."""
    found = attribute_docs(sent)
    assert [name for name in sent.FIELDS if found.get(name, "Deprecated").startswith("Deprecated")] == []
