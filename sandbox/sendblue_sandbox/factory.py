"""The factory: creates the document, the store and the apps of one sandbox. Imports everything that needs the extra."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import Response

from .api.context import Context
from .api.dispatcher import Dispatcher
from .api.document import Document
from .api.errors import ApiError
from .api.rendering import ContactRenderer
from .api.response import JSON_TYPE, error_response
from .clock import Clock
from .faults.rules import Faults
from .rate_limit.limiter import Limiter
from .recorder import RequestRecorder
from .server.asgi import SandboxApp
from .server.host_check import HostCheck
from .server.routes import internal_routes
from .server.uvicorn_server import ServerThread
from .state import SandboxState
from .storage.replica import ReplicatedStore
from .storage.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.types import ASGIApp

    from .config import Settings


@dataclass(frozen=True, slots=True)
class Runtime:
    """The state of one sandbox and its ASGI app."""

    state: SandboxState
    asgi: ASGIApp

    def serve(self) -> ServerThread:
        """Start a server."""
        settings = self.state.context.settings
        return ServerThread(self.asgi, settings.host, settings.port)


def create_runtime(settings: Settings, real_time: Callable[[], float]) -> Runtime:
    """Read the document, open the store and create the apps.

    Args:
        settings: The settings.
        real_time: Returns seconds since 1970; the clock follows it until it is set.
    """
    document = Document(settings.document)
    renderer = ContactRenderer(document.contact, settings.spelling)
    limiter = Limiter(settings.limit, settings.per, settings.window)
    clock = Clock(real_time, limiter.clear_windows)
    context = Context(document, _open_store(settings, renderer, clock), renderer, settings)
    faults = Faults([operation.name for operation in document.operations])
    state = SandboxState(context, limiter, RequestRecorder(), faults, clock)
    return Runtime(state, _create_asgi(state))


def _open_store(settings: Settings, renderer: ContactRenderer, clock: Clock) -> Store:
    if settings.read_lag:
        return ReplicatedStore(settings.db, renderer, settings.read_lag, clock)
    return Store(settings.db, renderer)


def _create_asgi(state: SandboxState) -> ASGIApp:
    internal = Starlette(routes=internal_routes(state), exception_handlers={HTTPException: _http_error})
    internal.router.redirect_slashes = False
    settings = state.context.settings
    host_check = HostCheck(frozenset(name.lower() for name in (settings.host, *settings.allowed_hosts)))
    return SandboxApp(Dispatcher(state), internal, host_check, state.recorder, state.clock, settings.max_body_bytes)


async def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - Starlette calls this handler for HTTPException only
    response = error_response(ApiError(error.status_code, error.detail, dict(error.headers or {})))
    return Response(response.body, response.status, response.headers, JSON_TYPE)
