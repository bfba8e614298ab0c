"""A client library for accessing Sendblue Contacts API"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .client import AuthenticatedClient, Client
else:

    def __getattr__(name: str) -> object:
        """Import the client when it is first used."""
        if name in __all__:
            return getattr(import_module(f"{__name__}.client"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = (
    "AuthenticatedClient",
    "Client",
)
