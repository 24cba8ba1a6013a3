"""The pathway of a triad: its legs, every requirement that bites, and the verdict they add up to.

Requirements come in the order of ``reference/export-control.md`` §9 (parties, countries, items, permits,
re-export strings), which is the order of the rulebook. A rule about a crossing stands on the leg it is
asked about; one about the parties or the whole route (``route``) on the first leg, because nothing
should begin before it is settled; one about what the service brings about (``service``) on the last.
A verdict says what the rules held say and no more; it is not an opinion on anyone's obligations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Annotated

from pydantic import Field

from matching.facts import Facts
from matching.phrases import joined, say
from matching.predicates import Scene
from matching.rulebook import Rulebook
from matching.rules import Outcome, Rule


class Verdict(StrEnum):
    """The worst of a pathway, from best to worst; ``open``: no requirement found in the rules held."""

    OPEN = "open"
    GENERAL = "general"
    PERMIT = "permit"
    UNDETERMINED = "undetermined"
    EXCEPTIONAL = "exceptional"
    PROHIBITED = "prohibited"

    @property
    def rank(self) -> int:
        """Place in the order, 0 the best."""
        return _RANKS[self]

    # StrEnum would compare by spelling, in silence; a verdict compares by rank.
    def __lt__(self, other: object) -> bool:
        return self.rank < Verdict(str(other)).rank

    def __le__(self, other: object) -> bool:
        return self.rank <= Verdict(str(other)).rank

    def __gt__(self, other: object) -> bool:
        return self.rank > Verdict(str(other)).rank

    def __ge__(self, other: object) -> bool:
        return self.rank >= Verdict(str(other)).rank


_RANKS: Mapping[Verdict, int] = {verdict: i for i, verdict in enumerate(Verdict)}


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of some verdicts; of none, ``open``."""
    return max(verdicts, key=lambda verdict: verdict.rank, default=Verdict.OPEN)


VERDICT_OF: Mapping[Outcome, Verdict] = {
    Outcome.INFO: Verdict.OPEN,
    Outcome.GENERAL: Verdict.GENERAL,
    Outcome.REQUIRED: Verdict.PERMIT,
    Outcome.PERMIT: Verdict.PERMIT,
    Outcome.PERMIT_HARD: Verdict.PERMIT,
    Outcome.REVIEW: Verdict.UNDETERMINED,
    Outcome.BLOCK_UNLESS: Verdict.EXCEPTIONAL,
    Outcome.BLOCK: Verdict.PROHIBITED,
}
"""What an outcome makes of a pathway (issue 4, Build 2)."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One rule that bites, by whose authority, and the facts that met."""

    rule: str
    outcome: Outcome
    authority: str
    permit: str | None
    citation: str
    url: str | None
    as_of: date
    because: str
    stale: bool
    """Whether the rule was last read longer before the day asked for than agreed."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One crossing of a border, and what bites on it."""

    from_: Annotated[str, Field(alias="from")]
    to: str
    requirements: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True)
class Pathway:
    """The whole way: verdict, legs in order, and the questions whose answers would settle it."""

    verdict: Verdict
    legs: tuple[Leg, ...]
    questions: tuple[str, ...]
    stale: tuple[str, ...]
    """The stale mark: each rule the verdict rests on that was last read longer ago than agreed, in words."""


@dataclass(frozen=True, slots=True)
class Met:
    """A rule asked about a step of the route: what bites (because), or what could not be told (asks)."""

    rule: Rule
    step: int
    because: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The verdict that the rule, biting, gives."""
        return VERDICT_OF[self.rule.outcome]


def trace_pathway(facts: Facts, rulebook: Rulebook) -> Pathway:
    """Legs, requirements, verdict and questions of the facts, by the rules in force on their day."""
    scene, bites, unknown = ask_rules(facts, rulebook)
    standing = [met for met in bites if not _replaced(met, bites)]
    settled = worst(met.verdict for met in standing)
    doubts = [m for m in unknown if m.verdict > settled and not _replaced(m, bites)]
    asks = {ask for met in doubts for ask in met.asks}
    if settled is Verdict.OPEN:
        asks |= _untold(scene)
    asks |= _outside(facts, scene, rulebook)
    verdict = worst([settled, Verdict.UNDETERMINED]) if asks or doubts else settled
    legs = tuple(
        Leg(start, to, tuple(_requirement(met, facts.on, rulebook) for met in standing if met.step == i))
        for i, (start, to) in enumerate(pairwise(facts.route))
    )
    questions = () if settled is Verdict.PROHIBITED else _questions(asks, scene)
    return Pathway(verdict, legs, questions, _stale([*standing, *doubts], facts.on, rulebook))


def _stale(touching: Iterable[Met], on: date, rulebook: Rulebook) -> tuple[str, ...]:
    """The stale rules among those that bite or may: each once, in the order of asking."""
    rules = dict.fromkeys(met.rule.id for met in touching)
    return tuple(
        say(
            "{rule} was last read as of {as_of}, {age} days before {on}; the agreed age is {agreed} days",
            rule=rule.id,
            as_of=rule.as_of.isoformat(),
            age=(on - rule.as_of).days,
            on=on.isoformat(),
            agreed=rulebook.max_age_days,
        )
        for rule in rulebook.rules
        if rule.id in rules and rulebook.is_stale(rule, on)
    )


def ask_rules(facts: Facts, rulebook: Rulebook) -> tuple[Scene, list[Met], list[Met]]:
    """Every rule in force asked about every step it concerns: those that bite, and those unknown."""
    scene = _scene(facts, rulebook)
    bites: list[Met] = []
    unknown: list[Met] = []
    for rule in rulebook.rules:
        if not rule.holds(facts.on):
            continue
        for step, scene.start, scene.to in rule.steps(facts.route):
            found = rulebook.tests[rule.id](scene)
            if found.value is True:
                bites.append(Met(rule, step, because=found.words))
            elif found.value is None:
                unknown.append(Met(rule, step, asks=found.asks))
            if found.value is not False and rule.outcome is not Outcome.INFO:
                scene.nothing_else = _and_not(scene.nothing_else, found.value)
    return scene, bites, unknown


def _and_not(nothing: bool | None, bites: bool | None) -> bool | None:
    """Whether still nothing bites, after one more rule that bites or may."""
    return False if bites or nothing is False else None


def _scene(facts: Facts, rulebook: Rulebook) -> Scene:
    """What is known of the facts: as told, and as follows from what was told."""
    known = facts.known()
    reasons: dict[str, str] = {}
    ask_instead: dict[str, tuple[str, ...]] = {}
    countries = rulebook.countries(facts.on)
    scene = Scene(facts, facts.route[0], facts.route[-1], known, rulebook.wording, countries, reasons, ask_instead)
    for conclusion, test in rulebook.conclusions:
        fact = conclusion.fact
        if known[fact] is not None:
            continue
        found = test(scene)
        if found.value is True:
            known[fact], reasons[fact] = conclusion.value, conclusion.words
        elif found.value is None and conclusion.ask_first:
            ask_instead.setdefault(fact, found.asks)
    scene.nothing_else = None if _untold(scene) or _outside(facts, scene, rulebook) else True
    return scene


def _untold(scene: Scene) -> set[str]:
    """What must be known before the service says that no rule it holds bites, and is not."""
    untold: set[str] = set()
    for path, words in scene.wording.items():
        if words.before_open and scene.known.get(path, scene.facts.parties) is None:
            untold.update(scene.unknown(path).asks)
    return untold


def _outside(facts: Facts, scene: Scene, rulebook: Rulebook) -> set[str]:
    """What of the facts lies outside the rulebook: a country without a row, a day before its first."""
    outside = {f"countries.{c}" for c in facts.route if c not in scene.countries}
    return outside | ({"on"} if facts.on < rulebook.holds_from else set())


def _replaced(met: Met, bites: list[Met]) -> bool:
    """A general authorisation stands in for the permits that its rule names, on the same step."""
    return any(met.rule.id in by.rule.replaces and met.step == by.step for by in bites)


def _requirement(met: Met, on: date, rulebook: Rulebook) -> Requirement:
    rule = met.rule
    return Requirement(
        rule=rule.id,
        outcome=rule.outcome,
        authority=rule.authority,
        permit=rule.permit,
        citation=rule.citation,
        url=rule.url,
        as_of=rule.as_of,
        because=joined("; ", dict.fromkeys(met.because)),
        stale=rulebook.is_stale(rule, on),
    )


def _questions(asks: set[str], scene: Scene) -> tuple[str, ...]:
    """Each missing fact as a plain question that names it, in the order of the rulebook's wording."""
    place = {path: i for i, path in enumerate(scene.wording)}
    return tuple(_question(ask, scene) for ask in sorted(asks, key=lambda a: (place.get(a, len(place)), a)))


def _question(ask: str, scene: Scene) -> str:
    if words := scene.wording.get(ask):
        return say("{question} ({fact})", question=say(words.ask), fact=ask)
    _, country, *column = ask.split(".")
    if not column:
        return say(
            "Which control facts apply to {country}? The country table has no row for it. ({fact})",
            country=country,
            fact=ask,
        )
    words = scene.wording[f"countries.{column[0]}"]
    question = say(words.ask, country=say(scene.name_of(country)))
    return say("{question} ({fact})", question=question, fact=ask)
