"""The test of the design: a new field needs an edit of the document and scripts/regenerate, and no other change.

A copy of the document gets a field `birthday` with the alias `birthDate`, and a field `class`, a keyword of Python.
Everything else is unchanged: the templates, the hand-written layer, the sandbox. The client runs in a separate process,
with the package generated from the copy first in the import path.
"""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sendblue_contacts import operations

ROOT = Path(__file__).parents[3]
WATCHED = ("generated", "openapi", "overrides", "transfer", "cli", "sandbox", "scripts")
SCHEMAS = ("Contact", "ContactCreate", "ContactUpdate", "BulkContact")
FIELD = """\
        birthday:
          type: [string, 'null']
          format: date
          description: The date of birth. Alias is `birthDate`.
          x-aliases: [birthDate]
          examples: ['1815-12-10']
        class:
          type: [string, 'null']
          description: "The class: a keyword of Python."
          examples: [first]
"""
ADA, GRACE, FILED = "+14155551234", "+14155555678", "+14155559999"
CLIENT = f"""\
import io, json, sys
import sendblue_contacts, sendblue_contacts_api, sendblue_sandbox
from click.testing import CliRunner
from sendblue_contacts import Sendblue
from sendblue_contacts_cli.app import app
from sendblue_transfer import apply_sync, plan_sync, read_csv, write_csv
from sendblue_sandbox import Sandbox

def attempt(call):
    try:
        return repr(call())
    except Exception as error:
        return type(error).__name__

with Sandbox(limit=None) as sandbox, Sendblue("key", "secret", base_url=sandbox.url, rate_limit=None) as client:
    created = client.contacts.create("{ADA}", birthDate="1815-12-10")
    client.contacts.create({{"number": "{ADA}", "birthday": "1815-12-11", "update_if_exists": True}})
    updated = client.contacts.retrieve("{ADA}")
    bulk = client.contacts.bulk.create([{{"phone": "{GRACE}", "birthDate": "9 December 1906"}}])
    rows = list(read_csv(io.StringIO("phone,firstName,birthDate\\r\\n{FILED},Kurt,1906-04-28\\r\\n")))
    imported = client.contacts.bulk.create(row.contact for row in rows)
    exported = io.StringIO(newline="")
    write_csv(client.contacts.list(), exported)
    account = {{"API_KEY": "key", "API_SECRET": "secret", "BASE_URL": sandbox.url}}
    variables = {{f"SENDBLUE_API_{{name}}": value for name, value in account.items()}}
    named = client.contacts.upsert({{"number": "{ADA}", "class": "first"}})
    named_by_option = CliRunner().invoke(app, ["update", "{ADA}", "--class", "second", "--json"], env=variables)
    typing = ["update", "{ADA}", "--birth-date", "11 December 1815", "--json"]
    typed = CliRunner().invoke(app, typing, env=variables)
    results = {{
        "keyword": [named.class_, named.to_dict()["class"], json.loads(named_by_option.stdout)["class"]],
        "refused keyword": attempt(lambda: client.contacts.update("{ADA}", **{{"class": 1}})),
        "created": [type(created.birthday).__name__, str(created.birthday)],
        "updated": str(updated.birthday),
        "bulk": [str(contact.birthday) for contact in bulk.created],
        "imported": [str(contact.birthday) for contact in imported.created],
        "refused": [
            attempt(lambda: client.contacts.create("{FILED}", birthDate="some day")),
            attempt(lambda: client.contacts.create("{FILED}", birthDay="1815-12-10")),
        ],
        "exported": exported.getvalue(),
        "typed": [typed.exit_code, typed.stdout, json.loads(sandbox.requests[-1].body)],
        "wire": [[each.method, each.path, each.body.decode()] for each in sandbox.requests],
        "kept": {{contact["phone"]: contact["birthday"] for contact in sandbox.contacts()}},
        "modules": [module.__file__ for module in (sendblue_contacts_api, sendblue_contacts, sendblue_sandbox)],
    }}
    rows = [
        {{"phone": "{ADA}", "birthDate": "12 December 1815", "class": "third"}},
        {{"phone": "{GRACE}", "birthday": "9 December 1906"}},
    ]
    plan = plan_sync(client, rows, state="none")
    apply_sync(client, plan)
    again = plan_sync(client, rows, state="none")
    results["synced"] = [[each.phone, each.fields] for each in plan.changes()] + [plan.unchanged, again.unchanged]
json.dump(results, sys.stdout)
"""
TYPED = f"""\
from sendblue_contacts import Sendblue
client = Sendblue()
client.contacts.create("{ADA}", birthDate="1815-12-10")
client.contacts.create("{ADA}", birthday="1815-12-10")
client.contacts.create({{"number": "{ADA}", "birthDate": "1815-12-10"}})
reveal_type(client.contacts.retrieve("{ADA}").birthday)
client.contacts.create("{ADA}", birthDay="1815-12-10")
client.contacts.create("{ADA}", birthDate=1815)
client.contacts.create({{"number": "{ADA}", "class": "first"}})
client.contacts.create({{"number": "{ADA}", "class": 1}})
"""


def tree() -> dict[str, bytes]:
    """Return the content of every file that the client consists of."""
    paths = (path for folder in WATCHED for path in (ROOT / folder).rglob("*"))
    return {str(path): path.read_bytes() for path in paths if path.is_file() and "__pycache__" not in path.parts}


def with_birthday(document: str) -> str:
    """Return the document with the field added to each of the schemas."""
    for schema in SCHEMAS:
        document, times = re.subn(
            rf"(?m)^(    {schema}:\n(?:      .*\n)*?      properties:\n)", lambda found: found[1] + FIELD, document
        )
        assert times == 1, schema
    return document


class Regenerated:
    """The edited document, the package generated from it, and the files of the project before and after."""

    def __init__(self, folder: Path) -> None:
        self.before = tree()
        self.document = folder / "contacts.yaml"
        self.output = folder / "generated"
        self.document.write_text(with_birthday((ROOT / "openapi/contacts.yaml").read_text()))
        command = [sys.executable, str(ROOT / "scripts/regenerate"), "--document", str(self.document)]
        self.run([*command, "--output", str(self.output)], {})
        # Read now, because the tests below use the package.
        self.after = tree()

    def run(self, command: list[str], variables: dict[str, str], *, check: bool = True) -> str:
        """Run `command` with these environment variables, and return its output."""
        done = subprocess.run(
            command,
            cwd=self.output.parent,
            env={**os.environ, **variables},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0 or not check, done.stdout + done.stderr
        return done.stdout

    @property
    def path(self) -> str:
        """The path for imports: the package from the edited document, then the tree's hand layer and sandbox."""
        return os.pathsep.join(
            map(str, (self.output, *(ROOT / name for name in ("overrides", "transfer", "cli", "sandbox"))))
        )


@pytest.fixture(scope="module")
def regenerated(tmp_path_factory: pytest.TempPathFactory) -> Regenerated:
    """The package generated from the edited document, once."""
    return Regenerated(tmp_path_factory.mktemp("birthday"))


@pytest.fixture(scope="module")
def results(regenerated: Regenerated) -> Any:
    """The results of the client, over TCP, against a sandbox with the edited document."""
    variables = {"PYTHONPATH": regenerated.path, "SENDBLUE_SANDBOX_DOCUMENT": str(regenerated.document)}
    return json.loads(regenerated.run([sys.executable, "-c", CLIENT], variables))


@pytest.fixture(scope="module")
def findings(regenerated: Regenerated, pytestconfig: pytest.Config) -> dict[int, str]:
    """The output of mypy --strict for TYPED, by line."""
    assert pytestconfig.cache is not None
    cache = pytestconfig.cache.mkdir("mypy-strict")
    (regenerated.output.parent / "typed.py").write_text(TYPED)
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={cache}", "typed.py"]
    output = regenerated.run(command, {"MYPYPATH": regenerated.path}, check=False)
    found = re.findall(r"(?m)^typed\.py:(\d+): (error: .*|note: Revealed.*)$", output)
    assert found, output
    return {int(line): text for line, text in found}


def sent(results: Any, number: str) -> list[Any]:
    """Return the first request body with `number` in a list, or the items of the first bulk request with it."""
    body = next(json.loads(body) for _, _, body in results["wire"] if number in body)
    found: list[Any] = body.get("contacts", [body])
    return found


def test_no_other_file_changes(regenerated: Regenerated) -> None:
    """Regenerating into another folder changes no file of the project."""
    assert regenerated.after == regenerated.before


def test_field_is_unknown_without_the_edit() -> None:
    """The unedited project rejects the field, so that the results below come from the edit."""
    with pytest.raises(TypeError, match="birthDate"):
        operations.create(ADA, {"birthDate": "1815-12-10"})


def test_expected_packages_are_imported(regenerated: Regenerated, results: Any) -> None:
    """The client imports the new generated package, and the hand-written layer and the sandbox of the project."""
    folders = [str(Path(file).parents[1]) for file in results["modules"]]
    assert folders == [str(regenerated.output), str(ROOT / "overrides"), str(ROOT / "sandbox")]


def test_alias_is_accepted_and_the_preferred_name_sent(results: Any) -> None:
    """`create(…, birthDate=…)` sends `birthday` and no other name."""
    assert sent(results, ADA) == [{"number": ADA, "birthday": "1815-12-10"}]


def test_field_is_read_as_a_date(results: Any) -> None:
    """`contact.birthday` is a date."""
    assert results["created"] == ["date", "1815-12-10"]


def test_field_is_updated(results: Any) -> None:
    """An existing contact gets a new value."""
    assert results["updated"] == "1815-12-11"


def test_field_is_sent_in_bulk(results: Any) -> None:
    """A bulk item accepts the field, and a date in another format is sent in ISO 8601."""
    assert (sent(results, GRACE), results["bulk"]) == ([{"phone": GRACE, "birthday": "1906-12-09"}], ["1906-12-09"])


def test_field_is_imported_from_csv(results: Any) -> None:
    """A column `birthDate` sets the field."""
    expected = [{"phone": FILED, "first_name": "Kurt", "birthday": "1906-04-28"}]
    assert (sent(results, FILED), results["imported"]) == (expected, ["1906-04-28"])


def test_field_is_exported_to_csv(results: Any) -> None:
    """The field is a column under its preferred name."""
    rows = csv.DictReader(results["exported"].splitlines())
    assert {row["phone"]: row["birthday"] for row in rows} == results["kept"]


def test_field_is_an_option_of_the_command_line(results: Any) -> None:
    """`update --birth-date` sends the field under its preferred name, and `--json` shows it."""
    status, shown, body = results["typed"]
    assert (status, json.loads(shown)["birthday"], body) == (0, "1815-12-11", {"birthday": "1815-12-11"})


def test_sandbox_stores_the_field(results: Any) -> None:
    """The sandbox stores every value."""
    assert results["kept"] == {ADA: "1815-12-11", GRACE: "1906-12-09", FILED: "1906-04-28"}


def test_field_is_compared_by_a_sync(results: Any) -> None:
    """Only a contact with another value is updated, in whatever form the date is written; then nothing is left."""
    fields = {"birthday": ["1815-12-11", "1815-12-12"], "class": ["second", "third"]}
    assert results["synced"] == [[ADA, fields], 1, 2]


def test_keyword_of_python(results: Any) -> None:
    """A field whose name is a keyword is set by its name, is the attribute `class_`, and is checked."""
    assert results["keyword"] == ["first", "first", "second"]
    assert results["refused keyword"] == "TypeError"


def test_invalid_date_is_rejected(results: Any) -> None:
    """An invalid date and an undocumented name raise an error."""
    assert results["refused"] == ["ValueError", "TypeError"]


@pytest.mark.parametrize("line", [3, 4, 5, 9])
def test_type_checker_accepts(findings: dict[int, str], line: int) -> None:
    """A strict type checker accepts both names, as keywords and in a mapping."""
    assert findings.get(line) is None


def test_type_checker_infers_the_type(findings: dict[int, str]) -> None:
    """A strict type checker infers the type of the field."""
    assert findings[6] == 'note: Revealed type is "datetime.date | None"'


@pytest.mark.parametrize("line", [7, 8, 10])
def test_type_checker_rejects(findings: dict[int, str], line: int) -> None:
    """A strict type checker rejects a misspelled name and a value of the wrong type."""
    assert findings[line].startswith("error: ")
