"""Workbooks out: the blank form, bilingual and generated from the columns, and the rows that need work. Pure.

Every cell is written as text: nothing of a sheet ever becomes a formula or a link.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import xlsxwriter

from app.columns import Column, columns
from app.rows import FORM_MARK
from matching.profile import Profile, Readiness
from matching.taxonomy import Taxonomy

FORM_ROWS = 5_000
"""Rows below the header that are formatted as text and have drop-downs."""

_LEFT_OUT_OF_FORM = ("identifier", "classifications")
_HELP = {
    "offers": "What the firm offers, parted by semicolons. / Ce que l'entreprise offre, séparé par « ; ».",
    "seeks": "What the firm seeks, parted by semicolons. / Ce que l'entreprise cherche, séparé par « ; ».",
    "trl": "1 to 9: 6, or 6-7, or one for each offer: 6; 4-5. / De 1 à 9 : 6, ou 6-7, ou un niveau par offre.",
    "mrl": "1 to 10. / De 1 à 10.",
    "sectors": "Codes or names of the sheet Lists, parted by semicolons. / Codes ou noms de la feuille Lists.",
    "name": "The legal name. / La dénomination sociale.",
}  # fmt: skip


def form_columns(taxonomy: Taxonomy) -> list[Column]:
    """The columns of the form, in order."""
    return [
        column
        for column in columns(taxonomy)
        if column.group in ("firm", "offers", "control") and column.key not in _LEFT_OUT_OF_FORM
    ]


def form_version(taxonomy: Taxonomy) -> str:
    """What the version cell says: it changes when the columns or the sectors do."""
    keys = " ".join(column.key for column in form_columns(taxonomy))
    return f"{FORM_MARK} {hashlib.sha256(f'{keys} {taxonomy.version}'.encode()).hexdigest()[:12]}"


def blank(taxonomy: Taxonomy, profiles: Iterable[Profile] = ()) -> bytes:
    """The form as a workbook, blank or filled with profiles; `intake.read_members` reads it back."""
    file = io.BytesIO()
    book = _workbook(file)
    sheet = book.add_worksheet("Firms")
    text = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
    bold = book.add_format({"bold": True, "text_wrap": True, "bg_color": "#E8EEF4", "border": 1, "valign": "top"})
    shown = form_columns(taxonomy)
    for at, column in enumerate(shown):
        sheet.set_column(at, at, 40 if column.group == "offers" and column.several else 18, text)
        sheet.write_string(0, at, f"{column.en} / {column.fr}", bold)
        help_text = _HELP.get(column.key) or (f"For example / Par exemple : {column.example}" if column.example else "")
        if help_text:
            sheet.write_comment(0, at, help_text, {"x_scale": 2})
        if column.options:
            sheet.data_validation(
                1, at, FORM_ROWS, at, {"validate": "list", "source": list(column.options), "ignore_blank": True}
            )
    for row, profile in enumerate(profiles, start=1):
        for at, column in enumerate(shown):
            if written := _cell(profile, column.key):
                sheet.write_string(row, at, written, text)
    sheet.freeze_panes(1, 1)
    _lists(book, taxonomy, bold)
    _read_me(book, form_version(taxonomy), bold)
    book.close()
    return file.getvalue()


def _workbook(file: io.BytesIO) -> Any:
    return xlsxwriter.Workbook(
        file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )


def _lists(book: Any, taxonomy: Taxonomy, bold: Any) -> None:
    sheet = book.add_worksheet("Lists")
    sheet.set_column(0, 2, 40)
    for at, title in enumerate(("Sector code / Code de secteur", "English", "Français")):
        sheet.write_string(0, at, title, bold)
    for row, sector in enumerate(taxonomy.sectors, start=1):
        for at, value in enumerate((sector.code, sector.name_en, sector.name_fr)):
            sheet.write_string(row, at, value)


def _read_me(book: Any, version: str, bold: Any) -> None:
    sheet = book.add_worksheet("Read me – Lisez-moi")
    sheet.set_column(0, 0, 100, book.add_format({"text_wrap": True}))
    lines = (
        version,
        "One row for each firm. Several entries in a cell are parted by semicolons; write \\; for one within an entry.",
        "A blank cell is unknown and leaves what is on file; (remove) empties a field.",
        "Write no contact details, and no controlled technical data.",
        "Une ligne par entreprise. Séparez les valeurs d'une cellule par des points-virgules (dans une valeur : \\;).",
        "Une cellule vide laisse la valeur déjà au dossier; (retirer) efface un champ.",
        "N'inscrivez ni coordonnées personnelles ni données techniques contrôlées.",
    )
    for row, line in enumerate(lines):
        sheet.write_string(row, 0, line, bold if row == 0 else None)


# --- A Profile as a row -----------------------------------------------------------------------------


def _cell(profile: Profile, key: str) -> str:
    """What a column of the form says of a profile."""
    if key in ("offers", "seeks"):
        return _entries(statement.text for statement in getattr(profile, key))
    if key in ("trl", "mrl"):
        return _levels([statement.readiness for statement in profile.offers], key)
    if key in ("BN", "CIN", "GSTIN", "LEI", "NCAGE"):
        return next((number.value for number in profile.identifiers if number.scheme == key), "")
    if key in ("ECL", "SCOMET", "USML", "ECCN"):
        declared = (c for s in profile.offers for c in s.classifications if c.standing == "declared")
        return _entries(dict.fromkeys(c.entry for c in declared if c.regime == key))
    held = profile.exposure if key not in Profile.model_fields else profile
    return _plain(getattr(held, "notes" if key == "exposure_notes" else key))


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _entries(value) if isinstance(value, tuple) else str(value)


def _entries(values: Iterable[str]) -> str:
    return "; ".join(value.replace(";", "\\;") for value in values)


def _levels(found: Sequence[Readiness], key: str) -> str:
    """One level for all offers, or one for each, with ``?`` for one that is not known."""
    levels = [_level(getattr(readiness, f"{key}_low"), getattr(readiness, f"{key}_high")) for readiness in found]
    if not any(levels):
        return ""
    return levels[0] if len(set(levels)) == 1 else "; ".join(level or "?" for level in levels)


def _level(low: int | None, high: int | None) -> str:
    if low is None:
        return ""
    return str(low) if low == high else f"{low}-{high}"


# --- The rows that need work ------------------------------------------------------------------------


def needing_work(rows: Iterable[tuple[str, Sequence[int], Mapping[str, str], Sequence[Mapping[str, Any]]]]) -> bytes:
    """The officer's own rows that have problems, sheet by sheet, each with a column that says what to mend.

    A row is its sheet, its numbers there, its cells by header, and its problems.
    """
    file = io.BytesIO()
    book = _workbook(file)
    text = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top", "quote_prefix": True})
    bold = book.add_format({"bold": True, "text_wrap": True, "bg_color": "#E8EEF4"})
    red = book.add_format(
        {
            "text_wrap": True,
            "valign": "top",
            "font_color": "#9C0006",
            "bg_color": "#FFC7CE",
            "num_format": "@",
            "quote_prefix": True,
        }
    )
    sheets: dict[str, tuple[Any, list[str]]] = {}
    filled: dict[str, int] = {}
    for name, numbers, cells, problems in rows:
        if name not in sheets:
            sheets[name] = _returned_sheet(book, name, list(cells), bold, text)
        sheet, headers = sheets[name]
        row = filled[name] = filled.get(name, 0) + 1
        wrong = {problem["column"] for problem in problems}
        sheet.write_string(row, 0, ", ".join(map(str, numbers)), text)
        sheet.write_string(row, 1, "\n".join(f"{_at(p)}{p['message']}: {p['mend']}" for p in problems)[:32_000], red)
        for at, header in enumerate(headers, start=2):
            sheet.write_string(row, at, cells.get(header, ""), red if header in wrong else text)
    if not sheets:
        book.add_worksheet("Nothing to mend").write_string(0, 0, "Every row is ready. / Toutes les lignes sont prêtes.")
    book.close()
    return file.getvalue()


def _at(problem: Mapping[str, Any]) -> str:
    return f"{problem['column']}: " if problem["column"] else ""


def _returned_sheet(book: Any, name: str, headers: list[str], bold: Any, text: Any) -> tuple[Any, list[str]]:
    plain = "".join("_" if letter in "[]:*?/\\'" else letter for letter in name)[:31] or "Sheet"
    taken = {sheet.get_name().lower() for sheet in book.worksheets()}
    unique = next(n for i in range(1, 1000) if (n := plain if i == 1 else f"{plain[:27]} ({i})").lower() not in taken)
    sheet = book.add_worksheet(unique)
    sheet.set_column(0, 0, 8, text)
    sheet.set_column(1, 1, 60, text)
    sheet.set_column(2, 1 + len(headers), 24, text)
    for at, title in enumerate(["Row in your file", "What to mend / À corriger", *headers]):
        sheet.write_string(0, at, title.strip(), bold)
    sheet.freeze_panes(1, 2)
    return sheet, headers
