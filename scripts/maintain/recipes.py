"""The recipes in CONTRIBUTING.md as edits and commands.

An edit is a paragraph of the form "In `FILE`, before `LINE`:" followed by the text, where LINE is the beginning of one
line of the file. A command is a line with a dollar sign, followed by lines of its output.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from maintain.venvs import ROOT, ScriptError

if TYPE_CHECKING:
    from collections.abc import Callable

    from maintain.clones import Clone

GUIDE = "CONTRIBUTING.md"
# The placeholder for the version of a release.
VERSION = "X.Y.Z"
FENCE = re.compile(r"(?ms)(?:^(?P<intro>[^\n]+)\n\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$")
EDIT = re.compile(r"In (?P<new>the new file )?`(?P<file>[^`]+)`(?:, (?P<how>before|in place of|under) (?P<where>.+))?:")


@dataclass(frozen=True)
class Edit:
    """A text and its position."""

    file: str
    how: str
    where: str
    text: str

    def make(self, clone: Clone) -> str:
        """Apply the edit and return the name of the file."""
        old = clone.read(self.file) if self.how != "new" else ""
        clone.write(self.file, PUT[self.how](old, self))
        return self.file


@dataclass(frozen=True)
class Command:
    """A command and lines that its output must contain."""

    line: str
    output: tuple[str, ...]

    def make(self, clone: Clone) -> str:
        """Run the command in a shell and return its output."""
        output = clone.do("bash", "-c", self.line)
        missing = [line for line in self.output if line not in output.splitlines()]
        require(not missing, f"the output of {self.line} lacks {missing}:\n{output}")
        return output


Step: TypeAlias = Edit | Command


def require(condition: bool, text: str) -> None:  # noqa: FBT001 - as in an assertion
    """Raise ScriptError with the text unless the condition holds."""
    if not condition:
        raise ScriptError(text)


def quoted(text: str) -> list[str]:
    """Return the texts in backticks."""
    return re.findall(r"`([^`]+)`", text)


def line_of(text: str, edit: Edit) -> re.Match[str]:
    """Return the only line with the beginning that the edit names."""
    found = list(re.finditer(rf"(?m)^{re.escape(quoted(edit.where)[0])}.*\n", text))
    require(len(found) == 1, f"{GUIDE}: {len(found)} lines of {edit.file} begin with {edit.where}")
    return found[0]


def before(text: str, edit: Edit) -> str:
    """Insert the text before a line."""
    start = line_of(text, edit).start()
    return text[:start] + edit.text + text[start:]


def in_place(text: str, edit: Edit) -> str:
    """Replace a line by the text."""
    found = line_of(text, edit)
    return text[: found.start()] + edit.text + text[found.end() :]


def under(text: str, edit: Edit, skipped: str = "") -> str:
    """Insert the text below a key of some schemas of the document, after lines that match `skipped`."""
    key, *schemas = quoted(edit.where)
    for schema in schemas:
        text, times = re.subn(
            rf"(?m)^(    {schema}:\n(?:      .*\n)*?  +{key}:\n{skipped})", lambda found: found[1] + edit.text, text
        )
        require(times == 1, f"{GUIDE}: {schema} has no {key}")
    return text


def last_under(text: str, edit: Edit) -> str:
    """Insert the text as the last property of some schemas of the document."""
    return under(text, edit, skipped=r"(?:        .*\n)*")


def new(_text: str, edit: Edit) -> str:
    """Create a file with the text."""
    return edit.text


PUT: dict[str, Callable[[str, Edit], str]] = {
    "before": before,
    "in place of": in_place,
    "under": under,
    "last under": last_under,
    "new": new,
}


def recipe(title: str, version: str = VERSION) -> list[Step]:
    """Return the steps below a heading, for a version.

    Raises:
        ScriptError: There is no such heading, or a block is neither an edit nor a command.
    """
    guide = (ROOT / GUIDE).read_text(encoding="utf-8")
    found = re.search(rf"(?ms)^### {re.escape(title)}\n(.*?)(?=^##|\Z)", guide)
    if found is None:
        raise ScriptError(f"{GUIDE} has no recipe {title!r}")
    return [step for fence in FENCE.finditer(found[1].replace(VERSION, version)) for step in steps(fence)]


def steps(fence: re.Match[str]) -> list[Step]:
    """What one block says."""
    if fence["kind"] == "console":
        return [Command(line, tuple(output.splitlines())) for line, _, output in commands(fence["text"])]
    edit = EDIT.fullmatch(fence["intro"] or "")
    if edit is None:
        raise ScriptError(f"{GUIDE}: no edit precedes a block: {fence['intro']!r}")
    return [Edit(edit["file"], "new" if edit["new"] else edit["how"], edit["where"] or "", fence["text"])]


def commands(text: str) -> list[tuple[str, str, str]]:
    """Return each command with the lines below it."""
    return [part.partition("\n") for part in re.split(r"(?m)^\$ ", text)[1:]]


def follow(clone: Clone, title: str, version: str = VERSION) -> dict[Step, str]:
    """Follow a recipe exactly, with a version for the placeholder, and return the result of each step."""
    return {step: step.make(clone) for step in recipe(title, version)}
