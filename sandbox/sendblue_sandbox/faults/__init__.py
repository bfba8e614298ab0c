"""Faults: errors that the sandbox produces on request."""
