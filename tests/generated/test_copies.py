"""pickle, copy and deepcopy create equal objects and preserve the singleton UNSET."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from sendblue_contacts_api.models import Contact, ContactCreate
from sendblue_contacts_api.types import UNSET

from tests.generated.conftest import Tables


def pickled(protocol: int) -> Callable[[Any], Any]:
    """Return a function that copies an object with this protocol of pickle."""
    return lambda value: pickle.loads(pickle.dumps(value, protocol))  # noqa: S301  # bytes of this test


COPIERS = [copy.copy, copy.deepcopy, *map(pickled, (0, 2, 5))]
each_copier = pytest.mark.parametrize("copied", COPIERS, ids=["copy", "deepcopy", "pickle 0", "pickle 2", "pickle 5"])


@each_copier
def test_copies_of_models(tables: Tables, copied: Callable[[Any], Any]) -> None:
    """A model with every field and an undocumented key, no optional field, or a null, equals its copy, also in JSON."""
    documents = [(model, {**tables.whole(model), "x_new": [1]}) for model in tables.models]
    documents += [(model, tables.smallest(model)) for model in tables.models]
    for model, document in (*documents, (Contact, {[*Contact.FIELDS][1]: None})):
        original = model.from_dict(document)
        other = copied(original)
        assert (other is original, other, other.to_dict()) == (False, original, document)


@each_copier
def test_unset_is_a_singleton(copied: Callable[[Any], Any]) -> None:
    """UNSET is itself after a copy: alone, in containers and in a model, where the field is still omitted."""
    copies = copied(UNSET), copied([{"x": UNSET}])[0]["x"], copied(ContactCreate("+14155551234")).first_name
    assert [each is UNSET for each in copies] == [True, True, True]
