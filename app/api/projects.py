"""Compose a consortium for a lighthouse project; read a composition; compose it again."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body
from pydantic import BaseModel

from app import chains, gaps, projects
from app.api.doors import BODY_LIMIT, CallerDep, HouseDep, NowDep, SessionDep
from app.projects import CompositionAsk
from matching.consortium import FilledSeat, Forbids, OtherTeam, QuotaMet, Transfer, Weakest
from matching.projects import Project

router = APIRouter(prefix="/api/v1", tags=["projects"], max_body_size=BODY_LIMIT)


class CompositionRun(BaseModel):
    """The record of a composition: who asked, when, and the versions of everything the answer rests on."""

    id: str
    asked_at: str
    asked_by: str
    ask: dict[str, Any]
    versions: dict[str, Any]


class Composed(BaseModel):
    """A consortium: `objective` is the sum of the seats' fits; no verdict moves it, a verdict only bars."""

    run: CompositionRun
    template: dict[str, str]
    market: dict[str, str]
    found: bool
    because: str
    seats: list[FilledSeat]
    legs: list[Transfer]
    weakest: Weakest | None
    quotas: list[QuotaMet]
    verdict: str | None
    objective: float | None
    bound: float | None
    proven: bool
    alternatives: list[OtherTeam]
    forbidden_by: list[Forbids]
    notes: list[str]


class Recomposed(BaseModel):
    """A composition made again over the profiles as they stood."""

    same: bool


EXAMPLES: dict[str, Any] = {
    "a patrol vessel": {
        "summary": "Which firms would build a patrol vessel for the Philippines?",
        "value": {"template": "patrol-vessel", "market": "PHL"},
    },
}


@router.get("/projects")
def list_projects(caller: CallerDep, house: HouseDep) -> list[Project]:
    """The project templates held: seats with what each holder must offer, quotas, markets, deadline, sources."""
    return projects.templates(caller, house.knowledge)  # type: ignore[return-value]


@router.post("/compositions", response_model=Composed, status_code=201)
def compose(
    ask: Annotated[CompositionAsk, Body(openapi_examples=EXAMPLES)],
    session: SessionDep,
    caller: CallerDep,
    house: HouseDep,
    at: NowDep,
) -> Any:
    """Compose the best consortium for a template and market, and record it.

    Every seat has its firm with the signals that make up its fit, or says why it is empty and what kind of firm would
    fill it; every filled seat has the way of its work to the market with the requirements that bite, and its next best
    holders with the price of the swap to the whole team. When the rules held bar every team, `found` is false and
    `forbidden_by` names them.
    """
    return projects.compose(session, caller, ask, house.knowledge, house.candidates, at)


@router.get("/compositions/{run_id}", response_model=Composed)
def read_composition(run_id: str, session: SessionDep, caller: CallerDep) -> Any:
    """One's own recorded composition, as it was given; 409 where a firm that it names has withdrawn since."""
    return projects.read(session, caller, run_id)


@router.post("/compositions/{run_id}/replay")
def replay_composition(run_id: str, session: SessionDep, caller: CallerDep, house: HouseDep) -> Recomposed:
    """Compose a recorded ask again over the profiles as they stood; `same` compares the answers byte for byte."""
    return Recomposed(same=projects.replay(session, caller, run_id, house.knowledge))


@router.get("/minerals")
def list_minerals(caller: CallerDep, house: HouseDep) -> list[dict[str, Any]]:
    """The minerals held, with their forms from the ground or from scrap to the part."""
    return chains.minerals(caller, house.knowledge)


@router.get("/minerals/{mineral}/chains")
def compose_chains(
    mineral: str, session: SessionDep, caller: CallerDep, house: HouseDep, at: NowDep, to: str | None = None
) -> dict[str, Any]:
    """The best chains of a mineral by each model: concentrate out, investment in, and the other way round.

    Every step has its firm, site, state, public figures and sources, or is a gap that says what kind of firm would fill
    it; and the chain has the pathway of its sites.
    """
    return chains.compose_chains(session, caller, mineral, house.knowledge, at.date(), to=to)


@router.get("/gaps")
def report_gaps(session: SessionDep, caller: CallerDep, house: HouseDep, at: NowDep) -> dict[str, Any]:
    """Which seats of all templates nobody on file can take, by country and sector: whom to recruit, what to fund."""
    return gaps.report(session, caller, house.knowledge, house.candidates, at.date())
