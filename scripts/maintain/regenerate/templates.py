"""The custom templates, and in `stock.sha256` the stock template that each of them replaces.

Each line has the hash of the stock template, or `new` if it does not exist, and the name of the custom template.
"""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

RECORD = "stock.sha256"
NEW = "new"


def custom(folder: Path) -> dict[str, str]:
    """Return the text of each template in `folder`, by name."""
    paths = sorted(path for path in folder.rglob("*.jinja") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def stock_hash(name: str) -> str:
    """Return the hash of the installed stock template called `name`, or NEW if it does not exist."""
    stock = files("openapi_python_client").joinpath("templates", name)
    return hashlib.sha256(stock.read_bytes()).hexdigest() if stock.is_file() else NEW


def recorded(folder: Path) -> dict[str, str]:
    """Return the recorded hash of each template, by name."""
    lines = (folder / RECORD).read_text(encoding="utf-8").splitlines()
    return {name: value for value, name in (line.split(maxsplit=1) for line in lines)}


def accept(folder: Path) -> list[str]:
    """Record the installed stock templates, and return the names of those whose record changed."""
    before = recorded(folder) if (folder / RECORD).exists() else {}
    now = {name: stock_hash(name) for name in custom(folder)}
    (folder / RECORD).write_text("".join(f"{value}  {name}\n" for name, value in now.items()), encoding="utf-8")
    return [name for name in sorted({*before, *now}) if before.get(name) != now.get(name)]
