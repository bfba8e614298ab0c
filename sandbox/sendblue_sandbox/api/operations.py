"""The ten operations: functions from the store and a request to an answer. They know no HTTP but a refusal's status.

Everything here is under preferred names. `tags` are replaced and `custom_variables` merged; `null` clears, and a
cleared field reads as one that was never given. An opt-out belongs to the number: it outlives the contact and is not
taken along to a new number. A verification message makes nobody verified: that takes an answer of the person, so
`verified` is false here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from sendblue_sandbox.storage.queries import SORTABLE, Page, Row

from .errors import Refused
from .query_params import choice, moment
from .validation import checked, echo

if TYPE_CHECKING:
    from sendblue_sandbox.config import Settings
    from sendblue_sandbox.storage.store import Store

    from .document import Document, Operation
    from .rendering import Contacts

OK = "OK"
NOT_FOUND = "Contact not found"
EXISTS = "Contact already exists"
BAD_NUMBER = "Invalid phone number"
MERGED = "custom_variables"
# What the server itself knows of a contact; everything else is kept as it was sent.
COMPUTED = frozenset({"phone", "created_at", "contact_id", "opt_out", "verified"})
PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class Desk:
    """What an operation works with."""

    document: Document
    store: Store
    contacts: Contacts
    settings: Settings


@dataclass(frozen=True, slots=True)
class Call:
    """One request: its operation, the number in its path, its query, its checked body, its arrival in milliseconds."""

    operation: Operation
    path_number: str
    query: Mapping[str, Any]
    body: Mapping[str, Any]
    at: int


Handler: TypeAlias = Callable[[Desk, Call], object]


def list_contacts(desk: Desk, call: Call) -> object:
    """A page of contacts, newest first unless asked otherwise (page 003)."""
    return desk.store.page(
        Page(
            limit=_limit(call),
            offset=_offset(desk, call),
            order_by=_order_by(desk, call),
            descending=call.query.get("order_direction", "desc") == "desc",
            phone=_number_asked_for(desk, call),
            contact_id=call.query.get("cid"),
            created_at_gte=moment(call.query, "created_at_gte"),
        ),
    )


def create_contact(desk: Desk, call: Call) -> object:
    """Create a contact, or change the one with this number when `update_if_exists` is true."""
    number = _e164(desk, call.body["number"], "number")
    known = desk.store.find(number)
    if known and not call.body.get("update_if_exists", False):
        raise Refused(409, EXISTS)
    return {"contact": _save(desk, known, number, call.at, call.body), "status": OK}


def bulk_delete_contacts(desk: Desk, call: Call) -> object:
    """Delete contacts by number. A number that is no contact is a failure and not in `amount`."""
    results = [_deleted(desk, number) for number in call.body["contact_ids"]]
    gone = sum(result["success"] is True for result in results)
    return {
        "status": OK,
        "amount": gone,
        "total": len(results),
        "successes": gone,
        "failures": len(results) - gone,
        "results": results,
    }


def count_contacts(desk: Desk, call: Call) -> object:
    """How many contacts there are, or how many with one number."""
    return {"count": desk.store.count(_number_asked_for(desk, call))}


def verify_contact(desk: Desk, call: Call) -> object:
    """Take note of a number to verify. No message is sent, and the number need not be a contact."""
    _e164(desk, call.body["number"], "number")
    return {"status": OK}


def opt_out_contact(desk: Desk, call: Call) -> object:
    """Record an opt-out or its end. The number need not be a contact."""
    number = _e164(desk, call.body["number"], "number")
    opted_out: bool = call.body.get("opted_out", True)
    desk.store.set_opt_out(number, opted_out=opted_out)
    return {"number": number, "opted_out": opted_out, "status": OK}


def bulk_create_contacts(desk: Desk, call: Call) -> object:
    """Create contacts one by one; what could not be created is in `failures`, which is there only then (page 003)."""
    before = desk.store.count()
    outcomes = [_bulk_item(desk, call, item) for item in call.body["contacts"]]
    failures = [outcome for outcome in outcomes if "error" in outcome]
    answer: dict[str, object] = {
        "status": OK,
        "contacts": [outcome["contact"] for outcome in outcomes if "error" not in outcome],
        "numberOfContactsCreated": desk.store.count() - before,
    }
    return {**answer, "failures": failures} if failures else answer


def retrieve_contact(desk: Desk, call: Call) -> object:
    """The contact with the number in the path."""
    answer = desk.store.answer(_e164(desk, call.path_number, "phone_number"))
    if answer is None:
        raise Refused(404, NOT_FOUND)
    return {"contact": answer, "status": OK}


def update_contact(desk: Desk, call: Call) -> object:
    """Change the contact with the number in the path; `phone_number` in the body is its new number (page 003)."""
    known = _known(desk, call)
    number = _e164(desk, call.body.get("phone_number", known.phone), "phone_number")
    if number != known.phone and desk.store.find(number):
        raise Refused(409, EXISTS)
    return {"contact": _save(desk, known, number, call.at, call.body), "status": OK}


def delete_contact(desk: Desk, call: Call) -> object:
    """Delete the contact with the number in the path."""
    desk.store.remove(_known(desk, call).phone)
    return {"status": OK}


HANDLERS: dict[str, Handler] = {
    "list_contacts": list_contacts,
    "create_contact": create_contact,
    "bulk_delete_contacts": bulk_delete_contacts,
    "count_contacts": count_contacts,
    "verify_contact": verify_contact,
    "opt_out_contact": opt_out_contact,
    "bulk_create_contacts": bulk_create_contacts,
    "retrieve_contact": retrieve_contact,
    "update_contact": update_contact,
    "delete_contact": delete_contact,
}


def _save(desk: Desk, known: Row | None, number: str, at: int, sent: Mapping[str, Any]) -> object:
    if known is None:
        desk.store.insert([(number, at, _merged(desk, {}, sent))])
    else:
        desk.store.change(known.phone, number, _merged(desk, known.fields, sent))
    if "opt_out" in sent:
        desk.store.set_opt_out(number, opted_out=bool(sent["opt_out"]))
    return desk.store.answer(number)


def _merged(desk: Desk, old: Mapping[str, object], sent: Mapping[str, object]) -> dict[str, object]:
    kept = {name: value for name, value in sent.items() if name in desk.document.contact.empty and name not in COMPUTED}
    mine, theirs = old.get(MERGED), kept.get(MERGED)
    if isinstance(mine, dict) and isinstance(theirs, dict):
        kept[MERGED] = {**mine, **theirs}
    return {**old, **kept}


def _bulk_item(desk: Desk, call: Call, item: object) -> dict[str, object]:
    shape = cast("Any", call.operation.body).children["contacts"]
    try:
        return {"contact": _created_in_bulk(desk, call, checked(shape, item))}
    except Refused as refused:
        return {"contact": echo(shape, desk.document.contact, item), "error": refused.message}


def _created_in_bulk(desk: Desk, call: Call, item: Mapping[str, Any]) -> object:
    if not desk.document.number.fullmatch(item["phone"]):
        raise Refused(400, BAD_NUMBER)
    known = desk.store.find(item["phone"])
    if known and desk.settings.bulk_existing == "fail":
        raise Refused(409, EXISTS)
    return _save(desk, known, item["phone"], call.at, item)


def _deleted(desk: Desk, number: str) -> dict[str, object]:
    if desk.store.remove(number):
        return {"phone_number": number, "success": True}
    error = NOT_FOUND if desk.document.number.fullmatch(number) else BAD_NUMBER
    return {"phone_number": number, "success": False, "error": error}


def _known(desk: Desk, call: Call) -> Row:
    row = desk.store.find(_e164(desk, call.path_number, "phone_number"))
    if row is None:
        raise Refused(404, NOT_FOUND)
    return row


def _e164(desk: Desk, number: str, field: str) -> str:
    if not desk.document.number.fullmatch(number):
        raise Refused(400, f"{BAD_NUMBER}: {field} is not in E.164 form, as +14155551234")
    return number


def _number_asked_for(desk: Desk, call: Call) -> str | None:
    text = call.query.get("phone_number")
    return None if text is None else _e164(desk, text, "phone_number")


def _limit(call: Call) -> int:
    limit: int = call.query.get("limit", PAGE_SIZE)
    most: int = call.operation.query.parameters["limit"]["maximum"]
    return min(limit, most)


def _offset(desk: Desk, call: Call) -> int:
    ceiling: int = call.operation.query.parameters["offset"]["maximum"]
    offset: int = call.query.get("offset", 0)
    if offset > ceiling and desk.settings.offset_ceiling == "refuse":
        raise Refused(400, f"Invalid parameter: offset must be at most {ceiling}")
    return min(offset, ceiling)


def _order_by(desk: Desk, call: Call) -> str:
    preferred = desk.document.contact.preferred
    spellings = [spelling for spelling, name in preferred.items() if name in SORTABLE]
    return preferred[choice(call.query, "order_by", spellings, "created_at")]
