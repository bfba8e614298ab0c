"""Errors of file transfers. Each message is a sentence for users, and shows no personal data."""

from __future__ import annotations

from sendblue_contacts.errors import SendblueError


class TransferError(SendblueError, ValueError):
    """A file, an option or a column mapping cannot be used. No request was sent because of it."""


class JournalError(TransferError):
    """The journal of an import or the state of a sync cannot be used: it belongs to another run, or is damaged."""


class JournalLockedError(JournalError):
    """Another process uses the journal or the state. The message names the process. Try again when it has ended."""


class AccountLockedError(TransferError):
    """Another process synchronizes the account. The message names the process. Try again when it has ended."""


class SyncRefusedError(TransferError):
    """A sync would delete too much, or its source may be incomplete. The text names the option that allows it."""
