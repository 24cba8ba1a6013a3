"""A firm's record and its revisions: every change is numbered, kept as it stood, and an event of the audit log.

One `Change` is begun for all that one transaction does to firms: it raises the change number under its row lock, so
that the numbers are in the order of the commits, and whoever keeps a copy of the firms (candidates, exports, other
systems) can follow it.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app import access, audit, disclosure, webhooks
from app.disclosure import Reader
from app.life import State
from app.models import ChangeCounter, Firm, FirmRevision
from matching.profile import Profile


@dataclass(frozen=True, slots=True)
class Change:
    """One change to firms: its number, whose it is, and when."""

    number: int
    by: str
    at: datetime


def begin(session: Session, caller: access.Caller, now: datetime) -> Change:
    """Begin a change to firms; call it before anything of the change is written, and once for all of it."""
    fresh = secrets.token_bytes(32)
    values = {"number": ChangeCounter.number + 1, "seal": func.coalesce(ChangeCounter.seal, fresh)}
    raised = update(ChangeCounter).values(values).returning(ChangeCounter.number)
    number = session.scalar(raised)
    if number is None:
        session.add(ChangeCounter(id=1, number=1, seal=fresh))
        session.flush()  # the lock is taken by the row itself
        number = 1
    return Change(int(number), caller.name, now)


def register(session: Session, change: Change, firm_id: str, association_id: str, profile: Profile, state: str) -> Firm:
    """Put a firm on file with its first revision."""
    firm = Firm(
        id=firm_id,
        association_id=association_id,
        name=profile.name,
        country=profile.country,
        state=state,
        revision=1,
        profile=profile,
        changed_at=change.at,
    )
    session.add(firm)
    session.flush()  # the revision refers to the firm
    _record(session, change, firm, "firm.registered")
    return firm


def revise(session: Session, change: Change, firm: Firm, profile: Profile, *, action: str = "firm.revised") -> None:
    """Give a firm another profile, or the same one in another state that is set already, as a new revision."""
    firm.profile, firm.name, firm.country = profile, profile.name, profile.country
    firm.revision += 1
    firm.changed_at = change.at
    _record(session, change, firm, action)


def told_of(revision: FirmRevision | None, reader: Reader) -> Profile | None:
    """What a reader may read of a firm by a revision; None when nothing."""
    if revision is None or not (revision.state == State.PUBLISHED or reader is Reader.ANSWERING):
        return None
    return disclosure.released(revision.profile, reader)


def _record(session: Session, change: Change, firm: Firm, action: str) -> None:
    before = session.scalar(
        select(FirmRevision).where(FirmRevision.firm_id == firm.id, FirmRevision.revision == firm.revision - 1)
    )
    revision = FirmRevision(
        firm_id=firm.id,
        revision=firm.revision,
        state=firm.state,
        profile=firm.profile,
        change=change.number,
        recorded_at=change.at,
    )
    if told_of(before, Reader.STRANGER) != told_of(revision, Reader.STRANGER):
        webhooks.tell(session, "firm.changed", {"firm": firm.id}, change.at)
    session.add(revision)
    sha256 = hashlib.sha256(firm.profile.model_dump_json().encode()).hexdigest()
    audit.record(
        session,
        by=change.by,
        action=action,
        subject=f"firm:{firm.id}",
        details={"revision": firm.revision, "state": firm.state, "change": change.number, "sha256": sha256},
        at=change.at,
    )
