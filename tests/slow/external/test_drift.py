"""`redocly drift` compares the requests and responses of the client with the document.

The traffic comes from the contract tests, and from CALLS with every documented status of each operation. The document
allows additional fields in requests, for aliases; here they are forbidden, so that a field with another name than the
preferred one is found. redocly does not report undocumented statuses; this module does.
"""

from __future__ import annotations

import copy
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import yaml
from maintain.venvs import ROOT, environment, node_tool
from sendblue_contacts import Sendblue, SendblueError
from sendblue_sandbox import Sandbox

from tests.contract.har import CREDENTIAL_HEADERS, MASKED, Entry, Traffic, archive, entries_in
from tests.slow.external.conftest import Contract

Data = dict[str, Any]
ADA, BOB, UNKNOWN = "+14155551234", "+14155555678", "+14155550000"
# The contract tests record more entries than this.
MANY = 100
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


def fields(schema: str) -> Any:
    """Return a value of each field of a request: the example in the document, and the labels of maps."""
    properties: Data = DOCUMENT["components"]["schemas"][schema]["properties"]
    examples = {name: field.get("examples", [{"Plan": "Premium"}])[0] for name, field in properties.items()}
    return {name: ADA if name in {"number", "phone", "phone_number"} else value for name, value in examples.items()}


# A call of each operation with everything that it can send. A new operation needs one.
CALLS: dict[str, Callable[[Sendblue], object]] = {
    "list_contacts": lambda client: [
        client.contacts.list(
            cid="c_1",
            phone_number=ADA,
            order_by="created_at",
            order_direction="asc",
            created_at_gte=datetime(2024, 1, 15, tzinfo=UTC),
        ).first(),
        list(client.contacts.list(page_size=2, max_items=3, order_by="last_name")),
    ],
    "create_contact": lambda client: client.contacts.create(fields("ContactCreate")),
    "retrieve_contact": lambda client: client.contacts.retrieve(ADA),
    "update_contact": lambda client: client.contacts.update(ADA, fields("ContactUpdate")),
    "delete_contact": lambda client: client.contacts.delete(ADA),
    "count_contacts": lambda client: client.contacts.count(ADA),
    "verify_contact": lambda client: client.contacts.verify(ADA),
    "opt_out_contact": lambda client: client.contacts.opt_out(ADA, opted_out=True),
    "bulk_create_contacts": lambda client: client.contacts.bulk.create(
        [{**fields("BulkContact"), "phone": BOB}, {"phone": ADA}]
    ),
    "bulk_delete_contacts": lambda client: client.contacts.bulk.delete([BOB, UNKNOWN]),
}
# Undocumented requests that contract tests send on purpose, with `client.request` and `extra_body`.
UNDOCUMENTED = {
    ("POST /api/v2/contacts", 'Request has undocumented field "firstName".'),
    ("POST /api/v2/contacts", 'Request has undocumented field "lastName".'),
    ("GET /api/v2/contacts", 'Undocumented header in traffic: "x-one"'),
    ("GET /api/v2/contacts/count", 'Undocumented header in traffic: "x-one"'),
    ("GET /api/v2/nothing", "Undocumented endpoint: GET /api/v2/nothing"),
}
# redocly reports the headers of security schemes and those that every HTTP client sends.
HEADERS = ",".join(sorted(CREDENTIAL_HEADERS))


@dataclass(frozen=True)
class Report:
    """The result of `redocly drift`.

    Attributes:
        problems: The requests that do not match the document, each with a message.
        operations: The covered and the missing parts of each operation of the document.
    """

    problems: set[tuple[str, str]]
    operations: list[Data]

    @property
    def missing(self) -> list[str]:
        """The parts that were never used, except fields of responses."""
        return [
            f"{each['operationId']}: {' '.join(str(value) for value in item.values())}"
            for each in self.operations
            for item in each["missing"]
            if item.get("target") != "response"
        ]


@pytest.fixture(scope="module")
def scenario() -> list[Entry]:
    """Record each call with every documented status of its operation."""
    traffic = Traffic()
    wire = traffic.recording(httpx.HTTPTransport())
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
    """Yield each operation with each of its statuses."""
    for item in DOCUMENT["paths"].values():
        for operation in (value for value in item.values() if isinstance(value, dict)):
            yield from ((operation["operationId"], status) for status in operation["responses"])


@pytest.fixture(scope="module")
def entries(contract: Contract, scenario: list[Entry]) -> list[Entry]:
    """Return all recorded entries."""
    recorded = entries_in(contract.traffic)
    assert len(recorded) > MANY, contract.printed
    return [*recorded, *scenario]


def closed(document: Data) -> Data:
    """Return a copy of the document without additional fields in requests."""
    made = copy.deepcopy(document)
    for name in REQUESTS:
        made["components"]["schemas"][name]["additionalProperties"] = False
    return made


def drift(entries: list[Entry], folder: Path, document: Data = DOCUMENT) -> Report:
    """Compare recorded entries with the document."""
    (folder / "traffic.har").write_text(archive(entries, SERVER), encoding="utf-8")
    (folder / "document.json").write_text(json.dumps(closed(document)), encoding="utf-8")
    files = ("--format=json", "--output=report.json", "--coverage-output=coverage.json")
    command = [*node_tool("redocly"), "drift", "traffic.har", "--api=document.json", f"--ignore-headers={HEADERS}"]
    # The exit status is 1 if there are problems.
    done = subprocess.run([*command, *files], cwd=folder, env=environment(), capture_output=True, check=False)
    assert (folder / "coverage.json").exists(), done.stderr.decode()
    problems = json.loads((folder / "report.json").read_text(encoding="utf-8"))["problems"]
    coverage = json.loads((folder / "coverage.json").read_text(encoding="utf-8"))
    found = {(f"{each['method']} {each['path']}", each["message"]) for each in problems}
    return Report(found | set(undocumented_statuses(entries, document)), coverage["operations"])


def undocumented_statuses(entries: list[Entry], document: Data) -> Iterator[tuple[str, str]]:
    """Yield the requests whose response has an undocumented status."""
    for each in entries:
        method, path = each["request"]["method"], urlsplit(each["request"]["url"]).path
        known = statuses_of(document, method, path)
        status = str(each["response"]["status"])
        if known and not known & {status, f"{status[0]}XX"}:
            yield f"{method} {path}", f"Undocumented status {status}"


def statuses_of(document: Data, method: str, path: str) -> set[str]:
    """Return the statuses of the operation with this path; a fixed path comes before one with a parameter."""
    for template in sorted(document["paths"], key=lambda each: "{" in each):
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            return set(document["paths"][template].get(method.lower(), {}).get("responses", {}))
    return set()


@pytest.fixture(scope="module")
def report(entries: list[Entry], tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Compare all recorded entries."""
    return drift(entries, tmp_path_factory.mktemp("drift"))


def test_every_operation_is_called() -> None:
    """CALLS has every operation of the document."""
    assert set(CALLS) == {operation for operation, _ in documented()}


def test_the_whole_document_is_used(report: Report) -> None:
    """Every operation, parameter, field of requests and status of responses occurs."""
    assert report.missing == []


def test_every_field_of_responses_occurs(report: Report) -> None:
    """Every field of successful responses occurs at least once, except those that repeat a request."""
    covered, missing = (
        {(each["operationId"], item["path"]) for each in report.operations for item in each[kind] if is_field(item)}
        for kind in ("covered", "missing")
    )
    assert [path for _, path in missing - covered if not path.startswith("failures[].contact.")] == []


def is_field(item: Data) -> bool:
    """Whether the part is a field of a successful response."""
    return item.get("target") == "response" and item["status"].startswith("2")


def test_nothing_undocumented_is_sent(report: Report) -> None:
    """Requests and responses contain nothing undocumented, except what a test sends on purpose."""
    assert report.problems == UNDOCUMENTED


def test_secrets_are_masked(entries: list[Entry]) -> None:
    """No entry contains a secret."""
    sent = [header for each in entries for header in each["request"]["headers"] if header["name"] in CREDENTIAL_HEADERS]
    assert ({header["value"] for header in sent}, len(sent) > MANY) == ({MASKED}, True)


@pytest.fixture(scope="module")
def creation(scenario: list[Entry]) -> Entry:
    """Return the entry that creates a contact."""
    url, method = "/api/v2/contacts", "POST"
    return next(
        each for each in scenario if each["request"]["url"].endswith(url) and each["request"]["method"] == method
    )


BODY = {"mimeType": "application/json"}
REQUESTS_TO_FIND: tuple[tuple[Data, str], ...] = (
    (
        {"postData": {**BODY, "text": json.dumps({"number": ADA, "x-unknown": "1815"})}},
        'Request has undocumented field "x-unknown".',
    ),
    ({"postData": {**BODY, "text": json.dumps({"number": ADA, "tags": "VIP"})}}, 'Request schema mismatch at "tags"'),
    (
        {"url": "http://x/api/v2/contacts?dry=1", "queryString": [{"name": "dry", "value": "1"}]},
        'Undocumented query parameter in traffic: "dry"',
    ),
)
RESPONSES_TO_FIND: tuple[tuple[int, str, str], ...] = (
    (418, '{"status":"ERROR"}', "Undocumented status 418"),
    (200, '{"contact":{"tags":"VIP"}}', 'Response schema mismatch at "contact.tags"'),
)


def test_mistakes_are_found(creation: Entry, scenario: list[Entry], tmp_path: Path) -> None:
    """Undocumented requests and responses, and what never occurs, are reported, so that the tests above can fail."""
    content = creation["response"]["content"]
    requests = [{**creation, "request": {**creation["request"], **changes}} for changes, _ in REQUESTS_TO_FIND]
    responses = [
        {**creation, "response": {**creation["response"], "status": status, "content": {**content, "text": text}}}
        for status, text, _ in RESPONSES_TO_FIND
    ]
    document = copy.deepcopy(DOCUMENT)
    get = document["paths"]["/api/v2/contacts/count"]["get"]
    get["parameters"].append({"name": "tag", "in": "query", "schema": {"type": "string"}})
    get["responses"]["418"] = {"description": "A teapot."}
    document["components"]["schemas"]["ContactVerify"]["properties"]["channel"] = {"type": "string"}
    found = drift([*scenario, *requests, *responses], tmp_path, document)
    messages = "\n".join(message for _, message in found.problems)
    sentences = [*(sentence for _, sentence in REQUESTS_TO_FIND), *(sentence for _, _, sentence in RESPONSES_TO_FIND)]
    assert [sentence for sentence in sentences if sentence not in messages] == []
    assert found.missing == [
        "count_contacts: parameter tag query",
        "count_contacts: response 418",
        "verify_contact: property request channel",
    ]
