"""Contains all the data models used in inputs/outputs"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .bulk_contact import BulkContact
    from .bulk_create import BulkCreate
    from .bulk_create_failure import BulkCreateFailure
    from .bulk_create_response import BulkCreateResponse
    from .bulk_delete import BulkDelete
    from .bulk_delete_item import BulkDeleteItem
    from .bulk_delete_response import BulkDeleteResponse
    from .contact import Contact
    from .contact_count import ContactCount
    from .contact_create import ContactCreate
    from .contact_opt_out import ContactOptOut
    from .contact_opt_out_response import ContactOptOutResponse
    from .contact_response import ContactResponse
    from .contact_update import ContactUpdate
    from .contact_verify import ContactVerify
    from .custom_variables import CustomVariables
    from .error import Error
    from .order_direction import OrderDirection
    from .status_response import StatusResponse
else:
    _MODULES = {
        "BulkContact": ".bulk_contact",
        "BulkCreate": ".bulk_create",
        "BulkCreateFailure": ".bulk_create_failure",
        "BulkCreateResponse": ".bulk_create_response",
        "BulkDelete": ".bulk_delete",
        "BulkDeleteItem": ".bulk_delete_item",
        "BulkDeleteResponse": ".bulk_delete_response",
        "Contact": ".contact",
        "ContactCount": ".contact_count",
        "ContactCreate": ".contact_create",
        "ContactOptOut": ".contact_opt_out",
        "ContactOptOutResponse": ".contact_opt_out_response",
        "ContactResponse": ".contact_response",
        "ContactUpdate": ".contact_update",
        "ContactVerify": ".contact_verify",
        "CustomVariables": ".custom_variables",
        "Error": ".error",
        "OrderDirection": ".order_direction",
        "StatusResponse": ".status_response",
    }

    def __getattr__(name: str) -> object:
        """Import a model when it is first used."""
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(_MODULES[name], __name__), name)
        return value


__all__ = (
    "BulkContact",
    "BulkCreate",
    "BulkCreateFailure",
    "BulkCreateResponse",
    "BulkDelete",
    "BulkDeleteItem",
    "BulkDeleteResponse",
    "Contact",
    "ContactCount",
    "ContactCreate",
    "ContactOptOut",
    "ContactOptOutResponse",
    "ContactResponse",
    "ContactUpdate",
    "ContactVerify",
    "CustomVariables",
    "Error",
    "OrderDirection",
    "StatusResponse",
)
