"""The sector tree: names, crosswalks, value-chain adjacency, and a lexicon that finds sectors in text.

Three tables in one folder (`seeds/sectors`): `sectors.csv`, `value_chain.csv` (the stages, in order)
and `feeds.csv` (which sector's output goes into which). They are parsed strictly and refused with file,
line and column: a code that silently means nothing would hide firms from every ranking.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final, NoReturn, Self

import numpy as np
from numpy.typing import NDArray

COLUMNS: Final = {
    "value_chain.csv": ["stage", "name_en", "name_fr"],
    "sectors.csv": [
        *("code", "name_en", "stage", "name_fr", "definition_en", "terms_en", "terms_fr"),
        *("naics", "een_technology", "een_market", "sector_map"),
    ],
    "feeds.csv": ["from_code", "to_code", "why"],
}

FEEDS: Final = 0.7
"""Closeness of a pair where one feeds the other: a little above siblings (0.67), because a refinery
and the lens maker it supplies have more to say to one another than two refineries."""
FEEDS_IN_TWO: Final = 0.4
"""Closeness of a pair with one stage between them: the same chain, yet neither buys from the other."""

_CODE = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")
_NAICS = re.compile(r"[0-9]{2,6}")
_EEN = re.compile(r"[0-9]{5,9}")
_WORD = re.compile(r"\b[jJ]['’]\w+|[^\W\d_]+|\d+|[^\w\s/&'’‐‑–-]")
"""Letters, or digits ("155mm" is two words), or a mark that parts phrases ("radars, tanks; guns").
French "j'ai" is one word, so as not to speak of AI."""


class TaxonomyError(ValueError):
    """A table of the taxonomy is wrong: where, what was found and what was expected."""

    def __init__(self, message: str, file: str = "", line: int = 0, column: str = "") -> None:
        """Keep the place apart from the words, for whoever wants to open the file there."""
        place = [file, f"line {line}" if line else "", f"column {column}" if column else ""]
        self.file, self.line, self.column = file, line, column
        super().__init__(": ".join(filter(None, [", ".join(filter(None, place)), message])))


class UnknownSectorError(TaxonomyError, KeyError):
    """A code that the tree does not hold; near codes are offered."""

    __str__ = Exception.__str__  # KeyError would show the message in quotes


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of the value chain, from exploration to service; `stage` is its key."""

    stage: str
    name_en: str
    name_fr: str


@dataclass(frozen=True, slots=True)
class Sector:
    """A node of the tree, with its lexicon and its codes in other people's classifications.

    EEN codes are text: 11007 and 011007 are different keywords. `sector_map` is a row label of the
    export-control sector map, empty where that map has no such row.
    """

    code: str
    parent: str | None
    level: int
    name_en: str
    name_fr: str
    definition_en: str
    stage: str
    terms_en: tuple[str, ...]
    terms_fr: tuple[str, ...]
    naics: tuple[str, ...]
    een_technology: tuple[str, ...]
    een_market: tuple[str, ...]
    sector_map: str


@dataclass(frozen=True, slots=True)
class Feed:
    """The output of one sector goes into another."""

    from_code: str
    to_code: str
    why: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A sector that a text seems to speak of, with the words that say so, as the text has them.

    `score` is evidence e as e / (1 + e): 0.5 is one word that no other sector claims. It orders; it is
    not a probability.
    """

    code: str
    score: float
    words_that_met: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Taxonomy:
    """The sectors in file order, how close they are to one another, and the lexicon over them.

    `closeness` is read-only, [n, n] in the order of `codes` (see `_closeness`); `version` is the sha256
    of the three tables, so that a stored run can say which tree it used.
    """

    sectors: tuple[Sector, ...]
    stages: tuple[Stage, ...]
    feeds: tuple[Feed, ...]
    codes: tuple[str, ...]
    closeness: NDArray[np.float32]
    version: str
    _positions: dict[str, int] = field(repr=False)
    _lexicon: _Lexicon = field(repr=False)

    def position(self, code: str) -> int:
        """Return the row of `code` in `codes` and in `closeness`."""
        try:
            return self._positions[code]
        except KeyError:
            raise UnknownSectorError(_unknown(code, self.codes)) from None

    def sector(self, code: str) -> Sector:
        """Return the sector of that code, or raise with the nearest codes there are."""
        return self.sectors[self.position(code)]

    def feed_between(self, one: str, other: str) -> Feed | None:
        """Return the feed that joins two sectors, whichever way it runs."""
        ends = {one, other}
        return next((feed for feed in self.feeds if {feed.from_code, feed.to_code} == ends), None)

    @cached_property
    def feeding(self) -> NDArray[np.float32]:
        """How directly each sector feeds each other one, [n, n]: 1 in one step, 0.5 in two, else 0."""
        direct = np.zeros((len(self.codes), len(self.codes)), dtype=np.float32)
        for feed in self.feeds:
            direct[self.position(feed.from_code), self.position(feed.to_code)] = 1
        return np.maximum(direct, np.float32(0.5) * ((direct @ direct) > 0))

    def suggest(self, text: str, limit: int = 3) -> tuple[Suggestion, ...]:
        """Return the sectors that the words of `text` speak of, strongest first; none if none met.

        English and French at once, whatever the case, accents, hyphens and plurals. A leaf also counts
        what was said of its parents: so it comes before them (and they are left out), and words that
        several leaves share are settled ("payload" beside "drone" or beside "satellite"). Sectors
        with less than a third of the best one's evidence are left out as noise.
        """
        met = self._lexicon.read(text)
        own = {code: sum(weight for weight, _ in words.values()) for code, words in met.items()}
        total = {code: sum(own.get(part, 0.0) for part in _path(code)) for code in own}
        above = {part for code in own for part in _path(code)[1:]}
        floor = max(total.values(), default=0.0) / 3
        shown = [code for code in own if code not in above and total[code] >= floor]
        shown.sort(key=lambda code: (-total[code], self._positions[code]))
        return tuple(
            Suggestion(code, round(total[code] / (1 + total[code]), 4), _words(met, code)) for code in shown[:limit]
        )


def load_taxonomy(folder: Path) -> Taxonomy:
    """Read the three tables of `folder`, check them against one another and build the tree."""
    raw = {file: _bytes(folder, file) for file in COLUMNS}
    rows = {file: list(_rows(file, content)) for file, content in raw.items()}
    stages = tuple(_stages(rows["value_chain.csv"]))
    sectors = tuple(_sectors(rows["sectors.csv"], [stage.stage for stage in stages]))
    positions = {sector.code: at for at, sector in enumerate(sectors)}
    feeds = tuple(_feeds(rows["feeds.csv"], positions))
    digest = hashlib.sha256()
    for file, content in raw.items():
        digest.update(f"{file} {len(content)}\n".encode() + content)
    return Taxonomy(
        sectors=sectors,
        stages=stages,
        feeds=feeds,
        codes=tuple(positions),
        closeness=_closeness(tuple(positions), feeds),
        version=digest.hexdigest(),
        _positions=positions,
        _lexicon=_Lexicon.over(sectors),
    )


# Reading the tables


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of a table: its cells, and where they stand, so that a complaint can point at one."""

    file: str
    line: int
    cells: dict[str, str]

    def required(self, column: str) -> str:
        """Return the cell, which may not be blank."""
        return self.cells[column] or self.refuse(column, "is blank; a value is expected")

    def listed(self, column: str, shape: re.Pattern[str], expected: str) -> tuple[str, ...]:
        """Return the semicolon-separated entries, each of the expected shape and none twice."""
        entries = tuple(entry for part in self.cells[column].split(";") if (entry := part.strip()))
        for entry, count in Counter(entries).items():
            if not shape.fullmatch(entry):
                self.refuse(column, f"'{entry}' is not {expected}")
            if count > 1:
                self.refuse(column, f"'{entry}' is there {count} times; once is expected")
        return entries

    def refuse(self, column: str, message: str) -> NoReturn:
        """Raise a complaint about one cell."""
        raise TaxonomyError(message, self.file, self.line, column)


def _bytes(folder: Path, file: str) -> bytes:
    try:
        return (folder / file).read_bytes()
    except OSError as error:
        raise TaxonomyError(f"{error.strerror}; it is expected in {folder}", file) from error


def _rows(file: str, content: bytes) -> Iterator[_Row]:
    """Yield the rows of a table after its header, which must be exactly the columns expected."""
    columns = COLUMNS[file]
    try:
        text = unicodedata.normalize("NFC", content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise TaxonomyError(f"byte {error.start} is not UTF-8", file) from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        if (header := next(reader, [])) != columns:
            raise TaxonomyError(f"the columns are {header}; expected {columns}", file, 1)
        for cells in reader:
            if len(cells) != len(columns):
                message = f"{len(cells)} cells; expected {len(columns)}"
                raise TaxonomyError(message, file, reader.line_num)
            stripped = map(str.strip, cells)
            yield _Row(file, reader.line_num, dict(zip(columns, stripped, strict=True)))
    except csv.Error as error:
        raise TaxonomyError(f"not a CSV table: {error}", file, reader.line_num) from error


def _stages(rows: Iterable[_Row]) -> Iterator[Stage]:
    seen: set[str] = set()
    for row in rows:
        stage = Stage(*(row.required(column) for column in COLUMNS["value_chain.csv"]))
        if stage.stage in seen:
            row.refuse("stage", f"'{stage.stage}' is there twice; once is expected")
        seen.add(stage.stage)
        yield stage


def _sectors(rows: Sequence[_Row], stages: Sequence[str]) -> Iterator[Sector]:
    codes = [row.cells["code"] for row in rows]
    lines: dict[str, int] = {}
    for row in rows:
        code, stage = row.required("code"), row.required("stage")
        parent = code.rpartition(".")[0] or None
        if not _CODE.fullmatch(code):
            row.refuse("code", f"'{code}' is not lower-case words joined by dots, as expected")
        if code in lines:
            row.refuse("code", f"'{code}' is already on line {lines[code]}; codes are unique")
        if parent and parent not in codes:
            row.refuse("code", f"the parent of '{code}' is missing: {_unknown(parent, codes)}")
        if stage not in stages:
            known = ", ".join(stages)
            row.refuse("stage", f"'{stage}' is not in value_chain.csv; expected one of {known}")
        lines[code] = row.line
        yield _sector(row, code, parent)


def _sector(row: _Row, code: str, parent: str | None) -> Sector:
    wordy, word = re.compile(r".*\w.*"), "a word or phrase"
    een = "an EEN keyword of 5 to 9 digits, leading zeros kept"
    return Sector(
        code=code,
        parent=parent,
        level=code.count(".") + 1,
        name_en=row.required("name_en"),
        name_fr=row.required("name_fr"),
        definition_en=row.required("definition_en"),
        stage=row.cells["stage"],
        terms_en=row.listed("terms_en", wordy, word),
        terms_fr=row.listed("terms_fr", wordy, word),
        naics=row.listed("naics", _NAICS, "a NAICS code of 2 to 6 digits"),
        een_technology=row.listed("een_technology", _EEN, een),
        een_market=row.listed("een_market", _EEN, een),
        sector_map=row.cells["sector_map"],
    )


def _feeds(rows: Iterable[_Row], positions: dict[str, int]) -> Iterator[Feed]:
    lines: dict[frozenset[str], int] = {}
    for row in rows:
        feed = Feed(*(row.required(column) for column in COLUMNS["feeds.csv"]))
        for column in ("from_code", "to_code"):
            if row.cells[column] not in positions:
                row.refuse(column, _unknown(row.cells[column], list(positions)))
        pair = frozenset((feed.from_code, feed.to_code))
        if len(pair) == 1:
            row.refuse("to_code", f"'{feed.to_code}' feeds itself; another sector is expected")
        if pair in lines:
            row.refuse("to_code", f"this pair is already joined on line {lines[pair]}")
        lines[pair] = row.line
        yield feed


def _unknown(code: str, codes: Sequence[str]) -> str:
    """Say that a code is unknown, offering codes that hold its last word or are spelt like it."""
    leaf = code.rpartition(".")[2]
    near = [known for known in codes if leaf and leaf in known.split(".")]
    near += [known for known in get_close_matches(code, codes) if known not in near]
    near = [known for known in near if not known.startswith(f"{code}.")]
    hint = f"; near it: {', '.join(near[:3])}" if near else ""
    return f"'{code}' is not a code of the taxonomy{hint}"


# Closeness


def _path(code: str) -> list[str]:
    """Return the code and its ancestors, nearest first."""
    parts = code.split(".")
    return [".".join(parts[:end]) for end in range(len(parts), 0, -1)]


def _closeness(codes: Sequence[str], feeds: Iterable[Feed]) -> NDArray[np.float32]:
    """How near two sectors are, 0 to 1: the higher of the tree's answer and the value chain's.

    Tree: Wu & Palmer (1994), "Verb semantics and lexical selection", ACL: twice the depth of the lowest
    common ancestor over the sum of both depths, with the (unwritten) root at depth 1. So a top sector
    and its child are at 0.80, two of its children at 0.67, two grandchildren of one parent at 0.75. Where
    only the root is common the formula gives 0.33 or less; here 0, as "both are defence" is no reason
    to meet.

    Chain: likeness of kind would keep the germanium refiner from the lens maker, whose trades share
    nothing but the germanium. So a feed lifts a pair to FEEDS, whichever way it runs, and two feeds in
    a row (a feeds b feeds c; not two suppliers of one buyer) lift it to FEEDS_IN_TWO.
    """
    paths = [set(_path(code)) for code in codes]
    tree = np.zeros((len(codes), len(codes)), dtype=np.float32)
    for a, one in enumerate(paths):
        for b, other in enumerate(paths):
            if shared := len(one & other):
                tree[a, b] = 2 * (shared + 1) / (len(one) + len(other) + 2)
    positions = {code: at for at, code in enumerate(codes)}
    steps = np.zeros_like(tree)
    for feed in feeds:
        steps[positions[feed.from_code], positions[feed.to_code]] = 1
    chain = np.maximum(FEEDS * steps, FEEDS_IN_TWO * (steps @ steps > 0))
    np.fill_diagonal(chain, 0)
    near: NDArray[np.float32] = np.maximum(tree, np.maximum(chain, chain.T)).astype(np.float32)
    near.setflags(write=False)
    return near


# The lexicon

_Keys = tuple[str, ...]
_Met = dict[str, dict[_Keys, tuple[float, str]]]
"""Per sector, each of its terms that met: the weight it carries here and its wording in the text."""


@dataclass(frozen=True, slots=True, eq=False)
class _Lexicon:
    """Every term as folded words: who claims it and what it weighs; reading is linear in the text."""

    claims: dict[_Keys, tuple[str, ...]]
    weights: dict[_Keys, float]
    longest: dict[str, int]
    """Length in words of the longest term that begins with this word."""

    @classmethod
    def over(cls, sectors: Sequence[Sector]) -> Self:
        """Gather the terms, each weighed by its rarity among the sectors and by its length.

        Rarity is the idf of Spärck Jones (1972) with sectors as documents: a sector holds a term if any
        of its terms contains it. So "drone" weighs little, "loitering munition" its full weight; each
        further word adds two fifths, up to the fourth.
        """
        claims: dict[_Keys, list[str]] = defaultdict(list)
        holders: Counter[_Keys] = Counter()
        for sector in sectors:
            terms = {tuple(_keys(term)[0]) for term in sector.terms_en + sector.terms_fr}
            for term in terms:
                claims[term].append(sector.code)
            holders.update({run for term in terms for run in _runs(term)})
        longest: dict[str, int] = defaultdict(int)
        for term in claims:
            longest[term[0]] = max(longest[term[0]], len(term))
        full = math.log1p(len(sectors))
        weights = {
            term: math.log1p(len(sectors) / holders[term]) / full * (0.6 + 0.4 * min(len(term), 4)) for term in claims
        }
        return cls({term: tuple(codes) for term, codes in claims.items()}, weights, dict(longest))

    def read(self, text: str) -> _Met:
        """Find the terms in a text: the longest at each place, which uses up its words.

        So "anti-drone" is not also a drone. Said again, a term gains with the logarithm of the count,
        so that a long brochure does not drown the sector it names once.
        """
        text = unicodedata.normalize("NFC", text)
        keys, spans = _keys(text)
        found: dict[_Keys, list[str]] = defaultdict(list)
        at = 0
        while at < len(keys):
            for end in range(min(at + self.longest.get(keys[at], 0), len(keys)), at, -1):
                if (term := tuple(keys[at:end])) in self.claims:
                    found[term].append(text[spans[at][0] : spans[end - 1][1]])
                    at = end
                    break
            else:
                at += 1
        met: _Met = defaultdict(dict)
        for term, wordings in found.items():
            weight = self.weights[term] * (1 + math.log(len(wordings)))
            for code in self.claims[term]:
                met[code][term] = weight, wordings[0]
        return met


def _keys(text: str) -> tuple[list[str], list[tuple[int, int]]]:
    """Return the words of a text, folded, and where each stands."""
    found = list(_WORD.finditer(text))
    return [_fold(word.group()) for word in found], [word.span() for word in found]


def _runs(term: _Keys) -> Iterator[_Keys]:
    """Yield every unbroken run of words in a term."""
    for start in range(len(term)):
        yield from (term[start:end] for end in range(start + 1, len(term) + 1))


@lru_cache(maxsize=50_000)
def _fold(word: str) -> str:
    """Fold a word so that case, accents, plurals and French genders do not matter.

    A light suffix rule in the manner of Harman (1991), "How effective is suffixing?", and not Snowball,
    which joins "engineering" with "engine" and "mining" with "mines": here those are different sectors.
    "-ie(s)" becomes "-y" (batteries, batterie) and "-aux" "-al" (minéraux); then final e, s and x
    fall after the third letter (lens, lenses; blindé, blindées).
    """
    plain = unicodedata.normalize("NFKD", word.casefold().replace("œ", "oe"))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    if re.fullmatch(r"\w{2,}[^\We]aux", plain):
        plain = plain[:-2] + "l"
    plain = re.sub(r"(?<=\w{3})ies?$", "y", plain)
    return plain[:3] + plain[3:].rstrip("esx")


def _words(met: _Met, code: str) -> tuple[str, ...]:
    """Return the wordings met in a sector and its ancestors, each once, heaviest first."""
    seen = {wording.casefold(): (weight, wording)
            for part in _path(code) for weight, wording in met.get(part, {}).values()}  # fmt: skip
    return tuple(wording for _, wording in sorted(seen.values(), key=lambda pair: -pair[0]))
