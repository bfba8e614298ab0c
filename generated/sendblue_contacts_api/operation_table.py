"""The servers and operations of the document, as literals. This module imports no other module."""

from __future__ import annotations

from typing import Final, NamedTuple


class OperationEntry(NamedTuple):
    """One operation."""

    method: str
    """The HTTP method, in upper case."""
    route: str | None
    """The path, with the names of its parameters in braces; None for a request that is no operation."""
    operation_id: str | None
    """The operationId."""
    call: str
    """The name of the call, such as `contacts.retrieve`; the method of a request that is no operation."""
    deprecated: bool = False
    """Whether the API deprecates it."""


SERVERS: Final[tuple[str, ...]] = ("https://api.sendblue.co", "https://api.sendblue.com")
"""The base URLs of the API; the first one is the default."""

QUERY_VALUES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "list_contacts": {"order_by": ("created_at", "firstName", "lastName", "phone")}
}
"""Values of the query parameters that are texts with several examples, by operationId; the default comes first."""

OPERATION_TABLE: Final[tuple[OperationEntry, ...]] = (
    OperationEntry("DELETE", "/api/v2/contacts", "bulk_delete_contacts", "contacts.bulk.delete"),
    OperationEntry("DELETE", "/api/v2/contacts/{phone_number}", "delete_contact", "contacts.delete"),
    OperationEntry("GET", "/api/v2/contacts", "list_contacts", "contacts.list"),
    OperationEntry("GET", "/api/v2/contacts/count", "count_contacts", "contacts.count"),
    OperationEntry("GET", "/api/v2/contacts/{phone_number}", "retrieve_contact", "contacts.retrieve"),
    OperationEntry("POST", "/api/v2/contacts", "create_contact", "contacts.create"),
    OperationEntry("POST", "/api/v2/contacts/bulk", "bulk_create_contacts", "contacts.bulk.create"),
    OperationEntry("POST", "/api/v2/contacts/opt-out", "opt_out_contact", "contacts.opt_out"),
    OperationEntry("POST", "/api/v2/contacts/verify", "verify_contact", "contacts.verify"),
    OperationEntry("PUT", "/api/v2/contacts/{phone_number}", "update_contact", "contacts.update"),
)
