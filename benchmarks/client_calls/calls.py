"""The measurements of benchmarks/call_overhead.py. Runs in the virtual environment with the vendor's library."""

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
from sendblue_contacts.body import json_library

if TYPE_CHECKING:
    from collections.abc import Callable

    Call = Callable[[], object]

PAGE = 1000
NUMBER = "+14155551234"
NAMING_STYLES = ("snake", "camel", "both")
LIST_ROUNDS, RETRIEVE_ROUNDS, CALLS = 120, 150, 20
NOTE = "The vendor's library does not read camelCase: in that row it does less work, and first_name is None."
NEVER_WAITS = RateLimit(10_000, per=0.001)
LIST_TARGET, FAST_TARGET, VENDOR_TARGET, RETRIEVE_TARGET = "<= 1.45", "<= 1.10", ">= 8.00", "<= 1.10"


def best(calls_by_name: dict[str, Call], rounds: int, calls: int = 1) -> dict[str, float]:
    """Return the best time of each call, in milliseconds.

    The calls alternate, so that a slow phase of the machine affects all of them.
    """
    for call in calls_by_name.values():
        call()
    times: dict[str, list[float]] = {name: [] for name in calls_by_name}
    for _ in range(rounds):
        for name, call in calls_by_name.items():
            start = time.perf_counter()
            for _ in range(calls):
                call()
            times[name].append(time.perf_counter() - start)
    return {name: min(measured) * 1000 / calls for name, measured in times.items()}


def ours(url: str) -> Sendblue:
    """Return our client with its default features."""
    return Sendblue("key", "secret", base_url=url, rate_limit=NEVER_WAITS)


def vendors(url: str) -> Any:  # noqa: ANN401 - it is not installed where type checkers run
    """Return the vendor's client."""
    return import_module("sendblue_api").SendblueAPI(api_key="key", api_secret="secret", base_url=url)  # noqa: S106 - not a real secret


def listing(url: str) -> dict[str, Call]:
    """Return the calls for a page of 1000 contacts, after checking that each returns all of them."""
    raw, our, vendor = httpx.Client(), ours(url), vendors(url)
    calls_by_name: dict[str, Callable[[], Any]] = {
        "raw": lambda: json.loads(raw.get(f"{url}/api/v2/contacts", params={"limit": PAGE}).content),
        "ours": lambda: list(our.contacts.list(max_items=PAGE)),
        "vendor": lambda: vendor.contacts.list(limit=PAGE),
    }
    if any(len(call()) != PAGE for call in calls_by_name.values()):
        sys.exit("Not every client returned the whole page; the figures would not be comparable.")
    if any(contact.first_name != "Ada" for contact in our.contacts.list(max_items=PAGE)):
        sys.exit("Our client did not read the contacts; the figures would not be comparable.")
    return dict(calls_by_name)


def retrieving(url: str) -> dict[str, Call]:
    """Return the calls for one contact."""
    raw, our, vendor = httpx.Client(), ours(url), vendors(url)
    return {
        "raw": lambda: json.loads(raw.get(f"{url}/api/v2/contacts/%2B14155551234").content),
        "ours": lambda: our.contacts.retrieve(NUMBER),
        "vendor": lambda: vendor.contacts.retrieve(NUMBER),
    }


def row(label: str, measured: dict[str, float], over: tuple[str, str], target: str) -> None:
    """Print one ratio and its target."""
    one, other = over
    times = "".join(f"{measured[name]:>10.3f}" for name in ("raw", "ours", "vendor"))
    ratio = measured[one] / measured[other]
    bound = float(target[3:])
    met = ratio <= bound if target.startswith("<") else ratio >= bound
    print(
        f"{label:<24}{times}  {f'{one} / {other}':<14}{ratio:>7.2f}{target:>9}{'' if met else '  MISSED'}", flush=True
    )


def main(url: str) -> None:
    """Print the table."""
    if not gc.isenabled():
        sys.exit("The garbage collector is disabled; the figures would not be realistic.")
    libraries = ", ".join(f"{name} {version(name)}" for name in ("httpx", "sendblue"))
    libraries += f", {'with' if json_library() else 'without'} orjson"
    rounds = f"Best of {LIST_ROUNDS} pages and of {RETRIEVE_ROUNDS} x {CALLS} retrieves"
    print(f"{rounds}, Python {sys.version.split()[0]}, {libraries}")
    print(f"{'':<24}{'raw ms':>10}{'ours ms':>10}{'vendor ms':>10}  {'':<14}{'ratio':>7}{'target':>9}")
    for style in NAMING_STYLES:
        measured = best(listing(f"{url}/{style}"), LIST_ROUNDS)
        row(f"list of {PAGE}, {style}", measured, ("ours", "raw"), FAST_TARGET if json_library() else LIST_TARGET)
        row("", measured, ("vendor", "ours"), VENDOR_TARGET)
    row("one retrieve", best(retrieving(f"{url}/one"), RETRIEVE_ROUNDS, CALLS), ("ours", "raw"), RETRIEVE_TARGET)
    print(NOTE)


if __name__ == "__main__":
    main(sys.argv[1])
