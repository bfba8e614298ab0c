"""The first hour of a new user, from a clean clone: every step is one that the README names."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.slow.maintain.clones import Clone, make_clone

ROWS = "phone,first_name\n+14155550101,Ada\n+14155550102,Grace\nnobody,Nemo\n"


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    """A clean clone with a small file, in the shell of somebody who exported what the README says."""
    clone = make_clone(tmp_path_factory.mktemp("newcomer") / "sendblue-contacts")
    clone.write("crm.csv", ROWS)
    clone.do("scripts/demo", "crm.csv")  # installs the project
    program = [str(clone.venv / "bin/sendblue-contacts"), "sandbox", "--port", "0"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8") as sandbox:
        try:
            assert sandbox.stdout
            url = re.search(r"http://[\d.:]+\d", sandbox.stdout.readline())
            assert url
            yield Clone(clone.folder, {**clone.variables, **variables(clone.folder.parent, url[0])})
        finally:
            sandbox.kill()


def variables(home: Path, url: str) -> dict[str, str]:
    """Return the variables that the README says to export, and the home folder."""
    account = {"SENDBLUE_API_API_KEY": "any", "SENDBLUE_API_API_SECRET": "pair", "SENDBLUE_API_BASE_URL": url}
    return {"HOME": str(home), "XDG_STATE_HOME": str(home / "state"), **account}


def test_the_walk(clone: Clone) -> None:
    """Samples, an import that is planned and run, a sync and the documentation work, in the words of the README."""
    readme = clone.read("README.md")
    command = str(clone.venv / "bin/sendblue-contacts")
    for name in ("scripts/demo FILE", ".venv/bin/sendblue-contacts sandbox", "scripts/docs", "SENDBLUE_API_BASE_URL"):
        assert name in readme
    for sample in re.findall(r"```python\n(.*?)```", readme, re.DOTALL)[:2]:
        clone.do(str(clone.venv / "bin/python"), "-c", sample)
    for arguments in ("import crm.csv --dry-run", "sync crm.csv --delete tracked"):
        assert f"$ sendblue-contacts {arguments}" in readme
    assert "2 to create, 1 rejected" in clone.run(command, "import", "crm.csv", "--dry-run").stdout
    assert "2 created, 1 rejected" in clone.run(command, "import", "crm.csv").stdout
    clone.write("crm.csv", ROWS.replace("nobody,Nemo\n", "").replace("Grace", "Emmy"))
    assert "1 to update" in clone.do(command, "sync", "crm.csv", "--delete", "tracked", "--yes")
    assert "Emmy" in clone.do(command, "list")
    clone.do("scripts/docs")
    assert Path(clone.folder, "site/index.html").exists()
    assert [line for line in clone.do("git", "status", "--short").splitlines() if not line.startswith("?? crm.")] == []
