"""The longest recipe in CONTRIBUTING.md: from a new operation to its user.

It is added in a clean clone and released on an index, and the package that a user installs from there calls it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from maintain.clones import Clone, share_environment, shell, version_of
from maintain.recipes import Command, follow
from maintain.venvs import VENV

from tests.slow.maintain.indexes import IndexServer, serving

# The scripts work in .venv, whichever Python runs the tests.
pytestmark = pytest.mark.skipif(Path(sys.prefix) != VENV, reason="the recipes are followed on the Python of .venv")

USER = """\
import json, sys
import sendblue_contacts
from sendblue_contacts import Sendblue
from sendblue_sandbox import Sandbox

with Sandbox() as sandbox, Sendblue("any", "pair", base_url=sandbox.url) as client:
    ada = client.contacts.create("+14155551234", firstName="Ada")
    result = {
        "version": sendblue_contacts.__version__,
        "folder": sendblue_contacts.__file__,
        "created": [ada.phone, ada.first_name],
        "exist": [client.contacts.exists(number) for number in ("+14155551234", "+14155559999")],
        "sent": [[each.method, each.path] for each in sandbox.requests],
    }
json.dump(result, sys.stdout)
"""


def next_minor(version: str) -> str:
    """Return the next minor version."""
    major, minor, _ = version.split(".")
    return f"{major}.{int(minor) + 1}.0"


def pass_all_tests(clone: Clone) -> None:
    """Let `scripts/test` without arguments succeed at once: the suite, to which this test belongs, takes minutes."""
    start = '\nif __name__ == "__main__":\n'
    before, found, after = clone.read("scripts/test").partition(start)
    assert found
    clone.write("scripts/test", f"{before}{start}    if not sys.argv[1:]:\n        sys.exit()\n{after}")


@dataclass(frozen=True)
class Published:
    """The result of the recipes for a new operation and a new release."""

    clone: Clone
    version: str
    index: IndexServer
    changes: str


@pytest.fixture(scope="module")
def published(released: Clone, one_python: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    """Publish the new operation in the next minor version to an index on this machine."""
    with serving(tmp_path_factory.mktemp("index"), "--disable-fallback") as index:
        local = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", "PATH": one_python}
        clone = Clone(released.folder, {**index.variables, **local})
        version = next_minor(version_of(clone))
        pass_all_tests(clone)
        results = follow(clone, "A new operation")
        follow(clone, "A new release", version)
        changes = [
            text for step, text in results.items() if isinstance(step, Command) and step.line == "scripts/changes"
        ]
        yield Published(clone, version, index, changes[0])


@pytest.fixture(scope="module")
def user(published: Published, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Install the package from the index, and return the output of USER. The libraries are those of this tree."""
    folder = tmp_path_factory.mktemp("user")
    python = folder / "venv/bin/python"
    share_environment(folder / "venv")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-compile"]
    plain = {name: value for name, value in shell().items() if not name.startswith("PIP_")}
    alone = {**plain, **published.clone.variables, "PIP_CONFIG_FILE": os.devnull}
    wanted = f"sendblue-contacts[sandbox]=={published.version}"
    subprocess.run([*pip, "--no-cache-dir", "--index-url", published.index.simple, wanted], env=alone, check=True)
    done = subprocess.run([python, "-I", "-W", "error", "-c", USER], cwd=folder, capture_output=True, check=True)
    return {**json.loads(done.stdout), "venv": str(folder / "venv")}


def test_the_changes(published: Published) -> None:
    """Before the release `scripts/changes` lists the operation, and once the method of both clients."""
    wanted = ("GET /api/v2/contacts/{phone_number}/exists", ".Contacts.exists")
    assert [text for text in wanted if text not in published.changes] == []
    assert ".AsyncContacts.exists" not in published.changes


def test_the_uploaded_files(published: Published) -> None:
    """The files on the index are the wheel and the sdist in dist/, byte for byte, and nothing else."""
    dist, stem = published.clone.folder / "dist", f"sendblue_contacts-{published.version}"
    uploaded = {path.name: path.read_bytes() for path in published.index.packages.iterdir()}
    assert uploaded == {name: (dist / name).read_bytes() for name in (f"{stem}-py3-none-any.whl", f"{stem}.tar.gz")}


def test_the_bill_of_materials(published: Published) -> None:
    """It is CycloneDX, has this version and the dependencies with their versions, and no path of the machine."""
    text = published.clone.read(f"dist/sendblue_contacts-{published.version}.cdx.json")
    bill = json.loads(text)
    root = bill["metadata"]["component"]
    scopes = {each["name"].lower(): each["scope"] for each in bill["components"] if each["version"] and each["hashes"]}
    assert (bill["bomFormat"], root["name"], root["version"]) == ("CycloneDX", "sendblue-contacts", published.version)
    assert {name: scopes[name] for name in ("httpx", "attrs", "python-dateutil", "redis")} == {
        **dict.fromkeys(("httpx", "attrs", "python-dateutil"), "required"),
        "redis": "optional",
    }
    assert (root["purl"], "file://" in text) == (f"pkg:pypi/sendblue-contacts@{published.version}", False)
    assert [each["url"] for each in root["externalReferences"]][-2:] == published.index.files


def test_the_changelog(published: Published) -> None:
    """The line for users is in the section of the new version, and its fragment was removed."""
    section = published.clone.read("CHANGELOG.md").split("\n## ")[1]
    assert section.startswith(f"{published.version} (")
    assert "- `contacts.exists(number)` checks whether a contact with this number exists." in section
    assert [path.name for path in (published.clone.folder / "changes").iterdir()] == ["README.md"]


def test_the_commit_is_tagged_and_pushed(published: Published) -> None:
    """The tag of the version is on the commit of the release, and on the remote."""
    clone, tag = published.clone, f"v{published.version}"
    commit = clone.do("git", "rev-parse", "HEAD")
    assert clone.do("git", "rev-parse", f"{tag}^{{commit}}") == commit
    assert clone.do("git", "ls-remote", "origin", f"refs/tags/{tag}^{{}}").split()[0] == commit.strip()


def test_a_user_calls_the_new_operation(user: Any, published: Published) -> None:
    """The installed client sends the request of the new operation to the installed sandbox, and reads its response."""
    assert (user["version"], user["folder"].startswith(user["venv"])) == (published.version, True)
    paths = [f"/api/v2/contacts/%2B{number}/exists" for number in ("14155551234", "14155559999")]
    assert (user["created"], user["exist"]) == (["+14155551234", "Ada"], [True, False])
    assert user["sent"][1:] == [["GET", path] for path in paths]
