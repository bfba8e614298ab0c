"""The internal routes: the control routes and the pages, which are not part of the API.

Requests to them need no credentials, do not count against the rate limit and are not recorded. A request to any other
path is a request of a client, and is recorded even if the path does not exist. To add routes, write a function that
returns them, and call it in `internal_routes`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .control_api import control_routes
from .pages import page_routes

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from sendblue_sandbox.state import SandboxState

INTERNAL_SEGMENTS = frozenset({"", "docs", "_sandbox", "favicon.ico"})


def internal_routes(state: SandboxState) -> list[BaseRoute]:
    """Return the routes in order of precedence."""
    return [*control_routes(state), *page_routes(state)]


def is_internal(path: str) -> bool:
    """Return whether a path belongs to these routes, by its first segment."""
    return path.lstrip("/").partition("/")[0] in INTERNAL_SEGMENTS
