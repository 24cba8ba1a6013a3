"""Text files to grids of cells: CSV and its kin in any encoding and with any separator, JSON lines. Pure.

What a person's program wrote is guessed, and the guess is told: which encoding, which separator. A quotation mark that
is never closed would swallow every row after it, so such a file is read line by line instead.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from app.cells import ENTRY_SEPARATOR, LONGEST_CELL, MOST_ROWS, Grid, Refused, written

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_SAMPLE_LINES = 200
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
NO_TEXT = (
    "this is neither a spreadsheet nor a text file",
    "send the list of firms as an Excel workbook (.xlsx), .xls, .ods, CSV or JSON lines",
)


def decode(content: bytes) -> tuple[str, str]:
    """The text of a file and the name of its encoding; raises Refused for what is no text."""
    for mark, codec, name in _MARKS:
        if content.startswith(mark):
            try:
                return content.decode(codec), name
            except UnicodeDecodeError as problem:
                raise Refused(
                    f"the file begins as {name} but breaks off at byte {problem.start}", "save it again"
                ) from problem
    if content.count(0) > len(content) / 10:
        return _wide(content)
    try:
        return content.decode("utf-8"), "UTF-8"
    except UnicodeDecodeError:
        return _narrow(content)


def _wide(content: bytes) -> tuple[str, str]:
    """UTF-16 without its mark: of text in Latin letters, every second byte is zero."""
    sample = content[:4000]
    for offset, codec in ((1, "utf-16-le"), (0, "utf-16-be")):
        if sample[offset::2].count(0) > 0.7 * len(sample[offset::2]):
            try:
                return content.decode(codec), "UTF-16"
            except UnicodeDecodeError:
                break
    raise Refused(*NO_TEXT)


def _narrow(content: bytes) -> tuple[str, str]:
    """One byte a character: Windows-1252 unless the bytes speak for an old Macintosh or DOS."""
    if sum(byte < 32 and byte not in b"\t\n\r\x0c\x1a" for byte in content[:4000]) > 5:
        raise Refused(*NO_TEXT)
    from charset_normalizer import from_bytes

    high = Counter(byte for byte in content if byte > 127)
    spoken = sum(high[byte] for byte in "éèêàâçôùîïëüÉÈÀÇœŒ’“”«»–—".encode("cp1252"))
    if not set(high) & set(b"\x81\x8d\x8f\x90\x9d") and spoken >= 0.6 * sum(high.values()):
        return content.decode("cp1252"), "Windows-1252"
    best = from_bytes(content, cp_isolation=["cp1252", "mac_roman", "cp850"]).best()
    codec = best.encoding if best is not None else "latin-1"
    names = {"cp1252": "Windows-1252", "mac_roman": "Mac Roman", "cp850": "DOS 850", "latin-1": "ISO 8859-1"}
    return content.decode(codec, errors="replace"), names[codec]


def read_delimited(content: bytes, name: str) -> Grid:
    """A CSV file, or one with semicolons, tabs or bars, as a grid; raises Refused."""
    text, encoding = decode(content)
    text = text.removesuffix("\x1a").replace("\0", "")
    if not text.strip():
        raise Refused("the file is empty", "send the list of firms, one row for each")
    text, separator = _separator(text)
    records, broken = _records(text, separator)
    grid = Grid(name)
    for row, cells in enumerate(records):
        for column, cell in enumerate(cells):
            grid.put(row, column, _unwrapped(cell), "")
    grid.notes.append(f"{name}: read as text in {encoding}, separated by {SEPARATORS[separator]}")
    if broken:
        grid.notes.append(
            f"{name}: a quotation mark is not closed ({broken}), so every line was read as a row of its own"
        )
    return grid


def _separator(text: str) -> tuple[str, str]:
    """The text without Excel's ``sep=`` line, and the separator that parts its lines most evenly."""
    first, _, rest = text.partition("\n")
    declared = first.strip().strip('"').lower()
    if declared.startswith("sep=") and declared[4:5] in SEPARATORS:
        return "\n" + rest, declared[4]  # the line stays as a blank one, so that row numbers hold
    return text, max(SEPARATORS, key=lambda separator: _evenness(text, separator))


def _evenness(text: str, separator: str) -> float:
    """How much of a sample has one and the same number of cells above one; more cells count a little more."""
    sample = io.StringIO("\n".join(text.splitlines()[:_SAMPLE_LINES]), newline="")
    try:
        widths = Counter(len(cells) for cells in csv.reader(sample, delimiter=separator) if any(cells))
    except csv.Error:
        return 0.0
    wide = {width: count for width, count in widths.items() if width > 1}
    if not wide:
        return 0.0
    width, count = max(wide.items(), key=lambda item: (item[1], item[0]))
    return count / widths.total() + min(width, 50) / 1000


def _records(text: str, separator: str) -> tuple[Iterable[list[str]], str]:
    """The records of a text, and where its quotation marks went wrong, if they did."""
    csv.field_size_limit(LONGEST_CELL * 4)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    records: list[list[str]] = []
    try:
        for cells in reader:
            records.append(cells)
            if len(records) > 5 * MOST_ROWS:
                break
    except csv.Error:
        lines = text.splitlines()
        return [_line(line, separator) for line in lines], f"line {min(reader.line_num, len(lines))} or before"
    return records, ""


def _line(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return line.split(separator)


def _unwrapped(cell: str) -> str:
    """``="00123"``, Excel's way of keeping a code as text in CSV, is the code."""
    if cell.startswith('="') and cell.endswith('"') and '"' not in cell[2:-1]:
        return cell[2:-1]
    return cell


def read_json(content: bytes, name: str) -> Grid:
    """JSON lines, or one JSON list, of objects: a row each, under a row 0 of their keys. Raises Refused."""
    text, _ = decode(content)
    records = _objects(text)
    grid = Grid(name)
    keys: dict[str, int] = {}
    for row, record in records:
        if not isinstance(record, dict):
            grid.put(row, 0, json.dumps(record, ensure_ascii=False), "")
            continue
        for key, value in _flat(record).items():
            column = keys.setdefault(key, len(keys))
            shown = _entry(value)
            grid.put(row, column, *(shown if isinstance(shown, tuple) else (shown, "")))
    for key, column in keys.items():
        grid.put(-1, column, key, "")
    return grid


def _objects(text: str) -> list[tuple[int, Any]]:
    """Each record with its row, counted from 0: the line it stands on."""
    try:
        if text.lstrip().startswith("["):
            whole = json.loads(text)
            return list(enumerate(whole))
        return [(at, json.loads(line)) for at, line in enumerate(text.split("\n")) if line.strip()]
    except (json.JSONDecodeError, RecursionError) as problem:
        at = f"line {problem.lineno}: {problem.msg}" if isinstance(problem, json.JSONDecodeError) else "nested too deep"
        raise Refused(f"the file begins as JSON but is not: {at}", "expected one JSON object on each line") from problem


_NAMED = ("code", "label", "statement", "text", "name", "title", "value")


def _flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record with what is nested in it as plain keys: statements by their side, with a level for each offer."""
    flat = {str(key): value for key, value in record.items() if value not in (None, "", [], {})}
    for key in ("statements", "technologies"):
        items = flat.get(key)
        if isinstance(items, list) and items and all(isinstance(item, dict) for item in items):
            offers = [item for item in items if item.get("side", "offers") == "offers"]
            flat |= {"offers": offers, "seeks": [item for item in items if item not in offers], "trl": _levels(offers)}
            del flat[key]
    for item in flat.pop("identifiers", ()):
        if isinstance(item, dict):
            flat[str(item.get("scheme", "identifier"))] = item.get("value")
    nested = flat.pop("exposure", None)
    flat |= nested if isinstance(nested, dict) else {}
    return {key: value for key, value in flat.items() if value not in (None, "", [], {})}


def _levels(offers: list[dict[str, Any]]) -> list[str]:
    """The TRL of each offer as it would be written in a cell; empty where none has one."""
    written_levels = []
    for offer in offers:
        readiness = offer.get("readiness") or {}
        low, high = readiness.get("trl_low", offer.get("trl")), readiness.get("trl_high", offer.get("trl"))
        written_levels.append("?" if low is None else f"{low}-{high}" if high not in (None, low) else str(low))
    return written_levels if any(level != "?" for level in written_levels) else []


def _entry(value: Any) -> str | tuple[str, str]:
    if isinstance(value, list):
        entries = (_entry(item) for item in value)
        return ENTRY_SEPARATOR.join(entry if isinstance(entry, str) else entry[0] for entry in entries)
    if isinstance(value, dict):
        named = next((value[key] for key in _NAMED if value.get(key)), None)
        return _entry(named) if named is not None else json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool | int | float):
        return written(value)
    return str(value)


def text_kind(content: bytes) -> str:
    """``html``, ``xml``, ``json`` or ``delimited``, by the first characters."""
    start = content[:2000].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<table", b"<meta", b"<head", b"<style")):
        return "html"
    if start.startswith((b"<?xml", b"<workbook")):
        return "html" if b"<html" in start else "xml"
    first = start.split(b"\n", 1)[0].rstrip()
    if start.startswith(b"{") or (
        start.startswith(b"[") and (first == b"[" or start[1:].lstrip().startswith((b"{", b"]")))
    ):
        return "json"
    return "delimited"
