"""Plans of syncs: what they count and what they refuse, against the sandbox."""

import csv
import io
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from sendblue_contacts import IncompleteListError, RateLimit, Sendblue
from sendblue_sandbox import Sandbox
from sendblue_transfer import (
    Change,
    ColumnMap,
    SyncPlan,
    SyncRefusedError,
    TransferError,
    open_source,
    plan_sync,
)
from sendblue_transfer.syncing.progress import SyncProgress
from sendblue_transfer.syncing.state import SyncState

from tests.transfer.contact_files import FAST_RETRY, WriteFile, number, people, person, row

pytestmark = pytest.mark.usefixtures("state")


@pytest.fixture
def account(sandbox: Sandbox, client: Sendblue) -> Sandbox:
    """A sandbox with ten people."""
    client.contacts.bulk.create(people(10))
    return sandbox


ROWS: list[dict[str, Any]] = [
    person(0),
    {**person(1), "first_name": "Grace"},
    {"phone": number(1), "first_name": "Superseded"},
    {**person(10), "opt_out": True},
    {"phone": "no number"},
    {"phone": number(2), "tags": 7},
]


def test_plan(account: Sandbox, client: Sendblue) -> None:
    """Creations, updates, deletions, and skipped rows with their reasons; nothing is written."""
    before = account.contacts()
    plan = plan_sync(client, reversed(ROWS), delete="all", max_delete=7, allow_unreadable=True)
    assert str(plan) == "SyncPlan(1 to create, 1 to update, 7 to delete, 1 unchanged, 3 skipped; 4 requests, 0 s)"
    create, update, *deletes, invalid, unreadable, superseded = plan.changes()
    assert create.new == {"first_name": "Ada 10", **flat(person(10)), "opt_out": True}
    assert update == Change("update", number(1), {"first_name": ("Ada 1", "Grace")}, line=5)
    assert [each.phone for each in deletes] == [number(index) for index in range(3, 10)]
    assert deletes[0].old == flat(person(3))
    assert [(each.phone, each.line, each.reason.split(";")[0]) for each in (invalid, unreadable, superseded)] == [
        (number(2), 1, "tags must be a list of str, not int"),
        ("", 2, "phone ('xx xxxxxx') is not a valid phone number in E.164 format: the country code is missing"),
        (number(1), 4, "another row has the same number (line 5)"),
    ]
    assert ([each.kind for each in plan.changes("delete")], account.contacts()) == (["delete"] * 7, before)
    assert {each.method for each in account.requests} == {"POST", "GET"}


def flat(contact: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a person as changes list them."""
    values = {name: value for name, value in contact.items() if name not in {"phone", "custom_variables"}}
    return {**values, "custom_variables.Plan": "Plus"}


def test_files(account: Sandbox, client: Sendblue, write_rows: WriteFile) -> None:
    """Files are mapped, checked and merged as in imports; numbers are compared in E.164 form."""
    rows = [
        ["(415) 555-0001", "Ada 1", "", "", ""],
        ["+1 415-555-0002", "", "", "new", ""],
        ["4155550002", "X", "", "", ""],
    ]
    with open_source(write_rows(1, *rows)) as source:
        plan = plan_sync(client, source, default_region="us", duplicates="merge", columns=ColumnMap({"company": ""}))
    assert (plan.unchanged, plan.skipped, plan.columns and plan.columns.unmapped) == (2, 1, ())
    assert [each.new for each in plan.changes("update")] == [{"first_name": "X", "tags": ["new"]}]
    assert account.requests[-1].method == "GET"


def test_rows_of_tables_are_read_like_single_rows(account: Sandbox, client: Sendblue, write_text: WriteFile) -> None:
    """Columns are read at once: synonyms, several columns for one field, odd cells, and rows that cannot be sent."""
    titles = ["Mobile", "Phone", "first_name", "tags", "Do Not Call", "custom_variables.Plan", "sendblue_number"]
    rows = [["", number(index), f"Ada {index % 9}", "lead; VIP", "no", "Plus", ""] for index in range(70)]
    rows[2][:4] = [" ", "+1 (415) 555-0002", " \t", 'VIP;"lead"']
    rows[3][:3] = [f"{number(3)} ::: {number(4)}", "x", "O'Brien"]
    rows[4][4:] = ["yes", " ", "+1 (917) 555-9876"]
    for line, column, text in ((20, 1, "unknown"), (30, 4, "perhaps"), (31, 3, 'a;"b'), (69, 6, "1")):
        rows[line][column] = text
    table = io.StringIO(newline="")
    csv.writer(table).writerows([titles, *rows])
    objects = "\n".join(json.dumps(dict(zip(titles, cells, strict=True))) for cells in rows)
    plans: list[list[tuple[str, str, str]]] = []
    for name, content in (("rows.csv", table.getvalue()), ("rows.jsonl", objects)):
        with open_source(write_text(content, name)) as source:
            plan = plan_sync(client, source, blank="clear")
        plans.append([(each.kind, each.phone, f"{each.fields} {each.reason}") for each in plan.changes()])
        assert (plan.unchanged, plan.creates, plan.updates, plan.skipped) == (6, 56, 4, 4)
    assert plans[0] == plans[1]
    assert account.requests[-1].method == "GET"


def test_blank_cells(account: Sandbox, client: Sendblue, write_rows: WriteFile) -> None:
    """They leave fields alone, or clear them if asked."""
    path = write_rows(0, [number(1), "", "", "", " "])
    with open_source(path) as source:
        assert plan_sync(client, source).unchanged == 1
        plan = plan_sync(client, source, blank="clear")
    (cleared,) = plan.changes()
    assert str(plan).endswith("0 skipped; 1 request, 0 s)")
    assert (cleared.old, cleared.new) == (flat(person(1)), dict.fromkeys(flat(person(1))))
    rows: list[dict[str, Any]] = [{"phone": number(99), "opt_out": out} for out in (None, False)]
    plan = plan_sync(client, rows, blank="clear", duplicates="merge", allow_opt_in=True)
    (merged,) = plan.changes("create")
    assert (merged.new, account.requests[-1].method) == ({"opt_out": False}, "GET")


def test_duration_at_the_rate_limit(account: Sandbox) -> None:
    """At the pace of bulk callers."""
    limit = RateLimit(1_000, per=10.0)
    with Sendblue("key", "secret", base_url=account.url, rate_limit=limit, retry=FAST_RETRY) as client:
        plan = plan_sync(client, [{"phone": number(index), "first_name": "X"} for index in range(7)])
    assert (plan.requests, plan.seconds) == (7, round(7 * limit.pace, 3))
    assert (plan.requests_at_most, plan.seconds_at_most) == (7, plan.seconds)


@pytest.mark.parametrize(("chunk_size", "requests"), [("auto", "1 to 3 requests"), (50, "5 requests")])
def test_the_requests_are_a_range_if_the_server_decides_their_size(
    client: Sendblue, chunk_size: Any, requests: str
) -> None:
    """From 100 to 1,000 contacts each; for a fixed size they are counted exactly."""
    plan = plan_sync(client, [{"phone": f"+1415777{index:04}"} for index in range(250)], chunk_size=chunk_size)
    assert f"; {requests}, " in repr(plan)


def test_progress(account: Sandbox, client: Sendblue) -> None:
    """Each phase is reported, and its end always."""
    reports: list[SyncProgress] = []
    plan_sync(client, people(1_001), on_progress=reports.append, clock=iter(range(100)).__next__)
    assert [(each.phase, each.done, each.total) for each in reports] == [
        ("reading", 1_000, None),
        ("reading", 1_001, None),
        ("reading", 1_001, None),
        ("listing", 10, None),
        ("listing", 10, None),
        ("comparing", 1_000, 1_001),
        ("comparing", 1_001, 1_001),
    ]
    assert len(account.contacts()) == 10


REFUSALS: list[tuple[list[dict[str, Any]], dict[str, Any], str]] = [
    ([], {"delete": "all"}, r"has no rows.*use --delete none \(delete=\"none\"\)"),
    ([], {"delete": "tracked"}, "has no rows"),
    ([{"phone": "x"}], {"delete": "all"}, r"1 of 1 rows .*--allow-unreadable \(allow_unreadable=True\)"),
    (people(9), {"delete": "all"}, r"1 of 10 contacts would be deleted.*at most 5%.*--max-delete 1 \(max_delete=1\)"),
    (people(7), {"delete": "all", "max_delete": "29.9%"}, "3 of 10 contacts"),
    (people(7), {"delete": "all", "max_delete": 2}, "at most 2"),
]  # fmt: skip


ALLOWED: list[tuple[list[dict[str, Any]], dict[str, Any], int]] = [
    ([], {}, 0),
    ([{"phone": "x"}], {}, 0),
    ([*people(7), {"phone": "x"}], {"delete": "all", "max_delete": "30%", "allow_unreadable": True}, 3),
    (people(7), {"delete": "tracked"}, 0),
    (people(7), {"delete": "all", "scope_tag": "crm"}, 0),
    (people(7), {"delete": "all", "scope_tag": "lead", "max_delete": 3}, 3),
]


def test_refusals(account: Sandbox, client: Sendblue) -> None:
    """A refusal writes nothing, and names the option that allows it in both spellings."""
    for rows, settings, message in REFUSALS:
        with pytest.raises(SyncRefusedError, match=message):
            plan_sync(client, rows, **settings)
    assert [each.method for each in account.requests if each.method != "GET"] == ["POST"]


def test_what_is_not_refused(account: Sandbox, client: Sendblue) -> None:
    """Plans without deletions, allowed ones, and those of contacts without the tag; nothing is tracked yet."""
    assert [plan_sync(client, rows, **settings).deletes for rows, settings, _ in ALLOWED] == [n for *_, n in ALLOWED]
    assert len(account.contacts()) == 10


@pytest.fixture
def earlier(client: Sendblue, tmp_path: Path) -> Path:
    """The state of a sync that found the first eight people, from a file with a final newline."""
    path = tmp_path / "earlier"
    plan = plan_sync(client, people(8), state=path)
    with SyncState(path) as state:
        state.begin(plan.id, plan.account, [])
        state.track(plan.tracked(), (), plan.source)
        state.end()
    return path


def test_only_tracked_contacts_are_deleted(account: Sandbox, client: Sendblue, earlier: Path, tmp_path: Path) -> None:
    """Contacts that no earlier sync found are kept; the plan lists what it found in addition."""
    rows = [*people(7), person(9), {"phone": number(6), "tags": 7}]
    plan = plan_sync(client, rows, delete="tracked", max_delete=1, state=earlier)
    assert [each.phone for each in plan.changes("delete")] == [number(7)]
    plan.save(tmp_path / "plan")
    loaded = SyncPlan.load(tmp_path / "plan")
    assert (list(loaded.tracked()), list(plan.tracked()), loaded.state) == ([number(9)], [number(9)], earlier)
    assert list(plan_sync(client, rows, state="none").tracked()) == []
    assert len(account.contacts()) == 10


HALF_READ = [
    ("phone\n" + number(1), r"has 18 bytes, and it had [\d,]+ in the last sync.*\(allow_unreadable=True\)"),
    ("phone,x\n" + f"{number(1)},{'x' * 1_000}", "has 1 rows, and it had 8 in the last sync"),
    ("phone,x\n" + "".join(f"{number(index)},{'x' * 200}\n" for index in range(6)).rstrip(), "end with a newline"),
]


def test_a_source_that_may_be_half_read(
    client: Sendblue, account: Sandbox, earlier: Path, write_text: WriteFile
) -> None:
    """It is refused if it has shrunk to under half, or has lost its final newline, and contacts would be deleted."""
    settings: dict[str, Any] = {"delete": "tracked", "max_delete": "100%", "state": earlier}
    for content, message in HALF_READ:
        with open_source(write_text(content, "the file")) as source:
            with pytest.raises(SyncRefusedError, match=message):
                plan_sync(client, source, **settings)
            assert plan_sync(client, source, **{**settings, "delete": "none"}).deletes == 0
            assert plan_sync(client, source, **settings, allow_unreadable=True).deletes > 0
    assert len(account.contacts()) == 10


def test_the_place_of_the_state(client: Sendblue, write_rows: WriteFile, state: Path, tmp_path: Path) -> None:
    """Next to the file, or in the user's state folder; `none` for none. A plan does not create it."""
    path = write_rows(1)
    with open_source(path) as source:
        places = [
            plan_sync(client, each, state=given).state for each, given in ((source, None), ([], None), ([], "none"))
        ]
    assert places[::2] == [tmp_path / "contacts.csv.sendblue-sync", None]
    assert (places[1] and places[1].parent, [each for each in places if each and each.exists()]) == (state, [])


@pytest.fixture
def saved(account: Sandbox, client: Sendblue, tmp_path: Path) -> Path:
    """The file of a plan."""
    assert account.url
    path = tmp_path / "plan.jsonl"
    path.touch(0o644)
    plan_sync(client, ROWS, scope_tag="crm", chunk_size=7).save(path)
    return path


def test_a_plan_can_be_saved(client: Sendblue, saved: Path) -> None:
    """Only its owner can read it, as JSON Lines, and it reads back equal."""
    plan, loaded = plan_sync(client, ROWS, scope_tag="crm", chunk_size=7), SyncPlan.load(saved)
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert (str(loaded), list(loaded.changes())) == (str(plan), list(plan.changes()))
    assert (loaded.options, loaded.account, loaded.source) == (plan.options, plan.account, plan.source)
    header, *changes = map(json.loads, saved.read_text(encoding="utf-8").splitlines())
    assert (header["format"], header["creates"], len(changes)) == ("sendblue-sync-plan", 1, 7)


def test_damaged_plans(saved: Path) -> None:
    """A file that was cut off or edited, that is of another version, or that is something else, is not applied."""
    content = saved.read_bytes()
    header, line, *rest = content.splitlines(keepends=True)
    fields = json.loads(header)
    edits = {"unchanged": "1", "version": 2, "options": {"delete": "x"}, "account": None, "seconds": None, "creates": 2}
    damaged = [
        (b"", "is not a saved plan"),
        (b"phone,first_name\n", "is not a saved plan"),
        (b"\xff\xfe\x00", "is not a saved plan"),
        (b"[" * 100_000, "is not a saved plan"),
        (content[:-1], "incomplete"),
        (header, "incomplete"),
        (b"".join([header, *rest]), "incomplete"),
        (b"".join([header, line.replace(b"Ada", b"Eva"), *rest]), "changed after it was saved"),
        (content + b"\xff\n", "incomplete"),
        *(
            (b"".join([f"{json.dumps({**fields, name: value})}\n".encode(), line, *rest]), "plan again$")
            for name, value in edits.items()
        ),
    ]
    for number_of_case, (text, message) in enumerate(damaged):
        saved.write_bytes(text)
        with pytest.raises(TransferError, match=message):
            raise AssertionError(number_of_case, SyncPlan.load(saved))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("crm.csv", "iterable of mappings, not a single str"),
        (person(0), "not a single dict"),
        (None, "not a single NoneType"),
        ([person(0), "x"], "row 2: a contact must be a mapping, not str"),
        ([{"phone": number(0), "first_name": b"Ada"}], "row 1 cannot be sent: a value is of the type bytes"),
        ([{("phone",): 1}], "row 1 cannot be sent"),
        ([{"phone": number(0), "tags": [[]] * 1_000, "first_name": 10**5_000}], "row 1 cannot be sent"),
    ],
)
def test_invalid_sources(client: Sendblue, source: Any, message: str) -> None:
    """The error says what is expected, before any request."""
    with pytest.raises(TypeError, match=message):
        plan_sync(client, source)
    for settings in ({"columns": {"Mobile": "phone"}}, {"default_region": 1}, {"chunk_size": "7"}):
        with pytest.raises(TypeError, match=f"{next(iter(settings))} must be an?"):
            plan_sync(client, [], **settings)
    assert client.rate_limit.statistics().requests == 0


ODD_ROWS: list[tuple[dict[str, Any], str]] = [
    ({"phone": number(0), "tags": None, "custom_variables": None}, "unchanged"),
    ({"phone": number(0), "first_name": float("nan"), "unknown": 1, "created_at": "2024"}, "unchanged"),
    ({"phone": number(0), "tags": {"lead", "VIP"}}, "unchanged"),
    ({"phone": number(0), "tags": "lead; VIP"}, "unchanged"),
    (
        {"phone": number(0), "custom_variables": {"": "x", "a.b": 7}},
        "{'custom_variables.': 'x', 'custom_variables.a.b': '7'}",
    ),
    ({"phone": number(0), "custom_variables": {"Plan": None}}, "custom_variables['Plan'] must be a str, not NoneType"),
    ({"phone": number(0), "custom_variables": {"Plan": {}}}, "custom_variables['Plan'] must be a str, not dict"),
    ({"phone": number(0), "first_name": "\ud800"}, "first_name contains half a character"),
    ({"phone": number(0), "opt_out": 1}, "opt_out must be True or False, not int"),
    ({"phone": None}, "the phone number is missing"),
    ({}, "the phone number is missing"),
]


def test_odd_rows(account: Sandbox, client: Sendblue) -> None:
    """A row that cannot be sent is skipped with its reason; nothing else stops, and nothing is guessed."""
    for values, expected in ODD_ROWS:
        plan = plan_sync(client, [values])
        found = ["unchanged"] * plan.unchanged + [each.reason or str(each.new) for each in plan.changes()]
        assert [text[: len(expected)] for text in found] == [expected]
    assert len(account.contacts()) == 10


def test_an_account_that_cannot_be_listed(account: Sandbox, client: Sendblue, monkeypatch: pytest.MonkeyPatch) -> None:
    """No plan is made of an incomplete listing, which would create contacts again and delete others."""
    monkeypatch.setattr("sendblue_contacts._sync.listing.thread_sleep", lambda _: None)
    account.faults.add(what="status", operation="count_contacts", status=200, body={"count": 11})
    with pytest.raises(IncompleteListError):
        plan_sync(client, people(10))


def test_kinds_are_checked(client: Sendblue) -> None:
    """A kind of change that does not exist is an error."""
    with pytest.raises(ValueError, match="kind must be one of create, update, delete, skip, not 'creates'"):
        plan_sync(client, []).changes("creates")  # type: ignore[arg-type]  # the test


def test_invalid_options_are_refused_before_any_request(client: Sendblue, write_rows: WriteFile) -> None:
    """Also those that need the columns of the file."""
    with open_source(write_rows(1, row(person(1)))) as source:
        invalid: list[dict[str, Any]] = [
            {"delete": "some"},
            {"columns": ColumnMap({"phone": ""})},
            {"default_region": "XX"},
        ]
        for settings in invalid:
            with pytest.raises(TransferError):
                plan_sync(client, source, **settings)
    with pytest.raises(TransferError, match='delete="tracked" needs the state'):
        plan_sync(client, people(1), delete="tracked", state="none")
    assert client.rate_limit.statistics().requests == 0
