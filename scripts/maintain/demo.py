"""The main job, for everybody to see: a file of contacts goes through the client into the sandbox, over a real socket.

Exit status: 0 if every figure agrees, 1 if one does not, 2 if the file cannot be read, 130 after Ctrl-C.
"""

from __future__ import annotations

import logging
import re
import sys
from collections import defaultdict
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.table import Table
from rich.text import Text
from sendblue_contacts import BulkProgress, RateLimit, RateLimiter, RateLimitStatistics, Sendblue
from sendblue_sandbox import Sandbox
from sendblue_transfer import Row, read_csv

from maintain.venvs import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sendblue_contacts import BulkCreateResult, Contact

FILE = ROOT / "examples/contacts.csv"
LIMIT = RateLimit()
# Small, so that more than 100 requests are needed and the limit is met.
CHUNK_SIZE = 10
CONTACTS_SHOWN = 5
# Rows with the same reason: up to so many each have a line of the table, more of them share one.
LINES_SHOWN = 3


@dataclass(frozen=True)
class Figures:
    """What has to agree in the end."""

    rows: int
    created: int
    rejected: int
    counted: int
    refusals: int
    arrivals: int

    def checks(self) -> Iterator[tuple[bool, str]]:
        """Whether each statement is true, and the statement."""
        handled = self.created + self.rejected
        yield handled == self.rows, f"{self.created} created + {self.rejected} rejected = {self.rows} rows"
        yield self.counted == self.created, f"{self.counted} contacts on the server = {self.created} created"
        yield self.refusals == 0, f"{self.refusals} requests refused (429)"
        most = f"{self.arrivals} requests at most in any {LIMIT.per:.0f} s, of {LIMIT.limit} allowed"
        yield self.arrivals <= LIMIT.limit, most


class Rejected(NamedTuple):
    """A row that did not become a contact."""

    line: int
    phone: str
    reason: str


class FirstWait(logging.Handler):
    """Says so when the limiter has to wait for the first time; it writes its waits to the log."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.INFO)
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        """Say it, once."""
        if "rate limit" in record.getMessage():
            logging.getLogger("sendblue_contacts").removeHandler(self)
            self._console.print(f"{LIMIT.limit} requests are out: the limiter waits until it may send the next one …")


class PaceColumn(ProgressColumn):
    """Says how many rows a second it is, and whether the limiter waits at the moment."""

    def __init__(self, limiter: RateLimiter) -> None:
        super().__init__()
        self._limiter = limiter

    def render(self, task: Task) -> Text:
        """Show it as it is now."""
        pace = f"{task.completed / (task.elapsed or 1):.0f} rows/s"
        waits = self._limiter.statistics().waiting and not task.finished
        return Text(f"{pace}, waiting for the limit" if waits else pace)


def main(arguments: Sequence[str]) -> int:
    """Run the demo with the file that is named, else with the example; returns the exit status."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that lacks a letter must not end the demo
    console = Console(highlight=False, markup=False, emoji=False)
    path = Path(arguments[0]) if arguments else FILE
    try:
        rows = read(path)
        with Sandbox() as sandbox:
            figures = bring(console, sandbox, path.name, rows)
    except (OSError, ValueError) as error:
        console.print(f"demo: cannot bring in {path.name}: {error}", style="red")
        return 2
    except KeyboardInterrupt:
        return 130
    return verdict(console, figures)


def read(path: Path) -> list[Row]:
    """Every row of the file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(read_csv(file))


def bring(console: Console, sandbox: Sandbox, name: str, rows: list[Row]) -> Figures:
    """Bring the rows into the sandbox, and show what became of them."""
    console.print(f"A sandbox of the Contacts API listens on {sandbox.url}. It is empty.")
    console.print(f"{len(rows)} rows of {name} go in, {CHUNK_SIZE} in a request.\n")
    log = logging.getLogger("sendblue_contacts")
    log.setLevel(logging.INFO)
    log.addHandler(FirstWait(console))
    with Sendblue("demo-key", "demo-secret", base_url=sandbox.url, rate_limit=LIMIT) as client:
        good = [row for row in rows if not row.problem]
        with progress_bar(console, client.rate_limit) as progress:
            result = create(client, good, progress, len(rows))
        show_contacts(console, [client.contacts.retrieve(number) for number in some_numbers(result.created)])
        counted = client.contacts.count()
    rejected = sorted([*unreadable(rows), *refused(good, result)])
    show_rejected(console, rejected)
    limiter = client.rate_limit.statistics()
    show_limiter(console, limiter)
    return Figures(len(rows), len(result.created), len(rejected), counted, limiter.refusals, sandbox.arrivals())


def create(client: Sendblue, good: list[Row], progress: Progress, rows: int) -> BulkCreateResult:
    """Create the contacts of the good rows; the other rows are failures from the start."""
    failed = rows - len(good)
    task = progress.add_task("", total=rows, completed=failed, failed=failed)

    def show(state: BulkProgress) -> None:
        progress.update(task, completed=failed + state.done, failed=failed + state.failed)

    result = client.contacts.bulk.create([row.contact for row in good], chunk_size=CHUNK_SIZE, on_progress=show)
    show(BulkProgress(result.requested, len(result.failed), result.requested))  # where nothing was sent, nothing told
    return result


def progress_bar(console: Console, limiter: RateLimiter) -> Progress:
    """A bar with the rows that are done, those that failed, and how many it is in a second."""
    return Progress(
        SpinnerColumn(finished_text="✓"),
        BarColumn(bar_width=16),
        MofNCompleteColumn(),
        TextColumn("{task.fields[failed]} failed,"),
        PaceColumn(limiter),
        console=console,
    )


def some_numbers(contacts: Sequence[Contact]) -> list[str]:
    """The phone numbers of a few contacts from all over the list."""
    few = contacts[:: max(1, len(contacts) // CONTACTS_SHOWN)][:CONTACTS_SHOWN]
    return [contact.phone for contact in few if contact.phone]


def unreadable(rows: Iterable[Row]) -> Iterator[Rejected]:
    """The rows that are no contacts."""
    return (Rejected(row.line, "", row.problem) for row in rows if row.problem)


def refused(rows: Sequence[Row], result: BulkCreateResult) -> Iterator[Rejected]:
    """The rows that the client or the server refused."""
    for failure in result.failed:
        row = rows[failure.index]
        yield Rejected(row.line, row.contact.get("phone", ""), failure.reason)


def show_contacts(console: Console, contacts: Iterable[Contact]) -> None:
    """Show contacts as the server has them."""
    lines = [
        (
            contact.phone or "",
            " ".join(filter(None, (contact.first_name, contact.last_name))),
            contact.company_name or "",
            ", ".join(contact.tags or ()),
            "\n".join(f"{label}: {value}" for label, value in (contact.custom_variables or {}).items()),
        )
        for contact in contacts
    ]
    titles = ("Phone", "Name", "Company", "Tags", "Custom variables")
    show(console, "A few of the contacts, read back from the server", titles, lines)


def show_rejected(console: Console, rejected: Sequence[Rejected]) -> None:
    """Show why rows did not go in: line by line, or together where many have one reason."""
    groups: defaultdict[str, list[Rejected]] = defaultdict(list)
    for row in rejected:
        groups[re.sub(r"item \d+", "an earlier row", row.reason)].append(row)
    shown = sorted(entry for reason, group in groups.items() for entry in entries(reason, group))
    lines = [(str(line), phone, reason) for line, phone, reason in shown]
    show(console, f"{len(rejected)} rows did not go in", ("Line", "Phone in the file", "Reason"), lines)


def entries(reason: str, group: Sequence[Rejected]) -> Iterable[Rejected]:
    """The rows with one reason, or one entry for all of them: its line is that of the first."""
    if len(group) <= LINES_SHOWN:
        return group
    lines = ", ".join(str(row.line) for row in group)
    return [Rejected(group[0].line, f"{len(group)} rows", f"{reason} (lines {lines})")]


def show_limiter(console: Console, statistics: RateLimitStatistics) -> None:
    """Show what the limiter did."""
    lines = [
        ("requests sent", str(statistics.requests)),
        ("longest wait of a request", f"{statistics.longest_wait:.1f} s"),
        ("waits of all requests, added up", f"{statistics.total_waited:.1f} s"),
        ("answers with 429", str(statistics.refusals)),
    ]
    show(console, f"The limiter ({LIMIT.limit} requests in any {LIMIT.per:.0f} s)", ("", ""), lines)


def show(console: Console, title: str, columns: Sequence[str], lines: Iterable[Sequence[str]]) -> None:
    """Print a table of plain text."""
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, show_header=any(columns))
    for column in columns:
        table.add_column(column, overflow="fold")
    for line in lines:
        table.add_row(*map(Text, line))
    console.print(table)


def verdict(console: Console, figures: Figures) -> int:
    """Print which figures agree; returns the exit status."""
    checks = list(figures.checks())
    for right, statement in checks:
        console.print(f"{'✓' if right else '✗ WRONG:'} {statement}", style="green" if right else "bold red")
    return 0 if all(right for right, _ in checks) else 1
