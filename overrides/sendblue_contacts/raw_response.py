"""`contacts.with_raw_response`: the same calls, returning the `httpx.Response` with a `parse()` that knows the type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, ParamSpec, TypeVar, cast

from ._httpx import httpx

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sendblue_contacts_api.models.contact import Contact

    from .contacts import AsyncContacts, Contacts
    from .listing import AsyncContactList, ContactList
    from .operations import Operation
    from .retry import Call

P = ParamSpec("P")
T = TypeVar("T")
V = TypeVar("V")


class RawResponse(httpx.Response, Generic[T]):
    """A response as httpx gives it, which can still be read as the value that the call returns."""

    _operation: Operation[T]
    _call: Call

    @staticmethod
    def of(response: httpx.Response, operation: Operation[V], call: Call) -> RawResponse[V]:
        """This response to this operation."""
        raw = cast("RawResponse[V]", object.__new__(RawResponse))
        raw.__dict__.update(response.__dict__, _operation=operation, _call=call)
        return raw

    def parse(self) -> T:
        """The value that the call returns.

        Raises:
            APIError: The status says that it is an error.
            APIResponseError: It is not what was documented.
        """
        return self._operation.finish(self, self._call)


class RawContacts:
    """The calls of `Contacts`, each returning the response. `list` returns that of its first page."""

    def __init__(self, contacts: Contacts) -> None:
        self.create: Final = _raw(contacts.create)
        self.upsert: Final = _raw(contacts.upsert)
        self.retrieve: Final = _raw(contacts.retrieve)
        self.get: Final = _raw(contacts.get)
        self.update: Final = _raw(contacts.update)
        self.delete: Final = _raw(contacts.delete)
        self.list: Final = _first_page(contacts.list)
        self.count: Final = _raw(contacts.count)
        self.verify: Final = _raw(contacts.verify)
        self.opt_out: Final = _raw(contacts.opt_out)


class AsyncRawContacts:
    """The calls of `AsyncContacts`, each returning the response. `list` returns that of its first page."""

    def __init__(self, contacts: AsyncContacts) -> None:
        self.create: Final = _async_raw(contacts.create)
        self.upsert: Final = _async_raw(contacts.upsert)
        self.retrieve: Final = _async_raw(contacts.retrieve)
        self.get: Final = _async_raw(contacts.get)
        self.update: Final = _async_raw(contacts.update)
        self.delete: Final = _async_raw(contacts.delete)
        self.list: Final = _async_first_page(contacts.list)
        self.count: Final = _async_raw(contacts.count)
        self.verify: Final = _async_raw(contacts.verify)
        self.opt_out: Final = _async_raw(contacts.opt_out)


# The resource that is handed in has its operations run raw, so that only the types have to be told.


def _raw(call: Callable[P, T]) -> Callable[P, RawResponse[T]]:
    return cast("Callable[P, RawResponse[T]]", call)


def _async_raw(call: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[RawResponse[T]]]:
    return cast("Callable[P, Awaitable[RawResponse[T]]]", call)


def _first_page(call: Callable[P, ContactList]) -> Callable[P, RawResponse[list[Contact]]]:
    def list_(*args: P.args, **kwargs: P.kwargs) -> RawResponse[list[Contact]]:
        return cast("RawResponse[list[Contact]]", call(*args, **kwargs).page())

    return list_


def _async_first_page(call: Callable[P, AsyncContactList]) -> Callable[P, Awaitable[RawResponse[list[Contact]]]]:
    async def list_(*args: P.args, **kwargs: P.kwargs) -> RawResponse[list[Contact]]:
        return cast("RawResponse[list[Contact]]", await call(*args, **kwargs).page())

    return list_
