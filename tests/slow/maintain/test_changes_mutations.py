"""scripts/changes on mutations of the document: which callers each breaks, and how the report describes it.

For Python callers, the package is generated from the mutated document.
"""

from __future__ import annotations

import copy
import gc
import json
import re
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

from tests.slow.maintain.mutations import COUNT, MUTATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from maintain.changes.public_api import PublicApi
    from maintain.changes.report import Change

MOST_PATHS = 3
"""So many paths that use a changed schema are enough."""
DOCUMENT = read(ROOT / "openapi/contacts.yaml", "openapi/contacts.yaml")
Data = dict[str, Any]


def edited(document: Data, *edits: Callable[[Data], object] | None) -> Data:
    """Return a copy of a document with these edits."""
    made = copy.deepcopy(document)
    for edit in filter(None, edits):
        edit(made)
    return made


def mentioned(part: object) -> set[str]:
    """Return the schemas and responses that a part of a document refers to, by their references."""
    return set(re.findall(r'"(#/components/(?:schemas|responses)/\w+)"', json.dumps(part)))


def needed(document: Data, paths: set[str]) -> set[str]:
    """Return the references that these paths need, directly or through others."""
    found: set[str] = set()
    new = mentioned([document["paths"].get(path) for path in paths])
    while new:
        found |= new
        new = mentioned([component(document, each) for each in new]) - found
    return found


def component(document: Data, reference: str) -> object:
    """Return the component behind a reference, or None if the document has none."""
    kind, name = reference.split("/")[2:]
    return document["components"][kind].get(name)


def differing(old: Data, new: Data) -> set[str]:
    """Return the keys whose values differ."""
    return {key for key in {*old, *new} if old.get(key) != new.get(key)}


def reduced(old: Data, new: Data) -> tuple[Data, Data]:
    """Return both documents with only what differs, and a path that uses it, which are generated in half the time."""
    schemas = differing(old["components"]["schemas"], new["components"]["schemas"])
    paths = differing(old["paths"], new["paths"])
    uses = {path: {each.rpartition("/")[2] for each in needed(old, {path})} for path in old["paths"]}
    for name in schemas:
        paths.update([path for path in uses if name in uses[path]][:MOST_PATHS])
    return kept(old, paths or {COUNT}, schemas), kept(new, paths or {COUNT}, schemas)


def kept(document: Data, paths: set[str], schemas: set[str]) -> Data:
    """Return a document with these paths, these schemas, and all that they need."""
    components = document["components"]
    references = needed(document, paths).union(
        *(needed({**document, "paths": {name: components["schemas"].get(name)}}, {name}) for name in schemas)
    )
    names = schemas | {each.rpartition("/")[2] for each in references}
    found = {name: schema for name, schema in components["schemas"].items() if name in names}
    responses = {name: each for name, each in components["responses"].items() if name in names}
    return {
        **document,
        "paths": {path: item for path, item in document["paths"].items() if path in paths},
        "components": {**components, "schemas": found, "responses": responses},
    }


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
    return dict(zip(MUTATIONS, compare_all(map(pair, MUTATIONS)), strict=True))


def pair(name: str) -> tuple[Data, Data]:
    """Return the part of the document that matters, before and after a mutation."""
    old = edited(DOCUMENT.data, MUTATIONS[name].before)
    return reduced(old, edited(old, MUTATIONS[name].edit))


@pytest.mark.parametrize("name", MUTATIONS)
def test_mutation(
    name: str,
    documents: dict[str, list[Change]],
    unedited: Callable[[Data], PublicApi],
    tmp_path: Path,
) -> None:
    """Each mutation breaks exactly these sides, and the report describes it in these words."""
    old, new = pair(name)
    python = compare_public(unedited(old), generated(new, tmp_path))
    changes = [*documents[name], *python]
    found = frozenset[str]().union(*(change.breaks for change in changes))
    assert found == MUTATIONS[name].breaks, "\n".join(map(str, changes))
    assert MUTATIONS[name].line in map(str, changes)


def test_nothing_changed() -> None:
    """A document does not differ from itself."""
    assert compare(DOCUMENT.data, DOCUMENT.data) == []
