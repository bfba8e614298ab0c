"""The program: what it prints, how it ends, and what it says when it cannot start."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from sendblue_sandbox import Sandbox, __main__, run

if TYPE_CHECKING:
    from collections.abc import Callable

PACKAGE_ROOT = str(Path(__file__).parents[2] / "sandbox")
HEADERS = {"sb-api-key-id": "key", "sb-api-secret-key": "secret"}
EXTRAS = ("starlette", "uvicorn", "httptools", "yaml", "jsonschema", "anyio")


def python(program: str) -> subprocess.CompletedProcess[str]:
    """Run a few lines in a process of their own."""
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=PACKAGE_ROOT
    )


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_a_signal(how: signal.Signals) -> None:
    """One line tells how to point a client at it; Ctrl-C and SIGTERM end it with status 0, in silence."""
    command = [sys.executable, "-m", "sendblue_sandbox", "--port", "0", "--spelling", "camel", "--limit", "1"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=PACKAGE_ROOT)
    assert process.stdout
    line = process.stdout.readline()
    url = line.split()[2].rstrip(",")
    assert f"SENDBLUE_API_BASE_URL={url} SENDBLUE_API_API_KEY=any" in line
    codes = [httpx.get(f"{url}/api/v2/contacts", headers=HEADERS, trust_env=False).status_code for _ in range(2)]
    process.send_signal(how)
    assert process.communicate(timeout=10) == ("", "")
    assert (codes, process.returncode) == ([200, 429], 0)


def test_it_gives_signals_back() -> None:
    """After `run` a signal does what it did before."""
    before = signal.getsignal(signal.SIGTERM)
    run(port=0, say=lambda _: signal.raise_signal(signal.SIGTERM))
    assert signal.getsignal(signal.SIGTERM) is before


def test_it_serves_while_it_runs() -> None:
    """When the line is said the address answers; with a pair of credentials the line does not invent one."""
    said: list[str] = []
    codes: list[int] = []

    def say(line: str) -> None:
        said.append(line)
        codes.append(httpx.get(line.split()[2].rstrip(",") + "/nowhere", trust_env=False).status_code)
        signal.raise_signal(signal.SIGINT)

    run(port=0, api_key="key", api_secret="secret", say=say)  # noqa: S106 - of a sandbox
    assert codes == [404]
    assert "API_KEY" not in said[0]
    assert "in memory" in said[0]


def test_it_leaves_no_thread() -> None:
    """When `run` returns, nothing of it is running."""
    before = set(threading.enumerate())
    run(port=0, say=lambda _: signal.raise_signal(signal.SIGINT))
    assert set(threading.enumerate()) <= before


def test_a_taken_port_is_one_line(serve: Callable[..., Sandbox], capsys: pytest.CaptureFixture[str]) -> None:
    """A port that is in use ends the program with status 1 and one line that says what to do."""
    port = httpx.URL(serve().url).port
    assert __main__.main(["--port", str(port)]) == 1
    assert capsys.readouterr().err.endswith("choose another port, or 0 for a free one.\n")


@pytest.mark.parametrize(
    "arguments", [["--limit", "0"], ["--api-key", "k"], ["--document", "/nowhere.yaml"], ["--seed", "-1"]]
)
def test_a_bad_setting_is_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A setting that cannot be ends the program with status 1 and one line, not a traceback."""
    assert __main__.main(["--port", "0", *arguments]) == 1
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(("text", "limit"), [("off", None), ("7", 7)])
def test_the_limit_can_be_off(text: str, limit: int | None) -> None:
    """`--limit` takes a number or `off`."""
    options = __main__._parser()  # pyright: ignore[reportPrivateUsage] - a test may look inside
    assert options.parse_args(["--limit", text]).limit == limit


def test_it_can_begin_with_contacts() -> None:
    """`--seed` adds contacts before the address is told, and `--window` and `--retry-after` are settings too."""
    counts: list[int] = []

    def say(line: str) -> None:
        url = line.split()[2].rstrip(",")
        counts.append(httpx.get(f"{url}/api/v2/contacts/count", headers=HEADERS, trust_env=False).json()["count"])
        signal.raise_signal(signal.SIGINT)

    options = __main__._parser().parse_args(
        ["--seed", "7", "--window", "bucket", "--retry-after", "none", "--port", "0"]
    )
    run(**vars(options), say=say)
    assert counts == [7]


@pytest.mark.parametrize("missing", EXTRAS)
def test_a_missing_extra_is_told(missing: str) -> None:
    """Without a package of the extra everything imports, and making a `Sandbox` says what to install."""
    done = python(f"import sys; sys.modules[{missing!r}] = None; from sendblue_sandbox import Sandbox, run; Sandbox()")
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"ImportError: The sandbox needs packages that are not installed ({missing}")
    assert last.endswith('pip install "sendblue-contacts[sandbox]"')


def test_importing_it_imports_nothing_of_the_extra() -> None:
    """`import sendblue_sandbox` loads no package of the extra."""
    done = python(f"import sys, sendblue_sandbox; print([name for name in {EXTRAS!r} if name in sys.modules])")
    assert done.stdout == "[]\n"
