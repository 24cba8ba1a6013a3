"""How long it takes from one place to another: great circle, road or air, with every assumption in one table.

No timetable is known here. A road is taken to be 1.3 times the great circle; a flight leaves from the nearest airport
held and costs the way there, the time before and after, and a change of aircraft unless one end is a hub. These are
estimates for planning, and a caller that has a routing service hands in minutes of its own instead.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

EARTH_KM = 6371.0


@dataclass(frozen=True, slots=True)
class Airport:
    """An airport with scheduled flights; ``hub`` when most others of its country are reached without a change."""

    code: str
    lat: float
    lon: float
    hub: bool


@dataclass(frozen=True, slots=True)
class Speeds:
    """What travel is reckoned with; kilometres, kilometres an hour, and minutes."""

    detour: float = 1.3
    """Road kilometres for one kilometre of the great circle."""
    near_km: float = 40
    """Up to here the road is a city's."""
    near_kmh: float = 25
    far_kmh: float = 55
    door_minutes: float = 15
    """Gates, parking, getting on and off the bus; on every way."""
    before_flight: float = 105
    after_flight: float = 45
    flight_kmh: float = 700
    flight_extra: float = 30
    """Taxiing, climb and approach."""
    change_minutes: float = 120
    """A change of aircraft, where neither end is a hub."""
    longest_road_minutes: float = 480
    """Where there is a flight, nobody is driven longer than this."""


@dataclass(frozen=True, slots=True)
class Way:
    """Minutes from door to door, and by what."""

    minutes: int
    by: str
    """``road``, ``air`` (two airports named), or ``via`` another place of the table."""


@dataclass(frozen=True, slots=True)
class Point:
    """A place on the globe, in degrees."""

    lat: float
    lon: float


def kilometres(a: Point | Airport, b: Point | Airport) -> float:
    """Great-circle distance (haversine)."""
    lat_a, lat_b = math.radians(a.lat), math.radians(b.lat)
    half = (
        math.sin((lat_b - lat_a) / 2) ** 2
        + math.cos(lat_a) * math.cos(lat_b) * math.sin(math.radians(b.lon - a.lon) / 2) ** 2
    )
    return 2 * EARTH_KM * math.asin(math.sqrt(min(1.0, half)))


def road_minutes(a: Point | Airport, b: Point | Airport, speeds: Speeds) -> float:
    """By road from door to door; the first kilometres are a city's."""
    road = kilometres(a, b) * speeds.detour
    near = min(road, speeds.near_km)
    return 60 * (near / speeds.near_kmh + (road - near) / speeds.far_kmh) + speeds.door_minutes


def way(a: Point, b: Point, airports: Sequence[Airport], speeds: Speeds) -> Way:
    """The quicker of road and air; one place to itself takes no time."""
    if a == b:
        return Way(0, "road")
    road = road_minutes(a, b, speeds)
    flown = _flown(a, b, airports, speeds)
    if flown is None or road <= min(flown.minutes, speeds.longest_road_minutes):
        return Way(math.ceil(road), "road")
    return flown


def _flown(a: Point, b: Point, airports: Sequence[Airport], speeds: Speeds) -> Way | None:
    if not airports:
        return None
    start, end = (min(airports, key=lambda airport: kilometres(place, airport)) for place in (a, b))
    if start == end:
        return None
    minutes = (
        road_minutes(a, start, speeds)
        + speeds.before_flight
        + 60 * kilometres(start, end) / speeds.flight_kmh
        + speeds.flight_extra
        + (0 if start.hub or end.hub else speeds.change_minutes)
        + speeds.after_flight
        + road_minutes(end, b, speeds)
    )
    return Way(math.ceil(minutes), f"air {start.code}-{end.code}")


def ways(places: Sequence[Point], airports: Sequence[Airport], speeds: Speeds | None = None) -> list[list[Way]]:
    """The table of ways between all places, such that no way is longer than going through a third place."""
    speeds = speeds or Speeds()
    return shortest([[way(a, b, airports, speeds) for b in places] for a in places])


def shortest(table: Sequence[Sequence[Way]]) -> list[list[Way]]:
    """The same table with every way at most as long as one through other places (Floyd and Warshall).

    A planner that adds up ways relies on this; a routing service's own minutes do not always keep it.
    """
    best = [list(row) for row in table]
    for middle in range(len(best)):
        for row in best:
            for end, direct in enumerate(row):
                around = row[middle].minutes + best[middle][end].minutes
                if around < direct.minutes:
                    row[end] = Way(around, "via another place")
    return best
