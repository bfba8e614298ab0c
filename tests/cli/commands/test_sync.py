"""The commands `sync` and `undo`: their options, their output, and their exit codes."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sendblue_contacts import Sendblue
from sendblue_contacts_cli.commands.sync import BLANK_POLICIES, DELETIONS, TAG_POLICIES
from sendblue_sandbox import Sandbox
from sendblue_transfer.importing.fingerprint import account_fingerprint
from sendblue_transfer.importing.journal import Journal
from sendblue_transfer.syncing import options
from sendblue_transfer.syncing.account_lock import AccountLock
from sendblue_transfer.syncing.state import SyncState

from tests.cli.command_line import ADA, GRACE, KURT, Run

ALAN, EMMY = "+14155551111", "+14155552222"
HEAD = "phone,first_name,tags,custom_variables.Plan\n"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, account: Sandbox, run: Run) -> Path:
    """A file in the working folder that differs from the account: one contact each to create, update and delete."""
    _ = account
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "crm.csv"
    path.write_text(f"{HEAD}{ADA},Ada,VIP,Gold\n{KURT},Kurt,,\n{ALAN},Alan,,\n", encoding="utf-8")
    assert run("sync", "crm.csv").exit_code == 0
    path.write_text(f"{HEAD}{ADA},Augusta,VIP;New,Platinum\n{EMMY},Emmy,,Free\n{ALAN},Alan,,\n", encoding="utf-8")
    return path


BEFORE = {ADA: "Ada", KURT: "Kurt", ALAN: "Alan"}
AFTER = {ADA: "Augusta", ALAN: "Alan", EMMY: "Emmy"}
TRACKED = ("--delete", "tracked", "--max-delete", "50%")


def contacts(sandbox: Sandbox) -> dict[str, str]:
    """Return the first name of each contact by number."""
    return {contact["phone"]: contact["first_name"] for contact in sandbox.contacts()}


def writes(sandbox: Sandbox) -> int:
    """Return how many requests wrote, the one of the fixture not included."""
    return sum(request.method != "GET" for request in sandbox.requests) - 1


def json_lines(done: Result) -> list[dict[str, Any]]:
    """Return the JSON objects on standard output."""
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_choices_are_those_of_transfer() -> None:
    """The options offer all choices of `sendblue_transfer`, which `--help` does not import."""
    choices = options.DELETIONS, options.TAG_POLICIES, options.BLANK_POLICIES
    assert choices == (DELETIONS, TAG_POLICIES, BLANK_POLICIES)


COUNTS = """\
crm.csv: 1 to create, 1 to update, 1 to delete, 1 unchanged, 0 skipped
  3 requests, 0 s at the rate limit
"""
COLUMNS = "  columns: phone, first_name, tags, custom_variables.Plan\n"
CHANGES = f"""\
+ {EMMY}  first_name: Emmy; custom_variables.Plan: Free
~ {ADA}  first_name: Ada → Augusta; custom_variables.Plan: Gold → Platinum; tags: VIP → VIP, New
- {KURT}  first_name: Kurt
"""


@pytest.mark.usefixtures("file")
def test_dry_run(account: Sandbox, run: Run) -> None:
    """It prints the counts, how the columns are used, and the difference, also as JSON, and changes nothing."""
    done = run("sync", "crm.csv", "--dry-run", *TRACKED)
    assert (done.stdout, done.stderr, done.exit_code) == (COUNTS + COLUMNS + CHANGES, "Nothing was changed.\n", 0)
    *changes, last = json_lines(run("sync", "crm.csv", "--dry-run", "--json", *TRACKED))
    assert [change["kind"] for change in changes] == ["create", "update", "delete"]
    assert changes[1]["fields"]["first_name"] == ["Ada", "Augusta"]
    named = ("creates", "updates", "deletes", "unchanged", "skipped", "requests", "contacts")
    assert [last["plan"][name] for name in named] == [1, 1, 1, 1, 0, 3, 3]
    assert (contacts(account), writes(account)) == (BEFORE, 0)


def test_exit_code_of_a_dry_run(file: Path, run: Run) -> None:
    """With `--exit-code`, 4 means that there is something to change. A sync with `--json` writes each result."""
    assert run("sync", "crm.csv", "--dry-run", "--exit-code").exit_code == 4
    *results, last = json_lines(run("sync", "crm.csv", "--json"))
    assert [(result["kind"], result["outcome"]) for result in results] == [("create", "created"), ("update", "updated")]
    assert [last["report"][name] for name in ("created", "updated", "deleted", "rejected")] == [1, 1, 0, 0]
    done = run("sync", "crm.csv", "--dry-run", "--exit-code")
    unchanged = "crm.csv: 0 to create, 0 to update, 0 to delete, 3 unchanged, 0 skipped\n"
    assert (done.exit_code, done.stdout.startswith(unchanged)) == (0, True)
    file.write_text(f"{HEAD}12,Nemo,,\n", encoding="utf-8")
    assert run("sync", "crm.csv", "--dry-run", "--exit-code").exit_code == 1


def test_many_changes(file: Path, run: Run) -> None:
    """Twenty of each kind are listed, and all with `--details`."""
    rows = (f"+1415555{number:04},Name,,\n" for number in range(100, 125))
    file.write_text(HEAD + "".join(rows), encoding="utf-8")
    lines = run("sync", "crm.csv", "--dry-run").stdout.splitlines()
    assert (len(lines), lines[-1]) == (3 + 20 + 1, "  … and 5 more to create (--details)")
    assert len(run("sync", "crm.csv", "--dry-run", "--details").stdout.splitlines()) == 3 + 25


def test_saved_plan(account: Sandbox, file: Path, run: Run) -> None:
    """It can be applied later, unless the file has changed; what has changed in the account since is left alone."""
    done = run("sync", "crm.csv", "--dry-run", "--out", "plan.jsonl", *TRACKED)
    assert (done.exit_code, file.with_name("plan.jsonl").stat().st_mode & 0o777) == (0, 0o600)
    run("update", ADA, "--first-name", "Ada Byron")
    content = file.read_bytes()
    file.write_bytes(content + b"\n")
    assert "has changed since the plan was made" in run("sync", "crm.csv", "--plan", "plan.jsonl", "--yes").stderr
    file.write_bytes(content)
    done = run("sync", "crm.csv", "--plan", "plan.jsonl", "--yes")
    assert (done.exit_code, contacts(account)) == (1, AFTER | {ADA: "Ada Byron"})
    assert f"\n  drifted: {ADA}: " in done.stderr


def test_sync(account: Sandbox, file: Path, run: Run) -> None:
    """It prints the difference, applies it, and prints one line and the changed fields; then nothing is left to do."""
    done = run("sync", "crm.csv", "--yes", "--report", "report.jsonl", *TRACKED)
    assert (done.exit_code, contacts(account), writes(account)) == (0, AFTER, 3)
    assert done.stdout.startswith(COUNTS + CHANGES)
    assert done.stdout.removeprefix(COUNTS + CHANGES).replace("\t", " ").splitlines() == [
        "Field Set Changed Cleared",
        "first_name 1 1 0",
        "custom_variables.Plan 1 1 0",
        "tags 0 1 0",
    ]
    assert done.stderr.startswith("crm.csv: 1 created, 1 updated, 1 deleted, 1 unchanged in ")
    report = [json.loads(line) for line in file.with_name("report.jsonl").read_text("utf-8").splitlines()]
    assert EMMY in {line.get("phone") for line in report}
    again = run("sync", "crm.csv", "--yes", *TRACKED)
    assert (again.exit_code, writes(account)) == (0, 3)


@pytest.mark.usefixtures("file")
def test_quietly(account: Sandbox, run: Run) -> None:
    """Nothing is printed if all is applied; an undo prints the contacts that it keeps, because they were edited."""
    for how in (("--dry-run",), ()):
        done = run("sync", "crm.csv", "--quiet", *how)
        assert (done.exit_code, done.output) == (0, "")
    assert contacts(account) == BEFORE | AFTER
    run("update", KURT, "--first-name", "Kurt Gödel")
    run("update", ADA, "--first-name", "Ada Byron")
    for how in (("--dry-run",), ("--yes",)):
        done = run("undo", "crm.csv", "--quiet", *how)
        assert (done.exit_code, done.stdout, done.stderr.splitlines()[0]) == (1, "", "crm.csv.sendblue-sync: 1 kept")
        assert [line[:22] for line in done.stderr.splitlines()[1:]] == [f"  kept: {ADA}: "]
    assert contacts(account) == {ADA: "Ada Byron", KURT: "Kurt Gödel", ALAN: "Alan"}


@pytest.mark.usefixtures("file")
def test_deletions_need_a_confirmation(account: Sandbox, run: Run) -> None:
    """Without a terminal, `--yes` is needed; nothing is written without it."""
    done = run("sync", "crm.csv", *TRACKED)
    assert (done.exit_code, "add --yes" in done.stderr, writes(account)) == (2, True, 0)


SKIPPED = f"""\
crm.csv: 2 skipped
  skipped: line 3: phone ('##') is not a valid phone number
  skipped: {ADA}: line 2: the contact has opted out
"""


def test_skipped_rows(account: Sandbox, file: Path, run: Run) -> None:
    """The exit code is 1; the rows are listed with their reasons, also quietly; numbers that can be read are shown."""
    file.write_text(f"phone,opt_out\n{ADA},true\n", encoding="utf-8")
    assert f"~ {ADA}  opt_out: no → yes" in run("sync", str(file), "--dry-run").stdout
    assert run("sync", "crm.csv").exit_code == 0
    file.write_text(f"phone,opt_out\n{ADA},false\n12,\n{GRACE},\n", encoding="utf-8")
    for how in (("--dry-run",), ()):
        done = run("sync", "crm.csv", "--quiet", *how)
        assert (done.exit_code, done.stdout, GRACE in contacts(account)) == (1, "", not how)
        for line, shown in zip(done.stderr.splitlines(), SKIPPED.splitlines(), strict=True):
            assert line.startswith(shown)
    done = run("sync", "crm.csv")
    assert f"\n! {ADA}  line 2: the contact has opted out" in done.stdout
    assert "\n! line 3  phone ('##') is not a valid phone number" in done.stdout


REFUSED = """\
crm.csv --delete tracked
crm.csv --delete all --max-delete 0
crm.csv --max-delete many
crm.csv --exit-code
crm.csv --plan crm.csv
crm.csv --plan crm.csv --tags add
crm.csv --map Nowhere=phone
crm.csv --report nowhere/report.jsonl
crm.csv --out nowhere/plan.jsonl
nowhere.csv
--dry-run
"""


@pytest.mark.usefixtures("file")
def test_refused(account: Sandbox, run: Run) -> None:
    """The exit code is 2, and nothing is written; the message says which option allows it."""
    assert "--max-delete 1\n" in run("sync", "crm.csv", "--delete", "tracked").stderr
    lines = REFUSED.splitlines()
    codes = {line: run("sync", *line.split(), "--yes").exit_code for line in lines}
    assert (codes, writes(account)) == (dict.fromkeys(lines, 2), 0)


@pytest.mark.usefixtures("file")
def test_stopped(account: Sandbox, run: Run) -> None:
    """The exit code is 3, and the command in the message resumes the sync."""
    account.faults.add(what="status", operation="update_contact", status=401)
    done = run("sync", "crm.csv")
    assert (done.exit_code, done.stderr.splitlines()[-1]) == (3, "    sendblue-contacts sync crm.csv")
    error = json.loads(run("sync", "crm.csv", "--json", "--quiet").stderr)["error"]["message"]
    assert error.startswith("Stopped: ")
    assert error.endswith(" To resume: sendblue-contacts sync crm.csv --json --quiet")
    account.faults.clear()
    done = run("sync", "crm.csv")
    assert (done.exit_code, contacts(account)) == (0, BEFORE | AFTER)
    assert "\n  this run resumed an interrupted sync\n" in done.stderr


@pytest.mark.usefixtures("file")
def test_another_run(account: Sandbox, run: Run) -> None:
    """The exit code is 75 while another process holds the lock of the account, of the state, or of a journal."""
    with Sendblue() as client, AccountLock(account_fingerprint(client)):
        done = run("sync", "crm.csv")
        assert (done.exit_code, f"process {os.getpid()} since " in done.stderr) == (75, True)
    for lock, commands in (
        (SyncState("crm.csv.sendblue-sync"), ("sync", "undo")),
        (Journal("crm.csv.sendblue-journal"), ("import",)),
    ):
        with lock:
            for command in commands:
                done = run(command, "crm.csv", *(["--yes"] if command != "import" else []))
                assert (done.exit_code, f"(process {os.getpid()} since 20" in done.stderr) == (75, True)
    assert writes(account) == 0


UNDONE = f"""\
crm.csv.sendblue-sync: 1 to create, 1 to update, 1 to delete, 0 kept
  contacts that are created again get a new contact_id and a new created_at
+ {KURT}  first_name: Kurt
~ {ADA}  first_name: Augusta → Ada; custom_variables.Plan: Platinum → Gold; tags: VIP, New → VIP
- {EMMY}  first_name: Emmy; custom_variables.Plan: Free
"""


@pytest.mark.usefixtures("file")
def test_undo(account: Sandbox, run: Run) -> None:
    """A dry run prints what would be done; without a terminal, `--yes` is needed; a second undo does nothing."""
    run("sync", "crm.csv", "--yes", *TRACKED)
    done = run("undo", "crm.csv", "--dry-run")
    assert (done.exit_code, contacts(account), done.stdout) == (0, AFTER, UNDONE)
    assert (run("undo", "crm.csv").exit_code, contacts(account)) == (2, AFTER)
    done = run("undo", "crm.csv", "--yes")
    assert (done.exit_code, contacts(account)) == (0, BEFORE)
    assert done.stderr.startswith("crm.csv.sendblue-sync: 1 created, 1 updated, 1 deleted in ")
    done = run("undo", "--state", "crm.csv.sendblue-sync")
    nothing = "crm.csv.sendblue-sync: 0 to create, 0 to update, 0 to delete, 0 kept\n"
    assert (done.exit_code, contacts(account), done.stdout) == (0, BEFORE, nothing)


def test_undo_an_import(account: Sandbox, file: Path, run: Run) -> None:
    """The last import in the mode `upsert` is undone if it is newer than the last sync."""
    assert run("import", file.name, "--mode", "upsert").exit_code == 0
    assert contacts(account) == BEFORE | AFTER
    done = run("undo", file.name, "--yes")
    assert (done.exit_code, contacts(account)) == (0, BEFORE), done.stderr


@pytest.mark.usefixtures("file")
def test_nothing_to_undo(account: Sandbox, run: Run) -> None:
    """A file without a sync or import, or no file at all, is a usage error."""
    for arguments in ((), ("nowhere.csv",), ("crm.csv", "--state", "crm.csv"), ("--state", "crm.csv")):
        assert (run("undo", *arguments, "--yes").exit_code, writes(account)) == (2, 0)
