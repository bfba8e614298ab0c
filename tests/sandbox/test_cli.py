"""The command line: what it prints, how it ends, and what it prints if it cannot start."""

import signal
import threading
from dataclasses import replace
from io import StringIO

import httpx
import pytest
from sendblue_sandbox import Fault, Received, cli, run
from sendblue_sandbox.access_log import LOG, RESET, YELLOW, log_request, log_to

from tests.sandbox.contacts_api import CREDENTIALS, PATH, TLS, Serve


def get(line: str, path: str) -> httpx.Response:
    """Send a request to the printed address, which is in the first line."""
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
    url = lines[0].split()[2].rstrip(",")
    found = ("SENDBLUE_API_API_KEY=any", "in memory", f"export SENDBLUE_API_BASE_URL={url}\n", f"browser: {url}/ shows")
    assert [text for text in found if text not in lines[0]] == []
    assert signal.getsignal(signal.SIGTERM) is before
    assert set(threading.enumerate()) <= threads


class Terminal(StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        """Whether this is a terminal."""
        return True


def logged(received: Received, stream: StringIO, **environment: str) -> str:
    """Return the line of a request."""
    with log_to(stream, environment):
        log_request(received)
    return stream.getvalue()


def test_request_log() -> None:
    """A terminal gets colored lines with decoded paths, a file no phone numbers, and neither an escape sequence."""
    path, query = "/api/v2/contacts/%2B14155551234%1B[2J", "a=%2B14155550001"
    received = Received(0, "GET", path, query, {}, b"", 404, 0.0123, Fault(what="delay"))
    shown = logged(received, Terminal())
    expected = "/api/v2/contacts/+14155551234\\x1b[2J?a=+14155550001", f"{YELLOW}404 Not Found{RESET}", "fault: delay"
    assert [text for text in expected if text not in shown] == []
    plain = [logged(received, StringIO()), logged(received, Terminal(), NO_COLOR="1")]
    assert [text for text in [*plain, logged(received, Terminal(), TERM="dumb")] if "\x1b" in text] == []
    assert plain[0].endswith("/api/v2/contacts/#######\\x1b[2J  404 Not Found  12.3 ms  fault: delay\n")
    assert "connection reset  12.3 ms\n" in logged(replace(received, status=0, fault=None), StringIO())
    assert LOG.handlers == []


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
    assert settings["--port", port].startswith(f"Port {port} of 127.0.0.1 is in use")
    assert settings["--port", port].endswith("or --port 0 for any free port.\n")
    assert settings["--per", "0"].startswith("per=0.0 ")


INVALID_OPTIONS = {
    "--limit 0": "--limit: '0' is neither an integer of at least 1 nor off",
    "--port 65536": "--port: '65536' is not an integer from 0 to 65535",
    "--seed -1": "--seed: '-1' is not an integer of at least 0",
    "--request-log no": "--request-log: 'no' is neither on nor off",
    "--per long": "--per: 'long' is not a number of seconds",
}


def test_invalid_option(capsys: pytest.CaptureFixture[str]) -> None:
    """An option that cannot be parsed ends the program with status 2 and a message that names it."""
    for arguments, message in INVALID_OPTIONS.items():
        with pytest.raises(SystemExit) as raised:
            cli.main(arguments.split())
        assert (arguments, raised.value.code, message in capsys.readouterr().err) == (arguments, 2, True)
    assert [cli._parser().parse_args(["--limit", text]).limit for text in ("off", "7")] == [None, 7]
