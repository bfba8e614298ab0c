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
from sendblue_contacts_cli import checks
from sendblue_contacts_cli.checks import Finding, clock, examine, extras, limit_store, unreachable
from sendblue_sandbox import Sandbox

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.commands import Run

ALL = ["versions", "extras", "settings", "limit store", "host", "credentials", "clock"]
SECRET = "a-secret-that-nobody-may-see"  # noqa: S105 - it opens nothing


def examined(run: Run, *arguments: str) -> tuple[int, dict[str, Any]]:
    """The exit status, and the findings by the names of the checks."""
    done = run("doctor", "--json", *arguments)
    assert SECRET not in done.output
    return done.exit_code, {finding["check"]: finding for finding in map(json.loads, done.stdout.splitlines())}


def states(findings: dict[str, Any]) -> dict[str, str]:
    """What is not as it should be."""
    return {check: finding["state"] for check, finding in findings.items() if finding["state"] != "ok"}


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
    assert findings["credentials"]["says"] == "accepted; the account has 3 contacts"


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
    assert (status, states(findings)) == (1, {"settings": "wrong", **dict.fromkeys(ALL[3:], "skipped")})
    assert str(nothing_set) in findings["settings"]["mend"]


def test_a_setting_that_makes_no_sense(secret: Sandbox, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """So is a host that is no address."""
    _ = secret
    point_at(monkeypatch, "ftp://api.example")
    status, findings = examined(run)
    assert (status, findings["settings"]["state"], "https://" in findings["settings"]["mend"]) == (1, "wrong", True)


def test_certificates_that_are_not_there(secret: Sandbox, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without them there is no client, and that is a finding too, with the variables that name them."""
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent")
    status, findings = examined(run)
    assert (status, states(findings)) == (1, {"settings": "wrong", **dict.fromkeys(ALL[3:], "skipped")})
    assert ("SSL_CERT_FILE" in findings["settings"]["mend"], secret.requests) == (True, [])


def test_a_host_that_hides_nothing(secret: Sandbox, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The way out is one that the command line has."""
    _ = secret
    point_at(monkeypatch, "http://api.example")
    assert "secret: use https://, or in a program" in examined(run)[1]["settings"]["mend"]


def test_where_the_settings_come_from(secret: Sandbox, run: Run) -> None:
    """The place is named, and which settings it has, and not what they are."""
    _ = secret
    says = examined(run)[1]["settings"]["says"]
    assert says == "from the environment: api_key, api_secret, base_url"


def test_wrong_credentials(secret: Sandbox, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are told apart from a host that cannot be reached, and the clock is still looked at."""
    _ = secret
    with Sandbox(api_key="key", api_secret="other") as sandbox:  # noqa: S106 - of a sandbox
        point_at(monkeypatch, sandbox.url)
        status, findings = examined(run)
    assert (status, states(findings)) == (1, {"credentials": "wrong"})
    assert findings["credentials"]["says"] == "401, Invalid Credentials"


@pytest.mark.parametrize(
    ("fault", "said"),
    [({"status": 403}, "403"), ({"status": 500}, "500"), ({"what": "html", "status": 200}, "not JSON")],
)
def test_an_answer_that_is_none(secret: Sandbox, run: Run, fault: dict[str, Any], said: str) -> None:
    """The host answers, and it is not what the API would say. It is asked once: a doctor has no patience."""
    secret.faults.add(**{"what": "status", **fault})
    status, findings = examined(run)
    assert len(secret.requests) == 1
    assert (status, states(findings), said in findings["credentials"]["says"]) == (1, {"credentials": "wrong"}, True)


def test_nobody_listens(secret: Sandbox, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused connection is said to be one (TCP)."""
    _ = secret
    point_at(monkeypatch, "http://127.0.0.1:9")
    status, findings = examined(run)
    assert (status, states(findings)) == (1, {"host": "wrong", "credentials": "skipped", "clock": "skipped"})
    assert "127.0.0.1:9 refuses the connection (TCP)" in findings["host"]["says"]


def test_a_name_that_is_not_known(secret: Sandbox, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name without an address is said to be one (DNS)."""
    _ = secret
    point_at(monkeypatch, "https://nobody.invalid")
    findings = examined(run)[1]
    assert findings["host"]["says"] == "the name nobody.invalid is not known (DNS)"


def test_no_tls(secret: Sandbox, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that speaks no TLS is said to be one."""
    point_at(monkeypatch, secret.url.replace("http:", "https:"))
    findings = examined(run)[1]
    assert "speaks no TLS" in findings["host"]["says"]


def test_a_connection_that_breaks_off(secret: Sandbox, run: Run) -> None:
    """A connection that ends before there is an answer is a matter of the host."""
    secret.faults.add(what="reset")
    status, findings = examined(run)
    assert (status, findings["host"]["state"]) == (1, "wrong")


def with_store(sandbox: Sandbox, store: str) -> Sendblue:
    """A client whose limit is kept there, in a window that is short."""
    return Sendblue("key", SECRET, base_url=sandbox.url, rate_limit=RateLimit(per=0.01, store=store))


def test_a_redis_that_is_away(secret: Sandbox) -> None:
    """The store of the limit is tried, and its password is not shown."""
    with with_store(secret, f"redis://:{SECRET}@127.0.0.1:9/0") as client:
        finding = limit_store(client, patience=0.0)
    assert (finding.state, SECRET in str(finding)) == ("wrong", False)
    assert ("SENDBLUE_RATE_LIMIT_STORE" in finding.mend, "in the profile" in finding.mend) == (True, True)


def test_nothing_is_sent_without_a_store(secret: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the store is wrong, what needs a request waits."""
    monkeypatch.setattr(checks, "limit_store", lambda _: Finding("limit store", "wrong", "away"))
    found = {finding.check: finding.state for finding in examine(None)}
    assert ([check for check, state in found.items() if state == "skipped"], secret.requests) == (ALL[4:], [])


def test_a_store_in_a_file(secret: Sandbox, tmp_path: Path) -> None:
    """A store that works is said to, and who shares it."""
    with with_store(secret, f"file://{tmp_path}/slots") as client:
        finding = limit_store(client)
    assert (finding.state, finding.says) == ("ok", "file: shared by the processes of this machine")


def test_a_store_that_is_full(secret: Sandbox) -> None:
    """One without a free slot is there all the same."""
    limiter = RateLimiter(RateLimit(1, per=30.0))
    with limiter.slot():
        pass
    with Sendblue("key", SECRET, base_url=secret.url, rate_limit=limiter) as client:
        finding = limit_store(client)
    assert (finding.state, finding.says) == (
        "ok",
        "memory: shared by this process alone; the next slot is free in 30 s",
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
        (socket.gaierror(-2, "Name or service not known"), "the name api.example is not known (DNS)"),
        (ssl.SSLCertVerificationError("self-signed"), "the certificate of api.example is not trusted (TLS)"),
        (ssl.SSLError("wrong version"), "api.example speaks no TLS that we understand"),
        (ConnectionRefusedError(), "api.example refuses the connection (TCP)"),
        (ConnectionResetError(), "api.example ended the connection (TCP)"),
        (TimeoutError(), "api.example does not answer in time"),
        (OSError(113, "No route to host"), "api.example cannot be reached (TCP)"),
        (RuntimeError("?"), "api.example gives no answer"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_causes_are_told_apart(cause: BaseException, said: str) -> None:
    """What stands behind the error decides, and there is something to do about each."""
    finding = unreachable(unanswered(cause), "https://api.example")
    assert (finding.state, finding.says.startswith(said), bool(finding.mend)) == ("wrong", True, True)


NOW = 1_705_314_600.0


@pytest.mark.parametrize(
    ("here", "state", "said"),
    [
        (NOW, "ok", "within 60 s of the host's"),
        (NOW - 60, "ok", "within 60 s of the host's"),
        (NOW + 3600, "wrong", "3,600 s ahead of the host's"),
        (NOW - 61, "wrong", "61 s behind the host's"),
    ],
)
def test_the_clock(here: float, state: str, said: str) -> None:
    """The host's clock is in its answer, and ours may differ by a minute."""
    response: Any = SimpleNamespace(headers={"date": formatdate(NOW, usegmt=True)})
    finding = clock(response, here)
    assert (finding.state, finding.says) == (state, said)


@pytest.mark.parametrize("headers", [{}, {"date": "soon"}])
def test_a_host_without_a_clock(headers: dict[str, str]) -> None:
    """A host that does not tell the time is no mistake of ours."""
    response: Any = SimpleNamespace(headers=headers)
    assert clock(response, time.time()).state == "ok"


def test_extras_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are no mistake, and it is said how to have them."""
    monkeypatch.setattr(
        "sendblue_contacts_cli.checks._is_there", lambda package: package not in {"redis", "xlsxwriter"}
    )
    finding = extras()
    assert (finding.state, finding.says) == ("ok", "cli, phone, sandbox; not there: redis, xlsx")
    assert finding.mend == 'to have them: pip install "sendblue-contacts[redis,xlsx]"'


def test_it_leaves_no_thread(secret: Sandbox, run: Run) -> None:
    """When it is done, nothing of it is running."""
    _ = secret
    before = threading.active_count()
    run("doctor")
    assert threading.active_count() == before
