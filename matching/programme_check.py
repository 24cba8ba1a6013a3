"""Does a programme keep the rules? A checker that knows only the rules, and shares no code with the planner.

It looks at each delegate's days as a person would with a calendar in hand, and says every complaint in words. An empty
list means that it found none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from matching.visits import GRID, Delegate, Mission, Stop, Visit, Wish, clock


def complaints(mission: Mission, visits: Sequence[Visit]) -> list[str]:
    """Everything in the visits that breaks a rule of the mission or one of its wishes."""
    stops = {stop.id: stop for stop in mission.stops}
    people = {delegate.id: delegate for delegate in mission.delegates}
    strangers = [f"{v.stop}: no such stop" for v in visits if v.stop not in stops]
    strangers += [f"{v.stop}: {name} is no delegate" for v in visits for name in v.delegates if name not in people]
    if strangers:
        return strangers
    found = [f"{stop} is visited {times} times" for stop, times in Counter(v.stop for v in visits).items() if times > 1]
    for visit in visits:
        found += _of_visit(mission, stops[visit.stop], visit, people)
    for person in mission.delegates:
        found += _of_person(mission, stops, person, [v for v in visits if person.id in v.delegates])
    found += [f"not kept: {wish}" for wish in mission.wishes if not _kept(wish, visits, stops)]
    return found


def _of_visit(mission: Mission, stop: Stop, visit: Visit, people: dict[str, Delegate]) -> Iterator[str]:
    where = f"{stop.id} on day {visit.day}"
    if not 0 <= visit.day < mission.days:
        yield f"{where}: outside the mission"
        return
    opening = stop.openings[visit.day]
    if opening is None:
        yield f"{where}: closed ({stop.closed_because[visit.day]})"
    elif visit.start < opening.opens or visit.end > opening.closes:
        yield f"{where}: {clock(visit.start)}-{clock(visit.end)} is outside the opening hours"
    if visit.end - visit.start != stop.minutes or visit.start % GRID:
        yield f"{where}: a visit takes {stop.minutes} minutes from a quarter of an hour"
    if not visit.delegates:
        yield f"{where}: nobody goes"
    if len(set(visit.delegates)) != len(visit.delegates) or len(visit.delegates) > stop.capacity:
        yield f"{where}: {len(visit.delegates)} visitors, {stop.capacity} are received"
    for name in visit.delegates:
        person = people[name]
        if mission.asked_days_before + visit.day < stop.lead_days(person.nationality):
            yield f"{where}: {name} cannot have clearance by then"
        last = mission.days - 1 if person.last_day is None else person.last_day
        if not person.first_day <= visit.day <= last:
            yield f"{where}: {name} is not with the delegation on that day"


def _of_person(mission: Mission, stops: dict[str, Stop], person: Delegate, visits: Sequence[Visit]) -> Iterator[str]:
    pace = mission.pace
    ordered = sorted(visits, key=lambda visit: (visit.day, visit.start))
    if person.most_visits is not None and len(ordered) > person.most_visits:
        yield f"{person.id} makes {len(ordered)} visits, at most {person.most_visits} were asked"
    for host, times in Counter(stops[visit.stop].host for visit in ordered).items():
        if times > pace.sites_a_host:
            yield f"{person.id} sees {times} sites of {host}"
    for day, times in Counter(visit.day for visit in ordered).items():
        if times > pace.visits_a_day:
            yield f"{person.id} makes {times} visits on day {day}"
    yield from _of_ways(mission, person, ordered)
    for day in {visit.day for visit in ordered}:
        if not _lunches(mission, [visit for visit in ordered if visit.day == day]):
            yield f"{person.id} has no lunch on day {day}"


def _of_ways(mission: Mission, person: Delegate, ordered: Sequence[Visit]) -> Iterator[str]:
    for before, after in pairwise(ordered):
        if before.day == after.day and after.start < before.end + _minutes(mission, before, after):
            yield f"{person.id} cannot be at {after.stop} at {clock(after.start)} coming from {before.stop}"
        if before.day < after.day and not _over_night(mission, before, after):
            yield f"{person.id} cannot come from {before.stop} to {after.stop} without travelling by night"
    if ordered and mission.base is not None:
        yield from _home(mission, person, ordered[0], ordered[-1])


def _minutes(mission: Mission, before: Visit, after: Visit) -> int:
    place = {stop.id: row for row, stop in enumerate(mission.stops)}
    return mission.travel[place[before.stop]][place[after.stop]]


def _over_night(mission: Mission, before: Visit, after: Visit) -> bool:
    """Whether the way can be made whole in the evening, on a free day, or in the morning, beside lunch of that day."""
    pace, needed = mission.pace, _minutes(mission, before, after)
    evening = pace.arrive_by - before.end - _lunch_after(mission, before)
    morning = after.start - pace.leave_from - _lunch_before(mission, after)
    between = pace.arrive_by - pace.leave_from - pace.lunch if after.day - before.day > 1 else 0
    return needed <= max(evening, morning, between)


def _lunch_after(mission: Mission, visit: Visit) -> int:
    """Minutes of the afternoon after a visit that lunch takes, where it has to be then."""
    pace = mission.pace
    return pace.lunch if pace.lunch_to - visit.end >= pace.lunch else 0


def _lunch_before(mission: Mission, visit: Visit) -> int:
    pace = mission.pace
    return 0 if pace.lunch_to - visit.end >= pace.lunch else pace.lunch


def _home(mission: Mission, person: Delegate, first: Visit, last: Visit) -> Iterator[str]:
    assert mission.base is not None
    place = {stop.id: row for row, stop in enumerate(mission.stops)}
    pace = mission.pace
    if first.day == person.first_day:
        needed = mission.base[place[first.stop]] + _lunch_before(mission, first)
        if first.start - pace.leave_from < needed:
            yield f"{person.id} cannot come from the base to {first.stop} by {clock(first.start)}"
    end = mission.days - 1 if person.last_day is None else person.last_day
    if last.day == end:
        needed = mission.base[place[last.stop]] + _lunch_after(mission, last)
        if pace.arrive_by - last.end < needed:
            yield f"{person.id} cannot be back at the base on the last day"


def _lunches(mission: Mission, visits: Sequence[Visit]) -> bool:
    """Whether the day has a pause, beside the ways, long enough for lunch and at its time."""
    pace = mission.pace
    if visits[0].start - max(pace.leave_from, pace.lunch_from) >= pace.lunch:
        return True
    if pace.lunch_to - visits[-1].end >= pace.lunch:
        return True
    for before, after in pairwise(visits):
        pause = after.start - before.end - _minutes(mission, before, after)
        at_noon = min(after.start, pace.lunch_to) - max(before.end, pace.lunch_from)
        if pause >= pace.lunch and at_noon >= pace.lunch:
            return True
    return False


def _kept(wish: Wish, visits: Sequence[Visit], stops: dict[str, Stop]) -> bool:
    meant = [
        visit
        for visit in visits
        if (wish.stop is None or visit.stop == wish.stop) and (wish.host is None or stops[visit.stop].host == wish.host)
    ]
    if wish.delegate is not None:
        meant = [visit for visit in meant if wish.delegate in visit.delegates]
    if wish.kind == "never":
        return not meant
    if wish.kind == "must":
        return bool(meant)
    if wish.kind == "at_least":
        return len(meant) >= (wish.visits or 0)
    at = [visit for visit in meant if (visit.day, visit.start) == (wish.day, wish.start)]
    wanted = set(wish.delegates)
    if wish.kind == "published":
        return any(set(visit.delegates) == wanted for visit in at)
    return any(wanted <= set(visit.delegates) for visit in at)
