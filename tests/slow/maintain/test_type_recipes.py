"""The recipes that add something, followed together in one clean clone, and what the API of their document can do.

The document also gets a field `class`, a keyword of Python. An edit of the document and scripts/regenerate are enough
for a field of any type: nothing else is written by hand for it.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from maintain.clones import Clone, reset
from maintain.recipes import Command, Edit, recipe
from maintain.venvs import VENV, node_tool

# The scripts work in .venv, whichever Python runs the tests.
pytestmark = pytest.mark.skipif(Path(sys.prefix) != VENV, reason="the recipes are followed on the Python of .venv")

RECIPES = (
    "A new field",
    "A nested object",
    "A nullable enum",
    "A query parameter",
    "A deprecation",
    "A new resource",
    "A new command",
)
KEYWORD = """\
        class:
          type: [string, 'null']
          description: "The class: a keyword of Python."
          examples: [first]
"""
ADA, BOB, CLEO = "+14155550001", "+14155550002", "+14155550003"
PROGRAM = f"""\
import io, json, sys, warnings
from click.testing import CliRunner
from sendblue_contacts import Sendblue
from sendblue_contacts_api.api.contacts import list_contacts
from sendblue_contacts_api.models import Address, ContactCreate
from sendblue_contacts_cli.app import app
from sendblue_sandbox import Sandbox
from sendblue_transfer import apply_sync, plan_sync, read_csv, undo_sync, write_csv

def attempt(call):
    try:
        return call()
    except Exception as error:
        return str(error)

def address(contact):
    return contact.address and contact.address.to_dict()

results = {{"spellings": {{}}}}
for spelling in ("snake", "camel", "both"):
    with Sandbox(limit=None, spelling=spelling) as sandbox, Sendblue("k", "s", base_url=sandbox.url) as client:
        contacts = client.contacts
        created = contacts.create("{ADA}", address=Address(street="A", floor=2), stage="lead", birthDate="1815-12-10")
        sent = json.loads(sandbox.requests[-1].body)
        updated = contacts.update("{ADA}", postalAddress={{"street": "B", "postalCode": "1"}}, salesStage=None)
        bulk = contacts.bulk.create([
            {{"phone": "{BOB}", "address": Address(postal_code="2"), "stage": "customer", "tags": ["lead"]}},
            {{"phone": "{CLEO}", "address": {{"postalCode": "3"}}, "birthDate": "9 December 1906"}},
        ])
        results["dates"] = [sent["birthday"], sent.keys() & {{"birthDate"}} == set(), type(created.birthday).__name__]
        results["dates"] += [str(each.birthday) for each in (created, bulk.created[1], contacts.get("{CLEO}"))]
        found = [*map(address, [created, updated, *bulk.created, *contacts.list(), contacts.retrieve("{CLEO}")])]
        results["spellings"][spelling] = found + [created.stage, updated.stage, bulk.created[0].stage]
with Sandbox(limit=None) as sandbox, Sendblue("k", "s", base_url=sandbox.url) as client:
    contacts, sent = client.contacts, len(sandbox.requests)
    results["refused"] = [
        attempt(lambda: contacts.create("{ADA}", address={{"stret": "A"}})),
        attempt(lambda: contacts.update("{ADA}", address={{"floor": 1.5}})),
        attempt(lambda: contacts.update("{ADA}", address={{"floor": True}})),
        attempt(lambda: contacts.create("{ADA}", stage="leed")),
        attempt(lambda: contacts.list(tag="VIP")),
        attempt(lambda: contacts.create("{ADA}", birthDate="some day")),
        attempt(lambda: contacts.create("{ADA}", birthDay="1815-12-10")),
        attempt(lambda: contacts.update("{ADA}", **{{"class": 1}})),
        contacts.bulk.create([{{"phone": "{ADA}", "address": {{"stret": "A"}}}}]).failed[0].reason,
    ]
    results["sent"] = len(sandbox.requests) - sent
    rows = "phone,address.street,postalAddress.postalCode,Address.Floor,stage,tags,birthDate,class\\r\\n"
    rows += "{ADA},A,1,2,lead,VIP,10 December 1815,first\\r\\n{BOB},,,,,lead,1906-12-09,\\r\\n"
    rows += "{CLEO},C,,3,,other,,\\r\\n"
    contacts.bulk.create(row.contact for row in read_csv(io.StringIO(rows)))
    exported = io.StringIO(newline="")
    write_csv(contacts.list(), exported)
    results["exported"] = [line.split(",") for line in exported.getvalue().splitlines()]
    results["tagged"] = [[each.phone for each in contacts.list(tag=tag)] for tag in (["VIP", "lead"], ("none",))]
    results["generated"] = [each.phone for each in list_contacts.sync(client=client.generated, tag=["VIP", "lead"])]
    rows = [{{"phone": "{ADA}", "address.street": "B", "address.floor": "2", "birthDate": "12 December 1815"}}]
    rows += [{{"phone": "{BOB}", "address": {{"floor": 4}}, "birthday": "9 December 1906", "class": "third"}}]
    plan = plan_sync(client, rows, state="state.db")
    results["planned"] = {{each.phone: each.fields for each in plan.changes()}}
    apply_sync(client, plan)
    again = plan_sync(client, rows, state="none")
    results["synced"] = [address(contacts.get("{ADA}")), address(contacts.get("{BOB}")), again.unchanged]
    undo_sync(client, "state.db")
    results["undone"] = [address(contacts.get("{ADA}")), address(contacts.get("{BOB}"))]
    account = {{"API_KEY": "k", "API_SECRET": "s", "BASE_URL": sandbox.url}}
    variables = {{f"SENDBLUE_API_{{name}}": value for name, value in account.items()}}
    def run(*arguments):
        done = CliRunner().invoke(app, arguments, env=variables, terminal_width=200)
        return done.exit_code, done.output
    run("update", "{ADA}", "--address", '{{"postalCode": "9"}}', "--stage", "customer", "--birth-date", "11 Dec 1815",
        "--class", "second")
    ada = contacts.get("{ADA}")
    results["typed"] = [address(ada), ada.stage, str(ada.birthday), ada.class_, ada.to_dict()["class"]]
    results["mistyped"] = [run("update", "{ADA}", *each) for each in (
        ("--address", '{{"stret": 1}}'), ("--address", '{{"floor": 1.5}}'), ("--stage", "leed"))]
    results["listed"] = run("list", "--quiet", "--filter-tag", "VIP", "--filter-tag", "lead")[1].split()
    results["help"] = [run(*each)[1] for each in (
        ("update", "--help"), ("verify", "--help"), ("verify", "{ADA}"), ("--help",), ("list", "--help"))]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(2):
            contacts.update("{ADA}", assignedToEmail="a@example.com")
            contacts.verify("{ADA}")
            ContactCreate("{ADA}", assigned_to_email="a@example.com")
    results["warnings"] = [[str(each.message), each.filename, each.category.__name__] for each in caught]
    results["docstrings"] = [contacts.verify.__doc__, contacts.update.__doc__, contacts.list.__doc__]
json.dump(results, sys.stdout)
"""
TYPED = f"""\
from sendblue_contacts import Sendblue
from sendblue_contacts_api.models import Address
client = Sendblue()
client.contacts.create("{ADA}", address=Address(street="A"), stage="lead")
client.contacts.update("{ADA}", address={{"street": "A", "postalCode": "1", "floor": 2}}, stage=None)
client.contacts.create({{"number": "{ADA}", "postalAddress": {{"postal_code": None}}, "salesStage": "customer"}})
client.contacts.list(tag=["VIP"])
client.contacts.create({{"number": "{ADA}", "birthDate": "1815-12-10", "class": "first"}})
client.contacts.create("{ADA}", birthday="1815-12-10")
reveal_type(client.contacts.retrieve("{ADA}").birthday)
reveal_type(client.contacts.retrieve("{ADA}").address)
reveal_type(client.contacts.retrieve("{ADA}").stage)
client.contacts.create("{ADA}", address={{"stret": "A"}})
client.contacts.create("{ADA}", address={{"floor": 1.5}})
client.contacts.create("{ADA}", stage="leed")
client.contacts.list(tag=[1])
client.contacts.create("{ADA}", birthDay="1815-12-10")
client.contacts.create("{ADA}", birthDate=1815)
client.contacts.create({{"number": "{ADA}", "class": 1}})
client.contacts.verify("{ADA}")
"""
REJECTED = range(13, 21)
"""The first line that a type checker rejects, and those below: a misspelled name, a wrong type, a deprecated call."""


@pytest.fixture(scope="module")
def followed(released: Clone) -> tuple[Clone, dict[str, str]]:
    """The clone after the edits of all recipes, and the output of each of their commands, which run once."""
    reset(released)
    steps = [step for title in RECIPES for step in recipe(title)]
    outputs: dict[str, tuple[str, ...]] = {}
    assert isinstance(steps[0], Edit)
    replace(steps[0], text=KEYWORD).make(released)
    for step in steps:
        if isinstance(step, Command):
            outputs[step.line] = (*outputs.get(step.line, ()), *step.output)
        else:
            step.make(released)
    return released, {line: Command(line, output).make(released) for line, output in outputs.items()}


@pytest.fixture(scope="module")
def clone(followed: tuple[Clone, dict[str, str]]) -> Clone:
    """The clone after the edits and the commands of all recipes."""
    return followed[0]


def test_the_code_has_the_style_of_this_project(clone: Clone) -> None:
    """The code that the recipes write by hand needs no change by the linter and the formatter."""
    clone.do(".venv/bin/ruff", "check", "overrides", "sandbox", "cli", "tests")
    clone.do(".venv/bin/ruff", "format", "--check", "overrides", "sandbox", "cli", "tests")


def test_additions_break_nothing(followed: tuple[Clone, dict[str, str]]) -> None:
    """What the recipes add is reported as an addition that breaks nothing."""
    report = followed[1]["scripts/changes"]
    added = report.partition("\n\nAdded:\n")[2].partition("\n\n")[0]
    assert ("- Contact.birthday: added" in added.splitlines(), "Breaks" in report) == (True, False)


@pytest.fixture(scope="module")
def results(clone: Clone) -> Any:
    """The results of the program, with a sandbox that is reached over TCP."""
    clone.write("program.py", PROGRAM)
    return json.loads(clone.do(".venv/bin/python", "program.py"))


def test_objects_are_read_in_every_spelling(results: Any) -> None:
    """A model and a mapping are sent and read back by create, update and bulk, whichever names responses have."""
    created, updated = {"street": "A", "floor": 2}, {"street": "B", "postal_code": "1"}
    bob, cleo = {"postal_code": "2"}, {"postal_code": "3"}
    expected = [created, updated, bob, cleo, updated, bob, cleo, cleo, "lead", None, "customer"]
    assert results["spellings"] == dict.fromkeys(("snake", "camel", "both"), expected)


def test_wrong_values_are_refused_before_they_are_sent(results: Any) -> None:
    """A misspelled field of an object, a value of another type, a value that is not of the enum, a text as an array."""
    unknown = "address: unknown field 'stret'; did you mean street?"
    assert results["refused"] == [
        unknown,
        "address.floor must be an integer, not float",
        "address.floor must be an integer, not bool",
        "stage must be one of lead, customer",
        "tag must be a list of str, not str",
        "birthday is not a valid date; write it as 2024-01-15",
        "contacts.create: unknown field 'birthDay'; did you mean birthday?",
        "class must be a str, not int",
        unknown,
    ]
    assert results["sent"] == 0


def test_files_have_a_column_for_each_field_of_an_object(results: Any) -> None:
    """The columns are read in every spelling, and written under preferred names."""
    titles, *rows = results["exported"]
    columns = ("phone", "address.street", "address.postal_code", "address.floor", "stage", "birthday", "class")
    assert [[row[titles.index(name)] for name in columns] for row in rows] == [
        [ADA, "A", "1", "2", "lead", "1815-12-10", "first"],
        [BOB, "", "", "", "", "1906-12-09", ""],
        [CLEO, "C", "", "3", "", "", ""],
    ]


def test_array_parameters(results: Any) -> None:
    """The client and the command send an array of a query, and the sandbox filters by it."""
    assert (results["tagged"], sorted(results["generated"])) == ([[ADA, BOB], []], [ADA, BOB])
    assert (results["listed"], "that have one of these tags" in results["help"][-1]) == ([ADA, BOB], True)


def test_a_sync_compares_objects_by_their_fields(results: Any) -> None:
    """Only the fields of the object that a row has are compared; the whole object is sent; an undo restores it."""
    before, after = {"street": "A", "postal_code": "1", "floor": 2}, {"street": "B", "postal_code": "1", "floor": 2}
    assert results["planned"] == {
        ADA: {"address": [before, after], "birthday": ["1815-12-10", "1815-12-12"]},
        BOB: {"address": [None, {"floor": 4}], "class": [None, "third"]},
    }
    assert (results["synced"], results["undone"]) == ([after, {"floor": 4}, 2], [before, None])


def test_the_command_checks_objects_and_enums(results: Any) -> None:
    """An object is JSON in any spelling, an enum one of its values; a mistake is a usage error."""
    assert results["typed"][:2] == [{"postal_code": "9"}, "customer"]
    texts = ("did you mean street?", "address.floor must be an integer, not float", "'leed' is not one of")
    assert [(code, text in output) for (code, output), text in zip(results["mistyped"], texts, strict=True)] == [
        (2, True)
    ] * 3


def test_a_date_in_every_call(results: Any) -> None:
    """An alias is accepted and the preferred name is sent; a date is sent in ISO 8601, stored, and read as a date."""
    assert results["dates"] == ["1815-12-10", True, "date", "1815-12-10", "1906-12-09", "1906-12-09"]
    assert results["typed"][2] == "1815-12-11"


def test_keyword_of_python(results: Any) -> None:
    """A field whose name is a keyword is an option under its name, and the attribute `class_`."""
    assert results["typed"][3:] == ["second", "second"]


def test_deprecations_are_shown(results: Any) -> None:
    """Help and docstrings show what is deprecated; the first use of each emits a warning at the line of the caller."""
    update, verify, used, overview, _ = results["help"]
    (option,) = re.findall(r"--assigned-to-email TEXT\s+(.*(?:\n {30,}.*)*)", update)
    assert (option.split()[-1], "DEPRECATED" in verify, "is deprecated" in used) == ("Deprecated.", True, True)
    assert [line.split()[0] for line in overview.splitlines() if "DEPRECATED" in line] == ["verify"]
    texts = ("Deprecated by the API.", "`assigned_to_email` (deprecated)", "one of these tags")
    assert [text in " ".join(doc.split()) for doc, text in zip(results["docstrings"], texts, strict=True)] == [True] * 3


def test_one_warning_per_process(results: Any) -> None:
    """The command has used the operation before, so only the field is left."""
    (warning,) = results["warnings"]
    text, file, category = warning
    assert (text, Path(file).name, category) == (
        "the field assigned_to_email is deprecated by the API",
        "program.py",
        "DeprecationWarning",
    )


def test_type_checkers(clone: Clone) -> None:
    """Both accept models and mappings, reject misspelled and wrong values, and report what is deprecated."""
    clone.write("typed.py", TYPED)
    options = ("--strict", "--config-file=", "--enable-error-code=deprecated", "--follow-imports=silent")
    mypy = clone.run(".venv/bin/python", "-m", "mypy", *options, "typed.py").stdout
    paths = [str(clone.folder / name) for name in ("generated", "overrides")]
    settings = {"include": ["typed.py"], "strict": ["."], "extraPaths": paths, "reportUnusedCallResult": False}
    clone.write("strict/pyrightconfig.json", json.dumps({**settings, "include": ["../typed.py"], "strict": [".."]}))
    pyright = clone.run(*node_tool("pyright"), "-p", "strict").stdout
    for output in (mypy, pyright):
        errors = {int(line) for line in re.findall(r"typed\.py:(\d+)(?::\d+)?(?: -)?:? error", output)}
        assert errors == set(REJECTED), output
    assert ("address.Address | None" in mypy, "datetime.date | None" in mypy) == (True, True)
