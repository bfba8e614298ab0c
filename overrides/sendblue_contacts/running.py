"""How a resource has an operation sent: by its client, in either world, as a value or as the response. Types only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from .operations import Operation
    from .raw_response import RawResponse

T = TypeVar("T")


class Run(Protocol):
    """Sends an operation and gives the value of its answer."""

    def __call__(self, operation: Operation[T], /) -> T:
        """Send it."""
        ...


class AsyncRun(Protocol):
    """As `Run`, awaited."""

    async def __call__(self, operation: Operation[T], /) -> T:
        """Send it."""
        ...


class RunRaw(Protocol):
    """Sends an operation and gives its response."""

    def __call__(self, operation: Operation[T], /) -> RawResponse[T]:
        """Send it."""
        ...


class AsyncRunRaw(Protocol):
    """As `RunRaw`, awaited."""

    async def __call__(self, operation: Operation[T], /) -> RawResponse[T]:
        """Send it."""
        ...
