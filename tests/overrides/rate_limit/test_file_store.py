"""The file store, besides the rule that all stores apply (`test_stores.py`), on a machine that the test controls."""

import errno
import fcntl
import math
import os
import re
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from sendblue_contacts import RateLimit, RateLimiter, RateLimitStoreError
from sendblue_contacts.rate_limit.stores.base import Command, StoreRequest, StoreUnavailableError
from sendblue_contacts.rate_limit.stores.file import FileStore, boot_id, boot_session, file_system

from tests.overrides.rate_limit.store_fixtures import FileStoreFixture

RATE = RateLimit(3, per=10.0, reserve=1)


@pytest.fixture
def machine(tmp_path: Path) -> FileStoreFixture:
    """A machine with a slot file, which has been running for some time."""
    return FileStoreFixture(tmp_path)


def warm_store(machine: FileStoreFixture) -> FileStore:
    """The store after its cold start."""
    store = machine.open(RATE)
    machine.now += RATE.per
    return store


def acquire(store: FileStore, *tokens: int) -> list[float]:
    """The waits of these tokens."""
    return [store.send(StoreRequest(Command.ACQUIRE, token, lease=60.0)).wait for token in tokens]


def test_the_file_starts_cold_after_a_reboot(machine: FileStoreFixture) -> None:
    """The clock has started anew, so the times in the file are meaningless."""
    machine.open(RATE)
    machine.now, machine.boot = 5.0, b"2" * 16
    assert acquire(machine.open(RATE), 1) == [10]


@pytest.mark.parametrize("lose", [Path.unlink, lambda path: path.write_bytes(b"")], ids=["removed", "emptied"])
def test_a_lost_file_starts_cold(machine: FileStoreFixture, lose: Callable[[Path], object]) -> None:
    """For all processes. A response to a request from before extends it: that request may have arrived just now."""
    store, others = machine.open(RATE), machine.open(RATE)
    machine.now += 10
    acquire(store, 1, 2, 3)
    lose(store.path)
    store.send(StoreRequest(Command.RELEASE, 1))
    machine.now += 4
    assert acquire(others, 4) == [6]
    machine.now += 5
    store.send(StoreRequest(Command.RELEASE, 2))
    assert acquire(others, 4) == [10]


@pytest.mark.parametrize("moved_away", [False, True], ids=["overwritten", "moved away"])
def test_a_replaced_file_is_not_used_any_more(machine: FileStoreFixture, tmp_path: Path, moved_away: bool) -> None:
    """The path counts, also if the old file still exists under another name."""
    store = warm_store(machine)
    if moved_away:
        store.path.rename(tmp_path / "away")
        machine.open(RATE)
    else:
        another = FileStoreFixture(tmp_path)
        another.now = machine.now
        another.open(RATE).path.rename(store.path)
    assert acquire(store, 1) == [10]
    machine.now += 10
    assert acquire(machine.open(RATE), 2, 3, 4) == [0, 0, 10]  # the third slot is in flight


def test_a_file_that_is_replaced_before_it_is_locked_is_not_used(
    machine: FileStoreFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process opens it, and another one removes it at that moment."""
    store = warm_store(machine)
    opened = os.open

    def open_and_remove(*arguments: Any) -> int:
        monkeypatch.setattr("os.open", opened)
        descriptor = opened(*arguments)
        store.path.unlink()
        return descriptor

    monkeypatch.setattr("os.open", open_and_remove)
    assert (acquire(store, 1), store.path.exists()) == ([10], True)


def flipped(data: bytes, position: int) -> bytes:
    """The data with one other bit."""
    return data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: flipped(data, 70),  # a process was killed in the middle of a write
        lambda data: flipped(data, len(data) - 1),
        lambda data: data[:1],  # the process that created it was killed, or its end was cut off
        lambda data: data[:60],
        lambda data: data.ljust(1000, b"\0"),
    ],
)
def test_a_damaged_file_starts_cold(machine: FileStoreFixture, damage: Callable[[bytes], bytes]) -> None:
    """For a process that uses it and for a new one; it can be used afterwards."""
    store = warm_store(machine)
    acquire(store, 1)
    data = store.path.read_bytes()
    for each in (store, machine.open(RATE)):
        machine.now += 10
        store.path.write_bytes(damage(data))
        assert acquire(each, 2) == [10]
    machine.now += 10
    assert acquire(store, 2, 3, 4) == [0, 0, 0]


def failing(code: int) -> Callable[..., NoReturn]:
    """A system call that fails."""

    def fail(*_arguments: object) -> NoReturn:
        raise OSError(code, os.strerror(code))

    return fail


def write_half(file: int, data: bytes, offset: int, write: Callable[..., int] = os.pwrite) -> int:
    """Write a part of the data, because the disk is full then."""
    return write(file, data[: len(data) // 2], offset)


@pytest.mark.parametrize(
    ("call", "replacement", "code"),
    [
        ("os.pwrite", failing(errno.ENOSPC), errno.ENOSPC),
        ("os.pwrite", write_half, errno.ENOSPC),
        ("fcntl.flock", failing(errno.ENOLCK), errno.ENOLCK),
        # The folder of another user: root has all permissions.
        ("pathlib.Path.is_dir", failing(errno.EACCES), errno.EACCES),
    ],
)
def test_a_failing_system_call_is_an_error(
    machine: FileStoreFixture, monkeypatch: pytest.MonkeyPatch, call: str, replacement: Callable[..., object], code: int
) -> None:
    """It says what failed; once the call works again, so does the store, from a cold start."""
    monkeypatch.setattr(call, replacement)
    with pytest.raises(RateLimitStoreError, match=rf"cannot be used \({os.strerror(code)}\); name another"):
        machine.open(RATE)
    monkeypatch.undo()
    assert acquire(machine.open(RATE), 1) == [10]


@pytest.mark.parametrize("account", ["", "sk_live_1234567890", "../acme"])
def test_each_account_has_a_file_of_its_own(tmp_path: Path, account: str) -> None:
    """A part of a hash is appended to its name, which is in no name. Only its user can read or change it."""
    RateLimiter(RateLimit(store=f"file://{tmp_path}/the%20slots"), account=account)
    (path,) = tmp_path.iterdir()
    assert re.fullmatch("the slots" if not account else r"the slots\.[0-9a-f]{16}", path.name)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    RateLimiter(RateLimit(store=f"file://{tmp_path}/the%20slots"), account="another")
    assert len([*tmp_path.iterdir()]) == 2


def link(path: Path) -> None:
    """Replace a file by a link to one that does not exist."""
    path.unlink()
    path.symlink_to(path.with_name("elsewhere"))


def pipe(path: Path) -> None:
    """Replace a file by a pipe."""
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("occupy", "words"),
    [
        (lambda path: path.write_bytes(b"x"), "it is not a slot file"),
        (lambda path: path.write_bytes(b"x" * path.stat().st_size), "it is not a slot file"),
        (lambda path: path.write_bytes(b"x" * 1000), "it is not a slot file"),
        (link, "name another"),
        (pipe, "it is not a file of this user"),
    ],
    ids=["short", "the right size", "too long", "a link", "a pipe"],
)
def test_what_is_no_slot_file_is_an_error(
    machine: FileStoreFixture, occupy: Callable[[Path], object], words: str
) -> None:
    """A file that was named by mistake, or that another program overwrote, is not changed; no link is followed."""
    store = machine.open(RATE)
    occupy(store.path)
    content = store.path.read_bytes() if store.path.is_file() else None
    for use in (lambda: machine.open(RATE), lambda: acquire(store, 1)):
        with pytest.raises(RateLimitStoreError, match=words):
            use()
    assert (store.path.read_bytes() if content else None) == content
    assert not store.path.with_name("elsewhere").exists()


@pytest.mark.parametrize("rate", [RateLimit(3, per=5.0), RateLimit(4, per=10.0)])
def test_another_limit_is_an_error(machine: FileStoreFixture, rate: RateLimit) -> None:
    """Processes with different limits cannot share a file; the error states what to do, and no file stays open."""
    machine.open(RATE)
    before = len(list(Path("/dev/fd").iterdir()))
    with pytest.raises(RateLimitStoreError, match=r"\(it is for another limit\); name another, or remove it while no"):
        machine.open(rate)
    acquire(machine.open(RATE), 1)
    assert len(list(Path("/dev/fd").iterdir())) == before


@pytest.mark.parametrize(
    ("url", "error", "words"),
    [
        ("file://", ValueError, "the absolute path"),
        ("file://relative/path", ValueError, "the absolute path"),
        ("file:///tmp/a%00b", ValueError, "must not contain a null byte"),
        ("file:///tmp/a?b", ValueError, "write a [?] in the path as %3F"),
        ("file:///tmp/a#b", ValueError, "a # as %23"),
        ("file:///no/such/folder/slots", RateLimitStoreError, "create /no/such/folder"),
        (f"file:///tmp/{'x' * 300}", RateLimitStoreError, "cannot be used .*; name another"),
        ("file:///", ValueError, "the absolute path"),
        ("file:///tmp", RateLimitStoreError, "name a file in it"),
        ("file://user:secret@host/slots", ValueError, "the absolute path"),
    ],
)
def test_an_invalid_url_is_an_error_at_once(url: str, error: type[Exception], words: str) -> None:
    """Before any request is sent. A password that it contains by mistake is not shown."""
    with pytest.raises(error, match=words) as caught:
        RateLimiter(RateLimit(store=url))
    assert "secret" not in str(caught.value)


def test_the_file_system_of_a_folder(tmp_path: Path) -> None:
    """It is that of the nearest mount point above the folder."""
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "22 1 0:21 / / rw - ext4 /dev/root rw\n"
        f"23 22 0:22 / {tmp_path}/mnt\\040net rw shared:1 - nfs4 server:/share rw\n",
        encoding="utf-8",
    )
    assert file_system(tmp_path / "mnt net" / "folder", mounts) == "nfs4"
    assert file_system(tmp_path, mounts) == "ext4"
    assert file_system(tmp_path, tmp_path / "missing") == ""


@pytest.mark.parametrize("kind", ["nfs", "fuse.ceph-fuse"])
def test_a_network_file_system_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Locks on it do not work reliably, and machines have different clocks."""
    monkeypatch.setattr("sendblue_contacts.rate_limit.stores.file.file_system", lambda _folder: kind)
    with pytest.raises(RateLimitStoreError, match=rf"network file system \({kind}\), .* use a local disk or Redis"):
        RateLimiter(RateLimit(store=f"file://{tmp_path}/slots"))


def test_the_boot_is_identified(tmp_path: Path) -> None:
    """By the same bytes as long as the machine runs: those of Linux, or those of macOS."""
    assert boot_id() == boot_id()
    others = [boot_id(tmp_path / "missing", lambda text=text: text) for text in (b"first", b"second", b"")]  # type: ignore[misc]  # a default binds it
    assert (len({boot_id(), *others}), {len(identifier) for identifier in others}) == (4, {16})
    assert boot_id(tmp_path / "missing") == others[2]  # Linux does not have the identifier of macOS


class Sysctl:
    """The C library of macOS, in place of the real one: `sysctlbyname` copies a value and its size, and returns 0."""

    def __init__(self, value: bytes, status: int = 0) -> None:
        self.value, self.status = value, status

    def sysctlbyname(self, name: bytes, buffer: Any, size: Any, new: None, new_size: Any) -> int:
        """Copy the value, with the null byte at its end, as `sysctl kern.bootsessionuuid` shows it."""
        assert (name, new, new_size.value) == (b"kern.bootsessionuuid", None, 0)
        assert size._obj.value > len(self.value)
        buffer.raw = (self.value + b"\0").ljust(len(buffer), b"x")
        size._obj.value = len(self.value) + 1
        return self.status


def test_the_boot_session_of_macos() -> None:
    """The UUID of the boot. It is empty if the value does not exist, or the library or its function."""
    uuid = b"0D5A3F3C-6B0A-4F0E-9C43-5B8C7B1F1D11"

    def missing() -> None:
        raise OSError("no C library")

    libraries: list[Callable[[], Any]] = [lambda: Sysctl(uuid), lambda: Sysctl(b"", -1), lambda: None, missing]
    assert [boot_session(library) for library in libraries] == [uuid, b"", b"", b""]


def test_a_reboot_is_detected_without_an_identifier(machine: FileStoreFixture) -> None:
    """The clock has started anew, so the file was written in the future: it starts cold, and no caller waits longer."""
    machine.now = 900_000.0
    store = warm_store(machine)
    acquire(store, 1, 2, 3)
    store.send(StoreRequest(Command.FREEZE, seconds=86_400))
    machine.now = 5.0
    assert acquire(machine.open(RATE), 4) == [10]


@pytest.fixture
def locked(machine: FileStoreFixture) -> Iterator[FileStore]:
    """A store whose file is locked by another process, which is stopped."""
    store = warm_store(machine)
    with store.path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield store


@pytest.mark.parametrize(("timeout", "slept"), [(math.inf, 1.02), (0.3, 0.32), (0.0, 0.02)])
def test_a_locked_file_is_unavailable_after_a_while(
    machine: FileStoreFixture, locked: FileStore, timeout: float, slept: float
) -> None:
    """After a second, or when the caller does not wait any longer. A thread does not wait in the kernel."""
    with pytest.raises(
        StoreUnavailableError, match=rf"{locked.path} is locked by another process, which may be stopped"
    ):
        locked.send(StoreRequest(Command.ACQUIRE, 1, lease=60.0, timeout=timeout))
    assert sum(machine.pauses) == pytest.approx(slept)
    machine.open(RATE)  # the file exists


def test_a_system_without_file_locks_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no file store on Windows, and the error states what to use."""
    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.delitem(sys.modules, FileStore.__module__)
    with pytest.raises(RateLimitStoreError, match="needs Linux, macOS or another POSIX system: use Redis, or memory"):
        RateLimiter(RateLimit(store=f"file://{tmp_path}/slots"))


def test_a_fork_during_a_request_does_not_block_others(
    machine: FileStoreFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The child inherits the descriptor of another thread; the lock ends with the request all the same."""
    store = warm_store(machine)
    pread, inherited = os.pread, list[int]()

    def duplicate_and_read(descriptor: int, size: int, offset: int) -> bytes:
        inherited.append(os.dup(descriptor))
        return pread(descriptor, size, offset)

    monkeypatch.setattr("os.pread", duplicate_and_read)
    acquire(store, 1)
    monkeypatch.undo()
    assert acquire(store, 2) == [0]
    os.close(inherited[0])
