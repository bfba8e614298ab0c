"""The fields of a contact that files and syncs treat in a way of their own: the one place that names them.

Each is named by a spelling that it has in the document. A renamed field keeps its old name as an alias, so the names
here remain valid. Rows and changes have the names of requests, which may differ from those of responses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendblue_contacts.fields import preferred_names
from sendblue_contacts.responses import CONTACT_NAMES, attribute
from sendblue_contacts_api.models.bulk_contact import BulkContact
from sendblue_contacts_api.models.contact_update import ContactUpdate

from .column_synonyms import SYNONYMS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sendblue_contacts_api.models.contact import Contact
    from sendblue_contacts_api.types import Field

_ROW_NAMES = preferred_names(ContactUpdate.FIELDS) | preferred_names(BulkContact.FIELDS)
FIRST_NAME, LAST_NAME = _ROW_NAMES["first_name"], _ROW_NAMES["last_name"]
TAGS, OPT_OUT = _ROW_NAMES["tags"], _ROW_NAMES["opt_out"]
COMPANY = _ROW_NAMES["company_name"]
"""The API fills this field in when a contact is created."""
CONTACT_ID = CONTACT_NAMES["contact_id"]
contact_id: Callable[[Contact], str | None] = attribute(CONTACT_ID)


def synonyms(name: str, fields: Mapping[str, Field]) -> tuple[str, ...]:
    """Return the titles of columns that fill a field, in order of preference; its name stands for all spellings."""
    key = next((spelling for spelling in (name, *fields[name].aliases) if spelling in SYNONYMS), None)
    return tuple(name if title == key else title for title in SYNONYMS[key]) if key else (name,)
