"""Plain functions that make things for tests: the smallest that is valid, with anything overridden by name."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from matching.control_lists import ControlLists, load_control_lists
from matching.encoder import MEANING_BACKGROUND, Progress, Readings, Vectors, text_key
from matching.index import MeaningIndex, words
from matching.play import Play
from matching.pool import Pool, PooledFirm
from matching.profile import Demand, Market, Profile, Readiness, Source, Statement, slug
from matching.rulebook import Rulebook, load_rulebook
from matching.taxonomy import Taxonomy, load_taxonomy

ROOT = Path(__file__).resolve().parent.parent
SEEDS = ROOT / "seeds"
SHARED = ROOT.parent / "shared"


class HashEncoder:
    """A stand-in for the model: each word stem is a fixed random direction, so shared words mean nearness.

    Real enough to rank by, quick, and without weights.
    """

    id = "hash@1"
    dimensions = 64
    background = MEANING_BACKGROUND
    readings = Readings.plain(dimensions)

    def check(self) -> None:
        """There are no weights to miss."""

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in words(text) or ["(nothing)"]:
                seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "big")
                vectors[row] += np.random.default_rng(seed).standard_normal(self.dimensions).astype(np.float32)
        if progress is not None:
            progress(len(texts))
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


@cache
def taxonomy() -> Taxonomy:
    return load_taxonomy(SEEDS / "sectors")


def statement(text: str = "Makes carbon-fibre drone airframes", side: str = "offers", **over: Any) -> Statement:
    return Statement.model_validate({"side": side, "text": text} | over)


def readiness(trl: int | None = None, mrl: int | None = None) -> Readiness:
    return Readiness(trl_low=trl, trl_high=trl, mrl_low=mrl, mrl_high=mrl)


def profile(name: str = "Northern Sensors Inc.", country: str = "CAN", **over: Any) -> Profile:
    given = {"name": name, "country": country, "sectors": ("uas",), "statements": (statement(),)} | over
    return Profile.model_validate(given)


def firm(name: str = "Northern Sensors Inc.", country: str = "CAN", **over: Any) -> PooledFirm:
    return PooledFirm(slug(name), profile(name, country, **over))


def demand(text: str = "Small drones for coastal watch", **over: Any) -> Demand:
    given = {
        "id": slug(text)[:60].strip("-"),
        "text": text,
        "sectors": ("uas",),
        "dated": "2026-01",
        "sources": (Source(url="https://example.org/demand", dated="2026-01"),),
    }
    return Demand.model_validate(given | over)


def market(iso3: str = "PHL", name: str = "Philippines", **over: Any) -> Market:
    given = {"iso3": iso3, "name": name, "name_fr": name, "region": "Southeast Asia"} | over
    return Market.model_validate(given)


def pool(firms: Sequence[PooledFirm], *, infer_needs: bool = True, indexed: bool = True, first_id: int = 0) -> Pool:
    """A pool with vectors of the HashEncoder; ids of the vectors count from ``first_id``."""
    texts = list(dict.fromkeys(Pool.texts_of(firms)))
    vectors = {
        text_key(text): (first_id + row, vector)
        for row, (text, vector) in enumerate(zip(texts, HashEncoder().encode(texts), strict=True))
    }
    return Pool(firms, taxonomy(), vectors, infer_needs=infer_needs, indexed=indexed)


def play(
    innovators: Sequence[PooledFirm],
    manufacturers: Sequence[PooledFirm],
    markets: Sequence[Market] = (),
    *,
    infer_needs: bool = True,
    guest: Literal["innovators", "manufacturers"] | None = None,
) -> Play:
    """A play of two pools, indexed unless a side is the guest, with the demands of the markets embedded."""
    encoder = HashEncoder()
    ours = pool(innovators, infer_needs=infer_needs, indexed=guest != "innovators")
    theirs = pool(manufacturers, infer_needs=infer_needs, indexed=guest != "manufacturers", first_id=100_000)
    index = MeaningIndex(encoder.id, encoder.dimensions)
    for side in (ours, theirs):
        if side.indexed and len(side):
            ids, first = np.unique(side.vector_ids, return_index=True)
            index.add(ids, side.vectors[first], encoder.id)
    texts = [d.text for m in markets for d in m.demands]
    regions = {m.iso3: m.region for m in markets}
    return Play(ours, theirs, markets, encoder.encode(texts), index, taxonomy(), regions)


def no_rules() -> Rulebook:
    """A rulebook that holds nothing: no pathway asks for anything."""
    return Rulebook(
        rules=(),
        tests={},
        conclusions=(),
        wording={},
        holds_from=date.min,
        version="none",
        max_age_days=180,
        starts=(date.min,),
        tables=({},),
    )


@cache
def rulebook() -> Rulebook:
    """The rules that the service holds."""
    return load_rulebook(SEEDS / "controls")


@cache
def control_lists() -> ControlLists:
    """The control lists that the service holds."""
    return load_control_lists(SEEDS / "controls", {sector.sector_map for sector in taxonomy().sectors})
