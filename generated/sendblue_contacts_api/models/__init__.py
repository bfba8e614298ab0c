"""Contains all the data models used in inputs/outputs"""

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
