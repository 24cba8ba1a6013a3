"""The table of judgements over seed firms (tests/matching/judgements.csv), written before the weights were touched."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from app.evaluations import Embedder, pairs_in_play
from app.firms import read_seed_firms
from app.knowledge import Knowledge
from matching.play import Play
from matching.pool import PooledFirm
from matching.ranking import OF_MARKETS, SIGNALS, WEIGHTS, Weights, fit
from tests.factories import ROOT, SEEDS
from tests.quality.sets import Kind, Scored, each_left_out
from tests.quality.statistics import Figures

TABLE = ROOT / "tests" / "matching" / "judgements.csv"


class Judgement(NamedTuple):
    """For the seeker, the better firm must have the higher fit; why is a trade officer's reason."""

    seeker: str
    better: str
    worse: str
    why: str

    def __str__(self) -> str:
        return f"{self.seeker}: {self.better} > {self.worse}"


@dataclass(frozen=True)
class Judged:
    """A judgement and the two fits."""

    judgement: Judgement
    better: float
    worse: float

    @property
    def holds(self) -> bool:
        return self.better > self.worse


def read_judgements() -> list[Judgement]:
    with TABLE.open(encoding="utf-8", newline="") as stream:
        return [Judgement(**row) for row in csv.DictReader(stream)]


def seed_play(knowledge: Knowledge, embed: Embedder) -> Play:
    """Every Canadian seed firm with every Indian one, as they stand in the seed files; no market in play."""
    firms = [
        PooledFirm(firm_id, profile)
        for firm_id, profile in read_seed_firms(SEEDS / "firms", knowledge.taxonomy).items()
    ]
    ours, theirs = ([f for f in firms if f.profile.country == country] for country in ("CAN", "IND"))
    return pairs_in_play(ours, theirs, knowledge, embed)


def judge(play: Play, weights: Weights, judgements: Sequence[Judgement]) -> list[Judged]:
    """Each judgement with the fits of its two pairs; the seeker may stand on either side."""
    fits = fit(play, weights)
    return [
        Judged(one, *(float(fits[_pair(play, one.seeker, firm)]) for firm in (one.better, one.worse)))
        for one in judgements
    ]


def _pair(play: Play, seeker: str, firm: str) -> tuple[int, int]:
    innovators, manufacturers = (
        {pooled.id: row for row, pooled in enumerate(pool.firms)} for pool in (play.innovators, play.manufacturers)
    )
    innovator, manufacturer = (seeker, firm) if seeker in innovators else (firm, seeker)
    return innovators[innovator], manufacturers[manufacturer]


def against(play: Play, weights: Weights, judged: Judged) -> str:
    """The signal that speaks most for the worse firm of a judgement that does not hold, in words."""
    one = judged.judgement
    better, worse = _pair(play, one.seeker, one.better), _pair(play, one.seeker, one.worse)
    told: dict[str, tuple[float, str]] = {}
    for name, weight in weights.items():
        if weight > 0 and name not in OF_MARKETS:
            values = SIGNALS[name](play).values[:, :, 0]
            values = np.broadcast_to(values, (len(play.innovators), len(play.manufacturers)))
            high, low = values[worse], values[better]
            # A signal that is unknown leaves the mean where it is, as the mean itself would.
            pull = np.nan_to_num(high, nan=judged.worse) - np.nan_to_num(low, nan=judged.better)
            told[name] = (weight * float(pull), f"{name} {_figure(high)} against {_figure(low)}")
    return max(told.values())[1]


def _figure(value: float) -> str:
    return "unknown" if np.isnan(value) else f"{value:.2f}"


def as_set(play: Play, judgements: Sequence[Judgement]) -> Scored:
    """The judgements as a set whose figure is 1 for each that holds, with each signal left out once."""

    def held(weights: Weights) -> dict[str, Figures]:
        return {"held": np.array([one.holds for one in judge(play, weights, judgements)], dtype=np.float64)}

    return Scored(
        Kind("judgements", ("held",), ("held",)),
        tuple(map(str, judgements)),
        {"full": held(WEIGHTS)},
        {name: held(less) for name, less in each_left_out(WEIGHTS).items()},
        {},
    )
