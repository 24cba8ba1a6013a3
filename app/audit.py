"""The audit log: every decision that matters, as an event chained to the one before, in the decider's own transaction.

An event says who did what to what and when. It holds ids, hashes and words of closed lists, and no text that anyone
wrote: what may have to be erased is named by a hash of its id, so that an erasure leaves the chain whole.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.chain import Detail, Event, Fault, Head, digest, first_fault
from app.models import AuditEvent, AuditHead

ERASABLE = frozenset({"firm", "person"})
"""Kinds of things named by a hash of their id."""

_ACTION = re.compile(r"[a-z_]+\.[a-z_]+")
_SUBJECT = re.compile(r"[a-z_]+(:[\w.@+/=-]{1,200})?")
_WORD = re.compile(r"[\w.:@+/=-]{0,200}")


def record(
    session: Session,
    *,
    by: str,
    action: str,
    subject: str,
    details: Mapping[str, Detail] | None = None,
    at: datetime,
) -> Event:
    """Append an event in the caller's transaction: it is kept if and only if what it tells of is.

    ``action`` is ``noun.verb``, ``subject`` is ``kind:id`` or a kind. The id of a firm or a person, as the subject or
    as a detail of that name, is replaced by its `reference`. Raises ValueError for a detail that is not a number, a
    truth or one word: free text does not belong here. The head's row stays locked until the transaction ends, so call
    this after `firms` has raised the change number, and never before.
    """
    head = _locked_head(session)
    content = Event(
        seq=head.seq + 1,
        at=_instant(at),
        by=by,
        action=_fitting(_ACTION, action),
        subject=_named(_fitting(_SUBJECT, subject)),
        details={name: _detail(name, value) for name, value in (details or {}).items()},
        previous=head.hash,
        hash=head.hash,
    )
    event = content.model_copy(update={"hash": digest(content)})
    session.add(AuditEvent(**event.model_dump(exclude={"at"}), at=at))
    head.seq, head.hash = event.seq, event.hash
    session.flush()
    return event


def reference(kind: str, named: str) -> str:
    """The hash by which the log names a thing that may have to be erased."""
    return hashlib.sha256(f"{kind}:{named}".encode()).hexdigest()[:32]


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _fitting(shape: re.Pattern[str], given: str) -> str:
    if not shape.fullmatch(given):
        raise ValueError(f"{given!r} is not of the form {shape.pattern}: free text does not belong into the audit log")
    return given


def _named(subject: str) -> str:
    kind, _, named = subject.partition(":")
    return f"{kind}:{reference(kind, named)}" if kind in ERASABLE and named else subject


def _detail(name: str, value: Detail) -> Detail:
    if not isinstance(value, str):
        return value
    return reference(name, value) if name in ERASABLE else _fitting(_WORD, value)


def _locked_head(session: Session) -> AuditHead:
    """The head under its row lock, so that the chain has one order; made when there is none yet."""
    wanted = select(AuditHead).with_for_update().execution_options(populate_existing=True)
    head = session.scalar(wanted)
    if head is None:
        insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        first = Head()
        row = {"id": 1, "seq": first.seq, "hash": first.hash}
        session.execute(insert(AuditHead).values(**row).on_conflict_do_nothing())
        head = session.scalars(wanted).one()
    return head


# --- Reading ----------------------------------------------------------------------------------------


def head_of(session: Session) -> Head | None:
    """The stored head; None before the first event. Its row is locked for reading, so that the log stands still."""
    row = session.scalar(select(AuditHead).with_for_update(read=True))
    return None if row is None else Head(seq=row.seq, hash=row.hash)


def events(
    session: Session,
    *,
    after: int | None = None,
    limit: int | None = None,
    action: str | None = None,
    subject: str | None = None,
) -> list[Event]:
    """Events in order, after a number; of one action, or about one subject (``kind:id``), where asked."""
    wanted = select(AuditEvent).order_by(AuditEvent.seq).limit(limit)
    if after is not None:
        wanted = wanted.where(AuditEvent.seq > after)
    if action is not None:
        wanted = wanted.where(AuditEvent.action == action)
    if subject is not None:
        wanted = wanted.where(AuditEvent.subject == _named(subject))
    return _told(session.scalars(wanted).all())


def chain(session: Session) -> tuple[list[Event], Head | None]:
    """The whole log and its head."""
    head = head_of(session)
    return events(session), head


def verify(session: Session, anchors: Iterable[Head] = ()) -> tuple[Head, Fault | None]:
    """The head of the log, and the first thing wrong with it against its stored head and any anchors."""
    held, head = chain(session)
    return head or Head(), first_fault(held, head, anchors)


def _told(rows: Sequence[AuditEvent]) -> list[Event]:
    return [
        Event.model_construct(
            seq=row.seq,
            at=_instant(row.at),
            by=row.by,
            action=row.action,
            subject=row.subject,
            details=row.details,
            previous=row.previous,
            hash=row.hash,
        )
        for row in rows
    ]
