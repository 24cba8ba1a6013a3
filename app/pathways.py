"""Pathways asked for by themselves: hand-worked cases checked against the rulebook, and one item explained."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from app.errors import Invalid
from app.knowledge import Knowledge, invalid_from
from matching.design_out import DesignOut, design_out
from matching.facts import Facts, Item
from matching.pathway import Pathway, trace_pathway
from matching.profile import Frozen, Regime
from matching.rulebook import Rulebook


class Expected(Frozen):
    """What a case's author worked out by hand."""

    verdict: str
    rules: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


class Case(Frozen):
    """One hand-worked pathway."""

    id: str
    words: str = ""
    facts: Facts
    expected: Expected


@dataclass(frozen=True, slots=True)
class Outcome:
    """A case and what the rulebook makes of it."""

    id: str
    expected: str
    got: str
    """The verdict; for a case that cannot be read, what is wrong with it."""
    missing: tuple[str, ...] = ()
    unwelcome: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Equal verdict, every expected rule found, none that must be absent."""
        return self.expected == self.got and not self.missing and not self.unwelcome


def check_cases(path: Path, rulebook: Rulebook) -> Iterator[Outcome]:
    """Trace every case of a JSON-lines file; a case that does not fit fails by itself, told with line and field.

    Raises Invalid for a file that cannot be read or holds no case.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")  # not splitlines(): a JSON string may hold U+2028
    except (OSError, UnicodeDecodeError) as problem:
        raise Invalid(f"cannot read the cases from {path}: {problem}") from problem
    if not any(line.strip() for line in lines):
        raise Invalid(f"there is no case in {path}", hint="one JSON object a line, with id, facts and expected")
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            case = Case.model_validate_json(line)
        except ValidationError as problem:
            yield Outcome(f"line {number}", "a case", str(invalid_from(problem, f"{path}, line {number}")))
        else:
            yield _checked(case, rulebook)


def _checked(case: Case, rulebook: Rulebook) -> Outcome:
    pathway = trace_pathway(case.facts, rulebook)
    found = {requirement.rule for leg in pathway.legs for requirement in leg.requirements}
    return Outcome(
        id=case.id,
        expected=case.expected.verdict,
        got=pathway.verdict.value,
        missing=tuple(rule for rule in case.expected.rules if rule not in found),
        unwelcome=tuple(rule for rule in case.expected.absent if rule in found),
    )


class Asked(Frozen):
    """One item that would go from Canada by India to a market."""

    item: Item
    market: str = Field(description="ISO 3166-1 alpha-3 code or name.")
    on: date | None = Field(default=None, description="Law as of this day; today unless given.")


@dataclass(frozen=True, slots=True)
class Explained(Pathway):
    """The pathway of one item, and which component, replaced, would shorten it (the most first)."""

    design_out: tuple[DesignOut, ...]


def explain(item: str, market: str, on: date, knowledge: Knowledge) -> Explained:
    """The pathway CAN to IND to the market of an item given as JSON text.

    Raises NotFound for a market not held and Invalid for an item that does not fit.
    """
    knowledge.market(market)
    try:
        told: Any = json.loads(item)
    except ValueError as problem:
        raise Invalid(
            f"the item is not JSON: {problem}", hint='for example --item \'{"ecl": ["2-10.c"], "itar_content": false}\''
        ) from problem
    try:
        asked = Asked.model_validate({"item": told, "market": market, "on": on})
    except ValidationError as problem:
        raise invalid_from(problem, "the item does not fit") from problem
    return explain_item(asked, on, knowledge)


def explain_item(asked: Asked, today: date, knowledge: Knowledge) -> Explained:
    """The pathway CAN to IND to the market of an item, with design-out advice.

    Raises NotFound for a market not held, and Invalid for an entry that the list held does not have.
    """
    _on_the_lists(asked.item, knowledge)
    facts = Facts(
        on=asked.on or today,
        item=asked.item,
        route=("CAN", "IND", knowledge.market(asked.market).iso3),
        service_in="CAN",
    )
    traced = trace_pathway(facts, knowledge.rulebook)
    return Explained(
        verdict=traced.verdict,
        legs=traced.legs,
        questions=traced.questions,
        stale=traced.stale,
        design_out=design_out(facts, knowledge.rulebook),
    )


def _on_the_lists(item: Item, knowledge: Knowledge) -> None:
    told = [(regime, entry) for regime in Regime for entry in getattr(item, regime.value.lower()) or ()]
    told += [(c.regime, c.entry) for component in item.components for c in component.classifications]
    for regime, entry in told:
        try:
            knowledge.control_lists.check(regime, entry)
        except ValueError as problem:
            raise Invalid(str(problem), hint="`triveni classify TEXT` shows entries that fit a text") from problem
