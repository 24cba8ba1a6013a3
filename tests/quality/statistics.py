"""What of a figure is noise: bootstrap intervals over queries, and a paired test of two rankers on the same queries.

The bootstrap (Efron 1979; percentile interval) draws the queries anew with replacement 10,000 times. Every figure of a
set is taken on the same draws, so that the interval of a difference is that of paired queries. The test is Fisher's
randomisation test (Smucker, Allan & Carterette 2007): if two rankers were equal, which of them had which figure for a
query would be chance, so the signs of the differences are drawn at random. All draws are seeded: same figures, same answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

DRAWS = 10_000
SEED = 20_261
AT_ONCE = 1_000
ROUNDING = 1e-6
"""Smaller differences of means come from single precision; no metric has so fine a grain."""

Figures = NDArray[np.float64]
"""One figure for each query."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over queries with its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float

    @property
    def worse(self) -> bool:
        """For a difference: below zero beyond noise."""
        return self.high < -ROUNDING

    @property
    def better(self) -> bool:
        """For a difference: above zero beyond noise."""
        return self.low > ROUNDING


def estimate(figures: Figures) -> Estimate:
    """Mean and 95 % interval of figures, one a query; of differences, the paired bootstrap."""
    means = _counts(len(figures)) @ figures.astype(np.float32) / len(figures)
    low, high = np.quantile(means, (0.025, 0.975))
    return Estimate(float(figures.mean()), float(low), float(high))


def p_value(one: Figures, other: Figures) -> float:
    """Two-sided randomisation test that two rankers' figures on the same queries differ by chance only."""
    differences = one - other
    differences = differences[np.abs(differences) > ROUNDING]
    if not len(differences):
        return 1.0
    draws = np.random.default_rng(SEED)
    reached = 0
    for _ in range(DRAWS // AT_ONCE):
        signs = draws.integers(0, 2, size=(AT_ONCE, len(differences)), dtype=np.int8) * 2.0 - 1.0
        reached += int((np.abs(signs @ differences) >= abs(differences.sum()) - ROUNDING).sum())
    return (reached + 1) / (DRAWS + 1)


@cache
def _counts(queries: int) -> NDArray[np.float32]:
    """How often each query is drawn: shape (DRAWS, queries)."""
    draws = np.random.default_rng(SEED)
    counts = np.empty((DRAWS, queries), dtype=np.float32)
    for start in range(0, DRAWS, AT_ONCE):
        drawn = draws.integers(0, queries, size=(AT_ONCE, queries)) + queries * np.arange(AT_ONCE)[:, None]
        counts[start : start + AT_ONCE] = np.bincount(drawn.ravel(), minlength=AT_ONCE * queries).reshape(AT_ONCE, -1)
    return counts
