"""Fields that have new names in responses only: the old names are aliases there, and the preferred names of requests.

The client, the sandbox, files and syncs treat both as one field, without a change of their code.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
RENAMED = {
    "first_name": "forename",
    "company_name": "organization",
    "tags": "labels",
    "custom_variables": "attributes",
    "opt_out": "silenced",
    "created_at": "created",
    "contact_id": "identifier",
}
ADA, GRACE, KURT = "+14155551234", "+14155555678", "+14155559999"
PROGRAM = f"""\
import csv, io, json, sys
from click.testing import CliRunner
from sendblue_contacts import APIConnectionError, Sendblue
from sendblue_contacts_cli.app import app
from sendblue_sandbox import Sandbox
from sendblue_transfer import apply_sync, plan_sync, read_csv, undo_sync, write_csv

def shown(contact):
    return [contact.forename, contact.labels, contact.attributes]

results = {{"read": {{}}}}
ada = {{"first_name": "Ada", "tags": ["VIP"], "custom_variables": {{"Plan": "Gold"}}}}
grace = {{"phone": "{GRACE}", "firstName": "Grace", "tags": ["Lead"], "customVariables": {{"Plan": "Pro"}}}}
for spelling in ("snake", "camel", "both"):
    with Sandbox(limit=None, spelling=spelling) as sandbox, Sendblue("k", "s", base_url=sandbox.url) as client:
        contacts = client.contacts
        created = [contacts.create("{ADA}", **ada), *contacts.bulk.create([grace]).created]
        updated = contacts.update("{ADA}", companyName="Engines", opt_out=True)
        results["read"][spelling] = [*map(shown, [*created, contacts.retrieve("{ADA}"), *contacts.list()])]
        results["read"][spelling] += [updated.organization, updated.silenced, all(each.created for each in created)]
with Sandbox(limit=None) as sandbox, Sendblue("k", "s", base_url=sandbox.url) as client:
    contacts = client.contacts
    sandbox.faults.add(operation="create_contact", what="reset", after=True, nth=1)
    results["lost"] = [shown(contacts.create("{ADA}", **ada))]
    sandbox.faults.clear()
    sandbox.faults.add(operation="create_contact", what="reset", nth=1)
    try:
        contacts.create("{ADA}", **(ada | {{"first_name": "Eve"}}))
    except APIConnectionError as error:
        results["lost"].append("the contact differs from what was sent" in str(error))
    sandbox.faults.clear()
    sandbox.faults.add(operation="bulk_create_contacts", what="reset", nth=1)
    again = contacts.bulk.create([{{"phone": "{ADA}", **ada}}, grace, {{"phone": "{ADA[:-1]}5"}}])
    eve = contacts.bulk.create([{{"phone": "{ADA}", "first_name": "Eve"}}], check_existing=True)
    results["lost"] += [len(again.created), len(eve.created), len(eve.failed)]
    sandbox.faults.clear()
    contacts.delete("{ADA[:-1]}5")
    rows = [
        {{"phone": "{ADA}", "first_name": "Augusta", "tags": ["VIP"], "company": "Engines", "opt_out": True}},
        {{"phone": "{GRACE}", "First Name": "Grace", "custom_variables.Plan": "Free", "tags": ["Lead"]}},
        {{"phone": "{KURT}", "Full name": "Kurt Gödel"}},
    ]
    plan = plan_sync(client, rows, state="state.db")
    results["planned"] = {{each.phone: each.fields for each in plan.changes()}}
    apply_sync(client, plan)
    results["synced"] = [*map(shown, contacts.list()), plan_sync(client, rows, state="none").unchanged]
    exported = io.StringIO(newline="")
    write_csv(contacts.list(), exported)
    results["imported"] = [row.contact for row in read_csv(io.StringIO(exported.getvalue()))]
    results["same"] = plan_sync(client, csv.DictReader(exported.getvalue().splitlines()), state="none").unchanged
    undo_sync(client, "state.db")
    results["undone"] = [*map(shown, contacts.list())]
    account = {{"API_KEY": "k", "API_SECRET": "s", "BASE_URL": sandbox.url}}
    variables = {{f"SENDBLUE_API_{{name}}": value for name, value in account.items()}}
    def run(*arguments, text=None):
        return CliRunner().invoke(app, arguments, env=variables, input=text).output.splitlines()
    chosen = ("--where", "first_name=Grace", "--tag", "Lead")
    results["listed"] = run("list", "--columns", "name,first_name,labels", *chosen)
    results["split"] = run("import", "-", "--dry-run", text="phone,Full name\\n{ADA},Ada King\\n")
json.dump(results, sys.stdout)
"""


def renamed(document: str) -> str:
    """Return the document with other names in responses."""
    start, contact, end = re.split(r"(?ms)^(    Contact:\n.*?)(?=^    ContactCreate:)", document)
    for old, new in RENAMED.items():
        field = rf"(?m)^        {old}:\n((?:          .*\n)*)"
        (body,) = re.findall(field, contact)
        aliases = [*re.findall(r"x-aliases: \[(.*)\]", body), old]
        body = re.sub(r" +x-aliases: .*\n", "", body) + f"          x-aliases: [{', '.join(aliases)}]\n"
        contact = re.sub(field, lambda _found, text=f"        {new}:\n{body}": text, contact)
    return start + contact + end


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The results of the program, with a package and a sandbox from the edited document."""
    folder = tmp_path_factory.mktemp("responses")
    document, package = folder / "contacts.yaml", folder / "generated"
    document.write_text(renamed((ROOT / "openapi/contacts.yaml").read_text()))
    path = [package, *(ROOT / name for name in ("overrides", "transfer", "cli", "sandbox"))]
    variables = {"PYTHONPATH": os.pathsep.join(map(str, path)), "SENDBLUE_SANDBOX_DOCUMENT": str(document)}
    regenerate = [str(ROOT / "scripts/regenerate"), "--document", str(document), "--output", str(package)]
    for command, added in ((regenerate, {}), (["-c", PROGRAM], variables)):
        done = subprocess.run(
            [sys.executable, *command], cwd=folder, env={**os.environ, **added}, capture_output=True, check=True
        )
    return json.loads(done.stdout)


def test_contacts_are_read_in_every_spelling(results: Any) -> None:
    """What is sent under the old names is stored, and is read under the new ones."""
    ada, grace = ["Ada", ["VIP"], {"Plan": "Gold"}], ["Grace", ["Lead"], {"Plan": "Pro"}]
    expected = [ada, grace, ada, ada, grace, "Engines", True, True]
    assert results["read"] == dict.fromkeys(("snake", "camel", "both"), expected)


def test_a_lost_creation_is_compared(results: Any) -> None:
    """After a lost response, a contact with the values that were sent is the own one; another one is not."""
    assert results["lost"] == [["Ada", ["VIP"], {"Plan": "Gold"}], True, 3, 0, 1]


def test_a_sync_compares_the_fields(results: Any) -> None:
    """A plan has the differences, in the names of requests; then nothing is left, and an undo restores the values."""
    assert results["planned"] == {
        ADA: {"company_name": [None, "Engines"], "first_name": ["Ada", "Augusta"], "opt_out": [None, True]},
        GRACE: {"custom_variables.Plan": ["Pro", "Free"]},
        KURT: {"first_name": [None, "Kurt"], "last_name": [None, "Gödel"]},
    }
    grace = ["Grace", ["Lead"], {"Plan": "Free"}]
    assert results["synced"] == [["Augusta", ["VIP"], {"Plan": "Gold"}], grace, ["Kurt", [], {}], 3]
    assert results["undone"] == [["Ada", ["VIP"], {"Plan": "Gold"}], ["Grace", ["Lead"], {"Plan": "Pro"}]]


def test_an_export_is_imported(results: Any) -> None:
    """An exported file has the names of responses, and is read as the same contacts."""
    grace = {"phone": GRACE, "first_name": "Grace", "tags": ["Lead"], "custom_variables": {"Plan": "Free"}}
    assert results["imported"][1:] == [grace, {"phone": KURT, "first_name": "Kurt", "last_name": "Gödel"}]
    assert results["same"] == len(results["imported"])


def test_the_command_accepts_both_names(results: Any) -> None:
    """Columns and filters accept both names; an import names the fields that it fills."""
    assert results["listed"][0] == "Grace\tGrace\tLead"
    assert "  first_name and last_name from Full name, split after the first word" in results["split"]
