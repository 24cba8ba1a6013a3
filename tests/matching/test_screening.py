"""Near names: order, not scores; and that no near name is lost among many."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.likeness import alike, likeness
from matching.names import Word, read_name, sound
from matching.screening import THRESHOLD, Entry, Release, Watchlist, screen, screen_all


def near(one: str, other: str, kind="unknown") -> float:
    return round(likeness(read_name(one), read_name(other), kind).score, 3)


def listed(*names: str, **over) -> Entry:
    return Entry(f"test:{names[0]}", "test", over.pop("code", "SDN"), names[0], names[1:], **over)


def watchlist(*entries: Entry, sha256: str = "0", dated: str = "2026-11-01") -> Watchlist:
    release = Release("test", "Test list", "Nobody", "https://example.org", "none", dated, sha256, len(entries))
    return Watchlist((release,), entries)


HITS = [
    ("Huawei Technologies Canada", "Huawei Technologies Co., Ltd.", "an extra word"),
    ("Sher Abbas Stanekzai", "Sher Mohammad Abbas Stanekzai Padshah Khan", "words left out"),
    ("Putin, Vladimir", "Vladimir Putin", "order"),
    ("Sergi Lavrov", "Sergei Lavrov", "one letter"),
    ("Mark Cooney", "Mark Carney", "two letters and nothing else"),
    ("Mahmood Ahmadinezhad", "Mahmoud Ahmadinejad", "transliteration"),
    ("AlisherUsmanov", "Alisher Usmanov", "no space"),
    ("vanderbilt corp", "van der bilt corp", "more spaces"),
    ("A. Khamenei", "Ali Khamenei", "an initial"),
    ("Volkswagen Aktiengesellschaft", "Volkswagen AG", "legal form"),
    ("ООО Газпром", "OAO Gazprom", "Cyrillic"),
    ("Владимир Путин", "Vladimir Putin", "Cyrillic person"),
    ("فرناندو بيريز", "Fernando Pérez", "Arabic"),
    ("भारत डायनामिक्स लिमिटेड", "Bharat Dynamics", "Devanagari"),
    ("习近平", "Xi Jinping", "Chinese"),
    ("バラク・オバマ", "Barack Obama", "Japanese"),
    ("ბარაკ ობამა", "Barack Obama", "Georgian"),
    ("MV Hellenic Spirit", "Hellenic Spirit", "a ship's prefix"),
    ("Μπαχράμ Ταμπίμπι", "TABIBI, Bahram", "Greek, which writes b with two letters"),
    ("Кимекс Иберика", "Cimex Iberica", "Cyrillic, which has no c"),
    ("Тхетис шиппинг", "Thetis Shipping", "Cyrillic, letter by letter"),
    ("чина спакесат ко., лтд.", "China Spacesat Co., Ltd.", "a trade word written by sound"),
    ("Сиа", "Xia", "a short name of which another alphabet explains the difference"),
    ("Sergey Sergey Shoigu", "Sergey Shoigu", "a word twice"),
]
NO_HITS = [
    ("Robert Schneider", "Schneider GmbH", "a person among whose names is a firm's"),
    ("Вера", "Wara", "another alphabet does not explain a vowel"),
    ("Quantum eMotion Corp.", "Quantum Technologies LLC", "a trade word of our sectors"),
    ("Siemens AG", "Volkswagen AG", "the legal form alone"),
    ("Bharat Trading", "Star Trading", "a trade word alone"),
    ("Bowne of Atlanta, Inc.", "Bowne of Boston, Inc.", "a word against a word"),
    ("Ihab Makhlouf", "Rami Makhlouf", "another person of the family"),
    ("Raúl Castillo", "Raúl Castro", "another surname"),
    ("Atlas Copco", "ATLAS", "one everyday word"),
    ("ABB Ltd", "AAB", "a short name that only sounds alike"),
    ("Snow", "Snoe", "a short name, one letter"),
    ("习近朋", "习近平", "another Chinese sign"),
    ("John B. Larson", "John L. Broussard", "initials crosswise"),
    ("Avi Kapur", "LLC A-K-S", "initials alone"),
    ("Bengaluru base", "THE BASE", "nothing rare"),
    ("Limited", "Limited", "no words"),
]


@pytest.mark.parametrize(("given_", "listed_", "why"), HITS)
def test_is_a_hit(given_, listed_, why) -> None:
    assert near(given_, listed_) >= THRESHOLD, why


@pytest.mark.parametrize(("given_", "listed_", "why"), NO_HITS)
def test_is_no_hit(given_, listed_, why) -> None:
    assert near(given_, listed_) < THRESHOLD, why


DISTINCT = [
    ("Zenith Kardiam India", "KARDIAM", True),
    ("Zenith Kardiam India", "KARDIAM ORION", False),
    ("Zenith Winso Trading India Ltd", "Winso Trading Limited", True),
    ("Zenith Winso India", "Winso Limited", False),
]


@pytest.mark.parametrize(("given_", "listed_", "is_hit"), DISTINCT)
def test_a_distinct_name_of_a_firm_is_told_among_other_words(given_, listed_, is_hit) -> None:
    assert (near(given_, listed_, "entity") >= THRESHOLD) is is_hit
    assert near(given_, listed_, "vessel") < THRESHOLD
    assert bool(screen([given_], watchlist(listed(listed_, kind="entity")))) is is_hit


BETTER = [
    ("Huawei Technologies", "Huawei Technologies Co", "Huawei Technologies Kabul", "nothing left over is nearer"),
    ("Ali Larijani", "Ali Larijani", "Ali Larijany", "the same is nearer than one letter off"),
    ("Kraken Marine", "Kraken Marine Yemen", "Kraken Land", "an extra word is nearer than another word"),
    ("Rosoboronexport", "Rosoboronexport Export", "Rosoboronexport Zvezda", "a trade word costs less than a rare one"),
]


@pytest.mark.parametrize(("name", "better", "worse", "why"), BETTER)
def test_which_is_nearer(name, better, worse, why) -> None:
    assert near(name, better) > near(name, worse), why


def test_an_aircraft_is_met_exactly() -> None:
    assert near("EP-MNF", "EP MNF", "aircraft") == 1
    assert near("EP-MNG", "EP-MNF", "aircraft") == 0


def test_a_digit_is_not_another_digit() -> None:
    assert alike(Word("35", "35", 1.0), Word("36", "36", 1.0)) == 0


@given(st.permutations("kraken robotika zvezda marine".split()))
def test_order_does_not_count(words) -> None:
    assert near(" ".join(words), "Kraken Robotika Zvezda Marine") == 1


@given(st.text(max_size=40), st.text(max_size=40))
def test_scores_are_shares(one, other) -> None:
    try:
        score = near(one, other)
    except ValueError:
        return
    assert 0 <= score <= 1


def test_the_reason_names_what_met_and_what_did_not() -> None:
    told = likeness(read_name("Krakan Robotika Canada"), read_name("Kraken Robotika")).told()
    assert told == "same: robotika; alike: krakan ≈ kraken; only in the name given: canada"
    only_listed = likeness(read_name("Kraken Robotika"), read_name("Kraken Robotika Kabul")).told()
    assert only_listed == "same: kraken, robotika; only in the listed name: kabul"


# --- Against a watchlist ------------------------------------------------------------------------------

HELD = watchlist(
    listed("Kraken Robotika", "KR Zvezda", countries=("RUS",)),
    listed("Kraken Robotica JSC", countries=("IRN",)),
    listed("Bharat Malmyzh Works"),
    listed("LLC"),
    listed("Fernando Pérez", kind="individual"),
    listed("محمد شريف", kind="individual"),
)


def test_a_hit_says_which_name_met_which_on_which_list() -> None:
    (first, *_) = screen(["Some Firm", "Zvezda KR"], HELD)
    assert (first.given, first.listed, first.entry.name) == ("Zvezda KR", "KR Zvezda", "Kraken Robotika")
    assert (first.list_title, first.list_date, first.score) == ("Test list", "2026-11-01", 1.0)


def test_a_party_is_told_once_and_the_nearest_first() -> None:
    hits = screen(["Kraken Robotika", "KR Zvezda"], HELD)
    assert [hit.entry.name for hit in hits] == ["Kraken Robotika", "Kraken Robotica JSC"]
    assert len(screen(["Kraken Robotika"], HELD, limit=1)) == 1


def test_a_country_orders_equals_and_hides_nothing() -> None:
    twins = watchlist(listed("Kraken A", countries=("IRN",)), listed("Kraken B", countries=("RUS",)))
    assert [h.entry.countries for h in screen(["Kraken"], twins, country="RUS", threshold=0.5)] == [("RUS",), ("IRN",)]
    assert len(screen(["Kraken Robotika"], HELD, country="CAN")) == 2


def test_names_in_scripts_without_vowels_are_found_both_ways() -> None:
    assert screen(["فرناندو بيريز"], HELD)[0].entry.name == "Fernando Pérez"
    assert screen(["Mohammed Sharif"], HELD)[0].entry.name == "محمد شريف"


def test_spaces_are_found_both_ways() -> None:
    assert screen(["KrakenRobotika"], HELD)
    assert screen(["Bharat Malmyzhworks"], HELD)
    assert screen(["Mal Myzh Bharat"], watchlist(listed("Malmyzh Bharat")))


@pytest.mark.parametrize("name", ["Pvt Ltd", "Zzyzx Quux", "LLC"])
def test_nothing_near(name) -> None:
    assert screen([name], HELD) == ()
    assert screen([name], watchlist()) == ()


@pytest.mark.parametrize("name", ["", "x" * 501])
def test_what_is_no_name_is_told(name) -> None:
    with pytest.raises(ValueError, match="name"):
        screen([name], HELD)


def test_the_version_follows_the_releases() -> None:
    assert HELD.version == watchlist(*HELD.entries).version
    assert HELD.version != watchlist(*HELD.entries, sha256="1").version
    assert HELD.version != watchlist(*HELD.entries, dated="2026-11-02").version


WORDS = "kraken zvezda malmyzh bharat trading rosatom orion quasar noor vega industries lynx al bin".split()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_no_near_name_is_lost(seed) -> None:
    """Word by word, the index finds what comparing every pair of names finds."""
    draw = random.Random(seed)

    def name() -> str:
        words = [list(word) for word in draw.choices(WORDS, k=draw.randint(1, 4))]
        for word in words:
            if draw.random() < 0.3:
                word[draw.randrange(len(word))] = draw.choice("aeikrstz")
        return " ".join("".join(word) for word in words)

    held = watchlist(*(Entry(str(n), "test", "SDN", name()) for n in range(30)))
    for given_ in (name() for _ in range(5)):
        if not read_name(given_).words:
            continue
        expected = {e.id for e in held.entries if near(given_, e.name) >= THRESHOLD}
        found = {hit.entry.id for hit in screen([given_], held, limit=100)}
        assert found <= expected
        lost = [held.entries[int(n)].name for n in expected - found]
        assert not [n for n in lost if len(read_name(n).words) == len(read_name(given_).words)], (given_, lost)


def test_many_are_screened_as_one_by_one() -> None:
    subjects = [["Kraken Robotika"], ["Pérez, Fernando"], ["Nobody Atall"]]
    assert list(screen_all(subjects, HELD)) == [screen(names, HELD) for names in subjects]


def test_a_name_in_another_alphabet_is_found_by_its_sound() -> None:
    held = watchlist(listed("Gharzolhasaneh Resalat Bank", kind="entity"), listed("Cimex Iberica"))
    assert screen(["гхарзолхасанех ресалат банк"], held)
    assert screen(["Иберика Кимекс"], held)


def test_sound_is_found_beyond_two_letters() -> None:
    assert sound("chrushtschow")  # never raises
    assert screen(["Ahmadinezhad Mahmood"], watchlist(listed("Mahmoud Ahmadinejad")))
