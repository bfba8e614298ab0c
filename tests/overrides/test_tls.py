"""The TLS context is created for the first https connection, and trusts only the certificates of the system."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import trustme
from sendblue_contacts import APIConnectionError, Sendblue
from sendblue_contacts.tls import TlsContext

from tests.overrides.raw_http import complete, raw_http_server

RESPONSE = complete(b'{"contact":{"phone":"+14155551234"}}')


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Return a certificate authority that is not among the trusted ones."""
    return trustme.CA()


@pytest.fixture
def url(authority: trustme.CA) -> Iterator[str]:
    """Return the https address of a server that responds with one contact."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with raw_http_server(lambda connection, _: connection.sendall(RESPONSE), context) as server:
        yield server.url


def client(url: str) -> Sendblue:
    """Return a client without retries and limit."""
    return Sendblue("key", "secret", base_url=url, retry=None, rate_limit=None)


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the variables with the paths of certificates."""
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


def test_an_untrusted_certificate(url: str) -> None:
    """A server whose certificate is not trusted receives no request."""
    with client(url) as sendblue, pytest.raises(APIConnectionError, match="CERTIFICATE_VERIFY_FAILED"):
        sendblue.contacts.retrieve("+14155551234")


def test_a_certificate_of_the_environment(
    url: str, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SSL_CERT_FILE adds a certificate."""
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    with client(url) as sendblue:
        assert sendblue.contacts.retrieve("+14155551234").phone == "+14155551234"


def test_certificates_that_cannot_be_read(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that contains no certificate is an error of the first call."""
    file = tmp_path / "empty.pem"
    file.write_text("nothing")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with client(url) as sendblue, pytest.raises(APIConnectionError, match="trusted certificates cannot be read"):
        sendblue.contacts.retrieve("+14155551234")


def test_http_needs_no_context(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client reads no certificates before its first https connection."""
    monkeypatch.setattr(httpx, "create_ssl_context", lambda: pytest.fail("the certificates were read"))
    with client("http://127.0.0.1:9") as sendblue, pytest.raises(APIConnectionError):
        sendblue.contacts.retrieve("+14155551234")


def test_one_context_for_all_connections() -> None:
    """All connections share the context; that of a proxy is not replaced; the placeholder trusts no certificate."""
    tls, other = TlsContext(), ssl.create_default_context()
    made = tls.context_for(tls.placeholder)
    assert (tls.context_for(tls.placeholder), tls.context_for(other)) == (made, other)
    assert made.cert_store_stats()["x509_ca"] > 0
    assert (tls.placeholder.cert_store_stats()["x509"], tls.placeholder.verify_mode) == (0, ssl.CERT_REQUIRED)
