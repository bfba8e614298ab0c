"""The lock of an account: who holds it, and where it is."""

import os
import tempfile
from pathlib import Path

import pytest
from sendblue_transfer import AccountLockedError
from sendblue_transfer.syncing.account_lock import AccountLock

ACCOUNT, OTHER = {"account": "a" * 64}, {"account": "b" * 64}


def test_second_sync_of_an_account_is_an_error(state: Path) -> None:
    """The error names the process. Another account has a lock of its own."""
    message = rf"another sync of this account is running \(process {os.getpid()} since 20\d\d-.*\); wait"
    with (
        AccountLock(ACCOUNT),
        AccountLock(OTHER),
        pytest.raises(AccountLockedError, match=message),
        AccountLock(ACCOUNT),
    ):
        pass
    with AccountLock(ACCOUNT):
        assert sorted(path.stat().st_mode & 0o777 for path in state.iterdir()) == [0o600, 0o600]


def test_lock_file_that_cannot_be_read(state: Path) -> None:
    """The error says that the process is not known."""
    with AccountLock(ACCOUNT):
        next(state.iterdir()).write_text("{")
        with pytest.raises(AccountLockedError, match="its process is not known"), AccountLock(ACCOUNT):
            pass


def test_no_state_folder(state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder for temporary files is used, in a folder of the user's own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    state.parent.mkdir()
    state.write_text("a file, where the folder should be")
    with AccountLock(ACCOUNT), pytest.raises(AccountLockedError), AccountLock(ACCOUNT):
        pass
    (folder,) = tmp_path.glob("sendblue-contacts-*")
    assert folder.stat().st_mode & 0o777 == 0o700
