"""What was found, as a table for README, a Markdown report and JSON; figures only, no advice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from matching.ranking import WEIGHTS
from tests.quality.judgements import Judged
from tests.quality.recorded import Change
from tests.quality.sets import COMPARED, Scored, together
from tests.quality.statistics import Estimate, Figures, estimate, p_value

RIVALS = ("bm25", "dense", "no query")

HOW_TO_READ = """\
Labels made by others, dev halves (`../shared/data/eval/README.md`). Square brackets hold the 95 % bootstrap interval over
queries (10,000 resamples, percentile); `p` is a two-sided paired randomisation test (Fisher; signs of the per-query
differences drawn 10,000 times), not adjusted for the number of tests. `no query` ignores the query and was fitted on no
answer: firms with a record by number of statements, then of sectors; texts without a record by number of words. Queries that
share a label (an SBIR topic, an industry) are not independent, so the intervals of those sets are narrower than the truth.
"""

HOW_TO_READ_ABLATIONS = """\
Difference of the set's first watched figure (judgements: share held) when the signal's weight is zero; `*` marks one whose
paired interval leaves out 0. A signal that is unknown throughout a set changes nothing there. Market signals are not in play.
"""


@dataclass(frozen=True)
class Findings:
    """All that one run of ``make quality`` measured."""

    versions: Mapping[str, str]
    scored: Sequence[Scored]
    skipped: Sequence[str]
    judgements: Scored
    judged: Sequence[Judged]
    changes: Sequence[Change]


def table(scored: Sequence[Scored]) -> str:
    """The table of README: every set and metric by ranker, best figure of each row in bold."""
    rows = []
    for one in scored:
        for metric in one.kind.shown:
            figures = [float(one.rankers[ranker][metric].mean()) for ranker in COMPARED]
            cells = [f"**{f:.3f}**" if f == max(figures) else f"{f:.3f}" for f in figures]
            rows.append([f"{one.kind.name} ({len(one.ids)} queries)", metric, *cells])
    return _markdown_table(["set", "metric", *COMPARED], rows)


def markdown(found: Findings) -> str:
    """The whole report."""
    signals = ", ".join(f"{name} {weight:g}" for name, weight in WEIGHTS.items())
    parts = [
        "# How good the ranking is",
        HOW_TO_READ + f"\nEncoder `{found.versions['encoder']}`; weights: {signals}.",
        *(
            [f"**Not scored:** {', '.join(found.skipped)} (its texts are not embedded yet: `--all`)."]
            * bool(found.skipped)
        ),
        "## Every ranker on every set",
        _intervals(found.scored),
        "## `full` against the others, paired by query",
        _paired(_with_both_ventures(found.scored)),
        "## Slices",
        _sliced(found.scored),
        "## Each signal left out once",
        HOW_TO_READ_ABLATIONS,
        _ablations([*_with_both_ventures(found.scored), found.judgements]),
        "## Judgements",
        _judgements(found.judged),
        "## Against the recorded figures",
        "\n".join(f"* {change}" for change in found.changes)
        or "Nothing is recorded yet: `python -m tests.quality --record`.",
    ]
    return "\n\n".join(parts) + "\n"


def as_json(found: Findings) -> dict[str, Any]:
    """The same as data."""
    return {
        "versions": dict(found.versions),
        "weights": dict(WEIGHTS),
        "skipped": list(found.skipped),
        "sets": {one.kind.name: _set_as_json(one) for one in _with_both_ventures(found.scored)},
        "judgements": {
            **_set_as_json(found.judgements),
            "wrong": [
                {**one.judgement._asdict(), "fit_of_better": one.better, "fit_of_worse": one.worse}
                for one in found.judged
                if not one.holds
            ],
        },
        "recorded": [asdict(change) | {"worse": change.worse} for change in found.changes],
    }


def _set_as_json(one: Scored) -> dict[str, Any]:
    shown, main = one.kind.shown, one.kind.watched[0]
    full = one.rankers["full"]
    return {
        "queries": len(one.ids),
        "rankers": {
            name: {metric: asdict(estimate(figures[metric])) for metric in shown}
            for name, figures in one.rankers.items()
        },
        "full_against": {
            rival: {metric: _against(full[metric], one.rankers[rival][metric]) for metric in shown}
            for rival in RIVALS
            if rival in one.rankers
        },
        "slices": {
            label: {"queries": int(mask.sum())}
            | {
                name: {metric: float(figures[metric][mask].mean()) for metric in shown}
                for name, figures in one.rankers.items()
            }
            for label, mask in one.slices.items()
        },
        "without": {name: {main: _against(left[main], full[main])} for name, left in one.without.items()},
    }


def _against(one: Figures, other: Figures) -> dict[str, float]:
    return asdict(estimate(one - other)) | {"p": p_value(one, other)}


def _with_both_ventures(scored: Sequence[Scored]) -> list[Scored]:
    """The sets, and the two of ventures as one: 74 queries say more than 40 and 34."""
    both = [one for one in scored if one.kind.name.startswith("ventures")]
    if len(both) < 2:
        return list(scored)
    return [*both, together("both ventures", both), *(one for one in scored if one not in both)]


def _intervals(scored: Sequence[Scored]) -> str:
    rows = [
        [f"{one.kind.name} ({len(one.ids)})", metric, *(_bracketed(estimate(one.rankers[r][metric])) for r in COMPARED)]
        for one in scored
        for metric in one.kind.shown
    ]
    return _markdown_table(["set (queries)", "metric", *COMPARED], rows)


def _paired(scored: Sequence[Scored]) -> str:
    rows = [
        [f"{one.kind.name} ({len(one.ids)})", metric, *(_difference(one, metric, rival) for rival in RIVALS)]
        for one in scored
        for metric in one.kind.shown
    ]
    return _markdown_table(["set (queries)", "metric", *(f"full − {rival}" for rival in RIVALS)], rows)


def _difference(one: Scored, metric: str, rival: str) -> str:
    full, other = one.rankers["full"][metric], one.rankers[rival][metric]
    return f"{_bracketed(estimate(full - other), sign='+')}, p {_p(full, other)}"


def _sliced(scored: Sequence[Scored]) -> str:
    rows = []
    for one in scored:
        for label, mask in one.slices.items():
            metric = one.kind.watched[0]
            figures = {name: one.rankers[name][metric][mask] for name in COMPARED}
            paired = [_p(figures["full"], figures[rival]) for rival in ("bm25", "dense")]
            means = [f"{figures[name].mean():.3f}" for name in COMPARED]
            rows.append([f"{one.kind.name}: {label} ({int(mask.sum())})", metric, *means, *paired])
    return _markdown_table(["slice (queries)", "metric", *COMPARED, "p full/bm25", "p full/dense"], rows)


def _ablations(scored: Sequence[Scored]) -> str:
    kept = [one for one in scored if one.without]
    main = [one.kind.watched[0] for one in kept]
    full = [one.rankers["full"][metric] for one, metric in zip(kept, main, strict=True)]
    rows = [["all signals", *(f"{figures.mean():.3f}" for figures in full)]]
    for name in kept[0].without if kept else ():
        changes = [
            estimate(one.without[name][metric] - figures) for one, metric, figures in zip(kept, main, full, strict=True)
        ]
        marks = ["*" if change.worse or change.better else "" for change in changes]
        cells = [f"{change.mean:+.3f}{mark}" for change, mark in zip(changes, marks, strict=True)]
        rows.append([f"without {name} (weight {WEIGHTS[name]:g})", *cells])
    heads = [f"{one.kind.name} {metric}" for one, metric in zip(kept, main, strict=True)]
    return _markdown_table(["", *heads], rows)


def _judgements(judged: Sequence[Judged]) -> str:
    wrong = [one for one in judged if not one.holds]
    rows = [
        [
            one.judgement.seeker,
            f"{one.judgement.better} {one.better:.3f}",
            f"{one.judgement.worse} {one.worse:.3f}",
            one.judgement.why,
        ]
        for one in wrong
    ]
    held = len(judged) - len(wrong)
    told = f"{held} of {len(judged)} hold ({held / len(judged):.1%}). Those that do not, with the two fits:"
    return f"{told}\n\n{_markdown_table(['seeker', 'should be better', 'should be worse', 'why'], rows)}"


def _p(one: Figures, other: Figures) -> str:
    chance = p_value(one, other)
    return "< 0.001" if chance < 0.001 else f"{chance:.3f}"


def _bracketed(one: Estimate, sign: str = "") -> str:
    return f"{one.mean:{sign}.3f} [{one.low:{sign}.2f}, {one.high:{sign}.2f}]"


def _markdown_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(
        "|" + "|".join(line) + "|" if line[0] == "---" else "| " + " | ".join(line) + " |" for line in lines
    )
