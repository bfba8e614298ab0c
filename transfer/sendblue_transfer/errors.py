"""What can go wrong with a file, a mapping or a journal. Each text is a sentence for people, without personal data."""

from __future__ import annotations

from sendblue_contacts.errors import SendblueError


class TransferError(SendblueError, ValueError):
    """A file of contacts, or what was said about it, cannot be used. Nothing was sent because of it."""


class JournalError(TransferError):
    """The journal of an import cannot be used: it is of another input, another program has it, or it is damaged."""
