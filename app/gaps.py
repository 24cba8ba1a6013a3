"""The gap report: over templates and markets, which seats nobody on file can take, by country and sector."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app import access, projects, screenings
from app.candidates import CandidateCache
from app.knowledge import Knowledge
from app.library import library
from app.permissions import Permission
from matching.composer import would_fill
from matching.deliveries import Deliveries
from matching.lineup import Lineup
from matching.projects import Project
from matching.seats import Field


def report(
    session: Session,
    caller: access.Caller,
    knowledge: Knowledge,
    cache: CandidateCache,
    on: date,
    *,
    markets: Sequence[str] = (),
) -> dict[str, Any]:
    """Every seat of every template that nobody, or no firm of one country, can take, or that the rules close.

    ``markets`` are ISO 3166-1 alpha-3 codes; none: each template's own. Raises NotFound for an unknown market.
    """
    access.require(caller, Permission.MANAGE_PROJECTS)
    stranger = replace(caller, association=None, grants=frozenset())
    candidates = cache.current(session, stranger, knowledge)
    known = screenings.held(session, [firm.id for firm in candidates.firms], knowledge, on).screened()
    asked = [projects.destination(market, knowledge).iso3 for market in markets]
    seats: list[dict[str, Any]] = []
    for project in library(knowledge).projects.values():
        field = projects.lay_out(project, None, knowledge, candidates)
        here = asked or project.markets
        lineups = {iso3: Lineup(field, Deliveries(project, iso3, knowledge.rulebook, on, known)) for iso3 in here}
        seats += [_seat(project, place, field, lineups) for place in range(len(project.seats))]
    gaps = [seat for seat in seats if seat["nobody"] or seat["missing_in"] or seat["closed_markets"]]
    return {
        "seats": len(seats),
        "nobody": [seat for seat in gaps if seat["nobody"]],
        "one_country": [seat for seat in gaps if not seat["nobody"] and seat["missing_in"]],
        "closed": [seat for seat in gaps if not seat["nobody"] and seat["closed_markets"]],
        "by_sector": _by_sector(gaps),
    }


def _seat(project: Project, place: int, field: Field, lineups: dict[str, Lineup]) -> dict[str, Any]:
    seat = project.seats[place]
    firms = [field.firms.firms[one.firm].profile.country for one in field.applicants[place]]
    may = seat.countries or ("CAN", "IND")
    return {
        "project": project.id,
        "role": seat.role,
        "title": seat.title,
        "optional": seat.optional,
        "sectors": list(seat.sectors),
        "firms": {country: firms.count(country) for country in ("CAN", "IND")},
        "nobody": not firms,
        "missing_in": [country for country in may if country not in firms],
        "closed_markets": [
            iso3 for iso3, lineup in lineups.items() if firms and len(lineup.barred(place)) == len(firms)
        ],
        "would_fill": would_fill(seat),
    }


def _by_sector(gaps: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What to recruit: for each country and sector the seats that no firm of that country can take."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for seat in gaps:
        for country in seat["missing_in"]:
            found[country, seat["sectors"][0]].append(f"{seat['project']}: {seat['role']}")
    return [
        {"country": country, "sector": sector, "seats": seats} for (country, sector), seats in sorted(found.items())
    ]
