"""scripts/upstream: what the vendor's library says of the API, beside our document.

`upstream/` has what two real versions of it say, as `scripts/upstream --version X --facts` prints it; none of the
vendor's code is here. That code of its form is read rightly is shown on a small library made for the purpose.
"""

from __future__ import annotations

import copy
import json
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from maintain.openapi_document import read
from maintain.vendor_sdk import command as vendor_sdk
from maintain.vendor_sdk.command import DECIDED, DOCUMENT, decided, facts, main
from maintain.vendor_sdk.compare import differences
from maintain.vendor_sdk.source import from_data
from maintain.venvs import ScriptError

from tests.slow.maintain.mutations import properties

FOLDER = Path(__file__).parent / "vendor_sdk"
OLD, NEW = "1.4.0", "1.33.0"
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
        return self._post("/api/messages", cast_to=object)

class AsyncContactsResource(AsyncAPIResource):
    async def create(self, *, number: str) -> ContactCreateResponse:
        return await self._post("/api/v2/contacts", cast_to=ContactCreateResponse)
'''
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

    kind: Literal["person", "firm"]

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
    "sendblue_api/resources/contacts.py": RESOURCE,
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
CONTACT_FIELDS = {
    "phone": {"type": "string"},
    "firstName": {"type": "string"},
    "tags": {"type": "array", "items": "string"},
    "owners": {"type": "array", "items": "object"},
    "owners[].email": {"type": "string"},
    "score": {"type": "integer or string"},
}


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """The small library, as a folder."""
    for name, text in LIBRARY.items():
        (tmp_path / "library" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "library" / name).write_text(text)
    return tmp_path / "library"


def stored(version: str) -> dict[str, Any]:
    """What a real version says."""
    found: dict[str, Any] = json.loads((FOLDER / f"sendblue-{version}.json").read_text(encoding="utf-8"))
    return found


def against_document(told: dict[str, Any], document: dict[str, Any] | None = None) -> list[str]:
    """The differences from our document."""
    return differences(from_data(told["operations"]), document or read(DOCUMENT, "contacts.yaml").data)


# --- reading the library


def test_the_library_is_read(library: Path) -> None:
    """Paths, methods, aliases, what is required, deprecated or one of a few, nested types: all is found."""
    prefixed = {f"contact.{name}": each for name, each in CONTACT_FIELDS.items()}
    listed = {f"[].{name}": each for name, each in CONTACT_FIELDS.items()}
    assert facts(library) == {
        "version": "9.9.9",
        "operations": {
            "DELETE /api/v2/contacts/{phone_number}": {},
            "GET /api/v2/contacts": {
                "query": {"limit": {"type": "integer"}, "since": {"type": "string"}},
                "answer": listed,
            },
            "GET /api/v2/contacts/{phone_number}": {"deprecated": True, "answer": CONTACT_FIELDS},
            "POST /api/v2/contacts": {
                "body": {
                    "number": {"type": "string", "required": True},
                    "first_name": {"type": "string"},
                    "firstName": {"type": "string", "deprecated": True},
                    "custom_variables": {"type": "object", "items": "string"},
                    "kind": {"type": "string", "values": ("person", "firm")},
                    "lines": {"type": "array", "items": "object"},
                    "lines[].id": {"type": "integer", "required": True},
                },
                "answer": {"contact": {"type": "object"}, "status": {"type": "string"}, **prefixed},
            },
            "POST /api/v2/contacts/pages": {"answer": listed},
        },
    }


def put(library: Path, name: str, text: str) -> dict[str, Any]:
    """Write a module of types into the library, and return the operations that it has then."""
    (library / f"sendblue_api/types/{name}.py").write_text(text)
    told: dict[str, Any] = facts(library)["operations"]
    return told


MODELS = """
from pydantic import BaseModel as Theirs
class BaseModel(Theirs):
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow")
    _extra: str = PrivateAttr()
"""
INHERITING = """
from .._models import BaseModel
from . import contact_base

class Named(BaseModel):
    nickname: int
    phone: int

class Contact(contact_base.Base, Named):
    email: str
"""


def test_inherited_fields_are_read(library: Path) -> None:
    """Those of every base in the library count; the first base wins, and what is never sent is left out."""
    (library / "sendblue_api/_models.py").write_text(MODELS)
    put(library, "contact_base", "class Base(BaseModel):\n    phone: str\n")
    told = put(library, "contact", INHERITING)
    assert told["GET /api/v2/contacts/{phone_number}"]["answer"] == {
        "email": {"type": "string"},
        "nickname": {"type": "integer"},
        "phone": {"type": "string"},
    }


def test_inherited_parameters_are_read(library: Path) -> None:
    """A TypedDict is one by its bases too, and each says of its own fields whether they are required."""
    bases = "class Paged(TypedDict):\n    page_token: str\nclass Base(Paged, total=False):\n    limit: int\n"
    told = put(library, "contact_list_params", f"{bases}class ContactListParams(Base, total=False):\n    since: str\n")
    assert told["GET /api/v2/contacts"]["query"] == {
        "limit": {"type": "integer"},
        "page_token": {"type": "string", "required": True},
        "since": {"type": "string"},
    }


@pytest.mark.parametrize(
    "text",
    [
        "class Contact(Other):\n    phone: str\nclass Other(Contact):\n    phone: str\n",
        "class Contact(Contact):\n    phone: str\n",
        "Loop = Optional[Loop]\nclass Contact(Loop):\n    phone: str\n",
    ],
)
def test_what_goes_in_circles_is_read_once(library: Path, text: str) -> None:
    """Bases and aliases that lead back to themselves end."""
    assert put(library, "contact", text)["GET /api/v2/contacts/{phone_number}"]["answer"] == {
        "phone": {"type": "string"}
    }


def test_a_type_inside_of_itself(library: Path) -> None:
    """It is a field, and is not opened again."""
    told = put(library, "contact", "class Contact(BaseModel):\n    phone: str\n    twins: List[Contact]\n")
    assert set(told["GET /api/v2/contacts/{phone_number}"]["answer"]) == {"phone", "twins"}


def packed(library: Path, kind: str) -> Path:
    """The library as a wheel or as an sdist."""
    path = library.parent / f"library.{kind}"
    if kind == "whl":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
            for name, text in LIBRARY.items():
                wheel.writestr(name, text)
    else:
        with tarfile.open(path, "w:gz") as sdist:
            sdist.add(library, "sendblue-9.9.9/src")
    return path


@pytest.mark.parametrize("kind", ["whl", "tar.gz"])
def test_wheels_and_sdists(library: Path, kind: str) -> None:
    """A wheel and an sdist are read as a folder is."""
    assert facts(packed(library, kind)) == facts(library)


def test_facts_survive_json(library: Path) -> None:
    """What is printed as facts can be read back."""
    told = facts(library)["operations"]
    assert from_data(json.loads(json.dumps(told))) == from_data(told)


def test_a_library_of_another_form(library: Path) -> None:
    """A library in which nothing is found is an error, and not one in which all operations went."""
    (library / "sendblue_api/resources/contacts.py").write_text("client.send('/api/v2/contacts')\n")
    with pytest.raises(ScriptError, match="its code has another form"):
        facts(library)


@pytest.mark.parametrize("what", ["nothing", "no Python"])
def test_no_library(tmp_path: Path, what: str) -> None:
    """A path that leads to no library is named, and what could be there."""
    with pytest.raises(ScriptError, match="Give a wheel, an sdist"):
        facts(tmp_path / "none" if what == "nothing" else tmp_path)


# --- beside our document


def test_the_newer_version_is_decided() -> None:
    """Every difference from the stored newer version is decided, and nothing else is."""
    assert sorted(decided(DECIDED)) == against_document(stored(NEW))


def test_the_older_version() -> None:
    """What the vendor added since the older version is named: an operation, a parameter, fields."""
    news = set(against_document(stored(OLD))) - set(decided(DECIDED))
    assert {
        "POST /api/v2/contacts/opt-out: the operation is ours alone",
        "GET /api/v2/contacts: query `created_at_gte` is ours alone",
        "GET /api/v2/contacts: answer `[].contact_id` is ours alone",
        "PUT /api/v2/contacts/{phone_number}: body `opt_out` is ours alone",
    } <= news


Edit = dict[str, Any]


@pytest.mark.parametrize(
    ("where", "edit", "line"),
    [
        ("body", {"birthday": {"type": "string"}}, "body `birthday` is the vendor's alone"),
        ("body", {"tags": None}, "body `tags` is ours alone"),
        ("body", {"firstName": None}, "body `firstName` (for `first_name`) is ours alone"),
        ("body", {"tags": {"type": "array", "deprecated": True}}, "body `tags` is deprecated by the vendor alone"),
        ("body", {"tags": {"type": "array", "required": True}}, "body `tags` is required for the vendor and not here"),
        ("body", {"tags": {"type": "string"}}, "body `tags` is string for the vendor, array here"),
        (
            "body",
            {"firstName": {"type": "string"}},
            "body `firstName` is no alias for the vendor, and stands for `first_name` here",
        ),
        (
            "body",
            {"tags": {"type": "array", "items": "integer"}},
            "body `tags` holds integer for the vendor, string here",
        ),
        (
            "body",
            {"custom_variables": {"type": "object", "items": "integer"}},
            "body `custom_variables` holds integer for the vendor, string here",
        ),
        ("answer", {"id": {"type": "string"}}, "answer `id` is the vendor's alone"),
        ("answer", {"contact.verified": None}, "answer `contact.verified` is ours alone"),
        ("query", {"dry": {"type": "boolean"}}, "query `dry` is the vendor's alone"),
    ],
)
def test_what_is_new_is_named(where: str, edit: Edit, line: str) -> None:
    """A field that comes, goes, is respelled, required, deprecated or of another type is one line."""
    told = stored(NEW)
    place = told["operations"]["POST /api/v2/contacts"].setdefault(where, {})
    told["operations"]["POST /api/v2/contacts"][where] = {k: v for k, v in {**place, **edit}.items() if v is not None}
    news = set(against_document(told)) - set(against_document(stored(NEW)))
    assert news == {f"POST /api/v2/contacts: {line}"}


@pytest.mark.parametrize(
    ("edit", "line"),
    [
        (
            lambda told: told.update({"POST /api/v2/contacts/merge": {}}),
            "POST /api/v2/contacts/merge: the operation is the vendor's alone",
        ),
        (
            lambda told: told.pop("POST /api/v2/contacts/verify"),
            "POST /api/v2/contacts/verify: the operation is ours alone",
        ),
        (
            lambda told: told["POST /api/v2/contacts/verify"].update(deprecated=True),
            "POST /api/v2/contacts/verify: the operation is deprecated by the vendor alone",
        ),
        (
            lambda told: told["GET /api/v2/contacts"]["query"]["order_direction"]["values"].append("random"),
            "GET /api/v2/contacts: query `order_direction` may be asc, desc, random for the vendor, asc, desc here",
        ),
    ],
)
def test_operations_and_values(edit: Any, line: str) -> None:  # noqa: ANN401 - an edit of the facts
    """An operation that comes, goes or is deprecated is one line; so are values that are others."""
    told = stored(NEW)
    edit(told["operations"])
    assert line in set(against_document(told)) - set(against_document(stored(NEW)))


def test_our_document_moves_too() -> None:
    """An edit of our document is a difference just as well."""
    document = copy.deepcopy(read(DOCUMENT, "contacts.yaml").data)
    properties(document, "ContactUpdate").pop("opt_out")
    news = set(against_document(stored(NEW), document)) - set(decided(DECIDED))
    assert "PUT /api/v2/contacts/{phone_number}: body `opt_out` is the vendor's alone" in news


def test_in_an_answer_one_spelling_is_enough() -> None:
    """A vendor's model that reads an answer by our alias is no difference."""
    told = stored(NEW)
    answer = told["operations"]["GET /api/v2/contacts"]["answer"]
    answer["[].firstName"] = answer.pop("[].first_name")
    assert against_document(told) == against_document(stored(NEW))


def test_what_an_answer_must_have_is_no_difference() -> None:
    """Our document requires nothing of answers, whatever the vendor's model insists on."""
    told = stored(NEW)
    told["operations"]["GET /api/v2/contacts/count"]["answer"]["count"]["required"] = True
    assert against_document(told) == against_document(stored(NEW))


# --- the command


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the library says that the command gets, without a package index."""
    told = stored(NEW)
    monkeypatch.setattr(vendor_sdk, "fetch", lambda _version, folder: folder)
    monkeypatch.setattr(vendor_sdk, "facts", lambda _path: told)
    return told


def test_nothing_new(fetched: dict[str, Any], capsys: Capture) -> None:
    """When all is decided it says so, and succeeds."""
    assert (main([]), fetched["version"]) == (0, NEW)
    assert capsys.readouterr().out.endswith("decided in openapi/upstream.toml.\nNothing new.\n")


def test_something_new(fetched: dict[str, Any], capsys: Capture) -> None:
    """What is not decided is named, and it fails."""
    fetched["operations"]["POST /api/v2/contacts/merge"] = {}
    assert main([]) == 1
    assert capsys.readouterr().out.splitlines()[1:] == [
        "New, and not in openapi/upstream.toml:",
        "- POST /api/v2/contacts/merge: the operation is the vendor's alone",
    ]


def test_an_entry_that_no_longer_applies(fetched: dict[str, Any], capsys: Capture) -> None:
    """What was decided and is gone is named too, and fails: the list tells what is so."""
    del fetched["operations"]["POST /v3/verified-contacts"]
    assert main([]) == 1
    assert capsys.readouterr().out.splitlines()[1:] == [
        "No longer so; take these out of openapi/upstream.toml:",
        "- POST /v3/verified-contacts: the operation is the vendor's alone",
    ]


def test_facts_are_printed(library: Path, capsys: Capture) -> None:
    """With --facts it prints what the library says, for programs, and compares nothing."""
    assert main(["--from", str(library), "--facts"]) == 0
    assert from_data(json.loads(capsys.readouterr().out)["operations"]) == from_data(facts(library)["operations"])


def test_none_of_its_code_is_run(library: Path, capsys: Capture) -> None:
    """The library is read and never imported: one whose every module raises is read like any other."""
    for path in library.rglob("*.py"):
        path.write_text(path.read_text() + "\nraise SystemExit('the code was run')\n")
    assert main(["--from", str(library)]) == 1
    assert "the code was run" not in capsys.readouterr().out
    assert not [name for name in sys.modules if name.startswith("sendblue_api")]


@pytest.mark.parametrize(
    "text",
    [
        '[[decided]]\ndifferences = ["x: y"]\n',
        '[[decided]]\nreason = ""\ndifferences = ["x: y"]\n',
        '[[decided]]\nreason = "r"\ndifferences = ["x: y", "x: y"]\n',
    ],
)
def test_every_decision_has_its_reason(tmp_path: Path, text: str) -> None:
    """An entry without a reason, or twice, is refused."""
    (tmp_path / "decided.toml").write_text(text)
    with pytest.raises(ScriptError, match="stands there twice, or without a reason"):
        decided(tmp_path / "decided.toml")


def test_what_pip_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Only a wheel of this one package is fetched, since pip runs the code of an sdist; a version may be named."""
    asked: list[list[str]] = []

    def run(command: list[str], cwd: Path) -> None:
        asked.append(command)
        (cwd / "sendblue-9.9.9-py3-none-any.whl").touch()

    monkeypatch.setattr(vendor_sdk, "run", run)
    assert vendor_sdk.fetch("9.9.9", tmp_path).name == "sendblue-9.9.9-py3-none-any.whl"
    vendor_sdk.fetch(None, tmp_path)
    assert [command[-1] for command in asked] == ["sendblue==9.9.9", "sendblue"]
    assert all({"--no-deps", "--only-binary=:all:"} <= set(command) for command in asked)


def test_an_index_without_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Capture) -> None:
    """An index that does not have it is an error in pip's own words, and no news of the API: the status is 2."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    assert main([]) == 2
    assert "No matching distribution found for sendblue" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["whl", "tar.gz"])
def test_a_damaged_library(library: Path, capsys: Capture, kind: str) -> None:
    """A wheel or an sdist that arrived broken could not be looked at; the sentence names it and a way out."""
    path = packed(library, kind)
    content = path.read_bytes()
    # In the wheel a file's bytes are others; the sdist ends in the middle.
    path.write_bytes(content[:100] + bytes(100) + content[200:] if kind == "whl" else content[: len(content) // 2])
    assert main(["--from", str(path)]) == 2
    assert f"library.{kind} cannot be read" in (said := capsys.readouterr().err)
    assert "Fetch it again, or give another with --from." in said


@pytest.mark.parametrize("text", ["def broken(:\n", "x = '\0'\n"])
def test_a_library_that_is_no_python(library: Path, capsys: Capture, text: str) -> None:
    """A module that cannot be parsed is named."""
    (library / "sendblue_api/trap.py").write_text(text)
    assert main(["--from", str(library)]) == 2
    assert "sendblue_api/trap.py of the vendor's library is no Python that" in capsys.readouterr().err


def test_modules_that_import_each_other(library: Path, capsys: Capture) -> None:
    """A name that two modules have only from each other is no form that is known."""
    put(library, "contact", "from .other import Contact\n")
    (library / "sendblue_api/types/other.py").write_text("from .contact import Contact\n")
    assert main(["--from", str(library)]) == 2
    assert "its code has another form" in capsys.readouterr().err


@pytest.mark.parametrize("text", [None, "[[decided]\n", "decided = 3\n", "decided = ['x']\n", "# \udcff"])
def test_decisions_that_cannot_be_read(fetched: dict[str, Any], tmp_path: Path, capsys: Capture, text: str) -> None:
    """A file of decisions that is missing, broken or of another form is named, with what it should be."""
    path = tmp_path / "decided.toml"
    if text:
        path.write_text(text, encoding="utf-8", errors="surrogateescape")
    assert (main(["--decided", str(path)]), fetched["version"]) == (2, NEW)
    assert f"{path} cannot be read" in (said := capsys.readouterr().err)
    assert "mend it, or give another with --decided" in said


def test_the_help_tells_the_statuses(capsys: Capture) -> None:
    """So that a weekly run can tell a network that is away from an API that moved."""
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "\n  1  the API moved:" in (said := capsys.readouterr().out)
    assert "\n  2  it could not look:" in said
