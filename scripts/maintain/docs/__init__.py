"""Build the documentation."""
