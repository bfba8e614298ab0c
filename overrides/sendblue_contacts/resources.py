"""The classes behind `client.contacts`, for annotations: a program gets their objects from a client."""

from ._async.bulk import AsyncBulkContacts
from ._async.contacts import AsyncContacts
from ._async.listing import AsyncContactList
from ._sync.bulk import BulkContacts
from ._sync.contacts import Contacts
from ._sync.listing import ContactList

__all__ = ["AsyncBulkContacts", "AsyncContactList", "AsyncContacts", "BulkContacts", "ContactList", "Contacts"]
