"""The lines that describe an import: its plan (`--dry-run`) and its result. Pure."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

from .formatting import format_duration, name_options_only, pluralize, printable
from .tables import FULL_NAME_PARTS, ROW_NAMES, ROW_OPT_OUT, display_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendblue_transfer import ColumnsReport, ImportPlan, ImportReport, Source, SyncPlan

MAX_LISTED = 5
"""How many rejected rows, or reasons, are listed."""
MAX_TITLES = 50
"""How many columns that match no field are listed."""
PREVIEW_MIN_WIDTH = 12
"""The minimum width of a column of the preview."""
_JOINS = {ROW_OPT_OUT: " and "}
"""What joins the columns of a field, where a blank cell is not the reason to use the next one."""
_DELIMITER_NAMES = {"\t": "tabs", ",": "commas", ";": "semicolons", "|": "bars"}


def requests_line(plan: ImportPlan | SyncPlan) -> str:
    """Return the line that says how many requests a plan takes, and how long: a range where that is not known."""
    requests = pluralize(plan.requests_at_most, "request")
    least = f"{plan.requests:,} to " if plan.requests != plan.requests_at_most else ""
    shortest, longest = format_duration(plan.seconds), format_duration(plan.seconds_at_most)
    duration = f"{shortest} to {longest}" if shortest != longest else longest
    return f"  {least}{requests}, {duration} at the rate limit"


def plan_lines(plan: ImportPlan, source: Source) -> Iterator[str]:
    """Return the lines that describe what an import would do.

    Args:
        plan: The plan of the import.
        source: The source of the rows.
    """
    delimiter = _DELIMITER_NAMES.get(source.delimiter or "")
    details = ", ".join(filter(None, (source.format.upper(), source.encoding, delimiter)))
    yield f"{source.name} ({details}): {pluralize(plan.rows, 'row')}"
    yield f"  {plan.valid:,} to {plan.mode}, {plan.rejected:,} rejected, {plan.duplicates:,} superseded by another row"
    yield requests_line(plan)
    if plan.done:
        yield f"  resumes an interrupted import, which has imported {pluralize(plan.done, 'row')}"
    yield from _notes(plan)
    yield from column_lines(plan.columns)
    yield from _rejected_lines(plan)


def _notes(result: ImportPlan | ImportReport) -> Iterator[str]:
    """Return what the journal and the file show besides the rows."""
    if result.last_import:
        yield f"  last imported on {result.last_import:%Y-%m-%d at %H:%M} UTC; importing it again sends all rows"
    yield from encoding_lines(result.guessed_encoding)


def encoding_lines(guessed: str | None) -> Iterator[str]:
    """Return the line that names an encoding that was guessed, if it was."""
    if guessed:
        yield f"  encoding: {guessed}, guessed, because not all of the file is valid UTF-8 (--encoding)"


def column_lines(columns: ColumnsReport) -> Iterator[str]:
    """Return which column is imported as which field; columns named like their field share one line."""
    same_name = [field for field, titles in columns.used if list(map(_normalized, titles)) == [_normalized(field)]]
    if same_name:
        yield f"  columns: {', '.join(map(printable, same_name))}"
    for field, titles in columns.used:
        if field not in same_name:
            yield f"  {printable(field)} from {_JOINS.get(field, ', else ').join(map(printable, titles))}"
    if columns.unmapped and columns.as_variables:
        yield f"  custom variables: {_listed(columns.unmapped)}"
    yield from ignored_column_lines(columns)


def _normalized(title: str) -> str:
    return re.sub(r"[\W_]", "", title).casefold()


def ignored_column_lines(columns: ColumnsReport) -> Iterator[str]:
    """Return which columns are not used as they are."""
    names = " and ".join(ROW_NAMES[each] for each in FULL_NAME_PARTS)
    for title in columns.split:
        yield f"  {names} from {printable(title)}, split after the first word"
    for preferred, *others in (titles for field, titles in columns.used if field == "phone"):
        if others:
            filled = f"if {printable(preferred)} is filled, {_listed(tuple(others))} "
            yield f"  one number per contact: {filled}{'is' if len(others) == 1 else 'are'} not imported (--map)"
    if columns.unmapped and not columns.as_variables:
        yield f"  not imported: {_listed(columns.unmapped)} (--map, or --rest-as-variables)"
    if columns.read_only:
        yield f"  not imported, because this mode cannot set it: {', '.join(columns.read_only)}"


def _listed(titles: tuple[str, ...]) -> str:
    shown = ", ".join(map(printable, titles[:MAX_TITLES]))
    return f"{shown}, …" if len(titles) > MAX_TITLES else shown


def _rejected_lines(result: ImportPlan | ImportReport) -> Iterator[str]:
    """Return why rows are rejected: row by row if there are few, otherwise grouped by reason."""
    if result.rejected <= MAX_LISTED:
        yield from (f"  line {problem.line:,}: {printable(problem.reason)}" for problem in result.problems)
        yield from _region_lines(result)
        return
    for reason, number in result.reasons[:MAX_LISTED]:
        yield f"  {number:,} \u00d7 {printable(reason)}"
    if len(result.reasons) > MAX_LISTED:
        yield f"  … and {pluralize(len(result.reasons) - MAX_LISTED, 'other reason')}"
    yield f"  first rejected lines: {', '.join(f'{problem.line:,}' for problem in result.problems[:MAX_LISTED])}, …"
    yield from _region_lines(result)


def _region_lines(result: ImportPlan | ImportReport) -> Iterator[str]:
    """Return the option that makes numbers without a country code valid, if there are any."""
    if number := sum(number for reason, number in result.reasons if "country code is missing" in reason):
        has = "number has" if number == 1 else "numbers have"
        yield f"  {number:,} {has} no country code: --default-region US, for example, reads those of the USA"


def preview(plan: ImportPlan) -> tuple[list[tuple[str, int]], list[list[str]]]:
    """Return the headers and the cells of the first contacts that would be sent."""
    names = list(dict.fromkeys(name for contact in plan.preview for name in contact))
    rows = [[printable(display_value(contact.get(name))) for name in names] for contact in plan.preview]
    return [(name, PREVIEW_MIN_WIDTH) for name in names], rows


def report_lines(report: ImportReport, name: str, resume_command: str) -> Iterator[str]:
    """Return the lines that describe what an import did.

    Args:
        report: The result of the import.
        name: The name of the source.
        resume_command: The command that resumes the import.
    """
    done = report.created + report.updated
    rows, duration = pluralize(report.rows, "row"), format_duration(report.seconds)
    yield f"{name}: {done:,} of {rows} imported{_counts(report)} in {duration}."
    if report.resumed:
        yield "  this run resumed an interrupted import; the time is that of all its runs"
    yield from _notes(report)
    yield from ignored_column_lines(report.columns)
    yield from _problem_lines(report, resume_command)


def plan_error_lines(plan: ImportPlan, name: str) -> Iterator[str]:
    """Return the lines about rejected rows, which --quiet leaves of a plan."""
    if plan.rejected:
        yield f"{name}: {plan.rejected:,} of {pluralize(plan.rows, 'row')} would be rejected"
        yield from _rejected_lines(plan)


def report_error_lines(report: ImportReport, name: str, resume_command: str) -> Iterator[str]:
    """Return the lines about rejected rows and what is left, which --quiet leaves of a report."""
    if report.rejected:
        yield f"{name}: {report.rejected:,} of {pluralize(report.rows, 'row')} rejected"
    yield from _problem_lines(report, resume_command)


def _problem_lines(report: ImportReport, resume_command: str) -> Iterator[str]:
    yield from _rejected_lines(report)
    if not report.updated and any("already exists" in reason for reason, _ in report.reasons):
        yield "  to update existing contacts, use --mode upsert"
    if report.rejects:
        replaced = (
            f", which replaces the earlier one (now {report.replaced_rejects})" if report.replaced_rejects else ""
        )
        yield f"The rejected rows and the reasons are in {report.rejects}{replaced}."
        yield "  Fix them there, then import that file."
    if report.stopped:
        yield f"Stopped: {printable(report.stopped)}"
    if not report.complete:
        yield f"{pluralize(report.not_sent + report.unknown, 'row')} left. To resume the import:"
        yield f"    {resume_command}"


def _counts(report: ImportReport) -> str:
    numbers = {
        "created": report.created,
        "updated": report.updated,
        "rejected": report.rejected,
        "superseded by another row": report.duplicates,
    }
    counts = [f"{number:,} {label}" for label, number in numbers.items() if number]
    return f" ({', '.join(counts)})" if counts else ""


def plan_as_json(plan: ImportPlan) -> dict[str, Any]:
    """Return the plan as JSON values."""
    return _with_texts(dataclasses.asdict(plan))


def report_as_json(report: ImportReport) -> dict[str, Any]:
    """Return the report as JSON values, without the error object: `stopped` has its message."""
    values = dataclasses.asdict(dataclasses.replace(report, error=None))
    del values["error"]
    return _with_texts(values) | {"complete": report.complete, "ok": report.ok}


def _with_texts(values: dict[str, Any]) -> dict[str, Any]:
    """Return these values with paths and times as text, and with problems as objects."""
    paths = {
        name: value and str(value)
        for name, value in values.items()
        if name in {"rejects", "replaced_rejects", "journal"}
    }
    times = {name: value and value.isoformat() for name, value in values.items() if name == "last_import"}
    problems = [{"line": line, "reason": name_options_only(reason)} for line, reason in values["problems"]]
    columns = {**values["columns"], "used": dict(values["columns"]["used"])}
    reasons = [(name_options_only(reason), number) for reason, number in values["reasons"]]
    return values | paths | times | {"problems": problems, "reasons": reasons, "columns": columns}
