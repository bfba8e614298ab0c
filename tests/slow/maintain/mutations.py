"""Edits of the document, each with whom it breaks: requests, responses, Python callers.

Each edits the data of openapi/contacts.yaml in place. Where one needs something that the document does not have, such
as a default, `before` puts it into the document first.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Data = dict[str, Any]
REQUESTS, RESPONSES, PYTHON = "requests", "responses", "python"
LIST, COUNT, ONE = "/api/v2/contacts", "/api/v2/contacts/count", "/api/v2/contacts/{phone_number}"
VERIFY, BULK = "/api/v2/contacts/verify", "/api/v2/contacts/bulk"
TEXT: Data = {"type": "string"}
TEXT_OR_NULL: Data = {"type": ["string", "null"]}


@dataclass(frozen=True)
class Mutation:
    """An edit, and what it must be found to do.

    Attributes:
        edit: Changes the document.
        breaks: Whom it breaks.
        told: A line that must be in the report.
        before: Changes the document that it is compared with too.
    """

    edit: Callable[[Data], object]
    breaks: frozenset[str]
    told: str
    before: Callable[[Data], object] | None = None


def properties(document: Data, schema: str) -> Data:
    """The properties of a schema."""
    found: Data = document["components"]["schemas"][schema]["properties"]
    return found


def schema(document: Data, name: str) -> Data:
    """A schema."""
    found: Data = document["components"]["schemas"][name]
    return found


def operation(document: Data, path: str, method: str) -> Data:
    """An operation."""
    found: Data = document["paths"][path][method]
    return found


def parameter(document: Data, name: str) -> Data:
    """A parameter of the list."""
    return next(each for each in operation(document, LIST, "get")["parameters"] if each["name"] == name)


def respelled(document: Data, holder: str, old: str, new: str, *aliases: str) -> None:
    """Give a field another name in its place; its aliases are those that are named."""
    fields = properties(document, holder)
    kept = {(new if name == old else name): value for name, value in fields.items()}
    kept[new] = {key: value for key, value in kept[new].items() if key != "x-aliases"} | (
        {"x-aliases": list(aliases)} if aliases else {}
    )
    schema(document, holder)["properties"] = kept
    required = schema(document, holder).get("required", [])
    required[:] = [new if name == old else name for name in required]


def moved(document: Data, path: str, to: str) -> None:
    """Give a path another name in its place."""
    document["paths"] = {(to if name == path else name): item for name, item in document["paths"].items()}


def renamed_schema(document: Data, old: str, new: str) -> None:
    """Give a schema another name, wherever it is used."""

    def respell(part: Any) -> Any:  # noqa: ANN401 - any part of the document
        if isinstance(part, dict):
            return {(new if key == old else key): respell(value) for key, value in part.items()}
        if isinstance(part, list):
            return [respell(value) for value in part]
        return f"#/components/schemas/{new}" if part == f"#/components/schemas/{old}" else part

    document["components"]["schemas"] = respell(document["components"]["schemas"])
    document["components"]["responses"] = respell(document["components"]["responses"])
    document["paths"] = respell(document["paths"])


def second_count(document: Data) -> None:
    """One more operation, like the count."""
    item = copy.deepcopy(document["paths"][COUNT])
    item["get"]["operationId"] = "count_tags"
    document["paths"]["/api/v2/tags/count"] = item


def query(name: str, **more: Any) -> Data:  # noqa: ANN401 - what stands in the document
    """A parameter."""
    return {"name": name, "in": "query", "schema": TEXT, **more}


def bearer(document: Data) -> None:
    """One more secret, on every request."""
    document["components"]["securitySchemes"]["Bearer"] = {"type": "http", "scheme": "bearer"}
    document["security"][0]["Bearer"] = []


def kinds(document: Data) -> None:
    """A field of answers with two values."""
    properties(document, "Contact")["kind"] = {"type": "string", "enum": ["person", "firm"]}


def spelling_of_its_own(document: Data) -> None:
    """An alias becomes a field beside the one that it stood for."""
    for holder in ("Contact", "ContactCreate"):
        fields = properties(document, holder)
        del fields["first_name"]["x-aliases"]
        fields["firstName"] = TEXT_OR_NULL


def smaller_list(document: Data) -> None:
    """The list answers a smaller schema, and all else the one that it had."""
    smaller = copy.deepcopy(schema(document, "Contact"))
    del smaller["properties"]["tags"]
    document["components"]["schemas"]["ContactSummary"] = smaller
    content = operation(document, LIST, "get")["responses"]["200"]["content"]["application/json"]
    content["schema"]["items"] = {"$ref": "#/components/schemas/ContactSummary"}


NOBODY: frozenset[str] = frozenset()
ON_REQUESTS, ON_RESPONSES, ON_PYTHON = frozenset({REQUESTS}), frozenset({RESPONSES}), frozenset({PYTHON})
IN, OUT, ALL = ON_REQUESTS | ON_PYTHON, ON_RESPONSES | ON_PYTHON, frozenset({REQUESTS, RESPONSES, PYTHON})

MUTATIONS: dict[str, Mutation] = {
    # --- fields of answers
    "field added to an answer": Mutation(
        lambda d: properties(d, "Contact").update(birthday=TEXT_OR_NULL), NOBODY, "Contact.birthday: added"
    ),
    "field removed from an answer": Mutation(
        lambda d: properties(d, "Contact").pop("verified"), OUT, "Contact.verified: removed"
    ),
    "field of an answer renamed": Mutation(
        lambda d: respelled(d, "Contact", "verified", "is_verified"), OUT, "Contact.verified: renamed to `is_verified`"
    ),
    "field of an answer renamed, the old name an alias": Mutation(
        lambda d: respelled(d, "Contact", "verified", "is_verified", "verified"),
        ON_PYTHON,
        "Contact.verified: is an alias of `is_verified` now",
    ),
    "field of an answer required": Mutation(
        lambda d: schema(d, "ContactCount").update(required=["count"]), NOBODY, "ContactCount: now requires `count`"
    ),
    "field of an answer no longer required": Mutation(
        lambda d: schema(d, "ContactCount").pop("required"),
        ON_RESPONSES,
        "ContactCount: no longer requires `count`",
        before=lambda d: schema(d, "ContactCount").update(required=["count"]),
    ),
    "null removed from an answer": Mutation(
        lambda d: properties(d, "Contact")["verified"].update(type="boolean"),
        NOBODY,
        "Contact.verified: type dropped: `null`",
    ),
    "null added to an answer": Mutation(
        lambda d: properties(d, "Contact")["verified"].update(type=["boolean", "null"]),
        ON_RESPONSES,
        "Contact.verified: type added: `null`",
        before=lambda d: properties(d, "Contact")["verified"].update(type="boolean"),
    ),
    "type of an answer widened": Mutation(
        lambda d: properties(d, "Contact")["verified"].update(type=["boolean", "string", "null"]),
        OUT,
        "Contact.verified: type added: `string`",
    ),
    "format of an answer changed": Mutation(
        lambda d: properties(d, "Contact")["created_at"].update(format="date"),
        OUT,
        "Contact.created_at: its format is `date` now, and was `date-time`",
    ),
    "enum value added to an answer": Mutation(
        lambda d: properties(d, "Contact")["kind"]["enum"].append("shop"),
        ON_RESPONSES,
        "Contact.kind: value added: `shop`",
        before=kinds,
    ),
    "enum value dropped from an answer": Mutation(
        lambda d: properties(d, "Contact")["kind"]["enum"].remove("firm"),
        ON_PYTHON,
        "Contact.kind: value dropped: `firm`",
        before=kinds,
    ),
    # --- fields of requests
    "optional field added to a request": Mutation(
        lambda d: properties(d, "ContactCreate").update(birthday=TEXT), NOBODY, "ContactCreate.birthday: added"
    ),
    "required field added to a request": Mutation(
        lambda d: (
            properties(d, "ContactCreate").update(birthday=TEXT),
            schema(d, "ContactCreate")["required"].append("birthday"),
        ),
        IN,
        "ContactCreate: now requires `birthday`",
    ),
    "field removed from a request": Mutation(
        lambda d: properties(d, "ContactCreate").pop("tags"), IN, "ContactCreate.tags: removed"
    ),
    "field of a request renamed": Mutation(
        lambda d: respelled(d, "ContactCreate", "tags", "labels"), IN, "ContactCreate.labels: added"
    ),
    "field of a request renamed, the old name an alias": Mutation(
        lambda d: respelled(d, "ContactCreate", "tags", "labels", "tags"),
        ON_PYTHON,
        "ContactCreate.tags: is an alias of `labels` now",
    ),
    "required field of a request renamed, the old name an alias": Mutation(
        lambda d: respelled(
            d, "ContactVerify", "number", "recipient", *("phoneNumber", "phone_number", "phone", "number")
        ),
        ON_PYTHON,
        "ContactVerify: now requires `recipient`, no longer requires `number`",
    ),
    "field of a request made required": Mutation(
        lambda d: schema(d, "ContactCreate")["required"].append("first_name"),
        IN,
        "ContactCreate: now requires `first_name`",
    ),
    "field of a request made optional": Mutation(
        lambda d: schema(d, "ContactVerify").pop("required"), NOBODY, "ContactVerify: no longer requires `number`"
    ),
    "null removed from a request": Mutation(
        lambda d: properties(d, "ContactUpdate")["first_name"].update(type="string"),
        IN,
        "ContactUpdate.first_name: type dropped: `null`",
    ),
    "null added to a request": Mutation(
        lambda d: properties(d, "ContactUpdate")["phone_number"].update(type=["string", "null"]),
        NOBODY,
        "ContactUpdate.phone_number: type added: `null`",
    ),
    "type of a request changed": Mutation(
        lambda d: properties(d, "ContactCreate")["update_if_exists"].update(type="string"),
        IN,
        "ContactCreate.update_if_exists: type added: `string`, type dropped: `boolean`",
    ),
    "type of a parameter widened": Mutation(
        lambda d: parameter(d, "limit")["schema"].update(type="number"),
        NOBODY,
        "parameter limit of GET /api/v2/contacts: type added: `number`, type dropped: `integer`",
    ),
    "pattern added to a request": Mutation(
        lambda d: properties(d, "ContactCreate")["first_name"].update(pattern="^[A-Z]"),
        ON_REQUESTS,
        "ContactCreate.first_name: its pattern is `^[A-Z]` now, and was not stated",
    ),
    "default changed": Mutation(
        lambda d: properties(d, "ContactCreate")["update_if_exists"].update(default=True),
        ON_REQUESTS,
        "ContactCreate.update_if_exists: its default is `True` now, and was `False`",
    ),
    "default stated": Mutation(
        lambda d: properties(d, "ContactCreate")["update_if_exists"].update(default=False),
        NOBODY,
        "ContactCreate.update_if_exists: its default is `False` now, and was not stated",
        before=lambda d: properties(d, "ContactCreate")["update_if_exists"].pop("default"),
    ),
    "bound on a list added": Mutation(
        lambda d: properties(d, "BulkCreate")["contacts"].update(maxItems=100),
        ON_REQUESTS,
        "BulkCreate.contacts: its maxItems is `100` now, and was not stated",
    ),
    "other fields forbidden": Mutation(
        lambda d: schema(d, "BulkCreate").update(additionalProperties=False),
        ON_REQUESTS,
        "BulkCreate: its additionalProperties is `False` now, and was `True`",
    ),
    "field deprecated": Mutation(
        lambda d: properties(d, "ContactCreate")["tags"].update(deprecated=True),
        NOBODY,
        "ContactCreate.tags: its deprecated is `True` now, and was not stated",
    ),
    "field of a request left to answers": Mutation(
        lambda d: properties(d, "ContactCreate")["tags"].update(readOnly=True),
        ON_REQUESTS,
        "ContactCreate.tags: its readOnly is `True` now, and was not stated",
    ),
    "field of an answer left to requests": Mutation(
        lambda d: properties(d, "Contact")["tags"].update(writeOnly=True),
        ON_RESPONSES,
        "Contact.tags: its writeOnly is `True` now, and was not stated",
    ),
    # --- what requests and answers share
    "shared type widened": Mutation(
        lambda d: schema(d, "CustomVariables").update(additionalProperties={"type": ["string", "integer"]}),
        ON_RESPONSES,
        "CustomVariables.*: type added: `integer`",
    ),
    "shared type narrowed": Mutation(
        lambda d: schema(d, "CustomVariables").update(additionalProperties={"type": "string", "maxLength": 5}),
        ON_REQUESTS,
        "CustomVariables.*: its maxLength is `5` now, and was not stated",
    ),
    # --- aliases
    "alias removed from a request": Mutation(
        lambda d: properties(d, "ContactCreate")["first_name"].pop("x-aliases"),
        IN,
        "ContactCreate.first_name: alias `firstName` removed",
    ),
    "one alias of several removed": Mutation(
        lambda d: properties(d, "ContactVerify")["number"]["x-aliases"].remove("phone"),
        IN,
        "ContactVerify.number: alias `phone` removed",
    ),
    "alias added to a request": Mutation(
        lambda d: properties(d, "ContactCreate")["tags"].update({"x-aliases": ["labels"]}),
        NOBODY,
        "ContactCreate.tags: alias `labels` added",
    ),
    "alias removed from an answer": Mutation(
        lambda d: properties(d, "Contact")["first_name"].pop("x-aliases"),
        ON_RESPONSES,
        "Contact.first_name: alias `firstName` removed",
    ),
    "alias added to an answer": Mutation(
        lambda d: properties(d, "Contact")["verified"].update({"x-aliases": ["isVerified"]}),
        NOBODY,
        "Contact.verified: alias `isVerified` added",
    ),
    "alias made a field of its own": Mutation(
        spelling_of_its_own,
        ON_REQUESTS | ON_RESPONSES,
        "Contact.first_name: alias `firstName` removed",
    ),
    # --- parameters
    "optional parameter added": Mutation(
        lambda d: operation(d, COUNT, "get")["parameters"].append(query("tag")),
        NOBODY,
        "parameter tag of GET /api/v2/contacts/count: added",
    ),
    "required parameter added": Mutation(
        lambda d: operation(d, COUNT, "get")["parameters"].append(query("tag", required=True)),
        IN,
        "parameter tag of GET /api/v2/contacts/count: added",
    ),
    "parameter removed": Mutation(
        lambda d: operation(d, LIST, "get")["parameters"].remove(parameter(d, "cid")),
        IN,
        "parameter cid of GET /api/v2/contacts: removed",
    ),
    "parameter made required": Mutation(
        lambda d: parameter(d, "cid").update(required=True),
        IN,
        "parameter cid of GET /api/v2/contacts: its required is `True` now, and was not stated",
    ),
    "enum value dropped": Mutation(
        lambda d: schema(d, "OrderDirection")["enum"].remove("desc"), IN, "OrderDirection: value dropped: `desc`"
    ),
    "enum value added": Mutation(
        lambda d: schema(d, "OrderDirection")["enum"].append("random"), NOBODY, "OrderDirection: value added: `random`"
    ),
    "enum put on a parameter": Mutation(
        lambda d: parameter(d, "order_by")["schema"].update(enum=["created_at"]),
        IN,
        "parameter order_by of GET /api/v2/contacts: its enum is `created_at` now, and was not stated",
    ),
    "maximum lowered": Mutation(
        lambda d: parameter(d, "limit")["schema"].update(maximum=500),
        ON_REQUESTS,
        "parameter limit of GET /api/v2/contacts: its maximum is `500` now, and was `1000`",
    ),
    "maximum raised": Mutation(
        lambda d: parameter(d, "limit")["schema"].update(maximum=5000),
        NOBODY,
        "parameter limit of GET /api/v2/contacts: its maximum is `5000` now, and was `1000`",
    ),
    # --- operations
    "operation added": Mutation(second_count, NOBODY, "GET /api/v2/tags/count: added"),
    "operation removed": Mutation(lambda d: d["paths"].pop(COUNT), IN, "GET /api/v2/contacts/count: removed"),
    "one operation of a path removed": Mutation(
        lambda d: d["paths"][ONE].pop("delete"), IN, "DELETE /api/v2/contacts/{phone_number}: removed"
    ),
    "operation moved": Mutation(
        lambda d: moved(d, COUNT, "/api/v3/contacts/count"),
        ON_REQUESTS,
        "GET /api/v2/contacts/count: renamed to `/api/v3/contacts/count`",
    ),
    "method changed": Mutation(
        lambda d: d["paths"][ONE].update(patch=d["paths"][ONE].pop("put")),
        ON_REQUESTS,
        "PUT /api/v2/contacts/{phone_number}: removed",
    ),
    "operation named otherwise": Mutation(
        lambda d: operation(d, COUNT, "get").update(operationId="contacts_count"),
        ON_PYTHON,
        "GET /api/v2/contacts/count: its operationId is `contacts_count` now, and was `count_contacts`",
    ),
    "operation deprecated": Mutation(
        lambda d: operation(d, VERIFY, "post").update(deprecated=True),
        NOBODY,
        "POST /api/v2/contacts/verify: its deprecated is `True` now, and was not stated",
    ),
    "body no longer required": Mutation(
        lambda d: operation(d, VERIFY, "post")["requestBody"].update(required=False),
        NOBODY,
        "body of POST /api/v2/contacts/verify: its required is `False` now, and was `True`",
    ),
    # --- answers
    "status of success removed": Mutation(
        lambda d: operation(d, LIST, "post")["responses"].pop("201"),
        ON_RESPONSES,
        "answer 201 of POST /api/v2/contacts: removed",
    ),
    "status of an error removed": Mutation(
        lambda d: operation(d, LIST, "post")["responses"].pop("409"),
        ON_RESPONSES,
        "answer 409 of POST /api/v2/contacts: removed",
    ),
    "status of an error added": Mutation(
        lambda d: operation(d, LIST, "get")["responses"].update({"404": {"$ref": "#/components/responses/NotFound"}}),
        NOBODY,
        "answer 404 of GET /api/v2/contacts: added",
    ),
    "header of an answer removed": Mutation(
        lambda d: d["components"]["responses"]["TooManyRequests"].pop("headers"),
        ON_RESPONSES,
        "headers of response TooManyRequests: removed",
    ),
    "array put into an object": Mutation(
        lambda d: operation(d, LIST, "get")["responses"]["200"]["content"]["application/json"].update(
            schema={"$ref": "#/components/schemas/BulkCreateResponse"}
        ),
        OUT,
        "BulkCreateResponse: type added: `object`, type dropped: `array`",
    ),
    "smaller schema in one answer": Mutation(smaller_list, OUT, "answer 200 of GET /api/v2/contacts[].tags: removed"),
    # --- the rest
    "secret sent under another name": Mutation(
        lambda d: d["components"]["securitySchemes"]["ApiKeyId"].update(name="x-api-key"),
        ON_REQUESTS,
        "securityScheme ApiKeyId: its name is `x-api-key` now, and was `sb-api-key-id`",
    ),
    "one more secret": Mutation(bearer, ON_REQUESTS, "security: now asks for Bearer"),
    "secrets asked for where none were": Mutation(
        lambda d: operation(d, COUNT, "get").pop("security"),
        ON_REQUESTS,
        "security of GET /api/v2/contacts/count: now asks for ApiKeyId, ApiSecretKey",
        before=lambda d: operation(d, COUNT, "get").update(security=[]),
    ),
    "secrets asked for where nothing was said": Mutation(
        lambda d: d.update(security=[{"ApiKeyId": []}]),
        ON_REQUESTS,
        "security: now asks for ApiKeyId",
        before=lambda d: d.pop("security"),
    ),
    "secrets no longer asked for": Mutation(
        lambda d: operation(d, COUNT, "get").update(security=[]),
        NOBODY,
        "security of GET /api/v2/contacts/count: no longer asks for ApiKeyId, ApiSecretKey",
    ),
    "servers in another order": Mutation(
        lambda d: d["servers"].reverse(),
        NOBODY,
        "servers: are in another order: `https://api.sendblue.com`, `https://api.sendblue.co`",
    ),
    "server removed": Mutation(lambda d: d["servers"].pop(), ON_REQUESTS, "server https://api.sendblue.com: removed"),
    "schema named otherwise": Mutation(
        lambda d: renamed_schema(d, "ContactCount", "Tally"),
        ON_PYTHON,
        "sendblue_contacts_api.models.ContactCount: removed",
    ),
    "description alone": Mutation(
        lambda d: properties(d, "Contact")["phone"].update(description="Another."),
        NOBODY,
        "Contact.phone: its description is another",
    ),
    "example alone": Mutation(
        lambda d: properties(d, "Contact")["phone"].update(examples=["+14155550000"]),
        NOBODY,
        "Contact.phone: its examples is another",
    ),
}
