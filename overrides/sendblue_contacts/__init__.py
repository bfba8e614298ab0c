"""The Sendblue Contacts API, pleasant to type and never over its limit.

Only names stand here, and they load when they are asked for: importing the package does not import httpx.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sendblue_contacts_api.models.contact import Contact

    from .bulk.results import (
        BulkCreateResult,
        BulkDeleteResult,
        BulkOutcome,
        BulkProgress,
        FailedContact,
        FailedNumber,
    )
    from .client import AsyncSendblue, Sendblue
    from .errors import (
        APIConnectionError,
        APIError,
        APIResponseError,
        APITimeoutError,
        AuthenticationError,
        BadRequestError,
        BulkError,
        ConflictError,
        CredentialsError,
        IncompleteListError,
        InternalServerError,
        InvalidPhoneNumberError,
        NotFoundError,
        PayloadTooLargeError,
        PermissionDeniedError,
        RateLimitError,
        RateLimitStoreError,
        SendblueError,
        UnprocessableEntityError,
    )
    from .operations import OptOut
    from .rate_limit import RateLimit, RateLimiter, RateLimitStatistics
    from .raw_response import RawResponse
    from .retry import Retry

    __version__: str

_LAZY_IMPORTS = {
    "client": ("AsyncSendblue", "Sendblue"),
    "errors": (
        "APIConnectionError",
        "APIError",
        "APIResponseError",
        "APITimeoutError",
        "AuthenticationError",
        "BadRequestError",
        "BulkError",
        "ConflictError",
        "CredentialsError",
        "IncompleteListError",
        "InternalServerError",
        "InvalidPhoneNumberError",
        "NotFoundError",
        "PayloadTooLargeError",
        "PermissionDeniedError",
        "RateLimitError",
        "RateLimitStoreError",
        "SendblueError",
        "UnprocessableEntityError",
    ),
    "rate_limit": ("RateLimit", "RateLimitStatistics", "RateLimiter"),
    "operations": ("OptOut",),
    "bulk.results": (
        "BulkCreateResult",
        "BulkDeleteResult",
        "BulkOutcome",
        "BulkProgress",
        "FailedContact",
        "FailedNumber",
    ),
    "raw_response": ("RawResponse",),
    "retry": ("Retry",),
}
_HOMES = {name: f"{__name__}.{room}" for room, names in _LAZY_IMPORTS.items() for name in names}
_HOMES["Contact"] = "sendblue_contacts_api.models.contact"

__all__ = [
    "APIConnectionError",
    "APIError",
    "APIResponseError",
    "APITimeoutError",
    "AsyncSendblue",
    "AuthenticationError",
    "BadRequestError",
    "BulkCreateResult",
    "BulkDeleteResult",
    "BulkError",
    "BulkOutcome",
    "BulkProgress",
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


def __getattr__(name: str) -> object:
    if name == "__version__":
        return import_module("importlib.metadata").version("sendblue-contacts")
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
