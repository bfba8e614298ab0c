"""The control routes of contacts, and of the verification messages to them.

A change runs the operation of the API, but needs no credentials, is not recorded, does not count against the rate limit
and is hit by no fault. An object in an update replaces the old one, so that a label can be removed from it.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sendblue_sandbox.api.context import OperationCall
from sendblue_sandbox.api.errors import ApiError
from sendblue_sandbox.api.operations import HANDLERS
from sendblue_sandbox.api.roles import NAMES, SHOWN, computed
from sendblue_sandbox.api.spelling import contact_field
from sendblue_sandbox.api.validation import validate
from sendblue_sandbox.storage.queries import ContactSearch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sendblue_sandbox.api.document import Document, ObjectSchema, Operation, SchemaNode
    from sendblue_sandbox.state import SandboxState

    from .control_request import ControlRequest

DEFAULT_LIMIT = 100
MAX_LIMIT = 1_000
OK = {"status": "OK"}
# How the page shows a value, by its type in the document; text is shown as it is.
KINDS = {"boolean": "boolean", "integer": "number", "number": "number", "array": "list", "object": "labels"}


def get_contacts(state: SandboxState, request: ControlRequest) -> object:
    """Return contacts, newest first."""
    search = ContactSearch(
        text=request.query.get("search", ""),
        opt_out=request.flag("opt_out"),
        verified=request.flag("verified"),
        limit=request.integer("limit", DEFAULT_LIMIT, 0, MAX_LIMIT),
        offset=request.integer("offset", 0),
    )
    return state.search(search)


def create_contact(state: SandboxState, request: ControlRequest) -> object:
    """Create a contact from the body of `create_contact`."""
    operation = _operation(state.context.document, "create_contact")
    return _run(state, operation, "", [_validated(operation, request.body)])


def update_contact(state: SandboxState, request: ControlRequest) -> object:
    """Update a contact with the body of `update_contact`; an object replaces the old one."""
    operation = _operation(state.context.document, "update_contact")
    body = _validated(operation, request.body)
    cleared = {name: None for name, value in body.items() if isinstance(value, dict)}
    return _run(state, operation, request.path["phone"], [cleared, body])


def delete_contact(state: SandboxState, request: ControlRequest) -> object:
    """Delete a contact."""
    return _run(state, _operation(state.context.document, "delete_contact"), request.path["phone"], [{}])


def get_verifications(state: SandboxState, request: ControlRequest) -> object:
    """Return verification messages, newest first."""
    limit = request.integer("limit", DEFAULT_LIMIT, 0, MAX_LIMIT)
    with state.context.store.locked():
        return {"verifications": [asdict(each) for each in state.context.store.verifications(limit)]}


def answer_verification(state: SandboxState, request: ControlRequest) -> object:
    """Verify the number in the body, as a reply to its verification message would."""
    phone = request.fields("phone").get("phone")
    store = state.context.store
    with store.transaction():
        if not isinstance(phone, str) or not store.answer_verifications(phone):
            raise ApiError(404, "No verification message was sent to this number")
    return OK


def get_fields(state: SandboxState, _: ControlRequest) -> object:
    """Return the fields of contacts and of the requests that change them, as the document has them."""
    document = state.context.document
    contact = document.contact
    is_computed = computed(contact)
    return {
        "contact": [{**_field(contact, name), "computed": name in is_computed} for name in contact.names],
        **{role: contact.named(role) for role in SHOWN},
        "title": [name for role in NAMES if (name := contact.named(role)) in contact.names],
        "create": _form(document, "create_contact"),
        "update": _form(document, "update_contact"),
        "operations": [operation.name for operation in document.operations],
    }


def _form(document: Document, name: str) -> list[dict[str, object]]:
    schema = _operation(document, name).body
    if schema is None:
        return []
    contact = document.contact
    return [{**_field(schema, name), "contact": contact_field(contact, schema, name)} for name in schema.names]


def _field(schema: ObjectSchema, name: str) -> dict[str, object]:
    node = schema.properties[name]
    return {
        "name": name,
        "kind": _kind(node),
        "format": node.get("format"),
        "choices": node.get("enum"),
        "required": name in schema.required,
        "description": node.get("description", ""),
    }


def _kind(node: SchemaNode) -> str:
    kind = next((KINDS[name] for name in node["type"] if name in KINDS), "text")
    # A form has inputs for lists and objects of text; anything else in them is edited as JSON.
    inner: SchemaNode | bool | None = node.get("items" if kind == "list" else "additionalProperties")
    is_text = isinstance(inner, dict) and inner.get("type") in ("string", ["string"])
    return "json" if kind in {"list", "labels"} and not is_text else kind


def _operation(document: Document, name: str) -> Operation:
    return next(operation for operation in document.operations if operation.name == name)


def _validated(operation: Operation, body: object) -> dict[str, Any]:
    return {} if operation.body is None else validate(operation.body, body)


def _run(state: SandboxState, operation: Operation, phone: str, bodies: list[Mapping[str, Any]]) -> object:
    context, at = state.context, round(state.clock() * 1000)
    with context.store.transaction():
        for body in bodies:
            HANDLERS[operation.name](context, OperationCall(operation, phone, {}, body, at))
    return OK
