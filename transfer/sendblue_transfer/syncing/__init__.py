"""Syncing: make an account match a source. The plan is made first; then it is applied, and it can be undone."""
