"""What has changed among the firms that a reader may read, since they last asked: for systems that keep a copy.

A place in the changes is told as a sealed token: the number of a change counts drafts and restricted fields, too, and
would tell of them. A token moves only when something that this reader may read has changed.
"""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import access
from app.disclosure import Reader
from app.errors import Invalid
from app.models import ChangeCounter, Erasure, Firm, FirmRevision
from app.permissions import Permission
from app.revisions import told_of
from matching.profile import Profile

_Place = tuple[int, str]
"""A change number, and the firm (or the reference of an erased one) within it."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A firm that is another than it was, or is gone.

    An erased one is named by ``reference`` alone: the first 32 hexadecimal digits of SHA-256 over ``firm:`` and its id.
    """

    firm: str | None
    reference: str | None
    gone: bool
    profile: Profile | None


@dataclass(frozen=True, slots=True)
class Changes:
    """Firms in the order of their last changes; ``next`` is where to go on, now or another day."""

    changes: tuple[Changed, ...]
    next: str
    more: bool


def changes_since(session: Session, caller: access.Caller, since: str, limit: int) -> Changes:
    """What has changed for the caller since a token; all that they may read when it is empty. Raises Invalid."""
    access.require(caller, Permission.READ_FIRMS)
    seal = session.scalar(select(ChangeCounter.seal))
    place = _opened(seal, since)
    found = sorted([*_of_firms(session, caller, place), *_of_erasures(session, place)], key=lambda one: one[0])
    page = found[:limit]
    after = page[-1][0] if page else place
    return Changes(
        changes=tuple(changed for _, changed in page),
        next=_sealed(seal, after) if after != _START else "",
        more=len(found) > limit,
    )


def _of_firms(session: Session, caller: access.Caller, place: _Place) -> Iterator[tuple[_Place, Changed]]:
    recent = select(FirmRevision.firm_id).where(FirmRevision.change >= place[0])
    rows = session.execute(
        select(FirmRevision, Firm.association_id)
        .join(Firm, Firm.id == FirmRevision.firm_id)
        .where(FirmRevision.firm_id.in_(recent))
        .order_by(FirmRevision.firm_id, FirmRevision.revision)
    )
    held: dict[tuple[str, str], list[FirmRevision]] = defaultdict(list)
    for revision, association in rows:
        held[revision.firm_id, association].append(revision)
    for (firm_id, association), revisions in held.items():
        changed = _last_change(revisions, access.reader_of(caller, firm_id, association), firm_id, place)
        if changed is not None:
            number, profile = changed
            yield (number, firm_id), Changed(firm_id, None, profile is None, profile)


def _last_change(
    revisions: Sequence[FirmRevision], reader: Reader, firm_id: str, place: _Place
) -> tuple[int, Profile | None] | None:
    """The last change that this reader could see, and what they see since; None when it is not after the place."""
    seen: Profile | None = None
    before: Profile | None = None
    number = 0
    for revision in revisions:
        now = told_of(revision, reader)
        if now != seen:
            seen, number = now, revision.change
        if (revision.change, firm_id) <= place:
            before = now
    return (number, seen) if (number, firm_id) > place and seen != before else None


def _of_erasures(session: Session, place: _Place) -> Iterator[tuple[_Place, Changed]]:
    if place == _START:
        return  # whoever has nothing yet has nothing to remove
    for row in session.scalars(select(Erasure).where(Erasure.change >= place[0], Erasure.shown)):
        if (row.change, row.reference) > place:
            yield (row.change, row.reference), Changed(None, row.reference, gone=True, profile=None)


# --- Tokens -----------------------------------------------------------------------------------------

_START: _Place = (0, "")


def _sealed(seal: bytes | None, place: _Place) -> str:
    assert seal is not None  # made with the first change
    told = place[0].to_bytes(8, "big") + place[1].encode()
    return base64.urlsafe_b64encode(AESSIV(seal).encrypt(told, [b"changes"])).decode().rstrip("=")


def _opened(seal: bytes | None, token: str) -> _Place:
    """The place that a token tells of; raises Invalid for one that was not given out here."""
    if not token:
        return _START
    try:
        sent = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        told = AESSIV(seal or b"").decrypt(sent, [b"changes"])
        return int.from_bytes(told[:8], "big"), told[8:].decode()
    except (ValueError, InvalidTag) as problem:
        raise Invalid("this is no token of an earlier answer", hint="leave `since` out to begin anew") from problem
