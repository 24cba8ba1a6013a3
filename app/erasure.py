"""Erasure of a firm: its rows, revisions, vectors, hits, consents, and what runs and decisions quote of it.

What must outlive it says only that a firm was there: the audit log names it by a hash, and a run keeps the place, the
figures and the market of a match with a mark where the firm was told of. The space that is freed on disk is overwritten
(``app.db``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from app import access, audit, revisions, runs, webhooks
from app.db import overwrite_freed
from app.delegation_models import Delegation, Programme, ShortlistEntry, VisitOutcome
from app.introduction_models import BrokeringReview, Introduction, IntroductionStep
from app.knowledge import Knowledge
from app.life import State
from app.models import (
    Clearance,
    Composition,
    Consent,
    Decision,
    Declaration,
    Erasure,
    FieldGrant,
    Firm,
    FirmHit,
    FirmMerge,
    FirmRevision,
    MatchRun,
    Screening,
    StatementVector,
    Submission,
    SubmissionRow,
)
from app.profiles import answered_for
from matching.encoder import text_key
from matching.pool import embedded_text
from matching.profile import Profile

MARK = "(erased)"
"""What stands where a firm that is erased was told of."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did: how much of each kind was removed, and how many runs bear a mark now."""

    reference: str
    revisions: int
    vectors: int
    hits: int
    consents: int
    declarations: int
    runs: int


def erase(session: Session, caller: access.Caller, firm_id: str, knowledge: Knowledge, now: datetime) -> Erased:
    """Erase a firm that the caller answers for, in any state; it cannot be undone. Raises NotFound."""
    firm = answered_for(session, caller, firm_id)
    change = revisions.begin(session, caller, now)
    reference = audit.reference("firm", firm_id)
    held = session.scalars(select(FirmRevision).where(FirmRevision.firm_id == firm_id)).all()
    said = [revision.profile for revision in held] + [firm.profile]
    redacted = _redact_runs(session, firm_id, reference, _names(firm_id, said))
    done = Erased(
        reference=reference,
        vectors=_forget_vectors(session, firm_id, said, knowledge),
        hits=_forget_screening(session, firm_id),
        consents=_deleted(session, Consent, firm_id),
        declarations=_deleted(session, Declaration, firm_id),
        revisions=_deleted(session, FirmRevision, firm_id),
        runs=redacted,
    )
    _forget_compositions(session, firm_id, _names(firm_id, said))
    _deleted(session, FieldGrant, firm_id)
    session.execute(delete(FirmMerge).where(or_(FirmMerge.kept_id == firm_id, FirmMerge.merged_id == firm_id)))
    _forget_introductions(session, firm_id)
    sites = [site.name for profile in said for site in profile.sites]
    _forget_missions(session, firm_id, [*_names(firm_id, said), *sites])
    _forget_submissions(session, firm_id, _names(firm_id, said))
    for revision in held:
        session.expunge(revision)
    session.execute(delete(Firm).where(Firm.id == firm_id))
    shown = State.PUBLISHED in {revision.state for revision in held}
    session.merge(Erasure(reference=reference, change=change.number, erased_at=now, shown=shown))
    if shown:
        webhooks.tell(session, "firm.changed", {"reference": reference}, now)
    audit.record(
        session,
        by=change.by,
        action="firm.erased",
        subject=f"firm:{firm_id}",
        details={"change": change.number, "revisions": done.revisions, "vectors": done.vectors, "runs": done.runs},
        at=now,
    )
    overwrite_freed(session)
    return done


def _deleted(
    session: Session, table: type[Consent | Declaration | FieldGrant | FirmRevision | FirmHit], firm_id: str
) -> int:
    return len(session.execute(delete(table).where(table.firm_id == firm_id).returning(table.id)).all())


def _names(firm_id: str, held: Iterable[Profile]) -> list[str]:
    """Every name the firm has had, the longest first."""
    names = {name for profile in held for name in (profile.name, *profile.aliases)} | {firm_id}
    return sorted(names, key=len, reverse=True)


def _forget_introductions(session: Session, firm_id: str) -> None:
    """Delete the introductions and brokering reviews of the firm: their notes may tell of it."""
    own = select(Introduction.id).where(
        or_(Introduction.innovator_id == firm_id, Introduction.manufacturer_id == firm_id)
    )
    session.execute(delete(IntroductionStep).where(IntroductionStep.introduction_id.in_(own)))
    for table in (Introduction, BrokeringReview):
        session.execute(delete(table).where(or_(table.innovator_id == firm_id, table.manufacturer_id == firm_id)))


# --- Vectors ----------------------------------------------------------------------------------------


def _forget_vectors(session: Session, firm_id: str, held: Iterable[Profile], knowledge: Knowledge) -> int:
    """Delete the vectors of the firm's texts that no other firm, revision or demand has."""
    others = session.scalars(select(FirmRevision.profile).where(FirmRevision.firm_id != firm_id))
    kept = _keys(others) | {text_key(demand.text) for _, demand in knowledge.demands.values()}
    gone = _keys(held) - kept
    found = delete(StatementVector).where(StatementVector.text_sha256.in_(gone)).returning(StatementVector.id)
    return len(session.execute(found).all())


def _keys(profiles: Iterable[Profile]) -> set[str]:
    return {text_key(embedded_text(statement)) for profile in profiles for statement in profile.statements}


# --- Screening --------------------------------------------------------------------------------------


def _forget_screening(session: Session, firm_id: str) -> int:
    """Delete the firm's hits and the decisions on them; of its screenings only that they took place is kept."""
    hits = select(FirmHit.id).where(FirmHit.firm_id == firm_id)
    session.execute(delete(Clearance).where(Clearance.hit_id.in_(hits)))
    session.execute(
        update(Screening)
        .where(Screening.firm_id == firm_id)
        .values(firm_id=None, revision=None, names=[MARK], country=None, found=[])
    )
    return _deleted(session, FirmHit, firm_id)


# --- Submissions ------------------------------------------------------------------------------------


def _forget_submissions(session: Session, firm_id: str, names: list[str]) -> None:
    """Delete the rows that were sent of the firm, also those with problems; put marks where other rows tell of it."""
    pattern = _pattern(names)
    own = {name.casefold() for name in names}
    for row in session.scalars(select(SubmissionRow)).all():
        if row.firm_id == firm_id or row.name.casefold() in own:
            session.delete(row)
        elif (told := _marked([row.duplicates, row.problems], pattern)) != [row.duplicates, row.problems]:
            row.duplicates, row.problems = told
    for submission in session.scalars(select(Submission)).all():
        submission.missing = [missing for missing in submission.missing if missing != firm_id]
        submission.left_out = _marked(submission.left_out, pattern)
    session.flush()


def _pattern(names: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in names), re.IGNORECASE)


# --- Runs -------------------------------------------------------------------------------------------


def _redact_runs(session: Session, firm_id: str, reference: str, names: list[str]) -> int:
    """Put marks where runs, and decisions on their matches, tell of the firm; returns in how many runs."""
    told = 0
    pattern = _pattern(names)
    for run_id in session.scalars(select(MatchRun.id)).all():
        run = session.get_one(MatchRun, run_id)
        run.screening = _unscreened(run.screening, firm_id)
        matches = run.answer["matches"]
        ranks = [match["rank"] for match in matches if _side(match, firm_id)]
        ask = _marked(run.ask, pattern) | ({"firm": _erased(reference)} if run.ask.get("firm") == firm_id else {})
        notes = _marked(run.answer["notes"], pattern)
        if ranks or firm_id in run.rests_on or ask != run.ask or notes != run.answer["notes"]:
            notes = [*notes, f"A firm of this run was erased; “{MARK}” stands where it was told of."]
            redacted = [_redacted(m, firm_id, reference) if _side(m, firm_id) else m for m in matches]
            if _marked(run.ask, pattern) != run.ask:  # a brief that names the firm is quoted in its answer
                redacted = _marked(redacted, pattern)
            answer = run.answer | {"matches": redacted, "notes": notes}
            run.rests_on = [held for held in run.rests_on if held != firm_id]
            run.ask, run.answer = ask, answer | {"phrases": runs.phrases_told(answer)}
            _redact_notes(session, run.id, ranks)
            told += 1
        session.flush()
        session.expunge(run)
    return told


def _forget_compositions(session: Session, firm_id: str, names: list[str]) -> None:
    """Delete the compositions that name the firm: a team without one of its members is another team."""
    for run in session.scalars(select(Composition)):
        told = orjson.dumps(run.answer).decode()
        if any(name in told for name in names):
            session.delete(run)
        else:
            run.screening = _unscreened(run.screening, firm_id) or run.screening


def _forget_missions(session: Session, firm_id: str, names: list[str]) -> None:
    """Take the firm off shortlists, delete the programmes that name it, and mark it in asks and outcomes of visits.

    ``names`` are the firm's and its sites'.
    """
    session.execute(delete(ShortlistEntry).where(ShortlistEntry.firm_id == firm_id))
    pattern = _pattern(names)
    for programme in session.scalars(select(Programme)):
        if pattern.search(orjson.dumps([programme.answer, programme.versions]).decode()):
            session.delete(programme)
    for delegation in session.scalars(select(Delegation)):
        delegation.ask, delegation.title = _marked(delegation.ask, pattern), _marked(delegation.title, pattern)
    for visit in session.scalars(select(VisitOutcome)):
        if pattern.search(f"{visit.site}\n{visit.note}\n{visit.follow_up}"):
            visit.site, visit.note, visit.follow_up = _marked(visit.site, pattern), MARK, MARK


def _unscreened(kept: dict[str, Any] | None, firm_id: str) -> dict[str, Any] | None:
    """What a run keeps of screening, without the firm, and without facts that were its alone."""
    if kept is None or firm_id not in kept["of"]:
        return kept
    of = {other: number for other, number in kept["of"].items() if other != firm_id}
    facts = [told if number in of.values() else [] for number, told in enumerate(kept["facts"])]
    return kept | {"of": of, "facts": facts}


def _erased(reference: str) -> str:
    return f"{runs.ERASED}{reference}"


def _side(match: dict[str, Any], firm_id: str) -> str | None:
    return next((side for side in ("innovator", "manufacturer") if match[side]["id"] == firm_id), None)


KEPT = frozenset({"rank", "innovator", "manufacturer", "market", "fit", "coverage", "unknown", "mode"})
"""Of a match with an erased firm; of its pathway the verdict and the rules are kept, of its signals the figures."""


def _redacted(match: dict[str, Any], firm_id: str, reference: str) -> dict[str, Any]:
    """A match without a word that was told of the firm, in its own shape."""
    side = _side(match, firm_id)
    assert side is not None  # only matches of the firm come here
    kept = {name: value if name in KEPT else _blank(value) for name, value in match.items()}
    return kept | {
        side: match[side] | {"id": _erased(reference), "name": MARK},
        "signals": [_unquoted(signal, firm_id, _erased(reference)) for signal in match["signals"]],
        "pathway": _bare(match["pathway"]),
        "runner_up": match["runner_up"],
        "suppositions": [],
    }


def _bare(pathway: dict[str, Any]) -> dict[str, Any]:
    """A pathway with its rules, and without why they bit."""
    legs = [
        leg | {"requirements": [need | {"because": MARK} for need in leg["requirements"]]} for leg in pathway["legs"]
    ]
    return pathway | {"legs": legs, "questions": []}


def _unquoted(signal: dict[str, Any], firm_id: str, erased: str) -> dict[str, Any]:
    """A signal with its figures; of the facts that met, only what the other firm said is kept."""
    evidence = [fact | {"of": erased, "fact": MARK} if fact["of"] == firm_id else fact for fact in signal["evidence"]]
    figures = {name: signal[name] for name in ("name", "value", "weight")}
    return {name: _blank(value) for name, value in signal.items()} | figures | {"evidence": evidence}


def _blank(value: Any) -> Any:
    """The same shape with a mark for every text."""
    if isinstance(value, str):
        return MARK
    if isinstance(value, list):
        return [_blank(part) for part in value]
    return {key: _blank(part) for key, part in value.items()} if isinstance(value, dict) else value


def _marked(value: Any, names: re.Pattern[str]) -> Any:
    """Any value with a mark for each name in its texts."""
    if isinstance(value, str):
        return names.sub(MARK, value)
    if isinstance(value, list):
        return [_marked(part, names) for part in value]
    return {key: _marked(part, names) for key, part in value.items()} if isinstance(value, dict) else value


def _redact_notes(session: Session, run_id: str, ranks: list[int]) -> None:
    """Notes on matches of the firm are in an officer's words, and may tell of it."""
    noted = (Decision.run_id == run_id) & Decision.rank.in_(ranks) & (Decision.note != "")
    session.execute(update(Decision).where(noted).values(note=MARK))
