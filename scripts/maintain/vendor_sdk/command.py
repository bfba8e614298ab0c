"""Compare the vendor's own Python library with the document, and report what openapi/upstream.toml does not list.

Only a wheel is downloaded: pip builds an sdist to read its metadata, which runs the vendor's code.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import tomllib
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maintain.openapi_document import DocumentError, read
from maintain.vendor_sdk.compare import differences
from maintain.vendor_sdk.source import client, operations
from maintain.venvs import ROOT, ScriptError, run

if TYPE_CHECKING:
    from collections.abc import Mapping

PACKAGE, WORD = "sendblue", "contact"
DOCUMENT, ACCEPTED = ROOT / "openapi/contacts.yaml", ROOT / "openapi/upstream.toml"
NOTHING_NEW, NEW, FAILED = 0, 1, 2
STATUS = """\
exit status:
  0  no new difference
  1  the API changed: a difference is not in openapi/upstream.toml, or one of its entries no longer applies
  2  the comparison failed: no network, an unreadable library or file, or a wrong option"""
UNKNOWN_FORM = (
    "No operation was found in {}. Name a wheel or a folder with --from. If this is the vendor's library, the form of "
    "its code has changed: adapt scripts/maintain/vendor_sdk/source.py."
)


def fetch(version: str | None, folder: Path) -> Path:
    """Download the wheel of `version`, or of the newest version, from the package index that pip uses."""
    wanted = f"{PACKAGE}=={version}" if version else PACKAGE
    options = ("--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--quiet")
    run([sys.executable, "-m", "pip", "download", *options, f"--dest={folder}", wanted], cwd=folder)
    return next(folder.glob("*.whl"))


def sources(path: Path) -> dict[str, str]:
    """Return the Python modules of a wheel or a folder, by path. ScriptError: it is neither, or it is damaged."""
    try:
        if path.is_dir():
            files = {file.relative_to(path).as_posix(): file.read_bytes() for file in sorted(path.rglob("*.py"))}
        else:
            with zipfile.ZipFile(path) as wheel:
                files = {name: wheel.read(name) for name in wheel.namelist() if name.endswith(".py")}
    except (OSError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise ScriptError(f"{path} cannot be read ({error}). Name a wheel or a folder with --from.") from error
    return {name: content.decode("utf-8", "replace") for name, content in files.items()}


def facts(path: Path) -> dict[str, Any]:
    """Return the version and operations of the library at `path`, as JSON data. ScriptError: it has no operations."""
    found = sources(path)
    try:
        known = operations(found, WORD)
    except RecursionError:
        known = {}
    if not any(WORD in name for name in known):
        raise ScriptError(UNKNOWN_FORM.format(path))
    version = next((text for name, text in found.items() if name.endswith("/_version.py")), "")
    match = re.search(r'__version__ = "([^"]+)"', version)
    return {"version": match[1] if match else "unknown", **client(found), "operations": known}


def accepted(path: Path) -> dict[str, str]:
    """Return the accepted differences with their reasons. ScriptError: the file is invalid, or a reason is missing."""
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("decided", [])
        return {line: entry["reason"] for entry in entries for line in entry["differences"]}
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise ScriptError(
            f"{path} cannot be read ({error}). It must be a TOML file of [[decided]] entries, each with a `reason` and "
            "its `differences`."
        ) from error


def news(found: list[str], known: Mapping[str, str]) -> list[str]:
    """Return the lines about differences that are not accepted, and about accepted ones that no longer apply."""
    new = [f"- {line}" for line in found if line not in known]
    gone = [f"- {line}" for line in known if line not in found]
    lines = ["New, and not in openapi/upstream.toml:", *new] if new else []
    return lines + (["No longer applies; remove from openapi/upstream.toml:", *gone] if gone else [])


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/upstream",
        description="Compare the vendor's own Python library with the OpenAPI document.",
        epilog=STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--version", metavar="X", help="the version of the library to download (the newest)")
    source.add_argument("--from", dest="path", type=Path, metavar="PATH", help="a wheel or a folder to read instead")
    parser.add_argument("--facts", action="store_true", help="print what was read from the library as JSON, and stop")
    return parser.parse_args(arguments)


def report(library: dict[str, Any]) -> int:
    """Compare the library with the document, print the result, and return the exit status."""
    found = differences(library, read(DOCUMENT, str(DOCUMENT)).data)
    known = accepted(ACCEPTED)
    lines = news(found, known)
    print(f"{PACKAGE} {library['version']}: {len(found)} differences, {len(known)} accepted in openapi/upstream.toml.")
    print("\n".join(lines or ["Nothing new."]))
    return NEW if lines else NOTHING_NEW


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    options = parse(arguments)
    try:
        with tempfile.TemporaryDirectory() as folder:
            library = facts(options.path or fetch(options.version, Path(folder)))
        if options.facts:
            print(json.dumps(library, indent=1, sort_keys=True))
            return NOTHING_NEW
        return report(library)
    except (DocumentError, ScriptError) as error:
        print(f"scripts/upstream: {error}", file=sys.stderr)
        return FAILED
