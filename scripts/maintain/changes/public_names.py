"""The public side of the Python packages, as griffe reads it from their sources, without importing them.

Public is what `__all__` names, the models and functions of the generated package, and what all these take and give.
"""

from __future__ import annotations

import contextlib
import logging
import re
from typing import TYPE_CHECKING, Any

import griffe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

# Each package, and the folder of the tree that it lies in.
PACKAGES = {
    "sendblue_contacts_api": "generated",
    "sendblue_contacts": "overrides",
    "sendblue_transfer": "transfer",
    "sendblue_contacts_cli": "cli",
    "sendblue_sandbox": "sandbox",
}
MODELS, OPERATIONS = "sendblue_contacts_api.models", "sendblue_contacts_api.api"
# Models are made by keyword: a new field stands where it belongs in the document, and moves all that come after it.
BY_KEYWORD = f"{MODELS}."

Public = dict[str, griffe.Object]


# --- reading


class AttrsClasses(griffe.Extension):
    """Gives classes of attrs the `__init__` that attrs makes, as griffe does for dataclasses."""

    def on_class(self, *, cls: griffe.Class, **_: Any) -> None:  # noqa: ANN401 - griffe's signature
        """Add it."""
        if any(each.callable_path in {"attrs.define", "attrs.frozen"} for each in cls.decorators):
            fields = [
                each for each in cls.members.values() if isinstance(each, griffe.Attribute) and _is_argument(each)
            ]
            by_keyword = cls.path.startswith(BY_KEYWORD)
            parameters = griffe.Parameters(*(_as_parameter(each, by_keyword=by_keyword) for each in fields))
            cls.set_member("__init__", griffe.Function("__init__", parameters=parameters))


def _is_argument(field: griffe.Attribute) -> bool:
    return "instance-attribute" in field.labels and "init=False" not in str(field.value)


def _as_parameter(field: griffe.Attribute, *, by_keyword: bool) -> griffe.Parameter:
    text = str(field.value)
    alias = re.search(r"alias='(\w+)'", text)
    is_keyword = by_keyword or "kw_only=True" in text
    kind = griffe.ParameterKind.keyword_only if is_keyword else griffe.ParameterKind.positional_or_keyword
    # A call of attrs' field() gives a default, or only settings.
    has_default = field.value is not None and ("field(" not in text or "default" in text or "factory" in text)
    name = alias[1] if alias else field.name.lstrip("_")
    return griffe.Parameter(name, annotation=field.annotation, kind=kind, default=field.value if has_default else None)


def load(root: Path) -> Mapping[str, griffe.Module]:
    """Return the packages that are under `root`, by name, as griffe reads them from their sources."""
    logging.getLogger("griffe").setLevel(logging.CRITICAL)
    loader = griffe.GriffeLoader(
        search_paths=[root / folder for folder in PACKAGES.values()],
        extensions=griffe.load_extensions(AttrsClasses()),
        allow_inspection=False,
    )
    there = [name for name, folder in PACKAGES.items() if (root / folder / name / "__init__.py").is_file()]
    loaded = {name: loader.load(name, try_relative_path=False) for name in there}
    loader.resolve_aliases(implicit=True, external=False)
    return {name: package for name, package in loaded.items() if isinstance(package, griffe.Module)}


# --- what is public


def public(packages: Mapping[str, griffe.Module]) -> Public:
    """Return what callers name or are given, by the name that they know it by: classes, functions, names of types.

    Nobody makes an object of a class that is only given, so that such a class loses its `__init__` here.
    """
    found: Public = {}
    known: set[str] = set()
    for name, one in (each for package in packages.values() for each in _exported(package)):
        if one.canonical_path not in known:
            found[name] = one
            known.add(one.canonical_path)
    todo = list(found.values())
    while todo:
        for one in _looked_up(packages, _types_of(todo.pop())):
            if one.canonical_path not in known and not one.name.startswith("_"):
                one.members.pop("__init__", None)
                known.add(one.canonical_path)
                # Where it lies is nobody's business, so that it may move.
                found[f"{one.package.name}.{one.name}"] = one
                todo.append(one)
    return found


def _exported(package: griffe.Module) -> Iterator[tuple[str, griffe.Object]]:
    for module in (package, *_modules(package)):
        own = [name for name, each in {**module.classes, **module.functions}.items() if not each.is_alias]
        for name in map(str, module.exports or own):
            is_public = not name.startswith("_")
            found = _looked_up({module.name: module}, [f"{module.name}.{name}"]) if is_public else ()
            yield from ((f"{module.path}.{name}", each) for each in found)


def _modules(package: griffe.Module) -> Iterator[griffe.Module]:
    """Yield the modules in which each class and function is public, those that name them in `__all__` first."""
    for module in sorted(package.modules.values(), key=lambda each: each.exports is None):
        if not module.is_alias and module.path.startswith((MODELS, OPERATIONS)):
            yield from (module, *_modules(module))


def _looked_up(modules: Mapping[str, griffe.Module], names: Iterable[str]) -> Iterator[griffe.Object]:
    """Yield the objects of these names; nothing for one that is of none of the modules."""
    for first, _, rest in (name.partition(".") for name in names):
        with contextlib.suppress(KeyError, griffe.AliasResolutionError, griffe.CyclicAliasError):
            found = modules[first][rest]
            yield found.final_target if found.is_alias else found


def _types_of(one: griffe.Object | griffe.Alias) -> list[str]:
    """Return the names of all types that an object mentions where callers see it."""
    if isinstance(one, griffe.Class):
        return [name for member in members(one).values() for name in _types_of(member)]
    if isinstance(one, griffe.Function):
        return [
            name for function in (one, *(one.overloads or ())) for name in (*_taken_by(function), *_given_by(function))
        ]
    return _names(one.annotation or one.value) if isinstance(one, griffe.Attribute) else []


def _taken_by(function: griffe.Function) -> list[str]:
    return _names(*(each.annotation for each in function.parameters))


def _given_by(function: griffe.Function) -> list[str]:
    return _names(function.returns)


def only_given(found: Public) -> set[str]:
    """Return the classes that callers of operations make and never get back: what their fields allow may grow."""
    operations = [
        one for name, one in found.items() if name.startswith(OPERATIONS) and isinstance(one, griffe.Function)
    ]
    by_path = {one.canonical_path: one for one in found.values()}
    taken, returned = (
        _closure(by_path, [name for one in operations for name in side(one)]) for side in (_taken_by, _given_by)
    )
    return taken - returned


def _closure(by_path: Mapping[str, griffe.Object], names: list[str]) -> set[str]:
    reached: set[str] = set()
    while names:
        name = names.pop()
        if name in by_path and name not in reached:
            reached.add(name)
            names += _types_of(by_path[name])
    return reached


def _names(*expressions: object) -> list[str]:
    whole = [each for each in expressions if isinstance(each, griffe.Expr)]
    parts = [part for each in whole for part in (each, *each.iterate(flat=True))]
    return [part.canonical_path for part in parts if isinstance(part, griffe.ExprName)]


def members(one: griffe.Class) -> dict[str, griffe.Object]:
    """Return the members of a class that callers use, with those that it has from its private bases."""
    bases = [base for base in ancestors(one) if base.name.startswith("_")]
    found = {name: member for each in (*reversed(bases), one) for name, member in each.members.items()}
    used = {name: member for name, member in found.items() if name == "__init__" or not name.startswith("_")}
    return {name: member for name, member in used.items() if not isinstance(member, griffe.Alias)}


def ancestors(one: griffe.Class) -> list[griffe.Class]:
    """Return the bases of a class, as far as they are known."""
    try:
        return one.mro()
    except ValueError:
        return []
