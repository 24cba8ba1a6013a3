"""``triveni evaluate``: the plain rankers and the product's own over a folder of judgements."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError
from rich.progress import Progress

from app.errors import Invalid
from app.intake import BRIEF_LIMIT, STATEMENT_LIMIT, read_brief, read_record
from app.knowledge import Knowledge, invalid_from, load_knowledge
from app.settings import ROOT, Settings
from matching.encoder import Vectors, text_key
from matching.evaluation import Collection, CollectionError, Text, bm25_scores, measure, read_collection
from matching.index import MeaningIndex, Scores
from matching.play import Play
from matching.pool import Pool, PooledFirm
from matching.profile import Profile, Statement
from matching.ranking import WEIGHTS, fit

RANKERS = ("bm25", "dense", "full")


def evaluate_folder(
    settings: Settings, folder: Path, split: str, rankers: Sequence[str], bar: Progress
) -> dict[str, Any]:
    """Metrics of each ranker over the folder's judged queries; raises Invalid for a strange ranker or folder."""
    strangers = [name for name in rankers if name not in RANKERS]
    if strangers:
        raise Invalid(f"no such ranker: {', '.join(strangers)}", hint=f"the rankers are {', '.join(RANKERS)}")
    try:
        collection = read_collection(folder, split)
    except CollectionError as problem:
        raise Invalid(str(problem)) from problem
    knowledge = load_knowledge(settings)
    embed = _Embedder(knowledge, bar)
    score: dict[str, Callable[[], Scores]] = {
        "bm25": lambda: bm25_scores(collection),
        "dense": lambda: _dense_scores(collection, embed),
        "full": lambda: _full_scores(collection, knowledge, embed),
    }
    return {
        "queries": len(collection.queries),
        "rankers": {name: measure(score[name](), collection) for name in rankers},
    }


class _Embedder:
    """Vectors of texts, kept on disk beside the database by encoder, so that a second evaluation takes seconds."""

    def __init__(self, knowledge: Knowledge, bar: Progress) -> None:
        self._encoder = knowledge.encoder
        self._bar = bar
        self._folder = ROOT / "var" / "evaluate" / hashlib.sha256(self._encoder.id.encode()).hexdigest()[:12]

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of the texts, in their order."""
        keys = [text_key(text) for text in texts]
        name = hashlib.sha256("".join(sorted(set(keys))).encode()).hexdigest()
        path = self._folder / f"{name}.npz"
        by_key = _read_vectors(path) or self._embed(dict(zip(keys, texts, strict=True)), path)
        return np.array([by_key[key] for key in keys], dtype=np.float32)

    def _embed(self, texts: dict[str, str], path: Path) -> dict[str, Any]:
        task = self._bar.add_task("Embedding", total=len(texts))
        vectors = self._encoder.encode(list(texts.values()), lambda done: self._bar.advance(task, done))
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part.npz")
        np.savez(unfinished, keys=np.array(list(texts)), vectors=vectors)
        unfinished.replace(path)
        return dict(zip(texts, vectors, strict=True))


def _read_vectors(path: Path) -> dict[str, Any] | None:
    """Vectors kept by text hash; None when there are none, or the file is damaged and they are to be made again."""
    try:
        with path.open("rb") as stream, np.load(stream) as held:
            return dict(zip(held["keys"].tolist(), held["vectors"], strict=True))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None


def _dense_scores(collection: Collection, embed: _Embedder) -> Scores:
    """The plain dense ranker: cosine of whole texts."""
    queries = embed([query.text for query in collection.queries])
    documents = embed([document.text for document in collection.corpus])
    return (queries @ documents.T).astype(np.float32)


def _full_scores(collection: Collection, knowledge: Knowledge, embed: _Embedder) -> Scores:
    """The product's fit of each query, as a firm not on file, with each document, as a firm; no market in play."""
    innovators = _pool(
        [_query_profile(query, knowledge) for query in collection.queries], knowledge, embed, indexed=False
    )
    manufacturers = _pool(
        [_document_profile(document, knowledge) for document in collection.corpus], knowledge, embed, indexed=True
    )
    index = MeaningIndex(knowledge.encoder.id, knowledge.encoder.dimensions)
    ids, first = np.unique(manufacturers.vector_ids, return_index=True)
    index.add(ids, manufacturers.vectors[first], knowledge.encoder.id)
    nowhere = np.empty((0, knowledge.encoder.dimensions), dtype=np.float32)
    play = Play(innovators, manufacturers, (), nowhere, index, knowledge.taxonomy, {})
    return fit(play, WEIGHTS).astype(np.float32)


def _pool(profiles: Sequence[Profile], knowledge: Knowledge, embed: _Embedder, *, indexed: bool) -> Pool:
    """A pool whose firms stand in the order given (ids are made for it)."""
    firms = [PooledFirm(f"{position:06d}", profile) for position, profile in enumerate(profiles)]
    texts = list(dict.fromkeys(Pool.texts_of(firms)))
    vectors = {
        text_key(text): (row, vector) for row, (text, vector) in enumerate(zip(texts, embed(texts), strict=True))
    }
    return Pool(firms, knowledge.taxonomy, vectors, indexed=indexed)


def _query_profile(query: Text, knowledge: Knowledge) -> Profile:
    if query.record is not None:
        return _record_profile(query)
    return read_brief(query.text[:BRIEF_LIMIT], knowledge.taxonomy)


def _document_profile(document: Text, knowledge: Knowledge) -> Profile:
    if document.record is not None:
        return _record_profile(document)
    text = document.text.strip()[:STATEMENT_LIMIT] or "(no text)"
    sectors = tuple(suggestion.code for suggestion in knowledge.taxonomy.suggest(text))
    return Profile(
        name=document.id,
        country="IND",
        sectors=sectors,
        statements=(Statement(side="offers", text=text, sectors=sectors),),
        provenance="request",
        inferred_fields=("sectors",),
    )


def _record_profile(text: Text) -> Profile:
    assert text.record is not None
    try:
        return read_record(text.record)
    except ValidationError as problem:
        raise invalid_from(problem, f"the record of {text.id}") from problem
