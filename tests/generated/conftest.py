"""Shared by the tests of the generated package: every model, field and alias of the document, as parameters.

A test requests one of PARAMETERS by name and runs once for each value, so that a field that is added to the document is
tested automatically.
"""

from __future__ import annotations

import datetime as dt
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from sendblue_contacts_api import models

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sendblue_contacts_api.types import Field

DOCUMENT = yaml.load((Path(__file__).parents[2] / "openapi/contacts.yaml").read_bytes(), yaml.BaseLoader)  # noqa: S506 - BaseLoader creates only strings
MODELS: list[Any] = [model for name in models.__all__ if hasattr(model := getattr(models, name), "FIELDS")]

# Two JSON values of each kind.
SAMPLES: Mapping[str, tuple[Any, Any]] = {
    "string": ("Ada", "Grace"),
    "e164": ("+14155551234", "+14155550000"),
    "boolean": (True, False),
    "integer": (3, 4),
    "number": (1.5, 2.5),
    "enum": ("one", "two"),
    "any": ({"a": [1]}, "b"),
    "date": ("1815-12-10", "1906-12-09"),
    "date-time": ("2024-01-15T10:30:00+00:00", "2024-01-15T10:30:00.123000+02:00"),
    "map": ({"firstName": "a", "first_name": "b", "Lead Source": "c"}, {"customVariables": "d"}),
}
READERS = {"date": dt.date.fromisoformat, "date-time": dt.datetime.fromisoformat}


def nested(model: Any, field: Field) -> Any:  # noqa: ANN401 - a generated class
    """Return the model that `field` of `model` contains, as an object or in a list."""
    return next(inner for inner in _within(typing.get_type_hints(model)[field.attribute]) if hasattr(inner, "FIELDS"))


def _within(hint: object) -> Iterator[object]:
    yield hint
    for inner in typing.get_args(hint):
        yield from _within(inner)


def sample(model: Any, field: Field, which: int = 0) -> Any:  # noqa: ANN401 - any JSON
    """Return a JSON value for `field`."""
    return _sample(model, field, field.kind, which)


def _sample(model: Any, field: Field, kind: str, which: int) -> Any:  # noqa: ANN401 - any JSON
    if kind == "object":
        return whole(nested(model, field), which)
    if kind.startswith("array["):
        return [_sample(model, field, kind[6:-1], which)]
    return SAMPLES[kind][which]


def whole(model: Any, which: int = 0) -> dict[str, Any]:  # noqa: ANN401 - a generated class
    """Return a JSON object with every field of `model`, under preferred names."""
    return {name: sample(model, field, which) for name, field in model.FIELDS.items()}


def smallest(model: Any) -> dict[str, Any]:  # noqa: ANN401 - a generated class
    """Return a JSON object with only the required fields of `model`."""
    return {name: sample(model, field) for name, field in model.FIELDS.items() if field.required}


@dataclass(frozen=True)
class Case:
    """One field of one model, under one of its names."""

    model: Any
    name: str
    field: Field
    key: str

    def __str__(self) -> str:
        return f"{self.model.__name__}.{self.key}"

    @property
    def value(self) -> Any:  # noqa: ANN401 - any JSON
        """A JSON value for the field."""
        return sample(self.model, self.field)

    @property
    def other(self) -> Any:  # noqa: ANN401 - any JSON
        """Another JSON value for the field."""
        return sample(self.model, self.field, 1)

    def expected(self, value: object) -> object:
        """Return the expected value of the attribute for the JSON value `value`."""
        reader: Any = READERS.get(self.field.kind, lambda raw: raw)
        if self.field.kind == "object":
            reader = nested(self.model, self.field).from_dict
        if self.field.kind == "array[object]":
            return [nested(self.model, self.field).from_dict(item) for item in typing.cast("list[Any]", value)]
        return reader(value)

    def document(self, sent: Mapping[str, object]) -> dict[str, Any]:
        """Return `sent` with the other required fields added; this field occurs only in `sent`."""
        return {**{key: value for key, value in smallest(self.model).items() if key != self.name}, **sent}

    def read(self, sent: Mapping[str, object]) -> Any:  # noqa: ANN401 - a generated object
        """Create the model from `document(sent)`."""
        return self.model.from_dict(self.document(sent))

    def attribute(self, read: object) -> Any:  # noqa: ANN401 - any value
        """Return the value of this field in `read`, an instance of the model."""
        return getattr(read, self.field.attribute)


def _references(node: object) -> Iterator[str]:
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for child in children:
        yield from _references(child)
    if isinstance(node, dict) and "$ref" in node:
        yield node["$ref"].rsplit("/", 1)[1]


def request_schemas() -> set[str]:
    """Return the names of the schemas in the document that are reachable from a request body."""
    bodies = [operation.get("requestBody") for item in DOCUMENT["paths"].values() for operation in _operations(item)]
    found: set[str] = set()
    todo = set(_references(bodies))
    while todo:
        found |= todo
        todo = set(_references([DOCUMENT["components"]["schemas"][name] for name in todo])) - found
    return found


def _operations(item: Mapping[str, Any]) -> list[Any]:
    return [operation for operation in item.values() if isinstance(operation, dict)]


SENT = [model for model in MODELS if model.__name__ in request_schemas()]
RECEIVED = [model for model in MODELS if model not in SENT]


def cases(chosen: list[Any]) -> list[Case]:
    """Return every field of the given models, under its preferred name."""
    return [Case(model, name, field, name) for model in chosen for name, field in model.FIELDS.items()]


@dataclass(frozen=True)
class Mistyped:
    """A field that is a list, map or object, and a value of another type."""

    case: Case
    value: object

    def __str__(self) -> str:
        return f"{self.case}-{self.value}"


# The JSON type of each container kind, and values of several types.
CONTAINERS = {"array": list, "map": dict, "object": dict}
WRONG: list[object] = ["text", 7, True, ["a"], {"a": 1}]


def mistyped_values(case: Case) -> list[Mistyped]:
    """Return the values that do not have the type of `case`, including a list of strings for a list of objects."""
    right = CONTAINERS.get(case.field.kind.split("[")[0])
    wrong = [value for value in WRONG if right and type(value) is not right]
    return [Mistyped(case, value) for value in (*wrong, *([["a"]] if case.field.kind == "array[object]" else []))]


PARAMETERS: Mapping[str, list[Any]] = {
    "model": MODELS,
    "received": RECEIVED,
    "sent": SENT,
    "case": cases(MODELS),
    "received_case": cases(RECEIVED),
    "sent_required": [case for case in cases(SENT) if case.field.required],
    "sent_optional": [case for case in cases(SENT) if not case.field.required],
    "sent_nullable": [case for case in cases(SENT) if case.field.nullable],
    "aliased": [
        Case(case.model, case.name, case.field, alias) for case in cases(MODELS) for alias in case.field.aliases
    ],
    "mistyped": [value for case in cases(MODELS) if not case.field.required for value in mistyped_values(case)],
    "mistyped_required": [value for case in cases(MODELS) if case.field.required for value in mistyped_values(case)],
    "aliased_clearable": [
        Case(case.model, case.name, case.field, alias)
        for case in cases(MODELS)
        for alias in case.field.aliases
        if not (case.field.required and case.field.kind.startswith("array"))
    ],
    "dated": [case for case in cases(MODELS) if case.field.kind.startswith("date")],
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrize a test by the models, fields or aliases that it requests."""
    for name in PARAMETERS.keys() & set(metafunc.fixturenames):
        values = PARAMETERS[name]
        metafunc.parametrize(name, values, ids=[getattr(value, "__name__", None) or str(value) for value in values])


@pytest.fixture
def document() -> Any:  # noqa: ANN401 - YAML as text
    """The OpenAPI document, with every scalar as a string."""
    return DOCUMENT


@pytest.fixture
def everything() -> Any:  # noqa: ANN401 - a function
    """The function `whole`: a JSON object with every field of a model."""
    return whole


@pytest.fixture
def required_only() -> Any:  # noqa: ANN401 - a function
    """The function `smallest`: a JSON object with only the required fields of a model."""
    return smallest
