"""The landscape: firms by sector and readiness, where innovators and makers are plenty or missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app import access
from app.permissions import Permission
from matching.profile import Profile, Statement
from matching.taxonomy import Taxonomy

STEPS = ((1, 3), (4, 6), (7, 8), (9, 10))
"""Readiness in four steps; the last is TRL 9, or MRL 9 and 10."""


@dataclass(frozen=True, slots=True)
class SectorLine:
    """A sector of the top level: firms of each side by step, the last column those of no known readiness."""

    code: str
    innovators: tuple[int, ...]
    manufacturers: tuple[int, ...]
    canada: int
    india: int


def landscape(session: Session, caller: access.Caller, taxonomy: Taxonomy) -> list[SectorLine]:
    """Every top-level sector that any visible firm offers something in, in the taxonomy's order."""
    access.require(caller, Permission.READ_FIRMS)
    cells: dict[tuple[str, str], list[set[str]]] = defaultdict(lambda: [set() for _ in range(len(STEPS) + 1)])
    for firm in session.scalars(access.visible_firms(caller)):
        profile = access.released(firm, caller)
        for statement in profile.offers:
            for sector in _tops(statement, profile):
                cells[sector, profile.country][_step(statement, making=profile.country == "IND")].add(firm.id)
    tops = list(dict.fromkeys(code.split(".")[0] for code in taxonomy.codes))
    empty: list[set[str]] = [set() for _ in range(len(STEPS) + 1)]
    lines = []
    for sector in tops:
        ours, theirs = (cells.get((sector, country), empty) for country in ("CAN", "IND"))
        counted = (tuple(map(len, ours)), tuple(map(len, theirs)))
        if any(map(sum, counted)):
            lines.append(SectorLine(sector, *counted, len(set().union(*ours)), len(set().union(*theirs))))
    return lines


def _tops(statement: Statement, profile: Profile) -> set[str]:
    return {code.split(".")[0] for code in statement.sectors or profile.sectors}


def _step(statement: Statement, *, making: bool) -> int:
    """The step that an offer stands at: by MRL for a maker where it is on record, else by TRL."""
    known = statement.readiness
    level = known.mrl_low if making and known.mrl_low is not None else known.trl_low
    if level is None:
        return len(STEPS)
    return next(i for i, (low, high) in enumerate(STEPS) if low <= level <= high)


def gaps(lines: Sequence[SectorLine]) -> list[dict[str, Any]]:
    """Sectors in which one side is on file and the other is not, those with most firms first."""
    found = []
    for line in lines:
        if line.canada and not line.india:
            found.append({"code": line.code, "missing": "manufacturers", "there": line.canada})
        elif line.india and not line.canada:
            found.append({"code": line.code, "missing": "innovators", "there": line.india})
    return sorted(found, key=lambda gap: -int(str(gap["there"])))
