"""The fixtures of `tests/transfer`, for the slow tests of imports."""

from tests.transfer.conftest import client, sandbox, write_rows

__all__ = ["client", "sandbox", "write_rows"]
