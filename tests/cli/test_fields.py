"""Fields as options: what the document says of them, read without importing it, and how each kind is given."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click
import pytest
from click.testing import CliRunner
from sendblue_contacts_api.models.contact_create import ContactCreate
from sendblue_contacts_api.models.contact_update import ContactUpdate
from sendblue_contacts_cli import fields
from sendblue_contacts_cli.fields import Known, field_options, given, known
from sendblue_contacts_cli.texts import kebab

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sendblue_contacts_api.types import Field

MODELS: dict[str, Mapping[str, Field]] = {
    "contact_create": ContactCreate.FIELDS,
    "contact_update": ContactUpdate.FIELDS,
}


@pytest.mark.parametrize("model", MODELS)
def test_what_is_read_is_what_the_model_says(model: str) -> None:
    """The source, read, and the module, imported, say the same of every field."""
    read = {name: {k: v for k, v in asdict(field).items() if k != "text"} for name, field in known(model).items()}
    assert read == {name: field._asdict() for name, field in MODELS[model].items()}


@pytest.mark.parametrize("model", MODELS)
def test_optional_fields_are_described(model: str) -> None:
    """Each of them has a description, in which no other spelling is named: on the command line there is one."""
    texts = {name: field.text for name, field in known(model).items() if not field.required}
    assert [name for name, text in texts.items() if not text or "`" in text] == []


@pytest.mark.parametrize(
    ("name", "spelled"), [("first_name", "first-name"), ("firstName", "first-name"), ("tags", "tags"), ("V", "V")]
)
def test_kebab(name: str, spelled: str) -> None:
    """Every spelling of a field is one option; an option of one letter stays."""
    assert kebab(name) == spelled


def take(kind: str, *arguments: str, name: str = "thing") -> Any:  # noqa: ANN401 - of any kind
    """What a command gets for a field of this kind, or what it says."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fields, "known", lambda _: {name: Known(kind, aliases=("otherThing",))})

        @click.command()
        @field_options("model", but=())
        def command(**options: Any) -> None:  # noqa: ANN401 - of any kind
            found.append(given(options))

    found: list[dict[str, Any]] = []
    done = CliRunner().invoke(command, arguments)
    return found[0] if found else done.stderr


@pytest.mark.parametrize(
    ("kind", "arguments", "value"),
    [
        ("string", ["--thing", "a"], "a"),
        ("string", ["--thing", ""], ""),
        ("enum", ["--thing", "a"], "a"),
        ("e164", ["--thing", "+1"], "+1"),
        ("date", ["--thing", "1815-12-10"], "1815-12-10"),
        ("date-time", ["--thing", "now"], "now"),
        ("boolean", ["--thing"], True),
        ("boolean", ["--no-thing"], False),
        ("integer", ["--thing", "7"], 7),
        ("number", ["--thing", "7.5"], 7.5),
        ("array[string]", ["--thing", "a", "--thing", "b"], ["a", "b"]),
        ("map", ["--thing", "a=b=c", "--thing", "d="], {"a": "b=c", "d": ""}),
        ("object", ["--thing", '{"a": 1}'], {"a": 1}),
        ("any", ["--thing", "[1]"], [1]),
        ("string", ["--other-thing", "a"], "a"),
    ],
)
def test_each_kind(kind: str, arguments: list[str], value: object) -> None:
    """Each kind of the document has a way to be given, under every name of the field."""
    assert take(kind, *arguments) == {"thing": value}


@pytest.mark.parametrize("kind", [*fields.KINDS, "object"])
def test_what_is_not_given_is_absent(kind: str) -> None:
    """Without its option a field is not in the request."""
    assert take(kind) == {}


def test_a_list_is_given_one_by_one() -> None:
    """The option of a list is in the singular: `--tag VIP --tag Lead`."""
    assert take("array[string]", "--tag", "VIP", "--tag", "Lead", name="tags") == {"tags": ["VIP", "Lead"]}


@pytest.mark.parametrize(
    ("kind", "text"), [("map", "label"), ("map", "=text"), ("integer", "x"), ("number", "x"), ("object", "{")]
)
def test_what_cannot_be_read_is_refused(kind: str, text: str) -> None:
    """The sentence names the option."""
    assert "Invalid value for '--thing'" in take(kind, "--thing", text)


def test_every_kind_of_the_document_is_known() -> None:
    """No field of today is left to JSON."""
    kinds = {field.kind for model in MODELS for field in known(model).values()}
    assert kinds - set(fields.KINDS) == set()
