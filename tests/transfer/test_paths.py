"""The paths of the journal and of the rejects file."""

import io
import sys
from pathlib import Path

import pytest
from sendblue_contacts import Sendblue
from sendblue_sandbox import Sandbox
from sendblue_transfer import JournalError, TransferError, open_source, plan_import, run_import
from sendblue_transfer.importing.paths import journal_path

from tests.transfer.contact_files import WriteFile, import_file


def test_journal_is_next_to_the_input(client: Sendblue, write_rows: WriteFile) -> None:
    """Its name has the whole name of the input, so that `a.csv` and `a.xlsx` have one each; a given path is used."""
    path = write_rows(3)
    report = import_file(client, path)
    assert report.journal == path.with_name("contacts.csv.sendblue-journal")
    assert sorted(path.parent.iterdir()) == [path, report.journal]
    assert import_file(client, path, journal=path.with_name("mine")).journal == path.with_name("mine")


def test_journal_of_an_input_in_a_read_only_folder(
    write_rows: WriteFile, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is in the state folder, with the name of the input and a hash of its path."""
    monkeypatch.setattr("os.access", lambda _path, _mode: False)
    with open_source(write_rows(1)) as source, open_source(write_rows(1, name="other.csv")) as other:
        path = journal_path(source)
        assert (path.parent, path.name[:13]) == (state, "contacts.csv-")
        assert journal_path(other) != path


def test_missing_extra(client: Sendblue, monkeypatch: pytest.MonkeyPatch) -> None:
    """If platformdirs is not installed, standard input needs the path of a journal, and a dry run needs none."""
    monkeypatch.setitem(sys.modules, "platformdirs", None)
    with open_source(io.BytesIO(b"phone\n1")) as source:
        assert plan_import(source).rows == 1
        with pytest.raises(JournalError, match=r"--journal.*sendblue-contacts\[cli\]"):
            run_import(client, source)


def test_invalid_rejects_path(sandbox: Sandbox, client: Sendblue, write_rows: WriteFile) -> None:
    """A missing folder, or a file that would be overwritten, is an error before anything is sent."""
    path = write_rows(1, ["12", "Nobody", "", "", ""])
    before = path.read_bytes()
    for name, message in (
        ("contacts.csv", "would overwrite the input; choose another with --rejects"),
        ("contacts.csv.sendblue-journal", "would overwrite the journal; choose another with --rejects"),
        ("nowhere/rejects.csv", r"because the folder .*nowhere does not exist"),
    ):
        with pytest.raises(TransferError, match=message):
            import_file(client, path, rejects=path.parent / "." / name)
    assert (path.read_bytes(), sandbox.requests) == (before, [])
