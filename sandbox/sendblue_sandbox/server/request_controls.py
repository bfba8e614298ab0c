"""The control routes of recorded requests: the list, and one request with its response. Credentials are masked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendblue_sandbox.api.errors import ApiError
from sendblue_sandbox.recorder import MAX_RESPONSE_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from sendblue_sandbox.recorder import Received, SentResponse
    from sendblue_sandbox.state import SandboxState

    from .control_request import ControlRequest

DEFAULT_LIMIT = 100
MAX_LIMIT = 1_000
# Headers with credentials, in addition to those of the document.
SECRET_HEADERS = ("authorization", "cookie", "proxy-authorization")
MASK = "••••••"
RESET = "reset"


def get_requests(state: SandboxState, request: ControlRequest) -> object:
    """Return the newest matching requests, oldest first."""
    limit, after = request.integer("limit", DEFAULT_LIMIT, 0, MAX_LIMIT), request.integer("after", 0)
    found = state.recorder.after(after, limit, _filter(request))
    return {"last": state.recorder.count(), "requests": [_summary(*each) for each in found]}


def get_request(state: SandboxState, request: ControlRequest) -> object:
    """Return one request with its headers and body, the response, and the fault that hit it."""
    found = state.recorder.find(request.number())
    if found is None:
        raise ApiError(404, "The request is not recorded: the sandbox was reset, or newer requests replaced it")
    received, response = found
    secret = {*SECRET_HEADERS, *(name.lower() for name in state.context.document.credential_headers)}
    return {
        **_summary(request.number(), received),
        "headers": _masked(received.headers, secret),
        "body": _text(received.body[:MAX_RESPONSE_BYTES]),
        "size": len(received.body),
        "response": None if response is None else _response(response),
        "fault": received.fault.to_dict() if received.fault else None,
    }


def _filter(request: ControlRequest) -> Callable[[Received], bool]:
    status, fault = request.query.get("status"), request.flag("fault")
    if status is not None and not _is_status(status):
        raise ApiError(400, "Invalid parameter: status must be a status such as 404, a class such as 4xx, or reset")

    def matches(received: Received) -> bool:
        shown = str(received.status) if received.status else RESET
        return status in {None, shown, f"{shown[0]}xx"} and fault in {None, received.fault is not None}

    return matches


def _is_status(text: str) -> bool:
    return text == RESET or (len(text) == 3 and text[0].isdigit() and (text[1:] == "xx" or text.isdigit()))  # noqa: PLR2004 - the digits of a status


def _summary(number: int, received: Received) -> dict[str, object]:
    return {
        "number": number,
        "at": received.at,
        "method": received.method,
        "path": received.path,
        "query": received.query,
        "status": received.status,
        "seconds": received.seconds,
        "fault": received.fault.what if received.fault else None,
    }


def _response(response: SentResponse) -> dict[str, object]:
    return {"headers": dict(response.headers), "body": _text(response.body), "size": response.size}


def _masked(headers: Mapping[str, str], secret: Collection[str]) -> dict[str, str]:
    return {name: MASK if name in secret else value for name, value in headers.items()}


def _text(body: bytes) -> str:
    return body.decode(errors="replace")
