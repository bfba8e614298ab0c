"""Planning a sync: the difference between a source and an account."""
