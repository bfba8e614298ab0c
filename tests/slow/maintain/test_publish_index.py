"""scripts/publish and the index, a real one on this machine: what it has, and what it takes."""

from __future__ import annotations

import contextlib
import socket
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from maintain.publish.command import refuse_what_exists
from maintain.publish.index import Index, NoIndexError, has, upload, versions_in
from maintain.publish.release import Release
from maintain.venvs import ScriptError, run

from tests.slow.maintain.indexes import PASSWORD, IndexServer, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "some-pets"
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
    """A wheel and an sdist of some pets."""
    folder = tmp_path_factory.mktemp("pets")
    (folder / "pets").mkdir()
    (folder / "pets/__init__.py").touch()
    (folder / "pyproject.toml").write_text(PROJECT)
    run(["python", "-m", "build", "--no-isolation"], cwd=folder)
    return sorted((folder / "dist").iterdir())


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[IndexServer]:
    """An empty index."""
    direct(monkeypatch)
    with serving(tmp_path, "--disable-fallback") as index:
        yield index


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, files: list[Path]) -> Iterator[IndexServer]:
    """An index to which the pets were uploaded."""
    with pytest.MonkeyPatch.context() as patch, serving(tmp_path_factory.mktemp("index")) as index:
        direct(patch)
        upload(files, index.variables)
        yield index


def direct(patch: pytest.MonkeyPatch) -> None:
    """Reach this machine without a proxy."""
    for name in ("NO_PROXY", "no_proxy"):
        patch.setenv(name, "127.0.0.1")


def release(version: str, folder: Path) -> Release:
    """A release of pets."""
    return Release(folder, NAME, version, "", 0)


# --- what it has


def test_an_index_that_has_nothing(index: IndexServer) -> None:
    """A package that is not there has no versions."""
    assert Index.of(index.variables).versions(NAME) == set()


def test_what_was_uploaded_is_there(filled: IndexServer, files: list[Path]) -> None:
    """Both files arrive, to the byte, and the index has the version then, whichever way its name is spelled."""
    assert {path.name: path.read_bytes() for path in filled.packages.iterdir()} == {
        path.name: path.read_bytes() for path in files
    }
    assert Index.of(filled.variables).versions(NAME) == {"0.2.0"}


def test_an_index_that_passes_on(filled: IndexServer) -> None:
    """What an index does not have itself, and sends elsewhere for, it does not have; nobody elsewhere is asked."""
    assert Index.of(filled.variables).versions("other-pets") == set()


@pytest.mark.parametrize(
    ("page", "versions"),
    [
        ('<a href="/packages/some_pets-0.1.0.tar.gz#sha256=1">some_pets-0.1.0.tar.gz</a>', {"0.1.0"}),
        ('{"files": [{"filename": "some_pets-1.0rc1-py3-none-any.whl", "url": "…"}]}', {"1.0rc1"}),
        ("Some.Pets-0.1.0.tar.gz some-pets-0.2.0.tar.gz", {"0.1.0", "0.2.0"}),
        ("some_pets_more-0.1.0.tar.gz awesome_pets-0.3.0.tar.gz some_pets-tools-1.tar.gz", set()),
        ("", set()),
    ],
    ids=["html", "json", "spellings", "others", "nothing"],
)
def test_versions_on_a_page(page: str, versions: set[str]) -> None:
    """The versions are read from the names of files, whatever the form of the page."""
    assert versions_in(page, NAME) == versions


@pytest.mark.parametrize(
    ("version", "listed", "is_there"),
    [
        ("0.2.0rc1", "0.2.0rc1", True),
        ("0.2.0rc1", "0.2.0.RC1", True),
        ("1.0.0", "1.0", True),
        ("0.2.0", "0.2.0rc1", False),
        ("0.2.0", "of old", False),
    ],
)
def test_a_version_among_others(version: str, listed: str, is_there: bool) -> None:  # noqa: FBT001 - a parameter
    """An index takes two spellings of a version for one, so we do."""
    assert has({"0.1.0", listed}, version) is is_there


# --- what is refused


def test_a_version_that_exists(filled: IndexServer, tmp_path: Path) -> None:
    """A version that the index has is refused, and the sentence says what to do."""
    with pytest.raises(ScriptError, match=r"0\.2\.0 is on the index already.*Set a higher `version`"):
        refuse_what_exists(release("0.2.0", tmp_path), filled.variables, must_ask=True)


def test_a_version_that_does_not_exist(filled: IndexServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The next version is welcome."""
    refuse_what_exists(release("0.3.0", tmp_path), filled.variables, must_ask=True)
    assert capsys.readouterr().out.split() == ["the", "index", "ok"]


def test_no_index_for_an_upload(tmp_path: Path) -> None:
    """Without an index nothing can be uploaded; the sentence names the variables."""
    with pytest.raises(NoIndexError, match="Set it to the address for uploads of your index, with TWINE_USERNAME and"):
        refuse_what_exists(release("0.2.0", tmp_path), {}, must_ask=True)


def test_no_index_for_a_dry_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A dry run goes without, and does not claim that it asked."""
    refuse_what_exists(release("0.2.0", tmp_path), {}, must_ask=False)
    assert capsys.readouterr().out.startswith("the index            NOT ASKED: TWINE_REPOSITORY_URL is not set.")


def test_an_index_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """An index that does not answer is no index that has nothing."""
    direct(monkeypatch)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        index = Index.of({"TWINE_REPOSITORY_URL": f"http://127.0.0.1:{closed.getsockname()[1]}"})
        with pytest.raises(ScriptError, match=r"The index cannot be asked \(ConnectError\)\. Look at TWINE_REPOSI"):
            index.versions(NAME)


class Refusing(BaseHTTPRequestHandler):
    """Lets nobody in, and keeps what was asked."""

    status = 403
    asked: tuple[str, str | None] = ("", None)

    def do_GET(self) -> None:
        """Refuse."""
        Refusing.asked = (self.path, self.headers["Authorization"])
        self.send_error(self.status)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the signature of http.server
        """Say nothing."""


class Empty(Refusing):
    """Has nothing at any address."""

    status = 404


@contextlib.contextmanager
def refusing(handler: type[Refusing] = Refusing) -> Iterator[str]:
    """The address of an index that lets nobody in, or that is none."""
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/upload"
        server.shutdown()


def test_an_index_that_lets_nobody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """An index that refuses to say is no index that has nothing, and the sentence has no credentials."""
    direct(monkeypatch)
    with refusing() as url, pytest.raises(ScriptError, match="answered 403 when asked") as caught:
        Index.of({"TWINE_REPOSITORY_URL": url, "TWINE_USERNAME": "u", "TWINE_PASSWORD": PASSWORD}).versions(NAME)
    assert (Refusing.asked[0], PASSWORD in str(caught.value)) == ("/upload/simple/some-pets/", False)


def test_an_address_at_which_no_index_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where not even the root of an index is, nobody was asked; the sentence says which variable tells where to ask."""
    direct(monkeypatch)
    with refusing(Empty) as url, pytest.raises(ScriptError, match="nobody could say which versions exist") as caught:
        Index.of({"TWINE_REPOSITORY_URL": url.replace("//", f"//u:{PASSWORD}@")}).versions(NAME)
    assert (Refusing.asked[0], PASSWORD in str(caught.value)) == ("/upload/simple/", False)
    assert f"Nothing is at {url}/simple/," in str(caught.value)
    assert "set PUBLISH_SIMPLE_URL to where" in str(caught.value)


def test_an_index_that_is_read_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """PUBLISH_SIMPLE_URL says where an index is read, and it gets the credentials too."""
    direct(monkeypatch)
    with refusing() as url, contextlib.suppress(ScriptError):
        variables = {"TWINE_REPOSITORY_URL": "http://127.0.0.1:9/", "PUBLISH_SIMPLE_URL": f"{url}/+simple"}
        Index.of({**variables, "TWINE_USERNAME": "u", "TWINE_PASSWORD": "p"}).versions(NAME)
    assert Refusing.asked == ("/upload/+simple/some-pets/", "Basic dTpw")


# --- what it takes


def test_what_exists_is_not_replaced(filled: IndexServer, files: list[Path]) -> None:
    """An index that has the file refuses it; the sentence says what may have happened and what to do."""
    with pytest.raises(ScriptError, match=r"(?s)already exists.*Look on the index whether one of the files arrived"):
        upload(files, filled.variables)


def test_a_wrong_password(index: IndexServer, files: list[Path]) -> None:
    """With a wrong password nothing arrives, and the password is not shown."""
    with pytest.raises(ScriptError, match="The upload failed") as caught:
        upload(files, {**index.variables, "TWINE_PASSWORD": "open-barley"})
    assert (index.files, "open-barley" in str(caught.value)) == ([], False)


def test_credentials_are_not_in_a_repr(filled: IndexServer) -> None:
    """What is known of the index can be printed."""
    assert PASSWORD not in repr(Index.of(filled.variables))
