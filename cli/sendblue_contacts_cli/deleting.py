"""`delete`: it asks, with the number of contacts, and where nobody can be asked it wants to be told `--yes`."""

from __future__ import annotations

import sys
from contextlib import closing
from io import BytesIO, TextIOWrapper
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import click

from .accounts import Account, account
from .options import all_options, chosen
from .output import complain, say, write_json
from .statuses import DONE, REFUSED, STOPPED, Refusal
from .texts import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import BinaryIO

    from sendblue_contacts.bulk.results import BulkOutcome


@click.command()
@click.argument("numbers", nargs=-1)
@click.option("--from", "file", type=click.File("rb"), help="Read numbers from a file, one on each line.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@all_options
@click.pass_context
def delete(context: click.Context, numbers: tuple[str, ...], file: BinaryIO | None, *, yes: bool) -> None:
    """Delete contacts, after asking.

    NUMBERS are their phone numbers, such as +14155551234; - reads them from standard input, one on each line.

    \b
    Examples:
      sendblue-contacts delete +14155551234 +14155555678
      sendblue-contacts list --quiet --limit 10 | sendblue-contacts delete - --yes
    """  # noqa: D301  # click wants a real \b, and leaves the lines after it as they are
    whose = account()
    wanted = _checked(chain(_named(numbers), _read(file, file.name) if file else ()), whose)
    if not wanted:
        raise click.UsageError("Which contacts? Give their numbers, or --from FILE.")
    if yes or _agreed(len(wanted)):
        context.exit(_delete(whose, wanted))
    say("Nothing was deleted.")
    context.exit(REFUSED)


class Wanted(NamedTuple):
    """A number, and where it stands, for errors: they do not show it."""

    number: str
    place: str = ""

    def normal(self, region: str | None) -> str:
        """The number in E.164 form."""
        from sendblue_contacts.errors import InvalidPhoneNumberError  # noqa: PLC0415  # next to its only use
        from sendblue_contacts.phone import normalise  # noqa: PLC0415  # as above

        try:
            return normalise(self.number, default_region=region)
        except InvalidPhoneNumberError as error:
            raise Refusal(f"{self.place}{error}; nothing was deleted") from None


def _named(numbers: Iterable[str]) -> Iterator[Wanted]:
    for number in numbers:
        yield from _read(sys.stdin.buffer, "standard input") if number == "-" else [Wanted(number)]


def _read(file: BinaryIO, name: str) -> Iterator[Wanted]:
    """The lines of a file, in whatever encoding it is."""
    from sendblue_transfer.errors import TransferError  # noqa: PLC0415  # loads the generated code
    from sendblue_transfer.sources.formats import find_encoding  # noqa: PLC0415  # as above

    content = BytesIO(file.read())
    try:
        encoding = find_encoding(content)
    except TransferError:
        raise Refusal(f"{name} is no text, or in no usual encoding: save it as UTF-8; nothing was deleted") from None
    content.seek(0)
    for place, line in enumerate(TextIOWrapper(content, encoding), 1):
        if line.strip():
            yield Wanted(line.strip(), f"line {place:,} of {name}: ")


def _checked(numbers: Iterable[Wanted], whose: Account) -> list[str]:
    """The numbers in E.164 form, each once."""
    region = whose.settings.get("default_region")
    return list(dict.fromkeys(each.normal(region) for each in numbers))


def _agreed(number: int) -> bool:
    contacts = counted(number, "contact")
    if not sys.stdin.isatty():
        raise Refusal(f"this would delete {contacts}, and there is no terminal to ask on: add --yes")
    return click.confirm(f"Delete {contacts}? This cannot be undone.", err=True)


def _delete(whose: Account, numbers: Sequence[str]) -> int:
    """Delete them; returns the exit status."""
    states: list[str] = []
    sent: set[int] = set()
    try:
        with whose.client() as client:
            stream = client.contacts.bulk.stream_delete(numbers, on_send=sent.update)
            with closing(stream):
                states.extend(map(_tell, stream))  # one by one: those before an interruption are there
    except KeyboardInterrupt:
        complain(_done(states, numbers, max(0, len(sent) - len(states))))
        raise
    say(_done(states, numbers))
    return max(STATUS_OF[state] for state in states)


def _done(states: Sequence[str], numbers: Sequence[str], on_the_way: int = 0) -> str:
    more = f"; {on_the_way:,} more may be gone too, and to delete them again does no harm" if on_the_way else ""
    return f"Deleted {states.count('deleted'):,} of {counted(len(numbers), 'contact')}{more}."


def _tell(outcome: BulkOutcome[str]) -> str:
    """Write what became of one number, as soon as it is known; returns its status."""
    if chosen().json:
        write_json({"number": outcome.item, "status": outcome.status, "reason": outcome.reason or None})
    elif not outcome.ok:
        complain(f"{outcome.item}: {outcome.reason}")
    return outcome.status


STATUS_OF = {"deleted": DONE, "duplicate": DONE, "failed": REFUSED, "unknown": STOPPED}
