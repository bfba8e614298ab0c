"""Write `operation_table.py`: the servers and operations of the document as literals, for hooks and traces.

A request is recognized by its method and path. The name of a call comes from the tag and the operationId:
`ContactsBulk` and `bulk_create_contacts` make `contacts.bulk.create`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from maintain.regenerate.query_parameters import query_values

if TYPE_CHECKING:
    from pathlib import Path

    from maintain.openapi_document import Document

HEADER = '''\
"""The servers and operations of the document, as literals. This module imports no other module."""

from __future__ import annotations

from typing import Final, NamedTuple


class OperationEntry(NamedTuple):
    """One operation."""

    method: str
    """The HTTP method, in upper case."""
    route: str | None
    """The path, with the names of its parameters in braces; None for a request that is no operation."""
    operation_id: str | None
    """The operationId."""
    call: str
    """The name of the call, such as `contacts.retrieve`; the method of a request that is no operation."""
    deprecated: bool = False
    """Whether the API deprecates it."""


SERVERS: Final[tuple[str, ...]] = {servers!r}
"""The base URLs of the API; the first one is the default."""

QUERY_VALUES: Final[dict[str, dict[str, tuple[str, ...]]]] = {values!r}
"""Values of the query parameters that are texts with several examples, by operationId; the default comes first."""

OPERATION_TABLE: Final[tuple[OperationEntry, ...]] = ('''


def write_operation_table(document: Document, package: Path) -> None:
    """Write the operation table of a generated package."""
    rows = [_row(document, route, method) for route, method in document.operations()]
    lines = "".join(f"OperationEntry({', '.join(map(repr, row))}{mark})," for *row, mark in sorted(rows))
    servers = tuple(server["url"] for server in document.data.get("servers", ()))
    head = HEADER.replace("{servers!r}", repr(servers)).replace("{values!r}", repr(query_values(document.data)))
    (package / "operation_table.py").write_text(f"{head}{lines})\n", encoding="utf-8")


def _row(document: Document, route: str, method: str) -> tuple[str, str, str, str, str]:
    operation = document.data["paths"][route][method]
    operation_id = operation.get("operationId", "")
    mark = ", deprecated=True" if operation.get("deprecated") else ""
    return method.upper(), route, operation_id, call_name(operation_id, *operation.get("tags", [])[:1]), mark


def call_name(operation_id: str, tag: str = "") -> str:
    """Return the name of the call of an operation: the words of its tag, and the other words of its operationId."""
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+", tag)]
    of_tag = {*words, *(word.removesuffix("s") for word in words)}
    verb = "_".join(word for word in operation_id.split("_") if word not in of_tag)
    return ".".join([*words, verb or operation_id])
