"""A local server that behaves like the documented Sendblue Contacts API.

`from sendblue_sandbox import Sandbox`. Importing this package loads no other module. Creating a `Sandbox` needs the
extra `sandbox`; without it, an `ImportError` names the command that installs it.
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

# Each public name and the module that defines it; the module is imported on first access.
_LAZY_IMPORTS = {
    "Clock": "clock",
    "Fault": "faults.fault",
    "Faults": "faults.rules",
    "Received": "recorder",
    "Sandbox": "sandbox",
    "run": "cli",
}


def __getattr__(name: str) -> object:
    if name not in _LAZY_IMPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_LAZY_IMPORTS[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY_IMPORTS})
