"""Spellings: every one is read, the preferred one counts, and labels of custom variables are nobody's fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sendblue_contacts_api.models import BulkContact, Contact, ContactCreate, ContactUpdate

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.generated.conftest import Case

LABELS = {"firstName": "a", "first_name": "b", "phone": "c", "customVariables": "d", "custom_variables": "e"}


def test_reads_the_preferred_name(case: Case) -> None:
    """A field under its preferred name is read."""
    assert case.attribute(case.read({case.key: case.value})) == case.expected(case.value)


def test_reads_an_alias(spelled: Case) -> None:
    """A field under an alias alone is read."""
    assert spelled.attribute(spelled.read({spelled.key: spelled.value})) == spelled.expected(spelled.value)


def test_alias_after_the_preferred_name(spelled: Case) -> None:
    """Where both stand, the preferred one counts."""
    read = spelled.read({spelled.name: spelled.value, spelled.key: spelled.other})
    assert spelled.attribute(read) == spelled.expected(spelled.value)


def test_alias_before_the_preferred_name(spelled: Case) -> None:
    """Where both stand, the order of the keys does not matter."""
    read = spelled.read({spelled.key: spelled.other, spelled.name: spelled.value})
    assert spelled.attribute(read) == spelled.expected(spelled.value)


def test_null_under_the_preferred_name_counts(spelled_clearable: Case) -> None:
    """A preferred name that is null is not filled from an alias."""
    case = spelled_clearable
    assert not case.attribute(case.read({case.name: None, case.key: case.other}))


def test_null_under_an_alias(spelled_clearable: Case) -> None:
    """An alias that is null is null, no error."""
    case = spelled_clearable
    assert not case.attribute(case.read({case.key: None}))


def test_first_of_two_aliases_counts(spelled: Case) -> None:
    """Where several aliases stand, the one that the document names first counts."""
    rest = spelled.field.aliases[spelled.field.aliases.index(spelled.key) + 1 :]
    read = spelled.read({**dict.fromkeys(rest, spelled.other), spelled.key: spelled.value})
    assert spelled.attribute(read) == spelled.expected(spelled.value)


def test_an_alias_is_no_unknown_key(spelled: Case) -> None:
    """An alias does not turn up among the unknown keys, alone or beside the preferred name."""
    alone, beside = (
        spelled.read({spelled.key: spelled.value}),
        spelled.read({spelled.key: spelled.value, spelled.name: spelled.value}),
    )
    assert (alone.additional_properties, beside.additional_properties) == ({}, {})


def test_writes_the_preferred_name(spelled: Case) -> None:
    """What came under an alias goes out under the preferred name."""
    written = spelled.read({spelled.key: spelled.value}).to_dict()
    assert (written.get(spelled.name), spelled.key in written) == (spelled.value, False)


def test_labels_are_read_untouched() -> None:
    """Labels that look like fields, in either spelling, stay labels."""
    assert Contact.from_dict({"customVariables": LABELS}).custom_variables == LABELS


def test_labels_are_written_untouched() -> None:
    """They go out as they came in, from every model that has custom variables."""
    documents: dict[Any, dict[str, Any]] = {
        Contact: {},
        ContactCreate: {"number": "+14155551234"},
        ContactUpdate: {},
        BulkContact: {"phone": "+14155551234"},
    }
    written = [model.from_dict({**rest, "customVariables": LABELS}).to_dict() for model, rest in documents.items()]
    assert [each["custom_variables"] for each in written] == [LABELS] * len(documents)


def test_labels_do_not_fill_fields() -> None:
    """A label called like a field does not fill that field."""
    assert Contact.from_dict({"custom_variables": LABELS}).first_name is None


def test_values_of_custom_variables_are_kept_in_both_spellings() -> None:
    """Of two maps the preferred one counts as a whole; they are not mixed."""
    contact = Contact.from_dict({"custom_variables": {"firstName": "a"}, "customVariables": {"first_name": "b"}})
    assert contact.custom_variables == {"firstName": "a"}


def test_unknown_keys_are_kept(model: Any, required_only: Callable[[Any], dict[str, Any]]) -> None:  # noqa: ANN401 - a generated class
    """A key that the document does not know is kept, whatever it holds."""
    unknown = {"x_new": {"first_name": [1, None]}, "x_null": None}
    assert model.from_dict({**required_only(model), **unknown}).additional_properties == unknown


def test_unknown_keys_go_out_again(model: Any, required_only: Callable[[Any], dict[str, Any]]) -> None:  # noqa: ANN401 - a generated class
    """They stand beside the fields in what is written."""
    sent = {**required_only(model), "x_new": {"firstName": 1}}
    assert model.from_dict(sent).to_dict() == sent


def test_reading_leaves_the_source_alone(model: Any, everything: Callable[[Any], dict[str, Any]]) -> None:  # noqa: ANN401 - a generated class
    """The mapping that is read is not changed."""
    source = {**everything(model), "x_new": 1}
    model.from_dict(source)
    assert source == {**everything(model), "x_new": 1}
