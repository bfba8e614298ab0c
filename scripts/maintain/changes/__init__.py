"""List what changed since a revision, and compute the version that it requires."""
