"""Write `field_table.py`: the fields of the request models, and of models that are listed, as literals.

The command line makes an option of each field. Importing the generated models for that takes several times as long as
everything else in `--help`, so it reads this table, which imports nothing. The table is derived from the source of the
models, and so agrees with them. A second table has the query parameters of the operations.
"""

from __future__ import annotations

import ast
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

from maintain.regenerate.query_parameters import query_parameters

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from maintain.openapi_document import Document
    from maintain.regenerate.query_parameters import Parameter

DEFAULTS: dict[str, Any] = {"aliases": (), "required": False, "nullable": False, "choices": ()}
"""The values of the arguments that a definition omits."""
HEADER = '''\
"""The fields of requests and of listed models, by model, and query parameters, by operationId, as literals.

Unlike the models, this module imports no other module.
"""

from __future__ import annotations

from typing import Final, TypedDict


class FieldEntry(TypedDict):
    """The definition of a field or a query parameter."""

    kind: str
    """The JSON type or format, such as `string`, `e164` or `array[string]`."""
    aliases: tuple[str, ...]
    """The alternative names."""
    required: bool
    """Whether a request without the field is invalid."""
    nullable: bool
    """Whether null is a valid value."""
    choices: tuple[str | int, ...]
    """The values of an enum; empty for other fields."""
    description: str
    """The description in the OpenAPI document; empty for a model that is no request."""


FIELD_TABLE: Final[dict[str, dict[str, FieldEntry]]] = '''

QUERIES = """
QUERY_TABLE: Final[dict[str, dict[str, FieldEntry]]] = """


def write_field_table(document: Document, package: Path) -> None:
    """Write the field table of a generated package, and its table of query parameters."""
    table = {name: entries for path in sorted(package.glob("models/*.py")) for name, entries in request_models(path)}
    queries = {operation: entries for operation, entries in _queries(document) if entries}
    (package / "field_table.py").write_text(f"{HEADER}{table!r}\n{QUERIES}{queries!r}\n", encoding="utf-8")


def _queries(document: Document) -> Iterator[tuple[str, dict[str, dict[str, Any]]]]:
    for route, method in document.operations():
        operation = document.data["paths"][route][method]
        parameters = query_parameters(operation, document.data)
        yield operation.get("operationId", ""), {name: _query_entry(each) for name, each in parameters.items()}


def _query_entry(parameter: Parameter) -> dict[str, Any]:
    given = {"required": parameter.required, "choices": parameter.choices}
    description = f"{parameter.description}{' Deprecated.' if parameter.deprecated else ''}"
    return {"kind": parameter.kind, **DEFAULTS, **given, "description": description}


def request_models(path: Path) -> Iterator[tuple[str, dict[str, dict[str, Any]]]]:
    """Return the request models in a module, which have a TypedDict for their fields, and those that are listed."""
    body = ast.parse(path.read_text("utf-8")).body
    classes = {node.name: node for node in body if isinstance(node, ast.ClassDef)}
    for name, node in classes.items():
        if f"{name}Fields" in classes:
            descriptions = _keyword_descriptions(body)
            for typed_dict in (classes[f"{name}Fields"], classes[f"{name}Mapping"]):
                descriptions |= _descriptions(typed_dict)
            yield name, {field: _entry(call, descriptions[field]) for field, call in _definitions(node)}
        elif any(isinstance(each, ast.FunctionDef) and each.name == "from_dicts" for each in node.body):
            yield name, {field: _entry(call, "") for field, call in _definitions(node)}


def _descriptions(typed_dict: ast.ClassDef) -> dict[str, str]:
    """Return the docstring below each key, on one line."""
    return {
        key.target.id: " ".join(str(ast.literal_eval(text.value)).split())
        for key, text in pairwise(typed_dict.body)
        if isinstance(key, ast.AnnAssign) and isinstance(key.target, ast.Name) and isinstance(text, ast.Expr)
    }


def _keyword_descriptions(body: list[ast.stmt]) -> dict[str, str]:
    """Return the descriptions of fields that are keywords, in the texts below their TypedDicts."""
    lines = [
        line.partition(": ")
        for node, text in pairwise(body)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).endswith("Keywords")
        if isinstance(text, ast.Expr)
        for line in str(ast.literal_eval(text.value)).strip().splitlines()
    ]
    return {name: description for name, _, description in lines}


def _definitions(model: ast.ClassDef) -> Iterator[tuple[str, ast.Call]]:
    """Return the entries of the table FIELDS of a model."""
    assigned = [node for node in model.body if isinstance(node, ast.AnnAssign)]
    (fields,) = (cast("ast.Dict", node.value) for node in assigned if ast.unparse(node.target) == "FIELDS")
    for key, value in zip(fields.keys, fields.values, strict=True):
        yield ast.literal_eval(cast("ast.expr", key)), cast("ast.Call", value)


def _entry(call: ast.Call, description: str) -> dict[str, Any]:
    given = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in call.keywords}
    settings = {name: given.get(name, default) for name, default in DEFAULTS.items()}
    return {"kind": ast.literal_eval(call.args[0]), **settings, "description": description}
