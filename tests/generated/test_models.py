"""Models: absent and null fields, and values of the wrong type. No received value is lost, and none is invented."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import pytest
from sendblue_contacts_api.models import BulkCreateResponse, Contact, ContactResponse, ContactUpdate
from sendblue_contacts_api.types import UNSET

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.generated.conftest import Case, Mistyped


def test_tables_match_the_document(model: Any, document: Any) -> None:  # noqa: ANN401 - a generated class and YAML
    """The table FIELDS of a model has every property of its schema, with its aliases, in the same order."""
    properties = document["components"]["schemas"][model.__name__]["properties"]
    expected = {name: tuple(each.get("x-aliases", ())) for name, each in properties.items()}
    assert {name: field.aliases for name, field in model.FIELDS.items()} == expected


def test_every_field_is_an_attribute(model: Any) -> None:  # noqa: ANN401 - a generated class
    """Each entry of FIELDS names an attribute, and each attribute for a field has an entry."""
    attributes = {attribute.name for attribute in attrs.fields(model)} - {"additional_properties", "_fields_set"}
    assert {field.attribute for field in model.FIELDS.values()} == attributes


# --- responses


def test_absent_field_is_none(received_case: Case) -> None:
    """An absent field is None."""
    assert received_case.attribute(received_case.read({})) is None


def test_null_is_none(received_case: Case) -> None:
    """A null field is None."""
    read = received_case.read({received_case.key: None})
    assert (received_case.attribute(read), read.additional_properties) == (None, {})


def test_everything_null(received: Any) -> None:  # noqa: ANN401 - a generated class
    """All fields can be null at once, and are written as null."""
    nulls = dict.fromkeys(received.FIELDS)
    assert received.from_dict(nulls).to_dict() == nulls


def test_fields_set_distinguishes_null_from_absent(received_case: Case) -> None:
    """`fields_set` contains null fields, but not absent ones."""
    null, missing = received_case.read({received_case.key: None}), received_case.read({})
    attribute = received_case.field.attribute
    assert (attribute in null.fields_set, attribute in missing.fields_set) == (True, False)


def test_fields_set_contains_a_field_received_under_an_alias(aliased: Case) -> None:
    """`fields_set` contains a field that was received under an alias."""
    read = aliased.read({aliased.key: aliased.value})
    assert aliased.field.attribute in getattr(read, "fields_set", {aliased.field.attribute})


def test_fields_set_of_an_object_created_in_python(received_case: Case) -> None:
    """`fields_set` of an object created in Python contains the fields that are not None."""
    value = received_case.expected(received_case.value)
    made = received_case.model(**{received_case.field.attribute: value})
    assert made.fields_set == {received_case.field.attribute}


def test_equality_does_not_depend_on_the_origin(received: Any, everything: Callable[[Any], dict[str, Any]]) -> None:  # noqa: ANN401 - a generated class
    """Objects with the same values are equal, whether created in Python or from JSON."""
    read = received.from_dict(everything(received))
    values = {field.attribute: getattr(read, field.attribute) for field in received.FIELDS.values()}
    assert received(**values) == read


def test_absent_field_is_not_written(received: Any) -> None:  # noqa: ANN401 - a generated class
    """Absent fields are not written."""
    assert received.from_dict({}).to_dict() == {}


def test_a_field_that_is_set_later_is_written() -> None:
    """A value that is set after reading is written."""
    contact = Contact.from_dict({})
    contact.first_name = "Ada"
    assert contact.to_dict() == {"first_name": "Ada"}


# --- wrong types


def test_container_of_the_wrong_type_is_kept(mistyped: Mistyped) -> None:
    """A value of the wrong type in a list, map or object field is kept unchanged, and the field is empty."""
    case = mistyped.case
    read = case.read({case.key: mistyped.value})
    assert (not case.attribute(read), read.additional_properties) == (True, {case.name: mistyped.value})


def test_container_of_the_wrong_type_is_written(mistyped: Mistyped) -> None:
    """A kept value is written under the preferred name."""
    case = mistyped.case
    assert case.read({case.key: mistyped.value}).to_dict()[case.name] == mistyped.value


def test_required_container_of_the_wrong_type_is_an_error(mistyped_required: Mistyped) -> None:
    """A value of the wrong type in a required field raises TypeError, which names the field."""
    case = mistyped_required.case
    with pytest.raises(TypeError, match=case.name):
        case.read({case.key: mistyped_required.value})


def test_container_of_the_wrong_type_under_an_alias() -> None:
    """A value of the wrong type under an alias is kept under the preferred name."""
    assert Contact.from_dict({"customVariables": "text"}).additional_properties == {"custom_variables": "text"}


def test_list_with_one_invalid_object_is_kept() -> None:
    """A list of objects with one item of another type is kept as a whole."""
    contacts = [{"phone": "+14155551234"}, None]
    assert BulkCreateResponse.from_dict({"contacts": contacts}).to_dict() == {"contacts": contacts}


def test_other_fields_are_read(received: Any, everything: Callable[[Any], dict[str, Any]]) -> None:  # noqa: ANN401 - a generated class
    """A field of the wrong type does not affect the other fields."""
    first, *others = received.FIELDS
    read = received.from_dict({**everything(received), first: object()})
    expected = received.from_dict(everything(received))
    attributes = [received.FIELDS[name].attribute for name in others]
    assert [getattr(read, name) for name in attributes] == [getattr(expected, name) for name in attributes]


def test_nested_object_is_tolerant() -> None:
    """A nested object keeps values of the wrong type, too."""
    response = ContactResponse.from_dict({"contact": {"firstName": "Ada", "tags": "VIP", "created_at": "soon"}})
    assert response.contact is not None
    assert response.contact.additional_properties == {"tags": "VIP", "created_at": "soon"}


def test_a_value_that_is_set_later_replaces_the_kept_value() -> None:
    """A value that is set after reading replaces the kept value of the wrong type."""
    update = ContactUpdate.from_dict({"tags": "VIP"})
    update.tags = ["VIP"]
    assert update.to_dict() == {"tags": ["VIP"]}


# --- requests


def test_absent_field_is_unset(sent_optional: Case) -> None:
    """An absent field of a request is UNSET, not None."""
    assert sent_optional.attribute(sent_optional.read({})) is UNSET


def test_unset_is_omitted(sent: Any, required_only: Callable[[Any], dict[str, Any]]) -> None:  # noqa: ANN401 - a generated class
    """UNSET fields are not written, and no default of the server is written in their place."""
    assert sent.from_dict(required_only(sent)).to_dict() == required_only(sent)


def test_none_is_null(sent_nullable: Case) -> None:
    """None is written as null in nullable fields."""
    assert sent_nullable.read({sent_nullable.key: None}).to_dict()[sent_nullable.name] is None


def test_required_field_cannot_be_absent(sent_required: Case) -> None:
    """An absent required field raises KeyError, which names the field."""
    with pytest.raises(KeyError, match=sent_required.name):
        sent_required.read({})


def test_required_field_may_have_an_alias(aliased: Case) -> None:
    """A required field may be given under any of its names."""
    assert aliased.read({aliased.key: aliased.value}).to_dict()[aliased.name] == aliased.value


def test_required_fields_match_the_document(sent: Any, document: Any) -> None:  # noqa: ANN401 - a generated class and YAML
    """The required fields of a model are those of its schema."""
    required = document["components"]["schemas"][sent.__name__].get("required", [])
    assert [name for name, field in sent.FIELDS.items() if field.required] == required


def test_models_do_not_share_additional_properties(model: Any, required_only: Callable[[Any], dict[str, Any]]) -> None:  # noqa: ANN401 - a generated class
    """Each object has its own `additional_properties`."""
    one, other = model.from_dict(required_only(model)), model.from_dict(required_only(model))
    one.additional_properties["x"] = 1
    assert other.additional_properties == {}
