"""Reasons that lie in the manufacturer alone: what its record says of its works, its range and its orders.

Each is a signal like those of ``matching.signals``. A firm's record seldom says what it lacks, so each counts what
speaks for it, and is unknown where the record is silent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from matching.phrases import joined, say
from matching.play import Play
from matching.pool import Pool
from matching.profile import Profile
from matching.signals import Evidence, Measured, Told, Triad, firm_name

BROAD = 5
"""Sectors of the top level from which a manufacturer counts as fully broad; one is not broad at all."""

RANGE = 5
"""Products on record from which a range counts as one; most makers state three or four."""


def makes_in_quantity(play: Play) -> Measured:
    """The manufacturer has a plant, yard or refinery, a producing role, and a size or output on record."""
    pool = play.manufacturers
    facts = [_production_facts(pool, firm) for firm in range(len(pool))]
    return _counted(pool, facts, 4, lambda firm: say("{firm}: no sign of series production on record.", firm=firm))


def _counted(
    pool: Pool,
    facts: Sequence[tuple[bool, list[str]]],
    most: int,
    nothing: Callable[[str], str],
    instead: tuple[str, ...] = (),
) -> Measured:
    """How many of at most ``most`` facts speak for each firm, unknown where nothing is known; told by the facts.

    Of a firm for which none speaks, ``nothing`` words that, with ``instead`` as what that rests on.
    """
    values = np.array([np.nan if not known else len(found) / most for known, found in facts], dtype=np.float32)

    def tell(triad: Triad) -> Told:
        firm = triad[1]
        found = facts[firm][1]
        return Told(
            say("{firm}: {facts}.", firm=firm_name(pool, firm), facts=joined("; ", found))
            if found
            else nothing(firm_name(pool, firm)),
            tuple(Evidence(pool.firms[firm].id, fact, "reported") for fact in found or instead),
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
                firm=firm_name(pool, firm),
                number=len(trades[firm]),
                trades=joined(", ", (say(play.taxonomy.sector(code).name_en) for code in trades[firm])),
            ),
            tuple(Evidence(pool.firms[firm].id, code, "stated") for code in trades[firm]),
        )

    return Measured(values[None, :, None], tell)


def track_record(play: Play) -> Measured:
    """The manufacturer has orders abroad on record, a range of products, and the start-up years behind it."""
    pool = play.manufacturers
    facts = [_marks_of_standing(firm.profile) for firm in pool.firms]
    return _counted(
        pool,
        facts,
        3,
        lambda firm: say("{firm}: a start-up with no order abroad on record.", firm=firm),
        ("ownership: startup",),
    )


def _marks_of_standing(profile: Profile) -> tuple[bool, list[str]]:
    """Whether the firm's standing is known at all, and up to three facts for it.

    Only its ownership makes it known: an order abroad must never lower a firm of which nothing else is on record.
    """
    found: list[str] = []
    if profile.export_markets:
        found.append(say("orders or deliveries abroad: {markets}", markets=", ".join(profile.export_markets)))
    if len(profile.offers) >= RANGE:
        found.append(say("a range of {number} products or services", number=len(profile.offers)))
    if profile.ownership is not None and profile.ownership != "startup":
        found.append(say("no start-up; ownership: {ownership}", ownership=say(profile.ownership)))
    return profile.ownership is not None, found


def certificate_held(play: Play) -> Measured:
    """The manufacturer has a quality, airworthiness or production certificate on record."""
    pool = play.manufacturers
    held = [firm.profile.certifications for firm in pool.firms]
    # Evidence that only ever raises: no certificate on record is unknown, not a failure.
    values = np.array([1.0 if labels else np.nan for labels in held], dtype=np.float32)

    def tell(triad: Triad) -> Told:
        firm = triad[1]
        return Told(
            say(
                "{firm} has on record: {certificates}.", firm=firm_name(pool, firm), certificates="; ".join(held[firm])
            ),
            tuple(Evidence(pool.firms[firm].id, label, "reported") for label in held[firm]),
        )

    return Measured(values[None, :, None], tell)
