"""The pages of the HTTP reference, in Markdown: one for each tag of the OpenAPI document, and one with the schemas."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from maintain.json_pointer import at
from maintain.openapi_document import METHODS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Json = dict[str, Any]
JSON_TYPE = "application/json"
SCHEMAS_PAGE = "http-schemas.md"
PYTHON_SAMPLES = {
    "list_contacts": "for contact in client.contacts.list():\n    print(contact.phone, contact.tags)",
    "create_contact": 'client.contacts.create("+14155551234", first_name="John", tags=["VIP", "Customer"])',
    "bulk_delete_contacts": 'result = client.contacts.bulk.delete(["+14155551234", "+14155555678"])\nprint(result)',
    "count_contacts": "print(client.contacts.count())",
    "verify_contact": 'client.contacts.verify("+14155551234")',
    "opt_out_contact": 'client.contacts.opt_out("+14155551234", opted_out=True)',
    "bulk_create_contacts": 'rows = [{"phone": "+14155551234", "first_name": "John"}, {"phone": "+14155555678"}]\n'
    "result = client.contacts.bulk.create(rows)\nprint(result)",
    "retrieve_contact": 'contact = client.contacts.retrieve("+14155551234")\nprint(contact.first_name)',
    "update_contact": 'client.contacts.update("+14155551234", company_name="Example Corp")',
    "delete_contact": 'client.contacts.delete("+14155551234")',
}
"""The call of the library for each operation. The sample of another operation uses `client.request`."""
NAMES_GUIDE = "[Field names and None](../guides/spellings.md)"
BULK_GUIDE = "[Bulk](../guides/bulk.md)"
GUIDES = {
    "list_contacts": "[Listing](../guides/listing.md)",
    "bulk_create_contacts": BULK_GUIDE,
    "bulk_delete_contacts": BULK_GUIDE,
    "create_contact": NAMES_GUIDE,
    "update_contact": NAMES_GUIDE,
}
"""The guide to an operation, if there is one."""
_CREDENTIALS = """\
  --header "sb-api-key-id: $SENDBLUE_API_API_KEY" \\
  --header "sb-api-secret-key: $SENDBLUE_API_API_SECRET\""""


@dataclass(frozen=True)
class Operation:
    """An operation of the document, with references to the rest of it."""

    document: Json
    method: str
    path: str
    data: Json

    @property
    def name(self) -> str:
        """Its `operationId`."""
        return str(self.data["operationId"])

    @property
    def parameters(self) -> list[Json]:
        """Its parameters, with those of its path."""
        shared = self.document["paths"][self.path].get("parameters", [])
        return [self.resolve(parameter) for parameter in [*shared, *self.data.get("parameters", [])]]

    @property
    def body(self) -> Json:
        """The content of its request body: a schema and examples; empty if it has no body."""
        body = self.resolve(self.data.get("requestBody", {}))
        return dict(body.get("content", {}).get(JSON_TYPE, {}))

    @property
    def example(self) -> object:
        """The last example of its request body, which is the most complete one, or None."""
        values = [self.resolve(example)["value"] for example in self.body.get("examples", {}).values()]
        return values[-1] if values else None

    def resolve(self, part: Json) -> Json:
        """Return what a reference refers to, or the part itself."""
        return dict(at(self.document, part["$ref"])) if "$ref" in part else part

    def url(self) -> str:
        """Return the address with the examples of the path parameters."""
        path = self.path
        for parameter in self.parameters:
            if parameter["in"] == "path":
                path = path.replace(f"{{{parameter['name']}}}", quote(parameter["schema"]["examples"][0], safe=""))
        return f"{self.document['servers'][0]['url']}{path}"


def operations(document: Json) -> list[Operation]:
    """Return all operations in the order of the document."""
    return [
        Operation(document, method, path, data)
        for path, item in document["paths"].items()
        for method, data in item.items()
        if method in METHODS
    ]


def pages(document: Json) -> dict[str, str]:
    """Return the text of each page by its file name."""
    by_tag = {tag["name"]: tag for tag in document["tags"]}
    found = {"http.md": _overview(document), SCHEMAS_PAGE: _schemas(document)}
    for name, tag in by_tag.items():
        chosen = [_operation(operation) for operation in operations(document) if name in operation.data["tags"]]
        found[page_of(name)] = "\n\n".join([f"# {_words(name)}", tag["description"], *chosen]) + "\n"
    return found


def page_of(tag: str) -> str:
    """Return the file name of the page of a tag."""
    return f"http-{_words(tag).lower().replace(' ', '-')}.md"


def curl(operation: Operation) -> str:
    """Return the command that sends the request with curl."""
    lines = [f"curl --request {operation.method.upper()} {operation.url()}", *_CREDENTIALS.splitlines()]
    if operation.body:
        data = json.dumps(operation.example, ensure_ascii=False).replace("'", r"'\''")
        lines += ['  --header "Content-Type: application/json"', f"  --data '{data}'"]
    return " \\\n".join(line.removesuffix(" \\") for line in lines)


def python(operation: Operation) -> str:
    """Return the Python sample, which uses a variable `client`."""
    path = operation.url().removeprefix(operation.document["servers"][0]["url"])
    body = f", json={operation.example!r}" if operation.body else ""
    return PYTHON_SAMPLES.get(operation.name, f'client.request("{operation.method.upper()}", "{path}"{body})')


def _overview(document: Json) -> str:
    rows = [
        (f"[{operation.data['summary']}]({page_of(operation.data['tags'][0])}#{_anchor(operation)})", _route(operation))
        for operation in operations(document)
    ]
    servers = "\n".join(f"- `{server['url']}`: {server['description']}" for server in document["servers"])
    schemes = document["components"]["securitySchemes"].values()
    headers = "\n".join(f"- `{scheme['name']}`: {scheme['description']}" for scheme in schemes)
    parts = ["# HTTP reference", document["info"]["summary"], _table(("operation", "request"), rows)]
    parts += ["## Servers", servers, "## Credentials", headers]
    parts += ["## Rules", document["info"]["description"].strip()]
    return "\n\n".join(parts) + "\n"


def _operation(operation: Operation) -> str:
    parts = [f"## {operation.data['summary']} {{ #{_anchor(operation)} }}", _route(operation)]
    parts += [operation.data["description"], _samples(operation), *_inputs(operation)]
    parts += ["### Responses", _responses(operation), *_response_example(operation)]
    return "\n\n".join(parts)


def _route(operation: Operation) -> str:
    return f"`{operation.method.upper()} {operation.path}`"


def _anchor(operation: Operation) -> str:
    return operation.name.replace("_", "-")


def _samples(operation: Operation) -> str:
    tabs = {"Python": ("python", python(operation)), "curl": ("shell", curl(operation))}
    blocks = [
        f'=== "{title}"\n\n' + _indented(f"```{language}\n{text}\n```") for title, (language, text) in tabs.items()
    ]
    guide = f"Guide: {GUIDES[operation.name]}." if operation.name in GUIDES else ""
    return "\n\n".join([*blocks, f"`client` is a [client](clients.md) of this library. {guide}".strip()])


def _inputs(operation: Operation) -> Iterator[str]:
    if operation.parameters:
        yield "### Parameters"
        yield _table(("name", "type", "description"), [_parameter(found) for found in operation.parameters])
    if operation.body:
        yield "### Body"
        yield f"JSON: {type_name(operation.body['schema'])}."
        yield _fields(operation.resolve(operation.body["schema"]))


def _parameter(found: Json) -> tuple[str, ...]:
    schema = found["schema"]
    return (
        f"`{found['name']}`",
        f"{type_name(schema)}, in the {found['in']}",
        _description(found["description"], schema),
    )


def _responses(operation: Operation) -> str:
    rows = []
    for status, response in operation.data["responses"].items():
        found = operation.resolve(response)
        schema = found.get("content", {}).get(JSON_TYPE, {}).get("schema", {})
        rows.append((f"`{status}`", type_name(schema) if schema else "", _cell(found["description"])))
    return _table(("status", "body", "meaning"), rows)


def _response_example(operation: Operation) -> Iterator[str]:
    response = operation.resolve(next(iter(operation.data["responses"].values())))
    examples = list(response.get("content", {}).get(JSON_TYPE, {}).get("examples", {}).values())
    if examples:
        value = json.dumps(operation.resolve(examples[-1])["value"], indent=2, ensure_ascii=False)
        yield f"For example:\n\n```json\n{value}\n```"


def _schemas(document: Json) -> str:
    parts = ["# Schemas", "The JSON objects of requests and responses. Any of them may have more fields."]
    for name, schema in document["components"]["schemas"].items():
        parts += [f"## {name}", schema.get("description", "")]
        parts += [_fields(schema)] if schema.get("properties") else [f"Type: {type_name(schema)}."]
    return "\n\n".join(parts) + "\n"


def _fields(schema: Mapping[str, Any]) -> str:
    required = schema.get("required", [])
    rows = [
        (f"`{name}`{' (required)' if name in required else ''}", type_name(field), _description("", field))
        for name, field in schema.get("properties", {}).items()
    ]
    return _table(("field", "type", "description"), rows)


def type_name(schema: Mapping[str, Any]) -> str:
    """Return the type of a value in words, with links to the schemas."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}]({SCHEMAS_PAGE}#{name.lower()})"
    for key, word in (("anyOf", " or "), ("oneOf", " or "), ("allOf", " and ")):
        if key in schema:
            return word.join(type_name(part) for part in schema[key])
    kinds = schema.get("type", "any")
    names = [_simple_type(kind, schema) for kind in (kinds if isinstance(kinds, list) else [kinds])]
    return " or ".join(names)


def _simple_type(kind: str, schema: Mapping[str, Any]) -> str:
    if kind == "array":
        return f"array of {type_name(schema.get('items', {}))}"
    extra = schema.get("additionalProperties")
    if kind == "object" and isinstance(extra, dict):
        return f"object with values of type {type_name(extra)}"
    return f"{kind} ({schema['format']})" if kind == "string" and "format" in schema else str(kind)


def _description(text: str, schema: Mapping[str, Any]) -> str:
    words = [text or schema.get("description", "")]
    words += [f"One of {', '.join(f'`{value}`' for value in schema['enum'])}."] if "enum" in schema else []
    words += [f"Defaults to `{json.dumps(schema['default'])}`."] if "default" in schema else []
    return _cell(" ".join(filter(None, words)))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _table(titles: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in [titles, ("---",) * len(titles), *rows])


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.splitlines())


def _words(name: str) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return words[0] + words[1:].lower()
