"""Options for contact fields: the field table agrees with the models, and each kind of field has an option."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import click
import pytest
from click.testing import CliRunner
from sendblue_contacts_api import models
from sendblue_contacts_api.field_table import FIELD_TABLE, QUERY_TABLE, FieldEntry
from sendblue_contacts_api.types import Field
from sendblue_contacts_cli.commands.contacts import RESERVED_BY_LISTS, create, list_, update
from sendblue_contacts_cli.commands.files import export
from sendblue_contacts_cli.context import common_options
from sendblue_contacts_cli.field_options import KINDS, PREFIX, RESERVED, field_options, given_fields, query_options


def test_table_agrees_with_models() -> None:
    """The field table has every field of each model, with the same definition."""
    names = ("kind", "aliases", "required", "nullable", "choices")
    for model, entries in FIELD_TABLE.items():
        fields: Mapping[str, Field] = getattr(models, model).FIELDS
        table = {name: [dict(entry)[key] for key in names] for name, entry in entries.items()}
        assert table == {name: [getattr(field, key) for key in names] for name, field in fields.items()}


@pytest.mark.parametrize("command", [create, update], ids=lambda command: command.name)
def test_options_of_a_command(command: click.Command) -> None:
    """Each option of a field has a help text without aliases, and each other option is in the list of reserved ones."""
    options = [option for option in command.params if isinstance(option, click.Option)]
    of_fields = [option for option in options if str(option.name).startswith(PREFIX)]
    assert len(of_fields) >= len(FIELD_TABLE[f"Contact{str(command.name).title()}"]) - 2
    assert [option.name for option in of_fields if not option.help or "`" in option.help] == []
    names = {word.lstrip("-") for option in options if option not in of_fields for word in option.opts}
    assert names - {"q"} <= RESERVED


def entry(kind: str, *aliases: str, choices: tuple[str | int, ...] = ()) -> FieldEntry:
    """Return an optional field of this kind."""
    return FieldEntry(
        kind=kind, aliases=aliases, required=False, nullable=False, choices=choices, description="A field."
    )


def run_with_field(kind: str, *arguments: str, choices: tuple[str | int, ...] = ()) -> Any:
    """Run a command with one field of this kind; return the given fields, or its error output."""
    return run_with_fields({"item": entry(kind, "otherItem", choices=choices)}, *arguments)


def run_with_fields(fields: dict[str, FieldEntry], *arguments: str) -> Any:
    """Run a command with these fields; return the given fields, or its output."""
    definitions = {name: Field(each["kind"], model="ContactUpdate") for name, each in fields.items()}
    found: list[dict[str, Any]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(FIELD_TABLE, "Model", fields)
        patch.setattr(models, "Model", SimpleNamespace(FIELDS=definitions), raising=False)

        @click.command()
        @common_options
        @field_options("Model")
        def command(**options: Any) -> None:
            found.append(given_fields(options))

        result = CliRunner().invoke(command, arguments)
    return found[0] if found else result.output


OPTIONS: list[tuple[str, list[str], object]] = [
    ("string", ["--item", "a"], "a"),
    ("string", ["--item", ""], ""),
    ("enum", ["--item", "a"], "a"),
    ("e164", ["--item", "+1"], "+1"),
    ("date", ["--item", "1815-12-10"], "1815-12-10"),
    ("date-time", ["--item", "now"], "now"),
    ("boolean", ["--item"], True),
    ("boolean", ["--no-item"], False),
    ("integer", ["--item", "7"], 7),
    ("number", ["--item", "7.5"], 7.5),
    ("array[string]", ["--item", "a", "--item", "b"], ["a", "b"]),
    ("map", ["--var", "a=b=c", "--var", "d="], {"a": "b=c", "d": ""}),
    ("object", ["--item", '{"firstName": "a"}'], {"first_name": "a"}),
    ("array[object]", ["--item", '[{"opt_out": true}]'], [{"opt_out": True}]),
    ("any", ["--item", "[1]"], [1]),
    ("string", ["--other-item", "a"], "a"),
]


def test_each_kind_has_an_option() -> None:
    """Each kind of field can be given, under every name of the field; one that is not given is not in the request."""
    assert [(kind, arguments, run_with_field(kind, *arguments)) for kind, arguments, _ in OPTIONS] == [
        (kind, arguments, {"item": value}) for kind, arguments, value in OPTIONS
    ]
    assert {kind: run_with_field(kind) for kind in (*KINDS, "object")} == {kind: {} for kind in (*KINDS, "object")}


def test_invalid_value_is_rejected() -> None:
    """The message names the option."""
    for kind, text in (("integer", "x"), ("number", "x"), ("object", "{"), ("object", '{"first_nam": "a"}')):
        assert "Invalid value for '--item'" in run_with_field(kind, "--item", text)
    for text in ("label", "=text"):
        assert "Invalid value for '--var'" in run_with_field("map", "--var", text)


def test_every_kind_in_the_document_has_an_option() -> None:
    """No field of the document has to be given as JSON, except objects."""
    kinds = {field["kind"] for model in ("ContactCreate", "ContactUpdate") for field in FIELD_TABLE[model].values()}
    assert kinds - set(KINDS) <= {"object"}


def test_an_enum_is_a_choice() -> None:
    """The option of an enum takes its values only, which the help lists and the shell completes."""
    for kind, choices, text in (("enum", ("home", "work"), "work"), ("integer", (1, 2), "2")):
        assert run_with_field(kind, "--item", text, choices=choices) == {"item": choices[1]}
        assert "'--item'" in run_with_field(kind, "--item", "other", choices=choices)
        assert f"[{choices[0]}|{choices[1]}]" in run_with_field(kind, "--help", choices=choices)


def test_fields_called_like_options() -> None:
    """A field can have the name of an option or a parameter of the command, or the singular of another field."""
    fields = {name: entry("string") for name in ("profile", "json", "help", "number", "tag")}
    fields |= {"tags": entry("array[string]"), "labels": entry("map"), "texts": entry("map")}
    options = ["--field-profile", "a", "--field-json", "b", "--field-help", "c", "--number", "d", "--field-tag", "e"]
    given = run_with_fields(fields, *options, "--tag", "f", "--var", "g=h", "--text", "i=j")
    assert given == {
        **dict(zip(fields, "abcde", strict=False)),
        "tags": ["f"],
        "labels": {"g": "h"},
        "texts": {"i": "j"},
    }


def run_list(parameters: dict[str, FieldEntry], *arguments: str) -> Any:
    """Run a command with an option for each of these query parameters; return the given values, or its output."""
    found: list[dict[str, Any]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(QUERY_TABLE, "list_items", parameters)

        @click.command()
        @query_options("list_items", exclude=["limit"], reserved=["tag"])
        def command(**options: Any) -> None:
            found.append(given_fields(options))

        result = CliRunner().invoke(command, arguments)
    return found[0] if found else result.output


def test_query_parameters_are_options() -> None:
    """An array is given value by value, an enum is a choice, and a name that is taken gets a prefix."""
    parameters = {"limit": entry("integer"), "tag": entry("array[string]"), "since": entry("array[date-time]")}
    parameters |= {"stages": entry("array[string]", choices=("lead", "customer")), "score": entry("integer")}
    options = ["--filter-tag", "VIP", "--since", "2024-01-15", "--since", "2024-01-16", "--stage", "lead"]
    assert run_list(parameters, *options, "--score", "7") == {
        "tag": ["VIP"],
        "since": ["2024-01-15", "2024-01-16"],
        "stages": ["lead"],
        "score": 7,
    }
    shown = run_list(parameters, "--help")
    assert ("[lead|customer]" in shown, "A field." in shown, "limit" in shown) == (True, True, False)
    assert "'leed' is not one of" in run_list(parameters, "--stage", "leed")


@pytest.mark.parametrize(
    ("command", "reserved"),
    [(create, RESERVED), (update, RESERVED), (list_, RESERVED_BY_LISTS), (export, RESERVED_BY_LISTS)],
)
def test_reserved_options(command: click.Command, reserved: frozenset[str]) -> None:
    """The list of reserved options has every option of the command that is not one of a field."""
    others = [option for option in command.params if isinstance(option, click.Option)]
    names = {word.lstrip("-") for each in others if not str(each.name).startswith(PREFIX) for word in each.opts}
    assert names - {"q"} <= reserved
