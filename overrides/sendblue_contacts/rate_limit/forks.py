"""Resets the limiters of a process in the child of a fork, where no thread waits and no request is in flight."""

from __future__ import annotations

import os
from functools import cache
from typing import Protocol
from weakref import WeakSet


class ForkAware(Protocol):
    """An object with state that must not be carried over into the child of a fork."""

    def after_fork(self) -> None:
        """Reset the state; called in the child."""


_REGISTERED: WeakSet[ForkAware] = WeakSet()


def reset_after_fork(target: ForkAware) -> None:
    """Call `target.after_fork()` in the child of each fork, for as long as the object exists."""
    _install_hook()
    _REGISTERED.add(target)


@cache
def _install_hook() -> None:
    if hasattr(os, "register_at_fork"):  # Windows has no fork
        os.register_at_fork(after_in_child=_reset_all)


def _reset_all() -> None:
    for target in _REGISTERED:
        target.after_fork()
