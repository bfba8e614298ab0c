"""The fixtures of the quick tests of the command line."""

from tests.cli.conftest import account, no_settings, process, run

__all__ = ["account", "no_settings", "process", "run"]
