"""Applying a plan, and undoing it: what changed since is left alone, and an interrupted run is resumed."""
