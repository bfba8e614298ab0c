"""The pages that are generated for each build, from the code, the OpenAPI document and the project files."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

import sendblue_sandbox.faults.fault
import sendblue_sandbox.server.control_api

from maintain.docs import http_reference
from maintain.openapi_document import read
from maintain.venvs import ROOT

if TYPE_CHECKING:
    from types import ModuleType

DOCUMENT = "openapi/contacts.yaml"
ROUTES = """\
# Sandbox routes and faults

Requests to these routes need no credentials, do not count against the rate limit and are not recorded. In Python, the
methods of [`Sandbox`](sandbox.md#sendblue_sandbox.Sandbox) do the same. The guide is
[Testing with the sandbox](../guides/testing.md).

## Routes

{routes}

A body is JSON, with `Content-Type: application/json`. An invalid request gets a 400 with a message.

```shell
curl http://127.0.0.1:4010/_sandbox/faults --header "Content-Type: application/json" \\
  --data '{{"what": "status", "status": 503, "operation": "count_contacts", "times": 1}}'
```

## Kinds of faults

The value of `what`. *Executed*: whether the request takes effect, for example whether the contact is created.

{faults}

## Fields of a fault

{fields}

The other fields select the requests: [`Fault`](sandbox.md#sendblue_sandbox.Fault) describes all of them.
"""


def generated_pages() -> dict[str, str]:
    """Return the text of each page by its path below docs/."""
    document = read(ROOT / DOCUMENT, DOCUMENT).data
    http = {f"reference/{name}": text for name, text in http_reference.pages(document).items()}
    own = {"reference/sandbox-routes.md": sandbox_routes(), "about/changelog.md": changelog()}
    return {**http, **own, "about/license.md": license_page()}


def version() -> str:
    """Return the version of the library."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def table_of(module: ModuleType) -> list[list[str]]:
    """Return the rows of the table in the docstring of a module, without the line below its titles."""
    lines = [line for line in (module.__doc__ or "").splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in rows if not set(row[0]) <= {"-"} or not row[0]]


def sandbox_routes() -> str:
    """Return the page with the routes and the kinds of faults."""
    fault = sendblue_sandbox.faults.fault
    fields = [["field", "value"], *([f"`{name}`", valid] for name, (_, valid) in fault.FIELD_CHECKS.items())]
    routes = [[_code(route), *rest] for route, *rest in table_of(sendblue_sandbox.server.control_api)]
    return ROUTES.format(routes=_table(routes), faults=_table(table_of(fault)), fields=_table(fields))


def changelog() -> str:
    """Return the changelog, with the changes of the next release first."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    head, _, released = text.partition("<!-- towncrier release notes start -->")
    kinds = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["towncrier"]["type"]
    sections = [section for kind in kinds for section in _changes(kind["directory"], kind["name"])]
    coming = ["## Next release", *sections] if sections else []
    introduction = head.replace("The changes of the next release are in `changes/`.", "").strip()
    return "\n\n".join([introduction, *coming, released.strip()]).strip() + "\n"


def license_page() -> str:
    """Return the license."""
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    note = "This library is not an official Sendblue product; Sendblue does not endorse or support it."
    return f"# License\n\n{note}\n\n{text}"


def _changes(kind: str, title: str) -> list[str]:
    files = sorted((ROOT / "changes").glob(f"*.{kind}.md"))
    items = [" ".join(path.read_text(encoding="utf-8").split()) for path in files]
    return [f"### {title}", "\n".join(f"- {item}" for item in items)] if items else []


def _code(cell: str) -> str:
    return f"`{cell}`" if re.match(r"/\w", cell) else cell


def _table(rows: list[list[str]]) -> str:
    titles, *others = rows
    return "\n".join(f"| {' | '.join(row)} |" for row in [titles, ["---"] * len(titles), *others])
