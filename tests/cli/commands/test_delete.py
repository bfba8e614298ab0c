"""`delete`: which contacts, who is asked, and what becomes of each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.command_line import ADA, GRACE, KURT

if TYPE_CHECKING:
    from pathlib import Path

    from sendblue_contacts.bulk.results import BulkOutcome
    from sendblue_sandbox import Sandbox

    from tests.cli.command_line import Run


@pytest.fixture
def three(account: Sandbox, run: Run) -> Sandbox:
    """A sandbox with three contacts."""
    for number in (ADA, GRACE, KURT):
        run("create", number)
    return account


def numbers(sandbox: Sandbox) -> list[str]:
    """The numbers that have a contact."""
    return [contact["phone"] for contact in sandbox.contacts()]


def test_those_that_are_named(three: Sandbox, run: Run) -> None:
    """Their contacts are gone, the others stay, and it is said how many they were."""
    done = run("delete", ADA, "+1 415 555 5678", "--yes")
    assert (done.exit_code, done.stdout, done.stderr, numbers(three)) == (0, "", "Deleted 2 of 2 contacts.\n", [KURT])


def test_many_are_one_request(three: Sandbox, run: Run) -> None:
    """They are deleted in bulk."""
    before = len(three.requests)
    run("delete", ADA, GRACE, KURT, "--yes")
    assert len(three.requests) == before + 1


def test_numbers_from_standard_input(three: Sandbox, run: Run) -> None:
    """`-` stands for the lines of standard input; blank ones count for nothing."""
    done = run("delete", "-", KURT, "--yes", input=f"{ADA}\n\n  {GRACE}  \n")
    assert (done.exit_code, numbers(three)) == (0, [])


def test_numbers_from_a_file(three: Sandbox, run: Run, tmp_path: Path) -> None:
    """`--from` names a file with a number on each line."""
    (tmp_path / "numbers.txt").write_text(f"{ADA}\n{GRACE}\n")
    assert (run("delete", "--from", str(tmp_path / "numbers.txt"), "--yes").exit_code, numbers(three)) == (0, [KURT])


def test_a_number_given_twice_counts_once(three: Sandbox, run: Run) -> None:
    """It is one contact."""
    done = run("delete", ADA, "+1 415-555-1234", "--yes")
    assert (done.exit_code, done.stderr, len(numbers(three))) == (0, "Deleted 1 of 1 contact.\n", 2)


def test_some_are_not_there(three: Sandbox, run: Run) -> None:
    """It is exit status 1; the others are deleted, and it is said which was not and why."""
    done = run("delete", ADA, "+14155550000", "--yes")
    first, last = done.stderr.splitlines()
    assert (done.exit_code, first[:14], last) == (1, "+14155550000: ", "Deleted 1 of 2 contacts.")
    assert (ADA in numbers(three), "not found" in first) == (False, True)


def test_as_json(three: Sandbox, run: Run) -> None:
    """A line for each number, with what became of it."""
    _ = three
    done = run("delete", ADA, "+14155550000", "--yes", "--json")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(each["number"], each["status"]) for each in found] == [(ADA, "deleted"), ("+14155550000", "failed")]
    assert (found[0]["reason"], "not found" in found[1]["reason"]) == (None, True)


def test_one_that_is_no_number(three: Sandbox, run: Run) -> None:
    """It is exit status 2, and nothing at all is deleted."""
    done = run("delete", ADA, "12", "--yes")
    assert (done.exit_code, "nothing was deleted" in done.stderr, len(numbers(three))) == (2, True, 3)


@pytest.mark.parametrize("how", ["--from", "-"])
def test_one_in_a_file_that_is_no_number(three: Sandbox, run: Run, tmp_path: Path, how: str) -> None:
    """The line is named, for the number is not shown; nothing at all is deleted."""
    file = tmp_path / "numbers.txt"
    file.write_text(f"{ADA}\n\nphone\n")
    named, place = (["-"], "standard input") if how == "-" else (["--from", str(file)], str(file))
    done = run("delete", *named, "--yes", input=file.read_bytes())
    assert (done.exit_code, len(numbers(three))) == (2, 3)
    assert done.stderr.startswith(f"Error: line 3 of {place}: number ('xxxxx') is not a valid phone number")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_a_file_in_another_encoding(three: Sandbox, run: Run, tmp_path: Path, encoding: str) -> None:
    """What Windows writes is read as it is meant."""
    (tmp_path / "numbers.txt").write_text(f"+1 415 555\xa01234\r\n{GRACE}\r\n", encoding)
    done = run("delete", "--from", str(tmp_path / "numbers.txt"), "--yes")
    assert (done.exit_code, done.stderr, numbers(three)) == (0, "Deleted 2 of 2 contacts.\n", [KURT])


def test_a_file_that_is_no_text(three: Sandbox, run: Run, tmp_path: Path) -> None:
    """It is a sentence with a way out."""
    (tmp_path / "numbers.txt").write_text(ADA, "utf-16-le")
    done = run("delete", "--from", str(tmp_path / "numbers.txt"), "--yes")
    assert (done.exit_code, "save it as UTF-8" in done.stderr, len(numbers(three))) == (2, True, 3)


def test_none_at_all(three: Sandbox, run: Run) -> None:
    """Without numbers it is exit status 2, and nothing is deleted."""
    assert (run("delete", "--yes").exit_code, len(numbers(three))) == (2, 3)


def test_nobody_can_be_asked(three: Sandbox, run: Run) -> None:
    """With no terminal and no `--yes` it is exit status 2, with the number of contacts, and nothing is deleted."""
    done = run("delete", ADA, GRACE)
    assert (done.exit_code, len(numbers(three))) == (2, 3)
    assert (
        done.stderr
        == "Error: deleting 2 contacts needs a confirmation, and there is no terminal to ask on; add --yes\n"
    )


def test_an_answer_that_was_lost(three: Sandbox, run: Run) -> None:
    """Where nobody knows whether they were deleted it is exit status 3."""
    three.faults.add(what="status", operation="bulk_delete_contacts", status=500, times=99)
    assert run("delete", ADA, GRACE, "--yes").exit_code == 3


def test_ctrl_c(account: Sandbox, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said how many are gone, and how many may be."""

    def tell(outcome: BulkOutcome[str]) -> str:
        if outcome.index == 100:
            raise KeyboardInterrupt
        return outcome.status

    monkeypatch.setattr("sendblue_contacts_cli.commands.delete._report_outcome", tell)
    done = run("delete", "-", "--yes", input="\n".join(account.seed(200)))
    assert (done.exit_code, done.stderr.splitlines()) == (
        130,
        [
            "Deleted 100 of 200 contacts; 100 more may be deleted, and deleting them again is safe.",
            "Interrupted.",
        ],
    )
