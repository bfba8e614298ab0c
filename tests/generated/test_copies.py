"""Copies: pickle, copy and deepcopy give equal objects, and UNSET stays the one it is."""

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
        f"pickle {protocol}": lambda value, protocol=protocol: pickle.loads(pickle.dumps(value, protocol))  # noqa: S301 - our own bytes
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    },
}


@pytest.fixture(params=COPIERS.values(), ids=list(COPIERS))
def copied(request: pytest.FixtureRequest) -> Copier:
    """Each way to make a copy."""
    return request.param


def test_whole_model(model: Any, everything: Callable[[Any], dict[str, Any]], copied: Copier) -> None:  # noqa: ANN401 - a generated class
    """A model with every field and an unknown key equals its copy."""
    original = model.from_dict({**everything(model), "x_new": [1]})
    assert copied(original) == original


def test_model_with_nothing_in_it(model: Any, required_only: Callable[[Any], dict[str, Any]], copied: Copier) -> None:  # noqa: ANN401 - a generated class
    """A model with fields left out equals its copy, and writes the same."""
    original = model.from_dict(required_only(model))
    assert (copied(original), copied(original).to_dict()) == (original, original.to_dict())


def test_copy_is_another_object(copied: Copier) -> None:
    """A copy is not the object itself."""
    original = Contact.from_dict({"first_name": "Ada"})
    assert copied(original) is not original


def test_remembers_what_was_sent(copied: Copier) -> None:
    """A copy still knows which keys were there."""
    assert copied(Contact.from_dict({"firstName": None})).fields_set == {"first_name"}


def test_remembers_null(copied: Copier) -> None:
    """A copy still writes null for what was null."""
    assert copied(Contact.from_dict({"firstName": None})).to_dict() == {"first_name": None}


def test_unset_is_one(copied: Copier) -> None:
    """A copy of UNSET is UNSET."""
    assert copied(UNSET) is UNSET


def test_unset_inside_a_request(copied: Copier) -> None:
    """UNSET inside a copied model is UNSET, so that it is still left out."""
    assert copied(ContactCreate("+14155551234")).first_name is UNSET


def test_unset_inside_other_things(copied: Copier) -> None:
    """The same holds deeper inside."""
    assert copied([{"x": UNSET}])[0]["x"] is UNSET


def test_deepcopy_shares_nothing() -> None:
    """Changing a deep copy leaves the original alone."""
    original = Contact.from_dict({"tags": ["VIP"], "x_new": [1]})
    other = copy.deepcopy(original)
    (other.tags or []).append("Customer")
    other.additional_properties["x_new"].append(2)
    assert (original.tags, original.additional_properties) == (["VIP"], {"x_new": [1]})


def test_unset_is_false() -> None:
    """UNSET is false in a condition."""
    assert not UNSET


def test_unset_says_its_name() -> None:
    """Its repr is its name."""
    assert repr(UNSET) == "UNSET"
