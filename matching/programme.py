"""Plans a mission: the visits, what they are worth, the bound, and for every stop left out why, and what lets it in.

First all go one way together. Then each delegate's own programme is planned anew while the others stand, as long as
that gains anything: so programmes part and meet again. A relaxation without times gives the bound, which holds for
every programme, and now and then a better outline. Reasons are found by planning again with the stop forced in.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise

from matching.areas import areas, quarters
from matching.itinerary import GAP_POINTS, POINTS, TRAVEL_POINTS, VISIT_POINTS, Effort, Itinerary, Solved
from matching.visits import GRID, Delegate, LeftOut, Mission, Opening, Programme, Stop, Visit, Wish, clock

AT_ONCE = 2
"""Reasons looked for at one time; the solver works outside the interpreter's lock."""

ROUNDS = 2
"""How often each delegate's programme is planned anew."""

AS_ONE = Effort(work=1.0, seconds=15)
"""For the way that all would go together."""

ALONE = Effort(work=0.3, seconds=10)
"""For one delegate's programme."""

TIMES = Effort(work=1.0, seconds=15)
"""For the times of an outline."""

WHETHER = Effort(work=2.0, seconds=20)
"""For whether wishes can be kept at all."""

WORTH_TRYING = 0.3
"""By how much an outline must be worth more than the programme held to be tried."""

SETTLED = 0.0005
"""Less than one point."""


class CannotHold(Exception):
    """The wishes cannot all be kept; ``wishes`` is a smallest set that cannot: any one given up, the rest can."""

    def __init__(self, wishes: tuple[Wish, ...]) -> None:
        super().__init__(f"{len(wishes)} wishes cannot all be kept")
        self.wishes = wishes


class Undecided(Exception):
    """No programme was found within the effort, and none was ruled out."""


def plan(mission: Mission, effort: Effort | None = None) -> Programme:
    """The best programme found, with its bound.

    Raises CannotHold with a smallest set of wishes in conflict, and Undecided when the effort does not suffice.
    """
    effort = effort or fitting_effort(mission)
    together = _together(mission)
    best = None if together is None else _polished(mission, together)
    relaxed = Itinerary(mission)
    relaxed.hint(best or ())
    outline = relaxed.solve(effort)
    if outline.visits is None and outline.proven:
        raise CannotHold(smallest_conflict(mission))
    if best is None:
        apart = _timed(mission, outline) or _exact(mission, effort)
        if apart is None:
            raise CannotHold(smallest_conflict(mission))
        best = _polished(mission, apart)
    elif outline.visits is not None and outline.objective > objective(mission, best) + WORTH_TRYING:
        apart = _timed(mission, outline)
        best = max(filter(None, (best, apart and _polished(mission, apart))), key=lambda v: objective(mission, v))
    bound = min(outline.bound, _most(mission))
    for _ in range(ROUNDS):
        worth = objective(mission, best)
        reasons = _reasons(mission, best, worth)
        better = max((found for _, found in reasons if found is not None), key=lambda found: found.worth, default=None)
        if better is None or better.worth <= worth + SETTLED:
            break
        best = _polished(mission, better.visits)  # a stop forced in pays after all
    else:
        worth = objective(mission, best)
        reasons = _reasons(mission, best, worth)
    left_out = tuple(reason for reason, _ in reasons)
    return Programme(best, left_out, worth, max(bound, worth), bound - worth < SETTLED)


def _reasons(mission: Mission, best: tuple[Visit, ...], worth: float) -> list[tuple[LeftOut, _Price | None]]:
    visited = {visit.stop for visit in best}
    others = [stop for stop in mission.stops if stop.id not in visited]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda stop: _why_left_out(mission, best, worth, stop), others))


def _most(mission: Mission) -> float:
    """What no programme exceeds, whatever the ways: each delegate's best visits, as many as the days hold."""
    total = 0.0
    for delegate in mission.delegates:
        days = (mission.days - 1 if delegate.last_day is None else delegate.last_day) - delegate.first_day + 1
        worth = sorted((v for (who, _), v in mission.value.items() if who == delegate.id), reverse=True)
        total += sum(worth[: days * mission.pace.visits_a_day])
    return total


def fitting_effort(mission: Mission) -> Effort:
    """More work for more delegates and stops: twelve delegates and thirty stops take half a minute of one core."""
    return Effort(work=min(8.0, 0.5 + len(mission.delegates) * len(mission.stops) / 60), seconds=60)


def _together(mission: Mission) -> tuple[Visit, ...] | None:
    """A programme in which all go the same way, as one leader of everyone would, and part within an area at most."""
    firms = tuple(dict.fromkeys(firm for delegate in mission.delegates for firm in delegate.firms))
    value: dict[tuple[str, str], float] = {}
    for stop in mission.stops:
        worth = sorted((mission.value.get((d.id, stop.id), 0.0) for d in mission.delegates), reverse=True)
        if sum(worth[: stop.capacity]) > 0:
            value["everyone", stop.id] = sum(worth[: stop.capacity])
    slowest = max((d.nationality for d in mission.delegates), key=lambda n: sum(s.lead_days(n) for s in mission.stops))
    leader = Delegate("everyone", "everyone", firms, slowest)
    wishes = tuple(
        replace(w, kind="at", delegates=()) if w.kind == "published" else replace(w, delegate=None, delegates=())
        for w in mission.wishes
        if w.kind in ("must", "at", "published")
    )
    outline = Itinerary(replace(mission, delegates=(leader,), value=value, wishes=wishes)).solve(AS_ONE)
    if outline.visits is None:
        return None
    paths = {
        (who, day, half): a for who in range(len(mission.delegates)) for (_, day, half), a in outline.paths.items()
    }
    return _timed(mission, replace(outline, paths=paths))


def _timed(mission: Mission, outline: Solved) -> tuple[Visit, ...] | None:
    """The times of an outline, with its paths; None when there are none."""
    if outline.visits is None:
        return None
    timed = Itinerary(mission, timed=True, paths=outline.paths)
    timed.hint(outline.visits)
    return timed.solve(TIMES).visits


def _exact(mission: Mission, effort: Effort) -> tuple[Visit, ...] | None:
    """Any programme at all, by the whole model; None when there is none. Raises Undecided."""
    exact = Itinerary(mission, timed=True).solve(effort, only_whether=True)
    if exact.visits is None and not exact.proven:
        raise Undecided
    return exact.visits


# --- Conflicts --------------------------------------------------------------------------------------


def smallest_conflict(mission: Mission) -> tuple[Wish, ...]:
    """Wishes that cannot all be kept though any one fewer can: each is dropped in turn, for good if it may be."""
    kept = list(mission.wishes)
    for wish in mission.wishes:
        fewer = [one for one in kept if one is not wish]
        if possible(replace(mission, wishes=tuple(fewer))) is False:
            kept = fewer
    return tuple(kept)


def possible(mission: Mission) -> bool | None:
    """Is there any programme that keeps the wishes? None: not decided within the effort."""
    outline = Itinerary(mission).solve(WHETHER, only_whether=True)
    if outline.visits is None:
        return False if outline.proven else None
    exact = Itinerary(mission, timed=True).solve(WHETHER, only_whether=True)
    return True if exact.visits is not None else (False if exact.proven else None)


# --- What a programme is worth ----------------------------------------------------------------------


def objective(mission: Mission, visits: Sequence[Visit]) -> float:
    """Value of all meetings, less what visits, travel between areas and the time between visits cost."""
    points = -VISIT_POINTS * len(visits)
    for delegate in mission.delegates:
        attended = [visit for visit in visits if delegate.id in visit.delegates]
        points += sum(round(POINTS * mission.value.get((delegate.id, visit.stop), 0.0)) for visit in attended)
        points -= _road(mission, attended) + _gaps(attended)
    return points / POINTS


def _road(mission: Mission, attended: Sequence[Visit]) -> int:
    """Points for the ways between areas, each reckoned from border to border as the planner does."""
    area, rows = areas(mission), {stop.id: row for row, stop in enumerate(mission.stops)}
    path = [area[rows[visit.stop]] for visit in attended]
    points = 0
    for before, after in pairwise(path):
        if before != after:
            shortest = min(
                mission.travel[r][s]
                for r in range(len(area))
                if area[r] == before
                for s in range(len(area))
                if area[s] == after
            )
            points += TRAVEL_POINTS * quarters(shortest)
    return points


def _gaps(attended: Sequence[Visit]) -> int:
    waiting = 0
    for day in {visit.day for visit in attended}:
        today = [(visit.start // GRID, quarters(visit.end - visit.start)) for visit in attended if visit.day == day]
        waiting += max(start + length for start, length in today) - min(start for start, _ in today)
        waiting -= sum(length for _, length in today)
    return GAP_POINTS * waiting


# --- One delegate at a time -------------------------------------------------------------------------


def _polished(mission: Mission, visits: tuple[Visit, ...]) -> tuple[Visit, ...]:
    for _ in range(ROUNDS):
        before = objective(mission, visits)
        for delegate in mission.delegates:
            visits = _replanned(mission, visits, delegate) or visits
        if objective(mission, visits) - before < SETTLED:
            break
    return visits


def _replanned(
    mission: Mission, visits: tuple[Visit, ...], delegate: Delegate, *more: Wish
) -> tuple[Visit, ...] | None:
    """The programme with one delegate's part planned anew; None when that cannot be, or gains nothing."""
    alone = one_alone(mission, visits, delegate).also(*more)
    own = [replace(v, delegates=(delegate.id,)) for v in visits if delegate.id in v.delegates]
    model = Itinerary(alone)
    model.hint(own)
    outline = model.solve(ALONE)
    found = _timed(alone, outline)
    if found is None and not (outline.visits is None and outline.proven):
        found = Itinerary(alone, timed=True).solve(ALONE, only_whether=True).visits
    if found is None:
        return None
    joined = join(visits, delegate.id, found)
    if more or objective(mission, joined) > objective(mission, visits) + SETTLED:
        return joined
    return None


def join(visits: Sequence[Visit], delegate: str, own: Sequence[Visit]) -> tuple[Visit, ...]:
    """The programme in which a delegate follows their own visits, and the others go on as before."""
    attends = {visit.stop for visit in own}
    others = [
        replace(
            visit,
            delegates=tuple(sorted({*visit.delegates} - {delegate} | ({delegate} if visit.stop in attends else set()))),
        )
        for visit in visits
    ]
    held = [visit for visit in others if visit.delegates and visit.delegates != (delegate,)]
    new = [visit for visit in own if visit.stop not in {one.stop for one in held}]
    return tuple(sorted((*held, *new), key=lambda visit: (visit.day, visit.start, visit.stop)))


def one_alone(mission: Mission, visits: Sequence[Visit], delegate: Delegate) -> Mission:
    """The mission of one delegate, where the visits of the others stand: they may be joined as they are, or not."""
    stands = {
        visit.stop: replace(visit, delegates=others)
        for visit in visits
        if (others := tuple(name for name in visit.delegates if name != delegate.id))
    }
    stops = tuple(_as_it_stands(stop, stands.get(stop.id)) for stop in mission.stops)
    wishes = tuple(own for wish in mission.wishes if (own := _own(wish, delegate.id, stands, mission)) is not None)
    return replace(mission, delegates=(delegate,), stops=stops, wishes=wishes)


def _as_it_stands(stop: Stop, visit: Visit | None) -> Stop:
    if visit is None:
        return stop
    openings: list[Opening | None] = [None] * len(stop.openings)
    openings[visit.day] = Opening(visit.start, visit.end)
    return replace(stop, openings=tuple(openings), capacity=stop.capacity - len(visit.delegates))


def _own(wish: Wish, delegate: str, stands: dict[str, Visit], mission: Mission) -> Wish | None:
    """What a wish asks of one delegate; None where it asks nothing, or the others keep it."""
    if wish.kind in ("at", "published"):
        if delegate in wish.delegates:
            return replace(wish, kind="at", delegates=(delegate,))
        return Wish("never", stop=wish.stop) if wish.kind == "published" else _unless_kept(wish, stands)
    if wish.delegate not in (None, delegate):
        return None
    hosts = {stop.id: stop.host for stop in mission.stops}
    met = any(wish.stop in (None, stop) and wish.host in (None, hosts[stop]) for stop in stands)
    return None if wish.kind == "must" and wish.delegate is None and met else wish


def _unless_kept(wish: Wish, stands: dict[str, Visit]) -> Wish | None:
    return None if wish.stop in stands else wish


# --- Why a stop is left out -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Price:
    """The programme in which a delegate is sent to a stop, what they give up for it, and what it is all worth."""

    delegate: Delegate
    gives_up: tuple[str, ...]
    visits: tuple[Visit, ...]
    worth: float


def _why_left_out(mission: Mission, best: tuple[Visit, ...], worth: float, stop: Stop) -> tuple[LeftOut, _Price | None]:
    barred = next(_barred(mission, stop), None)
    if barred is not None:
        return LeftOut(stop.id, *barred, without_it=worth), None
    forced = _forced(mission, best, stop)
    if forced is None:
        return _in_conflict(mission, worth, stop), None
    who = forced.delegate.name
    gives = (
        f"{who} would give up {'; '.join(forced.gives_up)}" if forced.gives_up else f"{who} would travel and wait more"
    )
    why = f"not worth its price: {gives}, and the programme would be worth {forced.worth:.3f} instead of {worth:.3f}"
    return LeftOut(stop.id, why, _lets_in(mission, best, worth, stop), worth, forced.worth), forced


def _lets_in(mission: Mission, best: tuple[Visit, ...], worth: float, stop: Stop) -> str:
    longer = mission.longer()
    more = None if longer is None else _forced(longer, best, stop)
    if longer is not None and more is not None and more.worth >= worth:
        return f"one more day, {longer.dates[-1]}: then nothing is lost by it; or asking for it as a must"
    return "asking for it as a must"


def _forced(mission: Mission, best: tuple[Visit, ...], stop: Stop) -> _Price | None:
    """The cheapest way found to send one of the delegates to whom a stop is worth most there, the others as planned.

    The delegate may drop what they planned to see, and adds nothing else; None when none of them can go.
    """
    visited = {visit.stop for visit in best}
    small = only(mission, {*visited, stop.id})
    wanting = [d for d in mission.delegates if (d.id, stop.id) in mission.value]
    wanting.sort(key=lambda delegate: (-mission.value[delegate.id, stop.id], delegate.id))
    names = {one.id: one.name for one in mission.stops}
    for delegate in wanting[:2]:
        visits = _replanned(small, best, delegate, Wish("must", stop=stop.id, delegate=delegate.id))
        if visits is not None:
            before = {visit.stop for visit in best if delegate.id in visit.delegates}
            after = {visit.stop for visit in visits if delegate.id in visit.delegates}
            gives_up = tuple(names[gone] for gone in sorted(before - after))
            return _Price(delegate, gives_up, visits, objective(mission, visits))
    return None


def only(mission: Mission, stops: Container[str]) -> Mission:
    """The mission over some of its stops."""
    rows = [row for row, stop in enumerate(mission.stops) if stop.id in stops]
    return replace(
        mission,
        stops=tuple(mission.stops[row] for row in rows),
        travel=tuple(tuple(mission.travel[a][b] for b in rows) for a in rows),
        base=None if mission.base is None else tuple(mission.base[row] for row in rows),
    )


def _in_conflict(mission: Mission, worth: float, stop: Stop) -> LeftOut:
    """No delegate can add it while the others stand: that is for the wishes, or others would have to move."""
    wished = mission.also(Wish("must", stop=stop.id))
    if mission.wishes and possible(wished) is False:
        conflict = [wish for wish in smallest_conflict(wished) if wish in mission.wishes]
        why = "it cannot stand beside what is asked for: " + "; ".join(in_words(wish, mission) for wish in conflict)
        return LeftOut(stop.id, why, "giving up any one of these", worth)
    return LeftOut(
        stop.id,
        "no way was found to add it for the delegates to whom it is worth most while the others' visits stand",
        "asking for it as a must, so that the whole programme is planned around it",
        worth,
    )


def _barred(mission: Mission, stop: Stop) -> Iterator[tuple[str, str]]:
    """What by itself keeps everyone from a stop, and what would let it in."""
    wanting = [d for d in mission.delegates if (d.id, stop.id) in mission.value]
    if any(
        w.kind == "never" and w.delegate is None and (w.stop == stop.id or w.host == stop.host) for w in mission.wishes
    ):
        yield "it is asked that it not be visited", "dropping that wish"
    if not wanting:
        yield "no match of the visiting firms names its firm", "naming it as a must, or a firm that matches it"
    days = [day for day in range(mission.days) if _receives(stop, day)]
    if not days:
        reasons = "; ".join(
            dict.fromkeys(stop.closed_because[day] or "too short an opening" for day in range(mission.days))
        )
        after = next((d for d in range(mission.days, len(stop.openings)) if _receives(stop, d)), None)
        lets_in = (
            "other dates"
            if after is None
            else f"a programme that takes in the day after the last ({mission.spare_date})"
        )
        yield f"closed on every day of the programme: {reasons}", lets_in
    elif wanting:
        leads = {d.nationality: stop.lead_days(d.nationality) for d in wanting}
        if mission.asked_days_before + days[-1] < min(leads.values()):
            lead, away = min(leads.values()), mission.asked_days_before + days[-1]
            late = f"a programme at least {lead - away} days later"
            yield f"it must be asked for {lead} days ahead, and its last open day is {away} days away", late


def _receives(stop: Stop, day: int) -> bool:
    opening = stop.openings[day]
    return opening is not None and opening.closes - opening.opens >= stop.minutes


def in_words(wish: Wish, mission: Mission) -> str:
    """A wish as a person would say it."""
    names = {stop.id: f"{stop.name} ({stop.city})" for stop in mission.stops} | {
        d.id: d.name for d in mission.delegates
    }
    where = (
        names.get(wish.stop or "", wish.stop) if wish.stop else f"a site of {wish.host}" if wish.host else "any site"
    )
    who = names.get(wish.delegate or "", wish.delegate) if wish.delegate else "someone"
    if wish.kind in ("at", "published"):
        day = mission.dates[wish.day] if wish.day is not None and wish.day < mission.days else f"day {wish.day}"
        party = ", ".join(str(names.get(name, name)) for name in wish.delegates) or "someone"
        kept = "published: " if wish.kind == "published" else ""
        return f"{kept}{party} at {where} on {day} at {clock(wish.start or 0)}"
    return {
        "must": f"{who} must visit {where}",
        "never": f"{'nobody' if wish.delegate is None else who + ' not'} to visit {where}",
        "at_least": f"{who} makes at least {wish.visits} visits",
    }[wish.kind]
