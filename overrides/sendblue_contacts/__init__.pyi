# Emitted by scripts/regenerate from __init__.py. Edit that file, then run scripts/regenerate.

from sendblue_contacts_api.models.contact import Contact as Contact

from ._async.client import AsyncSendblue as AsyncSendblue
from ._sync.client import Sendblue as Sendblue
from .bulk.results import BulkCreateResult as BulkCreateResult
from .bulk.results import BulkDeleteResult as BulkDeleteResult
from .bulk.results import BulkError as BulkError
from .bulk.results import BulkOutcome as BulkOutcome
from .bulk.results import BulkProgress as BulkProgress
from .bulk.results import BulkResult as BulkResult
from .bulk.results import FailedContact as FailedContact
from .bulk.results import FailedNumber as FailedNumber
from .errors import APIConnectionError as APIConnectionError
from .errors import APIError as APIError
from .errors import APIResponseError as APIResponseError
from .errors import APITimeoutError as APITimeoutError
from .errors import AuthenticationError as AuthenticationError
from .errors import BadRequestError as BadRequestError
from .errors import ConflictError as ConflictError
from .errors import CredentialsError as CredentialsError
from .errors import IncompleteListError as IncompleteListError
from .errors import InternalServerError as InternalServerError
from .errors import InvalidPhoneNumberError as InvalidPhoneNumberError
from .errors import NotFoundError as NotFoundError
from .errors import PayloadTooLargeError as PayloadTooLargeError
from .errors import PermissionDeniedError as PermissionDeniedError
from .errors import RateLimitError as RateLimitError
from .errors import RateLimitStoreError as RateLimitStoreError
from .errors import SendblueError as SendblueError
from .errors import UnprocessableEntityError as UnprocessableEntityError
from .operations import OptOut as OptOut
from .rate_limit import RateLimit as RateLimit
from .rate_limit import RateLimiter as RateLimiter
from .rate_limit import RateLimitStatistics as RateLimitStatistics
from .raw_response import RawResponse as RawResponse
from .request_context import Attempt as Attempt
from .retry import Retry as Retry

__version__: str
__all__ = [
    "APIConnectionError",
    "APIError",
    "APIResponseError",
    "APITimeoutError",
    "AsyncSendblue",
    "Attempt",
    "AuthenticationError",
    "BadRequestError",
    "BulkCreateResult",
    "BulkDeleteResult",
    "BulkError",
    "BulkOutcome",
    "BulkProgress",
    "BulkResult",
    "ConflictError",
    "Contact",
    "CredentialsError",
    "FailedContact",
    "FailedNumber",
    "IncompleteListError",
    "InternalServerError",
    "InvalidPhoneNumberError",
    "NotFoundError",
    "OptOut",
    "PayloadTooLargeError",
    "PermissionDeniedError",
    "RateLimit",
    "RateLimitError",
    "RateLimitStatistics",
    "RateLimitStoreError",
    "RateLimiter",
    "RawResponse",
    "Retry",
    "Sendblue",
    "SendblueError",
    "UnprocessableEntityError",
    "__version__",
]
