"""The commands for files: `import` and `export`. `sendblue_transfer` does the work."""

from __future__ import annotations

from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sendblue_contacts_cli.context import common_options, current_options, current_settings
from sendblue_contacts_cli.exit_codes import REJECTED, STOPPED, SUCCESS, CommandError
from sendblue_contacts_cli.file_options import (
    DELIMITER,
    ENCODING,
    FORMAT_DEFAULT,
    FORMATS,
    OUTPUT_FILE,
    mapping_options,
    open_contacts,
    resume_command,
    sending_options,
)
from sendblue_contacts_cli.formatting import format_duration, pluralize
from sendblue_contacts_cli.import_summary import (
    plan_as_json,
    plan_error_lines,
    plan_lines,
    preview,
    report_as_json,
    report_error_lines,
    report_lines,
)
from sendblue_contacts_cli.output import print_errors, print_message, write_json, write_rows, write_text
from sendblue_contacts_cli.progress import progress

from .contacts import list_filters, list_pages

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sendblue_transfer import ImportReport, Source

MODES = ("create", "upsert", "update")


# --- import


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--dry-run", is_flag=True, help="Check the file and show what would be sent; send nothing.")
@click.option(
    "--mode", type=click.Choice(MODES), default=MODES[0], show_default=True, help="What to do with a row; see above."
)
@mapping_options
@click.option(
    "--rejects", type=OUTPUT_FILE, metavar="FILE", help="File for the rejected rows.  [default: next to the input]"
)
@click.option(
    "--journal",
    type=OUTPUT_FILE,
    metavar="FILE",
    help="File that records the progress.  [default: next to the input]",
)
@click.option("--restart", is_flag=True, help="Discard an interrupted import and start over.")
@sending_options
@common_options
@click.pass_context
def import_(context: click.Context, /, file: str, *, dry_run: bool, **options: Any) -> None:  # noqa: ANN401  # of click
    """Import contacts from a file.

    FILE is CSV, JSON Lines, JSON or XLSX, detected from its name; - is standard input. Columns are recognised by their
    titles, including those of HubSpot, Salesforce, Google Contacts, Outlook, Pipedrive and Zoho, also in German, French
    and Spanish.

    To resume an interrupted import, run the same command again: a journal next to the file records the progress.
    After a complete import, the same command imports all rows again.
    Rejected rows are written to another file next to it, with the reasons: fix them there, then import that file.

    \b
    What --mode does with a row:
      create   creates a contact; rejects the row if the number has one
      upsert   creates a contact, or updates the one that the number has
      update   updates a contact; rejects the row if the number has none

    \b
    Exit codes:
       0  all rows are imported
       1  some rows are rejected
       2  usage error, or the file cannot be read
       3  stopped early; run the same command again to resume
      75  another process uses the journal; try again later

    \b
    Examples:
      sendblue-contacts import contacts.csv --dry-run
      sendblue-contacts import crm.xlsx --map "Mobile Phone=phone" \\
        --map "Plan=custom_variables.Plan"
    """  # noqa: D301  # click wants a real \b, and leaves the lines after it as they are
    with open_contacts(file, options) as source:
        run = _plan if dry_run else _import
        context.exit(run(source, options))


def _plan(source: Source, options: Mapping[str, Any]) -> int:
    """Show what the import would do, and return the exit code."""
    from sendblue_transfer import plan_import  # noqa: PLC0415  # slow to load

    names = ("columns", "mode", "duplicates", "default_region", "journal", "restart", "chunk_size")
    with progress("row") as show:
        plan = plan_import(source, **{name: options[name] for name in names}, on_progress=show)
    if current_options().json:
        write_json(plan_as_json(plan))
    elif current_options().quiet:
        print_errors(*plan_error_lines(plan, source.name))
    else:
        for line in plan_lines(plan, source):
            write_text(line)
        write_text("The first contacts that would be sent:")
        write_rows(*preview(plan))
        print_message("Nothing was sent.")
    return REJECTED if plan.rejected else SUCCESS


def _import(source: Source, options: Mapping[str, Any]) -> int:
    """Import the rows, and return the exit code."""
    from sendblue_transfer import run_import  # noqa: PLC0415  # slow to load

    try:
        with current_settings().create_client() as client, progress("row") as show:
            report = run_import(client, source, **options, on_progress=show)
    except KeyboardInterrupt:
        print_errors("Interrupted. The journal has the progress. To resume the import:", f"    {resume_command()}")
        return STOPPED
    return _report(report, source)


def _report(report: ImportReport, source: Source) -> int:
    if current_options().json:
        write_json(report_as_json(report))
    elif current_options().quiet:
        print_errors(*report_error_lines(report, source.name, resume_command()))
    for line in report_lines(report, source.name, resume_command()):
        print_message(line)
    return SUCCESS if report.ok else REJECTED if report.complete else STOPPED


# --- export


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
@click.option("--format", type=click.Choice(FORMATS), help=FORMAT_DEFAULT)
@click.option(
    "--encoding", **ENCODING, default="utf-8", show_default=True, help="Encoding of CSV; utf-8-sig for older Excel."
)
@click.option("--delimiter", **DELIMITER, default=",", help="Delimiter of CSV, such as ; or tab.  [default: ,]")
@list_filters
@common_options
def export(file: str, **options: Any) -> None:  # noqa: ANN401  # click has checked them
    """Export contacts to a file.

    FILE is CSV, JSON Lines, JSON or XLSX, detected from its name; - is standard output. The file is created when the
    export is complete. An exported file can be imported again.

    \b
    Examples:
      sendblue-contacts export contacts.xlsx
      sendblue-contacts export vip.csv --tag VIP
      sendblue-contacts export - --created-after 2024-01-15 | gzip > new.csv.gz
    """  # noqa: D301  # click wants a real \b, and leaves the lines after it as they are
    from sendblue_transfer import export_contacts  # noqa: PLC0415  # slow to load

    if not (folder := Path(file).parent).is_dir():
        raise CommandError(
            f"{file} cannot be written, because the folder {folder} does not exist; nothing was exported"
        )
    writing = {name: options.pop(name) for name in ("format", "encoding", "delimiter")}
    limit = options["max_items"]
    with current_settings().create_client() as client, progress("contact") as show:
        total = None if show is None or any(options.values()) else client.contacts.count()
        pages, chosen = list_pages(client.with_options(bulk=True), options)
        report = export_contacts(chain.from_iterable(pages), file, **writing, total=total, on_progress=show)
    if current_options().json and report.path:
        write_json({**asdict(report), "path": str(report.path)})
    target, duration = report.path or "standard output", format_duration(report.seconds)
    print_message(f"Exported {pluralize(report.contacts, 'contact')} to {target} in {duration}.")
    if chosen:
        print_message(f"  {chosen.summary(limit)}")
