"""The public API of the Python packages, which griffe reads from their sources without importing them.

Public is what `__all__` lists, the models and functions of the generated package, and the types in their signatures.
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

# The packages, and the folder of each.
PACKAGES = {
    "sendblue_contacts_api": "generated",
    "sendblue_contacts": "overrides",
    "sendblue_transfer": "transfer",
    "sendblue_contacts_cli": "cli",
    "sendblue_sandbox": "sandbox",
}
MODELS, OPERATIONS = "sendblue_contacts_api.models", "sendblue_contacts_api.api"

# The public objects by the names that callers use.
PublicApi = dict[str, griffe.Object]


class AttrsClasses(griffe.Extension):
    """Adds the `__init__` of attrs classes, as griffe does for dataclasses."""

    def on_class(self, *, cls: griffe.Class, **_: Any) -> None:  # noqa: ANN401 - griffe's signature
        """Add `__init__` to a class of attrs, and let that of a model take its arguments by keyword only."""
        # Models are created by keyword, because a new field is inserted where the document has it.
        if cls.path.startswith(f"{MODELS}.") and isinstance(init := cls.members.get("__init__"), griffe.Function):
            for parameter in [each for each in init.parameters if each.name != "self"]:
                parameter.kind = griffe.ParameterKind.keyword_only
        if not any(decorator.callable_path in {"attrs.define", "attrs.frozen"} for decorator in cls.decorators):
            return
        fields = [member for member in cls.members.values() if isinstance(member, griffe.Attribute)]
        parameters = [_parameter(field) for field in fields if _is_argument(field)]
        cls.set_member("__init__", griffe.Function("__init__", parameters=griffe.Parameters(*parameters)))


def _is_argument(field: griffe.Attribute) -> bool:
    return "instance-attribute" in field.labels and "init=False" not in str(field.value)


def _parameter(field: griffe.Attribute) -> griffe.Parameter:
    text = str(field.value)
    alias = re.search(r"alias='(\w+)'", text)
    kinds = griffe.ParameterKind
    kind = kinds.keyword_only if "kw_only=True" in text else kinds.positional_or_keyword
    # A call of attrs' field() has a default, or only settings.
    has_default = field.value is not None and ("field(" not in text or "default" in text or "factory" in text)
    name = alias[1] if alias else field.name.lstrip("_")
    return griffe.Parameter(name, annotation=field.annotation, kind=kind, default=field.value if has_default else None)


def load(root: Path) -> dict[str, griffe.Module]:
    """Return the packages in the tree `root`, by name."""
    logging.getLogger("griffe").setLevel(logging.CRITICAL)
    loader = griffe.GriffeLoader(
        search_paths=[root / folder for folder in PACKAGES.values()],
        extensions=griffe.load_extensions(AttrsClasses()),
        allow_inspection=False,
    )
    present = [name for name, folder in PACKAGES.items() if (root / folder / name / "__init__.py").is_file()]
    loaded = {name: loader.load(name, try_relative_path=False) for name in present}
    loader.resolve_aliases(implicit=True, external=False)
    return {name: package for name, package in loaded.items() if isinstance(package, griffe.Module)}


def public_api(packages: Mapping[str, griffe.Module]) -> PublicApi:
    """Return the classes, functions and type aliases that callers use or receive.

    Callers do not create the objects that they only receive, so such a class loses its `__init__` here.
    """
    found: PublicApi = {}
    known: set[str] = set()
    for name, item in (pair for package in packages.values() for pair in _exported(package)):
        if item.canonical_path not in known:
            found[name] = item
            known.add(item.canonical_path)
    todo = list(found.values())
    while todo:
        for item in _resolved(packages, _types_of(todo.pop())):
            if item.canonical_path not in known and not item.name.startswith("_"):
                item.members.pop("__init__", None)
                known.add(item.canonical_path)
                # Without its module, so that it may move to another.
                found[f"{item.package.name}.{item.name}"] = item
                todo.append(item)
    return found


def _exported(package: griffe.Module) -> Iterator[tuple[str, griffe.Object]]:
    for module in (package, *_modules(package)):
        own = [name for name, item in {**module.classes, **module.functions}.items() if not item.is_alias]
        for name in map(str, module.exports or own):
            if not name.startswith("_"):
                found = _resolved({module.name: module}, [f"{module.name}.{name}"])
                yield from ((f"{module.path}.{name}", item) for item in found)


def _modules(package: griffe.Module) -> Iterator[griffe.Module]:
    """Yield the modules of models and operations, those with `__all__` first."""
    for module in sorted(package.modules.values(), key=lambda module: module.exports is None):
        if not module.is_alias and module.path.startswith((MODELS, OPERATIONS)):
            yield from (module, *_modules(module))


def _resolved(modules: Mapping[str, griffe.Module], names: Iterable[str]) -> Iterator[griffe.Object]:
    """Yield the objects with these names that are in one of the modules."""
    for first, _, rest in (name.partition(".") for name in names):
        with contextlib.suppress(KeyError, griffe.AliasResolutionError, griffe.CyclicAliasError):
            found = modules[first][rest]
            yield found.final_target if found.is_alias else found


def _types_of(item: griffe.Object | griffe.Alias) -> list[str]:
    """Return the names of all types in the public signature of an object."""
    if isinstance(item, griffe.Class):
        return [name for member in members(item).values() for name in _types_of(member)]
    if isinstance(item, griffe.Function):
        functions = (item, *(item.overloads or ()))
        return [name for function in functions for name in _names(function.returns, *_accepted(function))]
    return _names(item.annotation or item.value) if isinstance(item, griffe.Attribute) else []


def _accepted(function: griffe.Function) -> list[object]:
    return [parameter.annotation for parameter in function.parameters]


def _names(*expressions: object) -> list[str]:
    whole = [expression for expression in expressions if isinstance(expression, griffe.Expr)]
    parts = [part for expression in whole for part in (expression, *expression.iterate(flat=True))]
    return [part.canonical_path for part in parts if isinstance(part, griffe.ExprName)]


def input_only(found: PublicApi) -> set[str]:
    """Return the paths of the classes that callers pass to operations and never receive: their types may widen."""
    operations = [
        item for name, item in found.items() if name.startswith(OPERATIONS) and isinstance(item, griffe.Function)
    ]
    by_path = {item.canonical_path: item for item in found.values()}
    accepted = _closure(by_path, [name for item in operations for name in _names(*_accepted(item))])
    return accepted - _closure(by_path, [name for item in operations for name in _names(item.returns)])


def _closure(by_path: Mapping[str, griffe.Object], names: list[str]) -> set[str]:
    reached: set[str] = set()
    while names:
        name = names.pop()
        if name in by_path and name not in reached:
            reached.add(name)
            names += _types_of(by_path[name])
    return reached


def members(item: griffe.Class) -> dict[str, griffe.Object]:
    """Return the public members of a class, including those of its bases that the package does not export."""
    bases = [base for base in ancestors(item) if base.name not in map(str, base.package.exports or [base.name])]
    found = {name: member for holder in (*reversed(bases), item) for name, member in holder.members.items()}
    used = {name: member for name, member in found.items() if name == "__init__" or not name.startswith("_")}
    return {name: member for name, member in used.items() if not isinstance(member, griffe.Alias)}


def ancestors(item: griffe.Class) -> list[griffe.Class]:
    """Return the bases of a class that are in the loaded packages."""
    try:
        return item.mro()
    except ValueError:
        return []
