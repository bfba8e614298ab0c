"""An option for each field, and each query parameter, of the OpenAPI document: `--first-name`, `--tag`, `--var`.

They come from the tables of the generated package, which loads without the generated models: importing the models
takes several times as long as everything else in `--help`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import click
from sendblue_contacts_api.field_table import FIELD_TABLE, QUERY_TABLE

from .formatting import kebab_case

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from sendblue_contacts_api.field_table import FieldEntry

F = TypeVar("F", bound="Callable[..., Any]")

PREFIX = "field_"
"""The beginning of the names of parameters, so that a field can have the name of a parameter of the command."""
RESERVED = frozenset({"clear", "debug", "default-region", "help", "if-exists", "json", "profile", "quiet"})
"""The other options of the commands. The option of a field with such a name is `--field-json`."""


def field_options(model: str, *, exclude: Sequence[str] = ()) -> Callable[[F], F]:
    """Return a decorator that adds an option for each field of a model.

    Args:
        model: The name of the generated model, such as `ContactCreate`.
        exclude: Fields that the command takes in another way.
    """
    fields = {name: field for name, field in FIELD_TABLE[model].items() if name not in exclude}
    return _options(fields, {*RESERVED}, "field", partial(_parse_json, model))


def query_options(operation: str, *, exclude: Collection[str], reserved: Collection[str]) -> Callable[[F], F]:
    """Return a decorator that adds an option for each query parameter of an operation.

    Args:
        operation: The operationId.
        exclude: Parameters that the command takes in another way.
        reserved: The other options of the command. The option of a parameter with such a name is `--filter-NAME`.
    """
    parameters = {name: each for name, each in QUERY_TABLE[operation].items() if name not in exclude}
    return _options(parameters, {*reserved}, "filter", None)


def _options(
    fields: Mapping[str, FieldEntry], taken: set[str], prefix: str, parse_json: Callable[..., object] | None
) -> Callable[[F], F]:
    # The option of a list is in the singular: a field `tag` does not take the option of the field `tags`.
    first = sorted(fields, key=lambda name: not KINDS.get(fields[name]["kind"], _JSON).repeated)
    words = {name: _words(name, fields[name], taken, prefix) for name in first}
    options = [_option(name, field, words[name], parse_json) for name, field in fields.items()]

    def add(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def _words(name: str, field: FieldEntry, taken: set[str], prefix: str) -> list[str]:
    """Return the names of the options of a field, and add them to those that are taken."""
    kind = KINDS.get(field["kind"], _JSON)
    if kind.short_name and kind.short_name not in taken:
        words = [kind.short_name]
    else:
        spellings = dict.fromkeys(kebab_case(spelling) for spelling in (name, *field["aliases"]))
        singular = [word[:-1] if kind.repeated and word.endswith("s") else word for word in spellings]
        words = [word for word in singular if word not in taken] or [f"{prefix}-{singular[0]}"]
    taken.update(words, (f"no-{word}" for word in words if field["kind"] == "boolean"))
    return words


def _option(
    name: str, field: FieldEntry, words: Sequence[str], parse_json: Callable[..., object] | None
) -> Callable[[F], F]:
    kind = KINDS.get(field["kind"], _JSON)
    settings = dict(kind.settings)
    if field["choices"]:
        settings |= {"type": click.Choice(field["choices"]), "metavar": None}
    if kind is _JSON and parse_json:
        settings["callback"] = partial(parse_json, name)
    names = [f"--{word}/--no-{word}" if field["kind"] == "boolean" else f"--{word}" for word in words]
    return click.option(f"{PREFIX}{name}", *names, **settings, default=None, help=_help(field["description"]))


def _help(description: str) -> str:
    """Return the description without the sentences that name aliases: an option has one spelling."""
    return " ".join(sentence for sentence in re.split(r"(?<=\.)\s+", description) if "`" not in sentence)


def given_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields whose option was given, for the values of the options."""
    return {name.removeprefix(PREFIX): value for name, value in fields.items() if value is not None}


@dataclass(frozen=True, slots=True)
class OptionKind:
    """How the values of one kind of field are given.

    Attributes:
        settings: The arguments for `click.option`.
        repeated: Whether the option is given once for each value.
        short_name: The option of the first field of this kind, instead of its name.
    """

    settings: Mapping[str, Any]
    repeated: bool = False
    short_name: str = ""


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


def _parse_json(model: str, name: str, _context: click.Context, _option: click.Parameter, value: str | None) -> object:
    if value is None:
        return None
    from sendblue_contacts.fields import check  # noqa: PLC0415  # it loads the generated models, unlike `--help`
    from sendblue_contacts_api import models  # noqa: PLC0415  # as above

    try:
        decoded = json.loads(value)
    except ValueError as error:
        raise click.BadParameter(f"not valid JSON ({error}).") from None
    try:
        return check(name, getattr(models, model).FIELDS[name], decoded)
    except (TypeError, ValueError) as error:
        raise click.BadParameter(str(error)) from None


_SINGLE_VALUES: dict[str, OptionKind] = {
    "string": OptionKind({"metavar": "TEXT"}),
    "enum": OptionKind({}),
    "e164": OptionKind({"metavar": "NUMBER"}),
    "date": OptionKind({"metavar": "DATE"}),
    "date-time": OptionKind({"metavar": "DATETIME"}),
    "boolean": OptionKind({"is_flag": True}),
    "integer": OptionKind({"type": int}),
    "number": OptionKind({"type": float}),
}
KINDS: dict[str, OptionKind] = {
    **_SINGLE_VALUES,
    "map": OptionKind(
        {"metavar": "LABEL=TEXT", "multiple": True, "callback": _parse_map}, repeated=True, short_name="var"
    ),
    **{
        f"array[{name}]": OptionKind({**kind.settings, "multiple": True, "callback": _parse_list}, repeated=True)
        for name, kind in _SINGLE_VALUES.items()
        if name != "boolean"
    },
}
"""The options of each kind of field in the OpenAPI document. Other kinds are given as JSON."""
_JSON = OptionKind({"metavar": "JSON"})
