"""The progress of an import, export or sync on standard error: a bar on a terminal, otherwise a line every 10 s."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from .context import current_options
from .formatting import format_duration, pluralize
from .output import print_message

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

LINE_INTERVAL = 10.0
"""Seconds between two progress lines."""
_NOUNS = {"reading": "row", "comparing": "row"}
"""What the phases count that do not count what the others do."""


class ProgressUpdate(Protocol):
    """The progress that `sendblue_transfer` reports."""

    @property
    def done(self) -> int:
        """How many items are done."""
        ...

    @property
    def total(self) -> int | None:
        """How many items there are, if known."""
        ...

    @property
    def rate(self) -> float:
        """Items per second."""
        ...

    @property
    def eta(self) -> float | None:
        """The remaining time in seconds, if known."""
        ...


def format_progress(update: ProgressUpdate, noun: str) -> str:
    """Return the progress as text.

    Args:
        update: The reported progress.
        noun: The counted item in the singular, such as `row`.
    """
    noun = _NOUNS.get(getattr(update, "phase", ""), noun)
    of_total = "" if update.total is None else f"{update.done:,} of {pluralize(update.total, noun)}"
    rejected = getattr(update, "rejected", 0)
    parts = [
        of_total or pluralize(update.done, noun),
        f"{rejected:,} rejected" if rejected else "",
        f"{update.rate:,.0f} {noun}s/s" if update.rate else "",
        f"{format_duration(update.eta)} left" if update.eta else "",
    ]
    return ", ".join(filter(None, parts))


def phase(update: ProgressUpdate) -> str:
    """Return the phase of an import or a sync; an export has only one."""
    return str(getattr(update, "phase", "exporting")).capitalize()


@contextmanager
def progress(
    noun: str, *, clock: Callable[[], float] = time.monotonic
) -> Generator[Callable[[ProgressUpdate], None] | None]:
    """Show progress until the block ends.

    Args:
        noun: The counted item in the singular, such as `row`.
        clock: Returns the time in seconds.

    Yields:
        The callback for progress updates, or None with --quiet.
    """
    if current_options().quiet:
        yield None
    elif sys.stderr.isatty():
        with _bar(noun) as show:
            yield show
    else:
        yield ProgressLines(noun, clock)


class ProgressLines:
    """Prints the progress every ten seconds.

    Args:
        noun: The counted item in the singular, such as `row`.
        clock: Returns the time in seconds.
    """

    def __init__(self, noun: str, clock: Callable[[], float]) -> None:
        self._noun = noun
        self._clock = clock
        self._last = clock()

    def __call__(self, update: ProgressUpdate) -> None:
        """Print a line if the last one is at least `LINE_INTERVAL` old."""
        now = self._clock()
        if now - self._last >= LINE_INTERVAL:
            self._last = now
            print_message(f"{phase(update)}: {format_progress(update, self._noun)}")


@contextmanager
def _bar(noun: str) -> Generator[Callable[[ProgressUpdate], None]]:
    from rich.console import Console  # noqa: PLC0415  # slow to load, and only terminals need it
    from rich.progress import BarColumn, Progress, TextColumn  # noqa: PLC0415  # as above

    console = Console(stderr=True, highlight=False, markup=False, emoji=False)
    columns = (TextColumn("{task.description}"), BarColumn(None), TextColumn("{task.fields[text]}", markup=False))
    with Progress(*columns, console=console, transient=True, expand=True) as bar:
        task = bar.add_task("", total=None, text="", visible=False)  # until there is something to show

        def show(update: ProgressUpdate) -> None:
            text = format_progress(update, noun)
            name, done, total = phase(update), update.done, update.total
            bar.update(task, description=name, completed=done, total=total, text=text, visible=True)

        yield show
