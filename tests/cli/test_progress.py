"""Progress without a terminal: a line every ten seconds, with a clock that the test sets."""

from dataclasses import dataclass
from types import SimpleNamespace

import click
import pytest
from sendblue_contacts_cli.context import GlobalOptions
from sendblue_contacts_cli.progress import format_progress, progress


@dataclass(frozen=True)
class Update:
    """A progress update of an import."""

    done: int = 0
    total: int | None = None
    rate: float = 0.0
    eta: float | None = None
    rejected: int = 0
    phase: str = "sending"


@pytest.mark.parametrize(
    ("update", "expected"),
    [
        (Update(1234), "1,234 rows"),
        (Update(1, 2), "1 of 2 rows"),
        (Update(500, 20_000, 1000.4, 19.6, 3), "500 of 20,000 rows, 3 rejected, 1,000 rows/s, 20 s left"),
        (Update(20_000, 20_000, 1000.0, 0.0), "20,000 of 20,000 rows, 1,000 rows/s"),
    ],
)
def test_format_progress(update: Update, expected: str) -> None:
    """The text has the counts, the rate and the remaining time, as far as they are known."""
    assert format_progress(update, "row") == expected


def test_line_every_ten_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    """Lines are at least ten seconds apart, and only an update prints one."""
    time = SimpleNamespace(now=100.0)
    command = click.Context(click.Command("import"), obj=GlobalOptions())
    with command, progress("row", clock=lambda: time.now) as show:
        assert show
        for seconds in (0, 9.9, 10, 12, 19.9, 20.1, 55):
            time.now = 100 + seconds
            show(Update(int(seconds), 60))
    assert capsys.readouterr() == ("", "Sending: 10 of 60 rows\nSending: 20 of 60 rows\nSending: 55 of 60 rows\n")
