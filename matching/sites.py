"""The place that a work needs, and whether the manufacturer has one: a yard for a hull, a refinery for an ore.

A reason like those of ``matching.signals``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.phrases import say
from matching.play import Play
from matching.pool import Pool
from matching.profile import Site
from matching.signals import Evidence, Measured, Told, Triad, firm_name
from matching.taxonomy import Taxonomy

PLACES: dict[tuple[str, str], tuple[str, ...]] = {
    ("shipbuilding", "platform"): ("shipyard",),
    ("shipbuilding", "service"): ("shipyard",),
    ("critical_minerals", "refining"): ("refinery", "plant"),
}
"""Kinds of site by top sector and stage of the value chain; what else is made can be made in any plant."""

_TONNES = re.compile(r"\b(\d{1,3}(?:[,\u202f ]\d{3})+|\d+)(?:\s|-)?(?:tonnes?|t|dwt)\b", re.IGNORECASE)
_METRES = re.compile(r"\b(\d+(?:\.\d+)?)(?:\s|-)?(?:metres?|meters?|m)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What place a text asks for: the kinds that would do, and the hull's size where it says one."""

    kinds: tuple[str, ...]
    tonnes: float | None
    metres: float | None


def site_suits(play: Play) -> Measured:
    """The manufacturer has a yard or refinery on record where the work, or what the market seeks, needs one."""
    asks, asked = _asked_of(play)
    pool = play.manufacturers
    shape = (len(play.innovators), len(pool), max(1, len(play.markets)))
    values, best = _served(pool, asks)
    # The last row stands for work that any plant could do: of that nothing is known.
    values = values[asked, np.arange(len(pool))[None, :, None]].reshape(shape)

    def tell(triad: Triad) -> Told:
        ask, firm = int(asked[triad]), triad[1]
        words = {"kind": say(asks[ask].kinds[0]), "firm": firm_name(pool, firm)}
        if best[ask, firm] < 0:
            held = "; ".join(f"{site.name} ({site.kind})" for site in pool.firms[firm].profile.sites)
            return Told(
                say("The work needs a {kind}; {firm} has none on record that would do.", **words),
                (Evidence(pool.firms[firm].id, f"sites on record: {held}", "reported"),),
            )
        site = pool.firms[firm].profile.sites[best[ask, firm]]
        size = _size(site)
        return Told(
            say("The work needs a {kind}; {firm} has {site} ({size}).", site=site.name, size=size, **words)
            if size
            else say("The work needs a {kind}; {firm} has {site}.", site=site.name, **words),
            (Evidence(pool.firms[firm].id, site.name, "reported"),),
        )

    return Measured(values, tell)


def _asked_of(play: Play) -> tuple[list[_Asked], NDArray[np.int64]]:
    """The distinct places asked for, and for each triad which: of the demand it serves, or else of the need.

    The second has shape (innovators, manufacturers, markets), -1 where any place would do.
    """
    ours = play.innovators
    of_demands = [_asked(play.taxonomy, demand.sectors, demand.text) for demand in play.demands]
    of_needs = [
        # Only of sectors on record: a gun "for warships" reads like a ship, and would be asked for a yard.
        _asked(play.taxonomy, statement.sectors if ours.sectors_stated[owner] else (), statement.text)
        for owner, statement in zip(ours.owner, ours.statements, strict=True)
    ]
    asks = [ask for ask in dict.fromkeys((*of_demands, *of_needs)) if ask is not None]
    # One more at the end, which a row of -1 (no demand, no need) also finds.
    demand_asks, need_asks = (
        np.array([*(-1 if ask is None else asks.index(ask) for ask in several), -1], dtype=np.int64)
        for several in (of_demands, of_needs)
    )
    of_pairs = need_asks[play.capability_meaning.asking][:, :, None]
    of_markets = demand_asks[play.demand_served[1]]
    return asks, np.where(of_markets >= 0, of_markets, of_pairs)


def _served(pool: Pool, asks: Sequence[_Asked]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """How well each firm's sites serve each ask, and the number of the site that serves best.

    Shapes (asks + 1, firms); 0 and -1 where no site does, NaN where no site is on record, or in the last row.
    """
    values = np.full((len(asks) + 1, len(pool)), np.nan, dtype=np.float32)
    best = np.full(values.shape, -1, dtype=np.int64)
    for firm, held in enumerate(pool.firms):
        if held.profile.sites:
            values[:-1, firm] = 0.0
        for number, site in enumerate(held.profile.sites):
            for row, ask in enumerate(asks):
                if site.kind in ask.kinds and _fits(site, ask) > values[row, firm]:
                    values[row, firm], best[row, firm] = _fits(site, ask), number
    return values, best


def _asked(taxonomy: Taxonomy, codes: Sequence[str], text: str) -> _Asked | None:
    """The place that goods of these sectors need, by the first sector; None where any plant would do."""
    if not codes:
        return None
    kinds = PLACES.get((codes[0].split(".")[0], taxonomy.sector(codes[0]).stage))
    if kinds is None:
        return None
    hull = kinds == ("shipyard",)
    return _Asked(kinds, _largest(_TONNES, text) if hull else None, _largest(_METRES, text) if hull else None)


def _largest(pattern: re.Pattern[str], text: str) -> float | None:
    figures = [float(re.sub(r"[,\u202f ]", "", figure)) for figure in pattern.findall(text)]
    return max(figures, default=None)


def _fits(site: Site, asked: _Asked) -> float:
    """1 where the site takes the hull or its size is not known, 0 where the largest it took falls well short.

    Deadweight (of the site) and displacement (of most asks) are different tonnes; only less than half is short.
    """
    if asked.metres is not None and site.longest_hull_m is not None:
        return float(site.longest_hull_m >= asked.metres)
    if asked.tonnes is not None and site.largest_hull_dwt is not None:
        return float(site.largest_hull_dwt >= asked.tonnes / 2)
    return 1.0


def _size(site: Site) -> str | None:
    if site.longest_hull_m is not None:
        return say("hulls up to {metres:g} m", metres=site.longest_hull_m)
    if site.largest_hull_dwt is not None:
        return say("hulls up to {tonnes:g} t deadweight", tonnes=site.largest_hull_dwt)
    return None
