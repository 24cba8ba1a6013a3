"""Weights are learned from preferences within runs: in the right direction, never below zero, never from the future."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.learning import (
    EARLIER,
    MIN_DECISIONS,
    MIN_RUNS,
    PRIOR_SPREAD,
    JudgedMatch,
    JudgedRun,
    TooFewDecisions,
    _columns,
    _loss,
    learn,
    preferences,
    split,
)
from matching.ranking import SIGNALS, WEIGHTS, WEIGHTS_OF_DEMAND, WeightsError, rank
from tests.factories import demand, firm, market, no_rules, play, readiness, statement
from tests.matching.planted import LOWERED, MILD, NAMES, RAISED, START, STRONG, planted_runs

RUNS = 100


@pytest.fixture(scope="module")
def planted() -> list[JudgedRun]:
    return planted_runs(STRONG, RUNS)


@pytest.fixture(scope="module")
def learned(planted):
    return learn(planted, WEIGHTS)


def judged(*outcomes, **over) -> JudgedRun:
    """A run whose matches have these outcomes in order of rank; its signals are all alike."""
    matches = tuple(JudgedMatch(place, {"terms_shared": 0.5}, outcome) for place, outcome in enumerate(outcomes, 1))
    return replace(JudgedRun("run", START, WEIGHTS, matches), **over)


# What is preferred to what


def test_a_match_that_came_to_more_is_preferred() -> None:
    run = judged("declined", None, "introduced", "met", "agreement")
    assert preferences(run) == [
        (better, worse) for better in range(5) for worse in range(better)
    ]  # the list stands in reverse order of what came of it


def test_of_two_that_came_to_the_same_neither_is_preferred() -> None:
    assert preferences(judged("introduced", "introduced")) == []


def test_what_lies_below_the_last_decision_was_not_seen_and_says_nothing() -> None:
    assert preferences(judged("introduced", None, None)) == []
    assert preferences(judged(None, "introduced", None)) == [(1, 0)]


def test_a_decision_that_says_nothing_of_fit_is_neither_better_nor_worse_and_still_shows_how_far_was_read() -> None:
    run = judged("introduced", None, "declined")
    barred = replace(run, matches=(*run.matches[:2], replace(run.matches[2], teaches=False)))
    assert preferences(run) == [(0, 1), (0, 2), (1, 2)]
    assert preferences(barred) == [(0, 1)]


# What is learned


def test_planted_weights_are_found_in_direction(learned) -> None:
    assert [name for name in RAISED if learned.weights[name] < 1.2 * WEIGHTS[name]] == []
    assert [name for name in LOWERED if learned.weights[name] > WEIGHTS[name] / 1.2] == []


def test_the_weight_raised_most_is_the_one_planted_highest(learned) -> None:
    factors = {name: learned.weights[name] / WEIGHTS[name] for name in WEIGHTS}
    assert max(factors, key=factors.__getitem__) in RAISED
    assert min(factors, key=factors.__getitem__) in LOWERED


def test_with_more_decisions_the_planted_weights_are_approached() -> None:
    def off(runs: int) -> float:
        found = learn(planted_runs(STRONG, runs, seed=1), WEIGHTS).weights
        logs = np.array([math.log(found[name] / STRONG[name]) for name in NAMES])
        return float(np.std(logs))  # all weights may grow alike: only their proportions count

    assert off(800) < off(40) < np.std([math.log(WEIGHTS[n] / STRONG[n]) for n in NAMES])
    assert off(800) < 0.25


def test_they_order_the_later_runs_better_and_the_figures_say_so(learned) -> None:
    assert learned.better
    assert learned.learned_score.preferences_kept > learned.standing_score.preferences_kept + 0.05
    assert learned.learned_score.ndcg > learned.standing_score.ndcg
    assert 0 < learned.gain.low <= learned.gain.mean <= learned.gain.high


def test_the_counts_are_those_of_the_two_parts(planted, learned) -> None:
    earlier, later = split(planted)
    for amount, part in ((learned.trained_on, earlier), (learned.tested_on, later)):
        assert amount.runs == len(part)
        assert amount.decisions == 5 * len(part)
        assert amount.preferences == sum(len(preferences(run)) for run in part)
    assert learned.trained_on.runs == round(EARLIER * RUNS)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_whatever_was_decided_no_weight_falls_below_zero_and_every_one_is_finite(seed) -> None:
    """Every signal may only help (monotone), also for an officer who decides against all sense."""
    rng = np.random.default_rng(seed)
    outcomes = np.array(["introduced", "met", "agreement", "declined", None], dtype=object)
    runs = [
        replace(run, matches=tuple(replace(m, outcome=rng.choice(outcomes)) for m in run.matches))
        for run in planted_runs(STRONG, 30, seed=seed)
    ]
    found = learn(runs, WEIGHTS)
    assert set(found.weights) == set(WEIGHTS)
    assert all(0 <= weight < math.inf for weight in found.weights.values())


def test_an_officer_who_wants_the_opposite_of_every_signal_moves_no_weight_below_zero() -> None:
    def turned(run: JudgedRun) -> JudgedRun:
        best = sorted(run.matches, key=lambda match: sum(match.values.values()))
        outcome = {match.rank: "introduced" if place < 5 else "declined" for place, match in enumerate(best)}
        return replace(run, matches=tuple(replace(m, outcome=outcome[m.rank]) for m in run.matches))

    found = learn([turned(run) for run in planted_runs(WEIGHTS, 40)], WEIGHTS)
    assert min(found.weights.values()) > 0


def test_where_the_signals_tell_nothing_apart_the_standing_weights_stay_to_the_last_digit() -> None:
    runs = [
        judged(*["introduced", "declined"] * 3, id=f"run-{i}", decided_at=START + timedelta(hours=i)) for i in range(40)
    ]
    found = learn(runs, WEIGHTS)
    assert found.weights == WEIGHTS
    assert (found.gain.mean, found.better) == (0, False)
    assert found.learned_score == found.standing_score
    assert found.standing_score.preferences_kept == 0.5  # ties are half kept


def test_a_signal_of_which_no_decision_speaks_keeps_its_standing_weight_to_the_last_digit(planted) -> None:
    silent = "market_known"
    runs = [
        replace(
            run,
            matches=tuple(replace(m, values={n: v for n, v in m.values.items() if n != silent}) for m in run.matches),
        )
        for run in planted
    ]
    found = learn(runs, WEIGHTS)
    assert found.weights[silent] == WEIGHTS[silent]
    assert found.weights != WEIGHTS


def test_a_weight_that_stands_at_zero_stays_there(planted) -> None:
    standing = WEIGHTS | {"market_known": 0.0}
    found = learn([replace(run, standing=standing) for run in planted], standing)
    assert found.weights["market_known"] == 0


def test_random_decisions_hardly_move_the_weights() -> None:
    found = learn(planted_runs(WEIGHTS, 100, noise=1e6), WEIGHTS)
    assert max(abs(math.log(found.weights[n] / WEIGHTS[n])) for n in WEIGHTS) < PRIOR_SPREAD


def test_decisions_for_a_demand_are_learned_from_with_the_weights_of_a_demand(planted) -> None:
    """The factors are shared between the two kinds of ask; the tables they multiply are not."""
    of_demand = [replace(run, standing=WEIGHTS_OF_DEMAND) for run in planted]
    assert learn(of_demand, WEIGHTS).weights != learn(planted, WEIGHTS).weights
    assert learn(of_demand, WEIGHTS).standing == WEIGHTS


# Determinism and time


def test_the_order_in_which_runs_are_given_changes_nothing(planted, learned) -> None:
    assert learn(planted[::-1], WEIGHTS) == learned
    assert learn(planted, WEIGHTS) == learned


def test_every_run_of_the_test_was_decided_after_every_run_learned_from(planted, learned) -> None:
    earlier, later = split(planted[::-1])
    assert max(run.decided_at for run in earlier) < min(run.decided_at for run in later)
    assert {run.id for run in earlier}.isdisjoint(run.id for run in later)
    assert sorted(run.id for run in (*earlier, *later)) == sorted(run.id for run in planted)
    assert learned.learned_until == earlier[-1].decided_at


def test_nothing_of_the_later_runs_reaches_the_weights(planted, learned) -> None:
    """Turn every later decision round: the measured score collapses, and the weights do not move by a digit."""
    around = {"introduced": "declined", "met": "declined", "agreement": "declined", "declined": "agreement", None: None}
    earlier, later = split(planted)
    turned = [replace(run, matches=tuple(replace(m, outcome=around[m.outcome]) for m in run.matches)) for run in later]
    found = learn([*turned, *earlier], WEIGHTS)
    assert found.weights == learned.weights
    assert found.sharpness == learned.sharpness
    assert found.learned_score.preferences_kept < learned.learned_score.preferences_kept - 0.1


# Too little


@pytest.mark.parametrize(("runs", "decided"), [(0, 5), (MIN_RUNS - 1, 10), (MIN_RUNS, 4)])
def test_too_few_decisions_or_runs_are_refused_with_how_many_there_are(runs, decided) -> None:
    given = planted_runs(MILD, runs, decided=decided)
    with pytest.raises(
        TooFewDecisions, match=rf"{MIN_DECISIONS} decisions in {MIN_RUNS} runs.*{runs * decided} in {runs} "
    ):
        learn(given, WEIGHTS)


def test_the_least_that_is_asked_for_is_enough() -> None:
    learn(planted_runs(MILD, MIN_RUNS, decided=MIN_DECISIONS // MIN_RUNS), WEIGHTS)


def test_runs_that_prefer_nothing_do_not_count() -> None:
    alike = [judged(*["introduced"] * 10, id=f"run-{i}") for i in range(40)]
    with pytest.raises(TooFewDecisions, match="there are 0 in 0"):
        learn(alike, WEIGHTS)


def test_weights_that_make_no_sense_are_refused(planted) -> None:
    with pytest.raises(WeightsError):
        learn(planted, {"no_such_signal": 1.0})


# The arithmetic


def test_the_gradient_is_that_of_the_loss() -> None:
    given = _columns(planted_runs(STRONG, 12, seed=5))
    at = np.append(np.random.default_rng(5).normal(0, 0.5, len(SIGNALS)), 2.0)
    step = 1e-6
    numeric = [
        (_loss(at + step * axis, given)[0] - _loss(at - step * axis, given)[0]) / (2 * step) for axis in np.eye(len(at))
    ]
    np.testing.assert_allclose(_loss(at, given)[1], numeric, atol=1e-5)


def real_ranking(weights):
    innovators = [firm("Aero One", statements=(statement("Drone airframes in carbon", readiness=readiness(4)),))]
    makers = [
        firm(f"Maker {i}", "IND", statements=(statement(text, readiness=readiness(9, mrl)),), export_markets=sold)
        for i, (text, mrl, sold) in enumerate(
            [("Drone airframes", 9, ("PHL",)), ("Carbon airframes", None, ()), ("Towed sonar", 6, ())]
        )
    ]
    markets = (market("PHL", demands=(demand("Drone airframes for coastal watch"),)), market("IDN", "Indonesia"))
    return rank(play(innovators, makers, markets), weights, no_rules(), date(2026, 11, 24), limit=50).matches


def test_fit_under_learned_weights_is_still_the_mean_of_what_is_printed(learned) -> None:
    matches = real_ranking(learned.weights)
    assert {name for match in matches for name in match.unknown}
    for match in matches:
        total = sum(signal.weight for signal in match.signals)
        assert match.fit == pytest.approx(sum(s.weight * s.value for s in match.signals) / total, abs=1e-6)


@pytest.mark.parametrize("weights", [WEIGHTS, MILD], ids=["standing", "others"])
def test_learning_computes_the_fit_that_ranking_prints(weights) -> None:
    """Unknowns are left out here exactly as they are there."""
    matches = real_ranking(weights)
    outcomes = ["introduced", *["declined"] * (len(matches) - 1)]
    run = JudgedRun(
        "run",
        START,
        WEIGHTS,
        tuple(
            JudgedMatch(m.rank, {s.name: s.value for s in m.signals}, outcome)
            for m, outcome in zip(matches, outcomes, strict=True)
        ),
    )
    factors = np.array([weights[name] / WEIGHTS[name] for name in SIGNALS])
    np.testing.assert_allclose(_columns([run]).fits(factors), [m.fit for m in matches], atol=1e-6)


def test_a_perfect_order_has_an_ndcg_of_one_and_the_opposite_less() -> None:
    def run(*values) -> JudgedRun:
        return JudgedRun(
            "run",
            START,
            WEIGHTS,
            tuple(
                JudgedMatch(place, {"terms_shared": value}, outcome)
                for place, (value, outcome) in enumerate(
                    zip(values, ("agreement", "introduced", "declined"), strict=True), 1
                )
            ),
        )

    unmoved = np.ones(len(SIGNALS))
    assert _columns([run(0.9, 0.5, 0.1)]).ndcg(unmoved) == 1
    backwards = (7 / np.log2(4) + 1 / np.log2(3)) / (7 + 1 / np.log2(3))
    assert _columns([run(0.1, 0.5, 0.9)]).ndcg(unmoved) == pytest.approx(backwards, abs=1e-4)


def test_runs_without_any_match_that_came_to_something_have_no_ndcg() -> None:
    assert _columns([judged(None, "declined")]).ndcg(np.ones(len(SIGNALS))) == 0
