"""Errors of file transfers. Each message is a sentence for users, and shows no personal data."""

from __future__ import annotations

from sendblue_contacts.errors import SendblueError


class TransferError(SendblueError, ValueError):
    """A file, an option or a column mapping cannot be used. No request was sent because of it."""


class JournalError(TransferError):
    """The journal of an import cannot be used: it belongs to another import, is in use, or is damaged."""


class SyncRefusedError(TransferError):
    """A sync would delete too much, or its source may be incomplete. The text names the option that allows it."""
