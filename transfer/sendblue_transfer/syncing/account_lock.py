"""One sync at a time for an account: a lock file in the user's state folder, which names the process that holds it.

The kernel releases the lock when the process ends, however it ends. The file stays, and its content means nothing
while the lock is free.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sendblue_transfer.errors import AccountLockedError, JournalError
from sendblue_transfer.holder import FLAGS, MAX_CONTENT, describe_holder, this_process
from sendblue_transfer.importing.paths import state_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType


class AccountLock:
    """Holds the lock of an account while the block runs.

    Args:
        account: The fingerprint of the account.

    Raises:
        AccountLockedError: Another process holds it, when the block is entered.
        OSError: No folder for the lock file can be written to.
    """

    def __init__(self, account: Mapping[str, str]) -> None:
        self._name = f"account-{account['account'][:32]}.lock"
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        descriptor = _open(self._name)
        try:
            _lock(descriptor)
            content = this_process()
            os.pwrite(descriptor, content, 0)
            os.ftruncate(descriptor, len(content))
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None


def _open(name: str) -> int:
    """Open the lock file in the first folder that can be written to."""
    *others, last = _folders()
    for folder in others:
        with suppress(OSError):
            return _open_in(folder, name)
    return _open_in(last, name)


def _folders() -> Iterator[Path]:
    with suppress(JournalError):
        yield state_folder()
    yield Path(tempfile.gettempdir()) / f"sendblue-contacts-{getattr(os, 'getuid', int)()}"


def _open_in(folder: Path, name: str) -> int:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.open(folder / name, FLAGS, 0o600)


def _lock(descriptor: int) -> None:
    try:
        fcntl: Any = import_module("fcntl")
    except ModuleNotFoundError:  # on Windows, only the lock of the state file keeps two syncs apart
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = describe_holder(os.pread(descriptor, MAX_CONTENT, 0))
        raise AccountLockedError(
            f"another sync of this account is running ({holder}); wait until it has ended, and try again"
        ) from None
