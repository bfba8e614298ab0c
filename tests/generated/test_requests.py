"""What a caller may give: for every request body a TypedDict with all spellings, the deprecated ones marked as such."""

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
    """Return the TypedDict beside `model`."""
    return getattr(sys.modules[model.__module__], model.__name__ + suffix)


def notes(model: Any) -> Mapping[str, str]:  # noqa: ANN401 - a generated class
    """Return what the source says below each key of the TypedDicts of `model`."""
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


def spellings(case: Case) -> set[str]:
    """Return every spelling of a field."""
    return {case.name, *case.field.aliases}


def test_every_request_body_has_one(document: Any) -> None:  # noqa: ANN401 - YAML
    """The body of each operation has both TypedDicts beside its model."""
    operations = [each for item in document["paths"].values() for each in item.values() if "requestBody" in each]
    names = [
        each["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/")[-1] for each in operations
    ]
    found = [typed_dict(getattr(models, name), suffix) for name in names for suffix in SUFFIXES]
    assert (len(names), all(map(typing.is_typeddict, found))) == (6, True)


def test_optional_fields_in_every_spelling(sent_optional: Case) -> None:
    """What may be left out is in both, in every spelling."""
    keys = [typing.get_type_hints(typed_dict(sent_optional.model, suffix)).keys() for suffix in SUFFIXES]
    assert [spellings(sent_optional) <= each for each in keys] == [True, True]


def test_required_fields_in_every_spelling(sent_required: Case) -> None:
    """What is required is in the mapping alone: the call has an argument of its own for it."""
    keys = [typing.get_type_hints(typed_dict(sent_required.model, suffix)).keys() for suffix in SUFFIXES]
    assert [spellings(sent_required) <= each for each in keys] == [False, True]


def test_nothing_else_is_in_it(sent: Any) -> None:  # noqa: ANN401 - a generated class
    """A key that is no spelling of a field is in neither."""
    known = {spelling for name, field in sent.FIELDS.items() for spelling in (name, *field.aliases)}
    assert typing.get_type_hints(typed_dict(sent, "Mapping")).keys() == known


def test_no_single_key_is_required(sent: Any) -> None:  # noqa: ANN401 - a generated class
    """No spelling is required by itself, for another may stand in for it."""
    assert [typed_dict(sent, suffix).__required_keys__ for suffix in SUFFIXES] == [frozenset(), frozenset()]


def test_spellings_have_one_type(sent: Any) -> None:  # noqa: ANN401 - a generated class
    """An alias takes what the preferred name takes."""
    hints = typing.get_type_hints(typed_dict(sent, "Mapping"))
    types = {name: {str(hints[each]) for each in (name, *field.aliases)} for name, field in sent.FIELDS.items()}
    assert {name: len(each) for name, each in types.items()} == dict.fromkeys(types, 1)


def test_null_where_the_document_admits_it(sent_nullable: Case) -> None:
    """None is among the types of a field that can be cleared."""
    hints = typing.get_type_hints(typed_dict(sent_nullable.model, "Mapping"))
    assert type(None) in typing.get_args(hints[sent_nullable.name])


def test_deprecated_spellings_say_so(sent: Any) -> None:  # noqa: ANN401 - a generated class
    """Below each alias the source says that it is deprecated, and what to write instead."""
    expected = {
        alias: f"Deprecated spelling of `{name}`." for name, field in sent.FIELDS.items() for alias in field.aliases
    }
    found = notes(sent)
    assert {alias: found.get(alias) for alias in expected} == expected


def test_preferred_names_say_what_they_are(sent: Any) -> None:  # noqa: ANN401 - a generated class
    """Below each preferred name the source has its description, which does not call it deprecated."""
    found = notes(sent)
    assert [name for name in sent.FIELDS if found.get(name, "Deprecated").startswith("Deprecated")] == []
