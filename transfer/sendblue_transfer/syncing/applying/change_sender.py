"""Sends the open changes of a log: creations, then updates, then deletions.

A creation goes through the bulk call, and a second request adds the fields that this call lacks. What an interrupted
run had in flight is looked up first, because that is cheap while those contacts are among the newest. An update and a
deletion can be sent twice: the contact is as the change expects it, or the change was dropped when the account was
listed.
"""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from sendblue_contacts.errors import APIError, NotFoundError, SendblueError

from sendblue_transfer.chunk_sizes import learned_sizes
from sendblue_transfer.errors import TransferError
from sendblue_transfer.rows.named_fields import contact_id
from sendblue_transfer.sending import BulkSender, RequestPool, SendingStoppedError, is_rejection
from sendblue_transfer.syncing.change_log import (
    DONE,
    DRIFTED,
    INCOMPLETE,
    NOT_SENT,
    PARTIAL,
    REJECTED,
    SENDING,
    UNCHANGED,
    ChangeRow,
    Result,
)
from sendblue_transfer.syncing.changes import encode_json, flatten, nest
from sendblue_transfer.syncing.contact_values import contact_values
from sendblue_transfer.syncing.requests import split_create

from .drift import CREATED_SINCE, DELETED_SINCE, MAP, check_drift, removes_labels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sendblue_contacts.bulk.chunk_size import ChunkSizeOption
    from sendblue_contacts.resources import Contacts
    from sendblue_contacts_api.models.contact import Contact

    from sendblue_transfer.sending import NumberedItem
    from sendblue_transfer.syncing.account_index import AccountIndex
    from sendblue_transfer.syncing.change_log import ChangeLog, Part
    from sendblue_transfer.syncing.changes import Change, Kind, Values
    from sendblue_transfer.syncing.progress import SyncPhase, SyncProgressReporter

    _Request = tuple[ChangeRow, list[Values]]
    """A change, and the bodies of its requests."""

_UPDATES_PER_COMMIT = 20
"""Updates that are marked as `sending` at a time, because a commit may take longer than a request."""
_PHASES: dict[Kind, SyncPhase] = {"create": "creating", "update": "updating", "delete": "deleting"}
_EXISTS, _NOT_FOUND = "already exists", "not found"
"""What the server says about a contact that another program created or deleted meanwhile."""


class _ChangeSender:
    """Sends the open changes of one part of a log.

    Args:
        contacts: The contacts of the account.
        log: The log, which gets the results.
        part: The sync, or its undo.
        progress: Reports the progress.
        chunk_size: The maximum number of contacts in one bulk request, or `auto`.
        concurrency: The maximum number of requests at a time.
    """

    def __init__(
        self,
        contacts: Contacts,
        log: ChangeLog,
        part: Part,
        progress: SyncProgressReporter,
        *,
        chunk_size: ChunkSizeOption,
        concurrency: int,
    ) -> None:
        self._contacts = contacts
        self._log = log
        self._part: Part = part
        self._progress = progress
        self._concurrency = concurrency
        options: Any = {"chunk_size": chunk_size, "concurrency": concurrency}
        self._stream_create = partial(contacts.bulk.stream_create, duplicates=None, **options)
        self._stream_delete = partial(contacts.bulk.stream_delete, **options)
        log.more_header = partial(learned_sizes, contacts)
        self._incomplete: set[int] = set()
        self._sent_before: set[int] = set()
        self._done = 0

    def send(self) -> None:
        """Send all changes without a final result.

        Raises:
            SendingStoppedError: No further changes can be sent in this run.
            SendblueError: No change could be sent.
            OSError: The log cannot be written.
        """
        for kind, send in (("create", self._create), ("update", self._update), ("delete", self._delete)):
            self._start(cast("Kind", kind))
            send()
            self._log.flush()
            self._progress.report(self._done, force=True)

    def _start(self, kind: Kind) -> None:
        counts = {status: count for (each, status), count in self._log.counts(self._part).items() if each == kind}
        self._done = sum(count for status, count in counts.items() if status not in (NOT_SENT, SENDING))
        self._progress.start(_PHASES[kind], sum(counts.values()), self._done)

    def _add(self, result: Result) -> None:
        self._log.add(result)
        self._done += 1
        self._progress.report(self._done)

    def _rows(self, kind: Kind, *statuses: str) -> Iterator[ChangeRow]:
        self._log.flush()
        return self._log.rows(self._part, *statuses, kind=kind)

    # --- creations

    def _create(self) -> None:
        sender = BulkSender(
            self._stream_create,
            self._log,
            on_success=self._created,
            on_failure=self._reject,
            on_rejected=lambda item, reason: self._not_created(item[0], reason),
        )
        self._create_again(sender)
        sender.send(self._to_create(NOT_SENT))
        if unknown := self._create_again(sender):
            raise SendingStoppedError(unknown)
        self._complete_creations()

    def _create_again(self, sender: BulkSender) -> str:
        """Look up the contacts that may have been created, and send those that do not exist."""
        if next(self._rows("create", SENDING), None) is None:
            return ""
        return sender.send(self._to_create(SENDING), final=True, check_existing=True)

    def _to_create(self, status: str) -> Iterator[NumberedItem]:
        for row in self._rows("create", status):
            item, later = split_create(row.change)
            if later:
                self._incomplete.add(row.position)
            yield row.position, item

    def _created(self, position: int, contact: Contact) -> None:
        status = PARTIAL if position in self._incomplete else DONE
        self._incomplete.discard(position)
        after = encode_json(flatten(contact_values(contact)))
        self._add(Result(position, status, "", contact_id(contact), after))

    def _not_created(self, position: int, reason: str) -> None:
        is_there = _EXISTS in reason.lower()
        self._add(Result(position, DRIFTED, CREATED_SINCE) if is_there else Result(position, REJECTED, reason))

    def _complete_creations(self) -> None:
        """Add the fields that the bulk call lacks."""
        self._send_each(
            ((row, [split_create(row.change)[1]]) for row in self._rows("create", PARTIAL)),
            self._log.add,
            rejected=INCOMPLETE,
        )

    # --- updates

    def _update(self) -> None:
        rows = self._rows("update", NOT_SENT, SENDING)
        while batch := list(islice(rows, _UPDATES_PER_COMMIT)):
            self._log.mark_sending([row.position for row in batch])
            self._send_each(((row, _bodies(row.change, self._part)) for row in batch), self._add)

    def _send_each(
        self, requests: Iterable[_Request], on_result: Callable[[Result], object], rejected: str = REJECTED
    ) -> None:
        with RequestPool(
            partial(self._put, rejected=rejected),
            on_result=on_result,
            on_failure=lambda item, reason: on_result(item[0].result._replace(status=rejected, reason=reason)),
            concurrency=self._concurrency,
        ) as pool:
            for request in requests:
                pool.add(request)
            pool.finish()

    def _put(self, request: _Request, rejected: str) -> Result:
        """Update a contact, in a thread."""
        (_, change, result), bodies = request
        contact = None
        try:
            for body in bodies:
                contact = self._contacts.update(change.phone, cast("Any", body))
        except NotFoundError:
            return result._replace(status=DRIFTED, reason=DELETED_SINCE)
        except (APIError, TypeError, ValueError) as error:  # the last two: a field that an update does not have
            if isinstance(error, APIError) and not is_rejection(error):
                raise
            return result._replace(status=rejected, reason=str(error))
        return result._replace(status=DONE, reason="", contact_id=contact_id(contact) if contact else None)

    # --- deletions

    def _delete(self) -> None:
        self._sent_before = {row.position for row in self._rows("delete", SENDING)}
        sender = BulkSender(
            self._stream_delete,
            self._log,
            on_success=lambda position, _: self._add(Result(position, DONE)),
            on_failure=self._reject,
            on_rejected=lambda item, reason: self._not_deleted(item[0], reason),
        )
        sender.send((row.position, row.change.phone) for row in self._rows("delete", NOT_SENT, SENDING))
        if any(self._rows("delete", SENDING)):
            rest = ((row.position, row.change.phone) for row in self._rows("delete", SENDING))
            if unknown := sender.send(rest, final=True):
                raise SendingStoppedError(unknown)

    def _not_deleted(self, position: int, reason: str) -> None:
        if _NOT_FOUND not in reason.lower():
            self._reject(position, reason)
        else:
            self._add(Result(position, DONE if position in self._sent_before else UNCHANGED))

    def _reject(self, position: int, reason: str) -> None:
        self._add(Result(position, REJECTED, reason))


def _bodies(change: Change, part: Part) -> list[Values]:
    """Return the bodies of the requests that update a contact.

    A sync clears a label with empty text. An undo removes it: an update merges custom variables, so all of them are
    cleared first, and then those are written that stay, which the changes of an undo list too.
    """
    body = nest(change.new)
    if part == "sync" or not removes_labels(change):
        return [body]
    labels = {label: text for label, text in body[MAP].items() if text}
    return [{**body, MAP: None}, *([{MAP: labels}] if labels else [])]


class Stop(NamedTuple):
    """Why sending stopped before its end; empty if it did not."""

    reason: str = ""
    error: Exception | None = None


def send_changes(
    contacts: Contacts,
    log: ChangeLog,
    part: Part,
    progress: SyncProgressReporter,
    *,
    chunk_size: ChunkSizeOption,
    concurrency: int,
) -> Stop:
    """Send the open changes of one part of a log, and write their results.

    Args:
        contacts: The contacts of the account.
        log: The log.
        part: The sync, or its undo.
        progress: Reports the progress.
        chunk_size: The maximum number of contacts in one bulk request, or `auto`.
        concurrency: The maximum number of requests at a time.

    Raises:
        OSError: The log cannot be written.
    """
    sender = _ChangeSender(contacts, log, part, progress, chunk_size=chunk_size, concurrency=concurrency)
    stop = Stop()
    try:
        sender.send()
    except SendingStoppedError as stopped:
        stop = Stop(str(stopped), stopped.error)
    except TransferError:  # of the log
        raise
    except SendblueError as error:
        stop = Stop(str(error), error)
    log.flush()
    return stop


def check_again(log: ChangeLog, part: Part, account: AccountIndex) -> None:
    """Check the changes that an interrupted run did not complete.

    A creation in flight is left to the bulk call, which looks it up. Other changes in flight were applied if the
    contact has the new values.

    Args:
        log: The log.
        part: The sync, or its undo.
        account: The contacts of the account.
    """
    for row in log.rows(part, NOT_SENT, SENDING):
        in_flight = row.result.status == SENDING
        if in_flight and row.change.kind == "create":
            continue
        result = check_drift(row.change, account.get(row.change.phone), in_flight=in_flight)
        if result.status != NOT_SENT:
            status = DONE if in_flight and result.status == UNCHANGED else result.status
            log.add(result._replace(position=row.position, status=status))
    log.flush()
