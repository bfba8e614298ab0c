"""The TLS context of a client, made for its first https connection: reading the certificates takes 20 ms."""

from __future__ import annotations

import errno
import os
import ssl

from ._httpx import httpx

_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_PROTOCOLS = ["http/1.1"]  # what httpcore negotiates without HTTP/2


class TlsContext:
    """Makes one context, which all connections of a client use, also in the child of a fork.

    Raises:
        FileNotFoundError: A variable names a path for the certificates that does not exist.
    """

    def __init__(self) -> None:
        for name in _VARIABLES:
            path = os.environ.get(name)
            if path and not os.path.exists(path):  # noqa: PTH110  # pathlib would be imported for this alone
                raise FileNotFoundError(errno.ENOENT, f"{name} names a path that does not exist", path)
        self.placeholder: ssl.SSLContext = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        """The context for httpx. It trusts no certificate: a handshake with it fails."""
        self._context: ssl.SSLContext | None = None

    def context_for(self, given: ssl.SSLContext) -> ssl.SSLContext:
        """Return the context with the certificates for the placeholder, and any other context unchanged."""
        if given is not self.placeholder:  # of a proxy
            return given
        if self._context is None:
            try:
                context = httpx.create_ssl_context()
            except OSError as error:
                raise httpx.ConnectError(f"the trusted certificates cannot be read: {error}") from error
            context.set_alpn_protocols(_PROTOCOLS)
            self._context = context
        return self._context
