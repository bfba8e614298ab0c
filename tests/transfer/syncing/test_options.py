"""The options of a plan."""

from typing import Any

import pytest
from sendblue_transfer import TransferError
from sendblue_transfer.syncing.options import SyncOptions


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("delete", ["some", True, None, ["all"]], "delete must be one of none, tracked, all, not "),
        ("tags", ["merge", 1], "tags must be one of replace, add"),
        ("blank", ["null", ""], "blank must be one of keep, clear"),
        ("duplicates", ["all"], "duplicates must be one of last, first, error, merge"),
        ("allow_opt_in", [1, "yes", None], "allow_opt_in must be one of True, False"),
        ("allow_unreadable", [1], "allow_unreadable must be one of True, False"),
        ("max_delete", ["1000%", "-1", -1, "5 percent", 0.05, True, None, "", "٣%"], "max_delete must be a count"),
        ("scope_tag", ["", " ", " VIP", 7, ["VIP"]], "scope_tag must be a tag"),
    ],
)
def test_invalid_options(name: str, values: list[Any], message: str) -> None:
    """The error names the option and its values."""
    for value in values:
        with pytest.raises(TransferError, match=message):
            SyncOptions(**{name: value})


@pytest.mark.parametrize(
    ("max_delete", "contacts", "allowed"),
    [
        ("5%", 100, 5),
        ("5%", 99, 4),
        ("5 %", 19, 0),
        ("0.5%", 1_000, 5),
        ("100%", 3, 3),
        (7, 1, 7),
        ("7", 1, 7),
        (0, 9, 0),
    ],
)
def test_maximum_of_deletions(max_delete: int | str, contacts: int, allowed: int) -> None:
    """A percentage is that of the account, and is exact."""
    options = SyncOptions(max_delete=max_delete)
    assert options.allows_deletions(allowed, contacts)
    assert not options.allows_deletions(allowed + 1, contacts)
