"""Bytes to sheets: limits of the child, and that any table's rows are all accounted for."""

from __future__ import annotations

import csv
import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app import sheets
from app.cells import clean, letters, written
from app.errors import TooLarge
from app.intake import members_of
from app.mapping import MappingFile
from tests.app.messy import with_parts, xlsx
from tests.factories import taxonomy

HEADER = ["Company", "Country", "Products", "TRL", "Notes"]
CELL = st.text(st.characters(exclude_categories=("Cs",)), max_size=30) | st.sampled_from(
    [
        "Total",
        "Canada",
        "6-7",
        "=1+1",
        "#REF!",
        "n/a",
        "* note",
        "Company",
        "Country",
        "Arctic Optics",
        "(remove)",
        "1,200",
    ]
)
ROWS = st.lists(st.lists(CELL, max_size=6), max_size=12)


def parsed(content: bytes) -> sheets.Workbook:
    return sheets._workbook(sheets.parse(content, "t"))


def accounted(book: sheets.Workbook) -> tuple[set[int], set[int]]:
    """Rows with something in them, and rows that ended somewhere."""
    members = members_of(book, taxonomy(), MappingFile())
    there = {row.number for sheet in book.sheets for row in sheet.rows if not row.blank}
    ended = [number for row in members.rows for number in row.rows]
    ended += [int(item.where.rpartition("!")[2]) for item in members.left_out if "row" in item.what]
    headers = [number for table in members.tables for number in table.header_rows]
    assert len(ended) == len(set(ended))
    assert not set(ended) & set(headers)
    return there, set(ended) | set(headers)


@given(ROWS)
@settings(max_examples=120, deadline=None)
def test_any_table_of_text_accounts_for_every_row_in_csv(rows: list[list[str]]) -> None:
    file = io.StringIO(newline="")
    csv.writer(file).writerows([HEADER, *rows])
    there, ended = accounted(parsed(file.getvalue().encode()))
    assert ended == there


@given(ROWS)
@settings(max_examples=40, deadline=None)
def test_any_table_of_text_accounts_for_every_row_in_xlsx(rows: list[list[str]]) -> None:
    legal = [["".join(c for c in cell if c.isprintable() or c == "\n") for cell in row] for row in rows]
    there, ended = accounted(parsed(xlsx(HEADER, *legal)))
    assert ended == there


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)


def test_letters_are_the_columns_of_a_spreadsheet() -> None:
    assert [letters(at) for at in (0, 25, 26, 701, 702, 16383)] == ["A", "Z", "AA", "ZZ", "AAA", "XFD"]


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (11007, "000000", "011007"),
        (0.25, "0%", "25%"),
        (6.0, "General", "6"),
        (1e20, "General", "1e+20"),
        (True, "", "yes"),
    ],
)
def test_a_value_is_written_as_a_person_sees_it(value: object, number_format: str, text: str) -> None:
    assert written(value, number_format)[0] == text


def test_a_child_that_runs_out_of_memory_ends_in_a_plain_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many parts within the limits of packing, and still more cells than memory is given for."""
    cell = b'<c r="A%d" t="inlineStr"><is><t>%s</t></is></c>'
    body = b"".join(b'<row r="%d">' % r + cell % (r, b"x" * 900) + b"</row>" for r in range(1, 60_000))
    head = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    bomb = with_parts(xlsx(["Company"]), **{"xl__worksheets__sheet1.xml": head + body + b"</sheetData></worksheet>"})
    monkeypatch.setattr(sheets, "MOST_RATIO", 10_000)
    assert zipfile.is_zipfile(io.BytesIO(bomb))
    with pytest.raises(TooLarge):
        sheets.read_sheets(bomb, "x.xlsx")
