"""`scripts/demo`: the main job, really run, on the example and on small files."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from maintain.demo import Figures

ROOT = Path(__file__).resolve().parent.parent
# The script goes into the project's own environment first; the tests run its job in the one that they are in.
JOB = "import sys; sys.path.insert(0, 'scripts'); from maintain.demo import main; sys.exit(main(sys.argv[1:]))"
COLOUR = r"\x1b\[[0-9;]*3[0-9]"
GOOD = Figures(rows=3, created=2, rejected=1, counted=2, refusals=0, arrivals=100)


@dataclass(frozen=True)
class Run:
    """A demo that has ended."""

    status: int
    output: str
    seconds: float
    group: int


def demo(*arguments: str, **environment: str) -> Run:
    """Run the job in a process group of its own."""
    plain = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR"}}
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-c", JOB, *arguments],
        cwd=ROOT,
        env={**plain, "COLUMNS": "80", "TERM": "xterm", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        start_new_session=True,
    )
    output, _ = process.communicate(timeout=60)
    return Run(process.returncode, output, time.monotonic() - started, process.pid)


@pytest.fixture(scope="module")
def full() -> Run:
    """The demo with the example file. It waits for the real limit once, some ten seconds."""
    return demo()


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A file with two contacts and one broken row."""
    path = tmp_path / "small.csv"
    path.write_text("Phone,First Name\n+14155550101,[bold]Zoë :smile:\n+1 415 555 0102,José\nnobody,Nemo\n", "utf-8")
    return path


def test_it_succeeds_within_a_minute(full: Run) -> None:
    """Exit status 0, and the figures agree."""
    assert (full.status, full.seconds < 60) == (0, True), full.output
    assert "WRONG" not in full.output


def test_every_row_is_accounted_for(full: Run) -> None:
    """Created and rejected are all rows, and the server has the created ones."""
    sums = re.search(r"(\d+) created \+ (\d+) rejected = (\d+) rows", full.output)
    assert sums
    created, rejected, rows = map(int, sums.groups())
    assert (created + rejected, rows >= 1_200) == (rows, True)
    assert f"{created} contacts on the server = {created} created" in full.output


def test_the_limiter_waits_and_nothing_is_refused(full: Run) -> None:
    """More than 100 requests, a wait that is announced, no 429, and never more than 100 in ten seconds."""
    assert "the limiter waits until it may send the next one" in full.output
    longest = re.search(r"longest wait of a request +(\d+\.\d) s", full.output)
    sent = re.search(r"requests sent +(\d+)", full.output)
    most = re.search(r"(\d+) requests at most in any 10 s", full.output)
    assert longest
    assert sent
    assert most
    assert (float(longest[1]) > 1, int(sent[1]) > 100, int(most[1]) <= 100) == (True, True, True)
    assert "0 requests refused (429)" in full.output


@pytest.mark.parametrize("phone", ["(415) 555-0142", "+1 415 CALL NOW", "+1 555", "+44 (0)20 7946 0018"])
def test_broken_rows_are_shown_one_by_one(full: Run, phone: str) -> None:
    """Each stands with its line and its number as the file has it."""
    assert re.search(rf"^ +\d+ +{re.escape(phone)} ", full.output, re.MULTILINE)


def test_duplicates_are_summarised(full: Run) -> None:
    """They are one entry of the table."""
    assert re.search(r"\d+ rows +its number is that of an", full.output)


def test_no_process_stays(full: Run) -> None:
    """Nothing of its process group is alive."""
    with pytest.raises(ProcessLookupError):
        os.killpg(full.group, 0)


def test_a_pipe_gets_plain_text_of_80_columns(full: Run) -> None:
    """No escape sequence, and no line that is too long."""
    assert "\x1b" not in full.output
    assert max(map(len, full.output.splitlines())) <= 80


def test_another_file_can_be_named(small: Path) -> None:
    """Its texts are shown to the letter, also those that look like markup."""
    run = demo(str(small))
    assert run.status == 0, run.output
    assert "[bold]Zoë :smile:" in run.output
    assert "2 created + 1 rejected = 3 rows" in run.output


def test_a_file_of_broken_rows_only(tmp_path: Path) -> None:
    """The bar comes to its end, although no request is sent for them."""
    path = tmp_path / "broken.csv"
    path.write_text("phone,tags\nnobody,\n+14155550101,a,b\n", "utf-8")
    run = demo(str(path))
    assert (run.status, "2/2 2 failed" in run.output) == (0, True), run.output


def test_colour_is_the_default_where_it_can_be_shown(small: Path) -> None:
    """So that the next test can fail."""
    assert re.search(COLOUR, demo(str(small), FORCE_COLOR="1").output)


def test_no_color_is_respected(small: Path) -> None:
    """With NO_COLOR there is no colour, even where colours are forced."""
    run = demo(str(small), NO_COLOR="1", FORCE_COLOR="1")
    assert not re.search(COLOUR, run.output)


def test_a_terminal_without_the_letters_does_not_end_it(small: Path) -> None:
    """What cannot be shown is a question mark."""
    run = demo(str(small), PYTHONIOENCODING="ascii")
    assert (run.status, "Jos?" in run.output) == (0, True), run.output


@pytest.mark.parametrize(("text", "said"), [("", "the file is empty"), (None, "No such file")])
def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path: Path, text: str | None, said: str) -> None:
    """Exit status 2, and no traceback."""
    path = tmp_path / "odd.csv"
    if text is not None:
        path.write_text(text, "utf-8")
    run = demo(str(path))
    assert (run.status, said in " ".join(run.output.split()), "Traceback" in run.output) == (2, True, False)


def test_figures_that_agree() -> None:
    """All statements are true."""
    assert all(right for right, _ in GOOD.checks())


@pytest.mark.parametrize("wrong", [{"rejected": 2}, {"counted": 1}, {"refusals": 1}, {"arrivals": 101}])
def test_figures_that_do_not_agree(wrong: dict[str, int]) -> None:
    """One statement is false, so that the exit status is 1."""
    assert [right for right, _ in replace(GOOD, **wrong).checks()].count(False) == 1
