"""The command `delete`. It asks for confirmation; without a terminal it requires `--yes`."""

from __future__ import annotations

import sys
from contextlib import closing
from io import BytesIO, TextIOWrapper
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from sendblue_contacts_cli.contact_filters import filter_options, pop_filter
from sendblue_contacts_cli.context import common_options, current_options, current_settings, region_option
from sendblue_contacts_cli.error_messages import describe_error
from sendblue_contacts_cli.exit_codes import REJECTED, STOPPED, SUCCESS, CommandError
from sendblue_contacts_cli.formatting import pluralize, printable
from sendblue_contacts_cli.output import confirm, print_error, print_message, write_json
from sendblue_contacts_cli.tables import COMPANY, NAMES, column_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import BinaryIO

    from sendblue_contacts.bulk.results import BulkOutcome

    from sendblue_contacts_cli.contact_filters import ContactFilter
    from sendblue_contacts_cli.profiles import ClientSettings

MAX_NAMED = 3
"""How many contacts the question before a deletion names."""
EXIT_CODE_OF_STATUS = {"deleted": SUCCESS, "duplicate": SUCCESS, "failed": REJECTED, "unknown": STOPPED}


_HELP = f"""Delete contacts, after a confirmation.

NUMBERS are their phone numbers, such as +14155551234; - reads them from standard input, one per line. Without numbers,
--where, --tag and --phone select the contacts; `list` shows which ones these are.

\b
Examples:
  sendblue-contacts delete +14155551234 +14155555678
  sendblue-contacts delete --where {NAMES[COMPANY]}=Engines --tag Old
  sendblue-contacts list --quiet --limit 10 | sendblue-contacts delete - --yes
"""


@click.command(help=_HELP)
@click.argument("numbers", nargs=-1)
@click.option("--from", "file", type=click.File("rb"), help="Read the numbers from a file, one per line.")
@filter_options
@click.option("-y", "--yes", is_flag=True, help="Do not ask for confirmation.")
@region_option
@common_options
@click.pass_context
def delete(context: click.Context, /, *, yes: bool, **options: Any) -> None:  # noqa: ANN401  # click has checked them
    """Delete contacts, after a confirmation."""
    settings = current_settings()
    selected = _select(settings, **options)
    if selected.numbers and (yes or _confirm(selected)):
        context.exit(_delete(settings, selected.numbers))
    print_message("Nothing was deleted.")
    context.exit(REJECTED if selected.numbers else SUCCESS)


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
            raise CommandError(f"{entry.location}{describe_error(error)[1]}; nothing was deleted") from None
    return list(numbers)


class Selection(NamedTuple):
    """The contacts to delete: their numbers, and who the first ones are, if that is known."""

    numbers: list[str]
    people: list[str] = []  # noqa: RUF012  # never changed


def _select(
    settings: ClientSettings,
    *,
    numbers: tuple[str, ...],
    file: BinaryIO | None,
    **filters: Any,  # noqa: ANN401  # as above
) -> Selection:
    """Return the contacts with these numbers, or those that match the filters.

    Raises:
        UsageError: Both were given, or neither was.
        CommandError: A number is not valid.
    """
    chosen = pop_filter(filters)
    if chosen and (numbers or file):
        raise click.UsageError("Pass either phone numbers or --where, --tag and --phone, not both.")
    if chosen:
        return _select_matching(settings, chosen)
    entries = chain(_argument_entries(numbers), _file_entries(file, file.name) if file else ())
    normalized = _normalize(entries, settings.values.get("default_region"))
    if not normalized:
        raise click.UsageError("No numbers given. Pass phone numbers, --from FILE, or --where FIELD=VALUE.")
    return Selection(normalized)


def _select_matching(settings: ClientSettings, chosen: ContactFilter) -> Selection:
    with settings.create_client() as client:
        found = [contact for page in chosen.pages(client.contacts.list().pages()) for contact in page if contact.phone]
    print_message(f"{chosen.summary()}.")
    people = [f"{column_value(each, 'name')} ({each.phone})".lstrip(" ") for each in found[:MAX_NAMED]]
    return Selection([contact.phone for contact in found if contact.phone], people)


def _confirm(selected: Selection) -> bool:
    number = len(selected.numbers)
    contacts = pluralize(number, "contact")
    others = f" and {pluralize(number - MAX_NAMED, 'other')}" if number > MAX_NAMED else ""
    named = f": {', '.join(map(printable, selected.people))}{others}" if selected.people else ""
    return confirm(f"deleting {contacts}", f"Delete {contacts}{named}? This cannot be undone.")


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
