"""Introductions and brokering reviews: propose, answer, pass contact details, report what came of it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body

from app import brokering, introductions, rates
from app.api.doors import BODY_LIMIT, CallerDep, HouseDep, NowDep, SessionDep
from app.brokering import Review, Reviewed
from app.courses import Stage
from app.introductions import Answer, Contacts, Introduced, Progress, Proposal
from app.pairs import Barrier, Room
from app.rates import Rates

router = APIRouter(prefix="/api/v1", tags=["introductions"], max_body_size=BODY_LIMIT)

PROPOSALS: dict[str, Any] = {
    "proposed": {"summary": "The first match of a run", "value": {"rank": 1, "message": "Both exhibit in May."}}
}
ANSWERS: dict[str, Any] = {
    "accept": {"summary": "Accepted for the firm", "value": {"answer": "accept", "seen": 1}},
    "decline": {
        "summary": "Declined, with a reason of the closed list",
        "value": {"answer": "decline", "reason": "no_capacity", "note": "Booked until 2028."},
    },
    "ask": {"summary": "A question first", "value": {"answer": "ask", "note": "In which volumes?"}},
}
ACTS: dict[str, Any] = {"met": {"summary": "The two have met", "value": {"act": "meet", "note": "At the yard."}}}
REVIEWS: dict[str, Any] = {
    "proceed": {
        "summary": "An introduction may proceed",
        "value": {"rank": 1, "decision": "proceed", "reason": "Counsel's note of 3 November: goods are in group 1."},
    }
}


@router.post("/matches/{run_id}/introductions", status_code=201)
def propose_introduction(
    run_id: str,
    proposal: Annotated[Proposal, Body(openapi_examples=PROPOSALS)],
    session: SessionDep,
    caller: CallerDep,
    house: HouseDep,
    at: NowDep,
) -> Introduced:
    """Propose that the two firms of a match meet; refused, with every reason, while anything bars them."""
    room = Room(caller, house.knowledge, house.candidates, at.date())
    return introductions.propose(session, run_id, proposal, room, at)


@router.get("/introductions")
def list_introductions(session: SessionDep, caller: CallerDep, stage: Stage | None = None) -> tuple[Introduced, ...]:
    """The introductions that you proposed or whose firms your association answers for, the latest first."""
    return introductions.introductions(session, caller, stage)


@router.get("/introduction-rates")
def read_rates(session: SessionDep, caller: CallerDep) -> Rates:
    """Counts and rates by association and sector; a published figure stands beside them with its source."""
    return rates.rates(session, caller)


@router.get("/introductions/{number}")
def read_introduction(number: int, session: SessionDep, caller: CallerDep) -> Introduced:
    """One introduction with every step so far, and the acts that are open."""
    return introductions.introduction(session, caller, number)


@router.get("/introductions/{number}/barriers")
def read_barriers(
    number: int, session: SessionDep, caller: CallerDep, house: HouseDep, at: NowDep
) -> tuple[Barrier, ...]:
    """What bars the two firms at this moment; empty where nothing that the service holds does."""
    return introductions.barriers_to(session, number, Room(caller, house.knowledge, house.candidates, at.date()))


@router.post("/introductions/{number}/answers", status_code=201)
def answer_introduction(
    number: int,
    given: Annotated[Answer, Body(openapi_examples=ANSWERS)],
    session: SessionDep,
    caller: CallerDep,
    at: NowDep,
) -> Introduced:
    """Accept, decline with a reason, or ask, for a firm that your association answers for."""
    return introductions.answer(session, caller, number, given, at)


@router.post("/introductions/{number}/steps", status_code=201)
def progress_introduction(
    number: int,
    given: Annotated[Progress, Body(openapi_examples=ACTS)],
    session: SessionDep,
    caller: CallerDep,
    at: NowDep,
) -> Introduced:
    """Reply, withdraw, or report what came of it: met, NDA, MoU, agreement, or lapsed."""
    return introductions.progress(session, caller, number, given, at)


@router.post("/introductions/{number}/contacts", status_code=201)
def pass_contacts(number: int, session: SessionDep, caller: CallerDep, house: HouseDep, at: NowDep) -> Introduced:
    """Pass contact details, once both have accepted and if nothing bars the two at this moment."""
    room = Room(caller, house.knowledge, house.candidates, at.date())
    return introductions.pass_contacts(session, number, room, at)


@router.get("/introductions/{number}/contacts")
def read_contacts(number: int, session: SessionDep, caller: CallerDep, house: HouseDep, at: NowDep) -> Contacts:
    """Both firms' contact details, for the proposer and the two associations, once they have passed."""
    return introductions.contacts(session, number, Room(caller, house.knowledge, house.candidates, at.date()))


@router.post("/matches/{run_id}/brokering-reviews", status_code=201)
def review_brokering(
    run_id: str,
    given: Annotated[Review, Body(openapi_examples=REVIEWS)],
    session: SessionDep,
    caller: CallerDep,
    house: HouseDep,
    at: NowDep,
) -> Reviewed:
    """Record whether a match that a rule on brokering touches may move to an introduction."""
    return brokering.review(session, run_id, given, Room(caller, house.knowledge, house.candidates, at.date()), at)


@router.get("/brokering-reviews")
def list_reviews(session: SessionDep, caller: CallerDep, house: HouseDep) -> tuple[Reviewed, ...]:
    """All brokering reviews, the latest first, and whether each is of the rulebook held."""
    return brokering.reviews(session, caller, house.knowledge)
