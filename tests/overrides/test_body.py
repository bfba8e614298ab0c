"""JSON is read and written alike with and without orjson (extra `fast`)."""

import json
import sys
from collections.abc import Callable
from random import Random
from typing import Any

import httpx
import pytest
from sendblue_contacts import Sendblue, body

TEXTS = [
    *(b"NaN", b"[Infinity, -Infinity]", b"1e999", b"-0", b"-0.0", b"1.0000000000000000000000000001", b"5e-324"),
    *(b"123456789012345678", b"9223372036854775808", b"18446744073709551616", b"-9223372036854775809"),
    *(b'{"number": [1, -123456789012345678901234567890]}', b'"123456789012345678901234567890"'),
    *(b"12345678901234567890.5", b'{"a": 1, "b": 2, "a": 3}', b'{"": {"": []}}', b'"\\ud800"', b'"\\ud83d\\ude00"'),
    *(b'"\\u0000"', b'"\x7f"', b'"\xed\xa0\x80"', b'"\xff"', b'"\xc3"', b"\xef\xbb\xbf{}", b"\xe2\x80\xa8"),
    *('{"a": "é"}'.encode("utf-16"), '["é"]'.encode("latin-1"), b"", b" ", b"[1,]", b"{1: 2}", b"[1] 2", b"\x0c[1]"),
    *(b" \n[ 1 ]\t", b"nul", b"'a'", b'"\x01"', b"01", b"+1", b".5", b"1.", b"/**/1", b'"\\x"', b"\x001", b"1\x00"),
    *(b"[" * 500 + b"]" * 500, b"[" * 100_000),
]


def outcome(function: Callable[[Any], object], value: object) -> tuple[str, object]:
    """Return the value, as text that shows the types, or that it is an error."""
    try:
        return "value", repr(function(value))
    except (ValueError, RecursionError) as error:
        return "error", isinstance(error, RecursionError)


@pytest.fixture(autouse=True, params=[True, False], ids=["orjson", "json"])
def installed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Whether orjson can be imported."""
    if not request.param:
        monkeypatch.setitem(sys.modules, "orjson", None)
    body.json_library.cache_clear()
    yield request.param
    body.json_library.cache_clear()


def test_texts_are_read_alike(installed: bool) -> None:
    """Each text has the value, or the error, that `json` has."""
    assert (body.json_library() is not None) == installed
    assert [outcome(body.read_json, text) for text in TEXTS] == [outcome(json.loads, text) for text in TEXTS]


def test_random_texts_are_read_alike() -> None:
    """Also texts with damaged bytes, and integers of any length at any place."""
    random = Random(7)  # noqa: S311  # not a secret
    values: list[Any] = [None, True, 1.5, "é", "\ud83d", "2024-01-15", "+14155551234", ["VIP"], {"a": "b"}]
    for _ in range(2_000):
        values[0] = random.choice([1, -1]) * random.getrandbits(random.randint(1, 90))
        page = [{str(key): random.choice(values) for key in range(random.randint(0, 4))} for _ in range(3)]
        text = bytearray(json.dumps(page, ensure_ascii=random.random() < 0.5).encode(errors="surrogatepass"))
        if random.random() < 0.3:
            text[random.randrange(len(text))] = random.randrange(256)
        assert outcome(body.read_json, bytes(text)) == outcome(json.loads, bytes(text)), bytes(text)


def test_bodies_are_written_alike() -> None:
    """The body, its type and its length are those that httpx writes."""
    sent: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, json={"status": "OK", "contact": {"phone": "+14155551234"}})

    text = "".join(map(chr, [*range(0x300), 0x2028, 0x2029, 0xFFFF, 0x1F600]))
    fields: dict[str, Any] = {"first_name": text, "tags": ["VIP", ""], "custom_variables": {text: "/", "": "\\"}}
    transport = httpx.MockTransport(respond)
    with Sendblue("key", "secret", transport=transport, rate_limit=None) as client:
        client.contacts.create("+14155551234", **fields)
        client.with_options(extra_body={"score": 2**70}).contacts.create("+14155551234", **fields)
    plain = {"number": "+14155551234", **fields}
    expected = [httpx.Request("POST", "http://a", json=each) for each in (plain, {**plain, "score": 2**70})]
    for one, other in zip(sent, expected, strict=True):
        assert one.content == other.content
        assert {one.headers[name] == other.headers[name] for name in ("content-type", "content-length")} == {True}
