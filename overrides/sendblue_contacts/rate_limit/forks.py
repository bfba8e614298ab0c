"""Rate limit, after a fork: the child has no threads that wait, and no requests in flight."""

from __future__ import annotations

import os
from functools import cache
from typing import Protocol
from weakref import WeakSet


class Forked(Protocol):
    """What has to be told of a fork."""

    def after_fork(self) -> None:
        """This process is the child."""


_WATCHED: WeakSet[Forked] = WeakSet()


def watch(limiter: Forked) -> None:
    """Tell this one when the process is the child of a fork."""
    _register()
    _WATCHED.add(limiter)


@cache
def _register() -> None:
    if hasattr(os, "register_at_fork"):  # there is no fork on Windows
        os.register_at_fork(after_in_child=_tell_all)


def _tell_all() -> None:
    for limiter in _WATCHED:
        limiter.after_fork()
