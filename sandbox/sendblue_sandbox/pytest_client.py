"""The fixture with a client, in a file of its own: the one place of the sandbox that knows `sendblue_contacts`.

The sandbox checks the client, so it must not be made of it; `sendblue_client` hands the two to a test together, and
imports the client only when a test asks for it.
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
    """A `sendblue_contacts.Sendblue` on `sendblue_sandbox`, without a limit of its own."""
    from sendblue_contacts import Sendblue  # noqa: PLC0415 - see the top

    api_key, api_secret = sendblue_sandbox.credentials
    with Sendblue(api_key, api_secret, base_url=sendblue_sandbox.url, rate_limit=None) as client:
        yield client
