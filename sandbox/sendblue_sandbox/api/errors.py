"""API errors: every refused request is an `ApiError`, and only this module defines the body of its response."""

from __future__ import annotations

_MAX_NAME_LENGTH = 100


class ApiError(Exception):
    """A request that gets an error response.

    Args:
        status: The HTTP status.
        message: What is wrong with the request, as in the vendor's documentation where it has a text.
        headers: Additional response headers.
    """

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers: dict[str, str] = headers or {}

    @property
    def body(self) -> dict[str, object]:
        """The JSON body: `{"status": "ERROR", "message": …}`, as on the vendor's page 003."""
        return {"status": "ERROR", "message": self.message}


class MissingCredentialsError(ApiError):
    """A request without credentials. The live API returns a body without `status`."""

    def __init__(self) -> None:
        super().__init__(403, "Did not get inputs for authorization")

    @property
    def body(self) -> dict[str, object]:
        """The JSON body: a message only."""
        return {"message": self.message}


def unknown_name(kind: str, name: str) -> ApiError:
    """Return the error for a field or query parameter that does not exist.

    Args:
        kind: What it is, such as "field".
        name: Its name as sent; a long one is cut off.
    """
    return ApiError(400, f"Unknown {kind}: {name[:_MAX_NAME_LENGTH]}")
