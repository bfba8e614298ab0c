"""Where a slot file may be, and which start of the machine this is. Looks, and changes nothing."""

from __future__ import annotations

import os
import time
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sendblue_contacts.errors import RateLimitStoreError

_NETWORK = {
    "9p",
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "glusterfs",
    "gpfs",
    "lustre",
    "nfs",
    "nfs4",
    "smb3",
    "smbfs",
    "vboxsf",
    "virtiofs",
    "fuse.ceph-fuse",
    "fuse.glusterfs",
    "fuse.sshfs",
}
_MOUNTS = Path("/proc/self/mountinfo")
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def slot_file(url: str, account: str) -> Path:
    """The file of this account for a store's address: the path in it, with a part of the account's hash behind.

    Raises:
        ValueError: There is no absolute path in the address.
        RateLimitStoreError: There can be no slot file at this path.
    """
    path = _path(url)
    try:
        _check(path)
    except OSError as error:
        raise unusable(path, error) from error
    return path.with_name(f"{path.name}.{sha256(account.encode()).hexdigest()[:16]}") if account else path


def unusable(path: Path, error: OSError) -> RateLimitStoreError:
    """What to raise when the system refuses something."""
    return RateLimitStoreError(
        f"the rate limit's slot file {path} cannot be used ({error.strerror}); name another file"
    )


def _path(url: str) -> Path:
    """The path in an address, which may hold a password by mistake, and is not shown."""
    if "?" in url or "#" in url:  # what is behind it would be cut off, and two files become one
        message = "in the address of a file store, a ? of the path is written %3F, and a # is written %23"
        raise ValueError(message)
    parts = urlsplit(url)
    path = Path(unquote(parts.path))
    if parts.netloc not in {"", "localhost"} or not path.name or not path.is_absolute():
        message = "a file store is named file:///, and an absolute path of a file; this address has none"
        raise ValueError(message)
    if "\0" in str(path):
        message = "the path of a file store cannot have a zero byte (%00) in it; name another file"
        raise ValueError(message)
    return path


def _check(path: Path) -> None:
    if not path.parent.is_dir() or path.is_dir():
        message = (
            f"the rate limit's slot file must be in a folder that is there: make {path.parent}, or name a file in it"
        )
        raise RateLimitStoreError(message)
    system = file_system(path.parent)
    if system in _NETWORK:
        message = (
            f"{path.parent} is on a network file system ({system}), which cannot share slots: use a local disk or Redis"
        )
        raise RateLimitStoreError(message)


def file_system(folder: Path, mounts: Path = _MOUNTS) -> str:
    """The kind of file system that a folder is on; empty where that cannot be told."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    found = [(fields[4], fields[fields.index("-") + 1]) for fields in map(str.split, lines)]
    real = os.path.realpath(folder)
    above = [
        (len(point), kind)
        for point, kind in found
        if os.path.commonpath([real, _unescaped(point)]) == _unescaped(point)
    ]
    return max(above, default=(0, ""))[1]


def _unescaped(point: str) -> str:
    return point.replace("\\040", " ")


def boot_id(path: Path = _BOOT_ID) -> bytes:
    """16 bytes that are others after each start of the machine, when its clock begins anew."""
    try:
        text = path.read_text(encoding="ascii").strip()
    except OSError:
        text = f"{time.time() - time.monotonic():.0e}"  # when it started, roughly
    return sha256(text.encode()).digest()[:16]
