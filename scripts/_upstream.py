"""The vendor's library, fetched or given, beside our document: what is new, and what was decided and no longer holds.

Only a wheel is fetched, since pip builds an sdist to look into it, which runs the vendor's code.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from _document import DocumentError, read
from _upstream_compare import differences
from _upstream_source import as_data, from_data, operations
from _workshop import ROOT, WorkshopError, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PACKAGE, ABOUT = "sendblue", "contact"
DOCUMENT, DECIDED = ROOT / "openapi/contacts.yaml", ROOT / "openapi/upstream.toml"
FORMLESS = (
    "No operation was found in the vendor's library, so its code has another form than before: "
    "scripts/_upstream_source.py has to learn it."
)


# --- the library


def fetch(version: str | None, folder: Path) -> Path:
    """Download the wheel of the newest version, or of `version`, from the package index that pip is set up for."""
    wanted = f"{PACKAGE}=={version}" if version else PACKAGE
    options = ("--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--quiet")
    run([sys.executable, "-m", "pip", "download", *options, f"--dest={folder}", wanted], cwd=folder)
    return next(folder.glob("*.whl"))


def sources(path: Path) -> dict[str, str]:
    """Return the Python modules in a wheel, an sdist or a folder, by their paths.

    Raises:
        WorkshopError: It is none of these.
    """
    if not path.exists():
        raise WorkshopError(f"There is nothing at {path}. Give a wheel, an sdist (.tar.gz) or a folder.")
    found = {name: text.decode("utf-8", "replace") for name, text in _files(path) if name.endswith(".py")}
    if not found:
        raise WorkshopError(f"There is no Python in {path}. Give a wheel, an sdist (.tar.gz) or a folder.")
    return found


def _files(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.is_dir():
        yield from ((each.relative_to(path).as_posix(), each.read_bytes()) for each in sorted(path.rglob("*.py")))
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as wheel:
            yield from ((name, wheel.read(name)) for name in wheel.namelist())
    elif tarfile.is_tarfile(path):
        with tarfile.open(path) as sdist:
            members = [(each.name, sdist.extractfile(each)) for each in sdist if each.isfile()]
            yield from ((name, file.read()) for name, file in members if file)


def version_in(found: Mapping[str, str]) -> str:
    """Return the version that the library says it is."""
    texts = (text for name, text in found.items() if name.endswith("/_version.py"))
    match = re.search(r'__version__ = "([^"]+)"', next(texts, ""))
    return match[1] if match else "unknown"


def facts(path: Path) -> dict[str, Any]:
    """Return what the library at `path` says of the API, as data for JSON.

    Raises:
        WorkshopError: It says nothing.
    """
    found = sources(path)
    known = operations(found, ABOUT)
    if not known:
        raise WorkshopError(FORMLESS)
    return {"version": version_in(found), "operations": as_data(known)}


# --- what was decided


def decided(path: Path) -> dict[str, str]:
    """Return the reason of each difference that was decided.

    Raises:
        WorkshopError: An entry has no reason, or a difference stands twice.
    """
    entries: dict[str, str] = {}
    for each in tomllib.loads(path.read_text(encoding="utf-8")).get("decided", []):
        for line in each.get("differences", []):
            if line in entries or not each.get("reason"):
                raise WorkshopError(f"openapi/upstream.toml: {line!r} stands there twice, or without a reason.")
            entries[line] = each["reason"]
    return entries


def judge(found: list[str], known: Mapping[str, str]) -> list[str]:
    """Return the lines to print about what was not decided, and about what was and is no longer so."""
    new = [line for line in found if line not in known]
    gone = [line for line in known if line not in found]
    lines = ["New, and not in openapi/upstream.toml:", *(f"- {line}" for line in new)] if new else []
    return lines + (
        ["No longer so; take these out of openapi/upstream.toml:", *(f"- {line}" for line in gone)] if gone else []
    )


# --- the command


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/upstream", description="Say where the vendor's Python library and our document differ."
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--version", metavar="X", help="the version to fetch (the newest)")
    source.add_argument("--from", dest="path", type=Path, metavar="PATH", help="a wheel, an sdist or a folder instead")
    parser.add_argument(
        "--facts", action="store_true", help="print what the library says, as JSON, and compare nothing"
    )
    parser.add_argument("--document", type=Path, default=DOCUMENT, help="our document (openapi/contacts.yaml)")
    parser.add_argument("--decided", type=Path, default=DECIDED, help="what was decided (openapi/upstream.toml)")
    return parser.parse_args(arguments)


def report(options: argparse.Namespace, told: dict[str, Any]) -> int:
    """Compare what the library says with the document, print, and return the exit status."""
    found = differences(from_data(told["operations"]), read(options.document, str(options.document)).data)
    known = decided(options.decided)
    lines = judge(found, known)
    print(f"{PACKAGE} {told['version']}: {len(found)} differences, {len(known)} decided in openapi/upstream.toml.")
    print("\n".join(lines or ["Nothing new."]))
    return int(bool(lines))


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    options = parse(arguments)
    try:
        with tempfile.TemporaryDirectory() as folder:
            told = facts(options.path or fetch(options.version, Path(folder)))
        if options.facts:
            print(json.dumps(told, indent=1, sort_keys=True))
            return 0
        return report(options, told)
    except (DocumentError, WorkshopError) as error:
        print(f"scripts/upstream: {error}", file=sys.stderr)
        return 1
