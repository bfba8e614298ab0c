"""The transports of a client over a server with a list of outcomes, and a clock that moves only when a test waits."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import anyio
import anyio.lowlevel
import httpx
from sendblue_contacts import Attempt, RateLimit, RateLimiter, Retry
from sendblue_contacts._async.connections import AsyncConnectionTransport
from sendblue_contacts._async.transports import AsyncRateLimitTransport, AsyncRetryTransport
from sendblue_contacts._sync.connections import ConnectionTransport
from sendblue_contacts._sync.transports import RateLimitTransport, RetryTransport
from sendblue_contacts.rate_limit.wait_queue import AsyncWaiter, ThreadWaiter
from sendblue_contacts.request_context import Hooks

NUMBER = "+12025550187"
OK = {"status": "OK", "count": 3, "contact": {"phone": NUMBER}}
"""A response that each call of one contact accepts."""

Outcome = int | httpx.Response | Exception


class Clock:
    """A clock that moves when a test sleeps or waits."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []
        self.meanwhile: Callable[[], object] = lambda: None

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Advance the time instead of sleeping."""
        self.pauses.append(seconds)
        self.now += seconds

    async def async_sleep(self, seconds: float) -> None:
        """Like `sleep`, for tasks."""
        await anyio.lowlevel.checkpoint()
        self.sleep(seconds)

    def wait(self, seconds: float | None) -> None:
        """Advance the time instead of waiting for a slot; `meanwhile` is called once."""
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        assert seconds is not None, "would wait forever"
        self.now += seconds

    def limiter(self, rate: RateLimit | None) -> RateLimiter:
        """Return a limiter that uses this clock."""
        clock = self

        class FakeWaiter(ThreadWaiter):
            def wait(self, seconds: float | None) -> None:
                clock.wait(seconds)

        class FakeAsyncWaiter(AsyncWaiter):
            async def wait(self, seconds: float | None) -> None:
                await anyio.lowlevel.checkpoint()
                clock.wait(seconds)

        return RateLimiter(rate, clock=self, thread_waiter=FakeWaiter, async_waiter=FakeAsyncWaiter)


class Server:
    """Sends the responses of a list, and records the requests and their timeouts. `before` is called for each."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)
        self.requests: list[str] = []
        self.timeouts: list[dict[str, float]] = []
        self.before: Callable[[], object] = lambda: None
        self.transport = httpx.MockTransport(self.respond)

    def respond(self, request: httpx.Request) -> httpx.Response:
        """Respond with the next outcome: a status, a response or an error; after the last one with 200."""
        self.requests.append(f"{request.method} {request.url.raw_path.decode()}")
        self.timeouts.append(dict(request.extensions["timeout"]))
        self.before()
        outcome = self.outcomes.pop(0) if self.outcomes else 200
        if isinstance(outcome, Exception):
            raise outcome
        return httpx.Response(outcome, json=OK) if isinstance(outcome, int) else outcome


class TransportHarness:
    """The transports of one client, over a server."""

    def __init__(
        self,
        kind: str,
        *outcomes: Outcome,
        retry: Retry | None = Retry(),  # noqa: B008  # frozen
        limiter: RateLimiter | None = None,
        clock: Clock | None = None,
        on_attempt: Callable[[Attempt], object] | None = None,
    ) -> None:
        self.kind = kind
        self.server = Server(*outcomes)
        self.clock = clock or Clock()
        self.retry = retry
        self.hooks = Hooks(on_attempt)
        self.limiter = limiter or self.clock.limiter(RateLimit(100, 10.0))

    def send(self, method: str = "GET", path: str = "/api/v2/contacts", **kwargs: Any) -> httpx.Response:
        """Send one request through all transports."""
        settings = {"base_url": "https://api.example", "timeout": 30.0}
        if self.kind == "sync":
            with httpx.Client(transport=self._transport(), **settings) as client:  # type: ignore[arg-type]  # arguments of httpx
                return client.request(method, path, **kwargs)

        async def main() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._async_transport(), **settings) as client:  # type: ignore[arg-type]  # arguments of httpx
                return await client.request(method, path, **kwargs)

        return anyio.run(main, backend=self.kind)

    def _transport(self) -> RetryTransport:
        limited = RateLimitTransport(ConnectionTransport(self.server.transport, clock=self.clock), self.limiter)
        return RetryTransport(
            limited, self.retry, self.hooks, clock=self.clock, sleep=self.clock.sleep, random=lambda: 1.0
        )

    def _async_transport(self) -> AsyncRetryTransport:
        connections = AsyncConnectionTransport(self.server.transport, clock=self.clock)
        limited = AsyncRateLimitTransport(connections, self.limiter)
        settings: dict[str, Any] = {"clock": self.clock, "sleep": self.clock.async_sleep, "random": lambda: 1.0}
        return AsyncRetryTransport(limited, self.retry, self.hooks, **settings)


def throttled(seconds: str | None = None) -> httpx.Response:
    """Return a 429."""
    return httpx.Response(429, headers={} if seconds is None else {"retry-after": seconds})


class BrokenBody(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that ends in the middle."""

    def __init__(self) -> None:
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        yield b'{"status": '
        raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self:
            yield part

    def close(self) -> None:
        """Close the connection."""
        self.closed = True

    async def aclose(self) -> None:
        """Like `close`, for tasks."""
        self.closed = True
