"""`doctor`: each thing that can be wrong is told apart, with the way to mend it, and no secret is shown."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from email.utils import formatdate
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.command_line import Run

ALL = ["versions", "extras", "settings", "limit store", "host", "credentials", "clock"]
SECRET = "a-secret-that-nobody-may-see"  # noqa: S105 - it opens nothing


def examined(run: Run, *arguments: str) -> tuple[int, dict[str, Any]]:
    """The exit status, and the findings by the names of the checks."""
    done = run("doctor", "--json", *arguments)
    assert SECRET not in done.output
    return done.exit_code, {finding["check"]: finding for finding in map(json.loads, done.stdout.splitlines())}


def states(findings: dict[str, Any]) -> dict[str, str]:
    """What is not as it should be."""
    return {check: finding["status"] for check, finding in findings.items() if finding["status"] != "ok"}


@pytest.fixture
def secret(account: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """A sandbox, and a secret that would be noticed."""
    monkeypatch.setenv("SENDBLUE_API_API_KEY", SECRET)
    monkeypatch.setenv("SENDBLUE_API_API_SECRET", SECRET)
    return account


def point_at(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Have the host elsewhere."""
    monkeypatch.setenv("SENDBLUE_API_BASE_URL", url)


def test_all_is_well(secret: Sandbox, run: Run) -> None:
    """Every check is made, nothing is wrong, and one request is enough."""
    secret.seed(3)
    status, findings = examined(run)
    assert (status, list(findings), states(findings), len(secret.requests)) == (0, ALL, {}, 1)
    assert findings["credentials"]["message"] == "accepted; the account has 3 contacts"


def test_for_a_person(secret: Sandbox, run: Run) -> None:
    """A line for each check, without colour in a pipe."""
    _ = secret
    done = run("doctor")
    assert [line[2:15].strip() for line in done.stdout.splitlines()] == ALL
    assert ({line[0] for line in done.stdout.splitlines()}, "\x1b" in done.stdout) == ({"✓"}, False)


def test_quietly(secret: Sandbox, run: Run) -> None:
    """What is as it should be is not worth a word."""
    _ = secret
    assert run("doctor", "--quiet").stdout == ""


def test_no_settings(nothing_set: Path, run: Run) -> None:
    """Without an account it says how to name one, and what hangs on it is not checked."""
    status, findings = examined(run)
    assert (status, states(findings)) == (1, {"settings": "failed", **dict.fromkeys(ALL[3:], "skipped")})
    assert str(nothing_set) in findings["settings"]["fix"]


def test_a_setting_that_makes_no_sense(secret: Sandbox, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """So is a host that is no address."""
    _ = secret
    point_at(monkeypatch, "ftp://api.example")
    status, findings = examined(run)
    assert (status, findings["settings"]["status"], "https://" in findings["settings"]["fix"]) == (1, "failed", True)


def test_certificates_that_are_not_there(secret: Sandbox, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without them there is no client, and that is a finding too, with the variables that name them."""
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent")
    status, findings = examined(run)
    assert (status, states(findings)) == (1, {"settings": "failed", **dict.fromkeys(ALL[3:], "skipped")})
    assert ("SSL_CERT_FILE" in findings["settings"]["fix"], secret.requests) == (True, [])


def test_a_host_that_hides_nothing(secret: Sandbox, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The way out is one that the command line has."""
    _ = secret
    point_at(monkeypatch, "http://api.example")
    assert "secret: use https://, or in a program" in examined(run)[1]["settings"]["fix"]


def test_where_the_settings_come_from(secret: Sandbox, run: Run) -> None:
    """The place is named, and which settings it has, and not what they are."""
    _ = secret
    says = examined(run)[1]["settings"]["message"]
    assert says == "from the environment: api_key, api_secret, base_url"


def test_wrong_credentials(secret: Sandbox, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are told apart from a host that cannot be reached, and the clock is still looked at."""
    _ = secret
    with Sandbox(api_key="key", api_secret="other") as sandbox:  # noqa: S106 - of a sandbox
        point_at(monkeypatch, sandbox.url)
        status, findings = examined(run)
    assert (status, states(findings)) == (1, {"credentials": "failed"})
    assert findings["credentials"]["message"] == "401: Invalid Credentials"


@pytest.mark.parametrize(
    ("fault", "said"),
    [({"status": 403}, "403"), ({"status": 500}, "500"), ({"what": "html", "status": 200}, "not JSON")],
)
def test_an_answer_that_is_none(secret: Sandbox, run: Run, fault: dict[str, Any], said: str) -> None:
    """The host answers, and it is not what the API would say. It is asked once: a doctor has no patience."""
    secret.faults.add(**{"what": "status", **fault})
    status, findings = examined(run)
    assert len(secret.requests) == 1
    assert (status, states(findings), said in findings["credentials"]["message"]) == (
        1,
        {"credentials": "failed"},
        True,
    )


def test_nobody_listens(secret: Sandbox, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused connection is said to be one (TCP)."""
    _ = secret
    point_at(monkeypatch, "http://127.0.0.1:9")
    status, findings = examined(run)
    assert (status, states(findings)) == (1, {"host": "failed", "credentials": "skipped", "clock": "skipped"})
    assert "127.0.0.1:9 refused the connection (TCP)" in findings["host"]["message"]


def test_a_name_that_is_not_known(secret: Sandbox, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name without an address is said to be one (DNS)."""
    _ = secret
    point_at(monkeypatch, "https://nobody.invalid")
    findings = examined(run)[1]
    assert findings["host"]["message"] == "the host name nobody.invalid cannot be resolved (DNS)"


def test_no_tls(secret: Sandbox, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that speaks no TLS is said to be one."""
    point_at(monkeypatch, secret.url.replace("http:", "https:"))
    findings = examined(run)[1]
    assert "the TLS handshake with" in findings["host"]["message"]


def test_a_connection_that_breaks_off(secret: Sandbox, run: Run) -> None:
    """A connection that ends before there is an answer is a matter of the host."""
    secret.faults.add(what="reset")
    status, findings = examined(run)
    assert (status, findings["host"]["status"]) == (1, "failed")


def with_store(sandbox: Sandbox, store: str) -> Sendblue:
    """A client whose limit is kept there, in a window that is short."""
    return Sendblue("key", SECRET, base_url=sandbox.url, rate_limit=RateLimit(per=0.01, store=store))


def test_a_redis_that_is_away(secret: Sandbox) -> None:
    """The store of the limit is tried, and its password is not shown."""
    with with_store(secret, f"redis://:{SECRET}@127.0.0.1:9/0") as client:
        finding = check_limit_store(client, max_wait=0.0)
    assert (finding.status, SECRET in str(finding)) == ("failed", False)
    assert ("SENDBLUE_RATE_LIMIT_STORE" in finding.fix, "in the profile" in finding.fix) == (True, True)


def test_nothing_is_sent_without_a_store(secret: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the store is wrong, what needs a request waits."""
    monkeypatch.setattr(doctor_checks, "check_limit_store", lambda _: Finding("limit store", "failed", "away"))
    found = {finding.check: finding.status for finding in run_checks(None)}
    assert ([check for check, state in found.items() if state == "skipped"], secret.requests) == (ALL[4:], [])


def test_a_store_in_a_file(secret: Sandbox, tmp_path: Path) -> None:
    """A store that works is said to, and who shares it."""
    with with_store(secret, f"file://{tmp_path}/slots") as client:
        finding = check_limit_store(client)
    assert (finding.status, finding.message) == ("ok", "file: used by all processes on this machine")


def test_a_store_that_is_full(secret: Sandbox) -> None:
    """One without a free slot is there all the same."""
    limiter = RateLimiter(RateLimit(1, per=30.0))
    with limiter.slot():
        pass
    with Sendblue("key", SECRET, base_url=secret.url, rate_limit=limiter) as client:
        finding = check_limit_store(client)
    assert (finding.status, finding.message) == (
        "ok",
        "memory: used by this process only; the next slot is free in 30 s",
    )


# --- what cannot be had from a server on this machine


def unanswered(cause: BaseException) -> APIConnectionError:
    """The error of a request that got no answer because of this."""
    error = APIConnectionError("no answer", request=RequestSummary("GET", "/"))
    error.__cause__ = RuntimeError()
    error.__cause__.__context__ = cause
    return error


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (socket.gaierror(-2, "Name or service not known"), "the host name api.example cannot be resolved (DNS)"),
        (ssl.SSLCertVerificationError("self-signed"), "the certificate of api.example is not trusted (TLS)"),
        (ssl.SSLError("wrong version"), "the TLS handshake with api.example failed"),
        (ConnectionRefusedError(), "api.example refused the connection (TCP)"),
        (ConnectionResetError(), "api.example closed the connection (TCP)"),
        (TimeoutError(), "api.example did not respond in time"),
        (OSError(113, "No route to host"), "api.example cannot be reached (TCP)"),
        (RuntimeError("?"), "no response from api.example"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_causes_are_told_apart(cause: BaseException, said: str) -> None:
    """What stands behind the error decides, and there is something to do about each."""
    finding = explain_connection_error(unanswered(cause), "https://api.example")
    assert (finding.status, finding.message.startswith(said), bool(finding.fix)) == ("failed", True, True)


NOW = 1_705_314_600.0


@pytest.mark.parametrize(
    ("here", "state", "said"),
    [
        (NOW, "ok", "within 60 s of the server's clock"),
        (NOW - 60, "ok", "within 60 s of the server's clock"),
        (NOW + 3600, "failed", "3,600 s ahead of the server's clock"),
        (NOW - 61, "failed", "61 s behind the server's clock"),
    ],
)
def test_the_clock(here: float, state: str, said: str) -> None:
    """The host's clock is in its answer, and ours may differ by a minute."""
    response: Any = SimpleNamespace(headers={"date": formatdate(NOW, usegmt=True)})
    finding = check_clock(response, here)
    assert (finding.status, finding.message) == (state, said)


@pytest.mark.parametrize("headers", [{}, {"date": "soon"}])
def test_a_host_without_a_clock(headers: dict[str, str]) -> None:
    """A host that does not tell the time is no mistake of ours."""
    response: Any = SimpleNamespace(headers=headers)
    assert check_clock(response, time.time()).status == "ok"


def test_extras_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are no mistake, and it is said how to have them."""
    monkeypatch.setattr(
        "sendblue_contacts_cli.doctor_checks._is_installed", lambda package: package not in {"redis", "xlsxwriter"}
    )
    finding = check_extras()
    assert (finding.status, finding.message) == ("ok", "cli, phone, sandbox; not installed: redis, xlsx")
    assert finding.fix == 'if needed: pip install "sendblue-contacts[redis,xlsx]"'


def test_it_leaves_no_thread(secret: Sandbox, run: Run) -> None:
    """When it is done, nothing of it is running."""
    _ = secret
    before = threading.active_count()
    run("doctor")
    assert threading.active_count() == before
