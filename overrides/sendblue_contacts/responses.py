"""Reading responses: JSON in, values out.

A response that is not what the API documents raises a ValueError, whose text contains none of the response's content.
"""

from __future__ import annotations

from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any, cast
from unicodedata import normalize

from sendblue_contacts_api.models.contact import Contact
from sendblue_contacts_api.models.contact_count import ContactCount
from sendblue_contacts_api.models.contact_response import ContactResponse
from sendblue_contacts_api.models.status_response import StatusResponse
from sendblue_contacts_api.types import ModelList

from ._masking import masker, sent_texts
from .body import read_json
from .errors import server_message
from .fields import preferred_names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx
    from sendblue_contacts_api.types import Field

_JSON_TYPES: dict[type, str] = {
    type(None): "null or empty",
    list: "an array",
    dict: "an object",
    str: "a string",
    bool: "a boolean",
}

_MAX_CONTENT_TYPE_LENGTH = 80

CONTACT_NAMES = preferred_names(Contact.FIELDS)
"""Code that names a field looks it up here: a renamed field keeps its old name as an alias."""
CREATED_AT = CONTACT_NAMES["created_at"]

REPORTS_ERROR = "the response body reports an error"
"""The beginning of the text about a successful status whose body has the status ERROR."""


def decode(response: httpx.Response) -> Any:  # noqa: ANN401  # any JSON
    """Return the JSON body of a successful response; None if it is empty."""
    if response.is_redirect:
        raise ValueError("the response is a redirect, which is not followed because that would forward the credentials")
    if not response.content:
        return None
    try:
        body = read_json(response.content)
    except (ValueError, RecursionError):  # RecursionError: the JSON is nested too deeply
        content_type = response.headers.get("content-type", "no content type")[:_MAX_CONTENT_TYPE_LENGTH]
        raise ValueError(f"the response is not JSON ({content_type}, {len(response.content)} bytes)") from None
    if _reports_error(body):
        raise ValueError(f"{REPORTS_ERROR}: {server_message(response) or 'without a message'}")
    _mask_item_errors(body, response)
    return body


def _mask_item_errors(body: Any, response: httpx.Response) -> None:  # noqa: ANN401  # any JSON
    """Mask what was sent in the error messages for single items of a bulk request: they may quote any item."""
    values = cast("dict[str, Any]", body) if isinstance(body, dict) else {}
    lists: list[Any] = [values[key] for key in ("failures", "results") if isinstance(values.get(key), list)]
    items: list[Any] = [item for item in chain(*lists) if isinstance(item, dict)]
    failed = [item for item in items if isinstance(item.get("error"), str)]
    masked = masker(sent_texts(response)) if failed else str
    for item in failed:
        item["error"] = masked(item["error"])


def _reports_error(body: Any) -> bool:  # noqa: ANN401  # any JSON
    return isinstance(body, dict) and cast("dict[str, object]", body).get("status") == "ERROR"


def attribute(spelling: str) -> Callable[[Contact], Any]:
    """Return a function that reads a field of a contact, which has this spelling."""
    return attrgetter(Contact.FIELDS[CONTACT_NAMES[spelling]].attribute)


def mapping(body: object) -> Mapping[str, Any]:
    """Return the body if it is an object."""
    if not isinstance(body, dict):
        raise _wrong_type("an object", body)
    return cast("dict[str, Any]", body)


def _wrong_type(expected: str, body: object) -> ValueError:
    return ValueError(f"the response is {_JSON_TYPES.get(type(body), 'a number')} instead of {expected}")


def contact(body: object) -> Contact:
    """Return the contact of a response."""
    found = ContactResponse.from_dict(mapping(body)).contact
    if found is None:
        raise ValueError("the response has no contact")
    return found


def contact_with(*numbers: str) -> Callable[[object], Contact]:
    """Return a reader of a response with the contact of one of these numbers, which are in E.164 format.

    A response about another number belongs to another request: the server, or a proxy, sent one response too many.
    """

    def read(body: object) -> Contact:
        found = contact(body)
        check_number(found.phone, *numbers)
        return found

    return read


def check_number(received: str | None, *numbers: str) -> None:
    """Raise a ValueError if a response has a number, and it is none of these. Only digits are compared."""
    if received and _digits(received) not in map(_digits, numbers):
        raise ValueError("the response is about another phone number than the request")


def _digits(number: str) -> str:
    return "".join(filter(str.isdigit, number))


def contacts(body: object) -> list[Contact]:
    """Return the contacts of a page."""
    try:
        return ModelList(Contact.from_dicts(_array(body)))
    except (AttributeError, TypeError):
        raise ValueError("the response is an array with an item that is not a contact") from None


def _array(body: object) -> Any:  # noqa: ANN401  # any JSON
    if not isinstance(body, list):
        raise _wrong_type("an array of contacts", body)
    return cast("Any", body)


_PHONE = [*Contact.FIELDS].index("phone")
ContactRow = tuple[Any, ...]
"""The values of a contact, in the order of `Contact.FIELDS`. It takes much less time to create than a `Contact`."""
contact_row: Callable[[Contact], ContactRow] = cast(
    "Callable[[Contact], ContactRow]", attrgetter(*(each.attribute for each in Contact.FIELDS.values()))
)


def contact_rows(body: object) -> list[ContactRow]:
    """Return the rows of a page. What else identifies a contact without a number follows its values."""
    columns = Contact.columns(_array(body))
    if columns and all(columns[_PHONE]):
        return [*zip(*columns, strict=True)]
    models = contacts(body)
    return [(*contact_row(each), *([] if each.phone else [repr(each.additional_properties)])) for each in models]


def count(body: object) -> int:
    """Return the number of contacts."""
    found = ContactCount.from_dict(mapping(body)).count
    if type(found) is not int:
        raise ValueError("the response has no count")
    return found


def status(body: object) -> str:
    """Return the status; an empty string if the response has none."""
    return "" if body is None else StatusResponse.from_dict(mapping(body)).status or ""


def shown_fields(fields: Mapping[str, Field]) -> dict[str, str]:
    """Return the field of a contact that shows each field of a request: they share a spelling."""
    spellings = preferred_names(fields).items()
    return {name: CONTACT_NAMES[spelling] for spelling, name in spellings if spelling in CONTACT_NAMES}


def matches(found: Contact, sent: Mapping[str, Any], fields: Mapping[str, Field]) -> bool:
    """Whether a contact has every value that was sent in fields of a request; the required one is its number.

    Additional values (defaults of the account) do not matter. Neither do differences that a server may introduce: upper
    and lower case, white space, equivalent forms of one character, the order of a list, and blank values.
    """
    has, shown = found.to_dict(), shown_fields(fields)
    compared = (name for name in sent if name in shown and not fields[name].required)
    return all(_equivalent(has.get(shown[name]), sent[name]) for name in compared)


def _equivalent(has: Any, sent: Any) -> bool:  # noqa: ANN401  # any JSON
    if isinstance(sent, dict):
        items = cast("dict[str, str]", has) if isinstance(has, dict) else dict[str, str]()
        return all(_equivalent(items.get(key), text) for key, text in cast("dict[str, str]", sent).items())
    if not (has and sent):
        return not has and not sent
    if isinstance(sent, list) and isinstance(has, list):
        return set(map(_canonical, cast("list[object]", sent))) == set(map(_canonical, cast("list[object]", has)))
    return _canonical(cast("object", has)) == _canonical(cast("object", sent))


def _canonical(value: object) -> object:
    return " ".join(normalize("NFKC", value).casefold().split()) if isinstance(value, str) else str(value)
