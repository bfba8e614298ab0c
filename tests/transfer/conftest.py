"""Fixtures of the tests of file transfers: a sandbox, a client of it, and files of contacts."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sendblue_contacts import Sendblue
from sendblue_sandbox import Sandbox

from tests.transfer.contact_files import FAST_RETRY, TITLES, person, row


@pytest.fixture
def sandbox(sendblue_sandbox: Sandbox) -> Sandbox:
    """An empty server without a rate limit."""
    return sendblue_sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Sendblue]:
    """A client of the sandbox, without a rate limit and with short pauses between retries."""
    with Sendblue("key", "secret", base_url=sandbox.url, rate_limit=None, retry=FAST_RETRY) as client:
        yield client


@pytest.fixture
def write_rows(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes a CSV file of so many people, and further rows."""

    def write(people: int, *rows: list[str], name: str = "contacts.csv") -> Path:
        path = tmp_path / name
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(TITLES)
            writer.writerows(row(person(index)) for index in range(people))
            writer.writerows(rows)
        return path

    return write


@pytest.fixture
def write_text(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes text, or bytes, to a file."""

    def write(content: str | bytes, name: str = "contacts.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's state folder. The rejected rows of standard input are written to the current folder, another one."""
    folder = tmp_path / "state"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("platformdirs.user_state_path", lambda name: folder / name)
    return folder / "sendblue-contacts"
