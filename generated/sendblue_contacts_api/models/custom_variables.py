"""CustomVariables: a JSON object with arbitrary keys, a plain dict in Python."""

from typing import TypeAlias

CustomVariables: TypeAlias = dict[str, str]
