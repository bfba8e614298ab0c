"""The import arrows, and what may be written nowhere. All of it is read from the sources: nothing is imported here."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.util import resolve_name
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
OURS, GENERATED, SANDBOX = "sendblue_contacts", "sendblue_contacts_api", "sendblue_sandbox"
FOLDERS = {OURS: "overrides", GENERATED: "generated", SANDBOX: "sandbox"}
ROOMS = sorted(
    path.relative_to(ROOT / "overrides" / OURS).as_posix() for path in (ROOT / "overrides" / OURS).rglob("*.py")
)
SENDING = ("client", "transports", "_httpx", "contacts", "bulk", "driving", "listing", "raw")
SENDS = {f"{OURS}.{room}" for room in SENDING}
PURE = ("operations", "naming", "phone", "paging", "retry", "answers", "jobs", "outcomes", "settings")
PURE_BULK = ("chunks", "repeats", "settling", "course", "tally")
LIMITS = [room.removesuffix(".py") for room in ROOMS if room.startswith("limits/")]
TOGETHER = ROOT / "sandbox" / SANDBOX / "pytest_client.py"
BY_NAME = ("phonenumbers", "redis", "click", "rich", "python_calamine", "xlsxwriter", "platformdirs")


@dataclass(frozen=True)
class Import:
    """One import: what is imported, on which line, and whether only type checkers see it."""

    name: str
    line: int
    types_only: bool
    deferred: bool


def imports(path: Path, package: str = "", source: str | None = None) -> list[Import]:
    """Every import of a file under its absolute name, also that of a submodule, also `import_module("…")`."""
    return list(_walk(ast.parse(path.read_text(encoding="utf-8") if source is None else source), package))


def _walk(node: ast.AST, package: str, *, types_only: bool = False, deferred: bool = False) -> Iterator[Import]:
    for name in _imported(node, package):
        yield Import(name, getattr(node, "lineno", 0), types_only, deferred)
    deferred = deferred or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    free = set(map(id, node.body)) if isinstance(node, ast.If) and _is_type_checking(node.test) else set()
    for child in ast.iter_child_nodes(node):
        yield from _walk(child, package, types_only=types_only or id(child) in free, deferred=deferred)


def _is_type_checking(test: ast.expr) -> bool:
    return ast.unparse(test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def _imported(node: ast.AST, package: str) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        start = resolve_name("." * node.level + (node.module or ""), package) if node.level else node.module or ""
        return [start, *(f"{start}.{alias.name}" for alias in node.names)]
    if isinstance(node, ast.Call) and ast.unparse(node.func) in {
        "import_module",
        "importlib.import_module",
        "__import__",
    }:
        return [str(argument.value) for argument in node.args[:1] if isinstance(argument, ast.Constant)]
    return []


@cache
def of_package(name: str) -> dict[Path, list[Import]]:
    """The imports of each file of one of the three packages."""
    folder = ROOT / FOLDERS[name]
    return {path: imports(path, package_of(path, folder)) for path in sorted((folder / name).rglob("*.py"))}


def package_of(path: Path, folder: Path) -> str:
    """The package that a relative import in this file starts from."""
    return ".".join(path.relative_to(folder).parent.parts)


def touches(found: Import, *packages: str) -> bool:
    """Whether it imports one of these packages or something inside."""
    return any(found.name == package or found.name.startswith(f"{package}.") for package in packages)


def culprits(files: dict[Path, list[Import]], *packages: str, types_too: bool = True) -> list[str]:
    """Where these packages are imported, as a reader looks it up: `file:line name`."""
    return [
        f"{path.relative_to(ROOT)}:{each.line} {each.name}"
        for path, found in files.items()
        for each in found
        if touches(each, *packages) and (types_too or not each.types_only)
    ]


# --- the reading of imports, without which all the rest proves nothing

SOURCE = """
import one.two
from three import four
from . import five
from ..six import seven
if TYPE_CHECKING:
    import eight
else:
    import nine
def function():
    import ten
    import_module("eleven")
"""


def test_every_kind_of_import_is_seen() -> None:
    """Relative ones, those in functions, those by name, and those in `else` count; only TYPE_CHECKING is set apart."""
    found = imports(Path(), "a.b", SOURCE)
    running = [each.name for each in found if not each.types_only]
    assert running == [
        *("one.two", "three", "three.four", "a.b", "a.b.five", "a.six", "a.six.seven", "nine", "ten", "eleven"),
    ]
    assert [each.name for each in found if each.types_only] == ["eight"]


@pytest.mark.parametrize("package", FOLDERS)
def test_there_is_something_to_look_at(package: str) -> None:
    """Each package is where it is looked for, and imports something."""
    assert sum(map(len, of_package(package).values())) > 20


# --- the arrows


def test_generated_imports_nothing_of_ours() -> None:
    """The generated package stands alone."""
    assert culprits(of_package(GENERATED), OURS, SANDBOX) == []


def test_sandbox_imports_neither_the_client_nor_the_generated_package() -> None:
    """What checks the client is written from the document, so that a mistake is not mirrored."""
    files = {path: found for path, found in of_package(SANDBOX).items() if path != TOGETHER}
    assert culprits(files, OURS, GENERATED) == []


def test_the_fixture_that_brings_the_two_together() -> None:
    """The one exception is the pytest fixture `sendblue_client`, which imports the client when a test asks for it."""
    found = [each for each in of_package(SANDBOX)[TOGETHER] if touches(each, OURS, GENERATED)]
    assert [each for each in found if not (each.types_only or each.deferred)] == []


def test_the_client_does_not_import_the_sandbox() -> None:
    """Only the command line starts the sandbox."""
    found = culprits(of_package(OURS), SANDBOX)
    assert [each for each in found if not each.startswith(f"overrides/{OURS}/cli")] == []


def test_one_module_imports_httpx() -> None:
    """Exactly one hand-written module of the client imports httpx when it runs."""
    found = culprits(of_package(OURS), "httpx", "httpcore", "h11", types_too=False)
    assert {each.split(":")[0] for each in found} == {f"overrides/{OURS}/_httpx.py"}


def test_the_rooms_of_the_limit_are_found() -> None:
    """There is something to look at, the stores too."""
    assert {"limits/limiter", "limits/window", "limits/stores/file", "limits/stores/redis"} <= {*LIMITS}


@pytest.mark.parametrize("room", LIMITS)
def test_limits_know_nothing_of_httpx(room: str) -> None:
    """The limiter can guard other code: it knows neither httpx nor whatever sends."""
    files = {path: found for path, found in of_package(OURS).items() if path == room_path(room)}
    assert (len(files), culprits(files, "httpx", *SENDS, GENERATED)) == (1, [])


@pytest.mark.parametrize("room", [*PURE, *PURE_BULK])
def test_pure_rooms_do_not_send(room: str) -> None:
    """What decides imports neither a client nor a transport, not even for its types."""
    files = {path: found for path, found in of_package(OURS).items() if path == room_path(room)}
    assert (len(files), culprits(files, *SENDS)) == (1, [])


def room_path(room: str) -> Path:
    """The file of a room."""
    return ROOT / "overrides" / OURS / f"{room}.py"


def test_limits_import_nothing_of_the_rest() -> None:
    """The arrow is client → transports → limits, and none leads back; of the rest they raise errors alone."""
    files = {path: of_package(OURS)[path] for path in map(room_path, LIMITS)}
    beyond = [each for each in culprits(files, OURS) if not re.search(rf" {OURS}\.(limits|errors)\b", each)]
    assert (len(files) >= 4, beyond) == (True, [])


@pytest.mark.parametrize("room", [room for room in ROOMS if not room.startswith(("cli", "transfer"))])
def test_the_core_imports_nothing_of_the_files_and_the_command_line(room: str) -> None:
    """The arrow is cli → transfer → client, and none leads back."""
    path = ROOT / "overrides" / OURS / room
    assert culprits({path: of_package(OURS)[path]}, f"{OURS}.cli", f"{OURS}.transfer") == []


def test_importing_the_core_takes_no_extra() -> None:
    """At import the library asks for nothing but the standard library, what pyproject.toml depends on, and itself.

    The rooms of the command line have click: `cli.main` alone loads them, and says which extra is missing.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = [re.split(r"[\s<>=!~\[;]", line)[0] for line in project["dependencies"]]
    assert sorted(named) == ["attrs", "httpx", "python-dateutil"]
    allowed = {*sys.stdlib_module_names, "attrs", "httpx", "dateutil", OURS, GENERATED}
    found = {**of_package(OURS), **of_package(GENERATED)}
    at_import = {
        f"{path.relative_to(ROOT)}:{each.line} {each.name}"
        for path, all_imports in found.items()
        for each in all_imports
        if not (each.types_only or each.deferred or each.name.split(".")[0] in allowed or _behind_main(path, each))
    }
    assert at_import == set()


def _behind_main(path: Path, found: Import) -> bool:
    return path.parent.name == "cli" and path.name != "__init__.py" and touches(found, "click")


def test_the_command_line_is_loaded_by_main_alone() -> None:
    """No import statement outside the command line leads into it; `main` loads its rooms by name, when it is called."""
    outside = {path: found for path, found in of_package(OURS).items() if path.parent.name != "cli"}
    inside = of_package(OURS)[ROOT / "overrides" / OURS / "cli/__init__.py"]
    assert (culprits(outside, f"{OURS}.cli"), [each.name for each in inside if touches(each, OURS)]) == ([], [])


@pytest.mark.parametrize("extra", BY_NAME)
def test_the_core_takes_extras_by_name_alone(extra: str) -> None:
    """An extra is loaded by `import_module` where it is needed, never by an import statement; the command line may."""
    statements = {
        path: [each for each in found if not (each.types_only or _is_by_name(path, each))]
        for path, found in of_package(OURS).items()
        if path.name != "cli.py" and "cli" not in path.relative_to(ROOT).parts
    }
    assert culprits(statements, extra) == []


def _is_by_name(path: Path, found: Import) -> bool:
    return "import_module(" in path.read_text(encoding="utf-8").splitlines()[found.line - 1]


# --- what may be written nowhere


@cache
def project_files() -> dict[Path, str]:
    """The text of every file that is or will be committed: what git tracks, and what it neither tracks nor ignores."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=False).stdout.decode().split("\0")
    found = [ROOT / name for name in listed if name] or _all_files()
    return {path: path.read_text("utf-8", "replace") for path in found if path.is_file() and _is_text(path)}


def _all_files() -> list[Path]:
    """The same where there is no git, as in an unpacked sdist."""
    hidden = re.compile(r"/(\.(?!ci|gitignore)|__pycache__|node_modules)")
    return [path for path in ROOT.rglob("*") if not hidden.search(f"/{path.relative_to(ROOT).as_posix()}")]


def _is_text(path: Path) -> bool:
    return b"\0" not in path.read_bytes()[:8000]


def mentions(pattern: str) -> list[str]:
    """Where the project's files match a pattern, without regard to case."""
    matcher = re.compile(pattern, re.IGNORECASE)
    return [
        f"{path.relative_to(ROOT)}:{number}"
        for path, text in project_files().items()
        for number, line in enumerate(text.splitlines(), 1)
        if matcher.search(line)
    ]


def test_mentions_are_found() -> None:
    """The search sees every file, this one too."""
    assert [each.rsplit(":", 1)[0] for each in mentions("a needle that stands here " + "and nowhere else")] == []
    assert "tests/test_architecture.py" in {each.split(":")[0] for each in mentions("a needle that stands here ")}


def test_the_folder_beside_the_project_is_not_mentioned() -> None:
    """The project stands alone: nothing depends on what lies beside it."""
    assert mentions(r"\.\./" + "(shared|seeds)") == []


def test_no_path_of_a_machine() -> None:
    """No file names this project's folder, or a home folder."""
    assert mentions(f"{re.escape(str(ROOT))}|/(home|Users)" + r"/\w|/" + r"root/\w") == []


def registry_hosts() -> set[str]:
    """The hosts of the registries, as pip and npm have them built in and set up; and where pip's files really lie."""
    program = "from pip._internal.models.index import PyPI; print(PyPI.netloc, PyPI.file_storage_domain)"
    pip = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True).stdout
    configured = subprocess.run(
        [sys.executable, "-I", "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout
    npm = Path(sys.prefix, "bin", "npm")
    asked = subprocess.run([npm, "config", "ls", "-l", "--json"], capture_output=True, text=True, check=False).stdout
    registry = json.loads(asked)["registry"] if asked else "//registry." + "npmjs.org/"
    hosts = {*pip.split(), *re.findall(r"https?://(?:[^/@\s]*@)?([^/:\s']+)", configured + registry)}
    return {host for host in hosts if host not in {"localhost", "127.0.0.1"}}


def test_the_registries_are_known() -> None:
    """There is something to look for."""
    assert len(registry_hosts()) >= 2


def test_no_registry_is_named() -> None:
    """No file names the host of a package registry: pip and npm ask the one that the machine is set up for."""
    known = {*registry_hosts(), "registry." + "npmjs.org", "registry." + "yarnpkg.com"}
    assert mentions("|".join(map(re.escape, sorted(known)))) == []
