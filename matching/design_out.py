"""Design-out advice: which single component, replaced by one of other origin, shortens the pathway most.

Each component is taken out of the facts and the pathway is traced again by the same rules; nothing is guessed. What
was told of the whole item with the component in it, and rests on that component, is concluded anew from the others, and
is unknown where they are not known to be all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from matching.facts import Facts
from matching.pathway import Pathway, Verdict, trace_pathway
from matching.profile import Component, Regime
from matching.rulebook import Rulebook
from matching.rules import Outcome

_SERIES_600 = re.compile(r"[0-9][A-E]6[0-9x]{2}|9[A-E]515", re.IGNORECASE)
"""How an ECCN of the 600 series or 9x515 is written; what follows from one is the rulebook's."""


@dataclass(frozen=True, slots=True)
class UsContent:
    """What is told of the US content of a whole item; None is unknown."""

    itar_content: bool | None
    us_content_pct: float | None
    us_600_series_content: bool | None


@dataclass(frozen=True, slots=True)
class DesignOut:
    """What replacing one component would do: the verdict, how many requirements are left, and which fall away."""

    component: str
    verdict_before: Verdict
    verdict_after: Verdict
    requirements_before: int
    requirements_after: int
    falls_away: tuple[str, ...]


def requirements_of(pathway: Pathway) -> list[str]:
    """What a pathway asks for, each rule on each leg; what only informs asks for nothing."""
    return [
        f"{requirement.rule} ({leg.from_} to {leg.to})"
        for leg in pathway.legs
        for requirement in leg.requirements
        if requirement.outcome is not Outcome.INFO
    ]


def design_out(facts: Facts, rulebook: Rulebook) -> tuple[DesignOut, ...]:
    """The components whose replacement would shorten the pathway, the one that shortens it most first.

    A pathway is shorter when its verdict is better, or when the same verdict rests on fewer requirements.
    """
    before = trace_pathway(facts, rulebook)
    asked = requirements_of(before)
    found = []
    for place, component in enumerate(facts.item.components):
        after = trace_pathway(without(facts, place), rulebook)
        left = requirements_of(after)
        if (after.verdict.rank, len(left)) < (before.verdict.rank, len(asked)):
            gone = tuple(sorted(set(asked) - set(left)))
            found.append(DesignOut(component.name, before.verdict, after.verdict, len(asked), len(left), gone))
    return tuple(sorted(found, key=lambda each: (each.verdict_after.rank, each.requirements_after, each.component)))


def without(facts: Facts, place: int) -> Facts:
    """The facts with the component of that place replaced by one of other origin that no list holds."""
    item = facts.item
    gone = item.components[place]
    told = UsContent(item.itar_content, item.us_content_pct, item.us_600_series_content)
    left, content = replaced(item.components, place, told, complete=item.components_complete)
    usml = item.usml
    if usml is not None and (own := set(gone.entries(Regime.USML))):
        usml = tuple(entry for entry in usml if entry not in own) or None
    filled = item.model_copy(
        update={
            "components": left,
            "itar_content": content.itar_content,
            "us_content_pct": content.us_content_pct,
            "us_600_series_content": content.us_600_series_content,
            "usml": usml,
            "us_thermal_camera": None if item.us_thermal_camera and gone.us_origin else item.us_thermal_camera,
        }
    )
    return facts.model_copy(update={"item": filled})


def replaced(
    components: Sequence[Component], place: int, told: UsContent, *, complete: bool
) -> tuple[tuple[Component, ...], UsContent]:
    """The other components, and what is known of the item's US content once one has been replaced."""
    gone = components[place]
    left = (*components[:place], *components[place + 1 :])
    itar, series, share = told.itar_content, told.us_600_series_content, told.us_content_pct
    if itar and gone.entries(Regime.USML):
        itar = True if any(part.entries(Regime.USML) for part in left) else False if complete else None
    if series and _of_600_series(gone):
        series = True if any(map(_of_600_series, left)) else False if complete else None
    if share is not None and gone.us_origin is not False:
        known = gone.us_origin and gone.share_pct is not None
        share = max(share - (gone.share_pct or 0), 0.0) if known else None
    return left, UsContent(itar, share, series)


def _of_600_series(component: Component) -> bool:
    return bool(component.us_origin) and any(_SERIES_600.match(entry) for entry in component.entries(Regime.ECCN))
