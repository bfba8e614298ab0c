"""`Sandbox`: one state behind a server and an in-process app.

This module imports only the standard library. What the extra installs is imported when a `Sandbox` is created.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Self

from .config import BulkExisting, OffsetCeiling, PathLike, RetryAfter, Settings, Spelling

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from starlette.types import ASGIApp

    from .clock import Clock
    from .factory import Runtime
    from .faults.rules import Faults
    from .httpx_transports import AsyncTransport, Transport
    from .rate_limit.window_models import WindowName
    from .recorder import Received
    from .server.uvicorn_server import ServerThread

INSTALL_HINT = 'The sandbox needs packages that are not installed ({}). Run: pip install "sendblue-contacts[sandbox]"'


class Sandbox:
    """A local server that behaves like the documented Sendblue Contacts API.

    `with Sandbox() as sandbox:` starts it on a free port; `Sandbox().asgi` is the app for use in this process.

    Args:
        spelling: The field names in responses: `snake` (`first_name`), `camel` (`firstName`), or `both`, as the live
            API returns them.
        limit: The maximum number of requests of one API key in any `per` seconds; None for no limit.
        per: The length of that window in seconds.
        window: How requests are counted: `log` (an exact log), `log_all` (an exact log that includes refused
            requests), `fixed` (consecutive windows), `counters` (an estimate from two consecutive windows) or
            `bucket` (a token bucket).
        retry_after: The `Retry-After` header of a 429 response: the number of `seconds`, a `date`, or `none`.
        db: A file to keep contacts in; None keeps them in memory.
        api_key: The API key that requests must have; None accepts any that is not empty.
        api_secret: The secret that requests must have; passed together with `api_key`.
        bulk_existing: What a bulk create does with an existing number: `fail` for this item, or `update` the contact.
        bulk_max: The maximum number of items in a bulk request; a larger one is refused with 413. None for no maximum.
        bulk_seconds_per_item: Real seconds that a bulk request takes for each item, before it is executed: also if the
            client does not wait so long.
        offset_ceiling: What a list does with an offset above the maximum: `clamp` it, or `refuse` the request.
        max_body_bytes: The maximum size of a request body in bytes; a larger one is refused with 413.
        read_lag: Seconds by which reads lag behind writes, as those of a read replica do: lists, counts and look-ups
            show the contacts as they were so many seconds ago. `clock.advance` lets them catch up.
        document: The path of an OpenAPI document; None uses the one in this package.
        clock: Returns the time in seconds since 1970, for `created_at` and the rate limit.
        host: The address to listen on.
        port: The port to listen on; 0 for any free port.
        allowed_hosts: Host names, in addition to IP addresses, `localhost` and `host`, under which the server can be
            reached. A request for any other name is refused with 403, so that no web page can reach the sandbox under
            a name of its own (DNS rebinding).

    Raises:
        ImportError: The extra `sandbox` is not installed.
        ValueError: A setting or the document is invalid, or the file is not a sandbox database, or it is in use by a
            sandbox with another spelling or document.
        FileNotFoundError: The document does not exist.
    """

    def __init__(
        self,
        *,
        spelling: Spelling = "both",
        limit: int | None = 100,
        per: float = 10.0,
        window: WindowName = "log",
        retry_after: RetryAfter = "seconds",
        db: PathLike | None = None,
        api_key: str | None = None,
        api_secret: str | None = None,
        bulk_existing: BulkExisting = "fail",
        bulk_max: int | None = None,
        bulk_seconds_per_item: float = 0.0,
        offset_ceiling: OffsetCeiling = "clamp",
        max_body_bytes: int = 1_048_576,
        read_lag: float = 0.0,
        document: PathLike | None = None,
        clock: Callable[[], float] = time.time,
        host: str = "127.0.0.1",
        port: int = 0,
        allowed_hosts: Sequence[str] = (),
    ) -> None:
        settings = Settings(
            spelling=spelling,
            limit=limit,
            per=per,
            window=window,
            retry_after=retry_after,
            db=db,
            api_key=api_key,
            api_secret=api_secret,
            bulk_existing=bulk_existing,
            bulk_max=bulk_max,
            bulk_seconds_per_item=bulk_seconds_per_item,
            offset_ceiling=offset_ceiling,
            max_body_bytes=max_body_bytes,
            read_lag=read_lag,
            document=document,
            host=host,
            port=port,
            allowed_hosts=allowed_hosts,
        )
        self._runtime = _create_runtime(settings, clock)
        self._state = self._runtime.state
        self._server: ServerThread | None = None
        self._closed = False

    @property
    def url(self) -> str:
        """The address of the running server, for example `http://127.0.0.1:40100`.

        Raises:
            RuntimeError: The sandbox is not running.
        """
        if self._server is None:
            message = "The sandbox is not running. Use `with Sandbox() as sandbox:`, or call start() first."
            raise RuntimeError(message)
        return self._server.url

    @property
    def asgi(self) -> ASGIApp:
        """The ASGI app for use in this process, with the same contacts, limit and settings. No start is needed."""
        return self._runtime.asgi

    @property
    def transport(self) -> Transport:
        """A new transport for an in-process `httpx.Client`: `httpx.Client(transport=sandbox.transport, …)`.

        Its thread ends when the client is closed. Needs httpx.
        """
        from .httpx_transports import Transport  # noqa: PLC0415 - httpx is not part of the extra

        return Transport(self._runtime.asgi)

    @property
    def async_transport(self) -> AsyncTransport:
        """A new transport for an in-process `httpx.AsyncClient`. Needs httpx."""
        from .httpx_transports import AsyncTransport  # noqa: PLC0415 - httpx is not part of the extra

        return AsyncTransport(self._runtime.asgi)

    @property
    def credentials(self) -> tuple[str, str]:
        """An API key and a secret that this sandbox accepts."""
        settings = self._state.context.settings
        return settings.api_key or "sandbox-key", settings.api_secret or "sandbox-secret"

    @property
    def requests(self) -> list[Received]:
        """The newest requests with a response, oldest first: at most 10,000, with at most 16 MiB of bodies."""
        return self._state.recorder.all()

    def start(self) -> Self:
        """Start the server, and return when it is ready. Does nothing if the server is running.

        Raises:
            OSError: The port is in use.
            RuntimeError: The sandbox is closed.
        """
        if self._closed:
            raise RuntimeError("The sandbox is closed and its contacts are gone. Create a new one, or use stop().")
        if self._server is None:
            self._server = self._runtime.serve()
        return self

    def stop(self) -> None:
        """Stop the server and keep the contacts, so that `start` serves them again. Does nothing if it is stopped."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def close(self) -> None:
        """Stop the server and close the store. Contacts in memory are lost, and `start` raises from now on."""
        self.stop()
        self._closed = True
        self._state.context.store.close()

    def reset(self) -> None:
        """Delete all contacts, opt-outs, requests and faults, empty the window, and follow real time."""
        self._state.reset()

    def seed(self, count: int = 100, *, seed: int = 0) -> list[str]:
        """Create realistic contacts in addition to the existing ones.

        Args:
            count: The number of contacts.
            seed: The same seed creates the same contacts; only `created_at` depends on the current time.

        Returns:
            Their phone numbers, in order of creation.

        Raises:
            ValueError: Not enough phone numbers are left, or an argument is not an integer.
        """
        return self._state.seed(count, seed)

    @property
    def faults(self) -> Faults:
        """The fault rules: `sandbox.faults.add(what="reset", operation="create_contact", nth=2)`."""
        return self._state.faults

    @property
    def clock(self) -> Clock:
        """The clock of the rate limit and of timestamps: `sandbox.clock.advance(10)` lets a window pass."""
        return self._state.clock

    def contacts(self) -> list[dict[str, Any]]:
        """Return every contact under preferred field names, in order of creation."""
        return self._state.contacts()

    def arrivals(self) -> int:
        """Return the highest number of requests of one API key in any `per` seconds, refused ones included."""
        return self._state.limiter.max_arrivals

    def __enter__(self) -> Self:
        """Start the server."""
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the sandbox."""
        self.close()

    def __repr__(self) -> str:
        """Return the address, without credentials."""
        where = "not running" if self._server is None else self._server.url
        return f"<Sandbox {where}>"


def _create_runtime(settings: Settings, clock: Callable[[], float]) -> Runtime:
    try:
        from .factory import create_runtime  # noqa: PLC0415 - imports everything that the extra installs
    except ModuleNotFoundError as error:
        raise ImportError(INSTALL_HINT.format(error.name), name=error.name) from error
    return create_runtime(settings, clock)
