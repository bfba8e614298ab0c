"""Shapes: the cache of the keys of responses is bounded, and a full cache does not change the results."""

from __future__ import annotations

from sendblue_contacts_api.models import Contact
from sendblue_contacts_api.types import Shapes


def test_caches_a_shape() -> None:
    """The shape of the same keys is computed once."""
    shapes = Shapes(Contact.FIELDS)
    assert shapes["phone", "firstName", "x"] is shapes["phone", "firstName", "x"]


def test_separates_fields_from_undocumented_keys() -> None:
    """A shape has the attributes that are set, and the undocumented keys in their order."""
    shape = Shapes(Contact.FIELDS)["z", "firstName", "first_name", "phone", "a"]
    assert shape == (frozenset({"first_name", "phone"}), ("z", "a"))


def test_cache_is_bounded() -> None:
    """The cache is bounded even if the server returns ever new keys."""
    shapes = Shapes(Contact.FIELDS)
    for number in range(Shapes.MAX_SIZE * 3):
        _ = shapes[f"x{number}",]
    assert len(shapes) == Shapes.MAX_SIZE


def test_full_cache_returns_correct_shapes() -> None:
    """Shapes that do not fit into the cache are computed each time, correctly."""
    shapes = Shapes(Contact.FIELDS)
    for number in range(Shapes.MAX_SIZE):
        _ = shapes[f"x{number}",]
    assert shapes["phone", "new"] == (frozenset({"phone"}), ("new",))


def test_models_are_correct_past_the_limit() -> None:
    """A thousand contacts, each with a different undocumented key, are all read correctly."""
    contacts = [Contact.from_dict({"firstName": "Ada", f"x{number}": number}) for number in range(1000)]
    expected = [{"first_name": "Ada", f"x{number}": number} for number in range(1000)]
    assert [contact.to_dict() for contact in contacts] == expected
