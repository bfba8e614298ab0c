"""Changes of a sync: their JSON, their repr, and the forms of their values."""

import json

import pytest
from sendblue_transfer import Change

UPDATE = Change(
    "update",
    "+14155550123",
    {"first_name": ("Ada", "Augusta"), "tags": (None, ["VIP"]), "custom_variables.Lead.Source": ("Web", None)},
    line=7,
)


@pytest.mark.parametrize(
    "change",
    [
        UPDATE,
        Change("skip", "", reason="no number", line=3),
        Change("delete", "+14155550123", {"tags": (["\ud800"], None)}),
    ],
)
def test_json_round_trip(change: Change) -> None:
    """A change is one line of JSON, which people can read, and reads back equal."""
    text = change.to_json()
    assert ("\n" in text, text.encode().decode(), Change.from_json(text)) == (False, text, change)


def test_repr_shows_no_personal_data() -> None:
    """Only the kind, and the names of the fields."""
    assert repr(UPDATE) == "Change(kind='update', fields=['first_name', 'tags', 'custom_variables.Lead.Source'])"


@pytest.mark.parametrize(
    "damage",
    [
        {"kind": "upsert"}, {"kind": ["update"]}, {"phone": 1}, {"fields": []}, {"fields": {"tags": ["a"]}},
        {"line": "7"}, {"line": True}, {"reason": None}, {"extra": 1},
    ],
)  # fmt: skip
def test_json_that_is_not_a_change(damage: dict[str, object]) -> None:
    """It raises a ValueError, whatever is wrong."""
    with pytest.raises(ValueError, match="not a change"):
        Change.from_json(json.dumps({**UPDATE.to_dict(), **damage}))
