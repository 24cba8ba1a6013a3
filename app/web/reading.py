"""Read what is held: the first page, firms, markets, the landscape, and the pages that explain."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response

from app import firms, glossary, landscape, measured, pictures
from app.knowledge import holdings, markets_by_region
from app.web import words
from app.web.pages import GuestDep, VisitDep
from matching.ranking import WEIGHTS, WEIGHTS_OF_DEMAND

router = APIRouter(prefix="/{locale:lang}", include_in_schema=False)


@router.get("/")
def first_page(visit: GuestDep) -> Response:
    """What the service is for, and how much is on file."""
    held = holdings(visit.house.knowledge) | firms.counts(visit.session)
    return visit.page("home.html", held=held)


@router.get("/firms")
def list_firms(
    visit: VisitDep,
    country: Literal["CAN", "IND", ""] = "",
    q: Annotated[str, Query(max_length=300)] = "",
    after: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """The firms that may be seen, a page at a time, or those whose name is near what is looked for."""
    found, next_after = (
        (firms.search(visit.session, visit.caller, q, country or None), None)
        if q.strip()
        else firms.list_firms(visit.session, visit.caller, country or None, after, 25)
    )
    return visit.page("firms.html", found=found, next_after=next_after, q=q, country=country)


@router.get("/firms/{firm_id}")
def read_firm(visit: VisitDep, firm_id: str) -> Response:
    """One firm as it may be read."""
    firm = firms.read_firm(visit.session, visit.caller, firm_id)
    return visit.page("firm.html", firm=firm)


@router.get("/markets")
def list_markets(visit: VisitDep) -> Response:
    """The markets held, by region."""
    return visit.page("markets.html", regions=markets_by_region(visit.house.knowledge))


@router.get("/markets/{market}")
def read_market(visit: VisitDep, market: str) -> Response:
    """One market with its demands."""
    return visit.page("market.html", market=visit.house.knowledge.market(market))


@router.get("/landscape")
def read_landscape(visit: VisitDep) -> Response:
    """Where innovators and makers are, by sector and readiness."""
    lines = landscape.landscape(visit.session, visit.caller, visit.house.knowledge.taxonomy)
    names = {line.code: visit.speaks.text(visit.house.knowledge.taxonomy.sector(line.code).name_en) for line in lines}
    rows = [pictures.Row(names[line.code], line.innovators, line.manufacturers) for line in lines]
    steps = [visit.speaks.text(step) for step in words.STEPS]
    return visit.page(
        "landscape.html",
        rows=rows,
        steps=steps,
        gaps=[gap | {"name": names[gap["code"]]} for gap in landscape.gaps(lines)],
        picture=pictures.landscape(rows, steps, visit.speaks.text("Landscape")),
    )


@router.get("/learn/reading")
def how_to_read(visit: GuestDep) -> Response:
    """How to read a match."""
    weights: dict[str, Any] = {"weights": WEIGHTS, "weights_of_demand": WEIGHTS_OF_DEMAND}
    return visit.page("learn/reading.html", **weights)


@router.get("/learn/method")
def method(visit: GuestDep) -> Response:
    """What is measured, on what, how well, and what the service does not do."""
    days = sorted(rule.as_of for rule in visit.house.knowledge.rulebook.rules)
    return visit.page(
        "learn/method.html",
        figures=measured.figures(),
        asks=words.SETS,
        rulebook=visit.house.knowledge.rulebook,
        first=days[0],
        last=days[-1],
        encoder=visit.house.knowledge.encoder.id,
    )


@router.get("/learn/glossary")
def read_glossary(visit: GuestDep) -> Response:
    """The glossary in the language of the page."""
    entries = glossary.glossary(visit.house.knowledge.literacy.terms, visit.speaks.code)
    return visit.page("learn/glossary.html", entries=entries)
