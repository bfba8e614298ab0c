"""Commands in the documentation without output work: each is run, or its arguments are checked."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from packaging.requirements import Requirement
from sendblue_sandbox.cli import DEFAULT_PORT

from tests.slow.docs.blocks import PAGES, ROOT, SANDBOX_URL, blocks
from tests.slow.docs.test_samples import samples

Check = Callable[[Sequence[str], Path], None]

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PROGRAMS = Path(sys.executable).parent
PATH = f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"
PACKAGES_OF_SCRIPTS = {"upstream": "vendor_sdk"}
"""The package of each script whose name differs from the script's."""
CREDENTIALS = {"sb-api-key-id": "any", "sb-api-secret-key": "pair"}


@contextmanager
def running_sandbox(words: Sequence[str], folder: Path) -> Iterator[str]:
    """Run the command of a sandbox on a free port; yields its URL."""
    command = [str(PROGRAMS / words[0]), *words[1:], "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8", cwd=folder) as process:
        try:
            assert process.stdout
            found = re.search(r"http://[\d.:]+\d", process.stdout.readline())
            assert found
            yield found[0]
        finally:
            process.kill()


def check_sandbox(words: Sequence[str], folder: Path) -> None:
    """The sandbox starts, with the contacts and the database that the options specify."""
    options = dict(pairwise(words))
    with running_sandbox(words, folder) as url:
        response = httpx.get(f"{url}/api/v2/contacts/count", headers=CREDENTIALS, trust_env=False)
    assert response.json()["count"] == int(options.get("--seed", 0))
    assert "--db" not in options or (folder / options["--db"]).exists()


def check_control_request(words: Sequence[str], folder: Path) -> None:
    """The sandbox accepts the request."""
    with running_sandbox(["sendblue-contacts", "sandbox"], folder) as url:
        command = [word.replace(SANDBOX_URL, url) for word in words]
        subprocess.run([*command, "--fail", "--silent", "--noproxy", "*"], check=True, stdout=subprocess.DEVNULL)


def check_installation(words: Sequence[str], _folder: Path) -> None:
    """The command installs this package, with existing extras."""
    requirement = Requirement(words[-1].replace(".[", f"{PROJECT['name']}["))  # in a clone, the package is "."
    assert (words[:2], requirement.name) == (["pip", "install"], PROJECT["name"])
    assert requirement.extras <= set(PROJECT["optional-dependencies"])


def check_variables(words: Sequence[str], _folder: Path) -> None:
    """The client reads the environment variables."""
    config = (ROOT / "overrides/sendblue_contacts/config.py").read_text(encoding="utf-8")
    assert [word for word in words[1:] if f'"{word.partition("=")[0]}"' not in config] == []


def check_completion(words: Sequence[str], _folder: Path) -> None:
    """The `completion` command prints a script."""
    found = re.search(r"sendblue-contacts completion \w+", " ".join(words))
    assert found
    command = [str(PROGRAMS / "sendblue-contacts"), *found[0].split()[1:]]
    assert subprocess.run(command, capture_output=True, check=True).stdout


def check_help(words: Sequence[str], _folder: Path) -> None:
    """The command exists."""
    assert subprocess.run([str(PROGRAMS / words[0]), words[1], "--help"], capture_output=True, check=True).stdout


def check_script(words: Sequence[str], _folder: Path) -> None:
    """The script exists, and accepts the arguments."""
    assert os.access(ROOT / words[0], os.X_OK)
    name = Path(words[0]).name
    import_module(f"maintain.{PACKAGES_OF_SCRIPTS.get(name, name)}.command").parse(words[1:])


CHECKS: dict[str, Check] = {
    r"pip ": check_installation,
    r"export |unset ": check_variables,
    r"sendblue-contacts doctor$": check_help,
    r"eval |sendblue-contacts completion ": check_completion,
    r"sendblue-contacts sandbox\b": check_sandbox,
    rf"curl .*{SANDBOX_URL}/_sandbox/": check_control_request,
    r"scripts/": check_script,
}
"""Checks by the beginning of a command. Lines of text blocks that begin like this are checked too."""


def check_for(line: str) -> Check | None:
    """Return the check for a command, or None if there is none."""
    return next((check for pattern, check in CHECKS.items() if re.match(pattern, line)), None)


COMMANDS = [
    (page, line)
    for page in PAGES
    for block in blocks(page)
    for line in block.code.splitlines()
    if block.language == "shell" or (block.language == "text" and check_for(line))
]


@pytest.mark.parametrize(("page", "line"), COMMANDS)
def test_commands_work(page: str, line: str, tmp_path: Path) -> None:
    """Every line of a shell block has a check, which passes."""
    check = check_for(line)
    assert check, f"{page}: no check for {line!r}; add one to CHECKS"
    check(shlex.split(line, comments=True), tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        'pip install "sendblue-contacts[sendbox]"',
        "export SENDBLUE_API_URL=http://127.0.0.1:4010",
        "sendblue-contacts sandbox --sead 100",
        "scripts/publish --uplaod",
    ],
)
def test_mistakes_are_found(line: str, tmp_path: Path) -> None:
    """A misspelled package, extra, variable, script or option fails."""
    check = check_for(line)
    assert check
    with pytest.raises((AssertionError, SystemExit, subprocess.CalledProcessError)):
        check(shlex.split(line), tmp_path)


def test_the_quick_start_creates_a_contact(tmp_path: Path) -> None:
    """The sandbox, the variables and the programs of the quickstart work together; only the port differs."""
    lines = [line for page, line in COMMANDS if page == "quickstart.md"]
    lines = lines[: lines.index("unset SENDBLUE_API_BASE_URL")]  # from there on, it is for an account
    (start,) = (line for line in lines if check_for(line) is check_sandbox)
    exports = "\n".join(line for line in lines if check_for(line) is check_variables)
    with running_sandbox(shlex.split(start), tmp_path) as url:
        programs = [f"python -c {shlex.quote(sample)}" for sample in samples("quickstart.md")]
        script = "\n".join([exports.replace(SANDBOX_URL, url), *programs])
        process = subprocess.run(
            ["/bin/bash", "-ec", script], cwd=tmp_path, env={"PATH": PATH}, capture_output=True, text=True, check=False
        )
    assert (process.returncode, process.stdout.splitlines()[0]) == (0, "Ada +14155551234"), process.stderr
    assert SANDBOX_URL.endswith(f":{DEFAULT_PORT}")


@pytest.mark.parametrize("page", [page for page, line in COMMANDS if check_for(line) is check_installation])
def test_installation_names_the_index(page: str) -> None:
    """Every page with `pip install` mentions the internal index, because the public index does not have the package."""
    assert "from your internal index" in PAGES[page]
