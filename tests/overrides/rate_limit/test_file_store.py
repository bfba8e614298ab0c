"""The file store, besides the rule that all stores apply (`test_stores.py`), on a machine that the test controls."""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from sendblue_contacts import RateLimit, RateLimiter, RateLimitStoreError, Sendblue
from sendblue_contacts.rate_limit.stores.base import Command, StoreRequest
from sendblue_contacts.rate_limit.stores.file import FileStore
from sendblue_contacts.rate_limit.stores.slot_file import boot_id, file_system

RATE = RateLimit(3, per=10.0, reserve=1)


class Machine:
    """A machine with a slot file, whose clock the test controls, and which can be rebooted.

    Attributes:
        now: The clock.
        boot: The identifier of the current boot.
    """

    def __init__(self, folder: Path) -> None:
        self.url = f"file://{folder}/slots"
        self.now = 1000.0
        self.boot = b"1" * 16

    def store(self, rate: RateLimit = RATE) -> FileStore:
        """The store, as another process would open it."""
        return FileStore(self.url, "", rate, clock=lambda: self.now, boot=lambda: self.boot)

    def acquire(self, store: FileStore, *tokens: int) -> list[float]:
        """The waits of these tokens."""
        return [store.send(StoreRequest(Command.ACQUIRE, token, lease=60.0)).wait for token in tokens]

    def release(self, store: FileStore, *tokens: int) -> None:
        """Release the slots of these tokens."""
        for token in tokens:
            store.send(StoreRequest(Command.RELEASE, token))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine that has been running for some time."""
    return Machine(tmp_path)


# What is in the file.


def test_a_new_file_starts_cold(machine: Machine) -> None:
    """What was sent before it existed is unknown, so its first slots are free after one window."""
    assert machine.acquire(machine.store(), 1) == [10]


def test_an_existing_file_does_not_start_cold(machine: Machine) -> None:
    """A process that starts later finds the slots as the others left them, and can send at once."""
    machine.store()
    machine.now += 10
    assert machine.acquire(machine.store(), 1) == [0]


def test_a_new_process_takes_the_last_one_into_account(machine: Machine) -> None:
    """The slots of a process that has ended are free when they would have been."""
    first = machine.store()
    machine.now += 10
    machine.acquire(first, 1, 2, 3)
    machine.release(first, 1, 2, 3)
    machine.now += 4
    assert machine.acquire(machine.store(), 4) == [6]


def test_the_file_starts_cold_after_a_reboot(machine: Machine) -> None:
    """The clock has started anew, so the times in the file are meaningless."""
    machine.store()
    machine.now, machine.boot = 5.0, b"2" * 16
    assert machine.acquire(machine.store(), 1) == [10]


def test_a_killed_process_loses_its_slots_for_a_lease(machine: Machine) -> None:
    """Its request counts as abandoned when the lease has expired, and the slot is free one window after that."""
    killed = machine.store(RateLimit(1, per=10.0))
    machine.now += 10
    machine.acquire(killed, 1)
    machine.now += 59
    others = machine.store(RateLimit(1, per=10.0))
    assert not others.send(StoreRequest(Command.ACQUIRE, 2, lease=60.0)).held
    machine.now += 1
    assert machine.acquire(others, 2) == [10]
    machine.now += 10
    assert machine.acquire(others, 2) == [0]


# A file that is removed, replaced, emptied or damaged.


def test_a_removed_file_is_created_again(machine: Machine) -> None:
    """It starts cold. No process continues with the file that is gone."""
    store = machine.store()
    machine.now += 10
    store.path.unlink()
    assert (machine.acquire(store, 1), store.path.exists()) == ([10], True)
    machine.now += 5
    assert machine.acquire(machine.store(), 2) == [5]


def test_a_response_to_an_earlier_request_extends_the_cold_start(machine: Machine) -> None:
    """The file is removed while requests are in flight: one may have arrived just before its response."""
    store, others = machine.store(), machine.store()
    machine.now += 10
    machine.acquire(store, 1, 2, 3)
    store.path.unlink()
    assert machine.acquire(others, 4) == [10]
    machine.now += 9
    machine.release(store, 1)
    assert machine.acquire(others, 4) == [10]


def test_a_release_creates_a_removed_file_too(machine: Machine) -> None:
    """Otherwise the next process would not take into account the responses since the file was removed."""
    store = machine.store()
    machine.now += 10
    machine.acquire(store, 1)
    store.path.unlink()
    machine.release(store, 1)
    machine.now += 4
    assert machine.acquire(machine.store(), 2) == [6]


@pytest.mark.parametrize("moved_away", [False, True], ids=["overwritten", "moved away"])
def test_a_replaced_file_is_not_used_any_more(machine: Machine, tmp_path: Path, moved_away: bool) -> None:  # noqa: FBT001  # a case
    """The path counts, also if the old file still exists under another name."""
    store = machine.store()
    machine.now += 10
    if moved_away:
        store.path.rename(tmp_path / "away")
        machine.store()
    else:
        old, machine.url = machine.url, f"{machine.url}-new"
        machine.store().path.rename(store.path)
        machine.url = old
    assert machine.acquire(store, 1) == [10]
    machine.now += 10
    assert machine.acquire(machine.store(), 2, 3, 4) == [0, 0, 10]  # the third slot is in flight


def test_a_file_that_is_replaced_before_it_is_locked_is_not_used(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process opens it, and another one removes it at that moment."""
    store = machine.store()
    machine.now += 10
    opened = os.open

    def open_and_remove(*arguments: object) -> int:
        descriptor: int = opened(*arguments)  # type: ignore[arg-type]  # those of os.open
        monkeypatch.undo()
        store.path.unlink()
        return descriptor

    monkeypatch.setattr("os.open", open_and_remove)
    assert (machine.acquire(store, 1), store.path.exists()) == ([10], True)


def test_an_emptied_file_starts_cold(machine: Machine) -> None:
    """For all processes, and a later release extends the cold start."""
    store, others = machine.store(), machine.store()
    machine.now += 10
    machine.acquire(store, 1)
    store.path.write_bytes(b"")
    assert machine.acquire(others, 2) == [10]
    machine.now += 5
    machine.release(store, 1)
    assert machine.acquire(others, 2) == [10]


@pytest.mark.parametrize("position", [70, 200, -1])
def test_a_damaged_file_starts_cold(machine: Machine, position: int) -> None:
    """A process was killed in the middle of a write."""
    store = machine.store()
    machine.now += 10
    machine.acquire(store, 1)
    data = bytearray(store.path.read_bytes())
    data[position] ^= 1
    store.path.write_bytes(data)
    assert machine.acquire(machine.store(), 2) == [10]


@pytest.mark.parametrize("size", [1, 8, 60, 100, 1000])
def test_a_file_of_the_wrong_size_starts_cold(machine: Machine, size: int) -> None:
    """The process that created it was killed, or its end was cut off; it has the right size afterwards."""
    store = machine.store()
    data = store.path.read_bytes()
    store.path.write_bytes(data.ljust(size, b"\0")[:size])
    machine.now += 10
    assert machine.acquire(store, 2) == [10]
    assert len(store.path.read_bytes()) == len(data)


def test_a_file_that_another_program_overwrote_is_an_error(machine: Machine) -> None:
    """It is not changed."""
    store = machine.store()
    store.path.write_bytes(b"something else")
    with pytest.raises(RateLimitStoreError, match="it is not a slot file"):
        machine.acquire(store, 1)
    assert store.path.read_bytes() == b"something else"


# Errors of the system.


def test_a_missing_folder_is_an_error_until_it_exists(tmp_path: Path) -> None:
    """For each request; after that the store works again, from a cold start."""
    folder = tmp_path / "folder"
    folder.mkdir()
    machine = Machine(folder)
    store = machine.store()
    machine.now += 10
    shutil.rmtree(folder)
    for command in (Command.ACQUIRE, Command.RELEASE):
        with pytest.raises(RateLimitStoreError, match=r"cannot be used \(No such file or directory\); name another"):
            store.send(StoreRequest(command, 1))
    folder.mkdir()
    assert machine.acquire(store, 1) == [10]


def test_a_full_disk_is_an_error(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if a part of the file could be written; when there is space again, the file starts cold."""
    pwrite = os.pwrite

    def half(descriptor: int, data: bytes, offset: int) -> int:
        return pwrite(descriptor, data[: len(data) // 2], offset)

    def nothing(_descriptor: int, _data: bytes, _offset: int) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    for replacement in (half, nothing):
        monkeypatch.setattr("os.pwrite", replacement)
        with pytest.raises(RateLimitStoreError, match="No space left on device"):
            machine.store()
    monkeypatch.undo()
    assert machine.acquire(machine.store(), 1) == [10]


def test_a_refused_lock_is_an_error(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """As any failure of a system call."""
    store = machine.store()

    def flock(_descriptor: int, _operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", flock)
    with pytest.raises(RateLimitStoreError, match=r"No locks available.*name another"):
        machine.acquire(store, 1)


def test_a_system_without_file_locks_is_an_error(tmp_path: Path) -> None:
    """There is no file store on Windows, and the error states what to use."""
    program = f"""
import sys
sys.modules["fcntl"] = None
from sendblue_contacts import RateLimit, RateLimiter, RateLimitStoreError
try:
    RateLimiter(RateLimit(store="file://{tmp_path}/slots"))
except RateLimitStoreError as error:
    print(error)
"""
    output = subprocess.run([sys.executable, "-c", program], check=True, timeout=60, stdout=subprocess.PIPE).stdout
    assert output == b"a file store needs Linux, macOS or another POSIX system: use Redis, or memory\n"


def test_no_file_stays_open(machine: Machine) -> None:
    """Neither after a request nor after an error: closing or inheriting descriptors cannot break the store."""
    before = len(list(Path("/dev/fd").iterdir()))
    store = machine.store()
    machine.acquire(store, 1)
    with pytest.raises(RateLimitStoreError):
        machine.store(RateLimit(4))
    assert len(list(Path("/dev/fd").iterdir())) == before


# Which files are used.


def test_only_its_user_can_read_the_file(machine: Machine) -> None:
    """Or change it."""
    assert stat.S_IMODE(machine.store().path.stat().st_mode) == 0o600


@pytest.mark.parametrize("rate", [RateLimit(3, per=5.0), RateLimit(4, per=10.0)])
def test_another_limit_is_an_error(machine: Machine, rate: RateLimit) -> None:
    """Processes with different limits cannot share a file; the error states what to do."""
    machine.store()
    with pytest.raises(RateLimitStoreError, match="it is for another limit; name another, or remove it while no"):
        machine.store(rate)


@pytest.mark.parametrize("content", [b"x", b"x" * 1000, b"\x00" * 37], ids=["short", "long", "zeros"])
def test_a_file_with_other_content_is_an_error(machine: Machine, tmp_path: Path, content: bytes) -> None:
    """A file that was named by mistake is not changed."""
    (tmp_path / "slots").write_bytes(content)
    with pytest.raises(RateLimitStoreError, match="it is not a slot file"):
        machine.store()
    assert (tmp_path / "slots").read_bytes() == content


def test_a_file_of_the_right_size_with_other_content_is_an_error(machine: Machine, tmp_path: Path) -> None:
    """Its first bytes are not those of a slot file."""
    size = machine.store().path.stat().st_size
    (tmp_path / "slots").write_bytes(b"x" * size)
    with pytest.raises(RateLimitStoreError, match="it is not a slot file"):
        machine.store()


def test_a_symbolic_link_is_an_error(machine: Machine, tmp_path: Path) -> None:
    """In a folder that all users can write to, a link could lead anywhere."""
    (tmp_path / "slots").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RateLimitStoreError, match="name another"):
        machine.store()
    assert not (tmp_path / "elsewhere").exists()


def test_a_pipe_is_an_error(machine: Machine, tmp_path: Path) -> None:
    """Only a regular file of this user is accepted."""
    os.mkfifo(tmp_path / "slots")
    with pytest.raises(RateLimitStoreError, match="it is not a file of this user"):
        machine.store()


def test_each_account_has_a_file_of_its_own(tmp_path: Path) -> None:
    """A part of a hash is appended to the name; the key is in no name."""
    rate = RateLimit(5, per=1.0, store=f"file://{tmp_path}/slots")
    for key in ("secret-key-one", "secret-key-two", "secret-key-one"):
        Sendblue(key, "secret", base_url="http://127.0.0.1:9", rate_limit=rate)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert len(names) == 2
    assert all(name.startswith("slots.") and "key" not in name for name in names)


@pytest.mark.parametrize("account", ["sk_live_1234567890", "acme/eu", "../acme"])
def test_any_text_identifies_an_account(tmp_path: Path, account: str) -> None:
    """Also a key or a path: it is hashed, as for Redis."""
    RateLimiter(RateLimit(store=f"file://{tmp_path}/slots"), account=account)
    (name,) = (path.name for path in tmp_path.iterdir())
    assert re.fullmatch(r"slots\.[0-9a-f]{16}", name)


def test_the_environment_variable_sets_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SENDBLUE_RATE_LIMIT_STORE is the default of a client."""
    monkeypatch.setenv("SENDBLUE_RATE_LIMIT_STORE", f"file://{tmp_path}/slots")
    Sendblue("environment", "secret", base_url="http://127.0.0.1:9")
    assert len(list(tmp_path.iterdir())) == 1
    Sendblue("environment", "secret", base_url="http://127.0.0.1:9", rate_limit=RateLimit(store="memory"))
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("url", "error", "words"),
    [
        ("file://", ValueError, "the absolute path"),
        ("file:///", ValueError, "the absolute path"),
        ("file://relative/path", ValueError, "the absolute path"),
        ("file:///tmp/a%00b", ValueError, "must not contain a null byte"),
        ("file:///tmp/a?b", ValueError, "write a [?] in the path as %3F"),
        ("file:///tmp/a#b", ValueError, "a # as %23"),
        ("file:///no/such/folder/slots", RateLimitStoreError, "create /no/such/folder"),
        (f"file:///tmp/{'x' * 300}", RateLimitStoreError, "cannot be used .*; name another"),
        ("ftp://host/slots", ValueError, "a rate limit store is memory, file:///a/path"),
    ],
)
def test_an_invalid_url_is_an_error_at_once(url: str, error: type[Exception], words: str) -> None:
    """Before any request is sent."""
    with pytest.raises(error, match=words):
        RateLimiter(RateLimit(store=url))


def test_an_invalid_url_is_not_shown() -> None:
    """It may contain a password."""
    with pytest.raises(ValueError, match="the absolute path") as caught:
        RateLimiter(RateLimit(store="file://user:secret@host/slots"))
    assert "secret" not in str(caught.value)


def test_a_folder_without_permission_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For example the folder of another user. It is simulated, because root has all permissions."""

    def is_dir(_path: Path) -> bool:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("pathlib.Path.is_dir", is_dir)
    with pytest.raises(RateLimitStoreError, match=r"cannot be used \(Permission denied\); name another"):
        RateLimiter(RateLimit(store=f"file://{tmp_path}/slots"))


def test_a_folder_is_an_error(tmp_path: Path) -> None:
    """The path must be that of a file."""
    with pytest.raises(RateLimitStoreError, match="name a file in it"):
        RateLimiter(RateLimit(store=f"file://{tmp_path}"))


def test_a_path_may_contain_spaces(tmp_path: Path) -> None:
    """They are percent-encoded in the URL."""
    (tmp_path / "a folder").mkdir()
    RateLimiter(RateLimit(store=f"file://{tmp_path}/a%20folder/the%20slots"))
    assert (tmp_path / "a folder" / "the slots").exists()


@pytest.mark.parametrize("kind", ["nfs4", "cifs"])
def test_the_file_system_of_a_folder(tmp_path: Path, kind: str) -> None:
    """It is that of the nearest mount point above the folder."""
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "22 1 0:21 / / rw - ext4 /dev/root rw\n"
        f"23 22 0:22 / {tmp_path}/mnt\\040net rw shared:1 - {kind} server:/share rw\n",
        encoding="utf-8",
    )
    assert file_system(tmp_path / "mnt net" / "folder", mounts) == kind
    assert file_system(tmp_path, mounts) == "ext4"
    assert file_system(tmp_path, tmp_path / "missing") == ""


@pytest.mark.parametrize(
    "kind", ["nfs", "ceph", "lustre", "9p", "virtiofs", "vboxsf", "fuse.glusterfs", "fuse.ceph-fuse"]
)
def test_a_network_file_system_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Locks on it do not work reliably, and machines have different clocks."""
    monkeypatch.setattr("sendblue_contacts.rate_limit.stores.slot_file.file_system", lambda _folder: kind)
    with pytest.raises(RateLimitStoreError, match=rf"network file system \({kind}\), .* use a local disk or Redis"):
        RateLimiter(RateLimit(store=f"file://{tmp_path}/slots"))


def test_the_boot_is_identified(tmp_path: Path) -> None:
    """By the same bytes as long as the machine runs, also on systems without an identifier."""
    assert boot_id() == boot_id()
    assert len(boot_id(tmp_path / "missing")) == 16


# Forks.


def test_the_child_of_a_fork_shares_the_slots(tmp_path: Path) -> None:
    """Parent and child together keep the limit."""
    program = f"""
import os, time
from sendblue_contacts import RateLimit, RateLimiter
limiter = RateLimiter(RateLimit(4, per=0.5, store="file://{tmp_path}/slots"))
time.sleep(0.5)
with limiter.slot() as slot:
    child = os.fork()
    times = []
    for _ in range(8):
        with limiter.slot(max_wait=30):
            times.append(time.monotonic())
if child:
    os.waitpid(child, 0)
with open("{tmp_path}/times", "a") as file:
    file.write("".join(f"{{time}}\\n" for time in times))
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, timeout=60)
    times = sorted(map(float, (tmp_path / "times").read_text(encoding="utf-8").split()))
    assert len(times) == 16
    assert all(later - earlier >= 0.5 for earlier, later in zip(times, times[4:], strict=False))


def test_a_fork_during_a_request_does_not_block_others(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The child inherits the descriptor of another thread; the lock ends with the request all the same."""
    store = machine.store()
    machine.now += 10
    pread, inherited = os.pread, list[int]()

    def duplicate_and_read(descriptor: int, size: int, offset: int) -> bytes:
        inherited.append(os.dup(descriptor))
        return pread(descriptor, size, offset)

    monkeypatch.setattr("os.pread", duplicate_and_read)
    machine.acquire(store, 1)
    monkeypatch.undo()
    assert machine.acquire(store, 2) == [0]
    os.close(inherited[0])
