"""A package index: pypiserver on a free local port, with a password for uploads."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

USER, PASSWORD = "maintainer", "open-sesame"
START_TIMEOUT = 30.0


@dataclass(frozen=True)
class IndexServer:
    """A running package index."""

    url: str
    packages: Path

    @property
    def variables(self) -> dict[str, str]:
        """The variables that a maintainer sets to publish to it."""
        return {"TWINE_REPOSITORY_URL": self.url, "TWINE_USERNAME": USER, "TWINE_PASSWORD": PASSWORD}

    @property
    def simple(self) -> str:
        """The address for pip."""
        return f"{self.url}simple/"

    @property
    def files(self) -> list[str]:
        """The names of the files on the index."""
        return sorted(path.name for path in self.packages.iterdir())


@contextlib.contextmanager
def serving(folder: Path, *options: str) -> Iterator[IndexServer]:
    """Run an index that stores its files in `folder` until the end of the block."""
    packages = folder / "packages"
    packages.mkdir(parents=True)
    passwords = folder / "passwords"
    digest = base64.b64encode(hashlib.sha1(PASSWORD.encode()).digest()).decode()  # noqa: S324 - the format of htpasswd
    passwords.write_text(f"{USER}:{{SHA}}{digest}\n")
    port = free_port()
    given = ["--interface=127.0.0.1", f"--port={port}", f"--passwords={passwords}", "--authenticate=update", *options]
    with (folder / "log").open("wb") as log:
        command = [sys.executable, "-m", "pypiserver", "run", *given, str(packages)]
        process = subprocess.Popen(command, stdout=log, stderr=log, env=without_proxies())
    try:
        url = f"http://127.0.0.1:{port}/"
        wait_for(url, process, folder / "log")
        yield IndexServer(url, packages)
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def unavailable_for(
    index: IndexServer, names: set[str], before_refusal: Callable[[], None] = lambda: None
) -> Iterator[IndexServer]:
    """Forward requests to an index until the end of the block; uploads of files with these names get status 503."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, content = 503, b""
            if any(f'filename="{name}"'.encode() in body for name in names):
                before_refusal()
            else:
                url, headers = f"{index.url}{self.path.removeprefix('/')}", dict(self.headers)
                found = httpx.request(self.command, url, content=body, headers=headers, trust_env=False)
                status, content = found.status_code, found.content
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield replace(index, url=f"http://127.0.0.1:{server.server_port}/")
        server.shutdown()


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def without_proxies() -> dict[str, str]:
    """Return the environment variables, without a proxy for this machine."""
    return {**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the server accepts requests."""
    end = time.monotonic() + START_TIMEOUT
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(httpx.TransportError):
            httpx.get(url, trust_env=False)
            return
        time.sleep(0.05)
    raise AssertionError(f"the index did not start:\n{log.read_text()}")
