"""The command `import`: its options, its messages, and its exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter  # type: ignore[import-untyped]  # it has no types
from sendblue_contacts_cli.commands.files import MODES
from sendblue_contacts_cli.file_options import DUPLICATES, FORMATS
from sendblue_sandbox import Sandbox
from sendblue_transfer import DUPLICATES as TRANSFER_DUPLICATES
from sendblue_transfer import FORMATS as TRANSFER_FORMATS
from sendblue_transfer import MODES as TRANSFER_MODES

from tests.cli.command_line import ADA, GRACE, KURT, Run

SALESFORCE = '"Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved."\n'
HEAD = "phone,first_name,Plan\n"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with two valid rows and an invalid one, in the working folder."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "contacts.csv"
    path.write_text(f"{HEAD}{ADA},Ada,Gold\n12,Nobody,\n{GRACE},Grace,\n", encoding="utf-8")
    return path


@pytest.fixture
def valid_file(file: Path) -> Path:
    """The file without the invalid row."""
    file.write_text(f"{HEAD}{ADA},Ada,Gold\n{GRACE},Grace,\n", encoding="utf-8")
    return file


def numbers(sandbox: Sandbox) -> list[str]:
    """Return the numbers that have a contact."""
    return [contact["phone"] for contact in sandbox.contacts()]


def test_choices_are_those_of_transfer() -> None:
    """The options offer all choices of `sendblue_transfer`, which `--help` does not import."""
    assert (DUPLICATES, FORMATS, MODES) == (TRANSFER_DUPLICATES, TRANSFER_FORMATS, TRANSFER_MODES)


def test_all_rows_are_imported(account: Sandbox, valid_file: Path, run: Run) -> None:
    """The exit code is 0; the summary is one line, and nothing is written to standard output."""
    done = run("import", valid_file.name)
    assert (done.exit_code, done.stdout, numbers(account)) == (0, "", [ADA, GRACE])
    assert done.stderr.startswith("contacts.csv: 2 of 2 rows imported (2 created) in ")


def test_some_rows_are_rejected(account: Sandbox, file: Path, run: Run) -> None:
    """The exit code is 1; the message has the line, the reason and the file of rejected rows. Many are counted."""
    done = run("import", file.name)
    assert (done.exit_code, numbers(account)) == (1, [ADA, GRACE])
    assert "\n  line 3: phone ('##') is not a valid phone number in E.164 format: the country" in done.stderr
    assert "The rejected rows and the reasons are in contacts.rejects.csv.\n" in done.stderr
    rejects = file.with_name("contacts.rejects.csv")
    rejects.write_text(rejects.read_text(encoding="utf-8").replace("12,", f"{KURT},"), encoding="utf-8")
    assert (run("import", rejects.name).exit_code, numbers(account)) == (0, [ADA, GRACE, KURT])
    replaced = "contacts.rejects.csv, which replaces the earlier one (now contacts.rejects.csv.bak).\n"
    assert replaced in run("import", file.name).stderr
    file.write_text(HEAD + "".join(f"{number},Ada,\n" for number in range(10, 20)), encoding="utf-8")
    output = run("import", file.name).stderr
    assert "\n  10 \u00d7 phone is not a valid phone number in E.164 format: the country" in output
    assert "\n  first rejected lines: 2, 3, 4, 5, 6, …\n" in output


USAGE_ERRORS = """\
nowhere.csv
.
contacts.csv --mode replace
contacts.csv --map Plan
contacts.csv --map Plan=shoe_size
contacts.csv --delimiter ||
contacts.csv --encoding klingon
contacts.csv --mapping nowhere.toml
contacts.csv --chunk-size 0
contacts.csv --chunk-size many
contacts.csv --default-region Atlantis
contacts.csv --format xlsx
"""


def test_usage_errors(account: Sandbox, file: Path, run: Run) -> None:
    """The exit code is 2, and nothing is sent."""
    _ = file
    lines = USAGE_ERRORS.splitlines()
    codes = {line: run("import", *line.split()).exit_code for line in lines}
    assert (codes, account.requests) == (dict.fromkeys(lines, 2), [])


def test_unreachable_host(account: Sandbox, valid_file: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The exit code is 3; the command in the message resumes the import once the host is reachable."""
    with monkeypatch.context() as patch:
        patch.setenv("SENDBLUE_API_BASE_URL", "http://127.0.0.1:9")
        patch.setenv("SENDBLUE_API_API_KEY", "other")
        done = run("import", valid_file.name, "--journal", "away.journal", "--restart")
    assert done.exit_code == 3
    assert done.stderr.endswith(
        "2 rows left. To resume the import:\n    sendblue-contacts import contacts.csv --journal away.journal\n"
    )
    assert (run("import", valid_file.name).exit_code, numbers(account)) == (0, [ADA, GRACE])


def test_resume(account: Sandbox, valid_file: Path, run: Run) -> None:
    """A dry run shows what is left, and a resumed import does not send again what an earlier run sent."""
    account.faults.add(what="status", operation="bulk_create_contacts", status=401, nth=2)
    first = run("import", valid_file.name, "--chunk-size", "1", "--concurrency", "1", "--restart")
    planned = run("import", valid_file.name, "--dry-run").stdout
    assert "resumes an interrupted import, which has imported 1 row\n" in planned
    second = run("import", valid_file.name, "--chunk-size", "1")
    sent = [request for request in account.requests if request.path.endswith("/bulk") and request.status != 401]
    assert (first.exit_code, second.exit_code, len(sent), numbers(account)) == (3, 0, 2, [ADA, GRACE])
    assert ("this run resumed" in first.stderr, "--restart" in first.stderr) == (False, False)
    assert "\n  this run resumed an interrupted import; the time is that of all its runs\n" in second.stderr


def test_import_the_same_file_again(account: Sandbox, valid_file: Path, run: Run) -> None:
    """The same command is a new import, and shows the last one; for existing contacts it suggests `--mode upsert`."""
    run("import", valid_file.name)
    assert "  last imported on 2" in run("import", valid_file.name, "--dry-run").stdout
    assert "--mode upsert" in run("import", valid_file.name).stderr
    account.reset()
    done = run("import", valid_file.name)
    assert (done.exit_code, numbers(account), "\n  last imported on 2" in done.stderr) == (0, [ADA, GRACE], True)
    assert run("import", valid_file.name, "--mode", "update", "--json").exit_code == 0


def test_unfinished_import_of_other_rows(account: Sandbox, valid_file: Path, run: Run) -> None:
    """Other rows are exit code 2, unless `--restart` discards the unfinished import."""
    account.faults.add(what="status", operation="bulk_create_contacts", status=401, nth=1)
    assert run("import", valid_file.name).exit_code == 3
    valid_file.write_text(f"{HEAD}{KURT},Kurt,\n", encoding="utf-8")
    for options in ((), ("--dry-run",)):
        done = run("import", valid_file.name, *options)
        assert (done.exit_code, "--restart" in done.stderr, done.stderr.count("\n")) == (2, True, 1)
    assert run("import", valid_file.name, "--dry-run", "--restart").exit_code == 0
    assert (run("import", valid_file.name, "--restart").exit_code, numbers(account)) == (0, [KURT])


def test_dry_run(account: Sandbox, file: Path, run: Run) -> None:
    """It sends and writes nothing, shows what would be sent, and exits with 1 if rows would be rejected."""
    done = run("import", file.name, "--dry-run", "--map", "Plan=custom_variables.Plan")
    files = [path.name for path in file.parent.iterdir() if path.is_file()]
    assert (done.exit_code, account.requests, files) == (1, [], ["contacts.csv"])
    titles = ["phone", "first_name", "custom_variables"]
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
        "  1 number has no country code: --default-region US, for example, reads those of the USA",
        "The first contacts that would be sent:",
        "\t".join(titles),
        f"{ADA}\tAda\tPlan: Gold",
        f"{GRACE}\tGrace\t",
    ]
    assert done.stderr == "Nothing was sent.\n"


@pytest.mark.usefixtures("no_settings")
def test_dry_run_as_json(valid_file: Path, run: Run) -> None:
    """`--json` writes the plan as one object; a dry run needs no credentials."""
    done = run("import", valid_file.name, "--dry-run", "--json")
    plan = json.loads(done.stdout)
    assert (plan["rows"], plan["valid"], plan["requests"], plan["preview"][0]["phone"]) == (2, 2, 1, ADA)
    assert (done.exit_code, done.stdout.count("\n")) == (0, 1)


@pytest.mark.usefixtures("account")
def test_report_as_json(file: Path, run: Run) -> None:
    """`--json` writes the report as one object to standard output; the summary is on standard error."""
    output = run("import", file.name, "--json").stdout
    report: dict[str, Any] = json.loads(output)
    assert (report["problems"][0]["line"], report["columns"]["used"]["phone"]) == (3, ["phone"])
    named = ("rows", "created", "rejected", "complete", "ok", "rejects", "journal", "stopped")
    files = ("contacts.rejects.csv", "contacts.csv.sendblue-journal")
    assert [report[name] for name in named] == [3, 2, 1, True, False, *files, ""]
    assert output.count("\n") == 1


def test_quietly(account: Sandbox, file: Path, run: Run) -> None:
    """Only rejected rows are printed, with their reason and where they are."""
    for options, end in ((["--dry-run"], "would be rejected"), ([], "rejected")):
        done = run("import", file.name, "--quiet", *options)
        lines = done.stderr.splitlines()
        assert (done.exit_code, done.stdout, lines[0]) == (1, "", f"contacts.csv: 1 of 3 rows {end}")
        assert lines[1].startswith("  line 3: phone ('##') is not a valid")
    assert (len(lines), "contacts.rejects.csv" in lines[3]) == (5, True)
    account.reset()
    file.write_text(f"{HEAD}{ADA},Ada,\n", encoding="utf-8")
    assert [run("import", file.name, "--quiet", *each).output for each in (["--dry-run"], [])] == ["", ""]


def test_hints(account: Sandbox, file: Path, run: Run) -> None:
    """The summary says what is done to columns, what is not read, and which option or change helps."""
    _ = account
    rows = f"Ada Lovelace,{ADA},{GRACE}\nGrace,1.41556E+10,\nKurt,(415) 555-0101,\nAlan,415 555-0102,\n\n"
    file.write_text(f"Name,Mobile,Phone\n{rows}My Report\n{SALESFORCE}", encoding="utf-8")
    for done in (run("import", file.name, "--dry-run"), run("import", file.name)):
        for line in (
            "  first_name and last_name from Name, split after the first word\n",
            "  one number per contact: if Mobile is filled, Phone is not imported (--map)\n",
            "  line 3: a spreadsheet has shortened the phone number, as in 1.41556E+10, so its last digits are lost; ",
            "  2 numbers have no country code: --default-region US, for example, reads those of the USA\n",
            "contacts.csv: the footer of a Salesforce report is not read (lines 7 to 8)\n",
        ):
            assert line in done.output


def test_map(account: Sandbox, valid_file: Path, run: Run) -> None:
    """`--map` sets the field of a column; a column that is not imported is listed, with the options that import it."""
    assert "  not imported: Plan (--map, or --rest-as-variables)\n" in run("import", valid_file.name).stderr
    account.reset()
    options = ("--map", "Plan=custom_variables.Tariff", "--map", "first_name=last_name", "--journal", "other")
    run("import", valid_file.name, *options)
    first = account.contacts()[0]
    assert (first["custom_variables"], first["last_name"], first["first_name"]) == ({"Tariff": "Gold"}, "Ada", None)


def test_saved_mapping(account: Sandbox, valid_file: Path, run: Run) -> None:
    """`--mapping` reads what `--save-mapping` wrote, which is never the file of contacts; `--map` takes precedence."""
    before = valid_file.read_bytes()
    done = run("import", "--dry-run", "--map", "Plan=", "--save-mapping", str(valid_file), valid_file.name)
    assert (done.exit_code, "would overwrite the file" in done.stderr, valid_file.read_bytes()) == (2, True, before)
    options = ("--map", "Plan=custom_variables.A", "--rest-as-variables")
    run("import", valid_file.name, "--dry-run", *options, "--save-mapping", "map.toml")
    run("import", valid_file.name, "--mapping", "map.toml", "--map", "first_name=last_name")
    first = account.contacts()[0]
    assert (first["custom_variables"], first["last_name"]) == ({"A": "Gold"}, "Ada")


def test_guessed_encoding(account: Sandbox, valid_file: Path, run: Run) -> None:
    """The summary names an encoding that the file does not show for certain."""
    valid_file.write_text(f"{HEAD}{ADA},Zoë,\n", encoding="cp1252")
    line = "  encoding: cp1252, guessed, because not all of the file is valid UTF-8 (--encoding)\n"
    assert line in run("import", valid_file.name, "--dry-run").stdout
    assert line in run("import", valid_file.name).stderr
    assert account.contacts()[0]["first_name"] == "Zoë"


@pytest.mark.usefixtures("no_settings")
def test_many_columns_are_not_all_listed(valid_file: Path, run: Run) -> None:
    """JSON objects can have any number of keys."""
    keys = ", ".join(f'"key {index}": 1' for index in range(60))
    valid_file.write_text(f'{{"phone": "{ADA}", {keys}}}\n', encoding="utf-8")
    output = run("import", valid_file.name, "--dry-run", "--format", "jsonl").stdout
    assert "  not imported: key 0, key 1, " in output
    assert ", key 49, … (--map, or --rest-as-variables)\n" in output


@pytest.mark.usefixtures("no_settings")
def test_other_sheets_are_listed(tmp_path: Path, run: Run) -> None:
    """One sheet of a workbook is imported; a message lists the others."""
    path = tmp_path / "contacts.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for name, number in (("US", ADA), ("UK", GRACE)):
            book.add_worksheet(name).write_column(0, 0, ["phone", number])
    done = run("import", "--dry-run", str(path))
    assert "contacts.xlsx: sheet 'UK' is not read (--sheet)" in done.stderr
    assert GRACE in run("import", "--dry-run", "--sheet", "UK", str(path)).stdout


OPTIONS = """\
--format csv --delimiter tab --encoding cp1252 --mode update --duplicates first --default-region US --rest-as-variables
--journal a.journal --rejects b.csv --chunk-size 1 --concurrency 1
"""


def test_options_reach_the_import(account: Sandbox, file: Path, run: Run) -> None:
    """How the file is read, what happens to numbers that have a contact or occur twice, and paths of other files."""
    run("create", ADA, "--first-name", "Old")
    rows = f"{ADA}\tZoë\tGold\n(415) 555-1234\tlast\t\n{GRACE}\tGrace\t\n"
    file.with_name("data").write_text(f"phone\tfirstName\tPlan\n{rows}", encoding="cp1252")
    done = run("import", "data", *OPTIONS.split())
    (ada,) = account.contacts()
    assert (done.exit_code, ada["first_name"], ada["custom_variables"]) == (1, "Zoë", {"Plan": "Gold"})
    assert "1 superseded by another row" in done.stderr
    there = {path.name for path in file.parent.iterdir() if path.is_file()}
    assert there == {"contacts.csv", "data", "a.journal", "b.csv"}
