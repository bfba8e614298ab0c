"""The public surface: importable names and what they load, signatures, types, and docstrings."""

import inspect
import io
import json
import os
import re
import subprocess
import sys
import tokenize
from collections import ChainMap
from collections.abc import Iterator
from difflib import unified_diff
from importlib import import_module
from itertools import product
from pathlib import Path
from types import FunctionType
from typing import get_overloads

import click
import pytest
import sendblue_contacts
from sendblue_contacts._async import bulk as async_bulk
from sendblue_contacts._async import contacts as async_contacts
from sendblue_contacts._async import listing as async_listing
from sendblue_contacts._async import raw_contacts as async_raw
from sendblue_contacts._sync import bulk as sync_bulk
from sendblue_contacts._sync import contacts as sync_contacts
from sendblue_contacts._sync import listing as sync_listing
from sendblue_contacts._sync import raw_contacts as sync_raw
from sendblue_contacts_cli.app import app
from sendblue_contacts_cli.commands.contacts import CLEARABLE
from sendblue_contacts_cli.exit_codes import EXIT_CODES
from sendblue_contacts_cli.field_options import PREFIX

ROOT = Path(__file__).parents[1]
PUBLIC = sendblue_contacts.__all__


def test_names_of_the_package() -> None:
    """Editors get every name, including those that are not loaded yet; another one is an AttributeError."""
    assert set(PUBLIC) - set(dir(sendblue_contacts)) == set()
    with pytest.raises(AttributeError, match="module 'sendblue_contacts' has no attribute 'Sendblu'"):
        _ = sendblue_contacts.Sendblu  # type: ignore[attr-defined]  # the test
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*", sendblue_contacts.__version__)


ALONE = """
import os, sendblue_contacts
for module, names in sendblue_contacts._LAZY_IMPORTS.items():
    if not os.fork():
        os._exit(any(getattr(sendblue_contacts, name) is None for name in names))
    print(module, os.wait()[1], flush=True)
"""


def test_each_name_imports_alone() -> None:
    """The names of each module can be the only ones that a process imports: no import relies on an earlier one."""
    assert run_python(ALONE).split() == [
        word for module in vars(sendblue_contacts)["_LAZY_IMPORTS"] for word in (module, "0")
    ]


def run_python(program: str) -> str:
    """Return the output of a new process."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


LOADED = "import json, sys; before = {*sys.modules}; {}; print(json.dumps([*{*sys.modules} - before]))"


@pytest.mark.parametrize(
    ("program", "own"),
    [
        ("import sendblue_contacts", {"sendblue_contacts"}),
        ("from sendblue_contacts import RateLimiter, Retry, SendblueError, NotFoundError", None),
    ],
)
def test_what_sends_nothing_loads_no_httpx(program: str, own: set[str] | None) -> None:
    """`import sendblue_contacts` loads none of its modules. Errors, retries and the limiter load no dependency."""
    modules = json.loads(run_python(LOADED.replace("{}", program)))
    found = {name for name in modules if name.split(".")[0] not in sys.stdlib_module_names}
    assert {name.split(".")[0] for name in found} == {"sendblue_contacts"}
    assert own is None or found == own


CLASSES = [
    *(sync_bulk.BulkContacts, async_bulk.AsyncBulkContacts),
    *(sync_contacts.Contacts, async_contacts.AsyncContacts),
    *(sync_listing.ContactList, async_listing.AsyncContactList),
    *(sync_raw.RawContacts, async_raw.AsyncRawContacts),
]
"""The classes behind a client; its transports are not public."""


def _function(member: object) -> FunctionType | None:
    for name in ("fget", "func", "__func__"):
        member = getattr(member, name, member)
    return member if isinstance(member, FunctionType) else None


SIGNATURES = ROOT / "tests/surface.txt"
ACCEPT = "ACCEPT_SURFACE"


def public_signatures() -> list[str]:
    """Return the signature of everything public, one per line, without the models, which the document defines."""
    packages = (sendblue_contacts, import_module("sendblue_sandbox"))
    named = {f"{package.__name__}.{name}": getattr(package, name) for package in packages for name in package.__all__}
    reached = {f"{cls.__module__}.{cls.__qualname__}": cls for cls in CLASSES}
    ours = {**named, **reached}.items()
    lines = [line for place, value in ours if place not in MODELS for line in _signatures(place, value)]
    return sorted(
        (re.sub(r" at 0x[0-9a-f]+", "", line) for line in lines), key=lambda line: line.removeprefix("await ")
    )


BASES = {"BaseClient", "ContactCalls", "AsyncContactCalls"}
"""Base classes that are not public: their members count as members of the public class."""
MODELS = {"sendblue_contacts.Contact", "sendblue_contacts.__version__"}


def _signatures(place: str, value: object) -> Iterator[str]:
    if isinstance(value, type):
        yield f"{place}({', '.join(base.__name__ for base in value.__bases__)})"
        parents = value.__mro__[:0:-1]
        classes = (*(base for base in parents if base.__name__ in BASES or base.__name__[0] == "_"), value)
        for name, member in ChainMap(*(dict(vars(cls)) for cls in reversed(classes))).items():
            yield from _signed(f"{place}.{name}", member) if name == "__init__" or name[0] != "_" else ()
        hints = ChainMap(*(inspect.get_annotations(cls) for cls in reversed(classes)))
        yield from (f"{place}.{name}: {hint}" for name, hint in hints.items() if name[0] != "_")
    else:
        yield from _signed(place, value) if _function(value) else [f"{place} = {value!r}"]


def _signed(place: str, member: object) -> Iterator[str]:
    if function := _function(member):
        # The type of a property is its return type; users see every overload, but not the implementation.
        kind = "" if isinstance(member, FunctionType) else f" [{type(member).__name__}]"
        wait = "await " if inspect.iscoroutinefunction(function) else ""
        yield from (f"{wait}{place}{inspect.signature(each)}{kind}" for each in get_overloads(function) or [function])


VARIABLE = re.compile(r'"(SENDBLUE_[A-Z_]+)"')
FIXTURE = re.compile(r"@pytest\.fixture.*\n(?:async )?def (\w+)")


def public_names() -> list[str]:
    """Return what people use without importing it, for `scripts/changes`: `KIND NAME`, or `KIND NAME: words`."""
    paths = [path for folder in ("overrides", "transfer", "cli", "sandbox") for path in (ROOT / folder).rglob("*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    found = {
        *_command_lines(app, "sendblue-contacts"),
        *(f"exit code {code}" for code in EXIT_CODES),
        *(f"fixture {name}" for name in FIXTURE.findall(text)),
        *(f"variable {name}" for name in VARIABLE.findall(text)),
    }
    return sorted(found)


def _command_lines(command: click.Command, path: str) -> Iterator[str]:
    yield f"command {path}"
    for each in command.params:
        if not str(each.name).startswith(PREFIX):  # not from the document, which `scripts/changes` compares itself
            names = "/".join([*each.opts, *each.secondary_opts])
            yield f"command {path} {names}: {', '.join(_words(each))}".removesuffix(": ")
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            found = command.get_command(click.Context(command), name)
            assert found
            yield from _command_lines(found, f"{path} {name}")


def _words(parameter: click.Parameter) -> Iterator[str]:
    """Yield what a caller relies on: the choices, the default, and how often an option or argument is given."""
    choices = [*parameter.type.choices] if isinstance(parameter.type, click.Choice) else []
    yield from choices if choices != [*CLEARABLE] else ()  # fields of the document, as above
    yield from ["required"] * parameter.required
    yield from ["repeated"] * (parameter.multiple or parameter.nargs != 1)
    yield from ["flag"] * getattr(parameter, "is_flag", False)
    yield from [f"default {parameter.default}"] * isinstance(parameter.default, (str, int, float))


def test_signatures() -> None:
    """A public signature, command or name changes only on purpose: `tests/surface.txt` has the accepted ones."""
    now = [*public_signatures(), *public_names()]
    if ACCEPT in os.environ:
        SIGNATURES.write_text("".join(f"{line}\n" for line in now), encoding="utf-8")
    accepted = SIGNATURES.read_text(encoding="utf-8").splitlines()
    changed = [line for line in unified_diff(accepted, now, "accepted", "now", lineterm="", n=0) if line[:2] != "@@"]
    assert not changed, "\n".join(
        [*changed, f"If it is meant: {ACCEPT}=1 scripts/test -k signatures tests/test_surface.py"]
    )


CALLS = [
    f"sendblue_contacts.{side}.{module}"
    for side, module in product(("_async", "_sync"), ("client", "contacts", "calls", "bulk", "listing"))
]
MANY = 3
"""A call with so many arguments describes them. The linter requires docstrings, and that a list is complete."""


def calls() -> Iterator[tuple[str, FunctionType]]:
    """Iterate over the public methods of the classes in CALLS."""
    for module in CALLS:
        classes = [cls for cls in vars(import_module(module)).values() if getattr(cls, "__module__", None) == module]
        members = [(cls, pair) for cls in classes if isinstance(cls, type) for pair in vars(cls).items()]
        for cls, (name, member) in members:
            if not name.startswith("_") and (function := _function(member)):
                yield f"{module}.{cls.__name__}.{name}", function


def arguments(value: object) -> list[str]:
    """Return the names of the arguments."""
    function = value if isinstance(value, FunctionType) else getattr(value, "__init__", None)
    if not isinstance(function, FunctionType):
        return []
    return [name for name in inspect.signature(function).parameters if name not in {"self", "cls"}]


def described_arguments(value: object) -> list[str] | None:
    """Return the names under `Args:`; None without such a section."""
    section = re.search(r"(?ms)^Args:\n(.*?)(?=^\S|\Z)", inspect.cleandoc(value.__doc__ or ""))
    return None if section is None else re.findall(r"(?m)^    (\w+):", section[1])


CREATED_BY_USERS = ["Sendblue", "AsyncSendblue", "Retry", "RateLimit", "RateLimiter"]


def test_classes_that_users_create_describe_their_arguments() -> None:
    """The docstring describes each argument, in order."""
    classes = [getattr(sendblue_contacts, name) for name in CREATED_BY_USERS]
    assert [described_arguments(made) for made in classes] == [arguments(made) for made in classes]


def test_a_call_with_many_arguments_describes_them() -> None:
    """A call with three arguments or more describes them, or refers to another call ("Like `create`")."""
    many = {place: value for place, value in calls() if len(arguments(value)) >= MANY}
    undescribed = {place: value.__doc__ or "" for place, value in many.items() if not described_arguments(value)}
    assert [place for place, text in undescribed.items() if not re.match(r"(As|Like) `\w+`", text)] == []
    assert len(many) > 10


SUPPRESSION = re.compile(r"noqa|type:\s*ignore|pyright:\s*ignore")
REASONED = re.compile(r"(noqa: [A-Z]+\d+(, [A-Z]+\d+)*|(type|pyright): ignore\[[\w, -]+\])(,| +#| +-) .*\w{3}")
PLACES = ("overrides", "transfer", "cli", "sandbox", "tests", "scripts", "benchmarks", "examples")


def suppressions() -> list[tuple[str, str]]:
    """Return every comment that silences a tool, with its place. String literals are not comments."""
    files = (path for place in PLACES for path in sorted((ROOT / place).rglob("*")) if _is_python(path))
    texts = ((path, path.read_text(encoding="utf-8")) for path in files)
    return [
        (f"{path.relative_to(ROOT)}:{token.start[0]}", token.string)
        for path, text in texts
        if SUPPRESSION.search(text)
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT and SUPPRESSION.search(token.string)
    ]


def _is_python(path: Path) -> bool:
    return path.is_file() and (path.suffix == ".py" or (not path.suffix and path.read_bytes().startswith(b"#!")))


@pytest.mark.parametrize(
    ("comment", "reasoned"),
    [
        ("# noqa: S101 - tells type checkers", True),
        ("# noqa: FBT001, FBT002  # a fixed name", True),
        ("# type: ignore[attr-defined]  # not there", True),
        ("# noqa: S101", False),
        ("# noqa: S101  # .", False),
        ("# noqa - because of this", False),
        ("# type: ignore  # because of this", False),
        ("# type: ignore[attr-defined]", False),
    ],
)
def test_a_suppression_has_a_rule_and_a_reason(comment: str, reasoned: bool) -> None:
    """Both are required."""
    assert bool(REASONED.search(comment)) is reasoned


def test_each_suppression_has_its_reason() -> None:
    """Every suppression of a linter or type checker has its reason on the same line."""
    found = suppressions()
    assert len(found) > 10
    assert [f"{place} {comment}" for place, comment in found if not REASONED.search(comment)] == []
