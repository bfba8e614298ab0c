"""The kinds of clients that the contract tests run with, and how they are distributed over cases."""

import os
from collections.abc import Iterable
from itertools import cycle
from typing import Any

import pytest

RECORD = "SENDBLUE_CONTRACT_RECORD"
"""tests/slow/external/test_prism.py runs these tests for the requests that they send."""
HAR = "SENDBLUE_CONTRACT_HAR"
"""tests/slow/external/test_drift.py runs these tests for what goes over the transport, both ways."""

# A recorded run needs every case, and records the sync client.
KINDS = ("sync",) if {RECORD, HAR} & set(os.environ) else ("sync", "asyncio", "trio")


def one_kind(kind: str) -> pytest.MarkDecorator:
    """Run a test with one kind of client only, because the kind cannot matter."""
    return pytest.mark.parametrize("driver", [kind if kind in KINDS else KINDS[0]], indirect=True)


def each_with_one_kind(names: str, cases: Iterable[Any] | dict[str, Any]) -> pytest.MarkDecorator:
    """Parametrize a test with cases, each of them with one kind of client, in turn.

    Args:
        names: The names of the arguments, separated by commas.
        cases: A value, or a tuple of values, for each case; the keys of a mapping become ids.
    """
    named = cases.items() if isinstance(cases, dict) else ((None, case) for case in cases)
    single = "," not in names
    return pytest.mark.parametrize(
        f"driver,{names}",
        [
            pytest.param(kind, *([case] if single else case), id=name and f"{kind}-{name}")
            for kind, (name, case) in zip(cycle(KINDS), named, strict=False)
        ],
        indirect=["driver"],
    )
