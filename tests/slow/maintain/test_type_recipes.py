"""The recipes for an object, an enum, a query parameter and a deprecation, followed together in one clean clone."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from maintain.clones import Clone, reset
from maintain.recipes import Command, recipe
from maintain.venvs import VENV, node_tool

# The scripts work in .venv, whichever Python runs the tests.
pytestmark = pytest.mark.skipif(Path(sys.prefix) != VENV, reason="the recipes are followed on the Python of .venv")

RECIPES = ("A nested object", "A nullable enum", "A query parameter", "A deprecation")
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
        created = contacts.create("{ADA}", address=Address(street="A", floor=2), stage="lead", tags=["VIP"])
        updated = contacts.update("{ADA}", postalAddress={{"street": "B", "postalCode": "1"}}, salesStage=None)
        bulk = contacts.bulk.create([
            {{"phone": "{BOB}", "address": Address(postal_code="2"), "stage": "customer", "tags": ["lead"]}},
            {{"phone": "{CLEO}", "address": {{"postalCode": "3"}}}},
        ])
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
        contacts.bulk.create([{{"phone": "{ADA}", "address": {{"stret": "A"}}}}]).failed[0].reason,
    ]
    results["sent"] = len(sandbox.requests) - sent
    rows = "phone,address.street,postalAddress.postalCode,Address.Floor,stage,tags\\r\\n"
    rows += "{ADA},A,1,2,lead,VIP\\r\\n{BOB},,,,,lead\\r\\n{CLEO},C,,3,,other\\r\\n"
    contacts.bulk.create(row.contact for row in read_csv(io.StringIO(rows)))
    exported = io.StringIO(newline="")
    write_csv(contacts.list(), exported)
    results["exported"] = [line.split(",") for line in exported.getvalue().splitlines()]
    results["tagged"] = [[each.phone for each in contacts.list(tag=tag)] for tag in (["VIP", "lead"], ("none",))]
    results["generated"] = [each.phone for each in list_contacts.sync(client=client.generated, tag=["VIP", "lead"])]
    rows = [{{"phone": "{ADA}", "address.street": "B", "address.floor": "2"}}]
    rows += [{{"phone": "{BOB}", "address": {{"floor": 4}}}}]
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
    run("update", "{ADA}", "--address", '{{"postalCode": "9"}}', "--stage", "customer")
    results["typed"] = [address(contacts.get("{ADA}")), contacts.get("{ADA}").stage]
    results["mistyped"] = [run("update", "{ADA}", *each) for each in (
        ("--address", '{{"stret": 1}}'), ("--address", '{{"floor": 1.5}}'), ("--stage", "leed"))]
    results["help"] = [run("update", "--help")[1], run("verify", "--help")[1], run("verify", "{ADA}")[1]]
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
reveal_type(client.contacts.retrieve("{ADA}").address)
reveal_type(client.contacts.retrieve("{ADA}").stage)
client.contacts.create("{ADA}", address={{"stret": "A"}})
client.contacts.create("{ADA}", address={{"floor": 1.5}})
client.contacts.create("{ADA}", stage="leed")
client.contacts.list(tag=[1])
client.contacts.verify("{ADA}")
"""
ACCEPTED, REVEALED, REJECTED, DEPRECATED = {4, 5, 6, 7}, {8, 9}, {10, 11, 12, 13}, {14}


@pytest.fixture(scope="module")
def clone(released: Clone) -> Clone:
    """The clone after the edits of all recipes, and then each of their commands once."""
    reset(released)
    steps = [step for title in RECIPES for step in recipe(title)]
    outputs: dict[str, tuple[str, ...]] = {}
    for step in steps:
        if isinstance(step, Command):
            outputs[step.line] = (*outputs.get(step.line, ()), *step.output)
        else:
            step.make(released)
    for line, output in outputs.items():
        Command(line, output).make(released)
    return released


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
        unknown,
    ]
    assert results["sent"] == 0


def test_files_have_a_column_for_each_field_of_an_object(results: Any) -> None:
    """The columns are read in every spelling, and written under preferred names."""
    titles, *rows = results["exported"]
    columns = ("phone", "address.street", "address.postal_code", "address.floor", "stage")
    assert [[row[titles.index(name)] for name in columns] for row in rows] == [
        [ADA, "A", "1", "2", "lead"],
        [BOB, "", "", "", ""],
        [CLEO, "C", "", "3", ""],
    ]


def test_array_parameters(results: Any) -> None:
    """The client sends an array of a query in both ways of calling it, and the sandbox filters by it."""
    assert (results["tagged"], sorted(results["generated"])) == ([[ADA, BOB], []], [ADA, BOB])


def test_a_sync_compares_objects_by_their_fields(results: Any) -> None:
    """Only the fields of the object that a row has are compared; the whole object is sent; an undo restores it."""
    before, after = {"street": "A", "postal_code": "1", "floor": 2}, {"street": "B", "postal_code": "1", "floor": 2}
    assert results["planned"] == {ADA: {"address": [before, after]}, BOB: {"address": [None, {"floor": 4}]}}
    assert (results["synced"], results["undone"]) == ([after, {"floor": 4}, 2], [before, None])


def test_the_command_checks_objects_and_enums(results: Any) -> None:
    """An object is JSON in any spelling, an enum one of its values; a mistake is a usage error."""
    assert results["typed"] == [{"postal_code": "9"}, "customer"]
    texts = ("did you mean street?", "address.floor must be an integer, not float", "'leed' is not one of")
    assert [(code, text in output) for (code, output), text in zip(results["mistyped"], texts, strict=True)] == [
        (2, True)
    ] * 3


def test_deprecations_are_shown(results: Any) -> None:
    """Help and docstrings show what is deprecated; the first use of each emits a warning at the line of the caller."""
    update, verify, used = results["help"]
    (option,) = re.findall(r"--assigned-to-email TEXT\s+(.*(?:\n {30,}.*)*)", update)
    assert (option.split()[-1], "DEPRECATED" in verify, "is deprecated" in used) == ("Deprecated.", True, True)
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
        assert errors == REJECTED | DEPRECATED, output
    assert "address.Address | None" in mypy
