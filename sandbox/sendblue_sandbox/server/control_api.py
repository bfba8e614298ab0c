"""The control routes: the state of the sandbox as JSON under `/_sandbox/`. The page uses them too.

| route                         | method     | what it does                                                           |
|-------------------------------|------------|------------------------------------------------------------------------|
| /_sandbox/state               | GET        | returns the counters, the settings and the current window              |
| /_sandbox/contacts            | GET        | returns contacts: `search`, `opt_out`, `verified`, `limit`, `offset`   |
|                               | POST       | creates a contact                                                      |
| /_sandbox/contacts/{phone}    | PUT        | updates a contact; an object replaces the old one                      |
|                               | DELETE     | deletes a contact                                                      |
| /_sandbox/fields              | GET        | returns the fields of contacts, as the document has them               |
| /_sandbox/verifications       | GET        | returns the verification messages: `limit`                             |
|                               | POST       | answers those to a number: `phone`                                     |
| /_sandbox/requests            | GET        | returns recorded requests: `limit`, `after`, `status`, `fault`         |
| /_sandbox/requests/{number}   | GET        | returns one of them with its headers, bodies and fault                 |
| /_sandbox/arrivals            | GET        | returns the highest number of requests in a window                     |
| /_sandbox/reset               | POST       | deletes all data, faults and counters                                  |
| /_sandbox/seed                | POST       | creates contacts: `count`, `seed`                                      |
| /_sandbox/faults              | GET        | returns the rules, and how often each fault happened                   |
|                               | POST / PUT | adds a rule or an array of rules / replaces all rules                  |
|                               | DELETE     | removes all rules                                                      |
| /_sandbox/faults/{number}     | PUT        | replaces one rule                                                      |
|                               | DELETE     | removes one rule                                                       |
| /_sandbox/limit               | POST       | changes the limit until the next reset: `limit`, `per`, `window`       |
| /_sandbox/clock               | GET        | returns the time                                                       |
|                               | POST       | one of `set` (ISO 8601 or seconds), `advance` (seconds), `real`        |

A body must be JSON with the matching Content-Type, and a browser must not mark the request as cross-site: pages of
other sites that are open in a browser on this machine must not control the sandbox. An invalid request gets a 400 with
a message.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from starlette.responses import Response
from starlette.routing import Route

from sendblue_sandbox.api.errors import ApiError
from sendblue_sandbox.api.rendering import format_timestamp
from sendblue_sandbox.api.response import JSON_TYPE, encode_json
from sendblue_sandbox.api.validation import parse_json

from .contact_controls import (
    answer_verification,
    create_contact,
    delete_contact,
    get_contacts,
    get_fields,
    get_verifications,
    update_contact,
)
from .control_request import ControlRequest, json_object
from .request_controls import get_request, get_requests

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from sendblue_sandbox.faults.rules import Rule
    from sendblue_sandbox.state import SandboxState

DEFAULT_SEED_COUNT = 100
LIMIT_SETTINGS = ("limit", "per", "window")


def get_state(state: SandboxState, _: ControlRequest) -> object:
    """Return the counters, the settings and the current window."""
    return state.summary()


def get_arrivals(state: SandboxState, _: ControlRequest) -> object:
    """Return the highest number of requests in a window."""
    limiter = state.limiter
    return {"arrivals": limiter.max_arrivals, "limit": limiter.limit, "per": limiter.per}


def reset(state: SandboxState, _: ControlRequest) -> object:
    """Delete all data, faults and counters."""
    state.reset()
    return {"status": "OK"}


def seed(state: SandboxState, request: ControlRequest) -> object:
    """Create contacts."""
    fields = request.fields("count", "seed")
    phones = state.seed(fields.get("count", DEFAULT_SEED_COUNT), fields.get("seed", 0))
    return {"status": "OK", "created": len(phones)}


def get_faults(state: SandboxState, _: ControlRequest) -> object:
    """Return the rules."""
    return {"faults": [_rule_json(rule) for rule in state.faults.all()]}


def add_faults(state: SandboxState, request: ControlRequest) -> object:
    """Add rules."""
    state.faults.add(*_rules(request.body))
    return get_faults(state, request)


def replace_faults(state: SandboxState, request: ControlRequest) -> object:
    """Replace all rules."""
    state.faults.replace(*_rules(request.body))
    return get_faults(state, request)


def clear_faults(state: SandboxState, request: ControlRequest) -> object:
    """Remove all rules."""
    state.faults.clear()
    return get_faults(state, request)


def replace_fault(state: SandboxState, request: ControlRequest) -> object:
    """Replace one rule."""
    return _change_fault(state, request, json_object(request.body))


def remove_fault(state: SandboxState, request: ControlRequest) -> object:
    """Remove one rule."""
    return _change_fault(state, request)


def _change_fault(state: SandboxState, request: ControlRequest, *faults: dict[str, Any]) -> object:
    if not state.faults.change(request.number(), *faults):
        raise ApiError(404, "There is no rule with this number: it was removed or replaced")
    return get_faults(state, request)


def change_limit(state: SandboxState, request: ControlRequest) -> object:
    """Change the limit until the next reset."""
    state.change_limit(request.fields(*LIMIT_SETTINGS))
    return {name: state.summary()[name] for name in LIMIT_SETTINGS}


def get_clock(state: SandboxState, _: ControlRequest) -> object:
    """Return the time."""
    now = state.clock()
    return {"now": now, "iso": format_timestamp(round(now * 1000)), "virtual": state.clock.virtual}


def change_clock(state: SandboxState, request: ControlRequest) -> object:
    """Set the clock, advance it, or let it follow real time."""
    changes = request.fields(*CLOCK_CHANGES)
    if len(changes) != 1:
        raise ApiError(400, f"Invalid request: use exactly one of {', '.join(CLOCK_CHANGES)}")
    ((name, value),) = changes.items()
    CLOCK_CHANGES[name](state, value)
    return get_clock(state, request)


def _set_clock(state: SandboxState, value: Any) -> None:  # noqa: ANN401 - the clock checks the value
    state.clock.set(datetime.fromisoformat(value) if isinstance(value, str) else value)


def _advance_clock(state: SandboxState, value: Any) -> None:  # noqa: ANN401 - the clock checks the value
    state.clock.advance(value)


def _follow_real_time(state: SandboxState, value: object) -> None:
    if value is not True:
        raise ValueError(f"real: {value!r} is not valid. Use true.")
    state.clock.real()


CLOCK_CHANGES: dict[str, Callable[[SandboxState, Any], None]] = {
    "set": _set_clock,
    "advance": _advance_clock,
    "real": _follow_real_time,
}

# Each route and its handlers by method.
CONTROLS: dict[str, dict[str, Callable[[SandboxState, ControlRequest], object]]] = {
    "/_sandbox/state": {"GET": get_state},
    "/_sandbox/contacts": {"GET": get_contacts, "POST": create_contact},
    "/_sandbox/contacts/{phone}": {"PUT": update_contact, "DELETE": delete_contact},
    "/_sandbox/fields": {"GET": get_fields},
    "/_sandbox/verifications": {"GET": get_verifications, "POST": answer_verification},
    "/_sandbox/requests": {"GET": get_requests},
    "/_sandbox/requests/{number}": {"GET": get_request},
    "/_sandbox/arrivals": {"GET": get_arrivals},
    "/_sandbox/reset": {"POST": reset},
    "/_sandbox/seed": {"POST": seed},
    "/_sandbox/faults": {"GET": get_faults, "POST": add_faults, "PUT": replace_faults, "DELETE": clear_faults},
    "/_sandbox/faults/{number}": {"PUT": replace_fault, "DELETE": remove_fault},
    "/_sandbox/limit": {"POST": change_limit},
    "/_sandbox/clock": {"GET": get_clock, "POST": change_clock},
}


def control_routes(state: SandboxState) -> list[BaseRoute]:
    """Return the control routes of one sandbox."""
    return [_route(state, path, handlers) for path, handlers in CONTROLS.items()]


def _route(
    state: SandboxState, path: str, handlers: Mapping[str, Callable[[SandboxState, ControlRequest], object]]
) -> Route:
    async def endpoint(request: Request) -> Response:
        try:
            _refuse_cross_site(request)
            handler = handlers["GET" if request.method == "HEAD" else request.method]
            return _json_response(200, handler(state, await _control_request(request)))
        except ApiError as error:
            return _json_response(error.status, error.body)
        except ValueError as error:
            return _json_response(400, ApiError(400, str(error)).body)

    return Route(path, endpoint, methods=list(handlers))


def _refuse_cross_site(request: Request) -> None:
    if request.headers.get("sec-fetch-site") == "cross-site":
        raise ApiError(403, "Pages of other sites cannot control the sandbox")


async def _control_request(request: Request) -> ControlRequest:
    body = await request.body()
    content_type = request.headers.get("content-type", "")
    return ControlRequest(request.query_params, parse_json(body, content_type) if body else None, request.path_params)


def _json_response(status: int, body: object) -> Response:
    return Response(encode_json(body).encode(), status, media_type=JSON_TYPE)


def _rule_json(rule: Rule) -> dict[str, object]:
    return {**rule.fault.to_dict(), "number": rule.number, "matched": rule.matched, "happened": rule.happened}


def _rules(body: object) -> list[dict[str, Any]]:
    rules: list[object] = cast("list[object]", body) if isinstance(body, list) else [body]
    return [json_object(rule) for rule in rules]
