"""scripts/changes on edits of the document: whom each breaks, and how it is told.

What breaks Python callers is asked of the package that is really generated from the edited document.
"""

from __future__ import annotations

import copy
import json
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from maintain.changes.document import compare
from maintain.changes.public_names import load, public
from maintain.changes.python_api import compare_public
from maintain.openapi_document import Document, read
from maintain.regenerate.command import generate_package
from maintain.venvs import ROOT

from tests.slow.maintain.mutations import MUTATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from maintain.changes.public_names import Public
    from maintain.changes.report import Change

DOCUMENT = read(ROOT / "openapi/contacts.yaml", "openapi/contacts.yaml")
Data = dict[str, Any]


def edited(document: Data, *edits: Callable[[Data], object] | None) -> Data:
    """A copy of a document with edits."""
    made = copy.deepcopy(document)
    for edit in filter(None, edits):
        edit(made)
    return made


def generated(data: Data, folder: Path) -> Public:
    """What is public in the package that is generated from this document."""
    folder.mkdir(exist_ok=True)
    source = folder / "document.json"
    source.write_text(json.dumps(data))
    package = folder / "generated/sendblue_contacts_api"
    generate_package(ROOT / "openapi/templates", Document("contacts.yaml", "", data), source, package)
    return public(load(folder))


@pytest.fixture(scope="module")
def unedited(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Data], Public]:
    """What is public before an edit; made once for each document that is edited."""

    @cache
    def made(text: str) -> Public:
        return generated(json.loads(text), tmp_path_factory.mktemp("unedited"))

    return lambda data: made(json.dumps(data))


@pytest.fixture(scope="module")
def documents() -> Iterator[dict[str, Future[list[Change]]]]:
    """What each edit is found to change in the document. Node does that, beside the generator."""
    with ThreadPoolExecutor(2) as pool:
        yield {name: pool.submit(compare, *pair(name)) for name in MUTATIONS}
        pool.shutdown(cancel_futures=True)


def pair(name: str) -> tuple[Data, Data]:
    """The document before and after an edit."""
    old = edited(DOCUMENT.data, MUTATIONS[name].before)
    return old, edited(old, MUTATIONS[name].edit)


@pytest.mark.parametrize("name", MUTATIONS)
def test_whom_an_edit_breaks(
    name: str,
    documents: dict[str, Future[list[Change]]],
    unedited: Callable[[Data], Public],
    tmp_path: Path,
) -> None:
    """Each edit breaks these and no others, and is told in these words."""
    old, new = pair(name)
    python = compare_public(unedited(old), generated(new, tmp_path))
    changes = [*documents[name].result(), *python]
    found = frozenset[str]().union(*(each.breaks for each in changes))
    assert found == MUTATIONS[name].breaks, "\n".join(map(str, changes))
    assert MUTATIONS[name].told in map(str, changes)


def test_nothing_changed() -> None:
    """A document is no different from itself."""
    assert compare(DOCUMENT.data, DOCUMENT.data) == []
