"""The command `doctor`: each problem has its own finding with a fix, and no secret is shown."""

import json
import re
import ssl
import threading
from email.utils import formatdate
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sendblue_contacts import RateLimit, RateLimiter, Sendblue
from sendblue_contacts.errors import APIConnectionError, RequestSummary
from sendblue_contacts_cli import doctor_checks
from sendblue_contacts_cli.doctor_checks import (
    Finding,
    check_clock,
    check_extras,
    check_limit_store,
    explain_connection_error,
    run_checks,
)
from sendblue_sandbox import Sandbox

from tests.cli.command_line import Run

CHECKS = ["versions", "extras", "settings", "limit store", "host", "credentials", "clock"]
SECRET = "a-secret-that-must-not-be-shown"  # noqa: S105 - not a real secret


def run_doctor(run: Run, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Return the exit code, and the findings by check."""
    done = run("doctor", "--json", *arguments)
    assert SECRET not in done.output
    return done.exit_code, {finding["check"]: finding for finding in map(json.loads, done.stdout.splitlines())}


def failures(findings: dict[str, Any]) -> dict[str, str]:
    """Return the status of each finding that is not ok."""
    return {check: finding["status"] for check, finding in findings.items() if finding["status"] != "ok"}


@pytest.fixture
def server(account: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """A sandbox, with a secret that the tests would notice in the output."""
    monkeypatch.setenv("SENDBLUE_API_API_KEY", SECRET)
    monkeypatch.setenv("SENDBLUE_API_API_SECRET", SECRET)
    return account


def test_everything_ok(server: Sandbox, run: Run) -> None:
    """Every check passes, one request is enough, the names of the settings are shown, and no thread is left."""
    server.seed(3)
    before = set(threading.enumerate())
    status, findings = run_doctor(run)
    assert (status, list(findings), failures(findings), len(server.requests)) == (0, CHECKS, {}, 1)
    assert findings["credentials"]["message"] == "accepted; the account has 3 contacts"
    assert findings["settings"]["message"] == "from the environment: api_key, api_secret, base_url"
    assert set(threading.enumerate()) <= before


def test_text_output(server: Sandbox, run: Run) -> None:
    """Each check is one line, without colour in a pipe; with `--quiet`, passed checks are not shown."""
    _ = server
    lines = run("doctor").stdout.splitlines()
    assert ([line[2:15].strip() for line in lines], {line[0] for line in lines}) == (CHECKS, {"✓"})
    assert run("doctor", "--quiet").stdout == ""


@pytest.mark.parametrize(
    ("variable", "value", "fix"),
    [
        ("SENDBLUE_API_API_KEY", "", "config.toml"),
        ("SENDBLUE_API_BASE_URL", "ftp://api.example", "https://"),
        ("SENDBLUE_API_BASE_URL", "http://api.example", "unencrypted; use https://, or in Python"),
        ("SSL_CERT_FILE", "/nonexistent", "SSL_CERT_FILE"),
    ],
)
def test_unusable_settings(
    server: Sandbox, run: Run, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, fix: str
) -> None:
    """The check of the settings fails, with a fix that is possible on the command line; dependent ones are skipped."""
    monkeypatch.setenv(variable, value)
    if not value:
        monkeypatch.delenv("SENDBLUE_API_API_SECRET")
        monkeypatch.delenv("SENDBLUE_API_BASE_URL")
    status, findings = run_doctor(run)
    assert (status, failures(findings)) == (1, {"settings": "failed", **dict.fromkeys(CHECKS[3:], "skipped")})
    assert (fix in findings["settings"]["fix"], server.requests) == (True, [])


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"status": 401, "body": {"message": "Invalid Credentials"}}, "401: Invalid Credentials"),
        ({"status": 403}, "403"),
        ({"status": 500}, "500"),
        ({"what": "html", "status": 200}, "not JSON"),
    ],
)
def test_unexpected_response(server: Sandbox, run: Run, fault: dict[str, Any], message: str) -> None:
    """The host responds, but rejects the credentials, or is not the API. The request is sent once, without retries."""
    server.faults.add(**{"what": "status", **fault})
    status, findings = run_doctor(run)
    assert (status, failures(findings), len(server.requests)) == (1, {"credentials": "failed"}, 1)
    assert message in findings["credentials"]["message"]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://127.0.0.1:9", "127.0.0.1:9 refused the connection (TCP)"),
        ("https://unknown.invalid", "the host name unknown.invalid cannot be resolved (DNS)"),
        ("https://{}", "the TLS handshake with"),
    ],
)
def test_host(server: Sandbox, run: Run, monkeypatch: pytest.MonkeyPatch, url: str, message: str) -> None:
    """A refused connection, an unknown host name and a server without TLS are reported as such."""
    monkeypatch.setenv("SENDBLUE_API_BASE_URL", url.format(server.url.removeprefix("http://")))
    status, findings = run_doctor(run)
    assert (status, failures(findings)) == (1, {"host": "failed", "credentials": "skipped", "clock": "skipped"})
    assert message in findings["host"]["message"]


def client_with_store(sandbox: Sandbox, store: str) -> Sendblue:
    """Return a client whose rate limit has this store and a short window."""
    return Sendblue("key", SECRET, base_url=sandbox.url, rate_limit=RateLimit(per=0.01, store=store))


def test_unreachable_redis(server: Sandbox) -> None:
    """An unreachable store is a failed check, and its password is not shown."""
    with client_with_store(server, f"redis://:{SECRET}@127.0.0.1:9/0") as client:
        finding = check_limit_store(client, max_wait=0.0)
    assert (finding.status, SECRET in str(finding)) == ("failed", False)
    assert ("SENDBLUE_RATE_LIMIT_STORE" in finding.fix, "in the profile" in finding.fix) == (True, True)


def test_no_request_without_store(server: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the store check fails, the checks that need a request are skipped."""
    monkeypatch.setattr(doctor_checks, "check_limit_store", lambda _: Finding("limit store", "failed", "away"))
    found = {finding.check: finding.status for finding in run_checks(None)}
    assert ([check for check, status in found.items() if status == "skipped"], server.requests) == (CHECKS[4:], [])


def test_stores(server: Sandbox, tmp_path: Path) -> None:
    """The message has the kind of the store, and which processes share it; one without a free slot passes, too."""
    with client_with_store(server, f"file://{tmp_path}/slots") as client:
        finding = check_limit_store(client)
    assert (finding.status, finding.message) == ("ok", "file: used by all processes on this machine")
    limiter = RateLimiter(RateLimit(1, per=30.0))
    with limiter.slot():
        pass
    with Sendblue("key", SECRET, base_url=server.url, rate_limit=limiter) as client:
        finding = check_limit_store(client)
    message = re.sub(r"\b(2\d|30) s$", "SECONDS", finding.message)
    assert (finding.status, message) == ("ok", "memory: used by this process only; the next slot is free in SECONDS")


def connection_error(cause: BaseException) -> APIConnectionError:
    """Return the error of a request that failed for this cause."""
    error = APIConnectionError("no answer", request=RequestSummary("GET", "/"))
    error.__cause__ = RuntimeError()
    error.__cause__.__context__ = cause
    return error


CAUSES = {
    ssl.SSLCertVerificationError("self-signed"): "the certificate of api.example is not trusted (TLS)",
    ConnectionResetError(): "api.example closed the connection (TCP)",
    TimeoutError(): "api.example did not respond in time",
    OSError(113, "No route to host"): "api.example cannot be reached (TCP)",
    RuntimeError("?"): "no response from api.example",
}


def test_causes_of_connection_errors() -> None:
    """Each other cause of a connection error has its own message and a fix."""
    for cause, message in CAUSES.items():
        finding = explain_connection_error(connection_error(cause), "https://api.example")
        assert (finding.status, finding.message[: len(message)], bool(finding.fix)) == ("failed", message, True)


NOW = 1_705_314_600.0


CLOCKS = {
    NOW: ("ok", "within 60 s of the server's clock"),
    NOW - 60: ("ok", "within 60 s of the server's clock"),
    NOW + 3600: ("failed", "3,600 s ahead of the server's clock"),
    NOW - 61: ("failed", "61 s behind the server's clock"),
}


def test_clock() -> None:
    """The clocks may differ by a minute; a response without a date passes the check."""

    def check(now: float, date: str) -> tuple[str, str]:
        response: Any = SimpleNamespace(headers={"date": date})
        finding = check_clock(response, now)
        return finding.status, finding.message

    assert {now: check(now, formatdate(NOW, usegmt=True)) for now in CLOCKS} == CLOCKS
    assert [check(NOW, date)[0] for date in ("", "soon")] == ["ok", "ok"]


def test_missing_extras(monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing extras pass the check, and the message has the command that installs them."""
    monkeypatch.setattr(
        "sendblue_contacts_cli.doctor_checks._is_installed", lambda package: package not in {"redis", "xlsxwriter"}
    )
    finding = check_extras()
    assert (finding.status, finding.message) == (
        "ok",
        "cli, fast, otel, parquet, phone, sandbox, tables; not installed: redis, xlsx",
    )
    assert finding.fix == 'if needed: pip install "sendblue-contacts[redis,xlsx]"'
