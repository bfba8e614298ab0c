"""The fixture `sendblue_client`, in a module of its own: the only one of the sandbox that imports `sendblue_contacts`.

The sandbox is used to test the client, so it must not be built from the client's code. This fixture connects the two,
and imports the client only when a test requests it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendblue_contacts import Sendblue

    from .sandbox import Sandbox


@pytest.fixture
def sendblue_client(sendblue_sandbox: Sandbox) -> Iterator[Sendblue]:
    """A `sendblue_contacts.Sendblue` for `sendblue_sandbox`, without a client-side rate limit."""
    from sendblue_contacts import Sendblue  # noqa: PLC0415 - imported only when a test requests the fixture

    api_key, api_secret = sendblue_sandbox.credentials
    with Sendblue(api_key, api_secret, base_url=sendblue_sandbox.url, rate_limit=None) as client:
        yield client
