"""The stores that processes can share, and how their URLs are resolved."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from sendblue_contacts.rate_limit.config import RateLimit

    from .base import Store

_VALID = (
    "a rate limit store is memory, file:///a/path, redis://host or rediss://host, "
    "set with RateLimit(store=…) or SENDBLUE_RATE_LIMIT_STORE"
)
_UNPARSABLE = f"the URL of the rate limit store cannot be parsed: percent-encode special characters; {_VALID}"
_STORES = {"file": "file.FileStore", "redis": "redis.RedisStore", "rediss": "redis.RedisStore"}


def open_store(url: str, account: str, rate: RateLimit) -> Store | None:
    """The store of an account at this URL; None for `memory`, which needs none.

    Raises a ValueError without the URL, which may contain a password, if it is not one of a store.
    """
    if url == "memory":
        return None
    try:
        scheme = urlsplit(url).scheme if "://" in url else ""
    except ValueError:  # its message quotes the host, which may be a part of the password
        raise ValueError(_UNPARSABLE) from None
    if scheme not in _STORES:
        raise ValueError(_unknown_scheme(url, scheme))
    module, name = _STORES[scheme].split(".")
    store: Store = getattr(import_module(f".{module}", __name__), name)(url, account, rate)
    return store


def _unknown_scheme(url: str, scheme: str) -> str:
    """The error message. It shows at most the scheme, or a plain path."""
    if url.startswith("/") and "@" not in url:
        return f"{_VALID}; for this path write {Path(url).as_uri()}"
    return f"{_VALID}; {f'{scheme}://' if scheme else 'this URL'} is not supported"
