"""A field of firms and the law, as a puzzle; and an assignment of the puzzle, as firms again.

Verdicts depend on few facts (technology, arms, lists, country), so each class of holders is traced once for every way
its work may go; a way whose verdict is worse than allowed becomes a forbidden combination.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from matching.assignment import (
    EMPTY,
    Assignment,
    Candidate,
    Chair,
    CountryQuota,
    Forbidden,
    Puzzle,
)
from matching.deliveries import Deliveries, Holder, Station
from matching.pathway import Verdict
from matching.ranking import group_of
from matching.seats import Applicant, Field

UNIT = 1_000_000
"""A fit of 1, in the puzzle's whole numbers."""


@dataclass(frozen=True, slots=True)
class _Numbers:
    """Whole numbers for things, in order of their first appearance."""

    known: dict[object, int]

    def of(self, thing: object) -> int:
        return self.known.setdefault(thing, len(self.known))


class Lineup:
    """The puzzle of a field, and what its numbers stand for. ``at_worst`` is the worst verdict any way may have."""

    def __init__(self, field: Field, deliveries: Deliveries, *, at_worst: Verdict = Verdict.UNDETERMINED) -> None:
        self.field = field
        self.project = field.project
        self.deliveries = deliveries
        self.at_worst = at_worst
        self._countries, self._groups, self._stations, self._kinds = (_Numbers({}) for _ in range(4))
        self.holders: tuple[tuple[Holder, ...], ...] = tuple(
            tuple(
                deliveries.holder(field.firms.firms[applicant.firm], applicant.admission.offers)
                for applicant in applicants
            )
            for applicants in field.applicants
        )
        self.chairs = tuple(self._chair(seat) for seat in range(len(self.project.seats)))
        self._holder_of = {number: holder for holder, number in self._kinds.known.items()}
        self._station_of = {number: station for station, number in self._stations.known.items()}

    def _chair(self, seat: int) -> Chair:
        asked = self.project.seats[seat]
        candidates = []
        for applicant, holder in zip(self.field.applicants[seat], self.holders[seat], strict=True):
            firm = self.field.firms.firms[applicant.firm]
            candidates.append(
                Candidate(
                    firm=applicant.firm,
                    value=round(applicant.fit * UNIT),
                    country=self._countries.of(holder.country),
                    group=self._groups.of(group_of(firm)),
                    kind=self._kinds.of(holder),
                    state=self._stations.of(holder.station),
                )
            )
        return Chair(
            tuple(candidates),
            needed=not asked.optional,
            share=round(100 * asked.share_pct),
            keystone=asked.delivers_to is None and not asked.optional,
        )

    @cached_property
    def puzzle(self) -> Puzzle:
        """The seats, quotas, limits and forbidden ways in numbers."""
        project = self.project
        place = {seat.role: i for i, seat in enumerate(project.seats)}
        apart = {
            (min(i, place[other]), max(i, place[other]))
            for i, seat in enumerate(project.seats)
            for other in seat.apart_from
        }
        return Puzzle(
            self.chairs,
            quotas=tuple(
                CountryQuota(
                    self._countries.of(quota.country),
                    quota.firms_at_least,
                    round(100 * (quota.share_at_least_pct or 0)),
                )
                for quota in project.quotas
            ),
            seats_per_firm=project.seats_per_firm,
            seats_per_group=project.seats_per_group,
            apart=tuple(sorted(apart)),
            forbidden=tuple(self._forbidden()),
        )

    def _forbidden(self) -> Iterator[Forbidden]:
        for seat in range(len(self.chairs)):
            onward = self.project.downstream(seat)
            for kind in dict.fromkeys(candidate.kind for candidate in self.chairs[seat].candidates):
                for states in product(*(self._states(other) for other in onward)):
                    if self.way_verdict(kind, states) > self.at_worst:
                        yield Forbidden(seat, kind, tuple(zip(onward, states, strict=True)))

    def _states(self, seat: int) -> tuple[int, ...]:
        """The states a seat may be in: of its candidates, and empty."""
        chair = self.chairs[seat]
        states = tuple(dict.fromkeys(candidate.state for candidate in chair.candidates))
        return states if chair.keystone else (*states, EMPTY)

    def way_verdict(self, kind: int, states: Sequence[int]) -> Verdict:
        """The verdict of the way of a class of holders through seats in these states; an empty seat is passed by."""
        holder = self._holder_of[kind]
        assert isinstance(holder, Holder)
        return self.deliveries.verdict(holder, self.stations(states))

    def stations(self, states: Sequence[int]) -> tuple[Station, ...]:
        """What the numbers of filled states stand for."""
        return tuple(self._station_of[state] for state in states if state != EMPTY)  # type: ignore[misc]

    # -- an assignment as firms -------------------------------------------------------------

    def applicant(self, seat: int, at: int) -> Applicant:
        """The applicant at a position among a seat's candidates."""
        return self.field.applicants[seat][at]

    def onward(self, seat: int, assignment: Assignment) -> tuple[Station, ...]:
        """The stations that a seat's work passes through under an assignment."""
        found = []
        for other in self.project.downstream(seat):
            at = assignment[other]
            if at is not None:
                found.append(self.holders[other][at].station)
        return tuple(found)

    def barred(self, seat: int) -> Mapping[int, tuple[int, ...]]:
        """Positions of the candidates whom the rules bar from a seat whatever the others, each with a way they bar."""
        ways = list(product(*(self._states(other) for other in self.project.downstream(seat))))
        told: dict[int, tuple[int, ...] | None] = {}
        for candidate in self.chairs[seat].candidates:
            if candidate.kind not in told:
                everywhere = bool(ways) and all(self.way_verdict(candidate.kind, way) > self.at_worst for way in ways)
                told[candidate.kind] = ways[0] if everywhere else None
        kinds = [candidate.kind for candidate in self.chairs[seat].candidates]
        return {at: way for at, kind in enumerate(kinds) if (way := told[kind]) is not None}
