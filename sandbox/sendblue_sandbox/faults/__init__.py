"""Faults: errors that the sandbox returns on demand."""
