"""Hooks for forks. In the child, the locks and the imports of the other threads stay as they were."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

if TYPE_CHECKING:
    from collections.abc import Callable


_REGISTERED: WeakSet[Any] = WeakSet()
"""Objects with state that must not be carried over into the child, and the method `after_fork` that resets it."""


def reset_after_fork(target: Any) -> None:  # noqa: ANN401  # as above
    """Call `target.after_fork()` in the child of each fork, for as long as the object exists."""
    add_hooks(after_in_child=_reset_all)
    _REGISTERED.add(target)


def _reset_all() -> None:
    for target in _REGISTERED:
        target.after_fork()


@cache
def import_before_fork(*modules: str) -> None:
    """Import these modules before each fork, or wait for the thread that imports them."""
    with suppress(RuntimeError):  # the interpreter is exiting
        import_module("concurrent.futures.thread")  # already here, because it adds hooks of its own
    trio = "anyio._backends._trio"
    add_hooks(before=lambda: [import_module(name) for name in (*modules, *[trio][: "trio" in sys.modules])])


@cache
def add_hooks(**hooks: Callable[[], Any]) -> None:
    """Pass hooks to `os.register_at_fork`, once."""
    if hasattr(os, "register_at_fork"):  # Windows has no fork
        os.register_at_fork(**hooks)
