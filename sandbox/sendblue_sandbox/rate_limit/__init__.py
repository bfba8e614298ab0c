"""The rate limit of the sandbox, and the ways in which servers count requests."""
