"""A mission as a CP-SAT model: who visits which stop, on which day, at what time, and where each delegate is when.

One visit to a stop is held at one time, with whoever attends. A delegate spends each half of a day in one area and
changes area at noon or over night: a path through half-days, which is what keeps the bound close. Programmes part and
meet again as the paths do. Times are whole quarters of an hour.
"""

from __future__ import annotations

import math
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field

from ortools.sat.python import cp_model

from matching.areas import areas, fit_at_noon, longest_day, quarters, too_much
from matching.visits import GRID, Delegate, Mission, Stop, Visit, Wish

POINTS = 1000
"""Points for a meeting of value 1; all points are whole, so that the bound is exact."""

TRAVEL_POINTS = 7
"""Points that a quarter of an hour between areas costs, for each delegate: seven hours cost 0.2."""

GAP_POINTS = 1
"""Points that a quarter of an hour between two visits of one day costs, for each delegate."""

VISIT_POINTS = 200
"""Points that each visit costs, whoever attends: someone arranges it, and parties that need not part stay together."""

AM, PM = 0, 1
SEED = 20261124


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard to try. ``work`` is deterministic time: the same work gives the same answer on any machine."""

    work: float
    seconds: float
    """A stop for machines so slow that the work would take longer; then the answer may differ from elsewhere."""


@dataclass(frozen=True, slots=True)
class Solved:
    """What the solver came back with; ``visits`` is None when there is no programme at all."""

    visits: tuple[Visit, ...] | None
    objective: float
    bound: float
    proven: bool
    """The best there is, or, without visits, that there is none."""
    paths: Paths


Paths = Mapping[tuple[int, int, int], int]
"""(delegate, day, half) to the area the delegate is in."""


@dataclass(slots=True)
class Itinerary:
    """The model of one mission. Made once, solved once.

    Without times it is a relaxation: which visits on which days, and who is where; its bound holds for the mission, and
    a mission that it cannot plan cannot be planned. With times and given paths it is small, with times alone exact.
    """

    mission: Mission
    timed: bool = False
    paths: Paths | None = None
    model: cp_model.CpModel = field(default_factory=cp_model.CpModel)
    area: tuple[int, ...] = ()
    held: dict[tuple[int, int, int], cp_model.IntVar] = field(default_factory=dict)
    """(stop, day, half): the visit is then."""
    goes: dict[tuple[int, int, int], cp_model.IntVar] = field(default_factory=dict)
    """(delegate, stop, day): the delegate attends then."""
    inside: dict[tuple[int, int, int, int], cp_model.IntVar] = field(default_factory=dict)
    """(delegate, day, half, area): the delegate is there then."""
    starts: list[cp_model.IntVar] = field(default_factory=list)
    costs: list[cp_model.LinearExprT] = field(default_factory=list)
    _marks: dict[tuple[str, int, int], cp_model.IntVar] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.area = areas(self.mission)
        self._add_visits()
        self._add_attendance()
        for who, delegate in enumerate(self.mission.delegates):
            self._add_path(who, delegate)
        self._add_day_limits()
        if self.timed:
            for who, delegate in enumerate(self.mission.delegates):
                self._add_base(who, delegate)
                self._add_gaps(who)
            self._add_order()
        for wish in self.mission.wishes:
            self._add_wish(wish)
        self.model.maximize(cp_model.LinearExpr.sum([*self._worth(), *(-1 * cost for cost in self.costs)]))

    # --- Visits and who attends ----------------------------------------------------------------------

    def _add_visits(self) -> None:
        for row, stop in enumerate(self.mission.stops):
            windows = {
                (day, half): window
                for day in range(self.mission.days)
                for half in (AM, PM)
                if (window := self._window(stop, day, half)) is not None
            }
            start = self.model.new_int_var(
                min((first for first, _ in windows.values()), default=0),
                max((last for _, last in windows.values()), default=0),
                f"start {row}",
            )
            for (day, half), (first, last) in windows.items():
                held = self.model.new_bool_var(f"{row} on {day}.{half}")
                self.model.add(start >= first).only_enforce_if(held)
                self.model.add(start <= last).only_enforce_if(held)
                self.held[row, day, half] = held
            self.model.add_at_most_one(self.held[row, day, half] for day, half in windows)
            self.starts.append(start)

    def _window(self, stop: Stop, day: int, half: int) -> tuple[int, int] | None:
        """The quarters between which a visit may begin on a half-day; None where none may."""
        opening, pace = stop.openings[day], self.mission.pace
        if opening is None:
            return None
        first, last = quarters(opening.opens), (opening.closes - stop.minutes) // GRID
        noon = (pace.lunch_to - pace.lunch - stop.minutes) // GRID  # begun by then, lunch comes after
        if half == AM:
            last = min(last, noon)
        else:
            first = max(first, noon + 1, quarters(pace.lunch_from + pace.lunch))
        return (first, last) if first <= last else None

    def _may(self, delegate: Delegate, stop: Stop, day: int) -> bool:
        worth = (delegate.id, stop.id) in self.mission.value or self._named(delegate, stop)
        in_time = self.mission.asked_days_before + day >= stop.lead_days(delegate.nationality)
        return worth and in_time and day in self._days(delegate)

    def _days(self, delegate: Delegate) -> range:
        last = self.mission.days - 1 if delegate.last_day is None else min(delegate.last_day, self.mission.days - 1)
        return range(delegate.first_day, last + 1)

    def _named(self, delegate: Delegate, stop: Stop) -> bool:
        """Whether a wish sends the delegate there, though no match says why."""
        return any(
            (wish.stop == stop.id or (wish.host is not None and wish.host == stop.host))
            and (delegate.id in wish.delegates or (wish.kind == "must" and wish.delegate in (None, delegate.id)))
            for wish in self.mission.wishes
        )

    def _held(self, row: int, day: int) -> list[cp_model.IntVar]:
        return [self.held[row, day, half] for half in (AM, PM) if (row, day, half) in self.held]

    def _add_attendance(self) -> None:
        mission, model = self.mission, self.model
        for row, stop in enumerate(mission.stops):
            for day in range(mission.days):
                held = self._held(row, day)
                party = []
                for who, delegate in enumerate(mission.delegates):
                    if held and self._may(delegate, stop, day):
                        goes = self.goes[who, row, day] = model.new_bool_var(f"{who} to {row} on {day}")
                        model.add(goes <= sum(held))
                        party.append(goes)
                for literal in held:
                    model.add_bool_or(*party, ~literal)
                if len(party) > stop.capacity:
                    model.add(sum(party) <= stop.capacity)
        self._limit_attendance()

    def _limit_attendance(self) -> None:
        mission, model = self.mission, self.model
        hosts = {stop.host for stop in mission.stops}
        for who, delegate in enumerate(mission.delegates):
            for day in range(mission.days):
                model.add(sum(goes for _, goes in self._on(who, day)) <= mission.pace.visits_a_day)
            for host in hosts:
                rows = [row for row, stop in enumerate(mission.stops) if stop.host == host]
                model.add(sum(g for row in rows for g in self._at(who, row)) <= mission.pace.sites_a_host)
            if delegate.most_visits is not None:
                model.add(sum(goes for (w, _, _), goes in self.goes.items() if w == who) <= delegate.most_visits)

    def _on(self, who: int, day: int) -> list[tuple[int, cp_model.IntVar]]:
        """What a delegate may attend on a day: stop and literal."""
        rows = range(len(self.mission.stops))
        return [(row, self.goes[who, row, day]) for row in rows if (who, row, day) in self.goes]

    def _at(self, who: int, row: int) -> list[cp_model.IntVar]:
        """A delegate's attendance at a stop, on each day it may be."""
        return [self.goes[who, row, day] for day in range(self.mission.days) if (who, row, day) in self.goes]

    # --- Where each delegate is ----------------------------------------------------------------------

    def _add_path(self, who: int, delegate: Delegate) -> None:
        """One area for each half-day; ways between areas at noon, where there is time for it, or over night."""
        model = self.model
        here = sorted({self.area[row] for w, row, _ in self.goes if w == who})
        days = self._days(delegate)
        if not here:
            return
        noon = [(a, b) for a in here for b in here if a != b and self._fits_at_noon(a, b)]
        restless = {a for pair in noon for a in pair}
        for day in days:
            for half in (AM, PM):
                for a in here:
                    same = half == PM and a not in restless
                    literal = self.inside[who, day, AM, a] if same else model.new_bool_var(f"{who} {day}.{half} {a}")
                    self.inside[who, day, half, a] = literal
                    given = None if self.paths is None else self.paths.get((who, day, half))
                    if given in here:
                        model.add(literal == (given == a))
                model.add_exactly_one(self.inside[who, day, half, a] for a in here)
            self._attend_where_one_is(who, day, restless)
        entries: dict[int, list[cp_model.IntVar]] = {a: [self.inside[who, days[0], AM, a]] for a in here}
        for day in days:
            self._add_noon(who, day, noon, entries)
        for day in days[:-1]:
            self._add_nights(who, day, here, entries)
        for row in range(len(self.mission.stops)):  # nobody sees an area without coming to it: brings the bound close
            if attended := self._at(who, row):
                model.add(sum(attended) <= sum(entries[self.area[row]]))

    def _attend_where_one_is(self, who: int, day: int, restless: Container[int]) -> None:
        for row, goes in self._on(who, day):
            a = self.area[row]
            if a not in restless:
                self.model.add(goes <= self.inside[who, day, AM, a])
                continue
            self.model.add(goes <= self.inside[who, day, AM, a] + self.inside[who, day, PM, a])
            for half in (AM, PM):
                if (row, day, half) in self.held:
                    self.model.add_bool_or(~goes, ~self.held[row, day, half], self.inside[who, day, half, a])

    def _add_noon(
        self, who: int, day: int, noon: Sequence[tuple[int, int]], entries: dict[int, list[cp_model.IntVar]]
    ) -> None:
        """From a visit of the morning to one of the afternoon; whoever has not both moves over night instead."""
        model = self.model
        restless = sorted({a for pair in noon for a in pair})
        moves = {(a, b): model.new_bool_var(f"{who} {a}-{b} on {day}") for a, b in (*noon, *((a, a) for a in restless))}
        for a in restless:
            model.add(sum(move for (b, _), move in moves.items() if b == a) == self.inside[who, day, AM, a])
            model.add(sum(move for (_, b), move in moves.items() if b == a) == self.inside[who, day, PM, a])
        for a, b in noon:
            entries[b].append(moves[a, b])
            for area in (a, b):
                there = [goes for row, goes in self._on(who, day) if self.area[row] == area]
                model.add(moves[a, b] <= sum(there))
            self.costs.append(TRAVEL_POINTS * quarters(self._between(a, b)) * moves[a, b])

    def _add_nights(self, who: int, day: int, here: Sequence[int], entries: dict[int, list[cp_model.IntVar]]) -> None:
        model = self.model
        evening = {a: self.inside[who, day, PM, a] for a in here}
        morning = {a: self.inside[who, day + 1, AM, a] for a in here}
        moves = {(a, b): model.new_bool_var(f"{who} {a}-{b} after {day}") for a in here for b in here}
        for a in here:
            model.add(sum(moves[a, b] for b in here) == evening[a])
            model.add(sum(moves[b, a] for b in here) == morning[a])
        for (a, b), move in moves.items():
            if a != b:
                entries[b].append(move)
                self.costs.append(TRAVEL_POINTS * quarters(self._between(a, b)) * move)
                self._move_over_night(who, day, (a, b), move)

    def _add_day_limits(self) -> None:
        """What cannot be done within one day in one area is not begun: this brings the bound close."""
        for day in range(self.mission.days):
            for a in sorted(set(self.area)):
                rows = [row for row in self._rows(a) if self._held(row, day)]
                sets = too_much(self.mission, rows, day)
                most = min(self.mission.pace.visits_a_day, sets.most)
                for who in range(len(self.mission.delegates)):
                    there = {row: goes for row, goes in self._on(who, day) if row in rows}
                    if there and (here := self.inside.get((who, day, AM, a))) is not None:
                        after_noon = self.inside[who, day, PM, a]
                        room = here if after_noon is here else here + after_noon
                        self.model.add(sum(there.values()) <= most * room)
                        minutes = sum(self.mission.stops[row].minutes * goes for row, goes in there.items())
                        self.model.add(minutes <= longest_day(self.mission, list(there), day) * room)
                        for apart in sets.apart:
                            self.model.add(sum(there[row] for row in apart if row in there) <= len(apart) - 1)

    def _rows(self, area: int) -> list[int]:
        return [row for row, a in enumerate(self.area) if a == area]

    def _between(self, a: int, b: int) -> int:
        """Minutes between two areas: the shortest way between stops of them."""
        return min(self.mission.travel[r][s] for r in self._rows(a) for s in self._rows(b))

    def _fits_at_noon(self, a: int, b: int) -> bool:
        return fit_at_noon(self.mission, self._rows(a), self._rows(b))

    def _move_over_night(self, who: int, day: int, ab: tuple[int, int], move: cp_model.IntVar) -> None:
        """The way is made whole in the evening or whole in the morning, never by night."""
        a, b = ab
        longest = self.mission.pace.arrive_by - self.mission.pace.leave_from - self.mission.pace.lunch
        if max(self._out_of(row, b) for row in self._rows(a)) > longest:
            self.model.add(move == 0)
            return
        if not self.timed:
            return
        leaving = [(row, goes) for row, goes in self._on(who, day) if self.area[row] == a]
        late = [(row, goes) for row, goes in leaving if not self._always_leaves(row, self._out_of(row, b))]
        if not late:
            return
        evening, morning = self.model.new_bool_var("evening"), self.model.new_bool_var("morning")
        self.model.add_bool_or(evening, morning, ~move)
        for row, goes in late:
            self.model.add_bool_or(~goes, ~evening, self._mark("leaves", row, self._out_of(row, b)))
        for row, goes in self._on(who, day + 1):
            if self.area[row] == b:
                self.model.add_bool_or(~goes, ~morning, self._mark("arrives", row, self._out_of(row, a)))

    def _out_of(self, row: int, area: int) -> int:
        """Minutes from a stop to wherever in an area."""
        return max(self.mission.travel[row][other] for other in self._rows(area))

    def _always_leaves(self, row: int, minutes: int) -> bool:
        """Whether a way of so many minutes fits into the evening, whenever the visit ends."""
        pace, stop = self.mission.pace, self.mission.stops[row]
        latest = max((opening.closes for opening in stop.openings if opening), default=0)
        return max(latest, pace.lunch_to) + minutes <= pace.arrive_by

    def _mark(self, what: str, row: int, minutes: int) -> cp_model.IntVar:
        """A literal under which a way of so many minutes fits after, or before, the visit and lunch on its day."""
        if (what, row, minutes) in self._marks:
            return self._marks[what, row, minutes]
        pace, stop = self.mission.pace, self.mission.stops[row]
        mark = self._marks[what, row, minutes] = self.model.new_bool_var(f"{what} {row} {minutes}")
        for (r, _, half), held in self.held.items():
            if r != row:
                continue
            if what == "leaves":
                lunch = pace.lunch if half == AM else 0
                latest = (pace.arrive_by - minutes - lunch - stop.minutes) // GRID
                self.model.add(self.starts[row] <= latest).only_enforce_if(mark, held)
            else:
                lunch = pace.lunch if half == PM else 0
                earliest = quarters(pace.leave_from + minutes + lunch)
                self.model.add(self.starts[row] >= earliest).only_enforce_if(mark, held)
        return mark

    def _add_base(self, who: int, delegate: Delegate) -> None:
        """On the first day delegates come from the base, on the last they are back there, whichever stops those are."""
        base, days = self.mission.base, self._days(delegate)
        if base is None or not days:
            return
        for row, goes in self._on(who, days[0]):
            self.model.add_implication(goes, self._mark("arrives", row, base[row]))
        for row, goes in self._on(who, days[-1]):
            if not self._always_leaves(row, base[row]):
                self.model.add_implication(goes, self._mark("leaves", row, base[row]))

    # --- Order within a day --------------------------------------------------------------------------

    def _add_order(self) -> None:
        """Two visits of one day with a delegate in common: one after the other, with the way and lunch between."""
        stops = range(len(self.mission.stops))
        for one in stops:
            for other in stops:
                near = self.area[one] == self.area[other] or self._fits_at_noon(self.area[one], self.area[other])
                if one < other and (near or self._fits_at_noon(self.area[other], self.area[one])):
                    self._add_pair(one, other)

    def _add_pair(self, one: int, other: int) -> None:
        both = self.model.new_bool_var(f"{one} and {other}")
        shared = [
            (goes, self.goes[who, other, day])
            for (who, row, day), goes in self.goes.items()
            if row == one and (who, other, day) in self.goes
        ]
        if not shared:
            return
        for first, second in shared:
            self.model.add_bool_or(~first, ~second, both)
        order = self.model.new_bool_var(f"{one} before {other}")
        self._one_after_the_other(one, other, (both, order))
        self._one_after_the_other(other, one, (both, ~order))

    def _one_after_the_other(self, before: int, after: int, when: Sequence[cp_model.LiteralT]) -> None:
        mission = self.mission
        way = mission.stops[before].minutes + mission.travel[before][after]
        pause = self.starts[after] - self.starts[before]
        self.model.add(pause >= quarters(way)).only_enforce_if(*when)
        for day in range(mission.days):
            morning, afternoon = self.held.get((before, day, AM)), self.held.get((after, day, PM))
            if morning is not None and afternoon is not None:
                with_lunch = quarters(way + mission.pace.lunch)
                self.model.add(pause >= with_lunch).only_enforce_if(*when, morning, afternoon)

    def _add_gaps(self, who: int) -> None:
        """What lies between a delegate's visits of one day, beside the visits: ways in the area, lunch and waiting."""
        for day in range(self.mission.days):
            attended = self._on(who, day)
            if len(attended) < 2:
                continue
            day_start, day_end = (self.model.new_int_var(0, 96, name) for name in ("day starts", "day ends"))
            for row, goes in attended:
                length = quarters(self.mission.stops[row].minutes)
                self.model.add(day_start <= self.starts[row]).only_enforce_if(goes)
                self.model.add(day_end >= self.starts[row] + length).only_enforce_if(goes)
            visiting = sum(quarters(self.mission.stops[row].minutes) * goes for row, goes in attended)
            gap = self.model.new_int_var(0, 96, f"gap of {who} on {day}")
            self.model.add(gap >= day_end - day_start - visiting)
            self.costs.append(GAP_POINTS * gap)

    # --- Wishes and worth ----------------------------------------------------------------------------

    def _add_wish(self, wish: Wish) -> None:
        mission, model = self.mission, self.model
        rows = [
            row
            for row, stop in enumerate(mission.stops)
            if wish.stop in (None, stop.id) and wish.host in (None, stop.host)
        ]
        people = [who for who, d in enumerate(mission.delegates) if wish.delegate in (None, d.id)]
        meetings = [goes for who in people for row in rows for goes in self._at(who, row)]
        if wish.kind == "never":
            model.add(sum(meetings) == 0)
        elif wish.kind == "must":
            model.add_bool_or(meetings)
        elif wish.kind == "at_least":
            model.add(sum(meetings) >= (wish.visits or 0))
        else:
            self._add_appointment(wish, rows)

    def _add_appointment(self, wish: Wish, rows: Sequence[int]) -> None:
        model = self.model
        if len(rows) != 1 or wish.start is None or wish.day is None or wish.start % GRID:
            model.add_bool_or([])  # no such appointment can be kept
            return
        (row,) = rows
        model.add_bool_or([self.held[row, wish.day, half] for half in (AM, PM) if (row, wish.day, half) in self.held])
        model.add(self.starts[row] == wish.start // GRID)
        for who, delegate in enumerate(self.mission.delegates):
            if delegate.id in wish.delegates:
                model.add_bool_or(self._at(who, row))
            elif wish.kind == "published":
                model.add(sum(self._at(who, row)) == 0)

    def _worth(self) -> list[cp_model.LinearExprT]:
        delegates, stops, value = self.mission.delegates, self.mission.stops, self.mission.value
        meetings: list[cp_model.LinearExprT] = [
            round(POINTS * value.get((delegates[who].id, stops[row].id), 0.0)) * goes
            for (who, row, _), goes in self.goes.items()
        ]
        return [*meetings, *(-VISIT_POINTS * held for held in self.held.values())]

    # --- Solving -------------------------------------------------------------------------------------

    def hint(self, visits: Sequence[Visit]) -> None:
        """Begin from a programme that is known."""
        rows = {stop.id: row for row, stop in enumerate(self.mission.stops)}
        at = {rows[visit.stop]: visit for visit in visits if visit.stop in rows}
        noon = self.mission.pace.lunch_to - self.mission.pace.lunch
        for row, start in enumerate(self.starts):
            if row in at:
                self.model.add_hint(start, at[row].start // GRID)
        for (row, day, half), held in self.held.items():
            visit = at.get(row)
            self.model.add_hint(held, visit is not None and visit.day == day and (visit.end <= noon) == (half == AM))
        for (who, row, day), goes in self.goes.items():
            visit = at.get(row)
            there = visit is not None and visit.day == day and self.mission.delegates[who].id in visit.delegates
            self.model.add_hint(goes, there)

    def solve(self, effort: Effort, *, only_whether: bool = False) -> Solved:
        """Solve within the effort; ``only_whether`` there is any programme, not the best."""
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1  # one worker gives the same answer every time
        solver.parameters.linearization_level = 2
        solver.parameters.random_seed = SEED
        solver.parameters.max_deterministic_time = effort.work
        solver.parameters.max_time_in_seconds = effort.seconds
        if only_whether:
            self.model.clear_objective()  # type: ignore[no-untyped-call]
        status = solver.solve(self.model)
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            objective = 0.0 if only_whether else solver.objective_value
            bound = objective if only_whether else solver.best_objective_bound
            paths = {
                (who, day, half): a for (who, day, half, a), there in self.inside.items() if solver.boolean_value(there)
            }
            proven = status == cp_model.OPTIMAL
            return Solved(self._visits(solver), objective / POINTS, bound / POINTS, proven, paths)
        return Solved(None, -math.inf, math.inf, status == cp_model.INFEASIBLE, {})

    def _visits(self, solver: cp_model.CpSolver) -> tuple[Visit, ...]:
        found = []
        for (row, day, _), held in self.held.items():
            if solver.boolean_value(held):
                stop, start = self.mission.stops[row], GRID * solver.value(self.starts[row])
                party = tuple(
                    self.mission.delegates[who].id
                    for who in range(len(self.mission.delegates))
                    if (who, row, day) in self.goes and solver.boolean_value(self.goes[who, row, day])
                )
                found.append(Visit(stop.id, day, start, start + stop.minutes, party))
        return tuple(sorted(found, key=lambda visit: (visit.day, visit.start, visit.stop)))
