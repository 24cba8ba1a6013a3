"""Counts and rates of introductions, by association and by sector: how many were proposed, and how far they came."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import access
from app.access import Caller
from app.courses import Stage
from app.errors import Forbidden
from app.introduction_models import Introduction, IntroductionStep
from app.models import Firm
from app.permissions import Permission

COUNTED = (
    Stage.ACCEPTED, Stage.INTRODUCED, Stage.MET, Stage.NDA, Stage.MOU, Stage.AGREEMENT, Stage.DECLINED,
    Stage.WITHDRAWN, Stage.LAPSED,
)  # fmt: skip

CONTEXT = (
    "14 % (2021) and 15 % (2022) of the submissions to one industry-academia service led to an introduction, by its "
    "own account: the best published figure found, of another field, and no goal."
)
CONTEXT_SOURCE = "https://in-part.com/blog/top-tips-for-writing-academic-research-submissions-for-discover/"


@dataclass(frozen=True, slots=True)
class Count:
    """How many introductions of an association or sector were proposed, and how many ever reached each stage.

    ``rate`` is the share of those proposed whose contact details passed; None before any was proposed. An introduction
    counts once for each side's association and once for each sector of either firm.
    """

    of: str
    proposed: int
    reached: Mapping[str, int]
    rate: float | None


@dataclass(frozen=True, slots=True)
class Rates:
    """All counts, and a published figure beside them with its source."""

    all: Count
    associations: tuple[Count, ...]
    sectors: tuple[Count, ...]
    context: str = CONTEXT
    context_source: str = CONTEXT_SOURCE


def rates(session: Session, caller: Caller) -> Rates:
    """Counts over all introductions, or of an association officer's own association; raises Forbidden."""
    everyone = caller.permissions & {Permission.PROPOSE_INTRODUCTIONS, Permission.READ_ALL_RUNS}
    if not everyone and Permission.ANSWER_INTRODUCTIONS not in caller.permissions:
        raise Forbidden("counts of introductions are for those who propose, answer or review them")
    firms = {
        firm_id: (association_id, frozenset(code.split(".")[0] for code in profile.sectors))
        for firm_id, association_id, profile in session.execute(select(Firm.id, Firm.association_id, Firm.profile))
    }
    reached = _reached(session)
    own, associations, sectors = [], defaultdict(list), defaultdict(list)
    for number, *pair in session.execute(
        select(Introduction.id, Introduction.innovator_id, Introduction.manufacturer_id)
    ):
        sides = [firms[firm_id] for firm_id in pair]
        of = {association for association, _ in sides}
        shown = of if everyone else {one for one in of if access.answers_for(caller, one)}
        if shown:
            own.append(reached[number])
        for association in shown:
            associations[association].append(reached[number])
        for sector in frozenset().union(*(codes for _, codes in sides)) if shown else ():
            sectors[sector].append(reached[number])
    return Rates(_count("all", own), _counts(associations), _counts(sectors))


def _reached(session: Session) -> Mapping[int, frozenset[str]]:
    """The stages that each introduction ever reached."""
    found: dict[int, set[str]] = defaultdict(set)
    for number, after in session.execute(select(IntroductionStep.introduction_id, IntroductionStep.after)):
        found[number].add(after)
    return defaultdict(frozenset, {number: frozenset(stages) for number, stages in found.items()})


def _counts(by: Mapping[str, list[frozenset[str]]]) -> tuple[Count, ...]:
    return tuple(_count(name, by[name]) for name in sorted(by))


def _count(name: str, introductions: Iterable[frozenset[str]]) -> Count:
    held = list(introductions)
    reached = {str(stage): sum(stage in one for one in held) for stage in COUNTED}
    return Count(name, len(held), reached, round(reached[Stage.INTRODUCED] / len(held), 4) if held else None)
