"""Missions: what is asked for a delegation, made into what the planner plans; and its plan, made into what is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator
from sqlalchemy.orm import Session

from app import access, matches
from app.candidates import CandidateCache
from app.errors import Conflict, Invalid, NotFound
from app.firms import find_firm
from app.knowledge import Knowledge
from app.models import Firm
from app.sites import HostSite, Router, Sites, stop_of, time_zone, ways_between
from matching.profile import Frozen, Iso3, slug
from matching.travel import Point, Speeds, Way, way
from matching.visits import Delegate, LeftOut, Mission, Pace, Visit, Wish, clock, minutes_of

MOST_STOPS = 40
"""Sites planned over; those worth least are told as not weighed."""

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Time = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):(00|15|30|45)$")]


class DelegateAsk(Frozen):
    """Someone who travels. What is personal is shown to nobody but the delegation's lead, unless consented to."""

    name: Name
    firms: Annotated[tuple[Name, ...], Field(min_length=1, description="The firms they travel for.")]
    nationality: Annotated[Iso3 | None, Field(description="For clearance; that of the first firm unless given.")] = None
    first: Annotated[date | None, Field(description="Joins on this day.")] = None
    last: Annotated[date | None, Field(description="Leaves after this day.")] = None
    most_visits: Annotated[int | None, Field(ge=1)] = None
    least_visits: Annotated[int | None, Field(ge=1)] = None
    languages: tuple[str, ...] = ()
    interests: Annotated[str, Field(max_length=1000)] = ""
    contact: Annotated[str | None, Field(max_length=300)] = None
    contact_consent: Annotated[bool, Field(description="May the contact stand on the contact sheet?")] = False


class WishAsk(Frozen):
    """Something that must hold: a site (its id or name) or a firm, and who, when."""

    kind: Literal["must", "never", "at"]
    site: Annotated[str | None, Field(max_length=400)] = None
    firm: Annotated[str | None, Field(max_length=300)] = None
    delegates: tuple[Name, ...] = ()
    day: date | None = None
    time: Time | None = None

    @model_validator(mode="after")
    def _says_where_and_when(self) -> Self:
        if (self.site is None) == (self.firm is None):
            raise ValueError("a wish names either a site or a firm")
        if self.kind == "at" and (self.site is None or self.day is None or self.time is None):
            raise ValueError("an appointment needs a site, a day and a time")
        if self.kind != "at" and (self.day is not None or self.time is not None):
            raise ValueError(f"a day and a time go with an appointment (`at`), not with `{self.kind}`")
        return self


class Base(Frozen):
    """Where the delegation begins and ends."""

    name: Name
    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)


class ProgrammeAsk(Frozen):
    """A programme of visits: from when, for how many days, for which firms, over which sites."""

    title: Annotated[str, Field(max_length=300)] = ""
    purpose: Annotated[str, Field(max_length=2000)] = ""
    starts: Annotated[date, Field(alias="from", description="The first day.")]
    days: Annotated[int, Field(ge=1, le=21)]
    firms: Annotated[tuple[Name, ...], Field(min_length=1, max_length=40, description="The visiting firms.")]
    sectors: Annotated[tuple[str, ...], Field(description="Only hosts of these sectors.")] = ()
    kinds: Annotated[tuple[str, ...], Field(description="Only sites of these kinds, such as shipyard.")] = ()
    country: Annotated[Iso3, Field(description="Where the sites are.")] = "IND"
    delegates: Annotated[tuple[DelegateAsk, ...], Field(max_length=60, description="One for each firm if none.")] = ()
    wishes: Annotated[tuple[WishAsk, ...], Field(max_length=60)] = ()
    base: Base | None = None
    visits_a_day: Annotated[int, Field(ge=1, le=6)] = 3
    sites_a_host: Annotated[int, Field(ge=1, le=10)] = 1


@dataclass(frozen=True)
class House:
    """What a programme is planned with."""

    knowledge: Knowledge
    candidates: CandidateCache
    sites: Sites
    router: Router | None = None


@dataclass(frozen=True)
class Prepared:
    """All that a plan is made from, and what is told of it besides."""

    mission: Mission
    sites: dict[str, HostSite]
    ways: list[list[Way]]
    visitors: tuple[Firm, ...]
    pairs: dict[tuple[str, str], dict[str, Any]]
    """(visiting firm, host firm) to their match."""
    left_out: list[LeftOut]
    named: dict[str, str]
    phrases: dict[str, Any]
    """What the matches' sentences were made of, for telling them in another language."""
    notes: list[str] = field(default_factory=list)


def prepare(
    session: Session,
    caller: access.Caller,
    ask: ProgrammeAsk,
    house: House,
    now: datetime,
    published: Sequence[dict[str, Any]],
) -> Prepared:
    """All that is needed to plan what is asked.

    Raises NotFound for an unknown firm, site or delegate, Invalid for what makes no sense, Conflict when no site fits.
    """
    held = house.sites
    caller = replace(caller, association=None, grants=frozenset())  # what is restricted stands in no programme
    visitors = tuple(dict.fromkeys(find_firm(session, caller, name) for name in ask.firms))
    pairs: dict[tuple[str, str], dict[str, Any]] = {}
    phrases: dict[str, Any] = {}
    for firm in visitors:
        answer = matches.with_everyone(session, caller, firm.id, house.knowledge, house.candidates, now)
        phrases |= answer["phrases"]
        for match in answer["matches"]:
            ends = (match["innovator"]["id"], match["manufacturer"]["id"])
            pairs[firm.id, ends[0] if ends[1] == firm.id else ends[1]] = match
    named = {visit["site_id"] for visit in published}
    sites, left_out = _sites(session, caller, ask, house, visitors, named)
    delegates = _delegates(session, caller, ask, visitors)
    sites, crowd = _most_worth(sites, pairs, ask, named)
    left_out += crowd
    ways = ways_between(sites, held, house.router)
    mission = Mission(
        dates=tuple(str(ask.starts + timedelta(days=day)) for day in range(ask.days)),
        asked_days_before=(ask.starts - now.date()).days,
        stops=tuple(stop_of(site, ask.starts, ask.days) for site in sites),
        delegates=delegates,
        value=_values(delegates, sites, pairs),
        travel=tuple(tuple(way.minutes for way in row) for row in ways),
        base=_base(ask, sites, held),
        pace=Pace(visits_a_day=ask.visits_a_day, sites_a_host=ask.sites_a_host),
        wishes=(*_published(published, delegates, ask), *_wishes(session, caller, ask, sites, delegates)),
        spare_date=str(ask.starts + timedelta(days=ask.days)),
    )
    by_id = {site.id: site for site in sites}
    names = {site.id: f"{site.firm}, {site.name}" for site in sites}
    notes = sorted(
        {
            f"{site.city}: its region is not held, so only national holidays count"
            for site in sites
            if site.region is None
        }
    )
    return Prepared(mission, by_id, ways, visitors, pairs, left_out, names, phrases, notes)


def _sites(
    session: Session,
    caller: access.Caller,
    ask: ProgrammeAsk,
    house: House,
    visitors: Sequence[Firm],
    named: set[str],
) -> tuple[list[HostSite], list[LeftOut]]:
    """The sites that fit the ask, those that wishes and publications name included; and those that nobody can visit."""
    held = house.sites
    for code in ask.sectors:
        _check_sector(code, house.knowledge)
    kinds = ask.kinds or held.kinds_seen(ask.sectors)
    wished = {find_firm(session, caller, wish.firm).id for wish in ask.wishes if wish.firm and wish.kind == "must"}
    sites: list[HostSite] = []
    left_out: list[LeftOut] = []
    for firm in session.scalars(access.visible_firms(caller).order_by(Firm.id)):
        if firm in visitors:
            continue
        asked_for = not ask.sectors or any(_within(own, code) for own in firm.profile.sectors for code in ask.sectors)
        for site in held.of_firm(firm):
            if isinstance(site, str):
                if asked_for and firm.country == ask.country and not ask.kinds:
                    where, _, why = site.partition(": ")
                    left_out.append(LeftOut(where, why, "a site that is built and has coordinates"))
                continue
            fits = asked_for and site.country == ask.country and (not kinds or site.kind in kinds)
            by_wish = firm.id in wished or site.id in named or any(_is(wish, site) for wish in ask.wishes)
            if fits or by_wish:
                sites.append(site)
    if not sites:
        raise Conflict(
            f"no site in {ask.country} fits: sectors {', '.join(ask.sectors) or 'any'}, "
            f"kinds {', '.join(kinds) or 'any'}",
            hint="ask for other sectors or kinds, or another country",
        )
    return sites, left_out


def _check_sector(code: str, knowledge: Knowledge) -> None:
    from matching.taxonomy import TaxonomyError

    try:
        knowledge.taxonomy.sector(code)
    except TaxonomyError as problem:
        raise Invalid(str(problem), hint="GET /api/v1/sectors lists the codes") from problem


def _within(code: str, asked: str) -> bool:
    return code == asked or code.startswith(f"{asked}.")


def _is(wish: WishAsk, site: HostSite) -> bool:
    return wish.site is not None and wish.site.casefold() in {site.id, f"{site.firm}, {site.name}".casefold()}


def _most_worth(
    sites: list[HostSite], pairs: dict[tuple[str, str], dict[str, Any]], ask: ProgrammeAsk, named: set[str]
) -> tuple[list[HostSite], list[LeftOut]]:
    """The sites worth most to the visitors, at most so many; those that are named come first."""
    worth: dict[str, float] = {}
    for (_, host), match in pairs.items():
        worth[host] = worth.get(host, 0.0) + match["fit"]
    wished = [site for site in sites if site.id in named or any(_is(wish, site) for wish in ask.wishes)]
    ordered = sorted(sites, key=lambda site: (site not in wished, -worth.get(site.firm_id, 0.0), site.id))
    kept, rest = ordered[:MOST_STOPS], ordered[MOST_STOPS:]
    left_out = [
        LeftOut(
            f"{site.firm}, {site.name}",
            f"not weighed: {len(sites)} sites fit, {MOST_STOPS} are planned over, and by fit this is number {place}",
            "naming it as a must, or asking for fewer sectors",
        )
        for place, site in enumerate(rest, start=MOST_STOPS + 1)
    ]
    return kept, left_out


def _values(
    delegates: Sequence[Delegate], sites: Sequence[HostSite], pairs: dict[tuple[str, str], dict[str, Any]]
) -> dict[tuple[str, str], float]:
    """What a delegate's visit is worth: the sum of the fits of the firms travelled for."""
    found = {}
    for delegate in delegates:
        for site in sites:
            fits = [pairs[firm, site.firm_id]["fit"] for firm in delegate.firms if (firm, site.firm_id) in pairs]
            if fits:
                found[delegate.id, site.id] = sum(fits)
    return found


def _delegates(
    session: Session, caller: access.Caller, ask: ProgrammeAsk, visitors: Sequence[Firm]
) -> tuple[Delegate, ...]:
    if not ask.delegates:
        return tuple(Delegate(firm.id, f"Delegate of {firm.name}", (firm.id,), firm.country) for firm in visitors)
    found = []
    for number, one in enumerate(ask.delegates, start=1):
        firms = [find_firm(session, caller, name) for name in one.firms]
        strangers = [firm.name for firm in firms if firm not in visitors]
        if strangers:
            raise Invalid(
                f"{one.name} travels for {', '.join(strangers)}, which does not visit", hint="add it to firms"
            )
        last = None if one.last is None else (one.last - ask.starts).days
        first = 0 if one.first is None else (one.first - ask.starts).days
        if not 0 <= first <= (ask.days - 1 if last is None else last) < ask.days:
            raise Invalid(
                f"{one.name} is with the delegation on no day", hint="first and last lie within the programme"
            )
        found.append(
            Delegate(
                id=f"{number}-{slug(one.name)}",
                name=one.name,
                firms=tuple(firm.id for firm in firms),
                nationality=one.nationality or firms[0].country,
                first_day=first,
                last_day=last,
                most_visits=one.most_visits,
            )
        )
    return tuple(found)


def _base(ask: ProgrammeAsk, sites: Sequence[HostSite], held: Sites) -> tuple[int, ...] | None:
    if ask.base is None:
        return None
    home = Point(ask.base.lat, ask.base.lon)
    return tuple(way(home, Point(site.lat, site.lon), held.airports, Speeds()).minutes for site in sites)


def _wishes(
    session: Session, caller: access.Caller, ask: ProgrammeAsk, sites: Sequence[HostSite], delegates: Sequence[Delegate]
) -> list[Wish]:
    wishes = [
        Wish("at_least", delegate=person.id, visits=one.least_visits)
        for person, one in zip(delegates, ask.delegates, strict=False)
        if one.least_visits is not None
    ]
    for wish in ask.wishes:
        site = None if wish.site is None else next((site for site in sites if _is(wish, site)), None)
        if wish.site is not None and site is None:
            raise NotFound(f"no site {wish.site!r} is on file", hint="a site is named “firm, site”, or by its id")
        host = None if wish.firm is None else find_firm(session, caller, wish.firm).id
        people = tuple(_person(name, delegates) for name in wish.delegates)
        stop = site.id if site else None
        if wish.kind == "at":
            assert wish.day is not None  # the ask was checked
            assert wish.time is not None
            day = (wish.day - ask.starts).days
            if not 0 <= day < ask.days:
                raise Invalid(f"the appointment on {wish.day} is outside the programme")
            wishes.append(Wish("at", stop=stop, delegates=people, day=day, start=minutes_of(wish.time)))
        elif people:
            wishes += [Wish(wish.kind, stop=stop, host=host, delegate=person) for person in people]
        else:
            wishes.append(Wish(wish.kind, stop=stop, host=host))
    return wishes


def _person(name: str, delegates: Sequence[Delegate]) -> str:
    found = [delegate.id for delegate in delegates if name in (delegate.id, delegate.name)]
    if len(found) != 1:
        raise NotFound(f"no delegate {name!r}", hint=f"the delegates are {', '.join(d.name for d in delegates)}")
    return found[0]


def _published(visits: Sequence[dict[str, Any]], delegates: Sequence[Delegate], ask: ProgrammeAsk) -> list[Wish]:
    """Published visits as wishes; one whose day or every delegate has gone from the ask is not kept."""
    present = {delegate.id for delegate in delegates}
    wishes = []
    for visit in visits:
        day = (date.fromisoformat(visit["day"]) - ask.starts).days
        party = tuple(name for name in visit["delegate_ids"] if name in present)
        if 0 <= day < ask.days and party:
            start = minutes_of(visit["start"])
            wishes.append(Wish("published", stop=visit["site_id"], delegates=party, day=day, start=start))
    return wishes


# --- From the plan to what is told ------------------------------------------------------------------


def site_name(one: LeftOut, prepared: Prepared) -> str:
    """What a site that is left out is called."""
    return prepared.named.get(one.stop, one.stop)


def told(prepared: Prepared, mission: Mission, visits: Sequence[Visit], left_out: Sequence[LeftOut]) -> dict[str, Any]:
    """The programme as it is stored, served and printed; worth and bound are added by the caller."""
    people = {delegate.id: delegate for delegate in mission.delegates}
    pairs = [
        {"visitor": visitor, "host": host, "match": match}
        for (visitor, host), match in prepared.pairs.items()
        if any(_meets(visitor, host, visit, prepared, people) for visit in visits)
    ]
    said = set(_texts(pairs))
    return {
        "dates": list(mission.dates),
        "firms": [{"id": firm.id, "name": firm.name, "country": firm.country} for firm in prepared.visitors],
        "delegates": [
            {"id": d.id, "name": d.name, "firms": list(d.firms), "nationality": d.nationality}
            for d in mission.delegates
        ],
        "visits": [_told_visit(prepared, mission, visit, people) for visit in visits],
        "ways": [way for delegate in mission.delegates for way in _ways_of(prepared, mission, visits, delegate)],
        "left_out": [
            {"site": site_name(one, prepared), "why": one.why, "lets_in": one.lets_in, "with_it": one.with_it}
            for one in left_out
        ],
        "pairs": pairs,
        "phrases": {text: form for text, form in prepared.phrases.items() if text in said},
        "notes": [
            "Hours, notice and clearance are estimates unless a host has stated them; ask every host.",
            "Ways are reckoned by great circle and speeds, not by timetable.",
            *prepared.notes,
        ],
    }


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)


def _meets(visitor: str, host: str, visit: Visit, prepared: Prepared, people: dict[str, Delegate]) -> bool:
    return prepared.sites[visit.stop].firm_id == host and any(visitor in people[name].firms for name in visit.delegates)


def _told_visit(prepared: Prepared, mission: Mission, visit: Visit, people: dict[str, Delegate]) -> dict[str, Any]:
    site = prepared.sites[visit.stop]
    return {
        "site": f"{site.firm}, {site.name}",
        "site_id": site.id,
        "firm": site.firm,
        "firm_id": site.firm_id,
        "kind": site.kind,
        "city": site.city,
        "lat": site.lat,
        "lon": site.lon,
        "day": mission.dates[visit.day],
        "start": clock(visit.start),
        "end": clock(visit.end),
        "time_zone": time_zone(site),
        "delegates": [people[name].name for name in visit.delegates],
        "delegate_ids": list(visit.delegates),
        "ask_by": str(date.fromisoformat(mission.dates[visit.day]) - timedelta(days=max(
            next(stop for stop in mission.stops if stop.id == site.id).lead_days(people[name].nationality)
            for name in visit.delegates
        ))),
        "custom": {"standing": site.custom.standing, "basis": site.custom.basis},
    }  # fmt: skip


def _ways_of(prepared: Prepared, mission: Mission, visits: Sequence[Visit], delegate: Delegate) -> list[dict[str, Any]]:
    rows = {stop.id: row for row, stop in enumerate(mission.stops)}
    attended = [visit for visit in visits if delegate.id in visit.delegates]
    found = []
    for before, after in pairwise(attended):
        leg = prepared.ways[rows[before.stop]][rows[after.stop]]
        if leg.minutes:
            found.append(
                {
                    "delegate_id": delegate.id,
                    "from": prepared.sites[before.stop].city,
                    "to": prepared.sites[after.stop].city,
                    "day": mission.dates[before.day],
                    "minutes": leg.minutes,
                    "by": leg.by,
                }
            )
    return found
