"""Brokering reviews: a person's recorded look at a match that the service, by introducing the two, might itself broker.

Canadian law asks for a permit of whoever arranges a movement of listed goods between two foreign countries; whether an
introduction is already arranging is a question for counsel. So a match that such a rule touches, or may touch, moves to
no introduction before a reviewer, not the one who asked for it, has recorded that it may. A review is of one pair, one
market, the rules found then and the rulebook they stood in: another rulebook asks for another review.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import access, audit, runs
from app.errors import Conflict, Invalid, NotFound
from app.introduction_models import BrokeringReview
from app.knowledge import Knowledge
from app.models import MatchRun
from app.pairs import Barrier, Pair, Room, Standing, look_at
from app.permissions import Permission
from matching.profile import Frozen


class Review(Frozen):
    """A reviewer's decision on a match of a run: whether an introduction may proceed, and why."""

    rank: Annotated[int, Field(ge=1, description="The match's place in the run.")]
    decision: Literal["proceed", "stop"]
    reason: Annotated[str, Field(min_length=1, max_length=2000, description="What was looked at, and why.")]


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A review on record. ``rules`` are those that touched the pair then; ``holds`` while the rulebook is the same."""

    id: int
    innovator: str
    manufacturer: str
    market: str
    rules: tuple[str, ...]
    decision: str
    reason: str
    decided_by: str
    decided_at: datetime
    holds: bool


def pair_of(run: MatchRun, rank: int) -> Pair:
    """The pair at a place of a run; raises NotFound, and Invalid where a firm of it is not on file."""
    listed = next((match for match in run.answer["matches"] if match["rank"] == rank), None)
    if listed is None:
        raise NotFound(f"run {run.id} lists no match {rank}", hint=f"it lists {len(run.answer['matches'])}")
    pair = Pair(listed["innovator"]["id"], listed["manufacturer"]["id"], listed["market"]["iso3"])
    if any(firm_id == "brief" or firm_id.startswith(runs.ERASED) for firm_id in pair.firms):
        raise Invalid("a firm of this match is not on file, so nobody answers for it")
    return pair


def review(session: Session, run_id: str, given: Review, room: Room, now: datetime) -> Reviewed:
    """Record a review of a match; raises NotFound, Forbidden, Invalid, and Conflict.

    Conflict: where no brokering rule touches the pair today, and for the person who asked for the run.
    """
    access.require(room.caller, Permission.REVIEW_BROKERING)
    run = runs.find_run(session, room.caller, run_id)
    pair = pair_of(run, given.rank)
    if not given.reason.strip():
        raise Invalid("a review needs a reason")
    if run.asked_by == room.caller.name:
        raise Conflict("who asked for a match does not review it", hint="another reviewer looks at it")
    found = look_at(session, pair, room)
    if not found.brokering:
        raise Conflict("no rule on brokering touches this match today, so there is nothing to review")
    row = BrokeringReview(
        innovator_id=pair.innovator,
        manufacturer_id=pair.manufacturer,
        market=pair.market,
        rules=list(found.brokering),
        rulebook=room.knowledge.rulebook.version,
        decision=given.decision,
        reason=given.reason.strip(),
        decided_by=room.caller.name,
        decided_at=now,
    )
    session.add(row)
    session.flush()
    audit.record(
        session,
        by=room.caller.name,
        action="brokering.reviewed",
        subject=f"brokering:{row.id}",
        details={"decision": given.decision, "market": pair.market, "run": run_id, "rank": given.rank},
        at=now,
    )
    return _told(row, room.knowledge)


def reviews(session: Session, caller: access.Caller, knowledge: Knowledge) -> tuple[Reviewed, ...]:
    """All reviews, the latest first; raises Forbidden."""
    access.require(caller, Permission.REVIEW_BROKERING)
    rows = session.scalars(select(BrokeringReview).order_by(BrokeringReview.id.desc()))
    return tuple(_told(row, knowledge) for row in rows)


def barrier(session: Session, pair: Pair, found: Standing, knowledge: Knowledge) -> Sequence[Barrier]:
    """What a missing, overtaken or negative review bars; nothing where no brokering rule touches the pair."""
    if not found.brokering:
        return ()
    last = session.scalar(
        select(BrokeringReview)
        .where(
            BrokeringReview.innovator_id == pair.innovator,
            BrokeringReview.manufacturer_id == pair.manufacturer,
            BrokeringReview.market == pair.market,
        )
        .order_by(BrokeringReview.id.desc())
        .limit(1)
    )
    rules = ", ".join(found.brokering)
    if last is None:
        return (Barrier("brokering", f"{rules} may make the service a broker: a brokering review is needed"),)
    if last.decision != "proceed":
        return (Barrier("brokering", f"the brokering review of {last.decided_at:%Y-%m-%d} says stop"),)
    if last.rulebook != knowledge.rulebook.version or not set(found.brokering) <= set(last.rules):
        told = f"the brokering review of {last.decided_at:%Y-%m-%d} is of other rules; {rules} must be looked at again"
        return (Barrier("brokering", told),)
    return ()


def _told(row: BrokeringReview, knowledge: Knowledge) -> Reviewed:
    return Reviewed(
        id=row.id,
        innovator=row.innovator_id,
        manufacturer=row.manufacturer_id,
        market=row.market,
        rules=tuple(row.rules),
        decision=row.decision,
        reason=row.reason,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        holds=row.rulebook == knowledge.rulebook.version,
    )
