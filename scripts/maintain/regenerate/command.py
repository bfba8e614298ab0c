"""From the document to the generated package: validate, generate aside, format, swap in one step, tell what changed.

Whatever fails, the package stays as it was to the byte. What comes out depends on the document, the templates, the
settings and the pinned tools, and on nothing else of the machine.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from openapi_python_client import generate
from openapi_python_client.config import Config, ConfigFile, MetaType

from maintain.openapi_document import Document, DocumentError, read, validate
from maintain.regenerate import sync_client
from maintain.regenerate.differences import describe, differences
from maintain.regenerate.field_table import write_field_table
from maintain.regenerate.formatting import NEW, OLD, format_package, tree
from maintain.regenerate.templates import accept
from maintain.venvs import ROOT, ScriptError, locked

if TYPE_CHECKING:
    from collections.abc import Callable

SETTINGS = ROOT / "generator-config.yaml"
PINS = ROOT / "requirements/dev.txt"
TOOLS = ("openapi-python-client", "ruff")


@dataclass(frozen=True)
class Plan:
    """What is generated from what, and into which folder (the one that holds the package)."""

    document: Path
    templates: Path
    output: Path

    @property
    def package(self) -> Path:
        """The folder of the generated package."""
        return self.output / (ConfigFile.load_from_path(SETTINGS).package_name_override or "client")


# --- from the document to a package


def check_pins(pins: str) -> None:
    """Raise ScriptError when an installed tool is not the one that `pins`, the text of a requirement file, names."""
    for tool in TOOLS:
        pinned = re.search(rf"(?m)^{re.escape(tool)}==(\S+)", pins)
        if pinned is None or pinned[1] != version(tool):
            raise ScriptError(f"{tool} {version(tool)} is installed, not the pinned one. Delete .venv and try again.")


def build(plan: Plan, folder: Path) -> Path:
    """Make the package inside `folder`, alone in a folder of its own, and return where it is."""
    check_pins(PINS.read_text(encoding="utf-8"))
    document = read(plan.document, shown(plan.document))
    validate(document)
    package = folder / "generated" / plan.package.name
    package.parent.mkdir(parents=True)
    # The generator gets the very data that was validated, in a form that has one reading.
    source = folder / "document.json"
    source.write_text(json.dumps(document.data), encoding="utf-8")
    generate_package(plan.templates, document, source, package)
    check_operations(document, package)
    (package / "py.typed").touch()
    write_field_table(package)
    format_package(package)
    settle_modes(package)
    return package


def generate_package(templates: Path, document: Document, source: Path, package: Path) -> None:
    """Run openapi-python-client; a mere warning of it is a failure too."""
    settings = ConfigFile.load_from_path(SETTINGS)
    config = Config.from_sources(settings, MetaType.NONE, source, "utf-8", overwrite=False, output_path=package)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            problems = generate(config=config, custom_template_path=templates)
    except Exception as error:  # a template can raise anything
        raise ScriptError(f"openapi-python-client failed{_where(error)}: {type(error).__name__}: {error}") from error
    if problems:
        texts = [f"{problem.header} {problem.detail or ''}".strip() for problem in problems]
        raise ScriptError("\n".join(f"{document.place(document.mentioned(text))}: {text}" for text in texts))


def _where(error: Exception) -> str:
    place = f"{getattr(error, 'filename', None) or ''}:{getattr(error, 'lineno', None) or ''}"
    return "" if place == ":" else f" at {place}"


def check_operations(document: Document, package: Path) -> None:
    """Raise ScriptError when an operation of the document has no module, for whatever reason."""
    expected = len(list(document.operations()))
    made = len([path for path in package.glob("api/*/*.py") if path.name != "__init__.py"])
    if made != expected:
        raise ScriptError(
            f"{document.name} has {expected} operations, and {made} came out of the generator. "
            "Two may have the same name: give each its own operationId."
        )


def settle_modes(package: Path) -> None:
    """Give every file and folder the usual mode, whatever the umask."""
    for path in (package, *package.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


# --- from there to its place


def swap(new: Path, target: Path, aside: Path, rename: Callable[[Path, Path], object] = os.rename) -> None:
    """Put the folder `new` in the place of `target`; when that fails, `target` is back."""
    if target.exists():
        rename(target, aside)
    try:
        rename(new, target)
    except BaseException:
        if aside.exists():
            aside.rename(target)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def clean(plan: Plan) -> None:
    """Undo what a killed run left: put back the package that it moved aside, and remove what it began."""
    aside = plan.output / OLD
    if aside.exists() and not plan.package.exists():
        aside.rename(plan.package)
    for name in (OLD, NEW):
        shutil.rmtree(plan.output / name, ignore_errors=True)


def refuse_strays(plan: Plan) -> None:
    """Raise ScriptError when something lies beside the package: nothing else would ever find it out."""
    strays = [name for name in tree(plan.output) if not name.startswith(f"{plan.package.name}/")]
    if strays:
        raise ScriptError(
            f"Only generated files belong in {shown(plan.output)}. Move these elsewhere: {', '.join(strays)}"
        )


def regenerate(plan: Plan) -> list[str]:
    """Bring the package to what the document gives, and return the lines that tell what changed."""
    plan.output.mkdir(parents=True, exist_ok=True)
    with locked(plan.output):
        clean(plan)
        refuse_strays(plan)
        try:
            new = build(plan, plan.output / NEW)
            before, after = tree(plan.output), tree(new.parent)
            if before != after:
                swap(new, plan.package, plan.output / OLD)
        finally:
            shutil.rmtree(plan.output / NEW, ignore_errors=True)
    return describe(before, after)


def check(plan: Plan) -> list[str]:
    """Return the differences between the package and what the document gives; write nothing beside it."""
    with tempfile.TemporaryDirectory() as folder:
        wanted = tree(build(plan, Path(folder)).parent)
    with locked(plan.output) if plan.output.exists() else contextlib.nullcontext():
        return differences(tree(plan.output), wanted)


def check_client(client: Path) -> list[str]:
    """Return the differences between the emitted files of the client and what their sources give."""
    wanted = sync_client.emitted(client)
    return differences(sync_client.current(client, wanted), {name: text.encode() for name, text in wanted.items()})


# --- the command


def shown(path: Path) -> str:
    """Return `path` as a person would write it: relative to the project when it is inside."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line; paths become absolute."""
    parser = argparse.ArgumentParser(
        prog="scripts/regenerate",
        description="Generate generated/ from openapi/contacts.yaml, and the client for threads from that for tasks.",
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 with the difference when something is to be done"
    )
    parser.add_argument(
        "--accept-stock",
        action="store_true",
        help="record the stock templates beneath ours as looked at, and generate nothing",
    )
    for name, default, text in (
        ("document", "openapi/contacts.yaml", "the OpenAPI document"),
        ("templates", "openapi/templates", "the folder of our templates"),
        ("output", "generated", "the folder that holds the package and nothing else"),
        (
            "client",
            "overrides/sendblue_contacts",
            "the client, whose _sync/ is emitted from its _async/",
        ),
    ):
        parser.add_argument(
            f"--{name}", type=absolute, default=ROOT / default, metavar="PATH", help=f"{text} ({default})"
        )
    return parser.parse_args(arguments)


def absolute(path: str) -> Path:
    """Return `path` without following the last link of it."""
    return Path(path).absolute()


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    options = parse(arguments)
    if options.accept_stock:
        print("\n".join(accept(options.templates)) or "nothing changed")
        return 0
    plan = Plan(options.document, options.templates, options.output)
    try:
        lines = check(plan) if options.check else regenerate(plan)
        lines += check_client(options.client) if options.check else sync_client.write(options.client)
    except (DocumentError, ScriptError) as error:
        print(f"{error}\nregenerate failed; {shown(plan.output)} is as it was.", file=sys.stderr)
        return 1
    print("\n".join(lines or ["nothing changed"]))
    if options.check and lines:
        print("Run scripts/regenerate.", file=sys.stderr)
    return int(options.check and bool(lines))
