"""Lighthouse projects: a template composed for a market into a recorded consortium, and replayed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any, Literal

import numpy as np
import orjson
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter
from sqlalchemy.orm import Session

from app import access, matches, screenings
from app.candidates import CandidateCache, Candidates, gather
from app.errors import Conflict, Invalid, NotFound
from app.knowledge import Knowledge
from app.library import library
from app.models import Composition, Firm
from app.permissions import Permission
from matching import seats
from matching.composer import SWAPS, TEAMS, Composer
from matching.consortium import Consortium
from matching.deliveries import Deliveries
from matching.encoder import text_key
from matching.lineup import Lineup
from matching.pathway import Verdict
from matching.phrases import phrasebook, say
from matching.profile import Frozen, Market
from matching.projects import Project
from matching.ranking import Destination
from matching.seats import WEIGHTS_OF_SEAT
from matching.suppositions import Suppositions
from matching.transfer import Screened

HOME = {"CAN": "Canada", "IND": "India"}
"""Countries that a project may be for although they are no third market."""


class CompositionAsk(Frozen):
    """One project for one market."""

    template: Annotated[str, Field(max_length=300, description="Id of a project template.")]
    market: Annotated[str, Field(max_length=300, description="ISO 3166-1 alpha-3 code or name; CAN and IND too.")]
    alternatives: Annotated[int, Field(ge=0, le=5, description="Other teams.")] = TEAMS
    swaps: Annotated[int, Field(ge=0, le=5, description="Next best holders of each seat.")] = SWAPS
    at_worst: Annotated[
        Literal["open", "general", "permit", "undetermined", "exceptional"],
        Field(description="The worst verdict any way may have; `exceptional` is for who holds a cited exception."),
    ] = "undetermined"
    on: Annotated[date | None, Field(description="Law as of this day; today unless given.")] = None


def compose(
    session: Session,
    caller: access.Caller,
    ask: CompositionAsk,
    knowledge: Knowledge,
    cache: CandidateCache,
    now: datetime,
    *,
    project: Project | None = None,
) -> dict[str, Any]:
    """Compose the best consortium for a template and market, record the run and return it as the API's document.

    ``project`` is a template of the caller's own, in place of one held. Raises NotFound for an unknown template or
    market, NotReady before seeding or embedding.
    """
    access.require(caller, Permission.MANAGE_PROJECTS)
    candidates = cache.current(session, _stranger(caller), knowledge)
    project = project or library(knowledge).project(ask.template)
    destination, _ = _market(ask.market, knowledge)
    on = ask.on or now.date()
    ask = ask.model_copy(update={"on": on, "market": destination.iso3, "template": project.id})
    known = screenings.held(session, [firm.id for firm in candidates.firms], knowledge, on)
    run = Composition(
        id=str(uuid.uuid4()),
        asked_at=now,
        asked_by=caller.name,
        ask=ask.model_dump(mode="json"),
        project=project.model_dump(mode="json"),
        versions=_versions(knowledge)
        | {
            "profiles": candidates.version,
            "weights": dict(WEIGHTS_OF_SEAT),
            "watchlists": matches.lists_held(session),
        },
        answer=_answer(ask, project, knowledge, candidates, known.screened()),
        change=candidates.change,
        screening=screenings.kept(known),
    )
    session.add(run)
    return _document(run)


def _stranger(caller: access.Caller) -> access.Caller:
    """The caller without grants or an association: a composition names many firms, so it rests on released fields."""
    return replace(caller, association=None, grants=frozenset())


def read(session: Session, caller: access.Caller, run_id: str) -> dict[str, Any]:
    """A recorded composition as the API gives it.

    Raises NotFound for one that is not recorded or not the reader's, and Conflict where a firm that it names, or an
    offer that it quotes, is no longer released: compose again.
    """
    run = _recorded(session, caller, run_id)
    quoted: dict[str, set[str]] = {}
    for seat in run.answer["seats"]:
        for firm in _named(seat):
            quoted.setdefault(firm["id"], set())
        if seat["firm"] is not None:
            quoted[seat["firm"]["id"]] |= set(seat["offers"])
    stranger = _stranger(caller)
    firms = session.scalars(access.visible_firms(stranger).where(Firm.id.in_(quoted)))
    said = {firm.id: {offer.text for offer in access.released(firm, stranger).offers} for firm in firms}
    if any(texts - said.get(firm, set()) or firm not in said for firm, texts in quoted.items()):
        raise Conflict(
            f"composition {run_id} rests on a firm or an offer that is no longer released",
            hint="compose the project again",
        )
    return _document(run)


def _named(seat: dict[str, Any]) -> list[dict[str, Any]]:
    """Every firm that a seat tells of."""
    others = [told["firm"] for part in ("nearest", "alternatives") for told in seat[part]]
    return [firm for firm in (seat["firm"], *others) if firm is not None]


def _recorded(session: Session, caller: access.Caller, run_id: str) -> Composition:
    if Permission.READ_ALL_RUNS not in caller.permissions:
        access.require(caller, Permission.MANAGE_PROJECTS)
    run = session.get(Composition, run_id)
    if run is None or not (run.asked_by == caller.name or Permission.READ_ALL_RUNS in caller.permissions):
        raise NotFound(f"no composition {run_id!r} is recorded", hint="the id stands in every answer under run.id")
    return run


def replay(session: Session, caller: access.Caller, run_id: str, knowledge: Knowledge) -> bool:
    """Compose a recorded ask again over the profiles and screenings as they stood; True when it is the same bytes.

    Raises Conflict when the rulebook or another version held now is not that of the run.
    """
    run = _recorded(session, caller, run_id)
    moved = sorted(name for name, held in _versions(knowledge).items() if run.versions.get(name) != held)
    if moved or run.versions["weights"] != WEIGHTS_OF_SEAT:
        raise Conflict(
            f"composition {run_id} cannot be made again: another version of {', '.join(moved) or 'weights'} is held",
            hint="the answer as it was given is kept: GET /api/v1/compositions/{id}, or `triveni composition ID`",
        )
    candidates = gather(session, _stranger(caller), knowledge, at=run.change)
    ask, project = CompositionAsk.model_validate(run.ask), Project.model_validate(run.project)
    then = screenings.recalled(run.screening)
    return _bytes(_answer(ask, project, knowledge, candidates, then.screened())) == _bytes(run.answer)


def _bytes(answer: dict[str, Any]) -> bytes:
    return orjson.dumps(answer, option=orjson.OPT_SORT_KEYS)


def _document(run: Composition) -> dict[str, Any]:
    """A composition as the API gives it."""
    return {
        "run": {
            "id": run.id,
            "asked_at": run.asked_at.isoformat(timespec="seconds"),
            "asked_by": run.asked_by,
            "ask": run.ask,
            "versions": run.versions,
        },
        **{name: part for name, part in run.answer.items() if name != "phrases"},
    }


def templates(caller: access.Caller, knowledge: Knowledge) -> list[dict[str, Any]]:
    """Every template held, as data."""
    access.require(caller, Permission.READ_REFERENCE)
    return [project.model_dump(mode="json") for project in library(knowledge).projects.values()]


def _versions(knowledge: Knowledge) -> dict[str, str]:
    # The template of a run is stored with it; the minerals decide who handles what.
    return knowledge.versions | {"minerals": library(knowledge).versions["minerals"]}


def destination(wanted: str, knowledge: Knowledge) -> Destination:
    """Where a project may be for: a market held, or Canada or India; raises NotFound, or Invalid for any market."""
    return _market(wanted, knowledge)[0]


def _market(wanted: str, knowledge: Knowledge) -> tuple[Destination, Market | None]:
    """The destination, and its market where it is a third one."""
    for iso3, name in HOME.items():
        if wanted.strip().casefold() in (iso3.casefold(), name.casefold()):
            return Destination(iso3, name), None
    if wanted.strip().casefold() == matches.ANY:
        raise Invalid("a project is composed for one market", hint="add it, for example --market PHL")
    market = knowledge.market(wanted)
    return Destination(market.iso3, market.name), market


def _answer(
    ask: CompositionAsk,
    project: Project,
    knowledge: Knowledge,
    candidates: Candidates,
    screened: Mapping[str, Screened],
) -> dict[str, Any]:
    assert ask.on is not None  # set when the run was asked
    destination, market = _market(ask.market, knowledge)
    field = lay_out(project, market, knowledge, candidates)
    deliveries = Deliveries(project, destination.iso3, knowledge.rulebook, ask.on, screened)
    lineup = Lineup(field, deliveries, at_worst=Verdict(ask.at_worst))
    told = Suppositions(knowledge.control_lists, knowledge.taxonomy, knowledge.rulebook)
    found = Composer(lineup, told, swaps=ask.swaps, teams=ask.alternatives).compose()
    answer: dict[str, Any] = _CONSORTIUM.dump_python(found, mode="json", by_alias=True)
    notes = _notes(project, destination, bool(screened))
    return {
        "template": {"id": project.id, "title": project.title, "title_fr": project.title_fr, "route": project.route},
        "market": {"iso3": destination.iso3, "name": destination.name},
        **answer,
        "notes": notes,
        "phrases": phrasebook((found, notes)),
    }


_CONSORTIUM = TypeAdapter(Consortium)


def lay_out(project: Project, market: Market | None, knowledge: Knowledge, candidates: Candidates) -> seats.Field:
    """Every firm against every seat of a project; texts without a stored vector are embedded here."""
    vectors = dict(candidates.vectors)
    fresh = seats.missing([project], vectors)
    if fresh:
        made = knowledge.encoder.encode(fresh)
        vectors |= {text_key(text): (-1, vector) for text, vector in zip(fresh, _rows(made), strict=True)}
    return seats.Field(
        project,
        market,
        candidates.everyone(knowledge.taxonomy),
        vectors=vectors,
        index=candidates.index,
        taxonomy=knowledge.taxonomy,
        regions={held.iso3: held.region for held in knowledge.markets.values()},
        handled=library(knowledge).handled,
    )


def _rows(vectors: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    return list(vectors)


def _notes(project: Project, destination: Destination, screened: bool) -> list[str]:
    notes: list[str] = [
        say("Profiles were compiled from public sources and not verified by the firms; no firm named has been asked."),
        project.estimates,
        project.arms_because,
        say("Names were compared with the denied-party lists held; ownership was not, beyond a parent on record.")
        if screened
        else say("No party has been screened against a denied-party list."),
    ]
    if destination.iso3 not in project.markets:
        notes.append(say("{market} is not among the markets that the template names.", market=destination.name))
    return notes
