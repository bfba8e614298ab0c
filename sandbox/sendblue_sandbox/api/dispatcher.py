"""The dispatcher: turns a complete request into a response.

The checks come in this order: the route (404, 405), the credentials (403, 401), the rate limit (429), the faults, the
query (400), the body (413, 400), the operation, whose time may grow with its items. So only requests with valid
credentials to a route of the API count against the limit (the vendor's page 003: "Contacts endpoints are
rate-limited"), and faults apply only to admitted requests.
"""

from __future__ import annotations

import logging
import math
from dataclasses import replace
from email.utils import formatdate
from random import random
from typing import TYPE_CHECKING, Any

import anyio

from sendblue_sandbox.faults.fault_effects import NEEDS_RESPONSE, NOT_EXECUTED, apply_fault

from .auth import authenticate
from .context import OperationCall
from .errors import ApiError
from .operations import HANDLERS
from .query_params import parse_query
from .response import error_response, success_response
from .routing import Router
from .validation import parse_json, validate

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractContextManager

    from sendblue_sandbox.config import RetryAfter
    from sendblue_sandbox.faults.fault import Fault
    from sendblue_sandbox.state import SandboxState

    from .document import Operation
    from .request import ApiRequest
    from .response import ApiResponse

LOG = logging.getLogger("sendblue_sandbox")
BULK_ITEMS = {"bulk_create_contacts": "contacts", "bulk_delete_contacts": "contact_ids"}
"""The bulk operations, and the field that has their items."""


class Dispatcher:
    """Runs the operations of the document.

    Args:
        state: The state of the sandbox.
        sleep: Waits for a number of seconds.
        chance: Returns a random number from 0 to 1, for the jitter of faults.
    """

    def __init__(
        self,
        state: SandboxState,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
        chance: Callable[[], float] = random,
    ) -> None:
        self._state = state
        self._context = state.context
        self._router = Router(state.context.document.operations)
        self._sleep = sleep
        self._chance = chance

    async def dispatch(self, request: ApiRequest) -> ApiResponse:
        """Return the response to a request. Raises no exception."""
        try:
            operation, path_number = self._router.find(request.method, request.path)
            self._admit(request)
        except ApiError as error:
            return error_response(error)
        fault = self._state.faults.take(operation.name, request.method, request.path)
        if fault is None:
            return await self._execute(operation, path_number, request)
        return await self._execute_with_fault(fault, lambda: self._execute(operation, path_number, request))

    async def _execute_with_fault(self, fault: Fault, execute: Callable[[], Awaitable[ApiResponse]]) -> ApiResponse:
        delay = fault.delay + fault.jitter * self._chance()
        if fault.after:
            response = await execute()
            await self._sleep(delay)
        else:
            await self._sleep(delay)
            response = await execute() if fault.what in NEEDS_RESPONSE else NOT_EXECUTED
        return replace(apply_fault(fault, response), fault=fault)

    def _admit(self, request: ApiRequest) -> None:
        settings = self._context.settings
        expected = (settings.api_key, settings.api_secret)
        key = authenticate(request.headers, self._context.document.credential_headers, expected)
        wait = self._state.limiter.arrive(key, request.at)
        if wait is not None:
            raise ApiError(429, "Too many requests", RETRY_AFTER[settings.retry_after](wait, request.at))

    async def _execute(self, operation: Operation, path_number: str, request: ApiRequest) -> ApiResponse:
        try:
            if operation.name in BULK_ITEMS:
                await self._take_time(len(_validated_body(operation, request)[BULK_ITEMS[operation.name]]))
            value = self._call_handler(operation, path_number, request)
            return success_response(value, operation.response, self._context.settings.spelling)
        except ApiError as error:
            return error_response(error)
        except Exception as error:  # noqa: BLE001 - the server must survive any error of an operation
            return _internal_error(error)

    async def _take_time(self, items: int) -> None:
        settings = self._context.settings
        if settings.bulk_max is not None and items > settings.bulk_max:
            raise ApiError(413, f"Too many items: at most {settings.bulk_max} are allowed in one request")
        if seconds := items * settings.bulk_seconds_per_item:
            await self._sleep(seconds)

    def _call_handler(self, operation: Operation, path_number: str, request: ApiRequest) -> object:
        handler = HANDLERS.get(operation.name)
        if handler is None:
            message = f"The document has the operation {operation.name}, which the sandbox does not implement"
            raise ApiError(501, message)
        query = parse_query(operation.query, request.query)
        body = _validated_body(operation, request)
        call = OperationCall(operation, path_number, query, body, round(request.at * 1000))
        with self._lock_store(operation):
            return handler(self._context, call)

    def _lock_store(self, operation: Operation) -> AbstractContextManager[None]:
        store = self._context.store
        return store.locked() if operation.method == "GET" else store.transaction()


def _validated_body(operation: Operation, request: ApiRequest) -> dict[str, Any]:
    if request.body is None:
        raise ApiError(413, "Request entity too large")
    if operation.body is None:
        return {}
    return validate(operation.body, parse_json(request.body, request.headers.get("content-type", "")))


def _retry_after_seconds(wait: float, _: float) -> dict[str, str]:
    return {"Retry-After": str(max(1, math.ceil(wait)))}


def _retry_after_date(wait: float, now: float) -> dict[str, str]:
    return {"Retry-After": formatdate(math.ceil(now + wait), usegmt=True)}


def _no_retry_after(_: float, __: float) -> dict[str, str]:
    return {}


# The headers of a 429 response, from the wait in seconds and the current time. They never announce too short a wait.
RETRY_AFTER: dict[RetryAfter, Callable[[float, float], dict[str, str]]] = {
    "seconds": _retry_after_seconds,
    "date": _retry_after_date,
    "none": _no_retry_after,
}


def _internal_error(error: Exception) -> ApiResponse:
    LOG.error("The sandbox failed to process a request.", exc_info=error)
    return error_response(ApiError(500, f"Internal server error ({type(error).__name__})"))
