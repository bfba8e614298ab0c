"""Refuses plans that would delete too much, or whose source may be incomplete. Pure.

    | what is found                                                  | allowed by                          |
    |----------------------------------------------------------------|-------------------------------------|
    | a source without rows                                          | delete="none" only                  |
    | a row whose number cannot be read                              | allow_unreadable                    |
    | a source of less than half its last size                       | allow_unreadable                    |
    | a source without a final newline that had one in the last run  | allow_unreadable                    |
    | more deletions than max_delete                                 | a higher max_delete                 |

All of them apply only if contacts are to be deleted; the third and the fourth, if there is a contact to delete.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sendblue_transfer.errors import SyncRefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sendblue_transfer.sources.source import Source
    from sendblue_transfer.syncing.options import SyncOptions

_NO_DELETIONS = '--delete none (delete="none")'
_MAY_BE_INCOMPLETE = (
    f"so it may be incomplete; check the source, use {_NO_DELETIONS}, or allow it with --allow-unreadable "
    "(allow_unreadable=True)"
)


def describe_source(source: Source, rows: int) -> dict[str, Any]:
    """Return what identifies a source, and what shows later whether it was read completely."""
    return {
        "name": source.name,
        "path": str(source.path.resolve()) if source.path else None,
        "sheet": source.sheet,
        "digest": source.digest,
        "size": source.size,
        "rows": rows,
        "ends_with_newline": source.ends_with_newline,
    }


def check_rows(options: SyncOptions, source: Mapping[str, Any], unreadable: int) -> None:
    """Check the rows of a source, before the account is listed.

    Args:
        options: The options of the plan.
        source: The description of the source.
        unreadable: The number of rows whose number cannot be read.

    Raises:
        SyncRefusedError: It has no rows, or a number that cannot be read.
    """
    if options.delete == "none":
        return
    if not source["rows"]:
        raise SyncRefusedError(
            f"{source['name']} has no rows, and contacts that it lacks would be deleted; check the source, or use "
            f"{_NO_DELETIONS}"
        )
    if unreadable and not options.allow_unreadable:
        raise SyncRefusedError(
            f"the phone number of {unreadable:,} of {source['rows']:,} rows of {source['name']} cannot be read, and it "
            f"may belong to a contact that would be deleted; correct the rows, use {_NO_DELETIONS}, or allow it with "
            "--allow-unreadable (allow_unreadable=True)"
        )


def check_deletions(
    options: SyncOptions, source: Mapping[str, Any], last: Mapping[str, Any] | None, deletes: int, contacts: int
) -> None:
    """Check the deletions of a plan.

    Args:
        options: The options of the plan.
        source: The description of the source.
        last: The description of the source in the last complete sync; None if there was none.
        deletes: The number of contacts that would be deleted.
        contacts: The number of contacts in the account.

    Raises:
        SyncRefusedError: They are too many, or the source may be incomplete.
    """
    if not deletes:
        return
    if not options.allow_unreadable:
        _check_size(source, last or {})
    if not options.allows_deletions(deletes, contacts):
        raise SyncRefusedError(
            f"{deletes:,} of {contacts:,} contacts would be deleted, and at most {options.max_delete} may be; check "
            f"the source, use {_NO_DELETIONS}, or allow it with --max-delete {deletes} (max_delete={deletes})"
        )


def _check_size(source: Mapping[str, Any], last: Mapping[str, Any]) -> None:
    for unit, name in (("bytes", "size"), ("rows", "rows")):
        if 2 * source[name] < last.get(name, 0):
            raise SyncRefusedError(
                f"{source['name']} has {source[name]:,} {unit}, and it had {last[name]:,} in the last sync, "
                f"{_MAY_BE_INCOMPLETE}"
            )
    if last.get("ends_with_newline") and not source["ends_with_newline"]:
        raise SyncRefusedError(
            f"{source['name']} does not end with a newline, and it did in the last sync, {_MAY_BE_INCOMPLETE}"
        )
