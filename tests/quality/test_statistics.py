"""The statistics themselves: an interval covers what it should, a planted difference is found and a null one is not."""

from __future__ import annotations

import numpy as np
import pytest

from tests.quality import statistics
from tests.quality.statistics import DRAWS, estimate, p_value


def hits(rate: float, queries: int, seed: int) -> np.ndarray:
    return (np.random.default_rng(seed).random(queries) < rate).astype(float)


def test_the_interval_covers_a_known_mean_about_nineteen_times_in_twenty() -> None:
    found = [estimate(hits(0.4, 60, seed)) for seed in range(200)]
    covered = sum(one.low <= 0.4 <= one.high for one in found)
    assert 180 <= covered <= 198


def test_the_interval_is_that_of_the_mean_and_narrows_with_more_queries() -> None:
    small, large = estimate(hits(0.5, 50, 1)), estimate(hits(0.5, 5_000, 1))
    expected = 2 * 1.96 * 0.5 / np.sqrt(5_000)
    assert large.high - large.low == pytest.approx(expected, rel=0.05)
    assert small.high - small.low > 5 * (large.high - large.low)
    assert small.low < small.mean < small.high


def test_figures_that_do_not_vary_have_no_interval() -> None:
    one = estimate(np.full(30, 0.25))
    assert (one.mean, one.low, one.high) == (0.25, pytest.approx(0.25), pytest.approx(0.25))
    assert not estimate(np.zeros(30)).worse
    assert not estimate(np.zeros(30)).better


def test_one_query_is_an_answer_too() -> None:
    assert estimate(np.ones(1)).mean == 1.0


def test_a_planted_difference_is_found_on_both_sides() -> None:
    draws = np.random.default_rng(7)
    base = draws.random(120)
    better = base + 0.05 + draws.normal(0, 0.1, 120)
    assert p_value(better, base) < 0.001
    assert p_value(base, better) == p_value(better, base)
    assert estimate(better - base).better
    assert estimate(base - better).worse


def test_a_pairing_finds_what_two_separate_intervals_would_hide() -> None:
    base = np.random.default_rng(3).random(60)
    better = base + 0.02 + np.random.default_rng(4).normal(0, 0.02, 60)
    assert estimate(base).high > estimate(better).low
    assert estimate(better - base).better


def test_a_null_difference_is_found_as_rarely_as_the_level_says() -> None:
    pairs = [(hits(0.6, 40, seed), hits(0.6, 40, 10_000 + seed)) for seed in range(200)]
    assert sum(p_value(*pair) < 0.05 for pair in pairs) <= 18
    assert sum(estimate(one - other).worse for one, other in pairs) <= 14


def test_no_difference_at_all_is_certain_to_be_chance() -> None:
    assert p_value(hits(0.5, 40, 1), hits(0.5, 40, 1)) == 1.0


def test_few_differences_cannot_be_significant() -> None:
    """Four queries gained and none lost is a coin that fell the same way four times: 2 / 2⁴."""
    assert p_value(np.r_[np.ones(4), np.zeros(36)], np.zeros(40)) == pytest.approx(0.125, abs=0.01)


def test_the_p_value_agrees_with_the_exact_one() -> None:
    differences = np.array([0.3, -0.1, 0.25, 0.05, 0.4, -0.2, 0.15, 0.1])
    every = np.array(np.meshgrid(*[[-1, 1]] * 8)).reshape(8, -1).T @ differences
    exact = (np.abs(every) >= differences.sum() - 1e-9).mean()
    assert p_value(differences, np.zeros(8)) == pytest.approx(exact, abs=3 * np.sqrt(exact * (1 - exact) / DRAWS))


def test_the_same_figures_give_the_same_answer() -> None:
    one, other = hits(0.5, 80, 1), hits(0.4, 80, 2)
    first = estimate(one - other), p_value(one, other)
    statistics._counts.cache_clear()
    assert (estimate(one - other), p_value(one, other)) == first


def test_ten_thousand_draws_are_taken() -> None:
    assert statistics._counts(3).shape == (DRAWS, 3) == (10_000, 3)
    assert set(statistics._counts(3).sum(axis=1)) == {3}
