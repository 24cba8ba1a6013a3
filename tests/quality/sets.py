"""The evaluation sets, what is asked of each, and their figures query by query for every ranker."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from app.evaluations import RANKERS, Embedder, Trial
from app.knowledge import Knowledge
from matching.evaluation import Collection, Text, measure_each, read_collection
from matching.index import Scores, words
from matching.profile import slug
from matching.ranking import OF_MARKETS, WEIGHTS, Weights
from tests.factories import SHARED
from tests.quality.statistics import Figures

NO_QUERY = "no query"
COMPARED = (NO_QUERY, *(ranker for ranker in RANKERS if ranker != "challenge"))
EVAL = SHARED / "data" / "eval"

EXPORT_CONTROL = frozenset(
    "export_control_list controlled_goods_list_DPA export_import_permits_act controlled_goods_regs "
    "nuclear_dual_use_regs".split()
)


@dataclass(frozen=True)
class Kind:
    """A set as it is reported: the metrics shown, those the gate watches, slices by a column of query_meta.tsv."""

    name: str
    shown: tuple[str, ...]
    watched: tuple[str, ...]
    slices: Mapping[str, tuple[str, frozenset[str]]] = field(default_factory=dict)
    ablated: bool = True
    slow: bool = False
    read: Callable[[Path], Collection] = lambda folder: read_collection(folder, "dev")


def read_french_summaries(_folder: Path) -> Collection:
    """The French summary of a Québec firm as a query, for its own English record among those of all Canadian firms."""
    lines = (SHARED / "data" / "firms" / "canada.jsonl").read_text(encoding="utf-8").splitlines()
    records = {slug(record["name"]): record for record in map(json.loads, lines)}
    corpus = tuple(
        Text(firm, " ".join(said["statement"] for said in record["technologies"]), record)
        for firm, record in records.items()
    )
    queries = tuple(Text(firm, record["summary_fr"]) for firm, record in records.items() if record.get("summary_fr"))
    return Collection(corpus, queries, {query.id: {query.id: 1} for query in queries}, frozenset())


YES, NO = frozenset({"true"}), frozenset({"false"})

KINDS = (
    Kind(
        "ventures",
        ("hits@1", "hits@10", "mrr@10"),
        ("hits@10", "hits@1"),
        {"a partner is in the corpus": ("answerable", YES)},
    ),
    Kind("ventures-extra", ("hits@1", "hits@10", "mrr@10"), ("hits@10",)),
    Kind("sbir", ("ndcg@10", "recall@10", "mrr@10"), ("ndcg@10",), {"no sibling's title": ("title_shared", NO)}),
    Kind("industry", ("p@10", "ndcg@10", "mrr@10"), ("p@10",)),
    Kind("cranfield", ("ndcg@10", "recall@10", "mrr@10"), ("ndcg@10",)),
    Kind(
        "fr-en-law",
        ("hits@1", "hits@10", "mrr@10"),
        ("hits@1",),
        {"export control": ("law", EXPORT_CONTROL)},
        ablated=False,
        slow=True,
    ),
    Kind("french-summaries", ("hits@1", "hits@10", "mrr@10"), ("hits@1",), read=read_french_summaries),
)
"""``watched`` are the figures of issue 3, the first of them the set's own."""


@dataclass(frozen=True)
class Scored:
    """Figures of one set by ranker (or signal left out) and metric, in the order of the queries' ids."""

    kind: Kind
    ids: tuple[str, ...]
    rankers: Mapping[str, Mapping[str, Figures]]
    without: Mapping[str, Mapping[str, Figures]]
    slices: Mapping[str, np.ndarray]


def score(kind: Kind, folder: Path, knowledge: Knowledge, embed: Embedder, *, also_slow: bool) -> Scored | None:
    """The set's figures; None for a slow set whose texts are not embedded yet, unless it is asked for."""
    trial = Trial(kind.read(folder), knowledge, embed)
    if kind.slow and not also_slow and trial.waiting():
        return None
    made = {NO_QUERY: broadest_first(trial)} | {
        ranker: trial.scores(ranker) for ranker in COMPARED if ranker != NO_QUERY
    }
    without = {name: trial.fit(less) for name, less in each_left_out(WEIGHTS).items()} if kind.ablated else {}
    ids = tuple(query.id for query in trial.collection.queries)
    return Scored(
        kind,
        ids,
        {name: measure_each(scores, trial.collection) for name, scores in made.items()},
        {name: measure_each(scores, trial.collection) for name, scores in without.items()},
        _slices(kind, folder, ids),
    )


def each_left_out(weights: Weights) -> dict[str, Weights]:
    """The weights without each signal that counts when no market is in play."""
    counting = {name: weight for name, weight in weights.items() if weight > 0}
    pairs = [name for name in counting if name not in OF_MARKETS]
    return {name: {other: w for other, w in counting.items() if other != name} for name in pairs}


def broadest_first(trial: Trial) -> Scores:
    """A list that ignores the query and was fitted on no answer.

    Firms with a record by how many statements, then sectors, they have; texts without one by their number of words.
    """
    corpus = trial.collection.corpus
    if any(document.record is not None for document in corpus):
        pool = trial.play.manufacturers
        sectors = pool.sectors.sum(axis=1)
        breadth = np.array([len(firm.profile.statements) for firm in pool.firms]) + sectors / (1 + sectors.max())
    else:
        breadth = np.array([len(words(document.text)) for document in corpus])
    return np.tile(breadth.astype(np.float32), (len(trial.collection.queries), 1))


def _slices(kind: Kind, folder: Path, ids: Sequence[str]) -> dict[str, np.ndarray]:
    if not kind.slices:
        return {}
    with (folder / "query_meta.tsv").open(encoding="utf-8", newline="") as stream:
        meta = {row["query-id"]: row for row in csv.DictReader(stream, delimiter="\t")}
    return {
        label: np.array([meta[query][column] in values for query in ids])
        for label, (column, values) in kind.slices.items()
    }


def together(name: str, several: Sequence[Scored]) -> Scored:
    """Sets of the same kind as one, for more statistical power."""
    first = several[0]
    return Scored(
        Kind(name, first.kind.shown, first.kind.watched),
        tuple(query for one in several for query in one.ids),
        _joined([one.rankers for one in several]),
        _joined([one.without for one in several]),
        {},
    )


def _joined(parts: Sequence[Mapping[str, Mapping[str, Figures]]]) -> dict[str, dict[str, Figures]]:
    return {
        name: {metric: np.concatenate([part[name][metric] for part in parts]) for metric in parts[0][name]}
        for name in parts[0]
    }
