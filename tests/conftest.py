"""Settings for all tests."""

import os
import signal
import sys
from pathlib import Path

import pytest

# The same as in scripts/maintain/openapi_document.py, before any test imports the validator.
os.environ["OPENAPI_SPEC_VALIDATOR_SCHEMA_VALIDATOR_BACKEND"] = "jsonschema"

# A background job of a shell ignores SIGINT. The processes that tests start and interrupt would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


FOLDER = Path(__file__).parent
# These run scripts and read texts: recording their coverage takes half as long again, and shows nothing new.
NOT_COVERED = {"maintain", "openapi", "test_architecture.py"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Record no coverage of the tests in NOT_COVERED, if any is recorded, and run them first.

    A pause of the recording does not end in threads that run already, such as those of a sandbox of other tests.
    """
    if config.pluginmanager.hasplugin("_cov"):
        items.sort(key=is_covered)
        for item in items:
            if not is_covered(item):
                item.add_marker("no_cover")


def is_covered(item: pytest.Item) -> bool:
    """Whether coverage of a test is recorded."""
    return item.path.relative_to(FOLDER).parts[0] not in NOT_COVERED


@pytest.fixture(autouse=True)
def _forget_chunk_sizes() -> None:
    """Each test starts with a process that has learned nothing about the size of bulk requests."""
    if module := sys.modules.get("sendblue_contacts.bulk.chunk_size"):
        module._LEARNED.clear()
