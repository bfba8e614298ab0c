"""The user's mapping of columns to fields, and its files."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

from sendblue_transfer.errors import TransferError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping

_COLUMNS, _REST = "columns", "rest_as_variables"
_FILE_FORMAT = f"expected only the table [{_COLUMNS}], of text values, and the boolean {_REST}"


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Which column of a file fills which field. Columns that are not in the map are matched by their titles.

    Args:
        columns: Column titles and the fields they fill: a field name in any spelling, `custom_variables.<label>`, or an
            empty string to ignore the column. Several columns for one field are in order of preference: the first that
            is not blank is used. A field in this map is filled from no other column.
        rest_as_variables: Whether a column that matches no field becomes a custom variable, with its title as label.

    Example:
        ColumnMap({"Mobile": "phone", "Plan": "custom_variables.Plan", "Internal note": ""})
    """

    columns: Mapping[str, str] = field(default_factory=dict[str, str])
    rest_as_variables: bool = False

    @classmethod
    def parse(cls, pairs: Iterable[str], *, rest_as_variables: bool = False) -> Self:
        """Create a map from pairs such as `Mobile Phone=phone`. The last `=` separates the column from the field.

        Raises:
            TransferError: A pair has no `=`, or no column.
        """
        columns: dict[str, str] = {}
        for pair in pairs:
            title, separator, target = pair.rpartition("=")
            if not separator or not title.strip():
                raise TransferError(f"invalid mapping {pair!r}; write COLUMN=FIELD, such as 'Mobile Phone=phone'")
            columns[title.strip()] = target.strip()
        return cls(columns, rest_as_variables)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a map from a file: JSON if its name ends in `.json`, else TOML.

        Raises:
            OSError: The file cannot be opened.
            TransferError: The file is not a valid mapping file.
        """
        file = Path(path)
        parse = json.loads if file.suffix.lower() == ".json" else tomllib.loads
        try:
            return cls._from_content(parse(file.read_text(encoding="utf-8")))
        except ValueError as error:
            raise TransferError(f"{file.name} is not a valid mapping file: {error}") from None

    @classmethod
    def _from_content(cls, content: object) -> Self:
        if not isinstance(content, dict):
            raise ValueError(_FILE_FORMAT)  # noqa: TRY004  # the file is invalid, not an argument
        values = cast("dict[str, Any]", content)
        columns, rest = values.get(_COLUMNS, {}), values.get(_REST, False)
        if values.keys() - {_COLUMNS, _REST} or not _is_text_table(columns) or not isinstance(rest, bool):
            raise ValueError(_FILE_FORMAT)
        return cls(cast("dict[str, str]", columns), rest)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the map to a file: as JSON if its name ends in `.json`, else as TOML.

        Raises:
            OSError: The file cannot be written.
        """
        file = Path(path)
        file.write_text(self._json() if file.suffix.lower() == ".json" else self._toml(), encoding="utf-8")

    def _json(self) -> str:
        content = {_REST: self.rest_as_variables, _COLUMNS: dict(self.columns)}
        return json.dumps(content, ensure_ascii=False, indent=2) + "\n"

    def _toml(self) -> str:
        lines = [f"{_toml_string(title)} = {_toml_string(target)}" for title, target in self.columns.items()]
        return "\n".join([f"{_REST} = {str(self.rest_as_variables).lower()}", "", f"[{_COLUMNS}]", *lines, ""])

    def __or__(self, other: ColumnMap) -> ColumnMap:
        """Combine two maps. For a column in both, the other map takes precedence."""
        own = {title: target for title, target in self.columns.items() if title not in other.columns}
        return ColumnMap({**other.columns, **own}, self.rest_as_variables or other.rest_as_variables)


def _is_text_table(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(item, str) for item in cast("dict[str, object]", value).values())


def _toml_string(text: str) -> str:
    """Return a TOML basic string: the same as a JSON string, except that TOML escapes the character DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
