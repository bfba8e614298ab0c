"""Reads the columns in which CRMs keep opt-outs. No I/O.

Such a column can opt a contact out, but never in: consent in one system does not withdraw an opt-out in another. A
state that is neither, such as `pending`, leaves the contact unchanged.
"""

from __future__ import annotations

from .cells import scalar_text
from .column_synonyms import CONSENT_TITLES, OPT_OUT_TITLES
from .titles import normalise_title

_YES = {"yes", "y", "true", "t", "1", "x", "on", "checked"}
_NO = {"no", "n", "false", "f", "0", "off", "unchecked"}
_OUT = {"unsubscribed", "optedout", "optout", "donotallow", "blocked"}
_NOT_OUT = {
    *("subscribed", "optedin", "optin", "allow", "allowed", "pending", "notconfirmed"),
    *("neversubscribed", "nonsubscribed", "notsubscribed", "never", "notset"),
}
OPT_OUT_COLUMN, CONSENT_COLUMN = "opt-out column", "consent column"
_ANSWERS = {OPT_OUT_COLUMN: (_YES | _OUT, _NO | _NOT_OUT), CONSENT_COLUMN: (_NO | _OUT, _YES | _NOT_OUT)}
"""For each kind of column, the values that opt a contact out, and those that leave it unchanged."""
KIND_OF_TITLE = {
    normalise_title(title): kind
    for kind, titles in ((OPT_OUT_COLUMN, OPT_OUT_TITLES), (CONSENT_COLUMN, CONSENT_TITLES))
    for title in titles
}
"""The kind of each column about opt-outs, by normalized title."""


def is_opted_out(kind: str, cell: object, title: str) -> bool:
    """Whether the cell of a column about opt-outs opts a contact out.

    Args:
        kind: `OPT_OUT_COLUMN` or `CONSENT_COLUMN`.
        cell: The text of the cell, or a value from JSON.
        title: The title of the column, for the error.

    Raises:
        ValueError: The value is not known. It is not shown.
    """
    opts_out, unchanged = _ANSWERS[kind]
    value = normalise_title(str(scalar_text(cell)))
    if value in opts_out or value in unchanged:
        return value in opts_out
    raise ValueError(
        f"the column {title!r} says neither yes nor no, so it is not known whether the contact has opted out; correct "
        f"the cell, or ignore the column with --map '{title}=' (ColumnMap({{'{title}': ''}}))"
    )
