"""Does the client speak the document? What it sends and gets is held against the document by `redocly drift`.

The traffic is that of the contract's tests, and of CALLS, each of which is given every documented status of its
operation. A table of what was covered stands at the end of the test run. The document leaves requests open, for their
aliases; here they are closed, so that a field without a preferred name is found. A status that is not documented
escapes redocly, and is looked for here.
"""

from __future__ import annotations

import copy
import json
import re
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest
import yaml
from maintain.venvs import ROOT, environment, node_tool
from sendblue_contacts import Sendblue, SendblueError
from sendblue_sandbox import Sandbox

from tests.contract.har import MASKED, SECRET, Entry, Traffic, archive, entries_in
from tests.slow.external.conftest import TABLE, Contract

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Data = dict[str, Any]
ADA, BOB, NOBODY = "+14155551234", "+14155555678", "+14155550000"
# Entries that the contract's tests make at least.
MANY = 150
DOCUMENT: Data = yaml.safe_load((ROOT / "openapi/contacts.yaml").read_bytes())
SERVER: str = DOCUMENT["servers"][0]["url"]
REQUESTS = (
    "ContactCreate",
    "ContactUpdate",
    "ContactVerify",
    "ContactOptOut",
    "BulkCreate",
    "BulkDelete",
    "BulkContact",
)
NAMES: Data = {"first_name": "Ada", "last_name": "Lovelace", "tags": ["VIP"], "custom_variables": {"Plan": "Premium"}}
SENDER: Data = {"sendblue_number": "+19175559876", "assigned_to_email": "agent@example.com"}
# A call of each operation, with all that it can send. A new operation needs one here.
CALLS: dict[str, Callable[[Sendblue], object]] = {
    "list_contacts": lambda client: [
        client.contacts.list(
            cid="c_1",
            phone_number=ADA,
            order_by="created_at",
            order_direction="asc",
            created_at_gte=datetime(2024, 1, 15, tzinfo=UTC),
        ).first(),
        list(client.contacts.list(page_size=1, max_items=2)),
    ],
    "create_contact": lambda client: client.contacts.create(ADA, **NAMES, **SENDER, update_if_exists=True),
    "retrieve_contact": lambda client: client.contacts.retrieve(ADA),
    "update_contact": lambda client: client.contacts.update(
        ADA, **NAMES, **SENDER, company_name="Engines", opt_out=False, phone_number=ADA
    ),
    "delete_contact": lambda client: client.contacts.delete(ADA),
    "count_contacts": lambda client: client.contacts.count(ADA),
    "verify_contact": lambda client: client.contacts.verify(ADA),
    "opt_out_contact": lambda client: client.contacts.opt_out(ADA, opted_out=True),
    "bulk_create_contacts": lambda client: client.contacts.bulk.create(
        [{"phone": BOB, **NAMES, "company_name": "Engines"}, {"phone": ADA}]
    ),
    "bulk_delete_contacts": lambda client: client.contacts.bulk.delete([BOB, NOBODY]),
}
# What tests of the contract send on purpose, with `client.request` and `extra_body`, that the document does not have.
ON_PURPOSE = {
    ("POST /api/v2/contacts", 'Request has undocumented field "firstName".'),
    ("POST /api/v2/contacts", 'Request has undocumented field "lastName".'),
    ("GET /api/v2/contacts", 'Undocumented header in traffic: "x-one"'),
    ("GET /api/v2/contacts/count", 'Undocumented header in traffic: "x-one"'),
    ("GET /api/v2/nothing", "Undocumented endpoint: GET /api/v2/nothing"),
}
# It knows neither the headers of security schemes nor those that every HTTP client sends.
HEADERS = ",".join(sorted(SECRET))


@dataclass(frozen=True)
class Report:
    """What `redocly drift` found.

    Attributes:
        problems: What is not as documented: the request, and a sentence.
        operations: What each operation of the document has, covered and missing.
    """

    problems: set[tuple[str, str]]
    operations: list[Data]

    @property
    def missing(self) -> list[str]:
        """What was never used, but for fields of answers."""
        return [
            f"{each['operationId']}: {' '.join(str(value) for value in item.values())}"
            for each in self.operations
            for item in each["missing"]
            if item.get("target") != "response"
        ]


# --- recording


@pytest.fixture(scope="module")
def scenario() -> list[Entry]:
    """Each call with its usual answer, and again for each other status that its operation has in the document."""
    traffic = Traffic()
    wire = traffic.wire(httpx.HTTPTransport())
    with (
        Sandbox(limit=None) as sandbox,
        Sendblue("key", "secret", base_url=sandbox.url, rate_limit=None, retry=None, transport=wire) as client,
    ):
        for operation, status in documented():
            sandbox.reset()
            client.contacts.bulk.create(
                [{"phone": number} for number in (ADA, *[BOB] * (operation != "bulk_create_contacts"))]
            )
            if status != "200":
                body = None if status > "4" else {"status": "OK"}
                sandbox.faults.add(operation=operation, status=int(status.replace("XX", "03")), body=body)
            with suppress(SendblueError):
                CALLS[operation](client)
        return traffic.take(sandbox.url)


def documented() -> Iterator[tuple[str, str]]:
    """Each operation with each of its statuses."""
    for item in DOCUMENT["paths"].values():
        for operation in (value for value in item.values() if isinstance(value, dict)):
            yield from ((operation["operationId"], status) for status in operation["responses"])


@pytest.fixture(scope="module")
def entries(contract: Contract, scenario: list[Entry]) -> list[Entry]:
    """All the traffic."""
    recorded = entries_in(contract.traffic)
    assert len(recorded) > MANY, contract.printed
    return [*recorded, *scenario]


def closed(document: Data) -> Data:
    """A copy of the document whose requests allow no other fields."""
    made = copy.deepcopy(document)
    for name in REQUESTS:
        made["components"]["schemas"][name]["additionalProperties"] = False
    return made


def drift(entries: list[Entry], folder: Path, document: Data = DOCUMENT) -> Report:
    """Hold traffic against the document."""
    (folder / "traffic.har").write_text(archive(entries, SERVER), encoding="utf-8")
    (folder / "document.json").write_text(json.dumps(closed(document)), encoding="utf-8")
    files = ("--format=json", "--output=report.json", "--coverage-output=coverage.json")
    command = [*node_tool("redocly"), "drift", "traffic.har", "--api=document.json", f"--ignore-headers={HEADERS}"]
    # Its exit status is 1 where it found something.
    done = subprocess.run([*command, *files], cwd=folder, env=environment(), capture_output=True, check=False)
    assert (folder / "coverage.json").exists(), done.stderr.decode()
    problems = json.loads((folder / "report.json").read_text(encoding="utf-8"))["problems"]
    coverage = json.loads((folder / "coverage.json").read_text(encoding="utf-8"))
    found = {(f"{each['method']} {each['path']}", each["message"]) for each in problems}
    return Report(found | set(undocumented_statuses(entries, document)), coverage["operations"])


def undocumented_statuses(entries: list[Entry], document: Data) -> Iterator[tuple[str, str]]:
    """The requests that were answered with a status that their operation does not have."""
    for each in entries:
        method, path = each["request"]["method"], urlsplit(each["request"]["url"]).path
        known = statuses_of(document, method, path)
        status = str(each["response"]["status"])
        if known and not known & {status, f"{status[0]}XX"}:
            yield f"{method} {path}", f"Undocumented status {status}"


def statuses_of(document: Data, method: str, path: str) -> set[str]:
    """The statuses of the operation with this path, a fixed path before one with a name in it; none where none is."""
    for template in sorted(document["paths"], key=lambda each: "{" in each):
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            return set(document["paths"][template].get(method.lower(), {}).get("responses", {}))
    return set()


@pytest.fixture(scope="module")
def report(entries: list[Entry], tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Report:
    """What is found in all the traffic; its table is shown at the end."""
    found = drift(entries, tmp_path_factory.mktemp("drift"))
    pytestconfig.stash[TABLE] = table(found, len(entries))
    return found


# --- the table

COLUMNS: dict[str, Callable[[Data], bool]] = {
    "parameters": lambda item: item["kind"] == "parameter",
    "request fields": lambda item: item.get("target") == "request",
    "statuses": lambda item: item["kind"] == "response",
    "answer fields": lambda item: item.get("target") == "response" and item["status"].startswith("2"),
    "error fields": lambda item: item.get("target") == "response" and not item["status"].startswith("2"),
}


def table(report: Report, many: int) -> list[str]:
    """The coverage of each operation, as lines."""
    rows = [
        [each["operationId"], *(share([each], column) for column in COLUMNS.values())] for each in report.operations
    ]
    whole = [f"all, in {many} exchanges", *(share(report.operations, column) for column in COLUMNS.values())]
    return [
        "  ".join(f"{cell:<22}"[: max(22, len(cell))] for cell in row)
        for row in (["operation", *COLUMNS], *rows, whole)
    ]


def share(operations: list[Data], column: Callable[[Data], bool]) -> str:
    """How many of how many were used."""
    covered, missing = (
        [item for each in operations for item in each[kind] if column(item)] for kind in ("covered", "missing")
    )
    return f"{len(covered)}/{len(covered) + len(missing)}"


# --- what must be so


def test_every_operation_is_called() -> None:
    """The calls above are those of the document: a new operation needs one."""
    assert set(CALLS) == {operation for operation, _ in documented()}


def test_all_of_the_document_is_used(report: Report) -> None:
    """Every operation, every parameter, every field of requests and every status of answers."""
    assert report.missing == []


def test_every_field_of_answers_comes(report: Report) -> None:
    """Every field of answers that tell of success was there at least once, but for what quotes a request."""
    come = {
        (each["operationId"], item["path"]) for each in report.operations for item in each["covered"] if answer(item)
    }
    lost = {
        (each["operationId"], item["path"]) for each in report.operations for item in each["missing"] if answer(item)
    }
    assert [path for _, path in lost - come if not path.startswith("failures[].contact.")] == []


def answer(item: Data) -> bool:
    """Whether it is a field of an answer that tells of success."""
    return COLUMNS["answer fields"](item)


def test_nothing_undocumented_is_sent(report: Report) -> None:
    """Nothing is sent or answered that the document does not have, but for what a test sends on purpose."""
    assert report.problems == ON_PURPOSE


def test_secrets_are_masked(entries: list[Entry]) -> None:
    """No record has a secret in it."""
    sent = [header for each in entries for header in each["request"]["headers"] if header["name"] in SECRET]
    assert ({header["value"] for header in sent}, len(sent) > MANY) == ({MASKED}, True)


def test_only_numbers_that_nobody_has(entries: list[Entry]) -> None:
    """Every phone number is made up: of the exchange 555, or of one that begins with 0."""
    numbers = set(re.findall(r"(?:\+|%2B)(1\d{10})\b", archive(entries, SERVER)))
    assert [number for number in numbers if number[4:7] != "555" and number[4] != "0"] == []
    assert len(numbers) > 1


# --- that it would be found


def edited(entry: Entry, **changes: Any) -> Entry:  # noqa: ANN401 - parts of a request
    """A copy of an entry with another request."""
    return {**entry, "request": {**entry["request"], **changes}}


@pytest.fixture(scope="module")
def creation(scenario: list[Entry]) -> Entry:
    """A contact is created."""
    url, method = "/api/v2/contacts", "POST"
    return next(
        each for each in scenario if each["request"]["url"].endswith(url) and each["request"]["method"] == method
    )


BODY = {"mimeType": "application/json"}
PLANTED: dict[str, tuple[Data, str]] = {
    "field": (
        {"postData": {**BODY, "text": json.dumps({"number": ADA, "birthday": "1815"})}},
        'Request has undocumented field "birthday".',
    ),
    "type": ({"postData": {**BODY, "text": json.dumps({"number": ADA, "tags": "VIP"})}}, "tags"),
    "required": ({"postData": {**BODY, "text": json.dumps({"tags": []})}}, "number"),
    "parameter": ({"url": "http://x/api/v2/contacts?dry=1", "queryString": [{"name": "dry", "value": "1"}]}, "dry"),
    "path": ({"url": "http://x/api/v2/people"}, "Undocumented endpoint"),
    "method": ({"method": "PATCH"}, "Undocumented"),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_what_is_undocumented_is_found(creation: Entry, tmp_path: Path, planted: str) -> None:
    """A request that is not as documented is named, so that finding none means something."""
    changes, sentence = PLANTED[planted]
    found = drift([edited(creation, **changes)], tmp_path).problems
    assert any(sentence in message for _, message in found), found


@pytest.mark.parametrize(
    ("status", "text", "sentence"),
    [(418, '{"status":"ERROR"}', "418"), (200, '{"contact":{"tags":"VIP"}}', "tags")],
    ids=["status", "type"],
)
def test_answers_that_are_undocumented_are_found(
    creation: Entry, tmp_path: Path, status: int, text: str, sentence: str
) -> None:
    """So is an answer with a status or a value that the document does not have."""
    answered = {**creation["response"], "status": status, "content": {**creation["response"]["content"], "text": text}}
    found = drift([{**creation, "response": answered}], tmp_path).problems
    assert any(sentence in message for _, message in found), found


def test_what_is_not_used_is_found(scenario: list[Entry], tmp_path: Path) -> None:
    """An operation, a parameter, a field and a status that never occur are missing from the coverage."""
    document = copy.deepcopy(DOCUMENT)
    get = document["paths"]["/api/v2/contacts/count"]["get"]
    get["parameters"].append({"name": "tag", "in": "query", "schema": {"type": "string"}})
    get["responses"]["418"] = {"description": "A teapot."}
    document["components"]["schemas"]["ContactVerify"]["properties"]["channel"] = {"type": "string"}
    document["paths"]["/api/v2/tags"] = {
        "get": {"operationId": "list_tags", "responses": {"200": {"description": "x"}}}
    }
    assert drift(scenario, tmp_path, document).missing == [
        "count_contacts: parameter tag query",
        "count_contacts: response 418",
        "verify_contact: property request channel",
        "list_tags: operation",
        "list_tags: response 200",
    ]
