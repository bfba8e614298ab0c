"""A clean clone of the project whose `.venv` uses the libraries of this tree, because installing them takes minutes.

Apart from that it is a real clone: the environment has its own editable installation and its own Python in every
command, so nothing runs from this tree or writes to it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from maintain.venvs import DEV, LEAKING_VARIABLES, NODE, PROJECT, ROOT, VENV, ScriptError, Step, create, node_tool, run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Clone:
    """A clone of the project in `folder`, and the variables in the shell of its user."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def venv(self) -> Path:
        """The virtual environment of the clone."""
        return self.folder / ".venv"

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the clone; both output streams are in `stdout`."""
        return run_in_shell(command, self.folder, self.variables)

    def do(self, *command: str) -> str:
        """Run a command that must succeed, and return its output."""
        done = self.run(*command)
        if done.returncode:
            raise ScriptError(f"{' '.join(command)}\n{done.stdout}")
        return done.stdout

    def read(self, name: str) -> str:
        """Return the text of a file."""
        return (self.folder / name).read_text(encoding="utf-8")

    def write(self, name: str, text: str) -> None:
        """Write a file."""
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text, encoding="utf-8")

    def commit(self, message: str) -> None:
        """Commit all changes, if there are any."""
        self.do("git", "add", "--all")
        if self.run("git", "diff", "--cached", "--quiet").returncode:
            self.do("git", "commit", "--quiet", "--message", message)


def shell() -> dict[str, str]:
    """Return the environment variables of a user outside any virtual environment."""
    kept = {name: value for name, value in os.environ.items() if name not in {*LEAKING_VARIABLES, "VIRTUAL_ENV"}}
    path = [part for part in kept.get("PATH", os.defpath).split(os.pathsep) if Path(part) != VENV / "bin"]
    return {**kept, "PATH": os.pathsep.join(path)}


def run_in_shell(
    command: Sequence[str], folder: Path, variables: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder with variables of the user; both output streams are in `stdout`."""
    return subprocess.run(
        command,
        cwd=folder,
        env={**shell(), **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )


def make_clone(folder: Path) -> Clone:
    """Clone the project with its history, copy the working tree into it, and create its environment.

    The origin is a copy of the repository, so a push does not reach the repository of this tree.
    """
    origin = folder.with_name("origin.git")
    run(["git", "clone", "--quiet", "--bare", "--no-local", str(ROOT), str(origin)])
    run(["git", "clone", "--quiet", str(origin), str(folder)])
    clone = Clone(folder)
    clone.do("git", "checkout", "--quiet", "-B", "main")
    commit_tree(clone)
    clone.do("git", "push", "--quiet", "--force", "origin", "main")
    share_environment(clone.venv)
    return clone


def make_copy(folder: Path) -> Clone:
    """Copy the working tree into a repository without history, with an environment that needs no installation."""
    run(["git", "init", "--quiet", str(folder)])
    copy = Clone(folder)
    commit_tree(copy)
    share_environment(copy.venv)
    skip_installation(copy)
    return copy


def skip_installation(clone: Clone) -> None:
    """Let the environment of a clone import its packages, so that no script installs them before it starts."""
    use_packages(clone, clone.venv)
    PROJECT.stamp(clone.venv).write_text(PROJECT.expected(clone.venv))


def use_packages(clone: Clone, venv: Path) -> None:
    """Let the Python of `venv` import the packages of the clone."""
    folders = tomllib.loads(clone.read("pyproject.toml"))["tool"]["hatch"]["build"]["targets"]["wheel"]["dev-mode-dirs"]
    (site_packages(venv) / "project.pth").write_text("".join(f"{clone.folder / name}\n" for name in folders))


def commit_tree(clone: Clone) -> None:
    """Copy the working tree into the clone and commit it."""
    clone.do("git", "config", "user.name", "Maintainer")
    clone.do("git", "config", "user.email", "maintainer@example.com")
    copy_tree(clone)
    clone.commit("The tree as it is")


def version_of(clone: Clone) -> str:
    """Return the version in pyproject.toml."""
    version: str = tomllib.loads(clone.read("pyproject.toml"))["project"]["version"]
    return version


def release(clone: Clone) -> None:
    """Make the current working tree of a clone the last release."""
    version = version_of(clone)
    if [path for path in (clone.folder / "changes").iterdir() if path.name != "README.md"]:
        clone.do(".venv/bin/towncrier", "build", "--yes", "--version", version)
    clone.commit(f"Release {version}")
    clone.do("git", "tag", "--force", "--annotate", f"v{version}", "--message", version)


def reset(clone: Clone) -> None:
    """Undo every change since the last release."""
    clone.do("git", "reset", "--quiet", "--hard", f"v{version_of(clone)}")
    clone.do("git", "clean", "--quiet", "--force", "-d")


def copy_tree(clone: Clone) -> None:
    """Copy every file of the tree that git does not ignore into the clone, and nothing else."""
    for name in clone.do("git", "ls-files", "-z").split("\0")[:-1]:
        (clone.folder / name).unlink()
    listed = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
    for name in listed.split("\0")[:-1]:
        if (ROOT / name).is_file():
            (clone.folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, clone.folder / name)


def share_environment(venv: Path, base: Path = VENV) -> None:
    """Create an environment that uses the libraries, commands and Node tools of the environment `base` of this tree."""
    node_tool("redocly")
    run([os.path.realpath(base / "bin/python"), "-I", "-m", "venv", "--without-pip", str(venv)])
    program = "import sys; print(*(path for path in sys.path if path.endswith('site-packages')), sep='\\n')"
    (site_packages(venv) / "shared.pth").write_text(run([str(base / "bin/python"), "-I", "-c", program]))
    for command in (base / "bin").iterdir():
        if command.is_file() and not (venv / "bin" / command.name).exists():
            share_command(command, base, venv / "bin")
    (venv / "node").symlink_to(VENV / "node")
    for step in (Step("venv", (), create), DEV, NODE):
        step.stamp(venv).write_text(step.expected(venv))


def site_packages(venv: Path) -> Path:
    """Return the folder with the libraries of an environment."""
    (folder,) = venv.glob("lib/python*/site-packages")
    return folder


def share_command(command: Path, base: Path, folder: Path) -> None:
    """Add a command to `folder`: a Python program runs with the Python of `folder`, another one is linked."""
    first, _, rest = command.read_bytes().partition(b"\n")
    if first == f"#!{base / 'bin/python'}".encode():
        (folder / command.name).write_bytes(f"#!{folder / 'python'}\n".encode() + rest)
        shutil.copymode(command, folder / command.name)
    else:
        (folder / command.name).symlink_to(command)
