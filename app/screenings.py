"""What screening held of the firms of a run: kept with it, so that a replay is of then, and what changed since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from app import releases, watchlists
from app.knowledge import Knowledge
from app.watchlists import ScreeningFact
from matching.phrases import joined
from matching.ranking import Screening
from matching.transfer import Screened

Facts = tuple[ScreeningFact, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """The facts of every firm in play, and which lists are older than agreed."""

    facts: Mapping[str, Facts]
    stale: tuple[str, ...]

    def screened(self) -> dict[str, Screened]:
        """What the rules may ask, by firm id; a firm compared with no list is not among them."""
        return {
            firm_id: Screened(watchlists.lists_of(facts), watchlists.lists_of(facts, owners=True))
            for firm_id, facts in self.facts.items()
            if _compared(facts)
        }

    def told_of(self, names: Mapping[str, str]) -> dict[str, Screening]:
        """The same in words, for the firms of these names."""
        return {
            firm_id: Screening(names[firm_id], watchlists.result_of(facts), _told(facts), self.stale)
            for firm_id, facts in self.facts.items()
            if firm_id in names and _compared(facts)
        }


@dataclass(frozen=True, slots=True)
class ScreeningChange:
    """What screening held of a firm when the run was asked, and what it holds now."""

    firm: str
    then: str
    now: str


def held(session: Session, firm_ids: Sequence[str], knowledge: Knowledge, on: date) -> Held:
    """What screening holds of these firms now."""
    stale = tuple(releases.stale(session, knowledge.seeds / "watchlists", on))
    return Held(watchlists.standing(session, firm_ids), stale)


def kept(known: Held) -> dict[str, Any]:
    """As it is stored with a run: most firms share their facts, which are written once."""
    distinct = list(dict.fromkeys(known.facts.values()))
    return {
        "facts": _FACTS.dump_python(distinct, mode="json"),
        "of": {firm_id: distinct.index(facts) for firm_id, facts in known.facts.items()},
        "stale": list(known.stale),
    }


def recalled(stored: Mapping[str, Any]) -> Held:
    """What was stored with a run."""
    facts = _FACTS.validate_python(stored["facts"])
    return Held({firm_id: facts[number] for firm_id, number in stored["of"].items()}, tuple(stored["stale"]))


def changes(then: Held, now: Held) -> tuple[ScreeningChange, ...]:
    """The firms of whom screening now holds something else, by id; when they were compared again is no change."""
    return tuple(
        ScreeningChange(firm_id, _told(then.facts[firm_id]), _told(facts))
        for firm_id, facts in sorted(now.facts.items())
        if firm_id in then.facts and _told(then.facts[firm_id]) != _told(facts)
    )


_FACTS = TypeAdapter(list[Facts])


def _compared(facts: Facts) -> bool:
    return any(fact.screened_at for fact in facts)


def _told(facts: Facts) -> str:
    return joined("; ", (fact.told() for fact in facts))
