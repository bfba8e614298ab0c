"""The fields of a contact as options, one for each field that the document has: `--first-name`, `--tag`, `--var`.

They come from the tables `FIELDS` of the generated models, whose source is read here and not imported: importing the
generated package takes several times as long as all the rest of `--help`. A test holds that both say the same.
"""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from .texts import kebab

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

F = TypeVar("F", bound="Callable[..., Any]")

SHORT = {"custom_variables": "--var"}
"""Names that are shorter than those that follow from the document."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the document says of a field: as `Field` of the generated package, and its description."""

    kind: str
    aliases: tuple[str, ...] = ()
    required: bool = False
    nullable: bool = False
    attribute: str = ""
    text: str = ""


@cache
def known(model: str) -> Mapping[str, Known]:
    """The fields of a generated model by their preferred names, without importing it.

    Args:
        model: Its module, such as `contact_create`.
    """
    package = find_spec("sendblue_contacts_api")  # finds the package and does not import it
    folders = (package and package.submodule_search_locations) or [""]
    tree = ast.parse(Path(folders[0], "models", f"{model}.py").read_text(encoding="utf-8"))
    pairs = [each for node in tree.body if isinstance(node, ast.ClassDef) for each in pairwise(node.body)]
    declared = [(one, other) for one, other in pairs if isinstance(one, ast.AnnAssign)]
    texts = {ast.unparse(one.target): other.value for one, other in declared if isinstance(other, ast.Expr)}
    (table,) = (cast("ast.Dict", one.value) for one, _ in declared if ast.unparse(one.target) == "FIELDS")
    calls = zip(map(_literal, table.keys), cast("list[ast.Call]", table.values), strict=True)
    return {name: _known(call, texts.get(name)) for name, call in calls}


def _literal(node: ast.expr | None) -> Any:  # noqa: ANN401  # any value that stands in the source
    return ast.literal_eval(node) if node else ""


def _known(call: ast.Call, text: ast.expr | None) -> Known:
    (kind,) = map(_literal, call.args)
    named = {str(each.arg): _literal(each.value) for each in call.keywords}
    return Known(kind, **named, text=_without_spellings(_literal(text)))


def _without_spellings(text: str) -> str:
    """The text without the sentences that name other spellings: on the command line there is one."""
    return " ".join(sentence for sentence in re.split(r"(?<=\.)\s+", text) if "`" not in sentence)


# --- options


def field_options(model: str, *, but: Sequence[str]) -> Callable[[F], F]:
    """Add an option for each field of a model.

    Args:
        model: Its module, such as `contact_create`.
        but: Fields that are given in another way.
    """
    options = [_option(name, field) for name, field in known(model).items() if name not in but]

    def add(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def _option(name: str, field: Known) -> Callable[[F], F]:
    kind = KINDS.get(field.kind, _JSON)
    spellings = [kebab(each) for each in (name, *field.aliases)]
    names = [f"--{each[:-1] if kind.plural and each.endswith('s') else each}" for each in dict.fromkeys(spellings)]
    names = [SHORT[name]] if name in SHORT else names
    names = [f"{each}/--no-{each[2:]}" for each in names] if field.kind == "boolean" else names
    return click.option(name, *names, **kind.settings, default=None, help=field.text or None)


def given(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields for which an option was given."""
    return {name: value for name, value in fields.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Kind:
    """How values of one kind are given: what click needs to know, and whether the option is given once for each."""

    settings: Mapping[str, Any]
    plural: bool = False


def _list(_context: click.Context, _option: click.Parameter, values: tuple[str, ...] | None) -> list[str] | None:
    return list(values) if values else None


def _map(_context: click.Context, _option: click.Parameter, values: tuple[str, ...] | None) -> dict[str, str] | None:
    pairs = [value.partition("=") for value in values or ()]
    for label, equals, _ in pairs:
        if not (label and equals):
            raise click.BadParameter(f"{label!r} is no pair; write it as 'Lead Source=Website'.")
    return {label: text for label, _, text in pairs} or None


def _json(_context: click.Context, _option: click.Parameter, value: str | None) -> object:
    try:
        return None if value is None else json.loads(value)
    except ValueError as error:
        raise click.BadParameter(f"it is no JSON ({error}).") from None


KINDS: dict[str, Kind] = {
    "string": Kind({"metavar": "TEXT"}),
    "enum": Kind({"metavar": "TEXT"}),
    "e164": Kind({"metavar": "NUMBER"}),
    "date": Kind({"metavar": "DATE"}),
    "date-time": Kind({"metavar": "MOMENT"}),
    "boolean": Kind({"is_flag": True}),
    "integer": Kind({"type": int}),
    "number": Kind({"type": float}),
    "array[string]": Kind({"metavar": "TEXT", "multiple": True, "callback": _list}, plural=True),
    "map": Kind({"metavar": "LABEL=TEXT", "multiple": True, "callback": _map}, plural=True),
}
"""Each kind of the document, and its options. What is not here is given as JSON."""
_JSON = Kind({"metavar": "JSON", "callback": _json})
