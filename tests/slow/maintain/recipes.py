"""The recipes of CONTRIBUTING.md, read as a person follows them: edits and commands, in their order.

An edit is a paragraph of the form "In `FILE`, before `LINE`:" with the text below it, where LINE is how one line of the
file begins. A command is a line with a dollar sign; lines below it are what it says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from maintain.venvs import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.slow.maintain.clones import Clone

GUIDE = "CONTRIBUTING.md"
# What stands for the version of a release.
VERSION = "X.Y.Z"
FENCE = re.compile(r"(?ms)(?:^(?P<said>[^\n]+)\n\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$")
EDIT = re.compile(r"In (?P<new>the new file )?`(?P<file>[^`]+)`(?:, (?P<how>before|in place of|under) (?P<where>.+))?:")


@dataclass(frozen=True)
class Edit:
    """A text, and where it goes."""

    file: str
    how: str
    where: str
    text: str

    def make(self, clone: Clone) -> str:
        """Make it, and return which file it was."""
        old = clone.read(self.file) if self.how != "new" else ""
        clone.write(self.file, PUT[self.how](old, self))
        return self.file


@dataclass(frozen=True)
class Command:
    """A command, and lines that it must say."""

    line: str
    says: tuple[str, ...]

    def make(self, clone: Clone) -> str:
        """Run it in a shell, and return what it said."""
        said = clone.do("bash", "-c", self.line)
        missing = [line for line in self.says if line not in said.splitlines()]
        assert not missing, f"{self.line} does not say {missing}:\n{said}"
        return said


Step: TypeAlias = Edit | Command


def quoted(text: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", text)


def line_of(text: str, edit: Edit) -> re.Match[str]:
    """The one line that begins as the edit says."""
    found = list(re.finditer(rf"(?m)^{re.escape(quoted(edit.where)[0])}.*\n", text))
    assert len(found) == 1, f"{GUIDE}: {len(found)} lines of {edit.file} begin with {edit.where}"
    return found[0]


def before(text: str, edit: Edit) -> str:
    """Put it before a line."""
    start = line_of(text, edit).start()
    return text[:start] + edit.text + text[start:]


def in_place(text: str, edit: Edit) -> str:
    """Put it in the place of a line."""
    found = line_of(text, edit)
    return text[: found.start()] + edit.text + text[found.end() :]


def under(text: str, edit: Edit) -> str:
    """Put it below a key of some schemas of the document."""
    key, *schemas = quoted(edit.where)
    for schema in schemas:
        text, times = re.subn(
            rf"(?m)^(    {schema}:\n(?:      .*\n)*?  +{key}:\n)", lambda found: found[1] + edit.text, text
        )
        assert times == 1, f"{GUIDE}: {schema} has no {key}"
    return text


def new(_text: str, edit: Edit) -> str:
    """Begin a file with it."""
    return edit.text


PUT: dict[str, Callable[[str, Edit], str]] = {"before": before, "in place of": in_place, "under": under, "new": new}


def recipe(title: str, version: str = VERSION) -> list[Step]:
    """The steps below a heading, for a version.

    Raises:
        AssertionError: There is none, or something in it is neither an edit nor a command.
    """
    guide = (ROOT / GUIDE).read_text(encoding="utf-8")
    found = re.search(rf"(?ms)^### {re.escape(title)}\n(.*?)(?=^##|\Z)", guide)
    assert found, f"{GUIDE} has no recipe {title!r}"
    return [step for fence in FENCE.finditer(found[1].replace(VERSION, version)) for step in steps(fence)]


def steps(fence: re.Match[str]) -> list[Step]:
    """What one block says."""
    if fence["kind"] == "console":
        return [Command(line, tuple(says.splitlines())) for line, _, says in commands(fence["text"])]
    edit = EDIT.fullmatch(fence["said"] or "")
    assert edit, f"{GUIDE}: above a block stands what is no edit: {fence['said']!r}"
    return [Edit(edit["file"], "new" if edit["new"] else edit["how"], edit["where"] or "", fence["text"])]


def commands(text: str) -> list[tuple[str, str, str]]:
    """Each command with what stands below it."""
    return [part.partition("\n") for part in re.split(r"(?m)^\$ ", text)[1:]]


def follow(clone: Clone, title: str, version: str = VERSION) -> dict[Step, str]:
    """Do what a recipe says, to the letter, for a version where it leaves that open, and return what each step gave."""
    return {step: step.make(clone) for step in recipe(title, version)}
