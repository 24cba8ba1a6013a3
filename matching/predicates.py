"""What a condition is made of: tests on facts, three-valued, and their combination.

Kleene's strong logic: a test on a fact nobody has told is unknown, never false, and carries the path of
the missing fact, from which a question is made. A true test carries the facts that met, in words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple

from matching.facts import Facts, Owner
from matching.phrases import joined, say
from matching.profile import Frozen, Label

# --- What a test sees and says ---------------------------------------------------------------------


class Finding(NamedTuple):
    """The answer of a test: true, false or unknown; the facts that met, or those that are missing."""

    value: bool | None
    words: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()


class Wording(Frozen):
    """How a fact is asked for and told: sentences of the rulebook's files, not of the code."""

    label: Label
    ask: Label
    yes: Label | None = None
    no: Label | None = None
    before_open: bool = False
    """Must be known before the service says that no rule it holds bites."""


CountryRow = Mapping[str, object]
"""A country's facts on one day: text, bool or frozenset of text; None is unknown."""


@dataclass(slots=True)
class Scene:
    """One crossing on one day, with everything that is known: what a test is asked about."""

    facts: Facts
    start: str
    to: str
    known: Mapping[str, object]
    wording: Mapping[str, Wording]
    countries: Mapping[str, CountryRow]
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Why a fact that nobody told is known all the same."""
    ask_instead: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Facts better asked first, because they may settle the missing one."""
    nothing_else: bool | None = None

    def unknown(self, path: str) -> Finding:
        """The finding for a missing fact: unknown, with what to ask."""
        return Finding(None, asks=self.ask_instead.get(path, (path,)))

    def told(self, path: str, words: str) -> tuple[str, ...]:
        """Words for a fact, with the reason where it was concluded and not told."""
        reason = self.reasons.get(path)
        return (say("{words} (concluded: {reason})", words=words, reason=say(reason)),) if reason else (words,)

    def cell(self, iso3: str, column: str) -> object:
        """What the country table says; None is unknown: a blank cell, or a country without a row."""
        return self.countries.get(iso3, {}).get(column)

    def untabled(self, iso3: str, column: str) -> Finding:
        """The finding for a missing cell: unknown, with the cell (or the whole row) to ask for."""
        held = iso3 in self.countries
        return Finding(None, asks=(f"countries.{iso3}.{column}" if held else f"countries.{iso3}",))

    def name_of(self, iso3: str) -> str:
        """A country's name, or its code where the table holds no row."""
        return str(self.countries.get(iso3, {}).get("name", iso3))


Test = Callable[[Scene], Finding]


# --- Combining (Kleene) ----------------------------------------------------------------------------


def every(tests: tuple[Test, ...]) -> Test:
    """``all``: false once one is false. Unknown asks for the first missing fact only: its answer may end it."""

    def test(scene: Scene) -> Finding:
        words: tuple[str, ...] = ()
        missing: Finding | None = None
        for one in tests:
            found = one(scene)
            if found.value is False:
                return found
            if found.value is None:
                missing = missing or found
            words += found.words
        return missing or Finding(True, words)

    return test


def some(tests: tuple[Test, ...]) -> Test:
    """``any``: true once one is true. Unknown asks for every missing fact: each could end it."""

    def test(scene: Scene) -> Finding:
        words: tuple[str, ...] = ()
        asks: tuple[str, ...] = ()
        value: bool | None = False
        for one in tests:
            found = one(scene)
            if found.value is True:
                return found
            value = None if found.value is None else value
            words += found.words
            asks += found.asks
        return Finding(value, words, asks)

    return test


def negated(inner: Test) -> Test:
    """``not``: unknown stays unknown."""

    def test(scene: Scene) -> Finding:
        found = inner(scene)
        return found if found.value is None else found._replace(value=not found.value)

    return test


def stated(inner: Test) -> Test:
    """``stated``: for duties that arise from knowledge alone; what nobody has told does not bite."""

    def test(scene: Scene) -> Finding:
        found = inner(scene)
        return Finding(False) if found.value is None else found

    return test


def _yes_or_no(value: bool) -> str:
    return say("yes") if value else say("no")


def _labelled(label: str, value: str) -> str:
    return say("{label}: {value}", label=say(label), value=value)


# --- Tests on facts --------------------------------------------------------------------------------


def pattern_of(entry: str) -> re.Pattern[str]:
    """``2-1`` takes 2-1 and 2-1.a but not 2-10; ``*`` takes anything, ``?`` any one character."""
    wild = {"*": ".*", "?": "."}
    body = "".join(wild.get(c) or re.escape(c) for c in entry.upper())
    return re.compile(body if entry.endswith("*") else body + r"(?![0-9A-Z])")


def _canonical(entry: str) -> str:
    """``Group-2``, ``2`` and ``2-x`` name a whole ECL group or SCOMET category; spaces in marks do not count."""
    plain = re.sub(r"^(CAT(EGORY)?\.? |GROUP-)", "", entry.upper())
    return re.sub(r"(?<=[A-Z]) (?=\d)", "", plain) + ("-" if entry.upper().startswith("GROUP-") else "")


def flag(path: str, wanted: bool) -> Test:
    """Whether a yes-or-no fact is as wanted."""

    def test(scene: Scene) -> Finding:
        value = scene.known[path]
        if value is None:
            return scene.unknown(path)
        words = scene.wording[path]
        whole = words.yes if value else words.no
        said = say(whole) if whole else _labelled(words.label, _yes_or_no(bool(value)))
        return Finding(bool(value) is wanted, scene.told(path, said))

    return test


def word(path: str, wanted: frozenset[str]) -> Test:
    """Whether a fact that is one word (a kind, a country) is among those wanted."""

    def test(scene: Scene) -> Finding:
        value = scene.known[path]
        if value is None:
            return scene.unknown(path)
        said = scene.name_of(str(value)) if str(value).isupper() else str(value)
        return Finding(value in wanted, scene.told(path, _labelled(scene.wording[path].label, say(said))))

    return test


def entries(path: str, patterns: tuple[str, ...], only: bool) -> Test:
    """Whether any entry of a list matches a pattern or, with ``only``, whether there are some and all do."""
    compiled = tuple(pattern_of(p) for p in patterns)
    listed = ", ".join(patterns)

    def test(scene: Scene) -> Finding:
        value = scene.known[path]
        label = scene.wording[path].label
        if value is None:
            return scene.unknown(path)
        if isinstance(value, bool):
            return Finding(value, scene.told(path, _labelled(label, _yes_or_no(value))))
        given: tuple[str, ...] = value if isinstance(value, tuple) else ()
        met = tuple(e for e in given if any(p.match(_canonical(e)) for p in compiled))
        if not met or (only and len(met) < len(given)):
            return Finding(
                False,
                scene.told(path, say("{label}: none held that counts as {entries}", label=say(label), entries=listed)),
            )
        return Finding(True, scene.told(path, say("{label} {entries}", label=say(label), entries=", ".join(met))))

    return test


def none_given(path: str) -> Test:
    """Whether a list is known to be empty."""

    def test(scene: Scene) -> Finding:
        value = scene.known[path]
        if value is None:
            return scene.unknown(path)
        label = scene.wording[path].label
        return Finding(not value, scene.told(path, _labelled(label, say("given") if value else say("none"))))

    return test


COMPARISONS: Mapping[str, tuple[Callable[[float, float], bool], str, str]] = {
    "above": (lambda a, b: a > b, say("above"), say("not above")),
    "at_least": (lambda a, b: a >= b, say("at least"), say("below")),
    "at_most": (lambda a, b: a <= b, say("at most"), say("above")),
}


def amount(path: str, comparison: str, limit: float) -> Test:
    """Whether a number is above, at least or at most the limit."""
    holds, yes, no = COMPARISONS[comparison]

    def test(scene: Scene) -> Finding:
        value = scene.known[path]
        if not isinstance(value, int | float):
            return scene.unknown(path)
        met = holds(value, limit)
        said = say(
            "{label}: {value:g}, {comparison} {limit:g}",
            label=say(scene.wording[path].label),
            value=value,
            comparison=yes if met else no,
            limit=limit,
        )
        return Finding(met, scene.told(path, said))

    return test


# --- Tests on the crossing, the country table and the parties --------------------------------------


def place(end: Literal["to", "from"], wanted: frozenset[str]) -> Test:
    """Whether the crossing goes to, or starts in, one of the countries."""

    def test(scene: Scene) -> Finding:
        place = scene.to if end == "to" else scene.start
        country = say(scene.name_of(place))
        said = (
            say("the crossing goes to {country}", country=country)
            if end == "to"
            else say("the crossing starts in {country}", country=country)
        )
        return Finding(place in wanted, (said,))

    return test


def route_end(index: int, wanted: frozenset[str]) -> Test:
    """Whether the whole route starts (0) or ends (-1) in one of the countries."""

    def test(scene: Scene) -> Finding:
        place = scene.facts.route[index]
        country = say(scene.name_of(place))
        said = (
            say("the route ends in {country}", country=country)
            if index
            else say("the route starts in {country}", country=country)
        )
        return Finding(place in wanted, (said,))

    return test


def column_holds(end: Literal["to", "market"], column: str, wanted: frozenset[str] | bool) -> Test:
    """Whether the country table says so of where the crossing goes, or of where the route ends (market)."""

    def test(scene: Scene) -> Finding:
        country = scene.to if end == "to" else scene.facts.route[-1]
        cell = scene.cell(country, column)
        if cell is None:
            return scene.untabled(country, column)
        about: dict[str, str] = {
            "country": say(scene.name_of(country)),
            "label": say(scene.wording[f"countries.{column}"].label),
        }
        if isinstance(cell, bool):
            return Finding(cell is wanted, (say("{country}, {label}: {value}", value=_yes_or_no(cell), **about),))
        cells: frozenset[str] = cell if isinstance(cell, frozenset) else frozenset({str(cell)})
        met = cells & wanted if isinstance(wanted, frozenset) else frozenset()
        whole = scene.cell(country, f"{column}_words")
        value = joined(", ", (say(one) for one in sorted(met or cells)))
        said = say(str(whole)) if whole else say("{country}, {label}: {value}", value=value, **about)
        return Finding(bool(met), (said,))

    return test


def chart_marks(path: str) -> Test:
    """Whether the US country chart (15 CFR 738 Supp. 1) marks the destination for one of the item's reasons."""

    def test(scene: Scene) -> Finding:
        reasons = scene.known[path]
        if reasons is None:
            return scene.unknown(path)
        if not isinstance(reasons, tuple) or not reasons:
            return Finding(False, scene.told(path, say("no reason for control")))
        marks = scene.cell(scene.to, "us_chart_marks")
        if not isinstance(marks, frozenset):
            return scene.untabled(scene.to, "us_chart_marks")
        name = say(scene.name_of(scene.to))
        met = [r for r in reasons if any(pattern_of(_canonical(r) + "*").match(m) for m in marks)]
        if not met:
            return Finding(
                False,
                (say("the US chart does not mark {country} for {reasons}", country=name, reasons=", ".join(reasons)),),
            )
        return Finding(True, (say("the US chart marks {country} for {reasons}", country=name, reasons=", ".join(met)),))

    return test


class Lists(NamedTuple):
    """Which denied-party lists count: those named, or all besides those named."""

    codes: frozenset[str]
    besides: bool

    def meet(self, lists: tuple[str, ...]) -> list[str]:
        """The lists among these that count."""
        return [code for code in lists if (code in self.codes) is not self.besides]


def listed(wanted: Lists) -> Test:
    """Whether a party stands on a list that counts."""

    def test(scene: Scene) -> Finding:
        if scene.facts.parties is None:
            return scene.unknown("parties")
        unscreened = False
        for party in scene.facts.parties:
            if party.lists is None:
                unscreened = True
            elif met := wanted.meet(party.lists):
                return Finding(
                    True, (say("{party} stands on {lists}", party=party.name or say("a party"), lists=", ".join(met)),)
                )
        return scene.unknown("parties.lists") if unscreened else Finding(False, (say("no party so listed"),))

    return test


def owned(wanted: Lists, at_least: float) -> Test:
    """Whether owners on lists that count hold together at least this share (per cent) of a party."""

    def shares(owners: tuple[Owner, ...]) -> tuple[float, float, list[str]]:
        """Share known to be held by listed owners, share that may be, and the lists.

        An owner of whom listed owners hold that much in turn counts as listed with its whole share (31 CFR ch. V:
        property in which blocked persons own half, directly or indirectly).
        """
        sure, maybe, codes = 0.0, 0.0, list[str]()
        for owner in owners:
            share = 100.0 if owner.share_pct is None else owner.share_pct
            above = shares(owner.owners)
            met = [] if owner.lists is None else wanted.meet(owner.lists)
            if above[2] and above[0] >= at_least:
                met = [*met, *above[2]]
            codes += met
            maybe += share if met or owner.lists is None or above[1] >= max(at_least, 1e-9) else 0.0
            sure += owner.share_pct or 0.0 if met else 0.0
        return sure, maybe, codes

    def test(scene: Scene) -> Finding:
        if scene.facts.parties is None:
            return scene.unknown("parties")
        doubtful = False
        for party in scene.facts.parties:
            held = None if party.owners is None else shares(party.owners)
            if held and held[2] and held[0] >= at_least:
                lists = ", ".join(dict.fromkeys(held[2]))
                said = say(
                    "{party} is {share:g} % owned by parties on {lists}",
                    party=party.name or say("a party"),
                    share=min(held[0], 100),
                    lists=lists,
                )
                return Finding(True, (said,))
            doubtful = doubtful or held is None or held[1] >= max(at_least, 1e-9)
        return scene.unknown("parties.owners") if doubtful else Finding(False, (say("no such owner"),))

    return test


def dated(since: date | None, until: date | None) -> Test:
    """Whether the day asked for is within the days given, both included."""

    def test(scene: Scene) -> Finding:
        on = scene.facts.on
        return Finding((since or on) <= on <= (until or on), (say("asked for {day}", day=on.isoformat()),))

    return test


def nothing_else(scene: Scene) -> Finding:
    """Whether no rule asked before has bitten or been unknown."""
    if scene.nothing_else is None:
        return Finding(None)
    return Finding(scene.nothing_else, (say("no other rule held bites on any leg"),))
