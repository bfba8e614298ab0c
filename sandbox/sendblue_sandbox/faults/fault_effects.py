"""The effects of faults: one function for each kind, which turns the normal response into the faulty one."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from sendblue_sandbox.api.response import JSON_TYPE, ApiResponse, encode_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from .fault import Fault, FaultKind

# Kinds that change the normal response: the request is executed whatever `after` is.
NEEDS_RESPONSE = frozenset({"delay", "truncated", "broken_json"})
NOT_EXECUTED = ApiResponse(200, b"")
ERROR_PAGE = "<!DOCTYPE html>\n<html><head><title>{0}</title></head><body><h1>{0}</h1><hr>proxy</body></html>\n"
REDIRECT_TARGET = "http://elsewhere.invalid/"


def apply_fault(fault: Fault, response: ApiResponse) -> ApiResponse:
    """Return the response to send.

    Args:
        fault: The fault.
        response: The normal response, or `NOT_EXECUTED` if the request was not executed.
    """
    return EFFECTS[fault.what](fault, response)


def _error_status(fault: Fault, _: ApiResponse) -> ApiResponse:
    status = fault.status or HTTPStatus.INTERNAL_SERVER_ERROR
    body = {"status": "ERROR", "message": _phrase(status)} if fault.body is None else fault.body
    if isinstance(body, str):
        return _response(fault, status, body, "text/plain; charset=utf-8")
    return _response(fault, status, encode_json(body), JSON_TYPE)


def _delay(fault: Fault, response: ApiResponse) -> ApiResponse:
    return replace(response, headers={**response.headers, **fault.headers})


def _reset(_: Fault, response: ApiResponse) -> ApiResponse:
    return replace(response, delivery="reset")


def _truncated(_: Fault, response: ApiResponse) -> ApiResponse:
    return replace(response, delivery="truncated")


def _broken_json(fault: Fault, response: ApiResponse) -> ApiResponse:
    return replace(response, status=fault.status or response.status, body=response.body[: len(response.body) // 2])


def _html(fault: Fault, _: ApiResponse) -> ApiResponse:
    status = fault.status or HTTPStatus.BAD_GATEWAY
    page = fault.body if isinstance(fault.body, str) else ERROR_PAGE.format(f"{status:d} {_phrase(status)}")
    return _response(fault, status, page, "text/html; charset=utf-8")


def _empty(fault: Fault, _: ApiResponse) -> ApiResponse:
    return _response(fault, fault.status or HTTPStatus.OK, "", JSON_TYPE)


def _redirect(fault: Fault, _: ApiResponse) -> ApiResponse:
    response = _response(fault, fault.status or HTTPStatus.TEMPORARY_REDIRECT, "", JSON_TYPE)
    return replace(response, headers={"Location": REDIRECT_TARGET, **response.headers})


EFFECTS: dict[FaultKind, Callable[[Fault, ApiResponse], ApiResponse]] = {
    "status": _error_status,
    "delay": _delay,
    "reset": _reset,
    "truncated": _truncated,
    "broken_json": _broken_json,
    "html": _html,
    "empty": _empty,
    "redirect": _redirect,
}


def _response(fault: Fault, status: int, text: str, media_type: str) -> ApiResponse:
    return ApiResponse(int(status), text.encode(), dict(fault.headers), media_type)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
