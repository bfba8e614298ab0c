"""`export`: all contacts, or those that the options of `list` choose, into a file."""

from __future__ import annotations

import codecs
from typing import Any

import click

from .accounts import account
from .options import all_options, chosen
from .output import say, write_json
from .progress import progress
from .reading import filters
from .texts import counted, duration

FORMATS = ("csv", "jsonl", "json", "xlsx")


def _delimiter(_context: click.Context, _option: click.Parameter, text: str | None) -> str | None:
    delimiter = "\t" if text == "tab" else text
    if delimiter is not None and len(delimiter) != 1:
        raise click.BadParameter(f"{text!r} is not one letter; a tab is written as tab.")
    return delimiter


def _encoding(_context: click.Context, _option: click.Parameter, name: str | None) -> str | None:
    if name is None:
        return None
    try:
        "".encode(name)  # unlike `lookup`, it knows what is text
        return codecs.lookup(name).name
    except (LookupError, UnicodeError):
        raise click.BadParameter(f"{name!r} is no encoding of text; try utf-8, utf-16 or cp1252.") from None


ENCODING: dict[str, Any] = {"metavar": "NAME", "callback": _encoding}
"""How click takes an encoding."""
DELIMITER: dict[str, Any] = {"metavar": "LETTER", "callback": _delimiter}
"""How click takes a delimiter."""


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
@click.option("--format", type=click.Choice(FORMATS), help="[default: by the name of the file; csv for -]")
@click.option("--encoding", **ENCODING, default="utf-8", show_default=True, help="Of CSV; utf-8-sig for older Excel.")
@click.option("--delimiter", **DELIMITER, default=",", help="Between the cells of CSV; tab for a tab.  [default: ,]")
@filters
@all_options
def export(file: str, **options: Any) -> None:  # noqa: ANN401  # click has checked them
    """Write all contacts into a file.

    FILE is CSV, JSON Lines, JSON or XLSX, by its name; - is standard output. It appears when it is whole, and what was
    exported can be imported again.

    \b
    Examples:
      sendblue-contacts export contacts.xlsx
      sendblue-contacts export - --created-after 2024-01-15 | gzip > new.csv.gz
    """  # noqa: D301  # click wants a real \b, and leaves the lines after it as they are
    from sendblue_transfer import export_contacts  # noqa: PLC0415  # loads the generated code

    writing = {name: options.pop(name) for name in ("format", "encoding", "delimiter")}
    with account().client() as client, progress("contact") as show:
        contacts = client.with_options(bulk=True).contacts
        total = None if show is None or any(options.values()) else contacts.count()
        report = export_contacts(contacts.list(**options), file, **writing, total=total, on_progress=show)
    if chosen().json and report.path:
        write_json({"contacts": report.contacts, "path": str(report.path), "format": report.format})
    where = report.path or "standard output"
    say(f"Exported {counted(report.contacts, 'contact')} to {where} in {duration(report.seconds)}.")
