"""A workspace with a generated package, a clone in which the current tree is the last release, and a PATH."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from maintain.clones import Clone, make_clone, release, shell, skip_installation
from maintain.venvs import VERSIONS

from tests.maintain.conftest import workspace
from tests.maintain.workspaces import Workspace, new_workspace

__all__ = ["generated", "original", "workspace"]


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Generate a package, once, for the tests that start with one."""
    original = new_workspace(tmp_path_factory.mktemp("original"))
    assert original.regenerate() == 0
    return original


@pytest.fixture
def generated(original: Workspace, tmp_path: Path) -> Workspace:
    """Return a workspace whose package is up to date."""
    shutil.copytree(original.folder, tmp_path, dirs_exist_ok=True)
    return Workspace(tmp_path)


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """Return a clean clone in which the current working tree is the last release."""
    clone = make_clone(tmp_path_factory.mktemp("maintainer") / "clone")
    skip_installation(clone)
    release(clone)
    return clone


@pytest.fixture(scope="session")
def one_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a PATH on which the other Pythons do not run, because testing the wheel on each takes a minute."""
    folder = tmp_path_factory.mktemp("pythons")
    for version in set(VERSIONS) - {"{}.{}".format(*sys.version_info)}:
        stub = folder / f"python{version}"
        stub.write_text("#!/bin/sh\nexit 1\n")
        stub.chmod(0o755)
    return os.pathsep.join([str(folder), shell()["PATH"]])
