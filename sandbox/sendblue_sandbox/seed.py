"""Realistic contacts for tests and demonstrations. The same seed generates the same contacts.

Their phone numbers have existing area codes and the exchange 555, which is not assigned to subscribers.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from .storage.queries import NewContact

T = TypeVar("T")
FIRST_NAMES = tuple(
    """
    Ada Alan Amara Ana Anders Aylin Barbara Ben Björn Chloé Daniel Dmitri Edsger Elena Emma Farid Fatima Grace Hana
    Hiro Ines Ingrid Ivan Jamal James José Katherine Kofi Lars Leila Liam Linus Lucía Margaret Maria Mei Mohammed
    Nadia Noah Olivia Omar Priya Radia Renée Sam Sofia Tariq Tim Uma Wei Yuki Zoë
    """.split()  # noqa: SIM905 - a list of words is more readable this way
)
LAST_NAMES = tuple(
    """
    Andersson Antonelli Baker Berners-Lee Brown Chen Cohen Dijkstra Fernández García Gupta Hamilton Hopper Ivanova
    Johnson Kim Kowalski Lamarr Lee Liskov Lovelace Martin Müller Nakamura Nguyen Novák O'Brien Okafor Patel Perlman
    Rossi Sato Schmidt Silva Smith Tanaka Thompson Turing Walker Williams Wilson Yildiz Zhang
    """.split()  # noqa: SIM905 - a list of words is more readable this way
)
COMPANIES = ("Acme Plumbing", "Blue Door Realty", "Corner Café", "Harbor Dental", "Northwind Traders", "Zenith & Sons")
AGENTS = ("agent@example.com", "sales@example.com", "support@example.com")
SENDERS = ("+19175550100", "+14155550101")
TAGS = ("Customer", "Lead", "Newsletter", "Partner", "Spring Sale", "VIP")
VARIABLES: dict[str, tuple[str, ...]] = {
    "Lead Source": ("Website", "Referral", "Trade fair", "Walk-in"),
    "Plan": ("Free", "Pro", "Enterprise"),
    "City": ("Boston", "Chicago", "Denver", "São Paulo", "Zürich"),
}
AREA_CODES = tuple(
    """
    201 202 203 205 206 207 208 209 210 212 213 214 215 216 217 218 219 224 225 228 229 231 234 239 240 248 251 252
    253 254 256 260 262 267 269 270 276 281 301 302 303 304 305 307 308 309 310 312 313 314 315 316 317 318 319 320
    321 323 325 330 334 336 337 339 347 351 352 360 361 386 401 402 404 405 406 407 408 409 410 412 413 414 415 417
    419 423 424 425 430 432 434 435 440 443 469 470 475 478 479 480
    """.split()  # noqa: SIM905 - a list of words is more readable this way
)
# Each text field: its values, and the share of contacts that have it.
TEXT_FIELDS: dict[str, tuple[tuple[str, ...], float]] = {
    "first_name": (FIRST_NAMES, 1.0),
    "last_name": (LAST_NAMES, 1.0),
    "company_name": (COMPANIES, 0.4),
    "sendblue_number": (SENDERS, 1.0),
    "assigned_to_email": (AGENTS, 0.3),
}
# The variables of a contact: half of the contacts have all of them, a quarter only the plan, and a quarter none.
VARIABLE_SETS = (tuple(VARIABLES), tuple(VARIABLES), ("Plan",), ())
TAG_SHARE = 0.25
LINES_PER_AREA = 10_000
NUMBER_COUNT = len(AREA_CODES) * LINES_PER_AREA
# Coprime to NUMBER_COUNT, so that repeated steps reach every number once; large, so that successive numbers differ.
NUMBER_STEP = 617_699
OPT_OUT_SHARE = 0.03
AVERAGE_GAP_MS = 300_000  # between the creation of two contacts


@dataclass(frozen=True, slots=True)
class SeedBatch:
    """Contacts to insert, generated lazily, with their phone numbers; some of the numbers have opted out."""

    contacts: Iterator[NewContact]
    phones: list[str]
    opted_out: list[str]


def generate_contacts(count: int, seed: int, now: int, taken: Collection[str]) -> SeedBatch:
    """Generate contacts, each created some minutes after the one before; the newest was created before `now`.

    Args:
        count: The number of contacts.
        seed: The same seed generates the same contacts, except for `created_at` and for numbers in `taken`.
        now: The current time in milliseconds since 1970.
        taken: Phone numbers to skip.

    Raises:
        ValueError: Not enough phone numbers are left, or an argument is not an integer.
    """
    free = NUMBER_COUNT - len(taken)
    if not _is_integer(count) or not 0 <= count <= free:
        raise ValueError(f"seed: cannot create {count!r} contacts. Use an integer from 0 to {free:,}.")
    if not _is_integer(seed):
        raise ValueError(f"seed: {seed!r} is not a valid seed. Use an integer.")
    random = Random(seed)  # noqa: S311 - test data, not keys
    phones = list(islice((phone for phone in _phones(random) if phone not in taken), count))
    opted_out = [phone for phone in phones if random.random() < OPT_OUT_SHARE]
    times = _creation_times(random, count, now)
    contacts = ((phone, at, _fields(random)) for phone, at in zip(phones, times, strict=True))
    return SeedBatch(contacts, phones, opted_out)


def _phones(random: Random) -> Iterator[str]:
    start = random.randrange(NUMBER_COUNT)
    for step in range(NUMBER_COUNT):
        area, line = divmod((start + step * NUMBER_STEP) % NUMBER_COUNT, LINES_PER_AREA)
        yield f"+1{AREA_CODES[area]}555{line:04}"


def _creation_times(random: Random, count: int, now: int) -> list[int]:
    times = [now]
    for _ in range(count):
        times.append(max(0, times[-1] - 1 - int(random.random() * 2 * AVERAGE_GAP_MS)))
    return times[:0:-1]


def _fields(random: Random) -> dict[str, object]:
    fields = {name: _pick(random, choices) for name, (choices, share) in TEXT_FIELDS.items() if random.random() < share}
    return {
        **fields,
        "tags": [tag for tag in TAGS if random.random() < TAG_SHARE],
        "custom_variables": {label: _pick(random, VARIABLES[label]) for label in _pick(random, VARIABLE_SETS)},
    }


def _pick(random: Random, choices: Sequence[T]) -> T:
    return choices[int(random.random() * len(choices))]  # three times faster than random.choice


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
