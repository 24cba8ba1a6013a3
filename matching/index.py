"""Nearest statements, by meaning and by words. The only file that knows faiss and bm25s.

Both searches are exact and rank *every* eligible statement: a filtered graph index loses its recall (0.38
measured at a 1 % filter), and a flat scan of a few hundred thousand vectors takes milliseconds. The
FAISS index is a cache over vectors that live in the database; a rebuild gives the same answers.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any

import bm25s
import faiss
import numpy as np
import Stemmer
from numpy.typing import NDArray

from matching.encoder import Reading, Readings, Vectors

Scores = NDArray[np.float32]
Ids = NDArray[np.int64]

# faiss-cpu 1.15 on few cores: one query over two threads is slower than over one, and the switch
# to BLAS for batches (nq*d) stands far too high. Both were measured; both are set once, here.
faiss.omp_set_num_threads(1)
faiss.cvar.distance_compute_blas_threshold = 800


class IndexMismatch(Exception):
    """Vectors of another encoder or of another length were offered to an index."""


class MeaningIndex:
    """Inner products with a deletable set of statements, each under its own id.

    ``readings`` are the encoder's ways of comparing; unless given, the cosine.
    """

    def __init__(self, encoder_id: str, dimensions: int, readings: Readings | None = None) -> None:
        self.encoder_id = encoder_id
        self.readings = readings or Readings.plain(dimensions)
        self.dimensions = dimensions
        self._index = faiss.IndexIDMap2(faiss.IndexFlatIP(dimensions))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def add(self, ids: Ids, vectors: Vectors, encoder_id: str) -> None:
        """Add vectors under ids, in place of those held; raises IndexMismatch for those of another encoder."""
        if encoder_id != self.encoder_id:
            raise IndexMismatch(
                f"these vectors are of encoder {encoder_id!r} and the index of {self.encoder_id!r}; "
                "vectors of two models cannot be compared: embed again with `triveni embed`"
            )
        if vectors.ndim != 2 or vectors.shape != (len(ids), self.dimensions):
            raise IndexMismatch(f"expected vectors of shape ({len(ids)}, {self.dimensions}), got {vectors.shape}")
        if len(ids):
            self.remove(ids)  # faiss would hold both, and one of them would push another statement off the answer
            self._index.add_with_ids(np.ascontiguousarray(vectors), np.asarray(ids, dtype=np.int64))

    def remove(self, ids: Ids) -> None:
        """Forget the vectors of these ids; an id not held is ignored."""
        self._index.remove_ids(faiss.IDSelectorBatch(np.asarray(ids, dtype=np.int64)))

    def nearness(self, queries: Vectors, eligible: Ids, reading: Reading) -> Scores:
        """Of each query to each eligible statement, as the reading weighs the dimensions: shape (queries, eligible)."""
        scores = np.zeros((len(queries), len(eligible)), dtype=np.float32)
        if not len(queries) or not len(eligible):
            return scores
        selector = faiss.IDSelectorBatch(np.asarray(eligible, dtype=np.int64))
        found, ids = self._index.search(
            np.ascontiguousarray(queries * reading.scale),
            len(eligible),
            params=faiss.SearchParameters(sel=selector),  # type: ignore[call-arg]
        )
        if (ids < 0).any():
            raise IndexMismatch("an eligible statement has no vector in the index; run `triveni embed`")
        order = np.argsort(eligible, kind="stable")
        columns = order[np.searchsorted(eligible, ids, sorter=order)]
        np.put_along_axis(scores, columns, found, axis=1)
        return scores


class WordIndex:
    """BM25 (Robertson & Zaragoza 2009; Lucene's variant, k1 1.5, b 0.75) over a fixed list of texts.

    Query term frequency counts: queries are whole statements, and each term counted once loses a
    fifth of the quality on same-topic awards (nDCG@10 0.53 against 0.67).
    """

    def __init__(self, texts: Sequence[str]) -> None:
        tokens = [words(text) for text in texts]
        holders = Counter(token for document in tokens for token in set(document))
        self._documents = len(texts)
        self._rarity = {
            token: math.log(1 + (len(texts) - held + 0.5) / (held + 0.5)) for token, held in holders.items()
        }
        self._bm25 = bm25s.BM25(method="lucene", k1=1.5, b=0.75)
        if holders:
            self._bm25.index(tokens, show_progress=False)

    def scores(self, queries: Sequence[str]) -> Scores:
        """Raw BM25 of each query with each text: shape (queries, texts), zero where no word is shared."""
        result = np.zeros((len(queries), self._documents), dtype=np.float32)
        for row, query in enumerate(queries):
            known = self._known_words(query)
            if known:
                result[row] = self._bm25.get_scores(known)
        return result

    def shares(self, queries: Sequence[str]) -> Scores:
        """BM25 as a share of the most a text could reach for the query, 0 to 1: shape (queries, texts).

        Each word of the query adds at most its rarity (inverse document frequency), so the sum of these bounds the
        score; unlike raw BM25 the share does not grow with the length of the query.
        """
        sums = [sum(self._rarity[word] for word in self._known_words(query)) for query in queries]
        most = np.array(sums, dtype=np.float32).reshape(len(queries), 1)
        raw = self.scores(queries)
        shares = np.zeros_like(raw)
        np.divide(raw, most, out=shares, where=most > 0, casting="same_kind")
        return shares

    def _known_words(self, text: str) -> list[str]:
        return [word for word in words(text) if word in self._rarity]


# Figures, standards and designations must count: "155", "STANAG", "4671", "GaN", "6A003". A unit is parted from its
# figure ("155mm", "30kg") and thousands are written together ("6,000 m"), so that both manners meet.
_UNIT = re.compile(r"\b(\d[\d.,]*)(mm|cm|m|km|kg|g|t|dwt|kw|mw|w|v|mhz|ghz|hz|nm|kn|l|h|ft|lb)\b")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
_WORD = re.compile(r"[a-z0-9]+(?:[.,][0-9]+)*")
_SAME = {"lens": "lenses", "optic": "optics"}  # their stems would part them
_STOPWORDS = frozenset(
    """
    a about also an and any are as at be been but by can for from had has have if in into is it its may more not of on
    or other our over own such than that the their them they this to under up was we were which who will with would you
    au aux avec ce ces dans de des du elle en et est il ils la le les leur leurs lui mais ne nos notre nous on ou par
    pas pour qu que qui sa se ses son sont sur un une
    """.split()
)


@cache
def _stemmer() -> Any:
    return Stemmer.Stemmer("english")


def words(text: str) -> list[str]:
    """Lower-case word stems without accents and stop words; figures and designations stay whole."""
    # Only accents are dropped: to drop every mark outside ASCII would read "TRL 4–6" as 46 and "l’optique" as one word.
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).lower()
    plain = _THOUSANDS.sub("", _UNIT.sub(r"\1 \2", plain))
    kept = [_SAME.get(w, w) for w in _WORD.findall(plain) if w not in _STOPWORDS and (len(w) > 1 or w.isdigit())]
    stems: list[str] = _stemmer().stemWords(kept)
    return stems


def names_in(text: str) -> str:
    """The words of a text that are the same in every language: with a figure, or with two capital letters."""
    tokens = re.findall(r"[^\W_](?:[\w.,-]*\w)?", text)
    return " ".join(t for t in tokens if any(map(str.isdigit, t)) or sum(map(str.isupper, t)) > 1)
