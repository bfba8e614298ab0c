"""How far an import or an export is: a bar on a terminal, a line now and then elsewhere; all on standard error."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from .options import chosen
from .output import say
from .texts import counted, duration

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

EVERY = 10.0
"""Seconds between two lines where there is no terminal."""


class Step(Protocol):
    """What `transfer` tells of an import or an export."""

    @property
    def done(self) -> int:
        """How many are done."""
        ...

    @property
    def total(self) -> int | None:
        """How many there are, if that is known."""
        ...

    @property
    def rate(self) -> float:
        """How many in a second."""
        ...

    @property
    def eta(self) -> float | None:
        """Seconds that are left, if that is known."""
        ...


def text(step: Step, thing: str) -> str:
    """How far it is, in words.

    Args:
        step: What was told.
        thing: What is counted, such as `row`.
    """
    done = counted(step.done, thing) if step.total is None else f"{step.done:,} of {counted(step.total, thing)}"
    rejected = getattr(step, "rejected", 0)
    parts = [
        done,
        f"{rejected:,} rejected" if rejected else "",
        f"{step.rate:,.0f} {thing}s/s" if step.rate else "",
        f"{duration(step.eta)} left" if step.eta else "",
    ]
    return ", ".join(filter(None, parts))


@contextmanager
def progress(thing: str, *, clock: Callable[[], float] = time.monotonic) -> Generator[Callable[[Step], None] | None]:
    """Show how far it is, for as long as the block lasts.

    Args:
        thing: What is counted, such as `row`.
        clock: Tells the time in seconds.

    Yields:
        What to call with each step; None if nobody wants to know.
    """
    if chosen().quiet:
        yield None
    elif sys.stderr.isatty():
        with _bar(thing) as show:
            yield show
    else:
        yield Lines(thing, clock)


class Lines:
    """Says how far it is, every ten seconds.

    Args:
        thing: What is counted, such as `row`.
        clock: Tells the time in seconds.
    """

    def __init__(self, thing: str, clock: Callable[[], float]) -> None:
        self._thing = thing
        self._clock = clock
        self._last = clock()

    def __call__(self, step: Step) -> None:
        """Say it, if it is time."""
        now = self._clock()
        if now - self._last >= EVERY:
            self._last = now
            say(f"{phase(step)}: {text(step, self._thing)}")


def phase(step: Step) -> str:
    """What is being done."""
    return str(getattr(step, "phase", "exporting")).capitalize()


@contextmanager
def _bar(thing: str) -> Generator[Callable[[Step], None]]:
    from rich.console import Console  # noqa: PLC0415  # slow, and for terminals alone
    from rich.progress import BarColumn, Progress, TextColumn  # noqa: PLC0415  # as above

    console = Console(stderr=True, highlight=False, markup=False, emoji=False)
    columns = (TextColumn("{task.description}"), BarColumn(20), TextColumn("{task.fields[text]}", markup=False))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None, text="")

        def show(step: Step) -> None:
            bar.update(task, description=phase(step), completed=step.done, total=step.total, text=text(step, thing))

        yield show
