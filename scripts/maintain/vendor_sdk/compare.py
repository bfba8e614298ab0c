"""The differences between the vendor's library and the document, one line each, as openapi/upstream.toml lists them.

An alias in the document counts as the same field. In responses, aliases are not compared: the server sends fields that
the vendor's library leaves out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from maintain.json_pointer import at
from maintain.openapi_document import METHODS
from maintain.vendor_sdk.source import BODY, QUERY, RESPONSE, Field, Fields, Operations

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

Data = dict[str, Any]
BOUNDS = {"minimum": ("minimum", "minItems", "minLength"), "maximum": ("maximum", "maxItems", "maxLength")}
# The field that each spelling stands for.
Owners = dict[str, str]


def described(document: Data) -> tuple[Operations, dict[tuple[str, str], Owners]]:
    """Return the operations of the document, and the field of each spelling at each place of each operation."""
    found: Operations = {}
    owners: dict[tuple[str, str], Owners] = {}
    for path, item in document["paths"].items():
        for method in METHODS & item.keys():
            name = f"{method.upper()} {path}"
            found[name] = {"deprecated": item[method].get("deprecated", False)}
            for place, schema in _schemas(document, item[method]).items():
                found[name][place], owners[name, place] = _read(document, schema)
    return found, owners


def _schemas(document: Data, operation: Data) -> dict[str, Data]:
    """Return the schemas of the query, the body and the response of an operation."""
    parameters = [_resolved(document, parameter) for parameter in operation.get("parameters", [])]
    properties = {parameter["name"]: parameter["schema"] for parameter in parameters if parameter["in"] == "query"}
    required = [parameter["name"] for parameter in parameters if parameter.get("required")]
    success = next(response for status, response in operation["responses"].items() if status.startswith("2"))
    return {
        QUERY: {"properties": properties, "required": required},
        BODY: _json(operation.get("requestBody", {})),
        RESPONSE: _json(_resolved(document, success)),
    }


def _json(holder: Data) -> Data:
    found: Data = holder.get("content", {}).get("application/json", {}).get("schema", {})
    return found


def _resolved(document: Data, part: Data) -> Data:
    while "$ref" in part:
        part = at(document, part["$ref"])
    return part


def _read(document: Data, schema: Data, prefix: str = "") -> tuple[Fields, Owners]:
    fields: Fields = {}
    owners: Owners = {}
    for variant in _variants(document, schema):
        inner = [(variant["items"], f"{prefix.removesuffix('.')}[].")] if "items" in variant else []
        for name, part in variant.get("properties", {}).items():
            fields[prefix + name] = _field(document, part, required=name in variant.get("required", []))
            owners |= {prefix + spelling: prefix + name for spelling in (name, *part.get("x-aliases", []))}
            inner.append((part, f"{prefix}{name}."))
        for part, inner_prefix in inner:
            more_fields, more_owners = _read(document, part, inner_prefix)
            fields |= more_fields
            owners |= more_owners
    return fields, owners


def _variants(document: Data, schema: Data) -> list[Data]:
    """Return a schema and those that it combines, without references."""
    whole = _resolved(document, schema)
    inner = [part for keyword in ("anyOf", "oneOf", "allOf") for part in whole.get(keyword, [])]
    return [whole, *(variant for part in inner for variant in _variants(document, part))]


def _field(document: Data, schema: Data, *, required: bool) -> Field:
    variants = _variants(document, schema)
    return {
        **{
            bound: variant[word]
            for bound, words in BOUNDS.items()
            for word in words
            for variant in variants
            if word in variant
        },
        "nullable": any("null" in variant.get("type", ()) for variant in variants),
        "values": [str(value) for variant in variants for value in variant.get("enum", [])],
        "required": required,
        "deprecated": any(variant.get("deprecated", False) for variant in variants),
    }


def differences(library: Data, document: Data) -> list[str]:
    """Return one line for each difference, sorted; the same difference always gives the same line."""
    vendor: Operations = library["operations"]
    documented, owners = described(document)
    lines = [*_client(library, document)]
    lines += [f"{name}: the operation is only in the vendor's library" for name in vendor.keys() - documented.keys()]
    lines += [f"{name}: the operation is only in the document" for name in documented.keys() - vendor.keys()]
    for name in vendor.keys() & documented.keys():
        lines += _flags(f"{name}: the operation", vendor[name], documented[name], "deprecated")
        for place in (QUERY, BODY, RESPONSE):
            fields = vendor[name].get(place, {}), documented[name].get(place, {})
            lines += _differing_fields(f"{name}: {place}", *fields, owners[name, place], place)
    return sorted(lines)


def _client(library: Data, document: Data) -> Iterator[str]:
    """Yield addresses that the document lacks, and authentication headers that only one of both has."""
    known = {server["url"] for server in document["servers"]}
    yield from (f"client: the address {url} is only in the vendor's library" for url in set(library["servers"]) - known)
    schemes = document["components"]["securitySchemes"].values()
    sent = {scheme.get("name", "authorization").lower() for scheme in schemes}
    for header in sent ^ set(library["headers"]):
        where = "the document" if header in sent else "the vendor's library"
        yield f"client: the authentication header {header} is only in {where}"


def _differing_fields(start: str, vendor: Fields, documented: Fields, owners: Owners, place: str) -> Iterator[str]:
    for name in vendor:
        subject = f"{start} `{name}`"
        if name in documented:
            yield from _differing_field(subject, vendor[name], documented[name], place)
        elif name in owners and place != RESPONSE and not vendor[name].get("deprecated"):
            yield f"{subject} is a field in the vendor's library, and an alias of `{owners[name]}` in the document"
    yield from (f"{start} `{name}` is only in the vendor's library" for name in _missing(vendor, owners))
    # In a response one spelling is enough; in a request every spelling is part of the API.
    known = {*vendor, *(owners[name] for name in vendor if name in owners)} if place == RESPONSE else vendor
    for name in _missing(documented if place == RESPONSE else owners, known):
        alias = "" if name in documented else f" (alias of `{owners[name]}`)"
        yield f"{start} `{name}`{alias} is only in the document"


def _missing(names: Iterable[str], others: Container[str]) -> list[str]:
    """Return the names that `others` does not contain, without those inside another one."""
    missing = [name for name in names if name not in others]
    holders = tuple(f"{name}{separator}" for name in missing for separator in (".", "[]"))
    return [name for name in missing if not name.startswith(holders)]


def _differing_field(subject: str, vendor: Field, documented: Field, place: str) -> Iterator[str]:
    values = [", ".join(sorted(field.get("values", ()))) or "any" for field in (vendor, documented)]
    if values[0] != values[1]:
        yield f"{subject}: the values are {values[0]} in the vendor's library, {values[1]} in the document"
    for bound in ("minimum", "maximum"):
        if bound in vendor and vendor[bound] != documented.get(bound):
            stated = documented.get(bound, "not stated")
            yield f"{subject}: the {bound} is {vendor[bound]} in the vendor's library, {stated} in the document"
    # The vendor's library declares every field of a response Optional that may be missing, so only the reverse counts.
    one, other = (documented, vendor) if place == RESPONSE else (vendor, documented)
    if one.get("nullable") and not other.get("nullable"):
        yield from _flags(subject, vendor, documented, "nullable")
    flags = ["deprecated"] if place == RESPONSE else ["required", "deprecated"]
    yield from _flags(subject, vendor, documented, *flags)


def _flags(subject: str, vendor: Field, documented: Field, *flags: str) -> Iterator[str]:
    for flag in flags:
        if bool(vendor.get(flag)) != bool(documented.get(flag)):
            where = "the vendor's library" if vendor.get(flag) else "the document"
            yield f"{subject} is {flag} only in {where}"
