"""Bytes of a file to Sheets: what it is by its content, whether it is within the limits, and its visible cells. Pure.

The file is opened in a child process with limits of memory and time, so that one made to harm ends the child and not
the service. The child answers in JSON; nothing of the file is ever executed or unpickled.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from app.cells import MOST_BYTES, MOST_UNPACKED, Grid, LeftOut, Refused, Row, Sheet
from app.delimited import NO_TEXT, read_delimited, read_json, text_kind
from app.errors import Invalid, TooLarge

MEMORY = 768 * 1024 * 1024
"""Bytes of address space of the child."""
SECONDS = 45
"""Of processor time; twice that on the clock."""
MOST_PARTS = 1_000
MOST_RATIO = 100
"""Of unpacked to packed bytes, of a part above a million bytes."""

SAVE_AS = "open it in a spreadsheet program and save the list as an Excel workbook (.xlsx) or CSV UTF-8"
_OLE, _ZIP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_OTHER = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"BM", "a bitmap picture"),
    (b"%PDF", "a PDF document"),
    (b"{\\rtf", "a rich-text document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"SQLite format", "a database"),
    (b"MZ", "a program"),
    (b"\x7fELF", "a program"),
)


@dataclass(frozen=True, slots=True)
class Workbook:
    """All that was read of a file: which kind it is, its sheets with cells, and what was left out."""

    kind: str
    sheets: tuple[Sheet, ...]
    left_out: tuple[LeftOut, ...]


def read_sheets(content: bytes, file_name: str) -> Workbook:
    """Read a spreadsheet or text file, judged by its content; raises Invalid or TooLarge in plain words.

    Hidden sheets, rows and columns are left out and reported. Formulas are not run: their stored results are read.
    """
    if len(content) > MOST_BYTES:
        message = f"the file has {len(content):,} bytes; at most {MOST_BYTES:,} are taken"
        raise TooLarge(message, hint="send it in parts, without pictures")
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": str(Path(__file__).resolve().parent.parent),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    try:
        done = subprocess.run(  # noqa: S603  (our own interpreter and module)
            [sys.executable, "-m", "app.sheets", Path(file_name).stem[:100] or "file"],
            input=content,
            capture_output=True,
            timeout=SECONDS * 2,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired as problem:
        raise TooLarge("the file takes too long to read", hint=SAVE_AS) from problem
    if done.returncode or not done.stdout:
        raise TooLarge(
            "the file needs more memory or time to open than is allowed", hint=f"{SAVE_AS}, or send it in parts"
        )
    return _workbook(orjson.loads(done.stdout))


def _workbook(answer: dict[str, Any]) -> Workbook:
    if refused := answer.get("refused"):
        error = TooLarge if refused["too_large"] else Invalid
        raise error(refused["message"], hint=refused["hint"])
    sheets = tuple(
        Sheet(
            sheet["name"],
            tuple(sheet["columns"]),
            tuple(
                Row(row["number"], tuple(row["texts"]), {int(at): mark for at, mark in row["marks"].items()})
                for row in sheet["rows"]
            ),
            tuple(LeftOut(**item) for item in sheet["left_out"]),
            tuple(sheet["notes"]),
        )
        for sheet in answer["sheets"]
    )
    return Workbook(answer["kind"], sheets, tuple(LeftOut(**item) for item in answer["left_out"]))


# --- In the child -----------------------------------------------------------------------------------


def kind_of(content: bytes) -> str:
    """What the file is, by its content: ``xlsx``, ``xls``, ``ods``, ``json`` or ``delimited``; raises Refused."""
    if not content.strip():
        raise Refused("the file is empty", "send the list of firms, one row for each")
    if content.startswith(_ZIP):
        return _kind_of_zip(content)
    if content.startswith(_OLE):
        return _kind_of_ole(content)
    if content[:2] in (b"\x09\x00", b"\x09\x02", b"\x09\x04", b"\x09\x08"):
        return "xls"
    for magic, what in _OTHER:
        if content.startswith(magic):
            raise Refused(f"the file is {what}, whatever its name says; a spreadsheet is expected", NO_TEXT[1])
    kind = text_kind(content)
    if kind == "html":
        raise Refused("the file is a web page saved under the name of a spreadsheet", SAVE_AS)
    if kind == "xml":
        raise Refused("the file is XML, perhaps a spreadsheet of Excel 2003; that kind is not read", SAVE_AS)
    return kind


def _kind_of_ole(content: bytes) -> str:
    from app.workbooks import PASSWORD

    def holds(stream: str) -> bool:
        return stream.encode("utf-16-le") in content

    if holds("EncryptedPackage") or holds("EncryptionInfo"):
        raise Refused(*PASSWORD)
    if holds("WordDocument") or holds("PowerPoint Document"):
        raise Refused("the file is a Word or PowerPoint document; a spreadsheet is expected", NO_TEXT[1])
    return "xls"


def _kind_of_zip(content: bytes) -> str:
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as problem:
        raise Refused("the workbook is damaged or was cut off on the way", "send the whole file again") from problem
    _unpacks_within_limits(parts)
    names = {part.filename.lower() for part in parts}
    mimetype = archive.read("mimetype")[:100] if "mimetype" in archive.namelist() else b""
    for found, what in (
        (any(name.startswith("word/") for name in names), "a Word document"),
        (any(name.startswith("ppt/") for name in names), "a PowerPoint presentation"),
        ("index/document.iwa" in names, "a workbook of Apple Numbers"),
        ("xl/workbook.bin" in names, "a binary Excel workbook (.xlsb)"),
    ):
        if found:
            raise Refused(f"the file is {what}; that kind is not read", SAVE_AS)
    _holds_no_entities(archive, parts)
    if b"opendocument.spreadsheet" in mimetype:
        if "META-INF/manifest.xml" in archive.namelist() and b"encryption-data" in archive.read(
            "META-INF/manifest.xml"
        ):
            from app.workbooks import PASSWORD

            raise Refused(*PASSWORD)
        return "ods"
    if "[content_types].xml" in names and any(name.startswith("xl/") for name in names):
        return "xlsx"
    if "[content_types].xml" in names:
        raise Refused("the file looks like an Office document but holds no workbook", SAVE_AS)
    raise Refused("the file is a ZIP archive, not a spreadsheet", "unpack it and send the spreadsheet in it")


def _unpacks_within_limits(parts: list[zipfile.ZipInfo]) -> None:
    if any(part.flag_bits & 1 for part in parts):
        from app.workbooks import PASSWORD

        raise Refused(*PASSWORD)
    unpacked = sum(part.file_size for part in parts)
    dense = [p for p in parts if p.file_size > 1_000_000 and p.file_size > MOST_RATIO * max(p.compress_size, 1)]
    if len(parts) > MOST_PARTS or unpacked > MOST_UNPACKED or dense:
        raise Refused(
            f"the file unpacks to {unpacked:,} bytes in {len(parts):,} parts; at most {MOST_UNPACKED:,} in "
            f"{MOST_PARTS:,}, and {MOST_RATIO} for each packed byte, are taken",
            "copy the list of firms into a new workbook and send that",
            too_large=True,
        )


def _holds_no_entities(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> None:
    for part in parts:
        if part.filename.lower().endswith((".xml", ".rels")):
            try:
                with archive.open(part) as xml:
                    start = xml.read(4096)
            except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, ValueError) as problem:
                message = f"the workbook is damaged: its part {part.filename[:80]} cannot be unpacked"
                raise Refused(message, "send the whole file again") from problem
            if b"<!DOCTYPE" in start or b"<!ENTITY" in start:
                raise Refused("the workbook declares XML entities, as no spreadsheet program does", SAVE_AS)


def _limit_this_process() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    sys.modules["numpy"] = None  # type: ignore[assignment]  # openpyxl would load it, and with it 300 MB of threads


def parse(content: bytes, name: str) -> dict[str, Any]:
    """The answer of the child: the sheets as plain values, or why the file is refused."""
    from app.workbooks import read_ods, read_xls, read_xlsx

    try:
        kind = kind_of(content)
        grids: list[Grid]
        left_out: list[LeftOut] = []
        if kind in ("delimited", "json"):
            grids = [(read_json if kind == "json" else read_delimited)(content, name)]
        else:
            grids, left_out = {"xlsx": read_xlsx, "xls": read_xls, "ods": read_ods}[kind](content)
        sheets = _with_cells(grids, hidden=bool(left_out))
    except Refused as problem:
        return {"refused": {"message": problem.message, "hint": problem.hint, "too_large": problem.too_large}}
    plain = [_plain(sheet) for sheet in sheets]
    return {"kind": kind, "sheets": plain, "left_out": [asdict(item) for item in left_out]}


def _with_cells(grids: list[Grid], *, hidden: bool) -> list[Sheet]:
    """The sheets in which something stands; raises Refused where there is none."""
    sheets = [sheet for sheet in (grid.sheet() for grid in grids) if sheet.rows or sheet.left_out]
    if not any(sheet.rows for sheet in sheets):
        visible = " that are visible" if hidden or sheets else ""
        raise Refused(f"the file holds no cells{visible}", "send the list of firms, one row for each")
    return sheets


def _plain(sheet: Sheet) -> dict[str, Any]:
    return {
        "name": sheet.name,
        "columns": sheet.columns,
        "rows": [
            {"number": r.number, "texts": r.texts, "marks": {str(k): v for k, v in r.marks.items()}} for r in sheet.rows
        ],
        "left_out": [asdict(item) for item in sheet.left_out],
        "notes": sheet.notes,
    }


def _answer() -> None:
    content = sys.stdin.buffer.read()
    _limit_this_process()
    sys.stdout.buffer.write(orjson.dumps(parse(content, sys.argv[1])))


if __name__ == "__main__":
    _answer()
