"""What an undo does: the changes of a sync put together by number, and turned around. Pure.

| the sync           | the contact now                            | the undo                             |
|--------------------|--------------------------------------------|--------------------------------------|
| created            | none                                       | nothing                              |
|                    | as it was created                          | deletes it                           |
|                    | edited since, or another contact           | keeps it                             |
| updated            | none                                       | keeps it as it is: deleted           |
|                    | the changed fields have their old values   | nothing                              |
|                    | the changed fields have their new values   | restores the old values              |
|                    | edited since, or another contact           | keeps it                             |
| deleted            | none                                       | creates it again                     |
|                    | as it was before                           | nothing                              |
|                    | another                                    | keeps it                             |
"""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from sendblue_contacts_api.models.bulk_contact import BulkContact

from sendblue_transfer.rows.named_fields import COMPANY
from sendblue_transfer.syncing.change_log import KEPT, NOT_SENT, Result
from sendblue_transfer.syncing.changes import Change, flatten
from sendblue_transfer.syncing.contact_values import SYNC_FIELDS

from .drift import MAP, removes_labels, same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sendblue_transfer.syncing.change_log import ChangeRow
    from sendblue_transfer.syncing.changes import Values

_EDITED = "the contact was edited since"
_DELETED = "the contact was deleted since"
_CREATED = "a contact with this number was created since"
_ANOTHER = "the number belongs to another contact now"


class Current(NamedTuple):
    """The contact that has a number now.

    Attributes:
        values: Its values.
        contact_id: Its ID.
    """

    values: Values
    contact_id: str | None


class _Applied(NamedTuple):
    """All that a sync did to the contact with one number.

    Attributes:
        change: The change from before the sync to after it.
        contact_id: The ID of the contact after it, if known.
        created: The values with which the contact was created, if the sync created it.
    """

    change: Change
    contact_id: str | None = None
    created: Values | None = None


def inverse_changes(
    rows: Iterable[ChangeRow], current: Callable[[str], Current | None]
) -> Iterator[tuple[Change, Result]]:
    """Yield the changes that put a sync back, and the contacts that are kept, each with its result so far.

    Args:
        rows: The changes that were applied, or may have been, by number and then in their order.
        current: Returns the contact that has a number now; None if there is no contact.
    """
    for number, changes in groupby(rows, key=lambda row: row.change.phone):
        applied = _combined(changes)
        if applied is None:
            continue
        change = _INVERSES[applied.change.kind](applied, current(number))
        if isinstance(change, Change):
            yield change, Result(0, NOT_SENT)
        elif change:
            yield Change("skip", number, reason=change), Result(0, KEPT, change)


# --- putting the changes of one number together


def _combined(rows: Iterable[ChangeRow]) -> _Applied | None:
    applied: _Applied | None = None
    for row in rows:
        created = None
        if row.change.kind == "create":
            created = {**json.loads(row.result.after or "{}"), **row.change.new}
        later = _Applied(row.change, row.result.contact_id, created)
        applied = _combine(applied, later) if applied else later
    return applied


def _combine(first: _Applied, second: _Applied) -> _Applied | None:
    combine = _COMBINATIONS.get((first.change.kind, second.change.kind))
    combined = combine(first, second) if combine else second
    return combined and combined._replace(contact_id=second.contact_id or first.contact_id)


def _updated_after_creation(first: _Applied, second: _Applied) -> _Applied:
    fields = {**first.change.fields, **{name: (None, new) for name, new in second.change.new.items()}}
    return _Applied(replace(first.change, fields=fields), None, {**(first.created or {}), **second.change.new})


def _updated_twice(first: _Applied, second: _Applied) -> _Applied:
    old, new = {**second.change.old, **first.change.old}, {**first.change.new, **second.change.new}
    return _Applied(replace(second.change, fields={name: (old[name], new[name]) for name in new}))


def _deleted_after_update(first: _Applied, second: _Applied) -> _Applied:
    old = {**second.change.old, **first.change.old}
    fields = {name: (_previous(name, value), None) for name, value in old.items()}  # a number stays opted out
    return _Applied(replace(second.change, fields=fields))


def _created_after_deletion(first: _Applied, second: _Applied) -> _Applied:
    old, new = first.change.old, second.created or {}
    fields = {name: (old.get(name), new.get(name)) for name in {**old, **new}}
    return _Applied(Change("update", second.change.phone, fields))


_COMBINATIONS: dict[tuple[str, str], Callable[[_Applied, _Applied], _Applied | None]] = {
    ("create", "update"): _updated_after_creation,
    ("create", "delete"): lambda _first, _second: None,
    ("update", "update"): _updated_twice,
    ("update", "delete"): _deleted_after_update,
    ("delete", "create"): _created_after_deletion,
}
"""How two changes of one number become one. For other pairs, the first change was not applied after all."""


# --- turning a change around: the inverse, the reason why a contact is kept, or an empty text if nothing is to be done


def _of_creation(applied: _Applied, current: Current | None) -> Change | str:
    if current is None:
        return ""
    if _is_another(applied, current):
        return _ANOTHER
    has, created = flatten(current.values), applied.created or {}
    if all(_is_as_created(name, has.get(name), created) for name in {**has, **created}):
        return Change("delete", applied.change.phone, {name: (value, None) for name, value in has.items()})
    return _EDITED


def _is_as_created(name: str, value: object, created: Values) -> bool:
    if name == COMPANY and name not in created:
        return True
    is_second_request = name.partition(".")[0] not in BulkContact.FIELDS
    return same(name, value, created.get(name)) or (is_second_request and not value)


def _of_update(applied: _Applied, current: Current | None) -> Change | str:
    if current is None:
        return _DELETED
    if _is_another(applied, current):
        return _ANOTHER
    has = flatten(current.values)
    to_restore: dict[str, tuple[object, object]] = {}
    for name, (old, new) in applied.change.fields.items():
        if same(name, has.get(name), old):
            continue
        if not same(name, has.get(name), new):
            return _EDITED
        to_restore[name] = (has.get(name), _previous(name, old))
    change = Change("update", applied.change.phone, to_restore)
    if removes_labels(change):
        stays = {name: (text, text) for name, text in has.items() if name.startswith(f"{MAP}.")}
        change = replace(change, fields={**stays, **to_restore})
    return change if to_restore else ""


def _previous(name: str, old: object) -> object:
    """Return the value that restores an earlier one: no value of a boolean is false."""
    return False if old is None and SYNC_FIELDS[name.partition(".")[0]].kind == "boolean" else old


def _of_deletion(applied: _Applied, current: Current | None) -> Change | str:
    old = {name: value for name, value in applied.change.old.items() if value or value is False}
    if current is None:
        return Change("create", applied.change.phone, {name: (None, value) for name, value in old.items()})
    has = flatten(current.values)
    return "" if all(same(name, has.get(name), old.get(name)) for name in {**has, **old}) else _CREATED


def _is_another(applied: _Applied, current: Current) -> bool:
    return bool(applied.contact_id and current.contact_id and applied.contact_id != current.contact_id)


_INVERSES: dict[str, Callable[[_Applied, Current | None], Change | str]] = {
    "create": _of_creation,
    "update": _of_update,
    "delete": _of_deletion,
}
