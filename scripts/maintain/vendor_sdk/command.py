"""The vendor's library, fetched or given, beside our document: what is new, and what was decided and no longer holds.

Only a wheel is fetched, since pip builds an sdist to look into it, which runs the vendor's code.
"""

from __future__ import annotations

import argparse
import json
import lzma
import re
import sys
import tarfile
import tempfile
import tomllib
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maintain.openapi_document import DocumentError, read
from maintain.vendor_sdk.compare import differences
from maintain.vendor_sdk.source import as_data, from_data, operations
from maintain.venvs import ROOT, ScriptError, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PACKAGE, ABOUT = "sendblue", "contact"
DOCUMENT, DECIDED = ROOT / "openapi/contacts.yaml", ROOT / "openapi/upstream.toml"
NOTHING_NEW, NEW, COULD_NOT_LOOK = 0, 1, 2
STATUS = """\
exit status:
  0  nothing is new
  1  the API moved: a difference is not in openapi/upstream.toml, or one there is no longer so
  2  it could not look: no network, a library or a file that cannot be read, a wrong option"""
# What reading a damaged wheel or sdist may end in.
DAMAGED = (OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, tarfile.TarError)
FORMLESS = (
    "No operation was found in the vendor's library, so its code has another form than before: "
    "scripts/maintain/vendor_sdk/source.py has to learn it."
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
        ScriptError: It is none of these, or damaged.
    """
    if not path.exists():
        raise ScriptError(f"There is nothing at {path}. Give a wheel, an sdist (.tar.gz) or a folder.")
    try:
        found = {name: text.decode("utf-8", "replace") for name, text in _files(path) if name.endswith(".py")}
    except DAMAGED as error:
        raise ScriptError(f"{path} cannot be read ({error}). Fetch it again, or give another with --from.") from error
    if not found:
        raise ScriptError(f"There is no Python in {path}. Give a wheel, an sdist (.tar.gz) or a folder.")
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
        ScriptError: It says nothing, or nothing that can be read.
    """
    found = sources(path)
    try:
        known = operations(found, ABOUT)
    except RecursionError as error:
        raise ScriptError(FORMLESS) from error
    if not known:
        raise ScriptError(FORMLESS)
    return {"version": version_in(found), "operations": as_data(known)}


# --- what was decided


def decided(path: Path) -> dict[str, str]:
    """Return the reason of each difference that was decided.

    Raises:
        ScriptError: An entry has no reason, a difference stands twice, or the file cannot be read.
    """
    entries: dict[str, str] = {}
    for line, reason in _decisions(path):
        if line in entries or not reason:
            raise ScriptError(f"{path}: {line!r} stands there twice, or without a reason. Mend the entry.")
        entries[line] = reason
    return entries


def _decisions(path: Path) -> list[tuple[str, str]]:
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8")).get("decided", [])
        return [(line, each.get("reason", "")) for each in given for line in each.get("differences", [])]
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise ScriptError(
            f"{path} cannot be read ({error}). It is a TOML file of [[decided]] entries, each with a `reason` and its "
            "`differences`: mend it, or give another with --decided."
        ) from error


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
        prog="scripts/upstream",
        description="Say where the vendor's Python library and our document differ.",
        epilog=STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
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
    return NEW if lines else NOTHING_NEW


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    options = parse(arguments)
    try:
        with tempfile.TemporaryDirectory() as folder:
            told = facts(options.path or fetch(options.version, Path(folder)))
        if options.facts:
            print(json.dumps(told, indent=1, sort_keys=True))
            return NOTHING_NEW
        return report(options, told)
    except (DocumentError, ScriptError) as error:
        print(f"scripts/upstream: {error}", file=sys.stderr)
        return COULD_NOT_LOOK
