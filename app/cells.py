"""Cells as they come out of any file: their text, what is remarkable about them, and what was left out. Pure.

A cell is its text, written as a person would read it, and a mark where the kind of cell matters to what the text
means: Excel turns "6-7" into a date and "011007" into a number, and a reader must be able to tell.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

MOST_BYTES = 10_000_000
MOST_UNPACKED = 100_000_000
MOST_ROWS = 20_000
MOST_COLUMNS = 200
LONGEST_CELL = 32_767
"""Characters; what Excel itself can hold."""

NUMBER, DATE, BOOLEAN, MERGED, NO_RESULT = "number", "date", "boolean", "merged", "no result"
"""Marks. ``merged``: the text stands in another cell of the same merged block. ``no result``: a formula that was never
computed. An empty mark is plain text."""

ENTRY_SEPARATOR = "\ue000"
"""Joins the entries of a list that came as a list (JSON), so that semicolons within an entry stay."""


class Refused(Exception):
    """The file cannot be read at all; the message says what was found, ``hint`` how to mend it."""

    def __init__(self, message: str, hint: str, *, too_large: bool = False) -> None:
        super().__init__(message)
        self.message, self.hint, self.too_large = message, hint, too_large


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something in the file that is not taken in: what, where, and why."""

    what: str
    where: str
    why: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number as the officer sees it, the text of each kept column, and marks by column."""

    number: int
    texts: tuple[str, ...]
    marks: Mapping[int, str] = field(default_factory=dict)

    @property
    def blank(self) -> bool:
        """Whether there is nothing in it, not even a formula without a result."""
        return not any(self.texts) and not self.marks


@dataclass(frozen=True, slots=True)
class Sheet:
    """The kept cells of one sheet. ``columns`` are the letters of the columns that ``texts`` are in order of."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
    """What was read otherwise than it is written: formulas, encodings."""

    def where(self, row: int, column: int) -> str:
        """A cell as the officer would find it: ``Members!G7``."""
        return f"{self.name}!{self.columns[column]}{row}"


def letters(column: int) -> str:
    """The letters of a column counted from 0: A, Z, AA."""
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


_ZEROS = re.compile(r"0{2,}")


def written(value: Any, number_format: str = "General") -> tuple[str, str]:
    """A value of a spreadsheet as the text a person sees, and its mark.

    A format of zeros alone keeps leading zeros; a percentage keeps its sign; dates are ISO.
    """
    if value is None:
        return "", ""
    if isinstance(value, bool):
        return ("yes" if value else "no"), BOOLEAN
    if isinstance(value, int | float):
        return _number(float(value), number_format), NUMBER
    if isinstance(value, datetime):
        midnight = value.time() == time(0)
        return (value.date().isoformat() if midnight else value.isoformat(" ", "minutes")), DATE
    if isinstance(value, date | time):
        return value.isoformat(), DATE
    return str(value), ""


def _number(value: float, number_format: str) -> str:
    if _ZEROS.fullmatch(number_format) and value.is_integer() and value >= 0:
        return f"{int(value):0{len(number_format)}d}"
    if "%" in number_format:
        return f"{value * 100:.12g}%"
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.15g}"


_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_BLANKS = re.compile(r"[^\S\n]+")
_JOINERS = frozenset("\u200c\u200d")
"""They part or join letters of Indic scripts and Persian; elsewhere they are invisible waste."""


def clean(text: str) -> str:
    """Text as it is compared and kept: NFC, no invisible or control characters, plain blanks, line breaks kept."""
    if text.isascii() and text.isprintable() and "  " not in text and "_x" not in text:
        return text.strip()
    text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n"))
    kept = [
        character
        for at, character in enumerate(text)
        if character in "\n\t" + ENTRY_SEPARATOR
        or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Cn", "Co")
        or (character in _JOINERS and at and unicodedata.category(text[at - 1]) in ("Mn", "Mc", "Lo"))
    ]
    lines = (_BLANKS.sub(" ", line).strip(" ") for line in "".join(kept).split("\n"))
    return "\n".join(lines).strip()


def invisible(text: str) -> bool:
    """Whether the text holds characters that nobody sees, such as zero-width and direction marks."""
    return not text.isascii() and any(unicodedata.category(c) == "Cf" and c not in _JOINERS | {"\ufeff"} for c in text)


Values = Mapping[tuple[int, int], tuple[str, str]]
"""(row, column), both counted from 0, to (text, mark); blanks are not in it."""


@dataclass(slots=True)
class Grid:
    """A sheet while it is read: its cells, which rows and columns are hidden, and which blocks are merged."""

    name: str
    cells: dict[tuple[int, int], tuple[str, str]] = field(default_factory=dict)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    """First row, first column, last row, last column."""
    formulas: list[tuple[int, int]] = field(default_factory=list)
    unseen: list[tuple[int, int]] = field(default_factory=list)
    """Cells out of which invisible characters were taken."""
    notes: list[str] = field(default_factory=list)

    def put(self, row: int, column: int, text: str, mark: str) -> None:
        """Keep a cell that has something in it, cleaned."""
        kept = clean(text)
        if kept or mark == NO_RESULT:
            self.cells[row, column] = (kept, mark)
        if kept != text and invisible(text):
            self.unseen.append((row, column))

    def sheet(self) -> Sheet:
        """The visible cells as a Sheet; raises Refused when they pass the limits."""
        self._fill_merged()
        used_rows = {row for row, _ in self.cells}
        used_columns = {column for _, column in self.cells}
        rows = sorted(used_rows - self.hidden_rows)
        columns = sorted(used_columns - self.hidden_columns)
        within_limits(self.name, len(rows), len(columns))
        by_row: dict[int, list[tuple[int, str, str]]] = {row: [] for row in rows}
        place = {column: at for at, column in enumerate(columns)}
        for (row, column), (text, mark) in self.cells.items():
            if row in by_row and column in place:
                by_row[row].append((place[column], text, mark))
        notes = [
            *self.notes,
            *self._note(self.formulas, "formulas were not run; the results stored with them were read"),
            *self._note(self.unseen, "characters that nobody sees (zero-width, direction marks) were taken out"),
        ]
        return Sheet(
            self.name,
            tuple(letters(column) for column in columns),
            tuple(_row(row + 1, cells, len(columns)) for row, cells in by_row.items()),
            tuple(self._hidden(used_rows, used_columns)),
            tuple(notes),
        )

    def _fill_merged(self) -> None:
        """Write the text of a merged block into each of its cells, marked, within what is used of the sheet."""
        if not self.cells:
            return
        last_row = max(row for row, _ in self.cells)
        last_column = max(column for _, column in self.cells)
        for top, left, bottom, right in self.merged[:10_000]:
            text, mark = self.cells.get((top, left), ("", ""))
            if not text:
                continue
            for row in range(top, min(bottom, last_row) + 1):
                for column in range(left, min(right, last_column) + 1):
                    self.cells[row, column] = (text, MERGED)
            self.cells[top, left] = (text, mark)

    def _note(self, cells: list[tuple[int, int]], told: str) -> list[str]:
        seen = [at for at in cells if at[0] not in self.hidden_rows and at[1] not in self.hidden_columns]
        if not seen:
            return []
        first = ", ".join(f"{letters(column)}{row + 1}" for row, column in seen[:5])
        more = f" and {len(seen) - 5} more" if len(seen) > 5 else ""
        return [f"{self.name}: {told} ({first}{more})"]

    def _hidden(self, used_rows: set[int], used_columns: set[int]) -> Iterable[LeftOut]:
        why = "hidden {} are not read, as they are often not meant to be sent; unhide and send again if this is meant"
        for column in sorted(self.hidden_columns & used_columns):
            yield LeftOut("hidden column", f"{self.name}!{letters(column)}", why.format("columns"))
        for row in sorted(self.hidden_rows & used_rows):
            yield LeftOut("hidden row", f"{self.name}!{row + 1}", why.format("or filtered rows"))


def within_limits(name: str, rows: int, columns: int) -> None:
    """Raise Refused where a sheet has more than is taken."""
    if rows > MOST_ROWS:
        message = f"sheet “{name}” has {rows:,} rows; at most {MOST_ROWS:,} are taken"
        raise Refused(message, "send it in parts", too_large=True)
    if columns > MOST_COLUMNS:
        message = f"sheet “{name}” has {columns:,} columns; at most {MOST_COLUMNS} are taken"
        raise Refused(message, "keep the columns that describe the firms", too_large=True)


def _row(number: int, cells: list[tuple[int, str, str]], width: int) -> Row:
    texts = [""] * width
    marks = {}
    for at, text, mark in cells:
        texts[at] = text[:LONGEST_CELL]
        if mark:
            marks[at] = mark
    return Row(number, tuple(texts), marks)
