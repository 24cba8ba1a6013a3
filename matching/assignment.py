"""Who takes which seat: the integer programme, with no firm, law or text in it.

A ``Puzzle`` has seats with candidates in whole numbers, limits and forbidden combinations; ``solve`` finds the
assignment of the highest worth with a proven bound (OR-Tools CP-SAT, one worker, a fixed seed, and a limit of
deterministic time, so that the same puzzle has the same answer). Filled seats that must be filled come first, the sum
of the values second.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

EMPTY = -1
"""The state of a seat that nobody holds."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A firm that may take one seat, in numbers."""

    firm: int
    value: int
    country: int
    group: int
    kind: int
    """Class of its own facts (technology, arms, lists): forbidden combinations are told by it."""
    state: int
    """Class of what others upstream must know of it (country, lists)."""


@dataclass(frozen=True, slots=True)
class Chair:
    """One seat: its candidates, whether it must be filled if it can, and its share of the value in basis points."""

    candidates: tuple[Candidate, ...]
    needed: bool = True
    share: int = 0
    keystone: bool = False
    """Without a holder of this seat there is no consortium."""


@dataclass(frozen=True, slots=True)
class CountryQuota:
    """At least so many firms, and so many basis points of the value of the filled seats, for one country."""

    country: int
    firms: int = 0
    share: int = 0


@dataclass(frozen=True, slots=True)
class Forbidden:
    """A candidate of ``kind`` on ``seat`` while the seats named are in the states named (EMPTY: nobody)."""

    seat: int
    kind: int
    states: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Puzzle:
    """Seats, quotas and limits. ``apart`` names pairs of seats that one group must not hold."""

    chairs: tuple[Chair, ...]
    quotas: tuple[CountryQuota, ...] = ()
    seats_per_firm: int = 1
    seats_per_group: int = 99
    apart: tuple[tuple[int, int], ...] = ()
    forbidden: tuple[Forbidden, ...] = ()


Assignment = tuple[int | None, ...]
"""For each seat the position of the holder among its candidates, or None."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a solve is asked besides the puzzle."""

    barred: frozenset[tuple[int, int]] = frozenset()
    """(seat, position of the candidate) that must not be chosen."""
    filled: frozenset[int] = frozenset()
    """Seats that must have a holder."""
    held: Mapping[int, int] = field(default_factory=dict)
    """Seat to the position of the candidate that must hold it."""
    apart_from: tuple[tuple[Assignment, int], ...] = ()
    """Earlier assignments, each with the number of holders that must change."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The best assignment found, the number of needed seats filled, its value, and the bound on both.

    ``assignment`` is None when none exists (``proven``) or none was found in time.
    """

    assignment: Assignment | None
    filled: int
    value: int
    bound: int | None
    """No assignment with as many needed seats filled is worth more; None: not even that number is proven the most."""
    proven: bool


FREE = Wish()


def worth(puzzle: Puzzle, assignment: Assignment) -> tuple[int, int]:
    """Needed seats filled, and the sum of the values: compared in this order."""
    held = [
        (chair, chair.candidates[at]) for chair, at in zip(puzzle.chairs, assignment, strict=True) if at is not None
    ]
    return sum(chair.needed for chair, _ in held), sum(candidate.value for _, candidate in held)


def broken(puzzle: Puzzle, assignment: Assignment) -> list[str]:
    """Which of the puzzle's rules an assignment breaks, in words; none when it may stand."""
    held = {
        seat: chair.candidates[at]
        for seat, (chair, at) in enumerate(zip(puzzle.chairs, assignment, strict=True))
        if at is not None
    }
    told = [f"seat {i} is empty" for i, chair in enumerate(puzzle.chairs) if chair.keystone and i not in held]
    for limit, most in (("firm", puzzle.seats_per_firm), ("group", puzzle.seats_per_group)):
        seats = defaultdict(list)
        for seat, candidate in held.items():
            seats[getattr(candidate, limit)].append(seat)
        told += [f"{limit} {one} holds {len(many)} seats" for one, many in seats.items() if len(many) > most]
    for one, other in puzzle.apart:
        if one in held and other in held and held[one].group == held[other].group:
            told.append(f"seats {one} and {other} are held by one group")
    whole = sum(puzzle.chairs[seat].share for seat in held)
    for quota in puzzle.quotas:
        theirs = [seat for seat, candidate in held.items() if candidate.country == quota.country]
        if len({held[seat].firm for seat in theirs}) < quota.firms:
            told.append(f"country {quota.country} has too few firms")
        if sum(puzzle.chairs[seat].share for seat in theirs) * 10_000 < quota.share * whole:
            told.append(f"country {quota.country} has too small a share")
    for rule in puzzle.forbidden:
        states = {seat: held[seat].state if seat in held else EMPTY for seat, _ in rule.states}
        if rule.seat in held and held[rule.seat].kind == rule.kind and states == dict(rule.states):
            told.append(f"kind {rule.kind} on seat {rule.seat} is forbidden")
    return told


def solve(puzzle: Puzzle, wish: Wish = FREE, *, seconds: float = 5.0) -> Answer:
    """The best assignment under the rules and the wish, with a bound; takes about ``seconds``, never over twice that.

    Ties go to the earlier candidates, so that equal puzzles have equal answers.
    """
    from ortools.sat.python import cp_model

    model = _Model(cp_model.CpModel(), puzzle, wish)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 0
    solver.parameters.max_deterministic_time = seconds
    solver.parameters.max_time_in_seconds = 2 * seconds
    status = solver.solve(model.programme)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Answer(None, 0, 0, None, status == cp_model.INFEASIBLE)
    assignment = tuple(
        next((at for at, taken in seat.items() if solver.boolean_value(taken)), None) for seat in model.taken
    )
    filled, value = worth(puzzle, assignment)
    most, rest = divmod(int(solver.best_objective_bound), model.unit_of_filled)
    bound = rest // model.unit_of_value if most == filled else None
    return Answer(assignment, filled, value, bound, status == cp_model.OPTIMAL)


def _in_reach(puzzle: Puzzle, wish: Wish, seat: int) -> list[int]:
    """Positions of the candidates that some best assignment may need; the others are as good as never chosen.

    Of candidates alike in country, kind and state only the best can matter, as long as enough of them are left: every
    other seat, and every earlier team that must be departed from, can stand in the way of one group at most.
    """
    enough = len(puzzle.chairs) + len(wish.apart_from)
    groups: dict[tuple[int, int, int], set[int]] = defaultdict(set)
    candidates = puzzle.chairs[seat].candidates
    kept = {wish.held[seat]} if seat in wish.held else set()
    for at in sorted(range(len(candidates)), key=lambda at: (-candidates[at].value, at)):
        one = candidates[at]
        alike = groups[one.country, one.kind, one.state]
        if (seat, at) not in wish.barred and len(alike) < enough:
            alike.add(one.group)
            kept.add(at)
    return sorted(kept)


class _Model:
    """The puzzle as a CP-SAT model; ``taken`` holds for each seat a variable for each candidate in reach."""

    def __init__(self, programme: Any, puzzle: Puzzle, wish: Wish) -> None:
        self.programme = programme
        self._puzzle = puzzle
        self.taken: list[dict[int, Any]] = [
            {at: programme.new_bool_var("") for at in _in_reach(puzzle, wish, seat)}
            for seat in range(len(puzzle.chairs))
        ]
        for seat in self.taken:
            programme.add_at_most_one(seat.values())
        self._limits()
        self._quotas()
        self._combinations()
        self._wish(wish)
        self._worth()

    def _held(self) -> Iterable[tuple[int, Candidate, Any]]:
        for seat, chair in enumerate(self._puzzle.chairs):
            for at, variable in self.taken[seat].items():
                yield seat, chair.candidates[at], variable

    def _limits(self) -> None:
        puzzle = self._puzzle
        everywhere = range(len(puzzle.chairs))
        self._at_most(puzzle.seats_per_firm, "firm", everywhere)
        self._at_most(puzzle.seats_per_group, "group", everywhere)
        for both in puzzle.apart:
            self._at_most(1, "group", both)
        for chair, seat in zip(puzzle.chairs, self.taken, strict=True):
            if chair.keystone:
                self.programme.add_exactly_one(seat.values())

    def _at_most(self, most: int, limit: str, seats: Sequence[int]) -> None:
        """No firm, or no group, holds more than so many of these seats."""
        several = defaultdict(list)
        for seat, candidate, variable in self._held():
            if seat in seats:
                several[getattr(candidate, limit)].append(variable)
        for variables in several.values():
            if len(variables) > most:
                self.programme.add(sum(variables) <= most)

    def _quotas(self) -> None:
        for quota in self._puzzle.quotas:
            seats_of = defaultdict(list)
            terms = []
            for seat, candidate, variable in self._held():
                theirs = candidate.country == quota.country
                if theirs:
                    seats_of[candidate.firm].append(variable)
                terms.append(variable * self._puzzle.chairs[seat].share * (10_000 * theirs - quota.share))
            if quota.firms:
                self.programme.add(sum(self._firms(seats_of.values(), quota.firms)) >= quota.firms)
            if quota.share:
                self.programme.add(sum(terms) >= 0)

    def _firms(self, seats_of: Iterable[Sequence[Any]], asked: int) -> Iterable[Any]:
        """What to count the firms by; a firm with two seats is one firm."""
        for variables in seats_of:
            if asked == 1 or self._puzzle.seats_per_firm == 1 or len(variables) == 1:
                yield from variables
            else:
                some = self.programme.new_bool_var("")
                self.programme.add_max_equality(some, variables)
                yield some

    def _combinations(self) -> None:
        in_state: dict[tuple[int, int], list[Any]] = defaultdict(list)
        of_kind: dict[tuple[int, int], list[Any]] = defaultdict(list)
        for seat, candidate, variable in self._held():
            in_state[seat, candidate.state].append(variable)
            of_kind[seat, candidate.kind].append(variable)
        for rule in self._puzzle.forbidden:
            parts = [sum(of_kind[rule.seat, rule.kind])]
            parts += [
                1 - sum(self.taken[seat].values()) if state == EMPTY else sum(in_state[seat, state])
                for seat, state in rule.states
            ]
            self.programme.add(sum(parts) <= len(rule.states))

    def _wish(self, wish: Wish) -> None:
        for seat, at in wish.held.items():
            self.programme.add(self.taken[seat][at] == 1)
        for seat in wish.filled:
            self.programme.add_exactly_one(self.taken[seat].values())
        for earlier, changed in wish.apart_from:
            named = [(seat, at) for seat, at in enumerate(earlier) if at is not None]
            kept = [self.taken[seat][at] for seat, at in named if at in self.taken[seat]]
            self.programme.add(sum(kept) <= len(named) - changed)

    def _worth(self) -> None:
        chairs = self._puzzle.chairs
        longest = max((len(chair.candidates) for chair in chairs), default=0)
        self.unit_of_value = longest * len(chairs) + 1
        most = sum(max((c.value for c in chair.candidates), default=0) for chair in chairs)
        self.unit_of_filled = (most + 1) * self.unit_of_value
        terms = []
        for chair, seat in zip(chairs, self.taken, strict=True):
            for at, variable in seat.items():
                earlier = longest - 1 - at
                gain = chair.candidates[at].value * self.unit_of_value + earlier + chair.needed * self.unit_of_filled
                terms.append(gain * variable)
        self.programme.maximize(sum(terms))
