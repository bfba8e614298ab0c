"""The two clients: `AsyncSendblue` for tasks, written by hand, and `Sendblue` for threads, emitted from it."""

from ._async.client import AsyncSendblue
from ._sync.client import Sendblue

__all__ = ["AsyncSendblue", "Sendblue"]
