"""The URL of a store: what is accepted, and the errors for anything else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sendblue_contacts import RateLimit
from sendblue_contacts.rate_limit.stores import open_store

VALID = (
    "a rate limit store is memory, file:///a/path, redis://host or rediss://host, "
    "set with RateLimit(store=…) or SENDBLUE_RATE_LIMIT_STORE"
)


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("/tmp/the slots", "; for this path write file:///tmp/the%20slots"),  # noqa: S108  # a name, not a file
        ("//user:word@host/0", "; this URL is not supported"),
        ("user:word@host", "; this URL is not supported"),
        ("memcached://user:word@host", "; memcached:// is not supported"),
    ],
)
def test_an_unsupported_url_is_an_error(url: str, hint: str) -> None:
    """The message lists the valid forms and where to set one, and shows nothing that could be a password."""
    with pytest.raises(ValueError, match=f"^{re.escape(VALID + hint)}$"):
        open_store(url, "", RateLimit())


@pytest.mark.parametrize("store", ["MEMORY", " memory ", "Memory\n"])
def test_memory_can_be_written_in_any_case(store: str) -> None:
    """It is the same store for all clients of an account."""
    assert RateLimit(store=store) == RateLimit(store="memory")


def test_whitespace_around_a_url_is_removed() -> None:
    """It is a part of a line of a file, for example."""
    assert RateLimit(store=" file:///a/Path\n").store == "file:///a/Path"


def test_a_path_object_is_an_error() -> None:
    """The message states how to write it as a URL, and does not show it."""
    words = r"^RateLimit: store must be a string, not PosixPath; .* path\.absolute\(\)\.as_uri\(\)$"
    with pytest.raises(TypeError, match=words):
        RateLimit(store=Path("/a/path"))  # type: ignore[arg-type]  # the wrong type is the test
