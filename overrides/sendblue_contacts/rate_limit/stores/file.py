"""A store in a file, for the processes of one machine: read, changed and written under a lock, on one clock.

Each request opens the file, locks it, and closes it again. So nothing is shared across a fork or kept open, and a file
that is removed, replaced or emptied at any time is noticed by the next request: it creates the file anew, which then
starts cold (`slot_table.py`). The kernel releases the lock of a process that is killed; if that happens in the middle
of a write, the checksum in the file is wrong, and the file starts cold too.

It does not release the lock of a process that is stopped: by SIGSTOP, by a debugger, or with its container. So no
request waits in the kernel: after some attempts to lock the file, the store counts as unavailable (`outage.py`).
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import stat
import time
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from sendblue_contacts.errors import RateLimitStoreError

from .base import Command, Store, StoreReply, StoreRequest, StoreUnavailableError
from .slot_table import SlotTable, WrongFileError

try:
    import fcntl
except ModuleNotFoundError:  # this module is imported only for a file store
    _NO_LOCKS = "a file store needs Linux, macOS or another POSIX system: use Redis, or memory"
    raise RateLimitStoreError(_NO_LOCKS) from None

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from sendblue_contacts.rate_limit.config import RateLimit

_LOCK_TIMEOUT = 1.0
"""Seconds after which a locked file counts as unavailable, or less if the caller does not wait so long."""
_FIRST_LOCK_PAUSES, _LOCK_PAUSE = [0.002] * 10, 0.02
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW

_NETWORK_FILE_SYSTEM = re.compile(
    r"9p|afs|beegfs|ceph|cifs|glusterfs|gpfs|lustre|nfs4?|smb3|smbfs|vboxsf|virtiofs|fuse\.(ceph-fuse|glusterfs|sshfs)"
)
_MOUNTS = Path("/proc/self/mountinfo")
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def boot_session(library: Callable[[], Any] = lambda: ctypes.CDLL(None)) -> bytes:
    """The identifier of the current boot on macOS; empty on other systems."""
    buffer = ctypes.create_string_buffer(64)
    size = ctypes.c_size_t(len(buffer))
    with suppress(OSError, AttributeError):  # no C library, or none with this function
        if not library().sysctlbyname(b"kern.bootsessionuuid", buffer, ctypes.byref(size), None, ctypes.c_size_t(0)):
            return buffer.value
    return b""


def boot_id(path: Path = _BOOT_ID, session: Callable[[], bytes] = boot_session) -> bytes:
    """16 bytes that differ after each boot of the machine, when its monotonic clock starts anew.

    On a system that has no identifier they are always the same. There, `SlotTable.unpack` detects most reboots.
    """
    try:
        text = path.read_bytes().strip()
    except OSError:
        text = session()
    return sha256(text).digest()[:16]


class FileStore(Store):
    """A store in a file, which is created at once. All processes that use it have the same limit."""

    def __init__(
        self,
        url: str,
        account: str,
        rate: RateLimit,
        *,
        clock: Callable[[], float] = time.monotonic,  # the same in all processes of the machine
        boot: Callable[[], bytes] = boot_id,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.path: Path = slot_file_path(url, account)
        self._rate = rate
        self._clock = clock
        self._boot = boot()
        self._sleep = sleep
        with suppress(StoreUnavailableError):  # if the file is locked, another process creates it
            self.send(StoreRequest(Command.CANCEL))  # so that its cold start begins now

    def send(self, request: StoreRequest) -> StoreReply:
        """Carry out a request in the file."""
        pauses = _FIRST_LOCK_PAUSES + [_LOCK_PAUSE] * round(min(request.timeout, _LOCK_TIMEOUT) / _LOCK_PAUSE)
        try:
            with self._locked_file(pauses) as descriptor:
                data = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
                now = self._clock()
                table = SlotTable.unpack(data, self._rate, self._boot, now) or SlotTable.cold(self._rate, now)
                reply = table.apply(request, now)
                _write(descriptor, table.pack(self._boot, now), len(data))
                return reply
        except WrongFileError as error:
            raise _unusable(self.path, error, ", or remove it while no program uses it") from None
        except OSError as error:
            raise _unusable(self.path, error.strerror) from error

    @contextmanager
    def _locked_file(self, pauses: list[float]) -> Generator[int]:
        while True:
            descriptor = os.open(self.path, _FLAGS, 0o600)
            try:
                state = os.fstat(descriptor)
                if not stat.S_ISREG(state.st_mode) or state.st_uid != os.geteuid():
                    raise WrongFileError("it is not a file of this user")
                self._lock(descriptor, pauses)
                try:
                    if self._is_at_path(state):
                        yield descriptor
                        return
                finally:  # closing is not enough: a fork in another thread may have duplicated the descriptor
                    fcntl.flock(descriptor, fcntl.LOCK_UN)
            finally:
                os.close(descriptor)

    def _lock(self, descriptor: int, pauses: list[float]) -> None:
        for pause in pauses:
            with suppress(BlockingIOError):
                return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._sleep(pause)
        raise StoreUnavailableError(f"the slot file {self.path} is locked by another process, which may be stopped")

    def _is_at_path(self, state: os.stat_result) -> bool:
        """Whether the path still leads to this file: it may have been removed or replaced before it was locked."""
        try:
            return os.path.samestat(state, self.path.stat())
        except FileNotFoundError:
            return False


def _write(descriptor: int, data: bytes, size_before: int) -> None:
    if os.pwrite(descriptor, data, 0) < len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if size_before > len(data):
        os.ftruncate(descriptor, len(data))


def slot_file_path(url: str, account: str) -> Path:
    """The slot file of an account: the path in the URL, with a part of the hash of the account appended."""
    path = _path(url)
    try:
        can_be_file, system = path.parent.is_dir() and not path.is_dir(), file_system(path.parent)
    except OSError as error:
        raise _unusable(path, error.strerror) from error
    if not can_be_file:
        raise RateLimitStoreError(
            f"the slot file of the rate limit must be a file in an existing folder: "
            f"create {path.parent}, or name a file in it"
        )
    if _NETWORK_FILE_SYSTEM.fullmatch(system):
        raise RateLimitStoreError(
            f"{path.parent} is on a network file system ({system}), which cannot share slots: use a local disk or Redis"
        )
    return path.with_name(f"{path.name}.{sha256(account.encode()).hexdigest()[:16]}") if account else path


def _unusable(path: Path, reason: object, hint: str = "") -> RateLimitStoreError:
    return RateLimitStoreError(f"the slot file {path} of the rate limit cannot be used ({reason}); name another{hint}")


def _path(url: str) -> Path:
    """The path in a URL, which may contain a password by mistake, and is not shown."""
    if "?" in url or "#" in url:  # what follows would be cut off, so that two URLs would name one file
        raise ValueError("the URL of a file store: write a ? in the path as %3F, and a # as %23")
    parts = urlsplit(url)
    path = Path(unquote(parts.path))
    if parts.netloc not in {"", "localhost"} or not path.name or not path.is_absolute():
        raise ValueError("the URL of a file store must be file:// followed by the absolute path of a file")
    if "\0" in str(path):
        raise ValueError("the path of a file store must not contain a null byte (%00)")
    return path


def file_system(folder: Path, mounts: Path = _MOUNTS) -> str:
    """The type of the file system of a folder; empty if the system does not report it."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    mounted = [(f[4].replace("\\040", " "), f[f.index("-") + 1]) for f in map(str.split, lines)]
    real = os.path.realpath(folder)
    return max(((len(at), kind) for at, kind in mounted if os.path.commonpath([real, at]) == at), default=(0, ""))[1]
