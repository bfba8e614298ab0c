"""The command `undo`. `sendblue_transfer` does the work."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sendblue_contacts_cli.context import common_options, current_options, current_settings
from sendblue_contacts_cli.exit_codes import REJECTED, SUCCESS, CommandError
from sendblue_contacts_cli.file_options import INPUT_FILE
from sendblue_contacts_cli.formatting import pluralize
from sendblue_contacts_cli.output import confirm, print_errors, print_message
from sendblue_contacts_cli.progress import progress
from sendblue_contacts_cli.sync_output import report_error_lines, write_results, write_undo

from .sync import DETAILS, DRY_RUN, YES, errors_of_syncs, show_report

if TYPE_CHECKING:
    from sendblue_contacts import Sendblue
    from sendblue_transfer import SyncReport


@click.command()
@click.argument("file", required=False, type=click.Path(allow_dash=True))
@click.option("--state", type=INPUT_FILE, metavar="PATH", help="State of the sync, or journal of the import, to undo.")
@DRY_RUN
@DETAILS
@YES
@common_options
@click.pass_context
def undo(context: click.Context, /, file: str | None, **options: Any) -> None:  # noqa: ANN401  # click has checked them
    """Undo the last sync or import of a file.

    FILE is the file that was synced, or imported in the mode upsert; it need not exist any more. Contacts that were
    created are deleted, contacts that were updated get their previous values, and contacts that were deleted are
    created again, with a new contact ID. A contact that was changed since is kept and listed.

    \b
    Examples:
      sendblue-contacts undo crm.csv --dry-run
      sendblue-contacts undo --state crm.csv.sendblue-sync --yes
    """  # noqa: D301  # click wants a real \b, and leaves the lines after it as they are
    from sendblue_transfer import undo_sync  # noqa: PLC0415  # slow to load

    if (file is None) == (options["state"] is None):
        raise click.UsageError("Give either FILE or --state PATH.")
    with errors_of_syncs(context), current_settings().create_client() as client:
        state = options["state"] or find_state(client, file or "")
        planned = undo_sync(client, state, dry_run=True)
        changes = count_changes(planned)
        if options["dry_run"] or not changes:
            context.exit(_show_plan(planned, state, details=options["details"]))
        if not (current_options().json or current_options().quiet):
            write_undo(planned, state, details=options["details"])
        question = f"Undo {pluralize(changes, 'change')}?"
        if not (options["yes"] or confirm(f"undoing {pluralize(changes, 'change')}", question)):
            print_message("Nothing was changed.")
            context.exit(REJECTED)
        context.exit(_undo(client, state, details=options["details"]))


def count_changes(planned: SyncReport) -> int:
    """Return how many changes an undo makes, those included that an interrupted undo may have made."""
    return planned.created + planned.updated + planned.deleted + planned.unknown


def _show_plan(planned: SyncReport, state: str, *, details: bool) -> int:
    """Show what would be undone, and return the exit code."""
    if current_options().json:
        write_results(planned)
    elif current_options().quiet:
        print_errors(*report_error_lines(planned, state, details=details))
    else:
        write_undo(planned, state, details=details)
        print_message("Nothing was changed." if count_changes(planned) else "There is nothing to undo.")
    return REJECTED if planned.kept else SUCCESS


def _undo(client: Sendblue, state: str, *, details: bool) -> int:
    """Undo the changes, and return the exit code."""
    from sendblue_transfer import undo_sync  # noqa: PLC0415  # slow to load

    with progress("contact") as show:
        report = undo_sync(client, state, on_progress=show)
    return show_report(report, state, "undo", details=details)


def find_state(client: Sendblue, file: str) -> str:
    """Return the path of the state of the last sync of a file, or of the journal of its last import.

    Raises:
        CommandError: There is neither.
    """
    from sendblue_transfer.importing.fingerprint import account_fingerprint  # noqa: PLC0415  # slow to load
    from sendblue_transfer.importing.paths import JOURNAL_SUFFIX, path_beside  # noqa: PLC0415  # as above
    from sendblue_transfer.syncing.state import state_path  # noqa: PLC0415  # as above

    path = None if file == "-" else Path(file)
    candidates = [state_path(None, path, None, account_fingerprint(client))]
    if path:
        candidates.append(path_beside(path, JOURNAL_SUFFIX))
    found = [candidate for candidate in candidates if candidate and candidate.exists()]
    if not found:
        raise CommandError(f"there is no sync or import of {file} to undo; name its state with --state")
    return str(max(found, key=lambda candidate: candidate.stat().st_mtime))
