"""Models: aliases, absent and null fields, and values of the wrong type. No received value is lost or invented."""

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from sendblue_contacts_api.models import Contact, ContactUpdate
from sendblue_contacts_api.types import UNSET, Shapes

from tests.generated.conftest import Case, Tables


def test_tables_match_the_document(tables: Tables) -> None:
    """FIELDS has every property of the schema, with its aliases and whether it is required."""
    expected = {
        f"{model}.{name}": (tuple(each.get("x-aliases", ())), name in schema.get("required", []))
        for model, schema in tables.document["components"]["schemas"].items()
        for name, each in schema.get("properties", {}).items()
    }
    found = {str(case): (case.field.aliases, case.field.required) for case in tables.cases}
    assert sorted(found.items()) == sorted(expected.items())
    for model in tables.models:
        assert sorted(model.FIELDS) == sorted(
            name.partition(".")[2] for name in expected if name.startswith(f"{model.__name__}.")
        )


def test_every_field_is_an_attribute(tables: Tables) -> None:
    """Each entry of FIELDS names an attribute, and each attribute for a field has an entry."""
    own = {"__weakref__", "_fields_set", "additional_properties", "_additional_properties"}
    attributes = {model: {*model.__slots__} - own for model in tables.models}
    assert {model: {field.attribute for field in model.FIELDS.values()} for model in tables.models} == attributes


def spellings(case: Case) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield documents with the field under one or more of its names, and which of its values must be read."""
    value, other = case.value(), case.value(1)
    yield {case.name: value}, 0
    for number, alias in enumerate(case.field.aliases, 1):
        yield {**dict.fromkeys(case.field.aliases[number:], value), alias: other}, 1
        yield {case.name: value, alias: other}, 0
        yield {alias: other, case.name: value}, 0


def test_reads_every_name(tables: Tables) -> None:
    """A field is read from any of its names: first the preferred one, then the aliases in their order."""
    for case in tables.cases:
        for sent, which in spellings(case):
            read = case.read(sent)
            expected: tuple[object, ...] = (case.expected(which), {}, case.value(which))
            found = (case.attribute(read), read.additional_properties, read.to_dict()[case.name])
            assert found == expected, (str(case), sent)
            assert read.to_dict().keys() & case.field.aliases == set(), (str(case), sent)


def test_null_takes_precedence_like_any_value(tables: Tables) -> None:
    """If the preferred name is null, the field is not read from an alias; null under an alias is null."""
    clearable = [case for case in tables.cases if not (case.field.required and case.field.kind.startswith("array"))]
    documents = [
        (case, sent)
        for case in clearable
        for alias in case.field.aliases
        for sent in ({case.name: None, alias: case.value()}, {alias: None})
    ]
    assert [(str(case), sent) for case, sent in documents if case.attribute(case.read(sent))] == []


def test_undocumented_keys_are_kept_and_written(tables: Tables) -> None:
    """An undocumented key is kept and written, whatever its value; `from_dict` does not change its argument."""
    unknown = {"x_new": {"first_name": [1, None]}, "x_null": None}
    for model in tables.models:
        source = {**tables.whole(model), **unknown}
        read = model.from_dict(source)
        assert (read.additional_properties, read.to_dict()) == (unknown, source)
        assert source == {**tables.whole(model), **unknown}


ODD = [None, "", 7, 2.5, False, [], [1, None], {}, {"a": 1}, "2024-01-15", "2024-01-15T10:30", "15 Jan 2024", "now"]


@pytest.mark.parametrize("seed", range(6))
def test_many_objects_are_read_like_single_ones(tables: Tables, seed: int) -> None:
    """Whatever their keys and values are: `from_dicts` returns what `from_dict` does, `columns` the same or None."""
    random = Random(seed)  # noqa: S311  # not a secret
    cases = [case for case in tables.received_cases if case.model is Contact]
    values = {name: case.value() for case in cases for name in (case.name, *case.field.aliases)} | {"x_new": [1]}
    fast = 0
    for _ in range(100):
        keys = random.sample([*values], random.randint(0, len(values)))
        odd = random.choice([0, 0, 0.1])
        page = [
            {key: random.choice(ODD) if random.random() < odd else values[key] for key in keys}
            for _ in range(random.randint(0, 4))
        ]
        page += (
            [dict(reversed(page[0].items())), {**page[0], "x_other": 1}][: random.choice([0, 0, 1, 2])] if page else []
        )
        expected, columns = [Contact.from_dict(each) for each in page], Contact.columns(page)
        read = Contact.from_dicts(page)
        assert (read, [each.fields_set for each in read]) == (expected, [each.fields_set for each in expected])
        rows = [tuple(getattr(each, case.field.attribute) for case in cases) for each in expected]
        assert columns is None or [*zip(*columns, strict=True)] == rows
        fast += columns is not None
    assert fast


def test_absent_and_null_fields_of_responses(tables: Tables) -> None:
    """Both are None; `fields_set` has null fields but not absent ones, and only null fields are written."""
    for case in tables.received_cases:
        for sent in ({}, *({key: None} for key in (case.name, *case.field.aliases))):
            read = case.read(sent)
            found = case.attribute(read), read.fields_set, read.to_dict(), read.additional_properties
            written = {case.name: None} if sent else {}
            assert found == (None, {case.field.attribute} if sent else set(), written, {}), (str(case), sent)


def test_fields_set_of_an_object_created_in_python(tables: Tables) -> None:
    """`fields_set` of an object created in Python contains the fields that are not None."""
    found = {case: case.model(**{case.field.attribute: case.expected()}).fields_set for case in tables.received_cases}
    assert found == {case: {case.field.attribute} for case in tables.received_cases}


def test_equality_does_not_depend_on_the_origin(tables: Tables) -> None:
    """Objects with the same values are equal, whether created in Python or from JSON."""
    for model in tables.received:
        read = model.from_dict(tables.whole(model))
        assert model(**{field.attribute: getattr(read, field.attribute) for field in model.FIELDS.values()}) == read


def test_optional_fields_of_requests(tables: Tables) -> None:
    """An absent field of a request is UNSET and omitted, without a default of the server; None is written as null."""
    for case in tables.sent_cases:
        read = case.model.from_dict(tables.smallest(case.model))
        assert read.to_dict() == tables.smallest(case.model)
        assert case.field.required or case.attribute(read) is UNSET, str(case)
        assert not case.field.nullable or case.read({case.name: None}).to_dict()[case.name] is None, str(case)


def test_required_field_cannot_be_absent(tables: Tables) -> None:
    """An absent required field raises KeyError, which names the field."""
    for case in tables.sent_cases:
        if case.field.required:
            with pytest.raises(KeyError, match=case.name):
                case.read({})


def test_a_field_that_is_set_later_is_written() -> None:
    """A value that is set after reading is written, also in place of a kept value of the wrong type."""
    contact, update = Contact.from_dict({}), ContactUpdate.from_dict({"tags": "VIP"})
    contact.first_name, update.tags = "Ada", ["VIP"]
    assert (contact.to_dict(), update.to_dict()) == ({"first_name": "Ada"}, {"tags": ["VIP"]})


# The JSON type of each container kind, and values of several types.
CONTAINERS = {"array": list, "map": dict, "object": dict}
WRONG: list[object] = ["text", 7, True, ["a"], {"a": 1}]


def mistyped(tables: Tables) -> Iterator[tuple[Case, object]]:
    """Yield each list, map or object field with values of other types, including strings in a list of objects."""
    for case in tables.cases:
        right = CONTAINERS.get(case.field.kind.split("[")[0])
        for value in WRONG:
            if right and (type(value) is not right or (case.field.kind == "array[object]" and value == ["a"])):
                yield case, value


def test_container_of_the_wrong_type_is_kept(tables: Tables) -> None:
    """A value of the wrong type is kept and written under the preferred name; the other fields are read."""
    for case, value in mistyped(tables):
        if case.field.required:
            with pytest.raises(TypeError, match=case.name):
                case.read({case.name: value})
            continue
        for key in (case.name, *case.field.aliases):
            document = {name: each for name, each in tables.whole(case.model).items() if name != case.name}
            read = case.model.from_dict({**document, key: value})
            expected = (True, {case.name: value}, {**document, case.name: value})
            assert (not case.attribute(read), read.additional_properties, read.to_dict()) == expected, str(case)


ODD_VALUES: list[object] = [None, False, -1, 10**30, 1.5, "", "text", "\x00", [], [None], [[]], [{}], {}, {"": None}]


def test_any_json_is_read(tables: Tables) -> None:
    """A response with any JSON in its fields is read, every field is written, and the output can be read."""
    for case in tables.received_cases:
        for value in ODD_VALUES:
            read = case.model.from_dict({**tables.whole(case.model), case.name: value})
            assert read.to_dict().keys() == case.model.FIELDS.keys(), (str(case), value)
            assert case.model.from_dict(read.to_dict()) == read, (str(case), value)


def test_cache_of_shapes_is_bounded() -> None:
    """The cache is bounded even if the server returns ever new keys; further shapes are computed correctly."""
    shapes = Shapes(Contact.FIELDS)
    assert shapes["z", "firstName", "first_name", "phone", "a"] == (frozenset({"first_name", "phone"}), ("z", "a"))
    assert shapes["phone", "x"] is shapes["phone", "x"]
    for number in range(Shapes.MAX_SIZE * 2):
        _ = shapes[f"x{number}",]
    assert (len(shapes), shapes["phone", "new"]) == (Shapes.MAX_SIZE, (frozenset({"phone"}), ("new",)))
