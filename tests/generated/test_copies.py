"""pickle, copy and deepcopy create equal objects and preserve the singleton UNSET."""

import copy
import pickle
from typing import Any

import pytest
from sendblue_contacts_api.models import Contact, ContactCreate
from sendblue_contacts_api.types import UNSET

from tests.generated.conftest import Tables

Copier = Any
COPIERS: dict[str, Copier] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{
        f"pickle {protocol}": lambda value, protocol=protocol: pickle.loads(pickle.dumps(value, protocol))  # noqa: S301 - bytes from this test
        for protocol in (0, 2, pickle.HIGHEST_PROTOCOL)
    },
}


@pytest.fixture(params=COPIERS.values(), ids=list(COPIERS))
def copied(request: pytest.FixtureRequest) -> Copier:
    """A function that copies an object."""
    return request.param


def test_copies_of_models(tables: Tables, copied: Copier) -> None:
    """A model with every field and an undocumented key, or with no optional field, equals its copy, also in JSON."""
    for model in tables.models:
        for document in ({**tables.whole(model), "x_new": [1]}, tables.smallest(model)):
            original = model.from_dict(document)
            assert (copied(original), copied(original).to_dict()) == (original, document)


def test_copy_is_another_object_with_the_same_fields_set(copied: Copier) -> None:
    """A copy is a new object with the same `fields_set`, and produces null for a null field."""
    original = Contact.from_dict({"firstName": None})
    other = copied(original)
    assert (other is original, other.fields_set, other.to_dict()) == (False, {"first_name"}, {"first_name": None})


def test_unset_is_a_singleton(copied: Copier) -> None:
    """UNSET is itself after a copy: alone, in containers and in a model, where the field is still omitted."""
    copies = copied(UNSET), copied([{"x": UNSET}])[0]["x"], copied(ContactCreate("+14155551234")).first_name
    assert [each is UNSET for each in copies] == [True, True, True]
