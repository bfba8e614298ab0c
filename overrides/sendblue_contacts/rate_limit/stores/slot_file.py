"""Where a slot file may be, and how the current boot of the machine is identified. Reads only."""

from __future__ import annotations

import ctypes
import os
import re
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from sendblue_contacts.errors import RateLimitStoreError

if TYPE_CHECKING:
    from collections.abc import Callable

_NETWORK_FILE_SYSTEM = re.compile(
    r"9p|afs|beegfs|ceph|cifs|glusterfs|gpfs|lustre|nfs4?|smb3|smbfs|vboxsf|virtiofs|fuse\.(ceph-fuse|glusterfs|sshfs)"
)
_MOUNTS = Path("/proc/self/mountinfo")
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def boot_session(library: Callable[[], Any] = lambda: ctypes.CDLL(None)) -> bytes:
    """The identifier of the current boot on macOS; empty on other systems.

    Args:
        library: Returns the C library of the system.
    """
    buffer = ctypes.create_string_buffer(64)
    size = ctypes.c_size_t(len(buffer))
    with suppress(OSError, AttributeError):  # no C library, or none with this function
        if not library().sysctlbyname(b"kern.bootsessionuuid", buffer, ctypes.byref(size), None, ctypes.c_size_t(0)):
            return buffer.value
    return b""


def slot_file_path(url: str, account: str) -> Path:
    """The slot file of an account: the path in the URL, with a part of the hash of the account appended.

    Raises:
        ValueError: The URL contains no absolute path.
        RateLimitStoreError: A slot file cannot be at this path.
    """
    path = _path(url)
    try:
        _check(path)
    except OSError as error:
        raise unusable(path, error) from error
    return path.with_name(f"{path.name}.{sha256(account.encode()).hexdigest()[:16]}") if account else path


def unusable(path: Path, error: OSError) -> RateLimitStoreError:
    """The error for a failed system call."""
    return RateLimitStoreError(
        f"the slot file {path} of the rate limit cannot be used ({error.strerror}); name another"
    )


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


def _check(path: Path) -> None:
    if not path.parent.is_dir() or path.is_dir():
        raise RateLimitStoreError(
            f"the slot file of the rate limit must be a file in an existing folder: "
            f"create {path.parent}, or name a file in it"
        )
    system = file_system(path.parent)
    if _NETWORK_FILE_SYSTEM.fullmatch(system):
        raise RateLimitStoreError(
            f"{path.parent} is on a network file system ({system}), which cannot share slots: use a local disk or Redis"
        )


def file_system(folder: Path, mounts: Path = _MOUNTS) -> str:
    """The type of the file system of a folder; empty if the system does not report it."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    mounted = [(f[4].replace("\\040", " "), f[f.index("-") + 1]) for f in map(str.split, lines)]
    real = os.path.realpath(folder)
    return max(((len(at), kind) for at, kind in mounted if os.path.commonpath([real, at]) == at), default=(0, ""))[1]


def boot_id(path: Path = _BOOT_ID, session: Callable[[], bytes] = boot_session) -> bytes:
    """16 bytes that differ after each boot of the machine, when its monotonic clock starts anew.

    On a system that has no identifier they are always the same. There, `SlotTable.unpack` detects most reboots.
    """
    try:
        text = path.read_bytes().strip()
    except OSError:
        text = session()
    return sha256(text).digest()[:16]
