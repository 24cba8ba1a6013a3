"""Which form of co-operation a triad suggests, and why.

The forms follow the dialogue report's three strands (subsystems first; TRL-based collaboration; made in India
for the world) and its mineral and repair strands. A mode is a suggestion for the first conversation: it
moves no figure and no verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from matching.phrases import say
from matching.profile import Profile, Statement
from matching.taxonomy import Taxonomy


class Mode(StrEnum):
    """A form of co-operation between the two firms of a triad."""

    RESEARCH_PARTNERSHIP = "research partnership"
    CO_DEVELOPMENT = "co-development"
    SUBSYSTEM_SUPPLY = "subsystem supply"
    CO_PRODUCTION = "co-production"
    LICENSED_PRODUCTION = "licensed production"
    PROCESSING_OFFTAKE = "processing or offtake"
    MRO = "MRO"
    EXPLORATION = "exploration"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A mode and the sentence that says why."""

    mode: Mode
    because: str


@dataclass(frozen=True, slots=True)
class _Meeting:
    """The facts a mode is read from."""

    innovator: Profile
    manufacturer: Profile
    trl: float
    offered_stage: str
    made_stage: str
    minerals: bool


def suggest_mode(
    innovator: Profile,
    manufacturer: Profile,
    technology: Statement,
    product: Statement,
    taxonomy: Taxonomy,
) -> Suggestion:
    """The first form of co-operation whose facts are all there, from the most particular to the most general."""
    # A statement without sectors of its own has its firm's.
    offered = technology.sectors or innovator.sectors
    made = product.sectors or manufacturer.sectors
    trl = technology.readiness.trl_low, technology.readiness.trl_high
    meeting = _Meeting(
        innovator=innovator,
        manufacturer=manufacturer,
        trl=np.nan if trl[0] is None or trl[1] is None else (trl[0] + trl[1]) / 2,
        offered_stage=_stage(offered, taxonomy),
        made_stage=_stage(made, taxonomy),
        minerals=any(code.split(".")[0] in ("critical_minerals", "mining_technology") for code in (*offered, *made)),
    )
    for mode, reads in _RULES:
        because = reads(meeting)
        if because:
            return Suggestion(mode, because)
    return Suggestion(
        Mode.CO_DEVELOPMENT,
        say("No TRL is on record, so the first step is to agree what would be developed together."),
    )


def _stage(codes: Sequence[str], taxonomy: Taxonomy) -> str:
    return taxonomy.sector(codes[0]).stage if codes else ""


def _exploration(meeting: _Meeting) -> str | None:
    explores = [p.name for p in (meeting.innovator, meeting.manufacturer) if "explorer" in p.roles]
    if meeting.minerals and explores and "exploration" in (meeting.offered_stage, meeting.made_stage):
        return say(
            "{firm} explores for minerals: the report's model of Canadian exploration opening Indian ground.",
            firm=explores[0],
        )
    return None


def _processing(meeting: _Meeting) -> str | None:
    upstream = {"exploration", "concentrate"}
    downstream = {"refining", "material", "component"}
    stages = meeting.offered_stage, meeting.made_stage
    if meeting.minerals and stages[0] in upstream | downstream and stages[1] in upstream | downstream:
        return say(
            "One side stands at the {one} stage and the other at the {other} stage of a mineral chain.",
            one=say(stages[0]),
            other=say(stages[1]),
        )
    return None


def _mro(meeting: _Meeting) -> str | None:
    if "service" in (meeting.offered_stage, meeting.made_stage) and "mro" in meeting.manufacturer.roles:
        return say("{firm} overhauls and repairs, and what met is a service.", firm=meeting.manufacturer.name)
    return None


def _research(meeting: _Meeting) -> str | None:
    if meeting.trl <= 3:
        return say(
            "TRL {trl:g} is research: a joint programme with a maker who can engineer it onward.", trl=meeting.trl
        )
    return None


def _development(meeting: _Meeting) -> str | None:
    if meeting.trl <= 6:
        return say(
            "TRL {trl:g} needs engineering before production: develop together, then produce in India.", trl=meeting.trl
        )
    return None


def _subsystem(meeting: _Meeting) -> str | None:
    if meeting.offered_stage in ("component", "subsystem", "material") and meeting.made_stage == "platform":
        return say(
            "A {stage} meets a maker of platforms: the report's subsystems-first path.",
            stage=say(meeting.offered_stage),
        )
    return None


def _licence(meeting: _Meeting) -> str | None:
    if meeting.trl >= 9 and meeting.offered_stage == "platform":
        return say("A platform in service (TRL 9) can be built under licence for markets the owner does not reach.")
    return None


def _co_production(meeting: _Meeting) -> str | None:
    if meeting.trl > 6:
        return say("TRL {trl:g} is near or in service: share the production for third markets.", trl=meeting.trl)
    return None


_RULES: tuple[tuple[Mode, Callable[[_Meeting], str | None]], ...] = (
    (Mode.EXPLORATION, _exploration),
    (Mode.PROCESSING_OFFTAKE, _processing),
    (Mode.MRO, _mro),
    (Mode.RESEARCH_PARTNERSHIP, _research),
    (Mode.CO_DEVELOPMENT, _development),
    (Mode.SUBSYSTEM_SUPPLY, _subsystem),
    (Mode.LICENSED_PRODUCTION, _licence),
    (Mode.CO_PRODUCTION, _co_production),
)
