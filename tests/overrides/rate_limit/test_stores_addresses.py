"""Where a store is: what an address may look like, and what is said of one that names none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sendblue_contacts import RateLimit
from sendblue_contacts.rate_limit.stores import open_store

FORMS = (
    "a rate limit store is memory, file:///a/path, redis://host or rediss://host, "
    "in RateLimit(store=…) or SENDBLUE_RATE_LIMIT_STORE"
)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("/tmp/the slots", "; for this path write file:///tmp/the%20slots"),  # noqa: S108  # a name, no file
        ("//user:word@host/0", "; this is none of them"),
        ("user:word@host", "; this is none of them"),
        ("memcached://user:word@host", "; memcached:// is none of them"),
    ],
)
def test_an_address_of_no_store_is_refused(url: str, said: str) -> None:
    """The sentence has the forms that there are, and the two places where one is named; but nothing of a password."""
    with pytest.raises(ValueError, match=f"^{re.escape(FORMS + said)}$"):
        open_store(url, "", RateLimit())


@pytest.mark.parametrize("store", ["MEMORY", " memory ", "Memory\n"])
def test_a_slip_in_memory_does_not_matter(store: str) -> None:
    """So a shell may write it, and it is still the same store for all clients of an account."""
    assert RateLimit(store=store) == RateLimit(store="memory")


def test_blanks_around_an_address_do_not_matter() -> None:
    """They come with a line of a file."""
    assert RateLimit(store=" file:///a/Path\n").store == "file:///a/Path"


def test_a_path_is_no_address() -> None:
    """The sentence says how to make one of it, and does not show it."""
    words = r"^RateLimit: store must be text, not a PosixPath; .* path\.absolute\(\)\.as_uri\(\)$"
    with pytest.raises(TypeError, match=words):
        RateLimit(store=Path("/a/path"))  # type: ignore[arg-type]  # that is what is tested
