"""What a person says about the columns of a file: which is which field, and what becomes of the rest."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

from .errors import TransferError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping

_COLUMNS, _REST = "columns", "rest_as_variables"


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Which column of a file is which field. Columns that are not named here are found by their titles.

    Args:
        columns: The title of a column, and its field: a field in any spelling, `custom_variables.<label>`, or nothing
            to leave the column out. Several titles for one field are in the order of preference: the first that is not
            blank counts. A field that is named here is taken from no other column.
        rest_as_variables: Whether a column that is no field becomes a custom variable with its title as the label.

    Example:
        ColumnMap({"Mobile": "phone", "Plan": "custom_variables.Plan", "Internal note": ""})
    """

    columns: Mapping[str, str] = field(default_factory=dict[str, str])
    rest_as_variables: bool = False

    @classmethod
    def parse(cls, pairs: Iterable[str], *, rest_as_variables: bool = False) -> Self:
        """A map from pairs such as `Mobile Phone=phone`; the last `=` of each divides it.

        Raises:
            TransferError: One has no `=`, or no title.
        """
        columns: dict[str, str] = {}
        for pair in pairs:
            title, divided, target = pair.rpartition("=")
            if not divided or not title.strip():
                raise TransferError(f"{pair!r} maps nothing: write COLUMN=FIELD, such as 'Mobile Phone=phone'")
            columns[title.strip()] = target.strip()
        return cls(columns, rest_as_variables)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """A map from a file that `save` has written, or a person: TOML, or JSON where its name ends so.

        Raises:
            OSError: It cannot be opened.
            TransferError: It is no such file.
        """
        file = Path(path)
        read = json.loads if file.suffix.lower() == ".json" else tomllib.loads
        try:
            return cls._of(read(file.read_text(encoding="utf-8")))
        except ValueError as error:
            raise TransferError(f"{file.name} is no mapping file: {error}") from None

    @classmethod
    def _of(cls, content: object) -> Self:
        values = cast("dict[str, Any]", content) if isinstance(content, dict) else {}
        columns, rest = values.get(_COLUMNS, {}), values.get(_REST, False)
        texts = isinstance(columns, dict) and all(
            isinstance(target, str) for target in cast("dict[str, object]", columns).values()
        )
        if (
            not isinstance(content, dict)
            or values.keys() - {_COLUMNS, _REST}
            or not texts
            or not isinstance(rest, bool)
        ):
            message = f"it may hold a table {_COLUMNS} of titles and fields, and {_REST} = true, and nothing else"
            raise ValueError(message)
        return cls(cast("dict[str, str]", columns), rest)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the map into a file, as TOML, or as JSON where its name ends so.

        Raises:
            OSError: It cannot be written.
        """
        file = Path(path)
        file.write_text(self._json() if file.suffix.lower() == ".json" else self._toml(), encoding="utf-8")

    def _json(self) -> str:
        content = {_REST: self.rest_as_variables, _COLUMNS: dict(self.columns)}
        return json.dumps(content, ensure_ascii=False, indent=2) + "\n"

    def _toml(self) -> str:
        lines = [f"{_quoted(title)} = {_quoted(target)}" for title, target in self.columns.items()]
        return "\n".join([f"{_REST} = {str(self.rest_as_variables).lower()}", "", f"[{_COLUMNS}]", *lines, ""])

    def __or__(self, other: ColumnMap) -> ColumnMap:
        """Both maps; where they differ about a column, the other one counts."""
        return ColumnMap(
            {
                **other.columns,
                **{title: target for title, target in self.columns.items() if title not in other.columns},
            },
            self.rest_as_variables or other.rest_as_variables,
        )


def _quoted(text: str) -> str:
    """The text as a basic string of TOML, which is one of JSON's, but for a character that JSON leaves as it is."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
