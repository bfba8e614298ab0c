"""Constants and types that the tests of the sandbox share: paths and numbers of the API, and its fixtures."""

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import httpx
from sendblue_sandbox import Sandbox

Serve: TypeAlias = Callable[..., Sandbox]
Connect: TypeAlias = Callable[..., httpx.Client]
Edited: TypeAlias = Callable[..., Path]

PATH = "/api/v2/contacts"
ADA, BOB = "+14155551234", "+14155555678"
ADA_PATH = f"{PATH}/%2B14155551234"
CREDENTIALS = {"sb-api-key-id": "key", "sb-api-secret-key": "secret"}
# No test uses TLS, and loading the certificates takes longer than most tests.
TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
JSON = {"content-type": "application/json"}


def outcome(response: httpx.Response) -> tuple[int, str]:
    """Return the status and the message of a response."""
    return response.status_code, response.json().get("message", "")
