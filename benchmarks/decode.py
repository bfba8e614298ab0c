"""Decoding contacts: our generated models against those of the stock templates, from one document, in one run.

Both decode the same pages in turn, with the collector on, and the best of several passes counts. Stock reads the
preferred names alone: of an answer in camelCase it decodes little, so its figure there is for less work.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openapi_python_client import generate
from openapi_python_client.config import Config, ConfigFile, MetaType
from sendblue_contacts_api.models import Contact

if TYPE_CHECKING:
    from collections.abc import Callable

    Decode = Callable[[dict[str, Any]], object]
    Page = list[dict[str, Any]]

DOCUMENT = Path(__file__).resolve().parents[1] / "openapi/contacts.yaml"
STOCK = "stock_contacts_api"
CONTACTS, PAGE = 100_000, 1_000
PASSES = 5
TARGET = 0.30
NAMES = (
    "first_name",
    "last_name",
    "company_name",
    "sendblue_number",
    "assigned_to_email",
    "custom_variables",
    "opt_out",
)
NOTE = "Stock reads no camelCase at all: in that row it decodes less."


def stock() -> Decode:
    """Generate the stock client aside, import it, and return what decodes a contact with it."""
    with tempfile.TemporaryDirectory() as folder:
        settings = ConfigFile(package_name_override=STOCK, post_hooks=[])
        package = Path(folder) / STOCK
        config = Config.from_sources(settings, MetaType.NONE, DOCUMENT, "utf-8", overwrite=False, output_path=package)
        with contextlib.redirect_stdout(io.StringIO()):
            problems = generate(config=config)
        if problems:
            sys.exit(f"openapi-python-client has something to say of the document: {problems[0].detail}")
        sys.path.insert(0, folder)
        decode: Decode = importlib.import_module(f"{STOCK}.models").Contact.from_dict
        sys.path.remove(folder)
        decode(contact(0))  # the stock model imports what it holds when it first decodes
        return decode


def contact(number: int) -> dict[str, Any]:
    """Return a contact as it comes under preferred names, with every field that is documented."""
    return {
        "phone": f"+1415{number:07}",
        "first_name": "Ada",
        "last_name": "Lovelace",
        "company_name": "Example Corp",
        "sendblue_number": "+19175559876",
        "assigned_to_email": "agent@example.com",
        "tags": ["VIP", "Customer"],
        "custom_variables": {"Lead Source": "Website", "Plan": "Enterprise"},
        "created_at": "2024-01-15T10:30:00.123Z",
        "verified": True,
        "opt_out": False,
    }


def camel(name: str) -> str:
    """Return the other spelling of `name`."""
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)


def respelled(one: dict[str, Any]) -> dict[str, Any]:
    """Return the contact under its other spellings."""
    return {camel(name) if name in NAMES else name: value for name, value in one.items()}


def pages() -> dict[str, Page]:
    """Return a page of contacts for each spelling, as it comes out of the JSON decoder."""
    snake = [contact(number) for number in range(PAGE)]
    spellings = {
        "snake": snake,
        "camel": [respelled(one) for one in snake],
        "both": [{**one, **respelled(one)} for one in snake],
    }
    return {name: json.loads(json.dumps(page)) for name, page in spellings.items()}


def microseconds(decode: Decode, page: Page) -> float:
    """Return the time for one contact, over as many pages as make CONTACTS; all contacts are kept until the end."""
    gc.collect()
    start = time.perf_counter()
    kept = [[decode(one) for one in page] for _ in range(CONTACTS // PAGE)]
    seconds = time.perf_counter() - start
    return seconds * 1e6 / (len(kept) * PAGE)


def measure(decoders: dict[str, Decode], page: Page) -> dict[str, float]:
    """Return the best time of each decoder; they take turns, so that a slow spell of the machine meets both."""
    passes = [{name: microseconds(decode, page) for name, decode in decoders.items()} for _ in range(PASSES)]
    return {name: min(each[name] for each in passes) for name in decoders}


def main() -> int:
    """Print the table."""
    if not gc.isenabled():
        sys.exit("The collector is off; the figures would be of another program.")
    decoders: dict[str, Decode] = {"stock": stock(), "ours": Contact.from_dict}
    print(f"{CONTACTS:,} contacts from dicts, best of {PASSES}, Python {sys.version.split()[0]}, collector on")
    print(f"{'spelling':<10}{'stock µs':>10}{'ours µs':>10}{'ratio':>8}{'target':>8}")
    for spelling, page in pages().items():
        best = measure(decoders, page)
        ratio = best["ours"] / best["stock"]
        print(f"{spelling:<10}{best['stock']:>10.2f}{best['ours']:>10.2f}{ratio:>8.2f}{TARGET:>8.2f}", flush=True)
    print(NOTE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
