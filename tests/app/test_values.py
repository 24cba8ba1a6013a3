"""One cell to one value: what is understood, what is complained of, and what to write instead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cells import DATE, NUMBER
from app.columns import columns, een_keywords, sectors
from app.places import country_code, region_of
from app.registers import any_identifier, classifications, identifier
from app.values import (
    Reader,
    Wrong,
    countries,
    employees,
    entries,
    level_reader,
    percentage,
    unknown,
    website,
    year,
    yes_or_no,
)
from tests.factories import taxonomy

TRL = level_reader("TRL")


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("6", (6, 6)), ("TRL 6", (6, 6)), ("TRL6", (6, 6)), ("six", (6, 6)), ("sept", (7, 7)), ("VI", (6, 6)), ("6-7", (6, 7)),
        ("TRL 6 – 7", (6, 7)), ("6 à 7", (6, 7)), ("6/7", (6, 7)), ("6/9", (6, 6)), ("TRL 6 (prototype flown)", (6, 6)),
        ("Level six", (6, 6)), ("6.0", (6, 6)), ("7 - System prototype demonstration", (7, 7)), ("entre 4 et 6", (4, 6)),
    ],
)  # fmt: skip
def test_levels_are_read_as_people_write_them(text: str, levels: tuple[int, int]) -> None:
    assert TRL(text, "").value == [levels]


@pytest.mark.parametrize("text", ["0", "12", "7-6", "6.5", "prototype", "> 6", "6+", "1 2 3"])
def test_levels_that_are_none_are_complained_of_with_what_to_write(text: str) -> None:
    with pytest.raises(Wrong, match="TRL") as wrong:
        TRL(text, "")
    assert "6-7" in wrong.value.mend


def test_a_date_is_the_range_that_excel_took_for_one_or_a_complaint() -> None:
    assert TRL("2026-07-06", DATE).value == TRL("2026-06-07", DATE).value == [(6, 7)]
    with pytest.raises(Wrong, match="a date"):
        TRL("2026-07-15", DATE)


def test_one_level_for_each_offer() -> None:
    assert TRL("6; ?; 4-5", "").value == [(6, 6), None, (4, 5)]


@given(st.text(max_size=40), st.sampled_from(["", NUMBER, DATE]))
def test_no_text_breaks_a_reader(text: str, mark: str) -> None:
    """Every reader of every column answers or complains in words, whatever stands in the cell."""
    for column in COLUMNS:
        assert answered(column.read, text, mark)


def answered(reader: Reader, text: str, mark: str) -> bool:
    try:
        reader(text, mark)
    except Wrong as wrong:
        return bool(wrong.message and wrong.mend)
    return True


COLUMNS = columns(taxonomy())


@pytest.mark.parametrize(
    ("text", "band"),
    [
        ("120", "51-200"), ("1,200", "1001-5000"), ("1 200", "1001-5000"), ("11-50", "11-50"), (">500", "501-1000"),
        ("plus de 500", "501-1000"), ("25000", "10000+"), ("50-99", "51-200"), ("5000+", "5000+"),
    ],
)  # fmt: skip
def test_employees_fall_into_a_band(text: str, band: str) -> None:
    assert employees(text, "").value == band


def test_a_band_that_excel_took_for_a_date() -> None:
    assert employees("1950-11-01", DATE).value == "11-50"
    assert employees("2026-01-10", DATE).value == "1-10"
    with pytest.raises(Wrong):
        employees("2026-05-05", DATE)


def test_years_percentages_and_answers() -> None:
    assert year("12 March 1998", "").value == 1998
    assert percentage("25 %", "").value == percentage("25", "").value == 25
    with pytest.raises(Wrong, match="share of one"):
        percentage("0.25", NUMBER)
    assert [yes_or_no(text, "").value for text in ("oui", "No", "✓", "n/a", "faux")] == [True, False, True, None, False]


@pytest.mark.parametrize("text", ["n/a", "N.D.", "-", "?", "inconnu", "TBD", "—", "aucun", " "])
def test_ways_to_say_that_nothing_is_known(text: str) -> None:
    assert unknown(text)


def test_entries_are_parted_by_semicolons_lines_and_bullets() -> None:
    assert entries("Radars; sonars, towed\n• Gimbals\n2. Lenses; Radars") == [
        "Radars",
        "sonars, towed",
        "Gimbals",
        "Lenses",
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Inde", "IND"),
        ("भारत", "IND"),
        ("CA", "CAN"),
        ("les États-Unis", "USA"),
        ("Côte d’Ivoire", "CIV"),
        ("UAE", "ARE"),
    ],
)
def test_countries_by_code_and_name(text: str, code: str) -> None:
    assert country_code(text) == code


def test_countries_that_are_none_are_told() -> None:
    read = countries("USA, Inde et Royaume-Uni; Korea, Republic of; Atlantis", "")
    assert read.value == ("USA", "IND", "GBR", "KOR")
    assert read.dropped == (("Atlantis", "no country"),)


def test_provinces_and_states() -> None:
    assert region_of("Québec") == region_of("qc") == ("CAN", "QC")
    assert region_of("Orissa") == ("IND", "Odisha")
    assert region_of("Bavaria") is None


def test_register_numbers_are_checked_by_their_digits() -> None:
    assert identifier("BN")("12302 6635 RC0001", "").value == ("BN", "123026635")
    assert identifier("NCAGE")("1234", NUMBER).value == ("NCAGE", "01234")
    assert any_identifier("L17110MH1973PLC019786", "").value == ("CIN", "L17110MH1973PLC019786")
    for scheme, text in (("BN", "123026636"), ("LEI", "213800KUD8LAJWSQ9D16"), ("CIN", "X1"), ("NCAGE", "123")):
        with pytest.raises(Wrong, match=scheme):
            identifier(scheme)(text, "")
    with pytest.raises(Wrong) as eaten:
        identifier("LEI")("5.49E+19", "")
    assert "format the column as text" in eaten.value.mend


def test_entries_of_control_lists_name_their_list() -> None:
    read = classifications()("ECL 2-10.c; SCOMET 5A101; 9A610; USML XI(a)", "")
    assert [(c.regime, c.entry) for c in read.value] == [("ECL", "2-10.c"), ("SCOMET", "5A101"), ("USML", "XI(a)")]
    assert read.dropped[0][0] == "9A610"


def test_sectors_by_code_name_words_and_naics() -> None:
    read = sectors(taxonomy())
    assert read("uas.rotary; Systèmes d'aéronefs sans équipage", "").value == ("uas.rotary", "uas")
    assert read("212230; 336410", "").dropped[-1] == ("336410", "this NAICS code names several sectors or none")
    told = read("Quadcopters, basket weaving", "")
    assert told.value == ("uas.rotary",)
    assert told.dropped[0][0] == "basket weaving"


def test_the_same_een_code_means_two_things_and_zeros_count() -> None:
    technology = een_keywords(taxonomy(), "technology")
    assert technology("05003002", "").value
    assert "05003002" in technology("5003002", NUMBER).note
    with pytest.raises(Wrong, match="taken the zero"):
        technology("5003002", "")


def test_a_website_is_an_address() -> None:
    assert website("www.example.com/en", "").value == "www.example.com/en"
    assert website("info@example.com", "").dropped
