"""pickle, copy and deepcopy create equal objects and preserve the singleton UNSET."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING, Any

import pytest
from sendblue_contacts_api.models import Contact, ContactCreate
from sendblue_contacts_api.types import UNSET

if TYPE_CHECKING:
    from collections.abc import Callable

Copier = Any
COPIERS: dict[str, Copier] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{
        f"pickle {protocol}": lambda value, protocol=protocol: pickle.loads(pickle.dumps(value, protocol))  # noqa: S301 - bytes from this test
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    },
}


@pytest.fixture(params=COPIERS.values(), ids=list(COPIERS))
def copied(request: pytest.FixtureRequest) -> Copier:
    """A function that copies an object."""
    return request.param


def test_model_with_every_field(model: Any, everything: Callable[[Any], dict[str, Any]], copied: Copier) -> None:  # noqa: ANN401 - a generated class
    """A model with every field and an undocumented key equals its copy."""
    original = model.from_dict({**everything(model), "x_new": [1]})
    assert copied(original) == original


def test_model_without_optional_fields(
    model: Any,  # noqa: ANN401 - a generated class
    required_only: Callable[[Any], dict[str, Any]],
    copied: Copier,
) -> None:
    """A model without optional fields equals its copy, and both produce the same JSON."""
    original = model.from_dict(required_only(model))
    assert (copied(original), copied(original).to_dict()) == (original, original.to_dict())


def test_copy_is_another_object(copied: Copier) -> None:
    """A copy is a new object."""
    original = Contact.from_dict({"first_name": "Ada"})
    assert copied(original) is not original


def test_preserves_fields_set(copied: Copier) -> None:
    """A copy has the same `fields_set`."""
    assert copied(Contact.from_dict({"firstName": None})).fields_set == {"first_name"}


def test_preserves_null(copied: Copier) -> None:
    """A copy of a model with a null field produces null."""
    assert copied(Contact.from_dict({"firstName": None})).to_dict() == {"first_name": None}


def test_unset_is_a_singleton(copied: Copier) -> None:
    """A copy of UNSET is UNSET itself."""
    assert copied(UNSET) is UNSET


def test_unset_inside_a_request(copied: Copier) -> None:
    """UNSET in a copied model is UNSET itself, so that the field is still omitted."""
    assert copied(ContactCreate("+14155551234")).first_name is UNSET


def test_unset_in_nested_containers(copied: Copier) -> None:
    """UNSET in nested containers is UNSET itself after a copy."""
    assert copied([{"x": UNSET}])[0]["x"] is UNSET


def test_deepcopy_shares_nothing() -> None:
    """Changing a deep copy does not change the original."""
    original = Contact.from_dict({"tags": ["VIP"], "x_new": [1]})
    other = copy.deepcopy(original)
    (other.tags or []).append("Customer")
    other.additional_properties["x_new"].append(2)
    assert (original.tags, original.additional_properties) == (["VIP"], {"x_new": [1]})


def test_unset_is_falsy() -> None:
    """UNSET is falsy."""
    assert not UNSET


def test_unset_repr() -> None:
    """The repr of UNSET is its name."""
    assert repr(UNSET) == "UNSET"
