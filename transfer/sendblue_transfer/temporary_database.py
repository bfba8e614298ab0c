"""Private databases for what does not fit into memory, and the end of objects that hold a file."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType


class Closing(ABC):
    """An object that closes itself at the end of a `with` block."""

    @abstractmethod
    def close(self) -> None:
        """Close the object."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class TemporaryDatabase(Closing):
    """An SQLite database that no other process can open.

    It is in memory while it is small, in a temporary file when it grows, and deleted with the process.

    Args:
        statements: The statements that create the tables.
    """

    def __init__(self, *statements: str) -> None:
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        for statement in statements:
            self._database.execute(statement)

    def _write_all(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Run a statement for each row, in one transaction."""
        self._database.execute("BEGIN")
        self._database.executemany(statement, rows)
        self._database.execute("COMMIT")

    def close(self) -> None:
        """Delete the database."""
        self._database.close()
