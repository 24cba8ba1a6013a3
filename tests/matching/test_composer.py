"""A consortium: its sums, its swaps, its empty seats, its ways, and what forbids it."""

from __future__ import annotations

from itertools import product

import pytest

from matching.assignment import broken, worth
from matching.pathway import Verdict
from matching.transfer import Screened
from tests.factories import firm, no_rules, readiness, statement
from tests.matching.teams import composed, lineup, project, quota, seat


def maker(name: str, country: str, *texts: str, **over):
    return firm(name, country, roles=("manufacturer",), statements=tuple(statement(t, **over) for t in texts))


FIRMS = (
    maker("Alpha Airframes", "IND", "Makes airframes of drones from carbon fibre"),
    maker("Beta Airframes", "IND", "Makes airframes"),
    maker("Gamma Cameras", "CAN", "Makes cameras of drones"),
    maker("Delta Cameras", "CAN", "Cameras, drones and more beside"),
    maker("Epsilon Both", "IND", "Makes airframes and cameras"),
)
TERMS = (
    seat(terms=["airframes"], share_pct=60),
    seat("camera", terms=["cameras"], delivers_to="airframe", share_pct=40),
)


def test_the_objective_is_the_sum_of_fits_that_are_the_means_of_their_signals() -> None:
    found = composed(project(*TERMS), FIRMS, rules=no_rules())
    assert [s.firm.name for s in found.seats if s.firm] == ["Alpha Airframes", "Gamma Cameras"]
    total = 0.0
    for held in found.seats:
        weight = sum(signal.weight for signal in held.signals)
        assert held.fit == pytest.approx(sum(s.weight * s.value for s in held.signals) / weight, abs=1e-6)
        total += held.fit or 0
    assert found.objective == pytest.approx(total, abs=1e-6)
    assert found.bound == found.objective
    assert found.proven


def test_the_team_is_the_best_of_all_that_may_stand() -> None:
    line = lineup(project(*TERMS), FIRMS, rules=no_rules())
    every = product(*([None, *range(len(chair.candidates))] for chair in line.puzzle.chairs))
    best = max(worth(line.puzzle, team) for team in every if not broken(line.puzzle, team))
    found = composed(project(*TERMS), FIRMS, rules=no_rules())
    assert round(found.objective * 1_000_000) == best[1]


def test_the_same_ask_has_the_same_answer_whatever_the_order_of_the_firms() -> None:
    assert composed(project(*TERMS), FIRMS) == composed(project(*TERMS), FIRMS[::-1])


def test_a_swap_costs_what_the_team_loses_and_names_who_moves() -> None:
    # Only Epsilon may stand in for Gamma; Alpha holds the airframe all the same.
    found = composed(project(*TERMS), FIRMS, rules=no_rules())
    camera = found.seats[1]
    assert [swap.firm.name for swap in camera.alternatives] == ["Delta Cameras", "Epsilon Both"][
        : len(camera.alternatives)
    ]
    assert all(swap.price >= 0 and swap.proven for swap in camera.alternatives)
    first = camera.alternatives[0]
    assert first.price == pytest.approx(camera.fit - first.fit, abs=1e-6)
    assert first.moves == ()


def test_a_swap_that_takes_another_seat_s_holder_tells_the_move() -> None:
    firms = (FIRMS[0], FIRMS[2], maker("Zeta", "CAN", "Makes airframes of drones"), FIRMS[4])
    found = composed(project(*TERMS, quotas=[quota("IND"), quota("CAN", 0)]), firms, rules=no_rules())
    every = [move for held in found.seats for swap in held.alternatives for move in swap.moves]
    assert all(" → " in move for move in every)


def test_an_empty_seat_says_why_what_would_fill_it_and_who_comes_near() -> None:
    asked = project(seat(share_pct=60), seat("parachute", terms=["parachute"], delivers_to="airframe", share_pct=40))
    firms = (FIRMS[0], maker("Omega", "CAN", "Makes wings of drones"))
    found = composed(
        project(*asked.model_dump()["seats"], quotas=[quota("CAN", 0), quota("IND", 0)]), firms, rules=no_rules()
    )
    empty = found.seats[1]
    assert found.found
    assert empty.firm is None
    assert empty.fit is None
    assert "No firm on file" in (empty.empty_because or "")
    assert "Makes parachute of drones" in empty.would_fill
    assert {near.firm.name for near in empty.nearest} == {"Alpha Airframes", "Omega"}
    assert "does not speak of parachute" in empty.nearest[0].lacks[0]


def test_without_its_lead_there_is_no_team_and_the_lead_is_named() -> None:
    found = composed(project(seat(terms=["parachute"]), seat("camera", delivers_to="airframe")), FIRMS)
    assert not found.found
    assert found.because == "Without its Airframe there is no team, and no firm on file can take that seat."
    assert [held.firm for held in found.seats] == [None, None]
    assert found.objective is None


def test_a_quota_that_the_firms_on_file_cannot_meet_is_named() -> None:
    found = composed(project(*TERMS), tuple(f for f in FIRMS if f.profile.country == "IND"), rules=no_rules())
    assert not found.found
    assert "The quota of CAN" in found.because
    assert found.proven


def test_a_share_for_a_country_moves_the_seat() -> None:
    loose = composed(project(*TERMS, quotas=[quota("IND"), quota("CAN", 0)]), FIRMS, rules=no_rules())
    strict = composed(project(*TERMS, quotas=[quota("IND", 1, 100), quota("CAN", 0)]), FIRMS, rules=no_rules())
    assert [s.firm.country for s in loose.seats] == ["IND", "CAN"]
    assert [s.firm.country for s in strict.seats] == ["IND", "IND"]
    assert strict.objective < loose.objective
    assert {q.country: q.share_pct for q in strict.quotas} == {"IND": 100.0, "CAN": 0.0}


def test_the_share_of_an_empty_seat_is_a_range_and_not_zero() -> None:
    asked = project(
        seat(share_pct=60),
        seat("parachute", terms=["parachute"], delivers_to="airframe", share_pct=40),
        quotas=[quota("IND", 1, 50), quota("CAN", 0)],
    )
    found = composed(asked, FIRMS[:1], rules=no_rules())
    of_india = next(q for q in found.quotas if q.country == "IND")
    assert (of_india.share_pct, of_india.share_low_pct, of_india.share_high_pct) == (100.0, 60.0, 100.0)


def test_every_way_goes_through_the_seat_it_delivers_to() -> None:
    found = composed(project(*TERMS), FIRMS)
    ways = {leg.role: (leg.to, leg.route) for leg in found.legs}
    assert ways == {"airframe": ("market", ("IND", "PHL")), "camera": ("airframe", ("CAN", "IND", "PHL"))}
    assert found.verdict is Verdict.UNDETERMINED
    assert found.weakest is not None
    assert found.weakest.role == "camera"
    assert found.weakest.mend[0].startswith("Answer: ")


def test_where_no_border_is_crossed_there_is_nothing_to_trace() -> None:
    found = composed(project(*TERMS, quotas=[quota("IND"), quota("CAN", 0)]), FIRMS[:1] + FIRMS[4:], "IND")
    assert {leg.pathway for leg in found.legs} == {None}
    assert found.verdict is Verdict.OPEN
    assert found.weakest is None


@pytest.mark.parametrize(("destination", "rule"), [("MMR", "CA-SANC-COUNTRY"), ("PRK", "CA-ACL"), ("SDN", "UN-EMB")])
def test_an_embargoed_market_has_no_consortium_and_the_rules_are_named(destination, rule) -> None:
    found = composed(project(*TERMS, arms=True), FIRMS, destination)
    assert not found.found
    assert [held.firm for held in found.seats] == [None, None]
    told = {forbids.rule: forbids for forbids in found.forbidden_by}
    assert rule in told
    assert told[rule].citation
    assert told[rule].leg == f"IND → {destination}"
    assert "Airframe" in found.because


def test_who_holds_an_exception_may_ask_for_it() -> None:
    found = composed(project(*TERMS, arms=True), FIRMS, "SDN", at_worst=Verdict.EXCEPTIONAL)
    assert found.found
    assert found.verdict is Verdict.EXCEPTIONAL


def test_a_listed_firm_is_passed_over_and_told() -> None:
    listed = {FIRMS[0].id: Screened(lists=("SDN",)), FIRMS[2].id: Screened(lists=("SDN",))}
    found = composed(project(*TERMS), FIRMS, screened=listed)
    assert found.found
    assert {s.firm.name for s in found.seats}.isdisjoint({"Alpha Airframes", "Gamma Cameras"})


def test_when_every_firm_of_a_seat_is_listed_the_seat_is_empty_and_says_which_rule() -> None:
    listed = {f.id: Screened(lists=("SDN",)) for f in (FIRMS[2], FIRMS[3], FIRMS[4])}
    found = composed(project(*TERMS, quotas=[quota("IND"), quota("CAN", 0)]), FIRMS, screened=listed)
    assert found.found
    assert found.seats[1].firm is None
    assert "has a way of a verdict worse" in found.seats[1].empty_because
    assert found.forbidden_by[0].roles == ("camera",)
    assert sum(forbids.firms for forbids in found.forbidden_by) == 3  # of India and of Canada: two legs


def test_another_team_differs_from_each_before_in_enough_seats() -> None:
    found = composed(project(*TERMS), FIRMS, rules=no_rules())
    best = {s.role: s.firm for s in found.seats}
    assert found.alternatives
    for other in found.alternatives:
        assert sum(other.holders[role] != firm for role, firm in best.items()) >= other.differs
        assert other.objective <= found.objective


def test_a_us_owner_makes_a_way_weak_and_a_swap_mends_it() -> None:
    owned = firm(
        "Gamma Cameras",
        "CAN",
        statements=(statement("Makes cameras of drones"),),
        exposure={"us_parent_or_us_vc": True},
    )
    found = composed(project(*TERMS), (FIRMS[0], owned, FIRMS[3]))
    assert found.weakest is not None
    assert "US parent or US venture capital" in found.weakest.because
    assert found.weakest.swap is not None
    assert found.weakest.swap.firm.name == "Delta Cameras"


def test_500_firms_for_each_of_six_seats_are_answered_with_a_bound() -> None:
    firms = tuple(
        maker(f"Maker {i}", "CAN" if i % 2 else "IND", f"Makes part {i % 7} of drones", readiness=readiness(1 + i % 9))
        for i in range(500)
    )
    asked = project(*(seat(f"part-{i}", share_pct=100 / 6, delivers_to="part-0" if i else None) for i in range(6)))
    found = composed(asked, firms)
    assert found.found
    assert all(s.firm and s.applicants == 500 for s in found.seats)
    assert found.bound is not None
    assert found.bound >= found.objective
