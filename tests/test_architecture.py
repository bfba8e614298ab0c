"""The direction of imports, and texts that no file may contain. Computed from the sources, without importing them."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

import pytest
from maintain.venvs import VENV

ROOT = Path(__file__).parents[1]
CLIENT, GENERATED, SANDBOX = "sendblue_contacts", "sendblue_contacts_api", "sendblue_sandbox"
TRANSFER, CLI = "sendblue_transfer", "sendblue_contacts_cli"
FOLDERS = {GENERATED: "generated", CLIENT: "overrides", TRANSFER: "transfer", CLI: "cli", SANDBOX: "sandbox"}
MAY_IMPORT = {
    GENERATED: {GENERATED},
    CLIENT: {CLIENT, GENERATED},
    TRANSFER: {TRANSFER, CLIENT, GENERATED},
    CLI: {CLI, TRANSFER, CLIENT, GENERATED, SANDBOX},
    SANDBOX: {SANDBOX},
}
"""Which packages of the project each one may import: the direction of the imports."""
SENDING = ("client", "resources", "_async", "_sync")
"""The modules of the client that send and wait; everything else decides, and imports none of them."""
PYTEST_CLIENT = ROOT / "sandbox" / SANDBOX / "pytest_client.py"
"""The one module of the sandbox that imports the client: the fixture `sendblue_client`."""
EXTRAS = (
    "phonenumbers",
    "redis",
    "click",
    "rich",
    "python_calamine",
    "xlsxwriter",
    "platformdirs",
    "opentelemetry",
    "narwhals",
    "pyarrow",
    "orjson",
)


@dataclass(frozen=True)
class Import:
    """One import: its name, its line, whether only type checkers run it, and whether it is inside a function."""

    name: str
    line: int
    types_only: bool
    deferred: bool


@cache
def imports(path: Path, package: str = "", source: str | None = None) -> list[Import]:
    """Return every import of a file by absolute name, including submodules and `import_module("…")`."""
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
def imports_of(name: str) -> dict[Path, list[Import]]:
    """Return the imports of each file of a package."""
    folder = ROOT / FOLDERS[name]
    return {path: imports(path, package_of(path, folder)) for path in sorted((folder / name).rglob("*.py"))}


def package_of(path: Path, folder: Path) -> str:
    """Return the package that relative imports of this file start from."""
    return ".".join(path.relative_to(folder).parent.parts)


def imports_from(found: Import, *packages: str) -> bool:
    """Whether the import is one of these packages, or inside one."""
    return any(found.name == package or found.name.startswith(f"{package}.") for package in packages)


def violations(files: dict[Path, list[Import]], *packages: str, types_too: bool = True) -> list[str]:
    """Return the imports of these packages as `file:line name`."""
    return [
        f"{path.relative_to(ROOT)}:{each.line} {each.name}"
        for path, found in files.items()
        for each in found
        if imports_from(each, *packages) and (types_too or not each.types_only)
    ]


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


def test_every_kind_of_import_is_found() -> None:
    """Relative imports, imports in functions, by name, and in `else` count; TYPE_CHECKING imports are marked."""
    found = imports(Path(), "a.b", SOURCE)
    running = [each.name for each in found if not each.types_only]
    assert running == [
        *("one.two", "three", "three.four", "a.b", "a.b.five", "a.six", "a.six.seven", "nine", "ten", "eleven")
    ]
    assert [each.name for each in found if each.types_only] == ["eight"]


@pytest.mark.parametrize("package", FOLDERS)
def test_imports_have_one_direction(package: str) -> None:
    """A package imports only the packages in `MAY_IMPORT`, `TYPE_CHECKING` imports included."""
    files = {path: found for path, found in imports_of(package).items() if path != PYTEST_CLIENT}
    assert violations(files, *(FOLDERS.keys() - MAY_IMPORT[package])) == []
    assert sum(map(len, files.values())) > 20


def test_the_pytest_fixture_imports_the_client_on_use() -> None:
    """The fixture `sendblue_client` imports the client only when a test requests it."""
    found = [each for each in imports_of(SANDBOX)[PYTEST_CLIENT] if imports_from(each, CLIENT, GENERATED)]
    assert [each for each in found if not (each.types_only or each.deferred)] == []


def test_one_module_imports_httpx() -> None:
    """Exactly one hand-written module imports httpx at run time."""
    packages = (CLIENT, TRANSFER, CLI)
    found = [
        place
        for package in packages
        for place in violations(imports_of(package), "httpx", "httpcore", "h11", types_too=False)
    ]
    assert {each.split(":")[0] for each in found} == {f"overrides/{CLIENT}/_httpx.py"}


def test_decisions_do_no_io() -> None:
    """Only the sending modules of the client import a client or a transport; the others do not, not even for types."""
    sending = tuple(f"{CLIENT}.{name}" for name in SENDING)
    files = imports_of(CLIENT)
    pure = {path: found for path, found in files.items() if not module_name(path).startswith(sending)}
    assert 20 < len(pure) < len(files) - len(SENDING)
    assert violations(pure, *sending) == []


def test_the_rate_limit_imports_only_errors() -> None:
    """The limiter can guard other code: it imports the errors of the client, and nothing else of it."""
    files = {path: found for path, found in imports_of(CLIENT).items() if "rate_limit" in path.parts}
    beyond = [
        each
        for each in violations(files, CLIENT, GENERATED, "httpx")
        if not re.search(rf" {CLIENT}\.(rate_limit|errors)\b", each)
    ]
    assert (len(files) >= 4, beyond) == (True, [])


def test_importing_the_client_takes_no_extra() -> None:
    """At import, the client and the transfers need the standard library, the dependencies, and themselves alone."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = [re.split(r"[\s<>=!~\[;]", line)[0] for line in project["dependencies"]]
    assert sorted(named) == ["attrs", "httpx", "python-dateutil"]
    allowed = {*sys.stdlib_module_names, "attrs", "httpx", "dateutil", CLIENT, GENERATED, TRANSFER}
    files = {**imports_of(CLIENT), **imports_of(GENERATED), **imports_of(TRANSFER)}
    at_import = {
        f"{path.relative_to(ROOT)}:{each.line} {each.name}"
        for path, all_imports in files.items()
        for each in all_imports
        if not (each.types_only or each.deferred or each.name.split(".")[0] in allowed)
    }
    assert at_import == set()


def test_the_command_loads_its_modules_in_main() -> None:
    """Importing the command's package needs no extra; `main` loads its modules by name and reports a missing one."""
    inside = imports_of(CLI)[ROOT / "cli" / CLI / "__init__.py"]
    assert [each.name for each in inside if each.name.split(".")[0] not in sys.stdlib_module_names] == []


def test_extras_are_imported_by_name() -> None:
    """The client and the transfers load an extra with `import_module` where they need it, never with a statement."""
    statements = {
        path: [each for each in found if not (each.types_only or _is_by_name(path, each))]
        for package in (CLIENT, TRANSFER)
        for path, found in imports_of(package).items()
    }
    assert violations(statements, *EXTRAS) == []


def _is_by_name(path: Path, found: Import) -> bool:
    return "import_module(" in path.read_text(encoding="utf-8").splitlines()[found.line - 1]


def module_name(path: Path) -> str:
    """The dotted name of the module in this file."""
    parts = path.relative_to(ROOT).with_suffix("").parts[1:]
    return ".".join(parts).removesuffix(".__init__")


HAND_WRITTEN = ("overrides", "transfer", "cli", "sandbox", "scripts/maintain")
MAX_MODULES = 18
MAX_CLIENT_LINES = 8_600  # room for a new operation or resource


def modules() -> dict[str, Path]:
    """Return every hand-written module by dotted name, the emitted `_sync` included."""
    found: dict[str, Path] = {}
    for folder in HAND_WRITTEN:
        base = ROOT / folder if folder != "scripts/maintain" else ROOT / "scripts"
        for path in sorted((ROOT / folder).rglob("*.py")):
            found[".".join(path.relative_to(base).with_suffix("").parts).removesuffix(".__init__")] = path
    return found


def test_folders_are_small() -> None:
    """No folder of hand-written code has more than 18 modules."""
    sizes = Counter(str(path.parent.relative_to(ROOT)) for path in modules().values())
    assert {folder: size for folder, size in sizes.items() if size > MAX_MODULES} == {}


def test_the_client_is_small() -> None:
    """The hand-written lines of `overrides/`, without emitted files, stay below a maximum."""
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "overrides").rglob("*.py")]
    assert sum(len(text.splitlines()) for text in texts if not text.startswith("# Emitted by")) <= MAX_CLIENT_LINES


def import_graph() -> dict[str, set[str]]:
    """Return the modules that each hand-written module imports, `TYPE_CHECKING` and deferred imports included."""
    known = modules()
    graph: dict[str, set[str]] = {}
    for name, path in known.items():
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        found = {(each.line, each.name) for each in imports(path, package) if each.name in known}
        # `from package import module` also lists the package; it is an import of the module only.
        parents = {(line, each.rpartition(".")[0]) for line, each in found}
        graph[name] = {each for _, each in found - parents} - {name}
    return graph


def test_no_import_cycles() -> None:
    """No hand-written modules import each other in a circle, `TYPE_CHECKING` imports included."""
    TopologicalSorter(import_graph()).prepare()  # raises CycleError, with the modules


@cache
def project_files() -> dict[Path, str]:
    """Return the text of every file that git tracks or would track."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=False).stdout.decode().split("\0")
    found = [ROOT / name for name in listed if name] or _all_files()
    return {path: path.read_text("utf-8", "replace") for path in found if path.is_file() and _is_text(path)}


def _all_files() -> list[Path]:
    """Return the same without git, as in an unpacked sdist."""
    hidden = re.compile(r"/(\.(?!ci|gitignore)|__pycache__|node_modules)")
    return [path for path in ROOT.rglob("*") if not hidden.search(f"/{path.relative_to(ROOT).as_posix()}")]


def _is_text(path: Path) -> bool:
    return b"\0" not in path.read_bytes()[:8000]


def mentions(pattern: str) -> list[str]:
    """Return the places that match a pattern, ignoring case."""
    matcher = re.compile(pattern, re.IGNORECASE)
    return [
        f"{path.relative_to(ROOT)}:{number}"
        for path, text in project_files().items()
        if matcher.search(text)
        for number, line in enumerate(text.splitlines(), 1)
        if matcher.search(line)
    ]


def test_mentions_searches_every_file() -> None:
    """Including this one."""
    assert [each.rsplit(":", 1)[0] for each in mentions("a text that occurs here " + "and nowhere else")] == []
    assert "tests/test_architecture.py" in {each.split(":")[0] for each in mentions("a text that occurs here ")}


def test_no_path_of_the_machine_is_mentioned() -> None:
    """No file contains the folder of this project, a home folder, or a folder next to the project."""
    outside = r"\.\./" + "(shared|seeds)"
    assert mentions(f"{outside}|{re.escape(str(ROOT))}|/(home|Users)" + r"/\w|/" + r"root/\w") == []


def registry_hosts() -> set[str]:
    """Return the hosts of package registries that pip and npm are configured with, and that of pip's files."""
    program = "from pip._internal.models.index import PyPI; print(PyPI.netloc, PyPI.file_storage_domain)"
    python = str(VENV / "bin/python")  # the only environment with pip and npm
    pip = subprocess.run([python, "-I", "-c", program], capture_output=True, text=True, check=True).stdout
    configured = subprocess.run(
        [python, "-I", "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout
    npm = [str(VENV / "bin/npm"), "config", "ls", "-l", "--json"]
    npm_config = subprocess.run(npm, capture_output=True, text=True, check=False).stdout
    registry = json.loads(npm_config)["registry"] if npm_config else "//registry." + "npmjs.org/"
    hosts = {*pip.split(), *re.findall(r"https?://(?:[^/@\s]*@)?([^/:\s']+)", configured + registry)}
    return {host for host in hosts if host not in {"localhost", "127.0.0.1"}}


def test_no_registry_host_is_mentioned() -> None:
    """Pip and npm use the registry that the machine is configured with."""
    configured = registry_hosts()
    assert len(configured) >= 2
    known = {*configured, "registry." + "npmjs.org", "registry." + "yarnpkg.com"}
    assert mentions("|".join(map(re.escape, sorted(known)))) == []


def test_each_promise_has_its_test() -> None:
    """The tests that CONTRIBUTING.md names for the promises of the library exist."""
    table = (
        (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## What we promise")[2].partition("\n## ")[0]
    )
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    named = [re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row) for row in rows]
    missing = {
        (path, name)
        for path, name in {each for row in named for each in row}
        if not re.search(rf"(?m)^def {name}\(", (ROOT / path).read_text(encoding="utf-8"))
    }
    assert (len(rows) > 20, all(named), missing) == (True, True, set())
