"""Successful responses to bulk requests, and what a request contains."""

import json
from collections.abc import Iterable
from typing import Any

import httpx


def sent_items(request: httpx.Request) -> list[Any]:
    """Returns the contacts, or the numbers, in a bulk request."""
    body = json.loads(request.content)
    items: list[Any] = body["contacts"] if "contacts" in body else body["contact_ids"]
    return items


def succeed(request: httpx.Request) -> httpx.Response:
    """Respond that every item was created, or deleted."""
    items = sent_items(request)
    if request.method == "DELETE":
        return httpx.Response(200, json={"status": "OK", "amount": len(items)})
    return httpx.Response(200, json={"status": "OK", "contacts": items, "numberOfContactsCreated": len(items)})


def numbers_of(items: Iterable[Any]) -> list[Any]:
    """Returns the numbers of contacts."""
    return [item["phone"] for item in items]


def index_of(request: httpx.Request) -> int:
    """Returns the input position of the first contact in a request; the contacts are from `make_rows`."""
    return int(sent_items(request)[0]["first_name"][1:]) - 2_000_000
