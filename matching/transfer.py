"""What is known of a triad's transfer, as the rules ask it, and the verdict of every triad.

Facts are those of the technology that met, of the firms' exposure and of the market; what no profile says is left
unknown, so that the pathway says what it could not determine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from matching.facts import Facts
from matching.pathway import Pathway, trace_pathway
from matching.play import Play
from matching.pool import Pool, PooledFirm
from matching.profile import Component, Exposure, Regime, Statement
from matching.rulebook import Rulebook
from matching.signals import Triad


@dataclass(frozen=True, slots=True)
class Technology:
    """What the rules may ask of the technology that met; None is unknown, an empty tuple is none."""

    classifications: tuple[tuple[Regime, tuple[str, ...] | None], ...]
    components: tuple[Component, ...]
    components_complete: bool
    itar_content: bool | None
    us_content_pct: float | None
    us_600_series_content: bool | None
    us_direct_product: bool | tuple[str, ...] | None
    us_parent_or_us_vc: bool | None


def technology_of(statements: Iterable[Statement], exposure: Exposure) -> Technology:
    """The exposure of some statements. Only declared classifications count; a suggestion is nobody's word."""
    statements = tuple(statements)
    declared = [c for statement in statements for c in statement.classifications if c.standing == "declared"]
    entries = {regime: tuple(sorted({c.entry for c in declared if c.regime is regime})) for regime in Regime}
    return Technology(
        classifications=tuple((regime, held or None) for regime, held in entries.items()),
        components=tuple(dict.fromkeys(part for statement in statements for part in statement.components)),
        components_complete=bool(statements) and all(statement.components_complete for statement in statements),
        itar_content=exposure.itar_content,
        us_content_pct=exposure.us_content_pct,
        us_600_series_content=exposure.us_600_series_content,
        us_direct_product=exposure.us_direct_product,
        us_parent_or_us_vc=exposure.us_parent_or_us_vc,
    )


@dataclass(frozen=True, slots=True)
class Screened:
    """Codes of the denied-party lists on which a person has found a firm, or its owners; None is not known."""

    lists: tuple[str, ...] | None = None
    owners: tuple[str, ...] | None = None


UNSCREENED = Screened()


def transfer_facts(
    technology: Technology,
    *,
    arms: bool | None,
    market: str,
    on: date,
    parties: Sequence[Screened] = (),
    through: Sequence[str] = ("CAN", "IND"),
) -> Facts:
    """The facts of the way ``through`` some countries to the market for this technology.

    A firm that nobody has screened is not said to be on no list, nor does it hide that the other is on one. Owners
    count only where one was found: that no owner is on record does not mean that there is none.
    """
    entries = dict(technology.classifications)
    return Facts.model_validate(
        {
            "on": on,
            "item": {
                "name": "the goods or technology of the triad",
                "ecl": entries[Regime.ECL],
                "usml": entries[Regime.USML],
                "eccn": entries[Regime.ECCN],
                "scomet": entries[Regime.SCOMET],
                "arms": arms,
                "itar_content": technology.itar_content,
                "us_content_pct": technology.us_content_pct,
                "us_600_series_content": technology.us_600_series_content,
                "us_direct_product": technology.us_direct_product,
                "us_parent_or_us_vc": technology.us_parent_or_us_vc,
                "components": technology.components,
                "components_complete": technology.components_complete,
            },
            "route": (*through, market),
            "service_in": "CAN",
            "parties": None
            if all(found == UNSCREENED for found in parties)
            else [
                {"lists": found.lists, "owners": [{"lists": found.owners}] if found.owners else None}
                for found in parties
            ],
        }
    )


def _subjects(pool: Pool) -> list[tuple[PooledFirm, tuple[Statement, ...]]]:
    """What may cross, with its firm, for each statement and then, for a pair where none met, for each firm.

    An offer, or a need inferred from one, is itself what crosses. A stated need seldom says what the firm would bring,
    so all that the firm says stands for it.
    """
    subjects = []
    for owner, statement in zip(pool.owner, pool.statements, strict=True):
        firm = pool.firms[owner]
        itself = statement.side == "offers" or statement.basis == "inferred"
        subjects.append((firm, (statement,) if itself else (statement, *firm.profile.offers)))
    return subjects + [(firm, firm.profile.statements) for firm in pool.firms]


def _arms(statements: Iterable[Statement]) -> int:
    """Arms (1) if any statement is; not arms (0) only if all are known not to be; else -1."""
    said = {statement.arms for statement in statements}
    return 1 if True in said else 0 if said == {False} else -1


@lru_cache(maxsize=65_536)
def traced(facts: Facts, rulebook: Rulebook) -> Pathway:
    """A pathway, traced once for each set of facts: over all asks these are few (exposures by markets by days)."""
    return trace_pathway(facts, rulebook)


class Permission:
    """The verdict of every triad. Outcomes depend on few facts, so each distinct set of facts is traced once."""

    def __init__(
        self, play: Play, rulebook: Rulebook, on: date, screened: Mapping[str, Screened] | None = None
    ) -> None:
        self._play, self._rulebook, self._on = play, rulebook, on
        meeting = play.capability_meaning
        ours, theirs = _subjects(play.innovators), _subjects(play.manufacturers)
        asking, offering = (
            np.where(rows >= 0, rows, len(pool.statements) + np.arange(len(pool)).reshape(shape))
            for rows, pool, shape in (
                (meeting.asking, play.innovators, (-1, 1)),
                (meeting.offering, play.manufacturers, (1, -1)),
            )
        )
        # A pair's facts are those of the technology that met and whether either statement is of arms.
        technology = [technology_of(statements, firm.profile.exposure) for firm, statements in ours]
        self._kinds = list(dict.fromkeys(technology))
        self._kind = np.array([self._kinds.index(kind) for kind in technology], dtype=np.int64)[asking]
        here, there = (np.array([_arms(said) for _, said in side], dtype=np.int64) for side in (ours, theirs))
        either, neither = (
            (here[asking] == 1) | (there[offering] == 1),
            (here[asking] == 0) & (there[offering] == 0),
        )
        self._arms = np.where(either, 1, np.where(neither, 0, -1))
        screened = screened or {}
        sides = [
            [screened.get(firm.id, UNSCREENED) for firm in pool.firms] for pool in (play.innovators, play.manufacturers)
        ]
        self._screened = list(dict.fromkeys(found for side in sides for found in side)) or [UNSCREENED]
        self._parties = np.broadcast_arrays(
            np.array([[self._screened.index(found)] for found in sides[0]], dtype=np.int64).reshape(-1, 1),
            np.array([[self._screened.index(found) for found in sides[1]]], dtype=np.int64).reshape(1, -1),
        )

    def verdicts(self) -> NDArray[np.int64]:
        """Verdict rank of every triad, shape (innovators, manufacturers, markets)."""
        sizes = (max(1, len(self._kinds)), 3, len(self._screened), len(self._screened))
        codes = np.ravel_multi_index((self._kind, self._arms + 1, *self._parties), sizes)
        classes, inverse = np.unique(codes, return_inverse=True)
        table = np.array(
            [
                [self._trace((kind, arms - 1, *parties), market.iso3).verdict.rank for market in self._play.markets]
                for kind, arms, *parties in zip(*np.unravel_index(classes, sizes), strict=True)
            ],
            dtype=np.int64,
        ).reshape(len(classes), len(self._play.markets))
        return table[inverse.reshape(self._kind.shape)]

    def pathway(self, triad: Triad) -> Pathway:
        """The traced pathway of one triad."""
        return traced(self.facts(triad), self._rulebook)

    def _known(self, triad: Triad) -> tuple[int, int, int, int]:
        pair = triad[:2]
        return (
            int(self._kind[pair]),
            int(self._arms[pair]),
            int(self._parties[0][pair]),
            int(self._parties[1][pair]),
        )

    def facts(self, triad: Triad) -> Facts:
        """What is known of one triad's transfer."""
        return self._facts(self._known(triad), self._play.markets[triad[2]].iso3)

    def text(self, triad: Triad) -> str:
        """The words of the technology that met; empty where none did."""
        row = int(self._play.capability_meaning.asking[triad[:2]])
        met = self._play.innovators.statements[row] if row >= 0 else None
        return ". ".join(filter(None, (met.title, met.text))) if met else ""

    def sectors(self, triad: Triad) -> tuple[str, ...]:
        """Sectors of the technology that met, or of its firm where the statement names none."""
        row = int(self._play.capability_meaning.asking[triad[:2]])
        named = self._play.innovators.statements[row].sectors if row >= 0 else ()
        return named or self._play.innovators.firms[triad[0]].profile.sectors

    def _trace(self, known: Sequence[int], iso3: str) -> Pathway:
        return traced(self._facts(known, iso3), self._rulebook)

    def _facts(self, known: Sequence[int], iso3: str) -> Facts:
        kind, arms, ours, theirs = (int(value) for value in known)
        return transfer_facts(
            self._kinds[kind],
            arms=None if arms < 0 else bool(arms),
            market=iso3,
            on=self._on,
            parties=(self._screened[ours], self._screened[theirs]),
        )
