"""Reading answers: JSON in, values out.

What is not as documented is a ValueError, with a sentence that holds none of the content.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from unicodedata import normalize

from sendblue_contacts_api.models.bulk_create_response import BulkCreateResponse
from sendblue_contacts_api.models.bulk_delete_response import BulkDeleteResponse
from sendblue_contacts_api.models.contact import Contact
from sendblue_contacts_api.models.contact_count import ContactCount
from sendblue_contacts_api.models.contact_response import ContactResponse
from sendblue_contacts_api.models.status_response import StatusResponse

from .errors import server_message

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

_JSON_TYPES: dict[type, str] = {
    type(None): "null or empty",
    list: "an array",
    dict: "an object",
    str: "a string",
    bool: "a boolean",
}


CALLS_ITSELF_AN_ERROR = "the answer calls itself an error"


def decode(response: httpx.Response) -> Any:  # noqa: ANN401  # any JSON
    """The body of a successful response, None if there is none."""
    if response.is_redirect:
        message = "the answer is a redirect, which is not followed because the secret would go along"
        raise ValueError(message)
    if not response.content:
        return None
    try:
        body = response.json()
    except (ValueError, RecursionError):  # the latter where it is nested too deeply
        kind = response.headers.get("content-type", "no content type")
        message = f"the answer is not JSON ({kind}, {len(response.content)} bytes)"
        raise ValueError(message) from None
    if _calls_itself_an_error(body):
        message = f"{CALLS_ITSELF_AN_ERROR}: {server_message(response) or 'it does not say which'}"
        raise ValueError(message)
    return body


def _calls_itself_an_error(body: Any) -> bool:  # noqa: ANN401  # any JSON
    return isinstance(body, dict) and cast("dict[str, object]", body).get("status") == "ERROR"


def mapping(body: object) -> Mapping[str, Any]:
    """The answer as an object."""
    if not isinstance(body, dict):
        raise _not("an object", body)
    return cast("dict[str, Any]", body)


def _not(wanted: str, body: object) -> ValueError:
    return ValueError(f"the answer is not {wanted} but {_JSON_TYPES.get(type(body), 'a number')}")


def contact(body: object) -> Contact:
    """The contact of an answer."""
    found = ContactResponse.from_dict(mapping(body)).contact
    if found is None:
        message = "the answer has no contact"
        raise ValueError(message)
    return found


def contacts(body: object) -> list[Contact]:
    """The contacts of a page."""
    if not isinstance(body, list):
        raise _not("an array of contacts", body)
    items = cast("Any", body)
    try:
        return list(map(Contact.from_dict, items))
    except (AttributeError, TypeError):
        message = "the answer is an array in which something is no contact"
        raise ValueError(message) from None


def count(body: object) -> int:
    """The number of contacts."""
    found = ContactCount.from_dict(mapping(body)).count
    if type(found) is not int:
        message = "the answer has no count"
        raise ValueError(message)
    return found


def status(body: object) -> str:
    """The status; an empty string where the server says nothing."""
    return "" if body is None else StatusResponse.from_dict(mapping(body)).status or ""


def nothing(_body: object) -> None:
    """No value: that it was a success is all there is to know."""


def bulk_created(body: object) -> BulkCreateResponse:
    """What a bulk creation did."""
    return BulkCreateResponse.from_dict(mapping(body))


def bulk_deleted(body: object) -> BulkDeleteResponse:
    """What a bulk deletion did."""
    return BulkDeleteResponse.from_dict(mapping(body))


def bulk_deleted_before(body: object) -> BulkDeleteResponse:
    """What a bulk deletion did whose first answer was lost: what is not found now was deleted then."""
    answer = bulk_deleted(body)
    for result in answer.results or ():
        if not result.success and "not found" in str(result.error).lower():
            result.success = True
    return answer


def holds(found: Contact, sent: Mapping[str, Any]) -> bool:
    """Whether a contact has everything that was sent.

    What it has besides (defaults of the account) does not matter, and neither does what a server may tidy up: capitals,
    spaces, forms of one character, the order of a list, and what is blank.
    """
    has = found.to_dict()
    return all(_same(has.get(name), value) for name, value in sent.items() if name in Contact.FIELDS)


def _same(has: Any, sent: Any) -> bool:  # noqa: ANN401  # any JSON
    if isinstance(sent, dict):
        labels = cast("dict[str, str]", has) if isinstance(has, dict) else dict[str, str]()
        return all(_same(labels.get(label), text) for label, text in cast("dict[str, str]", sent).items())
    if not (has and sent):
        return not has and not sent
    if isinstance(sent, list) and isinstance(has, list):
        return set(map(_tidy, cast("list[object]", sent))) == set(map(_tidy, cast("list[object]", has)))
    return _tidy(cast("object", has)) == _tidy(cast("object", sent))


def _tidy(value: object) -> object:
    return " ".join(normalize("NFKC", value).casefold().split()) if isinstance(value, str) else str(value)
