"""The integer programme against trying everything, its ties, its wishes and its bounds."""

from __future__ import annotations

import random
import time

import pytest

from matching.assignment import (
    EMPTY,
    Assignment,
    Candidate,
    Chair,
    CountryQuota,
    Forbidden,
    Puzzle,
    Wish,
    broken,
    solve,
    worth,
)


def candidate(firm: int, value: int = 10, **over) -> Candidate:
    return Candidate(**({"firm": firm, "value": value, "country": 0, "group": firm, "kind": 0, "state": 0} | over))


def every_assignment(puzzle: Puzzle) -> list[Assignment]:
    partial: list[Assignment] = [()]
    for chair in puzzle.chairs:
        partial = [(*done, at) for done in partial for at in (None, *range(len(chair.candidates)))]
    return [assignment for assignment in partial if not broken(puzzle, assignment)]


def drawn(seed: int) -> Puzzle:
    """A small puzzle with every kind of rule in it."""
    rng = random.Random(seed)
    many_alike = seed % 2 == 1  # few seats and many candidates of one kind, of which most are out of reach
    seats = 2 if many_alike else rng.randint(2, 4)
    kinds = 0 if many_alike else 2
    firms = [(rng.randint(0, 1), rng.randint(0, 6), rng.randint(0, kinds)) for _ in range(7)]
    chairs = []
    for seat in range(seats):
        candidates = tuple(
            candidate(
                firm,
                rng.randint(0, 20),
                country=firms[firm][0],
                group=firms[firm][1],
                kind=firms[firm][2],
                state=2 * firms[firm][0] + (firms[firm][2] > 1),
            )
            for firm in sorted(rng.sample(range(7), 7 if many_alike else rng.randint(0, 4)))
        )
        chairs.append(
            Chair(candidates, rng.random() < 0.7, rng.choice([0, 1000, 2500]), seat == 0 and rng.random() < 0.3)
        )
    forbidden = []
    for _ in range(rng.randint(0, 5)):
        seat = rng.randrange(seats)
        others = [other for other in range(seats) if other != seat]
        states = tuple(
            (other, rng.choice([EMPTY, 0, 1, 2, 3]))
            for other in rng.sample(others, rng.randint(0, min(2, len(others))))
        )
        forbidden.append(Forbidden(seat, rng.randint(0, 2), states))
    return Puzzle(
        tuple(chairs),
        tuple(CountryQuota(c, rng.choice([0, 0, 0, 1, 2]), rng.choice([0, 0, 0, 3000, 6000])) for c in (0, 1)),
        rng.randint(1, 2),
        rng.randint(1, 3),
        ((0, 1),) if rng.random() < 0.3 else (),
        tuple(forbidden),
    )


def test_the_optimum_is_that_of_trying_everything_on_200_puzzles() -> None:
    solved = 0
    for seed in range(200):
        puzzle = drawn(seed)
        best = max((worth(puzzle, assignment) for assignment in every_assignment(puzzle)), default=None)
        answer = solve(puzzle)
        assert answer.proven, seed
        if best is None:
            assert answer.assignment is None, seed
            continue
        solved += 1
        assert answer.assignment is not None, seed
        assert broken(puzzle, answer.assignment) == [], seed
        assert (answer.filled, answer.value) == best, seed
        assert answer.bound == answer.value, seed
    assert solved >= 100  # the draw is no formality: most puzzles have an answer


def test_an_empty_puzzle_of_seats_without_candidates_is_answered_with_empty_seats() -> None:
    answer = solve(Puzzle((Chair(()), Chair((candidate(1),)))))
    assert answer.assignment == (None, 0)
    assert (answer.filled, answer.value, answer.bound) == (1, 10, 10)


def test_a_seat_that_is_needed_is_filled_before_fits_are_compared() -> None:
    # Firm 1 fits seat 0 far better, but is the only one for seat 1.
    puzzle = Puzzle((Chair((candidate(0, 1), candidate(1, 900_000))), Chair((candidate(1, 1),))))
    assert solve(puzzle).assignment == (0, 0)


def test_equals_go_to_the_earlier_candidate_every_time() -> None:
    puzzle = Puzzle(tuple(Chair(tuple(candidate(firm, 7) for firm in range(20))) for _ in range(4)))
    answers = {solve(puzzle).assignment for _ in range(5)}
    assert len(answers) == 1
    assert sorted(at for at in answers.pop() or () if at is not None) == [0, 1, 2, 3]


def test_an_impossible_quota_has_no_assignment_and_says_so_for_certain() -> None:
    puzzle = Puzzle((Chair((candidate(0), candidate(1))),), (CountryQuota(country=5, firms=1),))
    answer = solve(puzzle)
    assert answer.assignment is None
    assert answer.proven


def test_a_wish_bars_holds_fills_and_asks_for_another_team() -> None:
    puzzle = Puzzle((Chair((candidate(0, 9), candidate(1, 5))), Chair((candidate(2, 9), candidate(3, 5)))))
    assert solve(puzzle).assignment == (0, 0)
    assert solve(puzzle, Wish(barred=frozenset({(0, 0)}), filled=frozenset({0}))).assignment == (1, 0)
    assert solve(puzzle, Wish(held={1: 1})).assignment == (0, 1)
    assert solve(puzzle, Wish(apart_from=(((0, 0), 2),))).assignment == (1, 1)


@pytest.mark.parametrize("most", [1, 2])
def test_a_group_holds_no_more_seats_than_allowed(most: int) -> None:
    chairs = tuple(Chair((candidate(firm, 10, group=0), candidate(firm + 10, 1, group=firm + 10))) for firm in range(3))
    answer = solve(Puzzle(chairs, seats_per_group=most))
    assert answer.assignment is not None
    assert answer.assignment.count(0) == most


def test_a_forbidden_way_depends_on_who_comes_after_also_on_nobody() -> None:
    abroad, home = candidate(1, 9, country=1, state=1), candidate(2, 5, state=0)
    chairs = (Chair((candidate(0, 9),)), Chair((abroad, home)))
    assert solve(Puzzle(chairs, forbidden=(Forbidden(0, 0, ((1, 1),)),))).assignment == (0, 1)
    nobody = (Chair((candidate(0, 9),)), Chair((abroad,), needed=False))
    barred_alone = Puzzle(nobody, forbidden=(Forbidden(0, 0, ((1, 1),)), Forbidden(0, 0, ((1, EMPTY),))))
    assert solve(barred_alone).assignment == (None, 0)


def test_500_candidates_a_seat_are_answered_in_time_with_a_bound() -> None:
    rng = random.Random(7)
    chairs = tuple(
        Chair(
            tuple(
                candidate(
                    firm,
                    rng.randint(100_000, 999_999),
                    country=rng.randint(0, 1),
                    group=rng.randint(0, 300),
                    kind=rng.randint(0, 5),
                    state=rng.randint(0, 3),
                )
                for firm in sorted(rng.sample(range(2000), 500))
            ),
            share=800,
        )
        for _ in range(12)
    )
    forbidden = tuple(
        Forbidden(seat, kind, ((0, state),)) for seat in range(1, 12) for kind in range(3) for state in range(2)
    )
    puzzle = Puzzle(chairs, (CountryQuota(0, 1, 5000), CountryQuota(1, 1, 3000)), 1, 2, (), forbidden)
    started = time.perf_counter()
    answer = solve(puzzle, seconds=3.0)
    assert time.perf_counter() - started < 8
    assert answer.assignment is not None
    assert broken(puzzle, answer.assignment) == []
    assert answer.filled == 12
    assert answer.bound is None or answer.bound >= answer.value
    assert answer.bound is not None or not answer.proven


def test_out_of_time_is_not_said_to_be_proven() -> None:
    rng = random.Random(3)
    chairs = tuple(
        Chair(tuple(candidate(firm, rng.randint(1, 9), group=rng.randint(0, 20)) for firm in range(150)))
        for _ in range(15)
    )
    answer = solve(Puzzle(chairs, seats_per_group=1), seconds=1e-6)
    assert not answer.proven
    assert answer.bound is None or answer.bound >= answer.value
