"""How rows are sent in each mode, and the update of a row.

    | mode   | requests                                 | existing contact | new contact  |
    |--------|------------------------------------------|------------------|--------------|
    | create | bulk                                     | is rejected      | is created   |
    | upsert | bulk; PUT for what the bulk call rejects | is updated       | is created   |
    | update | PUT                                      | is updated       | is rejected  |

Sending an update twice is safe, so updates are not marked in the journal before they are sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sendblue_contacts.errors import APIError, NotFoundError

from sendblue_transfer.rows.row_parser import PHONE
from sendblue_transfer.rows.row_status import REJECTED, UPDATED, RowResult
from sendblue_transfer.sending import is_rejection

if TYPE_CHECKING:
    from sendblue_contacts.resources import Contacts

_NO_CHANGES = "the row has only a number, so there is nothing to update"
_NOT_FOUND = "no contact has this number; use the mode upsert to create it"


class RowUpdate(NamedTuple):
    """An update of a contact.

    Attributes:
        line: The line of its row.
        contact: The contact.
        rejection: Why it could not be created; this is the reason for the row if the contact does not exist either.
    """

    line: int
    contact: dict[str, Any]
    rejection: str = ""


def send_update(contacts: Contacts, update: RowUpdate) -> RowResult:
    """Update the contact of a row."""
    line, contact, rejection = update
    changes = {name: value for name, value in contact.items() if name != PHONE}
    if not (changes or rejection):
        return RowResult(line, REJECTED, _NO_CHANGES)
    try:
        if changes:
            contacts.update(contact[PHONE], changes)  # type: ignore[call-overload]  # names come from the document
        else:  # a look-up would not show a contact that was just created, if reads lag behind writes
            contacts.upsert(contact[PHONE])
    except NotFoundError:
        return RowResult(line, REJECTED, rejection or _NOT_FOUND)
    except (APIError, TypeError, ValueError) as error:  # the last two: a field that an update does not have
        if isinstance(error, APIError) and not is_rejection(error):
            raise
        return RowResult(line, REJECTED, str(error))
    return RowResult(line, UPDATED)
