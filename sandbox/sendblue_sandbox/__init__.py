"""A server on this machine that behaves as the documented Sendblue Contacts API does.

`from sendblue_sandbox import Sandbox`. Importing this package needs nothing but Python; making a `Sandbox` needs the
extra `sandbox`, and says so.
"""

from ._command import run
from ._requests import Received
from ._sandbox import Sandbox

__all__ = ["Received", "Sandbox", "run"]
