"""The reviewer's queue: near names of denied-party lists, and the decisions on them."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from app import hits
from app.errors import AppError, Conflict, Invalid
from app.web.pages import FORM_LIMIT, FieldsDep, Visit, VisitDep, see
from matching.phrases import say

router = APIRouter(prefix="/{locale:lang}/review", include_in_schema=False, max_body_size=FORM_LIMIT)


@router.get("/hits")
def list_hits(visit: VisitDep, show: str = "") -> Response:
    """The hits that wait, the nearest first; with ``show=all`` all ever."""
    everything = show == "all"
    found = hits.hits(visit.session, visit.caller, everything=everything)
    return visit.page("hits.html", hits=found, everything=everything)


@router.get("/hits/{hit_id}")
def read_hit(visit: VisitDep, hit_id: int) -> Response:
    """One hit: which name met which, how near and why, and what was decided."""
    return _hit_page(visit, hit_id)


@router.post("/hits/{hit_id}")
def decide(visit: VisitDep, hit_id: int, form: FieldsDep) -> Response:
    """Record a decision; a form that does not fit is shown again with what was typed."""
    given = {"decision": form.get("decision", ""), "reason": form.get("reason", "")}
    try:
        decision = _decision(given["decision"])
        hits.decide(visit.session, visit.caller, hit_id, decision, given["reason"], visit.at)
    except (Invalid, Conflict) as problem:
        return _hit_page(visit, hit_id, given=given, problem=problem)
    return see(f"{visit.base}/review/hits/{hit_id}")


def _decision(word: str) -> bool:
    if word not in ("true", "false"):
        raise Invalid(say("choose a decision"))
    return word == "true"


def _hit_page(
    visit: Visit,
    hit_id: int,
    *,
    given: Mapping[str, str] | None = None,
    problem: AppError | None = None,
) -> HTMLResponse:
    hit = hits.read_hit(visit.session, visit.caller, hit_id)
    return visit.page(
        "hit.html",
        status=problem.status if problem else 200,
        hit=hit,
        given=given or {"decision": "", "reason": ""},
        problem=problem,
    )
