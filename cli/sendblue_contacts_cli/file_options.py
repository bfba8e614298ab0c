"""The options of commands that read a file of contacts: how its columns become fields, and how it is read."""

from __future__ import annotations

import codecs
import shlex
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from sendblue_contacts.bulk.chunk_size import AUTO
from sendblue_contacts.bulk.defaults import CONCURRENCY

from . import PROGRAM
from .context import current_options, default_region
from .formatting import printable
from .output import print_message

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from sendblue_transfer import ColumnMap, Source

F = TypeVar("F", bound="Callable[..., Any]")

FORMATS = ("csv", "jsonl", "json", "xlsx", "parquet")
DUPLICATES = ("last", "first", "error", "merge")
OUTPUT_FILE = click.Path(dir_okay=False)
INPUT_FILE = click.Path(exists=True, dir_okay=False)
FORMAT_DEFAULT = "[default: from the file name; csv for -]"


def _parse_delimiter(_context: click.Context, _option: click.Parameter, text: str | None) -> str | None:
    delimiter = "\t" if text == "tab" else text
    if delimiter is not None and len(delimiter) != 1:
        raise click.BadParameter(f"{text!r} is neither a single character nor the word tab.")
    return delimiter


def _parse_encoding(_context: click.Context, _option: click.Parameter, name: str | None) -> str | None:
    if name is None:
        return None
    try:
        "".encode(name)  # unlike `codecs.lookup`, this rejects codecs that are not for text
        return codecs.lookup(name).name
    except (LookupError, UnicodeError):
        raise click.BadParameter(f"{name!r} is not a text encoding, such as utf-8, utf-16 or cp1252.") from None


def _parse_chunk_size(_context: click.Context, _option: click.Parameter, text: str) -> int | str:
    if text == AUTO:
        return AUTO
    if not (text.isascii() and text.isdigit() and int(text)):
        raise click.BadParameter(f"{text!r} is neither an integer of at least 1 nor auto.")
    return int(text)


ENCODING: dict[str, Any] = {"metavar": "NAME", "callback": _parse_encoding}
"""The arguments of `click.option` for an encoding."""
DELIMITER: dict[str, Any] = {"metavar": "CHARACTER", "callback": _parse_delimiter}
"""The arguments of `click.option` for a delimiter."""

_MAPPING_OPTIONS = (
    click.option(
        "--duplicates",
        type=click.Choice(DUPLICATES),
        default=DUPLICATES[0],
        show_default=True,
        help="Which row to use if several have the same number.",
    ),
    click.option(
        "--map",
        "pairs",
        multiple=True,
        metavar="COLUMN=FIELD",
        help="Use this column as this field; COLUMN= ignores the column.",
    ),
    click.option("--rest-as-variables", is_flag=True, help="Use all other columns as custom variables."),
    click.option("--mapping", type=INPUT_FILE, metavar="FILE", help="Read --map from a TOML or JSON file."),
    click.option(
        "--save-mapping", type=OUTPUT_FILE, metavar="FILE", help="Save --map and --rest-as-variables for --mapping."
    ),
    click.option("--default-region", metavar="REGION", help="Region of numbers in national format, such as US."),
    click.option("--format", type=click.Choice(FORMATS), help=FORMAT_DEFAULT),
    click.option("--encoding", **ENCODING, help="[default: detected]"),
    click.option("--delimiter", **DELIMITER, help="Delimiter of CSV, such as ; or tab.  [default: detected]"),
    click.option("--sheet", metavar="NAME", help="Sheet of the workbook.  [default: the first visible one with rows]"),
)
_SENDING_OPTIONS = (
    click.option(
        "--chunk-size",
        metavar="auto|N",
        callback=_parse_chunk_size,
        default=AUTO,
        show_default=True,
        help="Contacts per request; auto for as many as suit the server, up to 1,000.",
    ),
    click.option(
        "--concurrency",
        type=click.IntRange(1),
        metavar="N",
        default=CONCURRENCY,
        show_default=True,
        help="Concurrent requests.",
    ),
)


def mapping_options(command: F) -> F:
    """Add the options for the rows, the columns and the format of a file; `open_contacts` takes them."""
    return _with_options(command, _MAPPING_OPTIONS)


def sending_options(command: F) -> F:
    """Add `--chunk-size` and `--concurrency`."""
    return _with_options(command, _SENDING_OPTIONS)


def _with_options(command: F, options: tuple[Callable[[F], F], ...]) -> F:
    for option in reversed(options):
        command = option(command)
    return command


@contextmanager
def open_contacts(file: str, options: dict[str, Any]) -> Generator[Source]:
    """Open a file of contacts; in the options, arguments for `sendblue_transfer` replace those of the command line.

    Args:
        file: The path of the file, or `-`.
        options: The values of `mapping_options`, among others.
    """
    from sendblue_transfer import open_source  # noqa: PLC0415  # slow to load

    if (target := options["save_mapping"]) and Path(target).resolve() == Path(file).resolve():
        raise click.UsageError("--save-mapping would overwrite the file to read. Choose another name.")
    options["columns"] = _column_map(options)
    reading = {name: options.pop(name) for name in ("format", "encoding", "delimiter", "sheet")}
    options["default_region"] = options["default_region"] or default_region()
    with open_source(file, **reading) as source:
        for name in source.other_sheets:
            print_message(f"{source.name}: sheet {printable(name)!r} is not read (--sheet)")
        try:
            yield source
        finally:
            if source.footer:
                lines = "lines {:,} to {:,}".format(*source.footer)
                print_message(f"{source.name}: the footer of a Salesforce report is not read ({lines})")


def _column_map(options: dict[str, Any]) -> ColumnMap:
    """Return the column map of --mapping and --map, of which --map takes precedence; save it for --save-mapping."""
    from sendblue_transfer import ColumnMap  # noqa: PLC0415  # slow to load

    pairs, rest = options.pop("pairs"), options.pop("rest_as_variables")
    mapping, target = options.pop("mapping"), options.pop("save_mapping")
    columns = ColumnMap.parse(pairs, rest_as_variables=rest)
    columns = ColumnMap.load(mapping) | columns if mapping else columns
    if target:
        columns.save(target)
    return columns


def resume_command() -> str:
    """Return the command that resumes what was interrupted."""
    return shlex.join([PROGRAM, *(word for word in current_options().arguments if word != "--restart")])
