"""scripts/changes on mutations of the document: which callers each breaks, and how the report describes it.

The package is generated from each document with a mutation that breaks Python callers, and from one with all others.
"""

from __future__ import annotations

import copy
import gc
import json
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from jinja2 import Environment
from maintain.changes.document import compare, compare_all
from maintain.changes.public_api import load, public_api
from maintain.changes.python_packages import compare_public
from maintain.openapi_document import Document, read
from maintain.regenerate.generated_client import generate_package
from maintain.venvs import ROOT

from tests.slow.maintain.mutations import MUTATIONS, PYTHON

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from maintain.changes.public_api import PublicApi
    from maintain.changes.report import Change

DOCUMENT = read(ROOT / "openapi/contacts.yaml", "openapi/contacts.yaml")
Data = dict[str, Any]


def edited(document: Data, *edits: Callable[[Data], object] | None) -> Data:
    """Return a copy of a document with these edits."""
    made = copy.deepcopy(document)
    for edit in filter(None, edits):
        edit(made)
    return made


def generated(data: Data, folder: Path) -> PublicApi:
    """Return the public API of the package that is generated from this document."""
    folder.mkdir(exist_ok=True)
    source = folder / "document.json"
    source.write_text(json.dumps(data))
    package = folder / "generated/sendblue_contacts_api"
    generate_package(ROOT / "openapi/templates", Document("contacts.yaml", "", data), source, package)
    return public_api(load(folder))


@pytest.fixture(scope="module", autouse=True)
def compiled_templates() -> Iterator[None]:
    """Compile each template once, because the generator compiles all of them for every document."""
    compile_template, compiled = Environment.compile, dict[tuple[str, str | None], Any]()

    def compile_once(self: Environment, source: str, name: str | None, filename: str | None) -> Any:
        if (source, filename) not in compiled:
            compiled[source, filename] = compile_template(self, source, name, filename)
        return compiled[source, filename]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Environment, "compile", compile_once)
        yield


@pytest.fixture(scope="module", autouse=True)
def rare_garbage_collections() -> Iterator[None]:
    """Collect garbage less often, which takes a sixth of the time, because every package consists of many objects."""
    threshold = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(5_000, 20, 20)
    yield
    gc.set_threshold(*threshold)
    gc.unfreeze()


@pytest.fixture(scope="module")
def unedited(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Data], PublicApi]:
    """Return a function that generates the package before a mutation, once for each document."""

    @cache
    def made(text: str) -> PublicApi:
        return generated(json.loads(text), tmp_path_factory.mktemp("unedited"))

    return lambda data: made(json.dumps(data))


@pytest.fixture(scope="module")
def documents() -> dict[str, list[Change]]:
    """Compare the documents for every mutation, in one process of Node."""
    return dict(zip(MUTATIONS, compare_all(pair(name) for name in MUTATIONS), strict=True))


def pair(*names: str) -> tuple[Data, Data]:
    """Return the document before and after mutations."""
    made = [MUTATIONS[name] for name in names]
    new = edited(DOCUMENT.data, *(edit for each in made for edit in (each.before, each.edit)))
    return edited(DOCUMENT.data, *(each.before for each in made)), new


@pytest.mark.parametrize("name", MUTATIONS)
def test_mutation(
    name: str,
    documents: dict[str, list[Change]],
    unedited: Callable[[Data], PublicApi],
    tmp_path: Path,
) -> None:
    """Each mutation breaks exactly these sides, and the report describes it in these words."""
    changes = documents[name]
    if PYTHON in MUTATIONS[name].breaks:
        old, new = pair(name)
        changes = [*changes, *compare_public(unedited(old), generated(new, tmp_path))]
    found = frozenset[str]().union(*(change.breaks for change in changes))
    assert found == MUTATIONS[name].breaks, "\n".join(map(str, changes))
    assert MUTATIONS[name].line in map(str, changes)


def test_what_breaks_no_python_caller(unedited: Callable[[Data], PublicApi], tmp_path: Path) -> None:
    """All mutations that break no Python caller, made together, break none."""
    old, new = pair(*(name for name, mutation in MUTATIONS.items() if PYTHON not in mutation.breaks))
    assert [str(each) for each in compare_public(unedited(old), generated(new, tmp_path)) if each.breaks] == []


def test_nothing_changed() -> None:
    """A document does not differ from itself."""
    assert compare(DOCUMENT.data, DOCUMENT.data) == []
