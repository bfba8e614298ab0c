"""Shapes: what is remembered of the keys of answers is bounded, and a mistake in it never shows."""

from __future__ import annotations

from sendblue_contacts_api.models import Contact
from sendblue_contacts_api.types import Shapes


def test_remembers_a_shape() -> None:
    """The same keys are worked out once."""
    shapes = Shapes(Contact.FIELDS)
    assert shapes["phone", "firstName", "x"] is shapes["phone", "firstName", "x"]


def test_tells_fields_from_unknown_keys() -> None:
    """A shape is the attributes that are filled, and the keys that no field knows in their order."""
    shape = Shapes(Contact.FIELDS)["z", "firstName", "first_name", "phone", "a"]
    assert shape == (frozenset({"first_name", "phone"}), ("z", "a"))


def test_does_not_grow_without_end() -> None:
    """A server that invents keys does not fill the memory."""
    shapes = Shapes(Contact.FIELDS)
    for number in range(Shapes.LIMIT * 3):
        _ = shapes[f"x{number}",]
    assert len(shapes) == Shapes.LIMIT


def test_works_when_it_is_full() -> None:
    """What no longer fits is worked out each time, and right."""
    shapes = Shapes(Contact.FIELDS)
    for number in range(Shapes.LIMIT):
        _ = shapes[f"x{number}",]
    assert shapes["phone", "new"] == (frozenset({"phone"}), ("new",))


def test_models_read_right_past_the_limit() -> None:
    """Of a thousand contacts with a key of its own each, all are read right."""
    contacts = [Contact.from_dict({"firstName": "Ada", f"x{number}": number}) for number in range(1000)]
    expected = [{"first_name": "Ada", f"x{number}": number} for number in range(1000)]
    assert [contact.to_dict() for contact in contacts] == expected
