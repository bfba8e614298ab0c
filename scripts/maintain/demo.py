"""Import a file of contacts with the client into the sandbox, over a real socket, and show the result.

Exit status: 0 if all figures agree, 1 if one does not, 2 if the file cannot be read, 130 after Ctrl-C.
"""

from __future__ import annotations

import logging
import re
import sys
from collections import defaultdict
from dataclasses import dataclass
from io import TextIOWrapper
from typing import TYPE_CHECKING, NamedTuple

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.table import Table
from rich.text import Text
from sendblue_contacts import BulkProgress, RateLimit, RateLimiter, RateLimitStatistics, Sendblue
from sendblue_sandbox import Sandbox
from sendblue_transfer import Row, open_source, read_csv

from maintain.demo_arguments import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from sendblue_contacts import BulkCreateResult, Contact

LIMIT = RateLimit()
# Small, so that the import takes more than 100 requests and reaches the limit.
CHUNK_SIZE = 10
CONTACTS_SHOWN = 5
# Up to this many rows with the same reason have a line each; more of them share one line.
LINES_SHOWN = 3


@dataclass(frozen=True)
class Figures:
    """The figures that must agree at the end."""

    rows: int
    created: int
    rejected: int
    counted: int
    rejections: int
    arrivals: int

    def checks(self) -> Iterator[tuple[bool, str]]:
        """Yield each statement about the figures, and whether it is true."""
        handled = self.created + self.rejected
        yield handled == self.rows, f"{self.created} created + {self.rejected} rejected = {self.rows} rows"
        yield self.counted == self.created, f"{self.counted} contacts on the server = {self.created} created"
        yield self.rejections == 0, f"{self.rejections} requests rejected (429)"
        most = f"at most {self.arrivals} requests in any {LIMIT.per:.0f} s, of {LIMIT.limit} allowed"
        yield self.arrivals <= LIMIT.limit, most


class Rejected(NamedTuple):
    """A row that was not imported."""

    line: int
    phone: str
    reason: str


class FirstWait(logging.Handler):
    """Prints a line at the first wait of the limiter, which logs its waits."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.INFO)
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        """Print the line, once."""
        if "rate limit" in record.getMessage():
            logging.getLogger("sendblue_contacts").removeHandler(self)
            self._console.print(f"{LIMIT.limit} requests were sent: the limiter waits for the next free slot …")


class PaceColumn(ProgressColumn):
    """Shows the rows per second, and whether the limiter is waiting."""

    def __init__(self, limiter: RateLimiter) -> None:
        super().__init__()
        self._limiter = limiter

    def render(self, task: Task) -> Text:
        """Return the current text."""
        pace = f"{task.completed / (task.elapsed or 1):.0f} rows/s"
        waits = self._limiter.statistics().waiting and not task.finished
        return Text(f"{pace}, waiting for the rate limit" if waits else pace)


def main(arguments: Sequence[str]) -> int:
    """Run the demo with the file in `arguments`, or with the example, and return the exit status."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that cannot display a character must not end the demo
    console = Console(highlight=False, markup=False, emoji=False)
    options = parse(arguments)
    path = options.file
    try:
        rows = read(console, path, options.encoding)
        with Sandbox() as sandbox:
            figures = import_rows(console, sandbox, path.name, rows)
    except (OSError, ValueError) as error:
        console.print(f"demo: cannot import {path.name}: {error}", style="red")
        return 2
    except KeyboardInterrupt:
        return 130
    status = verdict(console, figures)
    console.print("\nNext: start the sandbox, and open its page in a browser.\n    .venv/bin/sendblue-contacts sandbox")
    return status


def read(console: Console, path: Path, encoding: str | None) -> list[Row]:
    """Return every row of the file, and say in which encoding it was read if that was not certain."""
    with open_source(path, format="csv", encoding=encoding) as source:
        found = source.encoding
        if source.guessed_encoding:
            console.print(f"{path.name} is read as {found}; --encoding sets another encoding.")
    with path.open(encoding=found, newline="") as file:
        return list(read_csv(file))


def import_rows(console: Console, sandbox: Sandbox, name: str, rows: list[Row]) -> Figures:
    """Import the rows into the sandbox, and show the result."""
    console.print(f"An empty sandbox of the Contacts API runs at {sandbox.url}.")
    console.print(f"Importing {len(rows)} rows of {name}, {CHUNK_SIZE} in each request.\n")
    log = logging.getLogger("sendblue_contacts")
    log.setLevel(logging.INFO)
    log.addHandler(FirstWait(console))
    with Sendblue("demo-key", "demo-secret", base_url=sandbox.url, rate_limit=LIMIT) as client:
        good = [row for row in rows if not row.problem]
        with progress_bar(console, client.rate_limit) as progress:
            result = create(client, good, progress, len(rows))
        show_contacts(console, [client.contacts.retrieve(number) for number in some_numbers(result.created)])
        counted = client.contacts.count()
    rejected = sorted([*unreadable(rows), *failed_rows(good, result)])
    show_rejected(console, rejected)
    limiter = client.rate_limit.statistics()
    show_limiter(console, limiter)
    return Figures(len(rows), len(result.created), len(rejected), counted, limiter.refusals, sandbox.arrivals())


def create(client: Sendblue, good: list[Row], progress: Progress, rows: int) -> BulkCreateResult:
    """Create the contacts of the valid rows; the other rows count as failed from the start."""
    failed = rows - len(good)
    task = progress.add_task("", total=rows, completed=failed, failed=failed)

    def show(state: BulkProgress) -> None:
        progress.update(task, completed=failed + state.done, failed=failed + state.failed)

    result = client.contacts.bulk.create([row.contact for row in good], chunk_size=CHUNK_SIZE, on_progress=show)
    show(
        BulkProgress(result.requested, len(result.failed), result.requested)
    )  # on_progress is not called if nothing is sent
    return result


def progress_bar(console: Console, limiter: RateLimiter) -> Progress:
    """Return a progress bar with the finished rows, the failed rows and the speed."""
    return Progress(
        SpinnerColumn(finished_text="✓"),
        BarColumn(bar_width=16),
        MofNCompleteColumn(),
        TextColumn("{task.fields[failed]} failed,"),
        PaceColumn(limiter),
        console=console,
    )


def some_numbers(contacts: Sequence[Contact]) -> list[str]:
    """Return the phone numbers of a few contacts, spread over the list."""
    few = contacts[:: max(1, len(contacts) // CONTACTS_SHOWN)][:CONTACTS_SHOWN]
    return [contact.phone for contact in few if contact.phone]


def unreadable(rows: Iterable[Row]) -> Iterator[Rejected]:
    """Yield the rows that could not be read as contacts."""
    return (Rejected(row.line, "", row.problem) for row in rows if row.problem)


def failed_rows(rows: Sequence[Row], result: BulkCreateResult) -> Iterator[Rejected]:
    """Yield the rows that the client or the server rejected."""
    for failure in result.failed:
        row = rows[failure.index]
        yield Rejected(row.line, row.contact.get("phone", ""), failure.reason)


def show_contacts(console: Console, contacts: Iterable[Contact]) -> None:
    """Show contacts as the server returned them."""
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
    show(console, "Some of the contacts, read from the server", titles, lines)


def show_rejected(console: Console, rejected: Sequence[Rejected]) -> None:
    """Show why rows were not imported: one line each, or one line for many rows with the same reason."""
    groups: defaultdict[str, list[Rejected]] = defaultdict(list)
    for row in rejected:
        groups[re.sub(r"item \d+", "an earlier row", row.reason)].append(row)
    shown = sorted(entry for reason, group in groups.items() for entry in entries(reason, group))
    lines = [(str(line), phone, reason) for line, phone, reason in shown]
    show(console, f"{len(rejected)} rows were not imported", ("Line", "Phone in the file", "Reason"), lines)


def entries(reason: str, group: Sequence[Rejected]) -> Iterable[Rejected]:
    """Return the rows with one reason, or one entry for all of them with the line of the first."""
    if len(group) <= LINES_SHOWN:
        return group
    lines = ", ".join(str(row.line) for row in group)
    return [Rejected(group[0].line, f"{len(group)} rows", f"{reason} (lines {lines})")]


def show_limiter(console: Console, statistics: RateLimitStatistics) -> None:
    """Show the statistics of the limiter."""
    lines = [
        ("requests sent", str(statistics.requests)),
        ("longest wait of a request", f"{statistics.longest_wait:.1f} s"),
        ("total wait of all requests", f"{statistics.total_waited:.1f} s"),
        ("responses with 429", str(statistics.refusals)),
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
    """Print which figures agree, and return the exit status."""
    checks = list(figures.checks())
    for right, statement in checks:
        console.print(f"{'✓' if right else '✗ WRONG:'} {statement}", style="green" if right else "bold red")
    return 0 if all(right for right, _ in checks) else 1
