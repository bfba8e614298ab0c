"""Contacts that look like those of people, for tests and demonstrations. The same seed makes the same people.

Their numbers are of the exchange 555, which belongs to nobody, in area codes that exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from .storage.queries import Contact

T = TypeVar("T")
FIRST = tuple(
    """
    Ada Alan Amara Ana Anders Aylin Barbara Ben Björn Chloé Daniel Dmitri Edsger Elena Emma Farid Fatima Grace Hana
    Hiro Ines Ingrid Ivan Jamal James José Katherine Kofi Lars Leila Liam Linus Lucía Margaret Maria Mei Mohammed
    Nadia Noah Olivia Omar Priya Radia Renée Sam Sofia Tariq Tim Uma Wei Yuki Zoë
    """.split()  # noqa: SIM905 - words read best as words
)
LAST = tuple(
    """
    Andersson Antonelli Baker Berners-Lee Brown Chen Cohen Dijkstra Fernández García Gupta Hamilton Hopper Ivanova
    Johnson Kim Kowalski Lamarr Lee Liskov Lovelace Martin Müller Nakamura Nguyen Novák O'Brien Okafor Patel Perlman
    Rossi Sato Schmidt Silva Smith Tanaka Thompson Turing Walker Williams Wilson Yildiz Zhang
    """.split()  # noqa: SIM905 - words read best as words
)
COMPANIES = ("Acme Plumbing", "Blue Door Realty", "Corner Café", "Harbor Dental", "Northwind Traders", "Zenith & Sons")
AGENTS = ("agent@example.com", "sales@example.com", "support@example.com")
SENDERS = ("+19175550100", "+14155550101")
TAGS = ("Customer", "Lead", "Newsletter", "Partner", "Spring Sale", "VIP")
VARIABLES = {
    "Lead Source": ("Website", "Referral", "Trade fair", "Walk-in"),
    "Plan": ("Free", "Pro", "Enterprise"),
    "City": ("Boston", "Chicago", "Denver", "São Paulo", "Zürich"),
}
AREAS = tuple(
    """
    201 202 203 205 206 207 208 209 210 212 213 214 215 216 217 218 219 224 225 228 229 231 234 239 240 248 251 252
    253 254 256 260 262 267 269 270 276 281 301 302 303 304 305 307 308 309 310 312 313 314 315 316 317 318 319 320
    321 323 325 330 334 336 337 339 347 351 352 360 361 386 401 402 404 405 406 407 408 409 410 412 413 414 415 417
    419 423 424 425 430 432 434 435 440 443 469 470 475 478 479 480
    """.split()  # noqa: SIM905 - words read best as words
)
# Each field of text: its values, and the share of contacts that have it.
TEXTS = {
    "first_name": (FIRST, 1.0),
    "last_name": (LAST, 1.0),
    "company_name": (COMPANIES, 0.4),
    "sendblue_number": (SENDERS, 1.0),
    "assigned_to_email": (AGENTS, 0.3),
}
# Which variables a contact has: half of them all, some the plan alone, and some none.
LABELS = (tuple(VARIABLES), tuple(VARIABLES), ("Plan",), ())
TAGGED = 0.25
LINES = 10_000
NUMBERS = len(AREAS) * LINES
# Shares no factor with NUMBERS, so that steps of it reach every number once; far apart, so that neighbours look unlike.
STEP = 617_699
OPTED_OUT = 0.03
GAP = 300_000  # milliseconds between two contacts, on average


@dataclass(frozen=True, slots=True)
class People:
    """Contacts to insert, made one at a time, and their numbers; some of the owners opted out."""

    contacts: Iterator[Contact]
    phones: list[str]
    opted_out: list[str]


def people(count: int, seed: int, now: int, taken: Collection[str]) -> People:
    """Make contacts; the newest was created before `now`, and each some minutes after the one before.

    Args:
        count: How many.
        seed: The same makes the same contacts, but for the moments and the numbers that are taken.
        now: Milliseconds since 1970.
        taken: Numbers that none may have.

    Raises:
        ValueError: There are not so many numbers, or an argument is no whole number.
    """
    free = NUMBERS - len(taken)
    if not _whole(count) or not 0 <= count <= free:
        raise ValueError(f"seed: {count!r} contacts cannot be made: give a whole number from 0 to {free:,}.")
    if not _whole(seed):
        raise ValueError(f"seed: {seed!r} is not a seed: give a whole number.")
    random = Random(seed)  # noqa: S311 - people, not keys
    phones = list(islice((phone for phone in _phones(random) if phone not in taken), count))
    opted_out = [phone for phone in phones if random.random() < OPTED_OUT]
    moments = _moments(random, count, now)
    contacts = ((phone, at, _fields(random)) for phone, at in zip(phones, moments, strict=True))
    return People(contacts, phones, opted_out)


def _phones(random: Random) -> Iterator[str]:
    start = random.randrange(NUMBERS)
    for step in range(NUMBERS):
        area, line = divmod((start + step * STEP) % NUMBERS, LINES)
        yield f"+1{AREAS[area]}555{line:04}"


def _moments(random: Random, count: int, now: int) -> list[int]:
    moments = [now]
    for _ in range(count):
        moments.append(max(0, moments[-1] - 1 - int(random.random() * 2 * GAP)))
    return moments[:0:-1]


def _fields(random: Random) -> dict[str, object]:
    fields = {name: _pick(random, choices) for name, (choices, share) in TEXTS.items() if random.random() < share}
    return {
        **fields,
        "tags": [tag for tag in TAGS if random.random() < TAGGED],
        "custom_variables": {label: _pick(random, VARIABLES[label]) for label in _pick(random, LABELS)},
    }


def _pick(random: Random, choices: Sequence[T]) -> T:
    return choices[int(random.random() * len(choices))]  # three times as fast as random.choice


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
