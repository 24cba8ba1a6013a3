"""A planted officer: decisions made by known weights, so that it can be seen whether they are found again.

``python -m tests.matching.planted`` prints the experiment that MIN_RUNS and MIN_DECISIONS rest on (some minutes).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import numpy as np

from matching.learning import JudgedMatch, JudgedRun, Outcome, _columns, _fitted
from matching.ranking import SIGNALS, WEIGHTS

NAMES = tuple(SIGNALS)
START = datetime(2026, 1, 5, tzinfo=UTC)
RAISED, LOWERED = ("readiness_complements", "makes_in_quantity"), ("terms_shared",)
STRONG = WEIGHTS | {
    "readiness_complements": 4 * WEIGHTS["readiness_complements"],
    "makes_in_quantity": 3 * WEIGHTS["makes_in_quantity"],
    "terms_shared": WEIGHTS["terms_shared"] / 4,
}
MILD = WEIGHTS | {
    "readiness_complements": 2 * WEIGHTS["readiness_complements"],
    "makes_in_quantity": 1.5 * WEIGHTS["makes_in_quantity"],
    "terms_shared": WEIGHTS["terms_shared"] / 2,
}


def fit_of(values: np.ndarray, weights: Mapping[str, float]) -> np.ndarray:
    known = ~np.isnan(values)
    weight = np.array([weights[name] for name in NAMES]) * known
    return (weight * np.nan_to_num(values)).sum(axis=1) / weight.sum(axis=1)


def planted_runs(
    true: Mapping[str, float], number: int, *, seed: int = 0, noise: float = 0.04, decided: int = 5
) -> list[JudgedRun]:
    """Runs of ten matches, the best of sixty by the standing weights, three signals in ten unknown; the officer decides
    on five at random, by the fit under the true weights give or take the noise: the best are introduced, or come to
    more, and the others declined."""
    rng = np.random.default_rng(seed)
    return [_run(f"run-{i:05}", START + timedelta(hours=i), true, rng, noise, decided) for i in range(number)]


def _run(
    run_id: str, at: datetime, true: Mapping[str, float], rng: np.random.Generator, noise: float, decided: int
) -> JudgedRun:
    values = np.round(rng.beta(1.2, 1.8, size=(60, len(NAMES))), 4)
    values[rng.random(values.shape) < 0.3] = np.nan
    values[:, 0] = np.nan_to_num(values[:, 0], nan=0.5)
    values = values[np.argsort(-fit_of(values, WEIGHTS), kind="stable")[:10]]
    worth = fit_of(values, true) + rng.normal(0, noise, len(values))
    read = rng.choice(len(values), decided, replace=False)
    outcomes: dict[int, Outcome] = {}
    for place, row in enumerate(read[np.argsort(-worth[read], kind="stable")]):
        best: tuple[Outcome, ...] = ("introduced", "met", "agreement")
        came_to: Outcome = best[rng.integers(3)] if place == 0 else "introduced"
        outcomes[int(row)] = "declined" if place >= decided / 2 else came_to
    return JudgedRun(
        run_id,
        at,
        WEIGHTS,
        tuple(
            JudgedMatch(
                row + 1,
                {name: float(v) for name, v in zip(NAMES, values[row], strict=True) if not np.isnan(v)},
                outcomes.get(row),
            )
            for row in range(len(values))
        ),
    )


def experiment(label: str, true: Mapping[str, float], noise: float, sizes: tuple[int, ...], draws: int = 100) -> None:
    """What weights learned from so many runs keep of the preferences of 300 others, over many draws."""
    unseen = _columns(planted_runs(true, 300, seed=9999, noise=noise))
    standing = unseen.kept(np.ones(len(NAMES))).mean()
    best = unseen.kept(np.array([true[name] / WEIGHTS[name] for name in NAMES])).mean()
    sys.stdout.write(f"{label}, noise {noise}: standing weights keep {standing:.3f}, the true ones {best:.3f}\n")
    for size in sizes:
        kept, right = [], []
        for draw in range(draws):
            factors, _ = _fitted(_columns(planted_runs(true, size, seed=draw, noise=noise)))
            kept.append(unseen.kept(factors).mean())
            right += [factors[NAMES.index(name)] > 1 for name in RAISED]
            right += [factors[NAMES.index(name)] < 1 for name in LOWERED]
        gains = np.array(kept) - standing
        sys.stdout.write(
            f"  {size:4} runs, {5 * size:5} decisions: learned keep {np.mean(kept):.3f}; better in {np.mean(gains > 0):.0%}"
            f" of draws, at worst {gains.min():+.3f}; directions right {np.mean(right):.0%}\n"
        )


if __name__ == "__main__":
    for noise in (0.04, 0.08, 0.12):
        experiment("three reasons weighed mildly otherwise", MILD, noise, (8, 14, 28, 70, 200))
    experiment("three reasons weighed much otherwise", STRONG, 0.04, (8, 14, 28, 70, 200))
    experiment("an officer who weighs as the standing weights do", WEIGHTS, 0.08, (14, 28, 70, 200))
