"""Ask who should meet whom; read a run; rank a run again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel

from app import matches, runs
from app.api.doors import BODY_LIMIT, CallerDep, HouseDep, NowDep, OnceDep, SessionDep
from app.matches import Ask
from app.runs import RunLine
from app.screenings import ScreeningChange
from matching.counterfactuals import Counterfactual
from matching.ranking import Exclusion, Match

router = APIRouter(prefix="/api/v1/matches", tags=["matches"], max_body_size=BODY_LIMIT)


class Run(BaseModel):
    """The record of an ask: who asked, when, and the versions of everything the answer rests on."""

    id: str
    asked_at: str
    asked_by: str
    ask: dict[str, Any]
    versions: dict[str, Any]
    pool: dict[str, int]
    exposure: dict[str, float]
    notes: list[str]


class Answer(BaseModel):
    """Ranked triads. `fit` is the weighted mean of the signals printed; no verdict moves it."""

    run: Run
    matches: list[Match]
    excluded: list[Exclusion]


class RunPage(BaseModel):
    """Runs, the latest first, and the id to continue after; none at the end."""

    runs: list[RunLine]
    next_after: str | None


class Replay(BaseModel):
    """A run ranked again over the profiles and screenings as they stood, and what screening holds otherwise now."""

    same: bool
    since: list[ScreeningChange]
    because: list[str]
    matches: list[Match]
    excluded: list[Exclusion]


EXAMPLES: dict[str, Any] = {
    "a firm on file": {
        "summary": "Who should this Canadian innovator meet, for which third market?",
        "value": {"firm": "Kraken Robotics", "market": "any", "limit": 10},
    },
    "a brief": {
        "summary": "The same for a firm that is not on file",
        "value": {
            "brief": {
                "text": "We have flown a prototype uncooled infrared gimbal and look for a volume maker of optics.",
                "country": "CAN",
                "trl": 6,
            },
            "market": "IDN",
        },
    },
    "a demand": {
        "summary": "Who could serve what a market seeks?",
        "value": {"demand": "offshore patrol vessels", "market": "PHL"},
    },
}


@router.post("", response_model=Answer, status_code=201)
def request_matches(
    ask: Annotated[Ask, Body(openapi_examples=EXAMPLES)],
    session: SessionDep,
    caller: CallerDep,
    house: HouseDep,
    at: NowDep,
    once: OnceDep,
) -> Any:
    """Rank every eligible triad for the ask and record the run.

    Each match names the innovator, the manufacturer and the market, the signals that make up its fit with the
    facts that met, the suggested mode, and the pathway: the legs a transfer would take, with every requirement
    of the held rules that bites, its authority, citation and date. Prohibited triads are told under `excluded`.
    The service states what the rules held say; it gives no legal advice.
    """
    return once(lambda: matches.request_matches(session, caller, ask, house.knowledge, house.candidates, at))


@router.get("")
def list_runs(
    session: SessionDep,
    caller: CallerDep,
    after: Annotated[str, Query(max_length=36, description="Continue after this run.")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> RunPage:
    """Your runs, the latest first."""
    page, next_after = runs.list_runs(session, caller, after, limit)
    return RunPage(runs=page, next_after=next_after)


@router.get("/{run_id}", response_model=Answer)
def read_run(run_id: str, session: SessionDep, caller: CallerDep, house: HouseDep) -> Any:
    """The recorded answer of one's own run, as it was given, without what a firm has withdrawn since."""
    return matches.read_run(session, caller, run_id, house.knowledge)


@router.get("/{run_id}/matches/{place}/counterfactuals")
def what_if(
    run_id: str, place: int, session: SessionDep, caller: CallerDep, house: HouseDep
) -> Sequence[Counterfactual]:
    """Which one change would lift this match, or better its verdict; every change is made and ranked anew."""
    return matches.what_if(session, caller, run_id, place, house.knowledge)


@router.post("/{run_id}/replay", response_model=Replay)
def replay_run(run_id: str, session: SessionDep, caller: CallerDep, house: HouseDep) -> Any:
    """Rank the recorded ask again over the profiles and screenings as they stood.

    `same` compares the two answers byte for byte; `since` tells what screening now holds otherwise of the
    firms, and `because` whether firms that could be matched then are gone.
    """
    done = matches.replay(session, caller, run_id, house.knowledge)
    answer = done.answer
    return {
        "same": done.same,
        "since": done.since,
        "because": done.because,
        "matches": answer["matches"],
        "excluded": answer["excluded"],
    }
