"""Mutations of the document, and which callers each breaks: requests, responses, Python callers.

Each changes the data of openapi/contacts.yaml in place. If it needs something that the document does not have, such as
a default, `before` adds that to the document first.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Data = dict[str, Any]
REQUESTS, RESPONSES, PYTHON = "requests", "responses", "python"
LIST, COUNT, ONE = "/api/v2/contacts", "/api/v2/contacts/count", "/api/v2/contacts/{phone_number}"
VERIFY, BULK = "/api/v2/contacts/verify", "/api/v2/contacts/bulk"
TEXT: Data = {"type": "string"}
COUNTED: Data = {"$ref": "#/components/schemas/ContactCount"}
TEXT_OR_NULL: Data = {"type": ["string", "null"]}


@dataclass(frozen=True)
class Mutation:
    """A mutation, and what scripts/changes must report.

    Attributes:
        edit: Changes the document.
        breaks: The sides that it breaks.
        line: A line that must be in the report.
        before: Changes both documents before the comparison.
    """

    edit: Callable[[Data], object]
    breaks: frozenset[str]
    line: str
    before: Callable[[Data], object] | None = None


def properties(document: Data, schema: str) -> Data:
    """Return the properties of a schema."""
    found: Data = document["components"]["schemas"][schema]["properties"]
    return found


def schema(document: Data, name: str) -> Data:
    """Return a schema."""
    found: Data = document["components"]["schemas"][name]
    return found


def operation(document: Data, path: str, method: str) -> Data:
    """Return an operation."""
    found: Data = document["paths"][path][method]
    return found


def parameter(document: Data, name: str) -> Data:
    """Return a parameter of the list operation."""
    return next(each for each in operation(document, LIST, "get")["parameters"] if each["name"] == name)


def respelled(document: Data, holder: str, old: str, new: str, *aliases: str) -> None:
    """Rename a field in place, with exactly these aliases."""
    fields = properties(document, holder)
    kept = {(new if name == old else name): value for name, value in fields.items()}
    kept[new] = {key: value for key, value in kept[new].items() if key != "x-aliases"} | (
        {"x-aliases": list(aliases)} if aliases else {}
    )
    schema(document, holder)["properties"] = kept
    required = schema(document, holder).get("required", [])
    required[:] = [new if name == old else name for name in required]


def changed(place: str, breaks: frozenset[str], line: str, before: Any = None, **keys: Any) -> Mutation:
    """Return the mutation that sets keys of a schema, such as `Contact`, or of a field, such as `Contact.phone`."""
    name, _, field = place.partition(".")

    def edit(document: Data) -> None:
        (properties(document, name)[field] if field else schema(document, name)).update(keys)

    return Mutation(edit, breaks, f"{place}: {line}", before)


def moved(document: Data, path: str, to: str) -> None:
    """Rename a path in place."""
    document["paths"] = {(to if name == path else name): item for name, item in document["paths"].items()}


def renamed_schema(document: Data, old: str, new: str) -> None:
    """Rename a schema wherever it is used."""

    def respell(part: Any) -> Any:
        if isinstance(part, dict):
            return {(new if key == old else key): respell(value) for key, value in part.items()}
        if isinstance(part, list):
            return [respell(value) for value in part]
        return f"#/components/schemas/{new}" if part == f"#/components/schemas/{old}" else part

    document["components"]["schemas"] = respell(document["components"]["schemas"])
    document["components"]["responses"] = respell(document["components"]["responses"])
    document["paths"] = respell(document["paths"])


def second_count(document: Data) -> None:
    """Add an operation like the count."""
    item = copy.deepcopy(document["paths"][COUNT])
    item["get"]["operationId"] = "count_tags"
    document["paths"]["/api/v2/tags/count"] = item


def query(name: str, **more: Any) -> Data:
    """Return a query parameter."""
    return {"name": name, "in": "query", "schema": TEXT, **more}


def bearer(document: Data) -> None:
    """Require another secret on every request."""
    document["components"]["securitySchemes"]["Bearer"] = {"type": "http", "scheme": "bearer"}
    document["security"][0]["Bearer"] = []


def kinds(document: Data) -> None:
    """Add a field with two values to responses."""
    properties(document, "Contact")["kind"] = {"type": "string", "enum": ["person", "firm"]}


def spelling_of_its_own(document: Data) -> None:
    """Turn an alias into a field of its own."""
    for holder in ("Contact", "ContactCreate"):
        fields = properties(document, holder)
        fields["first_name"].pop("x-aliases", None)
        fields["firstName"] = TEXT_OR_NULL


def smaller_list(document: Data) -> None:
    """Let only the list operation return a smaller schema."""
    smaller = copy.deepcopy(schema(document, "Contact"))
    del smaller["properties"]["tags"]
    document["components"]["schemas"]["ContactSummary"] = smaller
    content = operation(document, LIST, "get")["responses"]["200"]["content"]["application/json"]
    content["schema"]["items"] = {"$ref": "#/components/schemas/ContactSummary"}


NOTHING: frozenset[str] = frozenset()
ON_REQUESTS, ON_RESPONSES, ON_PYTHON = frozenset({REQUESTS}), frozenset({RESPONSES}), frozenset({PYTHON})
IN, OUT, ALL = ON_REQUESTS | ON_PYTHON, ON_RESPONSES | ON_PYTHON, frozenset({REQUESTS, RESPONSES, PYTHON})

MUTATIONS: dict[str, Mutation] = {
    # --- fields of responses
    "field added to a response": Mutation(
        lambda d: properties(d, "Contact").update(birthday=TEXT_OR_NULL), NOTHING, "Contact.birthday: added"
    ),
    "field removed from a response": Mutation(
        lambda d: properties(d, "Contact").pop("verified"), OUT, "Contact.verified: removed"
    ),
    "field of a response renamed": Mutation(
        lambda d: respelled(d, "Contact", "verified", "is_verified"), OUT, "Contact.verified: renamed to `is_verified`"
    ),
    "field of a response renamed, old name kept as an alias": Mutation(
        lambda d: respelled(d, "Contact", "verified", "is_verified", "verified"),
        ON_PYTHON,
        "Contact.verified: became an alias of `is_verified`",
    ),
    "field of a response required": changed("ContactCount", NOTHING, "now requires `count`", required=["count"]),
    "field of a response no longer required": Mutation(
        lambda d: schema(d, "ContactCount").pop("required"),
        ON_RESPONSES,
        "ContactCount: no longer requires `count`",
        before=lambda d: schema(d, "ContactCount").update(required=["count"]),
    ),
    "null removed from an object of a response": Mutation(
        lambda d: properties(d, "Contact").update(owner={"allOf": [COUNTED]}),
        NOTHING,
        "variant of Contact.owner: removed",
        before=lambda d: properties(d, "Contact").update(owner={"anyOf": [COUNTED, {"type": "null"}]}),
    ),
    "type of a response widened": changed(
        "Contact.verified", OUT, "type added: `string`", type=["boolean", "string", "null"]
    ),
    "enum value added to a response": Mutation(
        lambda d: properties(d, "Contact")["kind"]["enum"].append("shop"),
        ON_RESPONSES,
        "Contact.kind: value added: `shop`",
        before=kinds,
    ),
    "enum value removed from a response": Mutation(
        lambda d: properties(d, "Contact")["kind"]["enum"].remove("firm"),
        ON_PYTHON,
        "Contact.kind: value removed: `firm`",
        before=kinds,
    ),
    # --- fields of requests
    "optional field added to a request": Mutation(
        lambda d: properties(d, "ContactCreate").update(birthday=TEXT), NOTHING, "ContactCreate.birthday: added"
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
    "required field of a request renamed, old name kept as an alias": Mutation(
        lambda d: respelled(
            d, "ContactVerify", "number", "recipient", *("phoneNumber", "phone_number", "phone", "number")
        ),
        ON_PYTHON,
        "ContactVerify: now requires `recipient`, no longer requires `number`",
    ),
    "field of a request made optional": Mutation(
        lambda d: schema(d, "ContactVerify").pop("required"), NOTHING, "ContactVerify: no longer requires `number`"
    ),
    "null added to a request": changed(
        "ContactUpdate.phone_number", NOTHING, "type added: `null`", type=["string", "null"]
    ),
    "type of a request changed": changed(
        "ContactCreate.update_if_exists", IN, "type added: `string`, type removed: `boolean`", type="string"
    ),
    "default changed": changed(
        "ContactCreate.update_if_exists", ON_REQUESTS, "default changed from `False` to `True`", default=True
    ),
    "default documented": changed(
        "ContactCreate.update_if_exists",
        NOTHING,
        "default added: `False`",
        before=lambda d: properties(d, "ContactCreate")["update_if_exists"].pop("default"),
        default=False,
    ),
    "field of a request made read-only": changed(
        "ContactCreate.tags", ON_REQUESTS, "readOnly added: `True`", readOnly=True
    ),
    "field of a response made write-only": changed(
        "Contact.tags", ON_RESPONSES, "writeOnly added: `True`", writeOnly=True
    ),
    # --- shared by requests and responses
    "shared type widened": Mutation(
        lambda d: schema(d, "CustomVariables").update(additionalProperties={"type": ["string", "integer"]}),
        ON_RESPONSES,
        "CustomVariables.*: type added: `integer`",
    ),
    "shared type narrowed": Mutation(
        lambda d: schema(d, "CustomVariables").update(additionalProperties={"type": "string", "maxLength": 5}),
        ON_REQUESTS,
        "CustomVariables.*: maxLength added: `5`",
    ),
    # --- aliases
    "one alias of several removed": Mutation(
        lambda d: properties(d, "ContactVerify")["number"]["x-aliases"].remove("phone"),
        IN,
        "ContactVerify.number: alias `phone` removed",
    ),
    "alias added to a request": changed(
        "ContactCreate.tags", NOTHING, "alias `labels` added", **{"x-aliases": ["labels"]}
    ),
    "alias removed from a response": Mutation(
        lambda d: properties(d, "Contact")["first_name"].pop("x-aliases"),
        ON_RESPONSES,
        "Contact.first_name: alias `firstName` removed",
    ),
    "alias turned into a field": Mutation(
        spelling_of_its_own, ON_REQUESTS | ON_RESPONSES, "Contact.first_name: alias `firstName` removed"
    ),
    # --- parameters
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
        "parameter cid of GET /api/v2/contacts: required added: `True`",
    ),
    "enum value removed": Mutation(
        lambda d: schema(d, "OrderDirection")["enum"].remove("asc"), IN, "OrderDirection: value removed: `asc`"
    ),
    "enum added to a parameter": Mutation(
        lambda d: parameter(d, "order_by")["schema"].update(enum=["created_at"]),
        IN,
        "parameter order_by of GET /api/v2/contacts: enum added: `created_at`",
    ),
    "maximum lowered": Mutation(
        lambda d: parameter(d, "limit")["schema"].update(maximum=500),
        ON_REQUESTS,
        "parameter limit of GET /api/v2/contacts: maximum changed from `1000` to `500`",
    ),
    # --- operations
    "operation added": Mutation(second_count, NOTHING, "GET /api/v2/tags/count: added"),
    "operation removed": Mutation(lambda d: d["paths"].pop(COUNT), IN, "GET /api/v2/contacts/count: removed"),
    "method changed": Mutation(
        lambda d: d["paths"][ONE].update(patch=d["paths"][ONE].pop("put")),
        ON_REQUESTS,
        "PUT /api/v2/contacts/{phone_number}: removed",
    ),
    "operation renamed in Python": Mutation(
        lambda d: operation(d, COUNT, "get").update(operationId="contacts_count"),
        ON_PYTHON,
        "GET /api/v2/contacts/count: operationId changed from `count_contacts` to `contacts_count`",
    ),
    # --- responses
    "status of an error removed": Mutation(
        lambda d: operation(d, LIST, "post")["responses"].pop("409"),
        ON_RESPONSES,
        "response 409 of POST /api/v2/contacts: removed",
    ),
    "header of a response removed": Mutation(
        lambda d: d["components"]["responses"]["TooManyRequests"].pop("headers"),
        ON_RESPONSES,
        "headers of response TooManyRequests: removed",
    ),
    "smaller schema in one response": Mutation(
        smaller_list, OUT, "response 200 of GET /api/v2/contacts[].tags: removed"
    ),
    # --- security, servers and names
    "secret sent in another header": Mutation(
        lambda d: d["components"]["securitySchemes"]["ApiKeyId"].update(name="x-api-key"),
        ON_REQUESTS,
        "securityScheme ApiKeyId: name changed from `sb-api-key-id` to `x-api-key`",
    ),
    "another secret": Mutation(bearer, ON_REQUESTS, "security: now requires Bearer"),
    "secrets required where none were": Mutation(
        lambda d: operation(d, COUNT, "get").pop("security"),
        ON_REQUESTS,
        "security of GET /api/v2/contacts/count: now requires ApiKeyId, ApiSecretKey",
        before=lambda d: operation(d, COUNT, "get").update(security=[]),
    ),
    "secrets required where none were documented": Mutation(
        lambda d: d.update(security=[{"ApiKeyId": []}]),
        ON_REQUESTS,
        "security: now requires ApiKeyId",
        before=lambda d: d.pop("security"),
    ),
    "servers in another order": Mutation(
        lambda d: d["servers"].reverse(),
        NOTHING,
        "servers: new order: `https://api.sendblue.com`, `https://api.sendblue.co`",
    ),
    "operation with servers of its own": Mutation(
        lambda d: operation(d, COUNT, "get").update(servers=[{"url": "https://count.example"}]),
        ON_REQUESTS,
        "server https://api.sendblue.co of GET /api/v2/contacts/count: removed",
    ),
    "path with servers of its own": Mutation(
        lambda d: d["paths"][COUNT].update(servers=[*d["servers"], {"url": "https://count.example"}]),
        NOTHING,
        "server https://count.example of GET /api/v2/contacts/count: added",
    ),
    "server removed": Mutation(lambda d: d["servers"].pop(), ON_REQUESTS, "server https://api.sendblue.com: removed"),
    "schema renamed": Mutation(
        lambda d: renamed_schema(d, "ContactCount", "Tally"),
        ON_PYTHON,
        "sendblue_contacts_api.models.ContactCount: public object was removed",
    ),
    "description only": changed("Contact.phone", NOTHING, "description changed", description="Another."),
    # --- last, because those that break no Python caller are also made together, in this order
    "operation moved": Mutation(
        lambda d: moved(d, COUNT, "/api/v3/contacts/count"),
        ON_REQUESTS,
        "GET /api/v2/contacts/count: renamed to `/api/v3/contacts/count`",
    ),
}
