"""A plugin for pytest, there as soon as the package is installed: a sandbox for tests, empty for each.

It imports nothing but pytest until a test asks for a fixture, and changes nothing about tests that do not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .pytest_client import sendblue_client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .sandbox import Sandbox

__all__ = ["sendblue_client"]

MARKER = "sendblue_sandbox(**settings): start a sandbox with these settings for this test, as limit=100."


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", MARKER)


@pytest.fixture(scope="session")
def _sendblue_sandbox() -> Iterator[Sandbox]:
    from . import Sandbox  # noqa: PLC0415 - free until it is used

    with Sandbox(limit=None) as sandbox:
        yield sandbox


@pytest.fixture
def sendblue_sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A running sandbox of the Contacts API, empty, without a limit, at `sendblue_sandbox.url`.

    One server serves the whole session. A test with `@pytest.mark.sendblue_sandbox(limit=100)` gets one of its own,
    with these settings of `Sandbox`.
    """
    marker = request.node.get_closest_marker("sendblue_sandbox")
    if marker is None:
        shared: Sandbox = request.getfixturevalue("_sendblue_sandbox")
        shared.reset()
        yield shared
        return
    from . import Sandbox  # noqa: PLC0415 - free until it is used

    settings: dict[str, Any] = {"limit": None, **marker.kwargs}
    with Sandbox(**settings) as own:
        yield own
