"""The figures that the quality runs recorded, for those who ask how good the ranking is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from app.settings import ROOT

RECORDED = ROOT / "tests" / "quality" / "recorded.json"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure of one set of judgements: the mean over its queries."""

    set: str
    metric: str
    mean: float
    queries: int


def figures(path: Path = RECORDED) -> list[Figure]:
    """All recorded figures by set and metric; none where the file did not come along."""
    if not path.is_file():
        return []
    recorded = json.loads(path.read_text(encoding="utf-8"))
    return [
        Figure(name, metric, mean, len(held["figures"][metric]))
        for name, held in sorted(recorded.items())
        for metric, mean in sorted(held["means"].items())
    ]
