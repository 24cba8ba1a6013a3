"""The figures of ``full`` that were last accepted, query by query, and whether today's are worse beyond noise.

``recorded.json`` holds no query and no text, not even ids: a hash of the ids, and the figures in the ids' order.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.factories import ROOT
from tests.quality.statistics import Estimate, Figures, estimate

RECORDED = ROOT / "tests" / "quality" / "recorded.json"

Watched = Mapping[str, tuple[Sequence[str], Mapping[str, Figures]]]
"""For each set its queries' ids and, by metric, the figures of ``full`` in their order."""


@dataclass(frozen=True)
class Change:
    """A figure of today against the recorded one; ``difference`` is None where the queries are not the same."""

    set: str
    metric: str
    now: float
    recorded: float
    difference: Estimate | None

    def __str__(self) -> str:
        told = f"{self.set} {self.metric}: {self.now:.3f}, recorded {self.recorded:.3f}"
        if self.difference is None:
            return f"{told}; not compared, the queries are not those recorded"
        word = "worse" if self.difference.worse else "better" if self.difference.better else "within noise"
        interval = f"[{self.difference.low:+.3f}, {self.difference.high:+.3f}]"
        return f"{told}; difference {self.difference.mean:+.3f} {interval}: {word}"

    @property
    def worse(self) -> bool:
        return self.difference is not None and self.difference.worse


def read_recorded(path: Path = RECORDED) -> dict[str, Any]:
    """The recorded sets by name; none when nothing was recorded yet."""
    if not path.is_file():
        return {}
    sets: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return sets


def compare(watched: Watched, recorded: Mapping[str, Any]) -> list[Change]:
    """Every watched figure that was recorded against the recorded one, by the paired bootstrap."""
    changes = []
    for name, (ids, figures) in watched.items():
        held = recorded.get(name, {"figures": {}})
        for metric in figures.keys() & held["figures"].keys():
            before = np.array(held["figures"][metric], dtype=np.float64)
            same = held["queries"] == _hash(ids) and len(before) == len(ids)
            difference = estimate(_rounded(figures[metric]) - before) if same else None
            changes.append(Change(name, metric, float(figures[metric].mean()), float(before.mean()), difference))
    return sorted(changes, key=lambda change: (list(watched).index(change.set), change.metric))


def record(watched: Watched, versions: Mapping[str, str], path: Path = RECORDED) -> None:
    """Write today's figures in place of those recorded; a set that was not scored keeps what it had."""
    sets = read_recorded(path)
    for name, (ids, figures) in watched.items():
        kept = {metric: [_short(value) for value in _rounded(values)] for metric, values in figures.items()}
        means = {metric: round(float(values.mean()), 4) for metric, values in figures.items()}
        sets[name] = {**versions, "queries": _hash(ids), "means": means, "figures": kept}
    lines = [f"{json.dumps(name)}: {json.dumps(entry, separators=(',', ':'))}" for name, entry in sorted(sets.items())]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _rounded(figures: Figures) -> Figures:
    return np.round(figures, 4)


def _short(value: float) -> float | int:
    return int(value) if value == int(value) else float(value)


def _hash(ids: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(ids).encode()).hexdigest()[:12]
