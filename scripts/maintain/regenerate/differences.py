"""The differences between two generated packages, as models, fields and operations of the API.

A package is a mapping from relative file names to contents. It is parsed, never imported.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from maintain.shortening import shortened

Package = Mapping[str, bytes]
# The signature of each model, field and operation, by kind and name.
Api = dict[tuple[str, str], str]
MAX_LINES = 50
DIFF_LINES = 400


def describe(old: Package, new: Package) -> list[str]:
    """Return lines that describe how `new` differs from `old`; none if they are equal."""
    files = [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]
    if not files:
        return []
    lines = list(_compare(_api(old), _api(new)))
    return [*shortened(lines, MAX_LINES), f"{len(files)} of {len(new)} files changed"]


def differences(old: Package, new: Package) -> list[str]:
    """Return a unified diff from `old` to `new`, of at most DIFF_LINES lines."""
    lines: list[str] = []
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            lines += [f"{_status(name, old, new)}: {name}", *_diff(name, old, new)]
    return lines if len(lines) <= DIFF_LINES else [*lines[:DIFF_LINES], f"… and {len(lines) - DIFF_LINES} more lines"]


def _status(name: str, old: Package, new: Package) -> str:
    if name not in old:
        return "missing"
    return "differs from its source" if name in new else "not emitted by scripts/regenerate"


def _diff(name: str, old: Package, new: Package) -> Iterator[str]:
    before, after = (package.get(name, b"").decode("utf-8", "replace").splitlines() for package in (old, new))
    return difflib.unified_diff(before, after, f"{name} (current)", f"{name} (expected)", lineterm="")


def _compare(old: Api, new: Api) -> Iterator[str]:
    for key in sorted({*old, *new}):
        kind, name = key
        before, after = old.get(key), new.get(key)
        # The fields of an added or removed model are not listed.
        is_listed = kind != "field" or {_model(name)} <= _models(old) & _models(new)
        if is_listed and before != after:
            yield f"{_sign(before, after)} {kind} {name}{_signature(kind, before, after)}"


def _model(field: str) -> str:
    return field.partition(".")[0]


def _models(api: Api) -> set[str]:
    return {name for kind, name in api if kind == "model"}


def _sign(before: str | None, after: str | None) -> str:
    return "+" if before is None else "-" if after is None else "~"


def _signature(kind: str, before: str | None, after: str | None) -> str:
    if kind != "field" or after is None:
        return ""
    return f": {after}" if before is None else f": {after} (was {before})"


def _api(package: Package) -> Api:
    api: Api = {}
    for name, content in package.items():
        path = PurePosixPath(name)
        if path.suffix == ".py" and path.name != "__init__.py":
            api |= _read(path, content)
    return api


def _read(path: PurePosixPath, content: bytes) -> Api:
    try:
        tree = ast.parse(content)
    except SyntaxError:  # a manually edited file; the number of changed files includes it
        return {}
    if "api" in path.parts:
        return {("operation", path.stem): _signatures(tree)}
    if "models" in path.parts:
        return {key: text for node in tree.body for key, text in _declared(node)}
    return {}


def _signatures(tree: ast.Module) -> str:
    """Return the signatures of the functions of an operation."""
    functions = (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return "\n".join(
        f"{function.name}({ast.unparse(function.args)}) -> {ast.unparse(function.returns or ast.Constant(None))}"
        for function in functions
    )


def _declared(node: ast.stmt) -> Iterator[tuple[tuple[str, str], str]]:
    if isinstance(node, ast.ClassDef):
        yield ("model", node.name), ""
        for field in node.body:
            if isinstance(field, ast.AnnAssign) and not ast.unparse(field).startswith(
                ("_", "additional_properties", "FIELDS")
            ):
                yield ("field", f"{node.name}.{ast.unparse(field.target)}"), ast.unparse(field.annotation)
    elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript):  # X = Literal[...]
        yield ("model", ast.unparse(node.targets[0])), ast.unparse(node.value)
