"""Aliases: all are read, preferred names take precedence, and labels of custom variables are not fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sendblue_contacts_api.models import BulkContact, Contact, ContactCreate, ContactUpdate

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.generated.conftest import Case

LABELS = {"firstName": "a", "first_name": "b", "phone": "c", "customVariables": "d", "custom_variables": "e"}


def test_reads_the_preferred_name(case: Case) -> None:
    """A field is read from its preferred name."""
    assert case.attribute(case.read({case.key: case.value})) == case.expected(case.value)


def test_reads_an_alias(aliased: Case) -> None:
    """A field is read from an alias."""
    assert aliased.attribute(aliased.read({aliased.key: aliased.value})) == aliased.expected(aliased.value)


def test_preferred_name_before_the_alias(aliased: Case) -> None:
    """The preferred name takes precedence over an alias."""
    read = aliased.read({aliased.name: aliased.value, aliased.key: aliased.other})
    assert aliased.attribute(read) == aliased.expected(aliased.value)


def test_preferred_name_after_the_alias(aliased: Case) -> None:
    """The preferred name takes precedence whatever the order of the keys."""
    read = aliased.read({aliased.key: aliased.other, aliased.name: aliased.value})
    assert aliased.attribute(read) == aliased.expected(aliased.value)


def test_null_under_the_preferred_name_takes_precedence(aliased_clearable: Case) -> None:
    """If the preferred name is null, the field is not read from an alias."""
    case = aliased_clearable
    assert not case.attribute(case.read({case.name: None, case.key: case.other}))


def test_null_under_an_alias(aliased_clearable: Case) -> None:
    """Null under an alias is read as null."""
    case = aliased_clearable
    assert not case.attribute(case.read({case.key: None}))


def test_first_alias_takes_precedence(aliased: Case) -> None:
    """Of several aliases, the first one in the document takes precedence."""
    rest = aliased.field.aliases[aliased.field.aliases.index(aliased.key) + 1 :]
    read = aliased.read({**dict.fromkeys(rest, aliased.other), aliased.key: aliased.value})
    assert aliased.attribute(read) == aliased.expected(aliased.value)


def test_alias_is_not_an_undocumented_key(aliased: Case) -> None:
    """An alias is not kept as an undocumented key, alone or together with the preferred name."""
    alone, together = (
        aliased.read({aliased.key: aliased.value}),
        aliased.read({aliased.key: aliased.value, aliased.name: aliased.value}),
    )
    assert (alone.additional_properties, together.additional_properties) == ({}, {})


def test_writes_the_preferred_name(aliased: Case) -> None:
    """A field that was read from an alias is written under the preferred name."""
    written = aliased.read({aliased.key: aliased.value}).to_dict()
    assert (written.get(aliased.name), aliased.key in written) == (aliased.value, False)


def test_labels_are_read_unchanged() -> None:
    """Labels that equal names of fields stay labels."""
    assert Contact.from_dict({"customVariables": LABELS}).custom_variables == LABELS


def test_labels_are_written_unchanged() -> None:
    """Every model with custom variables writes the labels unchanged."""
    documents: dict[Any, dict[str, Any]] = {
        Contact: {},
        ContactCreate: {"number": "+14155551234"},
        ContactUpdate: {},
        BulkContact: {"phone": "+14155551234"},
    }
    written = [model.from_dict({**rest, "customVariables": LABELS}).to_dict() for model, rest in documents.items()]
    assert [each["custom_variables"] for each in written] == [LABELS] * len(documents)


def test_labels_do_not_set_fields() -> None:
    """A label that equals the name of a field does not set that field."""
    assert Contact.from_dict({"custom_variables": LABELS}).first_name is None


def test_custom_variables_of_two_names_are_not_merged() -> None:
    """If both names hold a map, the preferred one is used as a whole."""
    contact = Contact.from_dict({"custom_variables": {"firstName": "a"}, "customVariables": {"first_name": "b"}})
    assert contact.custom_variables == {"firstName": "a"}


def test_undocumented_keys_are_kept(model: Any, required_only: Callable[[Any], dict[str, Any]]) -> None:  # noqa: ANN401 - a generated class
    """An undocumented key is kept, whatever its value."""
    unknown = {"x_new": {"first_name": [1, None]}, "x_null": None}
    assert model.from_dict({**required_only(model), **unknown}).additional_properties == unknown


def test_undocumented_keys_are_written(model: Any, required_only: Callable[[Any], dict[str, Any]]) -> None:  # noqa: ANN401 - a generated class
    """Undocumented keys are written together with the fields."""
    sent = {**required_only(model), "x_new": {"firstName": 1}}
    assert model.from_dict(sent).to_dict() == sent


def test_reading_does_not_change_the_source(model: Any, everything: Callable[[Any], dict[str, Any]]) -> None:  # noqa: ANN401 - a generated class
    """`from_dict` does not change its argument."""
    source = {**everything(model), "x_new": 1}
    model.from_dict(source)
    assert source == {**everything(model), "x_new": 1}
