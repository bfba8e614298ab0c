"""What changed between two generated packages, in the words of the API: models, fields, operations.

Pure: a package is a mapping from relative file names to contents, and is only parsed, never imported.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

Package = Mapping[str, bytes]
# What a model, a field or an operation is called, and how it reads.
Meaning = dict[tuple[str, str], str]
SHOWN = 30
DIFF_LINES = 400


def describe(old: Package, new: Package) -> list[str]:
    """Return the lines that tell how `new` differs from `old`; none when they are equal."""
    files = [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]
    if not files:
        return []
    lines = list(_compare(_meaning(old), _meaning(new)))
    more = [f"… and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    return [*lines[:SHOWN], *more, f"{len(files)} of {len(new)} files written anew or removed"]


def differences(old: Package, new: Package) -> list[str]:
    """Return the unified diff that would make `old` equal to `new`, at most DIFF_LINES of it."""
    lines: list[str] = []
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            lines += [f"{_verdict(name, old, new)}: {name}", *_diff(name, old, new)]
    return lines if len(lines) <= DIFF_LINES else [*lines[:DIFF_LINES], f"… and {len(lines) - DIFF_LINES} more lines"]


def _verdict(name: str, old: Package, new: Package) -> str:
    if name not in old:
        return "missing"
    return "not what the document gives" if name in new else "not generated from the document"


def _diff(name: str, old: Package, new: Package) -> Iterator[str]:
    before, after = (package.get(name, b"").decode("utf-8", "replace").splitlines() for package in (old, new))
    return difflib.unified_diff(before, after, f"{name} (as it is)", f"{name} (from the document)", lineterm="")


def _compare(old: Meaning, new: Meaning) -> Iterator[str]:
    for key in sorted({*old, *new}):
        kind, name = key
        before, after = old.get(key), new.get(key)
        # Fields of a model that came or went are not told one by one.
        alone = kind != "field" or {_model(name)} <= _models(old) & _models(new)
        if alone and before != after:
            yield f"{_sign(before, after)} {kind} {name}{_reading(kind, before, after)}"


def _model(field: str) -> str:
    return field.partition(".")[0]


def _models(meaning: Meaning) -> set[str]:
    return {name for kind, name in meaning if kind == "model"}


def _sign(before: str | None, after: str | None) -> str:
    return "+" if before is None else "-" if after is None else "~"


def _reading(kind: str, before: str | None, after: str | None) -> str:
    if kind != "field" or after is None:
        return ""
    return f": {after}" if before is None else f": {after} (was {before})"


def _meaning(package: Package) -> Meaning:
    meaning: Meaning = {}
    for name, content in package.items():
        path = PurePosixPath(name)
        if path.suffix == ".py" and path.name != "__init__.py":
            meaning |= _read(path, content)
    return meaning


def _read(path: PurePosixPath, content: bytes) -> Meaning:
    try:
        tree = ast.parse(content)
    except SyntaxError:  # an edited file; the line on files tells of it
        return {}
    if "api" in path.parts:
        return {("operation", path.stem): _signatures(tree)}
    if "models" in path.parts:
        return {key: text for node in tree.body for key, text in _declared(node)}
    return {}


def _signatures(tree: ast.Module) -> str:
    """Return what a caller of the operation sees: arguments and what comes back, without the code."""
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
