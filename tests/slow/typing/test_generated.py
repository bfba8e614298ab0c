"""Types: the results of mypy --strict for a program that uses the installed generated package."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

REVEALED = {
    "Contact.from_dict({}).first_name": "str | None",
    "Contact.from_dict({}).phone": "str | None",
    "Contact.from_dict({}).tags": "list[str] | None",
    "Contact.from_dict({}).custom_variables": "dict[str, str] | None",
    "Contact.from_dict({}).created_at": "datetime.datetime | None",
    "Contact.from_dict({}).verified": "bool | None",
    "Contact.from_dict({}).to_dict()": "dict[str, Any]",
    "Contact.from_dict({}).fields_set": "frozenset[str]",
    "ContactResponse.from_dict({}).contact": "sendblue_contacts_api.models.contact.Contact | None",
    "BulkCreateResponse.from_dict({}).failures": (
        "list[sendblue_contacts_api.models.bulk_create_failure.BulkCreateFailure] | None"
    ),
    "BulkDeleteResponse.from_dict({}).failures": "int | None",
    "ContactCreate('+14155551234').number": "str",
    "ContactCreate('+14155551234').first_name": "str | None | sendblue_contacts_api.types.Unset",
}
ACCEPTED = [
    'create(firstName="Ada", last_name="Lovelace")',
    'create(customVariables={"Lead Source": "Website"}, tags=["VIP"])',
    'create(tags=("VIP",), first_name=None)',
    'create_from({"phoneNumber": "+14155551234", "firstName": "Ada"})',
    'Contact(custom_variables={"firstName": "a label"})',
]
REJECTED = {
    'create(firstname="Ada")': "call-arg",
    "create(first_name=1)": "arg-type",
    'create(tags="VIP")': "arg-type",
    'create(custom_variables={"Lead Source": 1})': "dict-item",
    'create(number="+14155551234")': "call-arg",
    'create_from({"phoneNumbr": "+14155551234"})': "typeddict-unknown-key",
    "Contact.from_dict({}).firstName": "attr-defined",
    "Contact.from_dict({}).first_name.upper()": "union-attr",
    "ContactCreate()": "call-arg",
    'list_contacts.sync(client=client, order_direction="up")': "arg-type",
}
HEAD = """\
from typing import Unpack
from sendblue_contacts_api import Client
from sendblue_contacts_api.api.contacts import list_contacts
from sendblue_contacts_api.models import *
from sendblue_contacts_api.models.contact_create import ContactCreateFields, ContactCreateMapping
client = Client("https://example.com")
def create(**fields: Unpack[ContactCreateFields]) -> None: ...
def create_from(mapping: ContactCreateMapping) -> None: ...
"""


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> dict[str, str]:
    """Return the output of mypy --strict for each expression above, "" if there is none, from one run."""
    expressions = [*ACCEPTED, *REJECTED, *REVEALED]
    lines = [*ACCEPTED, *REJECTED, *(f"reveal_type({expression})" for expression in REVEALED)]
    program = tmp_path_factory.mktemp("typing") / "program.py"
    program.write_text(HEAD + "\n".join(lines))
    findings = mypy(program, pytestconfig)
    start = HEAD.count("\n") + 1
    return {
        expression: "\n".join(findings.pop(start + number, [])) for number, expression in enumerate(expressions)
    } | {"elsewhere": str(findings or "")}


def mypy(program: Path, pytestconfig: pytest.Config) -> dict[int, list[str]]:
    """Run mypy --strict without a configuration, and return its output for each line of `program`."""
    assert pytestconfig.cache is not None
    cache = pytestconfig.cache.mkdir("mypy-strict")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={cache}", program.name]
    done = subprocess.run(command, cwd=program.parent, capture_output=True, encoding="utf-8", check=False)
    findings: dict[int, list[str]] = {}
    for place, text in re.findall(rf"(?m)^{program.name}:(\d+): (?:error|note): (.*)$", done.stdout):
        findings.setdefault(int(place), []).append(text)
    assert findings, done.stdout + done.stderr
    return findings


def test_revealed_types(findings: dict[str, str]) -> None:
    """A type checker infers the type of each value."""
    shown = {each: findings[each].removeprefix('Revealed type is "').removesuffix('"') for each in REVEALED}
    assert {each: text.replace("builtins.", "") for each, text in shown.items()} == REVEALED


def test_accepted(findings: dict[str, str]) -> None:
    """A type checker accepts preferred names and aliases; importing and using the package causes no finding."""
    assert {each: findings[each] for each in (*ACCEPTED, "elsewhere")} == dict.fromkeys((*ACCEPTED, "elsewhere"), "")


def test_rejected(findings: dict[str, str]) -> None:
    """A type checker rejects a misspelled key and a value of the wrong type."""
    assert [each for each, code in REJECTED.items() if f"[{code}]" not in findings[each]] == []
