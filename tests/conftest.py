"""Settings for all tests."""

import os
import signal
import sys
from functools import cache
from ssl import SSLContext
from typing import Any

import httpx
import pytest

# The same as in scripts/maintain/openapi_document.py, before any test imports the validator.
os.environ["OPENAPI_SPEC_VALIDATOR_SCHEMA_VALIDATOR_BACKEND"] = "jsonschema"

# A background job of a shell ignores SIGINT. The processes that tests start and interrupt would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

create_ssl_context = httpx.create_ssl_context


@cache
def _shared_ssl_context(_certificates: tuple[str | None, ...]) -> SSLContext:
    return create_ssl_context()


def shared_ssl_context(*arguments: Any, **options: Any) -> SSLContext:
    """Return one context for all clients: reading the certificates takes longer than most tests."""
    if arguments or options:
        return create_ssl_context(*arguments, **options)
    return _shared_ssl_context(tuple(map(os.environ.get, ("SSL_CERT_FILE", "SSL_CERT_DIR"))))


httpx.create_ssl_context = shared_ssl_context


@pytest.fixture(autouse=True)
def _forget_chunk_sizes() -> None:
    """Each test starts with a process that has learned nothing about the size of bulk requests."""
    if module := sys.modules.get("sendblue_contacts.bulk.chunk_size"):
        module._LEARNED.clear()
