"""The fields of a contact as options, one for each field of the OpenAPI document: `--first-name`, `--tag`, `--var`.

They come from the field table of the generated package, which loads without the generated models: importing the models
takes several times as long as everything else in `--help`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click
from sendblue_contacts_api.field_table import FIELD_TABLE

from .formatting import kebab_case

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sendblue_contacts_api.field_table import FieldEntry

F = TypeVar("F", bound="Callable[..., Any]")

SHORT_NAMES = {"custom_variables": "--var"}
"""Options with a shorter name than their field."""


def field_options(model: str, *, exclude: Sequence[str] = ()) -> Callable[[F], F]:
    """Return a decorator that adds an option for each field of a model.

    Args:
        model: The name of the generated model, such as `ContactCreate`.
        exclude: Fields that the command takes in another way.
    """
    options = [_option(name, field) for name, field in FIELD_TABLE[model].items() if name not in exclude]

    def add(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def _option(name: str, field: FieldEntry) -> Callable[[F], F]:
    kind = KINDS.get(field["kind"], _JSON)
    spellings = [kebab_case(spelling) for spelling in (name, *field["aliases"])]
    singular = [word[:-1] if kind.repeated and word.endswith("s") else word for word in dict.fromkeys(spellings)]
    names = [SHORT_NAMES[name]] if name in SHORT_NAMES else [f"--{word}" for word in singular]
    names = [f"{option}/--no-{option[2:]}" for option in names] if field["kind"] == "boolean" else names
    return click.option(name, *names, **kind.settings, default=None, help=_help(field["description"]))


def _help(description: str) -> str:
    """Return the description without the sentences that name aliases: an option has one spelling."""
    return " ".join(sentence for sentence in re.split(r"(?<=\.)\s+", description) if "`" not in sentence)


def given_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields whose option was given."""
    return {name: value for name, value in fields.items() if value is not None}


@dataclass(frozen=True, slots=True)
class OptionKind:
    """How the values of one kind of field are given.

    Attributes:
        settings: The arguments for `click.option`.
        repeated: Whether the option is given once for each value.
    """

    settings: Mapping[str, Any]
    repeated: bool = False


def _parse_list(_context: click.Context, _option: click.Parameter, values: tuple[str, ...] | None) -> list[str] | None:
    return list(values) if values else None


def _parse_map(
    _context: click.Context, _option: click.Parameter, values: tuple[str, ...] | None
) -> dict[str, str] | None:
    pairs = [value.partition("=") for value in values or ()]
    for label, equals, _ in pairs:
        if not (label and equals):
            raise click.BadParameter(f"{label!r} is not LABEL=TEXT, such as 'Lead Source=Website'.")
    return {label: text for label, _, text in pairs} or None


def _parse_json(_context: click.Context, _option: click.Parameter, value: str | None) -> object:
    try:
        return None if value is None else json.loads(value)
    except ValueError as error:
        raise click.BadParameter(f"not valid JSON ({error}).") from None


KINDS: dict[str, OptionKind] = {
    "string": OptionKind({"metavar": "TEXT"}),
    "enum": OptionKind({"metavar": "TEXT"}),
    "e164": OptionKind({"metavar": "NUMBER"}),
    "date": OptionKind({"metavar": "DATE"}),
    "date-time": OptionKind({"metavar": "DATETIME"}),
    "boolean": OptionKind({"is_flag": True}),
    "integer": OptionKind({"type": int}),
    "number": OptionKind({"type": float}),
    "array[string]": OptionKind({"metavar": "TEXT", "multiple": True, "callback": _parse_list}, repeated=True),
    "map": OptionKind({"metavar": "LABEL=TEXT", "multiple": True, "callback": _parse_map}, repeated=True),
}
"""The options of each kind of field in the OpenAPI document. Other kinds are given as JSON."""
_JSON = OptionKind({"metavar": "JSON", "callback": _parse_json})
