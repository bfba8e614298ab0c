"""A server on this machine that behaves as the documented Sendblue Contacts API does.

`from sendblue_sandbox import Sandbox`. Importing this package loads nothing; making a `Sandbox` needs the extra
`sandbox`, and says so.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .cli import run
    from .clock import Clock
    from .faults.fault import Fault
    from .faults.rules import Faults
    from .recorder import Received
    from .sandbox import Sandbox

__all__ = ["Clock", "Fault", "Faults", "Received", "Sandbox", "run"]

# Each public name and the module it lives in; it is imported when it is asked for.
HOMES = {
    "Clock": "clock",
    "Fault": "faults.fault",
    "Faults": "faults.rules",
    "Received": "recorder",
    "Sandbox": "sandbox",
    "run": "cli",
}


def __getattr__(name: str) -> object:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *HOMES})
