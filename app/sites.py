"""Where firms receive visitors: their sites, when those are open, how long ahead to ask, and the ways between them.

A site's place is the firm's own word in its profile; hours, notice and clearance come from dated customs, which are
estimates until a host has said otherwise; holidays come from a kept library.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal

import httpx
from pydantic import Field, ValidationError

from app.errors import Invalid, NotReady
from app.knowledge import SeedError, read_yaml
from app.models import Firm
from matching.profile import Frozen, Profile, Site, Source, slug
from matching.travel import Airport, Point, Way, shortest, ways
from matching.visits import Opening, Stop, minutes_of

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
COUNTRIES = {"IND": "IN", "CAN": "CA"}
"""ISO alpha-3 to the alpha-2 of region codes and of the holidays library; no holidays are held of other countries."""

NOT_BUILT = ("planned", "proposed", "announced")
"""A site said to be one of these is not there to be visited."""

ZONES = {
    "BC": "America/Vancouver", "AB": "America/Edmonton", "SK": "America/Regina", "MB": "America/Winnipeg",
    "ON": "America/Toronto", "QC": "America/Toronto", "NB": "America/Moncton", "NS": "America/Halifax",
    "PE": "America/Halifax", "NL": "America/St_Johns", "YT": "America/Whitehorse", "NT": "America/Yellowknife",
    "NU": "America/Iqaluit",
}  # fmt: skip
"""IANA zones of the Canadian provinces and territories; the one that most of each keeps."""

Clock = str
Kind = Literal["lab", "mine", "office", "plant", "refinery", "shipyard", "test_range"]


class Custom(Frozen):
    """How a kind of site receives visitors, and on what that rests."""

    id: str
    countries: tuple[str, ...]
    kinds: tuple[Kind, ...]
    ownership: tuple[str, ...] = ()
    week: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...]
    opens: Clock
    closes: Clock
    minutes: int = Field(ge=15, le=480)
    capacity: int = Field(ge=1)
    notice_days: int = Field(ge=0)
    clearance: dict[str, int] = Field(default_factory=dict)
    basis: str
    standing: Literal["estimate", "stated by the host"] = "estimate"


class HostRule(Frozen):
    """What a host has said of its own site; what it has not said follows the custom."""

    firm: str
    site: str
    source: Source
    week: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] | None = None
    opens: Clock | None = None
    closes: Clock | None = None
    minutes: int | None = None
    capacity: int | None = None
    notice_days: int | None = None
    clearance: dict[str, int] | None = None


class CustomsFile(Frozen):
    """seeds/sites/customs.yaml."""

    as_of: str
    sources: tuple[Source, ...]
    customs: tuple[Custom, ...]
    exceptions: tuple[HostRule, ...] = ()
    seen_at: dict[str, tuple[Kind, ...]] = Field(default_factory=dict)


class RegionsFile(Frozen):
    """seeds/sites/regions.yaml."""

    as_of: str
    regions: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class HostSite:
    """A site of a firm on file, with the custom it follows."""

    id: str
    firm_id: str
    firm: str
    name: str
    kind: str
    city: str
    country: str
    """ISO alpha-3 of the two countries; of a site elsewhere the alpha-2 of its region."""
    region: str | None
    """ISO 3166-2; None where the city is not held."""
    lat: float
    lon: float
    custom: Custom


@dataclass(frozen=True)
class Sites:
    """Everything held of visiting: customs, regions, airports, and their content hash."""

    customs: CustomsFile
    regions: Mapping[str, str]
    airports: tuple[Airport, ...]
    version: str

    def of_firm(self, firm: Firm, kinds: Sequence[str] = ()) -> Iterator[HostSite | str]:
        """The firm's sites that can be visited; for one that cannot, a sentence that says why."""
        profile = firm.profile
        for site in profile.sites or (_premises(profile),):
            if kinds and site.kind not in kinds:
                continue
            where = f"{profile.name}, {site.name}"
            if any(word in site.name.lower() for word in NOT_BUILT):
                yield f"{where}: not built yet, as its name says"
            elif site.lat is None or site.lon is None:
                yield f"{where}: no coordinates are on file, so no way to it can be reckoned; add them to the profile"
            else:
                yield self._host_site(firm, site, site.lat, site.lon)

    def _host_site(self, firm: Firm, site: Site, lat: float, lon: float) -> HostSite:
        city = site.city or firm.profile.city or firm.profile.region or firm.country
        region = self.regions.get(city)
        iso2 = region[:2] if region else COUNTRIES.get(firm.country, firm.country)
        country = next((iso3 for iso3, held in COUNTRIES.items() if held == iso2), iso2)
        return HostSite(
            id=f"{firm.id}/{slug(site.name)}",
            firm_id=firm.id,
            firm=firm.profile.name,
            name=site.name,
            kind=site.kind,
            city=city,
            country=country,
            region=region,
            lat=lat,
            lon=lon,
            custom=self._custom(firm, site, country),
        )

    def _custom(self, firm: Firm, site: Site, country: str) -> Custom:
        custom = next(
            custom
            for custom in self.customs.customs
            if (country in custom.countries or "*" in custom.countries)
            and site.kind in custom.kinds
            and (not custom.ownership or firm.profile.ownership in custom.ownership)
        )
        said = next((r for r in self.customs.exceptions if (r.firm, r.site) == (firm.id, site.name)), None)
        if said is None:
            return custom
        own = {name: value for name, value in said if value is not None and name not in {"firm", "site", "source"}}
        told = said.source.what or "the host's word"
        return custom.model_copy(
            update=own | {"standing": "stated by the host", "basis": f"{told} ({said.source.url})"}
        )

    def kinds_seen(self, sectors: Sequence[str]) -> tuple[str, ...]:
        """The kinds of site that delegations of these sectors go to see; empty: every kind."""
        kinds = [self.customs.seen_at.get(sector.split(".", maxsplit=1)[0], ()) for sector in sectors]
        return tuple(dict.fromkeys(k for some in kinds for k in some)) if kinds and all(kinds) else ()


def _premises(profile: Profile) -> Site:
    """A firm that names no site is visited where it says that it is."""
    return Site(name="Premises", kind="office", city=profile.city, lat=profile.lat, lon=profile.lon)


@cache
def load_sites(folder: Path) -> Sites:
    """Read seeds/sites; raises SeedError naming the file, the line and what was expected."""
    customs = read_yaml(folder / "customs.yaml", CustomsFile)
    regions = read_yaml(folder / "regions.yaml", RegionsFile)
    for custom in customs.customs:
        for text in (custom.opens, custom.closes):
            try:
                minutes_of(text)
            except ValueError as problem:
                raise SeedError(f"{folder / 'customs.yaml'}, custom {custom.id}: {problem}") from problem
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(folder.iterdir()))).hexdigest()
    cities = {city: region for region, named in regions.regions.items() for city in named}
    return Sites(customs, cities, _airports(folder / "airports.csv"), digest[:16])


class _AirportRow(Frozen):
    code: str
    city: str
    country: str
    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)
    hub: Literal["yes", "no"]


def _airports(path: Path) -> tuple[Airport, ...]:
    found = []
    with path.open(encoding="utf-8", newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines), start=2):
            try:
                read = _AirportRow.model_validate(row)
            except ValidationError as problem:
                raise SeedError(f"{path}, line {number}: {problem.errors()[0]['msg']}") from problem
            found.append(Airport(read.code, read.lat, read.lon, read.hub == "yes"))
    return tuple(found)


# --- Days -------------------------------------------------------------------------------------------


def holiday(country: str, region: str | None, day: date) -> str | None:
    """The public holiday of a day, by its English name; None is none, or a country not held."""
    held = _holidays(country, region, day.year)
    return None if held is None else held.get(day)


@cache
def _holidays(country: str, region: str | None, year: int) -> Any:
    import holidays

    code = COUNTRIES.get(country)
    if code is None:
        return None
    subdivision = region.split("-", maxsplit=1)[1] if region else None
    return holidays.country_holidays(
        code, subdiv=subdivision, years=year, language="en_US" if code == "CA" else "en_IN"
    )


def stop_of(site: HostSite, first: date, days: int) -> Stop:
    """The site as a stop of a mission, with its openings for the days and one day more."""
    opening = Opening(minutes_of(site.custom.opens), minutes_of(site.custom.closes))
    closed = [_closed(site, first + timedelta(days=day)) for day in range(days + 1)]
    return Stop(
        id=site.id,
        name=f"{site.firm}, {site.name}",
        host=site.firm_id,
        city=site.city,
        minutes=site.custom.minutes,
        capacity=site.custom.capacity,
        openings=tuple(None if why else opening for why in closed),
        closed_because=tuple(closed),
        notice_days=site.custom.notice_days,
        clearance_days=site.custom.clearance,
    )


def _closed(site: HostSite, day: date) -> str:
    feast = holiday(site.country, site.region, day)
    if feast:
        return f"{day} is {feast}"
    return "" if DAYS[day.weekday()] in site.custom.week else f"{day} is a {day:%A}"


def time_zone(site: HostSite) -> str:
    """The IANA zone of a site; UTC where it is not held."""
    if site.country == "IND":
        return "Asia/Kolkata"
    return ZONES.get((site.region or "").removeprefix("CA-"), "UTC")


# --- Ways -------------------------------------------------------------------------------------------


def ways_between(sites: Sequence[HostSite], held: Sites, router: Router | None = None) -> list[list[Way]]:
    """Minutes from door to door between sites, by great circle and table of speeds, or by a routing service."""
    places = [Point(site.lat, site.lon) for site in sites]
    table = ways(places, held.airports)
    return table if router is None else router.better(places, table)


@dataclass(frozen=True)
class Router:
    """An OSRM-like routing service: its road minutes replace our own wherever a way goes by road."""

    url: str
    client: httpx.Client

    def better(self, places: Sequence[Point], table: list[list[Way]]) -> list[list[Way]]:
        """The table with the service's road minutes; raises NotReady when it does not answer as expected."""
        pairs = ";".join(f"{place.lon},{place.lat}" for place in places)
        try:
            answer = self.client.get(f"{self.url.rstrip('/')}/table/v1/driving/{pairs}", timeout=20)
            answer.raise_for_status()
            seconds = answer.json()["durations"]
            routed = [
                [
                    Way(round(seconds[a][b] / 60), "road") if way.by == "road" and seconds[a][b] is not None else way
                    for b, way in enumerate(row)
                ]
                for a, row in enumerate(table)
            ]
        except (httpx.HTTPError, KeyError, IndexError, TypeError, ValueError) as problem:
            raise NotReady(
                f"the routing service does not answer as expected: {problem}",
                hint="check TRIVENI_ROUTING_URL, or unset it: ways are then reckoned by great circle",
            ) from problem
        return shortest(routed)


def check_dates(first: date, days: int, today: date) -> None:
    """Raise Invalid for a programme in the past, or of no days, or of too many."""
    if first < today:
        raise Invalid(f"the programme would begin on {first}, which is past", hint="give a day to come with --from")
    if not 1 <= days <= 21:
        raise Invalid(f"a programme of {days} days cannot be planned", hint="give 1 to 21 days")
