"""The pages for a person: `/` shows what is in the sandbox, `/docs` is the reference of the document.

Everything comes from this server: the policy of each page makes the browser refuse what does not. Swagger UI's files
come from a package whose Python is never imported.
"""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from sendblue_sandbox.api.document import METHODS, find

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from sendblue_sandbox.api.document import Node
    from sendblue_sandbox.config import PathLike
    from sendblue_sandbox.state import State

PAGE = Path(__file__).with_name("page.html")
FILES = "flask_swagger_ui"
MISSING = 'The reference page needs files that are not installed: pip install "sendblue-contacts[sandbox]"\n'
POLICY = (
    "default-src 'none'; connect-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "script-src 'self' {hashes}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
DOCS = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sendblue sandbox: API reference</title>
<link rel="icon" href="/docs/files/favicon-32x32.png">
<link rel="stylesheet" href="/docs/files/swagger-ui.css">
<style>
  body { margin: 0; }
  .swagger-ui .response-col_links { display: none; } /* The document has none, and a phone has no room. */
  nav { padding: 12px 20px; font: 15px/1.45 system-ui, sans-serif; }
  .dark-mode nav { color: #e4e6e6; } .dark-mode nav a { color: #6db1ff; }
</style>
</head>
<body>
<nav><a href="/">← What is in the sandbox</a> · <span id="credentials"></span></nav>
<main id="reference"></main>
<script src="/docs/files/swagger-ui-bundle.js"></script>
<script>
"use strict";
const FILLED = "“Try it out” goes to this very sandbox. The credentials are filled in: it takes any.";
const ASKED = "“Try it out” goes to this very sandbox. It takes one pair only: press Authorize and give both.";
const dark = matchMedia("(prefers-color-scheme: dark)");
const dress = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
const ask = async path => (await fetch(path)).json();

async function show() {
  const [spec, state] = await Promise.all([ask("/docs/openapi.json"), ask("/_sandbox/state")]);
  const any = state.settings.credentials === "any";
  document.getElementById("credentials").textContent = any ? FILLED : ASKED;
  const names = Object.keys(spec.components.securitySchemes);
  const fill = () => names.forEach(name => ui.preauthorizeApiKey(name, "sandbox"));
  const ui = SwaggerUIBundle({
    spec, domNode: document.getElementById("reference"), deepLinking: true, tryItOutEnabled: true,
    displayRequestDuration: true, showExtensions: true, defaultModelsExpandDepth: 0, validatorUrl: null,
    onComplete: () => any && fill(),
  });
}

dress();
dark.onchange = dress;
show();
</script>
</body>
</html>
"""


def routes(state: State) -> list[BaseRoute]:
    """The pages of one sandbox, and what they load."""
    return [
        Route("/", _html(PAGE.read_text(encoding="utf-8"))),
        *_reference(_files(), state.desk.settings.document),
    ]


def _reference(files: Path | None, document: PathLike | None) -> list[BaseRoute]:
    if files is None:
        return [Route("/docs", _missing)]
    return [
        Route("/docs", _html(DOCS)),
        Route("/docs/openapi.json", _openapi(find(document))),
        Mount("/docs/files", StaticFiles(directory=files)),
    ]


def _files() -> Path | None:
    found = find_spec(FILES)
    return Path(found.origin).parent / "dist" if found and found.origin else None


def _html(text: str) -> Callable[[Request], Awaitable[Response]]:
    headers = {"Content-Security-Policy": _policy(text), "Cache-Control": "no-cache"}

    async def page(_: Request) -> Response:
        return HTMLResponse(text, headers=headers)

    return page


def _policy(text: str) -> str:
    digests = [hashlib.sha256(script.encode()).digest() for script in SCRIPT.findall(text)]
    return POLICY.format(hashes=" ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests))


def _openapi(document: Path) -> Callable[[Request], Response]:
    # Read when it is asked for: most sandboxes are never looked at. In a thread, which is where Starlette runs what is
    # not async: reading takes 50 ms, in which others would have to wait.
    def openapi(request: Request) -> Response:
        root: Node = yaml.safe_load(document.read_bytes())
        here = {"url": str(request.base_url).rstrip("/"), "description": "This sandbox"}
        paths = {path: _handed_down(item) for path, item in root["paths"].items()}
        return JSONResponse({**root, "servers": [here], "paths": paths})

    return openapi


def _handed_down(item: Node) -> Node:
    # Swagger UI does not resolve references in the parameters of a path, but it does in those of an operation.
    shared = item.get("parameters", [])
    operations = {method: item[method] for method in METHODS if method in item}
    return {
        method: {**each, "parameters": [*shared, *each.get("parameters", [])]} for method, each in operations.items()
    }


async def _missing(_: Request) -> Response:
    return PlainTextResponse(MISSING, 503)
