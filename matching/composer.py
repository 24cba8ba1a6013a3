"""The best team for a project and a market, composed and explained.

Fit and permission stay apart here as in a match: the objective is the sum of the seats' fits, each the weighted mean of
its signals; verdicts only bar combinations. Every swap told was solved anew, so its price is what it costs the whole
team, not the seat alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from matching.assignment import FREE, Answer, Assignment, Wish, solve
from matching.consortium import (
    Consortium,
    FilledSeat,
    Forbids,
    NearMiss,
    OtherTeam,
    QuotaMet,
    Swap,
    Transfer,
    Weakest,
)
from matching.lineup import UNIT, Lineup
from matching.pathway import Requirement, Verdict, worst
from matching.phrases import joined, say
from matching.pool import embedded_text
from matching.profile import Statement
from matching.projects import Seat
from matching.ranking import Party
from matching.rules import Outcome
from matching.suppositions import Suppositions

SECONDS, SECONDS_OF_TEAM, SECONDS_OF_SWAP = 3.0, 1.0, 0.2
"""What the best team, each other team and each swap may take; ordinary projects take a hundredth of it."""

SWAPS, TEAMS, NEAREST = 2, 2, 3
"""Swaps told for each seat, other teams, and firms told that come near to an empty seat."""


class Composer:
    """One composition: solves, then explains. ``swaps`` and ``teams`` say how many others to look for."""

    def __init__(self, lineup: Lineup, suppositions: Suppositions, *, swaps: int = SWAPS, teams: int = TEAMS) -> None:
        self._lineup, self._suppositions = lineup, suppositions
        self._swaps, self._teams = swaps, teams
        self._seats = lineup.project.seats

    def compose(self) -> Consortium:
        """The best team that quotas, limits and law allow, or why there is none."""
        answer = solve(self._lineup.puzzle, FREE, seconds=SECONDS)
        if answer.assignment is None:
            return self._none(answer)
        team = answer.assignment
        seats = tuple(self._seat(seat, team, answer) for seat in range(len(self._seats)))
        legs = tuple(self._transfers(team))
        return Consortium(
            found=True,
            because="",
            seats=seats,
            legs=legs,
            weakest=self._weakest(team, legs, answer),
            quotas=self._quotas(team),
            verdict=worst(leg.verdict for leg in legs),
            objective=answer.value / UNIT,
            bound=None if answer.bound is None else answer.bound / UNIT,
            proven=answer.proven,
            alternatives=tuple(self._others(answer)),
            forbidden_by=self._forbidden(only_whole=True),
        )

    # -- seats ------------------------------------------------------------------------------

    def _party(self, seat: int, at: int) -> Party:
        firm = self._lineup.field.firms.firms[self._lineup.applicant(seat, at).firm]
        return Party(firm.id, firm.profile.name, firm.profile.country)

    def _seat(self, seat: int, team: Assignment, answer: Answer) -> FilledSeat:
        at = team[seat]
        if at is None:
            return self._empty(seat, self._why_empty(seat, team))
        field, applicant = self._lineup.field, self._lineup.applicant(seat, at)
        triad = (seat, applicant.firm, 0)
        signals, unknown = field.board.told(triad)
        offer = field.nearest_offer(seat, applicant)
        facts = joined("; ", (say("offers “{offer}”", offer=_short(offer)), *applicant.admission.facts))
        return replace(
            self._empty(seat, None),
            firm=self._party(seat, at),
            fit=applicant.fit,
            coverage=float(field.board.coverage[triad]),
            reason=say("{firm} {facts}.", firm=self._party(seat, at).name, facts=facts),
            offers=tuple(statement.text for statement in applicant.admission.offers),
            signals=signals,
            unknown=unknown,
            questions=applicant.admission.questions,
            nearest=(),
            alternatives=tuple(self._swaps_of(seat, team, answer)),
        )

    def _empty(self, seat: int, because: str | None) -> FilledSeat:
        asked = self._seats[seat]
        return FilledSeat(
            role=asked.role,
            title=asked.title,
            optional=asked.optional,
            share_pct=asked.share_pct,
            firm=None,
            fit=None,
            coverage=None,
            reason="",
            offers=(),
            signals=(),
            unknown=(),
            questions=(),
            empty_because=because,
            would_fill=would_fill(asked),
            nearest=tuple(self._nearest(seat)),
            applicants=len(self._lineup.field.applicants[seat]),
            alternatives=(),
        )

    def _nearest(self, seat: int) -> Iterator[NearMiss]:
        """Those of the trade who lack least, the best fit first."""
        field = self._lineup.field
        short = [
            (not judged.in_sector, len(judged.lacks), -float(field.board.fit[seat, firm, 0]), firm)
            for firm, judged in enumerate(field.admissions[seat])
            if judged.lacks
        ]
        for *_, firm in sorted(short)[:NEAREST]:
            held = field.firms.firms[firm]
            party = Party(held.id, held.profile.name, held.profile.country)
            yield NearMiss(party, field.admissions[seat][firm].lacks)

    def _why_empty(self, seat: int, team: Assignment | None) -> str:
        applicants = self._lineup.field.applicants[seat]
        if not applicants:
            return say("No firm on file offers this as the seat asks for it.")
        barred = self._lineup.barred(seat)
        if len(barred) == len(applicants):
            return say(
                "Every one of the {count} firms that could take it has a way of a verdict worse than {worst}.",
                count=len(applicants),
                worst=self._lineup.at_worst.value,
            )
        if team is None:
            return say("No team may stand, so no seat is filled.")
        names = ", ".join(self._party(seat, at).name for at in range(len(applicants)) if at not in barred)
        return say(
            "Limits, quotas or the way of its work stand against those who could take it ({names}).", names=_cut(names)
        )

    # -- swaps and other teams --------------------------------------------------------------

    def _swaps_of(self, seat: int, team: Assignment, best: Answer) -> Iterator[Swap]:
        """The next best holders of a seat, each with the price of the whole team that then is best."""
        barred: set[tuple[int, int]] = set()
        at = team[seat]
        while at is not None and len(barred) < self._swaps:
            barred.add((seat, at))
            wish = Wish(barred=frozenset(barred), filled=frozenset({seat}))
            answer = solve(self._lineup.puzzle, wish, seconds=SECONDS_OF_SWAP)
            if answer.assignment is None:
                return
            yield self._swap(seat, team, answer, best)
            at = answer.assignment[seat]

    def _swap(self, seat: int, team: Assignment, answer: Answer, best: Answer) -> Swap:
        assert answer.assignment is not None
        at = answer.assignment[seat]
        assert at is not None
        moves = tuple(
            f"{self._seats[other].title}: {self._named(other, before)} → {self._named(other, after)}"
            for other, (before, after) in enumerate(zip(team, answer.assignment, strict=True))
            if other != seat and before != after
        )
        return Swap(
            firm=self._party(seat, at),
            fit=self._lineup.applicant(seat, at).fit,
            price=round((best.value - answer.value) / UNIT, 6),
            proven=answer.proven and best.proven,
            verdict=self._way(seat, at, answer.assignment).verdict,
            moves=moves,
        )

    def _named(self, seat: int, at: int | None) -> str:
        return "nobody" if at is None else self._party(seat, at).name

    def _others(self, best: Answer) -> Iterator[OtherTeam]:
        """Diverse teams: each differs from all before in a third of the holders, and in two at least."""
        assert best.assignment is not None
        held = sum(at is not None for at in best.assignment)
        differs = min(held, max(2, held // 3))
        told = [(best.assignment, differs)]
        for _ in range(self._teams):
            answer = solve(self._lineup.puzzle, Wish(apart_from=tuple(told)), seconds=SECONDS_OF_TEAM)
            if answer.assignment is None:
                return
            told.append((answer.assignment, differs))
            yield OtherTeam(
                holders={
                    seat.role: None if at is None else self._party(place, at)
                    for place, (seat, at) in enumerate(zip(self._seats, answer.assignment, strict=True))
                },
                objective=answer.value / UNIT,
                proven=answer.proven,
                verdict=worst(leg.verdict for leg in self._transfers(answer.assignment)),
                differs=differs,
            )

    # -- ways -------------------------------------------------------------------------------

    def _transfers(self, team: Assignment) -> Iterator[Transfer]:
        for seat, at in enumerate(team):
            if at is not None:
                yield self._way(seat, at, team)

    def _way(self, seat: int, at: int, team: Assignment) -> Transfer:
        lineup = self._lineup
        holder, onward = lineup.holders[seat][at], lineup.onward(seat, team)
        pathway = lineup.deliveries.pathway(holder, onward)
        route = lineup.deliveries.route(holder, onward)
        verdict = Verdict.OPEN if pathway is None else pathway.verdict
        offer = lineup.field.nearest_offer(seat, lineup.applicant(seat, at))
        facts = lineup.deliveries.facts(holder, onward)
        supposed = (
            self._suppositions.of(facts, embedded_text(offer), offer.sectors or self._seats[seat].sectors)
            if facts is not None and verdict is Verdict.UNDETERMINED
            else ()
        )
        to = self._seats[seat].delivers_to or "market"
        firm = lineup.field.firms.firms[lineup.applicant(seat, at).firm]
        return Transfer(
            role=self._seats[seat].role,
            to=to,
            firm=self._party(seat, at),
            route=route,
            verdict=verdict,
            pathway=pathway,
            suppositions=supposed,
            us_owner=firm.profile.exposure.us_parent_or_us_vc,
        )

    def _weakest(self, team: Assignment, legs: Sequence[Transfer], answer: Answer) -> Weakest | None:
        crossing = [leg for leg in legs if leg.pathway is not None]
        if not crossing:
            return None
        leg = max(crossing, key=_weakness)
        seat = next(i for i, asked in enumerate(self._seats) if asked.role == leg.role)
        return Weakest(
            role=leg.role,
            firm=leg.firm,
            route=leg.route,
            verdict=leg.verdict,
            because=_why_weak(leg),
            mend=tuple(_mends(leg)),
            swap=self._stronger(seat, leg, team, answer),
        )

    def _stronger(self, seat: int, leg: Transfer, team: Assignment, answer: Answer) -> Swap | None:
        """The cheapest other holder of the seat whose way would be less weak, where there is one."""
        weaker = {
            (seat, at)
            for at in range(len(self._lineup.chairs[seat].candidates))
            if at == team[seat] or _weakness(self._way(seat, at, team)) >= _weakness(leg)
        }
        if len(weaker) == len(self._lineup.chairs[seat].candidates):
            return None
        wish = Wish(barred=frozenset(weaker), filled=frozenset({seat}))
        other = solve(self._lineup.puzzle, wish, seconds=SECONDS_OF_TEAM)
        return None if other.assignment is None else self._swap(seat, team, other, answer)

    # -- quotas and refusals ----------------------------------------------------------------

    def _quotas(self, team: Assignment) -> tuple[QuotaMet, ...]:
        held = [
            (seat, self._party(i, at))
            for i, (seat, at) in enumerate(zip(self._seats, team, strict=True))
            if at is not None
        ]
        filled = sum(seat.share_pct for seat, _ in held)
        found = []
        for quota in self._lineup.project.quotas:
            theirs = [(seat, party) for seat, party in held if party.country == quota.country]
            share = sum(seat.share_pct for seat, _ in theirs)
            found.append(
                QuotaMet(
                    country=quota.country,
                    firms=len({party.id for _, party in theirs}),
                    firms_at_least=quota.firms_at_least,
                    share_pct=round(100 * share / filled, 2) if filled else 0.0,
                    share_low_pct=round(share, 2),
                    share_high_pct=round(share + 100 - filled, 2),
                    share_at_least_pct=quota.share_at_least_pct,
                    because=quota.because,
                )
            )
        return tuple(found)

    def _none(self, answer: Answer) -> Consortium:
        return Consortium(
            found=False,
            because=self._why_none(answer),
            seats=tuple(self._empty(seat, self._why_empty(seat, None)) for seat in range(len(self._seats))),
            legs=(),
            weakest=None,
            quotas=(),
            verdict=None,
            objective=None,
            bound=None,
            proven=answer.proven,
            alternatives=(),
            forbidden_by=self._forbidden(only_whole=False),
        )

    def _why_none(self, answer: Answer) -> str:
        if not answer.proven:
            return say("No team was found in the time given; that there is none is not proven.")
        for seat, chair in enumerate(self._lineup.chairs):
            if not chair.keystone:
                continue
            title = self._seats[seat].title
            if not chair.candidates:
                return say("Without its {title} there is no team, and no firm on file can take that seat.", title=title)
            if len(self._lineup.barred(seat)) == len(chair.candidates):
                return (
                    f"No firm could be the {title}: every way has a verdict worse than {self._lineup.at_worst.value}."
                )
        puzzle = self._lineup.puzzle
        for quota, asked in zip(puzzle.quotas, self._lineup.project.quotas, strict=True):
            rest = replace(puzzle, quotas=tuple(other for other in puzzle.quotas if other != quota))
            if solve(rest, FREE, seconds=SECONDS_OF_TEAM).assignment is not None:
                return say(
                    "The quota of {country} (firms: {firms}; share of the value: {share} %) cannot be met by the firms "
                    "on file that the rules do not bar.",
                    country=asked.country,
                    firms=asked.firms_at_least,
                    share=asked.share_at_least_pct or 0,
                )
        return say("Quotas, limits and the rules held leave no team together.")

    def _forbidden(self, *, only_whole: bool) -> tuple[Forbids, ...]:
        """The rules that bar firms from seats whatever the others; ``only_whole``: those that empty a whole seat."""
        told: dict[tuple[str, str], tuple[Requirement, dict[str, None], set[int]]] = {}
        for seat, chair in enumerate(self._lineup.chairs):
            barred = self._lineup.barred(seat)
            if only_whole and len(barred) < len(chair.candidates):
                continue
            for at, states in barred.items():
                holder, onward = self._lineup.holders[seat][at], self._lineup.stations(states)
                pathway = self._lineup.deliveries.pathway(holder, onward)
                for leg in () if pathway is None else pathway.legs:
                    for bite in leg.requirements:
                        if bite.outcome in (Outcome.BLOCK, Outcome.BLOCK_UNLESS):
                            key = (bite.rule, f"{leg.from_} → {leg.to}")
                            _, roles, firms = told.setdefault(key, (bite, {}, set()))
                            roles[self._seats[seat].role] = None
                            firms.add(chair.candidates[at].firm)
        return tuple(
            Forbids(
                rule=bite.rule,
                authority=bite.authority,
                citation=bite.citation,
                url=bite.url,
                as_of=bite.as_of.isoformat(),
                because=bite.because,
                leg=leg,
                roles=tuple(roles),
                firms=len(firms),
            )
            for (_, leg), (bite, roles, firms) in told.items()
        )


def would_fill(seat: Seat) -> str:
    """What kind of firm would fill a seat, in plain words."""
    asks = "; ".join(seat.asks())
    return f"{seat.title}: {seat.offers}" + (f" ({asks})" if asks else "")


def _short(statement: Statement) -> str:
    return statement.title or _cut(statement.text)


def _cut(text: str, length: int = 90) -> str:
    return text if len(text) <= length else text[: length - 1].rsplit(" ", 1)[0] + "…"


def _weakness(leg: Transfer) -> tuple[int, ...]:
    """How weak a way is: its verdict, the worst it would be if classified, US control, what is unknown, crossings."""
    supposed = max((s.verdict.rank for s in leg.suppositions), default=-1)
    questions = 0 if leg.pathway is None else len(leg.pathway.questions)
    return leg.verdict.rank, supposed, bool(leg.us_owner), questions, len(leg.route)


def _why_weak(leg: Transfer) -> str:
    way = " → ".join(leg.route)
    assert leg.pathway is not None
    bites = [
        bite for crossing in leg.pathway.legs for bite in crossing.requirements if bite.outcome is not Outcome.INFO
    ]
    said = (
        say(
            "On {way}: {because} ({citation}); {count} requirements in all.",
            way=way,
            because=bites[0].because,
            citation=bites[0].citation,
            count=len(bites),
        )
        if bites
        else say(
            "On {way} {count} questions are open, so the rules held settle nothing.",
            way=way,
            count=len(leg.pathway.questions),
        )
    )
    if not leg.us_owner:
        return said
    return joined(" ", (said, say("A US parent or US venture capital of its holder is on record.")))


def _mends(leg: Transfer) -> Iterator[str]:
    assert leg.pathway is not None
    if leg.us_owner:
        yield say("Ask {firm} which US-origin content and technology its work holds.", firm=leg.firm.name)
    for question in leg.pathway.questions[:NEAREST]:
        yield say("Answer: {question}", question=question)
    for supposition in leg.suppositions:
        yield say(
            "Have it classified: were {supposing}, the way would be {verdict}.",
            supposing=supposition.supposing,
            verdict=supposition.verdict.value,
        )
    for crossing in leg.pathway.legs:
        for bite in crossing.requirements:
            if bite.permit:
                yield say(
                    "Apply for {permit} ({authority}; {citation}) for {way}.",
                    permit=bite.permit,
                    authority=bite.authority,
                    citation=bite.citation,
                    way=f"{crossing.from_} → {crossing.to}",
                )
