"""The control routes: what `Sandbox` has as methods, as JSON under `/_sandbox/`.

| route                       | method      | what it does                                                     |
|-----------------------------|-------------|------------------------------------------------------------------|
| /_sandbox/state             | GET         | what is in the sandbox and what is happening                     |
| /_sandbox/contacts          | GET         | contacts for a person: `search`, `limit`, `offset`               |
| /_sandbox/requests          | GET         | what arrived: `limit`, `after` the number of a request           |
| /_sandbox/arrivals          | GET         | the worst window so far                                          |
| /_sandbox/reset             | POST        | forget everything                                                |
| /_sandbox/seed              | POST        | add contacts: `count`, `seed`                                    |
| /_sandbox/faults            | GET         | the rules and how often each happened                            |
|                             | POST / PUT  | add one rule, or an array of them / instead of all there are     |
|                             | DELETE      | forget the rules                                                 |
| /_sandbox/clock             | GET         | the time                                                         |
|                             | POST        | one of `set` (ISO 8601, or seconds), `advance` (seconds), `real` |

A body is JSON and says so in its Content-Type, and a browser must not say that a page of another site asks: what is
open in a browser on this machine has no business here. Whatever is wrong with a
request is a 400 that says what.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from starlette.responses import Response
from starlette.routing import Route

from sendblue_sandbox.api.errors import Refused
from sendblue_sandbox.api.query_params import number
from sendblue_sandbox.api.rendering import iso
from sendblue_sandbox.api.response import ENCODE, JSON
from sendblue_sandbox.api.validation import parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from sendblue_sandbox.faults.rules import Rule
    from sendblue_sandbox.recorder import Received
    from sendblue_sandbox.state import State

PAGE = 100
MOST = 1_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A control request: its query, and its body or None."""

    query: Mapping[str, str]
    body: object

    def whole(self, name: str, default: int, low: int = 0, high: int | None = None) -> int:
        """A whole number of the query."""
        return number(self.query, name, default, low, high)

    def fields(self, *known: str) -> dict[str, Any]:
        """The body, an object that has no other fields than these.

        Raises:
            Refused: 400, it is no object, or has another field.
        """
        return _object({} if self.body is None else self.body, known)


def state(state: State, _: Asked) -> object:
    """What is in the sandbox and what is happening."""
    return state.summary()


def contacts(state: State, asked: Asked) -> object:
    """Contacts, newest first."""
    return state.search(asked.query.get("search", ""), asked.whole("limit", PAGE, 0, MOST), asked.whole("offset", 0))


def requests(state: State, asked: Asked) -> object:
    """What arrived: the newest `limit` requests after number `after`, oldest first."""
    found = state.requests.after(asked.whole("after", 0), asked.whole("limit", PAGE, 0, MOST))
    return {"last": state.requests.count(), "requests": [_request(*each) for each in found]}


def arrivals(state: State, _: Asked) -> object:
    """The worst window so far."""
    settings = state.desk.settings
    return {"arrivals": state.limit.most, "limit": settings.limit, "per": settings.per}


def reset(state: State, _: Asked) -> object:
    """Forget everything."""
    state.reset()
    return {"status": "OK"}


def seed(state: State, asked: Asked) -> object:
    """Add contacts."""
    fields = asked.fields("count", "seed")
    made = state.seed(fields.get("count", PAGE), fields.get("seed", 0))
    return {"status": "OK", "created": len(made)}


def faults(state: State, _: Asked) -> object:
    """The rules."""
    return {"faults": [_rule(rule) for rule in state.faults.all()]}


def add_faults(state: State, asked: Asked) -> object:
    """Add rules."""
    state.faults.add(*_list(asked.body))
    return faults(state, asked)


def replace_faults(state: State, asked: Asked) -> object:
    """Take these rules instead of those there are."""
    state.faults.replace(*_list(asked.body))
    return faults(state, asked)


def clear_faults(state: State, asked: Asked) -> object:
    """Forget the rules."""
    state.faults.clear()
    return faults(state, asked)


def clock(state: State, _: Asked) -> object:
    """The time."""
    now = state.clock()
    return {"now": now, "iso": iso(round(now * 1000)), "virtual": state.clock.virtual}


def move_clock(state: State, asked: Asked) -> object:
    """Set the clock, move it on, or give it back to the real time."""
    moves = asked.fields(*MOVES)
    if len(moves) != 1:
        raise Refused(400, f"Invalid request: give one of {', '.join(MOVES)}")
    ((name, value),) = moves.items()
    MOVES[name](state, value)
    return clock(state, asked)


def _set(state: State, value: Any) -> None:  # noqa: ANN401 - the clock says what it cannot take
    state.clock.set(datetime.fromisoformat(value) if isinstance(value, str) else value)


def _advance(state: State, value: Any) -> None:  # noqa: ANN401 - the clock says what it cannot take
    state.clock.advance(value)


def _real(state: State, value: object) -> None:
    if value is not True:
        raise ValueError(f"real: {value!r} is not a way back: give true.")
    state.clock.real()


MOVES: dict[str, Callable[[State, Any], None]] = {"set": _set, "advance": _advance, "real": _real}

# Each route and what answers which method.
CONTROLS: dict[str, dict[str, Callable[[State, Asked], object]]] = {
    "/_sandbox/state": {"GET": state},
    "/_sandbox/contacts": {"GET": contacts},
    "/_sandbox/requests": {"GET": requests},
    "/_sandbox/arrivals": {"GET": arrivals},
    "/_sandbox/reset": {"POST": reset},
    "/_sandbox/seed": {"POST": seed},
    "/_sandbox/faults": {"GET": faults, "POST": add_faults, "PUT": replace_faults, "DELETE": clear_faults},
    "/_sandbox/clock": {"GET": clock, "POST": move_clock},
}


def routes(state: State) -> list[BaseRoute]:
    """The control routes of one sandbox."""
    return [_route(state, path, controls) for path, controls in CONTROLS.items()]


def _route(state: State, path: str, controls: Mapping[str, Callable[[State, Asked], object]]) -> Route:
    async def endpoint(request: Request) -> Response:
        try:
            _same_site(request)
            control = controls["GET" if request.method == "HEAD" else request.method]
            return _written(200, control(state, await _asked(request)))
        except Refused as refused:
            return _written(refused.status, refused.body)
        except ValueError as error:
            return _written(400, Refused(400, str(error)).body)

    return Route(path, endpoint, methods=list(controls))


def _same_site(request: Request) -> None:
    if request.headers.get("sec-fetch-site") == "cross-site":
        raise Refused(403, "The sandbox is not controlled by pages of other sites")


async def _asked(request: Request) -> Asked:
    body = await request.body()
    return Asked(request.query_params, parsed(body, request.headers.get("content-type", "")) if body else None)


def _written(status: int, body: object) -> Response:
    return Response(ENCODE(body).encode(), status, media_type=JSON)


def _request(number: int, received: Received) -> dict[str, object]:
    return {
        "number": number,
        "at": received.at,
        "method": received.method,
        "path": received.path,
        "query": received.query,
        "status": received.status,
        "seconds": received.seconds,
    }


def _rule(rule: Rule) -> dict[str, object]:
    return {**rule.fault.plain(), "matched": rule.matched, "happened": rule.happened}


def _list(body: object) -> list[dict[str, Any]]:
    rules: list[object] = cast("list[object]", body) if isinstance(body, list) else [body]
    return [_object(rule, None) for rule in rules]


def _object(value: object, known: Collection[str] | None) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Refused(400, "Invalid request: not a JSON object")
    fields = cast("dict[str, Any]", value)
    unknown = [] if known is None else sorted(fields.keys() - set(known))
    if unknown:
        raise Refused(400, f"Unknown field: {unknown[0][:PAGE]}")
    return fields
