"""Emit the client for threads from the client for tasks.

`overrides/sendblue_contacts/_async/` is written by hand. From it come, always in the same way:

    | emitted                    | from                                              |
    |----------------------------|---------------------------------------------------|
    | `_async/calls.py`          | the functions of `operations.py`, and `new_walk`  |
    | `_async/raw_contacts.py`   | the methods of `_async/calls.py`                  |
    | fields in `_async/bulk.py` | the schema `BulkContact`                          |
    | `_sync/*.py`               | `_async/*.py`, token by token (`REPLACEMENTS`)    |
    | `__init__.pyi`             | the table `_LAZY_IMPORTS` of `__init__.py`        |
"""

from __future__ import annotations

import ast
import re
import tempfile
from pathlib import Path

from maintain.regenerate.contact_calls import LIST_SOURCE, SOURCE, contact_calls, with_bulk_fields
from maintain.regenerate.formatting import format_package, tree
from maintain.venvs import ROOT, ScriptError

CLIENT = ROOT / "overrides/sendblue_contacts"
HEADER = "# Emitted by scripts/regenerate from {source}. Edit that file, then run scripts/regenerate.\n"
BULK, CALLS, RAW, STUB = "_async/bulk.py", "_async/calls.py", "_async/raw_contacts.py", "__init__.pyi"
DOCUMENT = ROOT / "openapi/contacts.yaml"

REPLACEMENTS = [
    (r"\basync (def|with|for)\b", r"\1"),
    (r"\bawait ", ""),
    (r"(Iterable\[[^|]*\]) \| Async\1", r"\1"),
    (r"\bAsyncByteStream\b", "SyncByteStream"),
    (r"\b(_?)Async(?=[A-Z])", r"\1"),
    (r"\bStopAsyncIteration\b", "StopIteration"),
    (r"\b__a(enter|exit|iter|next)__\b", r"__\1__"),
    (r"\ba(close|closing|next|iter|read)\b", r"\1"),
    (r"\b(handle|set)_async_", r"\1_"),
    (r"\basync_(?=[a-z])", ""),
    (r"\btask_sleep\b", "thread_sleep"),
    (r"\bTaskExecutor\b", "ThreadExecutor"),
    (r'"anyio\._backends\._asyncio",\s+', ""),
    (r"\b_async\b", "_sync"),
    (r"for (\w+) in (\w+):\n +yield \1\b", r"yield from \2"),
]
"""Pattern and replacement for code and docstrings, in this order."""

SENTENCES = {
    "The client for tasks, written by hand. `scripts/regenerate` emits the client for threads from it.": (
        "The client for threads, emitted by `scripts/regenerate` from the one for tasks."
    ),
    """    \"\"\"A client of the Sendblue Contacts API for asyncio and trio.

    Its calls are awaited, and `contacts.list()` is iterated with `async for`. Create it inside the event loop that
    uses it. It never sends more than the account's 100 requests in any 10 seconds: a call waits for a free slot.
    Clients of one account in one process, of both kinds, share that limit automatically.
""": """    \"\"\"A client of the Sendblue Contacts API.

    It never sends more than the account's 100 requests in any 10 seconds: a call waits for a free slot. Clients of one
    account in one process share that limit automatically. It is safe to use from many threads.
""",
    "logged and ignored. It may be an async function.": "logged and ignored.",
}
"""Sentences that differ between the two clients: each one must occur in `_async/`, and is replaced first."""

RAW_HEAD = '''"""The calls of `contacts`, each returning the response: the types of `contacts.with_raw_response`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sendblue_contacts_api.models.contact import Contact

    from sendblue_contacts.raw_response import RawResponse

    from .calls import AsyncContactCalls
    from .listing import AsyncContactList

P = ParamSpec("P")
T = TypeVar("T")


class AsyncRawContacts:
    """The calls of `AsyncContacts`, each returning the response. `list` returns the response of its first page."""

    def __init__(self, calls: AsyncContactCalls) -> None:
{lines}


# The calls given to `AsyncRawContacts` send each operation raw already, so only their types change.


def _raw(call: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[RawResponse[T]]]:
    return cast("Callable[P, Awaitable[RawResponse[T]]]", call)


def _first_page(call: Callable[P, AsyncContactList]) -> Callable[P, Awaitable[RawResponse[list[Contact]]]]:
    async def list_(*args: P.args, **kwargs: P.kwargs) -> RawResponse[list[Contact]]:
        return cast("RawResponse[list[Contact]]", await call(*args, **kwargs).page())

    return list_
'''


def emitted(client: Path = CLIENT, document: Path = DOCUMENT) -> dict[str, str]:
    """Return the text of every emitted file, by its path relative to the package of the client."""
    sources = {
        f"_async/{path.name}": path.read_text(encoding="utf-8")
        for path in sorted((client / "_async").glob("*.py"))
        if f"_async/{path.name}" not in {CALLS, RAW}
    }
    sources[BULK] = with_bulk_fields(sources[BULK], document)
    sources[CALLS] = HEADER.format(source=f"{SOURCE} and {LIST_SOURCE}") + contact_calls(client, document)
    sources[RAW] = raw_contacts(sources[CALLS])
    check_sentences("".join(sources.values()))
    files = {name.replace("_async/", "_sync/"): synchronous(name, text) for name, text in sources.items()}
    stub = type_stub((client / "__init__.py").read_text(encoding="utf-8"))
    return formatted(files | {CALLS: sources[CALLS], RAW: sources[RAW], STUB: stub}) | {BULK: sources[BULK]}


def raw_contacts(calls: str) -> str:
    """Return the module of raw responses: one line for each method of the class in `calls`."""
    cls = next(node for node in ast.parse(calls).body if isinstance(node, ast.ClassDef))
    methods = dict.fromkeys(
        node.name
        for node in cls.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_")
    )
    lines = (
        f"        self.{name}: Final = {'_first_page' if name == 'list' else '_raw'}(calls.{name})" for name in methods
    )
    return HEADER.format(source=f"{SOURCE} and {LIST_SOURCE}") + RAW_HEAD.replace("{lines}", "\n".join(lines))


def check_sentences(text: str) -> None:
    """Raise ScriptError if a sentence that differs does not occur in `_async/` any more."""
    for sentence in SENTENCES:
        if sentence not in text:
            raise ScriptError(f"`SENTENCES` in {Path(__file__).name} has a text that `_async/` lacks:\n{sentence}")


def synchronous(name: str, text: str) -> str:
    """Return the module for threads that corresponds to the module `name` for tasks."""
    for sentence, other in SENTENCES.items():
        text = text.replace(sentence, other)
    text = replaced(without_awaitable(text))
    return text if name in {CALLS, RAW} else HEADER.format(source=name) + text


def replaced(text: str) -> str:
    """Return code or names for threads that correspond to those for tasks."""
    for pattern, replacement in REPLACEMENTS:
        text = re.sub(pattern, replacement, text)
    return text


def without_awaitable(text: str) -> str:
    """Return the text with `T` in place of each `Awaitable[T]`."""
    before, found, rest = text.partition("Awaitable[")
    if not found:
        return text
    depth = 1
    for end, letter in enumerate(rest):  # noqa: B007  # used after the loop
        depth += {"[": 1, "]": -1}.get(letter, 0)
        if not depth:
            break
    return before + without_awaitable(rest[:end] + rest[end + 1 :])


def type_stub(package: str) -> str:
    """Return the type stub of the package: a static import for each name of its table `_LAZY_IMPORTS`."""
    tables = [
        node.value
        for node in ast.parse(package).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_LAZY_IMPORTS"
    ]
    modules: dict[str, list[str]] = ast.literal_eval(tables[0])
    imports = "\n".join(
        f"from {module} import {', '.join(f'{name} as {name}' for name in names)}" for module, names in modules.items()
    )
    names = sorted([name for names in modules.values() for name in names] + ["__version__"])
    return f"{HEADER.format(source='__init__.py')}\n{imports}\n\n__version__: str\n__all__ = {names!r}\n"


def formatted(files: dict[str, str]) -> dict[str, str]:
    """Return the files formatted by the pinned ruff."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = Path(folder) / "sendblue_contacts" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        format_package(Path(folder))
        return {name.partition("/")[2]: text.decode() for name, text in tree(Path(folder)).items()}


def stray(client: Path, wanted: dict[str, str]) -> list[str]:
    """Return the files in `_sync/` that no source of `_async/` gives."""
    found = {path.relative_to(client).as_posix() for path in (client / "_sync").glob("*.py*")}
    return sorted(found - wanted.keys())


def current(client: Path, wanted: dict[str, str]) -> dict[str, bytes]:
    """Return the emitted files as they are in the tree, and the stray ones, by name."""
    names = sorted([*wanted, *stray(client, wanted)])
    return {name: (client / name).read_bytes() for name in names if (client / name).is_file()}


def write(client: Path = CLIENT) -> list[str]:
    """Emit every file that differs, remove the stray ones, and return a line for each change."""
    wanted = emitted(client)
    lines = []
    for name in stray(client, wanted):
        (client / name).unlink()
        lines.append(f"- overrides/{client.name}/{name}")
    for name, text in wanted.items():
        path = client / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            lines.append(f"~ overrides/{client.name}/{name}")
    return lines
