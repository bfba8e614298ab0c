"""Traffic as an HTTP archive (HAR): requests and responses with masked credentials."""

import json
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

Entry = dict[str, Any]
CREDENTIAL_HEADERS = frozenset({"sb-api-key-id", "sb-api-secret-key", "authorization", "cookie", "set-cookie"})
MASKED = "***"
# HAR requires a time, and tools that compare traffic with a document ignore it.
FIXED_TIME = "2000-01-01T00:00:00.000Z"


class Traffic:
    """The traffic of the transports that are recorded here, oldest first."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def recording(self, recording: httpx.BaseTransport) -> httpx.BaseTransport:
        """Return a transport that sends with another one, and records."""
        return _RecordingTransport(recording, self.entries)

    def take(self, origin: str) -> list[Entry]:
        """Return and remove the entries of one server, such as `http://127.0.0.1:4010`."""
        taken = [item for item in self.entries if item["request"]["url"].startswith(f"{origin}/")]
        self.entries[:] = [item for item in self.entries if item not in taken]
        return taken


class _RecordingTransport(httpx.BaseTransport):
    def __init__(self, recording: httpx.BaseTransport, entries: list[Entry]) -> None:
        self._transport = recording
        self._entries = entries

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        sent = request.read()
        with closing(self._transport.handle_request(request)) as response:
            body = b"".join(response.iter_raw())  # a truncated response raises, and is not recorded
        self._entries.append(entry(request, sent, response, body))
        return httpx.Response(
            response.status_code,
            headers=response.headers,
            stream=httpx.ByteStream(body),
            extensions=response.extensions,
        )

    def close(self) -> None:
        self._transport.close()


def entry(request: httpx.Request, sent: bytes, response: httpx.Response, body: bytes) -> Entry:
    """Return the entry of one request and its response."""
    sent_request: Entry = {
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
        sent_request["postData"] = {"mimeType": request.headers.get("content-type", ""), "text": text}
    received = {
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
        "startedDateTime": FIXED_TIME,
        "time": 0,
        "request": sent_request,
        "response": received,
        "cache": {},
        "timings": timings,
    }


def _headers(headers: httpx.Headers) -> list[dict[str, str]]:
    return _pairs((name, MASKED if name in CREDENTIAL_HEADERS else value) for name, value in headers.items())


def _pairs(pairs: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


def archive(entries: Iterable[Entry], origin: str) -> str:
    """Return the text of a HAR file, as if `origin` had been the server.

    Args:
        entries: The recorded entries, of any server.
        origin: The address of a server, such as `https://api.example`.
    """
    entries_at_origin = [
        {**item, "request": {**item["request"], "url": _at_origin(item["request"]["url"], origin)}} for item in entries
    ]
    return json.dumps(
        {"log": {"version": "1.2", "creator": {"name": "tests", "version": "1"}, "entries": entries_at_origin}}
    )


def _at_origin(url: str, origin: str) -> str:
    parts = urlsplit(url)
    return url.replace(f"{parts.scheme}://{parts.netloc}", origin, 1)


def append(file: Path, entries: Iterable[Entry]) -> None:
    """Append entries to a file, one on item line."""
    with file.open("a", encoding="utf-8") as lines:
        lines.writelines(f"{json.dumps(item)}\n" for item in entries)


def entries_in(file: Path) -> list[Entry]:
    """Return the entries of such a file."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
