"""Rate limit, the waiting. First come, first served; one timer for each lane, no polling.

Who finds no slot stands in a line. Only the head of a lane watches the clock; it is woken when the window changes, and
when it leaves, it wakes the next. The window decides everything else. Threads and tasks stand in the same line. With a
shared store, whoever has a slot of the window asks the store for one too before he leaves the line; the window beneath
it knows what this process sent, whatever happens to the store.

A task whose event loop is closed without letting it go keeps its place until the next one comes or a slot is given
back: nothing tells that it is dead.
"""

from __future__ import annotations

import hashlib
import logging
import math
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from sendblue_contacts.errors import NO_REQUEST, RateLimitError, RateLimitStoreError

from . import forks
from .agreement import Agreement
from .line import Line
from .rate import RateLimit
from .slot import Ask, Slot, Wait
from .statistics import RateLimitStatistics
from .stores import Question, Verb, open_store
from .turns import AsyncTurn, ThreadTurn
from .window import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from .slot import Said, Steps
    from .stores import Store
    from .turns import Turn

AnyStep = TypeVar("AnyStep")

_LOG = logging.getLogger("sendblue_contacts")
_WORTH_SAYING = 1.0
_TOO_MANY = 429
_GOODBYE = 5.0
"""Seconds for which a cancelled task still tells the store that its slot is free."""
_LONGEST_FREEZE = 86_400.0
"""Seconds of a `Retry-After` that are believed: more is milliseconds, or a mistake, and no clock could tell its end."""


class RateLimiter:
    """Never lets more than `limit` requests arrive in any `per` seconds, among all that share it.

    Clients of one account in one process share a limiter by themselves; hand one over as `rate_limit=` to share it
    further, or use it alone to guard other code that calls the same account:

        with client.rate_limit.slot():  # or: async with client.rate_limit.slot():
            call_the_api()

    Threads and tasks share it as it is; processes and machines do where the `store` of the rate says so. Without a
    shared store a new process does not know what the last one sent.

    Args:
        rate: The limit; None for a limiter that never waits and only counts.
        account: Tells accounts apart that use the same store; any text, such as a hash of the key.
        clock: Tells the time in seconds.
        thread_turn: Makes the turn on which a thread waits.
        async_turn: Makes the turn on which a task waits.
        store: A store, in place of the one that `rate` names.

    Raises:
        ValueError: The store's address is none.
        RateLimitStoreError: The store cannot be used from here.
    """

    def __init__(
        self,
        rate: RateLimit | None = RateLimit(),  # noqa: B008  # frozen, so that one object can serve all
        *,
        account: str = "",
        clock: Callable[[], float] = time.monotonic,
        thread_turn: Callable[[], ThreadTurn] = ThreadTurn,
        async_turn: Callable[[], AsyncTurn] = AsyncTurn,
        store: Store | None = None,
    ) -> None:
        self.rate = rate
        self._clock = clock
        self._thread_turn = thread_turn
        self._async_turn = async_turn
        self._window = Window(rate or RateLimit())
        self._line = Line(self._window)
        self._store = store or (open_store(rate.store or "memory", account, rate) if rate else None)
        self._agreement = Agreement(self._store, self._window.rate, clock) if self._store else None
        # Reentrant, for the garbage collector may end an abandoned wait in a thread that is just inside.
        self._lock = threading.RLock()
        self._era = object()  # another after a fork: what the parent holds is not for the child to give back
        self._requests = self._refusals = self._unlimited_in_flight = 0
        self._total_waited = self._longest_wait = 0.0
        forks.watch(self)

    def __repr__(self) -> str:
        return f"RateLimiter({self.rate!r})"

    def slot(self, *, bulk: bool = False, max_wait: float | None = None, patience: float | None = None) -> Slot:
        """A slot for one request, to be used with `with` or `async with`; it is waited for where the block begins.

        Args:
            bulk: Whether it is for bulk work, which is paced and leaves the reserve to others.
            max_wait: Seconds that are acceptable as a wait; None for however long it takes.
            patience: Seconds for which a server that refuses everybody, or a store that is away, is waited for.

        Raises:
            RateLimitError: At the beginning of the block: the wait is longer than allowed. Nothing was sent.
            RateLimitStoreError: At the beginning of the block: the store cannot be used. Nothing was sent.
            ValueError: `max_wait` or `patience` is no number of seconds.
        """
        if max_wait is not None or patience is not None:
            _check_waits(max_wait=max_wait, patience=patience)
        return Slot(self, bulk, max_wait, patience)

    def acquire(self, slot: Slot) -> None:
        """Take the slot, waiting if need be. A block does it by itself."""
        if self._take_at_once(slot):
            return
        steps = self._steps(slot, self._thread_turn)
        try:
            step = next(steps, None)
            while step is not None:
                step = _following(steps, step.now())
        except BaseException:
            steps.close()
            _tell(slot.farewell(Verb.CANCEL))
            raise

    async def async_acquire(self, slot: Slot) -> None:
        """As `acquire`, for tasks. A task that is cancelled while it waits leaves no trace."""
        if self._take_at_once(slot):
            return
        steps = self._steps(slot, self._async_turn)
        try:
            step = next(steps, None)
            while step is not None:
                step = _following(steps, await step.soon())
        except BaseException as error:
            steps.close()
            if not isinstance(error, GeneratorExit):  # collected as garbage: nobody can be told from here
                await _async_tell(slot.farewell(Verb.CANCEL))
            raise

    def release(self, slot: Slot) -> None:
        """Give the slot back: the response is there, or the request is given up. A block does it by itself."""
        if self._give_back(slot) and self._agreement:
            _tell(slot.farewell(Verb.GIVE_BACK))

    async def async_release(self, slot: Slot) -> None:
        """As `release`, for tasks."""
        if self._give_back(slot) and self._agreement:
            await _async_tell(slot.farewell(Verb.GIVE_BACK))

    def refused(self, retry_after: float | None = None) -> None:
        """The server answered 429: nobody gets a slot for so many seconds, or for one window where it said nothing.

        Everybody who shares the limit is told. The first of the seconds is the one in which this is called.
        """
        _tell(self._freeze(retry_after))

    async def async_refused(self, retry_after: float | None = None) -> None:
        """As `refused`, for tasks."""
        await _async_tell(self._freeze(retry_after))

    def frozen_for(self) -> float:
        """Seconds until the server lets anybody send again; 0 for now."""
        return max(0.0, self._window.frozen_until - self._clock()) if self.rate else 0.0

    def statistics(self) -> RateLimitStatistics:
        """How the limiter stands now."""
        with self._lock:
            rate, frozen = self.rate, self.frozen_for()
            asking = self._line.asking_for_slots
            return RateLimitStatistics(
                limit=rate.limit if rate else None,
                in_flight=self._window.in_flight - asking if rate else self._unlimited_in_flight,
                waiting=self._line.length,
                free=self._window.free(self._clock()) if rate else None,
                frozen_until=datetime.now(UTC) + timedelta(seconds=frozen) if frozen else None,
                requests=self._requests - asking,
                total_waited=self._total_waited,
                longest_wait=self._longest_wait,
                refusals=self._refusals,
            )

    def after_fork(self) -> None:
        """In the child of a fork: what the parent has in flight is not ours, and its waiting threads are not here."""
        self._lock = threading.RLock()
        self._era = object()
        self._line.clear()
        self._window.give_up_all(self._clock())
        self._unlimited_in_flight = 0
        if self._agreement:
            self._agreement.after_fork()
        elif self.rate and self._requests:
            _LOG.warning("forked: parent and child keep the rate limit each for itself; a file store would share it")

    # --- steps to a slot

    def _take_at_once(self, slot: Slot) -> bool:
        with self._lock:
            if self.rate is None:
                self._unlimited_in_flight += 1
                self._requests += 1
                slot.era = self._era
                return True
            return self._agreement is None and self._take_if_open(slot)

    def _take_if_open(self, slot: Slot) -> bool:
        now = self._clock()
        if self._line.length and not self._line.is_open(now, bulk=slot.bulk):
            return False
        return self._take(slot, now)

    def _take(self, slot: Slot, now: float) -> bool:
        since = self._window.take(now, bulk=slot.bulk)
        if since is None:
            return False
        slot.free_since, slot.era = since, self._era
        self._requests += 1
        return True

    def _steps(self, slot: Slot, make_turn: Callable[[], Turn]) -> Steps:
        """What has to be done until the slot is there: waiting, and asking the store."""
        started = self._clock()
        said, settled = None, False
        try:
            if self._agreement and self._start_asking(slot):
                try:
                    said = yield self._agreement.question(slot)
                    settled = self._agreement.is_settled(slot, said)
                finally:
                    self._stop_asking(slot)
            if settled:
                self._count_wait(slot, started)
                if slot.waited > _WORTH_SAYING:
                    _LOG.info("waited %.1f s for the store of the rate limit", slot.waited)
            else:
                yield from self._steps_in_line(slot, make_turn(), started, said)
        except BaseException:
            self._cancel(slot)
            raise

    def _steps_in_line(self, slot: Slot, turn: Turn, started: float, said: Said) -> Steps:
        turn.bulk, turn.has_slot = slot.bulk, said is not None
        try:
            self._join(turn, started)
            while not self._has_slot(slot, turn):
                yield Wait(turn, self._seconds_left(slot, turn, started))
            if self._agreement:
                yield from self._steps_with_store(self._agreement, slot, turn, started, said)
        finally:
            self._leave(turn)
            self._count_wait(slot, started)
        if slot.waited > _WORTH_SAYING:
            turn.say_once(_LOG, slot.waited)  # it turned out so

    def _steps_with_store(self, agreement: Agreement, slot: Slot, turn: Turn, started: float, said: Said) -> Steps:
        steps = agreement.steps(slot, self._window, started, said)
        step = next(steps, None)
        while step is not None:
            if isinstance(step, Ask):
                step = _following(steps, (yield step))
            else:
                turn.clear()
                yield Wait(turn, self._allowed(step, slot, turn, started))
                step = _following(steps)

    def _join(self, turn: Turn, now: float) -> None:
        with self._lock:
            self._line.join(turn)
            # A slot is free, and a head sleeps on: its event loop may have been closed, or this one was put before it.
            if self._window.free_from(bulk=turn.bulk) <= now:
                self._line.wake_next()

    def _start_asking(self, slot: Slot) -> bool:
        """Take a slot of the window, if one is free and nobody else of this lane asks the store at this time.

        Who does not wait at all cannot stand in line until the other has his answer, and asks at the same time.
        """
        with self._lock:
            may_ask = slot.max_wait == 0 or not self._line.asking[slot.bulk]
            taken = may_ask and self._take_if_open(slot)
            self._line.asking[slot.bulk] += taken
            return taken

    def _stop_asking(self, slot: Slot) -> None:
        with self._lock:
            self._line.asking[slot.bulk] -= 1
            if self._line.length:
                self._line.wake_next()

    def _has_slot(self, slot: Slot, turn: Turn) -> bool:
        with self._lock:
            turn.clear()
            now = self._clock()
            if not turn.has_slot and self._line.is_next(turn, now) and self._take(slot, now):
                turn.has_slot = True
                if self._agreement:
                    self._line.wake_next()  # the other lane need not wait until the store has answered
            return turn.has_slot

    def _cancel(self, slot: Slot) -> None:
        """Nothing is sent: the slot of the window is as it was."""
        with self._lock:
            if slot.era is self._era:
                self._requests -= 1
                self._window.cancel(slot.free_since, bulk=slot.bulk)
                slot.era = None
                self._line.wake_next()

    def _seconds_left(self, slot: Slot, turn: Turn, started: float) -> float | None:
        """Seconds for which this one has to wait before it looks again; None: until it is woken."""
        with self._lock:
            now = self._clock()
            earliest = self._window.earliest(self._line.place(turn), now, bulk=slot.bulk)
            first = self._line.is_next(turn, now)
            free_from = self._window.free_from(bulk=slot.bulk) if first else math.inf
        self._allowed(earliest - now, slot, turn, started)
        left = self._left(slot, started)
        wait = min(max(0.0, free_from - now), left)
        return None if wait == math.inf else wait

    def _left(self, slot: Slot, started: float) -> float:
        return math.inf if slot.max_wait is None else max(0.0, slot.max_wait - (self._clock() - started))

    def _allowed(self, wait: float, slot: Slot, turn: Turn, started: float) -> float:
        """A wait of so many seconds, if the caller agrees to it."""
        frozen = self.frozen_for()
        if slot.patience is not None and frozen >= slot.patience:
            raise too_long(
                frozen, f"the server asked everybody of this account to wait {frozen:.0f} s more; nothing was sent"
            )
        left = self._left(slot, started)
        if wait > left or left <= 0:
            at_best = f"a slot of the rate limit is free in {wait:.1f} s at the earliest"
            raise too_long(wait, f"{at_best}, and max_wait is {slot.max_wait:g} s; nothing was sent")
        if wait + self._clock() - started > _WORTH_SAYING:
            turn.say_once(_LOG, wait)
        return wait

    def _leave(self, turn: Turn) -> None:
        with self._lock:
            self._line.leave(turn)
            self._line.wake_next()

    def _count_wait(self, slot: Slot, started: float) -> None:
        """Also of one who never stood in line: a store that is slow to answer is a wait too."""
        with self._lock:
            slot.waited = self._clock() - started
            self._total_waited += slot.waited
            self._longest_wait = max(self._longest_wait, slot.waited)

    def _give_back(self, slot: Slot) -> bool:
        """Give it back, if it is there to be given back: once, and by the process that took it."""
        with self._lock:
            if slot.era is not self._era:
                return False
            slot.era = None
            if self.rate is None:
                self._unlimited_in_flight -= 1
                return True
            self._window.give_back(self._clock(), bulk=slot.bulk)
            if self._line.length:
                self._line.wake_next()
            return True

    def _freeze(self, retry_after: float | None) -> Ask | None:
        with self._lock:
            self._refusals += 1
            if self.rate is None:
                return None
            pause = self.rate.per if retry_after is None else min(retry_after, _LONGEST_FREEZE)
            longer = pause - self.frozen_for()
            self._window.freeze(self._clock() + pause)
            if longer > _WORTH_SAYING:
                self._line.wake_all()  # whoever does not want to wait that long may give up
        return Ask(self._store, Question(Verb.FREEZE, seconds=pause)) if self._store else None


def too_long(seconds: float, why: str) -> RateLimitError:
    """The error for a wait that is longer than the caller allows. Nothing was sent."""
    error = RateLimitError(why, request=NO_REQUEST, attempts=0)
    error.status_code, error.retry_after = _TOO_MANY, seconds
    return error


def _check_waits(**waits: Any) -> None:  # noqa: ANN401  # what they are, is what is checked
    for name, seconds in waits.items():
        is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
        if seconds is not None and not (is_number and seconds >= 0):
            message = f"{name} must be a number of seconds, 0 or more, or None; not {seconds!r}"
            raise ValueError(message)


def _following(steps: Generator[AnyStep, Said, None], said: Said = None) -> AnyStep | None:
    try:
        return steps.send(said)
    except StopIteration:
        return None


def _tell(ask: Ask | None) -> None:
    """Tell the store something that needs no answer. What it does not hear is told before the next question."""
    if ask:
        with suppress(RateLimitStoreError):  # the next who asks will hear of it; this one has his response
            ask.now()


async def _async_tell(ask: Ask | None) -> None:
    if not ask or ask.store.at_once:
        _tell(ask)
        return
    import anyio  # noqa: PLC0415  # only the async client pays for it

    with anyio.move_on_after(_GOODBYE, shield=True), suppress(RateLimitStoreError):
        await ask.soon()


class _Shared:
    """The limiters of this process."""

    def __init__(self) -> None:
        self.limiters: dict[tuple[str, str | None, int, float], RateLimiter] = {}
        self.lock = threading.Lock()

    def after_fork(self) -> None:
        """A thread of the parent may have the lock."""
        self.lock = threading.Lock()


_SHARED = _Shared()
_TWO_LIMITS = (
    "this process keeps the limit of this account already, otherwise than %r: together they may send more than either "
    "allows; give all clients of an account the same rate_limit=, or the rate_limit of the first one"
)
_OTHER_SETTINGS = (
    "clients of one account share their limit and its settings, which are %r here, and not %r; "
    "give all of them the same rate_limit="
)


def shared(api_key: str, host: str, rate: RateLimit) -> RateLimiter:
    """The limiter of this account on this host, the same one for every client in this process.

    It is kept for as long as the process lives: a client that is made after another was closed must know what that
    one sent. Accounts are told apart by a hash of their key, never by the key. The other settings of the rate are those
    of the client that came first: two windows would let through twice the limit.
    """
    account = hashlib.sha256(f"{host}\n{api_key}".encode()).hexdigest()
    key = account, rate.store, rate.limit, rate.per
    forks.watch(_SHARED)
    with _SHARED.lock:
        if key not in _SHARED.limiters and any(other[0] == account for other in _SHARED.limiters):
            _LOG.warning(_TWO_LIMITS, rate)
        limiter = _SHARED.limiters.get(key) or RateLimiter(rate, account=account)
        _SHARED.limiters[key] = limiter
    if limiter.rate != rate:
        _LOG.warning(_OTHER_SETTINGS, limiter.rate, rate)
    return limiter
