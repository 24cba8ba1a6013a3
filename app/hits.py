"""The reviewer's queue as a person works it: near names that wait, one of them whole, a decision under one's name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app import access, watchlists
from app.access import Caller
from app.errors import NotFound
from app.models import FirmHit
from app.permissions import Permission


def hits(session: Session, caller: Caller, *, everything: bool = False) -> Sequence[FirmHit]:
    """The hits that wait, the nearest first, or all ever; raises Forbidden."""
    access.require(caller, Permission.REVIEW_HITS)
    return watchlists.queue(session, everything=everything)


def read_hit(session: Session, caller: Caller, hit_id: int) -> dict[str, Any]:
    """One hit with all decisions on it; raises Forbidden and NotFound."""
    access.require(caller, Permission.REVIEW_HITS)
    hit = session.get(FirmHit, hit_id)
    if hit is None:
        raise NotFound(f"no hit {hit_id}", hint="the queue lists those that wait")
    return watchlists.hit_document(session, hit)


def decide(session: Session, caller: Caller, hit_id: int, decision: bool, reason: str, now: datetime) -> None:
    """Record the caller's decision; raises Forbidden and as `watchlists.decide` does."""
    access.require(caller, Permission.REVIEW_HITS)
    watchlists.decide(session, hit_id, decision, reason, caller.name, now)
