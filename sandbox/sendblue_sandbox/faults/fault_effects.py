"""What a fault makes of an answer: one function for each kind. A table, and no branch anywhere else."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from sendblue_sandbox.api.response import ENCODE, JSON, Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from .fault import Fault, What

# Kinds that need the real answer: the request is carried out whatever `after` says.
REAL = frozenset({"delay", "truncated", "broken_json"})
NOTHING = Answer(200, b"")
PAGE = "<!DOCTYPE html>\n<html><head><title>{0}</title></head><body><h1>{0}</h1><hr>proxy</body></html>\n"
NOWHERE = "http://elsewhere.invalid/"


def spoilt(fault: Fault, real: Answer) -> Answer:
    """The answer that goes out.

    Args:
        fault: What happens.
        real: The answer that would go out, or `NOTHING` where the request was not carried out.
    """
    return KINDS[fault.what](fault, real)


def _error(fault: Fault, _: Answer) -> Answer:
    status = fault.status or HTTPStatus.INTERNAL_SERVER_ERROR
    body = {"status": "ERROR", "message": _phrase(status)} if fault.body is None else fault.body
    if isinstance(body, str):
        return _given(fault, status, body, "text/plain; charset=utf-8")
    return _given(fault, status, ENCODE(body), JSON)


def _late(fault: Fault, real: Answer) -> Answer:
    return replace(real, headers={**real.headers, **fault.headers})


def _reset(_: Fault, real: Answer) -> Answer:
    return replace(real, ending="reset")


def _truncated(_: Fault, real: Answer) -> Answer:
    return replace(real, ending="truncated")


def _broken(fault: Fault, real: Answer) -> Answer:
    return replace(real, status=fault.status or real.status, body=real.body[: len(real.body) // 2])


def _html(fault: Fault, _: Answer) -> Answer:
    status = fault.status or HTTPStatus.BAD_GATEWAY
    page = fault.body if isinstance(fault.body, str) else PAGE.format(f"{status:d} {_phrase(status)}")
    return _given(fault, status, page, "text/html; charset=utf-8")


def _empty(fault: Fault, _: Answer) -> Answer:
    return _given(fault, fault.status or HTTPStatus.OK, "", JSON)


def _redirect(fault: Fault, _: Answer) -> Answer:
    answer = _given(fault, fault.status or HTTPStatus.TEMPORARY_REDIRECT, "", JSON)
    return replace(answer, headers={"Location": NOWHERE, **answer.headers})


KINDS: dict[What, Callable[[Fault, Answer], Answer]] = {
    "status": _error,
    "delay": _late,
    "reset": _reset,
    "truncated": _truncated,
    "broken_json": _broken,
    "html": _html,
    "empty": _empty,
    "redirect": _redirect,
}


def _given(fault: Fault, status: int, text: str, media_type: str) -> Answer:
    return Answer(int(status), text.encode(), dict(fault.headers), media_type)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
