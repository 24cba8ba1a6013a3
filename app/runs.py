"""Recorded runs: whose they are, and what of one a reader gets.

A run belongs to its asker; others need the permission ``read_all_runs``. What was released when it was asked may have
been withdrawn since, so an answer is released anew at every reading: a match that names a firm which the reader may no
longer see is left out. A statement that its firm does not let be read, be it matchable or withdrawn, is not quoted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app import access
from app.access import Caller
from app.errors import Forbidden, NotFound
from app.models import Firm, MatchRun
from app.permissions import Permission
from matching.phrases import phrasebook, say
from matching.pool import embedded_text
from matching.profile import Profile, Readiness

ERASED = "erased-"
"""How the id of a firm that is erased begins in the runs that named it; it is told of by a mark (``app.erasure``)."""

UNTOLD = say("What this rests on is not released.")
"""In place of a reason that rests on what its firm does not, or no longer, let be read, and in place of that fact."""


def find_run(session: Session, caller: Caller, run_id: str) -> MatchRun:
    """The record of a run that the caller may read, as it was stored; raises NotFound for another's as for none.

    Its answer is for the work of the house. What a reader is shown goes through `released`.
    """
    if Permission.READ_ALL_RUNS not in caller.permissions:
        access.require(caller, Permission.REQUEST_MATCHES)
    run = session.get(MatchRun, run_id)
    if run is None or not (run.asked_by == caller.name or Permission.READ_ALL_RUNS in caller.permissions):
        raise NotFound(
            say("no run {run!r} is recorded", run=run_id), hint=say("the id stands in every answer under run.id")
        )
    return run


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run in a list."""

    id: str
    asked_at: datetime
    asked_by: str
    ask: dict[str, Any]


def list_runs(session: Session, caller: Caller, after: str, limit: int) -> tuple[list[RunLine], str | None]:
    """A page of the runs that the caller may read, the latest first, after the given run, and the id to go on after.

    Raises NotFound when the run to go on after is not one of them.
    """
    wanted = select(MatchRun)
    if Permission.READ_ALL_RUNS not in caller.permissions:
        access.require(caller, Permission.REQUEST_MATCHES)
        wanted = wanted.where(MatchRun.asked_by == caller.name)
    if after:
        last = find_run(session, caller, after)
        earlier = and_(MatchRun.asked_at == last.asked_at, MatchRun.id < last.id)
        wanted = wanted.where(or_(MatchRun.asked_at < last.asked_at, earlier))
    rows = session.scalars(wanted.order_by(MatchRun.asked_at.desc(), MatchRun.id.desc()).limit(limit + 1)).all()
    page = [RunLine(run.id, run.asked_at, run.asked_by, run.ask) for run in rows[:limit]]
    return page, page[-1].id if len(rows) > limit else None


def closed(session: Session, caller: Caller, run: MatchRun) -> frozenset[str]:
    """Firms whose restricted fields the run rests on and the caller may not, or may no longer, read."""
    rests_on = frozenset(run.rests_on)
    return rests_on - access.opened(session, caller, rests_on) if rests_on else rests_on


def require_open(session: Session, caller: Caller, run: MatchRun) -> None:
    """Raise Forbidden for a run that rests on restricted fields closed to the caller."""
    if closed(session, caller, run):
        raise Forbidden(
            "this run rests on restricted fields that are not open to you, or no longer",
            hint="read the run, which is then ranked anew without them; or ask again",
        )


def released(session: Session, caller: Caller, answer: Mapping[str, Any]) -> dict[str, Any]:
    """An answer with what has been withdrawn since taken out, and a note that says how much was."""
    named = {match[side]["id"] for match in answer["matches"] for side in ("innovator", "manufacturer")}
    named = {firm_id for firm_id in named if firm_id != "brief" and not firm_id.startswith(ERASED)}
    firms = {f.id: f for f in session.scalars(access.visible_firms(caller).where(Firm.id.in_(named)))}
    gone = named - firms.keys()
    kept = [m for m in answer["matches"] if not gone & {m["innovator"]["id"], m["manufacturer"]["id"]}]
    unsaid = {firm_id: _unsaid(firm, caller) for firm_id, firm in firms.items()}
    shown = [match | {"signals": [_signal(s, unsaid) for s in match["signals"]]} for match in kept]
    left_out = len(answer["matches"]) - len(kept)
    told = [say("{count} matches are left out: a firm has withdrawn.", count=left_out)] if left_out else []
    released = {**answer, "matches": shown, "notes": [*answer["notes"], *told]}
    if released == answer:
        return released
    released["phrases"] = answer.get("phrases", {}) | phrasebook((UNTOLD, told))
    return released | {"phrases": phrases_told(released)}


def phrases_told(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What the sentences that an answer still tells were made of: the phrases of the others quote what is gone."""
    still = set(_texts({name: part for name, part in answer.items() if name != "phrases"}))
    return {text: form for text, form in answer.get("phrases", {}).items() if text in still}


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _unsaid(firm: Firm, caller: Caller) -> frozenset[str]:
    """Facts of the firm, as signals tell them, that are weighed for the caller and that they may not read."""
    return frozenset(_facts(firm.profile)) - set(_facts(access.released(firm, caller)))


def _facts(profile: Profile) -> Iterator[str]:
    """The facts of a profile that a firm may keep unread, in the words of ``matching.signals``."""
    for statement in profile.statements:
        yield embedded_text(statement)
        for capacity in statement.capacities:
            yield f"stated output of {capacity.quantity:g} {capacity.unit} ({capacity.what})"
        yield from _readiness(statement.readiness)
    yield "export markets on record: " + ", ".join(profile.export_markets)


def _readiness(readiness: Readiness) -> Iterator[str]:
    basis = f" ({readiness.basis})" if readiness.basis else ""
    for scale in ("trl", "mrl"):
        low, high = getattr(readiness, f"{scale}_low"), getattr(readiness, f"{scale}_high")
        if low is not None:
            for name in ("TRL", "MRL"):
                yield f"{name} {(low + high) / 2:g}{basis}"


def quotes_unread(session: Session, caller: Caller, firm_ids: Collection[str], text: str) -> bool:
    """Whether a text quotes a statement of these firms that the caller may not read."""
    for firm in session.scalars(access.visible_firms(caller).where(Firm.id.in_(firm_ids))):
        read = {(statement.side, statement.text) for statement in access.released(firm, caller).statements}
        unread = (s for s in firm.profile.statements if (s.side, s.text) not in read)
        if any((statement.title or statement.text[:60]) in text for statement in unread):
            return True
    return False


def _signal(signal: dict[str, Any], unsaid: Mapping[str, Collection[str]]) -> dict[str, Any]:
    hidden = [fact for fact in signal["evidence"] if fact["fact"] in unsaid.get(fact["of"], ())]
    if not hidden:
        return signal
    evidence = [fact | {"fact": UNTOLD} if fact in hidden else fact for fact in signal["evidence"]]
    return signal | {"sentence": UNTOLD, "evidence": evidence}
