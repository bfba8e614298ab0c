"""A server on this machine that behaves as the documented Sendblue Contacts API does.

`from sendblue_sandbox import Sandbox`. Importing this package loads nothing; making a `Sandbox` needs the extra
`sandbox`, and says so.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._clock import Clock
    from ._command import run
    from ._fault import Fault
    from ._faults import Faults
    from ._requests import Received
    from ._sandbox import Sandbox

__all__ = ["Clock", "Fault", "Faults", "Received", "Sandbox", "run"]

# Each public name and the module it lives in; it is imported when it is asked for.
HOMES = {
    "Clock": "_clock",
    "Fault": "_fault",
    "Faults": "_faults",
    "Received": "_requests",
    "Sandbox": "_sandbox",
    "run": "_command",
}


def __getattr__(name: str) -> object:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *HOMES})
