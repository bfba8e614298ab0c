"""Generate the package from the document: validate, generate into a temporary folder, format, and replace.

If anything fails, the package stays unchanged. The result depends only on the document, the templates, the settings and
the pinned tools, not on the machine.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from openapi_python_client import generate
from openapi_python_client.config import Config, ConfigFile, MetaType

from maintain.openapi_document import Document, read, validate
from maintain.regenerate.deletions import check_deletions, record_emitted
from maintain.regenerate.differences import describe, differences
from maintain.regenerate.document_rules import check_rules
from maintain.regenerate.field_table import write_field_table
from maintain.regenerate.formatting import NEW, OLD, format_package, tree
from maintain.regenerate.generator_input import generator_input
from maintain.regenerate.operation_table import write_operation_table
from maintain.venvs import ROOT, ScriptError, locked

if TYPE_CHECKING:
    from collections.abc import Callable

SETTINGS = ROOT / "generator-config.yaml"
PINS = ROOT / "requirements/dev.txt"
TOOLS = ("openapi-python-client", "ruff")


@dataclass(frozen=True)
class Plan:
    """The input of the generator, and the folder that contains the package."""

    document: Path
    templates: Path
    output: Path

    @property
    def package(self) -> Path:
        """The folder of the generated package."""
        return self.output / (ConfigFile.load_from_path(SETTINGS).package_name_override or "client")


# --- generating


def check_pins(pins: str) -> None:
    """Raise ScriptError unless the installed tools have the versions in `pins`, the text of a requirements file."""
    for tool in TOOLS:
        pinned = re.search(rf"(?m)^{re.escape(tool)}==(\S+)", pins)
        if pinned is None or pinned[1] != version(tool):
            raise ScriptError(f"{tool} {version(tool)} is not the pinned version. Delete .venv and try again.")


def build(plan: Plan, folder: Path) -> Path:
    """Generate the package in a subfolder of `folder` that contains nothing else, and return its path."""
    check_pins(PINS.read_text(encoding="utf-8"))
    document = read(plan.document, shown(plan.document))
    validate(document)
    check_rules(document)
    package = folder / "generated" / plan.package.name
    package.parent.mkdir(parents=True)
    # The generator reads the data that was validated, without the ambiguities of YAML.
    source = folder / "document.json"
    source.write_text(json.dumps(generator_input(document)), encoding="utf-8")
    generate_package(plan.templates, document, source, package)
    check_operations(document, package)
    (package / "py.typed").touch()
    write_field_table(document, package)
    write_operation_table(document, package)
    format_package(package)
    set_modes(package)
    return package


def generate_package(templates: Path, document: Document, source: Path, package: Path) -> None:
    """Run openapi-python-client.

    Raises:
        ScriptError: It failed, or printed a warning.
    """
    settings = ConfigFile.load_from_path(SETTINGS)
    config = Config.from_sources(settings, MetaType.NONE, source, "utf-8", overwrite=False, output_path=package)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            problems = generate(config=config, custom_template_path=templates)
    except Exception as error:  # a template can raise anything
        raise ScriptError(f"openapi-python-client failed{_where(error)}: {type(error).__name__}: {error}") from error
    if problems:
        texts = [f"{problem.header} {problem.detail or ''}".strip() for problem in problems]
        raise ScriptError("\n".join(f"{document.location(document.mentioned(text))}: {text}" for text in texts))


def _where(error: Exception) -> str:
    location = f"{getattr(error, 'filename', None) or ''}:{getattr(error, 'lineno', None) or ''}"
    return "" if location == ":" else f" at {location}"


def check_operations(document: Document, package: Path) -> None:
    """Raise ScriptError unless every operation of the document has a module."""
    expected = len(list(document.operations()))
    generated = len([path for path in package.glob("api/*/*.py") if path.name != "__init__.py"])
    if generated != expected:
        raise ScriptError(
            f"{document.name} has {expected} operations, but {generated} were generated. "
            "Two may have the same name: give each operation a unique operationId."
        )


def set_modes(package: Path) -> None:
    """Set the usual mode of every file and folder, whatever the umask."""
    for path in (package, *package.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


# --- replacing


def swap(new: Path, target: Path, aside: Path, rename: Callable[[Path, Path], object] = os.rename) -> None:
    """Replace the folder `target` by `new`; if that fails, restore `target`."""
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
    """Clean up after a killed run: restore the package that it moved, and remove its temporary folders."""
    aside = plan.output / OLD
    if aside.exists() and not plan.package.exists():
        aside.rename(plan.package)
    for name in (OLD, NEW):
        shutil.rmtree(plan.output / name, ignore_errors=True)


def check_strays(plan: Plan) -> None:
    """Raise ScriptError if there is anything next to the package."""
    strays = [name for name in tree(plan.output) if not name.startswith(f"{plan.package.name}/")]
    if strays:
        raise ScriptError(
            f"Only generated files belong in {shown(plan.output)}. Move these elsewhere: {', '.join(strays)}"
        )


def regenerate(plan: Plan) -> list[str]:
    """Regenerate the package, and return lines that name the deleted files and describe what changed."""
    plan.output.mkdir(parents=True, exist_ok=True)
    with locked(plan.output):
        clean(plan)
        check_strays(plan)
        try:
            new = build(plan, plan.output / NEW)
            before, after = tree(plan.output), tree(new.parent)
            deleted = sorted(before.keys() - after.keys())
            check_deletions(plan.output, deleted, before)
            if before != after:
                swap(new, plan.package, plan.output / OLD)
            record_emitted(plan.output, after)
        finally:
            shutil.rmtree(plan.output / NEW, ignore_errors=True)
    return [*(f"- {shown(plan.output)}/{name}" for name in deleted), *describe(before, after)]


def check(plan: Plan) -> list[str]:
    """Return the differences between the package and the expected one; change nothing."""
    with tempfile.TemporaryDirectory() as folder:
        expected = tree(build(plan, Path(folder)).parent)
    with locked(plan.output) if plan.output.exists() else contextlib.nullcontext():
        return differences(tree(plan.output), expected)


def shown(path: Path) -> str:
    """Return `path` for messages: relative to the project if it is inside."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
