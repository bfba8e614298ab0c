"""What is said of an import before it (`--dry-run`) and after it, line by line. Pure."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

from .tables import shown
from .texts import clean, counted, duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendblue_transfer import ColumnsReport, ImportPlan, ImportReport, Source

MOST = 5
"""Reasons, and rows, that are named."""


def plan_lines(plan: ImportPlan, source: Source) -> Iterator[str]:
    """What would be done.

    Args:
        plan: What was found out.
        source: Where the rows come from.
    """
    kind = ", ".join(filter(None, (source.format.upper(), source.encoding, _NAMES.get(source.delimiter or ""))))
    yield f"{source.name} ({kind}): {counted(plan.rows, 'row')}"
    yield f"  {plan.valid:,} to {plan.mode}, {plan.rejected:,} rejected, {plan.duplicates:,} superseded by another row"
    requests = counted(plan.requests_at_most, "request")
    least = f"{plan.requests:,} to " if plan.requests != plan.requests_at_most else ""
    quickest, slowest = duration(plan.seconds), duration(plan.seconds_at_most)
    yield f"  {least}{requests}, {f'{quickest} to ' if quickest != slowest else ''}{slowest} at the limit"
    yield from columns_lines(plan.columns)
    yield from _rejected(plan)


_NAMES = {"\t": "tabs", ",": "commas", ";": "semicolons", "|": "bars"}


def columns_lines(columns: ColumnsReport) -> Iterator[str]:
    """Which column became what, said for each where it is not plain."""
    plain = [field for field, titles in columns.used if list(map(_loose, titles)) == [_loose(field)]]
    if plain:
        yield f"  columns: {', '.join(map(clean, plain))}"
    for field, titles in columns.used:
        if field not in plain:
            yield f"  {clean(field)} from {', else '.join(map(clean, titles))}"
    if columns.unmapped and columns.as_variables:
        yield f"  custom variables: {', '.join(map(clean, columns.unmapped))}"
    yield from left_out(columns)


def _loose(title: str) -> str:
    return re.sub(r"[\W_]", "", title).casefold()


def left_out(columns: ColumnsReport) -> Iterator[str]:
    """Which columns are not imported."""
    if columns.unmapped and not columns.as_variables:
        yield f"  not imported: {', '.join(map(clean, columns.unmapped))} (--map, or --rest-as-variables)"
    if columns.read_only:
        yield f"  not imported, for this mode does not set it: {', '.join(columns.read_only)}"


def _rejected(found: ImportPlan | ImportReport) -> Iterator[str]:
    """Why rows are rejected: line by line where they are few, else by their reasons."""
    if found.rejected <= MOST:
        yield from (f"  line {problem.line:,}: {clean(problem.reason)}" for problem in found.problems)
        return
    for reason, number in found.reasons[:MOST]:
        yield f"  {number:,} \u00d7 {clean(reason)}"
    if len(found.reasons) > MOST:
        yield f"  … and {counted(len(found.reasons) - MOST, 'other reason')}"
    yield f"  first in the lines {', '.join(f'{problem.line:,}' for problem in found.problems[:MOST])}, …"


def preview(plan: ImportPlan) -> tuple[list[tuple[str, int]], list[list[str]]]:
    """The first contacts as they would be sent: titles with their least widths, and cells."""
    names = list(dict.fromkeys(name for contact in plan.preview for name in contact))
    rows = [[clean(shown(contact.get(name))) for name in names] for contact in plan.preview]
    return [(name, 12) for name in names], rows


def report_lines(report: ImportReport, name: str, again: str) -> Iterator[str]:
    """What was done.

    Args:
        report: What became of the rows.
        name: Where they came from.
        again: The command that goes on.
    """
    if report.already_complete:
        yield f"{name} was imported before, as {report.journal} says: nothing was done. --restart begins anew."
        return
    done = report.created + report.updated
    yield f"{name}: {done:,} of {counted(report.rows, 'row')} imported{_details(report)} in {duration(report.seconds)}."
    yield from left_out(report.columns)
    yield from _rejected(report)
    if not report.updated and any("already exists" in reason for reason, _ in report.reasons):
        yield "  contacts that exist already are changed with --mode upsert"
    if report.rejects:
        yield f"The rejected rows are in {report.rejects}, with the reasons. Mend them there, and import that file."
    if report.stopped:
        yield f"Stopped: {clean(report.stopped)}"
    if not report.complete:
        yield f"{counted(report.not_sent + report.unknown, 'row')} left. To go on where it was:"
        yield f"    {again}"


def _details(report: ImportReport) -> str:
    numbers = {
        "created": report.created,
        "updated": report.updated,
        "rejected": report.rejected,
        "superseded by another row": report.duplicates,
    }
    told = [f"{number:,} {what}" for what, number in numbers.items() if number]
    return f" ({', '.join(told)})" if told else ""


def plan_as_json(plan: ImportPlan) -> dict[str, Any]:
    """The plan for programs."""
    return dataclasses.asdict(plan)


def report_as_json(report: ImportReport) -> dict[str, Any]:
    """The report for programs, without the error, whose sentence is `stopped`."""
    values = dataclasses.asdict(dataclasses.replace(report, error=None))
    del values["error"]
    paths = {name: value and str(value) for name, value in values.items() if name in {"rejects", "journal"}}
    return values | paths | {"complete": report.complete, "ok": report.ok}
