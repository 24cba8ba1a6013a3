"""Reading the audit log as a job: pages of events and the verification, for those who hold the permission."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError
from sqlalchemy.orm import Session

from app import access, audit
from app.chain import Event, Fault, Head
from app.errors import Invalid
from app.permissions import Permission


@dataclass(frozen=True, slots=True)
class Verified:
    """The head of the log, and the first thing wrong with it; none when it holds."""

    head: Head
    holds: bool
    fault: Fault | None


def read(
    session: Session, caller: access.Caller, after: int, action: str | None, subject: str | None, limit: int
) -> tuple[list[Event], int | None]:
    """A page of events after a number, and the number to continue after; None at the end."""
    access.require(caller, Permission.READ_AUDIT)
    found = audit.events(session, after=after, limit=limit + 1, action=action, subject=subject)
    return found[:limit], found[limit - 1].seq if len(found) > limit else None


def verify(session: Session, caller: access.Caller, anchor: str | None) -> Verified:
    """Verify the log, against a head kept elsewhere where one is given; raises Invalid for one that is none."""
    access.require(caller, Permission.READ_AUDIT)
    head, fault = audit.verify(session, [head_from(anchor)] if anchor else [])
    return Verified(head, fault is None, fault)


def head_from(told: str) -> Head:
    """A head as it is told, SEQ:HASH; raises Invalid."""
    seq, _, digest = told.partition(":")
    try:
        return Head(seq=int(seq) if seq.isdecimal() and len(seq) < 17 else -1, hash=digest.strip())
    except ValidationError as problem:
        raise Invalid(f"{told[:90]!r} is no head", hint="`triveni audit head` prints one: SEQ:HASH") from problem
