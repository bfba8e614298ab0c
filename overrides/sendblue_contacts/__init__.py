"""The client for the Sendblue Contacts API: typed, and never over the rate limit.

Each public name is listed once, in `_LAZY_IMPORTS`, and is imported when it is first used: importing this package does
not import httpx. Type checkers read `__init__.pyi`, which `scripts/regenerate` emits from the table.
"""

from __future__ import annotations

from importlib import import_module

_LAZY_IMPORTS = {
    "._async.client": ("AsyncSendblue",),
    "._sync.client": ("Sendblue",),
    ".bulk.results": (
        "BulkCreateResult",
        "BulkDeleteResult",
        "BulkError",
        "BulkOutcome",
        "BulkProgress",
        "BulkResult",
        "FailedContact",
        "FailedNumber",
    ),
    ".errors": (
        "APIConnectionError",
        "APIError",
        "APIResponseError",
        "APITimeoutError",
        "AuthenticationError",
        "BadRequestError",
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
    ".operations": ("OptOut",),
    ".rate_limit": ("RateLimit", "RateLimitStatistics", "RateLimiter"),
    ".raw_response": ("RawResponse",),
    ".request_context": ("Attempt",),
    ".retry": ("Retry",),
    "sendblue_contacts_api.models.contact": ("Contact",),
}
_MODULE_OF = {name: module for module, names in _LAZY_IMPORTS.items() for name in names}

__all__ = [*_MODULE_OF, "__version__"]  # noqa: PLE0604  # pyright: ignore[reportUnsupportedDunderAll]  # type checkers read __init__.pyi


def __getattr__(name: str) -> object:
    if name == "__version__":
        return import_module("importlib.metadata").version("sendblue-contacts")
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_MODULE_OF[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
