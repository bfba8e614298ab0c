"""The classes behind `client.contacts`, for annotations: a program gets their objects from a client."""

from ._async.contacts import AsyncContacts
from ._async.listing import AsyncContactList
from ._sync.contacts import Contacts
from ._sync.listing import ContactList

__all__ = ["AsyncContactList", "AsyncContacts", "ContactList", "Contacts"]
