"""Introductions: an officer proposes from a match, each side's association answers, contacts pass on both consents.

What bars the two is asked when an introduction is proposed and again at the moment when contact details pass, on the
lists, the rulebook and the profiles of that moment. Contact details are kept with the profiles alone and read there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator
from sqlalchemy import Select, false, or_, select
from sqlalchemy.orm import Session

from app import access, audit, brokering, consents, courses, runs
from app.access import Caller
from app.courses import Act, Stage
from app.decisions import Reason
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.introduction_models import Introduction, IntroductionStep
from app.models import Firm
from app.pairs import Barrier, Pair, Room, look_at
from app.permissions import Permission
from matching.profile import Contact, Frozen

Side = Literal["innovator", "manufacturer"]
PASSED = frozenset({Stage.INTRODUCED, Stage.MET, Stage.NDA, Stage.MOU, Stage.AGREEMENT})
"""Stages in which contact details have passed and the introduction goes on."""

Note = Annotated[str, Field(max_length=2000)]
Seen = Annotated[int | None, Field(ge=1, description="Number of the last step that you read; a later one refuses.")]


class Proposal(Frozen):
    """A match of a run whose two firms should meet."""

    rank: Annotated[int, Field(ge=1, description="The match's place in the run.")]
    message: Annotated[str, Field(max_length=2000, description="To both associations.")] = ""


class Answer(Frozen):
    """What an association says for its firm."""

    answer: Literal["accept", "decline", "ask"]
    side: Annotated[Side | None, Field(description="For which firm; needed where you answer for both.")] = None
    reason: Annotated[Reason | None, Field(description="Why it is declined; given then and only then.")] = None
    note: Annotated[Note, Field(description="A question must be put here; needed with the reason `other`.")] = ""
    seen: Seen = None

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if (self.answer == "decline") != (self.reason is not None):
            raise ValueError(f"a reason goes with decline, one of {', '.join(get_args(Reason))}")
        if (self.answer == "ask" or self.reason == "other") and not self.note.strip():
            raise ValueError("say in the note what is asked, or which other reason it is")
        return self


class Progress(Frozen):
    """What the proposer does or reports."""

    act: Literal["reply", "withdraw", "meet", "sign_nda", "sign_mou", "agree", "lapse"]
    note: Annotated[Note, Field(description="Needed with a reply.")] = ""
    seen: Seen = None

    @model_validator(mode="after")
    def _replies_in_words(self) -> Self:
        if self.act == "reply" and not self.note.strip():
            raise ValueError("a reply needs a note")
        return self


@dataclass(frozen=True, slots=True)
class Step:
    """One act in the course of an introduction."""

    number: int
    act: str
    side: str | None
    after: str
    reason: str | None
    note: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Introduced:
    """An introduction as those concerned may read it; a firm that is no longer shown to the reader has no name."""

    id: int
    stage: str
    innovator: str
    innovator_name: str | None
    manufacturer: str
    manufacturer_name: str | None
    market: str
    mode: str
    message: str
    proposed_by: str
    proposed_at: datetime
    steps: tuple[Step, ...]
    open_acts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Contacts:
    """How to reach both firms."""

    innovator: tuple[Contact, ...]
    manufacturer: tuple[Contact, ...]


# --- Proposing --------------------------------------------------------------------------------------


def propose(session: Session, run_id: str, proposal: Proposal, room: Room, now: datetime) -> Introduced:
    """Propose that the firms of a match meet.

    Raises Forbidden, NotFound for a run or place that is not there, Invalid for a match of a brief, and Conflict while
    anything bars the two or while another introduction of the two for this market is under way.
    """
    access.require(room.caller, Permission.PROPOSE_INTRODUCTIONS)
    run = runs.find_run(session, room.caller, run_id)
    runs.require_open(session, room.caller, run)
    pair = brokering.pair_of(run, proposal.rank)
    _refuse_second(session, pair)
    _refuse_barred(barriers(session, pair, room), "cannot be proposed")
    row = Introduction(
        run_id=run.id,
        rank=proposal.rank,
        innovator_id=pair.innovator,
        manufacturer_id=pair.manufacturer,
        market=pair.market,
        mode=next(match["mode"] for match in run.answer["matches"] if match["rank"] == proposal.rank),
        message=proposal.message.strip(),
        stage=Stage.PROPOSED,
        proposed_by=room.caller.name,
        proposed_at=now,
    )
    session.add(row)
    session.flush()
    audit.record(
        session,
        by=room.caller.name,
        action="introduction.proposed",
        subject=f"introduction:{row.id}",
        details={"run": run.id, "rank": proposal.rank, "market": pair.market},
        at=now,
    )
    return _told(session, room.caller, row)


def _refuse_second(session: Session, pair: Pair) -> None:
    under_way = session.scalar(
        select(Introduction.id).where(
            Introduction.innovator_id == pair.innovator,
            Introduction.manufacturer_id == pair.manufacturer,
            Introduction.market == pair.market,
            Introduction.stage.not_in(courses.ENDS),
        )
    )
    if under_way is not None:
        raise Conflict("an introduction of these two firms for this market is under way already")


def barriers(session: Session, pair: Pair, room: Room) -> tuple[Barrier, ...]:
    """Everything that bars the two from being introduced now."""
    found = look_at(session, pair, room)
    return (*found.barriers, *brokering.barrier(session, pair, found, room.knowledge))


def _refuse_barred(found: Sequence[Barrier], what: str) -> None:
    if found:
        raise Conflict(
            f"the introduction {what}: {'; '.join(barrier.told for barrier in found)}",
            hint="a reviewer settles hits (`triveni watchlists decide`) and brokering (`triveni brokering review`)",
            barriers=[{"kind": one.kind, "told": one.told, "firm": one.firm} for one in found],
        )


# --- Finding ----------------------------------------------------------------------------------------


def _concerning(caller: Caller) -> Select[Introduction]:
    """Introductions that the caller proposed, answers for a side of, or may read as those of everyone."""
    if Permission.READ_ALL_RUNS in caller.permissions:
        return select(Introduction)
    own = select(Firm.id).where(Firm.association_id == caller.association)
    sides = or_(Introduction.innovator_id.in_(own), Introduction.manufacturer_id.in_(own))
    answers = Permission.ANSWER_INTRODUCTIONS in caller.permissions and caller.association is not None
    proposes = Permission.PROPOSE_INTRODUCTIONS in caller.permissions
    proposed = Introduction.proposed_by == caller.name if proposes else false()
    return select(Introduction).where(or_(proposed, sides) if answers else proposed)


def _find(session: Session, caller: Caller, number: int, *, lock: bool = False) -> Introduction:
    asked = _concerning(caller).where(Introduction.id == number)
    row = session.scalar(asked.with_for_update() if lock else asked)
    if row is None:
        raise NotFound(f"there is no introduction {number} that concerns you", hint="`triveni introductions list`")
    return row


def introductions(session: Session, caller: Caller, stage: Stage | None = None) -> tuple[Introduced, ...]:
    """The introductions that concern the caller, the latest first."""
    asked = _concerning(caller).order_by(Introduction.id.desc())
    rows = session.scalars(asked if stage is None else asked.where(Introduction.stage == stage)).all()
    return tuple(_told(session, caller, row) for row in rows)


def introduction(session: Session, caller: Caller, number: int) -> Introduced:
    """One introduction that concerns the caller; raises NotFound."""
    return _told(session, caller, _find(session, caller, number))


def barriers_to(session: Session, number: int, room: Room) -> tuple[Barrier, ...]:
    """What bars an introduction now, for its proposer or a reviewer; raises NotFound, Forbidden."""
    row = _find(session, room.caller, number)
    if row.proposed_by != room.caller.name and Permission.READ_ALL_RUNS not in room.caller.permissions:
        raise Forbidden("what bars an introduction is told to its proposer and to reviewers")
    return barriers(session, _pair(row), room)


def _pair(row: Introduction) -> Pair:
    return Pair(row.innovator_id, row.manufacturer_id, row.market)


def _steps(session: Session, row: Introduction) -> Sequence[IntroductionStep]:
    asked = select(IntroductionStep).where(IntroductionStep.introduction_id == row.id)
    return session.scalars(asked.order_by(IntroductionStep.number)).all()


def _told(session: Session, caller: Caller, row: Introduction) -> Introduced:
    shown = access.visible_firms(caller).where(Firm.id.in_((row.innovator_id, row.manufacturer_id)))
    names = {firm.id: firm.name for firm in session.scalars(shown)}
    steps = tuple(
        Step(**{name: getattr(step, name) for name in Step.__dataclass_fields__}) for step in _steps(session, row)
    )
    return Introduced(
        id=row.id,
        stage=row.stage,
        innovator=row.innovator_id,
        innovator_name=names.get(row.innovator_id),
        manufacturer=row.manufacturer_id,
        manufacturer_name=names.get(row.manufacturer_id),
        market=row.market,
        mode=row.mode,
        message=row.message,
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        steps=steps,
        open_acts=courses.acts(row.stage),
    )


# --- Answers and progress ---------------------------------------------------------------------------


def answer(session: Session, caller: Caller, number: int, given: Answer, now: datetime) -> Introduced:
    """Record what an association says for its firm.

    Raises Forbidden, NotFound, Invalid where it is not clear for which firm, and Conflict for a second acceptance, for
    an introduction that has moved on since it was read, and for a firm that is no longer published.
    """
    access.require(caller, Permission.ANSWER_INTRODUCTIONS)
    row = _find(session, caller, number, lock=True)
    side = _side(session, caller, row, given.side)
    way = courses.transition(row.stage, Act(given.answer))
    steps = _unchanged(session, row, given.seen)
    firm = session.get_one(Firm, row.innovator_id if side == "innovator" else row.manufacturer_id)
    if given.answer == "accept":
        if any(step.act == Act.ACCEPT and step.side == side for step in steps):
            raise Conflict(f"the {side} has accepted already; the other side has not answered")
        if firm.state != "published":
            raise Conflict(f"{firm.id} is {firm.state}: publish its profile before it is introduced")
    said = IntroductionStep(side=side, reason=given.reason, note=given.note.strip())
    return _go(session, caller, row, way, said, now)


def _side(session: Session, caller: Caller, row: Introduction, wanted: Side | None) -> Side:
    """The side that the caller answers for."""
    everyone = Permission.ANSWER_FOR_ALL_FIRMS in caller.permissions
    own: list[Side] = []
    sides: tuple[tuple[Side, str], ...] = (("innovator", row.innovator_id), ("manufacturer", row.manufacturer_id))
    for side, firm_id in sides:
        if everyone or access.answers_for(caller, session.get_one(Firm, firm_id).association_id):
            own.append(side)
    if (wanted is not None and wanted not in own) or not own:
        raise Forbidden(f"you do not answer for the {wanted or 'firms'} of introduction {row.id}")
    if wanted is None and len(own) > 1:
        raise Invalid("you answer for both firms: say for which", hint="side is innovator or manufacturer")
    return wanted or own[0]


def progress(session: Session, caller: Caller, number: int, given: Progress, now: datetime) -> Introduced:
    """Record what the proposer does or reports; raises Forbidden, NotFound and Conflict."""
    row = _of_proposer(session, caller, number)
    way = courses.transition(row.stage, Act(given.act))
    _unchanged(session, row, given.seen)
    return _go(session, caller, row, way, IntroductionStep(note=given.note.strip()), now)


def _of_proposer(session: Session, caller: Caller, number: int) -> Introduction:
    access.require(caller, Permission.PROPOSE_INTRODUCTIONS)
    row = _find(session, caller, number, lock=True)
    if row.proposed_by != caller.name:
        raise Forbidden(f"introduction {number} is {row.proposed_by}'s to move")
    return row


def _unchanged(session: Session, row: Introduction, seen: int | None) -> Sequence[IntroductionStep]:
    steps = _steps(session, row)
    if seen is not None and steps and steps[-1].number > seen:
        raise Conflict(
            f"introduction {row.id} has moved on since step {seen}: {steps[-1].act.replace('_', ' ')} is step "
            f"{steps[-1].number}",
            hint="read it again, then answer",
        )
    return steps


def _go(
    session: Session,
    caller: Caller,
    row: Introduction,
    way: courses.Transition,
    step: IntroductionStep,
    now: datetime,
) -> Introduced:
    """Go a way of the table: the stage, the step and the event that record it."""
    steps = _steps(session, row)
    step.introduction_id, step.number = row.id, len(steps) + 1
    step.act, step.after, step.by, step.at = way.act, way.after, caller.name, now
    row.stage = way.after
    session.add(step)
    session.flush()
    audit.record(
        session,
        by=caller.name,
        action=f"introduction.{way.act}",
        subject=f"introduction:{row.id}",
        details={"step": step.number, "stage": row.stage, "side": step.side, "reason": step.reason},
        at=now,
    )
    return _told(session, caller, row)


# --- Contact details --------------------------------------------------------------------------------


def pass_contacts(session: Session, number: int, room: Room, now: datetime, seen: int | None = None) -> Introduced:
    """Pass both firms' contact details, once both sides have accepted and if nothing bars the two at this moment.

    Raises Forbidden, NotFound, and Conflict with everything that bars them: a hit or a listing, a firm that was not
    compared with a list in force, a withdrawal, a prohibited transfer, a brokering review that is missing, a firm that
    has no contact on file or has not agreed that it be passed. Then nothing has passed and the stage is as it was.
    """
    row = _of_proposer(session, room.caller, number)
    way = courses.transition(row.stage, Act.EXCHANGE)
    _unchanged(session, row, seen)
    found = barriers(session, _pair(row), room)
    _refuse_barred(found, "passes no contact details")
    lacking = tuple(_lacking(session, row))
    if lacking:
        raise Conflict(
            f"the introduction passes no contact details: {'; '.join(lacking)}",
            hint="the firm's association adds a contact to its profile and records its consent",
        )
    return _go(session, room.caller, row, way, IntroductionStep(), now)


def _lacking(session: Session, row: Introduction) -> Iterator[str]:
    for firm_id in (row.innovator_id, row.manufacturer_id):
        firm = session.get_one(Firm, firm_id)
        if not firm.profile.contacts:
            yield f"{firm_id} has no contact on file"
        elif not _agreed(session, firm_id):
            yield f"{firm_id} has not agreed that its contact be passed with an introduction"


def _agreed(session: Session, firm_id: str) -> bool:
    return any(one.field_class == "personal" and one.withdrawn_at is None for one in consents.of_firm(session, firm_id))


def contacts(session: Session, number: int, room: Room) -> Contacts:
    """Both firms' contact details, for those whom a passed introduction concerns.

    They are read from the profiles as they stand; what has come to bar the two since hides them. Raises NotFound,
    Forbidden for readers whom it does not join, and Conflict.
    """
    row = _find(session, room.caller, number)
    caller = room.caller
    joined = row.proposed_by == caller.name or any(
        access.answers_for(caller, session.get_one(Firm, firm_id).association_id) for firm_id in _pair(row).firms
    )
    if not joined:
        raise Forbidden("contact details are read by the proposer and the two associations")
    if row.stage not in PASSED:
        raise Conflict(f"no contact details have passed: the introduction is {row.stage.replace('_', ' ')}")
    barred = barriers(session, _pair(row), room)
    if barred or list(_lacking(session, row)):
        # which of the reasons it is concerns the other firm, and is told to the proposer and reviewers alone
        raise Conflict("contact details are no longer shown: something has come to bar the two firms since")
    ours, theirs = (session.get_one(Firm, firm_id).profile.contacts for firm_id in _pair(row).firms)
    return Contacts(ours, theirs)
