"""What the vendor's own Python library says of the API, read from its source with `ast`; none of its code is run.

The library is generated too, so that its code has few forms: a method of a resource class calls
`self._post(path, body=…)`, and the types of body, query and answer are TypedDicts and models whose annotations say the
rest.
"""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from maintain.venvs import ScriptError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

QUERY, BODY, ANSWER = "query", "body", "answer"
CALLS = {f"_{method}": method for method in ("get", "post", "put", "patch", "delete")} | {"_get_api_list": "get"}
LISTS = frozenset({"List", "list", "Iterable", "Sequence", "SequenceNotStr", "Tuple", "tuple", "Set", "set"})
MAPPINGS = frozenset({"Dict", "dict", "Mapping"})
WRAPPERS = frozenset({"Optional", "Union", "Required", "NotRequired", "Annotated"})
# What a name in an annotation is in the document. Other names are classes of the library, and objects.
TYPES = {
    **dict.fromkeys(LISTS, "array"),
    "str": "string",
    "datetime": "string",
    "date": "string",
    "Literal": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    **dict.fromkeys(MAPPINGS, "object"),
}


@dataclass(frozen=True)
class Field:
    """A parameter or a field, as either side describes it.

    Attributes:
        type: Its type in JSON, or several with ` or ` between them; empty where anything goes.
        required: Whether a request must have it.
        deprecated: Whether it should not be used any more.
        values: The values that it may have; empty where it is open.
        items: What an array or an object with keys of one's own holds, as in `type`.
    """

    type: str = ""
    required: bool = False
    deprecated: bool = False
    values: tuple[str, ...] = ()
    items: str = ""


@dataclass(frozen=True)
class Operation:
    """An operation: its fields by place and name. `contacts[].phone` is a field of each item of `contacts`."""

    deprecated: bool = False
    fields: Mapping[str, Mapping[str, Field]] = field(default_factory=dict)


Operations = dict[str, Operation]
# A class, and the module that defines it.
Defined = tuple[str, ast.ClassDef]


# --- the library


class Library:
    """The modules of the library, by their paths, and who of them defines what."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.modules = {path: _parsed(path, text) for path, text in sources.items()}

    def find(self, path: str, expression: ast.expr) -> tuple[str, ast.AST] | None:
        """Return where the class, alias or module that `expression` names in the module at `path` is defined."""
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
                folder = PurePosixPath(path).parents[node.level - 1]
                target = folder.joinpath(*(node.module or "").split("."))
                return self._module(target / alias.name) or self._from(target, alias.name)
        return None

    def _from(self, target: PurePosixPath, name: str) -> tuple[str, ast.AST] | None:
        module = self._module(target)
        return self._named(module[0], name) if module else None

    def _module(self, target: PurePosixPath) -> tuple[str, ast.AST] | None:
        paths = (f"{target}.py", f"{target}/__init__.py")
        return next(((path, self.modules[path]) for path in paths if path in self.modules), None)


def _parsed(path: str, text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError) as error:
        raise ScriptError(
            f"{path} of the vendor's library is no Python that {sys.version_info[0]}.{sys.version_info[1]} can read "
            f"({error}). Look at another version of it with --version, or make .venv with a newer Python."
        ) from error


def _target(node: ast.Assign | ast.AnnAssign) -> str:
    return ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target)


# --- operations


def operations(sources: Mapping[str, str], about: str) -> Operations:
    """Return the operations whose path has the word `about` in it, by method and path.

    Args:
        sources: The text of each module, by its path in the distribution.
        about: A word such as `contact`.
    """
    library = Library(sources)
    found = (each for path in sources if "/resources/" in path for each in _calls(library, path))
    return {name: operation for name, operation in sorted(found, key=lambda each: each[0]) if about in name}


def _calls(library: Library, path: str) -> Iterator[tuple[str, Operation]]:
    classes = (node for node in library.modules[path].body if isinstance(node, ast.ClassDef))
    methods = (each for node in classes for each in node.body if isinstance(each, ast.FunctionDef))
    for method in methods:
        for call in ast.walk(method):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in CALLS:
                yield f"{_verb(call)} {_path(call.args[0])}", _operation(library, path, method, call)


def _verb(call: ast.Call) -> str:
    given = _keyword(call, "method")
    verb = given.value if isinstance(given, ast.Constant) else CALLS[ast.unparse(call.func).rpartition(".")[2]]
    return str(verb).upper()


def _path(expression: ast.expr) -> str:
    """Return the path of a text, of an f-string, or of `path_template("/…/{name}", name=name)`."""
    if isinstance(expression, ast.Call):
        return _path(expression.args[0])
    if isinstance(expression, ast.JoinedStr):
        return "".join(map(_path, expression.values))
    if isinstance(expression, ast.FormattedValue):
        return f"{{{ast.unparse(expression.value)}}}"
    return str(expression.value) if isinstance(expression, ast.Constant) else ast.unparse(expression)


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    """Return the argument `name` of a call, or of a call inside it."""
    keywords = (each for node in ast.walk(call) if isinstance(node, ast.Call) for each in node.keywords)
    return next((each.value for each in keywords if each.arg == name), None)


def _operation(library: Library, path: str, method: ast.FunctionDef, call: ast.Call) -> Operation:
    is_deprecated = any("deprecated" in ast.unparse(each) for each in method.decorator_list)
    query, body, answer = (_keyword(call, name) for name in ("query", "body", "cast_to"))
    item = _keyword(call, "model")
    fields = {
        QUERY: _fields(library, Place(path), _transformed(query)),
        BODY: _fields(library, Place(path), _transformed(body)),
        ANSWER: _fields(library, Place(path, "[]."), item) if item else _fields(library, Place(path), answer),
    }
    return Operation(is_deprecated, {place: dict(sorted(named.items())) for place, named in fields.items() if named})


def _transformed(expression: ast.expr | None) -> ast.expr | None:
    """Return the type in `maybe_transform({…}, type)`."""
    return expression.args[1] if isinstance(expression, ast.Call) and len(expression.args) > 1 else expression


# --- types


@dataclass(frozen=True)
class Place:
    """Where a type is read: the module, the name of what holds it, and the classes that it is read for already."""

    path: str
    prefix: str = ""
    within: tuple[ast.AST, ...] = ()

    def inside(self, prefix: str) -> Place:
        """The same for what is inside of it."""
        return replace(self, prefix=prefix)


def _fields(library: Library, place: Place, expression: ast.expr | None) -> dict[str, Field]:
    """Return the fields of the type that `expression` names; nothing where it is no class of the library."""
    if isinstance(expression, ast.Subscript):
        head = ast.unparse(expression.value).rpartition(".")[2]
        inner = place.inside(f"{place.prefix.removesuffix('.')}[].") if head in LISTS else place
        return {name: each for part in _parts(expression) for name, each in _fields(library, inner, part).items()}
    found = library.find(place.path, expression) if expression is not None else None
    if not found or found[1] in place.within:
        return {}
    path, node = found
    inner = replace(place, path=path, within=(*place.within, node))
    if isinstance(node, ast.Assign | ast.AnnAssign):
        return _fields(library, inner, node.value)
    return _members(library, inner, node) if isinstance(node, ast.ClassDef) else {}


def _parts(expression: ast.Subscript) -> list[ast.expr]:
    return expression.slice.elts if isinstance(expression.slice, ast.Tuple) else [expression.slice]


def _members(library: Library, place: Place, node: ast.ClassDef) -> dict[str, Field]:
    line = _line(library, place.path, node)
    is_mapping = any(_unqualified(base) == "TypedDict" for _, each in line for base in each.bases)
    found: dict[str, Field] = {}
    for path, each in line:
        found |= _own(library, replace(place, path=path), each, is_mapping=is_mapping)
    return found


def _line(library: Library, path: str, node: ast.ClassDef, below: tuple[ast.AST, ...] = ()) -> list[Defined]:
    """Return the classes whose fields a class has, itself the last: those of the first base win, as in Python."""
    bases = (_class(library, path, base) for base in reversed(node.bases))
    known = (*below, node)
    above = [each for base in bases if base and base[1] not in known for each in _line(library, *base, known)]
    return [*above, (path, node)]


def _class(library: Library, path: str, base: ast.expr) -> Defined | None:
    found = library.find(path, base.value if isinstance(base, ast.Subscript) else base)
    return (found[0], found[1]) if found and isinstance(found[1], ast.ClassDef) else None


def _unqualified(expression: ast.expr) -> str:
    return ast.unparse(expression).rpartition(".")[2]


def _own(library: Library, place: Place, node: ast.ClassDef, *, is_mapping: bool) -> dict[str, Field]:
    """Return the fields that a class has by itself."""
    found: dict[str, Field] = {}
    is_total = is_mapping and not any(each.arg == "total" for each in node.keywords)
    for member, after in zip(node.body, [*node.body[1:], None], strict=True):
        if isinstance(member, ast.AnnAssign) and not _is_inner(member):
            name = place.prefix + (_alias(member) or _target(member))
            found[name] = _field(member, after, is_total=is_total, is_mapping=is_mapping)
            found |= _fields(library, place.inside(f"{name}."), member.annotation)
    return found


def _is_inner(member: ast.AnnAssign) -> bool:
    """Whether it is the class's own, and never sent: the vendor's BaseModel has such."""
    return "ClassVar" in ast.unparse(member.annotation) or _target(member).startswith("_")


def _field(member: ast.AnnAssign, after: ast.stmt | None, *, is_total: bool, is_mapping: bool) -> Field:
    text = ast.unparse(member.annotation)
    return Field(
        type=" or ".join(dict.fromkeys(_types(member.annotation))),
        required=is_mapping and "NotRequired[" not in text and (is_total or "Required[" in text),
        deprecated=bool(re.search(r"(?i)\bdeprecated\b", _text(after))),
        values=tuple(_values(member.annotation)),
        items=" or ".join(dict.fromkeys(_items(member.annotation))),
    )


def _alias(member: ast.AnnAssign) -> str | None:
    """Return the name on the wire: `PropertyInfo(alias="…")` in a request, `FieldInfo(alias="…")` in an answer."""
    calls = [each for part in (member.annotation, member.value) if part for each in ast.walk(part)]
    alias = next((_keyword(each, "alias") for each in calls if isinstance(each, ast.Call)), None)
    return str(alias.value) if isinstance(alias, ast.Constant) else None


def _text(node: ast.stmt | None) -> str:
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return str(node.value.value) if is_text else ""  # type: ignore[union-attr]  # is_text has told


def _types(annotation: ast.expr) -> Iterator[str]:
    for each in _bare(annotation):
        name = ast.unparse(each.value).rpartition(".")[2] if isinstance(each, ast.Subscript) else ast.unparse(each)
        yield TYPES.get(name, "" if name == "object" else "object")


def _items(annotation: ast.expr) -> Iterator[str]:
    """Yield the types of what lists and mappings hold."""
    for each in _bare(annotation):
        if isinstance(each, ast.Subscript) and _unqualified(each.value) in LISTS | MAPPINGS:
            yield from _types(_parts(each)[-1])


def _bare(annotation: ast.expr) -> Iterator[ast.expr]:
    """Yield the types that an annotation allows, without None and without what only wraps them."""
    parts: list[ast.expr] = []
    if isinstance(annotation, ast.Subscript) and _unqualified(annotation.value) in WRAPPERS:
        parts = _parts(annotation)[: 1 if _unqualified(annotation.value) == "Annotated" else None]
    elif isinstance(annotation, ast.BinOp):
        parts = [annotation.left, annotation.right]
    elif not (isinstance(annotation, ast.Constant) and annotation.value is None):
        yield annotation
    yield from (each for part in parts for each in _bare(part))


def _values(annotation: ast.expr) -> Iterator[str]:
    for each in ast.walk(annotation):
        if isinstance(each, ast.Subscript) and ast.unparse(each.value) == "Literal":
            yield from (str(part.value) for part in _parts(each) if isinstance(part, ast.Constant))


# --- as JSON


def as_data(found: Operations) -> dict[str, Any]:
    """Return operations as data for JSON, without what is empty."""
    return {
        name: {
            **({"deprecated": True} if operation.deprecated else {}),
            **{
                place: {each: {key: value for key, value in vars(one).items() if value} for each, one in named.items()}
                for place, named in operation.fields.items()
            },
        }
        for name, operation in found.items()
    }


def from_data(data: Mapping[str, Any]) -> Operations:
    """Return what `as_data` made data of."""
    return {
        name: Operation(
            operation.get("deprecated", False),
            {
                place: {each: Field(**{**one, "values": tuple(one.get("values", ()))}) for each, one in named.items()}
                for place, named in operation.items()
                if place != "deprecated"
            },
        )
        for name, operation in data.items()
    }
