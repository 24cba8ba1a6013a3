"""One ask laid out in columns: the two sides, the markets, and how near their texts stand.

Everything that several signals share is computed here once: the cosines and word scores between what the
innovators need and what the manufacturers offer (and back), and between both and the markets' demands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from matching.encoder import Background, Reading, Vectors, reads_as_english
from matching.index import MeaningIndex, Scores, names_in
from matching.pool import Pool
from matching.profile import Demand, Market
from matching.taxonomy import Taxonomy

Rows = NDArray[np.int64]

WORDS_BACKGROUND: Background = (0.04, 0.075)
"""Of roots of word shares, measured over the needs and offers of the seed firms."""

BACKGROUND_WEIGHT = 30
"""Observations that the background counts as, so that a field of a few statements is not judged by itself alone."""

SEVERAL = 3
"""Offers that count as several: a match that rests on one sentence of a firm is weaker than one its range bears out."""

DEVIATIONS = 6.0
"""Standard deviations above the field that count 1 in a straight line; the best of a hundred firms reaches 3 to 5."""

EASES_FROM = 0.8
"""Above this value the line eases towards 1, so that of two nearly perfect matches the nearer still stands first."""


def stands_out(scores: Scores, background: Background, axis: int | None = None) -> Scores:
    """How far each score stands above the field it was drawn from, 0 at its mean and towards 1 beyond five deviations.

    A raw cosine means little: a general statement is near to everything and a particular one to nothing. So each
    text is judged against all the texts of the longer side (or of ``axis``), as far as there are enough of them to
    judge by.
    """
    if axis is None:
        axis = 1 if scores.shape[1] >= scores.shape[0] else 0
    count, (mean, spread) = scores.shape[axis], background
    weight = count + BACKGROUND_WEIGHT
    centre = (scores.sum(axis=axis, keepdims=True) + BACKGROUND_WEIGHT * mean) / weight
    squares = ((scores - centre) ** 2).sum(axis=axis, keepdims=True) + BACKGROUND_WEIGHT * spread**2
    line: Scores = ((scores - centre) / np.sqrt(squares / weight) / DEVIATIONS).astype(np.float32)
    left = np.float32(1 - EASES_FROM)
    eased = 1 - left * np.exp(-np.maximum(line - np.float32(EASES_FROM), 0) / left)
    return np.where(line > EASES_FROM, eased, np.maximum(line, 0)).astype(np.float32, copy=False)


def _words_stand_out(shares: Scores) -> Scores:
    """Of word shares; the root lifts the few words that real pairs share."""
    return stands_out(np.sqrt(shares), WORDS_BACKGROUND)


@dataclass(frozen=True, slots=True)
class Meeting:
    """For each pair the best value and the two statement rows that met.

    Arrays have shape (firms asking, firms offering); NaN and -1 where a side has no such statement.
    """

    value: Scores
    asking: Rows
    offering: Rows


class Play:
    """The two pools, the markets and the demands of one ask, in columns.

    ``vectors_of_demands`` has a row for every demand of ``markets``, in their order; ``regions`` gives the region of
    every market held, also of those not in play.
    """

    def __init__(
        self,
        innovators: Pool,
        manufacturers: Pool,
        markets: Sequence[Market],
        vectors_of_demands: Vectors,
        index: MeaningIndex,
        taxonomy: Taxonomy,
        regions: Mapping[str, str],
    ) -> None:
        self.regions = regions
        self.innovators = innovators
        self.manufacturers = manufacturers
        self.markets = tuple(markets)
        self.taxonomy = taxonomy
        self.demands: tuple[Demand, ...] = tuple(d for market in markets for d in market.demands)
        self.market_of_demand: Rows = np.array(
            [position for position, market in enumerate(markets) for _ in market.demands], dtype=np.int64
        )
        self._vectors_of_demands = vectors_of_demands
        self._index = index

    # -- between the two sides --------------------------------------------------------------

    @cached_property
    def capability_meaning(self) -> Meeting:
        """What the innovators need against what the manufacturers offer, by meaning."""
        return self._meeting(
            lambda *_: self._capability_scores, self.innovators, self.innovators.needs, self.manufacturers
        )

    @cached_property
    def capability_words(self) -> Meeting:
        """The same by words, figures and designations shared."""
        return self._meeting(self._words, self.innovators, self.innovators.needs, self.manufacturers)

    @cached_property
    def capability_kind(self) -> Meeting:
        """The same by the kind of goods or service, as the statements name it or their words give it away."""
        return self._meeting(self._kinds, self.innovators, self.innovators.needs, self.manufacturers)

    @cached_property
    def capability_range(self) -> tuple[Scores, Rows, Rows]:
        """How near the manufacturers' several nearest offers stand to a need: values, needs, and the offers' rows.

        Shapes (innovators, manufacturers) twice and (SEVERAL, innovators, manufacturers); NaN and -1 for none.
        """
        needs, offers = self.innovators.needs, self.manufacturers.offers
        shape = (len(self.innovators), len(self.manufacturers))
        if not len(needs) or not len(offers):
            nobody = np.full(shape, -1, dtype=np.int64)
            return np.full(shape, np.nan, dtype=np.float32), nobody, np.repeat(nobody[None], SEVERAL, axis=0)
        means, rows = self.manufacturers.few_best_per_firm(self._capability_scores, offers, SEVERAL)
        best, need = self.innovators.best_per_firm(np.nan_to_num(means, nan=-1.0).T, needs)
        value, row = best.T, need.T
        at = np.searchsorted(needs, np.maximum(row, needs[0]))
        met = (row >= 0) & (value >= 0)
        chosen = np.take_along_axis(rows, at[None], axis=1)
        return np.where(met, value, np.nan), np.where(met, row, -1), np.where(met[None], chosen, -1)

    @cached_property
    def _capability_scores(self) -> Scores:
        return self._meaning(self.innovators, self.innovators.needs, self.manufacturers)

    @cached_property
    def return_meaning(self) -> Meeting:
        """What the manufacturers state they seek against what the innovators offer, by meaning.

        Arrays have shape (manufacturers, innovators).
        """
        return self._meeting(self._meaning, self.manufacturers, self.manufacturers.stated_needs, self.innovators)

    def _meeting(
        self, measure: Callable[[Pool, Rows, Pool], Scores], asking: Pool, needs: Rows, offering: Pool
    ) -> Meeting:
        shape = (len(asking), len(offering))
        if not len(needs) or not len(offering.offers):
            nobody = np.full(shape, -1, dtype=np.int64)
            return Meeting(np.full(shape, np.nan, dtype=np.float32), nobody, nobody)
        best_offer, offer = offering.best_per_firm(measure(asking, needs, offering), offering.offers)
        # A firm with nothing on offer is NaN in best_offer; -1 keeps it last without hiding it.
        best, row = asking.best_per_firm(np.nan_to_num(best_offer, nan=-1.0).T, needs)
        value, need = best.T, row.T
        chosen = np.take_along_axis(offer, np.searchsorted(needs, np.maximum(need, needs[0])), axis=0)
        met = (need >= 0) & (chosen >= 0) & (value >= 0)
        return Meeting(np.where(met, value, np.nan), np.where(met, need, -1), np.where(met, chosen, -1))

    def _meaning(self, asking: Pool, needs: Rows, offering: Pool) -> Scores:
        """How far each offer stands out by meaning for each need, through the index on whichever side it holds."""
        offers = offering.offers
        wanted, made = (
            (asking.vectors[needs], asking.vector_ids[needs]),
            (
                offering.vectors[offers],
                offering.vector_ids[offers],
            ),
        )

        def near(reading: Reading) -> Scores:
            if offering.indexed:
                return self._searched(wanted[0], made[1], reading)
            return self._searched(made[0], wanted[1], reading).T

        return self._by_language(asking.in_english[needs], offering.in_english[offers], near)

    def _searched(self, queries: Vectors, ids: Rows, reading: Reading) -> Scores:
        """Nearness of the queries to statements of the index, which may stand there several times."""
        distinct, inverse = np.unique(ids, return_inverse=True)
        return self._index.nearness(queries, distinct, reading)[:, inverse]

    def _by_language(
        self,
        ours: NDArray[np.bool_],
        theirs: NDArray[np.bool_],
        near: Callable[[Reading], Scores],
        axis: int | None = None,
    ) -> Scores:
        """How far texts stand out: English ones as English is read, all others as across languages."""
        readings = self._index.readings
        values = stands_out(near(readings.within), readings.within.background, axis)
        both = ours[:, None] & theirs[None, :]
        if both.all() or readings.across is readings.within:
            return values
        return np.where(both, values, stands_out(near(readings.across), readings.across.background, axis))

    @staticmethod
    def _words(asking: Pool, needs: Rows, offering: Pool) -> Scores:
        """How far each offer stands out by the rare words it shares with each need.

        Across languages only names, designations and figures can be shared; a need without any is -1, not comparable:
        that a French need shares no words with the English offer that would meet it is unknown, not a failure.
        """
        texts = [asking.texts[row] for row in needs]
        ours, theirs = asking.in_english[needs], offering.in_english[offering.offers]
        same = ours[:, None] == theirs[None, :]
        values = _words_stand_out(offering.words.shares(texts))
        if same.all():
            return values
        named = [names_in(text) for text in texts]
        across = _words_stand_out(offering.words.shares(named))
        across[[not name for name in named]] = -1.0
        return np.where(same, values, across)

    def _kinds(self, asking: Pool, needs: Rows, offering: Pool) -> Scores:
        """How close the kind of each offer stands to each need's, over all kinds of the need; -1 where one is unknown.

        Of a firm whose sectors were themselves read from its words nothing new would be said.
        """
        sought, held = asking.kinds[needs], offering.kinds[offering.offers]
        reach = nearest_sector(held, self.taxonomy)
        count = sought.sum(axis=1, keepdims=True)
        values: Scores = sought.astype(np.float32) @ reach.T / np.maximum(count, 1).astype(np.float32)
        values[count[:, 0] == 0] = -1.0
        values[:, ~held.any(axis=1) | ~offering.sectors_stated[offering.owner[offering.offers]]] = -1.0
        return values

    # -- between the sides and the markets --------------------------------------------------

    @cached_property
    def innovators_serve(self) -> Meeting:
        """How near each innovator's offers stand to each demand: shape (demands, innovators)."""
        return self._service(self.innovators)

    @cached_property
    def manufacturers_serve(self) -> Meeting:
        """How near each manufacturer's offers stand to each demand: shape (demands, manufacturers)."""
        return self._service(self.manufacturers)

    @cached_property
    def demand_served(self) -> tuple[Scores, Rows]:
        """How near each pair stands to the demand of each market that it serves best, and which demand that is.

        Shapes (innovators, manufacturers, markets), the last of length 1 without markets; NaN and -1 without demands.
        """
        both = (self.innovators_serve.value[:, :, None] + self.manufacturers_serve.value[:, None, :]) / 2
        shape = (len(self.innovators), len(self.manufacturers), max(1, len(self.markets)))
        values = np.full(shape, np.nan, dtype=np.float32)
        best = np.full(shape, -1, dtype=np.int64)
        for market in np.unique(self.market_of_demand):
            rows = np.flatnonzero(self.market_of_demand == market)
            values[:, :, market] = both[rows].max(axis=0)
            best[:, :, market] = rows[both[rows].argmax(axis=0)]
        return values, best

    def _service(self, pool: Pool) -> Meeting:
        """Half by text (the better of meaning and words) and half by sector, on the firm's best statement.

        Of an offer whose sector nobody knows, the text alone speaks.
        """
        offers, asked = pool.offers, self._vectors_of_demands

        def near(reading: Reading) -> Scores:
            if pool.indexed:
                return self._searched(asked, pool.vector_ids[offers], reading)
            asking = np.asarray(asked * reading.scale, dtype=np.float32)
            return np.asarray(asking @ pool.vectors[offers].T, dtype=np.float32)

        in_english = np.array([reads_as_english(demand.text) for demand in self.demands], dtype=np.bool_)
        # Among the offers, however many demands are in play: naming one market must not move its figure.
        meaning = self._by_language(in_english, pool.in_english[offers], near, axis=1)
        shares = pool.words.shares([demand.text for demand in self.demands])
        text = np.maximum(meaning, stands_out(np.sqrt(shares), WORDS_BACKGROUND, axis=1))
        both: Scores = np.nanmean([text, self._sector_nearness(pool)[:, offers]], axis=0)
        best, row = pool.best_per_firm(both, offers)
        demand = np.broadcast_to(np.arange(len(self.demands))[:, None], row.shape)
        return Meeting(value=best, asking=demand, offering=row)

    def _sector_nearness(self, pool: Pool) -> Scores:
        """Closest any sector of each statement stands to any of each demand: (demands, statements), NaN if unknown."""
        sought = np.zeros((len(self.demands), len(self.taxonomy.codes)), dtype=np.bool_)
        for row, demand in enumerate(self.demands):
            for code in demand.sectors:
                sought[row, self.taxonomy.position(code)] = True
        reach = nearest_sector(sought, self.taxonomy)
        columns = pool.statement_sectors
        near: Scores = np.where(columns[None] >= 0, reach[:, np.maximum(columns, 0)], np.float32(-1)).max(axis=2)
        return np.where(near < 0, np.float32(np.nan), near)


def nearest_sector(held: NDArray[np.bool_], taxonomy: Taxonomy) -> Scores:
    """For each row's set of sectors, how close its nearest member stands to every sector: (rows, sectors)."""
    result = np.zeros(held.shape, dtype=np.float32)
    for row, mask in enumerate(held):
        if mask.any():
            result[row] = taxonomy.closeness[mask].max(axis=0)
    return result
