"""`import`: a file of contacts into the account, or with `--dry-run` what that would be. `transfer` decides."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import PROGRAM, accounts
from .exporting import DELIMITER, ENCODING, FORMATS
from .options import all_options, chosen
from .output import say, write_json, write_rows, write_text
from .progress import progress
from .statuses import DONE, REFUSED, STOPPED
from .summaries import plan_as_json, plan_lines, preview, report_as_json, report_lines
from .texts import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sendblue_transfer import ColumnMap, ImportReport, Source

MODES = ("create", "upsert", "update")
DUPLICATES = ("last", "first", "error", "merge")
FILE = click.Path(dir_okay=False)
THERE = click.Path(exists=True, dir_okay=False)


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--dry-run", is_flag=True, help="Read and check everything, and say what would be sent. Nothing is sent.")
@click.option("--mode", type=click.Choice(MODES), default=MODES[0], show_default=True, help="What to do: see above.")
@click.option(
    "--duplicates",
    type=click.Choice(DUPLICATES),
    default=DUPLICATES[0],
    show_default=True,
    help="Which row counts where several have one number.",
)
@click.option(
    "--map", "pairs", multiple=True, metavar="COLUMN=FIELD", help="Which field a column is; none leaves it out."
)
@click.option("--rest-as-variables", is_flag=True, help="Make custom variables of all other columns.")
@click.option("--mapping", type=THERE, metavar="FILE", help="Take --map from a file, TOML or JSON.")
@click.option("--save-mapping", type=FILE, metavar="FILE", help="Save --map and --rest-as-variables for --mapping.")
@click.option("--default-region", metavar="REGION", help="Where numbers in national form are from, such as US.")
@click.option("--format", type=click.Choice(FORMATS), help="[default: by the name of the file; csv for -]")
@click.option("--encoding", **ENCODING, help="[default: found out]")
@click.option("--delimiter", **DELIMITER, help="Between the cells of CSV; tab for a tab.  [default: found out]")
@click.option("--sheet", metavar="NAME", help="The sheet of a workbook.  [default: the first that holds anything]")
@click.option(
    "--rejects", type=FILE, metavar="FILE", help="Where rows go that are rejected.  [default: beside the input]"
)
@click.option(
    "--journal", type=FILE, metavar="FILE", help="Where it is kept what went in.  [default: beside the input]"
)
@click.option("--restart", is_flag=True, help="Forget the journal, and begin anew.")
@click.option("--chunk-size", type=click.IntRange(1), default=100, show_default=True, help="Contacts in one request.")
@click.option("--concurrency", type=click.IntRange(1), default=4, show_default=True, help="Requests at one time.")
@all_options
@click.pass_context
def import_(context: click.Context, /, file: str, *, dry_run: bool, **options: Any) -> None:  # noqa: ANN401  # of click
    """Bring a file of contacts into the account.

    FILE is CSV, JSON Lines, JSON or XLSX, by its name; - is standard input. Columns are known by their titles, also by
    those that HubSpot, Salesforce, Google Contacts and Outlook write.

    Interrupted by whatever, the same command goes on where it was: a journal beside the file knows what went in. Rows
    that are rejected are in a file beside it, with the reason: mend them there, and import that file.

    \b
    What --mode does with a row:
      create   creates a contact; rejects the row if the number has one
      upsert   creates a contact, or changes the one that the number has
      update   changes a contact; rejects the row if the number has none

    \b
    Exit status:
      0  all rows are in
      1  some were rejected
      2  called wrongly, or the file cannot be read
      3  stopped before the end: the same command goes on

    \b
    Examples:
      sendblue-contacts import contacts.csv --dry-run
      sendblue-contacts import crm.xlsx --map "Mobile Phone=phone" \\
        --map "Plan=custom_variables.Plan"
    """  # noqa: D301  # click wants a real \b, and leaves the lines after it as they are
    from sendblue_transfer import open_source  # noqa: PLC0415  # next to its only use

    if (target := options["save_mapping"]) and Path(target).resolve() == Path(file).resolve():
        raise click.UsageError("--save-mapping would go over the file that is imported: give it another name.")
    columns = _columns(options)
    reading = {name: options.pop(name) for name in ("format", "encoding", "delimiter", "sheet")}
    options["default_region"] = options["default_region"] or accounts.region()
    with open_source(file, **reading) as source:
        for name in source.other_sheets:
            say(f"{source.name}: the sheet {clean(name)!r} is not imported (--sheet)")
        run = _plan if dry_run else _import
        context.exit(run(source, {**options, "columns": columns}))


def _columns(options: dict[str, Any]) -> ColumnMap:
    """What was said about columns, in a file and on the command line, which counts more; saved if that is wanted."""
    from sendblue_transfer import ColumnMap  # noqa: PLC0415  # next to its only use

    pairs, rest = options.pop("pairs"), options.pop("rest_as_variables")
    mapping, target = options.pop("mapping"), options.pop("save_mapping")
    columns = ColumnMap.parse(pairs, rest_as_variables=rest)
    columns = ColumnMap.load(mapping) | columns if mapping else columns
    if target:
        columns.save(target)
    return columns


def _plan(source: Source, options: Mapping[str, Any]) -> int:
    """Show what would be done; returns the exit status."""
    from sendblue_transfer import plan_import  # noqa: PLC0415  # next to its only use

    named = ("columns", "mode", "duplicates", "default_region", "chunk_size")
    with progress("row") as show:
        plan = plan_import(source, **{name: options[name] for name in named}, on_progress=show)
    if chosen().json:
        write_json(plan_as_json(plan))
    else:
        for line in plan_lines(plan, source):
            write_text(line)
        write_text("The first of them, as they would be sent:")
        write_rows(*preview(plan))
        say("Nothing was sent.")
    return REFUSED if plan.rejected else DONE


def _import(source: Source, options: Mapping[str, Any]) -> int:
    """Do it; returns the exit status."""
    from sendblue_transfer import run_import  # noqa: PLC0415  # next to its only use

    try:
        with accounts.account().client() as client, progress("row") as show:
            report = run_import(client, source, **options, on_progress=show)
    except KeyboardInterrupt:
        say("Stopped. What went in is in the journal. To go on where it was:")
        say(f"    {again()}")
        return STOPPED
    return _tell(report, source)


def _tell(report: ImportReport, source: Source) -> int:
    if chosen().json:
        write_json(report_as_json(report))
    for line in report_lines(report, source.name, again()):
        say(line)
    return DONE if report.ok else REFUSED if report.complete else STOPPED


def again() -> str:
    """The command that goes on with this import."""
    return shlex.join([PROGRAM, *(word for word in chosen().typed if word != "--restart")])
