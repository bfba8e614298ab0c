"""The configuration of the rate limit and of its store: invalid values are errors that state what is valid."""

import re
from pathlib import Path
from typing import Any

import pytest
from sendblue_contacts import RateLimit
from sendblue_contacts.rate_limit.stores.base import open_store

VALID = (
    "a rate limit store is memory, file:///a/path, redis://host or rediss://host, "
    "set with RateLimit(store=…) or SENDBLUE_RATE_LIMIT_STORE"
)


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("limit", [0, -1, 1.5, True, "100"], "must be an integer of at least 1"),
        ("reserve", [-1, 1.5, True, "10"], "must be an integer of at least 0"),
        ("on_unavailable", ["local", "wait", None], "must be 'block' or 'raise'"),
    ],
)
def test_an_invalid_setting_is_an_error(name: str, values: list[Any], words: str) -> None:
    """The message names it and states what is valid."""
    for value in values:
        with pytest.raises(ValueError, match=f"^RateLimit: {name} {words}, not {re.escape(repr(value))}"):
            RateLimit(**{name: value})


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


def test_spellings_of_a_store_are_the_same_store() -> None:
    """For all clients of an account: `memory` in any case, and a URL from a line of a file."""
    for store in ("MEMORY", " memory ", "Memory\n"):
        assert RateLimit(store=store) == RateLimit(store="memory")
    assert RateLimit(store=" file:///a/Path\n").store == "file:///a/Path"


def test_a_path_object_is_an_error() -> None:
    """The message states how to write it as a URL, and does not show it."""
    words = r"^RateLimit: store must be a string, not PosixPath; .* path\.absolute\(\)\.as_uri\(\)$"
    with pytest.raises(TypeError, match=words):
        RateLimit(store=Path("/a/path"))  # type: ignore[arg-type]  # the wrong type is the test
