"""A store in a file, for the processes of one machine: read, changed and written under a lock, on one clock.

Each request opens the file, locks it, and closes it again. So nothing is shared across a fork or kept open, and a file
that is removed, replaced or emptied at any time is noticed by the next request: it creates the file anew, which then
starts cold (`slot_table.py`). The kernel releases the lock of a process that is killed; if that happens in the middle
of a write, the checksum in the file is wrong, and the file starts cold too.

It does not release the lock of a process that is stopped: by SIGSTOP, by a debugger, or with its container. So no
request waits in the kernel. It tries to lock the file again and again, in a task without blocking the event loop, and
after a while the store counts as unavailable (`outage.py`).
"""

from __future__ import annotations

import errno
import os
import stat
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from sendblue_contacts.errors import RateLimitStoreError

from .base import Command, StoreReply, StoreUnavailableError
from .slot_file import boot_id, slot_file_path, unusable
from .slot_table import SlotTable, WrongFileError

try:
    import fcntl
except ModuleNotFoundError:  # this module is imported only for a file store
    _NO_LOCKS = "a file store needs Linux, macOS or another POSIX system: use Redis, or memory"
    raise RateLimitStoreError(_NO_LOCKS) from None

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from sendblue_contacts.rate_limit.config import RateLimit

    from .base import StoreRequest

_LOCK_TIMEOUT = 1.0
"""Seconds after which a locked file counts as unavailable."""
_RELEASE_TIMEOUT = 0.02
"""The same for requests that are kept in the outbox."""
_LOCK_PAUSE = 0.001
_LONGEST_LOCK_PAUSE = 0.02
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


class FileStore:
    """A store in a file, which is created at once.

    Args:
        url: `file:///a/path`. The name of the file is that, with a part of the hash of the account appended.
        account: Separates accounts.
        rate: The limit, the same for all processes that use the file.
        clock: Returns the time in seconds, the same in all processes of the machine.
        boot: Returns 16 bytes that differ after the clock has started anew.
        sleep: Waits in a thread for a number of seconds.

    Raises:
        ValueError: The URL is invalid.
        RateLimitStoreError: The file cannot be used.
    """

    def __init__(
        self,
        url: str,
        account: str,
        rate: RateLimit,
        *,
        clock: Callable[[], float] = time.monotonic,
        boot: Callable[[], bytes] = boot_id,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.path: Path = slot_file_path(url, account)
        self._rate = rate
        self._clock = clock
        self._boot = boot()
        self._sleep = sleep
        with suppress(StoreUnavailableError):  # if the file is locked, another process creates it
            self._apply(None)  # so that its cold start begins now

    def send(self, request: StoreRequest) -> StoreReply:
        """Carry out a request in the file."""
        for pause in _pauses(request):
            try:
                return self._apply(request)
            except StoreUnavailableError:
                self._sleep(pause)
        return self._apply(request)

    async def async_send(self, request: StoreRequest) -> StoreReply:
        """As `send`. While the file is locked, other tasks run."""
        import anyio  # noqa: PLC0415  # only the async client pays for it

        for pause in _pauses(request):
            try:
                return self._apply(request)
            except StoreUnavailableError:
                await anyio.sleep(pause)
        return self._apply(request)

    def _apply(self, request: StoreRequest | None) -> StoreReply:
        """Carry out a request in the file; without one, only create the file."""
        try:
            with self._locked_file() as descriptor:
                data = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
                now = self._clock()
                table = SlotTable.unpack(data, self._rate, self._boot, now) or SlotTable.cold(self._rate, now)
                reply = table.apply(request, now) if request else StoreReply()
                _write(descriptor, table.pack(self._boot, now), len(data))
                return reply
        except WrongFileError as error:
            raise RateLimitStoreError(
                f"the slot file {self.path} of the rate limit cannot be used: {error}; "
                "name another, or remove it while no program uses it"
            ) from None
        except BlockingIOError:
            raise StoreUnavailableError(
                f"the slot file {self.path} is locked by another process, which may be stopped"
            ) from None
        except OSError as error:
            raise unusable(self.path, error) from error

    @contextmanager
    def _locked_file(self) -> Generator[int]:
        while True:
            descriptor = os.open(self.path, _FLAGS, 0o600)
            try:
                state = os.fstat(descriptor)
                if not stat.S_ISREG(state.st_mode) or state.st_uid != os.geteuid():
                    raise WrongFileError("it is not a file of this user")
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                try:
                    if self._is_at_path(state):
                        yield descriptor
                        return
                finally:  # closing is not enough: a fork in another thread may have duplicated the descriptor
                    fcntl.flock(descriptor, fcntl.LOCK_UN)
            finally:
                os.close(descriptor)

    def _is_at_path(self, state: os.stat_result) -> bool:
        """Whether the path still leads to this file: it may have been removed or replaced before it was locked."""
        try:
            return os.path.samestat(state, self.path.stat())
        except FileNotFoundError:
            return False


def _pauses(request: StoreRequest) -> Iterator[float]:
    """The pauses between the attempts to lock the file."""
    timeout = min(request.timeout, _LOCK_TIMEOUT) if request.command is Command.ACQUIRE else 0.0
    left = max(timeout, _RELEASE_TIMEOUT)
    pause = _LOCK_PAUSE
    while left > 0:
        yield pause
        left -= pause
        pause = min(2 * pause, _LONGEST_LOCK_PAUSE)


def _write(descriptor: int, data: bytes, size_before: int) -> None:
    if os.pwrite(descriptor, data, 0) < len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if size_before > len(data):
        os.ftruncate(descriptor, len(data))
