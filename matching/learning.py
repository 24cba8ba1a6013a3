"""Weights learned from decisions: how much each reason should count, going by what officers did with their lists.

Within one run, a match that came to more is preferred to one that came to less: agreement, met, introduced, no
decision, declined. The weights are fitted to these preferences by the pairwise logistic loss on the very fit that
ranks and is printed, with what is unknown left out (RankNet: Burges et al., ICML 2005; here the scoring function is
the weighted mean itself, so that the result is a table and not a network).

* **Monotone.** A learned weight is the standing weight times exp(a): above zero, so every signal may only help
  (Sill, “Monotonic Networks”, NIPS 1997; ``monotone_constraints`` of LightGBM). What stands at zero stays there.
* **Pulled towards the standing weights.** The factors have a log-normal prior around 1 (ridge on their logarithms;
  Hoerl & Kennard 1970), PRIOR_SPREAD wide. Fit does not change when all weights grow alike, so the factors' geometric
  mean stays 1, and a signal of which no decision speaks keeps its standing weight to the last digit.
* **Not seen is not judged.** A match without a decision counts only when it stands above the last one decided: the
  officer has passed it over (“skip above”: Joachims, KDD 2002). What lies below may never have been read.
* **A decision is the unit.** The preferences of a run share the weight of its decisions, so that one introduction on
  a list of fifty does not outweigh ten short lists (query-level normalisation: Cao et al., SIGIR 2006).
* **Later runs are the test.** Learned from the runs decided first, measured on those decided last, never shuffled;
  the weights given are those that were measured, not fitted again over everything.

What it cannot do: a list shows only what the weights in use brought up, so decisions say little of what those weights
keep down; and one triad may be judged in an earlier and in a later run. Read the measured gain with both in mind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from matching.ranking import SIGNALS, Weights, check_weights

Outcome = Literal["agreement", "met", "introduced", "declined"]

GRADES: dict[Outcome | None, int] = {"agreement": 3, "met": 2, "introduced": 1, None: 0, "declined": -1}
"""What came of a match, in order; None is a match that was passed over."""

MIN_DECISIONS = 100
MIN_RUNS = 20
"""Below these nothing is learned. In the planted experiment (tests/matching/planted.py), with an officer who weighs
three reasons mildly otherwise (2, 1/2 and 1.5 times), the weights learned from the earlier 14 of 20 runs order unseen
runs better than the standing ones in 88 to 99 of 100 draws, by how steady the officer is. The six runs of the test
tell little by themselves: look at the interval of the gain."""

EARLIER = 0.7
"""The share of the runs, the earliest, that is learned from; the rest is the test."""

PRIOR_SPREAD = 0.5
"""Standard deviation of a factor's logarithm before any decision: two weights in three within a factor of 1.65."""

SHARPNESS = (1.0, 10.0, 100.0)
"""Least, first and greatest steepness of the logistic curve: at 10, a fit better by 0.1 is preferred 73 times in 100.
It is fitted with the weights, so that decisions at odds with one another move them less."""

RESAMPLES = 2000

Floats = NDArray[np.float64]


class TooFewDecisions(ValueError):
    """Too little has been decided to learn from; the message says how much there is and how much is needed."""


@dataclass(frozen=True, slots=True)
class JudgedMatch:
    """A listed match: its place, the values printed (a signal that is not there was unknown), what came of it.

    ``teaches`` is false where the decision says nothing of the fit, such as a refusal over export control: permission
    is a verdict and never moves fit, by this road neither. The match was read, and is neither better nor worse.
    """

    rank: int
    values: Mapping[str, float]
    outcome: Outcome | None
    teaches: bool = True


@dataclass(frozen=True, slots=True)
class JudgedRun:
    """A run on which decisions were taken, the moment of the last, and the standing weights of its kind of ask."""

    id: str
    decided_at: datetime
    standing: Weights
    matches: tuple[JudgedMatch, ...]


@dataclass(frozen=True, slots=True)
class Amount:
    """How much was learned from or tested on."""

    runs: int
    decisions: int
    preferences: int


@dataclass(frozen=True, slots=True)
class Score:
    """How well weights order the later runs: the share of preferences kept (a tie is half), and the mean nDCG."""

    preferences_kept: float
    ndcg: float


@dataclass(frozen=True, slots=True)
class Gain:
    """Preferences kept by the learned less by the standing weights, with its 95 % bootstrap interval over runs."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Learned:
    """A learned table of weights with all that is needed to judge it."""

    weights: dict[str, float]
    standing: dict[str, float]
    trained_on: Amount
    tested_on: Amount
    learned_until: datetime
    """The last decision learned from; every run of the test was decided later, or in the same moment."""
    standing_score: Score
    learned_score: Score
    gain: Gain
    sharpness: float

    @property
    def better(self) -> bool:
        """Whether the learned weights kept more preferences of the later runs than the standing ones."""
        return self.gain.mean > 0


def learn(runs: Sequence[JudgedRun], standing: Weights) -> Learned:
    """Weights learned from the earlier runs and measured on the later ones, beside the ``standing`` table.

    The order of the runs given does not matter. Raises TooFewDecisions; WeightsError for weights that make no sense.
    """
    for table in (standing, *(run.standing for run in runs)):
        check_weights(table)
    told = [run for run in runs if preferences(run)]
    _enough(told)
    earlier, later = split(told)
    factors, sharpness = _fitted(_columns(earlier))
    unmoved = np.ones(len(SIGNALS))
    weights = {
        name: round(float(standing[name] * factor), 4)
        for name, factor in zip(SIGNALS, factors, strict=True)
        if name in standing
    }
    given = _columns(later)
    kept_before, kept_now = given.kept(unmoved), given.kept(factors)
    return Learned(
        weights=weights,
        standing={name: float(standing[name]) for name in weights},
        trained_on=_amount(earlier),
        tested_on=_amount(later),
        learned_until=earlier[-1].decided_at,
        standing_score=Score(round(float(kept_before.mean()), 4), given.ndcg(unmoved)),
        learned_score=Score(round(float(kept_now.mean()), 4), given.ndcg(factors)),
        gain=_gain(kept_now - kept_before, given.run_of_pair),
        sharpness=round(sharpness, 2),
    )


def split(runs: Sequence[JudgedRun]) -> tuple[list[JudgedRun], list[JudgedRun]]:
    """The runs decided earlier and those decided later; of runs decided in one moment, the id decides."""
    ordered = sorted(runs, key=lambda run: (run.decided_at, run.id))
    at = round(EARLIER * len(ordered))
    return ordered[:at], ordered[at:]


def preferences(run: JudgedRun) -> list[tuple[int, int]]:
    """Positions of the better and the worse match of every pair that the run's decisions order."""
    deepest = max((match.rank for match in run.matches if match.outcome), default=0)
    seen = [
        (i, GRADES[match.outcome]) for i, match in enumerate(run.matches) if match.rank <= deepest and match.teaches
    ]
    return [(better, worse) for better, high in seen for worse, low in seen if high > low]


def _enough(told: Sequence[JudgedRun]) -> None:
    amount = _amount(told)
    if amount.runs < MIN_RUNS or amount.decisions < MIN_DECISIONS:
        raise TooFewDecisions(
            f"weights are learned from at least {MIN_DECISIONS} decisions in {MIN_RUNS} runs; "
            f"there are {amount.decisions} in {amount.runs} that prefer one match to another"
        )


def _amount(runs: Sequence[JudgedRun]) -> Amount:
    return Amount(len(runs), sum(map(_decisions, runs)), sum(len(preferences(run)) for run in runs))


def _decisions(run: JudgedRun) -> int:
    return sum(match.outcome is not None and match.teaches for match in run.matches)


@dataclass(frozen=True, slots=True)
class _Columns:
    """Runs as arrays: a row for each match, a column for each signal; and the pairs that the decisions order."""

    values: Floats
    known: Floats
    standing: Floats
    grade: Floats
    run_of_match: NDArray[np.int64]
    better: NDArray[np.int64]
    worse: NDArray[np.int64]
    run_of_pair: NDArray[np.int64]
    pair_weight: Floats

    def fits(self, factors: Floats) -> Floats:
        """The fit of every match, as ranking computes it; 0 where nothing is known."""
        weight = self.standing * factors * self.known
        total = weight.sum(axis=1)
        fit = np.zeros(len(total))
        np.divide((weight * self.values).sum(axis=1), total, out=fit, where=total > 0)
        return fit

    def kept(self, factors: Floats) -> Floats:
        """For every pair: 1 when the preferred match has the better fit, a half for a tie, else 0."""
        fit = np.round(self.fits(factors), 6)  # ranking rounds so, and a tie there is a tie here
        return (np.sign(fit[self.better] - fit[self.worse]) + 1) / 2

    def ndcg(self, factors: Floats) -> float:
        """Mean nDCG over the runs with a match that came to something (gain 2^grade - 1; Burges et al. 2005)."""
        fit = np.round(self.fits(factors), 6)
        gain = np.exp2(np.maximum(self.grade, 0)) - 1
        found = []
        for run in np.unique(self.run_of_match):
            rows = np.flatnonzero(self.run_of_match == run)
            discount = 1 / np.log2(np.arange(2, len(rows) + 2))
            ideal = float(np.sort(gain[rows])[::-1] @ discount)
            if ideal > 0:
                # Rows stand in the order of the list, and the sort is stable: equals stay as they were listed.
                found.append(float(gain[rows][np.argsort(-fit[rows], kind="stable")] @ discount) / ideal)
        return round(float(np.mean(found)), 4) if found else 0.0


def _columns(runs: Sequence[JudgedRun]) -> _Columns:
    rows: list[tuple[int, JudgedMatch, Weights]] = []
    better, worse, run_of_pair, pair_weight = [], [], [], []
    for number, run in enumerate(runs):
        pairs = preferences(run)
        judged = sorted({i for pair in pairs for i in pair}, key=lambda i: run.matches[i].rank)
        row_of = {i: len(rows) + place for place, i in enumerate(judged)}
        rows += [(number, run.matches[i], run.standing) for i in judged]
        better += [row_of[i] for i, _ in pairs]
        worse += [row_of[i] for _, i in pairs]
        run_of_pair += [number] * len(pairs)
        pair_weight += [_decisions(run) / len(pairs)] * len(pairs)
    values = np.array([[match.values.get(name, np.nan) for name in SIGNALS] for _, match, _ in rows])
    return _Columns(
        values=np.nan_to_num(values),
        known=(~np.isnan(values)).astype(np.float64),
        standing=np.array([[float(table.get(name, 0.0)) for name in SIGNALS] for _, _, table in rows]),
        grade=np.array([GRADES[match.outcome] for _, match, _ in rows], dtype=np.float64),
        run_of_match=np.array([number for number, _, _ in rows], dtype=np.int64),
        better=np.array(better, dtype=np.int64),
        worse=np.array(worse, dtype=np.int64),
        run_of_pair=np.array(run_of_pair, dtype=np.int64),
        pair_weight=np.array(pair_weight),
    )


def _fitted(given: _Columns) -> tuple[Floats, float]:
    """The factor of every signal and the sharpness that make the preferences likeliest under the prior."""
    from scipy.optimize import minimize  # type: ignore[import-untyped]

    least, first, greatest = np.log(SHARPNESS)
    found = minimize(
        _loss,
        np.append(np.zeros(len(SIGNALS)), first),
        args=(given,),
        jac=True,
        method="L-BFGS-B",
        bounds=[(None, None)] * len(SIGNALS) + [(least, greatest)],
        options={"maxiter": 1000, "ftol": 1e-12, "gtol": 1e-8},
    )
    return np.exp(found.x[:-1]), float(np.exp(found.x[-1]))


def _loss(at: Floats, given: _Columns) -> tuple[float, Floats]:
    """Negative log posterior at the factors' logarithms and the logarithm of the sharpness, with its gradient."""
    logs, sharpness = at[:-1], float(np.exp(at[-1]))
    factors = np.exp(logs)
    fit = given.fits(factors)
    margin = sharpness * (fit[given.better] - fit[given.worse])
    loss = float(given.pair_weight @ np.logaddexp(0, -margin)) + float(logs @ logs) / (2 * PRIOR_SPREAD**2)
    # Of each pair: how the loss falls as its margin grows; of each match: as its fit grows; then by the chain rule.
    falls = given.pair_weight / (1 + np.exp(margin))
    by_fit = np.zeros(len(fit))
    np.add.at(by_fit, given.better, -sharpness * falls)
    np.add.at(by_fit, given.worse, sharpness * falls)
    weight = given.standing * factors * given.known
    total = np.maximum(weight.sum(axis=1), 1e-300)
    by_log = (by_fit / total) @ (weight * (given.values - fit[:, None])) + logs / PRIOR_SPREAD**2
    return loss, np.append(by_log, -float(falls @ margin))


def _gain(difference: Floats, run_of_pair: NDArray[np.int64]) -> Gain:
    """The mean difference and its interval: whole runs are drawn anew, since pairs of one run hang together."""
    sums = np.bincount(run_of_pair, weights=difference)
    counts = np.bincount(run_of_pair)
    drawn = np.random.default_rng(0).integers(len(sums), size=(RESAMPLES, len(sums)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return Gain(round(float(difference.mean()), 4), round(float(low), 4), round(float(high), 4))
