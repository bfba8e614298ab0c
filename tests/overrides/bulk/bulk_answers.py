"""A server for bulk calls to which everything goes well, and what was sent to it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterable


def sent_items(request: httpx.Request) -> list[Any]:
    """What a bulk request carries: contacts, or numbers."""
    body = json.loads(request.content)
    items: list[Any] = body["contacts"] if "contacts" in body else body["contact_ids"]
    return items


def all_well(request: httpx.Request) -> httpx.Response:
    """Everything is created, or deleted."""
    items = sent_items(request)
    if request.method == "DELETE":
        return httpx.Response(200, json={"status": "OK", "amount": len(items)})
    return httpx.Response(200, json={"status": "OK", "contacts": items, "numberOfContactsCreated": len(items)})


def phones_of(items: Iterable[Any]) -> list[Any]:
    """The numbers of contacts."""
    return [item["phone"] for item in items]
