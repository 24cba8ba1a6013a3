"""Workbooks as they arrive: each ends in a helpful report, none in a traceback or a lost row."""

from __future__ import annotations

import inspect
from functools import cache

import pytest

from app.errors import AppError, Invalid, TooLarge
from app.intake import Members, read_members
from app.rows import FirmRow, profile_of
from matching.profile import Profile
from tests.app import messy
from tests.factories import taxonomy


@cache
def read(name: str) -> Members:
    make = messy.TEN.get(name) or getattr(messy, name)
    return read_members(make(), name, taxonomy())


def made(members: Members) -> list[Profile | FirmRow]:
    return [profile_of(row, None) for row in members.rows]


def ready(members: Members) -> dict[str, Profile]:
    return {p.name: p for p in made(members) if isinstance(p, Profile)}


def complaints(members: Members) -> list[tuple[int, str | None, str]]:
    return [(p.row, p.column, p.message) for row in made(members) if isinstance(row, FirmRow) for p in row.problems]


def trl(profile: Profile) -> tuple[int | None, int | None]:
    return profile.offers[0].readiness.trl_low, profile.offers[0].readiness.trl_high


# The ten


def test_merged_header_cells_and_a_province_merged_down() -> None:
    members = read("merged-header-cells.xlsx")
    firms = ready(members)
    assert list(firms) == ["Arctic Optics Ltd.", "Great Lakes Forge Inc.", "Prairie Drones Corp."]
    assert firms["Great Lakes Forge Inc."].region == "ON"
    assert firms["Great Lakes Forge Inc."].country == "CAN"
    assert firms["Great Lakes Forge Inc."].inferred_fields == ("country",)
    assert firms["Arctic Optics Ltd."].offers[0].readiness.mrl_low == 5
    assert [item.where for item in members.left_out] == ["Members!1", "Members!2"]


def test_french_headers() -> None:
    members = read("french-headers.xlsx")
    firms = ready(members)
    boreale = firms["Optique Boréale inc."]
    assert (boreale.region, boreale.employees_band, boreale.languages) == ("QC", "1001-5000", ("fr", "en"))
    assert [s.text for s in boreale.offers] == ["Caméras infrarouges", "Lentilles en germanium"]
    assert [s.text for s in boreale.seeks] == ["Un fabricant en volume"]
    assert trl(boreale) == (6, 7)
    assert trl(firms["Forges du Saint-Laurent ltée"]) == (9, 9)
    assert (firms["Mumbai Naval Works"].country, firms["Mumbai Naval Works"].employees_band) == ("IND", "501-1000")
    assert any("Courriel" in item.why and "personal" in item.why for item in members.left_out)


def test_two_header_rows() -> None:
    firms = ready(read("two-header-rows.xlsx"))
    assert trl(firms["Arctic Radio Ltd."]) == (4, 4)
    assert [s.text for s in firms["Deccan Circuits Pvt Ltd"].offers] == ["Printed circuit boards", "Assembly"]


def test_trl_as_people_write_it() -> None:
    members = read("trl-as-people-write-it.xlsx")
    firms = ready(members)
    assert [trl(firms[f"Firm {at}"]) for at in range(1, 10)] == [
        *[(6, 7), (6, 6), (6, 6), (6, 7), (6, 7), (6, 6), (6, 6), (6, 6)],
        (6, 7),  # a date in the file
    ]
    assert trl(firms["Firm 12"]) == (None, None)
    assert [(row, message) for row, _, message in complaints(members)] == [
        (11, "TRL “TRL 12”: the scale runs from 1 to 9"),
        (12, "TRL “prototype”: no level is named"),
    ]
    assert "which Excel makes of “6-7”" in members.row_notes[0].note


def test_dates_as_text() -> None:
    members = read("dates-as-text.xlsx")
    assert {profile.founded for profile in ready(members).values()} == {1998}
    assert [row for row, _, _ in complaints(members)] == [8, 9, 10]


def test_what_is_hidden_is_left_out_and_told_and_read_nowhere() -> None:
    members = read("hidden-columns.xlsx")
    assert list(ready(members)) == ["Arctic Optics Ltd.", "Prairie Drones Corp."]
    assert {(item.what, item.where) for item in members.left_out} == {
        ("hidden column", "Members!C"),
        ("hidden row", "Members!3"),
        ("hidden sheet", "Prices"),
    }
    assert "CANARY" not in repr(members)


def test_two_hundred_columns_are_read_and_the_unknown_ones_named() -> None:
    members = read("two-hundred-columns.xlsx")
    assert list(ready(members)) == ["Arctic Optics Ltd.", "Deccan Forge"]
    assert sum(item.what == "column" for item in members.left_out) == 197


def test_right_to_left_and_zero_width_characters() -> None:
    members = read("right-to-left.xlsx")
    firms = ready(members)
    assert list(firms) == ["Arctic Optics Ltd.", "evil Forge Inc.", "שלום Systems", "कोचीन शिपयार्ड", "Аrctic Sensors"]
    assert trl(firms["שלום Systems"]) == (6, 6)
    assert firms["कोचीन शिपयार्ड"].country == "IND"
    assert "nobody sees" in members.notes[0]
    assert "mixes Cyrillic and Latin" in members.row_notes[0].note


def test_leading_zeros_that_excel_ate() -> None:
    members = read("eaten-zeros.xlsx")
    firms = ready(members)
    arctic = firms["Arctic Optics Ltd."]
    assert [(n.scheme, n.value) for n in arctic.identifiers] == [("BN", "123026635"), ("NCAGE", "01234")]
    assert arctic.sectors
    assert [(n.scheme, n.value) for n in firms["Prairie Drones Corp."].identifiers][1] == ("NCAGE", "0A1B2")
    assert [(row, column) for row, column, _ in complaints(members)] == [
        (4, "NCAGE code"),
        (4, "Business number"),
        (5, "EEN technology keywords"),
        (5, "Business number"),
    ]


# Refused in plain words


REFUSED: dict[str, tuple[type[AppError], str]] = {
    "picture.xlsx": (Invalid, "PNG picture"),
    "zip-bomb.xlsx": (TooLarge, "unpacks to 150,"),
    "password": (Invalid, "protected by a password"),
    "entity_bomb": (Invalid, "XML entities"),
    "truncated": (Invalid, "cut off"),
    "web_page": (Invalid, "web page"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_list_of_firms_is_refused_in_plain_words(name: str) -> None:
    error, said = REFUSED[name]
    with pytest.raises(error) as refused:
        read(name)
    assert said in refused.value.message
    assert refused.value.hint


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"  \n ",
        b"\0\1\2\3" * 50,
        b"PK\x05\x06" + bytes(18),
        b"%PDF-1.7",
        b"{broken",
        b"\xff\xfe\x00",
        bytes(range(256)) * 9,
    ],
)
def test_rubbish_is_refused_in_plain_words(content: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        read_members(content, "x.xlsx", taxonomy())
    assert refused.value.hint


def test_more_than_ten_megabytes_are_not_opened() -> None:
    with pytest.raises(TooLarge, match="10,000,001 bytes"):
        read_members(bytes(10_000_001), "x.csv", taxonomy())


def test_more_rows_or_columns_than_are_taken_are_refused() -> None:
    with pytest.raises(TooLarge, match="20,001 rows"):
        read_members(b"Company,Country\n" + b"A,CAN\n" * 20_000, "x.csv", taxonomy())
    with pytest.raises(TooLarge, match="201 columns"):
        read_members(b",".join(b"c" for _ in range(201)) + b"\n", "x.csv", taxonomy())


# Others


def test_a_list_of_excel_in_french_windows() -> None:
    members = read("semicolons_in_cp1252")
    assert list(ready(members)) == ["Optique Nordique inc."]
    assert ready(members)["Optique Nordique inc."].offers[0].text == "Caméras « infrarouges »"
    assert complaints(members) == [(5, "NMT", "TRL “douze”: no level is named")]
    assert [(item.where[-1], item.why[:7]) for item in members.left_out if item.what == "row"] == [
        ("7", "a total"),
        ("8", "a remar"),
    ]
    assert "Windows-1252, separated by semicolons" in members.notes[0]


def test_tabs_in_utf16() -> None:
    assert list(ready(read("tabs_in_utf16"))) == ["Äkta Radio", "मझगांव डॉक"]


def test_a_declared_separator_and_formulas_as_text() -> None:
    members = read("separator_declared")
    assert ready(members)["Arctic Optics"].identifiers[0].value == "123026635"
    assert (4, "Products", "a formula as text") in complaints(members)


def test_an_unclosed_quotation_mark_swallows_no_row() -> None:
    members = read("unclosed_quotation_mark")
    assert list(ready(members)) == ["Prairie Drones", "Deccan Forge"]
    assert {row for row, _, _ in complaints(members)} == {2}
    assert "quotation mark is not closed" in members.notes[1]


def test_titles_totals_remarks_repeated_headers_and_error_cells() -> None:
    members = read("title_notes_totals_blank_rows")
    assert list(ready(members)) == ["Arctic Optics Ltd.", "Deccan Forge Pvt Ltd"]
    assert [s.text for s in ready(members)["Deccan Forge Pvt Ltd"].offers] == ["Forgings", "Castings"]
    assert complaints(members) == [(10, "Employees", "the spreadsheet's error #REF! instead of a value")]
    assert [item.where for item in members.left_out if "row" in item.what] == [
        *("Members!1", "Members!2", "Members!9", "Members!11", "Members!12"),
    ]


def test_every_sheet_with_firms_is_read_and_the_others_told() -> None:
    members = read("several_sheets")
    assert list(ready(members)) == ["Arctic Optics Ltd.", "Deccan Forge"]
    assert [(item.what, item.where) for item in members.left_out] == [("sheet", "Read me")]


def test_formulas_are_read_as_their_stored_results_and_that_is_told() -> None:
    members = read("formulas")
    assert trl(ready(members)["Arctic Optics"]) == (6, 6)
    assert complaints(members) == [(3, "TRL", "a formula without a stored result")]
    assert "formulas were not run" in members.notes[0]


def test_a_sheet_that_lies_about_its_size_is_read_cell_by_cell() -> None:
    members = read("dimension_lies")
    assert list(ready(members)) == ["Arctic Optics"]
    assert {row for row, _, _ in complaints(members)} == {1_048_576}


def test_macros_are_left_out() -> None:
    members = read("macros")
    assert list(ready(members)) == ["Arctic Optics"]
    assert members.left_out[0].what == "macros"


def test_columns_of_one_name_agree_or_are_complained_of() -> None:
    members = read("duplicate_headers")
    assert [s.text for s in ready(members)["Arctic Optics"].offers] == ["Optics", "Lenses"]
    assert [(row, column) for row, column, _ in complaints(members)] == [(3, "TRL")]


def test_a_sheet_without_names_loses_no_row() -> None:
    assert {row for row, _, _ in complaints(read("no_names"))} == {2, 3}


def test_a_name_merged_over_three_rows_is_one_firm() -> None:
    firms = ready(read("merged_names"))
    assert [(s.text, s.readiness.trl_low) for s in firms["Arctic Optics"].offers] == [
        ("Camera cores", 6), ("Lenses", 9), ("Coatings", None)
    ]  # fmt: skip


def test_headings_across_the_table_are_no_firms() -> None:
    members = read("section_headings")
    assert list(ready(members)) == ["Arctic Optics", "Optique Boréale"]
    assert [item.where for item in members.left_out] == ["Members!2", "Members!4"]


@pytest.mark.parametrize(
    ("name", "firms"), [("ods", ["Arctic Optics", "Deccan Forge"]), ("xls", ["Électro-Nord inc.", "Forge Ouest"])]
)
def test_other_workbooks_tell_what_is_hidden_and_keep_what_is_formatted(name: str, firms: list[str]) -> None:
    members = read(name)
    assert list(ready(members)) == firms
    assert {item.what for item in members.left_out} == {"hidden sheet", "hidden column", "hidden row"}
    assert "CANARY" not in repr(members)
    assert "SECRET" not in repr(members)
    first = ready(members)[firms[0]]
    assert first.exposure.us_content_pct == 25
    assert first.sectors  # of 05003002, whose zero the format kept


def test_an_old_workbook_with_a_date_for_a_range_of_levels() -> None:
    assert trl(ready(read("xls"))["Électro-Nord inc."]) == (6, 7)


def test_json_lines_with_lists() -> None:
    members = read("json_lines")
    arctic = ready(members)["Arctic Optics"]
    assert [(s.text, s.readiness.trl_high) for s in arctic.offers] == [("Camera cores; cooled", 7), ("Lenses", 9)]
    assert {row for row, _, _ in complaints(members)} == {4}


def test_profiles_of_the_enterprise_europe_network_join_into_a_firm() -> None:
    members = read("een_lines")
    firm = ready(members)["Arctic Optics"]
    assert [(s.title, s.text) for s in firm.offers] == [("Camera core", "A Canadian firm offers a camera core.")]
    assert [s.text for s in firm.seeks] == [
        "A maker of lenses in volume.",
        "The firm looks for a lens maker.",
        "Volumes of 10,000 a year.",
    ]
    assert trl(firm) == (4, 5)
    assert "EEN stage" in (firm.offers[0].readiness.basis or "")
    assert members.rows[0].rows == (1, 2)


def test_every_fixture_accounts_for_every_row_and_speaks_plainly() -> None:
    tools = ("xlsx", "saved", "with_parts")
    own = {n: f for n, f in vars(messy).items() if inspect.isfunction(f) and f.__module__ == messy.__name__}
    names = [*messy.TEN, *(n for n, f in own.items() if n not in tools and f not in messy.TEN.values())]
    assert len(names) > 30
    for name in names:
        if name in REFUSED:
            continue
        members = read(name)
        assert all(item.what and item.where and item.why for item in members.left_out)
        for outcome in made(members):
            if isinstance(outcome, FirmRow):
                assert outcome.problems
                assert all(problem.message and problem.mend for problem in outcome.problems)
