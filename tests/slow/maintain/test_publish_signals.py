"""Signals to a running scripts/publish, in a small project with a copy of the scripts, and the run after each."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from maintain.clones import share_environment, shell, site_packages
from maintain.venvs import PROJECT, ROOT, VENV

from tests.slow.maintain.indexes import IndexServer, serving, unavailable_for
from tests.slow.maintain.small_project import SDIST, WHEEL, Project, new_project

# The scripts work in .venv, whichever Python runs the tests.
pytestmark = pytest.mark.skipif(Path(sys.prefix) != VENV, reason="the scripts work on the Python of .venv")

INTERRUPTED = "scripts/publish was interrupted. The same command starts again, and uploads what is missing.\n"
RELEASED = sorted([WHEEL, SDIST, "some_pets-0.2.0.cdx.json"])
TIMEOUT = 120.0


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project without requirements whose release is built and tested by a copy of the scripts."""
    project = new_project(tmp_path / "project")
    shutil.copytree(ROOT / "requirements", project.folder / "requirements")
    shutil.copytree(ROOT / "scripts/maintain", project.folder / "scripts/maintain")
    shutil.copy(ROOT / "scripts/publish", project.folder / "scripts")
    for name in ("requirements/core.txt", "requirements/all.txt", "scripts/maintain/publish/smoke_test.py"):
        project.write(name, "")
    project.commit()
    venv = project.folder / ".venv"
    share_environment(venv)
    (site_packages(venv) / "project.pth").write_text(f"{ROOT / 'sandbox'}\n")
    step = replace(PROJECT, inputs=(project.folder / "pyproject.toml",))
    step.stamp(venv).write_text(step.expected(venv))
    return project


@pytest.fixture
def index(tmp_path: Path) -> Iterator[IndexServer]:
    """An empty index."""
    with serving(tmp_path / "index", "--disable-fallback") as index:
        yield index


def start(project: Project, index: IndexServer, path: str) -> subprocess.Popen[str]:
    """Start an upload as the foreground job of a terminal."""
    variables = {**index.variables, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", "PATH": path}
    return subprocess.Popen(
        [str(project.folder / "scripts/publish"), "--upload"],
        cwd=project.folder,
        env={**shell(), **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Return the exit status and the messages of a process."""
    _, messages = process.communicate(timeout=TIMEOUT)
    return process.returncode, messages


def press_ctrl_c(process: subprocess.Popen[str]) -> None:
    """Send SIGINT to the process and to the programs that it started, as a terminal does."""
    os.killpg(process.pid, signal.SIGINT)


def wait_for_build(project: Project, process: subprocess.Popen[str]) -> None:
    """Wait until the first build has begun."""
    end = time.monotonic() + TIMEOUT
    while not any(project.folder.glob("dist/unfinished*/build-0/clone/pyproject.toml")):
        assert process.poll() is None, finish(process)
        assert time.monotonic() < end
        time.sleep(0.01)


def test_signals_and_the_run_after_each(project: Project, index: IndexServer, one_python: str) -> None:
    """Ctrl-C prints one line; the next run removes what a killed one left, and uploads what an interrupted one did not.

    The signals come during a build, during a build, and during the upload of the second file.
    """
    interrupted = start(project, index, one_python)
    wait_for_build(project, interrupted)
    press_ctrl_c(interrupted)
    assert finish(interrupted) == (130, INTERRUPTED)
    assert (project.dist, index.files) == ([], [])

    killed = start(project, index, one_python)
    wait_for_build(project, killed)
    killed.kill()
    assert finish(killed) == (-signal.SIGKILL, "")
    assert len(project.dist) == 1

    with unavailable_for(index, {SDIST}, lambda: press_ctrl_c(uploading)) as half:
        uploading = start(project, half, one_python)
        assert finish(uploading) == (130, INTERRUPTED)
    assert (project.dist, index.files, project.release.is_tagged()) == (RELEASED, [WHEEL], False)

    assert finish(start(project, index, one_python)) == (0, "")
    assert (project.dist, index.files, project.release.is_tagged()) == (RELEASED, sorted([WHEEL, SDIST]), True)
