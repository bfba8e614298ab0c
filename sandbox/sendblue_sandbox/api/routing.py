"""Routing: from a method and a path to an operation of the document."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .document import Operation

PARAMETER = re.compile(r"\\\{\w+\\\}")


class Router:
    """The routes of some operations. A path without a parameter has precedence over one with a parameter.

    Args:
        operations: The operations.
    """

    def __init__(self, operations: Iterable[Operation]) -> None:
        by_path: dict[str, dict[str, Operation]] = {}
        for operation in operations:
            by_path.setdefault(operation.path, {})[operation.method] = operation
        paths = sorted(by_path, key=lambda path: "{" in path)
        self._routes = [(_pattern(path), by_path[path]) for path in paths]

    def find(self, method: str, path: str) -> tuple[Operation, str]:
        """Return the operation and the value of the path parameter ("" if the path has none). HEAD finds GET.

        Args:
            method: The HTTP method.
            path: The decoded path.

        Raises:
            ApiError: 404, the path does not exist; 405, it does not have this method.
        """
        for pattern, methods in self._routes:
            match = pattern.fullmatch(path)
            if match:
                return _operation(methods, method), (*match.groups(), "")[0]
        raise ApiError(404, "Not Found")


def _operation(methods: dict[str, Operation], method: str) -> Operation:
    operation = methods.get("GET" if method == "HEAD" else method)
    if operation is None:
        allowed = sorted({*methods, *({"HEAD"} if "GET" in methods else ())})
        raise ApiError(405, "Method Not Allowed", {"Allow": ", ".join(allowed)})
    return operation


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(PARAMETER.sub("([^/]+)", re.escape(path)))
