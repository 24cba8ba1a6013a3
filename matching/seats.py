"""The seats of a project laid out as an ask, so that how a firm fits a seat is computed and told as a match is.

A seat is a request: one need, in the template's words and sectors. Every firm is weighed for every seat by the same
signals as in a ranking; who may take a seat at all is another question (``admission``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.admission import Admission, admission
from matching.encoder import Vectors, text_key
from matching.index import MeaningIndex
from matching.play import Play
from matching.pool import Pool, PooledFirm
from matching.profile import Market, Profile, Statement
from matching.projects import Project, Seat
from matching.ranking import Board, Weights
from matching.taxonomy import Taxonomy

WEIGHTS_OF_SEAT: dict[str, float] = {
    "capability_meets_need": 3.0,
    "terms_shared": 2.0,
    "sectors_close": 2.0,
    "makes_in_quantity": 0.5,
    "certificate_held": 0.25,
    "market_known": 0.5,
}
"""How much each reason counts for a seat. What a seat cannot have (a TRL of its own, an offer in return, a market's
demand already asked for by the project) is not asked."""

NOBODY = "XXX"
"""Country of a request that no firm makes (a user-assigned code of ISO 3166-1)."""


def request_of(seat: Seat) -> PooledFirm:
    """The seat as a request: what its holder must offer is the one need it states."""
    need = Statement(side="seeks", text=seat.offers, sectors=seat.sectors)
    profile = Profile(
        name=f"The seat “{seat.title}”",
        country=NOBODY,
        sectors=seat.sectors,
        statements=(need,),
        provenance="request",
    )
    return PooledFirm(seat.role, profile)


@dataclass(frozen=True, slots=True)
class Applicant:
    """A firm that may take a seat: its position in the pool, its fit, and why it may."""

    firm: int
    fit: float
    admission: Admission


class Field:
    """Every firm against every seat: fits, and who may take which seat.

    ``vectors`` holds every seat's text by text hash; ``handled`` gives by firm id the forms of each mineral it gives.
    """

    def __init__(  # noqa: PLR0913  (said by name)
        self,
        project: Project,
        market: Market | None,
        firms: Pool,
        *,
        vectors: Mapping[str, tuple[int, NDArray[np.float32]]],
        index: MeaningIndex,
        taxonomy: Taxonomy,
        regions: Mapping[str, str],
        handled: Mapping[str, Mapping[str, Sequence[str]]],
        weights: Weights = WEIGHTS_OF_SEAT,
    ) -> None:
        self.project = project
        self.firms = firms
        # A pool stands in the order of its ids: the seats keep theirs under numbers.
        asked = [PooledFirm(f"{place:02d}", request_of(seat).profile) for place, seat in enumerate(project.seats)]
        self._seats = Pool(asked, taxonomy, vectors, infer_needs=False, indexed=False)
        markets = () if market is None else (market.model_copy(update={"demands": ()}),)
        nothing: Vectors = np.empty((0, index.dimensions), dtype=np.float32)
        self.board = Board(Play(self._seats, firms, markets, nothing, index, taxonomy, regions), weights)
        self.admissions = tuple(
            tuple(admission(firm, seat, handled.get(firm.id)) for firm in firms.firms) for seat in project.seats
        )
        self.applicants = tuple(tuple(self._applicants(seat)) for seat in range(len(project.seats)))

    def _applicants(self, seat: int) -> Iterator[Applicant]:
        """Those who may take the seat, the best first; among equals the earlier id."""
        fits = self.board.fit[seat, :, 0]
        for firm in np.argsort(-fits, kind="stable"):
            judged = self.admissions[seat][firm]
            if judged.admitted:
                yield Applicant(int(firm), float(fits[firm]), judged)

    def nearest_offer(self, seat: int, applicant: Applicant) -> Statement:
        """Of the offers that answer the seat, the one nearest to it in meaning."""
        rows = [
            row
            for row in np.flatnonzero(self.firms.owner == applicant.firm)
            if self.firms.statements[row] in applicant.admission.offers
        ]
        nearness = self.firms.vectors[rows] @ self._seats.vectors[seat]
        return self.firms.statements[rows[int(nearness.argmax())]]


def texts_of(projects: Sequence[Project]) -> list[str]:
    """Every text that must be embedded before the projects can be composed."""
    return list(dict.fromkeys(seat.offers for project in projects for seat in project.seats))


def missing(projects: Sequence[Project], held: Mapping[str, object]) -> list[str]:
    """The texts among them that have no vector yet."""
    return [text for text in texts_of(projects) if text_key(text) not in held]
