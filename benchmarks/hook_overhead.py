"""What a hook that does nothing adds to a retrieve, against a stub server on the loopback interface.

Two clients, without and with `on_attempt`, take turns after each call, so that a slow phase of the machine affects both
of them. Of each, the fastest tenth of the calls counts: the others were interrupted by other processes.
"""

from __future__ import annotations

import runpy
import tempfile
import time
from pathlib import Path
from statistics import mean

from sendblue_contacts import Attempt, RateLimit, Sendblue

NUMBER = "+14155551234"
CALLS = 5_000
TARGET = 1.02
NEVER_WAITS = RateLimit(10_000, per=0.001)


def do_nothing(_: Attempt) -> None:
    """Stand for a hook."""


def main() -> int:
    """Print the table. The status is 1 if the target is missed."""
    call_overhead = runpy.run_path(str(Path(__file__).parent / "call_overhead.py"))
    with tempfile.TemporaryDirectory() as folder:
        call_overhead["write_responses"](Path(folder))
        with call_overhead["stub"](Path(folder)) as url:
            without, hooked = measure(f"{url}/one")
    ratio = hooked / without
    print(f"{CALLS} retrieves each, the fastest tenth, in microseconds")
    print(f"{'without':>10}{'with':>10}{'ratio':>9}{'target':>9}")
    print(f"{without:>10.1f}{hooked:>10.1f}{ratio:>9.3f}{f'<= {TARGET}':>9}{'' if ratio <= TARGET else '  MISSED'}")
    return int(ratio > TARGET)


def measure(url: str) -> tuple[float, float]:
    """Return the time of a retrieve without and with the hook."""
    clients = [
        Sendblue("key", "secret", base_url=url, rate_limit=NEVER_WAITS, on_attempt=hook) for hook in (None, do_nothing)
    ]
    times: tuple[list[int], list[int]] = [], []
    for _ in range(CALLS):
        for client, measured in zip(clients, times, strict=True):
            started = time.perf_counter_ns()
            client.contacts.retrieve(NUMBER)
            measured.append(time.perf_counter_ns() - started)
    without, hooked = (mean(sorted(measured)[: CALLS // 10]) / 1000 for measured in times)
    return without, hooked
