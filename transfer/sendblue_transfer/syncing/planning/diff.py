"""The difference between a row and its contact. Pure.

    | field            | changes if                                                                        |
    |------------------|-----------------------------------------------------------------------------------|
    | tags             | the set of tags differs; the tags of the row replace those of the contact, or are |
    |                  | added to them                                                                     |
    | custom variables | a label of the row has another text; labels that the row lacks are left alone     |
    | objects          | a field of the object in the row differs; the whole object is sent, with the other   |
    |                  | fields of that of the contact                                                     |
    | opt_out          | the row says yes, or it says no and opting in is allowed                          |
    | phone numbers    | they differ in E.164 form                                                         |
    | dates and times  | they are different moments                                                        |
    | other fields     | the values differ                                                                 |

A blank value leaves the field alone, or clears it; a blank `opt_out` never does, since clearing it would opt in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sendblue_contacts_api.types import read_datetime

from sendblue_transfer.rows.named_fields import OPT_OUT, TAGS
from sendblue_transfer.rows.row_parser import ColumnTarget
from sendblue_transfer.syncing.changes import Change
from sendblue_transfer.syncing.contact_values import SYNC_FIELDS, e164, is_blank, is_filled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sendblue_transfer.syncing.changes import Values
    from sendblue_transfer.syncing.options import SyncOptions

OPTED_OUT = (
    "the contact has opted out, and a source does not opt contacts in; allow it with --allow-opt-in (allow_opt_in=True)"
)
_CANONICAL: dict[str, Callable[[Any], object]] = {
    "e164": lambda value: e164(value) or value,
    "date-time": lambda value: read_datetime(value) or value,
}
_Pair = tuple[str, tuple[Any, Any]]


class RowDiff:
    """Compares rows with contacts.

    Args:
        options: The options of the plan.
    """

    def __init__(self, options: SyncOptions) -> None:
        self._clears = options.blank == "clear"
        self._adds_tags = options.tags == "add"
        self._scope = [options.scope_tag] if options.scope_tag else []
        self._allows_opt_in = options.allow_opt_in

    @property
    def added_targets(self) -> frozenset[ColumnTarget]:
        """What changes in every contact, whatever its row fills."""
        return frozenset({ColumnTarget(TAGS)} if self._scope else ())

    def change(self, line: int, number: str, row: Values, contact: Values | None) -> Change | None:
        """Return what has to change for a row.

        Args:
            line: The line of the row.
            number: Its number.
            row: The other values of a validated row as they are sent, with maps as they are.
            contact: The values of the contact with this number, from an `AccountIndex`; None if no contact has it.

        Returns:
            The change; None if the contact has all values of the row.
        """
        if contact is None:
            return Change("create", number, dict(self._created(row)), line=line)
        if row.get(OPT_OUT) is False and contact.get(OPT_OUT) and not self._allows_opt_in:
            return Change("skip", number, reason=OPTED_OUT, line=line)
        fields = dict(self._updated(row, contact))
        return Change("update", number, fields, line=line) if fields else None

    def _created(self, row: Values) -> Iterator[_Pair]:
        for name, value in row.items():
            if name == OPT_OUT and not (value or (value is False and self._allows_opt_in)):
                continue
            if name == TAGS or is_blank(value):
                continue
            if isinstance(value, dict) and SYNC_FIELDS[name].kind == "object":
                yield name, (None, {key: each for key, each in cast("Values", value).items() if is_filled(each)})
            elif isinstance(value, dict):
                labels = cast("Values", value)
                yield from ((f"{name}.{label}", (None, text)) for label, text in labels.items() if is_filled(text))
            else:
                yield name, (None, value)
        if tags := self.wanted_tags(row, []):
            yield TAGS, (None, tags)

    def _updated(self, row: Values, contact: Values) -> Iterator[_Pair]:
        for name, value in row.items():
            old = contact.get(name)
            if value == old or name == TAGS or name not in SYNC_FIELDS:
                continue
            if isinstance(value, dict) and SYNC_FIELDS[name].kind == "object":
                yield from self._changed_object(name, cast("Values", value), old or {})
            elif isinstance(value, dict):
                yield from self._changed_labels(name, cast("Values", value), old)
            elif is_blank(value):
                if self._clears and name != OPT_OUT and old is not None:
                    yield name, (old, None)
            elif not _is_same(name, old, value):
                yield name, (old, value)
        old_tags: list[str] | None = contact.get(TAGS)
        if self._scope or row.get(TAGS, old_tags) != old_tags:
            tags = self.wanted_tags(row, old_tags or [])
            if set(tags) != set(old_tags or []):
                yield TAGS, (old_tags, tags or None)

    def _changed_labels(self, name: str, labels: Values, old: Any) -> Iterator[_Pair]:  # noqa: ANN401  # any JSON
        has = cast("Values", old) if isinstance(old, dict) else {}
        for label, text in labels.items():
            before = has.get(label)
            if is_filled(text):
                if text != before:
                    yield f"{name}.{label}", (before, text)
            elif self._clears and before is not None:
                yield f"{name}.{label}", (before, None)

    def _changed_object(self, name: str, row: Values, old: Values) -> Iterator[_Pair]:
        changed = {key: value for key, value in row.items() if value != old.get(key)}
        new = {key: value for key, value in changed.items() if is_filled(value) or self._clears}
        if new:
            yield name, (old or None, {**old, **new})

    def wanted_tags(self, row: Values, old: list[str]) -> list[str]:
        """Return the tags that a contact is to have.

        Args:
            row: The values of its row.
            old: The tags that it has.
        """
        tags: list[str] | None = row.get(TAGS)
        if self._adds_tags:
            wanted = [*old, *(tags or ())]
        elif tags or (TAGS in row and self._clears):
            wanted = tags or []
        else:
            wanted = old
        return list(dict.fromkeys([*wanted, *self._scope]))


def _is_same(name: str, old: object, new: object) -> bool:
    if name == OPT_OUT:
        return bool(old) == bool(new)
    if old is None:
        return False
    canonical = _CANONICAL.get(SYNC_FIELDS[name].kind)
    return canonical(old) == canonical(new) if canonical else old == new
