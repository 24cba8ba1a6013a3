"""The course of an introduction, as one table: which stage it may leave, by what act, for which, whose act (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from app.errors import Conflict


class Stage(StrEnum):
    """Where an introduction stands."""

    PROPOSED = "proposed"
    HALF_ACCEPTED = "half_accepted"
    ACCEPTED = "accepted"
    INTRODUCED = "introduced"
    """Contact details have passed."""
    MET = "met"
    NDA = "nda"
    MOU = "mou"
    AGREEMENT = "agreement"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class Act(StrEnum):
    """What moves an introduction from one stage to another, or is said within one."""

    ACCEPT = "accept"
    DECLINE = "decline"
    ASK = "ask"
    REPLY = "reply"
    WITHDRAW = "withdraw"
    EXCHANGE = "exchange"
    """Contact details pass both ways."""
    MEET = "meet"
    SIGN_NDA = "sign_nda"
    SIGN_MOU = "sign_mou"
    AGREE = "agree"
    LAPSE = "lapse"


Whose = Literal["association", "proposer"]
"""``association``: one that answers for either firm; ``proposer``: the officer who proposed it."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One way from a stage to another, or back to the same."""

    before: Stage
    act: Act
    after: Stage
    whose: Whose


_OPEN = (Stage.PROPOSED, Stage.HALF_ACCEPTED, Stage.ACCEPTED)
_MEETING = (Stage.INTRODUCED, Stage.MET, Stage.NDA, Stage.MOU)

TRANSITIONS = (
    Transition(Stage.PROPOSED, Act.ACCEPT, Stage.HALF_ACCEPTED, "association"),
    Transition(Stage.HALF_ACCEPTED, Act.ACCEPT, Stage.ACCEPTED, "association"),
    *(Transition(before, Act.DECLINE, Stage.DECLINED, "association") for before in _OPEN),
    *(Transition(before, Act.ASK, before, "association") for before in _OPEN),
    *(Transition(before, Act.REPLY, before, "proposer") for before in _OPEN),
    *(Transition(before, Act.WITHDRAW, Stage.WITHDRAWN, "proposer") for before in _OPEN),
    Transition(Stage.ACCEPTED, Act.EXCHANGE, Stage.INTRODUCED, "proposer"),
    Transition(Stage.INTRODUCED, Act.MEET, Stage.MET, "proposer"),
    *(Transition(before, Act.SIGN_NDA, Stage.NDA, "proposer") for before in _MEETING[:2]),
    *(Transition(before, Act.SIGN_MOU, Stage.MOU, "proposer") for before in _MEETING[:3]),
    *(Transition(before, Act.AGREE, Stage.AGREEMENT, "proposer") for before in _MEETING),
    *(Transition(before, Act.LAPSE, Stage.LAPSED, "proposer") for before in (*_OPEN, *_MEETING)),
)
"""Every way there is. A second acceptance must be the other side's."""

ENDS = frozenset(Stage) - {way.before for way in TRANSITIONS}
"""Stages that nothing leaves."""


def transition(stage: str, act: Act) -> Transition:
    """The way that an act takes from a stage; raises Conflict, with the acts that are open."""
    for way in TRANSITIONS:
        if (way.before, way.act) == (stage, act):
            return way
    raise Conflict(
        f"an introduction that is {_words(stage)} cannot be moved by “{_words(act)}”",
        hint=f"open to it: {', '.join(map(_words, acts(stage))) or 'nothing'}",
    )


def acts(stage: str, whose: Whose | None = None) -> tuple[Act, ...]:
    """The acts that are open from a stage, to all or to one."""
    return tuple(way.act for way in TRANSITIONS if way.before == stage and whose in (None, way.whose))


def _words(name: str) -> str:
    return name.replace("_", " ")


def diagram() -> str:
    """The table as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {Stage.PROPOSED}: propose (proposer)"]
    lines += [f"    {way.before} --> {way.after}: {way.act} ({way.whose})" for way in TRANSITIONS]
    lines += [f"    {stage} --> [*]" for stage in Stage if stage in ENDS]
    return "\n".join(lines)
