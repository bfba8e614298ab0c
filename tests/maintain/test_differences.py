"""How scripts/regenerate describes a change of the package."""

import pytest
from maintain.regenerate.differences import DIFF_LINES, MAX_LINES, describe, differences

PET = b"class Pet:\n    name: str\n    age: int\n"


@pytest.mark.parametrize(
    ("new", "line"),
    [
        (PET + b"    kind: str\n", "+ field Pet.kind: str"),
        (b"class Pet:\n    name: str\n", "- field Pet.age"),
        (PET.replace(b"int", b"float"), "~ field Pet.age: float (was int)"),
        (PET + b"class Cat:\n    lives: int\n", "+ model Cat"),
        (b"class Dog:\n    age: int\n", "- model Pet"),
        (PET + b'Kind = Literal["cat"]\n', "+ model Kind"),
    ],
)
def test_models_and_fields(new: bytes, line: str) -> None:
    """A model or field that was added, removed or changed is one line."""
    assert line in describe({"p/models/pet.py": PET}, {"p/models/pet.py": new})


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ({}, {"p/api/pets/get.py": b""}, "+ operation get"),
        ({"p/api/pets/get.py": b""}, {}, "- operation get"),
        ({"p/api/pets/get.py": b"def sync(a): 1"}, {"p/api/pets/get.py": b"def sync(b): 1"}, "~ operation get"),
    ],
)
def test_operations(old: dict[str, bytes], new: dict[str, bytes], line: str) -> None:
    """An operation that was added or removed, or whose arguments changed, is one line."""
    assert line in describe(old, new)


def test_files() -> None:
    """A new model is one line, without its fields. The number of files is reported, also if only code changed."""
    assert describe({}, {"p/models/pet.py": PET}) == ["+ model Pet", "1 of 1 files changed"]
    old, new = {"p/api/pets/get.py": b"def sync(): 1"}, {"p/api/pets/get.py": b"def sync(): 2"}
    assert describe(old, new) == ["1 of 1 files changed"]
    assert (describe(new, new), differences(new, new)) == ([], [])
    assert describe({"p/models/pet.py": b"class :"}, {"p/models/pet.py": PET})[0] == "+ model Pet"


def test_many_lines() -> None:
    """The lines of the report and of the diff are limited, and the rest is counted."""
    package = {f"p/api/pets/get_{number}.py": b"" for number in range(MAX_LINES + 5)}
    assert describe({}, package)[MAX_LINES:] == ["… and 5 more", f"{MAX_LINES + 5} of {MAX_LINES + 5} files changed"]
    lines = differences({}, {"p/a.py": b"line\n" * 2 * DIFF_LINES})
    assert (len(lines), lines[-1].startswith("… and ")) == (DIFF_LINES + 1, True)
