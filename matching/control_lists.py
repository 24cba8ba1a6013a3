"""What the control lists say, and which of their entries a text seems to speak of.

A heading is one kind of goods with its entries in each regime: the lists follow the Wassenaar numbering, so that ECL
2-10, SCOMET 6A010, ECCN 9A610 and USML VIII describe the same things. A text is read for the words of the headings and
for those of the lists' own titles. What comes out is a suggestion for a person to read, and never a classification.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from matching.index import words
from matching.profile import Regime, check_entry
from matching.rules import RuleError

ENTRIES, HEADINGS = "entries.csv", "headings.csv"
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    ENTRIES: ("regime", "entry", "title", "source", "as_of", "status"),
    HEADINGS: ("heading", "arms", "ecl", "scomet", "eccn", "usml", "sector_map", "terms_en", "terms_fr"),
}

OF_SECTOR = 0.8
"""What the sector of a statement weighs: about as much as one telling word."""

OF_TITLE = 0.35
"""What a word of a list's own title weighs against a term; titles are long and full of ``equipment``."""

MILITARY = frozenset(
    words("military army armies navy navies naval defence defense weapon combat soldier warfare tactical")
)
"""Words that speak for a munitions heading where nobody has said whether the goods are arms."""

PLAUSIBLE = 0.5
"""Headings with less than this share of the best one's evidence are told, and not supposed."""


@dataclass(frozen=True, slots=True)
class ListEntry:
    """An entry of a control list with its own title, and where and when that was read."""

    regime: Regime
    entry: str
    title: str
    source: str
    as_of: date | None
    status: str


@dataclass(frozen=True, slots=True)
class Suggested:
    """An entry suggested for a text. It stands as a suggestion until a person declares it."""

    regime: Regime
    entry: str
    title: str
    source: str
    as_of: date | None
    standing: Literal["suggested"] = "suggested"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One kind of goods that a text may speak of: its entries, its evidence, and the words that met, as written.

    ``score`` is evidence e as e / (1 + e). It orders; it is not a probability.
    """

    heading: str
    arms: bool
    entries: tuple[Suggested, ...]
    score: float
    words_that_met: tuple[str, ...]

    def of(self, regime: Regime) -> tuple[str, ...]:
        """Its entries in one regime."""
        return tuple(entry.entry for entry in self.entries if entry.regime is regime)


@dataclass(frozen=True, slots=True)
class Heading:
    """One kind of goods: the entries that describe it in each regime, and the words that name it."""

    name: str
    arms: bool
    entries: tuple[tuple[Regime, str], ...]
    sector_maps: frozenset[str]
    terms: tuple[str, ...]


Run = tuple[str, ...]
"""Stems in a row."""


@dataclass(frozen=True, eq=False)
class ControlLists:
    """Entries and headings, and the lexicon over them; ``version`` is the hash of both tables."""

    entries: Mapping[tuple[Regime, str], ListEntry]
    headings: tuple[Heading, ...]
    version: str
    _terms: Mapping[str, Sequence[tuple[Run, int, float]]] = field(repr=False)
    """Terms by their first stem: stems, place of the heading, weight."""
    _titles: Sequence[Mapping[str, float]] = field(repr=False)
    """Of each heading, the stems of its entries' titles with their weights."""

    def suggest(
        self, text: str, sector_maps: Collection[str] = (), *, arms: bool | None = None, limit: int = 5
    ) -> tuple[Candidate, ...]:
        """The headings that the text and its sectors speak for, strongest first.

        ``sector_maps`` are rows of the sector map; ``arms``, where known, leaves the other kind out. Words of a
        heading count by their rarity among the headings, longer terms more.
        """
        stems, pieces = _read(text)
        met: dict[int, dict[str, float]] = defaultdict(dict)
        covered: dict[int, set[str]] = defaultdict(set)
        for at, stem in enumerate(stems):
            for run, place, weight in self._terms.get(stem, ()):
                if tuple(stems[at : at + len(run)]) == run:
                    wording = " ".join(dict.fromkeys(pieces[at : at + len(run)]))
                    met[place][wording] = max(weight, met[place].get(wording, 0))
                    covered[place].update(run)
        wordings = dict(zip(stems, pieces, strict=True))
        speaks_of_arms = arms is None and not MILITARY.isdisjoint(stems)
        found = []
        for place, heading in enumerate(self.headings):
            if arms is not None and heading.arms is not arms:
                continue
            told = dict(met[place])
            for stem in wordings.keys() & self._titles[place].keys() - covered[place]:
                told[wordings[stem]] = max(OF_TITLE * self._titles[place][stem], told.get(wordings[stem], 0))
            evidence = sum(told.values()) + (OF_SECTOR if heading.sector_maps & set(sector_maps) else 0.0)
            if evidence and speaks_of_arms and heading.arms:
                evidence += OF_TITLE
            if evidence > 0:
                found.append((-evidence, place, told))
        found.sort(key=lambda each: each[:2])
        return tuple(self._candidate(place, -evidence, told) for evidence, place, told in found[:limit])

    def _candidate(self, place: int, evidence: float, told: Mapping[str, float]) -> Candidate:
        heading = self.headings[place]
        ordered = sorted(told, key=lambda wording: (-told[wording], wording))
        return Candidate(
            heading=heading.name.replace("-", " "),
            arms=heading.arms,
            entries=tuple(self._suggested(regime, entry) for regime, entry in heading.entries),
            score=round(evidence / (1 + evidence), 4),
            words_that_met=tuple(ordered),
        )

    def _suggested(self, regime: Regime, entry: str) -> Suggested:
        held = self.nearest(regime, entry)
        if held is None:
            return Suggested(regime, entry, "", "", None)
        return Suggested(regime, entry, held.title, held.source, held.as_of)

    def nearest(self, regime: Regime, entry: str) -> ListEntry | None:
        """The entry of a list, or the one it stands under (``2-10`` for ``2-10.c``); None when the list has neither.

        SCOMET numbers on without a point (8A912 stands under 8A9), and a group of the Export Control List stands for
        those of its entries that are not held.
        """
        code = entry.upper()
        for cut in range(len(code), 0, -1):
            held = self.entries.get((regime, code[:cut].rstrip(".( ")))
            if held and (regime is Regime.SCOMET or not code[cut - 1 : cut + 1].isalnum() or cut == len(code)):
                return held
        return self.entries.get((regime, f"GROUP-{code[:1]}")) if regime is Regime.ECL else None

    def check(self, regime: Regime, entry: str) -> ListEntry:
        """The list's entry; raises ValueError for a code of another regime or one that the list held does not have.

        The lists of Canada and India are held by their main entries, so what stands under one of these passes; the
        Commerce Control List is held whole.
        """
        check_entry(regime, entry)
        held = self.nearest(regime, entry)
        if held is None:
            known = [code for of, code in self.entries if of is regime]
            near = ", ".join(get_close_matches(entry.upper(), known, n=3, cutoff=0.5)) or "none"
            raise ValueError(f"{regime.value} {entry!r} is not on the list held; near: {near}")
        return held


def load_control_lists(folder: Path, sector_maps: Collection[str]) -> ControlLists:
    """Read entries.csv and headings.csv of the folder; RuleError names file, line and column of what does not fit."""
    raw = {name: _bytes(folder / name) for name in _COLUMNS}
    entries: dict[tuple[Regime, str], ListEntry] = {}
    for at, row in _rows(folder / ENTRIES, raw[ENTRIES]):
        held = _list_entry(folder / ENTRIES, at, row)
        if (held.regime, held.entry.upper()) in entries:
            raise RuleError(str(folder / ENTRIES), at, "entry", repr(held.entry), "each entry once")
        entries[held.regime, held.entry.upper()] = held
    lists = ControlLists(
        entries=entries,
        headings=tuple(
            _heading(folder / HEADINGS, at, row, sector_maps) for at, row in _rows(folder / HEADINGS, raw[HEADINGS])
        ),
        version=hashlib.sha256(b"\0".join(raw.values())).hexdigest(),
        _terms={},
        _titles=(),
    )
    return _with_lexicon(lists)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        raise RuleError(str(path), 1, "", str(problem.strerror), "a table of the control lists") from problem


def _rows(path: Path, content: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        reader = csv.DictReader(io.StringIO(content.decode("utf-8"), newline=""), strict=True)
        if tuple(reader.fieldnames or ()) != _COLUMNS[path.name]:
            found, expected = f"the columns {reader.fieldnames}", ", ".join(_COLUMNS[path.name])
            raise RuleError(str(path), 1, "", found, expected)
        for row in reader:
            if None in row or None in row.values():
                raise RuleError(str(path), reader.line_num, "", "too few or too many cells", "one for each column")
            yield reader.line_num, row
    except (UnicodeDecodeError, csv.Error) as problem:
        raise RuleError(str(path), 1, "", str(problem), "a CSV table in UTF-8") from problem


def _list_entry(path: Path, line: int, row: Mapping[str, str]) -> ListEntry:
    try:
        regime = Regime(row["regime"])
        as_of = date.fromisoformat(row["as_of"]) if row["as_of"] else None
        return ListEntry(regime, check_entry(regime, row["entry"]), row["title"], row["source"], as_of, row["status"])
    except ValueError as problem:
        raise RuleError(str(path), line, "", str(problem), "an entry with its regime and date") from problem


def _heading(path: Path, line: int, row: Mapping[str, str], sector_maps: Collection[str]) -> Heading:
    def refuse(column: str, expected: str) -> RuleError:
        return RuleError(str(path), line, column, repr(row[column]), expected)

    if row["arms"] not in ("yes", "no"):
        raise refuse("arms", "yes or no")
    maps = frozenset(_listed(row["sector_map"]))
    if not maps <= set(sector_maps):
        raise refuse("sector_map", f"rows of the sector map: {', '.join(sorted(sector_maps))}")
    try:
        entries = tuple(
            (regime, check_entry(regime, entry))
            for regime in (Regime.ECL, Regime.SCOMET, Regime.ECCN, Regime.USML)
            for entry in _listed(row[regime.value.lower()])
        )
    except ValueError as problem:
        raise RuleError(str(path), line, "", str(problem), "entries of their regime") from problem
    terms = tuple(dict.fromkeys(_listed(row["terms_en"]) + _listed(row["terms_fr"])))
    if not terms:
        raise refuse("terms_en", "words that name the goods")
    return Heading(row["heading"], row["arms"] == "yes", entries, maps, terms)


def _listed(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(";") if part.strip()]


def _with_lexicon(lists: ControlLists) -> ControlLists:
    """The lists with their terms weighed by rarity among the headings, in the manner of Spärck Jones (1972)."""
    runs = [{tuple(words(term)) for term in heading.terms} - {()} for heading in lists.headings]
    titles = [
        {
            stem
            for regime, entry in heading.entries
            if (held := lists.nearest(regime, entry))
            for stem in words(held.title)
        }
        for heading in lists.headings
    ]
    full = math.log1p(len(lists.headings))

    def rarity(holders: int) -> float:
        return math.log1p(len(lists.headings) / holders) / full

    of_runs: Counter[Run] = Counter()
    for terms in runs:
        inner = {run[i:j] for run in terms for i in range(len(run)) for j in range(i + 1, len(run) + 1)}
        of_runs.update(inner)
    of_titles: Counter[str] = Counter(stem for stems in titles for stem in stems)
    by_first: dict[str, list[tuple[Run, int, float]]] = defaultdict(list)
    for place, terms in enumerate(runs):
        for run in sorted(terms):
            by_first[run[0]].append((run, place, rarity(of_runs[run]) * (0.6 + 0.4 * min(len(run), 4))))
    weighed = tuple({stem: rarity(of_titles[stem]) for stem in sorted(stems)} for stems in titles)
    return ControlLists(lists.entries, lists.headings, lists.version, dict(by_first), weighed)


def _read(text: str) -> tuple[list[str], list[str]]:
    """The stems of a text, and for each the piece of the text that it came from."""
    stems: list[str] = []
    pieces: list[str] = []
    for piece in text.split():
        found = words(piece)
        stems += found
        pieces += [piece.strip(".,;:!?()[]“”\"'«»")] * len(found)
    return stems, pieces
