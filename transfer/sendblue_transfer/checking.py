"""The first reading of a file, before anything is sent: which rows can be, and which of those with one number counts.

Then the second one, which gives the contacts that are to be sent, as the journal has it. No rows are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sendblue_contacts.bulk.actions import merge

from .fates import DUPLICATE, REJECTED, SENDING, Fate
from .repeats import Held, Repeats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .columns import Columns
    from .journal import Journal
    from .repeats import Duplicates
    from .sources import Source
    from .tables import Record

_TOLD_EVERY = 1_000
_REPEATED = "another row has the same number, and only the first one counts"


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a file, and how they become contacts.

    Attributes:
        source: The file.
        columns: Its columns.
        duplicates: What happens to rows with the same number.
        region: The region of numbers in national form.
    """

    source: Source
    columns: Columns
    duplicates: Duplicates
    region: str | None

    def check(self, journal: Journal, told: Callable[[int], object]) -> int:
        """Read all rows, and write the fates of those that will not be sent into the journal.

        Args:
            journal: Where to.
            told: Is told now and then how many rows were read.

        Returns:
            How many rows there are.
        """
        counted: list[int] = []
        journal.plan(self._fates(told, counted))
        return counted[0]

    def _fates(self, told: Callable[[int], object], counted: list[int]) -> Iterator[Fate]:
        number = 0
        with Repeats() as repeats:
            for number, record in enumerate(self.source, 1):
                try:
                    repeats.add(self._number(record), record.line)
                except (TypeError, ValueError) as error:
                    yield Fate(record.line, REJECTED, str(error))
                if number % _TOLD_EVERY == 0:
                    told(number)
            yield from (self._beaten(line, kept) for line, kept in repeats.beaten(self.duplicates))
        counted.append(number)

    def _number(self, record: Record) -> str:
        if record.problem:
            raise ValueError(record.problem)
        return self.columns.layout(record.titles).number(record.cells, self.region)

    def _beaten(self, line: int, kept: int) -> Fate:
        if self.duplicates == "error":
            return Fate(line, REJECTED, _REPEATED, kept)
        return Fate(line, DUPLICATE, counts=kept)

    def contacts(self, journal: Journal, *, in_flight: bool = False) -> Iterator[tuple[int, dict[str, Any]]]:
        """The contacts that have no fate yet, or those that were on their way when an earlier run ended; with lines."""
        wanted = SENDING if in_flight else ""
        merges = self.duplicates == "merge"
        with Held() as held:
            for record in self.source:
                status = journal.status(record.line)
                if status == wanted:
                    contact = self._contact(record)
                    yield record.line, merge(held.take(record.line), contact) if merges else contact
                elif merges and status == DUPLICATE:
                    held.hold(journal.fate(record.line).counts or 0, self._contact(record))

    def _contact(self, record: Record) -> dict[str, Any]:
        return self.columns.layout(record.titles).sound(record.cells, self.region)
