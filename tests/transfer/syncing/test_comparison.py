"""The comparison of a source with an account, which compares digests first, and fields only if they differ."""

import random
from typing import Any

import pytest
from sendblue_contacts import Sendblue
from sendblue_contacts_api.models.contact import Contact
from sendblue_sandbox import Sandbox
from sendblue_transfer import apply_sync, plan_sync
from sendblue_transfer.syncing.contact_values import contact_values
from sendblue_transfer.syncing.options import SyncOptions
from sendblue_transfer.syncing.planning.diff import RowDiff

from tests.transfer.contact_files import number, writes

VALUES: dict[str, list[Any]] = {
    "first_name": ["Ada", "Zoë", " Ada", "", None],
    "sendblue_number": ["+19175559876", "+19175550000"],
    "tags": [["VIP"], ["lead", "VIP"], ["crm", "lead"], []],
    "custom_variables": [{"Plan": "Plus"}, {"Plan": "", "Lead.Source": "Web"}, {}],
    "opt_out": [True, False, None],
}
OPTIONS: list[dict[str, Any]] = [
    {"blank": "clear"},
    {"tags": "add", "allow_opt_in": True},
    {"scope_tag": "crm", "chunk_size": 3},
    {"scope_tag": "crm", "tags": "add", "blank": "clear", "allow_opt_in": True, "chunk_size": 1},
]


def values(choose: random.Random) -> dict[str, Any]:
    """Return any values of some fields."""
    return {name: choose.choice(given) for name, given in VALUES.items() if choose.random() < 0.6}


@pytest.mark.parametrize("options", OPTIONS)
def test_rows_are_compared_by_digests_as_they_are_field_by_field(
    sandbox: Sandbox, client: Sendblue, options: dict[str, Any]
) -> None:
    """For any values and options. The sync then takes as many requests as planned, and leaves nothing to do."""
    choose = random.Random(len(options))  # noqa: S311  # a reproducible choice
    client.contacts.bulk.create({"phone": number(index)} for index in range(30))
    for index in range(30):
        client.contacts.update(number(index), {**values(choose), "opt_out": choose.random() < 0.3})  # type: ignore[call-overload]  # any fields
    contacts = {each["phone"]: contact_values(Contact.from_dict(each)) for each in sandbox.contacts()}
    rows = [values(choose) for _ in range(40)]
    diff = RowDiff(SyncOptions(**options))
    expected = [
        diff.change(line, number(line), row, contacts.get(number(line))) for line, row in enumerate(rows, start=1)
    ]
    source = [{"phone": number(line), **row} for line, row in enumerate(rows, start=1)]
    plan = plan_sync(client, source, **options)
    assert sorted(plan.changes(), key=lambda change: change.line or 0) == [each for each in expected if each]
    assert plan.unchanged == expected.count(None)
    before = len(writes(sandbox))
    assert apply_sync(client, plan).complete
    assert len(writes(sandbox)) - before == plan.requests
    assert plan_sync(client, source, **options).requests == 0
