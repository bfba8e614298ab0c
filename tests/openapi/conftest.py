"""Shared by the tests of the OpenAPI document: the document, lists of its parts, and reference resolution."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

METHODS = ("get", "put", "post", "delete", "patch")
Node = dict[str, Any]
PlacedNode = tuple[str, Node]


@dataclass(frozen=True)
class Api:
    """The document. Each list holds pairs of a place and the node there."""

    root: Node

    def resolve(self, node: Node) -> Node:
        """Return `node`, or the node that its `$ref` points to."""
        while "$ref" in node:
            target: Any = self.root
            for step in node["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            node = target
        return node

    def operations(self) -> list[PlacedNode]:
        """Return every operation with its operationId."""
        items = self.root["paths"].values()
        return [(item[method]["operationId"], item[method]) for item in items for method in METHODS if method in item]

    def schemas(self) -> list[PlacedNode]:
        """Return every named schema."""
        return list(self.root["components"]["schemas"].items())

    def properties(self) -> list[PlacedNode]:
        """Return every property of every named schema."""
        return [
            (f"{name}.{key}", each)
            for name, schema in self.schemas()
            for key, each in schema.get("properties", {}).items()
        ]

    def parameters(self) -> list[PlacedNode]:
        """Return every parameter of every operation and of every path."""
        items = [(path, item) for path, item in self.root["paths"].items()]
        holders = [*items, *self.operations()]
        return [
            (f"{where}.{self.resolve(each)['name']}", self.resolve(each))
            for where, holder in holders
            for each in holder.get("parameters", [])
        ]

    def errors(self) -> list[PlacedNode]:
        """Return every error response of every operation."""
        return [
            (f"{name}.{status}", self.resolve(response))
            for name, operation in self.operations()
            for status, response in operation["responses"].items()
            if status[0] in "45"
        ]

    def parts(self, node: object = None, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
        """Yield every node of the document with its place."""
        node = node if place else self.root
        yield place, node
        children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        for key, child in children:
            yield from self.parts(child, (*place, str(key)))


@pytest.fixture(scope="session")
def api() -> Api:
    """The document."""
    return Api(yaml.safe_load((Path(__file__).parents[2] / "openapi/contacts.yaml").read_bytes()))
