"""The example file: made by its script, and as messy as it says."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from sendblue_contacts.operations import bulk_item
from sendblue_transfer import Row, read_csv

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """Every row of the example."""
    with (EXAMPLES / "contacts.csv").open(encoding="utf-8", newline="") as file:
        return list(read_csv(file))


def number(row: Row) -> str | None:
    """The phone number of a row that can go in."""
    try:
        return None if row.problem else bulk_item(row.contact).phone
    except (TypeError, ValueError):
        return None


@pytest.mark.parametrize("seed", ["0", "1"])
def test_the_script_makes_the_committed_file(tmp_path: Path, seed: str) -> None:
    """To the byte, whatever the hash seed."""
    made = tmp_path / "made.csv"
    subprocess.run(
        [sys.executable, str(EXAMPLES / "make_contacts.py"), str(made)], env={"PYTHONHASHSEED": seed}, check=True
    )
    assert made.read_bytes() == (EXAMPLES / "contacts.csv").read_bytes()


def test_it_is_realistic(rows: list[Row]) -> None:
    """At least 1,200 rows, 2 to 3 % of them duplicates, and a few that are broken."""
    numbers = Counter(map(number, rows))
    broken = numbers.pop(None)
    copies = numbers.total() - len(numbers)
    assert len(rows) >= 1_200
    assert 0.02 <= copies / len(rows) <= 0.03
    assert 6 <= broken <= 12


def test_some_duplicates_differ_in_punctuation_only(rows: list[Row]) -> None:
    """Their cells differ and their numbers do not."""
    spellings: dict[str, set[str]] = {}
    for row in rows:
        if found := number(row):
            spellings.setdefault(found, set()).add(row.cells["phone"])
    assert sum(len(cells) > 1 for cells in spellings.values()) >= 5


def test_texts_are_of_many_kinds(rows: list[Row]) -> None:
    """Accents, other scripts, emoji, commas, quotation marks and line breaks are all there."""
    text = "|".join(cell for row in rows for cell in row.cells.values())
    assert [sign for sign in 'éß山כ민Ε🥐,"\n;' if sign not in text] == []
