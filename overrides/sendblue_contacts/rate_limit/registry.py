"""The limiters that the clients of one process share: one for each account, whichever of its hosts they use."""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING

from .limiter import RateLimiter

if TYPE_CHECKING:
    from .config import RateLimit

_LOG = logging.getLogger("sendblue_contacts")
_DIFFERENT_LIMIT = (
    "another client of this process uses a different rate limit for the same account than %r: together they may send "
    "more than either allows; pass the same rate_limit= to all clients of an account, or the rate_limit of the first"
)
_DIFFERENT_SETTINGS = (
    "clients of one account share the settings of their rate limit, which are %r, not %r; "
    "pass the same rate_limit= to all of them"
)


_LIMITERS: dict[tuple[str, str | None, int, float], RateLimiter] = {}
"""The shared limiters, by account, store, limit and window. No lock: a thread may hold it at a fork."""


def shared_limiter(api_key: str, host: str, rate: RateLimit) -> RateLimiter:
    """The limiter of this account, the same one for all clients of this process, and for as long as the process exists.

    Accounts are identified by a hash of their key, and by the host and port of a server on this machine, which has
    accounts of its own (empty for all others). The other settings of the limit are those of the first client, because
    two windows would admit twice the limit.
    """
    account = hashlib.sha256(f"{host}\n{api_key}".encode()).hexdigest()
    key = account, rate.store, rate.limit, rate.per
    if key not in _LIMITERS and any(other[0] == account for other in list(_LIMITERS)):
        _LOG.warning(_DIFFERENT_LIMIT, rate)
    limiter = _LIMITERS.get(key) or _LIMITERS.setdefault(key, RateLimiter(rate, account=account))
    if limiter.rate != rate:
        _LOG.warning(_DIFFERENT_SETTINGS, limiter.rate, rate)
    return limiter
