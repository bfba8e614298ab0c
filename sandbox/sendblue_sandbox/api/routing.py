"""Routes: a method and a path to an operation of the document. A path without a variable comes before one with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .document import Operation

VARIABLE = re.compile(r"\\\{\w+\\\}")


class Router:
    """The routes of some operations.

    Args:
        operations: Each with its method and its path.
    """

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._plain: dict[str, dict[str, Operation]] = {}
        for operation in operations:
            self._plain.setdefault(operation.path, {})[operation.method] = operation
        variable = {path: self._plain.pop(path) for path in list(self._plain) if "{" in path}
        self._variable = [(_pattern(path), methods) for path, methods in variable.items()]

    def find(self, method: str, path: str) -> tuple[Operation, str]:
        """The operation, and the variable of its path ("" if it has none). HEAD finds what GET does.

        Args:
            method: The HTTP method.
            path: The path, decoded.

        Raises:
            Refused: 404, there is no such path; 405, it has no such method.
        """
        methods, variable = self._at(path)
        operation = methods.get("GET" if method == "HEAD" else method)
        if operation is None:
            allowed = sorted({*methods, *({"HEAD"} if "GET" in methods else ())})
            raise Refused(405, "Method Not Allowed", {"Allow": ", ".join(allowed)})
        return operation, variable

    def _at(self, path: str) -> tuple[dict[str, Operation], str]:
        methods = self._plain.get(path)
        if methods is not None:
            return methods, ""
        for pattern, methods in self._variable:
            match = pattern.fullmatch(path)
            if match:
                return methods, match[1]
        raise Refused(404, "Not Found")


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(VARIABLE.sub("([^/]+)", re.escape(path)))
