"""Rankings against judgements made by others: BEIR layout in, nDCG, recall, precision, MRR and hits out.

The layout is that of BEIR (Thakur et al. 2021): ``corpus.jsonl``, ``queries.jsonl``, ``qrels/SPLIT.tsv``, and here an
optional ``excluded.tsv`` of query and corpus ids that must not count. Metrics come from ir-measures.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import ir_measures
import numpy as np
from ir_measures import RR, P, R, Success, nDCG
from numpy.typing import NDArray

from matching.index import Scores, WordIndex

METRICS = {
    "ndcg@10": nDCG @ 10,
    "recall@10": R @ 10,
    "p@10": P @ 10,
    "mrr@10": RR @ 10,
    "hits@1": Success @ 1,
    "hits@5": Success @ 5,
    "hits@10": Success @ 10,
}

DEPTH = 10
"""Documents of a ranking handed to the metrics, of which none looks deeper."""


class CollectionError(ValueError):
    """A collection's file is missing or does not fit; the message names file, line and what was expected."""


@dataclass(frozen=True, slots=True)
class Text:
    """A document or a query, with the firm's record where the collection has one."""

    id: str
    text: str
    record: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Collection:
    """Documents, judged queries, judgements by query and document, and pairs that do not count."""

    corpus: tuple[Text, ...]
    queries: tuple[Text, ...]
    judgements: Mapping[str, Mapping[str, int]]
    excluded: frozenset[tuple[str, str]]


def read_collection(folder: Path, split: str) -> Collection:
    """Read a folder in BEIR layout; only queries that have a judgement in the split are kept."""
    judgements: dict[str, dict[str, int]] = {}
    for line, row in _rows(folder / "qrels" / f"{split}.tsv", ("query-id", "corpus-id", "score")):
        try:
            judgements.setdefault(row["query-id"], {})[row["corpus-id"]] = int(row["score"])
        except ValueError as problem:
            raise CollectionError(
                f"{folder / 'qrels' / f'{split}.tsv'}, line {line}: score {row['score']!r}; expected a whole number"
            ) from problem
    excluded = folder / "excluded.tsv"
    pairs = _rows(excluded, ("query-id", "corpus-id")) if excluded.exists() else []
    corpus = tuple(_texts(folder / "corpus.jsonl"))
    queries = tuple(query for query in _texts(folder / "queries.jsonl") if query.id in judgements)
    if not queries:
        raise CollectionError(f"{folder}: no query of queries.jsonl has a judgement in qrels/{split}.tsv")
    return Collection(corpus, queries, judgements, frozenset((row["query-id"], row["corpus-id"]) for _, row in pairs))


def _texts(path: Path) -> list[Text]:
    if not path.is_file():
        raise CollectionError(f"{path} is missing; expected a folder in BEIR layout")
    texts = []
    # Not splitlines(): a JSON string may hold U+2028 and the like.
    for number, line in enumerate(path.read_text(encoding="utf-8").removesuffix("\n").split("\n"), start=1):
        try:
            row = json.loads(line)
            # A title that the text begins with is not said twice.
            title = "" if row["text"].startswith(row.get("title") or "\0") else row.get("title") or ""
            texts.append(Text(str(row["_id"]), f"{title}. {row['text']}" if title else row["text"], row.get("record")))
        except (ValueError, KeyError, TypeError, AttributeError) as problem:
            raise CollectionError(f"{path}, line {number}: expected a JSON object with _id and text") from problem
    return texts


def _rows(path: Path, columns: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    if not path.is_file():
        raise CollectionError(f"{path} is missing; expected a folder in BEIR layout")
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream, delimiter="\t")
        if not set(columns) <= set(reader.fieldnames or ()):
            raise CollectionError(f"{path}, line 1: expected the columns {', '.join(columns)}")
        rows = []
        for row in reader:
            if any(row[column] is None for column in columns):
                raise CollectionError(f"{path}, line {reader.line_num}: expected {len(columns)} columns")
            rows.append((reader.line_num, row))
        return rows


def bm25_scores(collection: Collection) -> Scores:
    """The plain lexical ranker at its strongest setting: k1 1.5, b 0.75, query term frequency counted."""
    index = WordIndex([document.text for document in collection.corpus])
    return index.scores([query.text for query in collection.queries])


def measure(scores: Scores, collection: Collection) -> dict[str, float]:
    """The metrics of a ranking given as scores, shape (queries, documents); higher is better, ties go by id."""
    found = _calculated(scores, collection).aggregated
    return {name: round(float(found[metric]), 4) for name, metric in METRICS.items()}


def measure_each(scores: Scores, collection: Collection) -> dict[str, NDArray[np.float64]]:
    """The same metrics of each query by itself, in the order of the collection's queries."""
    names = {metric: name for name, metric in METRICS.items()}
    place = {query.id: row for row, query in enumerate(collection.queries)}
    figures = {name: np.zeros(len(place)) for name in METRICS}
    for found in _calculated(scores, collection).per_query:
        figures[names[found.measure]][place[found.query_id]] = found.value
    return figures


def _calculated(scores: Scores, collection: Collection) -> Any:
    ids = np.array([document.id for document in collection.corpus])
    by_id = np.argsort(ids, kind="stable")
    run = []
    for query, row in zip(collection.queries, scores, strict=True):
        order = by_id[np.argsort(-row[by_id], kind="stable")]
        kept = islice((ids[i] for i in order if (query.id, ids[i]) not in collection.excluded), DEPTH)
        run += [ir_measures.ScoredDoc(query.id, doc, float(-place)) for place, doc in enumerate(kept)]
    qrels = [
        ir_measures.Qrel(query.id, doc, score)
        for query in collection.queries
        for doc, score in collection.judgements[query.id].items()
    ]
    return ir_measures.calc(list(METRICS.values()), qrels, run)
