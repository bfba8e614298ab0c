"""The part of benchmarks/client.py that measures. Runs in the environment that has the vendor's library."""

from __future__ import annotations

import gc
import json
import sys
import time
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import httpx
from sendblue_contacts import RateLimit, Sendblue

if TYPE_CHECKING:
    from collections.abc import Callable

    Contender = Callable[[], object]

PAGE = 1000
NUMBER = "+14155551234"
SPELLINGS = ("snake", "camel", "both")
LIST_ROUNDS, RETRIEVE_ROUNDS, CALLS = 120, 150, 20
NOTE = "The vendor's library reads no camelCase: in that row it does less, and leaves first_name None."
NEVER_WAITS = RateLimit(10_000, per=0.001)
LIST, VENDOR, RETRIEVE = "<= 1.50", ">= 8.00", "<= 1.25"


def best(contenders: dict[str, Contender], rounds: int, calls: int = 1) -> dict[str, float]:
    """Return the best time of each for one call, in milliseconds.

    They take turns, so that a slow spell of the machine meets all of them.
    """
    for contender in contenders.values():
        contender()
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            start = time.perf_counter()
            for _ in range(calls):
                contender()
            times[name].append(time.perf_counter() - start)
    return {name: min(measured) * 1000 / calls for name, measured in times.items()}


def ours(url: str) -> Sendblue:
    """Return our client, with everything on that is on by default."""
    return Sendblue("key", "secret", base_url=url, rate_limit=NEVER_WAITS)


def vendors(url: str) -> Any:  # noqa: ANN401 - it is installed here and nowhere else, so no type checker knows it
    """Return the vendor's client."""
    return import_module("sendblue_api").SendblueAPI(api_key="key", api_secret="secret", base_url=url)  # noqa: S106 - no secret


def listing(url: str) -> dict[str, Contender]:
    """Return the ways to a page of a thousand contacts, and check that each has them all."""
    raw, our, vendor = httpx.Client(), ours(url), vendors(url)
    contenders: dict[str, Callable[[], Any]] = {
        "raw": lambda: json.loads(raw.get(f"{url}/api/v2/contacts", params={"limit": PAGE}).content),
        "ours": lambda: list(our.contacts.list(max_items=PAGE)),
        "vendor": lambda: vendor.contacts.list(limit=PAGE),
    }
    if any(len(contender()) != PAGE for contender in contenders.values()):
        sys.exit("Not every client got the whole page; the figures would not be of the same work.")
    if any(contact.first_name != "Ada" for contact in our.contacts.list(max_items=PAGE)):
        sys.exit("Our client did not read the contacts; the figures would not be of the same work.")
    return dict(contenders)


def retrieving(url: str) -> dict[str, Contender]:
    """Return the ways to one contact."""
    raw, our, vendor = httpx.Client(), ours(url), vendors(url)
    return {
        "raw": lambda: json.loads(raw.get(f"{url}/api/v2/contacts/%2B14155551234").content),
        "ours": lambda: our.contacts.retrieve(NUMBER),
        "vendor": lambda: vendor.contacts.retrieve(NUMBER),
    }


def row(call: str, measured: dict[str, float], over: tuple[str, str], target: str) -> None:
    """Print one ratio beside its target."""
    one, other = over
    times = "".join(f"{measured[name]:>10.3f}" for name in ("raw", "ours", "vendor"))
    ratio = measured[one] / measured[other]
    bound = float(target[3:])
    met = ratio <= bound if target.startswith("<") else ratio >= bound
    print(f"{call:<24}{times}  {f'{one} / {other}':<14}{ratio:>7.2f}{target:>9}{'' if met else '  MISSED'}", flush=True)


def main(url: str) -> None:
    """Print the table."""
    if not gc.isenabled():
        sys.exit("The collector is off; the figures would be of another program.")
    libraries = ", ".join(f"{name} {version(name)}" for name in ("httpx", "sendblue"))
    rounds = f"Best of {LIST_ROUNDS} pages and of {RETRIEVE_ROUNDS} x {CALLS} retrieves"
    print(f"{rounds}, Python {sys.version.split()[0]}, {libraries}")
    print(f"{'':<24}{'raw ms':>10}{'ours ms':>10}{'vendor ms':>10}  {'':<14}{'ratio':>7}{'target':>9}")
    for spelling in SPELLINGS:
        measured = best(listing(f"{url}/{spelling}"), LIST_ROUNDS)
        row(f"list of {PAGE}, {spelling}", measured, ("ours", "raw"), LIST)
        row("", measured, ("vendor", "ours"), VENDOR)
    row("one retrieve", best(retrieving(f"{url}/one"), RETRIEVE_ROUNDS, CALLS), ("ours", "raw"), RETRIEVE)
    print(NOTE)


if __name__ == "__main__":
    main(sys.argv[1])
