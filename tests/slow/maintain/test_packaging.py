"""The distribution: the contents of wheel and sdist, and the pins.

scripts/publish installs the wheel without extras and with all of them, which test_release_recipe.py does.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from maintain.venvs import ROOT, environment

PACKAGES = (
    "sendblue_contacts",
    "sendblue_contacts_api",
    "sendblue_transfer",
    "sendblue_contacts_cli",
    "sendblue_sandbox",
)
REQUIREMENTS = ROOT / "requirements"


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    """Run `command` and return its output, which is shown if it fails."""
    done = subprocess.run(
        command, cwd=cwd, env=environment(Path(sys.prefix)), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the sdist and, from it, the wheel; return their folder."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    """Return the wheel."""
    return next(built.glob("*.whl"))


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    """Return the names of the files in the wheel."""
    return set(zipfile.ZipFile(wheel).namelist())


def test_wheel_has_each_package_typed(names: set[str]) -> None:
    """Each package is included, with its marker."""
    assert {f"{package}/{name}" for package in PACKAGES for name in ("__init__.py", "py.typed")} <= names


def test_wheel_has_every_source_file(names: set[str]) -> None:
    """No module is missing: hatchling silently omits files that git ignores."""
    folders = [ROOT / name for name in ("generated", "overrides", "transfer", "cli", "sandbox")]
    found = [(folder, path) for folder in folders for kind in ("*.py", "*.lua") for path in folder.rglob(kind)]
    sources = {path.relative_to(folder).as_posix() for folder, path in found}
    assert sources - names == set()


def test_wheel_carries_the_document(wheel: Path) -> None:
    """The document is included next to the sandbox, byte for byte."""
    inside = zipfile.ZipFile(wheel).read("sendblue_sandbox/contacts.yaml")
    assert inside == (ROOT / "openapi/contacts.yaml").read_bytes()


def test_wheel_has_nothing_else(names: set[str], wheel: Path) -> None:
    """There are no tests, caches or scripts in the wheel."""
    metadata = f"{wheel.name.removesuffix('-py3-none-any.whl')}.dist-info"
    places = tuple(f"{folder}/" for folder in (*PACKAGES, metadata))
    assert [name for name in names if not name.startswith(places) or "__pycache__" in name] == []


def test_sdist_can_be_built_and_tested(built: Path) -> None:
    """The sdist contains what the scripts need, and nothing that they create."""
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        inside = {name.partition("/")[2] for name in sdist.getnames()}
    needed = {"pyproject.toml", "LICENSE", "generator-config.yaml", "openapi/contacts.yaml", "requirements/dev.txt"}
    needed |= {"scripts/maintain/venvs.py", "scripts/test", "tests/slow/maintain/test_packaging.py"}
    assert needed - inside == set()
    assert [name for name in inside if re.match(r"\.venv|\.git/|.*__pycache__|.*_cache/", name)] == []


def test_wheel_is_reproducible(wheel: Path, tmp_path: Path) -> None:
    """A wheel built from the tree is identical to one built from the sdist, so the sdist is complete."""
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path)
    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()


def pins(name: str) -> dict[str, str]:
    """Return the version of each package in a requirement file."""
    found = re.findall(r"(?m)^([\w.-]+)==(\S+)", (REQUIREMENTS / name).read_text())
    return dict(found)


PINNED = ("core.txt", "all.txt", "demo.txt", "test.txt", "dev.txt")


@pytest.mark.parametrize("name", PINNED)
def test_pins(name: str) -> None:
    """The smaller sets are parts of dev. Every entry has an exact version and a hash, as `--require-hashes` needs."""
    assert pins(name).items() - pins("dev.txt").items() == set()
    entries = re.split(r"(?m)^(?=\S)", (REQUIREMENTS / name).read_text().strip())[1:]
    assert len(entries) > 1
    assert [entry for entry in entries if not re.match(r"[\w.-]+==\S+ .*\n    --hash=sha256:", entry)] == []


def test_node_tools_are_pinned_with_hashes() -> None:
    """Every Node package is locked with its hash."""
    lock = json.loads((REQUIREMENTS / "node/package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert len(packages) > 1
    assert [name for name, entry in packages.items() if "integrity" not in entry] == []


@pytest.mark.parametrize("name", [*PINNED, "node/package.json", "node/package-lock.json"])
def test_pins_name_no_host(name: str) -> None:
    """The registry is a setting of the machine."""
    assert re.findall(r"\w+://\S+|--index|--find-links", (REQUIREMENTS / name).read_text()) == []
