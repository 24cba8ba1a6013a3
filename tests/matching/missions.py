"""Small missions for the tests of planner and checker: made-up yards in a few Indian cities."""

from __future__ import annotations

from typing import Any

from matching.travel import Airport, Point, ways
from matching.visits import Delegate, Mission, Opening, Stop, Wish

CITIES = {"Mumbai": (18.97, 72.85), "Kochi": (9.95, 76.29), "Goa": (15.4, 73.82), "Kolkata": (22.55, 88.33)}
AIRPORTS = tuple(Airport(city, lat, lon, city in {"Mumbai", "Kolkata"}) for city, (lat, lon) in CITIES.items())
OPEN = Opening(9 * 60 + 30, 17 * 60)


def stop(name: str, city: str = "Mumbai", days: int = 3, **over: Any) -> Stop:
    given: dict[str, Any] = {
        "id": name, "name": name, "host": f"host of {name}", "city": city, "minutes": 120, "capacity": 10,
        "openings": (OPEN,) * (days + 1), "closed_because": ("",) * (days + 1),
    } | over  # fmt: skip
    return Stop(**given)


def delegate(name: str, **over: Any) -> Delegate:
    return Delegate(**({"id": name, "name": name, "firms": (name,), "nationality": "CAN"} | over))


def mission(stops: list[Stop], delegates: list[Delegate], *wishes: Wish, days: int = 3, **over: Any) -> Mission:
    places = [Point(CITIES[one.city][0] + row / 100, CITIES[one.city][1]) for row, one in enumerate(stops)]
    given: dict[str, Any] = {
        "dates": tuple(f"2027-02-{8 + day:02d}" for day in range(days)),
        "asked_days_before": 60,
        "stops": tuple(stops),
        "delegates": tuple(delegates),
        "value": {(d.id, s.id): 0.6 for d in delegates for s in stops},
        "travel": tuple(tuple(way.minutes for way in row) for row in ways(places, AIRPORTS)),
        "wishes": wishes,
        "spare_date": f"2027-02-{8 + days:02d}",
    }
    return Mission(**(given | over))
