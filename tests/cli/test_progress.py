"""How far an import is: a line every ten seconds where there is no terminal, by a clock that a test moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click
import pytest
from sendblue_contacts_cli.context import GlobalOptions
from sendblue_contacts_cli.progress import format_progress, progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True)
class Step:
    """What `transfer` tells."""

    done: int = 0
    total: int | None = None
    rate: float = 0.0
    eta: float | None = None
    rejected: int = 0
    phase: str = "sending"


class Clock:
    """A clock that stands until it is moved."""

    now = 100.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
def context() -> Iterator[GlobalOptions]:
    """A command that runs."""
    with click.Context(click.Command("import"), obj=GlobalOptions()) as running:
        yield running.obj


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (Step(1234), "1,234 rows"),
        (Step(1, 2), "1 of 2 rows"),
        (Step(500, 20_000, 1000.4, 19.6, 3), "500 of 20,000 rows, 3 rejected, 1,000 rows/s, 20 s left"),
        (Step(20_000, 20_000, 1000.0, 0.0), "20,000 of 20,000 rows, 1,000 rows/s"),
    ],
)
def test_what_is_said(step: Step, said: str) -> None:
    """How many, how many of them rejected, how fast, and how long; what is not known is left out."""
    assert format_progress(step, "row") == said


def test_a_line_every_ten_seconds(context: GlobalOptions, capsys: pytest.CaptureFixture[str]) -> None:
    """No sooner, and only when something happens."""
    _ = context
    clock = Clock()
    with progress("row", clock=clock) as show:
        assert show
        for seconds in (0, 9.9, 10, 12, 19.9, 20.1, 55):
            clock.now = 100 + seconds
            show(Step(int(seconds), 60))
    assert capsys.readouterr() == (
        "",
        "Sending: 10 of 60 rows\nSending: 20 of 60 rows\nSending: 55 of 60 rows\n",
    )


def test_nobody_wants_to_know(context: GlobalOptions, capsys: pytest.CaptureFixture[str]) -> None:
    """With `--quiet` there is nothing to call, so that nothing is worked out."""
    context.quiet = True
    with progress("row") as show:
        assert show is None
    assert capsys.readouterr() == ("", "")


def test_what_has_no_phase(context: GlobalOptions, capsys: pytest.CaptureFixture[str]) -> None:
    """An export has one phase and tells none."""
    _ = context
    clock = Clock()
    told: Callable[..., object]

    class Export:
        done, total, rate, eta = 7, None, 0.0, None

    with progress("contact", clock=clock) as show:
        assert show
        told = show
        clock.now += 10
        told(Export())
    assert capsys.readouterr().err == "Exporting: 7 contacts\n"
