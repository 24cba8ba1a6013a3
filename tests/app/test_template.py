"""The blank form, and profiles written into it and read back; rows returned to the officer."""

from __future__ import annotations

import io

import openpyxl
from hypothesis import given, settings
from hypothesis import strategies as st

from app import sheets
from app.cells import clean
from app.intake import Members, members_of, read_members
from app.mapping import MappingFile
from app.rows import STATED, profile_of
from app.template import blank, form_columns, form_version, needing_work
from matching.profile import Classification, Exposure, Identifier, Profile, Readiness, Regime, Statement
from tests.factories import taxonomy


def reread(content: bytes) -> Members:
    book = sheets._workbook(sheets.parse(content, "form"))
    return members_of(book, taxonomy(), MappingFile())


WORDS = st.text(st.characters(categories=("L", "N", "P", "Zs"), exclude_characters="\\"), min_size=1, max_size=40).map(
    lambda text: "Makes " + " ".join(clean(text).split())
)
LEVELS = st.tuples(st.integers(1, 9), st.integers(1, 9)).map(sorted)


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    texts = draw(st.lists(WORDS, min_size=1, max_size=4, unique=True))
    levels = draw(st.lists(st.none() | LEVELS, min_size=len(texts), max_size=len(texts)))
    declared = (Classification(regime=Regime.ECL, entry="2-10.c"),) if draw(st.booleans()) else ()
    offers = [
        Statement(
            side="offers",
            text=text,
            classifications=declared,
            readiness=Readiness(trl_low=level[0], trl_high=level[1], basis=STATED) if level else Readiness(),
        )
        for text, level in zip(texts, levels, strict=True)
    ]
    seeks = [Statement(side="seeks", text=text) for text in draw(st.lists(WORDS, max_size=2, unique=True))]
    return Profile(
        name=draw(WORDS),
        country=draw(st.sampled_from(["CAN", "IND"])),
        aliases=tuple(draw(st.lists(WORDS, max_size=2, unique=True))),
        identifiers=draw(st.sampled_from([(), (Identifier(scheme="NCAGE", value="01234"),)])),
        founded=draw(st.none() | st.integers(1900, 2026)),
        employees_band=draw(st.sampled_from([None, "1-10", "5000+"])),
        ownership=draw(st.sampled_from([None, "dpsu", "private"])),
        roles=draw(st.sampled_from([(), ("innovator", "mro")])),
        sectors=draw(st.sampled_from([(), ("uas.rotary", "subsea")])),
        statements=(*offers, *seeks),
        certifications=draw(st.sampled_from([(), ("AS9100D", "ISO 9001")])),
        export_markets=draw(st.sampled_from([(), ("USA", "GBR")])),
        languages=draw(st.sampled_from([(), ("en", "fr")])),
        lat=draw(st.none() | st.floats(-90, 90).map(lambda x: round(x, 4))),
        exposure=Exposure(itar_content=draw(st.sampled_from([None, True, False])), us_content_pct=draw(st.none() | st.just(12.5))),
    )  # fmt: skip


@given(st.lists(profiles(), max_size=3, unique_by=lambda profile: profile.name))
@settings(max_examples=25, deadline=None)
def test_the_form_gives_back_the_profiles_that_are_written_into_it(made: list[Profile]) -> None:
    members = reread(blank(taxonomy(), made))
    assert [profile_of(row, None) for row in members.rows] == made
    assert members.left_out == ()


def test_the_form_says_which_version_it_is_and_every_column_knows_itself() -> None:
    members = reread(blank(taxonomy()))
    assert members.form == form_version(taxonomy())
    assert [column.key for column in members.tables[0].columns] == [column.key for column in form_columns(taxonomy())]


def test_the_form_has_drop_downs_and_text_columns_and_speaks_both_languages() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(blank(taxonomy())))["Firms"]
    assert sheet["A1"].value == "Firm name / Nom de l'entreprise"
    lists = [validation.formula1 for validation in sheet.data_validations.dataValidation]
    assert '"CAN,IND"' in lists
    assert sheet.column_dimensions["C"].width
    assert sheet["C1"].comment is None or "/" in sheet["C1"].comment.text


def test_rows_come_back_with_what_to_mend_and_no_formula() -> None:
    problem = {"column": "TRL", "message": "TRL “12”: the scale runs from 1 to 9", "mend": "write 6"}
    evil = '=HYPERLINK("http://x.example","x")'
    content = needing_work([("Members[1]", [7], {"Company": evil, "TRL": "12", "Note": "+1+1"}, [problem])])
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    assert [cell.value for cell in sheet[1]] == [
        "Row in your file",
        "What to mend / À corriger",
        "Company",
        "TRL",
        "Note",
    ]
    assert sheet["A2"].value == "7"
    assert "the scale runs" in sheet["B2"].value
    assert [cell.data_type for cell in sheet[2]] == ["s"] * 5
    assert sheet["C2"].quotePrefix
    assert read_members(content, "again.xlsx", taxonomy()).rows[0].problems


def test_nothing_to_mend_is_said() -> None:
    assert openpyxl.load_workbook(io.BytesIO(needing_work([]))).sheetnames == ["Nothing to mend"]
