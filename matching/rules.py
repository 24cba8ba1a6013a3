"""The closed ``when:`` language of control rules, and what a rule is.

A condition is a mapping with one key. ``all``, ``any``, ``not``, ``stated`` and ``term`` combine; every
other key is a test on one fact (``item.ecl``, ``to.us_groups``, ``parties.lists``...). Nothing in a file can
call Python.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from matching import predicates
from matching.facts import Facts, Item
from matching.predicates import COMPARISONS, Lists, Test
from matching.profile import Frozen, Label, Text


class Misread(ValueError):
    """A condition that the language does not know: where in it, what stood there, what could."""

    def __init__(self, path: tuple[str | int, ...], found: object, expected: str) -> None:
        super().__init__(f"{path}: found {found!r}; expected {expected}")
        self.path, self.found, self.expected = path, found, expected


def suggestion(word: str, known: Iterable[str]) -> str:
    """What could stand there, with the nearest word first when one is near."""
    words = sorted(known)
    near = get_close_matches(word, words, n=1, cutoff=0.6)
    listed = "one of " + ", ".join(words)
    return f"{near[0]!r}? ({listed})" if near else listed


# --- Reading a condition ---------------------------------------------------------------------------

Place = tuple[str | int, ...]
"""Where in a file a value stands."""

ENTRY_FACTS = frozenset(
    f"item.{name}"
    for name in (
        *("ecl", "usml", "eccn", "scomet", "reasons_for_control", "us_direct_product"),
        *("component_usml", "component_us_eccn"),
    )
)
WORD_FACTS = frozenset({"item.kind", "item.end_use", "service_in", "consignee_in_india.controlled_by"})
AMOUNT_FACTS = frozenset({"item.us_content_pct", "item.component_us_pct", "item.range_km", "item.payload_kg"})
FLAG_FACTS = (
    frozenset(f"item.{name}" for name in Item.model_fields if name not in ("name", "components"))
    | {"consignee_in_india.government", "end_user.government", "end_user.substantial_risk"}
) - (ENTRY_FACTS | WORD_FACTS | AMOUNT_FACTS)
FACTS = ENTRY_FACTS | WORD_FACTS | AMOUNT_FACTS | FLAG_FACTS
"""Every fact a condition can test by its path."""

PARTY_ASKS = frozenset({"parties", "parties.lists", "parties.owners", "on"})
"""What is asked besides: who takes part, whether each was screened, who owns it."""

FLAG_COLUMNS = frozenset(
    f"us_{name}" for name in ("arms_embargoed_d5", "terror_e1", "fdp_600series", "fdp_ns")
) | frozenset(
    {
        "ca_acl",
        "ca_afccl_listed",
        "ca_gep12_excluded",
        "ca_gep41_eligible",
        "ca_gep45_46_ineligible",
        "india_ogel_2019_destination",
    }
)
SET_COLUMNS = frozenset({"us_groups", "us_chart_marks"})
WORD_COLUMNS = frozenset({"itar_1261", "us_sta_group", "ca_embargo_scope", "canadian_embargo", "un_scope"})
COLUMNS = FLAG_COLUMNS | SET_COLUMNS | WORD_COLUMNS
"""Every column of the country table that a condition can test on the crossing's destination."""


@dataclass(frozen=True, slots=True)
class Language:
    """What a condition may name beyond the language itself: the terms defined, the words countries take."""

    terms: Mapping[str, Test]
    column_words: Mapping[str, frozenset[str]]

    def read(self, when: object, at: Place) -> Test:
        """The test that a condition stands for; raises Misread where the language does not know it."""
        key, value = _only_key(when, at)
        at = (*at, key)
        if key in ("all", "any"):
            parts = tuple(self.read(w, (*at, i)) for i, w in enumerate(_listed_in(value, at)))
            return predicates.every(parts) if key == "all" else predicates.some(parts)
        if key in ("not", "stated"):
            inner = self.read(value, at)
            return predicates.negated(inner) if key == "not" else predicates.stated(inner)
        if key == "term":
            return self.terms[_one_of(value, at, self.terms)]
        return self._read_test(key, value, at)

    def _read_test(self, key: str, value: object, at: Place) -> Test:
        if key in FACTS:
            return _read_fact(key, value, at)
        for end in _TABLED_ENDS:
            if key.startswith(f"{end}."):
                return self._read_column(end, key.removeprefix(f"{end}."), value, at)
        if key in _OTHER_TESTS:
            return _OTHER_TESTS[key](value, at)
        known = {"all", "any", "not", "stated", "term", "to.<column>", "market.<column>", *FACTS, *_OTHER_TESTS}
        raise Misread(at, key, suggestion(key, known))

    def _read_column(self, end: TabledEnd, column: str, value: object, at: Place) -> Test:
        if column == "us_chart" and end == "to":
            return predicates.chart_marks(_one_of(value, at, {"item.reasons_for_control"}))
        if column not in COLUMNS:
            raise Misread(at, column, suggestion(column, COLUMNS | ({"us_chart"} if end == "to" else set())))
        if column in FLAG_COLUMNS:
            return predicates.column_holds(end, column, _flag_in(value, at))
        wanted = _words_in(value, at)
        for i, word in enumerate(wanted):
            if word not in self.column_words[column]:
                raise Misread((*at, i), word, suggestion(word, self.column_words[column]))
        return predicates.column_holds(end, column, frozenset(wanted))


TabledEnd = Literal["to", "market"]
"""Whose row of the country table is read: where the crossing goes, or where the route ends."""

_TABLED_ENDS: tuple[TabledEnd, ...] = ("to", "market")


def _read_fact(path: str, value: object, at: Place) -> Test:
    if path in FLAG_FACTS:
        return predicates.flag(path, _flag_in(value, at))
    if path in WORD_FACTS:
        return predicates.word(path, frozenset(_words_in(value, at)))
    if path in AMOUNT_FACTS:
        comparison, limit = _only_key(value, at)
        _one_of(comparison, at, COMPARISONS)
        return predicates.amount(path, comparison, _number_in(limit, (*at, comparison)))
    if value == []:
        return predicates.none_given(path)
    if isinstance(value, dict):
        only, patterns = _only_key(value, at)
        _one_of(only, at, {"only"})
        return predicates.entries(path, _words_in(patterns, (*at, only)), only=True)
    return predicates.entries(path, _words_in(value, at), only=False)


def _read_lists(value: object, at: Place) -> Lists:
    if isinstance(value, dict):
        besides, codes = _only_key(value, at)
        _one_of(besides, at, {"besides"})
        return Lists(frozenset(_words_in(codes, (*at, besides))), besides=True)
    return Lists(frozenset(_words_in(value, at)), besides=False)


def _read_owned(value: object, at: Place) -> Test:
    told = _keys_in(value, at, {"lists", "at_least"})
    lists = _read_lists(told["lists"], (*at, "lists"))
    return predicates.owned(lists, _number_in(told["at_least"], (*at, "at_least")))


def _read_dated(value: object, at: Place) -> Test:
    told = value if isinstance(value, dict) else {}
    for key, day in told.items():
        _one_of(key, at, {"from", "until"})
        if type(day) is not date:
            raise Misread((*at, key), day, "a date like 2026-11-22")
    if not told:
        raise Misread(at, value, "from, until or both")
    return predicates.dated(told.get("from"), told.get("until"))


def _read_nothing_else(value: object, at: Place) -> Test:
    if value is not True:
        raise Misread(at, value, "true")
    return predicates.nothing_else


_OTHER_TESTS: Mapping[str, Callable[[object, Place], Test]] = {
    "to": lambda value, at: predicates.place("to", _countries_in(value, at)),
    "from": lambda value, at: predicates.place("from", _countries_in(value, at)),
    "route.starts": lambda value, at: predicates.route_end(0, _countries_in(value, at)),
    "route.ends": lambda value, at: predicates.route_end(-1, _countries_in(value, at)),
    "parties.lists": lambda value, at: predicates.listed(_read_lists(value, at)),
    "parties.owned": _read_owned,
    "on": _read_dated,
    "nothing_else": _read_nothing_else,
}


def _only_key(value: object, at: Place) -> tuple[str, object]:
    if not isinstance(value, dict) or len(value) != 1:
        raise Misread(at, value, "a mapping with one key (join several with all: or any:)")
    ((key, inner),) = value.items()
    return str(key), inner


def _keys_in(value: object, at: Place, keys: set[str]) -> dict[str, object]:
    if not isinstance(value, dict) or set(value) != keys:
        raise Misread(at, value, f"a mapping with {' and '.join(sorted(keys))}")
    return value


def _one_of(value: object, at: Place, known: Iterable[str]) -> str:
    if not isinstance(value, str) or value not in known:
        raise Misread(at, value, suggestion(str(value), known))
    return value


def _listed_in(value: object, at: Place) -> list[object]:
    if not isinstance(value, list) or not value:
        raise Misread(at, value, "a list of conditions")
    return value


def _words_in(value: object, at: Place) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise Misread(at, value, "a list of words")
    for i, word in enumerate(value):
        if not isinstance(word, str):
            raise Misread((*at, i), word, "a word (put it in quotes)")
    return tuple(value)


def _countries_in(value: object, at: Place) -> frozenset[str]:
    words = _words_in(value, at)
    for i, word in enumerate(words):
        if not re.fullmatch("[A-Z]{3}", word):
            raise Misread((*at, i), word, "an ISO 3166-1 alpha-3 country code")
    return frozenset(words)


def _flag_in(value: object, at: Place) -> bool:
    if not isinstance(value, bool):
        raise Misread(at, value, "true or false")
    return value


def _number_in(value: object, at: Place) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Misread(at, value, "a number")
    return value


# --- A rule ----------------------------------------------------------------------------------------


class RuleError(Exception):
    """A rulebook that does not load: where, what stood there, and what could stand there."""

    def __init__(self, file: str, line: int, path: str, found: str, expected: str) -> None:
        super().__init__(f"{file}:{line}: {path}: found {found}; expected {expected}")
        self.file, self.line, self.path = file, line, path
        self.found, self.expected = found, expected


class Outcome(StrEnum):
    """What a rule that bites asks for.

    The research tables use further codes, held here as: GP and GP_IF as GENERAL; PERMIT_OR_STA as PERMIT
    (an exception with conditions nobody has shown to be met); PERMIT_DENY (a licence under a policy of
    denial) and BLOCK_PENDING (nothing to apply for yet) as BLOCK_UNLESS, because golden case G07 calls
    a policy of denial exceptional and not prohibited; NONE and NA as INFO.
    """

    INFO = "INFO"
    GENERAL = "GENERAL"
    REQUIRED = "REQUIRED"
    PERMIT = "PERMIT"
    PERMIT_HARD = "PERMIT_HARD"
    REVIEW = "REVIEW"
    BLOCK_UNLESS = "BLOCK_UNLESS"
    BLOCK = "BLOCK"


class Period(Frozen):
    """A time in force, both days included; without an end, until further notice."""

    from_: date = Field(alias="from")
    until: date | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.until and self.until < self.from_:
            raise ValueError(f"until {self.until} is before from {self.from_}")
        return self

    def holds(self, on: date) -> bool:
        """Whether the day is within the period."""
        return self.from_ <= on and (self.until is None or on <= self.until)


class Example(Frozen):
    """A small case in the rule's own file: facts, and whether the rule bites."""

    words: Label
    given: Facts
    expect: Literal["bites", "not", "unknown"]


_ENDS: Mapping[str, frozenset[str]] = {
    "any": frozenset(),
    "foreign": frozenset({"CAN"}),
    "market": frozenset({"CAN", "IND", "USA"}),
}


def _is_end(country: str, end: str) -> bool:
    return country not in _ENDS[end] if end in _ENDS else country == end


def _leg(leg: str) -> str:
    for end in leg.split("->") if "->" in leg else ():
        if end not in _ENDS and not re.fullmatch("[A-Z]{3}", end):
            raise ValueError(f"{end!r} is neither a country code nor one of {', '.join(_ENDS)}")
    return leg


Leg = Annotated[
    str,
    StringConstraints(pattern=r"^(route|service|[A-Za-z]+->[A-Za-z]+)$"),
    AfterValidator(_leg),
]
"""Which steps of a route a rule is asked about, written ``CAN->IND`` or ``IND->market``.

Ends: a country code; ``any``; ``foreign`` (not Canada); ``market`` (none of Canada, India, the United
States). ``route`` and ``service`` ask once for the whole way; the requirement is shown on the first
step (parties: nothing may begin) or on the last (what the service would bring about).
"""


class Rule(Frozen):
    """One dated control rule, in the words of its file."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]+(-[A-Za-z0-9]+)+$")]
    title: Label
    layer: Literal["ALL", "CA", "IN", "UN", "US-EAR", "US-ITAR"]
    order: int = Field(ge=1, le=999)
    """Place in the order of asking: parties, countries, items, permits, re-export, brokering."""
    authority: Label
    citation: Label
    url: Annotated[str, StringConstraints(pattern=r"^https?://")] | None = None
    as_of: date
    from_: date | None = Field(default=None, alias="from")
    until: date | None = None
    in_force: tuple[Period, ...] = ()
    leg: Leg
    when: Any
    outcome: Outcome
    permit: Label | None = None
    confidence: Literal["high", "medium", "low"]
    notes: Text | None = None
    replaces: tuple[str, ...] = ()
    """Permits that this general authorisation stands in for, on the same step."""
    examples: tuple[Example, ...]

    @model_validator(mode="after")
    def _is_dated_and_shown(self) -> Self:
        if (self.from_ is None) == (not self.in_force):
            raise ValueError("a rule says either from (and until) or in_force, a list of periods")
        expected = {example.expect for example in self.examples}
        if not {"bites", "not"} <= expected:
            raise ValueError("a rule needs an example that bites and one that does not")
        if self.replaces and self.outcome is not Outcome.GENERAL:
            raise ValueError("only a GENERAL rule replaces others")
        return self

    @cached_property
    def periods(self) -> tuple[Period, ...]:
        """The times in force."""
        if self.from_ is None:
            return self.in_force
        return (Period.model_validate({"from": self.from_, "until": self.until}),)

    def holds(self, on: date) -> bool:
        """Whether the rule is in force on the day."""
        return any(period.holds(on) for period in self.periods)

    def steps(self, route: tuple[str, ...]) -> Iterator[tuple[int, str, str]]:
        """The steps of the route that the rule is asked about: where it shows, from, to."""
        if "->" not in self.leg:
            yield (0 if self.leg == "route" else len(route) - 2), route[0], route[-1]
            return
        start, to = self.leg.split("->")
        for i in range(len(route) - 1):
            if _is_end(route[i], start) and _is_end(route[i + 1], to):
                yield i, route[i], route[i + 1]
