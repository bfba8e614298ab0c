# Emitted by scripts/regenerate from operations.py and pagination/arguments.py. Edit that file, then run scripts/regenerate.
"""The calls of `contacts`, each returning the response: the types of `contacts.with_raw_response`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sendblue_contacts.raw_response import RawResponse
    from sendblue_contacts_api.models.contact import Contact

    from .calls import AsyncContactCalls
    from .listing import AsyncContactList

P = ParamSpec("P")
T = TypeVar("T")


class AsyncRawContacts:
    """The calls of `AsyncContacts`, each returning the response. `list` returns the response of its first page."""

    def __init__(self, calls: AsyncContactCalls) -> None:
        self.create: Final = _raw(calls.create)
        self.upsert: Final = _raw(calls.upsert)
        self.retrieve: Final = _raw(calls.retrieve)
        self.get: Final = _raw(calls.get)
        self.update: Final = _raw(calls.update)
        self.delete: Final = _raw(calls.delete)
        self.count: Final = _raw(calls.count)
        self.verify: Final = _raw(calls.verify)
        self.opt_out: Final = _raw(calls.opt_out)
        self.list: Final = _first_page(calls.list)


# The calls given to `AsyncRawContacts` send each operation raw already, so only their types change.


def _raw(call: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[RawResponse[T]]]:
    return cast("Callable[P, Awaitable[RawResponse[T]]]", call)


def _first_page(call: Callable[P, AsyncContactList]) -> Callable[P, Awaitable[RawResponse[list[Contact]]]]:
    async def list_(*args: P.args, **kwargs: P.kwargs) -> RawResponse[list[Contact]]:
        return cast("RawResponse[list[Contact]]", await call(*args, **kwargs).page())

    return list_
