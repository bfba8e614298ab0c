"""The paths of the journal and of the rejects file."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import pytest
from sendblue_transfer import JournalError, TransferError, open_source
from sendblue_transfer.importing.paths import journal_path, rejects_path

from tests.transfer.contact_files import import_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sendblue_contacts import Sendblue
    from sendblue_sandbox import Sandbox


def test_journal_is_next_to_the_input(client: Sendblue, write_rows: Callable[..., Path]) -> None:
    """Its name has the whole name of the input, so that `a.csv` and `a.xlsx` have one each."""
    path = write_rows(3)
    report = import_file(client, path)
    assert report.journal == path.with_name("contacts.csv.sendblue-journal")
    assert sorted(path.parent.iterdir()) == [path, report.journal]


def test_given_journal_path(client: Sendblue, write_rows: Callable[..., Path], tmp_path: Path) -> None:
    """It is used unchanged."""
    assert import_file(client, write_rows(3), journal=tmp_path / "mine").journal == tmp_path / "mine"


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's state folder."""
    folder = tmp_path / "state"
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))
    monkeypatch.setattr("platformdirs.user_state_path", lambda name: folder / name)
    return folder / "sendblue-contacts"


def test_journal_of_an_input_in_a_read_only_folder(
    write_rows: Callable[..., Path], state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is in the state folder, with the name of the input and a hash of its path."""
    monkeypatch.setattr("os.access", lambda _path, _mode: False)
    with open_source(write_rows(1)) as source, open_source(write_rows(1, name="other.csv")) as other:
        path = journal_path(source)
        assert (path.parent, path.name[:13]) == (state, "contacts.csv-")
        assert (state.is_dir(), journal_path(other) != path) == (True, True)


def test_journal_of_standard_input(write_rows: Callable[..., Path], state: Path) -> None:
    """The same input finds the same journal, and another one finds another."""
    paths = []
    for people in (1, 1, 2):
        with write_rows(people).open("rb") as file, open_source(file) as source:
            paths.append(journal_path(source))
    assert (paths[0] == paths[1], paths[0] == paths[2], paths[0].parent) == (True, False, state)


def test_missing_extra(write_rows: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """If platformdirs is not installed, the error names the option and the extra."""

    def missing(name: str) -> object:
        if name == "platformdirs":
            raise ModuleNotFoundError(name)
        return import_module(name)

    monkeypatch.setattr("sendblue_transfer.importing.paths.import_module", missing)
    with (
        write_rows(1).open("rb") as file,
        open_source(file) as source,
        pytest.raises(JournalError, match=r"--journal.*sendblue-contacts\[cli\]"),
    ):
        journal_path(source)


@pytest.mark.parametrize(
    ("name", "existing", "expected"),
    [
        ("contacts.csv", [], "contacts.rejects.csv"),
        ("contacts.tsv", [], "contacts.rejects.csv"),
        ("contacts.csv", ["contacts.rejects.csv"], "contacts.rejects-2.csv"),
        ("contacts.rejects.csv", [], "contacts.rejects-2.csv"),
        ("contacts.rejects-2.csv", ["contacts.rejects.csv"], "contacts.rejects-3.csv"),
        ("contacts", [], "contacts.rejects.csv"),
    ],
)
def test_default_rejects_path_is_free(
    write_rows: Callable[..., Path], tmp_path: Path, name: str, existing: list[str], expected: str
) -> None:
    """An existing file may hold corrections."""
    for taken in existing:
        (tmp_path / taken).touch()
    with open_source(write_rows(1, name=name)) as source:
        assert rejects_path(source) == tmp_path / expected


def test_rejects_do_not_overwrite_the_input_or_the_journal(client: Sendblue, write_rows: Callable[..., Path]) -> None:
    """It is an error before anything is sent, however the path is written."""
    path = write_rows(1, ["12", "Nobody", "", "", ""])
    before = path.read_bytes()
    for name, what in (("contacts.csv", "input"), ("contacts.csv.sendblue-journal", "journal")):
        with pytest.raises(TransferError, match=f"would overwrite the {what}; choose another with --rejects"):
            import_file(client, path, rejects=path.parent / "." / name)
    assert path.read_bytes() == before


def test_missing_folder_of_rejects(sandbox: Sandbox, client: Sendblue, write_rows: Callable[..., Path]) -> None:
    """It is an error before anything is sent."""
    with pytest.raises(TransferError, match=r"because the folder .*nowhere does not exist"):
        import_file(client, write_rows(1), rejects="nowhere/rejects.csv")
    assert sandbox.requests == []
