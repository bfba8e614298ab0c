"""The documentation's commands of which it shows no output: each is run, or held by what knows its arguments."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from contextlib import contextmanager
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from packaging.requirements import Requirement
from sendblue_sandbox.cli import DEFAULT_PORT

from tests.docs.blocks import ADDRESS, PAGES, ROOT, blocks
from tests.docs.test_samples import samples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PROGRAMS = Path(sys.executable).parent
PATH = f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"
PACKAGES_OF_SCRIPTS = {"upstream": "vendor_sdk"}
"""The package of a script, where it is not named like the script."""
CREDENTIALS = {"sb-api-key-id": "any", "sb-api-secret-key": "pair"}


# --- what holds a command


@contextmanager
def serving(words: Sequence[str], folder: Path) -> Iterator[str]:
    """Run the sandbox as it is typed, but on a free port; gives its address."""
    command = [str(PROGRAMS / words[0]), *words[1:], "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8", cwd=folder) as process:
        try:
            assert process.stdout
            found = re.search(r"http://[\d.:]+\d", process.stdout.readline())
            assert found
            yield found[0]
        finally:
            process.kill()


def serves(words: Sequence[str], folder: Path) -> None:
    """The sandbox starts, and has what it was told to have."""
    given = dict(pairwise(words))
    with serving(words, folder) as url:
        answer = httpx.get(f"{url}/api/v2/contacts/count", headers=CREDENTIALS, trust_env=False)
    assert answer.json()["count"] == int(given.get("--seed", 0))
    assert {path.name for path in folder.iterdir()} >= {given[each] for each in ("--db",) if each in given}


def installs(words: Sequence[str], _folder: Path) -> None:
    """What is installed is this package, with extras that it has."""
    wanted = Requirement(words[-1])
    assert (words[:2], wanted.name) == (["pip", "install"], PROJECT["name"])
    assert wanted.extras <= set(PROJECT["optional-dependencies"])


def exports(words: Sequence[str], _folder: Path) -> None:
    """What is set are variables that the client reads."""
    read = (ROOT / "overrides/sendblue_contacts/config.py").read_text(encoding="utf-8")
    assert [word for word in words[1:] if f'"{word.partition("=")[0]}"' not in read] == []


def completes(words: Sequence[str], _folder: Path) -> None:
    """The command inside writes something for the shell."""
    inside = re.search(r"sendblue-contacts completion \w+", " ".join(words))
    assert inside
    command = [str(PROGRAMS / "sendblue-contacts"), *inside[0].split()[1:]]
    assert subprocess.run(command, capture_output=True, check=True).stdout


def understands(words: Sequence[str], _folder: Path) -> None:
    """The script is there, and takes these arguments."""
    assert os.access(ROOT / words[0], os.X_OK)
    name = Path(words[0]).name
    import_module(f"maintain.{PACKAGES_OF_SCRIPTS.get(name, name)}.command").parse(words[1:])


HOLDERS: dict[str, Callable[[Sequence[str], Path], None]] = {
    r"pip ": installs,
    r"export ": exports,
    r"eval |sendblue-contacts completion ": completes,
    r"sendblue-contacts sandbox\b": serves,
    r"scripts/": understands,
}
"""By how a command begins. A block of text is held as well where it shows one of these."""


def holder(line: str) -> Callable[[Sequence[str], Path], None] | None:
    """What holds a command; None if nothing does."""
    return next((holds for begins, holds in HOLDERS.items() if re.match(begins, line)), None)


SHOWN = [
    (page, line)
    for page in PAGES
    for block in blocks(page)
    for line in block.code.splitlines()
    if block.language == "shell" or (block.language == "text" and holder(line))
]


# --- the pages


@pytest.mark.parametrize(("page", "line"), SHOWN)
def test_a_command_does_what_the_page_says(page: str, line: str, tmp_path: Path) -> None:
    """Each line of a block of commands is one that is run or held: none is there to be only read."""
    holds = holder(line)
    assert holds, f"{page}: nothing holds {line!r}; add to HOLDERS what does"
    holds(shlex.split(line, comments=True), tmp_path)


def test_there_are_commands() -> None:
    """On the start page, and for maintainers."""
    assert {"index.md", "guides/testing.md", "maintainers/publishing.md"} <= {page for page, _ in SHOWN}


@pytest.mark.parametrize(
    "line",
    [
        'pip install "sendblue-contacts[sendbox]"',
        'pip install "sendblue-contact"',
        "export SENDBLUE_API_URL=http://127.0.0.1:4010",
        "sendblue-contacts completion basic",
        "sendblue-contacts sandbox --sead 100",
        "scripts/publisch",
        "scripts/publish --uplaod",
    ],
)
def test_a_mistake_is_seen(line: str, tmp_path: Path) -> None:
    """A name, an extra, a variable or an option that is not there."""
    holds = holder(line)
    assert holds
    with pytest.raises((AssertionError, SystemExit, subprocess.CalledProcessError)):
        holds(shlex.split(line), tmp_path)


def test_the_start_page_leads_to_a_first_contact(tmp_path: Path) -> None:
    """Its sandbox, its variables and its programs, as they stand there, but for the port."""
    lines = [line for page, line in SHOWN if page == "index.md"]
    (start,) = (line for line in lines if holder(line) is serves)
    exported = "\n".join(line for line in lines if holder(line) is exports)
    with serving(shlex.split(start), tmp_path) as url:
        typed = "\n".join(
            [exported.replace(ADDRESS, url), *(f"python -c {shlex.quote(each)}" for each in samples("index.md"))]
        )
        done = subprocess.run(
            ["/bin/bash", "-ec", typed], cwd=tmp_path, env={"PATH": PATH}, capture_output=True, text=True, check=False
        )
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "Ada +14155551234"), done.stderr
    assert ADDRESS.endswith(f":{DEFAULT_PORT}")


@pytest.mark.parametrize("page", [page for page, line in SHOWN if holder(line) is installs])
def test_an_installation_says_where_from(page: str) -> None:
    """The public index does not have the package."""
    assert "from your internal index" in PAGES[page]
