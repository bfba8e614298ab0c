"""Everything that needs the extra, put together: the document, the store and the apps of one sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import Response

from .api.dispatcher import App
from .api.document import Document
from .api.errors import Refused
from .api.operations import Desk
from .api.rendering import Contacts
from .api.response import JSON, bad
from .clock import Clock
from .faults.rules import Faults
from .rate_limit.limiter import Limit
from .recorder import Requests
from .server.asgi import Front
from .server.routes import routes
from .server.uvicorn_server import Server
from .state import State
from .storage.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.types import ASGIApp

    from .config import Settings


@dataclass(frozen=True, slots=True)
class Opened:
    """The state of one sandbox, and the app in front of it."""

    state: State
    asgi: ASGIApp

    def serve(self) -> Server:
        """Start a server."""
        settings = self.state.desk.settings
        return Server(self.asgi, settings.host, settings.port)


def opened(settings: Settings, real: Callable[[], float]) -> Opened:
    """Read the document, open the store, and put the apps in front.

    Args:
        settings: The settings.
        real: The time in seconds since 1970, as long as nobody sets the clock.
    """
    document = Document(settings.document)
    contacts = Contacts(document.contact, settings.spelling)
    limit = Limit(settings.limit, settings.per, settings.window)
    desk = Desk(document, Store(settings.db, contacts), contacts, settings)
    faults = Faults([operation.name for operation in document.operations])
    state = State(desk, limit, Requests(), faults, Clock(real, limit.open))
    return Opened(state, _asgi(state))


def _asgi(state: State) -> ASGIApp:
    site = Starlette(routes=routes(state), exception_handlers={HTTPException: _no_route})
    site.router.redirect_slashes = False
    return Front(App(state), site, state.requests, state.clock, state.desk.settings.max_body_bytes)


async def _no_route(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - tells type checkers what Starlette promises
    answer = bad(Refused(error.status_code, error.detail, dict(error.headers or {})))
    return Response(answer.body, answer.status, answer.headers, JSON)
