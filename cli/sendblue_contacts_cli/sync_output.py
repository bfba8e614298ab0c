"""What `sync` and `undo` print: the changes like a diff, the counts, and the table of changes by field.

Phone numbers and values are the data of these commands, so they are never masked.

    + green    a contact to create, with its fields
    ~ yellow   a contact to update, with the old and the new value of each changed field
    - red      a contact to delete, with its fields
    !          a row that is skipped, or a contact that is kept, with the reason
"""

from __future__ import annotations

import json
import sys
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from .formatting import format_duration, pluralize, printable
from .import_summary import column_lines, encoding_lines, ignored_column_lines, requests_line
from .output import create_console, write, write_json, write_rows, write_text
from .tables import CREATED_AT, FULL_NAME_PARTS, ROW_NAMES, display_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sendblue_transfer import Change, SyncPlan, SyncReport
    from sendblue_transfer.syncing.changes import Kind

MAX_LISTED = 20
"""How many changes of each kind are listed without --details."""
MAX_NAMED = 3
"""How many contacts the question before a deletion names."""
MAX_VALUE_LENGTH = 200
"""How many characters of a value are shown without --details."""
_NUMBER_WIDTH = 12
"""The width of the column of numbers, which longer ones exceed."""


class ChangeStyle(NamedTuple):
    """How the changes of one kind are shown: the marker, its color, what is counted, and what separates fields."""

    marker: str
    color: str
    counted: str
    separator: str


STYLES: Mapping[Kind, ChangeStyle] = {
    "create": ChangeStyle("+", "bold green", "to create", "; "),
    "update": ChangeStyle("~", "bold yellow", "to update", "\n"),
    "delete": ChangeStyle("-", "bold red", "to delete", "; "),
    "skip": ChangeStyle("!", "bold", "skipped", "; "),
}
"""The style of each kind of change, in the order in which they are listed."""


# --- one change


def value_text(value: Any, max_length: int | None = None) -> str:  # noqa: ANN401  # any JSON
    """Return a value on one line. Text that would look like another one is in quotation marks.

    Args:
        value: The value of a field.
        max_length: The maximum number of characters; None for all of them.
    """
    if value is None or value in ("", []):
        return "(blank)"
    text = display_value(value)
    shown = printable(text)
    shown = shown if shown == text else json.dumps(value, ensure_ascii=False)
    return shown if max_length is None or len(shown) <= max_length else f"{shown[: max_length - 1]}…"


def field_texts(change: Change, max_length: int | None = None) -> list[str]:
    """Return one text for each field of a change: the value, or the old and the new one; for a skip, the reason."""
    if change.kind == "skip":
        return [_reason_text(change, change.reason)]
    return [
        f"{printable(name)}: {_values_text(change.kind, old, new, max_length)}"
        for name, (old, new) in change.fields.items()
    ]


def _reason_text(change: Change, reason: str) -> str:
    line = f"line {change.line:,}: " if change.kind == "skip" and change.phone and change.line else ""
    return f"{line}{printable(reason)}"


def _values_text(kind: str, old: object, new: object, max_length: int | None) -> str:
    if kind == "update":
        old = False if old is None and isinstance(new, bool) else old  # the API may return either for no
        return f"{value_text(old, max_length)} → {value_text(new, max_length)}"
    return value_text(old if kind == "delete" else new, max_length)


def subject(change: Change) -> str:
    """Return the number of a change; for a row whose number cannot be read, its line."""
    return change.phone or f"line {change.line or 0:,}"


class ChangeWriter:
    """Writes changes to standard output: with colors and wrapped lines to a terminal, one line each to a pipe.

    Args:
        details: Whether to write all changes, and values of any length.
    """

    def __init__(self, *, details: bool) -> None:
        self._limit = None if details else MAX_LISTED
        self._max_length = None if details else MAX_VALUE_LENGTH
        self._console = create_console() if sys.stdout.isatty() else None
        self._known_codes: dict[str, tuple[str, str]] = {}

    def write_kind(self, kind: Kind, changes: Iterable[Change], count: int) -> None:
        """Write the changes of one kind, and how many are left out.

        Args:
            kind: The kind of the changes.
            changes: The changes.
            count: Their number.
        """
        for change in islice(changes, self._limit):
            self.write_change(change)
        if self._limit is not None and count > self._limit:
            write_text(f"  … and {count - self._limit:,} more {STYLES[kind].counted} (--details)")

    def write_change(self, change: Change) -> None:
        """Write one change."""
        texts = [text for text in field_texts(change, self._max_length) if text]
        style = STYLES[change.kind]
        head = f"{style.marker} {subject(change)}"
        if self._console is None:
            write(f"{head}  {'; '.join(texts)}".rstrip())
            return
        width = max(len(head), len(style.marker) + 1 + _NUMBER_WIDTH)
        lines = style.separator.join(texts).split("\n")
        if all(line.replace("→", "").isascii() and width + 2 + len(line) < self._console.width for line in lines):
            before, after = self._codes(style)
            indent = "\n" + " " * (width + 2)
            write(f"{before}{head}{after}{' ' * (width - len(head))}  {indent.join(lines)}")  # much faster than a grid
        else:
            self._console.print(_grid(change, texts))

    def _codes(self, style: ChangeStyle) -> tuple[str, str]:
        """Return what switches the color of a kind on and off."""
        if style.marker not in self._known_codes and self._console is not None:
            with self._console.capture() as capture:
                self._console.print(style.marker, style=style.color, end="", markup=False, highlight=False)
            before, _, after = capture.get().partition(style.marker)
            self._known_codes[style.marker] = before, after
        return self._known_codes[style.marker]


def _grid(change: Change, texts: list[str]) -> Any:  # noqa: ANN401  # a renderable of rich
    from rich.table import Table  # noqa: PLC0415  # slow to load, and only terminals need it
    from rich.text import Text  # noqa: PLC0415  # as above

    style = STYLES[change.kind]
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, min_width=len(style.marker) + 1 + _NUMBER_WIDTH)
    grid.add_column(overflow="fold")
    grid.add_row(Text(f"{style.marker} {subject(change)}", style.color), Text(style.separator.join(texts)))
    return grid


# --- plans


def plan_counts(plan: SyncPlan) -> dict[Kind, int]:
    """Return how many changes of each kind a plan has."""
    return {"create": plan.creates, "update": plan.updates, "delete": plan.deletes, "skip": plan.skipped}


def plan_lines(plan: SyncPlan, *, all_columns: bool) -> Iterator[str]:
    """Return the lines that say how much a plan changes, how long that takes, and how the columns are used.

    Args:
        plan: The plan.
        all_columns: Whether to list the columns that are used, not only those that are not.
    """
    counts = plan_counts(plan)
    parts = [f"{count:,} {STYLES[kind].counted}" for kind, count in counts.items() if kind != "skip"]
    yield f"{plan.source['name']}: {', '.join(parts)}, {plan.unchanged:,} unchanged, {plan.skipped:,} skipped"
    yield requests_line(plan)
    yield from encoding_lines(plan.guessed_encoding)
    if plan.columns:
        yield from (column_lines if all_columns else ignored_column_lines)(plan.columns)


def write_plan(plan: SyncPlan, *, dry_run: bool, details: bool) -> None:
    """Write a plan to standard output: the counts, then the changes of each kind.

    Args:
        plan: The plan.
        dry_run: Whether the plan is only shown; then the columns that are used are listed too.
        details: Whether to list all changes, and values of any length.
    """
    for line in plan_lines(plan, all_columns=dry_run):
        write_text(line)
    writer = ChangeWriter(details=details)
    for kind, count in plan_counts(plan).items():
        writer.write_kind(kind, plan.changes(kind), count)


def plan_as_json(plan: SyncPlan) -> dict[str, Any]:
    """Return the figures of a plan as JSON values."""
    counts = ("creates", "updates", "deletes", "unchanged", "skipped", "contacts")
    costs = ("requests", "requests_at_most", "seconds", "seconds_at_most")
    return {name: getattr(plan, name) for name in (*counts, *costs)}


def deletion_question(deletions: Iterable[Change], count: int, *, can_be_undone: bool) -> str:
    """Return the question before contacts are deleted: their number, and who the first ones are.

    Args:
        deletions: The contacts to delete.
        count: Their number.
        can_be_undone: Whether `undo` can create them again.
    """
    named = [_person(change) for change in islice(deletions, MAX_NAMED)]
    others = f" and {pluralize(count - len(named), 'other')}" if count > len(named) else ""
    created = "it again, with a new contact ID" if count == 1 else "them again, with new contact IDs"
    consequence = f"`undo` creates {created}." if can_be_undone else "This cannot be undone."
    return f"Delete {pluralize(count, 'contact')}: {', '.join(named)}{others}? {consequence}"


def _person(change: Change) -> str:
    names = (change.fields.get(ROW_NAMES[part], ("", None))[0] for part in FULL_NAME_PARTS)
    name = " ".join(printable(str(text)) for text in names if text)
    return f"{name} ({change.phone})" if name else change.phone


# --- reports

_OUTCOMES = ("created", "updated", "deleted", "unchanged", "skipped", "rejected", "drifted", "kept", "unknown")
_ALWAYS_SHOWN = ("created", "updated", "deleted")
_PROBLEMS = ("rejected", "drifted", "kept")
_FIELD_HEADERS = [("Field", 12), ("Set", 3), ("Changed", 7), ("Cleared", 7)]


def report_lines(report: SyncReport, name: str, noun: str) -> Iterator[str]:
    """Return the lines that say what was done.

    Args:
        report: The report.
        name: The name of the source or of the state.
        noun: `sync` or `undo`.
    """
    counts = {outcome: getattr(report, outcome) for outcome in _OUTCOMES}
    shown = [f"{count:,} {outcome}" for outcome, count in counts.items() if count or outcome in _ALWAYS_SHOWN]
    yield f"{name}: {', '.join(shown)} in {format_duration(report.seconds)}."
    if report.resumed:
        yield f"  this run resumed an interrupted {noun}"


def problem_lines(report: SyncReport, *, details: bool, outcomes: Sequence[str] = _PROBLEMS) -> Iterator[str]:
    """Return a line for each change that was not applied, with its reason: at most 20 without --details."""
    problems = (
        (result.outcome, result.change, result.reason) for result in report.results() if result.outcome in outcomes
    )
    yield from _problem_lines(problems, sum(getattr(report, outcome) for outcome in outcomes), details=details)


def _problem_lines(problems: Iterable[tuple[str, Change, str]], count: int, *, details: bool) -> Iterator[str]:
    limit = None if details else MAX_LISTED
    for outcome, change, reason in islice(problems, limit):
        yield f"  {outcome}: {subject(change)}: {_reason_text(change, reason)}"
    if limit is not None and count > limit:
        yield f"  … and {count - limit:,} more (--details)"


def plan_error_lines(plan: SyncPlan, *, details: bool) -> Iterator[str]:
    """Return the lines about skipped rows, which --quiet leaves of a plan."""
    if plan.skipped:
        yield f"{plan.source['name']}: {plan.skipped:,} skipped"
        skipped = (("skipped", change, change.reason) for change in plan.changes("skip"))
        yield from _problem_lines(skipped, plan.skipped, details=details)


def report_error_lines(report: SyncReport, name: str, *, details: bool) -> Iterator[str]:
    """Return the lines about changes that were not applied, which --quiet leaves of a report."""
    outcomes = ("skipped", *_PROBLEMS)
    if counts := [f"{count:,} {outcome}" for outcome in outcomes if (count := getattr(report, outcome))]:
        yield f"{name}: {', '.join(counts)}"
        yield from problem_lines(report, details=details, outcomes=outcomes)


def write_field_table(report: SyncReport) -> None:
    """Write in how many contacts each field was set, changed and cleared."""
    if report.changes_by_field:
        rows = [[printable(name), *(f"{n:,}" for n in counts)] for name, counts in report.changes_by_field.items()]
        write_rows(_FIELD_HEADERS, rows)


def write_results(report: SyncReport) -> None:
    """Write the result of each change as JSON, and then the figures of the report."""
    for change, outcome, reason, contact_id in report.results():
        write_json({**change.to_dict(), "outcome": outcome, "reason": reason, "contact_id": contact_id})
    names = (*_OUTCOMES, "not_sent", "resumed", "stopped")
    write_json({"report": {name: getattr(report, name) for name in names} | {"seconds": round(report.seconds, 3)}})


def write_undo(planned: SyncReport, name: str, *, details: bool) -> None:
    """Write what an undo would change: the counts, then the changes of each kind, and what is kept."""
    counts: dict[Kind, int] = {"create": planned.created, "update": planned.updated, "delete": planned.deleted}
    parts = [f"{count:,} {STYLES[kind].counted}" for kind, count in counts.items()]
    write_text(f"{name}: {', '.join(parts)}, {planned.kept:,} kept")
    if planned.created:
        write_text(f"  contacts that are created again get a new contact_id and a new {CREATED_AT}")
    writer = ChangeWriter(details=details)
    for kind, count in counts.items():
        found = (each.change for each in planned.results() if (each.change.kind, each.outcome) == (kind, "planned"))
        writer.write_kind(kind, found, count)
    for line in problem_lines(planned, details=details):
        write_text(line)
