"""The upload of scripts/publish to a real index on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from maintain.publish.upload import require_index, upload
from maintain.venvs import ScriptError, run

from tests.slow.maintain.indexes import IndexServer, serving

PROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "some-pets"
version = "0.2.0"
requires-python = ">=3.11"
[tool.hatch.build.targets.wheel]
packages = ["pets"]
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A wheel and an sdist."""
    folder = tmp_path_factory.mktemp("pets")
    (folder / "pets").mkdir()
    (folder / "pets/__init__.py").touch()
    (folder / "pyproject.toml").write_text(PROJECT)
    run(["python", "-m", "build", "--no-isolation"], cwd=folder)
    return sorted((folder / "dist").iterdir())


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[IndexServer]:
    """An empty index, reached without a proxy."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    with serving(tmp_path, "--disable-fallback") as index:
        yield index


def test_upload(index: IndexServer, files: list[Path]) -> None:
    """Both files arrive, byte for byte."""
    upload(files, index.variables)
    assert {path.name: path.read_bytes() for path in index.packages.iterdir()} == {
        path.name: path.read_bytes() for path in files
    }


def test_an_existing_version(index: IndexServer, files: list[Path]) -> None:
    """The index rejects a version that it has; the message contains its reason and says what to do."""
    upload(files, index.variables)
    with pytest.raises(ScriptError, match=r"(?s)already exists.*set a higher `version` in pyproject\.toml"):
        upload(files, index.variables)


def test_a_wrong_password(index: IndexServer, files: list[Path]) -> None:
    """With a wrong password nothing arrives, and the message does not contain the password."""
    with pytest.raises(ScriptError, match="The upload failed") as caught:
        upload(files, {**index.variables, "TWINE_PASSWORD": "open-barley"})
    assert (index.files, "open-barley" in str(caught.value)) == ([], False)


def test_no_index() -> None:
    """Without an address nothing is uploaded, least of all to the public index; the message names the variables."""
    with pytest.raises(ScriptError, match="Set it to the upload address of your index, and set TWINE_USERNAME and"):
        require_index({"TWINE_USERNAME": "u", "TWINE_PASSWORD": "p"})
