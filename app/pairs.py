"""A pair of firms and a market as they stand today: its pathway, and what bars the two from being introduced."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
from sqlalchemy.orm import Session

from app import access, watchlists
from app.candidates import CandidateCache, Candidates
from app.knowledge import Knowledge
from app.watchlists import ScreeningFact
from matching.facts import Facts
from matching.pathway import VERDICT_OF, Pathway, Verdict, ask_rules
from matching.play import Play
from matching.pool import Pool
from matching.transfer import Permission, Screened

Kind = Literal["withdrawn", "not_screened", "hit", "listed", "prohibited", "brokering"]

OF_THE_SERVICE = ("service", "foreign->foreign")
"""Steps that a rule on brokering is asked about: what someone in Canada brings about between two foreign countries."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two firms on file and a market: ids, and an ISO 3166-1 alpha-3 code."""

    innovator: str
    manufacturer: str
    market: str

    @property
    def firms(self) -> tuple[str, str]:
        """The ids of both firms."""
        return self.innovator, self.manufacturer


@dataclass(frozen=True, slots=True)
class Barrier:
    """One reason why the two may not be introduced now; ``firm`` where it is one firm's."""

    kind: Kind
    told: str
    firm: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds of a pair today: the pathway on today's rulebook, screening on the lists in force, brokering rules."""

    pathway: Pathway | None
    """None where a firm is no longer published, and so cannot be looked at."""
    barriers: tuple[Barrier, ...]
    brokering: tuple[str, ...]
    """Rules on whoever arranges the transfer that bite, or that may because it is not known what it falls under."""


@dataclass(frozen=True)
class Room:
    """What a look at a pair needs of the house, and for whom and on which day it is taken."""

    caller: access.Caller
    knowledge: Knowledge
    cache: CandidateCache
    on: date


def look_at(session: Session, pair: Pair, room: Room) -> Standing:
    """How a pair stands today, in the fields that the caller may weigh.

    Nothing is taken for granted: a firm that was not compared with every list in force bars the pair. Raises NotReady
    while a firm waits to be embedded, and NotFound for a market that is not held.
    """
    barriers = list(_of_screening(session, pair))
    candidates = room.cache.current(session, room.caller, room.knowledge)
    present = {firm.id for firm in candidates.firms}
    gone = [
        Barrier("withdrawn", f"{firm_id} is no longer published", firm_id)
        for firm_id in pair.firms
        if firm_id not in present
    ]
    if gone:
        return Standing(None, (*barriers, *gone), ())
    permission = _permission(session, pair, candidates, room)
    facts, pathway = permission.facts((0, 0, 0)), permission.pathway((0, 0, 0))
    if pathway.verdict is Verdict.PROHIBITED:
        rules = [
            requirement.rule
            for leg in pathway.legs
            for requirement in leg.requirements
            if VERDICT_OF[requirement.outcome] is Verdict.PROHIBITED
        ]
        barriers.append(Barrier("prohibited", f"the transfer is prohibited by {', '.join(dict.fromkeys(rules))}"))
    return Standing(pathway, tuple(barriers), _brokering(facts, room.knowledge))


def _permission(session: Session, pair: Pair, candidates: Candidates, room: Room) -> Permission:
    held = {firm.id: firm for firm in candidates.firms}
    taxonomy = room.knowledge.taxonomy
    ours, theirs = (Pool([held[one]], taxonomy, candidates.vectors, infer_needs=True) for one in pair.firms)
    market = room.knowledge.market(pair.market)
    demands = np.zeros((0, room.knowledge.encoder.dimensions), dtype=np.float32)
    bare = market.model_copy(update={"demands": ()})  # no demand moves a pathway
    play = Play(ours, theirs, (bare,), demands, candidates.index, taxonomy, {market.iso3: market.region})
    screened = {
        firm_id: Screened(watchlists.lists_of(facts), watchlists.lists_of(facts, owners=True))
        for firm_id, facts in watchlists.standing(session, pair.firms).items()
    }
    return Permission(play, room.knowledge.rulebook, room.on, screened)


def _brokering(facts: Facts, knowledge: Knowledge) -> tuple[str, ...]:
    """The rules on whoever arranges; one that may bite counts unless the goods are known to be no arms."""
    _, bites, unknown = ask_rules(facts, knowledge.rulebook)
    may = [] if facts.item.arms is False else unknown
    return tuple(sorted({met.rule.id for met in (*bites, *may) if met.rule.leg in OF_THE_SERVICE}))


def _of_screening(session: Session, pair: Pair) -> Iterator[Barrier]:
    for firm_id, facts in watchlists.standing(session, pair.firms).items():
        if not facts:
            yield Barrier("not_screened", "no denied-party list is held", firm_id)
        for fact in facts:
            yield from _of_list(firm_id, fact)


def _of_list(firm_id: str, fact: ScreeningFact) -> Iterator[Barrier]:
    where = f"{firm_id}: {fact.told()}"
    if fact.screened_at is None:
        yield Barrier("not_screened", where, firm_id)
    if fact.open_hits or fact.open_owner_hits:
        yield Barrier("hit", where, firm_id)
    if fact.confirmed or fact.confirmed_owners:
        yield Barrier("listed", where, firm_id)
