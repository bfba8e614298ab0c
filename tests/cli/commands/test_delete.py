"""The command `delete`: which contacts it deletes, the confirmation, and the outcomes."""

import json
from pathlib import Path

import pytest
from sendblue_contacts.bulk.results import BulkOutcome
from sendblue_sandbox import Sandbox

from tests.cli.command_line import ADA, GRACE, KURT, Run


@pytest.fixture
def contacts(account: Sandbox, run: Run) -> Sandbox:
    """A sandbox with three contacts."""
    for number in (ADA, GRACE, KURT):
        run("create", number)
    return account


def numbers(sandbox: Sandbox) -> list[str]:
    """Return the numbers that have a contact."""
    return [contact["phone"] for contact in sandbox.contacts()]


def test_delete_given_numbers(contacts: Sandbox, run: Run, tmp_path: Path) -> None:
    """Numbers are arguments, or the lines of standard input (`-`) or a file; each is deleted once, in one request."""
    before = len(contacts.requests)
    done = run("delete", ADA, "-", "+1 415-555-1234", "--yes", input="\n\n  +1 415 555 5678  \n")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "Deleted 2 of 2 contacts.\n")
    assert (numbers(contacts), len(contacts.requests)) == ([KURT], before + 1)
    (tmp_path / "numbers.txt").write_text(f"+1 415 555\xa09999\r\n{KURT}\r\n", "utf-16")
    done = run("delete", "--from", str(tmp_path / "numbers.txt"), "--yes")
    assert (done.exit_code, done.stderr, numbers(contacts)) == (0, "Deleted 1 of 1 contact.\n", [])


@pytest.mark.parametrize(
    ("options", "left", "message"),
    [
        (["--where", f"phone={ADA}"], [GRACE, KURT], "Deleted 1 of 1 contact."),
        (["--phone", "555"], [], "Deleted 3 of 3 contacts."),
        (["--tag", "VIP"], [ADA, GRACE, KURT], "Nothing was deleted."),
    ],
)
def test_delete_matching(contacts: Sandbox, run: Run, options: list[str], left: list[str], message: str) -> None:
    """The contacts that match the filters are deleted; numbers cannot be given as well."""
    assert run("delete", *options, GRACE, "--yes").exit_code == 2
    done = run("delete", *options, "--yes")
    assert (done.exit_code, done.stderr.splitlines()[-1], numbers(contacts)) == (0, message, left)


def test_unknown_number(contacts: Sandbox, run: Run) -> None:
    """The exit code is 1; the other contacts are deleted, and the message or JSON has the number and the reason."""
    done = run("delete", ADA, "+14155550000", "--yes")
    first, last = done.stderr.splitlines()
    assert (done.exit_code, first[:14], last) == (1, "+14155550000: ", "Deleted 1 of 2 contacts.")
    assert (numbers(contacts), "not found" in first) == ([GRACE, KURT], True)
    deleted, failed = map(json.loads, run("delete", KURT, "+14155550000", "--yes", "--json").stdout.splitlines())
    assert deleted == {"number": KURT, "status": "deleted", "reason": None}
    assert failed == {"number": "+14155550000", "status": "failed", "reason": first[14:]}


def test_invalid_numbers(contacts: Sandbox, run: Run, tmp_path: Path) -> None:
    """The exit code is 2, and no contact is deleted; for a file the message has the line, and not the number."""
    done = run("delete", ADA, "12", "--yes")
    assert (done.exit_code, "nothing was deleted" in done.stderr) == (2, True)
    file = tmp_path / "numbers.txt"
    file.write_text(f"{ADA}\n\nphone\n")
    for named, place in ((["-"], "standard input"), (["--from", str(file)], str(file))):
        done = run("delete", *named, "--yes", input=file.read_bytes())
        assert done.exit_code == 2
        assert done.stderr.startswith(f"Error: line 3 of {place}: number ('xxxxx') is not a valid phone number")
    file.write_text(ADA, "utf-16-le")
    done = run("delete", "--from", str(file), "--yes")
    assert (done.exit_code, "save it as UTF-8" in done.stderr) == (2, True)
    assert run("delete", "--yes").exit_code == 2
    assert len(numbers(contacts)) == 3


def test_no_terminal_for_confirmation(contacts: Sandbox, run: Run) -> None:
    """Without a terminal, `--yes` is required: the exit code is 2, and no contact is deleted."""
    done = run("delete", ADA, GRACE)
    message = "deleting 2 contacts needs a confirmation, and there is no terminal to ask on; add --yes"
    assert (done.exit_code, done.stderr, len(numbers(contacts))) == (2, f"Error: {message}\n", 3)


def test_unknown_outcome(contacts: Sandbox, run: Run) -> None:
    """If it is unknown whether the contacts were deleted, the exit code is 3."""
    for operation in ("bulk_delete_contacts", "retrieve_contact"):
        contacts.faults.add(operation=operation, status=500)
    assert run("delete", ADA, GRACE, "--yes").exit_code == 3


def test_ctrl_c(account: Sandbox, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message has the number of deleted contacts, and of contacts that may be deleted."""

    def report_outcome(outcome: BulkOutcome[str]) -> str:
        if outcome.index == 100:
            raise KeyboardInterrupt
        return outcome.status

    monkeypatch.setattr("sendblue_contacts_cli.commands.delete._report_outcome", report_outcome)
    done = run("delete", "-", "--yes", input="\n".join(account.seed(200)))
    assert (done.exit_code, done.stderr.splitlines()) == (
        130,
        ["Deleted 100 of 200 contacts; 100 more may be deleted, and deleting them again is safe.", "Interrupted."],
    )
