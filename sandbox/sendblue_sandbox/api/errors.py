"""Refusals. Whatever the server will not do is a `Refused`, and this file alone decides how its body looks."""

from __future__ import annotations


class Refused(Exception):  # noqa: N818 - the word of this package for an answer that is not 200
    """A request that is answered with an error.

    Args:
        status: The HTTP status.
        message: What went wrong, in the words of the vendor's pages where they have some.
        headers: Further response headers.
    """

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers or {}

    @property
    def body(self) -> dict[str, object]:
        """The JSON body: `{"status": "ERROR", "message": …}` as on the vendor's page 003."""
        return {"status": "ERROR", "message": self.message}


class NoCredentials(Refused):
    """A request without credentials. Its body has no `status`: so seen live."""

    def __init__(self) -> None:
        super().__init__(403, "Did not get inputs for authorization")

    @property
    def body(self) -> dict[str, object]:
        """The JSON body, a message and nothing else."""
        return {"message": self.message}
