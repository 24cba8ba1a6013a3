"""The words of a programme: stops, delegates, wishes, a mission to plan, and the visits that come of it.

Times are minutes of the local day, days are counted from 0, the first day of the mission. Nothing here solves anything:
the planner (``programme``) and the checker (``programme_check``) share these words and no other code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

GRID = 15
"""Visits begin on the quarter of an hour."""

OTHERS = "*"
"""Stands for every nationality that is not named."""


@dataclass(frozen=True, slots=True)
class Opening:
    """When visitors are received on a day: minutes of the day, from opening to closing."""

    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class Stop:
    """A place that may be visited, with all that decides when and by whom."""

    id: str
    name: str
    host: str
    """Id of the firm that receives."""
    city: str
    minutes: int
    """How long a visit takes."""
    capacity: int
    """Visitors received at one time."""
    openings: tuple[Opening | None, ...]
    """One for each day of the mission, and perhaps for days after it; None is closed."""
    closed_because: tuple[str, ...]
    """For each of those days why it is closed, or an empty string."""
    notice_days: int = 0
    clearance_days: Mapping[str, int] = field(default_factory=dict)
    """Days that clearance takes, by nationality (ISO alpha-3); ``*`` for all others."""

    def lead_days(self, nationality: str) -> int:
        """Days before a visit by which it must be asked for."""
        return max(self.notice_days, self.clearance_days.get(nationality, self.clearance_days.get(OTHERS, 0)))


@dataclass(frozen=True, slots=True)
class Delegate:
    """Someone who travels, for one firm or several."""

    id: str
    name: str
    firms: tuple[str, ...]
    nationality: str
    first_day: int = 0
    last_day: int | None = None
    """None: to the end."""
    most_visits: int | None = None


@dataclass(frozen=True, slots=True)
class Pace:
    """How the days go: minutes, and how much a day may hold."""

    leave_from: int = 6 * 60
    """Nobody sets out earlier."""
    arrive_by: int = 22 * 60
    """Nobody is on the road later."""
    lunch: int = 45
    lunch_from: int = 12 * 60
    lunch_to: int = 14 * 60 + 30
    visits_a_day: int = 3
    sites_a_host: int = 1
    """Sites of one host that one delegate sees."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Something that must hold.

    ``must``: the stop (or any stop of the host) is visited, by the delegate if one is named. ``never``: it is not.
    ``at``: the stop is visited on that day at that time, by those delegates at least; ``published`` by those and no
    others. ``at_least``: the delegate makes so many visits.
    """

    kind: Literal["must", "never", "at", "published", "at_least"]
    stop: str | None = None
    host: str | None = None
    delegate: str | None = None
    delegates: tuple[str, ...] = ()
    day: int | None = None
    start: int | None = None
    visits: int | None = None


@dataclass(frozen=True, slots=True)
class Mission:
    """Everything a programme is planned from."""

    dates: tuple[str, ...]
    """ISO dates of the days, in order."""
    asked_days_before: int
    """Days between asking and the first day; clearance and notice are counted from the asking."""
    stops: tuple[Stop, ...]
    delegates: tuple[Delegate, ...]
    value: Mapping[tuple[str, str], float]
    """(delegate, stop) to how much the meeting is worth, 0 to 1; a pair that is not there is worth nothing known."""
    travel: tuple[tuple[int, ...], ...]
    """Minutes between stops, in their order, no way longer than one through a third stop."""
    base: tuple[int, ...] | None = None
    """Minutes between each stop and the place where all begin and end; None: the first and last stop decide."""
    pace: Pace = Pace()
    wishes: tuple[Wish, ...] = ()
    spare_date: str | None = None
    """The day after the last, where the stops' openings are known for it: what one more day would bring is tried."""

    @property
    def days(self) -> int:
        """How many days there are."""
        return len(self.dates)

    def without(self, *wishes: Wish) -> Mission:
        """The same mission with some wishes dropped."""
        return replace(self, wishes=tuple(wish for wish in self.wishes if wish not in wishes))

    def longer(self) -> Mission | None:
        """The same mission with one more day; None where nothing is known of that day."""
        return None if self.spare_date is None else replace(self, dates=(*self.dates, self.spare_date), spare_date=None)

    def also(self, *wishes: Wish) -> Mission:
        """The same mission with more wishes."""
        return replace(self, wishes=(*self.wishes, *wishes))


@dataclass(frozen=True, slots=True)
class Visit:
    """One stop, when, and who goes; ``start`` and ``end`` are minutes of the day."""

    stop: str
    day: int
    start: int
    end: int
    delegates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A stop that is not visited, why, and what would let it in, as found by planning again."""

    stop: str
    why: str
    lets_in: str
    without_it: float | None = None
    """What the programme is worth as planned."""
    with_it: float | None = None
    """What the best programme found that does visit the stop is worth; None where there is none."""


@dataclass(frozen=True, slots=True)
class Programme:
    """The ordered visits. ``objective`` is what they are worth, ``bound`` what no programme can exceed."""

    visits: tuple[Visit, ...]
    left_out: tuple[LeftOut, ...]
    objective: float
    bound: float
    proven: bool
    """No better programme exists."""


def clock(minutes: int) -> str:
    """A time of day as people write it: ``"09:30"``."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def minutes_of(text: str) -> int:
    """The minutes of ``"09:30"``; raises ValueError."""
    hours, minutes = text.split(":")
    if not (0 <= int(hours) < 24 and 0 <= int(minutes) < 60):
        raise ValueError(f"{text!r} is no time of day")
    return 60 * int(hours) + int(minutes)
