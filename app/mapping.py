"""Which column of a sheet is which: where its header stands, what each column is taken for, and how sure that is. Pure.

A header is compared with all that a column is called, in English and French; the score (0 to 100) is shown, and a
mapping that a person gives always wins. The header may stand under a title, in two rows, and under merged cells.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import Field
from rapidfuzz import fuzz

from app.cells import MERGED, LeftOut, Row, Sheet
from app.columns import NEVER, Column
from matching.profile import Frozen

ENOUGH = 85
"""Scores from here on take a column; below it is left out and the nearest is named."""
SURE = 95
HEADER_WITHIN = 30
"""Rows in which a header is looked for."""


class MappingFile(Frozen):
    """A mapping that a person gives or an association saved: header to column key (null: leave it out), and defaults.

    ``defaults`` stand for cells that are blank or columns that are missing, such as ``{"country": "CAN"}``.
    """

    columns: dict[str, str | None] = Field(default_factory=dict)
    defaults: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Suggested:
    """One column of a sheet and what it is taken for: ``key`` is None where it is left out."""

    letter: str
    header: str
    key: str | None
    score: float
    given: bool = False
    """A person said so."""
    near: str = ""
    """What it would be nearest to, where it is left out."""


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet as a table of firms: what each column is, and the rows below the header."""

    sheet: Sheet
    header_rows: tuple[int, ...]
    columns: tuple[Suggested, ...]
    rows: tuple[Row, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def names_firms(self) -> bool:
        """Whether one of the columns is the name."""
        return any(column.key == "name" for column in self.columns)

    def places(self, key: str) -> list[int]:
        """The columns taken for a key."""
        return [at for at, column in enumerate(self.columns) if column.key == key]


@lru_cache(maxsize=50_000)
def folded(text: str) -> str:
    """A header as it is compared: small letters without accents, marks or what stands in brackets."""
    plain = unicodedata.normalize(
        "NFKD", re.sub(r"(?<=[a-zà-ÿ])(?=[A-Z][a-z])", " ", text).casefold().replace("œ", "oe")
    )
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    plain = re.sub(r"[’']", " ", plain)
    return " ".join(re.findall(r"[^\W_]+|#", plain))


def _wordings(header: str) -> list[str]:
    """What a header may mean: whole, without brackets, and each part of a bilingual one."""
    bare = _bare(header)
    parts = re.split(r"\s*[/|\n]\s*|\s+[-–—]\s+|;", bare)
    inside = re.findall(r"\(([^)]{2,})\)", header)
    return [wording for part in dict.fromkeys([header, bare, *parts, *inside]) if (wording := folded(part))]


def _bare(header: str) -> str:
    return re.sub(r"\([^)]*\)|\[[^\]]*\]|\*+|:\s*$", " ", header)


def _score(wording: str, called: str) -> float:
    if wording == called:
        return 100.0
    if min(len(wording), len(called)) < 4:
        return 0.0
    score = max(fuzz.ratio(wording, called), fuzz.token_sort_ratio(wording, called) - 3)
    return score if min(len(wording), len(called)) > 7 or score > 92 else min(score, ENOUGH - 1.0)


TELLING = {
    "trl": "trl", "mrl": "mrl", "capabilities": "offers", "competencies": "offers", "competences": "offers",
    "produits": "offers", "products": "offers", "website": "website", "employees": "employees_band",
    "employes": "employees_band", "certifications": "certifications", "secteurs": "sectors", "sectors": "sectors",
    "email": "contact", "phone": "contact", "courriel": "contact", "telephone": "contact",
}  # fmt: skip
"""Words that tell what a column is, whatever stands around them, where nothing else does."""


class Catalogue:
    """All that columns are called, folded once."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = {column.key: column for column in columns}
        self._called = list(
            dict.fromkeys(
                (wording, column.key)
                for column in columns
                for name in (column.en, column.fr, column.key, *column.called)
                for wording in (folded(name), folded(_bare(name)))
            )
        )
        self._seen: dict[str, tuple[str, float]] = {}

    def nearest(self, header: str) -> tuple[str, float]:
        """The key that a header is nearest to, and the score, 0 to 100."""
        if header not in self._seen:
            best = ("", 0.0)
            for at, wording in enumerate(_wordings(header)):
                for called, key in self._called:
                    score = _score(wording, called) - (1 if at else 0)
                    if score > best[1]:
                        best = (key, score)
            if best[1] < ENOUGH:
                told = {key for word, key in TELLING.items() if word in folded(header).split()}
                best = (told.pop(), ENOUGH + 1) if len(told) == 1 else best
            self._seen[header] = (best[0], round(best[1], 1))
        return self._seen[header]


def tables(sheets: Sequence[Sheet], catalogue: Catalogue, given: MappingFile) -> tuple[list[Table], list[LeftOut]]:
    """Every sheet that holds firms as a table, and the sheets that hold none.

    Where no sheet has a column for names, the largest is taken nevertheless, so that its rows can be complained of.
    """
    filled = [sheet for sheet in sheets if sheet.rows]
    found = [_table(sheet, catalogue, given) for sheet in filled]
    chosen = [table for table in found if table.names_firms]
    if not chosen and found:
        chosen = [max(found, key=lambda table: (len(table.rows), len(table.columns)))]
    left_out = [
        LeftOut("sheet", table.sheet.name, "no column in it names firms; map one with a mapping file if it should")
        for table in found
        if table not in chosen
    ]
    return chosen, left_out


def _table(sheet: Sheet, catalogue: Catalogue, given: MappingFile) -> Table:
    first, depth = _header(sheet, catalogue, given)
    header = sheet.rows[first : first + depth]
    labels = _labels(sheet, header)
    columns = tuple(_assigned(sheet, labels, catalogue, given))
    above = [
        LeftOut("row above the header", f"{sheet.name}!{row.number}", f"not a firm: “{_shown(row)}”")
        for row in sheet.rows[:first]
    ]
    return Table(
        sheet,
        tuple(row.number for row in header),
        columns,
        sheet.rows[first + depth :],
        (*above, *_unmapped(sheet, columns)),
    )


def _shown(row: Row) -> str:
    return " | ".join(dict.fromkeys(text for text in row.texts if text))[:100]


def _header(sheet: Sheet, catalogue: Catalogue, given: MappingFile) -> tuple[int, int]:
    """Where the header begins, and whether it has one row or two: wherever most columns are recognised."""
    best, place = 0.0, (0, 1)
    for first in range(min(HEADER_WITHIN, len(sheet.rows))):
        for depth in (1, 2):
            rows = sheet.rows[first : first + depth]
            if len(rows) < depth or (depth == 2 and not _may_be_second(rows[0], rows[1])):
                continue
            worth = _worth(_labels(sheet, rows), catalogue, given) - 0.25 * (depth - 1) - 0.01 * first
            if worth > best:
                best, place = worth, (first, depth)
    return place if best else (_widest(sheet), 1)


def _may_be_second(above: Row, below: Row) -> bool:
    """The upper row of two has merged cells or gaps, and the lower is made of words."""
    gaps = MERGED in above.marks.values() or sum(map(bool, above.texts)) < sum(map(bool, below.texts)) or any(
        not below_text and above_text for above_text, below_text in zip(above.texts, below.texts, strict=True)
    )  # fmt: skip
    return gaps and not any(re.search(r"\d{3}|@|https?:", text) for text in below.texts)


def _worth(labels: Sequence[str], catalogue: Catalogue, given: MappingFile) -> float:
    """How much of a row speaks as a header: the recognised columns, each once; a name counts double."""
    wanted = {folded(header) for header in given.columns}
    keys: dict[str, float] = {}
    for label in labels:
        if not label or len(label) > 120:
            continue
        key, score = ("given " + folded(label), 100.0) if folded(label) in wanted else catalogue.nearest(label)
        if score >= ENOUGH:
            keys[key] = max(keys.get(key, 0.0), score / 100)
    return sum(keys.values()) + keys.get("name", 0.0)


def _widest(sheet: Sheet) -> int:
    rows = sheet.rows[:HEADER_WITHIN]
    return max(range(len(rows)), key=lambda at: (sum(map(bool, rows[at].texts)), -at))


def _labels(sheet: Sheet, rows: Sequence[Row]) -> list[str]:
    """What each column is called; of two rows both words, the upper carried on to the right over its gaps.

    Parts of a two-row header that say the same are said once.
    """
    if len(rows) == 1:
        return list(rows[0].texts)
    labels, carried = [], ""
    for at in range(len(sheet.columns)):
        above, below = rows[0].texts[at], rows[1].texts[at]
        carried = above or (carried if below else "")
        parts = dict.fromkeys(part for part in (carried, below) if part)
        labels.append(" – ".join(parts))
    return labels


def _assigned(sheet: Sheet, labels: Sequence[str], catalogue: Catalogue, given: MappingFile) -> list[Suggested]:
    by_person = {folded(header): key for header, key in given.columns.items()}
    found = []
    for letter, label in zip(sheet.columns, labels, strict=True):
        name = folded(label) if folded(label) in by_person else letter.casefold()
        if label and name in by_person:
            found.append(Suggested(letter, label, by_person[name], 100.0, given=True))
            continue
        key, score = catalogue.nearest(label) if label else ("", 0.0)
        taken = score >= ENOUGH
        found.append(Suggested(letter, label, key if taken else None, score, near="" if taken else key))
    return _each_once(found, catalogue)


def _each_once(found: list[Suggested], catalogue: Catalogue) -> list[Suggested]:
    """Where several columns are taken for a field that takes one, the surest stay."""
    kept = []
    for column in found:
        rivals = [other for other in found if other.key == column.key]
        known = catalogue.columns.get(column.key or "")
        alone = known is None or known.several or known.group == "never" or len(rivals) == 1
        best = max((other.score for other in rivals), default=0.0)
        if alone or column.given or (column.score >= SURE and column.score >= best - 2):
            kept.append(column)
        else:
            kept.append(Suggested(column.letter, column.header, None, column.score, near=column.key or ""))
    return kept


def _unmapped(sheet: Sheet, columns: Sequence[Suggested]) -> list[LeftOut]:
    left_out = []
    for at, column in enumerate(columns):
        if column.key and column.key not in NEVER:
            continue
        if not any(row.texts[at] for row in sheet.rows):
            continue
        if column.key in NEVER:
            why = NEVER[column.key or ""]
        elif column.given:
            why = "the mapping leaves it out"
        else:
            near = f"; nearest is {column.near} ({column.score:.0f} of 100)" if column.score >= 60 else ""
            why = f"not recognised as a field of a profile{near}; map it if it is meant"
        left_out.append(LeftOut("column", f"{sheet.name}!{column.letter}", f"“{column.header[:80]}”: {why}"))
    return left_out


def check_mapping(given: MappingFile, catalogue: Catalogue) -> list[str]:
    """Keys of a mapping that are no column's."""
    keys = {*given.defaults, *(key for key in given.columns.values() if key)}
    return sorted(keys - set(catalogue.columns))


def as_suggested(found: Sequence[Table]) -> list[dict[str, Any]]:
    """The mapping of each table as it is shown and stored."""
    return [
        {
            "sheet": table.sheet.name,
            "header_rows": list(table.header_rows),
            "columns": [
                {
                    "letter": c.letter,
                    "header": c.header,
                    "key": c.key,
                    "score": c.score,
                    "given": c.given,
                    "near": c.near,
                }
                for c in table.columns
            ],
        }
        for table in found
    ]


def saved_from(found: Sequence[Table], defaults: Mapping[str, str]) -> MappingFile:
    """A mapping that says what was taken for what, to be looked at, changed and given again."""
    columns = {column.header: column.key for table in found for column in table.columns if column.header}
    return MappingFile(columns=columns, defaults=dict(defaults))
