"""A consortium as it is answered, stored and drawn: seats, ways, the weakest of them, and what else was possible."""

from __future__ import annotations

from dataclasses import dataclass

from matching.pathway import Pathway, Verdict
from matching.profile import Iso3
from matching.ranking import Party, Signal
from matching.suppositions import Supposition


@dataclass(frozen=True, slots=True)
class Swap:
    """Another holder of a seat, what the whole team loses by it, and who else would then move."""

    firm: Party
    fit: float
    price: float
    """Objective lost; where not ``proven``, at most this."""
    proven: bool
    verdict: Verdict
    moves: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A firm that comes near to an empty seat, and what it lacks."""

    firm: Party
    lacks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FilledSeat:
    """A seat and its holder, explained; or why it is empty and what kind of firm would fill it."""

    role: str
    title: str
    optional: bool
    share_pct: float
    firm: Party | None
    fit: float | None
    coverage: float | None
    reason: str
    offers: tuple[str, ...]
    signals: tuple[Signal, ...]
    unknown: tuple[str, ...]
    questions: tuple[str, ...]
    empty_because: str | None
    would_fill: str
    nearest: tuple[NearMiss, ...]
    applicants: int
    alternatives: tuple[Swap, ...]


@dataclass(frozen=True, slots=True)
class Transfer:
    """The way of one seat's work to the market. ``pathway`` is None where it crosses no border."""

    role: str
    to: str
    firm: Party
    route: tuple[Iso3, ...]
    verdict: Verdict
    pathway: Pathway | None
    suppositions: tuple[Supposition, ...]
    us_owner: bool | None
    """Whether a US parent or US venture capital of its holder is on record."""


@dataclass(frozen=True, slots=True)
class Weakest:
    """The export link most likely to hold the project up, why, and what would mend it."""

    role: str
    firm: Party
    route: tuple[Iso3, ...]
    verdict: Verdict
    because: str
    mend: tuple[str, ...]
    swap: Swap | None


@dataclass(frozen=True, slots=True)
class QuotaMet:
    """A quota and what the team has of it; the range says what the empty seats could make of the share."""

    country: Iso3
    firms: int
    firms_at_least: int
    share_pct: float
    share_low_pct: float
    share_high_pct: float
    share_at_least_pct: float | None
    because: str


@dataclass(frozen=True, slots=True)
class OtherTeam:
    """Another consortium, which differs in at least ``differs`` seats from each one told before."""

    holders: dict[str, Party | None]
    objective: float
    proven: bool
    verdict: Verdict
    differs: int


@dataclass(frozen=True, slots=True)
class Forbids:
    """A rule that bars firms from a seat whatever the others: what it says, on which leg, and for whom."""

    rule: str
    authority: str
    citation: str
    url: str | None
    as_of: str
    because: str
    leg: str
    roles: tuple[str, ...]
    firms: int


@dataclass(frozen=True, slots=True)
class Consortium:
    """The answer. ``found`` is False when no team may stand, and ``because`` says why.

    ``objective`` is the sum of the seats' fits; ``bound``, where proven, is the most that any team with as many seats
    filled could have.
    """

    found: bool
    because: str
    seats: tuple[FilledSeat, ...]
    legs: tuple[Transfer, ...]
    weakest: Weakest | None
    quotas: tuple[QuotaMet, ...]
    verdict: Verdict | None
    objective: float | None
    bound: float | None
    proven: bool
    alternatives: tuple[OtherTeam, ...]
    forbidden_by: tuple[Forbids, ...]
