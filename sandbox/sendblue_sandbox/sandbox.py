"""`Sandbox`: one state, behind a started server and an in-process app alike.

This module needs nothing that is not installed: what the extra brings is imported when a `Sandbox` is made.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Self

from .config import BulkExisting, OffsetCeiling, PathLike, RetryAfter, Settings, Spelling

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from starlette.types import ASGIApp

    from .clock import Clock
    from .factory import Opened
    from .faults.rules import Faults
    from .httpx_transports import AsyncTransport, Transport
    from .rate_limit.window_models import Model
    from .recorder import Received
    from .server.uvicorn_server import Server

INSTALL = 'The sandbox needs packages that are not installed ({}): pip install "sendblue-contacts[sandbox]"'


class Sandbox:
    """A server on this machine that behaves as the documented Sendblue Contacts API does.

    `with Sandbox() as sandbox:` starts it on a free port; `Sandbox().asgi` is the app for use in this process.

    Args:
        spelling: The spelling of answers: `both` at once, as seen live, or `snake`, or `camel`.
        limit: The most requests of one API key in any `per` seconds; None for no limit.
        per: The length of that window in seconds.
        window: How requests are counted: `log` by an exact log, `log_all` with refused ones too, `fixed` in windows
            that follow upon each other, `counters` by an estimate from two of those, or `bucket` by tokens.
        retry_after: What a refused request is told: the `seconds` to wait, the `date` to wait for, or `none`.
        db: A file to keep contacts in; None keeps them in memory.
        api_key: The key that requests must have; None accepts any that is not empty.
        api_secret: The secret that requests must have; given together with `api_key`.
        bulk_existing: What a bulk create does with a number that exists: `fail` for this item, or `update` the contact.
        offset_ceiling: What a list does with an offset that is too high: `clamp` or `refuse` it.
        max_body_bytes: The largest request body in bytes; a larger one is answered with 413.
        document: The OpenAPI document; None takes the one that came with this package.
        clock: The time in seconds since 1970, for `created_at` and the limit.
        host: The address to listen on.
        port: The port to listen on; 0 takes a free one.

    Raises:
        ImportError: The extra is not installed.
        ValueError: A setting cannot be, the file is no database of a sandbox, or the document is none.
        FileNotFoundError: There is no document.
    """

    def __init__(
        self,
        *,
        spelling: Spelling = "both",
        limit: int | None = 100,
        per: float = 10.0,
        window: Model = "log",
        retry_after: RetryAfter = "seconds",
        db: PathLike | None = None,
        api_key: str | None = None,
        api_secret: str | None = None,
        bulk_existing: BulkExisting = "fail",
        offset_ceiling: OffsetCeiling = "clamp",
        max_body_bytes: int = 1_048_576,
        document: PathLike | None = None,
        clock: Callable[[], float] = time.time,
        host: str = "127.0.0.1",
        port: int = 0,
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
            offset_ceiling=offset_ceiling,
            max_body_bytes=max_body_bytes,
            document=document,
            host=host,
            port=port,
        )
        self._opened = _opened(settings, clock)
        self._state = self._opened.state
        self._server: Server | None = None
        self._closed = False

    @property
    def url(self) -> str:
        """The address of the running server, as `http://127.0.0.1:40100`.

        Raises:
            RuntimeError: It is not running.
        """
        if self._server is None:
            message = "The sandbox is not running: use `with Sandbox() as sandbox:`, or call start() first."
            raise RuntimeError(message)
        return self._server.url

    @property
    def asgi(self) -> ASGIApp:
        """The app for use in this process, on the same contacts, limit and settings; nothing needs to be started."""
        return self._opened.asgi

    @property
    def transport(self) -> Transport:
        """A transport for an `httpx.Client` in this process: `httpx.Client(transport=sandbox.transport, …)`.

        Each is new; its thread ends when the client is closed. Needs httpx.
        """
        from .httpx_transports import Transport  # noqa: PLC0415 - httpx is no part of the extra

        return Transport(self._opened.asgi)

    @property
    def async_transport(self) -> AsyncTransport:
        """A transport for an `httpx.AsyncClient` in this process. Needs httpx."""
        from .httpx_transports import AsyncTransport  # noqa: PLC0415 - httpx is no part of the extra

        return AsyncTransport(self._opened.asgi)

    @property
    def credentials(self) -> tuple[str, str]:
        """A key and a secret that this sandbox accepts."""
        settings = self._state.desk.settings
        return settings.api_key or "sandbox-key", settings.api_secret or "sandbox-secret"

    @property
    def requests(self) -> list[Received]:
        """The newest requests that were answered, oldest first: at most 10,000, with at most 16 MiB of bodies."""
        return self._state.requests.all()

    def start(self) -> Self:
        """Start the server; it is ready when this returns. Does nothing if it is running.

        Raises:
            OSError: The port is taken.
            RuntimeError: The sandbox was closed.
        """
        if self._closed:
            raise RuntimeError("The sandbox was closed and its contacts are gone: make a new one, or use stop().")
        if self._server is None:
            self._server = self._opened.serve()
        return self

    def stop(self) -> None:
        """Stop the server and keep the contacts; `start` serves them again. Does nothing if it is not running."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def close(self) -> None:
        """Stop the server and close the store: contacts in memory are gone, and `start` is refused from here on."""
        self.stop()
        self._closed = True
        self._state.desk.store.close()

    def reset(self) -> None:
        """Forget every contact, opt-out, request and fault, open the limit, and follow the real time."""
        self._state.reset()

    def seed(self, count: int = 100, *, seed: int = 0) -> list[str]:
        """Add contacts that look like those of people, quickly, and whatever is there already.

        Args:
            count: How many.
            seed: The same makes the same people; only the moments of their creation end now.

        Returns:
            Their numbers, the newest contact's last.

        Raises:
            ValueError: There are not so many numbers left, or an argument is no whole number.
        """
        return self._state.seed(count, seed)

    @property
    def faults(self) -> Faults:
        """What goes wrong: `sandbox.faults.add(what="reset", operation="create_contact", nth=2)`."""
        return self._state.faults

    @property
    def clock(self) -> Clock:
        """The time of the limit and of timestamps: `sandbox.clock.advance(10)` makes the window pass."""
        return self._state.clock

    def contacts(self) -> list[dict[str, Any]]:
        """Every contact under preferred names, in the order in which they were made."""
        return self._state.contacts()

    def arrivals(self) -> int:
        """The most requests of one API key that arrived in any window of `per` seconds, refused ones included."""
        return self._state.limit.most

    def __enter__(self) -> Self:
        """Start."""
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def __repr__(self) -> str:
        """Where it is, without credentials."""
        where = "not running" if self._server is None else self._server.url
        return f"<Sandbox {where}>"


def _opened(settings: Settings, clock: Callable[[], float]) -> Opened:
    try:
        from .factory import opened  # noqa: PLC0415 - everything that comes with the extra is behind it
    except ModuleNotFoundError as error:
        raise ImportError(INSTALL.format(error.name), name=error.name) from error
    return opened(settings, clock)
