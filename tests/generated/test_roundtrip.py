"""Round trips of generated JSON objects: any names, null, undocumented keys, and arbitrary JSON."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st
from sendblue_contacts_api import models

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hypothesis.strategies import DrawFn, SearchStrategy
    from sendblue_contacts_api.types import Field

MODELS: Mapping[str, Any] = {
    name: model for name in models.__all__ if hasattr(model := getattr(models, name), "FIELDS")
}
RECEIVED = [name for name, model in MODELS.items() if hasattr(model, "fields_set")]
NESTED_MODELS = {
    ("BulkCreate", "contacts"): "BulkContact",
    ("BulkCreateFailure", "contact"): "Contact",
    ("BulkCreateResponse", "contacts"): "Contact",
    ("BulkCreateResponse", "failures"): "BulkCreateFailure",
    ("BulkDeleteResponse", "results"): "BulkDeleteItem",
    ("ContactResponse", "contact"): "Contact",
}

# The same examples in every run, and no deadline.
fixed = settings(derandomize=True, deadline=None, database=None, max_examples=100)

texts = st.text(max_size=8)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts
json = scalars | st.lists(scalars, max_size=2) | st.dictionaries(texts, scalars, max_size=2)
ZONES = [dt.UTC, *(dt.timezone(dt.timedelta(minutes=minutes)) for minutes in (-570, 60, 345))]
LEAVES: Mapping[str, SearchStrategy[Any]] = {
    "string": texts,
    "e164": st.from_regex(r"\+[1-9]\d{6,14}", fullmatch=True),
    "boolean": st.booleans(),
    "integer": st.integers(),
    "number": st.floats(allow_nan=False),
    "enum": texts,
    "any": json,
    "date": st.dates().map(lambda date: date.isoformat()),
    "date-time": st.datetimes(timezones=st.sampled_from(ZONES)).map(lambda moment: moment.isoformat()),
    "map": st.dictionaries(st.sampled_from(["firstName", "first_name", "phone", "Lead Source"]) | texts, texts),
}


def values(name: str, key: str, kind: str) -> SearchStrategy[Any]:
    """Return a strategy for values of this kind, for the field `key` of the model `name`."""
    if kind.startswith("array["):
        return st.lists(values(name, key, kind[6:-1]), max_size=2)
    return documents(NESTED_MODELS[name, key]) if kind == "object" else LEAVES[kind]


@st.composite
def documents(draw: DrawFn, name: str) -> dict[str, Any]:
    """Draw a JSON object for the model `name`: fields under any names, some null, and undocumented keys."""
    fields: Mapping[str, Field] = MODELS[name].FIELDS
    known = {name for key, field in fields.items() for name in (key, *field.aliases)}
    document = draw(st.dictionaries(texts.filter(lambda text: text not in known), json, max_size=2))
    for key, field in fields.items():
        chosen = draw(st.sets(st.sampled_from([key, *field.aliases]), min_size=int(field.required)))
        value = values(name, key, field.kind) | (st.none() if field.nullable else st.nothing())
        document.update({each: draw(value) for each in sorted(chosen)})
    return dict(draw(st.permutations(list(document.items()))))


def normalized(name: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return `document` with preferred names, computed without the models."""
    fields: Mapping[str, Field] = MODELS[name].FIELDS
    orders = {key: (key, *field.aliases) for key, field in fields.items()}
    known = {each for order in orders.values() for each in order}
    first = {key: next((each for each in order if each in document), None) for key, order in orders.items()}
    filled = {key: _normalized(name, key, document[each]) for key, each in first.items() if each is not None}
    return {**filled, **{key: value for key, value in document.items() if key not in known}}


def _normalized(name: str, key: str, value: object) -> object:
    inner = NESTED_MODELS.get((name, key))
    if inner is None or value is None:
        return value
    if isinstance(value, list):
        return [normalized(inner, cast("Any", item)) for item in value]
    return normalized(inner, cast("Any", value))


def pairs(names: Iterable[str]) -> SearchStrategy[tuple[str, dict[str, Any]]]:
    """Draw the name of a model, and a JSON object for it."""
    return st.sampled_from(list(names)).flatmap(lambda name: st.tuples(st.just(name), documents(name)))


@fixed
@given(pairs(MODELS))
def test_output_equals_input(pair: tuple[str, dict[str, Any]]) -> None:
    """`to_dict` returns what `from_dict` read, under preferred names, with undocumented keys and null."""
    name, document = pair
    assert MODELS[name].from_dict(document).to_dict() == normalized(name, document)


@fixed
@given(pairs(MODELS))
def test_output_can_be_read(pair: tuple[str, dict[str, Any]]) -> None:
    """`from_dict` of the output creates an equal object."""
    name, document = pair
    model = MODELS[name].from_dict(document)
    assert MODELS[name].from_dict(model.to_dict()) == model


@fixed
@given(st.sampled_from(RECEIVED), st.data())
def test_any_json_is_read(name: str, data: st.DataObject) -> None:
    """A response with arbitrary JSON in its fields is read, and every field is written."""
    document = data.draw(st.dictionaries(st.sampled_from(list(MODELS[name].FIELDS)), json))
    assert MODELS[name].from_dict(document).to_dict().keys() == document.keys()


def test_nested_models_are_complete() -> None:
    """NESTED_MODELS has exactly the fields that contain models."""
    found = {
        (name, key) for name, model in MODELS.items() for key, field in model.FIELDS.items() if "object" in field.kind
    }
    assert found == set(NESTED_MODELS)
