"""Delegations: what is asked for one, its programme planned over the sites of the firms that match, stored and told."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import access, audit
from app.briefing import Format, Sources, render
from app.delegation_models import Delegation, Programme
from app.errors import Conflict, NotFound, NotReady
from app.geography import coast
from app.languages import Code, language
from app.missions import House, ProgrammeAsk, prepare, site_name, told
from app.models import Firm
from app.permissions import Permission
from app.sites import check_dates
from matching.programme import CannotHold, Undecided, in_words, plan
from matching.programme_check import complaints
from matching.visits import Mission


def request_programme(
    session: Session,
    caller: access.Caller,
    ask: ProgrammeAsk,
    house: House,
    now: datetime,
) -> dict[str, Any]:
    """Make a delegation, plan its programme, store both and return the programme's document.

    Raises NotFound for an unknown firm or site, Invalid for what makes no sense, and Conflict, with the smallest set of
    wishes that cannot all be kept, or with the reasons when nothing at all can be visited.
    """
    access.require(caller, Permission.MANAGE_DELEGATIONS)
    check_dates(ask.starts, ask.days, now.date())
    delegation = Delegation(
        id=str(uuid.uuid4()),
        title=ask.title or f"{len(ask.firms)} firms to {ask.country}, {ask.starts}",
        owner=caller.name,
        state="draft",
        ask=ask.model_dump(mode="json", by_alias=True),
        made_at=now,
    )
    answer, versions = _planned(session, caller, ask, house, now, published=())
    session.add(delegation)
    session.flush()
    audit.record(session, by=caller.name, action="delegation.made", subject=f"delegation:{delegation.id}", at=now)
    return _stored(session, caller, delegation, answer, versions, now)


def plan_again(
    session: Session,
    caller: access.Caller,
    delegation_id: str,
    ask: ProgrammeAsk | None,
    house: House,
    now: datetime,
) -> dict[str, Any]:
    """Plan a delegation anew, as asked before or as asked now; what was published stays as it was published.

    Raises what `request_programme` raises, and Conflict when the delegation is over.
    """
    delegation = find_delegation(session, caller, delegation_id)
    if delegation.state not in ("draft", "agreed"):
        raise Conflict(f"the delegation is {delegation.state}", hint="a programme is planned in `draft` or `agreed`")
    if ask is None:
        ask = ProgrammeAsk.model_validate(delegation.ask)
    check_dates(ask.starts, ask.days, now.date())
    published = session.scalar(
        select(Programme)
        .where(Programme.delegation_id == delegation_id, Programme.published_at.is_not(None))
        .order_by(Programme.number.desc())
        .limit(1)
    )
    held = tuple(published.answer["visits"]) if published else ()
    answer, versions = _planned(session, caller, ask, house, now, published=held)
    delegation.ask = ask.model_dump(mode="json", by_alias=True)
    return _stored(session, caller, delegation, answer, versions, now)


def publish(session: Session, caller: access.Caller, programme_id: str, now: datetime) -> dict[str, Any]:
    """Make a programme's appointments stand: planned again, the delegation keeps them. Raises NotFound and Conflict."""
    programme = find_programme(session, caller, programme_id)
    if programme.published_at is None:
        later = session.scalar(
            select(func.max(Programme.number)).where(
                Programme.delegation_id == programme.delegation_id, Programme.published_at.is_not(None)
            )
        )
        if later is not None and later > programme.number:
            raise Conflict(
                "a later programme of this delegation is published", hint="publish the latest, or plan again"
            )
        programme.published_at = now
        session.flush()
        audit.record(session, by=caller.name, action="programme.published", subject=f"programme:{programme.id}", at=now)
    return document(session, programme)


def find_programme(session: Session, caller: access.Caller, programme_id: str) -> Programme:
    """A programme the caller may read; raises NotFound in the same words whether it is not there or not theirs."""
    programme = session.get(Programme, programme_id)
    if programme is not None:
        find_delegation(session, caller, programme.delegation_id, called=f"programme {programme_id!r}")
        return programme
    raise NotFound(f"no programme {programme_id!r} is recorded", hint="`triveni delegation list` shows what is")


def find_delegation(
    session: Session, caller: access.Caller, delegation_id: str, called: str | None = None
) -> Delegation:
    """A delegation of the caller's own; the console sees all. Raises NotFound, for another's as for none."""
    access.require(caller, Permission.MANAGE_DELEGATIONS)
    delegation = session.get(Delegation, delegation_id)
    if delegation is None or (caller != access.CONSOLE and delegation.owner != caller.name):
        raise NotFound(
            f"no {called or f'delegation {delegation_id!r}'} is recorded",
            hint="`triveni delegation list` shows what is",
        )
    return delegation


def list_delegations(session: Session, caller: access.Caller) -> list[dict[str, Any]]:
    """The caller's delegations, the newest first, with their programmes."""
    access.require(caller, Permission.MANAGE_DELEGATIONS)
    chosen = select(Delegation).order_by(Delegation.made_at.desc(), Delegation.id)
    if caller != access.CONSOLE:
        chosen = chosen.where(Delegation.owner == caller.name)
    return [
        {
            "delegation": one.id,
            "title": one.title,
            "state": one.state,
            "owner": one.owner,
            "programmes": [
                {"programme": p.id, "number": p.number, "visits": len(p.answer["visits"]), "published": p.published_at}
                for p in session.scalars(
                    select(Programme).where(Programme.delegation_id == one.id).order_by(Programme.number)
                )
            ],
        }
        for one in session.scalars(chosen)
    ]


def document(session: Session, programme: Programme) -> dict[str, Any]:
    """A programme as the API gives it."""
    delegation = session.get(Delegation, programme.delegation_id)
    assert delegation is not None  # a foreign key
    return {
        "programme": programme.id,
        "delegation": delegation.id,
        "title": delegation.title,
        "state": delegation.state,
        "number": programme.number,
        "asked_at": programme.asked_at.isoformat(timespec="seconds"),
        "asked_by": programme.asked_by,
        "published_at": programme.published_at.isoformat(timespec="seconds") if programme.published_at else None,
        "ask": {name: value for name, value in delegation.ask.items() if name != "delegates"},
        "versions": programme.versions,
        **programme.answer,
    }


def briefing_of(
    session: Session, caller: access.Caller, programme_id: str, form: Format, spoken: Spoken, seeds: Path
) -> bytes:
    """A programme's document in a form and language, whole or of one delegate.

    Hosts' profiles are as released now to any officer; one that is no longer on file is told as such, and nothing of it
    is quoted. Raises NotFound, and what `briefing.render` raises.
    """
    programme = find_programme(session, caller, programme_id)
    told = document(session, programme)
    hosts = {visit["firm_id"] for visit in told["visits"]}
    plain = replace(caller, association=None, grants=frozenset())
    firms = session.scalars(access.visible_firms(plain).where(Firm.id.in_(hosts)))
    profiles = {firm.id: access.released(firm, plain) for firm in firms}
    told["pairs"] = [pair for pair in told["pairs"] if pair["host"] in profiles]
    delegation = find_delegation(session, caller, programme.delegation_id)
    people = ProgrammeAsk.model_validate(delegation.ask).delegates
    contacts = [f"{one.name}: {one.contact}" for one in people if one.contact and one.contact_consent]
    return render(told, Sources(profiles, contacts, coast(seeds)), language(spoken.code), form, spoken.delegate)


@dataclass(frozen=True, slots=True)
class Spoken:
    """In which language, and for whom: one delegate, or all."""

    code: Code
    delegate: str | None = None


def _stored(
    session: Session,
    caller: access.Caller,
    delegation: Delegation,
    answer: dict[str, Any],
    versions: dict[str, Any],
    now: datetime,
) -> dict[str, Any]:
    last = session.scalar(select(func.max(Programme.number)).where(Programme.delegation_id == delegation.id)) or 0
    programme = Programme(
        id=str(uuid.uuid4()),
        delegation_id=delegation.id,
        number=last + 1,
        asked_at=now,
        asked_by=caller.name,
        versions=versions,
        answer=answer,
    )
    session.add(programme)
    session.flush()
    return document(session, programme)


def _planned(
    session: Session,
    caller: access.Caller,
    ask: ProgrammeAsk,
    house: House,
    now: datetime,
    published: Sequence[dict[str, Any]],
) -> tuple[dict[str, Any], dict[str, Any]]:
    prepared = prepare(session, caller, ask, house, now, published)
    mission = prepared.mission
    try:
        found = plan(mission)
    except CannotHold as problem:
        said = [in_words(wish, mission) for wish in problem.wishes]
        raise Conflict(
            "these wishes cannot all be kept: " + "; ".join(f"({n}) {one}" for n, one in enumerate(said, start=1)),
            hint="giving up any one of them leaves the rest possible" if len(said) > 1 else "no programme can keep it",
            wishes=said,
        ) from problem
    except Undecided as problem:
        raise NotReady(
            "no programme was found in the time given", hint="ask for fewer sites, or fewer days"
        ) from problem
    wrong = complaints(mission, found.visits)
    if wrong:  # a fault of our own; nothing is stored
        raise AssertionError(f"the programme breaks rules: {wrong}")
    left_out = [*found.left_out, *prepared.left_out]
    if not found.visits:
        raise Conflict(
            "nothing can be visited: "
            + ("; ".join(f"{site_name(o, prepared)}: {o.why}" for o in left_out[:5]) or "no site fits"),
            hint="the reasons for all sites stand under left_out",
            left_out=[{"site": site_name(one, prepared), "why": one.why} for one in left_out],
        )
    versions = house.knowledge.versions | {"sites": house.sites.version, "mission": _fingerprint(mission)}
    return told(prepared, mission, found.visits, left_out) | {
        "objective": round(found.objective, 3),
        "bound": round(found.bound, 3),
        "proven": found.proven,
    }, versions


def _fingerprint(mission: Mission) -> str:
    """A hash of all that a plan is made from: the same mission gives the same programme."""
    content = repr((mission.dates, mission.asked_days_before, mission.stops, mission.delegates, mission.travel,
                    mission.base, mission.pace, mission.wishes, sorted(mission.value.items())))  # fmt: skip
    return hashlib.sha256(content.encode()).hexdigest()[:16]
