# Emitted by scripts/regenerate from _async/sending.py. Edit that file, then run scripts/regenerate.
"""How a resource has its client send an operation: for the value that the call returns, or for the response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from sendblue_contacts.operations import Operation

T = TypeVar("T")


class Send(Protocol):
    """Sends an operation and returns its value. `with_raw_response` has one that returns the response instead."""

    def __call__(self, operation: Operation[T], /) -> T:
        """Send the operation."""
        ...
