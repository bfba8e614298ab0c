"""Prints the ratios of our calls to those of httpx as JSON, where the vendor's library is not installed."""

from __future__ import annotations

import json
import sys

import httpx
from calls import CALLS, LIST_ROUNDS, NAMING_STYLES, NUMBER, PAGE, RETRIEVE_ROUNDS, best, ours


def listing(url: str) -> float:
    """Return the ratio for a page."""
    raw, our = httpx.Client(), ours(url)
    if any(contact.first_name != "Ada" for contact in our.contacts.list(max_items=PAGE)):
        sys.exit("Our client did not read the contacts; the figures would not be comparable.")
    times = best(
        {
            "raw": lambda: json.loads(raw.get(f"{url}/api/v2/contacts", params={"limit": PAGE}).content),
            "ours": lambda: list(our.contacts.list(max_items=PAGE)),
        },
        LIST_ROUNDS,
    )
    return times["ours"] / times["raw"]


def retrieving(url: str) -> float:
    """Return the ratio for one contact."""
    raw, our = httpx.Client(), ours(url)
    times = best(
        {
            "raw": lambda: json.loads(raw.get(f"{url}/api/v2/contacts/%2B14155551234").content),
            "ours": lambda: our.contacts.retrieve(NUMBER),
        },
        RETRIEVE_ROUNDS,
        CALLS,
    )
    return times["ours"] / times["raw"]


def main(url: str) -> None:
    """Print the ratios."""
    lists = {f"list_{style}": listing(f"{url}/{style}") for style in NAMING_STYLES}
    print(json.dumps({**lists, "retrieve": retrieving(f"{url}/one")}))


if __name__ == "__main__":
    main(sys.argv[1])
