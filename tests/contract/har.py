"""Traffic as an HTTP archive (HAR): what a client sent over the wire and what came back, with secrets masked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

Entry = dict[str, Any]
SECRET = frozenset({"sb-api-key-id", "sb-api-secret-key", "authorization", "cookie", "set-cookie"})
MASKED = "***"
# Tools that compare traffic with a document do not look at the time, and HAR wants one.
NEVER = "2000-01-01T00:00:00.000Z"


class Traffic:
    """What went over the wires that are recorded here, oldest first."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def wire(self, wire: httpx.BaseTransport) -> httpx.BaseTransport:
        """A transport that sends with another one, and records."""
        return _RecordedWire(wire, self.entries)

    def take(self, origin: str) -> list[Entry]:
        """What went to this server, such as `http://127.0.0.1:4010`; it is forgotten here."""
        taken = [each for each in self.entries if each["request"]["url"].startswith(f"{origin}/")]
        self.entries[:] = [each for each in self.entries if each not in taken]
        return taken


class _RecordedWire(httpx.BaseTransport):
    def __init__(self, wire: httpx.BaseTransport, entries: list[Entry]) -> None:
        self._wire = wire
        self._entries = entries

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        sent = request.read()
        response = self._wire.handle_request(request)
        stream = _RecordedStream(response, lambda body: self._entries.append(entry(request, sent, response, body)))
        return httpx.Response(
            response.status_code, headers=response.headers, stream=stream, extensions=response.extensions
        )

    def close(self) -> None:
        self._wire.close()


class _RecordedStream(httpx.SyncByteStream):
    """The body on its way to whoever reads it; an answer that breaks off is no answer, and is not recorded."""

    def __init__(self, response: httpx.Response, record: Any) -> None:  # noqa: ANN401 - a function
        self._response = response
        self._record = record

    def __iter__(self) -> Iterator[bytes]:
        assert isinstance(self._response.stream, httpx.SyncByteStream)
        chunks = []
        for chunk in self._response.stream:
            chunks.append(chunk)
            yield chunk
        self._record(b"".join(chunks))

    def close(self) -> None:
        self._response.close()


def entry(request: httpx.Request, sent: bytes, response: httpx.Response, body: bytes) -> Entry:
    """One request and its answer."""
    asked: Entry = {
        "method": request.method,
        "url": str(request.url),
        "httpVersion": "HTTP/1.1",
        "headers": _headers(request.headers),
        "queryString": _pairs(parse_qsl(urlsplit(str(request.url)).query, keep_blank_values=True)),
        "cookies": [],
        "headersSize": -1,
        "bodySize": len(sent),
    }
    if sent:
        text = sent.decode("utf-8", "replace")
        asked["postData"] = {"mimeType": request.headers.get("content-type", ""), "text": text}
    answered = {
        "status": response.status_code,
        "statusText": response.reason_phrase,
        "httpVersion": "HTTP/1.1",
        "headers": _headers(response.headers),
        "cookies": [],
        "content": {
            "size": len(body),
            "mimeType": response.headers.get("content-type", ""),
            "text": body.decode("utf-8", "replace"),
        },
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": len(body),
    }
    timings = {"send": 0, "wait": 0, "receive": 0}
    return {
        "startedDateTime": NEVER,
        "time": 0,
        "request": asked,
        "response": answered,
        "cache": {},
        "timings": timings,
    }


def _headers(headers: httpx.Headers) -> list[dict[str, str]]:
    return _pairs((name, MASKED if name in SECRET else value) for name, value in headers.items())


def _pairs(pairs: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


def archive(entries: Iterable[Entry], origin: str) -> str:
    """All of it as the text of a HAR file, as if `origin` had been the server.

    Args:
        entries: What was recorded, from whatever server.
        origin: The address of a server, such as `https://api.example`.
    """
    moved = [
        {**each, "request": {**each["request"], "url": _moved(each["request"]["url"], origin)}} for each in entries
    ]
    return json.dumps({"log": {"version": "1.2", "creator": {"name": "tests", "version": "1"}, "entries": moved}})


def _moved(url: str, origin: str) -> str:
    parts = urlsplit(url)
    return url.replace(f"{parts.scheme}://{parts.netloc}", origin, 1)


def append(file: Path, entries: Iterable[Entry]) -> None:
    """Write entries to the end of a file, one in a line."""
    with file.open("a", encoding="utf-8") as lines:
        lines.writelines(f"{json.dumps(each)}\n" for each in entries)


def entries_in(file: Path) -> list[Entry]:
    """What was written so."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
