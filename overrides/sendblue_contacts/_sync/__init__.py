# Emitted by scripts/regenerate from _async/__init__.py. Edit that file, then run scripts/regenerate.
"""The client for threads, emitted by `scripts/regenerate` from the one for tasks."""
