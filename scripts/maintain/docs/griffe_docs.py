"""An extension of griffe, which reads the code for the Python reference.

An example in a docstring becomes code, a default that is the name of a constant becomes its value, the fields of
`create` and `update` get their declared types, and deprecated aliases of fields are left out.
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, Any

from griffe import Attribute, Extension, Function, ParameterKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from griffe import Module, Object

_EXAMPLE = re.compile(r"^( *)Example:\n((?:\1 +.*(?:\n|$)|\n)+)", re.MULTILINE)
_CONSTANT = re.compile(r"[A-Z][A-Z_]+|_attrs_field\(.*\)")
_ALIAS = "Deprecated alias of "


class Docs(Extension):
    """Changes what griffe has read."""

    def on_object(self, *, obj: Object, **_: Any) -> None:  # noqa: ANN401  # griffe's signature
        """Turn the text below `Example:` into a code block."""
        if obj.docstring:
            obj.docstring.value = _EXAMPLE.sub(_fenced, obj.docstring.value)

    def on_package(self, *, pkg: Module, **_: Any) -> None:  # noqa: ANN401  # griffe's signature
        """Make defaults and fields readable after a package was read."""
        for obj in list(_objects(pkg)):
            if isinstance(obj, Function):
                _name_fields(obj)
                for function in [obj, *(obj.overloads or [])]:
                    _show_defaults(function)
            elif isinstance(obj, Attribute) and _is_hidden(obj) and obj.parent:
                obj.parent.del_member(obj.name)


def readable_default(text: str, module: str) -> str:
    """Return the value of a constant of a module, or `...` if it is no plain value; other defaults are unchanged."""
    if not _CONSTANT.fullmatch(text):
        return text
    value = getattr(import_module(module), text, None)
    return repr(value) if isinstance(value, int | float | str) else "..."


def _objects(parent: Object) -> Iterator[Object]:
    for member in parent.members.values():
        if not member.is_alias:
            yield member  # type: ignore[misc]  # no alias, so an object
            yield from _objects(member)  # type: ignore[arg-type]  # as above


def _name_fields(function: Function) -> None:
    declared = [parameter for overload in function.overloads or [] for parameter in overload.parameters]
    fields = [parameter for parameter in declared if parameter.kind is ParameterKind.var_keyword]
    for parameter in function.parameters:
        if parameter.kind is ParameterKind.var_keyword and fields:
            parameter.annotation = fields[0].annotation


def _show_defaults(function: Function) -> None:
    for parameter in function.parameters:
        if parameter.default is not None:
            text = str(parameter.default)
            readable = readable_default(text, function.module.path)
            parameter.default = parameter.default if readable == text else readable


def _is_hidden(attribute: Attribute) -> bool:
    if attribute.value is not None and str(attribute.value).startswith("_attrs_field("):
        attribute.value = None
    return bool(attribute.docstring and attribute.docstring.value.startswith(_ALIAS))


def _fenced(found: re.Match[str]) -> str:
    indent = found[1] + " " * 4
    return f"{found[1]}Example:\n{indent}```python\n{found[2].rstrip()}\n{indent}```\n"
