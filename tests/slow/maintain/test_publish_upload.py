"""The upload of scripts/publish to a real index on this machine, and the recipe for one that stopped halfway."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from maintain.publish import command
from maintain.publish.upload import missing, require_index, upload
from maintain.recipes import Command, recipe
from maintain.venvs import ScriptError, run

from tests.slow.maintain.indexes import IndexServer, serving, unavailable_for
from tests.slow.maintain.small_project import new_project

Patch = pytest.MonkeyPatch
Publish = Callable[[str, IndexServer], int]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A wheel and an sdist."""
    folder = new_project(tmp_path_factory.mktemp("pets")).folder
    run(["python", "-m", "build", "--no-isolation"], cwd=folder)
    return sorted((folder / "dist").iterdir())


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[IndexServer]:
    """An empty index, reached without a proxy."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    with serving(tmp_path / "index", "--disable-fallback") as index:
        yield index


def test_upload(index: IndexServer, files: list[Path]) -> None:
    """Both files arrive, byte for byte."""
    upload(files, index.variables)
    assert {path.name: path.read_bytes() for path in index.packages.iterdir()} == {
        path.name: path.read_bytes() for path in files
    }


@pytest.fixture
def publish(files: list[Path], tmp_path: Path, monkeypatch: Patch) -> Publish:
    """Return a function that runs scripts/publish for an index, on a project that is built and whose tests passed."""
    monkeypatch.setattr(command, "ROOT", new_project(tmp_path / "project").folder)
    monkeypatch.setattr(command, "preflight", lambda _release: None)
    monkeypatch.setattr(
        command, "make", lambda _release, work: [Path(shutil.copy(path, work / "files")) for path in files]
    )

    def publish(line: str, index: IndexServer) -> int:
        script, *options = line.split()
        assert script == "scripts/publish"
        for name, value in index.variables.items():
            monkeypatch.setenv(name, value)
        return command.main(options)

    return publish


def test_a_half_finished_upload(
    index: IndexServer, files: list[Path], publish: Publish, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Followed as in CONTRIBUTING.md, the same command compares what arrived, uploads the rest and tags the commit."""
    (again,) = recipe("A half-finished upload")
    assert isinstance(again, Command)
    with unavailable_for(index, {files[1].name}) as half:
        assert (publish(again.line, half), index.files) == (1, [files[0].name])
    error = capsys.readouterr().err
    assert ("503" in error, "Run the same command again" in error) == (True, True)
    assert (publish(again.line, index), publish(again.line, index)) == (0, 0)
    assert {path.name: path.read_bytes() for path in index.packages.iterdir()} == {
        path.name: path.read_bytes() for path in files
    }
    assert capsys.readouterr().out.count("is on the index already, byte for byte.") == 3
    assert run(["git", "tag", "--points-at", "HEAD"], cwd=tmp_path / "project") == "v0.2.0\n"


def test_an_existing_version(index: IndexServer, files: list[Path], tmp_path: Path) -> None:
    """A file with other content is refused before anything is uploaded; the message says what to do."""
    upload(files[1:], index.variables)
    other = [Path(shutil.copy(path, tmp_path)) for path in files]
    other[1].write_bytes(b"another build")
    with pytest.raises(ScriptError, match=r"has another some_pets-0\.2\.0\.tar\.gz.*set a higher `version`"):
        missing("some-pets", other, index.variables)


def test_no_index_responds(files: list[Path]) -> None:
    """Without a response nothing is uploaded; the same command can be tried again."""
    with pytest.raises(ScriptError, match="Try the same command again"):
        missing("some-pets", files, {"TWINE_REPOSITORY_URL": "http://127.0.0.1:1/"})


def test_a_wrong_password(index: IndexServer, files: list[Path]) -> None:
    """With a wrong password nothing arrives, and the message does not contain the password."""
    with pytest.raises(ScriptError, match=r"The upload failed\. Run the same command again") as caught:
        upload(files, {**index.variables, "TWINE_PASSWORD": "open-barley"})
    assert (index.files, "open-barley" in str(caught.value)) == ([], False)


def test_no_index() -> None:
    """Without an address nothing is uploaded, least of all to the public index; the message names the variables."""
    with pytest.raises(ScriptError, match="Set it to the upload address of your index, and set TWINE_USERNAME and"):
        require_index({"TWINE_USERNAME": "u", "TWINE_PASSWORD": "p"})
