"""What changed in the Python packages, and whether it breaks their callers.

griffe finds what was taken away and what is asked for now. It does not look at types, and does not list what came: that
is done here.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

import griffe

from maintain.changes.public_names import PACKAGES, Public, ancestors, load, members, only_given, public
from maintain.changes.report import ADDED, CHANGED, PYTHON, REMOVED, Change

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

BREAKS = frozenset({PYTHON})
Kind = griffe.BreakageKind
SENTENCES = {
    Kind.OBJECT_REMOVED: "removed",
    Kind.OBJECT_CHANGED_KIND: "is of another kind now",
    Kind.CLASS_REMOVED_BASE: "has lost a base class",
    Kind.RETURN_CHANGED_TYPE: "returns something else",
    Kind.PARAMETER_REMOVED: "argument `{}` removed",
    Kind.PARAMETER_MOVED: "positional argument `{}` moved",
    Kind.PARAMETER_CHANGED_KIND: "argument `{}` is given in another way",
    Kind.PARAMETER_CHANGED_DEFAULT: "argument `{}` has another default",
    Kind.PARAMETER_CHANGED_REQUIRED: "argument `{}` is required now",
    Kind.PARAMETER_ADDED_REQUIRED: "required argument `{}` added",
}


# What else takes every value of such a type.
WIDER = {
    "list": ("Sequence", "Collection", "Iterable"),
    "tuple": ("Sequence", "Collection", "Iterable"),
    "Sequence": ("Collection", "Iterable"),
    "dict": ("Mapping",),
    "int": ("float",),
}


@dataclass(frozen=True)
class Fact:
    """The types of a public name: the union that it takes, the union that it gives; None where there is none."""

    takes: str | None = None
    gives: str | None = None


def compare(old_root: Path, new_root: Path) -> list[Change]:
    """Return how the packages under `new_root` differ, for their callers, from those under `old_root`."""
    old, new = load(old_root), load(new_root)
    shared = [name for name in PACKAGES if name in old and name in new]
    whole = [Change(name, ADDED, "package added") for name in new if name not in old]
    whole += [Change(name, REMOVED, "package removed", BREAKS) for name in old if name not in new]
    return [*whole, *compare_public(*(public({name: each[name] for name in shared}) for each in (old, new)))]


def compare_public(old: Public, new: Public) -> list[Change]:
    """Return how what is public in `new` differs from what is in `old`."""
    broken = list(_broken(old, new))
    told = {(each.subject, each.text) for each in broken}
    typed = _typed(facts(old), facts(new))
    return [*broken, *(each for each in typed if (each.subject, f"required {each.text}") not in told)]


def _broken(old: Public, new: Public) -> Iterator[Change]:
    names = {one.canonical_path: name for found in (old, new) for name, one in found.items()}
    for breakage in griffe.find_breaking_changes(_gathered(old), _gathered(new)):
        argument = getattr(breakage.old_value or breakage.new_value, "name", "")
        kind = REMOVED if breakage.kind in {Kind.OBJECT_REMOVED, Kind.PARAMETER_REMOVED} else CHANGED
        yield Change(_known_as(breakage.obj.path, names), kind, SENTENCES[breakage.kind].format(argument), BREAKS)


def _gathered(found: Public) -> griffe.Module:
    """Return a module that has all these, wherever they lie."""
    module = griffe.Module("public")
    for name, one in found.items():
        one.public = True
        module.members[name] = one
    return module


def _known_as(path: str, names: Mapping[str, str]) -> str:
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        start = ".".join(parts[:length])
        if start in names:
            return ".".join([names[start], *parts[length:]])
    return path


# --- types


def facts(found: Public) -> dict[str, Fact]:
    """Return the types of all these, of their members and of their arguments, by name."""
    given = only_given(found)
    told = {path: dict(_facts(one, path)) for path, one in found.items()}
    return {
        name: Fact(takes=fact.takes or fact.gives)
        if _is_mapping(found[path]) or found[path].canonical_path in given
        else fact
        for path, named in told.items()
        for name, fact in named.items()
    }


def _facts(one: griffe.Object, path: str) -> Iterator[tuple[str, Fact]]:
    if isinstance(one, griffe.Class):
        yield path, Fact()
        for name, member in members(one).items():
            yield from _facts(member, f"{path}.{name}")
    elif isinstance(one, griffe.Function):
        yield path, Fact(gives=_text(one.returns))
        # An `__init__` that is in no source takes what the attributes are.
        named = one.parameters if one.lineno else ()
        yield from ((f"{path}({each.name})", Fact(takes=_text(each.annotation))) for each in named)
    elif isinstance(one, griffe.Attribute):
        yield path, Fact(takes=_text(one.value)) if one.annotation is None else Fact(gives=_text(one.annotation))


def _is_mapping(one: griffe.Object) -> bool:
    """Whether it is a TypedDict: callers give one, and never get one."""
    classes = (one, *ancestors(one)) if isinstance(one, griffe.Class) else ()
    return "TypedDict" in {str(base).split(".")[-1] for each in classes for base in each.bases}


def _text(annotation: object) -> str | None:
    return None if annotation is None else str(annotation)


def _typed(old: Mapping[str, Fact], new: Mapping[str, Fact]) -> Iterator[Change]:
    for name in sorted(new):
        subject, _, argument = name.removesuffix(")").partition("(")
        holder = subject if argument else subject.rpartition(".")[0]
        about = f"argument `{argument}` " if argument else ""
        if name in old:
            yield from _retyped(subject, about, old[name], new[name])
        elif holder in old or holder not in new:
            yield Change(subject, ADDED, f"{about}added")


def _retyped(subject: str, about: str, old: Fact, new: Fact) -> Iterator[Change]:
    if None not in (old.takes, new.takes) and old.takes != new.takes:
        text = f"{about}takes `{new.takes}` now, and took `{old.takes}`"
        yield Change(subject, CHANGED, text, frozenset() if fits(old.takes, new.takes) else BREAKS)
    if None not in (old.gives, new.gives) and old.gives != new.gives:
        text = f"{about}is `{new.gives}` now, and was `{old.gives}`"
        yield Change(subject, CHANGED, text, frozenset() if fits(new.gives, old.gives) else BREAKS)


def fits(narrow: str | None, wide: str | None) -> bool:
    """Return whether every value of the type `narrow` is one of `wide`, as far as can be told from their texts."""
    parts, whole = (_union(ast.parse(str(each), mode="eval").body) for each in (narrow, wide))
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
