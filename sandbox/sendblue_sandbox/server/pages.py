"""The pages: `/` shows the state of the sandbox, `/docs` is the API reference with "try it out".

All content comes from this server: the Content-Security-Policy of each page forbids anything else. The policy of `/`
also forbids scripts and styles inside HTML, and text that becomes HTML: the texts of contacts are those of strangers.
The files of Swagger UI come from a Python package that is located but never imported.
"""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from sendblue_sandbox.api.document import METHODS, find_document, load_document

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from sendblue_sandbox.api.document import SchemaNode
    from sendblue_sandbox.config import PathLike
    from sendblue_sandbox.state import SandboxState

PAGE_FILES = Path(__file__).with_name("page")
PAGE_INDEX = "index.html"
MEDIA_TYPES = {".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".svg": "image/svg+xml"}
PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; connect-src 'self'; img-src 'self'; style-src 'self'; script-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
REFERENCE_PAGE = Path(__file__).with_name("reference.html")
SWAGGER_UI_PACKAGE = "flask_swagger_ui"
NOT_INSTALLED = 'The API reference needs files that are not installed. Run: pip install "sendblue-contacts[sandbox]"\n'
POLICY = (
    "default-src 'none'; connect-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "script-src 'self' {hashes}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def page_routes(state: SandboxState) -> list[BaseRoute]:
    """Return the routes of the pages and of the files that they load."""
    return [
        Route("/", _page_file(PAGE_FILES / PAGE_INDEX)),
        *(Route(f"/_sandbox/page/{path.name}", _page_file(path)) for path in sorted(PAGE_FILES.iterdir())),
        *_reference_routes(_swagger_ui_folder(), state.context.settings.document),
    ]


def _page_file(path: Path) -> Callable[[Request], Awaitable[Response]]:
    async def file(_: Request) -> Response:
        return FileResponse(path, headers=PAGE_HEADERS, media_type=MEDIA_TYPES[path.suffix])

    return file


def _reference_routes(swagger_ui: Path | None, document: PathLike | None) -> list[BaseRoute]:
    if swagger_ui is None:
        return [Route("/docs", _not_installed)]
    return [
        Route("/docs", _page(REFERENCE_PAGE)),
        Route("/docs/openapi.json", _openapi(find_document(document))),
        Mount("/docs/files", StaticFiles(directory=swagger_ui)),
    ]


def _swagger_ui_folder() -> Path | None:
    found = find_spec(SWAGGER_UI_PACKAGE)
    return Path(found.origin).parent / "dist" if found and found.origin else None


def _page(path: Path) -> Callable[[Request], Awaitable[Response]]:
    text = path.read_text(encoding="utf-8")
    headers = {"Content-Security-Policy": _policy(text), "Cache-Control": "no-cache"}

    async def page(_: Request) -> Response:
        return HTMLResponse(text, headers=headers)

    return page


def _policy(text: str) -> str:
    digests = [hashlib.sha256(script.encode()).digest() for script in SCRIPT.findall(text)]
    return POLICY.format(hashes=" ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests))


def _openapi(document: Path) -> Callable[[Request], Response]:
    # Parsed on request, because most sandboxes never serve the reference. The function is not async, so that Starlette
    # runs it in a thread: parsing takes 50 ms, which would delay other requests.
    def openapi(request: Request) -> Response:
        root = load_document(document)
        server = {"url": str(request.base_url).rstrip("/"), "description": "This sandbox"}
        paths = {path: _with_shared_parameters(item) for path, item in root["paths"].items()}
        return JSONResponse({**root, "servers": [server], "paths": paths})

    return openapi


def _with_shared_parameters(item: SchemaNode) -> SchemaNode:
    # Swagger UI resolves references in the parameters of an operation, but not in those of a path.
    shared = item.get("parameters", [])
    operations = {method: item[method] for method in METHODS if method in item}
    return {
        method: {**operation, "parameters": [*shared, *operation.get("parameters", [])]}
        for method, operation in operations.items()
    }


async def _not_installed(_: Request) -> Response:
    return PlainTextResponse(NOT_INSTALLED, 503)
