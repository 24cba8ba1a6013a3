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

BROAD = 5
"""Sectors of the top level from which a manufacturer counts as fully broad; one is not broad at all."""

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


def _name(pool: Pool, firm: int) -> str:
    return pool.firms[firm].profile.name


def _both(play: Play, triad: Triad) -> dict[str, str]:
    return {"one": _name(play.innovators, triad[0]), "other": _name(play.manufacturers, triad[1])}


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
            "innovator": _name(play.innovators, innovator),
            "need": _short(statement),
            "manufacturer": _name(play.manufacturers, manufacturer),
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
                manufacturer=_name(play.manufacturers, manufacturer),
                need=_short(play.manufacturers.statements[need]),
                innovator=_name(play.innovators, innovator),
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
    """Technology not yet in production meets a maker already able to produce (TRL low, MRL high)."""
    meeting = play.capability_meaning
    trl = _at(play.innovators.trl, meeting.asking)
    mrl = _at(play.manufacturers.mrl, meeting.offering)
    from_trl = np.isnan(mrl)
    # Where no MRL is on record, TRL n is read as MRL n: the alignment of the two scales (GAO-10-439; DoD MRL
    # Deskbook), which for a thing in service is the more cautious reading.
    mrl = np.where(from_trl, _at(play.manufacturers.trl, meeting.offering), mrl)
    able = np.clip((mrl - 3) / 6, 0, 1)
    early = np.where(trl <= 6, 1.0, 1.0 - 0.1 * (trl - 6))
    values = (able * early).astype(np.float32)

    def tell(triad: Triad) -> Told:
        innovator, manufacturer, _ = triad
        at = (innovator, manufacturer)
        scale = "TRL" if from_trl[at] else "MRL"
        figures: dict[str, str | float] = {**_both(play, triad), "trl": float(trl[at]), "mrl": float(mrl[at])}
        return Told(
            say("TRL {trl:g} of {one} meets TRL {mrl:g} of {other} (no MRL on record, read from TRL).", **figures)
            if from_trl[at]
            else say("TRL {trl:g} of {one} meets MRL {mrl:g} of {other}.", **figures),
            (
                _readiness_fact(play.innovators, int(meeting.asking[at]), "TRL", trl[at]),
                _readiness_fact(play.manufacturers, int(meeting.offering[at]), scale, mrl[at]),
            ),
        )

    return Measured(values[:, :, None], tell)


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


def makes_in_quantity(play: Play) -> Measured:
    """The manufacturer has a plant, yard or refinery, a producing role, and a size or output on record."""
    pool = play.manufacturers
    facts = [_production_facts(pool, firm) for firm in range(len(pool))]
    values = np.array([np.nan if not known else len(found) / 4 for known, found in facts], dtype=np.float32)

    def tell(triad: Triad) -> Told:
        firm = triad[1]
        found = facts[firm][1]
        return Told(
            say("{firm}: {facts}.", firm=_name(pool, firm), facts=joined("; ", found))
            if found
            else say("{firm}: no sign of series production on record.", firm=_name(pool, firm)),
            tuple(Evidence(pool.firms[firm].id, fact, "reported") for fact in found),
        )

    return Measured(values[None, :, None], tell)


def _production_facts(pool: Pool, firm: int) -> tuple[bool, list[str]]:
    """Whether anything is known of the firm's production, and up to four facts that speak for it."""
    profile = pool.firms[firm].profile
    found: list[str] = []
    if pool.produces[firm]:
        roles = joined(", ", (say(role) for role in profile.roles if role not in ("innovator", "explorer")))
        found.append(say("its roles include {roles}", roles=roles))
    works = [site.name for site in profile.sites if site.kind in ("plant", "shipyard", "refinery")]
    if works:
        first = works[0] + (", …" if len(works) > 1 else "")
        found.append(say("{number} works on record ({first})", number=len(works), first=first))
    outputs = [c for s in profile.offers for c in s.capacities]
    if outputs:
        output = outputs[0]
        found.append(
            say(
                "stated output of {quantity:g} {unit} ({what})",
                quantity=output.quantity,
                unit=output.unit,
                what=output.what,
            )
        )
    if profile.employees_band in ("501-1000", "1001-5000", "5000+", "10000+"):
        found.append(say("{band} people", band=profile.employees_band))
    elif profile.ownership in ("dpsu", "listed"):
        found.append(say("state-controlled or listed") if profile.ownership == "dpsu" else say("listed on an exchange"))
    return bool(profile.roles or profile.sites or found), found


def works_broadly(play: Play) -> Measured:
    """The manufacturer works in several sectors, and so can take on what stands beside its own trade."""
    pool = play.manufacturers
    trades = [sorted({play.taxonomy.codes[i].split(".")[0] for i in np.flatnonzero(held)}) for held in pool.sectors]
    values = np.array([min(1.0, max(0, len(tops) - 1) / (BROAD - 1)) for tops in trades], dtype=np.float32)
    values[~pool.sectors_stated] = np.nan

    def tell(triad: Triad) -> Told:
        firm = triad[1]
        return Told(
            say(
                "{firm} works in {number} of the trades known here: {trades}.",
                firm=_name(pool, firm),
                number=len(trades[firm]),
                trades=joined(", ", (say(play.taxonomy.sector(code).name_en) for code in trades[firm])),
            ),
            tuple(Evidence(pool.firms[firm].id, code, "stated") for code in trades[firm]),
        )

    return Measured(values[None, :, None], tell)


def certificate_held(play: Play) -> Measured:
    """The manufacturer has a quality, airworthiness or production certificate on record."""
    pool = play.manufacturers
    held = [firm.profile.certifications for firm in pool.firms]
    # Evidence that only ever raises: no certificate on record is unknown, not a failure.
    values = np.array([1.0 if labels else np.nan for labels in held], dtype=np.float32)

    def tell(triad: Triad) -> Told:
        firm = triad[1]
        return Told(
            say("{firm} has on record: {certificates}.", firm=_name(pool, firm), certificates="; ".join(held[firm])),
            tuple(Evidence(pool.firms[firm].id, label, "reported") for label in held[firm]),
        )

    return Measured(values[None, :, None], tell)


def market_seeks_it(play: Play) -> Measured:
    """The market has said that it seeks what the two firms make."""
    innovators, manufacturers = play.innovators_serve, play.manufacturers_serve
    both = (innovators.value[:, :, None] + manufacturers.value[:, None, :]) / 2
    shape = (len(play.innovators), len(play.manufacturers), len(play.markets))
    values = np.full(shape, np.nan, dtype=np.float32)
    best = np.full(shape, -1, dtype=np.int64)
    for market in np.unique(play.market_of_demand):
        rows = np.flatnonzero(play.market_of_demand == market)
        values[:, :, market] = both[rows].max(axis=0)
        best[:, :, market] = rows[both[rows].argmax(axis=0)]

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
                innovator=_name(play.innovators, innovator),
                ours=_short(play.innovators.statements[ours]),
                manufacturer=_name(play.manufacturers, manufacturer),
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
                firm=_name(pool, firm),
                market=say(place.name),
            )
            if there
            else say(
                "{firm} has a reported order or delivery elsewhere in the region ({region}).",
                firm=_name(pool, firm),
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
