"""Which one change would lift a triad, or open its pathway: each change is made and everything is ranked again.

Nothing is guessed: a changed profile goes through the same pool, signals and rulebook as the one on file, among all
the others as they are (in the manner of Wachter, Mittelstadt & Russell 2017: the nearest world in which the outcome
differs). Only changes that lift the triad or better its verdict are told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date

from matching.design_out import UsContent, replaced
from matching.pathway import Verdict
from matching.phrases import say
from matching.play import Play
from matching.profile import Exposure, Profile, Readiness, Regime, Statement
from matching.ranking import Standing, Weights, standing
from matching.rulebook import Rulebook
from matching.transfer import Screened

ENGINEERED_TRL = 6
"""Shown in its relevant environment: what a maker can begin to engineer for production."""

FULL_RATE_MRL = 9


@dataclass(frozen=True, slots=True)
class Change:
    """One change to one side of a triad, in words, with the profile as it would be."""

    words: str
    side: str
    profile: Profile


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """What one change would do: places are among the triads that may be listed for the same ask."""

    change: str
    place_before: int
    place_after: int
    fit_before: float
    fit_after: float
    verdict_before: Verdict
    verdict_after: Verdict
    requirements_before: int
    requirements_after: int
    """How many requirements the pathway holds, apart from those that only inform."""

    @property
    def worth_telling(self) -> bool:
        """Whether it lifts the triad, betters its verdict, or shortens the way to the same verdict."""
        shorter = self.requirements_after < self.requirements_before and self.verdict_after == self.verdict_before
        return self.verdict_after < self.verdict_before or self.place_after < self.place_before or shorter


def changes(innovator: Profile, manufacturer: Profile, technology: Statement, product: Statement) -> Iterator[Change]:
    """The changes worth asking about for a triad whose ``technology`` and ``product`` met, the smallest first."""
    if not manufacturer.certifications:
        yield Change(
            say("{firm} holds a quality certificate such as AS9100 or ISO 9001", firm=manufacturer.name),
            "manufacturer",
            manufacturer.model_copy(update={"certifications": ("AS9100 or ISO 9001 (supposed)",)}),
        )
    if not any(s.met_by == "firm" for s in manufacturer.seeks):
        need = technology.model_copy(update={"side": "seeks", "basis": "stated"})
        yield Change(
            say("{firm} states that it seeks what {other} offers", firm=manufacturer.name, other=innovator.name),
            "manufacturer",
            manufacturer.model_copy(update={"statements": (*manufacturer.statements, need)}),
        )
    if (technology.readiness.trl_low or ENGINEERED_TRL) < ENGINEERED_TRL:
        readiness = technology.readiness.model_copy(update={"trl_low": ENGINEERED_TRL, "trl_high": ENGINEERED_TRL})
        yield Change(
            say("“{what}” reaches TRL {trl}", what=technology.title or technology.text[:60], trl=ENGINEERED_TRL),
            "innovator",
            _with_readiness(innovator, technology, readiness),
        )
    if (product.readiness.mrl_low or 0) < FULL_RATE_MRL:
        readiness = product.readiness.model_copy(update={"mrl_low": FULL_RATE_MRL, "mrl_high": FULL_RATE_MRL})
        yield Change(
            say(
                "{firm} makes “{what}” in series (MRL {mrl})",
                firm=manufacturer.name,
                what=product.title or product.text[:60],
                mrl=FULL_RATE_MRL,
            ),
            "manufacturer",
            _with_readiness(manufacturer, product, readiness),
        )
    yield from _components_replaced(innovator, technology)
    yield from _changes_of_exposure(innovator, technology)


def _components_replaced(innovator: Profile, technology: Statement) -> Iterator[Change]:
    """One change for each component of the technology that brings a regime with it."""
    exposure = innovator.exposure
    told = UsContent(exposure.itar_content, exposure.us_content_pct, exposure.us_600_series_content)
    for place, component in enumerate(technology.components):
        left, content = replaced(technology.components, place, told, complete=technology.components_complete)
        statements = tuple(
            s.model_copy(update={"components": left}) if s.text == technology.text else s for s in innovator.statements
        )
        changed = exposure.model_copy(update=asdict(content))
        yield Change(
            say(
                "{firm} replaces the component “{component}” by one of other origin",
                firm=innovator.name,
                component=component.name,
            ),
            "innovator",
            innovator.model_copy(update={"statements": statements, "exposure": changed}),
        )


def _changes_of_exposure(innovator: Profile, technology: Statement) -> Iterator[Change]:
    exposure = innovator.exposure
    if exposure.itar_content and not any(part.entries(Regime.USML) for part in technology.components):
        designed_out = exposure.model_copy(update={"itar_content": False})
        yield Change(
            say("{firm} replaces its ITAR component by one of other origin", firm=innovator.name),
            "innovator",
            innovator.model_copy(update={"exposure": designed_out}),
        )
    american = any(part.us_origin or part.entries(Regime.USML) for part in technology.components)
    if not american and (exposure.itar_content is None or exposure.us_content_pct is None):
        told = Exposure.model_validate(exposure.model_dump() | {"itar_content": False, "us_content_pct": 0})
        yield Change(
            say("{firm} declares that the technology has no US content", firm=innovator.name),
            "innovator",
            innovator.model_copy(update={"exposure": told}),
        )


def _with_readiness(profile: Profile, statement: Statement, readiness: Readiness) -> Profile:
    """The profile with another readiness for every statement of that text (an inferred need shares its offer's)."""
    statements = tuple(
        s.model_copy(update={"readiness": readiness}) if s.text == statement.text else s for s in profile.statements
    )
    return profile.model_copy(update={"statements": statements})


def counterfactuals(
    play_with: Callable[[Change | None], Play],
    ids: tuple[str, str, str],
    weights: Weights,
    rulebook: Rulebook,
    on: date,
    screened: Mapping[str, Screened] | None = None,
) -> tuple[Counterfactual, ...]:
    """The single changes that would lift the triad of these firm ids and market code, or better or shorten its pathway.

    ``play_with`` lays out the same ask with a change made; ``screened`` says by firm id on which denied-party lists a
    firm stands, which no change to a profile alters. Those that better the verdict come first, then by places
    gained. Raises KeyError when the triad is not in play.
    """
    play = play_with(None)
    before = standing(play, ids, weights, rulebook, on, screened)
    found = [
        _compare(change.words, before, standing(play_with(change), ids, weights, rulebook, on, screened))
        for change in _changes_of(play, ids)
    ]
    return tuple(sorted((c for c in found if c.worth_telling), key=_best_first))


def _best_first(found: Counterfactual) -> tuple[int, int, int, str]:
    better = found.verdict_after.rank - found.verdict_before.rank
    return better, found.place_after, found.requirements_after - found.requirements_before, found.change


def _changes_of(play: Play, ids: tuple[str, str, str]) -> Iterator[Change]:
    pair = tuple(
        next(i for i, firm in enumerate(pool.firms) if firm.id == firm_id)
        for pool, firm_id in zip((play.innovators, play.manufacturers), ids, strict=False)
    )
    meeting = play.capability_meaning
    rows = int(meeting.asking[pair]), int(meeting.offering[pair])
    if min(rows) < 0:
        return
    yield from changes(
        play.innovators.firms[pair[0]].profile,
        play.manufacturers.firms[pair[1]].profile,
        play.innovators.statements[rows[0]],
        play.manufacturers.statements[rows[1]],
    )


def _compare(words: str, before: Standing, after: Standing) -> Counterfactual:
    return Counterfactual(
        change=words,
        place_before=before.place,
        place_after=after.place,
        fit_before=before.fit,
        fit_after=after.fit,
        verdict_before=before.verdict,
        verdict_after=after.verdict,
        requirements_before=before.requirements,
        requirements_after=after.requirements,
    )
