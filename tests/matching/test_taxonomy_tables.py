"""A museum of broken sector tables: each is refused with its place and what was expected."""

from __future__ import annotations

import csv
import unicodedata
from pathlib import Path

import pytest

from matching.taxonomy import COLUMNS, TaxonomyError, load_taxonomy
from tests.matching.test_taxonomy import codes

STAGES = ["stage,name_en,name_fr", "material,Material,Matériau", "component,Component,Composant"]
SECTORS = [
    ",".join(COLUMNS["sectors.csv"]),
    "optics,Optics,material,Optique,Light.,lens; mirror,lentille,333310,05003002,03006,",
    "optics.lenses,Lenses,component,Lentilles,Glass.,zoom lens,objectif zoom,333310,,,",
    "ships,Ships,component,Navires,Ships.,ship,navire,336611,02009005,,Shipbuilding and naval",
]
FEED_ROWS = ["from_code,to_code,why", "optics.lenses,ships,Lenses of sights"]


def tables(folder: Path, **replaced: list[str] | bytes) -> Path:
    """Write three small tables that load, but for what is replaced."""
    for name, lines in {"value_chain": STAGES, "sectors": SECTORS, "feeds": FEED_ROWS, **replaced}.items():
        raw = lines if isinstance(lines, bytes) else "\n".join(lines).encode()
        (folder / f"{name}.csv").write_bytes(raw)
    return folder


def row(line: int, **cells: str) -> list[str]:
    """Return the small sector table with some cells of one row replaced (row 1 is the first sector)."""
    split = next(csv.reader([SECTORS[line]]))
    changed = [cells.get(column, cell) for column, cell in zip(COLUMNS["sectors.csv"], split, strict=True)]
    return [*SECTORS[:line], ",".join(changed), *SECTORS[line + 1 :]]


def test_the_small_tables_load(tmp_path):
    small = load_taxonomy(tables(tmp_path))
    assert small.codes == ("optics", "optics.lenses", "ships")
    assert small.sector("optics").terms_en == ("lens", "mirror")
    assert small.closeness.tolist() == [
        [1, pytest.approx(0.8), 0], [pytest.approx(0.8), 1, pytest.approx(0.7)], [0, pytest.approx(0.7), 1],
    ]  # fmt: skip
    assert codes(small, "Zoom lenses for ships") == ["optics.lenses", "ships"]


BROKEN = {
    "unknown parent": (
        {"sectors": row(2, code="optic.lenses")},
        "sectors.csv, line 3, column code: the parent of 'optic.lenses' is missing: 'optic' is not a code of the taxonomy; near it: optics",
    ),
    "duplicate code": (
        {"sectors": row(3, code="optics")},
        "sectors.csv, line 4, column code: 'optics' is already on line 2; codes are unique",
    ),
    "code in capitals": (
        {"sectors": row(3, code="Ships")},
        "sectors.csv, line 4, column code: 'Ships' is not lower-case words joined by dots, as expected",
    ),
    "blank code": ({"sectors": row(3, code="")}, "sectors.csv, line 4, column code: is blank; a value is expected"),
    "unknown stage": (
        {"sectors": row(1, stage="widget")},
        "sectors.csv, line 2, column stage: 'widget' is not in value_chain.csv; expected one of material, component",
    ),
    "blank French name": (
        {"sectors": row(1, name_fr=" ")},
        "sectors.csv, line 2, column name_fr: is blank; a value is expected",
    ),
    "NAICS with a letter": (
        {"sectors": row(3, naics="336611; 33661A")},
        "sectors.csv, line 4, column naics: '33661A' is not a NAICS code of 2 to 6 digits",
    ),
    "EEN as a spreadsheet writes it": (
        {"sectors": row(1, een_technology="5.003E+06")},
        "sectors.csv, line 2, column een_technology: '5.003E+06' is not an EEN keyword of 5 to 9 digits, leading zeros kept",
    ),
    "EEN market too short": (
        {"sectors": row(1, een_market="3006")},
        "sectors.csv, line 2, column een_market: '3006' is not an EEN keyword of 5 to 9 digits, leading zeros kept",
    ),
    "term twice": (
        {"sectors": row(1, terms_en="lens; mirror; lens")},
        "sectors.csv, line 2, column terms_en: 'lens' is there 2 times; once is expected",
    ),
    "term without a word": (
        {"sectors": row(1, terms_fr="—")},
        "sectors.csv, line 2, column terms_fr: '—' is not a word or phrase",
    ),
    "too few cells": ({"sectors": [*SECTORS, "cyber,Cyber"]}, "sectors.csv, line 5: 2 cells; expected 11"),
    "columns of another table": (
        {"feeds": STAGES},
        "feeds.csv, line 1: the columns are ['stage', 'name_en', 'name_fr']; expected ['from_code', 'to_code', 'why']",
    ),
    "empty table": ({"value_chain": [""]}, "value_chain.csv, line 1: the columns are []; expected ['stage', 'name_en'"),
    "stage twice": (
        {"value_chain": [*STAGES, STAGES[1]]},
        "value_chain.csv, line 4, column stage: 'material' is there twice; once is expected",
    ),
    "feed from nowhere": (
        {"feeds": [*FEED_ROWS, "glass,ships,Portholes"]},
        "feeds.csv, line 3, column from_code: 'glass' is not a code of the taxonomy",
    ),
    "feed to nowhere": (
        {"feeds": [*FEED_ROWS, "optics,ship,Portholes"]},
        "feeds.csv, line 3, column to_code: 'ship' is not a code of the taxonomy; near it: ships",
    ),
    "feed to itself": (
        {"feeds": [*FEED_ROWS, "ships,ships,Ships"]},
        "feeds.csv, line 3, column to_code: 'ships' feeds itself; another sector is expected",
    ),
    "feed said twice": (
        {"feeds": [*FEED_ROWS, "ships,optics.lenses,Again"]},
        "feeds.csv, line 3, column to_code: this pair is already joined on line 2",
    ),
    "feed without a reason": (
        {"feeds": [*FEED_ROWS, "optics,ships,"]},
        "feeds.csv, line 3, column why: is blank; a value is expected",
    ),
    "unclosed quote": ({"feeds": [*FEED_ROWS, 'optics,ships,"why']}, "feeds.csv, line 3: not a CSV table: "),
    "not UTF-8": ({"feeds": b"from_code,to_code,why\noptics,ships,\xe9t\xe9"}, "feeds.csv: byte 35 is not UTF-8"),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_table_is_refused_with_its_place_and_what_was_expected(tmp_path, broken):
    replaced, message = BROKEN[broken]
    with pytest.raises(TaxonomyError) as refused:
        load_taxonomy(tables(tmp_path, **replaced))
    assert str(refused.value).startswith(message)


def test_a_complaint_carries_its_place_apart(tmp_path):
    with pytest.raises(TaxonomyError) as refused:
        load_taxonomy(tables(tmp_path, sectors=row(3, naics="x")))
    assert (refused.value.file, refused.value.line, refused.value.column) == ("sectors.csv", 4, "naics")


def test_a_missing_table_is_named(tmp_path):
    (tables(tmp_path) / "feeds.csv").unlink()
    with pytest.raises(TaxonomyError, match=r"^feeds\.csv: No such file or directory; it is expected in "):
        load_taxonomy(tmp_path)


def test_a_table_saved_by_a_spreadsheet_loads(tmp_path):
    """With a byte-order mark, Windows line ends and decomposed accents."""
    text = unicodedata.normalize("NFD", "\r\n".join(SECTORS) + "\r\n")
    small = load_taxonomy(tables(tmp_path, sectors=b"\xef\xbb\xbf" + text.encode()))
    assert small.sector("ships").name_fr == "Navires"
