"""Rows of a table to what they say of firms: Profiles, or complaints cell by cell. Pure.

Every row below a header ends as one of three: ready, with problems, or left out with the reason. Blank cells say
nothing: with a Profile already on file they leave it as it is, and ``(remove)`` empties a field.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from app import values
from app.cells import ENTRY_SEPARATOR, MERGED, LeftOut, Row
from app.columns import Column
from app.mapping import MappingFile, Table, folded
from app.places import region_of
from app.values import Read, Wrong
from matching.profile import Exposure, Identifier, Profile, Readiness, Statement, slug

FORM_MARK = "triveni-form"
"""How the version cell of our own form begins."""

STATED = "as stated in the association's sheet"
"""The basis of a readiness that a sheet gives."""
REMOVE = re.compile(r"\(\s*(remove|clear|retirer|effacer)\s*\)", re.IGNORECASE)
_SHOWN = 200
"""Characters of a value that a complaint quotes."""


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One complaint about one cell: where it stands, what stands there, what is wrong, how to mend it.

    ``column`` is the header as the sheet has it; None when the complaint is about the row.
    """

    sheet: str
    row: int
    column: str | None
    value: str
    message: str
    mend: str
    cell: str | None = None


@dataclass(frozen=True, slots=True)
class RowNote:
    """Something of a cell that was read otherwise than it is written."""

    sheet: str
    row: int
    cell: str
    note: str


@dataclass(frozen=True)
class FirmRow:
    """What one row says of a firm (or several rows that one merged name joins)."""

    sheet: str
    rows: tuple[int, ...]
    cells: Mapping[str, str]
    """As the sheet has them, header to text, for the officer's own workbook."""
    given: Mapping[str, Any] = field(default_factory=dict)
    """Field of a Profile to its value; only what the row says. None empties a field."""
    problems: tuple[RowProblem, ...] = ()
    notes: tuple[RowNote, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    @property
    def name(self) -> str:
        """The firm's name, as far as it is known."""
        return str(self.given.get("name") or "")

    def complain(self, message: str, mend: str, column: str | None = None, value: str = "") -> FirmRow:
        """The row with one more problem."""
        problem = RowProblem(self.sheet, self.rows[0], column, value[:_SHOWN], message, mend)
        return replace(self, problems=(*self.problems, problem))


def read_rows(table: Table, columns: Mapping[str, Column], given: MappingFile) -> tuple[list[FirmRow], list[LeftOut]]:
    """All rows of a table: those that speak of firms, and those left out, each with the reason."""
    firms: list[FirmRow] = []
    left_out: list[LeftOut] = []
    names = table.places("name")
    for row in table.rows:
        if why := _no_firm(row, table, names):
            left_out.append(LeftOut("row", f"{table.sheet.name}!{row.number}", why))
            continue
        firm = _Reading(table, row, columns, given).firm()
        if firms and _goes_on(row, names, firms[-1], firm):
            firms[-1] = _joined(firms[-1], firm)
        else:
            firms.append(firm)
    return firms, left_out


# --- Rows that are no firms -------------------------------------------------------------------------

_TOTAL = re.compile(
    r"(grand |sub-?)?totals?\b|totaux\b|sous-total\b|sum\b|somme\b|count\b|average\b|moyenne\b|nombre total\b",
    re.IGNORECASE,
)
_REMARK = re.compile(
    r"(\*|†|notes?\b|sources? ?:|nb\b|remarque|legend|légende|last updated|mise à jour|prepared by|generated|"
    r"end of|fin de la liste)",
    re.IGNORECASE,
)
_EXAMPLE = re.compile(r"\(?\s*(e\.g\.|ex\.|par exemple|for example|example ?:|exemple ?:)", re.IGNORECASE)


def _no_firm(row: Row, table: Table, names: Sequence[int]) -> str:
    """Why a row is no firm; empty when it may be one."""
    filled = [at for at, text in enumerate(row.texts) if text]
    distinct = {row.texts[at] for at in filled}
    first = row.texts[filled[0]] if filled else ""
    if len(filled) > 1 and _repeats_header(row, filled, table):
        return "it repeats the header"
    if len(distinct) == 1 and len(filled) > 1 and sum(row.marks.get(at) == MERGED for at in filled) >= len(filled) - 1:
        return f"a heading across the table: “{first[:80]}”"
    others = [row.texts[at] for at in filled[1:]]
    if _TOTAL.match(first) and all(re.fullmatch(r"[\d\s.,%$€₹+-]+", text) for text in others):
        return f"a total: “{first[:80]}”"
    if len(filled) == 1 and (_REMARK.match(first) or (len(first) > 120 and filled[0] in names)):
        return f"a remark under or within the table: “{first[:80]}”"
    return f"an example: “{first[:80]}”" if _EXAMPLE.match(first) else ""


def _repeats_header(row: Row, filled: Sequence[int], table: Table) -> bool:
    if all(folded(row.texts[at]) == folded(table.columns[at].header) for at in filled):
        return True
    headers = {folded(part) for column in table.columns for part in (column.header, column.header.split(" – ")[0])}
    return len(filled) > 2 and sum(folded(row.texts[at]) in headers for at in filled) > 0.8 * len(filled)


def _goes_on(row: Row, names: Sequence[int], before: FirmRow, firm: FirmRow) -> bool:
    """Whether the row goes on about the firm of the row before: under one merged name, or as a further EEN profile."""
    if not firm.name or slug(firm.name) != slug(before.name):
        return False
    if any(row.marks.get(at) == MERGED for at in names):
        return True
    return bool(firm.given.get("een") and before.given.get("een"))


def _joined(one: FirmRow, other: FirmRow) -> FirmRow:
    """Two rows of one firm: lists are added up, and the first word stands elsewhere."""
    given = dict(one.given)
    for key, value in other.given.items():
        if isinstance(value, tuple) and isinstance(given.get(key), tuple):
            given[key] = tuple(dict.fromkeys((*given[key], *value)))
        else:
            given.setdefault(key, value)
    return FirmRow(
        one.sheet,
        (*one.rows, *other.rows),
        {key: "; ".join(dict.fromkeys(filter(None, (one.cells.get(key), other.cells.get(key))))) for key in one.cells},
        given,
        (*one.problems, *other.problems),
        (*one.notes, *other.notes),
        (*one.left_out, *other.left_out),
    )


# --- One row ----------------------------------------------------------------------------------------


class _Reading:
    """One row while it is read."""

    def __init__(self, table: Table, row: Row, columns: Mapping[str, Column], given: MappingFile) -> None:
        self.table, self.row, self.columns, self.defaults = table, row, columns, given.defaults
        self.read: dict[str, Any] = {}
        self.written: dict[str, tuple[str, int]] = {}
        self.problems: list[RowProblem] = []
        self.notes: list[RowNote] = []
        self.left_out: list[LeftOut] = []

    def firm(self) -> FirmRow:
        for at, column in enumerate(self.table.columns):
            if column.key and self.columns[column.key].group != "never":
                self._cell(at, self.columns[column.key])
        for key, text in self.defaults.items():
            if key not in self.read:
                self._take(self.columns[key], text, "", None)
        given = self._given()
        return FirmRow(
            self.table.sheet.name,
            (self.row.number,),
            self._cells(),
            given,
            tuple(self.problems),
            tuple(self.notes),
            tuple(self.left_out),
        )

    def _cells(self) -> dict[str, str]:
        """The cells of the row as the officer knows them; contact details are not kept."""
        cells: dict[str, str] = {}
        for column, text in zip(self.table.columns, self.row.texts, strict=True):
            if column.key in self.columns and self.columns[column.key or ""].group == "never":
                continue
            header = column.header or column.letter
            while header in cells:
                header += " "
            cells[header] = text.replace(ENTRY_SEPARATOR, "; ")
        return cells

    def _where(self, at: int | None) -> str:
        return "" if at is None else self.table.sheet.where(self.row.number, at)

    def _cell(self, at: int, column: Column) -> None:
        text, mark = self.row.texts[at], self.row.marks.get(at, "")
        if not text and not mark:
            return
        if REMOVE.fullmatch(text):
            self.read[column.key] = None
            return
        self._take(column, text, mark, at)

    def _take(self, column: Column, text: str, mark: str, at: int | None) -> None:
        try:
            values.check_cell(text, mark)
            read = column.read(text, mark)
        except Wrong as problem:
            self.complain(at, text, problem.message, problem.mend)
            return
        if read.note:
            self.notes.append(RowNote(self.table.sheet.name, self.row.number, self._where(at), read.note))
        for what, why in read.dropped:
            self.left_out.append(LeftOut(f"“{what}”", self._where(at) or f"default of {column.key}", why))
        self._keep(column, read, text, at)

    def _keep(self, column: Column, read: Read, text: str, at: int | None) -> None:
        if read.value is None:
            return
        held = self.read.get(column.key)
        if held is None:
            self.read[column.key] = read.value if column.key != "identifier" else [read.value]
            self.written[column.key] = (text, at if at is not None else -1)
        elif column.key == "identifier":
            held.append(read.value)
        elif isinstance(held, tuple) and column.several:
            self.read[column.key] = tuple(dict.fromkeys((*held, *read.value)))
        elif held != read.value:
            other = self.written[column.key][0]
            message = f"two columns are taken for {column.en} and disagree: “{other[:60]}” and “{text[:60]}”"
            self.complain(at, text, message, "keep one, or map only one of them")

    def complain(self, at: int | None, text: str, message: str, mend: str) -> None:
        """Add a problem about a cell, or about the row."""
        header = None if at is None or at < 0 else self.table.columns[at].header or self.table.columns[at].letter
        shown = text.replace(ENTRY_SEPARATOR, "; ")[:_SHOWN]
        cell = self._where(at) if at is not None and at >= 0 else None
        self.problems.append(RowProblem(self.table.sheet.name, self.row.number, header, shown, message, mend, cell))

    # What the row gives

    def _given(self) -> dict[str, Any]:
        read = dict(self.read)
        given: dict[str, Any] = {key: read[key] for key in _PLAIN if key in read}
        given |= {key: read[key] or () for key in _LISTS if key in read}
        if exposure := {key: read[key] for key in _EXPOSURE if key in read}:
            given["exposure"] = exposure
        if numbers := self._identifiers(read):
            given["identifiers"] = numbers
        sectors = tuple(code for key in ("sectors", "een_technology", "een_market") for code in read.get(key) or ())
        if sectors:
            given["sectors"] = tuple(dict.fromkeys(sectors))
        self._statements(read, given)
        self._place(given)
        self._look_at_name(given.get("name") or "")
        return given

    def _identifiers(self, read: Mapping[str, Any]) -> tuple[Identifier, ...]:
        pairs = [read[key] for key in _REGISTERS if read.get(key)] + (read.get("identifier") or [])
        return tuple(dict.fromkeys(Identifier(scheme=scheme, value=value) for scheme, value in pairs))

    def _place(self, given: dict[str, Any]) -> None:
        """A country that no cell names follows from the province or state, or from an Indian register's number."""
        if given.get("country") or "country" in self.read:
            return
        told = region_of(given.get("region") or "")
        registers = {"CIN": "IND", "GSTIN": "IND", "BN": "CAN"}
        by_number = [registers[n.scheme] for n in given.get("identifiers", ()) if n.scheme in registers]
        code, why = (
            (told[0], f"“{given['region']}”")
            if told
            else (by_number[0], "its register number")
            if by_number
            else ("", "")
        )
        if code:
            given |= {"country": code, "inferred_fields": ("country",)}
            self.notes.append(
                RowNote(self.table.sheet.name, self.row.number, "", f"the country, {code}, was concluded from {why}")
            )

    def _look_at_name(self, name: str) -> None:
        """A word of two alphabets may be meant to look like another; a person should look."""
        for word in name.split():
            scripts = {unicodedata.name(c, "?").split()[0].title() for c in word if c.isalpha()}
            mixed = sorted(scripts & {"Latin", "Cyrillic", "Greek"})
            if len(mixed) > 1:
                note = f"the word “{word[:60]}” of the name mixes {' and '.join(mixed)} letters"
                at = next(iter(self.table.places("name")), None)
                self.notes.append(RowNote(self.table.sheet.name, self.row.number, self._where(at), note))

    def _statements(self, read: Mapping[str, Any], given: dict[str, Any]) -> None:
        controlled = tuple(dict.fromkeys(c for key in _CONTROLLED for c in read.get(key) or ()))
        offers, seeks = list(read.get("offers") or ()), list(read.get("seeks") or ())
        title = None
        if kind := read.get("een_type"):
            title = read.get("een_title")
            given["een"] = kind
            own = [read[key] for key in ("een_summary", "een_description", "een_advantages") if read.get(key)]
            own = list(dict.fromkeys([*own, *offers])) or ([title] if title else [])
            offers, seeks = (own, seeks) if kind in ("BO", "TO") else ([], [*own, *seeks])
            seeks += [read[key] for key in ("een_expertise", "een_role") if read.get(key) and kind not in ("BO", "TO")]
            seeks += [read["een_role"]] if read.get("een_role") and kind in ("BO", "TO") else []
        levels = self._levels(read, len(offers))
        if offers:
            given["offers"] = tuple(
                Statement(
                    side="offers", text=text, title=title if at == 0 and read.get("een_type") in ("BO", "TO") else None,
                    readiness=level or Readiness(), classifications=controlled,
                )
                for at, (text, level) in enumerate(zip(offers, levels, strict=True))
            )  # fmt: skip
        elif levels or controlled:
            given |= {"readiness": levels[0]} if levels else {}
            given |= {"classifications": controlled} if controlled else {}
        if seeks:
            given["seeks"] = tuple(Statement(side="seeks", text=text) for text in dict.fromkeys(seeks))
        given |= {key: () for key in ("offers", "seeks") if key in read and read[key] is None}

    def _levels(self, read: Mapping[str, Any], offers: int) -> list[Readiness | None]:
        """A Readiness for each offer (or one, where the row offers nothing); empty where none is known."""
        trl = self._spread("trl", read.get("trl"), offers)
        mrl = self._spread("mrl", read.get("mrl"), offers)
        basis = STATED
        if not any(trl) and read.get("een_stage"):
            trl = [read["een_stage"]] * max(offers, 1)
            basis = f"derived from the EEN stage of development “{self.written['een_stage'][0][:60]}”"
        if not any(trl) and not any(mrl):
            return [None] * offers
        return [values.readiness(one, other, basis) for one, other in zip(trl, mrl, strict=True)]

    def _spread(
        self, key: str, found: list[tuple[int, int] | None] | None, offers: int
    ) -> list[tuple[int, int] | None]:
        wanted = max(offers, 1)
        if not found:
            return [None] * wanted
        if len(found) == wanted:
            return found
        if len(found) == 1:
            return found * wanted
        text, at = self.written[key]
        known = [levels for levels in found if levels]
        if offers <= 1:
            span = (min(low for low, _ in known), max(high for _, high in known))
            note = f"{key.upper()} “{text}” spans {span[0]}-{span[1]}"
            self.notes.append(RowNote(self.table.sheet.name, self.row.number, self._where(at), note))
            return [span]
        message = f"{len(found)} levels for {offers} offers"
        self.complain(at, text, message, "write one level for all offers, or one for each in their order")
        return [None] * wanted


_PLAIN = (
    "name", "country", "region", "city", "lat", "lon", "website", "founded", "employees_band", "ownership", "parent",
    "export_notes", "summary_fr",
)  # fmt: skip
_LISTS = ("aliases", "roles", "certifications", "export_markets", "languages")
_EXPOSURE = ("us_parent_or_us_vc", "us_content_pct", "itar_content", "controlled_goods_registered", "exposure_notes")
_REGISTERS = ("BN", "CIN", "GSTIN", "LEI", "NCAGE")
_CONTROLLED = ("ECL", "SCOMET", "USML", "ECCN", "classifications")


# --- Rows and what is on file -----------------------------------------------------------------------


def profile_of(row: FirmRow, base: Profile | None) -> Profile | FirmRow:
    """The Profile that a row makes of what is on file (None: nothing is); or the row with what is missing."""
    given = dict(row.given)
    missing = [
        (label, mend)
        for key, label, mend in (
            ("name", "the name of the firm", "write its legal name, or say with a mapping which column holds it"),
            ("country", "the country", "write Canada or India, or give a default in a mapping file"),
        )
        if not given.get(key) and (base is None or key in given)
    ]
    statements = _statements(given, base)
    if not statements:
        missing.append(("what the firm offers or seeks", "write at least one sentence under offers or seeks"))
    for what, mend in missing:
        row = row.complain(f"{what} is missing", mend)
    if (country := given.get("country")) and country not in ("CAN", "IND"):
        row = row.complain(f"the firm is of {country}", "firms of Canada and India are taken", value=country)
    if row.problems:
        return row
    changes = {key: given[key] for key in (*_PLAIN, *_LISTS, "sectors", "inferred_fields") if key in given}
    changes |= {"statements": statements, "provenance": "firm"}
    changes["exposure"] = _exposure(given.get("exposure") or {}, base)
    changes["identifiers"] = _identifiers(given.get("identifiers") or (), base)
    try:
        return Profile.model_validate({**(_as_given(base) if base else {}), **changes})
    except ValidationError as problem:
        for fault in problem.errors():
            at = ".".join(str(part) for part in fault["loc"])
            row = row.complain(
                f"{at}: {fault['msg'].removeprefix('Value error, ')}", "correct the cell", at, str(fault["input"])
            )
        return row


def _as_given(base: Profile) -> dict[str, Any]:
    return {name: getattr(base, name) for name in Profile.model_fields}


def _statements(given: Mapping[str, Any], base: Profile | None) -> tuple[Statement, ...]:
    """What is offered and sought: the row's where it says so, else what is on file."""
    held = {(s.side, s.text): s for s in base.statements} if base else {}
    statements: list[Statement] = []
    for key, on_file in (("offers", base.offers if base else ()), ("seeks", base.seeks if base else ())):
        if key in given:
            statements += [_kept(statement, held.get((statement.side, statement.text))) for statement in given[key]]
        else:
            statements += on_file
    over: dict[str, Any] = {key: given[key] for key in ("readiness", "classifications") if given.get(key)}
    if over and "offers" not in given:
        statements = [s.model_copy(update=over) if s.side == "offers" else s for s in statements]
    return tuple(dict.fromkeys(statements))


def _kept(said: Statement, held: Statement | None) -> Statement:
    """A statement that is on file keeps what the sheet does not speak of."""
    if held is None:
        return said
    spoken: dict[str, Any] = {}
    if said.readiness != Readiness() and _levels_of(said.readiness) != _levels_of(held.readiness):
        spoken["readiness"] = said.readiness
    if said.classifications:
        spoken["classifications"] = said.classifications
    if said.title:
        spoken["title"] = said.title
    return held.model_copy(update=spoken)


def _levels_of(readiness: Readiness) -> tuple[int | None, ...]:
    return (readiness.trl_low, readiness.trl_high, readiness.mrl_low, readiness.mrl_high)


def _exposure(given: Mapping[str, Any], base: Profile | None) -> Exposure:
    held = base.exposure if base else Exposure()
    return held.model_copy(
        update={("notes" if key == "exposure_notes" else key): value for key, value in given.items()}
    )


def _identifiers(given: Sequence[Identifier], base: Profile | None) -> tuple[Identifier, ...]:
    schemes = {number.scheme for number in given}
    return (*given, *(number for number in (base.identifiers if base else ()) if number.scheme not in schemes))
