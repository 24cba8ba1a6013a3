"""The planner against a checker that shares no code with it, and the truth of its reasons."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matching.programme import CannotHold, in_words, objective, plan, possible, smallest_conflict
from matching.programme_check import complaints
from matching.visits import Mission, Opening, Visit, Wish
from tests.matching.missions import delegate, mission, stop


def test_everyone_visits_what_is_near_and_the_checker_agrees() -> None:
    asked = mission([stop("a"), stop("b"), stop("c", "Goa")], [delegate("ann"), delegate("bo")])
    found = plan(asked)
    assert complaints(asked, found.visits) == []
    assert {visit.stop for visit in found.visits} == {"a", "b", "c"}
    assert found.objective == pytest.approx(objective(asked, found.visits))
    assert found.bound >= found.objective > 0


def test_the_same_mission_gives_the_same_programme() -> None:
    asked = mission([stop("a"), stop("b", "Kochi"), stop("c", "Goa")], [delegate("ann"), delegate("bo")])
    assert plan(asked) == plan(asked)


def test_fixed_appointments_at_one_time_in_two_cities_part_the_delegation() -> None:
    wishes = [Wish("at", stop=s, delegates=(d,), day=1, start=600) for s, d in (("a", "ann"), ("b", "bo"))]
    asked = mission([stop("a"), stop("b", "Kolkata")], [delegate("ann"), delegate("bo")], *wishes)
    found = plan(asked)
    assert complaints(asked, found.visits) == []
    assert {(v.stop, v.day, v.start) for v in found.visits} >= {("a", 1, 600), ("b", 1, 600)}


def test_two_appointments_of_one_delegate_that_clash_are_named_and_nothing_else() -> None:
    clash = [Wish("at", stop=s, delegates=("ann",), day=0, start=600) for s in ("a", "b")]
    asked = mission([stop("a"), stop("b", "Kolkata"), stop("c")], [delegate("ann")], *clash, Wish("must", stop="c"))
    with pytest.raises(CannotHold) as problem:
        plan(asked)
    assert set(problem.value.wishes) == set(clash)
    for wish in problem.value.wishes:  # any one given up, the rest can be kept
        assert possible(asked.without(wish)) is True
    assert "2027-02-08 at 10:00" in in_words(clash[0], asked)


def test_an_impossible_must_is_the_whole_conflict() -> None:
    shut = stop("shut", openings=(None,) * 4, closed_because=("a holiday",) * 4)
    wish = Wish("must", stop="shut")
    assert smallest_conflict(mission([stop("a"), shut], [delegate("ann")], Wish("must", stop="a"), wish)) == (wish,)


@pytest.mark.parametrize(
    ("over", "why", "lets_in"),
    [
        ({"openings": (None,) * 4, "closed_because": ("a holiday",) * 4}, "closed on every day", "other dates"),
        (
            {"openings": (None, None, None, Opening(570, 1020)), "closed_because": ("a holiday",) * 3 + ("",)},
            "a holiday",
            "takes in the day after the last (2027-02-11)",
        ),
        ({"clearance_days": {"*": 90}}, "asked for 90 days ahead", "28 days later"),
    ],
)
def test_a_stop_barred_by_a_rule_says_which_and_what_would_let_it_in(over, why: str, lets_in: str) -> None:
    (left_out,) = plan(mission([stop("a"), stop("z", **over)], [delegate("ann")])).left_out
    assert left_out.stop == "z"
    assert why in left_out.why
    assert lets_in in left_out.lets_in


def test_clearance_is_by_nationality() -> None:
    slow = stop("slow", clearance_days={"IND": 0, "*": 90})
    found = plan(mission([slow], [delegate("ann"), delegate("bina", nationality="IND")]))
    assert [visit.delegates for visit in found.visits] == [("bina",)]


def test_a_price_that_is_told_is_that_of_a_programme_which_visits_the_stop() -> None:
    stops = [stop("a", days=1), stop("b", days=1), stop("far", "Kolkata", days=1)]
    asked = mission(stops, [delegate("ann")], days=1)
    found = plan(asked)
    (left_out,) = [one for one in found.left_out if one.stop == "far"]
    forced = plan(asked.also(Wish("must", stop="far")))
    assert left_out.with_it == pytest.approx(forced.objective)
    assert forced.objective <= found.objective
    assert "one more day, 2027-02-09" in left_out.lets_in
    assert "far" in {visit.stop for visit in plan(replace(asked, dates=("2027-02-08", "2027-02-09"))).visits}


def test_capacity_lunch_and_pace() -> None:
    asked = mission([stop(n, capacity=1) for n in "abcdef"], [delegate("ann"), delegate("bo")], days=1)
    found = plan(asked)
    assert complaints(asked, found.visits) == []
    assert all(len(visit.delegates) == 1 for visit in found.visits)
    for person in ("ann", "bo"):
        assert sum(person in visit.delegates for visit in found.visits) <= 3


def test_what_is_published_stays_when_the_delegation_changes() -> None:
    asked = mission([stop("a"), stop("b"), stop("c", "Goa")], [delegate("ann"), delegate("bo")])
    first = plan(asked).visits[0]
    kept = Wish("published", stop=first.stop, delegates=first.delegates, day=first.day, start=first.start)
    again = plan(replace(asked, value=asked.value | {("ann", "c"): 1.0, ("bo", "c"): 1.0}).also(kept))
    assert first in again.visits


@pytest.mark.parametrize(
    ("visit", "said"),
    [
        (Visit("a", 0, 540, 660, ("ann",)), "outside the opening hours"),
        (Visit("a", 0, 577, 697, ("ann",)), "quarter of an hour"),
        (Visit("a", 5, 600, 720, ("ann",)), "outside the mission"),
        (Visit("a", 0, 600, 720, ()), "nobody goes"),
        (Visit("zz", 0, 600, 720, ("ann",)), "no such stop"),
    ],
)
def test_the_checker_complains(visit: Visit, said: str) -> None:
    assert any(said in one for one in complaints(mission([stop("a")], [delegate("ann")]), [visit]))


def test_the_checker_sees_someone_in_two_places_and_a_night_on_the_road() -> None:
    asked = mission([stop("a"), stop("b", "Kolkata")], [delegate("ann")])
    both = [Visit("a", 0, 600, 720, ("ann",)), Visit("b", 0, 660, 780, ("ann",))]
    assert any("cannot be at b" in one for one in complaints(asked, both))
    late = replace(asked, pace=replace(asked.pace, arrive_by=18 * 60, leave_from=9 * 60))
    nights = [Visit("a", 0, 900, 1020, ("ann",)), Visit("b", 1, 570, 690, ("ann",))]
    assert any("travelling by night" in one for one in complaints(late, nights))
    full = [Visit("a", 0, 690, 810, ("ann",)), Visit("c", 0, 825, 945, ("ann",))]
    assert any("no lunch" in one for one in complaints(mission([stop("a"), stop("c")], [delegate("ann")]), full))


@st.composite
def missions(draw: st.DrawFn) -> Mission:
    days = draw(st.integers(1, 3))
    openings = st.lists(st.sampled_from([Opening(570, 1020), Opening(540, 780), None]), min_size=days, max_size=days)
    stops = []
    for number in range(draw(st.integers(1, 5))):
        hours = tuple(draw(openings))
        stops.append(
            stop(
                f"s{number}",
                draw(st.sampled_from(["Mumbai", "Kochi", "Goa", "Kolkata"])),
                host=f"h{draw(st.integers(0, 3))}",
                minutes=draw(st.sampled_from([60, 90, 150])),
                capacity=draw(st.integers(1, 3)),
                openings=hours,
                closed_because=tuple("" if opening else "closed" for opening in hours),
                clearance_days={"*": draw(st.sampled_from([0, 61]))},
            )
        )
    people = [
        delegate(f"d{n}", most_visits=draw(st.none() | st.integers(1, 3))) for n in range(draw(st.integers(1, 3)))
    ]
    asked = mission(stops, people, days=days, spare_date=None)
    wishes = draw(st.lists(st.sampled_from([Wish("must", stop="s0"), Wish("never", stop="s0", delegate="d0"),
                                            Wish("at", stop="s0", delegates=("d0",), day=0, start=600)]),
                           max_size=2, unique=True))  # fmt: skip
    return asked.also(*wishes)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(missions())
def test_whatever_is_asked_the_programme_keeps_every_rule_or_the_conflict_is_true(asked: Mission) -> None:
    conflict: tuple[Wish, ...] = ()
    try:
        found = plan(asked)
    except CannotHold as problem:
        conflict = problem.wishes
    if possible(asked) is False:
        assert conflict
        assert possible(replace(asked, wishes=conflict)) is False
        assert all(
            possible(replace(asked, wishes=tuple(w for w in conflict if w is not wish))) is not False
            for wish in conflict
        )
        return
    assert conflict == ()
    assert complaints(asked, found.visits) == []
    assert found.bound >= found.objective
    visited = {visit.stop for visit in found.visits}
    assert {one.stop for one in found.left_out} == {one.id for one in asked.stops} - visited
    for one in found.left_out:
        if one.with_it is not None:  # a stop that pays is never left out
            assert one.with_it <= found.objective + 1e-9
