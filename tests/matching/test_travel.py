"""Ways: by road near, by air far, and never longer than through a third place."""

from __future__ import annotations

import pytest

from matching.travel import Airport, Point, Speeds, Way, kilometres, shortest, way, ways

MUMBAI, THANE, KOLKATA, KOCHI = Point(18.97, 72.85), Point(19.27, 72.98), Point(22.55, 88.33), Point(9.95, 76.29)
AIRPORTS = (
    Airport("BOM", 19.09, 72.87, hub=True),
    Airport("CCU", 22.65, 88.45, hub=True),
    Airport("COK", 10.15, 76.4, hub=False),
)


def test_a_known_distance() -> None:
    assert kilometres(MUMBAI, KOLKATA) == pytest.approx(1655, rel=0.02)


def test_near_by_road_and_far_by_air() -> None:
    assert way(MUMBAI, THANE, AIRPORTS, Speeds()).by == "road"
    flown = way(MUMBAI, KOLKATA, AIRPORTS, Speeds())
    assert flown.by == "air BOM-CCU"
    assert 5 * 60 < flown.minutes < 8 * 60
    assert way(MUMBAI, MUMBAI, AIRPORTS, Speeds()) == Way(0, "road")


def test_without_airports_everything_goes_by_road() -> None:
    assert way(MUMBAI, KOLKATA, (), Speeds()).by == "road"


def test_no_way_is_longer_than_through_a_third_place() -> None:
    table = ways([MUMBAI, THANE, KOLKATA, KOCHI], AIRPORTS)
    for a in range(4):
        for b in range(4):
            assert all(table[a][b].minutes <= table[a][c].minutes + table[c][b].minutes for c in range(4))
    assert shortest([[Way(0, "road"), Way(90, "road"), Way(10, "road")], [Way(90, "road"), Way(0, "road"), Way(10, "road")],
                     [Way(10, "road"), Way(10, "road"), Way(0, "road")]])[0][1] == Way(20, "via another place")  # fmt: skip
