"""Shared by the tests of the generated package: every model, field and alias of the document.

A test loops over the tables, so that a field that is added to the document is tested automatically.
"""

import datetime as dt
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from sendblue_contacts_api import models
from sendblue_contacts_api.types import Field

DOCUMENT = yaml.safe_load((Path(__file__).parents[2] / "openapi/contacts.yaml").read_bytes())
Model = Any
"""A generated class."""

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
READERS: Mapping[str, Any] = {"date": dt.date.fromisoformat, "date-time": dt.datetime.fromisoformat}


@dataclass(frozen=True)
class Case:
    """One field of one model."""

    model: Model
    name: str
    field: Field

    def __str__(self) -> str:
        return f"{self.model.__name__}.{self.name}"

    def value(self, which: int = 0) -> Any:
        """Return one of two JSON values for the field."""
        return self._value(self.field.kind, which)

    def _value(self, kind: str, which: int) -> Any:
        if kind == "object":
            return whole(self.nested, which)
        return [self._value(kind[6:-1], which)] if kind.startswith("array[") else SAMPLES[kind][which]

    @property
    def nested(self) -> Model:
        """The model that the field contains, as an object or in a list."""
        hints = _within(typing.get_type_hints(self.model)[self.field.attribute])
        return next(hint for hint in hints if hasattr(hint, "FIELDS"))

    def expected(self, which: int = 0) -> object:
        """Return the expected value of the attribute for `value(which)`."""
        value = self.value(which)
        if self.field.kind == "object":
            return self.nested.from_dict(value)
        if self.field.kind == "array[object]":
            return [self.nested.from_dict(item) for item in value]
        return READERS.get(self.field.kind, lambda raw: raw)(value)

    def read(self, sent: Mapping[str, object]) -> Any:
        """Create the model from `sent` and the other required fields; this field occurs only in `sent`."""
        others = {name: value for name, value in smallest(self.model).items() if name != self.name}
        return self.model.from_dict({**others, **sent})

    def attribute(self, read: object) -> Any:
        """Return the value of this field in `read`, an instance of the model."""
        return getattr(read, self.field.attribute)


def _within(hint: object) -> Iterator[object]:
    yield hint
    for inner in typing.get_args(hint):
        yield from _within(inner)


def cases(*chosen: Model) -> list[Case]:
    """Return every field of the given models."""
    return [Case(model, name, field) for model in chosen for name, field in model.FIELDS.items()]


def whole(model: Model, which: int = 0) -> dict[str, Any]:
    """Return a JSON object with every field of `model`, under preferred names."""
    return {case.name: case.value(which) for case in cases(model)}


def smallest(model: Model) -> dict[str, Any]:
    """Return a JSON object with only the required fields of `model`."""
    return {case.name: case.value() for case in cases(model) if case.field.required}


MODELS: list[Model] = [each for name in models.__all__ if hasattr(each := getattr(models, name), "FIELDS")]


class Tables:
    """The models, those of responses and of requests, and their fields."""

    document = DOCUMENT
    models = MODELS
    received = tuple(model for model in MODELS if hasattr(model, "fields_set"))
    sent = tuple(model for model in MODELS if not hasattr(model, "fields_set"))
    received_cases = cases(*received)
    sent_cases = cases(*sent)
    cases = cases(*MODELS)
    whole = staticmethod(whole)
    smallest = staticmethod(smallest)


@pytest.fixture(scope="session")
def tables() -> Tables:
    """Every model and field of the generated package."""
    return Tables()
