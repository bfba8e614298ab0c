"""The command line: what it prints, how it ends, and what it prints if it cannot start."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from sendblue_sandbox import Sandbox, cli, run

if TYPE_CHECKING:
    from collections.abc import Callable

PACKAGE_ROOT = str(Path(__file__).parents[2] / "sandbox")
HEADERS = {"sb-api-key-id": "key", "sb-api-secret-key": "secret"}
EXTRAS = ("starlette", "uvicorn", "httptools", "yaml", "jsonschema", "anyio")


def python(program: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=PACKAGE_ROOT
    )


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_serves_until_a_signal(how: signal.Signals) -> None:
    """It prints one line with the settings of a client; Ctrl-C and SIGTERM end it silently with status 0."""
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


def test_signal_handlers_are_restored() -> None:
    """`run` restores the signal handlers."""
    before = signal.getsignal(signal.SIGTERM)
    run(port=0, echo=lambda _: signal.raise_signal(signal.SIGTERM))
    assert signal.getsignal(signal.SIGTERM) is before


def test_serves_when_the_line_is_printed() -> None:
    """The printed address responds; with configured credentials the line contains none."""
    lines: list[str] = []
    codes: list[int] = []

    def echo(line: str) -> None:
        lines.append(line)
        codes.append(httpx.get(line.split()[2].rstrip(",") + "/nowhere", trust_env=False).status_code)
        signal.raise_signal(signal.SIGINT)

    run(port=0, api_key="key", api_secret="secret", echo=echo)  # noqa: S106 - not a real secret
    assert codes == [404]
    assert "API_KEY" not in lines[0]
    assert "in memory" in lines[0]


def test_no_thread_remains() -> None:
    """No thread remains when `run` returns."""
    before = set(threading.enumerate())
    run(port=0, echo=lambda _: signal.raise_signal(signal.SIGINT))
    assert set(threading.enumerate()) <= before


def test_port_in_use(serve: Callable[..., Sandbox], capsys: pytest.CaptureFixture[str]) -> None:
    """A port in use ends the program with status 1 and one line with a hint."""
    port = httpx.URL(serve().url).port
    assert cli.main(["--port", str(port)]) == 1
    assert capsys.readouterr().err.endswith("Use another port, or 0 for any.\n")


@pytest.mark.parametrize("arguments", [["--api-key", "k"], ["--document", "/nowhere.yaml"], ["--per", "0"]])
def test_invalid_setting(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """An invalid setting ends the program with status 1 and one line, not a traceback."""
    assert cli.main(["--port", "0", *arguments]) == 1
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--limit", "0"], "--limit: '0' is neither an integer of at least 1 nor off"),
        (["--port", "65536"], "--port: '65536' is not an integer from 0 to 65535"),
        (["--seed", "-1"], "--seed: '-1' is not an integer of at least 0"),
        (["--per", "long"], "--per: 'long' is not a number of seconds"),
    ],
)
def test_invalid_option(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An option that cannot be parsed ends the program with status 2 and a message that names it."""
    with pytest.raises(SystemExit) as raised:
        cli.main(arguments)
    assert raised.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(("text", "limit"), [("off", None), ("7", 7)])
def test_limit_off(text: str, limit: int | None) -> None:
    """`--limit` takes an integer or `off`."""
    options = cli._parser()  # pyright: ignore[reportPrivateUsage] - tests may access private members
    assert options.parse_args(["--limit", text]).limit == limit


def test_seed() -> None:
    """`--seed` creates contacts before the address is printed; `--window` and `--retry-after` are settings."""
    counts: list[int] = []

    def echo(line: str) -> None:
        url = line.split()[2].rstrip(",")
        counts.append(httpx.get(f"{url}/api/v2/contacts/count", headers=HEADERS, trust_env=False).json()["count"])
        signal.raise_signal(signal.SIGINT)

    options = cli._parser().parse_args(["--seed", "7", "--window", "bucket", "--retry-after", "none", "--port", "0"])
    run(**vars(options), echo=echo)
    assert counts == [7]


@pytest.mark.parametrize("missing", EXTRAS)
def test_missing_extra(missing: str) -> None:
    """Without a package of the extra everything imports, and creating a `Sandbox` raises an error with a hint."""
    done = python(f"import sys; sys.modules[{missing!r}] = None; from sendblue_sandbox import Sandbox, run; Sandbox()")
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"ImportError: The sandbox needs packages that are not installed ({missing}")
    assert last.endswith('pip install "sendblue-contacts[sandbox]"')


def test_import_does_not_need_the_extra() -> None:
    """`import sendblue_sandbox` loads no package of the extra."""
    done = python(f"import sys, sendblue_sandbox; print([name for name in {EXTRAS!r} if name in sys.modules])")
    assert done.stdout == "[]\n"
