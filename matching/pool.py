"""The firms in play as columns, so that every signal is one vectorised expression.

A ``Pool`` is built once from profiles and read many times. Rows are firms or statements; a missing
figure is NaN and a missing fact is -1 (unknown), never zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from matching.encoder import Vectors, reads_as_english, text_key
from matching.index import Ids, WordIndex
from matching.profile import Profile, Statement
from matching.taxonomy import Taxonomy

Mask = NDArray[np.bool_]
Column = NDArray[np.float32]

PRODUCING_ROLES = frozenset({"manufacturer", "shipyard", "processor", "integrator"})


@dataclass(frozen=True, slots=True)
class PooledFirm:
    """A firm that may be matched: its id on the service and its profile at a revision."""

    id: str
    profile: Profile
    revision: int = 0
    unread: frozenset[str] = frozenset()
    """Fields of the profile that move the firm's rank and are told to nobody."""


def embedded_text(statement: Statement) -> str:
    """The text whose vector stands for a statement: its title, where it has one, and its sentence."""
    if statement.title and statement.title.lower() not in statement.text.lower():
        return f"{statement.title}. {statement.text}"
    return statement.text


def inferred_needs(profile: Profile) -> tuple[Statement, ...]:
    """Needs that a profile does not state: a maker, for third markets, of each thing that it offers.

    Most firms state offers and no needs (10.6 offers for each request in the largest open partnering database), so a
    need is inferred for every offer, also of one in full production: its maker has no plant where those markets would
    buy from. The need carries the offer's own words, because what would meet it is a plant able to make that.
    A request's text is itself the need; nothing is inferred from it.
    """
    if profile.provenance == "request":
        return ()
    return tuple(
        Statement(
            side="seeks",
            text=offer.text,
            title=offer.title,
            basis="inferred",
            sectors=offer.sectors,
            readiness=offer.readiness,
            classifications=offer.classifications,
            components=offer.components,
            components_complete=offer.components_complete,
            arms=offer.arms,
        )
        for offer in profile.offers
    )


class Pool:
    """Columns over firms and their statements; ``infer_needs`` adds the needs concluded from profiles.

    ``indexed`` is False for a firm that is not on file, whose statements the index does not hold.

    Raises KeyError when a statement's vector is not among ``vectors`` (it has not been embedded yet).
    """

    def __init__(
        self,
        firms: Sequence[PooledFirm],
        taxonomy: Taxonomy,
        vectors: Mapping[str, tuple[int, NDArray[np.float32]]],
        *,
        infer_needs: bool = True,
        indexed: bool = True,
    ) -> None:
        self.indexed = indexed
        self.firms = tuple(sorted(firms, key=lambda firm: firm.id))
        self._taxonomy = taxonomy
        rows = [
            (position, statement)
            for position, firm in enumerate(self.firms)
            for statement in (*firm.profile.statements, *(inferred_needs(firm.profile) if infer_needs else ()))
        ]
        self.statements = tuple(statement for _, statement in rows)
        self.owner: NDArray[np.int64] = np.array([position for position, _ in rows], dtype=np.int64)
        self.texts = tuple(embedded_text(statement) for statement in self.statements)
        found = [vectors[text_key(text)] for text in self.texts]
        self.vector_ids: Ids = np.array([vector_id for vector_id, _ in found], dtype=np.int64)
        self.vectors: Vectors = np.array([vector for _, vector in found], dtype=np.float32)

    def __len__(self) -> int:
        return len(self.firms)

    @staticmethod
    def texts_of(firms: Iterable[PooledFirm]) -> Iterator[str]:
        """Every text that must be embedded before the firms can be pooled (an inferred need has an offer's text)."""
        for firm in firms:
            for statement in firm.profile.statements:
                yield embedded_text(statement)

    # -- statements -------------------------------------------------------------------------

    @cached_property
    def offers(self) -> NDArray[np.int64]:
        """Row numbers of the statements that offer."""
        return np.flatnonzero([s.side == "offers" for s in self.statements])

    @cached_property
    def needs(self) -> NDArray[np.int64]:
        """Row numbers of the needs, stated or inferred, that another firm could meet."""
        return np.flatnonzero([s.side == "seeks" and s.met_by == "firm" for s in self.statements])

    @cached_property
    def stated_needs(self) -> NDArray[np.int64]:
        """Row numbers of the needs among them that the firm, or the public record, stated."""
        return np.flatnonzero(
            [s.side == "seeks" and s.met_by == "firm" and s.basis == "stated" for s in self.statements]
        )

    @cached_property
    def statement_sectors(self) -> NDArray[np.int64]:
        """Taxonomy positions of each statement's sectors (or else its firm's), shape (statements, 3); -1 ends a row."""
        columns = np.full((len(self.statements), 3), -1, dtype=np.int64)
        for row, statement in enumerate(self.statements):
            codes = statement.sectors or self.firms[self.owner[row]].profile.sectors
            for column, code in enumerate(codes[:3]):
                columns[row, column] = self._taxonomy.position(code)
        return columns

    @cached_property
    def kinds(self) -> Mask:
        """Of what kind each statement's goods or service are, finer than its firm's trade: shape (statements, sectors).

        A statement that names no sector is read for it; a row is empty where its words speak of none.
        """
        mask = np.zeros((len(self.statements), len(self._taxonomy.codes)), dtype=np.bool_)
        for row, statement in enumerate(self.statements):
            for code in statement.sectors or _kinds_read(self._taxonomy, statement.text):
                mask[row, self._taxonomy.position(code)] = True
        return mask

    @cached_property
    def trl(self) -> Column:
        """Middle of each statement's TRL range; NaN where it is unknown."""
        return _middles(self.statements, "trl")

    @cached_property
    def mrl(self) -> Column:
        """Middle of each statement's MRL range; NaN where it is unknown."""
        return _middles(self.statements, "mrl")

    @cached_property
    def in_english(self) -> Mask:
        """Whether each statement reads as English."""
        return np.array([reads_as_english(text) for text in self.texts], dtype=np.bool_)

    @cached_property
    def words(self) -> WordIndex:
        """BM25 over the offers, in the order of ``offers``."""
        return WordIndex([self.texts[row] for row in self.offers])

    # -- firms ------------------------------------------------------------------------------

    @cached_property
    def sectors(self) -> Mask:
        """Which sectors each firm works in, its own and its statements': shape (firms, sectors)."""
        mask = np.zeros((len(self.firms), len(self._taxonomy.codes)), dtype=np.bool_)
        for row, firm in enumerate(self.firms):
            for code in firm.profile.sectors:
                mask[row, self._taxonomy.position(code)] = True
        for column in range(3):
            held = np.flatnonzero(self.statement_sectors[:, column] >= 0)
            mask[self.owner[held], self.statement_sectors[held, column]] = True
        return mask

    @cached_property
    def sectors_stated(self) -> Mask:
        """Firms whose sectors are on record, and not only inferred from their words."""
        stated = ["sectors" not in firm.profile.inferred_fields for firm in self.firms]
        return self.sectors.any(axis=1) & np.array(stated, dtype=np.bool_)

    @cached_property
    def produces(self) -> Mask:
        """Firms with a role that makes things in quantity."""
        return np.array([bool(PRODUCING_ROLES & set(f.profile.roles)) for f in self.firms], dtype=np.bool_)

    def best_per_firm(self, values: NDArray[np.float32], rows: NDArray[np.int64]) -> tuple[Column, NDArray[np.int64]]:
        """Best value among the given statement rows for each firm, and the statement row that has it.

        ``values`` has shape (queries, len(rows)) and ``rows`` ascends; the results have shape (queries, firms),
        NaN and -1 for a firm without such a statement. The first of equal values wins.
        """
        best = np.full((len(values), len(self.firms)), np.nan, dtype=np.float32)
        which = np.full((len(values), len(self.firms)), -1, dtype=np.int64)
        if not len(rows) or not len(values):
            return best, which
        owners = self.owner[rows]
        starts = np.flatnonzero(np.r_[True, owners[1:] != owners[:-1]])
        held = owners[starts]
        block_best = np.maximum.reduceat(values, starts, axis=1)
        reaches = values == np.repeat(block_best, np.diff(np.r_[starts, len(rows)]), axis=1)
        column = np.where(reaches, np.arange(len(rows)), len(rows))
        best[:, held] = block_best
        which[:, held] = rows[np.minimum.reduceat(column, starts, axis=1)]
        return best, which

    def few_best_per_firm(
        self, values: NDArray[np.float32], rows: NDArray[np.int64], few: int
    ) -> tuple[Column, NDArray[np.int64]]:
        """Mean of each firm's ``few`` best values among the rows (all of them where it has fewer), and those rows.

        Shapes (queries, firms) and (few, queries, firms); NaN and -1 for a firm without such a statement.
        """
        left = values.copy()
        found = []
        for _ in range(few):
            best, which = self.best_per_firm(left, rows)
            none = (which < 0) | np.isneginf(best)
            found.append((np.where(none, np.nan, best), np.where(none, -1, which)))
            query, firm = np.nonzero(~none)
            left[query, np.searchsorted(rows, which[query, firm])] = -np.inf
        means = np.array([best for best, _ in found])
        count = (~np.isnan(means)).sum(axis=0)
        with np.errstate(invalid="ignore"):
            mean = np.nansum(means, axis=0) / np.where(count, count, np.nan)
        return mean.astype(np.float32), np.array([which for _, which in found])


KINDS_READ = 2
"""Kinds taken from the words of one statement: a sentence rarely speaks of more."""


def _kinds_read(taxonomy: Taxonomy, text: str) -> tuple[str, ...]:
    return tuple(suggestion.code for suggestion in taxonomy.suggest(text, KINDS_READ))


def _middles(statements: Sequence[Statement], scale: str) -> Column:
    lows = [getattr(s.readiness, f"{scale}_low") for s in statements]
    highs = [getattr(s.readiness, f"{scale}_high") for s in statements]
    return np.array(
        [np.nan if low is None else (low + high) / 2 for low, high in zip(lows, highs, strict=True)],
        dtype=np.float32,
    )
