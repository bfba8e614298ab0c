"""The file store: what is its own, besides the rule that all stores keep, on a machine that the tests move."""

from __future__ import annotations

import errno
import gc
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis.stateful import rule, run_state_machine_as_test
from sendblue_contacts import RateLimit, RateLimiter, RateLimitStoreError, Sendblue
from sendblue_contacts.rate_limit.stores import Question, Verb
from sendblue_contacts.rate_limit.stores.file import FileStore
from sendblue_contacts.rate_limit.stores.places import boot_id, file_system

from tests.overrides.rate_limit.test_stores_machine import SETTINGS, Office

ROOT = Path(__file__).resolve().parents[3]
RATE = RateLimit(3, per=10.0, reserve=1)


class Machine:
    """A machine whose clock a test moves, and that can be started again.

    Attributes:
        now: Its clock.
        boot: Which start of it this is.
    """

    def __init__(self, folder: Path) -> None:
        self.url = f"file://{folder}/slots"
        self.now = 1000.0
        self.boot = b"1" * 16

    def store(self, rate: RateLimit = RATE) -> FileStore:
        """The store, as one more process would open it."""
        return FileStore(self.url, "", rate, lease=60.0, clock=lambda: self.now, boot=lambda: self.boot)

    def waits(self, store: FileStore, *tokens: int) -> list[float]:
        """For how long these have to wait that take a slot now."""
        return [store.ask(Question(Verb.TAKE, token)).wait for token in tokens]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine that was on for long."""
    return Machine(tmp_path)


def test_a_new_file_starts_cold(machine: Machine) -> None:
    """Nobody can tell who sent what before it was there, so its first slots are free after one window."""
    assert machine.waits(machine.store(), 1) == [10]


def test_a_file_that_is_there_is_believed(machine: Machine) -> None:
    """A process that comes later finds the slots as the others left them, and starts at once."""
    machine.store()
    machine.now += 10
    assert machine.waits(machine.store(), 1) == [0]


def test_a_new_process_knows_what_the_last_one_sent(machine: Machine) -> None:
    """That is what the file is for: the slots of a process that has ended come back when they are due."""
    first = machine.store()
    machine.now += 10
    machine.waits(first, 1, 2, 3)
    for token in (1, 2, 3):
        first.ask(Question(Verb.GIVE_BACK, token))
    machine.now += 4
    assert machine.waits(machine.store(), 4) == [6]


def test_a_machine_that_was_started_again_starts_cold(machine: Machine) -> None:
    """Its clock has begun anew, so the times in the file say nothing."""
    machine.store()
    machine.now, machine.boot = 5.0, b"2" * 16
    assert machine.waits(machine.store(), 1) == [10]


def test_a_killed_process_loses_its_slots_for_a_lease(machine: Machine) -> None:
    """Its request counts as given up when the lease is over, and the slot is free a window after that."""
    killed = machine.store(RateLimit(1, per=10.0))
    machine.now += 10
    machine.waits(killed, 1)
    machine.now += 69
    others = machine.store(RateLimit(1, per=10.0))
    assert not others.ask(Question(Verb.TAKE, 2)).held
    machine.now += 1
    assert others.ask(Question(Verb.TAKE, 2)).held


def test_a_removed_file_is_made_again(machine: Machine) -> None:
    """Whoever removes it while it is used costs everybody a window; nobody goes on with a file that is gone."""
    store = machine.store()
    machine.now += 10
    store.path.unlink()
    assert (machine.waits(store, 1), store.path.exists()) == ([10], True)
    machine.now += 5
    assert machine.waits(machine.store(), 2) == [5]


def test_a_response_to_a_request_from_before_begins_the_cold_start_anew(machine: Machine) -> None:
    """The file is removed while requests are in flight: one may have arrived just before its response."""
    store, others = machine.store(), machine.store()
    machine.now += 10
    machine.waits(store, 1, 2, 3)
    store.path.unlink()
    assert machine.waits(others, 4) == [10]
    machine.now += 9
    store.ask(Question(Verb.GIVE_BACK, 1))
    assert others.ask(Question(Verb.CONFIRM, 4)).wait == 10


def test_whoever_gives_back_makes_the_file_again(machine: Machine) -> None:
    """Otherwise the next process would know of no response since the file was removed."""
    store = machine.store()
    machine.now += 10
    machine.waits(store, 1)
    store.path.unlink()
    store.ask(Question(Verb.GIVE_BACK, 1))
    machine.now += 4
    assert machine.waits(machine.store(), 2) == [6]


@pytest.mark.parametrize("links", [False, True], ids=["gone", "moved away"])
def test_a_file_that_is_replaced_is_left(machine: Machine, tmp_path: Path, links: bool) -> None:  # noqa: FBT001  # drawn
    """What counts is what the path leads to, even if the old file is still somewhere."""
    store = machine.store()
    machine.now += 10
    if links:
        store.path.rename(tmp_path / "away")
        machine.store()
    else:
        old, machine.url = machine.url, f"{machine.url}-new"
        machine.store().path.rename(store.path)
        machine.url = old
    assert machine.waits(store, 1) == [10]
    machine.now += 10
    assert machine.waits(machine.store(), 2, 3, 4) == [0, 0, 10]  # the third is in flight


def test_a_folder_that_is_gone_is_told_until_it_is_back(tmp_path: Path) -> None:
    """In the error of stores, each time; and then it goes on by itself, cold."""
    folder = tmp_path / "folder"
    folder.mkdir()
    machine = Machine(folder)
    store = machine.store()
    machine.now += 10
    shutil.rmtree(folder)
    for verb in (Verb.TAKE, Verb.GIVE_BACK):
        with pytest.raises(RateLimitStoreError, match=r"cannot be used \(No such file or directory\); name another"):
            store.ask(Question(verb, 1))
    folder.mkdir()
    assert machine.waits(store, 1) == [10]


def test_a_fork_while_the_folder_is_gone_does_no_harm(tmp_path: Path) -> None:
    """The child is told when it asks; in a fork nobody would hear of it."""
    folder = tmp_path / "folder"
    folder.mkdir()
    store = Machine(folder).store()
    shutil.rmtree(folder)
    store.after_fork()
    with pytest.raises(RateLimitStoreError, match="No such file or directory"):
        store.ask(Question(Verb.TAKE, 1))


def descriptor(store: FileStore) -> int:
    """The number under which it has its file open."""
    assert store._slots is not None
    return store._slots.descriptor


def test_a_descriptor_that_somebody_closed_is_opened_again(machine: Machine) -> None:
    """Programs that go to the background close all they know of; the slots are as they were."""
    store = machine.store()
    machine.now += 10
    machine.waits(store, 1, 2)
    os.close(descriptor(store))
    store.ask(Question(Verb.GIVE_BACK, 1))
    assert machine.waits(machine.store(), 3, 4) == [0, 10]


def test_stores_of_one_file_have_a_descriptor_each(machine: Machine) -> None:
    """Else they would share one lock. Somebody closed both, and one opens its file under the number of the other."""
    store, others = machine.store(), machine.store()
    os.close(descriptor(store))
    os.close(descriptor(others))
    for each in (others, store, others):
        machine.waits(each, 1)
    assert len({descriptor(store), descriptor(others)}) == 2
    assert [os.fstat(descriptor(each)).st_ino for each in (store, others)] == 2 * [store.path.stat().st_ino]


def test_the_descriptor_of_a_stranger_is_left_alone(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody closed the store's, and the number is another file's: that is neither locked nor closed."""
    store = machine.store()
    number, ours = descriptor(store), store.path.stat().st_ino
    locked: list[int] = []
    monkeypatch.setattr("fcntl.flock", lambda number, _operation: locked.append(os.fstat(number).st_ino))
    with (tmp_path / "stranger").open("w", encoding="utf-8") as stranger:
        os.dup2(stranger.fileno(), number)
        machine.waits(store, 1)
        del store
        assert (set(locked), os.path.sameopenfile(number, stranger.fileno())) == ({ours}, True)
        os.close(number)


def test_descriptors_are_closed_with_their_limiters(tmp_path: Path) -> None:
    """A program may make as many as it likes, one after another."""
    gc.collect()  # those of other tests
    before = len(list(Path("/dev/fd").iterdir()))
    for _ in range(5):
        RateLimiter(RateLimit(store=f"file://{tmp_path}/slots"))
    gc.collect()
    assert len(list(Path("/dev/fd").iterdir())) == before


def test_a_file_that_is_cut_short_kills_nobody(tmp_path: Path) -> None:
    """It is as new: the others hear of it from the file. Touching the memory would end the program with SIGBUS."""
    program = f"""
from pathlib import Path
from tests.overrides.rate_limit.test_file_store import Machine, Question, Verb
machine = Machine(Path({str(tmp_path)!r}))
store, others = machine.store(), machine.store()
machine.now += 10
machine.waits(store, 1)
store.path.write_bytes(b"")
print(machine.waits(others, 2))
machine.now += 5
store.ask(Question(Verb.GIVE_BACK, 1))
print(machine.waits(others, 2))
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False, timeout=60, capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"[10.0]\n[10.0]\n", b"")


def test_a_file_that_is_cut_is_refused(machine: Machine) -> None:
    """One that is not empty is something else by now, and not written to."""
    store = machine.store()
    store.path.write_bytes(b"something else")
    with pytest.raises(RateLimitStoreError, match="it is something else"):
        machine.waits(store, 1)
    assert store.path.read_bytes() == b"something else"


def test_a_full_disk_is_told(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the file is made; later there would be no error, but a SIGBUS."""

    def allocate(_descriptor: int, _offset: int, _size: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", allocate, raising=False)
    with pytest.raises(RateLimitStoreError, match="No space left on device"):
        machine.store()
    monkeypatch.delattr("os.posix_fallocate")
    assert machine.waits(machine.store(), 1) == [10]


def test_a_lock_that_is_refused_is_told(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the system refuses is an error of stores."""
    store = machine.store()

    def flock(_descriptor: int, _operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", flock)
    with pytest.raises(RateLimitStoreError, match=r"No locks available.*name another file"):
        machine.waits(store, 1)


def test_a_system_without_file_locks_is_told(tmp_path: Path) -> None:
    """On Windows there is no file store, and the error says what to use."""
    program = f"""
import sys
sys.modules["fcntl"] = None
from sendblue_contacts import RateLimit, RateLimiter, RateLimitStoreError
try:
    RateLimiter(RateLimit(store="file://{tmp_path}/slots"))
except RateLimitStoreError as error:
    print(error)
"""
    said = subprocess.run([sys.executable, "-c", program], check=True, timeout=60, stdout=subprocess.PIPE).stdout
    assert said == b"a file store needs Linux, macOS or another POSIX system: use Redis, or memory\n"


class Lossy(Office):
    """Callers of a file that somebody removes at times."""

    server = None

    @rule()
    def remove(self) -> None:
        """The file is gone all at once."""
        store = self.desks[0].store
        assert isinstance(store, FileStore)
        store.path.unlink()
        self.desks[0].freeze(0)  # the first to ask
        self.forget()


def test_the_limit_is_kept_however_often_the_file_is_removed() -> None:
    """Whatever else happens, and in whatever order, as with a Redis that is empty all at once."""
    run_state_machine_as_test(Lossy, settings=SETTINGS)


def test_the_file_is_for_its_user_alone(machine: Machine) -> None:
    """Others can neither read nor change it."""
    assert stat.S_IMODE(machine.store().path.stat().st_mode) == 0o600


def test_another_limit_is_refused(machine: Machine) -> None:
    """Two who count differently cannot share: the error says what to do."""
    machine.store()
    with pytest.raises(RateLimitStoreError, match="for another limit; remove it while no program uses it"):
        machine.store(RateLimit(3, per=5.0))


@pytest.mark.parametrize("content", [b"x", b"x" * 1000, b"\x00" * 37], ids=["short", "long", "zeros"])
def test_a_file_that_is_something_else_is_left_alone(machine: Machine, tmp_path: Path, content: bytes) -> None:
    """A file that was named by mistake is refused, and not written to."""
    (tmp_path / "slots").write_bytes(content)
    with pytest.raises(RateLimitStoreError, match="it is something else"):
        machine.store()
    assert (tmp_path / "slots").read_bytes() == content


def test_a_file_of_the_right_size_is_not_enough(machine: Machine, tmp_path: Path) -> None:
    """What begins otherwise is something else."""
    size = machine.store().path.stat().st_size
    (tmp_path / "slots").write_bytes(b"x" * size)
    with pytest.raises(RateLimitStoreError, match="it is something else"):
        machine.store()


def test_a_link_is_not_followed(machine: Machine, tmp_path: Path) -> None:
    """In a folder that everybody may write to, a link could lead anywhere."""
    (tmp_path / "slots").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RateLimitStoreError, match="name another file"):
        machine.store()
    assert not (tmp_path / "elsewhere").exists()


def test_each_account_has_a_file(tmp_path: Path) -> None:
    """The name has a part of a hash behind it, and the key is nowhere."""
    rate = RateLimit(5, per=1.0, store=f"file://{tmp_path}/slots")
    for key in ("secret-key-one", "secret-key-two", "secret-key-one"):
        Sendblue(key, "secret", base_url="http://127.0.0.1:9", rate_limit=rate)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert len(names) == 2
    assert all(name.startswith("slots.") and "key" not in name for name in names)


@pytest.mark.parametrize("account", ["sk_live_1234567890", "acme/eu", "../acme"])
def test_any_text_tells_accounts_apart(tmp_path: Path, account: str) -> None:
    """A key or a path that somebody hands over is in no name: it is hashed here, as for Redis."""
    RateLimiter(RateLimit(store=f"file://{tmp_path}/slots"), account=account)
    (name,) = (path.name for path in tmp_path.iterdir())
    assert re.fullmatch(r"slots\.[0-9a-f]{16}", name)


def test_the_environment_chooses_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SENDBLUE_RATE_LIMIT_STORE is used where the client is not told otherwise."""
    monkeypatch.setenv("SENDBLUE_RATE_LIMIT_STORE", f"file://{tmp_path}/slots")
    Sendblue("environment", "secret", base_url="http://127.0.0.1:9")
    assert len(list(tmp_path.iterdir())) == 1
    Sendblue("environment", "secret", base_url="http://127.0.0.1:9", rate_limit=RateLimit(store="memory"))
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("url", "error", "words"),
    [
        ("file://", ValueError, "an absolute path"),
        ("file:///", ValueError, "an absolute path"),
        ("file://relative/path", ValueError, "an absolute path"),
        ("file:///tmp/a%00b", ValueError, "cannot have a zero byte"),
        ("file:///tmp/a?b", ValueError, "a [?] of the path is written %3F"),
        ("file:///tmp/a#b", ValueError, "a # is written %23"),
        ("file:///no/such/folder/slots", RateLimitStoreError, "make /no/such/folder"),
        (f"file:///tmp/{'x' * 300}", RateLimitStoreError, "cannot be used .*; name another file"),
        ("ftp://host/slots", ValueError, "a rate limit store is memory, file:///a/path"),
    ],
)
def test_a_useless_address_is_refused_at_once(url: str, error: type[Exception], words: str) -> None:
    """Before anything is sent, with a sentence."""
    with pytest.raises(error, match=words):
        RateLimiter(RateLimit(store=url))


def test_an_address_is_not_shown() -> None:
    """Somebody may have written a password into it."""
    with pytest.raises(ValueError, match="an absolute path") as refusal:
        RateLimiter(RateLimit(store="file://user:secret@host/slots"))
    assert "secret" not in str(refusal.value)


def test_a_folder_that_cannot_be_looked_into_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder of another user, say; the tests may be run by one who may look into every folder."""

    def is_dir(_path: Path) -> bool:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("pathlib.Path.is_dir", is_dir)
    with pytest.raises(RateLimitStoreError, match=r"cannot be used \(Permission denied\); name another file"):
        RateLimiter(RateLimit(store=f"file://{tmp_path}/slots"))


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """The path of a folder is refused."""
    with pytest.raises(RateLimitStoreError, match="name a file in it"):
        RateLimiter(RateLimit(store=f"file://{tmp_path}"))


def test_a_path_may_have_spaces(tmp_path: Path) -> None:
    """An address has them escaped."""
    (tmp_path / "a folder").mkdir()
    RateLimiter(RateLimit(store=f"file://{tmp_path}/a%20folder/the%20slots"))
    assert (tmp_path / "a folder" / "the slots").exists()


@pytest.mark.parametrize("kind", ["nfs4", "cifs"])
def test_network_file_systems_are_told(tmp_path: Path, kind: str) -> None:
    """The mount nearest above a folder says what it is on."""
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "22 1 0:21 / / rw - ext4 /dev/root rw\n"
        f"23 22 0:22 / {tmp_path}/mnt\\040net rw shared:1 - {kind} server:/share rw\n",
        encoding="utf-8",
    )
    assert file_system(tmp_path / "mnt net" / "folder", mounts) == kind
    assert file_system(tmp_path, mounts) == "ext4"
    assert file_system(tmp_path, tmp_path / "nothing here") == ""


@pytest.mark.parametrize(
    "kind", ["nfs", "ceph", "lustre", "9p", "virtiofs", "vboxsf", "fuse.glusterfs", "fuse.ceph-fuse"]
)
def test_a_network_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Its locks and its memory are not shared as a slot file needs."""
    monkeypatch.setattr("sendblue_contacts.rate_limit.stores.places.file_system", lambda _folder: kind)
    with pytest.raises(RateLimitStoreError, match=rf"network file system \({kind}\), .* use a local disk or Redis"):
        RateLimiter(RateLimit(store=f"file://{tmp_path}/slots"))


def test_the_start_of_the_machine_stays_the_same(tmp_path: Path) -> None:
    """As long as it runs, and also where the system has no name for it."""
    assert boot_id() == boot_id()
    assert len(boot_id(tmp_path / "nothing here")) == 16


def test_a_forked_child_shares_the_slots(tmp_path: Path) -> None:
    """A lock belongs to an opened file, so the child opens it anew; together they take no slot twice."""
    program = f"""
import os, time
from sendblue_contacts import RateLimit, RateLimiter
limiter = RateLimiter(RateLimit(4, per=0.5, store="file://{tmp_path}/slots"))
time.sleep(0.5)
with limiter.slot() as slot:
    child = os.fork()
    taken = []
    for _ in range(8):
        with limiter.slot(max_wait=30):
            taken.append(time.monotonic())
if child:
    os.waitpid(child, 0)
with open("{tmp_path}/times", "a") as file:
    file.write("".join(f"{{each}}\\n" for each in taken))
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, timeout=60)
    times = sorted(map(float, (tmp_path / "times").read_text(encoding="utf-8").split()))
    assert len(times) == 16
    assert all(later - earlier >= 0.5 for earlier, later in zip(times, times[4:], strict=False))


def test_a_pipe_is_no_file(machine: Machine, tmp_path: Path) -> None:
    """Only an ordinary file of this user will do."""
    os.mkfifo(tmp_path / "slots")
    with pytest.raises(RateLimitStoreError, match="it is no file of this user"):
        machine.store()
