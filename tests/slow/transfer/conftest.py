"""The fixtures of `tests/transfer` and of the command line, for the slow tests of imports and exports."""

from tests.cli.conftest import account, no_settings
from tests.transfer.conftest import client, sandbox, state, write_rows

__all__ = ["account", "client", "no_settings", "sandbox", "state", "write_rows"]
