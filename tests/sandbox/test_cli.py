"""The command line: what it prints, how it ends, and what it prints if it cannot start."""

import signal
import threading

import httpx
import pytest
from sendblue_sandbox import cli, run

from tests.sandbox.contacts_api import CREDENTIALS, PATH, TLS, Serve


def get(line: str, path: str) -> httpx.Response:
    """Send a request to the printed address."""
    url = line.split()[2].rstrip(",")
    return httpx.get(f"{url}{path}", headers=CREDENTIALS, verify=TLS, trust_env=False)


def test_run_serves_until_a_signal() -> None:
    """It creates the contacts and prints one line when it serves; a signal ends it, with no handler or thread left."""
    before, threads = signal.getsignal(signal.SIGTERM), set(threading.enumerate())
    lines: list[str] = []

    def echo(line: str) -> None:
        lines.append(f"{line} {get(line, f'{PATH}/count').json()}")
        signal.raise_signal(signal.SIGTERM)

    options = cli._parser().parse_args(["--seed", "7", "--window", "bucket", "--retry-after", "none", "--port", "0"])
    run(**vars(options), echo=echo)
    assert [line.endswith("{'count': 7}") for line in lines] == [True]
    assert ("SENDBLUE_API_API_KEY=any" in lines[0], "in memory" in lines[0]) == (True, True)
    assert signal.getsignal(signal.SIGTERM) is before
    assert set(threading.enumerate()) <= threads


def test_greeting_has_no_credentials() -> None:
    """With configured credentials the line contains none."""
    lines: list[str] = []

    def echo(line: str) -> None:
        lines.append(f"{line} {get(line, PATH).status_code}")
        signal.raise_signal(signal.SIGINT)

    run(port=0, api_key="key", api_secret="hidden", echo=echo)  # noqa: S106 - not a real secret
    assert [("API_KEY" in line, "hidden" in line, line[-3:]) for line in lines] == [(False, False, "401")]


def test_invalid_setting(serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    """A port in use or an invalid setting ends the program with status 1 and one line, not a traceback."""
    port = str(httpx.URL(serve().url).port)
    settings = {("--api-key", "k"): "", ("--document", "/nowhere.yaml"): "", ("--per", "0"): "", ("--port", port): ""}
    for arguments in settings:
        assert cli.main(["--port", "0", *arguments]) == 1
        settings[arguments] = capsys.readouterr().err
    assert [text.count("\n") for text in settings.values()] == [1] * 4
    assert settings["--port", port].endswith("Use another port, or 0 for any.\n")


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
    assert (raised.value.code, message in capsys.readouterr().err) == (2, True)


def test_limit_off() -> None:
    """`--limit` takes an integer or `off`."""
    assert [cli._parser().parse_args(["--limit", text]).limit for text in ("off", "7")] == [None, 7]
