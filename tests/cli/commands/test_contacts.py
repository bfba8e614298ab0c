"""The commands for single contacts and for lists, with a sandbox."""

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest
from sendblue_contacts_cli.tables import COLUMNS, LISTED
from sendblue_sandbox import Sandbox

from tests.cli.command_line import ADA, GRACE, KURT, Run

FIELDS = ("--first-name", "Ada", "--last-name", "Lovelace", "--tag", "VIP", "--tag", "a, b", "--var", "Lead Source=Web")


def json_lines(text: str) -> list[Any]:
    """Parse JSON Lines."""
    return [json.loads(line) for line in text.splitlines()]


def last_body(sandbox: Sandbox) -> dict[str, Any]:
    """Return the body of the last request."""
    body: dict[str, Any] = json.loads(sandbox.requests[-1].body)
    return body


def test_create_shows_contact(account: Sandbox, run: Run) -> None:
    """Each option is sent as the field with its preferred name. A pipe gets each field that has a value, JSON all."""
    done = run("create", "+1 (415) 555-1234", *FIELDS)
    names = {"first_name": "Ada", "last_name": "Lovelace"}
    lists = {"tags": ["VIP", "a, b"], "custom_variables": {"Lead Source": "Web"}}
    assert (done.exit_code, last_body(account)) == (0, {"number": ADA, **names, **lists})
    (stored,) = account.contacts()
    found = dict(line.split("\t") for line in done.stdout.splitlines())
    assert len(found.pop("created_at")) > 10
    assert found == {
        "phone": ADA,
        **names,
        "tags": 'VIP, "a, b"',
        "custom_variables.Lead Source": "Web",
        "verified": "no",
        "opt_out": "no",
        "contact_id": stored["contact_id"],
    }
    (as_json,) = json_lines(run("get", ADA, "--json").stdout)
    del as_json["created_at"], stored["created_at"]
    assert as_json == stored


def test_create_of_an_existing_contact(account: Sandbox, run: Run) -> None:
    """The exit code is 1, and the message suggests `--if-exists update`, which updates the given fields only."""
    run("create", ADA, *FIELDS)
    done = run("create", ADA, "--first-name", "Augusta")
    assert (done.exit_code, done.stdout, "--if-exists update" in done.stderr) == (1, "", True)
    assert account.contacts()[0]["first_name"] == "Ada"
    assert run("create", ADA, "--if-exists", "update", "--first-name", "Augusta").exit_code == 0
    (stored,) = account.contacts()
    assert (stored["first_name"], stored["last_name"]) == ("Augusta", "Lovelace")


def test_create_refers_to_update(account: Sandbox, run: Run) -> None:
    """An option that only `update` has is reported with that command."""
    done = run("create", ADA, "--company_name", "Engines")
    message = "Error: No such option '--company-name'. Only `update` has it: create the contact, then update it."
    assert (done.exit_code, done.stderr.splitlines()[-1], account.requests) == (2, message, [])


def test_update_sends_changes(account: Sandbox, run: Run) -> None:
    """Only given fields are sent; a field that is cleared, by any name, is null; an option sets the new number."""
    run("create", ADA, *FIELDS)
    done = run("update", ADA, "--company", "Engines", "--opt-out", "--clear", "tags", "--clear", "lastName", "--json")
    assert last_body(account) == {"company_name": "Engines", "opt_out": True, "tags": None, "last_name": None}
    assert (done.exit_code, json_lines(done.stdout)[0]["company_name"]) == (0, "Engines")
    done = run("update", ADA, "--phone-number", GRACE, "--clear", "company", "--quiet")
    assert last_body(account) == {"phone_number": GRACE, "company_name": None}
    assert (done.exit_code, done.output, [contact["phone"] for contact in account.contacts()]) == (0, "", [GRACE])


def test_invalid_update(account: Sandbox, run: Run) -> None:
    """The exit code is 2, and nothing is sent."""
    invalid = {
        (): "Nothing to update",
        ("--clear", "first-name", "--first-name", "Ada"): "first-name cannot be both set and cleared",
        ("--clear", "phone-number"): "phone-number",
        ("--var", "Plan"): "'Plan' is not LABEL=TEXT",
    }
    for arguments, message in invalid.items():
        done = run("update", ADA, *arguments)
        assert (message, done.exit_code, message in done.stderr, account.requests) == (message, 2, True, [])


def test_unknown_or_invalid_number(account: Sandbox, run: Run) -> None:
    """A number without a contact is exit code 1 and one line; an invalid one is 2, and nothing is sent."""
    message = "Error: Contact not found: no contact has this number\n"
    for arguments in (("get", ADA), ("update", ADA, "--first-name", "Ada")):
        done = run(*arguments)
        assert (done.exit_code, done.stdout, done.stderr) == (1, "", message)
    before = len(account.requests)
    done = run("get", "12")
    assert (done.exit_code, done.stderr.count("\n"), len(account.requests)) == (2, 1, before)


def test_list_to_a_pipe(account: Sandbox, run: Run) -> None:
    """Each contact is one line with the same tab-separated columns; there are no titles and no messages."""
    _ = account
    run("create", ADA, *FIELDS)
    run("create", GRACE, "--first-name", "Grace\tB.\nM.")
    done = run("list")
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert {len(row) for row in rows} == {len(COLUMNS)}
    created = [row.pop(4) for row in rows]
    assert [row[: len(LISTED) - 1] for row in rows] == [
        [ADA, "Ada Lovelace", "", 'VIP, "a, b"', "no", "Lead Source: Web", ""],
        [GRACE, "Grace\\tB.\\nM.", "", "", "no", "", ""],
    ]
    assert ([len(moment) for moment in created], done.stderr) == ([16, 16], "")


def test_list_formats(account: Sandbox, run: Run) -> None:
    """With `--json` each contact is one line of JSON, with `--quiet` one number; `--limit` takes a single request."""
    numbers = account.seed(5)
    assert [contact["phone"] for contact in json_lines(run("list", "--json").stdout)] == numbers
    assert run("list", "--quiet").stdout.split() == numbers
    before = len(account.requests)
    assert len(run("list", "--limit", "3").stdout.splitlines()) == 3
    assert len(account.requests) == before + 1


FILTERS = {
    ("--limit", "2"): ("limit", "2"),
    ("--order-by", "firstName"): ("order_by", "firstName"),
    ("--order-direction", "desc"): ("order_direction", "desc"),
    ("--phone-number", "+1 415 555 1234"): ("phone_number", ADA),
    ("--cid", "c_1"): ("cid", "c_1"),
    ("--created-after", "2024-01-15"): ("created_at_gte", "2024-01-15T00:00:00+00:00"),
    ("--created-after", "2024-01-15T10:30:00-05:00"): ("created_at_gte", "2024-01-15T10:30:00-05:00"),
}


def test_list_filters(account: Sandbox, run: Run) -> None:
    """Each filter is sent as a query parameter of the API; for an invalid one nothing is sent, and the code is 2."""
    for arguments, expected in FILTERS.items():
        before = len(account.requests)
        assert run("list", *arguments).exit_code == 0
        assert expected in parse_qsl(account.requests[before].query)
    account.reset()
    for option, text in {"--limit": "0", "--created-after": "soon", "--order-direction": "up"}.items():
        assert (run("list", option, text).exit_code, account.requests) == (2, [])


@pytest.fixture
def people(account: Sandbox, run: Run) -> Sandbox:
    """A sandbox with three contacts."""
    run("create", ADA, *FIELDS)
    run("create", GRACE, "--first-name", "Grace", "--tag", "VIP")
    run("update", GRACE, "--company-name", "Navy")
    run("create", "+442071838750", "--first-name", "Kurt", "--tag", "a")
    return account


FILTERED = {
    "--tag VIP": ["Ada", "Grace"],
    "--tag VIP --where company_name=": ["Ada"],
    "--tag VIP --limit 1": ["Ada"],
    "--tag vip": [],
    "--phone 555-": ["Ada", "Grace"],
    "--phone +44": ["Kurt"],
    "--where companyName=Navy": ["Grace"],
    "--where name=Kurt --where opt_out=no": ["Kurt"],
    "--where opt_out=yes": [],
    "--where created_at=2": ["Ada", "Grace", "Kurt"],
    "--where customVariables.Source=": ["Ada", "Grace", "Kurt"],
}


def test_filters_on_this_side(people: Sandbox, run: Run) -> None:
    """What the API cannot filter is filtered after reading all contacts, and a message says so; also for `export`."""
    for options, names in FILTERED.items():
        done = run("list", *options.split(), "--columns", "first_name")
        assert (options, done.exit_code, done.stdout.splitlines()) == (options, 0, names)
        assert f"of the {len(people.contacts())} contacts that were read" in done.stderr
        exported = json_lines(run("export", "-", "--format", "jsonl", *options.split()).stdout)
        assert (options, [contact["first_name"] for contact in exported]) == (options, names)


def test_columns(people: Sandbox, run: Run) -> None:
    """`--columns` names the columns, in any spelling, also of the JSON; an unknown one gets a suggestion."""
    _ = people
    options = ("--columns", "name, customVariables.Lead Source", "--columns", "tags", "--limit", "1")
    assert run("list", *options).stdout == 'Ada Lovelace\tWeb\tVIP, "a, b"\n'
    assert json_lines(run("list", *options, "--json").stdout) == [
        {"name": "Ada Lovelace", "custom_variables.Lead Source": "Web", "tags": ["VIP", "a, b"]}
    ]
    name = "first_name"
    for option, text in (("--columns", f"phone,{name[1:]}"), ("--where", f"{name[1:]}=Ada")):
        done = run("list", option, text)
        assert (done.exit_code, f"Did you mean {name!r}" in done.stderr) == (2, True)


def test_default_region(account: Sandbox, run: Run) -> None:
    """Every command that takes numbers accepts those of `--default-region`; without it, the error names the option."""
    _ = account
    commands = ("create", "get", "update --first-name A", "count --phone-number", "opt-out", "verify", "delete --yes")
    for command in commands:
        done = run(*command.split(), "(415) 555-2671", "--default-region", "US")
        assert (command, done.exit_code) == (command, 0)
        assert "--default-region US" in run(*command.split(), "(415) 555-2671").stderr


def test_pages_before_an_error_are_written(account: Sandbox, run: Run) -> None:
    """The pages before an error are written."""
    account.seed(1500)
    account.faults.add(what="status", operation="list_contacts", status=401, nth=2)
    done = run("list", "--quiet")
    assert (done.exit_code, len(done.stdout.splitlines()), done.stderr[:7]) == (1, 1000, "Error: ")


def test_count(account: Sandbox, run: Run) -> None:
    """The count is a number, or JSON; `--phone-number` counts the contacts with this number."""
    number = account.seed(12)[0]
    assert (run("count").stdout, run("count", "--json").stdout) == ("12\n", '{"count": 12}\n')
    assert [run("count", "--phone-number", each).stdout for each in (number, ADA)] == ["1\n", "0\n"]


def test_verify(account: Sandbox, run: Run) -> None:
    """What was sent to which number is written, with the status of the API, also as JSON."""
    sent = f"{ADA}\tverification message sent, status OK\n"
    assert (run("verify", "+1 415 555 1234").stdout, last_body(account)) == (sent, {"number": ADA})
    assert json_lines(run("verify", ADA, "--json").stdout) == [{"number": ADA, "status": "OK"}]


def test_opt_out(account: Sandbox, run: Run) -> None:
    """The number and its state are written, also as JSON; `--undo` opts the number in again."""
    for arguments, state in (([], "opted out"), (["--undo"], "opted in")):
        assert run("opt-out", ADA, *arguments).stdout == f"{ADA}\t{state}\n"
        assert last_body(account) == {"number": ADA, "opted_out": state == "opted out"}
    assert json_lines(run("opt-out", KURT, "--json").stdout) == [{"number": KURT, "opted_out": True}]
