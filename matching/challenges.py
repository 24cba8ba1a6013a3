"""An innovation challenge and its respondents from both sides, alone and as pairs.

A challenge is a request of several sentences. Every firm is weighed for the whole text by signals of a ranking; a pair
of a Canadian and an Indian firm is weighed sentence by sentence, each by the member that answers it better, so that a
pair is worth more than its members only where they complete one another. The figures add up to what is told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from matching.index import MeaningIndex
from matching.play import Play
from matching.pool import Pool, PooledFirm
from matching.profile import Profile, Statement
from matching.ranking import Board, Party, Signal
from matching.seats import NOBODY
from matching.taxonomy import Taxonomy

WEIGHTS_OF_CHALLENGE: Mapping[str, float] = {
    "capability_meets_need": 3.0,
    "terms_shared": 3.0,
    "sectors_close": 1.0,
}
"""How much each reason counts: what is asked for is research, so plants, sales and certificates are not weighed."""

MOST_FACETS, NEAREST = 12, 25
"""Sentences that are weighed one by one, and firms of each side that are paired."""

_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+")


@dataclass(frozen=True, slots=True)
class Respondent:
    """One firm and how it answers the whole challenge: fit is the weighted mean of its signals."""

    firm: Party
    fit: float
    signals: tuple[Signal, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """One sentence of the challenge, and the member of the pair that answers it better."""

    sentence: str
    by: str
    value: float


@dataclass(frozen=True, slots=True)
class Pair:
    """A Canadian and an Indian firm; ``fit`` is the mean of the sentences' values, each of the better member."""

    canadian: Party
    indian: Party
    fit: float
    gain: float
    """What the pair is worth above its better member alone."""
    sentences: tuple[Answered, ...]


def requests(text: str, sectors: tuple[str, ...]) -> list[PooledFirm]:
    """The challenge as requests: the whole text, and each of its first sentences; raises ValueError for no text."""
    whole = text.strip()
    if not whole:
        raise ValueError("the challenge is empty")
    sentences = [part.strip() for part in _SENTENCE.split(whole) if len(part.strip()) > 2][:MOST_FACETS]
    texts = [whole[:4000], *dict.fromkeys(part[:4000] for part in sentences)]
    return [
        PooledFirm(
            f"{place:03d}",
            Profile(
                name="The challenge",
                country=NOBODY,
                sectors=sectors,
                statements=(Statement(side="seeks", text=asked, sectors=sectors),),
                provenance="request",
                inferred_fields=("sectors",),
            ),
        )
        for place, asked in enumerate(texts)
    ]


class Responses:
    """Every firm against the whole challenge and each of its sentences."""

    def __init__(self, asked: Pool, firms: Pool, index: MeaningIndex, taxonomy: Taxonomy) -> None:
        self._firms = firms
        self._asked = asked
        nothing = np.empty((0, index.dimensions), dtype=np.float32)
        self._board = Board(Play(asked, firms, (), nothing, index, taxonomy, {}), WEIGHTS_OF_CHALLENGE)
        self._fit = self._board.fit[:, :, 0]

    def respondents(self, country: str, limit: int) -> tuple[Respondent, ...]:
        """The firms of a country that answer the whole challenge best."""
        return tuple(
            Respondent(self._party(firm), float(self._fit[0, firm]), self._board.told((0, firm, 0))[0])
            for firm in self._best(country, limit)
        )

    def pairs(self, limit: int) -> tuple[Pair, ...]:
        """The best pairs of the nearest firms of both sides; among equals the earlier ids."""
        found = [
            self._pair(ours, theirs) for ours in self._best("CAN", NEAREST) for theirs in self._best("IND", NEAREST)
        ]
        return tuple(sorted(found, key=lambda pair: (-pair.fit, pair.canadian.id, pair.indian.id))[:limit])

    def _best(self, country: str, limit: int) -> list[int]:
        order = np.argsort(-self._fit[0], kind="stable")
        return [int(f) for f in order if self._firms.firms[f].profile.country == country][:limit]

    def _party(self, firm: int) -> Party:
        held = self._firms.firms[firm]
        return Party(held.id, held.profile.name, held.profile.country)

    def _pair(self, ours: int, theirs: int) -> Pair:
        rows = self._fit[1:] if len(self._fit) > 1 else self._fit
        texts = [firm.profile.statements[0].text for firm in self._asked.firms][-len(rows) :]
        better = np.maximum(rows[:, ours], rows[:, theirs])
        alone = max(float(rows[:, ours].mean()), float(rows[:, theirs].mean()))
        return Pair(
            canadian=self._party(ours),
            indian=self._party(theirs),
            fit=round(float(better.mean()), 6),
            gain=round(float(better.mean()) - alone, 6),
            sentences=tuple(
                Answered(text, self._party(ours if row[ours] >= row[theirs] else theirs).id, float(best))
                for text, row, best in zip(texts, rows, better, strict=True)
            ),
        )
