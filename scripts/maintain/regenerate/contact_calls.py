"""Emit the calls of `contacts`: a method for each function of `operations.py` whose last argument is `region`.

`list`, which sends several requests, comes from `new_walk` in `pagination/arguments.py`, and has an argument for each
query parameter of the document that leaves contacts out.
"""

from __future__ import annotations

import ast
import re
import textwrap
from typing import TYPE_CHECKING, Any

import yaml

from maintain.regenerate.query_parameters import query_parameters, query_values
from maintain.venvs import ScriptError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from maintain.regenerate.query_parameters import Parameter

SOURCE, LIST_SOURCE, CONSTANTS = "operations.py", "pagination/arguments.py", "pagination/window.py"
HEAD = '''"""The calls of `contacts`, except the bulk calls. `operations` and `pagination` decide what they send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Required, Unpack, overload

from sendblue_contacts_api.types import deprecated

from sendblue_contacts import operations

from sendblue_contacts.base_client import importing

from .listing import AsyncContactList

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from sendblue_contacts_api.models.contact_create import ContactCreateFields, ContactCreateMapping
    from sendblue_contacts_api.models.contact_update import ContactUpdateFields
    {imports}

    from .listing import AsyncSend

    class CreateKeywords(ContactCreateFields):
        """The fields of `create` with the number as a keyword, as in the vendor's library."""

        number: Required[str]


class AsyncContactCalls:
    """The calls of `contacts`, except the bulk calls."""

    def __init__(
        self,
        send: AsyncSend,
        region: str | None,
        *,
        send_raw: AsyncSend | None = None,
        send_bulk: AsyncSend | None = None,
        filtered: bool = False,
        read_lag: float = 0.0,
        account: str = "",
    ) -> None:
        self._send = send
        self._send_raw, self._send_bulk = send_raw or send, send_bulk or send
        self._region = region
        self._filtered = filtered
        self._read_lag = read_lag
        self._account = account
'''
DEPRECATED = '    @deprecated("contacts.{name} is deprecated by the API")\n'
FIELDS = {
    "contact": """
    @overload
    async def {name}(self, number: str, /, **fields: Unpack[ContactCreateFields]) -> {value}: ...
    @overload
    async def {name}(self, contact: ContactCreateMapping, /) -> {value}: ...
    @overload
    async def {name}(self, /, **fields: Unpack[CreateKeywords]) -> {value}: ...
    async def {name}(self, contact: str | Mapping[str, Any] | None = None, /, **fields: Any) -> {value}:
""",
    "phone_number": """
    @overload
    async def {name}(self, phone_number: str, /, **fields: Unpack[ContactUpdateFields]) -> {value}: ...
    @overload
    async def {name}(self, phone_number: str, changes: ContactUpdateFields, /) -> {value}: ...
    async def {name}(self, phone_number: str, changes: Mapping[str, Any] | None = None, /, **fields: Any) -> {value}:
""",
}
"""The signatures of a call that takes fields, by its first argument."""
LIST_IMPORT = """
        with importing("client.contacts.list"):
            from sendblue_contacts.pagination import new_walk  # noqa: PLC0415  # many programs list nothing
"""
SETTINGS = ("region", "filtered", "read_lag")
"""The arguments that a call takes from the client."""
PAGING = frozenset({"limit", "offset"})
"""The query parameters of a listing that the client sets."""
TIMES = " A datetime must have a time zone; text without one is in UTC."
OPERATIONS = {"get": "retrieve_contact", "upsert": "create_contact"}
"""The operations of the calls that have another name."""
WIDTH = 120


BULK_FIELDS = re.compile(r"(?m)^( +)contacts: Mappings with .*\n(?:\1    .*\n)*")
"""The description of the items of a bulk creation, with the names of the fields up to the word `in`."""


def with_bulk_fields(text: str, document: Path) -> str:
    """Return the module of bulk calls with the fields of `BulkContact` in the docstring of `bulk.create`."""
    data = yaml.load(document.read_text(encoding="utf-8"), yaml.CSafeLoader)  # a safe loader
    names = ", ".join(_field_names(data["components"]["schemas"]["BulkContact"]["properties"]))
    found = BULK_FIELDS.search(text)
    if found is None:
        raise ScriptError("The docstring of `bulk.create` in _async/bulk.py has no line `contacts: Mappings with`.")
    rest = " ".join(found[0].split()).partition(", in ")[2]
    description = f"contacts: Mappings with {names}, in {rest}"
    filled = textwrap.fill(description, WIDTH, initial_indent=found[1], subsequent_indent=f"{found[1]}    ")
    return f"{text[: found.start()]}{filled}\n{text[found.end() :]}"


def contact_calls(client: Path, document: Path) -> str:
    """Return the module with the calls, for the package of the client and the OpenAPI document."""
    data = yaml.load(document.read_text(encoding="utf-8"), yaml.CSafeLoader)  # a safe loader
    sources = (ast.parse((client / name).read_text(encoding="utf-8")) for name in (SOURCE, LIST_SOURCE, CONSTANTS))
    tree, lists, constants = sources
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    methods = "".join(_method(function, data) for function in functions if _is_call(function))
    (new_walk,) = (node for node in lists.body if isinstance(node, ast.FunctionDef) and node.name == "new_walk")
    _write_out(new_walk, constants)
    return HEAD.replace("{imports}", "\n    ".join(_imports(tree))) + methods + _list(new_walk, data)


def _write_out(function: ast.FunctionDef, constants: ast.Module) -> None:
    """Replace the names of constants in the defaults by their values: the emitted module does not import pagination."""
    values = {ast.unparse(node.targets[0]): node.value for node in constants.body if isinstance(node, ast.Assign)}
    defaults = function.args.kw_defaults
    defaults[:] = [values.get(ast.unparse(each), each) if each else None for each in defaults]


def _imports(tree: ast.Module) -> list[str]:
    """Return imports of every type that a call can return. The formatter removes those that no call returns."""
    classes = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    models = [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("sendblue_contacts_api.models.")
    ]
    return [*models, f"from sendblue_contacts.operations import {', '.join(classes)}"]


def _is_call(function: ast.FunctionDef) -> bool:
    is_operation = function.returns is not None and ast.unparse(function.returns).startswith("Operation[")
    names = [argument.arg for argument in function.args.args]
    return is_operation and names[-1:] == ["region"] and not function.name.startswith("_")


def _method(function: ast.FunctionDef, data: Any) -> str:  # noqa: ANN401 - any JSON
    value = ast.unparse(function.returns or function)[len("Operation[") : -1]
    names = [argument.arg for argument in function.args.args]
    if "fields" in names:
        head = FIELDS[names[0]].format(name=function.name, value=value)
    else:
        function.args.args.pop()
        function.args.defaults.pop()
        noqa = "  # noqa: FBT001  # a fixed public name" if "bool" in ast.unparse(function.args) else ""
        head = f"\n    async def {function.name}(self, {ast.unparse(function.args)}) -> {value}:{noqa}\n"
    arguments = ", ".join(["changes or {}" if name == "changes" else name for name in names[:-1]])
    body = f"return await self._send(operations.{function.name}({arguments}, self._region))"
    docstring = textwrap.indent(f'"""{_docstring(function, data)}"""', " " * 8)
    return re.sub(r"(?m)^(?=    async def )", _mark(function.name, data), f"{head}{docstring}\n        {body}\n")


def _list(new_walk: ast.FunctionDef, data: Any) -> str:  # noqa: ANN401 - any JSON
    passed = {argument.arg: argument.arg for argument in new_walk.args.kwonlyargs}
    filters = _filters({*passed}, data)
    passed |= {name: f"self._{name}" for name in SETTINGS}
    passed["filters"] = "{" + ", ".join(f'"{name}": ("{each.kind}", {name})' for name, each in filters.items()) + "}"
    removed = len(SETTINGS) + 1  # and the filters
    del new_walk.args.kwonlyargs[-removed:], new_walk.args.kw_defaults[-removed:]
    new_walk.name = "list"
    signature = [ast.unparse(new_walk.args), *(f"{name}: {each.type} | None = None" for name, each in filters.items())]
    arguments = ", ".join(f"{name}={value}" for name, value in passed.items())
    lines = "".join(_wrapped(f"{name}: {_description(each)}") for name, each in filters.items())
    text = re.sub(r"(?m)^    filters: .*\n", lambda _found: lines, _docstring(new_walk, data))
    for name, values in query_values(data)["list_contacts"].items():
        text = text.replace(f"{{{name}}}", _choices(values))
    docstring = textwrap.indent(f'"""{text}"""', " " * 8)
    head = f"\n{_mark('list', data)}    def list(self, {', '.join(signature)}) -> AsyncContactList:\n"
    return f"{head}{docstring}{LIST_IMPORT}        return AsyncContactList(self._send, new_walk({arguments}))\n"


def _choices(values: Sequence[str]) -> str:
    first, *others = (f"`{value}`" for value in values)
    return " or ".join(filter(None, [", ".join([f"{first} (default)", *others[:-1]]), *others[-1:]]))


def _filters(others: set[str], data: Any) -> dict[str, Parameter]:  # noqa: ANN401 - any JSON
    """Return the query parameters of a listing that are no other arguments, by name."""
    found = query_parameters(_operation("list", data)[1], data)
    return {name: each for name, each in found.items() if name not in others | PAGING}


def _description(parameter: Parameter) -> str:
    times = TIMES if "date-time" in parameter.kind else ""
    return f"{parameter.description}{times}{' Deprecated.' if parameter.deprecated else ''}"


def _docstring(function: ast.FunctionDef, data: Any) -> str:  # noqa: ANN401 - any JSON
    first, *others = (ast.get_docstring(function) or "").splitlines()
    route, operation = _operation(function.name, data)
    others = ["", "Deprecated by the API.", *others] if operation.get("deprecated") else others
    text = "\n".join([first.rstrip(".") + route + ".", *others])
    text = re.sub(rf"\n    ({'|'.join(SETTINGS)}): .*", "", text)
    text = re.sub(r"(?m)^    \w+: \{([A-Z]\w+)\}(.*(\n      .*)*)", lambda found: _fields(found, data), text)
    return text if not others else f"{text}\n"


def _fields(found: re.Match[str], data: Any) -> str:  # noqa: ANN401 - any JSON
    """Return the description of the fields, with their names in place of that of the model."""
    schema = data["components"]["schemas"][found[1]]
    optional = {name: each for name, each in schema["properties"].items() if name not in schema.get("required", ())}
    names = _field_names(optional)
    return _wrapped(" ".join(found[0].replace(f"{{{found[1]}}}", ", ".join(names)).split())).rstrip()


def _field_names(fields: dict[str, Any]) -> list[str]:
    return [f"`{name}`" + (" (deprecated)" if field.get("deprecated") else "") for name, field in fields.items()]


def _wrapped(text: str) -> str:
    return textwrap.fill(text, WIDTH - 8, initial_indent=" " * 4, subsequent_indent=" " * 8) + "\n"


def _mark(name: str, data: Any) -> str:  # noqa: ANN401 - any JSON
    return DEPRECATED.format(name=name) if _operation(name, data)[1].get("deprecated") else ""


def _operation(name: str, data: Any) -> tuple[str, Any]:  # noqa: ANN401 - any JSON
    """Return the operation of a call, with its method and path as text."""
    wanted = {OPERATIONS.get(name, f"{name}_contact"), f"{name}_contacts", f"contact_{name}"}
    found = (
        (f" ({method.upper()} {path})", operation)
        for path, item in data["paths"].items()
        for method, operation in item.items()
        if isinstance(operation, dict) and operation.get("operationId") in wanted
    )
    return next(found, ("", {}))
