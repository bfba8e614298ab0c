"""The test of the design: a new field takes an edit of the document and scripts/regenerate, and no other file changes.

A copy of the document gets a field `birthday`, alias `birthDate`. Everything else is the tree as it is: its templates,
its hand layer, its sandbox. The client runs in a process of its own, with the package from the copy before the tree's.
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

ROOT = Path(__file__).parents[1]
WATCHED = ("generated", "openapi", "overrides", "transfer", "cli", "sandbox", "scripts")
SCHEMAS = ("Contact", "ContactCreate", "ContactUpdate", "BulkContact")
FIELD = """\
        birthday:
          type: [string, 'null']
          format: date
          description: The day of birth. Also spelled `birthDate`.
          x-aliases: [birthDate]
          examples: ['1815-12-10']
"""
ADA, GRACE, FILED = "+14155551234", "+14155555678", "+14155559999"
CLIENT = f"""\
import io, json, sys
import sendblue_contacts, sendblue_contacts_api, sendblue_sandbox
from click.testing import CliRunner
from sendblue_contacts import Sendblue
from sendblue_contacts_cli.program import program
from sendblue_transfer import read_csv, write_csv
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
    typing = ["update", "{ADA}", "--birth-date", "11 December 1815", "--json"]
    typed = CliRunner().invoke(program, typing, env=variables)
    answer = {{
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
json.dump(answer, sys.stdout)
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
"""


def tree() -> dict[str, bytes]:
    """Return every file of the project that the client is made of."""
    paths = (path for folder in WATCHED for path in (ROOT / folder).rglob("*"))
    return {str(path): path.read_bytes() for path in paths if path.is_file() and "__pycache__" not in path.parts}


def with_birthday(document: str) -> str:
    """Return the document with the field in each of the schemas."""
    for schema in SCHEMAS:
        document, times = re.subn(
            rf"(?m)^(    {schema}:\n(?:      .*\n)*?      properties:\n)", lambda found: found[1] + FIELD, document
        )
        assert times == 1, schema
    return document


class Made:
    """The edited document, the package made from it, and the tree before that."""

    def __init__(self, folder: Path) -> None:
        self.before = tree()
        self.document = folder / "contacts.yaml"
        self.output = folder / "generated"
        self.document.write_text(with_birthday((ROOT / "openapi/contacts.yaml").read_text()))
        command = [sys.executable, str(ROOT / "scripts/regenerate"), "--document", str(self.document)]
        self.run([*command, "--output", str(self.output)], {})
        # Looked at now: the tests that follow run with the package, and may be left out.
        self.after = tree()

    def run(self, command: list[str], variables: dict[str, str], *, check: bool = True) -> str:
        """Run `command` aside with these variables, and return what it printed."""
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
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The package from the edited document; made once."""
    return Made(tmp_path_factory.mktemp("birthday"))


@pytest.fixture(scope="module")
def answer(made: Made) -> Any:  # noqa: ANN401 - the JSON that CLIENT writes
    """What the client did and saw, over TCP, with the sandbox on the edited document."""
    variables = {"PYTHONPATH": made.path, "SENDBLUE_SANDBOX_DOCUMENT": str(made.document)}
    return json.loads(made.run([sys.executable, "-c", CLIENT], variables))


@pytest.fixture(scope="module")
def verdicts(made: Made, pytestconfig: pytest.Config) -> dict[int, str]:
    """What mypy --strict says of TYPED, by line."""
    assert pytestconfig.cache is not None
    cache = pytestconfig.cache.mkdir("mypy-birthday")
    (made.output.parent / "typed.py").write_text(TYPED)
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={cache}", "typed.py"]
    said = made.run(command, {"MYPYPATH": made.path}, check=False)
    found = re.findall(r"(?m)^typed\.py:(\d+): (error: .*|note: Revealed.*)$", said)
    assert found, said
    return {int(line): text for line, text in found}


def sent(answer: Any, number: str) -> list[Any]:  # noqa: ANN401 - JSON
    """Return the first body that was sent with `number`, alone or as the items of a bulk request."""
    body = next(json.loads(body) for _, _, body in answer["wire"] if number in body)
    found: list[Any] = body.get("contacts", [body])
    return found


def test_nothing_else_changes(made: Made) -> None:
    """Regenerating elsewhere leaves the tree as it was to the byte."""
    assert made.after == made.before


def test_without_it_the_field_is_unknown() -> None:
    """The tree as it is refuses the field: what follows comes from the document alone."""
    with pytest.raises(TypeError, match="birthDate"):
        operations.create(ADA, {"birthDate": "1815-12-10"})


def test_the_right_packages_were_used(made: Made, answer: Any) -> None:  # noqa: ANN401 - JSON
    """The generated package is the new one; the hand layer and the sandbox are the tree's."""
    folders = [str(Path(file).parents[1]) for file in answer["modules"]]
    assert folders == [str(made.output), str(ROOT / "overrides"), str(ROOT / "sandbox")]


def test_alias_is_accepted_and_the_preferred_name_sent(answer: Any) -> None:  # noqa: ANN401 - JSON
    """`create(…, birthDate=…)` goes out as `birthday`, and under no other name."""
    assert sent(answer, ADA) == [{"number": ADA, "birthday": "1815-12-10"}]


def test_is_read_back_as_a_date(answer: Any) -> None:  # noqa: ANN401 - JSON
    """`contact.birthday` is a date."""
    assert answer["created"] == ["date", "1815-12-10"]


def test_is_updated(answer: Any) -> None:  # noqa: ANN401 - JSON
    """A contact that exists gets a new value."""
    assert answer["updated"] == "1815-12-11"


def test_goes_in_in_bulk(answer: Any) -> None:  # noqa: ANN401 - JSON
    """A bulk item takes it too, and what people write is sent as a date."""
    assert (sent(answer, GRACE), answer["bulk"]) == ([{"phone": GRACE, "birthday": "1906-12-09"}], ["1906-12-09"])


def test_is_imported_from_csv(answer: Any) -> None:  # noqa: ANN401 - JSON
    """A column `birthDate` fills it."""
    expected = [{"phone": FILED, "first_name": "Kurt", "birthday": "1906-04-28"}]
    assert (sent(answer, FILED), answer["imported"]) == (expected, ["1906-04-28"])


def test_is_exported_to_csv(answer: Any) -> None:  # noqa: ANN401 - JSON
    """It is a column of its own, under the preferred name."""
    rows = csv.DictReader(answer["exported"].splitlines())
    assert {row["phone"]: row["birthday"] for row in rows} == answer["kept"]


def test_is_an_option_of_the_command_line(answer: Any) -> None:  # noqa: ANN401 - JSON
    """`update --birth-date` sends it, under the preferred name, and `--json` shows it."""
    status, shown, body = answer["typed"]
    assert (status, json.loads(shown)["birthday"], body) == (0, "1815-12-11", {"birthday": "1815-12-11"})


def test_the_server_has_it(answer: Any) -> None:  # noqa: ANN401 - JSON
    """In the end the sandbox holds every value."""
    assert answer["kept"] == {ADA: "1815-12-11", GRACE: "1906-12-09", FILED: "1906-04-28"}


def test_what_is_no_date_is_refused(answer: Any) -> None:  # noqa: ANN401 - JSON
    """What cannot be read as a date is an error, and so is a spelling that the document does not have."""
    assert answer["refused"] == ["ValueError", "TypeError"]


@pytest.mark.parametrize("line", [3, 4, 5], ids=TYPED.splitlines()[2:5])
def test_type_checker_accepts(verdicts: dict[int, str], line: int) -> None:
    """A strict type checker knows both spellings, as keywords and in a mapping."""
    assert verdicts.get(line) is None


def test_type_checker_knows_the_type(verdicts: dict[int, str]) -> None:
    """A strict type checker knows what is read back."""
    assert verdicts[6] == 'note: Revealed type is "datetime.date | None"'


@pytest.mark.parametrize("line", [7, 8], ids=TYPED.splitlines()[6:])
def test_type_checker_refuses(verdicts: dict[int, str], line: int) -> None:
    """A strict type checker refuses a typing mistake and a value of the wrong type."""
    assert verdicts[line].startswith("error: ")
