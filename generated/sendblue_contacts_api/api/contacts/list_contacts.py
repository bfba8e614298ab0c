from __future__ import annotations

import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import httpx

from ... import errors
from ...models.contact import Contact
from ...models.error import Error
from ...models.order_direction import OrderDirection
from ...types import UNSET, Response, Unset

if TYPE_CHECKING:
    from ...client import AuthenticatedClient, Client


def _get_kwargs(
    *,
    cid: str | Unset = UNSET,
    limit: int | Unset = UNSET,
    offset: int | Unset = UNSET,
    order_by: str | Unset = UNSET,
    order_direction: OrderDirection | Unset = UNSET,
    phone_number: str | Unset = UNSET,
    created_at_gte: datetime.datetime | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["cid"] = cid

    params["limit"] = limit

    params["offset"] = offset

    params["order_by"] = order_by

    json_order_direction: str | Unset = UNSET
    if not isinstance(order_direction, Unset):
        json_order_direction = order_direction

    params["order_direction"] = json_order_direction

    params["phone_number"] = phone_number

    json_created_at_gte: str | Unset = UNSET
    if not isinstance(created_at_gte, Unset):
        json_created_at_gte = created_at_gte.isoformat()
    params["created_at_gte"] = json_created_at_gte

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/v2/contacts",
        "params": params,
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Error | list[Contact] | None:
    if response.status_code == 200:
        response_200: list[Contact] = []
        _response_200 = response.json()
        for response_200_item_data in _response_200:
            response_200_item = Contact.from_dict(response_200_item_data)

            response_200.append(response_200_item)

        return response_200

    if response.status_code == 400:
        response_400 = Error.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = Error.from_dict(response.json())

        return response_401

    if response.status_code == 403:
        response_403 = Error.from_dict(response.json())

        return response_403

    if response.status_code == 422:
        response_422 = Error.from_dict(response.json())

        return response_422

    if response.status_code == 429:
        response_429 = Error.from_dict(response.json())

        return response_429

    if 500 <= response.status_code <= 599:
        response_5xx = Error.from_dict(response.json())

        return response_5xx

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[Error | list[Contact]]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    cid: str | Unset = UNSET,
    limit: int | Unset = UNSET,
    offset: int | Unset = UNSET,
    order_by: str | Unset = UNSET,
    order_direction: OrderDirection | Unset = UNSET,
    phone_number: str | Unset = UNSET,
    created_at_gte: datetime.datetime | Unset = UNSET,
) -> Response[Error | list[Contact]]:
    """List contacts

    Returns a page of the account's contacts as a JSON array. `offset` reaches at most 10,000 contacts
    plus one page; to go further, sort by `created_at` in ascending order and filter by
    `created_at_gte`.

    Args:
        cid (str | Unset): Return only the contact with this contact ID (`contact_id` in
            responses).
        limit (int | Unset): The maximum number of contacts to return, between 1 and 1000. Server
            default: `100`.
        offset (int | Unset): The number of contacts to skip, between 0 and 10000. Server default:
            `0`.
        order_by (str | Unset): The field to sort by: `created_at`, `firstName`, `lastName` or
            `phone`. The set is open; other values may work but are not documented. Server default:
            `created_at`.
        order_direction (OrderDirection | Unset): A sort direction. Server default: `desc`.
        phone_number (str | Unset): Return only the contact with this phone number, in E.164
            format.
        created_at_gte (datetime.datetime | Unset): Return only contacts created at or after this
            time, in ISO 8601 format with a UTC offset.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | list[Contact]]
    """

    kwargs = _get_kwargs(
        cid=cid,
        limit=limit,
        offset=offset,
        order_by=order_by,
        order_direction=order_direction,
        phone_number=phone_number,
        created_at_gte=created_at_gte,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient | Client,
    cid: str | Unset = UNSET,
    limit: int | Unset = UNSET,
    offset: int | Unset = UNSET,
    order_by: str | Unset = UNSET,
    order_direction: OrderDirection | Unset = UNSET,
    phone_number: str | Unset = UNSET,
    created_at_gte: datetime.datetime | Unset = UNSET,
) -> Error | list[Contact] | None:
    """List contacts

    Returns a page of the account's contacts as a JSON array. `offset` reaches at most 10,000 contacts
    plus one page; to go further, sort by `created_at` in ascending order and filter by
    `created_at_gte`.

    Args:
        cid (str | Unset): Return only the contact with this contact ID (`contact_id` in
            responses).
        limit (int | Unset): The maximum number of contacts to return, between 1 and 1000. Server
            default: `100`.
        offset (int | Unset): The number of contacts to skip, between 0 and 10000. Server default:
            `0`.
        order_by (str | Unset): The field to sort by: `created_at`, `firstName`, `lastName` or
            `phone`. The set is open; other values may work but are not documented. Server default:
            `created_at`.
        order_direction (OrderDirection | Unset): A sort direction. Server default: `desc`.
        phone_number (str | Unset): Return only the contact with this phone number, in E.164
            format.
        created_at_gte (datetime.datetime | Unset): Return only contacts created at or after this
            time, in ISO 8601 format with a UTC offset.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | list[Contact]
    """

    return sync_detailed(
        client=client,
        cid=cid,
        limit=limit,
        offset=offset,
        order_by=order_by,
        order_direction=order_direction,
        phone_number=phone_number,
        created_at_gte=created_at_gte,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    cid: str | Unset = UNSET,
    limit: int | Unset = UNSET,
    offset: int | Unset = UNSET,
    order_by: str | Unset = UNSET,
    order_direction: OrderDirection | Unset = UNSET,
    phone_number: str | Unset = UNSET,
    created_at_gte: datetime.datetime | Unset = UNSET,
) -> Response[Error | list[Contact]]:
    """List contacts

    Returns a page of the account's contacts as a JSON array. `offset` reaches at most 10,000 contacts
    plus one page; to go further, sort by `created_at` in ascending order and filter by
    `created_at_gte`.

    Args:
        cid (str | Unset): Return only the contact with this contact ID (`contact_id` in
            responses).
        limit (int | Unset): The maximum number of contacts to return, between 1 and 1000. Server
            default: `100`.
        offset (int | Unset): The number of contacts to skip, between 0 and 10000. Server default:
            `0`.
        order_by (str | Unset): The field to sort by: `created_at`, `firstName`, `lastName` or
            `phone`. The set is open; other values may work but are not documented. Server default:
            `created_at`.
        order_direction (OrderDirection | Unset): A sort direction. Server default: `desc`.
        phone_number (str | Unset): Return only the contact with this phone number, in E.164
            format.
        created_at_gte (datetime.datetime | Unset): Return only contacts created at or after this
            time, in ISO 8601 format with a UTC offset.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Error | list[Contact]]
    """

    kwargs = _get_kwargs(
        cid=cid,
        limit=limit,
        offset=offset,
        order_by=order_by,
        order_direction=order_direction,
        phone_number=phone_number,
        created_at_gte=created_at_gte,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    cid: str | Unset = UNSET,
    limit: int | Unset = UNSET,
    offset: int | Unset = UNSET,
    order_by: str | Unset = UNSET,
    order_direction: OrderDirection | Unset = UNSET,
    phone_number: str | Unset = UNSET,
    created_at_gte: datetime.datetime | Unset = UNSET,
) -> Error | list[Contact] | None:
    """List contacts

    Returns a page of the account's contacts as a JSON array. `offset` reaches at most 10,000 contacts
    plus one page; to go further, sort by `created_at` in ascending order and filter by
    `created_at_gte`.

    Args:
        cid (str | Unset): Return only the contact with this contact ID (`contact_id` in
            responses).
        limit (int | Unset): The maximum number of contacts to return, between 1 and 1000. Server
            default: `100`.
        offset (int | Unset): The number of contacts to skip, between 0 and 10000. Server default:
            `0`.
        order_by (str | Unset): The field to sort by: `created_at`, `firstName`, `lastName` or
            `phone`. The set is open; other values may work but are not documented. Server default:
            `created_at`.
        order_direction (OrderDirection | Unset): A sort direction. Server default: `desc`.
        phone_number (str | Unset): Return only the contact with this phone number, in E.164
            format.
        created_at_gte (datetime.datetime | Unset): Return only contacts created at or after this
            time, in ISO 8601 format with a UTC offset.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Error | list[Contact]
    """

    return (
        await asyncio_detailed(
            client=client,
            cid=cid,
            limit=limit,
            offset=offset,
            order_by=order_by,
            order_direction=order_direction,
            phone_number=phone_number,
            created_at_gte=created_at_gte,
        )
    ).parsed
