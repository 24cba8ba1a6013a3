"""One function per reason to pair; its docstring is the sentence people read about it.

A signal returns its values over (innovators, manufacturers, markets), each axis of full length or 1, with NaN
where it is unknown, and a teller that words the reason for one triad from the same arrays. Nothing here
knows about permission: export control and screening gate a match and never move its fit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from matching.index import words
from matching.phrases import joined, say
from matching.play import Meeting, Play, nearest_sector
from matching.pool import Pool
from matching.profile import Statement

Values = NDArray[np.float32]

Triad = tuple[int, int, int]
"""Positions of the innovator, the manufacturer and the market in the play."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One of the facts that met: whose it is, what it says, and how it is known."""

    of: str
    fact: str
    basis: Literal["stated", "inferred", "estimated", "reported", "computed"]


@dataclass(frozen=True, slots=True)
class Told:
    """A reason in words, with the facts that met."""

    sentence: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """Values of one signal, shape broadcastable to (innovators, manufacturers, markets); NaN is unknown."""

    values: Values
    tell: Callable[[Triad], Told]


def _quote(pool: Pool, row: int) -> Evidence:
    statement = pool.statements[row]
    return Evidence(pool.firms[pool.owner[row]].id, pool.texts[row], statement.basis)


def firm_name(pool: Pool, firm: int) -> str:
    """The name of the pool's firm at that position."""
    return pool.firms[firm].profile.name


def _both(play: Play, triad: Triad) -> dict[str, str]:
    return {"one": firm_name(play.innovators, triad[0]), "other": firm_name(play.manufacturers, triad[1])}


def _short(statement: Statement, length: int = 90) -> str:
    text = statement.title or statement.text
    return text if len(text) <= length else text[: length - 1].rsplit(" ", 1)[0] + "…"


def capability_meets_need(play: Play) -> Measured:
    """What the manufacturer makes is close in meaning to what the innovator needs made."""
    meeting = play.capability_meaning
    return Measured(meeting.value[:, :, None], _teller_of_needs(play, meeting))


def _teller_of_needs(play: Play, meeting: Meeting) -> Callable[[Triad], Told]:
    def tell(triad: Triad) -> Told:
        innovator, manufacturer, _ = triad
        need = int(meeting.asking[innovator, manufacturer])
        offer = int(meeting.offering[innovator, manufacturer])
        statement = play.innovators.statements[need]
        values = {
            "innovator": firm_name(play.innovators, innovator),
            "need": _short(statement),
            "manufacturer": firm_name(play.manufacturers, manufacturer),
            "offer": _short(play.manufacturers.statements[offer]),
        }
        return Told(
            say("{innovator} is looking for “{need}”; {manufacturer} offers “{offer}”.", **values)
            if statement.basis == "stated"
            else say(
                "{innovator} would need a maker for “{need}” (inferred: it states no such need); "
                "{manufacturer} offers “{offer}”.",
                **values,
            ),
            (_quote(play.innovators, need), _quote(play.manufacturers, offer)),
        )

    return tell


def terms_shared(play: Play) -> Measured:
    """The two firms' statements share uncommon words, materials, standards or figures."""
    meeting = play.capability_words

    def tell(triad: Triad) -> Told:
        innovator, manufacturer, _ = triad
        need = int(meeting.asking[innovator, manufacturer])
        offer = int(meeting.offering[innovator, manufacturer])
        shared = _shared_words(play.innovators.texts[need], play.manufacturers.texts[offer])
        sentence = (
            say(
                "{one} and {other} share the terms {terms} in their statements.",
                terms=", ".join(shared),
                **_both(play, triad),
            )
            if shared
            else say("{one} and {other} share no uncommon term in their statements.", **_both(play, triad))
        )
        return Told(sentence, (_quote(play.innovators, need), _quote(play.manufacturers, offer)))

    return Measured(meeting.value[:, :, None], tell)


def _shared_words(one: str, other: str) -> list[str]:
    """The words of one text whose stems stand in the other, in order of appearance."""
    stems = set(words(other))
    seen: dict[str, str] = {}
    for token in re.split(r"[\s/.,;:()“”\"']+(?=\D|$)|[\s/]+", one):
        for stem in words(token):
            if stem in stems:
                seen.setdefault(stem, token)
    return list(dict.fromkeys(seen.values()))[:8]


def several_offers_meet_need(play: Play) -> Measured:
    """Not one but several things that the manufacturer makes are close to what the innovator needs made."""
    values, needs, offers = play.capability_range

    def tell(triad: Triad) -> Told:
        pair = triad[:2]
        need, rows = int(needs[pair]), [int(row) for row in offers[(slice(None), *pair)] if row >= 0]
        return Told(
            say(
                "{number} of {manufacturer}'s offers stand nearest to “{need}” of {innovator}: {offers}.",
                number=len(rows),
                manufacturer=firm_name(play.manufacturers, triad[1]),
                need=_short(play.innovators.statements[need]),
                innovator=firm_name(play.innovators, triad[0]),
                offers="; ".join(f"“{_short(play.manufacturers.statements[row], 60)}”" for row in rows),
            ),
            (_quote(play.innovators, need), *(_quote(play.manufacturers, row) for row in rows)),
        )

    return Measured(values[:, :, None], tell)


def kind_of_goods_close(play: Play) -> Measured:
    """What the manufacturer makes is of the kind of goods or service that the innovator needs made."""
    meeting = play.capability_kind

    def tell(triad: Triad) -> Told:
        pair = triad[:2]
        need, offer = int(meeting.asking[pair]), int(meeting.offering[pair])
        sought, made = (
            joined(", ", (say(play.taxonomy.sector(code).name_en) for code in _codes(pool, row, play)))
            for pool, row in ((play.innovators, need), (play.manufacturers, offer))
        )
        return Told(
            say(
                "Kind of goods: {sought} for {one}, {made} from {other}; closeness {closeness:.2f}.",
                sought=sought,
                made=made,
                closeness=float(meeting.value[pair]),
                **_both(play, triad),
            ),
            (_quote(play.innovators, need), _quote(play.manufacturers, offer)),
        )

    return Measured(meeting.value[:, :, None], tell)


def _codes(pool: Pool, row: int, play: Play) -> list[str]:
    return [play.taxonomy.codes[i] for i in np.flatnonzero(pool.kinds[row])]


def need_met_in_return(play: Play) -> Measured:
    """The innovator offers what the manufacturer says it seeks."""
    meeting = play.return_meaning

    def tell(triad: Triad) -> Told:
        innovator, manufacturer, _ = triad
        need = int(meeting.asking[manufacturer, innovator])
        offer = int(meeting.offering[manufacturer, innovator])
        return Told(
            say(
                "{manufacturer} seeks “{need}”; {innovator} offers “{offer}”.",
                manufacturer=firm_name(play.manufacturers, manufacturer),
                need=_short(play.manufacturers.statements[need]),
                innovator=firm_name(play.innovators, innovator),
                offer=_short(play.innovators.statements[offer]),
            ),
            (_quote(play.manufacturers, need), _quote(play.innovators, offer)),
        )

    return Measured(meeting.value.T[:, :, None], tell)


def sectors_close(play: Play) -> Measured:
    """The two firms work in the same sectors, or in sectors that feed one another."""
    sought, held = play.innovators.sectors, play.manufacturers.sectors
    reach = nearest_sector(held, play.taxonomy)
    weight = sought.sum(axis=1, keepdims=True).astype(np.float32)
    with np.errstate(invalid="ignore", divide="ignore"):
        values = (sought.astype(np.float32) @ reach.T) / weight
    values[:, ~held.any(axis=1)] = np.nan

    def tell(triad: Triad) -> Told:
        innovator, manufacturer, _ = triad
        mine, theirs = np.flatnonzero(sought[innovator]), np.flatnonzero(held[manufacturer])
        near = play.taxonomy.closeness[np.ix_(mine, theirs)]
        row, column = np.unravel_index(int(near.argmax()), near.shape)
        one, other = (play.taxonomy.codes[mine[row]], play.taxonomy.codes[theirs[column]])
        facts: dict[str, str | float] = {
            **_both(play, triad),
            "sector": say(play.taxonomy.sector(one).name_en),
            "closeness": float(values[innovator, manufacturer]),
        }
        if one != other:
            facts["neighbour"] = say(play.taxonomy.sector(other).name_en)
        if one == other:
            sentence = say(
                "{one} and {other} both work in {sector}; over all of {one}'s sectors the closeness is "
                "{closeness:.2f}.",
                **facts,
            )
        elif near[row, column] > 0:
            sentence = say(
                "{one} and {other} work in sectors that stand close ({sector} and {neighbour}); over all of {one}'s "
                "sectors the closeness is {closeness:.2f}.",
                **facts,
            )
        else:
            sentence = say(
                "{one} and {other} work in sectors that do not meet ({sector} and {neighbour}); over all of {one}'s "
                "sectors the closeness is {closeness:.2f}.",
                **facts,
            )
        return Told(
            sentence,
            (
                Evidence(play.innovators.firms[innovator].id, one, "stated"),
                Evidence(play.manufacturers.firms[manufacturer].id, other, "stated"),
            ),
        )

    return Measured(values[:, :, None], tell)


def feeds_value_chain(play: Play) -> Measured:
    """What one firm makes goes into what the other makes: two links of one value chain."""
    ours, theirs = play.innovators.sectors, play.manufacturers.sectors
    chain = np.maximum(play.taxonomy.feeding, play.taxonomy.feeding.T)
    reach = np.zeros(theirs.shape, dtype=np.float32)
    values = np.zeros((len(ours), len(theirs)), dtype=np.float32)
    for row, held in enumerate(theirs):
        reach[row] = chain[held].max(axis=0, initial=0)
    for row, held in enumerate(ours):
        values[row] = reach[:, held].max(axis=1, initial=0)
    # Sectors read from a text are good enough to be near to, not to build a chain on.
    values[~play.innovators.sectors_stated] = np.nan
    values[:, ~play.manufacturers.sectors_stated] = np.nan

    def tell(triad: Triad) -> Told:
        innovator, manufacturer, _ = triad
        firms = _both(play, triad)
        mine, yours = np.flatnonzero(ours[innovator]), np.flatnonzero(theirs[manufacturer])
        links = chain[np.ix_(mine, yours)]
        row, column = np.unravel_index(int(links.argmax()), links.shape)
        one, other = (play.taxonomy.sector(play.taxonomy.codes[i]) for i in (mine[row], yours[column]))
        feed = play.taxonomy.feed_between(one.code, other.code)
        ends = {"sector": say(one.name_en), "neighbour": say(other.name_en), **firms}
        if not values[innovator, manufacturer]:
            sentence = say("No link of a value chain between {one} and {other} is known.", **firms)
        elif feed is None:
            sentence = say(
                "{sector} ({one}) and {neighbour} ({other}) stand two links apart in one value chain.", **ends
            )
        else:
            sentence = say(
                "{sector} ({one}) and {neighbour} ({other}) are links of one chain: {why}.", why=say(feed.why), **ends
            )
        return Told(
            sentence,
            (
                Evidence(play.innovators.firms[innovator].id, one.code, "stated"),
                Evidence(play.manufacturers.firms[manufacturer].id, other.code, "stated"),
            ),
        )

    return Measured(values[:, :, None], tell)


def readiness_complements(play: Play) -> Measured:
    """Technology not yet in production meets a maker able to do what comes next: engineer it, or produce it."""
    meeting = play.capability_meaning
    trl = _at(play.innovators.trl, meeting.asking)
    mrl = _at(play.manufacturers.mrl, meeting.offering)
    from_trl = np.isnan(mrl)
    # Where no MRL is on record, TRL n is read as MRL n: the alignment of the two scales (GAO-10-439; DoD MRL
    # Deskbook), which for a thing in service is the more cautious reading.
    mrl = np.where(from_trl, _at(play.manufacturers.trl, meeting.offering), mrl)
    asked = asked_mrl(trl)
    able = np.clip((mrl - asked + ABLE_FROM) / ABLE_FROM, 0, 1)
    early = np.where(trl <= 6, 1.0, 1.0 - 0.1 * (trl - 6))
    values = (able * early).astype(np.float32)

    def tell(triad: Triad) -> Told:
        innovator, manufacturer, _ = triad
        at = (innovator, manufacturer)
        scale = "TRL" if from_trl[at] else "MRL"
        figures: dict[str, str | float] = {
            **_both(play, triad),
            "trl": float(trl[at]),
            "mrl": float(mrl[at]),
            "asked": float(asked[at]),
        }
        return Told(
            say(
                "TRL {trl:g} of {one} asks for MRL {asked:g}; {other} is at TRL {mrl:g} (no MRL on record, read from "
                "TRL).",
                **figures,
            )
            if from_trl[at]
            else say("TRL {trl:g} of {one} asks for MRL {asked:g}; {other} is at MRL {mrl:g}.", **figures),
            (
                _readiness_fact(play.innovators, int(meeting.asking[at]), "TRL", trl[at]),
                _readiness_fact(play.manufacturers, int(meeting.offering[at]), scale, mrl[at]),
            ),
        )

    return Measured(values[:, :, None], tell)


ABLE_FROM = 4
"""Levels below what is asked at which a maker counts as not able at all."""


def asked_mrl(trl: NDArray[np.float32]) -> NDArray[np.float32]:
    """The MRL that the form of co-operation of a TRL asks of the maker (DoD MRL Deskbook; NaN stays NaN).

    Research (TRL 1 to 3) asks for one who can make it in a laboratory (MRL 4), development (4 to 6) for prototypes in a
    production-relevant environment (MRL 6), production (from 7) for a line that is ready (MRL 8).
    """
    bands = np.select([np.isnan(trl), trl <= 3, trl <= 6], [np.nan, 4.0, 6.0], 8.0)
    return bands.astype(np.float32)


def _at(column: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """The column's figure at each statement row; NaN where there is no row."""
    if not len(column):
        return np.full(rows.shape, np.nan, dtype=np.float32)
    return np.where(rows >= 0, column[np.maximum(rows, 0)], np.nan).astype(np.float32)


def _readiness_fact(pool: Pool, row: int, scale: str, figure: float) -> Evidence:
    basis = pool.statements[row].readiness.basis or ""
    return Evidence(
        pool.firms[pool.owner[row]].id,
        f"{scale} {figure:g}" + (f" ({basis})" if basis else ""),
        "estimated" if "estimate" in basis else "stated",
    )


def market_seeks_it(play: Play) -> Measured:
    """The market has said that it seeks what the two firms make."""
    innovators, manufacturers = play.innovators_serve, play.manufacturers_serve
    values, best = play.demand_served

    def tell(triad: Triad) -> Told:
        innovator, manufacturer, market = triad
        number = int(best[triad])
        demand = play.demands[number]
        source = demand.sources[0]
        ours = int(innovators.offering[number, innovator])
        theirs = int(manufacturers.offering[number, manufacturer])
        told_by = source.url or source.what or "address not kept"
        return Told(
            say(
                "{market} seeks “{demand}” ({source}, {dated}); {innovator} offers “{ours}” and {manufacturer} "
                "“{theirs}”.",
                market=say(play.markets[market].name),
                demand=say(demand.text),
                source=told_by,
                dated=demand.dated,
                innovator=firm_name(play.innovators, innovator),
                ours=_short(play.innovators.statements[ours]),
                manufacturer=firm_name(play.manufacturers, manufacturer),
                theirs=_short(play.manufacturers.statements[theirs]),
            ),
            (
                Evidence(demand.id, demand.text, demand.standing),
                _quote(play.innovators, ours),
                _quote(play.manufacturers, theirs),
            ),
        )

    return Measured(values, tell)


def market_known(play: Play) -> Measured:
    """One of the firms has already sold to the market, or to its region."""
    countries = [market.iso3 for market in play.markets]
    innovators, manufacturers = (
        _presence(pool, countries, play.regions) for pool in (play.innovators, play.manufacturers)
    )
    values = np.fmax(innovators[:, None, :], manufacturers[None, :, :])

    def tell(triad: Triad) -> Told:
        innovator, manufacturer, market = triad
        place = play.markets[market]
        ours = np.nan_to_num(innovators[innovator, market]) >= np.nan_to_num(manufacturers[manufacturer, market])
        pool, firm = (play.innovators, innovator) if ours else (play.manufacturers, manufacturer)
        sold = pool.firms[firm].profile.export_markets
        there = place.iso3 in sold
        return Told(
            say(
                "{firm} has a reported order or delivery in {market}.",
                firm=firm_name(pool, firm),
                market=say(place.name),
            )
            if there
            else say(
                "{firm} has a reported order or delivery elsewhere in the region ({region}).",
                firm=firm_name(pool, firm),
                region=say(place.region),
            ),
            (Evidence(pool.firms[firm].id, "export markets on record: " + ", ".join(sold), "reported"),),
        )

    return Measured(values, tell)


def _presence(pool: Pool, countries: list[str], regions: Mapping[str, str]) -> Values:
    """1 where the firm has sold to the market, 0.8 to its region; NaN where nothing is on record."""
    values = np.full((len(pool), len(countries)), np.nan, dtype=np.float32)
    for row, firm in enumerate(pool.firms):
        sold = set(firm.profile.export_markets)
        nearby = {regions[iso3] for iso3 in sold if iso3 in regions}
        for column, iso3 in enumerate(countries):
            if iso3 in sold:
                values[row, column] = 1.0
            elif regions[iso3] in nearby:
                values[row, column] = 0.8
    return values
