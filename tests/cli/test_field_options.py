"""Options for contact fields: the field table agrees with the models, and each kind of field has an option."""

from collections.abc import Mapping
from typing import Any

import click
import pytest
from click.testing import CliRunner
from sendblue_contacts_api import models
from sendblue_contacts_api.field_table import FIELD_TABLE, FieldEntry
from sendblue_contacts_api.types import Field
from sendblue_contacts_cli.commands.contacts import create, update
from sendblue_contacts_cli.field_options import KINDS, field_options, given_fields


def test_table_agrees_with_models() -> None:
    """The field table has every field of each model, with the same definition."""
    names = ("kind", "aliases", "required", "nullable")
    for model, entries in FIELD_TABLE.items():
        fields: Mapping[str, Field] = getattr(models, model).FIELDS
        table = {name: [dict(entry)[key] for key in names] for name, entry in entries.items()}
        assert table == {name: [getattr(field, key) for key in names] for name, field in fields.items()}


@pytest.mark.parametrize("command", [create, update], ids=lambda command: command.name)
def test_each_field_option_is_described(command: click.Command) -> None:
    """Each option has a help text without aliases: an option has one spelling."""
    fields = FIELD_TABLE[f"Contact{str(command.name).title()}"]
    options = [option for option in command.params if isinstance(option, click.Option) and option.name in fields]
    assert len(options) >= len(fields) - 2
    assert [option.name for option in options if not option.help or "`" in option.help] == []


def run_with_field(kind: str, *arguments: str, name: str = "item") -> Any:
    """Run a command with one field of this kind; return the given fields, or its error output."""
    aliases, description = ("otherItem",), "A field."
    entry = FieldEntry(kind=kind, aliases=aliases, required=False, nullable=False, description=description)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(FIELD_TABLE, "Model", {name: entry})

        @click.command()
        @field_options("Model")
        def command(**options: Any) -> None:
            found.append(given_fields(options))

    found: list[dict[str, Any]] = []
    result = CliRunner().invoke(command, arguments)
    return found[0] if found else result.stderr


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
    ("map", ["--item", "a=b=c", "--item", "d="], {"a": "b=c", "d": ""}),
    ("object", ["--item", '{"a": 1}'], {"a": 1}),
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
    for kind, text in (("map", "label"), ("map", "=text"), ("integer", "x"), ("number", "x"), ("object", "{")):
        assert "Invalid value for '--item'" in run_with_field(kind, "--item", text)


def test_every_kind_in_the_document_has_an_option() -> None:
    """No field of the document has to be given as JSON."""
    kinds = {field["kind"] for model in ("ContactCreate", "ContactUpdate") for field in FIELD_TABLE[model].values()}
    assert kinds - set(KINDS) == set()
