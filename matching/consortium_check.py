"""An independent check of a composed consortium, from the answer as it was given and the profiles on file.

It shares no code with the composer: seats, limits, quotas, sums and ways are worked out again from the template, the
profiles and the rules, and every way is traced anew. What it finds wrong is a list of sentences; an empty list confirms
the answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from matching.index import words
from matching.pathway import Verdict, trace_pathway
from matching.profile import Profile, Statement
from matching.projects import Project, Seat
from matching.rulebook import Rulebook
from matching.transfer import UNSCREENED, Screened, technology_of, transfer_facts

Answer = Mapping[str, Any]
Holders = dict[str, str]
"""Role to firm id."""


@dataclass(frozen=True)
class Ground:
    """What the answer is held against: profiles by firm id, rules, day, lists, and who gives which mineral's forms."""

    profiles: Mapping[str, Profile]
    rulebook: Rulebook
    on: date
    screened: Mapping[str, Screened] = field(default_factory=dict)
    handled: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    at_worst: Verdict = Verdict.UNDETERMINED


def complaints(project: Project, answer: Answer, ground: Ground) -> list[str]:
    """What in the answer does not hold, in sentences; none when all of it does."""
    roles = [seat["role"] for seat in answer["seats"]]
    if sorted(roles) != sorted(seat.role for seat in project.seats):
        return [f"the seats are {roles}, not those of the template"]
    if not answer["found"]:
        return list(_none(answer))
    holders = {seat["role"]: seat["firm"]["id"] for seat in answer["seats"] if seat["firm"]}
    strangers = [firm for firm in holders.values() if firm not in ground.profiles]
    if strangers:
        return [f"{firm} is not on file" for firm in strangers]
    return [
        *_seats(project, answer, ground),
        *_limits(project, holders, ground),
        *_quotas(project, holders, ground),
        *_sums(answer),
        *_ways(project, answer, holders, ground),
    ]


def _none(answer: Answer) -> Iterator[str]:
    if any(seat["firm"] for seat in answer["seats"]):
        yield "no consortium was found, and yet a seat is filled"
    if not answer["because"]:
        yield "no consortium was found, and nothing says why"
    if answer["legs"] or answer["objective"] is not None:
        yield "no consortium was found, and yet it has ways or an objective"


def _seats(project: Project, answer: Answer, ground: Ground) -> Iterator[str]:
    given = {seat["role"]: seat for seat in answer["seats"]}
    for asked in project.seats:
        seat = given[asked.role]
        if seat["firm"] is None:
            if not seat["empty_because"] or not seat["would_fill"]:
                yield f"{asked.role} is empty and does not say why and who would fill it"
            continue
        if not seat["reason"] or not seat["signals"]:
            yield f"{asked.role} does not say why {seat['firm']['name']} holds it"
        offered = [seat["firm"]["id"], *(swap["firm"]["id"] for swap in seat["alternatives"])]
        if len(set(offered)) < len(offered):
            yield f"{asked.role}: a holder is its own alternative"
        for firm in offered:
            for lack in _lacks(ground.profiles[firm], asked, ground.handled.get(firm, {})):
                yield f"{asked.role}: {firm} {lack}"


def _answering(profile: Profile, seat: Seat) -> list[Statement]:
    """The offers in the seat's sectors that name one of its terms and are far enough."""
    found = []
    for statement in profile.statements:
        codes = statement.sectors or profile.sectors
        in_sector = any(
            code.split(".")[: sector.count(".") + 1] == sector.split(".") for code in codes for sector in seat.sectors
        )
        said = words(f"{statement.title or ''} {statement.text}")
        named = not seat.terms or any(all(word in said for word in words(term)) for term in seat.terms)
        ready = statement.readiness
        levels = ((ready.trl_high, seat.trl_at_least), (ready.mrl_high, seat.mrl_at_least))
        far = all(want is None or (not seat.proven if have is None else have >= want) for have, want in levels)
        if statement.side == "offers" and in_sector and named and far:
            found.append(statement)
    return found


def _lacks(profile: Profile, seat: Seat, gives: Mapping[str, Sequence[str]]) -> Iterator[str]:
    answering = _answering(profile, seat)
    if not answering:
        yield "offers nothing that answers the seat"
    if seat.countries and profile.country not in seat.countries:
        yield f"is of {profile.country}"
    if seat.kinds and profile.roles and not set(profile.roles) & set(seat.kinds):
        yield f"is {', '.join(profile.roles)}"
    if seat.no_us_owner and profile.exposure.us_parent_or_us_vc:
        yield "has a US owner"
    if seat.ground is not None and profile.sites:
        sites = [site for site in profile.sites if site.kind in seat.ground.kinds]
        sizes = [site.largest_hull_dwt for site in sites if site.largest_hull_dwt]
        if not sites or (seat.ground.hull_dwt and sizes and max(sizes) < seat.ground.hull_dwt):
            yield "has not the site"
    if seat.output is not None:
        same = [
            c.quantity
            for s in answering
            for c in s.capacities
            if (c.unit, c.per) == (seat.output.unit, seat.output.per)
        ]
        if same and max(same) < seat.output.quantity:
            yield "turns out too little"
    if seat.mineral is not None and not set(gives.get(seat.mineral, ())) & set(
        seat.forms or gives.get(seat.mineral, ())
    ):
        yield f"gives no {seat.mineral}"


def _limits(project: Project, holders: Holders, ground: Ground) -> Iterator[str]:
    for firm, seats in Counter(holders.values()).items():
        if seats > project.seats_per_firm:
            yield f"{firm} holds {seats} seats"
    group = {role: (ground.profiles[firm].parent or firm).casefold() for role, firm in holders.items()}
    for name, seats in Counter(group.values()).items():
        if seats > project.seats_per_group:
            yield f"the group {name} holds {seats} seats"
    for seat in project.seats:
        for other in seat.apart_from:
            if group.get(seat.role, "one") == group.get(other, "other"):
                yield f"{seat.role} and {other} are held by one group"
        if seat.delivers_to is None and not seat.optional and seat.role not in holders:
            yield f"{seat.role} leads the project and is empty"


def _quotas(project: Project, holders: Holders, ground: Ground) -> Iterator[str]:
    shares = {seat.role: seat.share_pct for seat in project.seats if seat.role in holders}
    for quota in project.quotas:
        theirs = [role for role, firm in holders.items() if ground.profiles[firm].country == quota.country]
        if len({holders[role] for role in theirs}) < quota.firms_at_least:
            yield f"too few firms of {quota.country}"
        share = sum(shares[role] for role in theirs)
        if quota.share_at_least_pct and 100 * share < quota.share_at_least_pct * sum(shares.values()) - 1e-6:
            yield f"too small a share for {quota.country}"


def _sums(answer: Answer) -> Iterator[str]:
    total = 0.0
    for seat in answer["seats"]:
        if seat["firm"] is None:
            continue
        weight = sum(signal["weight"] for signal in seat["signals"])
        mean = sum(signal["weight"] * signal["value"] for signal in seat["signals"]) / weight
        if abs(mean - seat["fit"]) > 1e-5:
            yield f"{seat['role']}: the signals make {mean:.6f}, the fit is {seat['fit']:.6f}"
        total += seat["fit"]
    if abs(total - answer["objective"]) > 1e-4:
        yield f"the fits add up to {total:.6f}, the objective is {answer['objective']:.6f}"
    if answer["bound"] is not None and answer["bound"] < answer["objective"] - 1e-6:
        yield "the bound is below the objective"
    if answer["proven"] and answer["bound"] is not None and answer["bound"] > answer["objective"] + 1e-4:
        yield "the answer is said to be proven, and the bound is above the objective"
    for seat in answer["seats"]:
        if any(answer["proven"] and swap["price"] < -1e-6 for swap in seat["alternatives"]):
            yield f"{seat['role']}: a swap would better a team that is said to be the best"


def _ways(project: Project, answer: Answer, holders: Holders, ground: Ground) -> Iterator[str]:
    given = {leg["role"]: leg for leg in answer["legs"]}
    if set(given) != set(holders):
        yield f"ways are given for {sorted(given)}, seats are held for {sorted(holders)}"
        return
    asked = {seat.role: seat for seat in project.seats}
    for role in holders:
        leg, passed = given[role], _passed(role, asked, holders)
        route = _route([*(ground.profiles[firm].country for firm in passed), answer["market"]["iso3"]])
        if list(leg["route"]) != route:
            yield f"{role}: the way is {route}, told is {leg['route']}"
            continue
        verdict = _verdict(project, asked[role], passed, route, ground)
        if verdict != leg["verdict"]:
            yield f"{role}: the verdict is {verdict}, told is {leg['verdict']}"
        if verdict > ground.at_worst:
            yield f"{role}: the way is {verdict}, worse than {ground.at_worst}"
    yield from _worst(answer)


def _passed(role: str, asked: Mapping[str, Seat], holders: Holders) -> list[str]:
    """The firms that a seat's work passes through, its own holder first."""
    passed, following = [holders[role]], asked[role].delivers_to
    while following is not None:
        passed += [holders[following]] if following in holders else []
        following = asked[following].delivers_to
    return passed


def _route(countries: Sequence[str]) -> list[str]:
    return [country for i, country in enumerate(countries) if i == 0 or countries[i - 1] != country]


def _worst(answer: Answer) -> Iterator[str]:
    def worst(legs: Sequence[Mapping[str, Any]]) -> Verdict:
        return max((Verdict(leg["verdict"]) for leg in legs), key=lambda verdict: verdict.rank)

    if answer["verdict"] != worst(answer["legs"]):
        yield f"the worst verdict is {worst(answer['legs'])}, told is {answer['verdict']}"
    crossing = [leg for leg in answer["legs"] if leg["pathway"]]
    if answer["weakest"] and answer["weakest"]["verdict"] != worst(crossing):
        yield "the weakest link has not the worst verdict"


def _verdict(project: Project, seat: Seat, passed: Sequence[str], route: Sequence[str], ground: Ground) -> Verdict:
    if len(route) == 1:
        return Verdict.OPEN
    profile = ground.profiles[passed[0]]
    offers = _answering(profile, seat)
    arms = [project.arms, *(offer.arms for offer in offers)]
    facts = transfer_facts(
        technology_of(offers, profile.exposure),
        arms=True if True in arms else None if None in arms else False,
        market=route[-1],
        on=ground.on,
        parties=[ground.screened.get(firm, UNSCREENED) for firm in passed],
        through=route[:-1],
    )
    return trace_pathway(facts, ground.rulebook).verdict
