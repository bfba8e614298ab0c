"""What scripts/changes says of edits of Python packages, and what it takes for public."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from maintain.changes.public_names import load, public
from maintain.changes.python_api import compare, fits

if TYPE_CHECKING:
    from pathlib import Path

CLIENT = """\
from .rooms import Client, Setting
__all__ = ["Client", "Setting"]
"""
ROOMS = """\
from dataclasses import dataclass
from typing import Literal, TypedDict

Order = Literal["up", "down"]

class Fields(TypedDict, total=False):
    name: str | None

class _Base:
    def close(self) -> None: ...

class Pages:
    def __init__(self, run: int) -> None: ...
    def first(self) -> str | None: ...

@dataclass(frozen=True)
class Setting:
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
    "overrides/sendblue_contacts/rooms.py": ROOMS,
    "generated/sendblue_contacts_api/__init__.py": "",
    "generated/sendblue_contacts_api/models/__init__.py": "from .pet import Pet\n__all__ = ['Pet']\n",
    "generated/sendblue_contacts_api/models/pet.py": MODELS,
}


def written(folder: Path, files: dict[str, str]) -> Path:
    """A tree with these files."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def told(folder: Path, old: str, new: str) -> list[tuple[bool, str]]:
    """Whether it breaks, and the line, of each change that it makes to write `new` in the place of `old`."""
    assert any(old in text for text in PACKAGE.values())
    edited = {name: text.replace(old, new) for name, text in PACKAGE.items()}
    changes = compare(written(folder / "old", PACKAGE), written(folder / "new", edited))
    return [(bool(each.breaks), str(each).removeprefix("sendblue_contacts.")) for each in changes]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("def first(", "def second(", "Pages.first: removed"),
        ("def close(", "def shut(", "Client.close: removed"),
        ("self, key: str, *", "self, *, key: str", "Client.__init__: argument `key` is given in another way"),
        ("self, key: str, *", "self, key: str, url: str, *", "Client.__init__: required argument `url` added"),
        ("timeout: float = 30.0", "timeout: float = 60.0", "Client.__init__: argument `timeout` has another default"),
        ("timeout: float = 30.0", "timeout: float", "Client.__init__: argument `timeout` is required now"),
        ("    times: int = 3", "    tries: int = 3", "Setting.times: removed"),
        ("def pages(self, order: Order", "def pages(self, by: Order", "Client.pages: argument `order` removed"),
        (
            "def first(self) -> str | None",
            "def first(self) -> str | int",
            "Pages.first: is `str | int` now, and was `str | None`",
        ),
        ("timeout: float", "timeout: int", "Client.__init__: argument `timeout` takes `int` now, and took `float`"),
        ("name: str | None", "name: str", "Fields.name: takes `str` now, and took `str | None`"),
        ('"up", "down"', '"up"', "Order: takes `Literal['up']` now, and took `Literal['up', 'down']`"),
        ("class Client(_Base)", "class Client", "Client.close: removed"),
    ],
)
def test_what_breaks(tmp_path: Path, old: str, new: str, line: str) -> None:
    """What a caller relies on, by name, by argument or by type, breaks them when it goes."""
    assert (True, line) in told(tmp_path, old, new)


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("key: str, *, ", "key: str, *, url: str = '', ", ["Client.__init__: argument `url` added"]),
        ("    def make(", "    def more(self) -> int: ...\n    def make(", ["Client.more: added"]),
        ("-> str | None", "-> str", ["Pages.first: is `str` now, and was `str | None`"]),
        (
            "timeout: float",
            "timeout: float | None",
            ["Client.__init__: argument `timeout` takes `float | None` now, and took `float`"],
        ),
        (
            '"up", "down"',
            '"up", "down", "any"',
            ["Order: takes `Literal['up', 'down', 'any']` now, and took `Literal['up', 'down']`"],
        ),
        ("name: str | None", "name: str | None\n    nick: str", ["Fields.nick: added"]),
        ("def _send(", "def _post(", []),
        ("def helper(text", "def aid(words", []),
        ("self, run: int", "self, work: str, more: str", []),
    ],
)
def test_what_breaks_nobody(tmp_path: Path, old: str, new: str, lines: list[str]) -> None:
    """What comes breaks nobody, nor does what nobody can name: private members, helpers, how a given object is made."""
    assert told(tmp_path, old, new) == [(False, line) for line in lines]


def test_a_class_may_move(tmp_path: Path) -> None:
    """Where a class lies is nobody's business while its public name is the same."""
    moved = {
        **PACKAGE,
        "overrides/sendblue_contacts/__init__.py": CLIENT.replace(".rooms", ".halls"),
        "overrides/sendblue_contacts/halls.py": ROOMS,
        "overrides/sendblue_contacts/rooms.py": "",
    }
    assert compare(written(tmp_path / "old", PACKAGE), written(tmp_path / "new", moved)) == []


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        (
            "name: str\n",
            "name: str\n    kind: str\n",
            {"__init__: required argument `kind` added"},
        ),
        ("age: int | None = None", "age: int | None", {"__init__: argument `age` is required now"}),
        ('alias="secret", kw_only', 'alias="hidden", kw_only', {"__init__: argument `secret` removed"}),
    ],
)
def test_models_of_attrs(tmp_path: Path, old: str, new: str, lines: set[str]) -> None:
    """What makes a model of attrs takes its fields."""
    broken = {line for breaks, line in told(tmp_path, old, new) if breaks}
    assert {f"sendblue_contacts_api.models.Pet.{line}" for line in lines} <= broken


def test_the_order_of_the_fields_of_a_model(tmp_path: Path) -> None:
    """A model is made by keyword, so that a field may come before others, and breaks nobody."""
    added = [(False, "sendblue_contacts_api.models.Pet.nick: added")]
    assert told(tmp_path, "    age: int", "    nick: str | None = None\n    age: int") == added


def test_the_order_of_the_fields_of_what_is_no_model(tmp_path: Path) -> None:
    """The generated client is made by position too."""
    made = "from attrs import define\n__all__ = ['Client']\n@define\nclass Client:\n    url: str = ''\n"
    name = "generated/sendblue_contacts_api/__init__.py"
    old = written(tmp_path / "old", {**PACKAGE, name: made})
    new = written(tmp_path / "new", {**PACKAGE, name: made.replace("    url", "    key: str = ''\n    url")})
    moved = "sendblue_contacts_api.Client.__init__: positional argument `url` moved"
    assert moved in [str(each) for each in compare(old, new) if each.breaks]


def test_a_package_that_came(tmp_path: Path) -> None:
    """A package that was not there is one line, however much is in it; one that went breaks its callers."""
    without = {name: text for name, text in PACKAGE.items() if name.startswith("overrides")}
    old, new = written(tmp_path / "old", without), written(tmp_path / "new", PACKAGE)
    forth, back = compare(old, new), compare(new, old)
    assert [(str(each), bool(each.breaks)) for each in (*forth, *back)] == [
        ("sendblue_contacts_api: package added", False),
        ("sendblue_contacts_api: package removed", True),
    ]


def test_what_is_public(tmp_path: Path) -> None:
    """Public is what is named, and what this takes and gives, and nothing else."""
    assert set(public(load(written(tmp_path, PACKAGE)))) == {
        *("sendblue_contacts.Client", "sendblue_contacts.Setting"),
        *("sendblue_contacts.Pages", "sendblue_contacts.Order", "sendblue_contacts.Fields"),
        "sendblue_contacts_api.models.Pet",
    }


@pytest.mark.parametrize(
    ("narrow", "wide", "fitting"),
    [
        ("str", "str | None", True),
        ("None | str", "str | None", True),
        ("str | None", "str", False),
        ("Literal['a']", "Literal['b', 'a'] | None", True),
        ("list[str]", "Sequence[str]", True),
        ("Sequence[str]", "list[str]", False),
        ("list[str]", "list[int]", False),
        ("dict[str, str]", "Mapping[str, str]", True),
        ("int", "float", True),
        ("str", "Any", True),
    ],
)
def test_one_type_in_another(narrow: str, wide: str, fitting: bool) -> None:  # noqa: FBT001 - an expectation, not a switch
    """A type fits where each of its alternatives does."""
    assert fits(narrow, wide) is fitting
