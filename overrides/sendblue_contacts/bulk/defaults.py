"""Default settings of bulk calls, which imports and the command line use too."""

MAX_CHUNK_BYTES = 256 * 1024
"""Maximum size of the items in one request, in bytes."""
CONCURRENCY = 4
"""Maximum number of requests in flight."""
