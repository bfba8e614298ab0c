"""scripts/changes on changes of the Python packages, and what it considers public."""

from pathlib import Path

import pytest
from maintain.changes.public_api import load, public_api
from maintain.changes.python_packages import compare, fits

CLIENT = """\
from .core import LIMIT, PERIOD, Client, Setting
__all__ = ["LIMIT", "PERIOD", "Client", "Setting"]
"""
CORE = """\
from dataclasses import dataclass
from typing import Literal, TypedDict

Order = Literal["up", "down"]
LIMIT = 100
PERIOD: float = 10.0

class Fields(TypedDict, total=False):
    name: str | None

class _Base:
    def close(self) -> None: ...

class Pages:
    def __init__(self, run: int) -> None: ...
    def first(self) -> str | None: ...

@dataclass(frozen=True)
class Setting:
    TABLE: ClassVar[dict[str, int]] = {"a": 1}
    times: int = 3

class Client(_Base):
    def __init__(self, key: str, *, timeout: float = 30.0) -> None: ...
    def pages(self, order: Order = "up") -> Pages: ...
    def make(self, fields: Fields) -> None: ...
    def _send(self) -> None: ...

def helper(text: str) -> None: ...
"""
MODELS = """\
from attrs import define as _attrs_define
from attrs import field as _attrs_field

@_attrs_define
class Pet:
    name: str
    age: int | None = None
    _secret: str = _attrs_field(alias="secret", kw_only=True)
    more: dict = _attrs_field(init=False, factory=dict)
"""
PACKAGE = {
    "overrides/sendblue_contacts/__init__.py": CLIENT,
    "overrides/sendblue_contacts/core.py": CORE,
    "generated/sendblue_contacts_api/__init__.py": "",
    "generated/sendblue_contacts_api/models/__init__.py": "from .pet import Pet\n__all__ = ['Pet']\n",
    "generated/sendblue_contacts_api/models/pet.py": MODELS,
}


def written(folder: Path, files: dict[str, str]) -> Path:
    """Write a tree with these files."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def reported(folder: Path, old: str, new: str) -> list[tuple[bool, str]]:
    """Return, for each change that replacing `old` by `new` makes, whether it breaks callers, and its line."""
    assert any(old in text for text in PACKAGE.values())
    edited = {name: text.replace(old, new) for name, text in PACKAGE.items()}
    changes = compare(written(folder / "old", PACKAGE), written(folder / "new", edited))
    return [(bool(each.breaks), str(each).removeprefix("sendblue_contacts.")) for each in changes]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("PERIOD: float = 10.0", "PERIOD: float = 9.0", "PERIOD: value changed from `10.0` to `9.0`"),
        ("times: int = 3", "times: int = 4", "Setting.__init__: parameter default was changed: `times`"),
        ("def first(", "def second(", "Pages.first: public object was removed"),
        ("self, key: str, *", "self, *, key: str", "Client.__init__: parameter kind was changed: `key`"),
        ("self, key: str, *", "self, key: str, url: str, *", "Client.__init__: parameter was added as required: `url`"),
        ("timeout: float = 30.0", "timeout: float", "Client.__init__: parameter is now required: `timeout`"),
        ("def pages(self, order: Order", "def pages(self, by: Order", "Client.pages: parameter was removed: `order`"),
        (
            "def first(self) -> str | None",
            "def first(self) -> str | int",
            "Pages.first: type changed from `str | None` to `str | int`",
        ),
        ("timeout: float", "timeout: int", "Client.__init__: parameter `timeout`: type changed from `float` to `int`"),
        ("name: str | None", "name: str", "Fields.name: type changed from `str | None` to `str`"),
        ('"up", "down"', '"up"', "Order: type changed from `Literal['up', 'down']` to `Literal['up']`"),
        ("class Client(_Base)", "class Client", "Client.close: public object was removed"),
    ],
)
def test_what_breaks(tmp_path: Path, old: str, new: str, line: str) -> None:
    """Removed names, changed arguments and narrower types break callers."""
    assert (True, line) in reported(tmp_path, old, new)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (", text: str", "", "parameter was removed: `text`"),
        ("text: str", "text: str, to: str", "parameter was added as required: `to`"),
        ("-> int", "-> int | None", "type changed from `int` to `int | None`"),
    ],
)
def test_a_call_of_both_clients_is_listed_once(tmp_path: Path, old: str, new: str, line: str) -> None:
    """What changes for threads and for tasks is listed for threads; what changes for tasks only is listed for tasks."""
    files = {
        "overrides/sendblue_contacts/__init__.py": (
            "from ._async.calls import AsyncCalls\nfrom ._sync.calls import Calls\n__all__ = ['AsyncCalls', 'Calls']\n"
        ),
        "overrides/sendblue_contacts/_async/__init__.py": "",
        "overrides/sendblue_contacts/_sync/__init__.py": "",
        "overrides/sendblue_contacts/_async/calls.py": (
            "class AsyncBase:\n    async def call(self, text: str) -> int: ...\nclass AsyncCalls(AsyncBase): ...\n"
        ),
        "overrides/sendblue_contacts/_sync/calls.py": (
            "class Base:\n    def call(self, text: str) -> int: ...\nclass Calls(Base): ...\n"
        ),
    }
    before = written(tmp_path / "old", files)
    both = {name: text.replace(old, new) for name, text in files.items()}
    one = both | {name: text for name, text in files.items() if "_sync" in name}
    for edited, caller in ((both, "Calls"), (one, "AsyncCalls")):
        found = [str(change) for change in compare(before, written(tmp_path / caller, edited)) if change.breaks]
        assert found == [f"sendblue_contacts.{caller}.call: {line}"]


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("key: str, *, ", "key: str, *, url: str = '', ", ["Client.__init__: parameter was added: `url`"]),
        ("    def make(", "    def more(self) -> int: ...\n    def make(", ["Client.more: added"]),
        ("-> str | None", "-> str", ["Pages.first: type changed from `str | None` to `str`"]),
        (
            "timeout: float",
            "timeout: float | None",
            ["Client.__init__: parameter `timeout`: type changed from `float` to `float | None`"],
        ),
        (
            '"up", "down"',
            '"up", "down", "any"',
            ["Order: type changed from `Literal['up', 'down']` to `Literal['up', 'down', 'any']`"],
        ),
        ("name: str | None", "name: str | None\n    nick: str", ["Fields.nick: added"]),
        ("def _send(", "def _post(", []),
        ('{"a": 1}', '{"a": 2}', []),
        ("def helper(text", "def aid(words", []),
        ("self, run: int", "self, work: str, more: str", []),
    ],
)
def test_what_does_not_break(tmp_path: Path, old: str, new: str, lines: list[str]) -> None:
    """Additions, private members, helpers, and the `__init__` of a class that callers only receive, do not count."""
    assert reported(tmp_path, old, new) == [(False, line) for line in lines]


def test_a_class_may_move(tmp_path: Path) -> None:
    """A class may move to another module while its public name stays the same."""
    moved = {
        **PACKAGE,
        "overrides/sendblue_contacts/__init__.py": CLIENT.replace(".core", ".engine"),
        "overrides/sendblue_contacts/engine.py": CORE,
        "overrides/sendblue_contacts/core.py": "",
    }
    assert compare(written(tmp_path / "old", PACKAGE), written(tmp_path / "new", moved)) == []


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("name: str\n", "name: str\n    kind: str\n", {"__init__: parameter was added as required: `kind`"}),
        ("age: int | None = None", "age: int | None", {"__init__: parameter is now required: `age`"}),
        ('alias="secret", kw_only', 'alias="hidden", kw_only', {"__init__: parameter was removed: `secret`"}),
    ],
)
def test_models_of_attrs(tmp_path: Path, old: str, new: str, lines: set[str]) -> None:
    """The `__init__` of a model of attrs accepts its fields."""
    broken = {line for breaks, line in reported(tmp_path, old, new) if breaks}
    assert {f"sendblue_contacts_api.models.Pet.{line}" for line in lines} <= broken


@pytest.mark.parametrize(
    ("name", "text", "old", "new", "broken"),
    [
        (
            "generated/sendblue_contacts_api/models/pet.py",
            "class Pet:\n    def __init__(self, name: str = '', age: int = 0) -> None: ...\n",
            "age",
            "nick: str = '', age",
            [],
        ),
        (
            "generated/sendblue_contacts_api/__init__.py",
            "from attrs import define\n__all__ = ['Client']\n@define\nclass Client:\n    url: str = ''\n",
            "    url",
            "    key: str = ''\n    url",
            ["sendblue_contacts_api.Client.__init__: positional parameter was moved: `url`"],
        ),
    ],
    ids=["model", "client"],
)
def test_the_order_of_fields(tmp_path: Path, name: str, text: str, old: str, new: str, broken: list[str]) -> None:
    """Models are created by keyword, so the order of their fields does not count; that of other classes does."""
    before = written(tmp_path / "old", {**PACKAGE, name: text})
    after = written(tmp_path / "new", {**PACKAGE, name: text.replace(old, new, 1)})
    assert [str(each) for each in compare(before, after) if each.breaks] == broken


def test_added_and_removed_packages(tmp_path: Path) -> None:
    """An added package is one line; a removed one breaks its callers."""
    without = {name: text for name, text in PACKAGE.items() if name.startswith("overrides")}
    old, new = written(tmp_path / "old", without), written(tmp_path / "new", PACKAGE)
    forth, back = compare(old, new), compare(new, old)
    assert [(str(each), bool(each.breaks)) for each in (*forth, *back)] == [
        ("sendblue_contacts_api: package added", False),
        ("sendblue_contacts_api: package removed", True),
    ]


def test_what_is_public(tmp_path: Path) -> None:
    """Public is what `__all__` lists, and the types in its signatures."""
    assert set(public_api(load(written(tmp_path, PACKAGE)))) == {
        *("sendblue_contacts.LIMIT", "sendblue_contacts.PERIOD"),
        *("sendblue_contacts.Client", "sendblue_contacts.Setting"),
        *("sendblue_contacts.Pages", "sendblue_contacts.Order", "sendblue_contacts.Fields"),
        "sendblue_contacts_api.models.Pet",
    }


@pytest.mark.parametrize(
    ("narrow", "wide", "fitting"),
    [
        ("str", "str | None", True),
        ("str | None", "str", False),
        ("Literal['a']", "Literal['b', 'a'] | None", True),
        ("list[str]", "Sequence[str]", True),
        ("Sequence[str]", "list[str]", False),
        ("dict[str, str]", "Mapping[str, str]", True),
        ("int", "float", True),
        ("str", "Any", True),
    ],
)
def test_fits(narrow: str, wide: str, fitting: bool) -> None:
    """A union fits if each of its members does."""
    assert fits(narrow, wide) is fitting
