"""Callers of a limiter that a test resumes one by one, in a time and an order that it chooses.

Each caller is the coroutine of the limiter itself, without an event loop. It is suspended where it waits, until
the test resumes it. So every order in which threads and tasks may be scheduled can be
tested, and a lost wake-up is visible at once: a caller is suspended that could continue.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sendblue_contacts.rate_limit import RateLimit, RateLimiter, Slot
from sendblue_contacts.rate_limit.wait_queue import AsyncWaiter

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator

MAX_RESUMES = 10_000
"""After so many steps without a change of the time, the test fails."""


class CancelledError(BaseException):
    """The task of a caller is cancelled."""


class Waiting:
    """A caller is suspended because it waits.

    Attributes:
        seconds: The timeout of the wait; None for no timeout.
    """

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds

    def __await__(self) -> Generator[Any, None, None]:
        yield self


class SteppedWaiter(AsyncWaiter):
    """The waiter of a stepped caller."""

    def __init__(self) -> None:
        self.woken = False
        self.is_dead = False

    def clear(self) -> None:
        """Discard an earlier `wake`."""
        self.woken = False

    def wake(self) -> None:
        """Let the caller continue when the test resumes it."""
        if self.is_dead:
            raise RuntimeError("Event loop is closed")
        self.woken = True

    async def wait(self, seconds: float | None) -> None:
        """Suspend the caller."""
        await Waiting(seconds)


class SteppedCaller:
    """One caller.

    Attributes:
        slot: The slot that it acquires.
        waiter: Its waiter, once it is in the wait queue.
        suspended: Where it is suspended; None when it has finished.
        due: When its timer expires, in true time; infinity if it has none.
        error: The exception that it raised.
    """

    def __init__(self, callers: Callers, slot: Slot) -> None:
        self.slot = slot
        self.waiter: SteppedWaiter | None = None
        self.suspended: Waiting | None = None
        self.due = math.inf
        self.error: BaseException | None = None
        self._callers = callers
        self._limiter = callers.limiter
        self._coroutine: Coroutine[Any, None, Slot] = slot.__aenter__()

    @property
    def is_served(self) -> bool:
        """Whether it holds its slot."""
        return self.suspended is None and self.error is None

    @property
    def is_ready(self) -> bool:
        """Whether it was woken, or its timer has expired."""
        if self.suspended is None or self.waiter is None or self.waiter.is_dead:
            return False
        return self.waiter.woken or self.due <= self._callers.now

    def resume(self) -> None:
        """Continue until it is suspended again, or has finished."""
        self._run(lambda: self._coroutine.send(None))

    def cancel(self) -> None:
        """Cancel its task."""
        self._run(lambda: self._coroutine.throw(CancelledError()))

    def garbage_collect(self) -> None:
        """Close its coroutine, as the garbage collector does."""
        self._coroutine.close()

    def release(self) -> None:
        """Release the slot."""
        try:
            self.slot.__aexit__(None, None, None).send(None)
        except StopIteration:
            return
        raise AssertionError("a release does not wait for the store")

    def _run(self, step: Callable[[], Any]) -> None:
        self._callers.running = self
        try:
            self.suspended = step()
        except StopIteration:
            self.suspended = None
        except (Exception, CancelledError) as error:  # noqa: BLE001  # the test inspects it
            self.suspended, self.error = None, error
        finally:
            self._callers.running = None
        self.due = self._callers.due_after(self.suspended.seconds if self.suspended else None)


class Callers:
    """The callers of one limiter, and their time.

    Attributes:
        now: The true time.
        clock_offset: How far the clock of the limiter is ahead of it.
        suspended: The callers that are suspended, in the order of their arrival.
        running: The caller that is running.
    """

    def __init__(self, rate: RateLimit) -> None:
        self.now = 1000.0
        self.clock_offset = 0.0
        self.suspended: list[SteppedCaller] = []
        self.running: SteppedCaller | None = None
        self.limiter = RateLimiter(rate, clock=self.clock, async_waiter=self._waiter)

    def clock(self) -> float:
        """The time of the limiter."""
        return self.now + self.clock_offset

    def due_after(self, seconds: float | None) -> float:
        """The time when a timer expires. It is later than now, however short the timer is."""
        if seconds is None:
            return math.inf
        return max(self.now + seconds, math.nextafter(self.now, math.inf)) if seconds else self.now

    def _waiter(self) -> SteppedWaiter:
        waiter = SteppedWaiter()
        if self.running:
            self.running.waiter = waiter
        return waiter

    def arrive(
        self, *, bulk: bool = False, max_wait: float | None = None, freeze_timeout: float | None = None
    ) -> SteppedCaller:
        """One more caller, which runs until it is suspended."""
        slot = self.limiter.slot(bulk=bulk, max_wait=max_wait, freeze_timeout=freeze_timeout)
        caller = SteppedCaller(self, slot)
        caller.resume()
        if caller.suspended:
            self.suspended.append(caller)
        return caller

    def arrive_served(self, *, bulk: bool = False) -> SteppedCaller:
        """One more caller, for which a slot is free."""
        caller = self.arrive(bulk=bulk)
        assert caller.is_served
        return caller

    def run_ready(
        self, choose: Callable[[list[SteppedCaller]], SteppedCaller] = lambda ready: ready[0]
    ) -> list[SteppedCaller]:
        """Resume all callers that are ready, in the order of `choose`; returns those that finished."""
        finished: list[SteppedCaller] = []
        for _ in range(MAX_RESUMES):
            ready = [caller for caller in self.suspended if caller.is_ready]
            if not ready:
                return finished
            caller = choose(ready)
            caller.resume()
            if caller.suspended is None:
                self.suspended.remove(caller)
                finished.append(caller)
        raise AssertionError("the callers wake one another without end")

    def run_until(self, now: float) -> list[SteppedCaller]:
        """Let time pass, and resume all callers when their timers expire; returns those that finished."""
        finished = self.run_ready()
        while (due := self.next_due()) <= now:
            self.now = max(self.now, due)
            finished += self.run_ready()
        self.now = now
        return finished + self.run_ready()

    def next_due(self) -> float:
        """When the next timer expires."""
        alive = (caller for caller in self.suspended if caller.waiter and not caller.waiter.is_dead)
        return min((caller.due for caller in alive), default=math.inf)

    def close(self) -> None:
        """End all callers."""
        for caller in self.suspended:
            caller.garbage_collect()
