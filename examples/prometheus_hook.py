"""A hook that counts attempts and measures waits for Prometheus. Use it with `Sendblue(on_attempt=measure)`."""

from prometheus_client import Counter, Histogram
from sendblue_contacts import Attempt

attempts = Counter("sendblue_attempts", "HTTP attempts", ["operation", "outcome"])
waits = Histogram("sendblue_wait_seconds", "Waits for a slot of the rate limit", buckets=[0.1, 1, 10])


def measure(attempt: Attempt) -> None:
    """Count an attempt, and record its wait."""
    attempts.labels(attempt.operation, attempt.status or attempt.error).inc()
    waits.observe(attempt.waited)
