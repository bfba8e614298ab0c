"""For any sync, an undo gives back an export that is equal to the one before, but for new IDs and dates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sendblue_contacts import Sendblue
from sendblue_sandbox import Sandbox
from sendblue_transfer import apply_sync, plan_sync, undo_sync

from tests.transfer.contact_files import number
from tests.transfer.syncing.test_undo import exported

pytestmark = pytest.mark.usefixtures("state")


@pytest.fixture
def empty(sandbox: Sandbox, client: Sendblue, tmp_path: Path) -> tuple[Sandbox, Sendblue, Path]:
    """A sandbox with its client, and the path of a state."""
    return sandbox, client, tmp_path / "crm.csv.sendblue-sync"


names = st.sampled_from(["Ada", "Grace", "Émilie", "x"])
contacts = st.fixed_dictionaries(
    {},
    optional={
        "first_name": names,
        "last_name": names,
        "company_name": names,
        "assigned_to_email": st.sampled_from(["a@example.org", "b@example.org"]),
        "opt_out": st.booleans(),
        "tags": st.lists(st.sampled_from(["VIP", "lead", "old"]), unique=True, max_size=2),
        "custom_variables": st.dictionaries(st.sampled_from(["Plan", "Source", "Seat"]), names, max_size=2),
    },
)
accounts = st.dictionaries(st.integers(0, 6), contacts, max_size=6)
options = st.fixed_dictionaries(
    {
        "delete": st.sampled_from(["none", "all"]),
        "tags": st.sampled_from(["replace", "add"]),
        "blank": st.sampled_from(["keep", "clear"]),
        "scope_tag": st.sampled_from([None, "crm"]),
        "allow_opt_in": st.booleans(),
    }
)
Account = dict[int, dict[str, Any]]


def fill(client: Sendblue, account: Account) -> None:
    """Create these contacts."""
    for index, values in account.items():
        client.contacts.create(number(index))
        if values:
            client.contacts.update(number(index), values)  # type: ignore[call-overload]  # any fields


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=accounts, sources=st.tuples(accounts.filter(bool), accounts.filter(bool)), chosen=options)
def test_undo_gives_back_the_export(
    empty: tuple[Sandbox, Sendblue, Path], before: Account, sources: tuple[Account, Account], chosen: dict[str, Any]
) -> None:
    """For any account, source and options; also of a sync that was interrupted and completed with another source."""
    sandbox, client, path = empty
    sandbox.reset()
    path.unlink(missing_ok=True)
    fill(client, before)
    expected = exported(sandbox)
    sandbox.faults.add(operation="update_contact", status=401, nth=[2])
    for source in sources:
        given_rows = [{"phone": number(index), **values} for index, values in source.items()]
        plan = plan_sync(client, given_rows, max_delete="100%", state=path, **chosen)
        interrupted = not apply_sync(client, plan).complete
        sandbox.faults.clear()
        if not interrupted:
            break
    assert undo_sync(client, path).complete if path.exists() else exported(sandbox) == expected
    assert exported(sandbox) == expected
