"""Ask, read the answer, open a match, compare, ask again, decide, export."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup
from pydantic import ValidationError

from app import asks, decisions, geography, matches, pictures
from app.asks import Answered
from app.decisions import Judgement
from app.errors import AppError, Invalid, NotFound
from app.knowledge import invalid_from, markets_by_region
from app.languages import Language
from app.matches import Ask
from app.web.pages import FORM_LIMIT, ChoiceDep, FieldsDep, Visit, VisitDep, see
from matching.counterfactuals import Counterfactual
from matching.phrases import say
from matching.ranking import SIGNALS

router = APIRouter(prefix="/{locale:lang}", include_in_schema=False, max_body_size=FORM_LIMIT)

EMPTY: Mapping[str, str] = {
    "start": "firm",
    "firm": "",
    "brief": "",
    "country": "CAN",
    "trl": "",
    "demand": "",
    "market": "any",
    "limit": "10",
    "spread": "",
    "stated": "",
}


@router.get("/ask")
def ask_form(visit: VisitDep) -> Response:
    """The form of an ask; a start may stand in the address, as in ``?firm=kraken``."""
    given = {**EMPTY, **{name: value for name, value in visit.request.query_params.items() if name in EMPTY}}
    return visit.page("ask.html", **_form(visit, given))


def _form(visit: Visit, given: Mapping[str, str], problem: AppError | None = None) -> dict[str, Any]:
    near = [] if problem is None else problem.details.get("near", [])
    return {
        "given": given,
        "problem": problem,
        "at": _faulty(given, problem),
        "suggestions": near if given["start"] == "firm" else [],
        "names": asks.names_to_ask_for(visit.session, visit.caller),
        "regions": markets_by_region(visit.house.knowledge),
    }


def _faulty(given: Mapping[str, str], problem: AppError | None) -> str:
    """The field that a problem is about; empty without one."""
    if problem is None:
        return ""
    return "market" if "market" in problem.message and given["start"] != "brief" else given["start"]


@router.post("/ask")
def ask(visit: VisitDep, form: FieldsDep) -> Response:
    """Ask; the answer has an address of its own. A form that does not fit is shown again with what was typed."""
    given = {**EMPTY, "limit": "10", **{name: form[name] for name in EMPTY if name in form}}
    if "instead" in form:
        given |= {"start": "firm", "firm": form["instead"]}
    try:
        answer = matches.request_matches(
            visit.session, visit.caller, _ask(given), visit.house.knowledge, visit.house.candidates, visit.at
        )
    except (Invalid, NotFound) as problem:
        return visit.page("ask.html", status=422, **_form(visit, given, problem))
    return see(f"{visit.base}/asks/{answer['run']['id']}")


def _ask(given: Mapping[str, str]) -> Ask:
    """The ask that a form stands for; raises Invalid."""
    start = given["start"] if given["start"] in ("firm", "brief", "demand") else "firm"
    if not given[start].strip():
        wanted = {
            "firm": say("the firm's name is empty"),
            "brief": say("the brief is empty"),
            "demand": say("the demand is empty"),
        }
        raise Invalid(wanted[start], hint=say("fill in the field of what you start from"))
    asked: dict[str, Any] = {
        "market": given["market"] or "any",
        "limit": given["limit"],
        "spread": bool(given["spread"]),
        "infer_needs": not given["stated"],
        start: given[start],
    }
    if start == "brief":
        asked["brief"] = {"text": given["brief"], "country": given["country"], "trl": given["trl"] or None}
    try:
        return Ask.model_validate(asked)
    except ValidationError as problem:
        raise invalid_from(problem, "the ask") from problem


@router.get("/asks")
def list_asks(visit: VisitDep) -> Response:
    """The visit.caller's asks."""
    return visit.page("asks.html", lines=asks.asks_of(visit.session, visit.caller))


@router.get("/asks/{run_id}")
def read_answer(visit: VisitDep, run_id: str, choice: ChoiceDep, since: str = "") -> Response:
    """The answer; with ``since``, what moved since an earlier one."""
    answered = asks.read_answer(visit.session, visit.caller, run_id, visit.house.knowledge)
    earlier = asks.read_answer(visit.session, visit.caller, since, visit.house.knowledge) if since else None
    market = answered.document["run"]["ask"]["market"]
    return visit.page(
        "answer.html",
        answered=answered,
        phrases=answered.phrases,
        shown=choice.of(answered.matches),
        choice=choice,
        facets=asks.facets(answered.matches),
        moved=asks.moved(earlier.document, answered.document) if earlier else None,
        since=since,
        market_name=visit.speaks.text("any market")
        if market == "any"
        else visit.speaks.text(visit.house.knowledge.market(market).name),
    )


@router.get("/asks/{run_id}/compare")
def compare(visit: VisitDep, run_id: str, place: Annotated[tuple[int, ...], Query()] = ()) -> Response:
    """Two to four matches side by side."""
    answered = asks.read_answer(visit.session, visit.caller, run_id, visit.house.knowledge)
    chosen = asks.compared(answered, place)
    return visit.page("compare.html", answered=answered, phrases=answered.phrases, chosen=chosen)


@router.post("/asks/{run_id}/again")
def ask_again(visit: VisitDep, run_id: str, form: FieldsDep) -> Response:
    """Ask the same again, with the weights of the form if they are wanted; then what moved is shown."""
    weights = None
    if form.get("with") == "weights":
        try:
            weights = {name: float(form[name]) for name in SIGNALS if name in form}
        except ValueError as problem:
            raise Invalid(say("a weight is not a number")) from problem
    new = asks.ask_again(
        visit.session, visit.caller, run_id, weights, visit.house.knowledge, visit.house.candidates, visit.at
    )
    return see(f"{visit.base}/asks/{new}?since={run_id}")


@router.get("/asks/{run_id}/export.{form}")
def export(visit: VisitDep, run_id: str, form: str) -> Response:
    """The answer as a file: ``csv`` for a spreadsheet, ``json`` exactly as the API gives it."""
    answered = asks.read_answer(visit.session, visit.caller, run_id, visit.house.knowledge)
    if form not in EXPORTS:
        raise NotFound(f"there is no export as {form!r}", hint="there are csv and json")
    media, make = EXPORTS[form]
    name = f"triveni-{run_id[:8]}.{form}"
    return Response(make(answered), media_type=media, headers={"Content-Disposition": f'attachment; filename="{name}"'})


EXPORTS: Mapping[str, tuple[str, Callable[[Answered], bytes]]] = {
    "csv": ("text/csv; charset=utf-8", asks.as_csv),
    "json": ("application/json", asks.as_json),
}


@router.get("/asks/{run_id}/matches/{place}")
def read_match(
    visit: VisitDep, run_id: str, place: int, what_if: Annotated[str, Query(alias="what-if")] = ""
) -> Response:
    """One match with its reasons, its pathway, its questions and, when asked for, what one change would do."""
    answered = asks.read_answer(visit.session, visit.caller, run_id, visit.house.knowledge)
    changes = matches.what_if(visit.session, visit.caller, run_id, place, visit.house.knowledge) if what_if else None
    return _match_page(visit, answered, place, changes=changes)


@router.post("/asks/{run_id}/matches/{place}/decisions")
def decide(visit: VisitDep, run_id: str, place: int, form: FieldsDep) -> Response:
    """Record what came of the match; a form that does not fit is shown again with what was typed."""
    given = {"outcome": form.get("outcome", ""), "reason": form.get("reason", ""), "note": form.get("note", "")}
    try:
        decisions.record(visit.session, visit.caller, run_id, _judgement(place, given), visit.at)
    except Invalid as problem:
        answered = asks.read_answer(visit.session, visit.caller, run_id, visit.house.knowledge)
        return _match_page(visit, answered, place, given=given, problem=problem)
    return see(f"{visit.base}/asks/{run_id}/matches/{place}#decision")


def _judgement(place: int, given: Mapping[str, str]) -> Judgement:
    if not given["outcome"]:
        raise Invalid(say("choose what came of it"))
    try:
        return Judgement.model_validate(
            {"rank": place, **given, "reason": (given["reason"] or None) if given["outcome"] == "declined" else None}
        )
    except ValidationError as problem:
        raise invalid_from(problem, "the decision") from problem


def _match_page(
    visit: Visit,
    answered: Answered,
    place: int,
    *,
    changes: tuple[Counterfactual, ...] | None = None,
    given: Mapping[str, str] | None = None,
    problem: AppError | None = None,
) -> HTMLResponse:
    house, speaks = visit.house, visit.speaks
    match = answered.match(place)
    spots = asks.spots(
        answered, match, geography.market_points(house.knowledge.seeds), speaks.text(match["market"]["name"])
    )
    names = " – ".join(spot.name for spot in spots)
    return visit.page(
        "match.html",
        status=422 if problem else 200,
        answered=answered,
        phrases=answered.phrases,
        match=match,
        rules={rule.id: rule for rule in house.knowledge.rulebook.rules},
        changes=changes,
        decided=answered.decided.get(place),
        given=given or {"outcome": "", "reason": "", "note": ""},
        problem=problem,
        spots=spots,
        map=pictures.triad_map(spots, geography.coast(house.knowledge.seeds), names) if len(spots) > 1 else None,
        strip=_strip(answered, match, speaks),
    )


def _strip(answered: Answered, match: Mapping[str, Any], speaks: Language) -> Markup | None:
    levels = asks.readiness(answered, match)
    if levels is None:
        return None
    kinds = (("i", match["innovator"]["name"]), ("m", match["manufacturer"]["name"]))
    scales = [
        pictures.Scale(f"{speaks.text(scale)} · {pictures.cut(name, 20)}", most, at, kind)
        for (kind, name), (scale, most, at) in zip(kinds, levels, strict=True)
    ]
    told = "; ".join(f"{scale.label} {speaks.number(scale.at or 0)}" for scale in scales)
    return pictures.readiness_strip(scales, told)
