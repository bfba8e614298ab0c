"""Models: what is missing, null or of the wrong type. Nothing that arrived is lost, and nothing is made up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import pytest
from sendblue_contacts_api.models import BulkCreateResponse, Contact, ContactResponse, ContactUpdate
from sendblue_contacts_api.types import UNSET

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.generated.conftest import Case, Misfit


def test_tables_say_what_the_document_says(model: Any, document: Any) -> None:  # noqa: ANN401 - a generated class and YAML
    """Every property of a schema is in the table of its model, with its aliases, in the same order."""
    properties = document["components"]["schemas"][model.__name__]["properties"]
    expected = {name: tuple(each.get("x-aliases", ())) for name, each in properties.items()}
    assert {name: field.aliases for name, field in model.FIELDS.items()} == expected


def test_every_field_is_an_attribute(model: Any) -> None:  # noqa: ANN401 - a generated class
    """Each entry of the table names an attribute, and each attribute but the kept keys has an entry."""
    attributes = {attribute.name for attribute in attrs.fields(model)} - {"additional_properties", "_fields_set"}
    assert {field.attribute for field in model.FIELDS.values()} == attributes


# --- received


def test_missing_reads_as_none(received_case: Case) -> None:
    """A field that was not sent is None."""
    assert received_case.attribute(received_case.read({})) is None


def test_null_reads_as_none(received_case: Case) -> None:
    """Any field may be null."""
    read = received_case.read({received_case.key: None})
    assert (received_case.attribute(read), read.additional_properties) == (None, {})


def test_everything_null(received: Any) -> None:  # noqa: ANN401 - a generated class
    """All fields may be null at once, and are written as null again."""
    nulls = dict.fromkeys(received.FIELDS)
    assert received.from_dict(nulls).to_dict() == nulls


def test_tells_null_from_missing(received_case: Case) -> None:
    """Whether a key was there can be asked."""
    null, missing = received_case.read({received_case.key: None}), received_case.read({})
    attribute = received_case.field.attribute
    assert (attribute in null.fields_set, attribute in missing.fields_set) == (True, False)


def test_tells_that_an_alias_was_there(spelled: Case) -> None:
    """A key under an alias counts for its field."""
    read = spelled.read({spelled.key: spelled.value})
    assert spelled.field.attribute in getattr(read, "fields_set", {spelled.field.attribute})


def test_made_by_hand(received_case: Case) -> None:
    """Of an object made by hand, the fields that are set are those that are not None."""
    value = received_case.expected(received_case.value)
    made = received_case.model(**{received_case.field.attribute: value})
    assert made.fields_set == {received_case.field.attribute}


def test_where_it_came_from_does_not_matter(received: Any, everything: Callable[[Any], dict[str, Any]]) -> None:  # noqa: ANN401 - a generated class
    """Objects with the same values are equal, made by hand or read."""
    read = received.from_dict(everything(received))
    values = {field.attribute: getattr(read, field.attribute) for field in received.FIELDS.values()}
    assert received(**values) == read


def test_missing_stays_missing(received: Any) -> None:  # noqa: ANN401 - a generated class
    """What was not sent is not written."""
    assert received.from_dict({}).to_dict() == {}


def test_a_field_that_is_set_later_is_written() -> None:
    """A value given after reading goes out."""
    contact = Contact.from_dict({})
    contact.first_name = "Ada"
    assert contact.to_dict() == {"first_name": "Ada"}


# --- wrong types


def test_container_of_the_wrong_type_is_kept(misfit: Misfit) -> None:
    """A list, map or object that is something else is kept as it came, and reads as absent."""
    case = misfit.case
    read = case.read({case.key: misfit.value})
    assert (not case.attribute(read), read.additional_properties) == (True, {case.name: misfit.value})


def test_container_of_the_wrong_type_goes_out_again(misfit: Misfit) -> None:
    """What was kept is written under the preferred name: nothing is lost."""
    case = misfit.case
    assert case.read({case.key: misfit.value}).to_dict()[case.name] == misfit.value


def test_required_container_of_the_wrong_type_is_an_error(misfit_required: Misfit) -> None:
    """A request without what it is about is refused, and the error names the field."""
    case = misfit_required.case
    with pytest.raises(TypeError, match=case.name):
        case.read({case.key: misfit_required.value})


def test_container_of_the_wrong_type_under_an_alias() -> None:
    """It is kept under the preferred name, whatever it came as."""
    assert Contact.from_dict({"customVariables": "text"}).additional_properties == {"custom_variables": "text"}


def test_one_bad_object_among_many_loses_none() -> None:
    """A list in which something is no object is kept as a whole."""
    contacts = [{"phone": "+14155551234"}, None]
    assert BulkCreateResponse.from_dict({"contacts": contacts}).to_dict() == {"contacts": contacts}


def test_the_other_fields_are_read_all_the_same(received: Any, everything: Callable[[Any], dict[str, Any]]) -> None:  # noqa: ANN401 - a generated class
    """A field that cannot be read does not disturb its neighbours."""
    first, *others = received.FIELDS
    read = received.from_dict({**everything(received), first: object()})
    expected = received.from_dict(everything(received))
    attributes = [received.FIELDS[name].attribute for name in others]
    assert [getattr(read, name) for name in attributes] == [getattr(expected, name) for name in attributes]


def test_a_nested_object_is_as_tolerant() -> None:
    """Inside another object the same holds."""
    answer = ContactResponse.from_dict({"contact": {"firstName": "Ada", "tags": "VIP", "created_at": "soon"}})
    assert answer.contact is not None
    assert answer.contact.additional_properties == {"tags": "VIP", "created_at": "soon"}


def test_a_value_that_is_set_later_replaces_what_was_kept() -> None:
    """Whoever corrects a field that could not be read writes the correction."""
    update = ContactUpdate.from_dict({"tags": "VIP"})
    update.tags = ["VIP"]
    assert update.to_dict() == {"tags": ["VIP"]}


# --- sent


def test_left_out_is_unset(sent_optional: Case) -> None:
    """A field that is left out is UNSET, and not None."""
    assert sent_optional.attribute(sent_optional.read({})) is UNSET


def test_unset_is_left_out(sent: Any, required_only: Callable[[Any], dict[str, Any]]) -> None:  # noqa: ANN401 - a generated class
    """What is UNSET is not sent: no default of the server goes out by itself."""
    assert sent.from_dict(required_only(sent)).to_dict() == required_only(sent)


def test_none_is_null(sent_nullable: Case) -> None:
    """None is sent as null where the document admits it."""
    assert sent_nullable.read({sent_nullable.key: None}).to_dict()[sent_nullable.name] is None


def test_required_cannot_be_left_out(sent_required: Case) -> None:
    """A required field that is under no spelling is an error that names it."""
    with pytest.raises(KeyError, match=sent_required.name):
        sent_required.read({})


def test_required_may_come_under_an_alias(spelled: Case) -> None:
    """Any spelling of a required field will do."""
    assert spelled.read({spelled.key: spelled.value}).to_dict()[spelled.name] == spelled.value


def test_required_is_what_the_document_says(sent: Any, document: Any) -> None:  # noqa: ANN401 - a generated class and YAML
    """The required fields are those of the schema."""
    required = document["components"]["schemas"][sent.__name__].get("required", [])
    assert [name for name, field in sent.FIELDS.items() if field.required] == required


def test_models_do_not_share_what_they_keep(model: Any, required_only: Callable[[Any], dict[str, Any]]) -> None:  # noqa: ANN401 - a generated class
    """The kept keys of one object are its own."""
    one, other = model.from_dict(required_only(model)), model.from_dict(required_only(model))
    one.additional_properties["x"] = 1
    assert other.additional_properties == {}
