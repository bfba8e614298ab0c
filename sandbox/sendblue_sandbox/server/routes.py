"""Every route that is no operation of the document. To add one: a function that returns routes, named in `routes`.

Requests to these need no credentials, do not count against the limit and are not noted. Which paths are no business
of the API is said here too: a request to any other path is a client's, and is noted even where there is no route.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import control_api, pages

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from sendblue_sandbox.state import State

PATHS = frozenset({"", "docs", "_sandbox", "favicon.ico"})


def routes(state: State) -> list[BaseRoute]:
    """The routes, in the order in which they are looked at."""
    return [*control_api.routes(state), *pages.routes(state)]


def ours(path: str) -> bool:
    """Whether a path belongs to these routes: its first segment is one of `PATHS`."""
    return path.lstrip("/").partition("/")[0] in PATHS
