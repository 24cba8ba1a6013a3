"""Documents of a programme: the same bytes every time, readable by others, and nothing in them that is not released."""

from __future__ import annotations

import io
import zipfile
from ctypes.util import find_library
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest
from docx import Document
from icalendar import Calendar
from pypdf import PdfReader

from app.briefing import Sources, contents, render
from app.briefing_words import WORDS
from app.errors import Invalid
from app.geography import coast
from app.languages import language
from matching.profile import Profile
from tests.factories import SEEDS, profile, statement

HOST = profile("Goa Yard", "IND", statements=(statement("Builds =patrol vessels"), statement("Seeks sonar", "seeks")))


def match() -> dict[str, Any]:
    requirement = {
        "rule": "R1", "permit": "Export permit", "because": "it is listed", "authority": "GAC", "citation": "EIPA s. 7",
        "as_of": "2026-07-01",
    }  # fmt: skip
    return {
        "fit": 0.7,
        "market": {"name": "Kenya"},
        "mode": "co-development",
        "mode_because": "TRL 4 needs engineering.",
        "signals": [{"sentence": "They share sonar.", "evidence": [{"text": "Seeks sonar"}]}],
        "pathway": {
            "verdict": "permit",
            "legs": [{"from": "CAN", "to": "IND", "requirements": [requirement]}, {"from": "IND", "to": "KEN", "requirements": []}],
            "questions": ["Is it a weapon?"],
        },
        "screening": [{"party": "Goa Yard", "because": "no hit waits"}],
    }  # fmt: skip


def visit(**over: Any) -> dict[str, Any]:
    return {
        "site": "Goa Yard, Main yard", "site_id": "goa-yard/main-yard", "firm": "Goa Yard", "firm_id": "goa-yard",
        "city": "Vasco", "lat": 15.4, "lon": 73.8, "day": "2027-02-08", "start": "09:30", "end": "11:30",
        "time_zone": "Asia/Kolkata", "delegates": ["Ann"], "delegate_ids": ["ann"], "ask_by": "2027-01-18",
    } | over  # fmt: skip


def programme(**over: Any) -> dict[str, Any]:
    second = visit(site="East Yard, Dock", site_id="east-yard/dock", firm="East Yard", firm_id="east-yard", city="Kolkata",
                   lat=22.5, lon=88.3, day="2027-02-09", delegates=["Bo"], delegate_ids=["bo"])  # fmt: skip
    return {
        "programme": "p1", "delegation": "d1", "number": 2, "title": "Sonar to India", "asked_at": "2026-11-24T10:00:00+00:00",
        "ask": {"purpose": "=HYPERLINK(1)"}, "versions": {"rulebook": "abc"},
        "firms": [{"id": "kraken", "name": "Kraken"}],
        "delegates": [{"id": "ann", "name": "Ann", "firms": ["kraken"]}, {"id": "bo", "name": "Bo", "firms": ["kraken"]}],
        "visits": [visit(), second],
        "pairs": [{"visitor": "kraken", "host": "goa-yard", "match": match()}],
        "left_out": [{"site": "Far Yard", "why": "=1+1 closed", "lets_in": "other dates", "with_it": None}],
        "notes": [], "phrases": {},
    } | over  # fmt: skip


def sources(**over: Any) -> Sources:
    given: dict[str, Any] = {
        "profiles": {"goa-yard": HOST},
        "contacts": ("Ann: ann@example.org",),
        "coast": coast(SEEDS),
    }
    return Sources(**(given | over))


def text_of(made: bytes, form: str) -> str:
    if form == "pdf":
        return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(made)).pages)
    if form == "docx":
        document = Document(io.BytesIO(made))
        cells = [c.text for table in document.tables for row in table.rows for c in row.cells]
        return " ".join([*(p.text for p in document.paragraphs), *cells])
    if form == "xlsx":
        book = openpyxl.load_workbook(io.BytesIO(made))
        return " ".join(str(c.value) for sheet in book for row in sheet.iter_rows() for c in row if c.value)
    return made.decode().replace("\r\n ", "")


PANGO = pytest.mark.skipif(
    find_library("pango-1.0") is None, reason="PDF needs Pango: apt-get install libpango-1.0-0 libpangoft2-1.0-0"
)


@pytest.mark.parametrize("form", [pytest.param("pdf", marks=PANGO), "docx", "xlsx", "ics"])
@pytest.mark.parametrize("code", ["en", "fr"])
def test_the_same_programme_gives_the_same_bytes_and_names_its_visits(form, code) -> None:
    made = render(programme(), sources(), language(code), form)
    assert made == render(programme(), sources(), language(code), form)
    said = text_of(made, form)
    assert "Goa Yard" in said
    assert "East Yard" in said
    assert ("Demander" in said) is (code == "fr")


@PANGO
def test_the_pdf_is_tagged_and_says_its_language_and_that_it_is_pdf_ua() -> None:
    read = PdfReader(io.BytesIO(render(programme(), sources(), language("fr"), "pdf")))
    root = read.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] is True or str(root["/MarkInfo"]["/Marked"]) == "True"
    assert str(root["/Lang"]).startswith("fr")
    assert "StructTreeRoot" in str(list(root))
    assert b"pdfuaid:part" in root["/Metadata"].get_data()


def test_the_book_says_why_what_to_ask_with_which_citation_and_from_what() -> None:
    said = text_of(render(programme(), sources(), language("en"), "docx"), "docx")
    for told in ("They share sonar.", "Seeks sonar", "EIPA s. 7", "Is it a weapon?", "no hit waits", "Kenya", "rulebook: abc",
                 "ann@example.org", "This firm is no longer on file.", "Far Yard"):  # fmt: skip
        assert told in said


def test_no_cell_is_a_formula() -> None:
    book = openpyxl.load_workbook(io.BytesIO(render(programme(), sources(), language("en"), "xlsx")))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert any(str(cell.value).startswith("=1+1") for cell in cells)
    assert {cell.data_type for cell in cells} <= {"s", "inlineStr", "n"}
    assert [cell.value for cell in cells if cell.data_type == "f"] == []


def test_the_calendar_is_read_by_others_with_zones_and_its_uids_stay() -> None:
    first = Calendar.from_ical(render(programme(number=1), sources(), language("en"), "ics", "Ann"))
    again = Calendar.from_ical(render(programme(), sources(), language("en"), "ics", "Ann"))
    (one,), (other,) = first.walk("VEVENT"), again.walk("VEVENT")
    assert one["uid"] == other["uid"]
    assert (one["sequence"], other["sequence"]) == (0, 1)
    assert one.decoded("dtstart").utcoffset().total_seconds() == 5.5 * 3600
    assert one.decoded("dtstart").date() == date(2027, 2, 8)
    assert [zone["tzid"] for zone in again.walk("VTIMEZONE")] == ["Asia/Kolkata"]
    assert again["method"] == "PUBLISH"
    assert one.decoded("dtstamp") == datetime.fromisoformat("2026-11-24T10:00:00+00:00")


def test_a_delegates_own_book_has_their_visits_alone() -> None:
    said = text_of(render(programme(), sources(), language("en"), "docx", "Bo"), "docx")
    assert "East Yard" in said
    assert "Goa Yard" not in said
    with pytest.raises(Invalid, match="no delegate"):
        render(programme(), sources(), language("en"), "ics", "Nobody")


def test_the_template_is_an_ordinary_document_without_macros() -> None:
    from app.briefing import TEMPLATES

    with zipfile.ZipFile(TEMPLATES / "briefing.docx") as archive:
        assert not [name for name in archive.namelist() if "vba" in name.lower()]


def test_every_word_is_said_in_both_languages() -> None:
    assert [name for name, (english, french) in WORDS.items() if not english or not french] == []


def test_what_a_host_has_not_released_is_nowhere() -> None:
    """The book is made from the released profile alone: a withdrawn one leaves no trace of its statements."""
    gone: dict[str, Profile] = {}
    book = contents(programme(pairs=[]), sources(profiles=gone), language("en"))
    assert "patrol vessels" not in str(book)
