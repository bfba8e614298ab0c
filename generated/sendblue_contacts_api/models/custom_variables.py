"""CustomVariables: a JSON object whose keys are not known beforehand, a plain dict in Python."""

from typing import TypeAlias

CustomVariables: TypeAlias = dict[str, str]
