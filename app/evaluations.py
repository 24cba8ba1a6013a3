"""``triveni evaluate``: the plain rankers and the product's own over a folder of judgements."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Callable, Container, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError
from rich.progress import Progress

from app.errors import Invalid
from app.intake import BRIEF_LIMIT, STATEMENT_LIMIT, read_brief, read_record
from app.knowledge import Knowledge, invalid_from, load_knowledge
from app.settings import ROOT, Settings
from matching.challenges import WEIGHTS_OF_CHALLENGE
from matching.encoder import Encoder, Vectors, reads_as_english, text_key
from matching.evaluation import Collection, CollectionError, Text, bm25_scores, measure, read_collection
from matching.index import MeaningIndex, Scores
from matching.play import Play
from matching.pool import Pool, PooledFirm
from matching.profile import Profile, Statement
from matching.ranking import WEIGHTS, Weights, fit

RANKERS = ("bm25", "dense", "full", "challenge")


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
    trial = Trial(collection, knowledge, Embedder(knowledge.encoder, bar))
    return {
        "queries": len(collection.queries),
        "rankers": {name: measure(trial.scores(name), collection) for name in rankers},
    }


class Embedder:
    """Vectors of texts, kept on disk beside the database by encoder, so that a second evaluation takes seconds."""

    def __init__(self, encoder: Encoder, bar: Progress) -> None:
        self._encoder = encoder
        self._bar = bar
        self._folder = ROOT / "var" / "evaluate" / hashlib.sha256(encoder.id.encode()).hexdigest()[:12]

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of the texts, in their order."""
        keys = [text_key(text) for text in texts]
        path = self._path(keys)
        by_key = _read_vectors(path) or self._complete(dict(zip(keys, texts, strict=True)), path)
        return np.array([by_key[key] for key in keys], dtype=np.float32)

    def waiting(self, texts: Iterable[str]) -> int:
        """How many of the texts have no vector on disk yet."""
        wanted = {text_key(text) for text in texts}
        return 0 if self._path(wanted).is_file() else len(wanted - set(self._kept(wanted)))

    def _path(self, keys: Iterable[str]) -> Path:
        return self._folder / f"{hashlib.sha256(''.join(sorted(set(keys))).encode()).hexdigest()}.npz"

    def _kept(self, wanted: Container[str]) -> dict[str, Any]:
        """Vectors of those of the texts that some earlier list held."""
        kept: dict[str, Any] = {}
        for path in sorted(self._folder.glob("*.npz")):
            kept |= {key: vector for key, vector in (_read_vectors(path) or {}).items() if key in wanted}
        return kept

    def _complete(self, texts: dict[str, str], path: Path) -> dict[str, Any]:
        vectors = self._kept(texts)
        new = {key: text for key, text in texts.items() if key not in vectors}
        if new:
            task = self._bar.add_task("Embedding", total=len(new))
            made = self._encoder.encode(list(new.values()), lambda done: self._bar.advance(task, done))
            vectors |= dict(zip(new, made, strict=True))
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}.part")
        with unfinished.open("wb") as stream:
            np.savez(stream, keys=np.array(list(texts)), vectors=np.array([vectors[key] for key in texts]))
        unfinished.replace(path)
        return vectors


def _read_vectors(path: Path) -> dict[str, Any] | None:
    """Vectors kept by text hash; None when there are none, or the file is damaged and they are to be made again."""
    try:
        with path.open("rb") as stream, np.load(stream) as held:
            return dict(zip(held["keys"].tolist(), held["vectors"], strict=True))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None


class Trial:
    """A collection put before the rankers; what several rankings share is made once."""

    def __init__(self, collection: Collection, knowledge: Knowledge, embed: Embedder) -> None:
        self.collection = collection
        self._knowledge = knowledge
        self._embed = embed

    def scores(self, ranker: str) -> Scores:
        """One of the RANKERS over all queries and documents."""
        rankers: dict[str, Callable[[], Scores]] = {
            "bm25": lambda: bm25_scores(self.collection),
            "dense": self._dense_scores,
            "full": lambda: self.fit(WEIGHTS),
            "challenge": lambda: self.fit(WEIGHTS_OF_CHALLENGE),
        }
        return rankers[ranker]()

    def fit(self, weights: Weights) -> Scores:
        """The product's fit of each query, as a firm not on file, with each document, as a firm; no market in play."""
        return fit(self.play, weights).astype(np.float32)

    def waiting(self) -> int:
        """How many texts would have to be embedded before every ranker could answer."""
        return sum(
            self._embed.waiting(texts)
            for texts in (
                [query.text for query in self.collection.queries],
                [document.text for document in self.collection.corpus],
                Pool.texts_of(self._innovators),
                Pool.texts_of(self._manufacturers),
            )
        )

    def _dense_scores(self) -> Scores:
        """The plain dense ranker: nearness of whole texts, English ones as English is read."""
        queries = self._embed([query.text for query in self.collection.queries])
        documents = self._embed([document.text for document in self.collection.corpus])
        readings = self._knowledge.encoder.readings
        english = np.array([[reads_as_english(query.text)] for query in self.collection.queries], dtype=np.bool_)
        within, across = ((queries * reading.scale) @ documents.T for reading in (readings.within, readings.across))
        return np.where(english, within, across).astype(np.float32)

    @cached_property
    def play(self) -> Play:
        """The queries as innovators and the documents as manufacturers, in the collection's order."""
        return pairs_in_play(self._innovators, self._manufacturers, self._knowledge, self._embed)

    @cached_property
    def _innovators(self) -> list[PooledFirm]:
        profiles = [_query_profile(query, self._knowledge) for query in self.collection.queries]
        if not any(document.record for document in self.collection.corpus):
            # Plain texts seek nothing, so what a query would offer them in return is not worth embedding.
            profiles = [p.model_copy(update={"statements": p.seeks or p.statements}) for p in profiles]
        return _in_given_order(profiles)

    @cached_property
    def _manufacturers(self) -> list[PooledFirm]:
        return _in_given_order(_document_profile(document, self._knowledge) for document in self.collection.corpus)


def _in_given_order(profiles: Iterable[Profile]) -> list[PooledFirm]:
    """Firms under ids that keep their order (a pool sorts by id)."""
    return [PooledFirm(f"{position:06d}", profile) for position, profile in enumerate(profiles)]


def pairs_in_play(
    innovators: Sequence[PooledFirm], manufacturers: Sequence[PooledFirm], knowledge: Knowledge, embed: Embedder
) -> Play:
    """The two sides laid out for ``fit``, with no market in play."""
    asking = _pool(innovators, knowledge, embed, indexed=False)
    offering = _pool(manufacturers, knowledge, embed, indexed=True)
    index = MeaningIndex(knowledge.encoder.id, knowledge.encoder.dimensions, knowledge.encoder.readings)
    ids, first = np.unique(offering.vector_ids, return_index=True)
    index.add(ids, offering.vectors[first], knowledge.encoder.id)
    nowhere = np.empty((0, knowledge.encoder.dimensions), dtype=np.float32)
    return Play(asking, offering, (), nowhere, index, knowledge.taxonomy, {})


def _pool(firms: Sequence[PooledFirm], knowledge: Knowledge, embed: Embedder, *, indexed: bool) -> Pool:
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
