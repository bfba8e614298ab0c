"""The ten operations: functions from a context and a call to the value of the response. No HTTP besides error statuses.

All field names are preferred names. An update replaces `tags` and merges `custom_variables`; `null` clears a field,
which then reads like one that was never given. An opt-out belongs to the phone number: it remains when the contact is
deleted, and does not move to a new number. A verification message is recorded and not sent: the number becomes verified
when the page of the sandbox, or its control route, answers the message.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from sendblue_sandbox.storage.queries import PageQuery

from .context import Context, OperationCall
from .errors import ApiError
from .query_params import choice_param, timestamp_param
from .roles import MERGED, OPT_OUT, SORTABLE, computed
from .spelling import contact_field
from .validation import echo_fields, validate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sendblue_sandbox.storage.queries import ContactRow

    from .document import ObjectSchema

OK = "OK"
NOT_FOUND = "Contact not found"
EXISTS = "Contact already exists"
BAD_NUMBER = "Invalid phone number"

Handler: TypeAlias = Callable[[Context, OperationCall], object]


def list_contacts(context: Context, call: OperationCall) -> object:
    """Return a page of contacts, newest first by default (page 003)."""
    return context.store.replica.page(
        PageQuery(
            limit=_limit(call),
            offset=_offset(context, call),
            order_by=_order_by(context, call),
            descending=call.query["order_direction"] == "desc",
            phone=_number_filter(context, call),
            contact_id=call.query.get("cid"),
            created_at_gte=timestamp_param(call.query, "created_at_gte"),
        ),
    )


def create_contact(context: Context, call: OperationCall) -> object:
    """Create a contact, or update the existing one if `update_if_exists` is true."""
    number = _e164(context, call.body["number"], "number")
    existing = context.store.find(number)
    if existing and not call.body["update_if_exists"]:
        raise ApiError(409, EXISTS)
    return {"contact": _save(context, existing, number, call), "status": OK}


def bulk_delete_contacts(context: Context, call: OperationCall) -> object:
    """Delete contacts by number. A number that is not a contact is a failure and does not count in `amount`."""
    results = [_delete_item(context, number) for number in call.body["contact_ids"]]
    deleted = sum(result["success"] is True for result in results)
    return {
        "status": OK,
        "amount": deleted,
        "total": len(results),
        "successes": deleted,
        "failures": len(results) - deleted,
        "results": results,
    }


def count_contacts(context: Context, call: OperationCall) -> object:
    """Return the number of contacts, or of contacts with one phone number."""
    return {"count": context.store.replica.count(_number_filter(context, call))}


def verify_contact(context: Context, call: OperationCall) -> object:
    """Record a verification message. The number need not be a contact."""
    context.store.add_verification(_e164(context, call.body["number"], "number"), call.at)
    return {"status": OK}


def opt_out_contact(context: Context, call: OperationCall) -> object:
    """Record an opt-out or its end. The number need not be a contact."""
    number = _e164(context, call.body["number"], "number")
    opted_out: bool = call.body["opted_out"]
    context.store.set_opt_out(number, opted_out=opted_out)
    return {"number": number, "opted_out": opted_out, "status": OK}


def bulk_create_contacts(context: Context, call: OperationCall) -> object:
    """Create contacts one by one. `failures` lists refused items and is absent without any (page 003)."""
    before = context.store.count()
    results = [_create_item(context, call, item) for item in call.body["contacts"]]
    failures = [result for result in results if "error" in result]
    response: dict[str, object] = {
        "status": OK,
        "contacts": [result["contact"] for result in results if "error" not in result],
        "numberOfContactsCreated": context.store.count() - before,
    }
    return {**response, "failures": failures} if failures else response


def retrieve_contact(context: Context, call: OperationCall) -> object:
    """Return the contact with the number in the path."""
    contact = context.store.replica.rendered(_e164(context, call.path_number, "phone_number"))
    if contact is None:
        raise ApiError(404, NOT_FOUND)
    return {"contact": contact, "status": OK}


def update_contact(context: Context, call: OperationCall) -> object:
    """Update the contact with the number in the path; `phone_number` in the body is its new number (page 003)."""
    existing = _existing(context, call)
    number = _e164(context, call.body.get("phone_number", existing.phone), "phone_number")
    if number != existing.phone and context.store.find(number):
        raise ApiError(409, EXISTS)
    return {"contact": _save(context, existing, number, call), "status": OK}


def delete_contact(context: Context, call: OperationCall) -> object:
    """Delete the contact with the number in the path."""
    context.store.delete(_existing(context, call).phone)
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


def _save(
    context: Context,
    existing: ContactRow | None,
    number: str,
    call: OperationCall,
    item: tuple[ObjectSchema, Mapping[str, Any]] | None = None,
) -> object:
    sent = _contact_fields(context, *(item or (call.operation.body, call.body)))
    if existing is None:
        context.store.insert([(number, call.at, _merged(context, {}, sent))])
    else:
        context.store.update(existing.phone, number, _merged(context, existing.fields, sent))
    if (opt_out := context.document.contact.named(OPT_OUT)) in sent:
        context.store.set_opt_out(number, opted_out=bool(sent[opt_out]))
    return context.store.rendered(number)


def _merged(context: Context, old: Mapping[str, object], sent: Mapping[str, object]) -> dict[str, object]:
    contact = context.document.contact
    known, merged = contact.empty_values.keys() - computed(contact), contact.named(MERGED)
    old, new = contact.renamed(old), {name: value for name, value in sent.items() if name in known}
    old_labels, new_labels = old.get(merged), new.get(merged)
    if isinstance(old_labels, dict) and isinstance(new_labels, dict):
        new[merged] = {**old_labels, **new_labels}
    return {**old, **new}


def _contact_fields(context: Context, schema: ObjectSchema | None, sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a request under the names of the fields of a contact, which share a spelling with theirs."""
    contact = context.document.contact
    named = {name: contact_field(contact, schema, name) for name in sent} if schema else {}
    return {field: sent[name] for name, field in named.items() if field}


def _create_item(context: Context, call: OperationCall, item: object) -> dict[str, object]:
    schema = cast("Any", call.operation.body).children["contacts"]
    try:
        return {"contact": _create_in_bulk(context, call, schema, validate(schema, item))}
    except ApiError as error:
        return {"contact": echo_fields(schema, context.document.contact, item), "error": error.message}


def _create_in_bulk(context: Context, call: OperationCall, schema: ObjectSchema, item: Mapping[str, Any]) -> object:
    if not context.document.phone_number.fullmatch(item["phone"]):
        raise ApiError(400, BAD_NUMBER)
    existing = context.store.find(item["phone"])
    if existing and context.settings.bulk_existing == "fail":
        raise ApiError(409, EXISTS)
    return _save(context, existing, item["phone"], call, (schema, item))


def _delete_item(context: Context, number: str) -> dict[str, object]:
    if context.store.delete(number):
        return {"phone_number": number, "success": True}
    error = NOT_FOUND if context.document.phone_number.fullmatch(number) else BAD_NUMBER
    return {"phone_number": number, "success": False, "error": error}


def _existing(context: Context, call: OperationCall) -> ContactRow:
    row = context.store.find(_e164(context, call.path_number, "phone_number"))
    if row is None:
        raise ApiError(404, NOT_FOUND)
    return row


def _e164(context: Context, number: str, field: str) -> str:
    if not context.document.phone_number.fullmatch(number):
        raise ApiError(400, f"{BAD_NUMBER}: {field} is not in E.164 format, for example +14155551234")
    return number


def _number_filter(context: Context, call: OperationCall) -> str | None:
    text = call.query.get("phone_number")
    return None if text is None else _e164(context, text, "phone_number")


def _limit(call: OperationCall) -> int:
    limit: int = call.query["limit"]
    maximum: int = call.operation.query.parameters["limit"]["maximum"]
    return min(limit, maximum)


def _offset(context: Context, call: OperationCall) -> int:
    ceiling: int = call.operation.query.parameters["offset"]["maximum"]
    offset: int = call.query["offset"]
    if offset > ceiling and context.settings.offset_ceiling == "refuse":
        raise ApiError(400, f"Invalid parameter: offset must be at most {ceiling}")
    return min(offset, ceiling)


def _order_by(context: Context, call: OperationCall) -> str:
    contact = context.document.contact
    columns = {contact.named(column): column for column in SORTABLE}
    spellings = [spelling for spelling, name in contact.preferred.items() if name in columns]
    return columns[contact.named(choice_param(call.query, "order_by", spellings))]
