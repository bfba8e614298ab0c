"""Our templates, and in `stock.sha256` the stock template from which each of them was made.

A line is the hash of the stock template, or `new` when there is none, and the name of ours.
"""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

RECORD = "stock.sha256"
NEW = "new"


def ours(folder: Path) -> dict[str, str]:
    """Return the text of each template in `folder`, by name."""
    paths = sorted(path for path in folder.rglob("*.jinja") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def stock_hash(name: str) -> str:
    """Return the hash of the installed stock template called `name`, or NEW when there is none."""
    stock = files("openapi_python_client").joinpath("templates", name)
    return hashlib.sha256(stock.read_bytes()).hexdigest() if stock.is_file() else NEW


def recorded(folder: Path) -> dict[str, str]:
    """Return the recorded hash of each template, by name."""
    lines = (folder / RECORD).read_text(encoding="utf-8").splitlines()
    return {name: value for value, name in (line.split(maxsplit=1) for line in lines)}


def accept(folder: Path) -> list[str]:
    """Record the installed stock templates beneath ours, and return the names of those that were recorded otherwise."""
    before = recorded(folder) if (folder / RECORD).exists() else {}
    now = {name: stock_hash(name) for name in ours(folder)}
    (folder / RECORD).write_text("".join(f"{value}  {name}\n" for name, value in now.items()), encoding="utf-8")
    return [name for name in sorted({*before, *now}) if before.get(name) != now.get(name)]
