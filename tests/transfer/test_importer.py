"""Imports into a sandbox over a real socket: what is sent, the result of each row, the report and the progress."""

import csv
import itertools
from collections.abc import Callable, Iterator

import pytest
from sendblue_contacts import RateLimit, Sendblue
from sendblue_sandbox import Sandbox
from sendblue_transfer import ImportProgress, TransferError
from sendblue_transfer.importing.journal import Journal
from sendblue_transfer.rows.row_status import RowResult
from sendblue_transfer.rows.validation import ImportRows

from tests.transfer.contact_files import WriteFile, import_file, number, people, person, row, stored

INVALID = ["+1 415 CALL NOW", "Vanity", "", "", ""]


def test_respects_the_reserved_slots(sandbox: Sandbox, write_rows: WriteFile) -> None:
    """An import is a bulk caller: its requests are paced, and never take reserved slots."""
    with Sendblue("key", "secret", base_url=sandbox.url, rate_limit=RateLimit(100, per=0.1, reserve=98)) as client:
        assert import_file(client, write_rows(30), chunk_size=5, concurrency=8).ok
        assert sandbox.arrivals() <= 30
        assert client.rate_limit.statistics().total_waited > 0


def test_merged_rows_are_complete_after_resuming(sandbox: Sandbox, client: Sendblue, write_rows: WriteFile) -> None:
    """Rows before the point of resumption are merged too."""
    path = write_rows(50, *(row({**person(index), "tags": ["new"]}) for index in range(50)))
    sandbox.faults.add(operation="bulk_create_contacts", status=401, nth=[3])
    assert not import_file(client, path, duplicates="merge", chunk_size=10, concurrency=1).complete
    assert import_file(client, path, duplicates="merge", chunk_size=10).ok
    assert [contact["tags"] for contact in stored(sandbox)] == [["VIP", "lead", "new"]] * 50


def test_reports_progress(client: Sendblue, write_rows: WriteFile) -> None:
    """First while it reads, then while it sends; at the end all rows have their result."""
    reports: list[ImportProgress] = []
    import_file(client, write_rows(250, INVALID, row(person(0))), on_progress=reports.append)
    assert [report.phase for report in reports] == ["reading", *["sending"] * (len(reports) - 1)]
    assert (reports[0].done, reports[1].done, reports[1].rejected, reports[1].duplicates) == (252, 2, 1, 1)
    assert [report.done for report in reports[1:]] == sorted(report.done for report in reports[1:])
    last = reports[-1]
    assert (last.done, last.total, last.created, last.rejected, last.duplicates) == (252, 252, 250, 1, 1)
    assert last.eta == 0


def test_error_in_the_progress_callback(sandbox: Sandbox, client: Sendblue, write_rows: WriteFile) -> None:
    """It is raised, and the same import resumes."""
    path = write_rows(100)

    def fail(progress: ImportProgress) -> None:
        if progress.created:
            raise RuntimeError("no terminal")

    with pytest.raises(RuntimeError, match="no terminal"):
        import_file(client, path, chunk_size=10, on_progress=fail, clock=itertools.count().__next__)
    report = import_file(client, path)
    assert (report.ok, report.resumed, stored(sandbox)) == (True, True, people(100))


@pytest.mark.parametrize("mode", ["create", "update"])
def test_rows_added_during_the_import_are_not_sent(
    sandbox: Sandbox, client: Sendblue, write_rows: WriteFile, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    """They are not validated: the import stops with a report, and resumes with the restored file."""
    if mode == "update":
        client.contacts.bulk.create([{"phone": number(place)} for place in range(60)])
    path = write_rows(60)
    before = path.read_bytes()
    method = "add_created" if mode == "create" else "add"
    add = getattr(Journal, method)

    def append_a_row_and_add(*arguments: object) -> None:
        if path.read_bytes() == before:
            with path.open("a", encoding="utf-8", newline="") as file:
                csv.writer(file).writerow(row(person(99)))
        add(*arguments)

    monkeypatch.setattr(Journal, method, append_a_row_and_add)
    report = import_file(client, path, mode=mode, chunk_size=10, concurrency=1)
    assert (report.complete, "changed during the import" in report.stopped, report.not_sent > 0) == (False, True, True)
    assert number(99) not in [contact["phone"] for contact in stored(sandbox)]
    monkeypatch.undo()
    path.write_bytes(before)
    assert (import_file(client, path, mode=mode).ok, stored(sandbox)) == (True, people(60))


def test_file_that_cannot_be_read_can_be_corrected(client: Sendblue, write_text: WriteFile) -> None:
    """Nothing was sent, so the same command imports the corrected file."""
    path = write_text(f'phone,first_name\n{number(1)},"Ada" Lovelace\n')
    with pytest.raises(TransferError, match="quotation mark"):
        import_file(client, path)
    write_text(f"phone,first_name\n{number(1)},Ada\n")
    assert import_file(client, path).created == 1


def test_file_that_changes_after_validation(
    client: Sendblue, write_rows: WriteFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is an error of the input."""
    path = write_rows(30)
    validate = ImportRows.validate

    def validate_and_change(self: ImportRows, on_read: Callable[[int], object]) -> Iterator[RowResult]:
        yield from validate(self, on_read)
        write_rows(31)

    monkeypatch.setattr(ImportRows, "validate", validate_and_change)
    with pytest.raises(TransferError, match=r"contacts.csv changed after it was opened"):
        import_file(client, path)
