"""Workbooks, XLSX and XLSM, XLS, ODS, to grids of cells. Runs in the child process of ``app.sheets`` only.

openpyxl and xlrd tell what is hidden, merged, computed and formatted. python-calamine reads the values of ODS, after a
pass over its XML has told the same and has measured how far the sheet reaches.
"""

from __future__ import annotations

import io
import os
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.cells import DATE, MOST_COLUMNS, MOST_ROWS, NO_RESULT, Grid, LeftOut, Refused, within_limits, written

MEND = "open it in a spreadsheet program and save it again as an Excel workbook (.xlsx) or as CSV UTF-8"


def read_xlsx(content: bytes) -> tuple[list[Grid], list[LeftOut]]:
    """The visible sheets of an Excel workbook as grids, and what was left out beside them."""
    import openpyxl

    warnings.simplefilter("ignore")  # of conditional formats and the like, which carry no cells
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), data_only=False, keep_links=False)
    except MemoryError:
        raise
    except Exception as problem:  # openpyxl raises whatever its parts raise
        raise Refused(f"the Excel workbook cannot be read: {_first_line(problem)}", MEND) from problem
    if not book.worksheets:
        raise Refused("the Excel workbook holds no sheet that can be read", MEND)
    grids, left_out = [], list(_beside(content))
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            left_out.append(_hidden_sheet(sheet.title))
            continue
        grids.append(_xlsx_grid(sheet))
    if any(grid.formulas for grid in grids):
        _put_results(content, grids)
    return grids, left_out


def _hidden_sheet(name: str) -> LeftOut:
    return LeftOut("hidden sheet", name, "hidden sheets are not read; unhide it and send again if it is meant")


def _beside(content: bytes) -> Iterator[LeftOut]:
    names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        yield LeftOut("macros", "the workbook", "macros are neither run nor kept; the cells were read")
    if any(name.startswith("xl/externalLinks/") for name in names):
        yield LeftOut("links to other workbooks", "the workbook", "they are not followed; stored results were read")
    if any(name.startswith("xl/media/") for name in names):
        yield LeftOut("pictures", "the workbook", "only cells are read")


def _xlsx_grid(sheet: Any) -> Grid:
    grid = Grid(sheet.title)
    for name, dimension in sheet.column_dimensions.items():
        if dimension.hidden or dimension.width == 0:
            first = dimension.min or _column_number(name)
            last = min(dimension.max or first, first + 20_000)
            grid.hidden_columns.update(range(first - 1, last))
    grid.hidden_rows.update(at - 1 for at, row in sheet.row_dimensions.items() if row.hidden or row.height == 0)
    grid.merged = [(m.min_row - 1, m.min_col - 1, m.max_row - 1, m.max_col - 1) for m in sheet.merged_cells.ranges]
    for cell in sheet._cells.values():  # noqa: SLF001  (a sparse sheet that reaches far would be walked for hours)
        value = cell.value
        if value is None:
            continue
        row, column = cell.row - 1, cell.column - 1
        if cell.data_type == "f":
            grid.formulas.append((row, column))
            grid.put(row, column, "", NO_RESULT)
        else:
            grid.put(row, column, *written(value, cell.number_format))
    return grid


def _column_number(name: str) -> int:
    from openpyxl.utils import column_index_from_string

    return int(column_index_from_string(name))


def _put_results(content: bytes, grids: list[Grid]) -> None:
    """The results that were stored with formulas, from a second and streaming reading."""
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(content), data_only=True, read_only=True, keep_links=False)
    for grid in grids:
        wanted = set(grid.formulas)
        if not wanted:
            continue
        sheet: Any = book[grid.name]
        sheet.reset_dimensions()
        last = max(row for row, _ in wanted) + 1
        for cells in sheet.iter_rows(max_row=last):
            for cell in cells:
                if cell.value is not None and (at := (cell.row - 1, cell.column - 1)) in wanted:
                    grid.put(*at, *written(cell.value, cell.number_format))


def read_xls(content: bytes) -> tuple[list[Grid], list[LeftOut]]:
    """The visible sheets of a workbook of Excel 97 to 2003 (or older), and what was left out."""
    import xlrd

    try:
        with Path(os.devnull).open("w", encoding="utf-8") as silence:
            book = xlrd.open_workbook(file_contents=content, formatting_info=True, logfile=silence)
    except MemoryError:
        raise
    except Exception as problem:  # a damaged file meets any of xlrd's assertions
        if "encrypted" in str(problem).lower():
            raise Refused(*PASSWORD) from problem
        raise Refused(f"the old Excel workbook cannot be read: {_first_line(problem)}", MEND) from problem
    grids, left_out = [], []
    for sheet in book.sheets():
        if sheet.visibility:
            left_out.append(_hidden_sheet(sheet.name))
        else:
            grids.append(_xls_grid(book, sheet))
    return grids, left_out


PASSWORD = (
    "the workbook is protected by a password",
    "open it, take the password off (File, Info, Protect Workbook), save it and send that",
)


def _xls_grid(book: Any, sheet: Any) -> Grid:
    import xlrd

    grid = Grid(sheet.name)
    grid.hidden_columns.update(at for at, column in sheet.colinfo_map.items() if column.hidden or column.width == 0)
    grid.hidden_rows.update(at for at, row in sheet.rowinfo_map.items() if row.hidden or row.height == 0)
    grid.merged = [(top, left, bottom - 1, right - 1) for top, bottom, left, right in sheet.merged_cells]
    for row in range(sheet.nrows):
        for column in range(sheet.row_len(row)):
            cell = sheet.cell(row, column)
            if cell.ctype == xlrd.XL_CELL_TEXT:
                grid.put(row, column, str(cell.value), "")
            elif cell.ctype == xlrd.XL_CELL_NUMBER:
                shown = book.format_map[book.xf_list[cell.xf_index].format_key].format_str
                grid.put(row, column, *written(cell.value, shown))
            elif cell.ctype == xlrd.XL_CELL_DATE:
                grid.put(row, column, *_xls_date(cell.value, book.datemode))
            elif cell.ctype == xlrd.XL_CELL_BOOLEAN:
                grid.put(row, column, *written(bool(cell.value)))
            elif cell.ctype == xlrd.XL_CELL_ERROR:
                grid.put(row, column, xlrd.error_text_from_code.get(cell.value, "#ERROR!"), "")
    return grid


def _xls_date(value: float, mode: int) -> tuple[str, str]:
    import xlrd

    try:
        return written(xlrd.xldate_as_datetime(value, mode))
    except (ValueError, OverflowError, xlrd.xldate.XLDateError):
        return written(value)


# --- ODS --------------------------------------------------------------------------------------------

_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"


def read_ods(content: bytes) -> tuple[list[Grid], list[LeftOut]]:
    """The visible sheets of an OpenDocument spreadsheet, and what was left out."""
    try:
        seen = {scan.grid.name: scan for scan in _scan_ods(content)}
        for name, scan in seen.items():
            within_limits(name, scan.last_row + 1 if scan.last_row >= MOST_ROWS * 2 else 0, 0)
            within_limits(name, 0, scan.last_column + 1 if scan.last_column >= MOST_COLUMNS * 2 else 0)
        return _ods_values(content, seen)
    except (Refused, MemoryError):
        raise
    except Exception as problem:  # lxml's and calamine's own
        raise Refused(f"the OpenDocument spreadsheet cannot be read: {_first_line(problem)}", MEND) from problem


def _ods_values(content: bytes, seen: dict[str, _Scan]) -> tuple[list[Grid], list[LeftOut]]:
    from python_calamine import CalamineWorkbook, SheetVisibleEnum

    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    grids, left_out = [], []
    for about in book.sheets_metadata:
        if about.visible != SheetVisibleEnum.Visible:
            left_out.append(_hidden_sheet(about.name))
            continue
        scan = seen[about.name]
        for row, values in enumerate(book.get_sheet_by_name(about.name).to_python(skip_empty_area=False)):
            for column, value in enumerate(values):
                if value != "":
                    scan.grid.put(row, column, *scan.shown.get((row, column), written(value)))
        grids.append(scan.grid)
    return grids, left_out


class _Scan:
    """What the XML of one ODS table tells beside its values."""

    def __init__(self, name: str) -> None:
        self.grid = Grid(name)
        self.shown: dict[tuple[int, int], tuple[str, str]] = {}
        """The text that stands in a cell, where it says more than the value: leading zeros, percentages, errors."""
        self.last_row = self.last_column = -1
        self.row = self.columns = 0

    def column(self, element: Any) -> None:
        repeated = _repeated(element, "columns")
        if element.get(f"{_TABLE}visibility") in ("collapse", "filter"):
            self.grid.hidden_columns.update(range(self.columns, self.columns + min(repeated, 20_000)))
        self.columns += repeated

    def table_row(self, element: Any) -> None:
        repeated = _repeated(element, "rows")
        column = 0
        for cell in element:
            if cell.tag in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
                self.cell(cell, column, repeated)
                column += _repeated(cell, "columns")
        if element.get(f"{_TABLE}visibility") in ("collapse", "filter"):
            self.grid.hidden_rows.update(range(self.row, self.row + min(repeated, MOST_ROWS * 3)))
        self.row += repeated

    def cell(self, cell: Any, column: int, repeated: int) -> None:
        kind = cell.get(f"{_OFFICE}value-type")
        text = "\n".join("".join(p.itertext()) for p in cell.iterfind(f"{_TEXT}p"))
        if not kind and not text:
            return
        self.last_row = max(self.last_row, self.row + repeated - 1)
        self.last_column = max(self.last_column, column + _repeated(cell, "columns") - 1)
        down = int(cell.get(f"{_TABLE}number-rows-spanned", 1))
        across = int(cell.get(f"{_TABLE}number-columns-spanned", 1))
        if down > 1 or across > 1:
            self.grid.merged.append((self.row, column, self.row + down - 1, column + across - 1))
        if cell.get(f"{_TABLE}formula"):
            self.grid.formulas.append((self.row, column))
        plain = text.replace(" ", "").replace("\u202f", "").replace(",", ".")
        if text.startswith(("#", "Err:")) or plain.endswith("%") or (plain.isdigit() and plain[0] == "0"):
            self.shown[self.row, column] = (text, "")
        elif kind == "date":
            self.shown[self.row, column] = (cell.get(f"{_OFFICE}date-value", text)[:10], DATE)


def _repeated(element: Any, what: str) -> int:
    return int(element.get(f"{_TABLE}number-{what}-repeated", 1))


def _scan_ods(content: bytes) -> Iterator[_Scan]:
    from lxml import etree

    with zipfile.ZipFile(io.BytesIO(content)).open("content.xml") as xml:
        scan: _Scan | None = None
        parts = (f"{_TABLE}table", f"{_TABLE}table-column", f"{_TABLE}table-row")
        for event, element in etree.iterparse(
            xml, events=("start", "end"), tag=parts, resolve_entities=False, no_network=True, huge_tree=False
        ):
            if event == "start":
                if element.tag == parts[0] and scan is None:
                    scan = _Scan(element.get(f"{_TABLE}name", ""))
            elif scan is not None and element.tag == parts[1]:
                scan.column(element)
            elif scan is not None and element.tag == parts[2]:
                scan.table_row(element)
                element.clear()
            elif scan is not None:
                yield scan
                scan = None
                element.clear()


def _first_line(problem: BaseException) -> str:
    return (str(problem).strip().splitlines() or [type(problem).__name__])[0][:200]
