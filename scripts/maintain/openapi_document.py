"""The OpenAPI document, read as plain JSON data, and every problem in it with its location.

A location is the file, the line and the path, as in `openapi/contacts.yaml:123: paths./api/v2/contacts.get: …`.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import yaml

from maintain.shortening import shortened

# The validator would use its other backend if that is installed, with different messages.
os.environ["OPENAPI_SPEC_VALIDATOR_SCHEMA_VALIDATOR_BACKEND"] = "jsonschema"

from openapi_spec_validator import OpenAPIV31SpecValidator  # after the backend is set

from maintain.json_pointer import at, follow

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Iterator

    from jsonschema.exceptions import ValidationError

Path = tuple[str | int, ...]
METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
MAX_PROBLEMS = 20
MISSING = "does not exist"
ELSEWHERE = "is in another file; copy it to components, and refer to it with #/components/…"


class DocumentError(Exception):
    """The document is invalid; the text has one line for each problem, with its location."""


class Loader(yaml.CSafeLoader):
    """YAML with the types of JSON: the core schema of YAML 1.2 (no dates, no `yes`), text keys, no duplicate keys."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - an attribute of PyYAML's class

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: ARG002, FBT001, FBT002 - PyYAML's signature
        """Return the mapping of `node`."""
        mapping: dict[str, object] = {}
        for key, value in node.value:
            if key.value in mapping:
                raise yaml.MarkedYAMLError(problem=f"duplicate key {key.value!r}", problem_mark=key.start_mark)
            mapping[key.value] = self.construct_object(value, deep=True)
        return mapping


for tag, pattern, first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
):
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(rf"(?:{pattern})\Z"), first)
Loader.add_constructor("tag:yaml.org,2002:int", lambda _loader, node: int(cast("str", node.value)))


@dataclass(frozen=True)
class Document:
    """A YAML document: its data, and the line of each part."""

    name: str
    text: str
    data: dict[str, Any]

    @cached_property
    def root(self) -> yaml.Node | None:
        """The YAML nodes with their positions; parsed only if there is a problem."""
        return yaml.compose(self.text, Loader)

    def location(self, path: Path) -> str:
        """Return `name:line: path` for the nearest part of `path` that exists."""
        node, line = self.root, 1
        for step in path:
            found = _child(node, step)
            if found is None:
                break
            node, line = found
        return f"{self.name}:{line}: {'.'.join(map(str, path)) or 'document'}"

    def operations(self) -> Iterator[tuple[str, str]]:
        """Yield the path and the method of each operation."""
        for url, item in self.data.get("paths", {}).items():
            yield from ((url, method) for method in item if method in METHODS)

    def mentioned(self, text: str) -> Path:
        """Return the path of the operation or component that the message `text` names; () if it names none."""
        for url, method in self.operations():
            if re.search(rf"(?i)\b{method}\b", text) and re.search(rf"{re.escape(url)}(?![\w/{{])", text):
                return ("paths", url, method)
        component = re.search(r"/components/(\w+)/([\w.-]+)", text)
        return ("components", *component.groups()) if component else ()


def _child(node: yaml.Node | None, step: str | int) -> tuple[yaml.Node, int] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((value, key.start_mark.line + 1) for key, value in node.value if key.value == str(step)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step].start_mark.line + 1
    return None


def read(path: pathlib.Path, name: str) -> Document:
    """Read the document at `path`; messages use `name` for it.

    Raises:
        DocumentError: It is not YAML, or not a mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
        data = yaml.load(text, Loader)  # noqa: S506 - Loader is a safe loader
    except (OSError, UnicodeDecodeError) as error:
        raise DocumentError(f"{name}: {error}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise DocumentError(f"{name}:{line}: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise DocumentError(f"{name}:1: {error}") from error
    if not isinstance(data, dict):
        raise DocumentError(f"{name}:1: the document must be a mapping with `openapi`, `info` and `paths`")
    return Document(name, text, data)


def validate(document: Document) -> None:
    """Raise DocumentError unless `document` is valid OpenAPI 3.1 and all its references can be resolved."""
    problems = list(dict.fromkeys(_problems(document)))
    if problems:
        raise DocumentError("\n".join(shortened(problems, MAX_PROBLEMS)))


def _problems(document: Document) -> list[str]:
    references = [(path, str(value)) for path, value in _parts(document.data, ()) if path[-1:] == ("$ref",)]
    dangling = [
        f"{document.location(path)}: {value} {MISSING if value.startswith('#/') else ELSEWHERE}"
        for path, value in references
        if not value.startswith("#/") or at(document.data, value) is None
    ]
    # The validator resolves references, and raises another exception if it cannot.
    return dangling or [
        f"{document.location(_path(document, error))}: {error.message}"
        for error in OpenAPIV31SpecValidator(document.data).iter_errors()
    ]


def _parts(value: object, path: Path) -> Iterator[tuple[Path, object]]:
    yield path, value
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from _parts(child, (*path, key))


def _path(document: Document, error: ValidationError) -> Path:
    """Return the path of `error`; the validator reports it relative to the schema that it checked, or not at all."""
    path = tuple(error.absolute_path)
    if not path:
        return document.mentioned(error.message) or _last_named(document, error.message)
    holders = (start for start, value in _parts(document.data, ()) if follow(value, path) is error.instance)
    return (*next(holders, ()), *path)


def _last_named(document: Document, message: str) -> Path:
    names = re.findall(r"'([^']*)'", message)
    paths = [path for path, value in _parts(document.data, ()) if names and value == names[-1]]
    return paths[-1] if paths else ()
