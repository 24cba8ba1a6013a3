"""The life of a profile, as one table: which state it may leave, by what act, for which, and whose act it is (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from app.errors import Conflict


class State(StrEnum):
    """Where a firm's profile stands. Only a published one is shown to others and matched."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    PUBLISHED = "published"
    EXPIRED = "expired"
    ARCHIVED = "archived"


class Act(StrEnum):
    """What moves a profile from one state to another."""

    SUBMIT = "submit"
    RETURN = "return"
    PUBLISH = "publish"
    CONFIRM = "confirm"
    EXPIRE = "expire"
    ARCHIVE = "archive"
    REOPEN = "reopen"
    WITHDRAW = "withdraw"
    DROP = "drop"
    RESTORE = "restore"


Whose = Literal["association", "service"]
"""``association`` is the one that answers for the firm; ``service`` is a command that runs by the clock or seeds."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One way from a state to another. ``on_consent``: only while the firm's consent to it stands."""

    before: State
    act: Act
    after: State
    whose: Whose
    on_consent: bool = False


_DRAFT, _SUBMITTED, _PUBLISHED, _EXPIRED, _ARCHIVED = State

TRANSITIONS = (
    Transition(_DRAFT, Act.SUBMIT, _SUBMITTED, "association"),
    Transition(_SUBMITTED, Act.RETURN, _DRAFT, "association"),
    Transition(_SUBMITTED, Act.PUBLISH, _PUBLISHED, "association", on_consent=True),
    Transition(_PUBLISHED, Act.CONFIRM, _PUBLISHED, "association", on_consent=True),
    Transition(_PUBLISHED, Act.EXPIRE, _EXPIRED, "service"),
    Transition(_EXPIRED, Act.CONFIRM, _PUBLISHED, "association", on_consent=True),
    Transition(_EXPIRED, Act.ARCHIVE, _ARCHIVED, "association"),
    Transition(_ARCHIVED, Act.REOPEN, _DRAFT, "association"),
    Transition(_DRAFT, Act.WITHDRAW, _ARCHIVED, "association"),
    Transition(_SUBMITTED, Act.WITHDRAW, _ARCHIVED, "association"),
    Transition(_PUBLISHED, Act.WITHDRAW, _ARCHIVED, "association"),
    Transition(_EXPIRED, Act.WITHDRAW, _ARCHIVED, "association"),
    Transition(_PUBLISHED, Act.DROP, _ARCHIVED, "service"),
    Transition(_ARCHIVED, Act.RESTORE, _PUBLISHED, "service"),
)
"""Every way there is. ``drop`` and ``restore`` are for firms compiled from public sources that leave the seed files and
come back; one that was withdrawn is not restored."""


def transition(state: str, act: Act) -> Transition:
    """The way that an act takes from a state; raises Conflict, with the acts that are open."""
    for way in TRANSITIONS:
        if (way.before, way.act) == (state, act):
            return way
    after = " or ".join(sorted({way.before for way in TRANSITIONS if way.act is act}))
    raise Conflict(
        f"a profile that is {state} cannot be moved by “{act}”, which is for one that is {after}",
        hint=f"open to it: {', '.join(acts(state)) or 'nothing'}",
    )


def acts(state: str, whose: Whose = "association") -> tuple[Act, ...]:
    """The acts that are open to someone from a state."""
    return tuple(way.act for way in TRANSITIONS if way.before == state and way.whose == whose)


def diagram() -> str:
    """The table as a Mermaid state diagram; an erasure ends any life."""
    lines = ["stateDiagram-v2", f"    [*] --> {_DRAFT}: submission", f"    [*] --> {_PUBLISHED}: seed (public sources)"]
    for way in TRANSITIONS:
        notes = [*(["service"] if way.whose == "service" else []), *(["on consent"] if way.on_consent else [])]
        label = f"{way.act} ({', '.join(notes)})" if notes else str(way.act)
        lines.append(f"    {way.before} --> {way.after}: {label}")
    lines.append(f"    {_ARCHIVED} --> [*]: erase (from any state)")
    return "\n".join(lines)
