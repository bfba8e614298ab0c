"""An extension of griffe, which reads docstrings for the Python reference: an example in one is code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from griffe import Extension

if TYPE_CHECKING:
    from griffe import Object

_EXAMPLE = re.compile(r"^( *)Example:\n((?:\1 +.*(?:\n|$)|\n)+)", re.MULTILINE)


class Examples(Extension):
    """Turns the text below `Example:` into a code block."""

    def on_object(self, *, obj: Object, **_: Any) -> None:  # noqa: ANN401  # griffe's signature
        """Change the docstring of an object after it was read."""
        if obj.docstring:
            obj.docstring.value = _EXAMPLE.sub(_fenced, obj.docstring.value)


def _fenced(found: re.Match[str]) -> str:
    indent = found[1] + " " * 4
    return f"{found[1]}Example:\n{indent}```python\n{found[2].rstrip()}\n{indent}```\n"
