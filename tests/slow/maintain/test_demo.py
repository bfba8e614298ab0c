"""scripts/demo on the example and on small files."""

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

ROOT = Path(__file__).resolve().parents[3]
# The script enters .venv first; the tests run its code in their own environment.
PROGRAM = "import sys; sys.path.insert(0, 'scripts'); from maintain.demo import main; sys.exit(main(sys.argv[1:]))"
COLOUR = r"\x1b\[[0-9;]*3[0-9]"
GOOD = Figures(rows=3, created=2, rejected=1, counted=2, rejections=0, arrivals=100)


@dataclass(frozen=True)
class Run:
    """A demo that has finished."""

    status: int
    output: str
    seconds: float
    group: int


def demo(*arguments: str, **environment: str) -> Run:
    """Run the demo in a new process group."""
    plain = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR"}}
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
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
    """Run the demo with the example file. It waits about ten seconds for the rate limit."""
    return demo()


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Write a file with two contacts and one invalid row."""
    path = tmp_path / "small.csv"
    path.write_text("Phone,First Name\n+14155550101,[bold]Zoë :smile:\n+1 415 555 0102,José\nnobody,Nemo\n", "utf-8")
    return path


def test_every_row_is_accounted_for(full: Run) -> None:
    """It succeeds within a minute. Created and rejected rows are all rows, and the server has the created ones."""
    assert (full.status, full.seconds < 60, "WRONG" in full.output) == (0, True, False), full.output
    sums = re.search(r"(\d+) created \+ (\d+) rejected = (\d+) rows", full.output)
    assert sums
    created, rejected, rows = map(int, sums.groups())
    assert (created + rejected, rows >= 1_200) == (rows, True)
    assert f"{created} contacts on the server = {created} created" in full.output


def test_the_rate_limit(full: Run) -> None:
    """There are more than 100 requests, a wait, no 429, and never more than 100 requests in ten seconds."""
    assert "the limiter waits for the next free slot" in full.output
    patterns = (
        r"longest wait of a request +(\d+\.\d) s",
        r"requests sent +(\d+)",
        r"at most (\d+) requests in any 10 s",
    )
    wait, sent, most = (float(number) for pattern in patterns for number in re.findall(pattern, full.output))
    assert (wait > 1, sent > 100, most <= 100) == (True, True, True)
    assert "0 requests rejected (429)" in full.output


def test_the_table_of_rejected_rows(full: Run) -> None:
    """Each invalid row is shown with its line and its number as in the file; duplicates are one entry."""
    phones = ("(415) 555-0142", "+1 415 CALL NOW", "+1 555", "+44 (0)20 7946 0018")
    rows = [re.search(rf"^ +\d+ +{re.escape(phone)} ", full.output, re.MULTILINE) for phone in phones]
    assert all(rows)
    assert re.search(r"\d+ rows +same phone number as an", full.output)


def test_output_to_a_pipe(full: Run) -> None:
    """It has no escape sequences and no line of more than 80 characters. No process of its group stays alive."""
    assert ("\x1b" in full.output, max(map(len, full.output.splitlines())) <= 80) == (False, True)
    with pytest.raises(ProcessLookupError):
        os.killpg(full.group, 0)


def test_another_file(small: Path) -> None:
    """The texts of another file are unchanged, even if they look like markup. With NO_COLOR there are no colors."""
    run = demo(str(small), NO_COLOR="1", FORCE_COLOR="1")
    assert run.status == 0, run.output
    assert "[bold]Zoë :smile:" in run.output
    assert "2 created + 1 rejected = 3 rows" in run.output
    assert not re.search(COLOUR, run.output)


def test_other_encodings(tmp_path: Path) -> None:
    """The encoding is detected and named, or given; --help explains the arguments."""
    path = tmp_path / "latin.csv"
    path.write_text("phone,first_name\n+14155550101,Jos\xe9\n", "cp1252")
    detected, given, help_ = demo(str(path)), demo(str(path), "--encoding", "latin-1"), demo("--help")
    assert (detected.status, given.status, help_.status) == (0, 0, 0), detected.output + given.output
    assert ("José" in detected.output, "is read as cp1252" in detected.output, "José" in given.output) == (True,) * 3
    assert all(text in help_.output for text in ("--encoding", "custom_variables.Plan", "sendblue-contacts sandbox"))


def test_a_file_of_invalid_rows(tmp_path: Path) -> None:
    """The progress bar reaches its end although no request is sent."""
    path = tmp_path / "invalid.csv"
    path.write_text("phone,tags\nnobody,\n+14155550101,a,b\n", "utf-8")
    run = demo(str(path))
    assert (run.status, "2/2 2 failed" in run.output) == (0, True), run.output


def test_an_ascii_terminal_with_colors(small: Path) -> None:
    """A terminal gets colors, and characters that it cannot display become question marks."""
    run = demo(str(small), FORCE_COLOR="1", PYTHONIOENCODING="ascii")
    assert (run.status, "Jos?" in run.output, bool(re.search(COLOUR, run.output))) == (0, True, True), run.output


@pytest.mark.parametrize(("text", "message"), [("", "the file is empty"), (None, "No such file")])
def test_an_unreadable_file(tmp_path: Path, text: str | None, message: str) -> None:
    """The exit status is 2, with a message and no traceback."""
    path = tmp_path / "odd.csv"
    if text is not None:
        path.write_text(text, "utf-8")
    run = demo(str(path))
    assert (run.status, message in " ".join(run.output.split()), "Traceback" in run.output) == (2, True, False)


def test_figures_that_agree() -> None:
    """If the figures agree, all statements are true."""
    assert all(right for right, _ in GOOD.checks())


@pytest.mark.parametrize("wrong", [{"rejected": 2}, {"counted": 1}, {"rejections": 1}, {"arrivals": 101}])
def test_figures_that_differ(wrong: dict[str, int]) -> None:
    """If one figure differs, one statement is false."""
    assert [right for right, _ in replace(GOOD, **wrong).checks()].count(False) == 1
