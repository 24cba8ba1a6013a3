"""Decisions on matches, and the weights learned from them: recorded, measured, switched on and back, never silently."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, Self, get_args

import orjson
from pydantic import Field, TypeAdapter, model_validator
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import access, audit, runs
from app.access import Caller
from app.errors import Conflict, NotFound
from app.models import Decision, LearnedWeights, MatchRun, WeightsSwitch
from app.permissions import Permission
from matching.learning import JudgedMatch, JudgedRun, Learned, Outcome, TooFewDecisions, learn
from matching.profile import Frozen
from matching.ranking import WEIGHTS, WEIGHTS_OF_DEMAND, Weights

STANDING = "standing"
"""The version of the weights that stand in the code."""

Reason = Literal[
    "too_early",
    "no_capacity",
    "wrong_product",
    "competitor",
    "export_control",
    "ownership",
    "already_partners",
    "commercial_terms",
    "not_interested",
    "other",
]
"""Why a match was declined."""

OF_FIT: frozenset[Reason] = frozenset({"too_early", "no_capacity", "wrong_product", "competitor"})
"""Reasons that say something of the fit, so that weights may be learned from them. The others do not: permission never
moves fit, partners of long standing fit well, and terms or a lack of interest are of the day."""


class Judgement(Frozen):
    """What came of a listed match, as an officer records it."""

    rank: Annotated[int, Field(ge=1, description="The match's place in the run.")]
    outcome: Outcome
    reason: Annotated[Reason | None, Field(description="Why it was declined; given then and only then.")] = None
    note: Annotated[str, Field(max_length=2000, description="In the officer's words; needed with `other`.")] = ""

    @model_validator(mode="after")
    def _reason_goes_with_declined(self) -> Self:
        if self.outcome == "declined" and self.reason is None:
            raise ValueError(f"say why it was declined, by one of {', '.join(get_args(Reason))}")
        if self.outcome != "declined" and self.reason is not None:
            raise ValueError(f"a reason goes with declined, not with {self.outcome}")
        if self.reason == "other" and not self.note.strip():
            raise ValueError("the reason `other` needs a note that says which")
        return self


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision with the names of the match that it is on; ``superseded`` when a later one stands."""

    id: int
    run_id: str
    rank: int
    innovator: str
    manufacturer: str
    market: str
    outcome: str
    reason: str | None
    note: str
    decided_at: datetime
    decided_by: str
    superseded: bool


@dataclass(frozen=True, slots=True)
class LearnedVersion:
    """A learned table under its version. ``version`` is no more than a name for ``sha256``, the hash of all of it.

    ``outdated`` when the standing weights of the code are no longer those that it was learned from. ``learned_at`` and
    ``learned_by`` are of the first time that it was learned.
    """

    version: str
    sha256: str
    learned_at: datetime
    learned_by: str
    in_use: bool
    outdated: bool
    learned: Learned


@dataclass(frozen=True, slots=True)
class Switch:
    """When and by whom weights were switched on."""

    version: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class WeightsHeld:
    """The standing weights, all that were learned, which are in use, and every switch so far."""

    in_use: str
    standing: dict[str, float]
    learned: tuple[LearnedVersion, ...]
    switches: tuple[Switch, ...]


# --- Decisions --------------------------------------------------------------------------------------


def record(session: Session, caller: Caller, run_id: str, judgement: Judgement, now: datetime) -> Decided:
    """Record a decision on a listed match of a run; an earlier one on the same match is kept and superseded.

    Raises NotFound for a run that is not recorded and for a place that it does not list.
    """
    access.require(caller, Permission.DECIDE_MATCHES)
    run = _run(session, caller, run_id)
    listed = run.answer["matches"]
    if not any(match["rank"] == judgement.rank for match in listed):
        raise NotFound(
            f"run {run_id} lists no match {judgement.rank}",
            hint=f"it lists {len(listed)}; a decision is on one of them",
        )
    decision = Decision(
        run_id=run_id,
        rank=judgement.rank,
        outcome=judgement.outcome,
        reason=judgement.reason,
        note=judgement.note.strip(),
        decided_at=now,
        decided_by=caller.name,
    )
    session.add(decision)
    session.flush()
    audit.record(
        session,
        by=caller.name,
        action="match.decided",
        subject=f"run:{run_id}",
        details={"rank": judgement.rank, "outcome": judgement.outcome, "reason": judgement.reason},
        at=now,
    )
    return _told(decision, run, superseded=False)


def decisions_on(session: Session, caller: Caller, run_id: str) -> list[Decided]:
    """All decisions on a run's matches in the order they were recorded; raises NotFound."""
    run = _run(session, caller, run_id)
    found = session.scalars(select(Decision).where(Decision.run_id == run_id).order_by(Decision.id)).all()
    last = {decision.rank: decision.id for decision in found}
    return [_told(decision, run, superseded=decision.id != last[decision.rank]) for decision in found]


def _run(session: Session, caller: Caller, run_id: str) -> MatchRun:
    run = runs.find_run(session, caller, run_id)
    runs.require_open(session, caller, run)
    return run


def _told(decision: Decision, run: MatchRun, *, superseded: bool) -> Decided:
    match = next(match for match in run.answer["matches"] if match["rank"] == decision.rank)
    return Decided(
        id=decision.id,
        run_id=decision.run_id,
        rank=decision.rank,
        innovator=match["innovator"]["name"],
        manufacturer=match["manufacturer"]["name"],
        market=match["market"]["name"],
        outcome=decision.outcome,
        reason=decision.reason,
        note=decision.note,
        decided_at=decision.decided_at,
        decided_by=decision.decided_by,
        superseded=superseded,
    )


# --- Learning ---------------------------------------------------------------------------------------


def learn_weights(session: Session, caller: Caller, now: datetime, *, keep: bool = True) -> LearnedVersion:
    """Learn weights from the decisions that stand; with ``keep`` the table is stored, and it is never switched on here.

    The same decisions give the same version, which is stored once. Raises Conflict when too little has been decided.
    """
    access.require(caller, Permission.LEARN_WEIGHTS)
    try:
        learned = learn(_judged_runs(session), WEIGHTS)
    except TooFewDecisions as problem:
        raise Conflict(
            str(problem),
            hint="record what came of matches with `triveni decide`; refusals count when their reason is "
            + ", ".join(reason for reason in get_args(Reason) if reason in OF_FIT),
        ) from problem
    document: dict[str, Any] = _LEARNED.dump_python(learned, mode="json")
    digest = hashlib.sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).hexdigest()
    version = f"learned-{digest[:12]}"
    held = session.get(LearnedWeights, version)
    if held is None:
        held = LearnedWeights(version=version, sha256=digest, learned=document, learned_at=now, learned_by=caller.name)
        if keep:
            session.add(held)
            session.flush()
            audit.record(
                session,
                by=caller.name,
                action="weights.learned",
                subject=f"weights:{version}",
                details={"sha256": digest},
                at=now,
            )
    return _version(held, _last_switch(session))


_LEARNED = TypeAdapter(Learned)


def _judged_runs(session: Session) -> list[JudgedRun]:
    """Every run that has a decision, with the decisions that stand.

    Weights serve every reader, so a run that rests on restricted fields teaches nothing.
    """
    standing: dict[str, dict[int, Decision]] = defaultdict(dict)
    for decision in session.scalars(select(Decision).order_by(Decision.id)):
        standing[decision.run_id][decision.rank] = decision
    decided = session.scalars(select(MatchRun).where(MatchRun.id.in_(select(Decision.run_id))))
    return [_judged(run, standing[run.id]) for run in decided if not run.rests_on]


def _judged(run: MatchRun, decisions: Mapping[int, Decision]) -> JudgedRun:
    return JudgedRun(
        id=run.id,
        decided_at=max(decision.decided_at for decision in decisions.values()),
        standing=WEIGHTS_OF_DEMAND if run.ask.get("demand") is not None else WEIGHTS,
        matches=tuple(_judged_match(match, decisions.get(match["rank"])) for match in run.answer["matches"]),
    )


def _judged_match(match: Mapping[str, Any], decision: Decision | None) -> JudgedMatch:
    outcome: Any = decision.outcome if decision else None  # the closed list is that of Judgement
    return JudgedMatch(
        rank=match["rank"],
        values={signal["name"]: signal["value"] for signal in match["signals"]},
        outcome=outcome,
        teaches=decision is None or decision.reason is None or decision.reason in OF_FIT,
    )


# --- Weights in use ---------------------------------------------------------------------------------


def weights_in_use(session: Session, *, of_demand: bool = False) -> tuple[str, dict[str, float]]:
    """The version of the weights switched on, and the weights: of an ask of a firm, or of a market's demand.

    A signal that the code has gained since a table was learned counts with its standing weight; what differs between
    the two kinds of ask in the standing weights differs by the same factor in learned ones.
    """
    switch = _last_switch(session)
    learned: Mapping[str, float] = {}
    if switch is not None and switch.version is not None:
        learned = session.get_one(LearnedWeights, switch.version).learned["weights"]
    weights = {name: float(learned.get(name, standing)) for name, standing in WEIGHTS.items()}
    return _name(switch), _for_demand(weights) if of_demand else weights


def _for_demand(weights: Weights) -> dict[str, float]:
    return {
        name: weight * (WEIGHTS_OF_DEMAND[name] / WEIGHTS[name]) if WEIGHTS[name] else WEIGHTS_OF_DEMAND[name]
        for name, weight in weights.items()
    }


def use_weights(session: Session, caller: Caller, version: str, now: datetime, *, anyway: bool = False) -> bool:
    """Switch a version on, or ``standing`` back on, for every ask from now; false when it was in use already.

    Raises NotFound for a version that is not held, and Conflict, unless told ``anyway``, for one that ordered the later
    runs no better than the standing weights, or that was learned from other standing weights than the code now has.
    """
    access.require(caller, Permission.LEARN_WEIGHTS)
    last = _last_switch(session)
    if version == _name(last):
        return False
    if version != STANDING:
        held = session.get(LearnedWeights, version)
        if held is None:
            raise NotFound(f"no weights {version!r} are held", hint="`triveni weights list` shows what is held")
        if not anyway:
            _worth_using(_version(held, last))
    session.add(
        WeightsSwitch(version=None if version == STANDING else version, switched_at=now, switched_by=caller.name)
    )
    session.flush()
    audit.record(
        session,
        by=caller.name,
        action="weights.switched",
        subject=f"weights:{version}",
        details={"before": _name(last), "anyway": anyway},
        at=now,
    )
    return True


def _worth_using(held: LearnedVersion) -> None:
    if held.outdated:
        raise Conflict(
            f"{held.version} was learned from other standing weights than the code now has",
            hint="learn again with `triveni weights learn`; or add --anyway",
        )
    if not held.learned.better:
        raise Conflict(
            f"{held.version} orders the later runs no better than the standing weights: it keeps "
            f"{held.learned.learned_score.preferences_kept:.1%} of the preferences, they keep "
            f"{held.learned.standing_score.preferences_kept:.1%}",
            hint="decide on more matches and learn again; or add --anyway",
        )


def weights_held(session: Session, caller: Caller) -> WeightsHeld:
    """All weights with their figures, which are in use, and who switched what on when."""
    access.require(caller, Permission.READ_REFERENCE)
    switches = session.scalars(select(WeightsSwitch).order_by(WeightsSwitch.id)).all()
    last = switches[-1] if switches else None
    order = (LearnedWeights.learned_at, LearnedWeights.version)
    return WeightsHeld(
        in_use=_name(last),
        standing=dict(WEIGHTS),
        learned=tuple(_version(held, last) for held in session.scalars(select(LearnedWeights).order_by(*order))),
        switches=tuple(Switch(_name(one), one.switched_at, one.switched_by) for one in switches),
    )


def _last_switch(session: Session) -> WeightsSwitch | None:
    return session.scalar(select(WeightsSwitch).order_by(WeightsSwitch.id.desc()).limit(1))


def _name(switch: WeightsSwitch | None) -> str:
    return STANDING if switch is None or switch.version is None else switch.version


def _version(held: LearnedWeights, last: WeightsSwitch | None) -> LearnedVersion:
    learned = _LEARNED.validate_python(held.learned)
    return LearnedVersion(
        version=held.version,
        sha256=held.sha256,
        learned_at=held.learned_at,
        learned_by=held.learned_by,
        in_use=held.version == _name(last),
        outdated=learned.standing != WEIGHTS,
        learned=learned,
    )
