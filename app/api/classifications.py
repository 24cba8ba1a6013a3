"""Ask which control entries a text may fall under; record a person's word on it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body

from app import classifications
from app.api.doors import BODY_LIMIT, CallerDep, HouseDep, NowDep, SessionDep
from app.classifications import Asked, Declared, OfFirm, Recorded
from matching.control_lists import Candidate

router = APIRouter(prefix="/api/v1", tags=["classifications"], max_body_size=BODY_LIMIT)

EXAMPLES: dict[str, Any] = {
    "text": {"summary": "A sentence", "value": {"text": "Towed synthetic aperture sonar for seabed mapping"}}
}
DECLARATIONS: dict[str, Any] = {
    "declared": {
        "summary": "The first statement falls under an entry",
        "value": {
            "statement": 1,
            "revision": 1,
            "regime": "ECL",
            "entry": "1-6.A.1",
            "reason": "Read by our export-control officer against the Guide: active sonar above the thresholds.",
        },
    }
}


@router.post("/classifications/suggestions")
def suggest_entries(
    asked: Annotated[Asked, Body(openapi_examples=EXAMPLES)], caller: CallerDep, house: HouseDep
) -> tuple[Candidate, ...]:
    """Control entries that a text may fall under, strongest first, with the words that met: suggestions only."""
    return classifications.suggest(asked, house.knowledge)


@router.get("/firms/{name_or_id}/classifications")
def list_classifications(name_or_id: str, session: SessionDep, caller: CallerDep, house: HouseDep) -> OfFirm:
    """A firm's statements with what is declared of each and what the control lists suggest."""
    return classifications.of_firm(session, caller, name_or_id, house.knowledge)


@router.post("/firms/{name_or_id}/classifications", status_code=201)
def declare_classification(
    name_or_id: str,
    declared: Annotated[Declared, Body(openapi_examples=DECLARATIONS)],
    session: SessionDep,
    caller: CallerDep,
    house: HouseDep,
    at: NowDep,
) -> Recorded:
    """Record a person's word that a statement's goods fall under an entry; the rules then rely on it."""
    return classifications.declare(session, caller, name_or_id, declared, house.knowledge, at)
