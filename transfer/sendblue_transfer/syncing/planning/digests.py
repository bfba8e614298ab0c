"""Digests by which most rows are found to be equal to their contacts, without comparing them field by field. Pure.

A row and a contact have the same digest only if nothing of the contact has to change. If their digests differ, they may
still be equal: then `RowDiff` compares them. A digest has 64 bits, and depends on a key of this process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sendblue_transfer.rows.cells import TEXT_KINDS
from sendblue_transfer.rows.named_fields import OPT_OUT, TAGS
from sendblue_transfer.rows.row_parser import ColumnTarget
from sendblue_transfer.syncing.contact_values import SYNC_FIELDS, is_filled

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from sendblue_transfer.syncing.changes import Values
    from sendblue_transfer.syncing.contact_values import Columns

    from .diff import RowDiff

_MAX_KNOWN_TAGS = 10_000
_TEXT_NAMES = {name for name, field in SYNC_FIELDS.items() if field.kind in TEXT_KINDS}


class Digests:
    """Returns the digests of rows that fill certain fields, and of contacts.

    Args:
        targets: The fields and labels that the rows fill.
        diff: Decides which tags a contact is to have.

    Attributes:
        targets: The fields and labels that are compared, in the order of their keys.
    """

    def __init__(self, targets: Collection[ColumnTarget], diff: RowDiff) -> None:
        names = {name for name, label in targets if label is None}
        labels = sorted((name, label) for name, label in targets if label is not None and name not in names)
        self.targets: list[ColumnTarget] = [ColumnTarget(name) for name in SYNC_FIELDS if name in names]
        self.targets += [ColumnTarget(name, label) for name, label in labels if name in SYNC_FIELDS]
        self._diff = diff
        self._known_tags: dict[tuple[Any, ...] | None, object] = {}

    def row_key(self, target: ColumnTarget, value: Any) -> object:  # noqa: ANN401  # any JSON
        """Return what stands for a validated value of a row; None if it is blank."""
        name, label = target
        if label is not None:
            return value if is_filled(value) else None
        if name == TAGS:
            value = self._diff.wanted_tags({TAGS: value}, [])
        elif isinstance(value, dict):
            value = {label: text for label, text in cast("Values", value).items() if is_filled(text)}
        return _key(value) if value or name != OPT_OUT else None

    def of_row(self, values: Values) -> int | None:
        """Return the digest of a validated row; None if it cannot be compared by its digest."""
        keys: list[object] = []
        for target in self.targets:
            value = values.get(target.name)
            if target.label is not None:
                value = value.get(target.label) if value else None
            keys.append(self.row_key(target, value))
        return self.of_keys([[key] for key in keys], 1)[0]

    def of_keys(self, columns: Sequence[Iterable[object]], size: int) -> Sequence[int | None]:
        """Return the digests of rows or contacts.

        Args:
            columns: The keys of each target.
            size: The number of rows or contacts.

        Returns:
            The digests; None if one of them has a value that is not as documented.
        """
        try:
            return [*map(hash, zip(*columns, strict=True))] if columns else [hash(())] * size
        except TypeError:
            return [None] * size

    def of_contacts(self, columns: Columns) -> Sequence[int | None]:
        """Return the digests of the contacts of a page."""
        keys: list[Iterable[object]] = []
        for name, label in self.targets:
            column = columns[name]
            if label is not None:
                keys.append([labels.get(label) if labels else None for labels in column])
            elif name == TAGS:
                keys.append(self._keys_of_tags(column))
            else:
                keys.append(column if name in _TEXT_NAMES else map(_key, column))
        return self.of_keys(keys, len(columns[TAGS]))

    def _keys_of_tags(self, column: Iterable[Sequence[Any] | None]) -> Iterator[object]:
        """Yield the keys of lists of tags. Most contacts have tags that others have too."""
        known = self._known_tags
        if len(known) > _MAX_KNOWN_TAGS:
            known.clear()
        for tags in column:
            same = tuple(tags) if tags else None
            if same not in known:
                known[same] = _key(tags)
            yield known[same]


def _key(value: Any) -> object:  # noqa: ANN401  # any JSON
    """Return what has a hash, and is equal for equal values; None for a blank value."""
    if isinstance(value, list | dict):
        items = cast("Values", value).items() if isinstance(value, dict) else cast("list[object]", value)
        return tuple(sorted(cast("Iterable[Any]", items))) or None
    return value if value is None or isinstance(value, bool) else str(value) or None
