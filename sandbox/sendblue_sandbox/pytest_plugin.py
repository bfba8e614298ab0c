"""The pytest plugin, active as soon as the package is installed: an empty sandbox for each test that requests one.

It imports nothing but pytest until a test requests a fixture, and does not affect other tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .pytest_client import sendblue_client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .sandbox import Sandbox

__all__ = ["sendblue_client"]

MARKER = "sendblue_sandbox(**settings): start a sandbox with these settings for this test, for example limit=100."


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", MARKER)


@pytest.fixture(scope="session")
def _sendblue_sandbox() -> Iterator[Sandbox]:
    from . import Sandbox  # noqa: PLC0415 - imported only when a test requests the fixture

    with Sandbox(limit=None) as sandbox:
        yield sandbox


@pytest.fixture
def sendblue_sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A running, empty sandbox of the Contacts API without a rate limit, at `sendblue_sandbox.url`.

    One server is shared by the whole session. A test with `@pytest.mark.sendblue_sandbox(limit=100)` gets its own
    sandbox, created with these settings of `Sandbox`.
    """
    marker = request.node.get_closest_marker("sendblue_sandbox")
    if marker is None:
        shared: Sandbox = request.getfixturevalue("_sendblue_sandbox")
        shared.reset()
        yield shared
        return
    from . import Sandbox  # noqa: PLC0415 - imported only when a test requests the fixture

    settings: dict[str, Any] = {"limit": None, **marker.kwargs}
    with Sandbox(**settings) as own:
        yield own
