"""A clean clone of the project, as a maintainer has it, whose `.venv` takes the libraries from the one of this tree.

Only that differs from a real clone: to install a hundred libraries again would take minutes. The environment is its
own, with its own editable installation and its own Python in every command, so that the tree is never run or written.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path

from maintain.venvs import CONFUSING, NODE, ROOT, VENV, Step, create, node_tool, run


@dataclass(frozen=True)
class Clone:
    """A clone of the project in `folder`, and what is set in the shell of the person who works there."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def venv(self) -> Path:
        """Its environment."""
        return self.folder / ".venv"

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command as a person would who sits in the clone; both streams are in `stdout`."""
        return subprocess.run(
            command,
            cwd=self.folder,
            env={**shell(), **self.variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )

    def do(self, *command: str) -> str:
        """Run a command that must succeed, and return what it printed."""
        done = self.run(*command)
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}"
        return done.stdout

    def read(self, name: str) -> str:
        """Return the text of a file."""
        return (self.folder / name).read_text(encoding="utf-8")

    def write(self, name: str, text: str) -> None:
        """Write a file."""
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text, encoding="utf-8")

    def commit(self, message: str) -> None:
        """Commit everything, if anything is to be committed."""
        self.do("git", "add", "--all")
        if self.run("git", "diff", "--cached", "--quiet").returncode:
            self.do("git", "commit", "--quiet", "--message", message)


def shell() -> dict[str, str]:
    """The environment of a person who has entered no virtual environment."""
    kept = {name: value for name, value in os.environ.items() if name not in {*CONFUSING, "VIRTUAL_ENV"}}
    path = [part for part in kept.get("PATH", os.defpath).split(os.pathsep) if Path(part) != VENV / "bin"]
    return {**kept, "PATH": os.pathsep.join(path)}


def make_clone(folder: Path) -> Clone:
    """Clone the project with its history, bring the clone to the tree as it is now, and give it an environment.

    It is cloned from a copy: what is pushed goes there, and not into the tree's repository.
    """
    origin = folder.with_name("origin.git")
    run(["git", "clone", "--quiet", "--bare", "--no-local", str(ROOT), str(origin)])
    run(["git", "clone", "--quiet", str(origin), str(folder)])
    clone = Clone(folder)
    clone.do("git", "checkout", "--quiet", "-B", "main")
    clone.do("git", "config", "user.name", "Maintainer")
    clone.do("git", "config", "user.email", "maintainer@example.com")
    copy_tree(clone)
    clone.commit("The tree as it is")
    lend_environment(clone.venv)
    return clone


def copy_tree(clone: Clone) -> None:
    """Put every file of the tree that git does not ignore into the clone, and nothing else."""
    for name in clone.do("git", "ls-files", "-z").split("\0")[:-1]:
        (clone.folder / name).unlink()
    listed = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
    for name in listed.split("\0")[:-1]:
        if (ROOT / name).is_file():
            (clone.folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, clone.folder / name)


def lend_environment(venv: Path) -> None:
    """Make an environment that sees the libraries and commands of this tree's, and is stamped as made and with Node."""
    node_tool("redocly")
    run([os.path.realpath(sys.executable), "-I", "-m", "venv", "--without-pip", str(venv)])
    purelib = Path(sysconfig.get_path("purelib", vars={"base": str(venv)}))
    (purelib / "lent.pth").write_text("".join(f"{path}\n" for path in sys.path if Path(path).name == purelib.name))
    for command in (VENV / "bin").iterdir():
        if command.is_file() and not (venv / "bin" / command.name).exists():
            lend_command(command, venv / "bin")
    (venv / "node").symlink_to(VENV / "node")
    for step in (Step("venv", (), create), NODE):
        step.stamp(venv).write_text(step.wanted(venv))


def lend_command(command: Path, folder: Path) -> None:
    """Make a command run with the Python of `folder` if it is a Python program, or else be the very same."""
    first, _, rest = command.read_bytes().partition(b"\n")
    if first == f"#!{VENV / 'bin/python'}".encode():
        (folder / command.name).write_bytes(f"#!{folder / 'python'}\n".encode() + rest)
        shutil.copymode(command, folder / command.name)
    else:
        (folder / command.name).symlink_to(command)
