"""The example file: its script reproduces it, and it has the errors and formats that it should have."""

import runpy
import subprocess
import sys
from collections import Counter
from pathlib import Path
from unittest.mock import MagicMock, call

import pytest
from sendblue_contacts import Attempt
from sendblue_contacts.bulk.requests import bulk_item
from sendblue_transfer import Row, read_csv

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """Every row of the example file."""
    with (EXAMPLES / "contacts.csv").open(encoding="utf-8", newline="") as file:
        return list(read_csv(file))


def number(row: Row) -> str | None:
    """Return the normalized phone number of a valid row, else None."""
    try:
        return None if row.problem else bulk_item(row.contact).phone
    except (TypeError, ValueError):
        return None


@pytest.mark.parametrize("seed", ["0", "1"])
def test_the_script_reproduces_the_committed_file(tmp_path: Path, seed: str) -> None:
    """The script writes the committed file byte for byte, with any hash seed."""
    made = tmp_path / "made.csv"
    subprocess.run(
        [sys.executable, str(EXAMPLES / "make_contacts.py"), str(made)], env={"PYTHONHASHSEED": seed}, check=True
    )
    assert made.read_bytes() == (EXAMPLES / "contacts.csv").read_bytes()


def test_duplicates_and_invalid_rows(rows: list[Row]) -> None:
    """Of 1,200 rows or more, 2 to 3 % are duplicates, some in another format, and a few are invalid."""
    numbers = Counter(map(number, rows))
    invalid = numbers.pop(None)
    duplicates = numbers.total() - len(numbers)
    formats = {(found, row.cells["phone"]) for row in rows if (found := number(row))}
    assert (len(rows) >= 1_200, 0.02 <= duplicates / len(rows) <= 0.03, 6 <= invalid <= 12) == (True, True, True)
    assert len(formats) >= len(numbers) + 5


def test_texts_have_special_characters(rows: list[Row]) -> None:
    """The texts have accents, other scripts, emoji, commas, quotation marks and line breaks."""
    text = "|".join(cell for row in rows for cell in row.cells.values())
    assert [sign for sign in 'éß山כ민Ε🥐,"\n;' if sign not in text] == []


def test_the_hook_for_prometheus(monkeypatch: pytest.MonkeyPatch) -> None:
    """It counts each attempt by operation and outcome, and records its wait. No label contains a phone number."""
    prometheus = MagicMock()  # the library is not among the tools of this project
    monkeypatch.setitem(sys.modules, "prometheus_client", prometheus)
    measure = runpy.run_path(str(EXAMPLES / "prometheus_hook.py"))["measure"]
    measure(Attempt("count_contacts", "GET", "/api/v2/contacts/count", 1, 503, None, 0.2, 0.0, 0.01))
    measure(Attempt("count_contacts", "GET", "/api/v2/contacts/count", 2, None, "ReadTimeout", 0.1, 1.5, None))
    labels = prometheus.Counter.return_value.labels
    assert labels.call_args_list == [call("count_contacts", 503), call("count_contacts", "ReadTimeout")]
    assert labels.return_value.inc.call_count == 2
    assert prometheus.Histogram.return_value.observe.call_args_list == [call(0.0), call(1.5)]
