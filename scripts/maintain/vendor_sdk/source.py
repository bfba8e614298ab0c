"""The API as the vendor's Python library describes it, read from its source with `ast`; none of its code runs.

The library is generated, so its code has few forms: a method of a resource class calls `self._post(path, body=…)`, and
TypedDicts and models describe the types of the body, the query and the response.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from maintain.venvs import ScriptError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

QUERY, BODY, RESPONSE = "query", "body", "response"
CALLS = {f"_{method}": method for method in ("get", "post", "put", "patch", "delete")} | {"_get_api_list": "get"}
LISTS = frozenset({"List", "list", "Iterable", "Sequence", "SequenceNotStr", "Tuple", "tuple", "Set", "set"})

# Bounds in descriptions: numbers, except sizes and times.
_NUMBER = r"(\d[\d,_]*)(?!\d|\.\d)(?! ?(?:[KMG]B|second|minute))"
_MAXIMUM = r"up to|at most|no more than|capped at|max(?:imum)?(?: of|:| is)?|(?:between|from) \d+ (?:and|to)"
BOUNDS = {
    "minimum": rf"(?i)\b(?:at least|no fewer than|min(?:imum)?(?: of|:| is)?|between|from) {_NUMBER}",
    "maximum": rf"(?i)\b(?:{_MAXIMUM}) {_NUMBER}",
}

# A field: its `values`, its bounds, and whether it is `required`, `nullable` or `deprecated`. Keys that would be empty
# or false are absent.
Field = dict[str, Any]
Fields = dict[str, Field]
# The fields of an operation at each place, by name: `contacts[].phone` is a field of each item of `contacts`. A
# deprecated operation also has `deprecated: True`.
Operation = dict[str, Any]
Operations = dict[str, Operation]


class Library:
    """The parsed modules of the library, by path, and the definitions of the names in them."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.modules = {path: _parsed(path, text) for path, text in sources.items()}

    def find(self, path: str, expression: ast.expr) -> tuple[str, ast.AST] | None:
        """Return the definition of a name in the module at `path`: a class, a type alias or a module, and its path."""
        if isinstance(expression, ast.Attribute):
            holder = self.find(path, expression.value)
            return self._named(holder[0], expression.attr) if holder and isinstance(holder[1], ast.Module) else None
        return self._named(path, expression.id) if isinstance(expression, ast.Name) else None

    def _named(self, path: str, name: str) -> tuple[str, ast.AST] | None:
        for node in self.modules[path].body:
            if isinstance(node, ast.ClassDef) and node.name == name:
                return path, node
            if isinstance(node, ast.Assign | ast.AnnAssign) and _target(node) == name:
                return path, node
            if isinstance(node, ast.ImportFrom) and (found := self._imported(path, node, name)):
                return found
        return None

    def _imported(self, path: str, node: ast.ImportFrom, name: str) -> tuple[str, ast.AST] | None:
        for alias in node.names:
            if node.level and (alias.asname or alias.name) == name:
                target = PurePosixPath(path).parents[node.level - 1].joinpath(*(node.module or "").split("."))
                if module := self._module(target / alias.name):
                    return module
                module = self._module(target)
                return self._named(module[0], alias.name) if module else None
        return None

    def _module(self, target: PurePosixPath) -> tuple[str, ast.AST] | None:
        paths = (f"{target}.py", f"{target}/__init__.py")
        return next(((path, self.modules[path]) for path in paths if path in self.modules), None)


def _parsed(path: str, text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError) as error:
        raise ScriptError(
            f"This Python cannot parse {path} of the vendor's library ({error}). Name another version of the library "
            "with --version, or create .venv with a newer Python."
        ) from error


def _target(node: ast.Assign | ast.AnnAssign) -> str:
    return ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target)


def _last_name(expression: ast.expr) -> str:
    return ast.unparse(expression).rpartition(".")[2]


def client(sources: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the addresses and the authentication headers of the client class, from its module `_client.py`."""
    path = next((path for path in sources if path.endswith("/_client.py")), "")
    tree = _parsed(path, sources.get(path, ""))
    # Stainless names the properties that return a header, such as `_api_key_auth`, after its security scheme.
    methods = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.endswith("_auth")]
    keys = (key for method in methods for node in ast.walk(method) if isinstance(node, ast.Dict) for key in node.keys)
    values = (node.value for node in ast.walk(tree) if isinstance(node, ast.Assign) and _target(node) == "base_url")
    texts = (_text(node) for value in values for node in ast.walk(value) if isinstance(node, ast.Constant))
    return {
        "servers": sorted({text for text in texts if "://" in text}),
        "headers": sorted({_text(key).lower() for key in keys if isinstance(key, ast.Constant)}),
    }


def _text(node: ast.Constant) -> str:
    return str(node.value)


def operations(sources: Mapping[str, str], word: str) -> Operations:
    """Return the operations that mention `word`, by method and path. `sources`: each module's text by path."""
    library = Library(sources)
    found = (pair for path in sources if "/resources/" in path for pair in _calls(library, path, word))
    return dict(sorted(found, key=lambda pair: pair[0]))


def _calls(library: Library, path: str, word: str) -> Iterator[tuple[str, Operation]]:
    classes = (node for node in library.modules[path].body if isinstance(node, ast.ClassDef))
    # The methods of the async classes are AsyncFunctionDefs and repeat the same operations.
    methods = (node for holder in classes for node in holder.body if isinstance(node, ast.FunctionDef))
    # An operation on contacts may have another word in its path, such as `/api/v2/opt-outs`.
    for method in (method for method in methods if word in f"{path} {ast.unparse(method)}".lower()):
        for call in ast.walk(method):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in CALLS:
                given = _keyword(call, "method")
                verb = given.value if isinstance(given, ast.Constant) else CALLS[call.func.attr]
                yield f"{str(verb).upper()} {_url(call.args[0])}", _operation(library, path, method, call)


def _url(expression: ast.expr) -> str:
    """Return the path in a string, an f-string, or `path_template("/…/{name}", name=name)`."""
    template = expression.args[0] if isinstance(expression, ast.Call) else expression
    return ast.unparse(template).removeprefix("f").strip("'\"")


def _keyword(part: ast.AST, name: str) -> ast.expr | None:
    """Return the argument `name` of the first call in `part` that has it."""
    keywords = (keyword for node in ast.walk(part) if isinstance(node, ast.Call) for keyword in node.keywords)
    return next((keyword.value for keyword in keywords if keyword.arg == name), None)


def _operation(library: Library, path: str, method: ast.FunctionDef, call: ast.Call) -> Operation:
    item = _keyword(call, "model")
    places = {
        QUERY: _fields(library, Place(path), _transformed(_keyword(call, "query"))),
        BODY: _fields(library, Place(path), _transformed(_keyword(call, "body"))),
        RESPONSE: _fields(library, Place(path, "[]." if item else ""), item or _keyword(call, "cast_to")),
    }
    is_deprecated = any("deprecated" in ast.unparse(decorator) for decorator in method.decorator_list)
    operation: Operation = {place: dict(sorted(fields.items())) for place, fields in places.items() if fields}
    return {"deprecated": True, **operation} if is_deprecated else operation


def _transformed(expression: ast.expr | None) -> ast.expr | None:
    """Return the type in `maybe_transform({…}, type)`."""
    return expression.args[1] if isinstance(expression, ast.Call) and len(expression.args) > 1 else expression


@dataclass(frozen=True)
class Place:
    """Where a type is read: the module, the prefix of its fields, and the definitions that contain it."""

    path: str
    prefix: str = ""
    within: tuple[ast.AST, ...] = ()


def _fields(library: Library, place: Place, expression: ast.expr | None) -> Fields:
    """Return the fields of a type; none if it is not a class of the library."""
    if isinstance(expression, ast.Subscript):
        if _last_name(expression.value) in LISTS:
            place = replace(place, prefix=f"{place.prefix.removesuffix('.')}[].")
        return {name: field for part in _parts(expression) for name, field in _fields(library, place, part).items()}
    path, node = (library.find(place.path, expression) if expression is not None else None) or ("", None)
    if node is None or node in place.within:
        return {}
    inner = replace(place, path=path, within=(*place.within, node))
    if isinstance(node, ast.Assign | ast.AnnAssign):
        return _fields(library, inner, node.value)
    return _members(library, inner, node) if isinstance(node, ast.ClassDef) else {}


def _parts(expression: ast.Subscript) -> list[ast.expr]:
    return expression.slice.elts if isinstance(expression.slice, ast.Tuple) else [expression.slice]


def _members(library: Library, place: Place, node: ast.ClassDef) -> Fields:
    classes = _with_bases(library, place.path, node)
    is_mapping = any(_last_name(base) == "TypedDict" for _, holder in classes for base in holder.bases)
    found: Fields = {}
    for path, holder in classes:
        is_total = is_mapping and not any(keyword.arg == "total" for keyword in holder.keywords)
        for member, following in zip(holder.body, [*holder.body[1:], None], strict=True):
            if isinstance(member, ast.AnnAssign) and not _is_internal(member):
                name = place.prefix + (_alias(member) or _target(member))
                found[name] = _field(member, following, is_total=is_total, is_mapping=is_mapping)
                found |= _fields(library, replace(place, path=path, prefix=f"{name}."), member.annotation)
    return found


def _with_bases(library: Library, path: str, node: ast.ClassDef) -> list[tuple[str, ast.ClassDef]]:
    """Return a class and its bases with their modules, in reverse order of precedence."""
    found: list[tuple[str, ast.ClassDef]] = []
    for base in reversed(node.bases):
        where, definition = library.find(path, base.value if isinstance(base, ast.Subscript) else base) or ("", None)
        if isinstance(definition, ast.ClassDef):
            found += _with_bases(library, where, definition)
    return [*found, (path, node)]


def _is_internal(member: ast.AnnAssign) -> bool:
    """Whether a member is never sent, as some of the vendor's BaseModel."""
    return "ClassVar" in ast.unparse(member.annotation) or _target(member).startswith("_")


def _field(member: ast.AnnAssign, following: ast.stmt | None, *, is_total: bool, is_mapping: bool) -> Field:
    text = ast.unparse(member.annotation)
    docstring = ast.unparse(following) if isinstance(following, ast.Expr) else ""
    field = {
        "required": is_mapping and "NotRequired[" not in text and (is_total or "Required[" in text),
        "deprecated": bool(re.search(r"(?i)\bdeprecated\b", docstring)),
        "values": list(_values(member.annotation)),
        "nullable": re.search(r"Optional\[|\bNone\b", text) is not None,
        **bounds(docstring),
    }
    return {key: value for key, value in field.items() if value}


def bounds(prose: str) -> dict[str, int]:
    """Return the `minimum` and `maximum` that a description states, such as "up to 100" or "between 1 and 50"."""
    found = {name: re.search(pattern, prose) for name, pattern in BOUNDS.items()}
    return {name: int(re.sub("[,_]", "", match[1])) for name, match in found.items() if match}


def _alias(member: ast.AnnAssign) -> str | None:
    """Return the name on the wire: `PropertyInfo(alias="…")` in a request, `FieldInfo(alias="…")` in a response."""
    alias = _keyword(member, "alias")
    return str(alias.value) if isinstance(alias, ast.Constant) else None


def _values(annotation: ast.expr) -> Iterator[str]:
    for node in ast.walk(annotation):
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "Literal":
            yield from (str(part.value) for part in _parts(node) if isinstance(part, ast.Constant))
