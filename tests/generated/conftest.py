"""What the tests of the generated models share: every model, field and spelling of the document, as parameters.

A test asks for one of PARAMETERS by name and runs once for each value, so that a field that is added to the document is
tested by itself.
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

DOCUMENT = yaml.load((Path(__file__).parents[2] / "openapi/contacts.yaml").read_bytes(), yaml.BaseLoader)  # noqa: S506 - BaseLoader makes nothing but text
MODELS: list[Any] = [model for name in models.__all__ if hasattr(model := getattr(models, name), "FIELDS")]

# Two values of each kind, as they stand in JSON.
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
    """Return the model that `field` of `model` holds, one or many."""
    return next(inner for inner in _within(typing.get_type_hints(model)[field.attribute]) if hasattr(inner, "FIELDS"))


def _within(hint: object) -> Iterator[object]:
    yield hint
    for inner in typing.get_args(hint):
        yield from _within(inner)


def sample(model: Any, field: Field, which: int = 0) -> Any:  # noqa: ANN401 - any JSON
    """Return a value for `field` as it stands in JSON."""
    return _sample(model, field, field.kind, which)


def _sample(model: Any, field: Field, kind: str, which: int) -> Any:  # noqa: ANN401 - any JSON
    if kind == "object":
        return whole(nested(model, field), which)
    if kind.startswith("array["):
        return [_sample(model, field, kind[6:-1], which)]
    return SAMPLES[kind][which]


def whole(model: Any, which: int = 0) -> dict[str, Any]:  # noqa: ANN401 - a generated class
    """Return a document with every field of `model`, under preferred names."""
    return {name: sample(model, field, which) for name, field in model.FIELDS.items()}


def smallest(model: Any) -> dict[str, Any]:  # noqa: ANN401 - a generated class
    """Return a document with the required fields of `model` alone."""
    return {name: sample(model, field) for name, field in model.FIELDS.items() if field.required}


@dataclass(frozen=True)
class Case:
    """One field of one model, under one spelling."""

    model: Any
    name: str
    field: Field
    key: str

    def __str__(self) -> str:
        return f"{self.model.__name__}.{self.key}"

    @property
    def value(self) -> Any:  # noqa: ANN401 - any JSON
        """A value as it stands in JSON."""
        return sample(self.model, self.field)

    @property
    def other(self) -> Any:  # noqa: ANN401 - any JSON
        """Another value."""
        return sample(self.model, self.field, 1)

    def expected(self, value: object) -> object:
        """Return what the attribute must be when `value` was sent."""
        reader: Any = READERS.get(self.field.kind, lambda raw: raw)
        if self.field.kind == "object":
            reader = nested(self.model, self.field).from_dict
        if self.field.kind == "array[object]":
            return [nested(self.model, self.field).from_dict(item) for item in typing.cast("list[Any]", value)]
        return reader(value)

    def document(self, sent: Mapping[str, object]) -> dict[str, Any]:
        """Return a document with what is required beside `sent`, and this field nowhere but in `sent`."""
        return {**{key: value for key, value in smallest(self.model).items() if key != self.name}, **sent}

    def read(self, sent: Mapping[str, object]) -> Any:  # noqa: ANN401 - a generated object
        """Return the model that is read from `document(sent)`."""
        return self.model.from_dict(self.document(sent))

    def attribute(self, read: object) -> Any:  # noqa: ANN401 - any value
        """Return the value of this field in `read`."""
        return getattr(read, self.field.attribute)


def _references(node: object) -> Iterator[str]:
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for child in children:
        yield from _references(child)
    if isinstance(node, dict) and "$ref" in node:
        yield node["$ref"].rsplit("/", 1)[1]


def request_schemas() -> set[str]:
    """Return the names of the schemas that a request body can hold, from the document."""
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
    """Return every field of the chosen models under its preferred name."""
    return [Case(model, name, field, name) for model in chosen for name, field in model.FIELDS.items()]


@dataclass(frozen=True)
class Misfit:
    """A list, map or object, and a value that is none."""

    case: Case
    value: object

    def __str__(self) -> str:
        return f"{self.case}-{self.value}"


# The JSON type of what is read into something, and values that it cannot be read from.
CONTAINERS = {"array": list, "map": dict, "object": dict}
WRONG: list[object] = ["text", 7, True, ["a"], {"a": 1}]


def misfits(case: Case) -> list[Misfit]:
    """Return each value that is not of the type of `case`; a list of texts is no list of objects either."""
    right = CONTAINERS.get(case.field.kind.split("[")[0])
    wrong = [value for value in WRONG if right and type(value) is not right]
    return [Misfit(case, value) for value in (*wrong, *([["a"]] if case.field.kind == "array[object]" else []))]


PARAMETERS: Mapping[str, list[Any]] = {
    "model": MODELS,
    "received": RECEIVED,
    "sent": SENT,
    "case": cases(MODELS),
    "received_case": cases(RECEIVED),
    "sent_required": [case for case in cases(SENT) if case.field.required],
    "sent_optional": [case for case in cases(SENT) if not case.field.required],
    "sent_nullable": [case for case in cases(SENT) if case.field.nullable],
    "spelled": [
        Case(case.model, case.name, case.field, alias) for case in cases(MODELS) for alias in case.field.aliases
    ],
    "misfit": [misfit for case in cases(MODELS) if not case.field.required for misfit in misfits(case)],
    "misfit_required": [misfit for case in cases(MODELS) if case.field.required for misfit in misfits(case)],
    "spelled_clearable": [
        Case(case.model, case.name, case.field, alias)
        for case in cases(MODELS)
        for alias in case.field.aliases
        if not (case.field.required and case.field.kind.startswith("array"))
    ],
    "dated": [case for case in cases(MODELS) if case.field.kind.startswith("date")],
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test once for each model, field or spelling that it asks for."""
    for name in PARAMETERS.keys() & set(metafunc.fixturenames):
        values = PARAMETERS[name]
        metafunc.parametrize(name, values, ids=[getattr(value, "__name__", None) or str(value) for value in values])


@pytest.fixture
def document() -> Any:  # noqa: ANN401 - YAML as text
    """The OpenAPI document, every scalar as text."""
    return DOCUMENT


@pytest.fixture
def everything() -> Any:  # noqa: ANN401 - a function
    """`whole`: a document with every field of a model."""
    return whole


@pytest.fixture
def required_only() -> Any:  # noqa: ANN401 - a function
    """`smallest`: a document with the required fields of a model alone."""
    return smallest
