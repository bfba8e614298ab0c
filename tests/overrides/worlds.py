"""The three worlds a client lives in (threads, asyncio, trio), behind one plain call, so that one test serves all."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import anyio
import httpx
from sendblue_contacts import AsyncSendblue, Retry, Sendblue

if TYPE_CHECKING:
    from collections.abc import Callable

WORLDS = ("sync", "asyncio", "trio")

AT_ONCE = Retry(base=1e-9, throttling_base=1e-9)
"""The usual retries, without pauses that anybody could notice."""

_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Nothing here is encrypted, and the certificates of the world take 20 ms to load."""


def wire(world: str) -> httpx.HTTPTransport | httpx.AsyncHTTPTransport:
    """What a client of this world sends with, over real sockets."""
    return httpx.HTTPTransport(verify=_NO_TLS) if world == "sync" else httpx.AsyncHTTPTransport(verify=_NO_TLS)


def ask(world: str, call: Callable[[Any], Any], **settings: Any) -> Any:  # noqa: ANN401  # whatever the call returns
    """Make a client of this world, have it called, and close it. Without a limit unless one is given."""
    settings = {"api_key": "key", "api_secret": "secret", "rate_limit": None, "transport": wire(world), **settings}
    if world == "sync":
        with Sendblue(**settings) as client:
            return call(client)

    async def main() -> Any:  # noqa: ANN401  # as above
        async with AsyncSendblue(**settings) as client:
            return await call(client)

    return anyio.run(main, backend=world)
