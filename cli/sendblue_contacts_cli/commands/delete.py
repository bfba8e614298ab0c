"""The command `delete`. It asks for confirmation; without a terminal it requires `--yes`."""

from __future__ import annotations

import sys
from contextlib import closing
from io import BytesIO, TextIOWrapper
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import click

from sendblue_contacts_cli.confirmation import confirm
from sendblue_contacts_cli.context import common_options, current_options, current_settings
from sendblue_contacts_cli.exit_codes import REJECTED, STOPPED, SUCCESS, CommandError
from sendblue_contacts_cli.formatting import pluralize
from sendblue_contacts_cli.output import print_error, print_message, write_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import BinaryIO

    from sendblue_contacts.bulk.results import BulkOutcome

    from sendblue_contacts_cli.profiles import ClientSettings

EXIT_CODE_OF_STATUS = {"deleted": SUCCESS, "duplicate": SUCCESS, "failed": REJECTED, "unknown": STOPPED}


@click.command()
@click.argument("numbers", nargs=-1)
@click.option("--from", "file", type=click.File("rb"), help="Read the numbers from a file, one per line.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask for confirmation.")
@common_options
@click.pass_context
def delete(context: click.Context, numbers: tuple[str, ...], file: BinaryIO | None, *, yes: bool) -> None:
    """Delete contacts, after a confirmation.

    NUMBERS are their phone numbers, such as +14155551234; - reads them from standard input, one per line.

    \b
    Examples:
      sendblue-contacts delete +14155551234 +14155555678
      sendblue-contacts list --quiet --limit 10 | sendblue-contacts delete - --yes
    """  # noqa: D301  # click wants a real \b, and leaves the lines after it as they are
    settings = current_settings()
    entries = chain(_argument_entries(numbers), _file_entries(file, file.name) if file else ())
    normalized = _normalize(entries, settings.values.get("default_region"))
    if not normalized:
        raise click.UsageError("No numbers given. Pass phone numbers, or --from FILE.")
    if yes or _confirm(len(normalized)):
        context.exit(_delete(settings, normalized))
    print_message("Nothing was deleted.")
    context.exit(REJECTED)


class NumberEntry(NamedTuple):
    """A phone number as entered, and its location for error messages, which do not show the number."""

    number: str
    location: str = ""


def _argument_entries(numbers: Iterable[str]) -> Iterator[NumberEntry]:
    for number in numbers:
        yield from _file_entries(sys.stdin.buffer, "standard input") if number == "-" else [NumberEntry(number)]


def _file_entries(file: BinaryIO, name: str) -> Iterator[NumberEntry]:
    """Return the lines of a file that are not blank, in the encoding that is detected."""
    from sendblue_transfer.errors import TransferError  # noqa: PLC0415  # slow to load
    from sendblue_transfer.sources.formats import find_encoding  # noqa: PLC0415  # as above

    content = BytesIO(file.read())
    try:
        encoding = find_encoding(content)
    except TransferError:
        raise CommandError(
            f"{name} is not text in a known encoding, so nothing was deleted; save it as UTF-8"
        ) from None
    content.seek(0)
    for number, line in enumerate(TextIOWrapper(content, encoding.name, encoding.errors), 1):
        if line.strip():
            yield NumberEntry(line.strip(), f"line {number:,} of {name}: ")


def _normalize(entries: Iterable[NumberEntry], region: str | None) -> list[str]:
    """Return the numbers in E.164 format, without duplicates."""
    from sendblue_contacts.errors import InvalidPhoneNumberError  # noqa: PLC0415  # next to its only use
    from sendblue_contacts.phone import normalise  # noqa: PLC0415  # as above

    numbers: dict[str, None] = {}
    for entry in entries:
        try:
            numbers[normalise(entry.number, default_region=region)] = None
        except InvalidPhoneNumberError as error:
            raise CommandError(f"{entry.location}{error}; nothing was deleted") from None
    return list(numbers)


def _confirm(number: int) -> bool:
    contacts = pluralize(number, "contact")
    return confirm(f"deleting {contacts}", f"Delete {contacts}? This cannot be undone.")


def _delete(settings: ClientSettings, numbers: Sequence[str]) -> int:
    """Delete the contacts, and return the exit code."""
    statuses: list[str] = []
    sent: set[int] = set()
    try:
        with settings.create_client() as client:
            stream = client.contacts.bulk.stream_delete(numbers, on_send=sent.update)
            with closing(stream):
                statuses.extend(map(_report_outcome, stream))  # extends one by one, so an interrupt loses none
    except KeyboardInterrupt:
        print_error(_summary(statuses, numbers, max(0, len(sent) - len(statuses))))
        raise
    print_message(_summary(statuses, numbers))
    return max(EXIT_CODE_OF_STATUS[status] for status in statuses)


def _summary(statuses: Sequence[str], numbers: Sequence[str], in_flight: int = 0) -> str:
    unknown = f"; {in_flight:,} more may be deleted, and deleting them again is safe" if in_flight else ""
    return f"Deleted {statuses.count('deleted'):,} of {pluralize(len(numbers), 'contact')}{unknown}."


def _report_outcome(outcome: BulkOutcome[str]) -> str:
    """Write the outcome of one number, and return its status."""
    if current_options().json:
        write_json({"number": outcome.item, "status": outcome.status, "reason": outcome.reason or None})
    elif not outcome.ok:
        print_error(f"{outcome.item}: {outcome.reason}")
    return outcome.status
