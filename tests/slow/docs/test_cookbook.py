"""The files in the cookbook: each is written as the page shows it, and runs against a sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest
from sendblue_sandbox import Sandbox

from tests.slow.docs.blocks import blocks, run_python, write_titled_blocks

CONTACT = """
from sendblue_contacts import Sendblue
with Sendblue() as client:
    client.contacts.create("+14155551234", first_name="Ada")
"""
FASTAPI = """
from fastapi.testclient import TestClient
from shop.api import app
with TestClient(app) as http:
    found, missing = http.get("/contacts/+14155551234"), http.get("/contacts/+14155559999")
assert (found.status_code, found.json()["name"], missing.status_code) == (200, "Ada", 404), found.text
"""
DJANGO = """
import io
import django
from django.conf import settings
from django.core.management import CommandError, call_command
settings.configure(INSTALLED_APPS=["shop"])
django.setup()
output, errors = io.StringIO(), io.StringIO()
try:
    call_command("push_contacts", stdout=output, stderr=errors)
except CommandError as error:
    assert str(error) == "1 customers were not sent"
assert ("not a valid phone number" in errors.getvalue(), output.getvalue()) == (True, "0 created, 1 updated\\n")
"""
CELERY = """
from shop.tasks import app, tag_customer
app.conf.task_always_eager = True
assert tag_customer.delay("+14155551234", ["Trial"]).get() == ["Trial"]
"""
PYTEST = """
import sys
import pytest
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", "test_contacts.py"]))
"""
PROGRAMS = {
    "shop/api.py": FASTAPI,
    "shop/management/commands/push_contacts.py": DJANGO,
    "shop/tasks.py": CELERY,
    "test_contacts.py": PYTEST,
}
"""The program that uses each file."""


def test_every_file_has_a_program() -> None:
    """No file of the page is left out."""
    assert [block.title for block in blocks("cookbook.md", "python") if block.title] == list(PROGRAMS)


@pytest.mark.parametrize("title", PROGRAMS)
def test_the_file_runs(title: str, tmp_path: Path) -> None:
    """The program succeeds, on a sandbox with one contact."""
    write_titled_blocks("cookbook.md", tmp_path, "")
    with Sandbox() as sandbox:
        process = run_python(["-c", CONTACT + PROGRAMS[title]], tmp_path, sandbox.url)
    assert process.returncode == 0, process.stdout + process.stderr
