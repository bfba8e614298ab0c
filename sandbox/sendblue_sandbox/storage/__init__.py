"""Contacts and opt-outs in SQLite."""
