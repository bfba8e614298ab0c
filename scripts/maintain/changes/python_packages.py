"""Changes of the public API of the Python packages, and whether each breaks their callers.

griffe finds what was removed and which arguments changed. It compares no types and reports no additions; this module
does.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import griffe

from maintain.changes.public_api import PACKAGES, PublicApi, ancestors, input_only, load, members, public_api
from maintain.changes.report import ADDED, CHANGED, PYTHON, REMOVED, Change
from maintain.regenerate.sync_client import replaced

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

BREAKS = frozenset({PYTHON})
Kind = griffe.BreakageKind
# The types that accept every value of another type.
WIDER = {
    "list": ("Sequence", "Collection", "Iterable"),
    "tuple": ("Sequence", "Collection", "Iterable"),
    "Sequence": ("Collection", "Iterable"),
    "dict": ("Mapping",),
    "int": ("float",),
}


@dataclass(frozen=True)
class Types:
    """The types of a public name, as source text: what it accepts and what it gives; None if it does neither.

    A constant also has its value.
    """

    accepts: str | None = None
    gives: str | None = None
    value: str | None = None


def compare(old_root: Path, new_root: Path) -> list[Change]:
    """Return how the public API of the packages in `new_root` differs from that in `old_root`."""
    old, new = load(old_root), load(new_root)
    shared = [name for name in PACKAGES if name in old and name in new]
    whole = [Change(name, ADDED, "package added") for name in new if name not in old]
    whole += [Change(name, REMOVED, "package removed", BREAKS) for name in old if name not in new]
    before, after = (public_api({name: packages[name] for name in shared}) for packages in (old, new))
    return [*whole, *without_twins(compare_public(before, after))]


def without_twins(changes: list[Change]) -> list[Change]:
    """Return the changes without those of the client for tasks that the one for threads, emitted from it, has too."""
    known = set(changes)

    def is_twin(change: Change) -> bool:
        twin = replace(change, subject=replaced(change.subject), text=replaced(change.text))
        return twin != change and twin in known

    return [change for change in changes if not is_twin(change)]


def compare_public(old: PublicApi, new: PublicApi) -> list[Change]:
    """Return how the public API `new` differs from `old`."""
    broken = list(_broken(old, new))
    known = {(change.subject, change.text.replace("added as required", "added")) for change in broken}
    typed = _typed(types_of(old), types_of(new))
    return [*broken, *(change for change in typed if (change.subject, change.text) not in known)]


def _broken(old: PublicApi, new: PublicApi) -> Iterator[Change]:
    public = [pair for found in (old, new) for pair in found.items()]
    names = {
        member.canonical_path: f"{name}.{member.name}"
        for name, item in public
        if isinstance(item, griffe.Class)
        for member in members(item).values()
    } | {item.canonical_path: name for name, item in public}
    for breakage in griffe.find_breaking_changes(_as_module(old), _as_module(new)):
        value = breakage.old_value or breakage.new_value
        parameter = f": `{value.name}`" if isinstance(value, griffe.Parameter) else ""
        kind = REMOVED if breakage.kind in {Kind.OBJECT_REMOVED, Kind.PARAMETER_REMOVED} else CHANGED
        text = breakage.kind.value[0].lower() + breakage.kind.value[1:] + parameter
        yield Change(_public_name(breakage.obj, names), kind, text, BREAKS)


def _as_module(found: PublicApi) -> griffe.Module:
    """Return one module with all public objects, so that griffe compares them wherever they are defined."""
    module = griffe.Module("public")
    for name, item in found.items():
        item.public = True
        module.members[name] = item
    return module


def _public_name(item: griffe.Object | griffe.Alias, names: Mapping[str, str]) -> str:
    if item.path in names or item.parent is None:
        return names.get(item.path, item.path)
    return f"{_public_name(item.parent, names)}.{item.name}"


def types_of(found: PublicApi) -> dict[str, Types]:
    """Return the types of all public objects, their members and their arguments, by name."""
    inputs = input_only(found)
    types: dict[str, Types] = {}
    for path, item in found.items():
        is_input = _is_typed_dict(item) or item.canonical_path in inputs
        for name, one in _types(item, path):
            types[name] = Types(accepts=one.accepts or one.gives) if is_input else one
    return types


def _types(item: griffe.Object, path: str) -> Iterator[tuple[str, Types]]:
    if isinstance(item, griffe.Class):
        yield path, Types()
        for name, member in members(item).items():
            yield from _types(member, f"{path}.{name}")
    elif isinstance(item, griffe.Function):
        yield path, Types(gives=_text(item.returns))
        # The attributes already have the types of an `__init__` that is not in the source.
        parameters = item.parameters if item.lineno else ()
        yield from ((f"{path}({each.name})", Types(accepts=_text(each.annotation))) for each in parameters)
    elif isinstance(item, griffe.Attribute):
        value, annotation = _text(item.value), _text(item.annotation)
        if item.name.isupper() and item.parent and item.parent.is_module:
            yield path, Types(gives=annotation, value=value)
        else:
            yield path, Types(gives=annotation) if annotation else Types(accepts=value)


def _is_typed_dict(item: griffe.Object) -> bool:
    classes = (item, *ancestors(item)) if isinstance(item, griffe.Class) else ()
    return "TypedDict" in {str(base).split(".")[-1] for each in classes for base in each.bases}


def _text(annotation: object) -> str | None:
    return None if annotation is None else str(annotation)


def _typed(old: Mapping[str, Types], new: Mapping[str, Types]) -> Iterator[Change]:
    for name in sorted(new):
        subject, _, parameter = name.removesuffix(")").partition("(")
        holder = subject if parameter else subject.rpartition(".")[0]
        if name not in old:
            # The members of a class that was added are not listed one by one.
            if holder in old or holder not in new:
                yield Change(subject, ADDED, f"parameter was added: `{parameter}`" if parameter else "added")
            continue
        for what, before, after, fit in (
            ("type", old[name].accepts, new[name].accepts, fits),
            ("type", old[name].gives, new[name].gives, lambda before, after: fits(after, before)),
            ("value", old[name].value, new[name].value, lambda *_: False),
        ):
            if before and after and before != after:
                text = f"{what} changed from `{before}` to `{after}`"
                text = f"parameter `{parameter}`: {text}" if parameter else text
                yield Change(subject, CHANGED, text, frozenset() if fit(before, after) else BREAKS)


def fits(narrow: str, wide: str) -> bool:
    """Return whether every value of the type `narrow` is a value of `wide`, as far as their source text shows."""
    parts, whole = (_union(ast.parse(text, mode="eval").body) for text in (narrow, wide))
    return bool(whole & {"Any", "object"}) or all({part, *_wider(part)} & whole for part in parts)


def _union(node: ast.expr) -> set[str]:
    if isinstance(node, ast.BinOp):
        return _union(node.left) | _union(node.right)
    if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "Literal":
        values = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return {ast.unparse(value) for value in values}
    return {ast.unparse(node)}


def _wider(part: str) -> list[str]:
    head, bracket, rest = part.partition("[")
    return [f"{each}{bracket}{rest}" for each in WIDER.get(head, ())]
