"""Names as they are compared: what is read away, what counts, and what is not a name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.names import LONGEST_NAME, UnreadableName, consonants, read_name, sound


def words(text: str) -> list[str]:
    return [word.text for word in read_name(text).words]


@pytest.mark.parametrize(
    "text",
    [
        "Stripe LLC",
        "Stripe Limited Liability Company",
        "The Stripe S.A.R.L.",
        "OOO Stripe",
        "Stripe Pvt. Ltd.",
        "Stripe, Inc.",
        "ООО «Stripe»",
        "Stripe 有限公司",
        "Stripe प्राइवेट लिमिटेड",
        "Dr. Stripe",
    ],
)
def test_legal_forms_titles_and_articles_are_no_words(text) -> None:
    assert words(text) == ["stripe"]


@pytest.mark.parametrize("text", ["LLC", "Private Limited", "GmbH & Co. KG", "Joint Stock Company"])
def test_a_name_of_legal_forms_has_no_words(text) -> None:
    assert words(text) == []


@pytest.mark.parametrize("text", ["", "   ", "—", "…?!", "\u200b"])
def test_an_empty_name_is_told(text) -> None:
    with pytest.raises(UnreadableName, match="empty"):
        read_name(text)


def test_ten_megabytes_are_no_name() -> None:
    with pytest.raises(UnreadableName, match=r"at most 500 characters, this has 10,485,760"):
        read_name("x" * 10 * 1024 * 1024)
    assert read_name("x" * LONGEST_NAME).words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A.B.C. Company", ["abc"]),
        ("Denmark A/S", ["denmark"]),
        ("S. A. Khan", ["s", "a", "khan"]),
        ("Brigade Forty-four", ["brigade", "44"]),
        ("Three Percenters", ["3", "percenters"]),
        ("Ig0r Sech1n", ["igor", "sechln"]),
        ("Osama ibn Laden", ["osama", "bin", "laden"]),
        ("Шевченко", ["shevchenko"]),
        ("华为技术有限公司", ["hua", "wei", "technology"]),
        ("السوداني", ["al", "swdany"]),
        ("Al-Qa'ida", ["al", "qaida"]),
    ],
)
def test_words_of_a_name(text, expected) -> None:
    assert words(text) == expected


def test_what_a_word_counts() -> None:
    weights = {word.text: word.weight for word in read_name("J. al-Rashid Trading India").words}
    assert weights == {"j": 0.3, "al": 0.2, "rashid": 1.0, "trading": 0.5, "india": 0.5}


@pytest.mark.parametrize(
    ("one", "other"),
    [("ahmadinejad", "ahmadinezhad"), ("gazprom", "gasprom"), ("rouhani", "rohani"), ("mahmood", "mahmoud")],
)
def test_spellings_that_sound_alike(one, other) -> None:
    assert sound(one) == sound(other)


def test_consonants_keep_a_first_vowel() -> None:
    assert consonants("mohammed") == consonants("mhmd") == "mhmd"
    assert consonants("ahmed") != consonants("hamid")


@given(st.text(max_size=60))
def test_any_text_is_read_or_told(text) -> None:
    try:
        name = read_name(text)
    except UnreadableName:
        return
    assert all(word.text and word.weight > 0 for word in name.words)


@given(st.lists(st.sampled_from("Bharat Kraken Zvezda Trading al-Noor Ósk".split()), min_size=1, max_size=4))
def test_case_and_accents_do_not_count(parts) -> None:
    text = " ".join(parts)
    assert words(text) == words(text.upper()) == words(text.replace("Ó", "O"))
