"""Record what came of a match; read the weights learned from decisions."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body

from app import decisions
from app.api.doors import BODY_LIMIT, CallerDep, NowDep, OnceDep, SessionDep
from app.decisions import Decided, Judgement, WeightsHeld

router = APIRouter(prefix="/api/v1", tags=["decisions"], max_body_size=BODY_LIMIT)

EXAMPLES: dict[str, Any] = {
    "introduced": {"summary": "The two firms were introduced", "value": {"rank": 1, "outcome": "introduced"}},
    "declined": {
        "summary": "Declined, with a reason of the closed list",
        "value": {"rank": 3, "outcome": "declined", "reason": "no_capacity", "note": "Booked until 2028."},
    },
}


@router.post("/matches/{run_id}/decisions", status_code=201)
def record_decision(
    run_id: str,
    judgement: Annotated[Judgement, Body(openapi_examples=EXAMPLES)],
    session: SessionDep,
    caller: CallerDep,
    at: NowDep,
    once: OnceDep,
) -> Decided:
    """Record what came of a listed match: introduced, met, agreement, or declined with a reason.

    A later decision on the same match supersedes the earlier one; both are kept. Weights may be learned from
    decisions, and are then switched on by a person at the command line, never by themselves.
    """
    return once(lambda: decisions.record(session, caller, run_id, judgement, at))  # type: ignore[no-any-return]


@router.get("/matches/{run_id}/decisions")
def list_decisions(run_id: str, session: SessionDep, caller: CallerDep) -> list[Decided]:
    """All decisions on the matches of a run, in the order they were recorded, the superseded ones marked."""
    return decisions.decisions_on(session, caller, run_id)


@router.get("/weights")
def list_weights(session: SessionDep, caller: CallerDep) -> WeightsHeld:
    """The standing weights, every learned table with its figures, which one is in use, and who switched it on when."""
    return decisions.weights_held(session, caller)
