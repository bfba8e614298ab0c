"""An independent model of syncs: what the account holds afterwards, and how many write requests that takes.

Contacts and rows are plain dicts. The model works on complete contacts, where the library works on single changes.
"""

from dataclasses import dataclass, field
from math import ceil
from typing import Any

Contact = dict[str, Any]
TEXTS = ("first_name", "last_name", "company_name", "sendblue_number", "assigned_to_email")
NOT_IN_BULK = ("sendblue_number", "assigned_to_email", "opt_out")
LABELS = ("Plan", "Lead.Source")


def complete(contact: Contact) -> Contact:
    """Return a contact with all fields, those without a value as None, and its tags as a set."""
    labels = contact.get("custom_variables") or {}
    return {
        **{name: contact.get(name) or None for name in TEXTS},
        "tags": frozenset(contact.get("tags") or ()),
        "opt_out": bool(contact.get("opt_out")),
        **{label: labels.get(label) or None for label in LABELS},
    }


@dataclass
class Outcome:
    """What a sync does.

    Attributes:
        account: The contacts afterwards, by number.
        created: The numbers of the contacts that are created; `updated` and `deleted` alike.
        unchanged: The number of rows without a difference.
        skipped: The number of rows that are skipped.
        requests: The number of write requests.
        refused: Whether the plan is refused.
    """

    account: dict[str, Contact]
    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    unchanged: int = 0
    skipped: int = 0
    requests: int = 0
    refused: bool = False

    @property
    def changes(self) -> list[tuple[str, str]]:
        """The kind and the number of each change."""
        kinds = {"create": self.created, "update": self.updated, "delete": self.deleted}
        return [(kind, number) for kind, numbers in kinds.items() for number in numbers]


@dataclass
class Model:
    """A sync of rows to an account.

    Attributes:
        account: The contacts by number.
        opted_out: The numbers that have opted out, whether or not they are contacts.
        tracked: The numbers that earlier syncs track.
        options: The arguments of `plan_sync`.
    """

    account: dict[str, Contact]
    opted_out: set[str]
    tracked: set[str]
    options: dict[str, Any]

    def sync(self, rows: list[tuple[str | None, bool, Contact]]) -> Outcome:
        """Return what a sync does.

        Args:
            rows: For each row its number if it can be read, whether it is valid, and its values.
        """
        done = Outcome({number: complete(contact) for number, contact in self.account.items()})
        kept = self._kept([(number, row) for number, valid, row in rows if number and valid])
        done.skipped = len(rows) - len(kept)
        for number, row in kept.items():
            self._apply(number, row, done)
        if self.options["delete"] != "none":
            self._delete({number for number, _, _ in rows if number}, done)
            unreadable = any(number is None for number, _, _ in rows) and not self.options["allow_unreadable"]
            done.refused = unreadable or not rows or len(done.deleted) > self._max_delete()
        size = self.options["chunk_size"]
        done.requests += len(done.updated) + ceil(len(done.created) / size) + ceil(len(done.deleted) / size)
        return done

    def _kept(self, rows: list[tuple[str, Contact]]) -> dict[str, Contact]:
        """Return one row for each number."""
        kept: dict[str, Contact] = {}
        for number, row in rows:
            if self.options["duplicates"] == "merge":
                kept[number] = merged(kept.get(number, {}), row)
            elif self.options["duplicates"] == "last" or number not in kept:
                kept[number] = row
        return kept

    def _apply(self, number: str, row: Contact, done: Outcome) -> None:
        before = done.account.get(number)
        if before is None:
            created = self._changed(complete({}), row)
            created["opt_out"] = self._opt_out(number in self.opted_out, row)
            done.account[number] = created
            done.created.append(number)
            says = [row.get(name) for name in NOT_IN_BULK[:2]] + [row.get("opt_out") is True]
            done.requests += any(says) or (row.get("opt_out") is False and self.options["allow_opt_in"])
        elif row.get("opt_out") is False and before["opt_out"] and not self.options["allow_opt_in"]:
            done.skipped += 1
        elif (after := self._changed(before, row)) == before:
            done.unchanged += 1
        else:
            done.account[number] = after
            done.updated.append(number)

    def _opt_out(self, before: bool, row: Contact) -> bool:
        if row.get("opt_out") is None or (row["opt_out"] is False and not self.options["allow_opt_in"]):
            return before
        return bool(row["opt_out"])

    def _changed(self, contact: Contact, row: Contact) -> Contact:
        clears = self.options["blank"] == "clear"
        after = dict(contact)
        labels = row.get("custom_variables") or {}
        for name, value in [*((name, row[name]) for name in TEXTS if name in row), *labels.items()]:
            if value or clears:
                after[name] = value or None
        tags = frozenset(row.get("tags") or ())
        if self.options["tags"] == "add":
            after["tags"] = contact["tags"] | tags
        elif tags or ("tags" in row and clears):
            after["tags"] = tags
        if self.options["scope_tag"]:
            after["tags"] |= {self.options["scope_tag"]}
        after["opt_out"] = self._opt_out(contact["opt_out"], row)
        return after

    def _delete(self, numbers: set[str], done: Outcome) -> None:
        scope = self.options["scope_tag"]
        for number in self.account:
            wanted = self.options["delete"] == "all" or number in self.tracked
            if number not in numbers and wanted and (not scope or scope in (self.account[number].get("tags") or ())):
                done.deleted.append(number)
                del done.account[number]

    def _max_delete(self) -> float:
        maximum = str(self.options["max_delete"])
        return float(maximum[:-1]) * len(self.account) / 100 if maximum.endswith("%") else float(maximum)


def merged(earlier: Contact, later: Contact) -> Contact:
    """Return one row for two: later values win, a blank never does, tags and labels are combined."""
    both = {**earlier}
    for name, value in later.items():
        if name == "tags":
            both[name] = list(dict.fromkeys([*(earlier.get(name) or []), *(value or [])])) or None
        elif name == "custom_variables":
            both[name] = merged(earlier.get(name) or {}, value or {})
        elif value or not earlier.get(name):
            both[name] = value if value is not None else earlier.get(name)
    return both
