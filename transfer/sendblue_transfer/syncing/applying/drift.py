"""Whether a contact still is as a change expects it. Pure.

| change | contact                                       | it is                                          |
|--------|-----------------------------------------------|------------------------------------------------|
| create | none                                          | sent                                           |
|        | has all new values                            | unchanged                                      |
|        | has others                                    | drifted                                        |
| update | none                                          | drifted                                        |
|        | has all new values                            | unchanged                                      |
|        | each changed field has its old or new value   | sent                                           |
|        | a changed field has another value             | drifted                                        |
| delete | none                                          | unchanged                                      |
|        | has the old values, and no others             | sent                                           |
|        | has others                                    | drifted                                        |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sendblue_contacts.phone import normalise

from sendblue_transfer.syncing.change_log import DRIFTED, NOT_SENT, UNCHANGED, Result
from sendblue_transfer.syncing.changes import flatten
from sendblue_transfer.syncing.contact_values import SYNC_FIELDS, is_blank

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sendblue_transfer.syncing.changes import Change, Values

CREATED_SINCE = "a contact with this number was created since the plan"
DELETED_SINCE = "the contact was deleted since the plan"


MAP = next(name for name, field in SYNC_FIELDS.items() if field.kind == "map")


def removes_labels(change: Change) -> bool:
    """Whether a change removes labels of custom variables."""
    return any(new is None and name.startswith(f"{MAP}.") for name, new in change.new.items())


def check_drift(change: Change, contact: Values | None, *, in_flight: bool = False) -> Result:
    """Return the result of a change before it is sent: unchanged, drifted, or not sent yet.

    Args:
        change: The change.
        contact: The values of the contact that has its number now; None if there is no contact.
        in_flight: Whether the change may have been applied in part: an undo that removes labels clears all of them
            before it writes those that stay.
    """
    if change.kind == "create":
        return _check_creation(change, contact)
    if contact is None:
        return Result(0, UNCHANGED) if change.kind == "delete" else Result(0, DRIFTED, DELETED_SINCE)
    has = flatten(contact)
    if change.kind == "delete":
        return _drifted(
            other for other in {*has, *change.fields} if not same(other, has.get(other), change.old.get(other))
        )
    if all(same(name, has.get(name), new) for name, new in change.new.items()):
        return Result(0, UNCHANGED)
    may_be_cleared = in_flight and removes_labels(change)
    return _drifted(
        name
        for name, values in change.fields.items()
        if not any(same(name, has.get(name), value) for value in values)
        and not (may_be_cleared and name.startswith(f"{MAP}.") and not has.get(name))
    )


def _check_creation(change: Change, contact: Values | None) -> Result:
    if contact is None:
        return Result(0, NOT_SENT)
    has = flatten(contact)
    is_same = all(same(name, has.get(name), new) for name, new in change.new.items())
    return Result(0, UNCHANGED) if is_same else Result(0, DRIFTED, CREATED_SINCE)


def _drifted(fields: Iterable[str]) -> Result:
    names = sorted(fields)
    if not names:
        return Result(0, NOT_SENT)
    return Result(0, DRIFTED, f"{', '.join(names)} changed since the plan")


def same(name: str, one: Any, other: Any) -> bool:  # noqa: ANN401  # any JSON
    """Whether two values of a field are equal as far as an API may render them differently."""
    one, other = (_without_blanks(each) for each in (one, other))
    if not (one and other):
        return not one and not other
    if isinstance(one, list) and isinstance(other, list):
        return set(map(str, cast("list[object]", one))) == set(map(str, cast("list[object]", other)))
    if one == other:
        return True
    field = SYNC_FIELDS.get(name)
    return field is not None and field.kind == "e164" and _digits(cast("object", one)) == _digits(cast("object", other))


def _without_blanks(value: Any) -> Any:  # noqa: ANN401  # any JSON
    """Return an object without blank fields; any other value is unchanged."""
    if not isinstance(value, dict):
        return value
    return {key: each for key, each in cast("Values", value).items() if not is_blank(each)}


def _digits(number: object) -> object:
    try:
        return normalise(number)
    except (TypeError, ValueError):
        return number
