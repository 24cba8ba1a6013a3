"""Stops near one another as areas, and what one delegate can see of an area in one day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

from matching.visits import GRID, Mission

AREA_MINUTES = 100
"""Stops no farther from each other than this form one area."""


@dataclass(frozen=True, slots=True)
class TooMuch:
    """Of stops in one area on one day: how many one delegate can see, and which cannot be seen by one delegate."""

    most: int
    apart: tuple[tuple[int, ...], ...]


def too_much(mission: Mission, rows: Sequence[int], day: int) -> TooMuch:
    """Try every order of two and of three stops."""
    fits = {pair: _fit_in_a_day(mission, pair, day) for pair in combinations(rows, 2)}
    apart: list[tuple[int, ...]] = [pair for pair, fit in fits.items() if not fit]
    threes = [three for three in combinations(rows, 3) if all(fits[pair] for pair in combinations(three, 2))]
    fitting = [_fit_in_a_day(mission, three, day) for three in threes]
    apart += [three for three, fit in zip(threes, fitting, strict=True) if not fit]
    most = len(rows) if any(fitting) else min(len(rows), 2 if any(fits.values()) else 1)
    return TooMuch(most, tuple(apart))


def longest_day(mission: Mission, rows: Sequence[int], day: int) -> int:
    """Minutes from the first opening to the last closing."""
    open_hours = [opening for row in rows if (opening := mission.stops[row].openings[day]) is not None]
    return max(o.closes for o in open_hours) - min(o.opens for o in open_hours)


def _fit_in_a_day(mission: Mission, rows: Sequence[int], day: int) -> bool:
    return any(_goes_through(mission, order, day) for order in permutations(rows))


def _goes_through(mission: Mission, order: Sequence[int], day: int) -> bool:
    """Can the stops be visited in this order, each begun as early as can be? Lunch is left out here."""
    free = 0
    for place, row in enumerate(order):
        opening = mission.stops[row].openings[day]
        assert opening is not None  # only stops that are open are asked for
        way = mission.travel[order[place - 1]][row] if place else 0
        start = GRID * quarters(max(free + way, opening.opens))
        free = start + mission.stops[row].minutes
        if free > opening.closes:
            return False
    return True


def areas(mission: Mission) -> tuple[int, ...]:
    """For each stop the number of its area."""
    members: list[list[int]] = []
    for row in range(len(mission.stops)):
        for area in members:
            if all(mission.travel[row][other] <= AREA_MINUTES for other in area):
                area.append(row)
                break
        else:
            members.append([row])
    found = {row: number for number, area in enumerate(members) for row in area}
    return tuple(found[row] for row in range(len(mission.stops)))


def fit_at_noon(mission: Mission, here: Sequence[int], there: Sequence[int]) -> bool:
    """Whether a visit of a morning here and one of an afternoon there leave time for the way and lunch."""
    stops = mission.stops
    return any(
        min(o.opens for o in stops[r].openings if o) + stops[r].minutes + mission.travel[r][s] + mission.pace.lunch
        <= max(o.closes for o in stops[s].openings if o) - stops[s].minutes
        for r in here
        for s in there
        if any(stops[r].openings) and any(stops[s].openings)
    )


def quarters(minutes: int) -> int:
    """Quarters of an hour, rounded up."""
    return -(-minutes // GRID)
