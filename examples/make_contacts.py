"""Writes contacts.csv: realistic contacts, with typical errors and inconsistent formatting. The output is reproducible.

The phone numbers are not in use. They are reserved by regulators for films and books (United States and Canada, United
Kingdom, Ireland, France, Germany, Sweden, Australia); in other countries they start with a zero after the area code,
which no subscriber number does.

    python examples/make_contacts.py [FILE]
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from random import Random
from typing import TextIO

SEED = 18151210
PEOPLE = 1_210
COPIES = 31
HEADER = [
    "phone",
    "firstName",
    "lastName",
    "company",
    "tags",
    "customVariables.Lead Source",
    "customVariables.Plan",
    "customVariables.Note",
]

# The leading digits, the number of digits that follow, the lengths of the digit groups, and the language of the names.
COUNTRIES = [
    *[(f"+1{area}55501", 2, (3, 3, 4), "en") for area in (212, 312, 415, 503, 617, 713, 808, 907, 512, 206)],
    *[(f"+1{area}55501", 2, (3, 3, 4), "fr") for area in (418, 438, 514)],
    *[
        (f"+44{area}", 3, groups, "en")
        for area, groups in [
            ("2079460", (2, 4, 4)),
            ("1134960", (3, 3, 4)),
            ("1614960", (3, 3, 4)),
            ("7700900", (4, 6)),
        ]
    ],
    ("+35320910", 4, (2, 3, 4), "en"),
    ("+33199001", 3, (1, 2, 2, 2, 2), "fr"),
    ("+33639982", 3, (1, 2, 2, 2, 2), "fr"),
    ("+493023125", 3, (2, 5, 3), "de"),
    ("+498999998", 3, (2, 5, 3), "de"),
    ("+463139006", 2, (2, 3, 2, 2), "sv"),
    ("+468465004", 2, (1, 3, 3, 2), "sv"),
    ("+6125550", 4, (1, 4, 4), "en"),
    ("+8130000", 4, (1, 4, 4), "ja"),
    ("+8220000", 4, (1, 4, 4), "ko"),
    ("+551100000", 4, (2, 5, 4), "pt"),
    ("+525500000", 3, (2, 4, 4), "es"),
    ("+34000000", 3, (3, 3, 3), "es"),
    ("+48000000", 3, (3, 3, 3), "pl"),
    ("+302100000", 3, (3, 3, 4), "el"),
    ("+380440000", 3, (2, 3, 2, 2), "uk"),
    ("+9100000", 5, (5, 5), "hi"),
    ("+2020000", 4, (1, 4, 4), "ar"),
    ("+97230000", 3, (1, 3, 4), "he"),
]
NAMES = {
    "en": (
        "Ada Grace Oliver Amelia Noah Siobhán Zoë Mary-Jane",
        "Lovelace Hopper O'Connor Smith-Jones McDonald Byrne Walker",
    ),
    "fr": (
        "Renée François Noël Aïcha Jean-Luc Hélène",
        "Lévesque Côté D'Aubigné Lefèvre Gagné",
    ),
    "de": ("Jürgen Käthe Björn Anna-Lena Götz", "Müller Groß Weizsäcker Schön"),
    "sv": ("Åsa Örjan Märta Sören", "Åström Björk Lindström"),
    "pl": (
        "Łukasz Małgorzata Zbigniew Agnieszka",
        "Łącki Wiśniewska Żółć",
    ),
    "es": ("José María Iñigo Begoña", "Muñoz García Núñez"),
    "pt": ("João Conceição Vinícius", "Gonçalves Araújo Magalhães"),
    "el": ("Γιώργος Ελένη Νίκος", "Παπαδόπουλος Νικολάου"),
    "uk": ("Олена Богдан Юлія", "Шевченко Коваль"),
    "hi": ("आरव प्रिया", "शर्मा पटेल"),
    "ja": ("太郎 花子 さくら", "山田 佐藤 鈴木"),
    "ko": ("민준 서연", "김 이 박"),
    "ar": ("محمد ليلى", "حسن منصور"),
    "he": ("נועה דוד", "כהן לוי"),
}
COMPANIES = [
    "",
    "",
    "Analytical Engines",
    "Müller & Söhne GmbH",
    "Smith, Jones & Partners",
    'The "Corner" Bakery',
    "Café Olé 🥐",
    "株式会社サンプル",
    "O'Brien Ltd.",
    "Acme, Inc.",
    "Blumen Groß",
    "Northwind",
]
TAGS = ["VIP", "Newsletter", "lead", "café", "Trade fair 2024", "do not call", "🔥 hot", "日本"]
SOURCES = ["Website", "Trade fair", "Referral", "Instagram 📷", "Phone, inbound", ""]
PLANS = ["Free", "Plus", "Pro", "Enterprise", ""]
NOTES = [
    "",
    "",
    "",
    "",
    "Asked for a quote, then went quiet",
    'Says "call me after 5"',
    "First line\nsecond line",
    "Likes 🍕 and short messages",
    "=1+1 is what she typed",
    "naïve, façade, coöperate",
    "-20 % agreed; see e-mail",
]
STYLES = ["{plus} ({area}) {rest}", "{plus} {area} {rest}", "{plus}-{area}-{dashes}", "{bare}", "{plus}.{area}.{dots}"]

INVALID_ROWS = [
    ["", "Nemo", "Captain", "Nautilus", "lead", "Website", "", "no number at all"],
    ["+1 415 CALL NOW", "Vanity", "Number", "", "VIP", "", "Pro", "letters"],
    ["(415) 555-0142", "Local", "Hero", "", "", "Referral", "", "no country code"],
    ["+1 555", "Tiny", "Short", "", "", "", "", "too short"],
    [
        "+44 (0)20 7946 0018",
        "Trunk",
        "Zero",
        "Smith, Jones & Partners",
        "",
        "",
        "Plus",
        "a zero that is not always dialled",
    ],
    ["+1 212 555 0107; +1 212 555 0108", "Two", "Phones", "", "", "", "", "two numbers in one cell"],
    ["", "", "", "", "", "", "", ""],
    ["+1 617 555 0110 ext. 7", "Extension", "Seven", "", "", "", "", "an extension"],
    ["+1 713 555 0111", "Comma", "Unquoted", "Acme", " Inc.", "lead", "Website", "Pro", "a comma that was not quoted"],
]


def main() -> None:
    """Write the file that the argument names, or contacts.csv next to this script."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("contacts.csv")
    with path.open("w", encoding="utf-8", newline="") as file:
        write(file)


def write(file: TextIO) -> None:
    """Write the header and the rows."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(rows(Random(SEED)))  # noqa: S311 - reproducible


def rows(random: Random) -> list[list[str]]:
    """Return the rows: people, duplicates of some of them, and the invalid rows."""
    table = [person(random, *number) for number in numbers(random)]
    random.shuffle(table)
    for copied in random.sample(range(PEOPLE // 2), COPIES):
        table.insert(random.randrange(PEOPLE // 2 + 100, len(table)), copy(random, table[copied]))
    for invalid in INVALID_ROWS:
        table.insert(random.randrange(20, len(table)), invalid)
    return table


def numbers(random: Random) -> list[tuple[str, tuple[int, ...], str]]:
    """Return a unique number for each person, with the digit groups and the language of its country."""
    taken: dict[str, tuple[str, tuple[int, ...], str]] = {}
    while len(taken) < PEOPLE:
        for start, digits, groups, language in COUNTRIES:
            number = f"{start}{random.randrange(10**digits):0{digits}}"
            taken.setdefault(number, (number, groups, language))
    return list(taken.values())[:PEOPLE]


def person(random: Random, number: str, groups: tuple[int, ...], language: str) -> list[str]:
    """Return the row of a person."""
    first, last = (random.choice(names.split()) for names in NAMES[language])
    tags = random.sample(TAGS, random.choice([0, 1, 1, 2, 3]))
    chosen = [random.choice(values) for values in (SOURCES, PLANS, NOTES)]
    return [formatted(random, number, groups), first, last, random.choice(COMPANIES), ";".join(tags), *chosen]


def formatted(random: Random, number: str, groups: tuple[int, ...]) -> str:
    """Return the number in one of the common formats."""
    area, *rest = split(number[-sum(groups) :], groups)
    country = number[: -sum(groups)]
    return random.choice(STYLES).format(
        plus=country, area=area, rest=" ".join(rest), dashes="-".join(rest), dots=".".join(rest), bare=number
    )


def split(digits: str, groups: tuple[int, ...]) -> list[str]:
    """Split the digits into groups of these lengths."""
    ends = [sum(groups[: place + 1]) for place in range(len(groups))]
    return [digits[end - length : end] for end, length in zip(ends, groups, strict=True)]


def copy(random: Random, row: list[str]) -> list[str]:
    """Return a duplicate of the row: identical, or with a different format of the number."""
    if random.randrange(2):
        return row
    bare = "".join(sign for sign in row[0] if sign in "+0123456789")
    return [bare if row[0] != bare else f"{bare[:-4]} {bare[-4:]}", *row[1:]]


if __name__ == "__main__":
    main()
