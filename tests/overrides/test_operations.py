"""Operations: which are repeatable, and no repr contains personal data."""

from typing import Any

import httpx
import pytest
from rich.pretty import pretty_repr
from sendblue_contacts import OptOut, operations
from sendblue_contacts.bulk import requests
from sendblue_contacts.operations import Operation

from tests.overrides.clients import Runner

NUMBER = "+14155551234"
ITEM = requests.encoded_item({"phone": NUMBER})


def test_which_operations_are_repeatable() -> None:
    """A person receives a verification, and a repeated bulk creation would report its own contacts as duplicates."""
    made: dict[str, Operation[Any]] = {
        "create": operations.create(NUMBER, {}),
        "upsert": operations.upsert(NUMBER, {}),
        "retrieve": operations.retrieve(NUMBER),
        "get": operations.get(NUMBER),
        "update": operations.update(NUMBER, {}, {}),
        "delete": operations.delete(NUMBER),
        "count": operations.count(),
        "page": operations.page({}),
        "opt_out": operations.opt_out(NUMBER),
        "bulk_delete": requests.bulk_delete([NUMBER]),
        "verify": operations.verify(NUMBER),
        "bulk_create": requests.bulk_create([ITEM]),
    }
    assert [name for name, operation in made.items() if not operation.repeatable] == ["verify", "bulk_create"]


def test_only_a_create_without_update_reconciles_a_conflict() -> None:
    """An upsert has no conflicts, in any spelling."""
    made = [
        operations.create(NUMBER, {}),
        operations.create(NUMBER, {"update_if_exists": False}),
        operations.create(NUMBER, {"updateIfExists": True}),
        operations.upsert(NUMBER, {}),
    ]
    assert [operation.conflict_status is not None for operation in made] == [True, True, False, False]


def test_opted_out_must_be_a_bool(runner: Runner) -> None:
    """The string "false" would be true."""
    with pytest.raises(TypeError, match="opted_out must be True or False, not str"):
        runner.run(lambda client: client.contacts.opt_out(NUMBER, "false"), lambda _: httpx.Response(200))
    assert runner.sent == []


def test_an_opt_out_can_be_unpacked_and_shows_no_number() -> None:
    """It is a named tuple whose repr has no number."""
    number, opted_out = opt_out = OptOut(NUMBER, opted_out=True)
    shown = "OptOut(number=…, opted_out=True)"
    assert (number, opted_out, repr(opt_out), str(opt_out)) == (NUMBER, True, shown, shown)
    assert pretty_repr(opt_out) == shown


def test_the_repr_of_an_operation_contains_no_personal_data() -> None:
    """A traceback with local variables calls repr."""
    made: list[Operation[Any]] = [operations.create(NUMBER, {"firstName": "Ada"}), operations.get(NUMBER)]
    assert [repr(operation) for operation in made] == [
        "Operation(POST /api/v2/contacts)",
        "Operation(GET /api/v2/contacts/+…)",
    ]
