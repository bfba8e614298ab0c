"""Settings for all tests."""

import os
import signal
import sys

import pytest

# The same as in scripts/maintain/openapi_document.py, before any test imports the validator.
os.environ["OPENAPI_SPEC_VALIDATOR_SCHEMA_VALIDATOR_BACKEND"] = "jsonschema"

# A background job of a shell ignores SIGINT. The processes that tests start and interrupt would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _forget_chunk_sizes() -> None:
    """Each test starts with a process that has learned nothing about the size of bulk requests."""
    if module := sys.modules.get("sendblue_contacts.bulk.chunk_size"):
        module._LEARNED.clear()
