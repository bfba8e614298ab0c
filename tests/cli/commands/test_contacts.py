"""The commands for single contacts and for lists of them, on a real sandbox."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import pytest

from tests.cli.command_line import ADA, COMMAND, GRACE, KURT

if TYPE_CHECKING:
    from sendblue_sandbox import Sandbox

    from tests.cli.command_line import Run

FIELDS = ("--first-name", "Ada", "--last-name", "Lovelace", "--tag", "VIP", "--tag", "a, b", "--var", "Lead Source=Web")


def lines(text: str) -> list[Any]:
    """The JSON Lines of an output."""
    return [json.loads(line) for line in text.splitlines()]


def sent(sandbox: Sandbox) -> dict[str, Any]:
    """The body of the last request."""
    body: dict[str, Any] = json.loads(sandbox.requests[-1].body)
    return body


# --- create


def test_create_sends_the_fields(account: Sandbox, run: Run) -> None:
    """Each option is a field of the request, under its preferred name, and nothing else is."""
    done = run("create", "+1 (415) 555-1234", *FIELDS)
    assert (done.exit_code, sent(account)) == (
        0,
        {
            "number": ADA,
            "first_name": "Ada",
            "last_name": "Lovelace",
            "tags": ["VIP", "a, b"],
            "custom_variables": {"Lead Source": "Web"},
        },
    )


def test_create_shows_the_contact(account: Sandbox, run: Run) -> None:
    """A pipe gets a line for each field that has a value."""
    found = dict(line.split("\t") for line in run("create", ADA, *FIELDS).stdout.splitlines())
    kept = account.contacts()[0]
    assert found == {
        "phone": ADA,
        "first_name": "Ada",
        "last_name": "Lovelace",
        "tags": "VIP, a, b",
        "custom_variables.Lead Source": "Web",
        "created_at": found["created_at"],
        "verified": "no",
        "opt_out": "no",
        "contact_id": kept["contact_id"],
    }


def test_create_does_not_change_what_exists(account: Sandbox, run: Run) -> None:
    """A number that has a contact is exit status 1, and the sentence names `--upsert`."""
    run("create", ADA, "--first-name", "Ada")
    done = run("create", ADA, "--first-name", "Augusta")
    assert (done.exit_code, done.stdout, "--upsert" in done.stderr) == (1, "", True)
    assert account.contacts()[0]["first_name"] == "Ada"


def test_create_knows_what_update_has(account: Sandbox, run: Run) -> None:
    """An option that is for changing alone is named with its command; any other is no option at all."""
    done = run("create", ADA, "--company_name", "Engines")
    said = "Error: No such option '--company-name'. Only `update` has it: create the contact, then update it."
    assert (done.exit_code, done.stderr.splitlines()[-1], account.requests) == (2, said, [])
    assert "'--first-name'" in run("create", ADA, "--first-nam", "Ada").stderr


def test_upsert_changes_what_exists(account: Sandbox, run: Run) -> None:
    """With `--upsert` the contact is changed, and what is not given stays."""
    run("create", ADA, *FIELDS)
    assert run("create", ADA, "--upsert", "--first-name", "Augusta").exit_code == 0
    (kept,) = account.contacts()
    assert (kept["first_name"], kept["last_name"]) == ("Augusta", "Lovelace")


# --- update


def test_update_sends_what_changes(account: Sandbox, run: Run) -> None:
    """Only what is given is sent; what is cleared is null."""
    run("create", ADA, *FIELDS)
    done = run("update", ADA, "--company", "Engines", "--opt-out", "--clear", "tags", "--clear", "lastName", "--json")
    assert sent(account) == {"company_name": "Engines", "opt_out": True, "tags": None, "last_name": None}
    assert (done.exit_code, lines(done.stdout)[0]["company_name"]) == (0, "Engines")


def test_update_changes_the_number(account: Sandbox, run: Run) -> None:
    """The number among the fields is the new one."""
    run("create", ADA)
    assert run("update", ADA, "--phone-number", GRACE, "--quiet").stdout == f"{GRACE}\n"
    assert [contact["phone"] for contact in account.contacts()] == [GRACE]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Nothing to update"),
        (["--clear", "first-name", "--first-name", "Ada"], "--first-name and --clear first-name exclude each other"),
        (["--clear", "phone-number"], "phone-number"),
        (["--var", "Plan"], "'Plan' is not LABEL=TEXT"),
    ],
)
def test_an_update_that_makes_no_sense(account: Sandbox, run: Run, arguments: list[str], said: str) -> None:
    """It is exit status 2, and nothing is sent."""
    done = run("update", ADA, *arguments)
    assert (done.exit_code, said in done.stderr, account.requests) == (2, True, [])


def test_update_of_nobody(account: Sandbox, run: Run) -> None:
    """A number without a contact is exit status 1."""
    _ = account
    assert run("update", ADA, "--first-name", "Ada").exit_code == 1


# --- get


def test_get_as_json(account: Sandbox, run: Run) -> None:
    """JSON has every field under its preferred name."""
    run("create", ADA, *FIELDS)
    (found,) = lines(run("get", ADA, "--json").stdout)
    (kept,) = account.contacts()
    del found["created_at"], kept["created_at"]
    assert found == kept


def test_get_nobody(account: Sandbox, run: Run) -> None:
    """A number without a contact is exit status 1 and one line."""
    _ = account
    done = run("get", ADA)
    assert (done.exit_code, done.stdout, done.stderr) == (
        1,
        "",
        "Error: Contact not found: no contact has this number\n",
    )


def test_get_no_number(account: Sandbox, run: Run) -> None:
    """What is no phone number is exit status 2 and one line, and nothing is sent."""
    done = run("get", "12")
    assert (done.exit_code, done.stderr.count("\n"), account.requests) == (2, 1, [])


# --- list and count


def test_list_into_a_pipe(account: Sandbox, run: Run) -> None:
    """A line for each contact, always with the same eight columns between tabs; no titles, no talk."""
    _ = account
    run("create", ADA, *FIELDS)
    run("create", GRACE, "--first-name", "Grace\tB.\nM.")
    done = run("list")
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    created = [row.pop(4) for row in rows]
    assert rows == [
        [ADA, "Ada Lovelace", "", "VIP, a, b", "no", "Lead Source: Web", ""],
        [GRACE, "Grace B. M.", "", "", "no", "", ""],
    ]
    assert ([len(moment) for moment in created], done.stderr) == ([16, 16], "")


def test_list_as_json(account: Sandbox, run: Run) -> None:
    """A line of JSON for each contact, in the order of their creation."""
    numbers = account.seed(3)
    assert [contact["phone"] for contact in lines(run("list", "--json").stdout)] == numbers


def test_list_quietly(account: Sandbox, run: Run) -> None:
    """Numbers alone, one on each line."""
    numbers = account.seed(3)
    assert run("list", "--quiet").stdout.split() == numbers


@pytest.mark.parametrize(
    ("arguments", "query"),
    [
        (["--limit", "2"], {"limit": "2"}),
        (["--order-by", "firstName"], {"order_by": "firstName"}),
        (["--order-direction", "desc"], {"order_direction": "desc"}),
        (["--phone-number", "+1 415 555 1234"], {"phone_number": ADA}),
        (["--cid", "c_1"], {"cid": "c_1"}),
        (["--created-after", "2024-01-15"], {"created_at_gte": "2024-01-15T00:00:00+00:00"}),
        (["--created-after", "2024-01-15T10:30:00-05:00"], {"created_at_gte": "2024-01-15T10:30:00-05:00"}),
    ],
)
def test_list_asks_for_less(account: Sandbox, run: Run, arguments: list[str], query: dict[str, str]) -> None:
    """Each filter is one of the API's."""
    assert run("list", *arguments).exit_code == 0
    asked = dict(parse_qsl(account.requests[-1].query))
    assert query.items() <= asked.items()


@pytest.mark.parametrize("arguments", [["--limit", "0"], ["--created-after", "soon"], ["--order-direction", "up"]])
def test_a_filter_that_is_none(account: Sandbox, run: Run, arguments: list[str]) -> None:
    """It is exit status 2, and nothing is sent."""
    assert (run("list", *arguments).exit_code, account.requests) == (2, [])


def test_list_stops_at_the_limit(account: Sandbox, run: Run) -> None:
    """No more contacts than asked for, by one request."""
    account.seed(5)
    assert (len(run("list", "--limit", "3").stdout.splitlines()), len(account.requests)) == (3, 1)


def test_nobody_reads_on(account: Sandbox) -> None:
    """`list --json | head -1` asks for one page of three, is no traceback, and ends with 141 as other tools do."""
    account.seed(2500)
    pipe = f"{COMMAND} list --json | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["/bin/bash", "-c", pipe], capture_output=True, encoding="utf-8", check=True, timeout=60)
    first, status = done.stdout.splitlines()
    assert (json.loads(first)["phone"][0], status, done.stderr, len(account.requests)) == ("+", "141", "", 1)


def test_nobody_reads_numbers_on(account: Sandbox) -> None:
    """The same where lines are short: nothing is said when what is left in the buffer cannot be written."""
    account.seed(9000)
    pipe = f"{COMMAND} list --quiet | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["/bin/bash", "-c", pipe], capture_output=True, encoding="utf-8", check=True, timeout=60)
    assert (done.stdout.splitlines()[1:], done.stderr) == (["141"], "")


def test_each_page_is_written_as_it_comes(account: Sandbox) -> None:
    """What there is of a list stands before the error that ends it."""
    account.seed(1500)
    account.faults.add(what="status", operation="list_contacts", status=401, nth=2)
    command = [COMMAND, "list", "--quiet"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=60)
    lines = done.stdout.splitlines()
    assert (done.returncode, len(lines), lines[-1].startswith("Error: ")) == (1, 1001, True)


def test_count(account: Sandbox, run: Run) -> None:
    """A number, or JSON."""
    account.seed(12)
    assert (run("count").stdout, run("count", "--json").stdout) == ("12\n", '{"count": 12}\n')


def test_count_of_one_number(account: Sandbox, run: Run) -> None:
    """How many contacts have this number."""
    (number,) = account.seed(1)
    assert [run("count", "--phone-number", each).stdout for each in (number, ADA)] == ["1\n", "0\n"]


# --- verify and opt-out


def test_verify(account: Sandbox, run: Run) -> None:
    """The status that the API gives."""
    assert (run("verify", ADA).stdout, sent(account)) == ("OK\n", {"number": ADA})


def test_verify_as_json(account: Sandbox, run: Run) -> None:
    """The same as JSON."""
    _ = account
    assert run("verify", ADA, "--json").stdout == '{"status": "OK"}\n'


@pytest.mark.parametrize(("arguments", "state"), [([], "opted out"), (["--undo"], "opted in")])
def test_opt_out(account: Sandbox, run: Run, arguments: list[str], state: str) -> None:
    """The number and its state, and back again with `--undo`."""
    assert run("opt-out", ADA, *arguments).stdout == f"{ADA}\t{state}\n"
    assert sent(account) == {"number": ADA, "opted_out": state == "opted out"}


def test_opt_out_as_json(account: Sandbox, run: Run) -> None:
    """The same as JSON."""
    _ = account
    assert lines(run("opt-out", KURT, "--json").stdout) == [{"number": KURT, "opted_out": True}]
