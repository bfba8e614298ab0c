"""The difference between a row and its contact."""

from datetime import date
from typing import Any

import pytest
from sendblue_contacts.responses import contact_rows
from sendblue_contacts_api.models.contact import Contact
from sendblue_contacts_api.models.error import Error
from sendblue_transfer import Change
from sendblue_transfer.syncing import contact_values
from sendblue_transfer.syncing.account_index import AccountIndex
from sendblue_transfer.syncing.options import SyncOptions
from sendblue_transfer.syncing.planning.diff import OPTED_OUT, RowDiff

NUMBER, FIRM = "+14155550123", "Engines"
ADA = {
    "phone": NUMBER,
    "first_name": "Ada",
    "company_name": FIRM,
    "sendblue_number": "+1 (917) 555-9876",
    "tags": ["VIP", "lead"],
    "custom_variables": {"Plan": "Plus", "Size": "", "Since": 1843},
    "opt_out": False,
    "verified": True,
    "created_at": "2024-01-15T10:30:00Z",
}
OUT = {**ADA, "opt_out": True}


def change(row: dict[str, Any], contact: dict[str, Any] | None = ADA, **options: Any) -> Change | None:
    """Compare a row with a contact as the API returns it."""
    values = contact and contact_values.contact_values(Contact.from_dict(contact))
    return RowDiff(SyncOptions(**options)).change(2, NUMBER, row, values)


@pytest.mark.parametrize(
    ("kind", "given", "compared"),
    [
        ("array[object]", [Error(message="no")], [{"message": "no"}]),
        ("array[date]", [date(2024, 1, 15)], ["2024-01-15"]),
        ("array[string]", ["a", "", 7], ["a", "7"]),
    ],
)
def test_arrays_are_compared_as_json(kind: str, given: list[object], compared: list[object]) -> None:
    """The items of an array, whatever their kind, are read as a file has them; blank ones are left out."""
    assert contact_values._normalised("a field", kind, [given, None]) == [compared, None]


CLEAR: dict[str, Any] = {"blank": "clear"}


@pytest.mark.parametrize(
    ("row", "options"),
    [
        ({}, {}),
        ({"first_name": "Ada", "tags": ["lead", "VIP", "lead"], "custom_variables": {"Plan": "Plus"}}, {}),
        ({"opt_out": False, "sendblue_number": "+19175559876"}, CLEAR),
        ({"first_name": None, "tags": None, "custom_variables": {"Plan": None, "Plus": None}, "opt_out": None}, {}),
        ({"tags": [], "custom_variables": {"Plan": " "}}, {}),
        ({"last_name": None, "opt_out": None, "custom_variables": {"Size": "", "Other": None}}, CLEAR),
        ({"custom_variables": {"Since": "1843"}}, {}),
        ({"tags": ["VIP"]}, {"tags": "add"}),
        ({"tags": None}, {"tags": "add", **CLEAR}),
        ({"tags": ["VIP"]}, {"scope_tag": "lead"}),
        ({}, {"scope_tag": "lead"}),
    ],
)
def test_unchanged(row: dict[str, Any], options: dict[str, Any]) -> None:
    """Equal values, in any documented form; blanks; and fields that the row lacks."""
    assert change(row, **options) is None


@pytest.mark.parametrize(
    ("row", "options", "fields"),
    [
        ({"first_name": " Ada"}, {}, {"first_name": ("Ada", " Ada")}),
        ({"first_name": "ada", "last_name": "Byron"}, {}, {"first_name": ("Ada", "ada"), "last_name": (None, "Byron")}),
        ({"first_name": None, "company_name": "X"}, CLEAR, {"first_name": ("Ada", None), "company_name": (FIRM, "X")}),
        ({"tags": ["VIP", "new", "VIP"]}, {}, {"tags": (["VIP", "lead"], ["VIP", "new"])}),
        ({"tags": ["new"]}, {"tags": "add"}, {"tags": (["VIP", "lead"], ["VIP", "lead", "new"])}),
        ({"tags": []}, CLEAR, {"tags": (["VIP", "lead"], None)}),
        ({"tags": ["VIP"]}, {"scope_tag": "crm"}, {"tags": (["VIP", "lead"], ["VIP", "crm"])}),
        ({}, {"scope_tag": "crm"}, {"tags": (["VIP", "lead"], ["VIP", "lead", "crm"])}),
        ({"tags": None}, {"scope_tag": "crm", **CLEAR}, {"tags": (["VIP", "lead"], ["crm"])}),
        (
            {"custom_variables": {"Plan": "Pro", "Size": "XL", "Since": ""}},
            {},
            {"custom_variables.Plan": ("Plus", "Pro"), "custom_variables.Size": (None, "XL")},
        ),
        ({"custom_variables": {"Plan": ""}}, CLEAR, {"custom_variables.Plan": ("Plus", None)}),
        ({"opt_out": True}, {}, {"opt_out": (None, True)}),
        ({"sendblue_number": "+19175550000"}, {}, {"sendblue_number": ("+1 (917) 555-9876", "+19175550000")}),
    ],
)  # fmt: skip
def test_updates(row: dict[str, Any], options: dict[str, Any], fields: dict[str, Any]) -> None:
    """Only the fields that differ, with their old and new values."""
    assert change(row, **options) == Change("update", NUMBER, fields, line=2)


def test_an_opt_out_is_not_undone() -> None:
    """The whole row is skipped, unless opting in is allowed; a row that says nothing about it is compared normally."""
    row = {"first_name": "Augusta", "opt_out": False}
    names = {"first_name": ("Ada", "Augusta")}
    assert change(row, OUT) == Change("skip", NUMBER, reason=OPTED_OUT, line=2)
    assert change(row, OUT, allow_opt_in=True) == Change("update", NUMBER, {**names, "opt_out": (True, False)}, line=2)
    for blank in ({"first_name": "Augusta"}, {**row, "opt_out": None}):
        assert change(blank, OUT, **CLEAR) == Change("update", NUMBER, names, line=2)


@pytest.mark.parametrize(
    ("row", "options", "fields"),
    [
        ({}, {}, {}),
        ({"first_name": None, "tags": [], "opt_out": False, "custom_variables": {"Plan": None}}, CLEAR, {}),
        ({"opt_out": False}, {"allow_opt_in": True}, {"opt_out": False}),
        (
            {"tags": ["a", "a"], "custom_variables": {"Plan": "Pro"}, "opt_out": True},
            {"scope_tag": "crm"},
            {"tags": ["a", "crm"], "custom_variables.Plan": "Pro", "opt_out": True},
        ),
    ],
)
def test_creations(row: dict[str, Any], options: dict[str, Any], fields: dict[str, Any]) -> None:
    """Every value of the row that is not blank. A number may have opted out before it became a contact."""
    created = change(row, None, **options)
    assert created == Change("create", NUMBER, {name: (None, value) for name, value in fields.items()}, line=2)


def test_contacts_that_are_not_as_documented() -> None:
    """A contact without a valid number is counted only; of two with one number, the last counts; texts are text."""
    odd = {
        "phone": "+1 415 555 0123",
        "contact_id": [1],
        "first_name": 7,
        "last_name": True,
        "tags": [1, None],
        "custom_variables": [1],
    }
    contacts: list[dict[str, Any]] = [ADA, {"phone": None}, {}, {"phone": "4155550123"}, {"phone": 14155550123}, odd]
    two_lines = {"phone": "+14155550124\n+14155550125"}
    with AccountIndex.read([contact_rows(contacts), [], contact_rows([two_lines])]) as account:
        assert account.contacts == 7
        assert account.get(NUMBER) == {"first_name": "7", "last_name": "true", "tags": ["1"]}
        assert [account.get(f"+1415555012{last}") for last in (4, 5)] == [None, None]
        assert (account.get("+14155550000"), account.contact_id(NUMBER)) == (None, None)
