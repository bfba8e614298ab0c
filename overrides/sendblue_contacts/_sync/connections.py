# Emitted by scripts/regenerate from _async/connections.py. Edit that file, then run scripts/regenerate.
"""The connections of a client: bounded in time and size, closed for good with the client, not shared after a fork.

    retry → rate limit → connections → httpx

httpx decides when to open a connection and when to use it again. This module adds what a client promises beyond that:

    | promise                                                     | how                                              |
    |-------------------------------------------------------------|--------------------------------------------------|
    | a call ends by its deadline, however slowly bytes arrive    | `_Stream` limits each read and write        |
    | nothing is sent and no connection is open after `close`    | `_Streams` refuses, and closes what is open |
    | an unrequested response is not taken for the next one       | a connection with unread bytes is not used again |
    | parent and child of a fork never share a connection         | the child opens connections of its own           |

A response is read whole, and its size is limited, whatever transport sends the request. The rest needs connections that
this module opens: it does not apply to a `transport=` of the caller.
"""

from __future__ import annotations

import time
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakSet

from sendblue_contacts._httpx import httpx
from sendblue_contacts.body import BodyReader, discard_connection, has_unread_bytes, json_library
from sendblue_contacts.rate_limit import forks
from sendblue_contacts.request_context import closed_call, deadline_of, log_attempt, seconds_to_deadline
from sendblue_contacts.sleep import connected
from sendblue_contacts.tls import TlsContext

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable

_PIECE = 16 * 1024
"""Bytes that are sent at once: the timeout of a write applies to each part that the server receives."""
_FIRST_IMPORTS = (
    "certifi",
    "encodings.idna",  # by `socket.getaddrinfo`
    "sendblue_contacts._sync.bulk",
    "sendblue_contacts._sync.contacts",
    "sendblue_contacts._sync.raw_contacts",
    "sendblue_contacts.pagination",
)
"""What the first calls import."""


class _Stream:
    """One connection, as httpcore uses it: no read or write lasts longer than the deadline of the call."""

    def __init__(self, stream: Any, streams: _Streams) -> None:  # noqa: ANN401  # httpcore's stream
        self._stream = stream
        self._streams = streams
        streams.opened.add(self)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109  # httpcore's signature
        return cast("bytes", self._stream.read(max_bytes, seconds_to_deadline(timeout)))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109  # httpcore's signature
        self._streams.check_open(httpx.WriteError)  # it may be the last, empty write of a request that has arrived
        for start in range(0, len(buffer), _PIECE):
            seconds = seconds_to_deadline(timeout, httpx.WriteTimeout)
            self._stream.write(buffer[start : start + _PIECE], seconds)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore's signature
    ) -> _Stream:
        try:
            context = self._streams.tls.context_for(ssl_context)
            seconds = seconds_to_deadline(timeout, httpx.ConnectTimeout)
        except httpx.TransportError:
            self.close()  # httpcore leaves it to this method
            raise
        stream = self._stream.start_tls(context, server_hostname, seconds)
        return _Stream(stream, self._streams)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401  # httpcore's signature
        return self._stream.get_extra_info(info)


class _Streams:
    """Opens the connections of one client, as a network backend of httpcore."""

    def __init__(self, backend: Any, tls: TlsContext) -> None:  # noqa: ANN401  # httpcore's backend
        self._backend = backend
        self.tls = tls
        self.opened: WeakSet[_Stream] = WeakSet()
        self.closed = False

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> _Stream:
        self.check_open()
        seconds = seconds_to_deadline(timeout, httpx.ConnectTimeout)
        connect = partial(self._backend.connect_tcp, host, port, seconds, local_address, socket_options)
        stream = _Stream(connected(connect, seconds), self)
        if self.closed:  # meanwhile
            stream.close()
            self.check_open()
        return stream

    def check_open(self, error: type[httpx.NetworkError] = httpx.ConnectError) -> None:
        if self.closed:
            raise error("the client is closed")

    def shut_down(self) -> None:
        """End every read and write, and allow no others. The code that uses a connection closes it then."""
        self.closed = True
        for stream in list(self.opened):
            discard_connection(stream)


class ConnectionTransport(httpx.BaseTransport):
    """Sends requests with a transport of httpx, reads whole responses, and logs one line for each attempt."""

    def __init__(
        self,
        transport: httpx.BaseTransport | None,  # of the caller; None to open connections, through the proxy if any
        proxy: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._closed = False
        self._clock = clock
        self._proxy = proxy
        self._streams: _Streams | None = None
        if transport is None:
            self._tls = TlsContext()
            self._open()
            forks.import_before_fork(*_FIRST_IMPORTS)
            forks.add_hooks(before=json_library)
            forks.reset_after_fork(self)
        else:
            self._transport = transport

    def _open(self) -> None:
        self._transport = transport = httpx.HTTPTransport(verify=self._tls.placeholder, proxy=self._proxy)
        pool = cast("Any", transport)._pool  # noqa: SLF001  # httpx has no argument for the network backend
        self._streams = pool._network_backend = _Streams(pool._network_backend, self._tls)  # noqa: SLF001  # as above

    def after_fork(self) -> None:
        """In the child: open connections of its own. Those of the parent are not closed, which both would notice."""
        self._open()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request, read its response, and log the outcome."""
        if self._closed:
            raise closed_call(request)
        started = self._clock()
        try:
            with deadline_of(request):
                response = _read_whole(self._transport.handle_request(request))
        except httpx.TransportError as error:
            if self._closed:
                raise closed_call(request, error) from None
            log_attempt(request, type(error).__name__, self._clock() - started)
            raise
        response.elapsed = timedelta(seconds=self._clock() - started)
        log_attempt(request, response.status_code, response.elapsed.total_seconds())
        return response

    def close(self) -> None:
        """Close the connections. Calls that wait for a response raise."""
        self._closed = True
        if self._streams:
            self._streams.shut_down()
        self._transport.close()


def _read_whole(response: httpx.Response) -> httpx.Response:
    stream = cast("httpx.SyncByteStream", response.stream)
    connection = response.extensions.get("network_stream")
    try:
        reader = BodyReader(response.headers)
        try:
            for part in stream:
                # Leaving the loop would abandon the generators of httpx, so the connection is made to end.
                if not reader.add(part) and not discard_connection(connection):
                    break
        except httpx.TransportError:
            reader.raise_problem()
            raise
        response.stream = httpx.ByteStream(reader.result())
        response.read()
        if has_unread_bytes(stream):
            discard_connection(connection)
    finally:
        stream.close()
    return response
