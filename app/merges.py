"""Two records of one firm: told as likely, merged by a person with a reason, and parted again by a person.

The record that is merged away is archived and stays whole, so that nothing is lost; an undoing gives it back the state
it had. An association may merge a record that it answers for, or one compiled from public sources, into its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import access, audit, firms, revisions
from app.errors import Conflict, Invalid, NotFound
from app.life import State
from app.models import Firm, FirmMerge
from app.permissions import Permission
from app.profiles import answered_for
from matching.identity import Register

BY_MERGE = "merge"
"""The act that archived a record which was merged into another."""


@dataclass(frozen=True, slots=True)
class NearRecord:
    """A record that may be of the same firm as the one asked about: how likely, and why."""

    firm: str
    name: str
    score: float
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Merged:
    """One merge on record; undone or not."""

    id: int
    kept: str
    merged: str
    reason: str
    merged_at: datetime
    merged_by: str
    undone_at: datetime | None
    undone_by: str | None


def near_records(session: Session, caller: access.Caller, firm_id: str) -> list[NearRecord]:
    """Records that may be of the same firm: the association's own, and those compiled from public sources."""
    access.require(caller, Permission.SUBMIT_FIRMS)
    firm = answered_for(session, caller, firm_id)
    own = [f for f in firms.of_association(session, firm.association_id) if f.state != State.ARCHIVED]
    public = [f for f in firms.of_association(session, firms.PUBLIC_SOURCES) if f.state == State.PUBLISHED]
    held = {other.id: other.profile for other in (*own, *public) if other.id != firm.id}
    return [
        NearRecord(likely.other, held[likely.other].name, likely.score, likely.because)
        for likely in Register(held).near({firm.id: firm.profile})
    ]


def merge(session: Session, caller: access.Caller, kept_id: str, merged_id: str, reason: str, now: datetime) -> Merged:
    """Take two records for one firm's: the one is archived, the other stays as it is.

    Raises NotFound for a record that the caller may not change, Invalid without a reason, Conflict when one of them is
    archived.
    """
    access.require(caller, Permission.SUBMIT_FIRMS)
    if not reason.strip():
        raise Invalid("a merge needs a reason", hint="say how you know that both records are of one firm")
    if kept_id == merged_id:
        raise Invalid("a record cannot be merged into itself")
    kept, merged = answered_for(session, caller, kept_id), _may_be_merged(session, caller, merged_id)
    for firm in (kept, merged):
        if firm.state == State.ARCHIVED:
            raise Conflict(f"{firm.id} is archived: reopen it before it is merged")
    change = revisions.begin(session, caller, now)
    row = FirmMerge(
        kept_id=kept.id,
        merged_id=merged.id,
        state_before=merged.state,
        reason=reason.strip()[:500],
        merged_at=now,
        merged_by=caller.name,
    )
    session.add(row)
    merged.state, merged.archived_by = State.ARCHIVED, BY_MERGE
    revisions.revise(session, change, merged, merged.profile, action="firm.merged")
    session.flush()
    _note(session, caller, "merge.made", row, now)
    return _told(row)


def _may_be_merged(session: Session, caller: access.Caller, firm_id: str) -> Firm:
    """A record that the caller answers for, or one compiled from public sources."""
    public = session.scalar(
        access.visible_firms(caller).where(Firm.id == firm_id, Firm.association_id == firms.PUBLIC_SOURCES)
    )
    return public or answered_for(session, caller, firm_id)


def undo(session: Session, caller: access.Caller, merge_id: int, now: datetime) -> Merged:
    """Part two records again: the archived one gets back the state it had.

    Raises NotFound, and Conflict for a merge that was undone, or whose record has been moved since.
    """
    access.require(caller, Permission.SUBMIT_FIRMS)
    row = session.get(FirmMerge, merge_id)
    unknown = NotFound(f"there is no merge {merge_id} of a firm that you answer for")
    if row is None:
        raise unknown
    try:
        answered_for(session, caller, row.kept_id)
    except NotFound:
        raise unknown from None
    merged = session.get_one(Firm, row.merged_id)
    if row.undone_at is not None:
        raise Conflict(f"merge {merge_id} was undone on {row.undone_at:%Y-%m-%d}")
    if merged.archived_by != BY_MERGE:
        raise Conflict(f"{merged.id} has been moved since: it is {merged.state}")
    change = revisions.begin(session, caller, now)
    merged.state, merged.archived_by = row.state_before, None
    revisions.revise(session, change, merged, merged.profile, action="firm.parted")
    row.undone_at, row.undone_by = now, caller.name
    session.flush()
    _note(session, caller, "merge.undone", row, now)
    return _told(row)


def of_firm(session: Session, caller: access.Caller, firm_id: str) -> list[Merged]:
    """The merges of a firm that the caller answers for, those undone included."""
    access.require(caller, Permission.SUBMIT_FIRMS)
    firm = answered_for(session, caller, firm_id)
    either = (FirmMerge.kept_id == firm.id) | (FirmMerge.merged_id == firm.id)
    return [_told(row) for row in session.scalars(select(FirmMerge).where(either).order_by(FirmMerge.id))]


def standing(session: Session) -> Mapping[str, str]:
    """Records merged away, by id, and the record that each went into."""
    rows = session.scalars(select(FirmMerge).where(FirmMerge.undone_at.is_(None)))
    return {row.merged_id: row.kept_id for row in rows}


def _note(session: Session, caller: access.Caller, action: str, row: FirmMerge, now: datetime) -> None:
    audit.record(session, by=caller.name, action=action, subject=f"merge:{row.id}", at=now)


def _told(row: FirmMerge) -> Merged:
    return Merged(
        row.id, row.kept_id, row.merged_id, row.reason, row.merged_at, row.merged_by, row.undone_at, row.undone_by
    )
