"""The way of every seat's work to the market: through which countries, and what bites on it.

A seat's work goes to the seat it delivers to, with that one's product onward, and so to the market; the strings of its
own technology travel along. So each filled seat has a pathway of its own over the whole way, as seen from its holder's
country. Where the way crosses no border there is nothing to trace.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from matching.facts import Facts
from matching.pathway import Pathway, Verdict
from matching.pool import PooledFirm
from matching.profile import Iso3, Statement
from matching.projects import Project
from matching.rulebook import Rulebook
from matching.transfer import UNSCREENED, Screened, Technology, technology_of, traced, transfer_facts


@dataclass(frozen=True, slots=True)
class Holder:
    """What a way must know of a seat's holder: its country, its technology there, and the lists it stands on."""

    country: Iso3
    technology: Technology
    arms: bool | None
    screened: Screened

    @property
    def station(self) -> tuple[Iso3, Screened]:
        """What those whose work passes through it must know of it."""
        return self.country, self.screened


Station = tuple[Iso3, Screened]


class Deliveries:
    """Ways and pathways of one project to one market on one day."""

    def __init__(
        self,
        project: Project,
        market: Iso3,
        rulebook: Rulebook,
        on: date,
        screened: Mapping[str, Screened] | None = None,
    ) -> None:
        self._project, self._market, self._rulebook, self._on = project, market, rulebook, on
        self._screened = screened or {}

    def holder(self, firm: PooledFirm, offers: Sequence[Statement]) -> Holder:
        """The facts of a firm as the holder of a seat that these offers answer.

        What goes into arms counts as arms, as it does for the two firms of a match; no arms only if all are known not
        to be.
        """
        said = {self._project.arms, *(offer.arms for offer in offers)}
        arms = True if True in said else False if said == {False} else None
        profile = firm.profile
        return Holder(
            profile.country,
            technology_of(offers, profile.exposure),
            arms,
            self._screened.get(firm.id, UNSCREENED),
        )

    def route(self, holder: Holder, onward: Sequence[Station]) -> tuple[Iso3, ...]:
        """The countries from the holder through the stations onward to the market, each crossing once."""
        countries = (holder.country, *(country for country, _ in onward), self._market)
        return tuple(country for country, _ in groupby(countries))

    def facts(self, holder: Holder, onward: Sequence[Station]) -> Facts | None:
        """What is known of the way, as the rules ask it; None where it crosses no border."""
        route = self.route(holder, onward)
        if len(route) < 2:
            return None
        return transfer_facts(
            holder.technology,
            arms=holder.arms,
            market=self._market,
            on=self._on,
            parties=(holder.screened, *(screened for _, screened in onward)),
            through=route[:-1],
        )

    def pathway(self, holder: Holder, onward: Sequence[Station]) -> Pathway | None:
        """What bites on the way; None where it crosses no border."""
        facts = self.facts(holder, onward)
        return None if facts is None else traced(facts, self._rulebook)

    def verdict(self, holder: Holder, onward: Sequence[Station]) -> Verdict:
        """The verdict of the way; ``open`` where it crosses no border."""
        pathway = self.pathway(holder, onward)
        return Verdict.OPEN if pathway is None else pathway.verdict
