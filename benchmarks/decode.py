"""Decoding contacts: our generated models compared with those of the stock templates, from one document, in one run.

Both decode the same pages alternately, with the garbage collector enabled, and the best of several passes counts. The
stock models read only preferred names: they decode little of a camelCase response, so that figure is for less work.
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
NOTE = "The stock models do not read camelCase: in that row they decode less."


def stock() -> Decode:
    """Generate the stock client in a temporary folder, import it, and return its decoder for contacts."""
    with tempfile.TemporaryDirectory() as folder:
        settings = ConfigFile(package_name_override=STOCK, post_hooks=[])
        package = Path(folder) / STOCK
        config = Config.from_sources(settings, MetaType.NONE, DOCUMENT, "utf-8", overwrite=False, output_path=package)
        with contextlib.redirect_stdout(io.StringIO()):
            problems = generate(config=config)
        if problems:
            sys.exit(f"openapi-python-client reported a problem with the document: {problems[0].detail}")
        sys.path.insert(0, folder)
        decode: Decode = importlib.import_module(f"{STOCK}.models").Contact.from_dict
        sys.path.remove(folder)
        decode(contact(0))  # the stock model imports its nested models when it first decodes
        return decode


def contact(number: int) -> dict[str, Any]:
    """Return a contact with every documented field, under preferred names."""
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
    """Return `name` in camelCase."""
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)


def in_camel_case(one: dict[str, Any]) -> dict[str, Any]:
    """Return the contact with camelCase names."""
    return {camel(name) if name in NAMES else name: value for name, value in one.items()}


def pages() -> dict[str, Page]:
    """Return a page of contacts for each naming style, as the JSON decoder returns it."""
    snake = [contact(number) for number in range(PAGE)]
    pages_by_style = {
        "snake": snake,
        "camel": [in_camel_case(one) for one in snake],
        "both": [{**one, **in_camel_case(one)} for one in snake],
    }
    return {name: json.loads(json.dumps(page)) for name, page in pages_by_style.items()}


def microseconds(decode: Decode, page: Page) -> float:
    """Return the time per contact, for CONTACTS contacts in pages; all contacts are kept until the end."""
    gc.collect()
    start = time.perf_counter()
    kept = [[decode(one) for one in page] for _ in range(CONTACTS // PAGE)]
    seconds = time.perf_counter() - start
    return seconds * 1e6 / (len(kept) * PAGE)


def measure(decoders: dict[str, Decode], page: Page) -> dict[str, float]:
    """Return the best time of each decoder. They alternate, so that a slow phase of the machine affects both."""
    passes = [{name: microseconds(decode, page) for name, decode in decoders.items()} for _ in range(PASSES)]
    return {name: min(each[name] for each in passes) for name in decoders}


def main() -> int:
    """Print the table."""
    if not gc.isenabled():
        sys.exit("The garbage collector is disabled; the figures would not be realistic.")
    decoders: dict[str, Decode] = {"stock": stock(), "ours": Contact.from_dict}
    print(
        f"{CONTACTS:,} contacts from dicts, best of {PASSES}, Python {sys.version.split()[0]}, with garbage collection"
    )
    print(f"{'names':<10}{'stock µs':>10}{'ours µs':>10}{'ratio':>8}{'target':>8}")
    for style, page in pages().items():
        best = measure(decoders, page)
        ratio = best["ours"] / best["stock"]
        print(f"{style:<10}{best['stock']:>10.2f}{best['ours']:>10.2f}{ratio:>8.2f}{TARGET:>8.2f}", flush=True)
    print(NOTE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
