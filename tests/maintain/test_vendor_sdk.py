"""scripts/upstream: the comparison of the vendor's library with the document.

`vendor_sdk/` has the facts of a real version, as `scripts/upstream --version X --facts` prints them, without the fields
of operations that the document lacks, and none of the vendor's code. A small library with code of the same form tests
the reading.
"""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from maintain.openapi_document import read
from maintain.recipes import PUT, Command, Edit, recipe
from maintain.vendor_sdk import command as vendor_sdk
from maintain.vendor_sdk.command import ACCEPTED, DOCUMENT, accepted, facts, main
from maintain.vendor_sdk.compare import differences
from maintain.vendor_sdk.source import bounds
from maintain.venvs import ScriptError

FOLDER = Path(__file__).parent / "vendor_sdk"
NEW = "1.33.0"
Capture = pytest.CaptureFixture[str]

RESOURCE = '''
import httpx
from ..types import contact_create_params, contact_list_params
from .._utils import path_template, maybe_transform
from ..types.contact import Contact
from ..types.contact_create_response import ContactCreateResponse
from ..types.contact_list_response import ContactListResponse

class ContactsResource(SyncAPIResource):
    def create(self, *, number: str, body_first_name_1: str = omit) -> ContactCreateResponse:
        """Create"""
        return self._post(
            "/api/v2/contacts",
            body=maybe_transform({"number": number}, contact_create_params.ContactCreateParams),
            options=make_request_options(extra_query=extra_query, extra_body=extra_body, timeout=timeout),
            cast_to=ContactCreateResponse,
        )

    def list(self, *, limit: int = omit) -> ContactListResponse:
        return self._get(
            "/api/v2/contacts",
            options=make_request_options(
                extra_query=extra_query,
                query=maybe_transform({"limit": limit}, contact_list_params.ContactListParams),
            ),
            cast_to=ContactListResponse,
        )

    @typing_extensions.deprecated("deprecated")
    def retrieve(self, phone_number: str) -> Contact:
        return self._get(path_template("/api/v2/contacts/{phone_number}", phone_number=phone_number), cast_to=Contact)

    def delete(self, phone_number: str) -> object:
        return self._delete(f"/api/v2/contacts/{phone_number}", cast_to=object)

    def pages(self) -> SyncPage[Contact]:
        return self._get_api_list("/api/v2/contacts/pages", page=SyncPage[Contact], model=Contact, method="post")

    def send(self) -> object:
        return self._post("/api/v2/opt-outs", cast_to=object)

class AsyncContactsResource(AsyncAPIResource):
    async def create(self, *, number: str) -> ContactCreateResponse:
        return await self._post("/api/v2/contacts", cast_to=ContactCreateResponse)
'''
EVENTS = '''
class EventsResource(SyncAPIResource):
    def stream(self) -> Event:
        """Opens a stream of events, such as new contacts."""
        return self._get("/api/v2/events", cast_to=Event)

    def ping(self) -> object:
        return self._get("/api/v2/ping", cast_to=object)
'''
CLIENT_CLASS = """
class Sendblue(SyncAPIClient):
    def __init__(self, base_url: str | None = None) -> None:
        if base_url is None:
            base_url = os.environ.get("SENDBLUE_API_BASE_URL")
        if base_url is None:
            base_url = f"https://api.example"

    @property
    def _key_auth(self) -> dict[str, str]:
        return {"X-Key": self.key}

    @property
    def default_headers(self) -> dict[str, str]:
        return {"X-Stainless-Async": "false"}
"""
CREATE = '''
from typing import Dict, Iterable
from typing_extensions import Literal, Required, Annotated, TypedDict
from .._utils import PropertyInfo

class ContactCreateParams(TypedDict, total=False):
    number: Required[str]
    """Number"""

    body_first_name_1: Annotated[str, PropertyInfo(alias="first_name")]
    """First name (preferred)"""

    body_first_name_2: Annotated[str, PropertyInfo(alias="firstName")]
    """First name (deprecated, use first_name)"""

    custom_variables: Dict[str, str]

    kind: Optional[Literal["person", "firm"]]
    """Between 1 and 50 characters"""

    lines: Iterable[Line]

class Line(TypedDict, total=False):
    id: Required[int]
'''
CONTACT = """
from typing import List, Optional, Union
from pydantic import Field as FieldInfo
from .._models import BaseModel

class Owner(BaseModel):
    email: str

class Contact(BaseModel):
    phone: Optional[str] = None
    first_name: Optional[str] = FieldInfo(alias="firstName", default=None)
    tags: Optional[List[str]] = None
    owners: Optional[List[Owner]] = None
    score: Union[int, str, None] = None
"""
LIBRARY = {
    "sendblue_api/_version.py": '__title__ = "sendblue_api"\n__version__ = "9.9.9"  # x\n',
    "sendblue_api/_client.py": CLIENT_CLASS,
    "sendblue_api/resources/contacts.py": RESOURCE,
    "sendblue_api/resources/events.py": EVENTS,
    "sendblue_api/types/__init__.py": "from .contact import Contact as Contact\n",
    "sendblue_api/types/contact.py": CONTACT,
    "sendblue_api/types/contact_create_params.py": CREATE,
    "sendblue_api/types/contact_list_params.py": (
        "class ContactListParams(TypedDict, total=False):\n    limit: int\n    since: Union[str, datetime]\n"
    ),
    "sendblue_api/types/contact_create_response.py": (
        "from .contact import Contact\n"
        "class ContactCreateResponse(BaseModel):\n    contact: Optional[Contact] = None\n    status: str\n"
    ),
    "sendblue_api/types/contact_list_response.py": (
        "from .contact import Contact\nContactListResponse: TypeAlias = List[Contact]\n"
    ),
    "sendblue_api/trap.py": "raise SystemExit('the code was run')\n",
}
CONTACT_FIELDS: dict[str, dict[str, object]] = {
    **{name: {"nullable": True} for name in ("phone", "firstName", "tags", "owners", "score")},
    "owners[].email": {},
}


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Write the small library into a folder."""
    for name, text in LIBRARY.items():
        (tmp_path / "library" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "library" / name).write_text(text)
    return tmp_path / "library"


def stored(version: str) -> dict[str, Any]:
    """Return the facts of a real version."""
    found: dict[str, Any] = json.loads((FOLDER / f"sendblue-{version}.json").read_text(encoding="utf-8"))
    return found


def against_document(library: dict[str, Any]) -> list[str]:
    """Return the differences from the document."""
    return differences(library, read(DOCUMENT, "contacts.yaml").data)


def test_the_library_is_read(library: Path) -> None:
    """Addresses, headers, paths, methods, aliases, kinds of fields, values, bounds and nested types are found.

    An operation whose path has another word counts if its module or its description mentions contacts.
    """
    prefixed = {f"contact.{name}": each for name, each in CONTACT_FIELDS.items()}
    listed = {f"[].{name}": each for name, each in CONTACT_FIELDS.items()}
    assert facts(library) == {
        "version": "9.9.9",
        "servers": ["https://api.example"],
        "headers": ["x-key"],
        "operations": {
            "DELETE /api/v2/contacts/{phone_number}": {},
            "GET /api/v2/contacts": {"query": {"limit": {}, "since": {}}, "response": listed},
            "GET /api/v2/contacts/{phone_number}": {"deprecated": True, "response": CONTACT_FIELDS},
            "POST /api/v2/contacts": {
                "body": {
                    "number": {"required": True},
                    "first_name": {},
                    "firstName": {"deprecated": True},
                    "custom_variables": {},
                    "kind": {"values": ["person", "firm"], "nullable": True, "minimum": 1, "maximum": 50},
                    "lines": {},
                    "lines[].id": {"required": True},
                },
                "response": {"contact": {"nullable": True}, "status": {}, **prefixed},
            },
            "POST /api/v2/contacts/pages": {"response": listed},
            "GET /api/v2/events": {},
            "POST /api/v2/opt-outs": {},
        },
    }


def put(library: Path, name: str, text: str) -> dict[str, Any]:
    """Write a module of types into the library, and return the operations."""
    (library / f"sendblue_api/types/{name}.py").write_text(text)
    found: dict[str, Any] = facts(library)["operations"]
    return found


MODELS = """
from pydantic import BaseModel as PydanticModel
class BaseModel(PydanticModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow")
    _extra: str = PrivateAttr()
"""
INHERITING = """
from .._models import BaseModel
from . import contact_base

class Named(BaseModel):
    nickname: int
    phone: Literal["second"]

class Contact(contact_base.Base, Named):
    email: str
    twins: List[Contact]
"""


def test_inherited_and_recursive_types_are_read(library: Path) -> None:
    """Fields of every base count; the first base wins, internal members are left out, and recursion ends."""
    (library / "sendblue_api/_models.py").write_text(MODELS)
    put(library, "contact_base", 'class Base(BaseModel):\n    phone: Literal["first"]\n')
    bases = "class Paged(TypedDict):\n    page_token: str\nclass Base(Paged, total=False):\n    limit: int\n"
    put(library, "contact_list_params", f"{bases}class ContactListParams(Base, total=False):\n    since: str\n")
    found = put(library, "contact", INHERITING)
    response = found["GET /api/v2/contacts/{phone_number}"]["response"]
    assert response == {"email": {}, "nickname": {}, "phone": {"values": ["first"]}, "twins": {}}
    assert found["GET /api/v2/contacts"]["query"] == {"limit": {}, "page_token": {"required": True}, "since": {}}


def packed(library: Path) -> Path:
    """Return the library as a wheel."""
    path = library.parent / "library.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, text in LIBRARY.items():
            wheel.writestr(name, text)
    return path


def test_no_library(tmp_path: Path) -> None:
    """The message names a path without a library, and what can be given."""
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(ScriptError, match="Name a wheel or a folder"):
            facts(path)


def test_the_newer_version() -> None:
    """Every accepted difference from the newer version applies; others come only from what the document got since."""
    applying, listed = against_document(stored(NEW)), accepted(ACCEPTED)
    assert (set(listed) - set(applying), len(applying)) == (set(), len(set(applying)))
    assert all(line.endswith("only in the document") for line in set(applying) - set(listed))


POST, LIST = "POST /api/v2/contacts", "GET /api/v2/contacts"
VENDOR = "the vendor's library"
VERIFY, COUNT = "POST /api/v2/contacts/verify", "GET /api/v2/contacts/count"


def set_field(operation: str, place: str, **fields: Any) -> Any:
    """Return an edit of the facts that sets or, with None, removes fields."""

    def edit(operations: dict[str, Any]) -> None:
        given = operations[operation].setdefault(place, {})
        operations[operation][place] = {k: v for k, v in {**given, **fields}.items() if v is not None}

    return edit


@pytest.mark.parametrize(
    ("edit", "line"),
    [
        (
            set_field(POST, "body", firstName=None),
            f"{POST}: body `firstName` (alias of `first_name`) is only in the document",
        ),
        (
            set_field(POST, "body", tags={"required": True}),
            f"{POST}: body `tags` is required only in the vendor's library",
        ),
        (
            set_field(POST, "body", firstName={}),
            f"{POST}: body `firstName` is a field in {VENDOR}, and an alias of `first_name` in the document",
        ),
        (
            set_field(POST, "response", owner={}, **{"owner.email": {}}),
            f"{POST}: response `owner` is only in the vendor's library",
        ),
        (
            set_field(POST, "response", **{"contact.verified": None}),
            f"{POST}: response `contact.verified` is only in the document",
        ),
        (
            set_field(LIST, "query", order_direction={"values": ["up"]}),
            f"{LIST}: query `order_direction`: the values are up in the vendor's library, asc, desc in the document",
        ),
        (lambda found: found.update({"PUT /x": {}}), "PUT /x: the operation is only in the vendor's library"),
        (lambda found: found.pop(VERIFY), f"{VERIFY}: the operation is only in the document"),
        (
            lambda found: found[COUNT].update(deprecated=True),
            f"{COUNT}: the operation is deprecated only in the vendor's library",
        ),
        (
            set_field(LIST, "query", cid={"minimum": 2}),
            f"{LIST}: query `cid`: the minimum is 2 in the vendor's library, not stated in the document",
        ),
        (
            set_field(POST, "response", **{"contact.verified": {}}),
            f"{POST}: response `contact.verified` is nullable only in the document",
        ),
        (
            set_field(POST, "body", update_if_exists={"nullable": True}),
            f"{POST}: body `update_if_exists` is nullable only in {VENDOR}",
        ),
        # A response that is read by an alias, and a required field of a response, are no differences.
        (set_field(LIST, "response", **{"[].firstName": {}, "[].first_name": None}), ""),
        (set_field("GET /api/v2/contacts/count", "response", count={"required": True, "nullable": True}), ""),
    ],
)
def test_a_new_difference(edit: Any, line: str) -> None:
    """An operation or a field that is added, removed, respelled, required or deprecated is one line."""
    found = stored(NEW)
    edit(found["operations"])
    news = set(against_document(found)) - set(against_document(stored(NEW)))
    assert news == ({line} if line else set())


@pytest.mark.parametrize(
    ("key", "values", "lines"),
    [
        (
            "servers",
            ["https://api.example"],
            ["client: the address https://api.example is only in the vendor's library"],
        ),
        (
            "headers",
            ["sb-api-key-id", "authorization"],
            [
                "client: the authentication header authorization is only in the vendor's library",
                "client: the authentication header sb-api-secret-key is only in the document",
            ],
        ),
    ],
)
def test_another_address_or_header(key: str, values: list[str], lines: list[str]) -> None:
    """The document has the address and the authentication headers that the vendor's client uses."""
    news = set(against_document({**stored(NEW), key: values})) - set(against_document(stored(NEW)))
    assert sorted(news) == lines


@pytest.mark.parametrize(
    ("prose", "found"),
    [
        ("Up to 1,000 contacts.", {"maximum": 1000}),
        ("Between 1 and 50 characters", {"minimum": 1, "maximum": 50}),
        ("Defaults to 100, capped at 1000.", {"maximum": 1000}),
        ("At least 2 tags (max 30)", {"minimum": 2, "maximum": 30}),
        ("Supported up to 10 MB, or at most 15 minutes, in version 2.0", {}),
    ],
)
def test_bounds_in_prose(prose: str, found: dict[str, int]) -> None:
    """Bounds in a description are read, except sizes and times."""
    assert bounds(prose) == found


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """Replace the download by stored facts, whose differences are accepted, and return them."""
    found = stored(NEW)
    path = tmp_path / "accepted.toml"
    path.write_text(f"[[decided]]\nreason = 'a test'\ndifferences = {json.dumps(against_document(found))}\n")
    monkeypatch.setattr(vendor_sdk, "ACCEPTED", path)
    monkeypatch.setattr(vendor_sdk, "fetch", lambda _version, folder: folder)
    monkeypatch.setattr(vendor_sdk, "facts", lambda _path: found)
    return found


ACCEPTED_LINE = "POST /v3/verified-contacts: the operation is only in the vendor's library"


def test_the_result(fetched: dict[str, Any], capsys: Capture) -> None:
    """The command succeeds if exactly the accepted differences apply; otherwise it prints the others."""
    assert (main([]), capsys.readouterr().out.splitlines()[1:]) == (0, ["Nothing new."])
    del fetched["operations"]["POST /v3/verified-contacts"]
    assert (main([]), capsys.readouterr().out.splitlines()[1:]) == (
        1,
        ["No longer applies; remove from openapi/upstream.toml:", f"- {ACCEPTED_LINE}"],
    )


def test_the_recipe(fetched: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """Followed as in CONTRIBUTING.md, a new difference fails until the list has it with a reason."""
    fetched["operations"]["POST /api/v2/contacts/merge"] = {}
    others = set(against_document(stored(NEW))) - set(accepted(ACCEPTED))  # of fields that were added to the document
    monkeypatch.setattr(vendor_sdk, "differences", lambda *both: sorted(set(differences(*both)) - others))
    first, edit, second = recipe("A new version of the vendor's library")
    assert isinstance(edit, Edit)
    for status, step in ((1, first), (0, second)):
        assert isinstance(step, Command)
        assert (step.line, main([])) == ("scripts/upstream", status)
        assert set(step.output) <= set(capsys.readouterr().out.splitlines())
        text = PUT[edit.how](ACCEPTED.read_text(encoding="utf-8"), edit)
        (tmp_path / "edited.toml").write_text(text, encoding="utf-8")
        monkeypatch.setattr(vendor_sdk, "ACCEPTED", tmp_path / "edited.toml")


def test_the_download(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Only a wheel is downloaded, because pip runs the code of an sdist; the user can name a version."""
    commands: list[list[str]] = []

    def run(command: list[str], cwd: Path) -> None:
        commands.append(command)
        (cwd / "sendblue-9.9.9-py3-none-any.whl").touch()

    monkeypatch.setattr(vendor_sdk, "run", run)
    assert vendor_sdk.fetch("9.9.9", tmp_path).name == "sendblue-9.9.9-py3-none-any.whl"
    vendor_sdk.fetch(None, tmp_path)
    assert [command[-1] for command in commands] == ["sendblue==9.9.9", "sendblue"]
    assert all({"--no-deps", "--only-binary=:all:"} <= set(command) for command in commands)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("trap.py", "def broken(:\n", "cannot parse sendblue_api/trap.py of the vendor's library"),
        ("trap.py", "x = '\0'\n", "cannot parse sendblue_api/trap.py of the vendor's library"),
        ("types/contact.py", "from .contact import Contact\n", "the form of its code has changed"),
        ("resources/contacts.py", "client.send('/api/v2/contacts')\n", "the form of its code has changed"),
    ],
)
def test_a_library_that_cannot_be_read(library: Path, capsys: Capture, name: str, text: str, message: str) -> None:
    """The message says which module is no Python, or that the code has another form; the exit status is 2."""
    (library / "sendblue_api" / name).write_text(text)
    assert main(["--from", str(library)]) == 2
    assert message in capsys.readouterr().err


def test_a_wheel(library: Path, capsys: Capture) -> None:
    """A wheel is read like a folder. The message names a damaged one; the exit status is 2."""
    path = packed(library)
    assert facts(path) == facts(library)
    content = path.read_bytes()
    path.write_bytes(content[:100] + bytes(100) + content[200:])
    assert main(["--from", str(path)]) == 2
    assert f"{path} cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [None, "[[decided]\n", "decided = 3\n", "decided = ['x']\n", "[[decided]]\ndifferences = ['x: y']\n", "# \udcff"],
)
def test_an_unreadable_list(
    fetched: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture, text: str
) -> None:
    """The message names a list that is missing or invalid, or lacks a reason, and what it must contain."""
    path = tmp_path / "decided.toml"
    if text:
        path.write_text(text, encoding="utf-8", errors="surrogateescape")
    monkeypatch.setattr(vendor_sdk, "ACCEPTED", path)
    assert (main([]), fetched["version"]) == (2, NEW)
    assert f"{path} cannot be read" in (printed := capsys.readouterr().err)
    assert "It must be a TOML file of [[decided]] entries, each with a `reason`" in printed
