"""`import`: its options reach `transfer`, what is said before and after, and the exit status of each end."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import xlsxwriter  # type: ignore[import-untyped]  # it has no types
from sendblue_contacts_cli.commands.files import DUPLICATES, FORMATS, MODES
from sendblue_transfer import DUPLICATES as THEIR_DUPLICATES
from sendblue_transfer import FORMATS as THEIR_FORMATS
from sendblue_transfer import MODES as THEIR_MODES

from tests.cli.command_line import ADA, COMMAND, GRACE, KURT

if TYPE_CHECKING:
    from pathlib import Path

    from sendblue_sandbox import Sandbox

    from tests.cli.command_line import Process, Run

HEAD = "phone,firstName,Plan\n"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with two good rows and a bad one, in the working folder."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "contacts.csv"
    path.write_text(f"{HEAD}{ADA},Ada,Gold\n12,Nobody,\n{GRACE},Grace,\n", encoding="utf-8")
    return path


@pytest.fixture
def good(file: Path) -> Path:
    """The file without the bad row."""
    file.write_text(f"{HEAD}{ADA},Ada,Gold\n{GRACE},Grace,\n", encoding="utf-8")
    return file


def numbers(sandbox: Sandbox) -> list[str]:
    """The numbers that have a contact."""
    return [contact["phone"] for contact in sandbox.contacts()]


def test_the_choices_are_those_of_transfer() -> None:
    """The command offers what there is, without loading it for its help."""
    assert (DUPLICATES, FORMATS, MODES) == (THEIR_DUPLICATES, THEIR_FORMATS, THEIR_MODES)


# --- exit statuses


def test_all_rows_are_in(account: Sandbox, good: Path, run: Run) -> None:
    """It is exit status 0, with one line of summary, and nothing on standard output."""
    done = run("import", good.name)
    assert (done.exit_code, done.stdout, numbers(account)) == (0, "", [ADA, GRACE])
    assert done.stderr.startswith("contacts.csv: 2 of 2 rows imported (2 created) in ")


def test_some_are_rejected(account: Sandbox, file: Path, run: Run) -> None:
    """It is exit status 1, with the line, the reason and the file of the rejected rows."""
    done = run("import", file.name)
    assert (done.exit_code, numbers(account)) == (1, [ADA, GRACE])
    assert "\n  line 3: phone ('##') is not a valid phone number in E.164 format: the country" in done.stderr
    assert "The rejected rows and the reasons are in contacts.rejects.csv" in done.stderr


def test_many_are_rejected(account: Sandbox, file: Path, run: Run) -> None:
    """They are counted by their reasons."""
    _ = account
    file.write_text(HEAD + "".join(f"{number},Ada,\n" for number in range(10, 20)), encoding="utf-8")
    said = run("import", file.name).stderr
    assert "\n  10 \u00d7 phone is not a valid phone number in E.164 format: the country" in said
    assert "\n  first rejected lines: 2, 3, 4, 5, 6, …\n" in said


def test_rejected_rows_are_mended_and_imported(account: Sandbox, file: Path, run: Run) -> None:
    """The file of rejected rows is imported as it is, once it is mended."""
    run("import", file.name)
    rejects = file.with_name("contacts.rejects.csv")
    rejects.write_text(rejects.read_text(encoding="utf-8").replace("12,", f"{KURT},"), encoding="utf-8")
    assert (run("import", rejects.name).exit_code, numbers(account)) == (0, [ADA, GRACE, KURT])


@pytest.mark.parametrize(
    "arguments",
    [
        ["nowhere.csv"],
        ["."],
        ["contacts.csv", "--mode", "replace"],
        ["contacts.csv", "--map", "Plan"],
        ["contacts.csv", "--map", "Plan=shoe_size"],
        ["contacts.csv", "--delimiter", "||"],
        ["contacts.csv", "--encoding", "klingon"],
        ["contacts.csv", "--mapping", "nowhere.toml"],
        ["contacts.csv", "--chunk-size", "0"],
        ["contacts.csv", "--default-region", "Atlantis"],
        ["contacts.csv", "--format", "xlsx"],
    ],
    ids=" ".join,
)
def test_called_wrongly(account: Sandbox, file: Path, run: Run, arguments: list[str]) -> None:
    """It is exit status 2, and nothing is sent."""
    _ = file
    done = run("import", *arguments)
    assert (done.exit_code, done.stdout, account.requests) == (2, "", [])


def test_no_credentials(nothing_set: Path, file: Path, run: Run) -> None:
    """So are missing credentials."""
    _ = nothing_set
    assert run("import", file.name).exit_code == 2


def test_the_host_goes_away(account: Sandbox, good: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is exit status 3, with the command that goes on; and that does, once the host is back."""
    with monkeypatch.context() as away:
        away.setenv("SENDBLUE_API_BASE_URL", "http://127.0.0.1:9")
        away.setenv("SENDBLUE_API_API_KEY", "other")
        done = run("import", good.name, "--journal", "away.journal", "--restart")
    assert done.exit_code == 3
    assert done.stderr.endswith(
        "2 rows left. To resume the import:\n    sendblue-contacts import contacts.csv --journal away.journal\n"
    )
    assert (run("import", good.name).exit_code, numbers(account)) == (0, [ADA, GRACE])


def test_stopped_and_gone_on_with(account: Sandbox, good: Path, run: Run) -> None:
    """What an earlier run sent is not sent again."""
    account.faults.add(what="status", operation="bulk_create_contacts", status=401, nth=2)
    first = run("import", good.name, "--chunk-size", "1", "--concurrency", "1")
    second = run("import", good.name, "--chunk-size", "1")
    sent = [request for request in account.requests if request.path.endswith("/bulk") and request.status != 401]
    assert (first.exit_code, second.exit_code, len(sent), numbers(account)) == (3, 0, 2, [ADA, GRACE])


def test_a_second_time(account: Sandbox, good: Path, run: Run) -> None:
    """Everything is in, so nothing is sent, and it is said how to begin anew."""
    run("import", good.name)
    before = len(account.requests)
    done = run("import", good.name)
    assert (done.exit_code, len(account.requests), "--restart" in done.stderr) == (0, before, True)


def test_restart(account: Sandbox, good: Path, run: Run) -> None:
    """`--restart` sends everything again, and is not part of the command that goes on."""
    run("import", good.name)
    done = run("import", good.name, "--restart")
    assert (done.exit_code, done.stderr.count("already exists"), len(account.contacts())) == (1, 2, 2)


def test_a_changed_file(account: Sandbox, good: Path, run: Run) -> None:
    """A journal of other rows is refused with exit status 2 and the way out."""
    _ = account
    run("import", good.name)
    good.write_text(f"{HEAD}{KURT},Kurt,\n", encoding="utf-8")
    done = run("import", good.name)
    assert (done.exit_code, "--restart" in done.stderr, done.stderr.count("\n")) == (2, True, 1)


# --- what is said


def test_nothing_is_sent_by_a_dry_run(account: Sandbox, file: Path, run: Run) -> None:
    """It says what would be, with exit status 1 where rows would be rejected, and writes nothing."""
    done = run("import", file.name, "--dry-run", "--map", "Plan=custom_variables.Plan")
    assert (done.exit_code, account.requests, [path.name for path in file.parent.iterdir() if path.is_file()]) == (
        1,
        [],
        ["contacts.csv"],
    )
    assert done.stdout.splitlines() == [
        "contacts.csv (CSV, utf-8, commas): 3 rows",
        "  2 to create, 1 rejected, 0 superseded by another row",
        "  1 request, 0 s at the rate limit",
        "  columns: phone, first_name",
        "  custom_variables.Plan from Plan",
        (
            "  line 3: phone ('##') is not a valid phone number in E.164 format: the country code is missing; "
            "write it as +14155551234"
        ),
        "The first contacts that would be sent:",
        "phone\tfirst_name\tcustom_variables",
        f"{ADA}\tAda\tPlan: Gold",
        f"{GRACE}\tGrace\t",
    ]
    assert done.stderr == "Nothing was sent.\n"


def test_a_dry_run_needs_no_credentials(nothing_set: Path, good: Path, run: Run) -> None:
    """It is for files."""
    _ = nothing_set
    assert run("import", good.name, "--dry-run").exit_code == 0


def test_a_dry_run_as_json(good: Path, nothing_set: Path, run: Run) -> None:
    """One object for programs."""
    _ = nothing_set
    (line,) = run("import", good.name, "--dry-run", "--json").stdout.splitlines()
    plan = json.loads(line)
    assert (plan["rows"], plan["valid"], plan["requests"], plan["preview"][0]["phone"]) == (2, 2, 1, ADA)


def test_a_report_as_json(account: Sandbox, file: Path, run: Run) -> None:
    """One object for programs, on standard output; the summary stays on standard error."""
    _ = account
    done = run("import", file.name, "--json")
    (line,) = done.stdout.splitlines()
    report: dict[str, Any] = json.loads(line)
    named = ("rows", "created", "rejected", "complete", "ok", "rejects", "journal", "stopped")
    assert [report[name] for name in named] == [
        *(3, 2, 1, True, False),
        *("contacts.rejects.csv", "contacts.csv.sendblue-journal", ""),
    ]


def test_quietly(account: Sandbox, file: Path, run: Run) -> None:
    """Nothing is said; the exit status tells."""
    _ = account
    done = run("import", file.name, "--quiet")
    assert (done.exit_code, done.output) == (1, "")


def test_columns_that_are_left_out(account: Sandbox, good: Path, run: Run) -> None:
    """They are named, with the way to keep them."""
    _ = account
    said = run("import", good.name).stderr
    assert "  not imported: Plan (--map, or --rest-as-variables)\n" in said


# --- options


def test_map(account: Sandbox, good: Path, run: Run) -> None:
    """`--map` says which field a column is."""
    run("import", good.name, "--map", "Plan=custom_variables.Tariff", "--map", "firstName=last_name")
    first = account.contacts()[0]
    assert (first["custom_variables"], first["last_name"], first["first_name"]) == ({"Tariff": "Gold"}, "Ada", None)


def test_rest_as_variables(account: Sandbox, good: Path, run: Run) -> None:
    """`--rest-as-variables` keeps the columns that are no field."""
    run("import", good.name, "--rest-as-variables")
    assert account.contacts()[0]["custom_variables"] == {"Plan": "Gold"}


@pytest.mark.parametrize("name", ["map.toml", "map.json"])
def test_a_saved_mapping(account: Sandbox, good: Path, run: Run, name: str) -> None:
    """What `--save-mapping` saved, `--mapping` takes; `--map` counts more."""
    said = ("--map", "Plan=custom_variables.A", "--rest-as-variables")
    run("import", good.name, "--dry-run", *said, "--save-mapping", name)
    run("import", good.name, "--mapping", name, "--map", "firstName=last_name")
    first = account.contacts()[0]
    assert (first["custom_variables"], first["last_name"]) == ({"A": "Gold"}, "Ada")


@pytest.mark.usefixtures("nothing_set")
def test_a_mapping_never_goes_over_the_file(good: Path, run: Run) -> None:
    """The contacts would be gone."""
    before = good.read_bytes()
    done = run("import", "--dry-run", "--map", "Plan=", "--save-mapping", str(good), good.name)
    assert (done.exit_code, "would overwrite the file" in done.stderr, good.read_bytes()) == (2, True, before)


@pytest.mark.usefixtures("nothing_set")
def test_other_sheets_are_named(tmp_path: Path, run: Run) -> None:
    """Of a workbook one sheet is imported, and whoever has more of them hears of it."""
    path = tmp_path / "contacts.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for name, number in (("US", ADA), ("UK", GRACE)):
            book.add_worksheet(name).write_column(0, 0, ["phone", number])
    done = run("import", "--dry-run", str(path))
    assert "contacts.xlsx: sheet 'UK' is not imported (--sheet)" in done.stderr
    assert GRACE in run("import", "--dry-run", "--sheet", "UK", str(path)).stdout


def test_the_cost_of_an_upsert(nothing_set: Path, good: Path, run: Run) -> None:
    """A dry run says the least and the most that it can take."""
    _ = nothing_set
    said = run("import", good.name, "--dry-run", "--mode", "upsert").stdout
    assert "  1 to 3 requests, 0 s at the rate limit\n" in said


def test_contacts_that_exist(account: Sandbox, good: Path, run: Run) -> None:
    """Where a row is rejected because its number has a contact, the way to change that is named."""
    _ = account
    run("create", ADA)
    assert "--mode upsert" in run("import", good.name).stderr


def test_default_region(account: Sandbox, file: Path, run: Run) -> None:
    """Numbers in national form are read with `--default-region`, in a dry run and in earnest."""
    file.write_text(f"{HEAD}(415) 555-2671,Ada,\n", encoding="utf-8")
    dry = run("import", file.name, "--dry-run", "--default-region", "US")
    assert (dry.exit_code, run("import", file.name, "--default-region", "US").exit_code) == (0, 0)
    assert numbers(account) == ["+14155552671"]


@pytest.mark.parametrize(("mode", "ends"), [("create", (1, "Old")), ("upsert", (0, "Ada")), ("update", (1, "Ada"))])
def test_mode(account: Sandbox, good: Path, run: Run, mode: str, ends: tuple[int, str]) -> None:
    """What becomes of a number that has a contact, and of one that has none."""
    run("create", ADA, "--first-name", "Old")
    status = run("import", good.name, "--mode", mode).exit_code
    found = {contact["phone"]: contact["first_name"] for contact in account.contacts()}
    assert (status, found[ADA]) == ends
    assert (GRACE in found) == (mode != "update")


@pytest.mark.parametrize("policy", ["last", "first"])
def test_duplicates(account: Sandbox, file: Path, run: Run, policy: str) -> None:
    """Which row counts where two have one number."""
    file.write_text(f"{HEAD}{ADA},first,\n{ADA},last,\n", encoding="utf-8")
    done = run("import", file.name, "--duplicates", policy)
    assert (done.exit_code, account.contacts()[0]["first_name"]) == (0, policy)
    assert "1 superseded by another row" in done.stderr


def test_where_things_go(account: Sandbox, file: Path, run: Run) -> None:
    """The journal and the rejected rows go where they are told to."""
    _ = account
    run("import", file.name, "--journal", "a.journal", "--rejects", "b.csv")
    there = {path.name for path in file.parent.iterdir() if path.is_file()}
    assert ({"a.journal", "b.csv"} <= there, "contacts.rejects.csv" in there) == (True, False)


@pytest.mark.parametrize("delimiter", [";", "tab"])
def test_how_a_file_is_read(account: Sandbox, file: Path, run: Run, delimiter: str) -> None:
    """Encoding, delimiter and format can be said."""
    text = f"phone,firstName\n{ADA},Zoë\n".replace(",", "\t" if delimiter == "tab" else ";")
    file.with_name("data").write_text(text, encoding="cp1252")
    run("import", "data", "--format", "csv", "--delimiter", delimiter, "--encoding", "cp1252")
    assert account.contacts()[0]["first_name"] == "Zoë"


def test_standard_input(account: Sandbox, file: Path, tmp_path: Path, process: Process) -> None:
    """`-` is standard input."""
    _ = file
    lines = f'{{"phone": "{ADA}"}}\n'
    done = process("import", "-", "--format", "jsonl", "--journal", str(tmp_path / "j"), input=lines)
    assert (done.returncode, numbers(account)) == (0, [ADA])
    assert done.stderr.startswith("standard input: 1 of 1 row imported")


def test_chunks(account: Sandbox, good: Path, run: Run) -> None:
    """Contacts in one request, and requests at one time."""
    run("import", good.name, "--chunk-size", "1", "--concurrency", "1")
    assert len([request for request in account.requests if request.path.endswith("/bulk")]) == 2


def test_from_one_account_to_another(account: Sandbox, tmp_path: Path) -> None:
    """An export goes into an import through a pipe."""
    account.seed(5)
    made = [{key: contact[key] for key in ("phone", "first_name", "tags")} for contact in account.contacts()]
    out, journal = tmp_path / "out.jsonl", tmp_path / "j"
    subprocess.run([COMMAND, "export", str(out), "--quiet"], check=True, timeout=60)
    account.reset()
    pipe = f"cat {out} | {COMMAND} import - --format jsonl --journal {journal} --quiet"
    assert subprocess.run(["/bin/bash", "-c", pipe], check=False, timeout=60).returncode == 0
    assert [{key: contact[key] for key in ("phone", "first_name", "tags")} for contact in account.contacts()] == made
