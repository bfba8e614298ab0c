"""The app: HTTP in, HTTP out. It finds the operation, asks the other rooms, and writes the answer.

The order of the checks: the route (404, 405), the credentials (403, 401), the limit (429), the body (413, 400), the
operation. So only requests with good credentials to a route of the API count against the limit (the vendor's page 003:
"Contacts endpoints are rate-limited").
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from ._credentials import key_of
from ._document import Document
from ._front import ARRIVAL, Arrival, Front
from ._input import checked, parsed
from ._operations import HANDLERS, Call, Desk, contact_of
from ._refusal import Refused
from ._server import Server
from ._spelling import spell
from ._store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from starlette.requests import Request
    from starlette.types import ASGIApp

    from ._document import Operation
    from ._limit import Limit
    from ._requests import Requests
    from ._settings import Settings

LOG = logging.getLogger("sendblue_sandbox")
METHOD_NOT_ALLOWED = 405


@dataclass(frozen=True, slots=True)
class App:
    """The operations of a document over HTTP.

    Attributes:
        desk: What the operations work with.
        limit: Who may pass.
        requests: Where requests are noted.
        clock: The time in seconds since 1970.
    """

    desk: Desk
    limit: Limit
    requests: Requests
    clock: Callable[[], float]

    def asgi(self) -> ASGIApp:
        """The ASGI app."""
        inner = Starlette(routes=self._routes(), exception_handlers={HTTPException: _no_route})
        inner.router.redirect_slashes = False
        return Front(inner, self.requests, self.clock, self.desk.settings.max_body_bytes)

    def serve(self, asgi: ASGIApp) -> Server:
        """Start a server."""
        return Server(asgi, self.desk.settings.host, self.desk.settings.port)

    def contacts(self) -> list[dict[str, object]]:
        """Every contact under preferred names, in the order in which they were made."""
        with self.desk.store.reading():
            return [contact_of(self.desk, row) for row in self.desk.store.all()]

    def _routes(self) -> list[Route]:
        # A path without a variable comes before one with, as OpenAPI has it: `count` is no phone number.
        operations = sorted(self.desk.document.operations, key=lambda operation: "{" in operation.path)
        paths = dict.fromkeys(operation.path for operation in operations)
        return [self._route(path, {each.method: each for each in operations if each.path == path}) for path in paths]

    def _route(self, path: str, operations: Mapping[str, Operation]) -> Route:
        # async, though it awaits nothing: Starlette would run it in a thread of its own.
        async def endpoint(request: Request) -> Response:
            method = "GET" if request.method == "HEAD" else request.method
            try:
                return self._answer(request, operations[method])
            except Refused as refused:
                return _written(refused.status, refused.body, refused.headers)
            except Exception as error:  # noqa: BLE001 - whatever it was, the server goes on
                return _broken(error)

        return Route(path, endpoint, methods=list(operations))

    def _answer(self, request: Request, operation: Operation) -> Response:
        arrival: Arrival = request.scope[ARRIVAL]
        self._admit(arrival)
        call = Call(
            operation=operation,
            path_number=next(iter(request.path_params.values()), ""),
            query=request.query_params,
            body=_body(operation, arrival),
            at=round(arrival.at * 1000),
        )
        answer = self._carry_out(call)
        return _written(200, spell(answer, operation.answer, self.desk.settings.spelling))

    def _admit(self, arrival: Arrival) -> None:
        settings = self.desk.settings
        key = key_of(arrival.headers, self.desk.document.credentials, (settings.api_key, settings.api_secret))
        wait = self.limit.arrive(key, arrival.at)
        if wait is not None:
            raise Refused(429, "Too many requests", {"Retry-After": str(wait)})

    def _carry_out(self, call: Call) -> object:
        handler = HANDLERS.get(call.operation.name)
        if handler is None:
            raise Refused(
                501, f"The sandbox cannot carry out {call.operation.name}: the document has it, the sandbox not yet"
            )
        with self._turn(call.operation):
            return handler(self.desk, call)

    def _turn(self, operation: Operation) -> AbstractContextManager[None]:
        store = self.desk.store
        return store.reading() if operation.method == "GET" else store.writing()


def opened(settings: Settings, limit: Limit, requests: Requests, clock: Callable[[], float]) -> App:
    """Read the document, open the store, and put an app in front of both."""
    document = Document(settings.document)
    return App(Desk(document, Store(settings.db), settings), limit, requests, clock)


def _body(operation: Operation, arrival: Arrival) -> dict[str, object]:
    if arrival.body is None:
        raise Refused(413, "Request entity too large")
    if operation.body is None:
        return {}
    return checked(operation.body, parsed(arrival.body, arrival.headers.get("content-type", "")))


def _written(status: int, body: object, headers: Mapping[str, str] | None = None) -> Response:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode(), status, headers, "application/json")


async def _no_route(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - tells type checkers what Starlette promises
    allow = sorted((error.headers or {}).get("Allow", "").split(", "))
    headers = {"Allow": ", ".join(allow)} if error.status_code == METHOD_NOT_ALLOWED else None
    return _written(error.status_code, Refused(error.status_code, error.detail).body, headers)


def _broken(error: Exception) -> Response:
    LOG.error("The sandbox failed to answer a request.", exc_info=error)
    return _written(500, Refused(500, f"Internal server error ({type(error).__name__})").body)
