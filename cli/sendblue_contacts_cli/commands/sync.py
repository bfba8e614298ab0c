"""The command `sync`. `sendblue_transfer` does the work."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from sendblue_contacts_cli import USAGE_ERROR
from sendblue_contacts_cli.app import exit_with_message
from sendblue_contacts_cli.context import common_options, current_options, current_settings
from sendblue_contacts_cli.exit_codes import DIFFERS, REJECTED, STOPPED, SUCCESS, CommandError
from sendblue_contacts_cli.file_options import (
    INPUT_FILE,
    OUTPUT_FILE,
    mapping_options,
    open_contacts,
    resume_command,
    sending_options,
)
from sendblue_contacts_cli.formatting import pluralize
from sendblue_contacts_cli.output import confirm, print_errors, print_message, write_json
from sendblue_contacts_cli.progress import progress
from sendblue_contacts_cli.sync_output import (
    deletion_question,
    plan_as_json,
    plan_error_lines,
    problem_lines,
    report_error_lines,
    report_lines,
    write_field_table,
    write_plan,
    write_results,
)

if TYPE_CHECKING:
    from collections.abc import Generator

    from sendblue_contacts import Sendblue
    from sendblue_transfer import SyncPlan, SyncReport

DELETIONS = ("none", "tracked", "all")
TAG_POLICIES = ("replace", "add")
BLANK_POLICIES = ("keep", "clear")
PLAN_OPTIONS = (
    *("delete", "max_delete", "tags", "blank", "scope_tag", "allow_opt_in", "allow_unreadable", "chunk_size"),
    *("duplicates", "default_region", "columns"),
)
"""The options that are arguments of `plan_sync` too. A saved plan has their values."""
_READING_OPTIONS = ("pairs", "rest_as_variables", "mapping", "save_mapping", "format", "encoding", "delimiter", "sheet")

DRY_RUN = click.option("--dry-run", is_flag=True, help="Show what would be changed; change nothing.")
DETAILS = click.option("--details", is_flag=True, help="List all changes, not only the first 20 of each kind.")
YES = click.option("-y", "--yes", is_flag=True, help="Do not ask for confirmation.")


# --- sync


@click.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@DRY_RUN
@DETAILS
@click.option("--exit-code", is_flag=True, help="With --dry-run: exit with 4 if there is something to change.")
@click.option("--out", type=OUTPUT_FILE, metavar="PLAN", help="Save the plan, with its personal data.")
@click.option("--plan", "plan_file", type=INPUT_FILE, metavar="PLAN", help="Apply a plan that --out saved.")
@click.option(
    "--delete",
    type=click.Choice(DELETIONS),
    default=DELETIONS[0],
    show_default=True,
    help="Which contacts that FILE lacks are deleted; see above.",
)
@click.option(
    "--max-delete",
    metavar="N|N%",
    default="5%",
    show_default=True,
    help="Refuse to delete more contacts, or more of the account.",
)
@click.option(
    "--tags",
    type=click.Choice(TAG_POLICIES),
    default=TAG_POLICIES[0],
    show_default=True,
    help="Whether tags that FILE lacks are removed.",
)
@click.option(
    "--blank",
    type=click.Choice(BLANK_POLICIES),
    default=BLANK_POLICIES[0],
    show_default=True,
    help="What a blank cell does to its field.",
)
@click.option("--scope-tag", metavar="TAG", help="Delete only contacts with this tag, and add it to all of FILE.")
@click.option("--allow-opt-in", is_flag=True, help="Let a row opt in a contact that has opted out.")
@click.option("--allow-unreadable", is_flag=True, help="Delete contacts although FILE may be incomplete.")
@mapping_options
@click.option(
    "--state",
    type=OUTPUT_FILE,
    metavar="PATH",
    help="File of the state, or none to keep nothing.  [default: next to FILE]",
)
@click.option("--report", type=OUTPUT_FILE, metavar="FILE", help="Write the result of each change as JSON Lines.")
@sending_options
@YES
@common_options
@click.pass_context
def sync(context: click.Context, /, file: str | None, **options: Any) -> None:  # noqa: ANN401  # click has checked them
    """Make the account match a file.

    The difference is shown, and then applied. FILE is read like that of `import`, and only its columns are compared. A
    contact that changes after the plan was made is left alone. Press Ctrl-C at any time: the same command resumes.

    \b
    What --delete deletes:
      none     nothing
      tracked  contacts that an earlier sync created or found in its file
      all      every contact that the file lacks

    \b
    Exit codes:
       0  the account matches the file
       1  some changes were rejected or skipped
       2  refused or usage error; nothing was changed
       3  stopped early; run the same command again to resume
       4  with --dry-run --exit-code: the account differs from the file
      75  another run is at work; try again later

    \b
    Examples:
      sendblue-contacts sync crm.csv --dry-run
      sendblue-contacts sync crm.csv --delete tracked --yes
    """  # noqa: D301  # click wants a real \b, and leaves the lines after it as they are
    _check_usage(context, file, options)
    with errors_of_syncs(context), current_settings().create_client() as client:
        plan = _make_plan(client, file, options) if options["plan_file"] is None else _load_plan(file, options)
        if options["out"]:
            plan.save(options["out"])
        if options["dry_run"]:
            context.exit(_show(plan, options))
        if not current_options().json and not current_options().quiet:
            write_plan(plan, dry_run=False, details=options["details"])
        if not _is_confirmed(plan, options):
            print_message("Nothing was changed.")
            context.exit(REJECTED)
        context.exit(_apply(client, plan, options))


def _check_usage(context: click.Context, file: str | None, options: dict[str, Any]) -> None:
    """Check that the options fit together.

    Raises:
        UsageError: They do not.
    """
    given = [name for name in options if context.get_parameter_source(name) is ParameterSource.COMMANDLINE]
    if options["plan_file"] is None:
        if file is None:
            raise click.UsageError("Missing argument 'FILE' (or --plan PLAN).")
    elif fixed := [name for name in given if name in {"out", *PLAN_OPTIONS, *_READING_OPTIONS}]:
        option = "map" if fixed[0] == "pairs" else fixed[0].replace("_", "-")
        raise click.UsageError(f"--{option} does not go with --plan: the plan is made. Make a new one with --out.")
    if options["exit_code"] and not options["dry_run"]:
        raise click.UsageError("--exit-code needs --dry-run.")
    for name in ("out", "report"):
        if options[name] and not Path(options[name]).resolve().parent.is_dir():
            raise click.UsageError(f"The folder of --{name} does not exist.")


def _make_plan(client: Sendblue, file: str | None, options: dict[str, Any]) -> SyncPlan:
    from sendblue_transfer import plan_sync  # noqa: PLC0415  # slow to load

    with open_contacts(file or "-", options) as source, progress("contact") as show:
        arguments = {name: options[name] for name in (*PLAN_OPTIONS, "state")}
        return plan_sync(client, source, **arguments, on_progress=show)


def _load_plan(file: str | None, options: dict[str, Any]) -> SyncPlan:
    from sendblue_transfer import SyncPlan, open_source  # noqa: PLC0415  # slow to load

    plan = SyncPlan.load(options["plan_file"])
    if file is not None:
        with open_source(file) as source:
            if source.digest != plan.source["digest"]:
                raise CommandError(f"{source.name} has changed since the plan was made, so nothing was changed")
    return plan


def _show(plan: SyncPlan, options: dict[str, Any]) -> int:
    """Show the plan of a dry run, and return the exit code."""
    if current_options().json:
        for change in plan.changes():
            write_json(change.to_dict())
        write_json({"plan": plan_as_json(plan)})
    elif current_options().quiet:
        print_errors(*plan_error_lines(plan, details=options["details"]))
    else:
        write_plan(plan, dry_run=True, details=options["details"])
        print_message("Nothing was changed.")
    if options["exit_code"] and plan.creates + plan.updates + plan.deletes:
        return DIFFERS
    return REJECTED if plan.skipped else SUCCESS


def _is_confirmed(plan: SyncPlan, options: dict[str, Any]) -> bool:
    """Ask before contacts are deleted."""
    if not plan.deletes or options["yes"]:
        return True
    question = deletion_question(plan.changes("delete"), plan.deletes, can_be_undone=options["state"] != "none")
    return confirm(f"deleting {pluralize(plan.deletes, 'contact')}", question)


def _apply(client: Sendblue, plan: SyncPlan, options: dict[str, Any]) -> int:
    """Apply the plan, and return the exit code."""
    from sendblue_transfer import apply_sync  # noqa: PLC0415  # slow to load

    arguments = {name: options[name] for name in ("state", "concurrency")}
    with progress("contact") as show:
        report = apply_sync(client, plan, **arguments, on_progress=show)
    try:
        return show_report(report, plan.source["name"], "sync", details=options["details"])
    finally:  # also if the reader of the output has exited
        if options["report"]:
            report.write(options["report"])


def print_resume(message: str) -> None:
    """Print a message and the command that resumes the sync or the undo."""
    print_errors(f"{message} To resume:", f"    {resume_command()}")


def show_report(report: SyncReport, name: str, noun: str, *, details: bool) -> int:
    """Show what was done, and return the exit code."""
    for line in (*report_lines(report, name, noun), *problem_lines(report, details=details)):
        print_message(line)
    if current_options().json:
        write_results(report)
    elif current_options().quiet:
        print_errors(*report_error_lines(report, name, details=details))
    else:
        write_field_table(report)
    if report.stopped:
        print_resume(f"Stopped: {report.stopped}.")
        return STOPPED
    return SUCCESS if report.ok else REJECTED


@contextmanager
def errors_of_syncs(context: click.Context) -> Generator[None]:
    """Exit with the code of a sync if an error of the API or Ctrl-C ends the block."""
    from sendblue_contacts.errors import (  # noqa: PLC0415  # slow to load
        AuthenticationError,
        PermissionDeniedError,
        SendblueError,
    )

    try:
        yield
    except SendblueError as error:
        refused = isinstance(error, AuthenticationError | PermissionDeniedError)
        exit_with_message(context, error, rejected=USAGE_ERROR if refused else STOPPED)
    except KeyboardInterrupt:
        print_resume("Interrupted.")
        context.exit(STOPPED)
