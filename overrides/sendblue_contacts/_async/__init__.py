"""The client for tasks, written by hand. `scripts/regenerate` emits the client for threads from it."""
