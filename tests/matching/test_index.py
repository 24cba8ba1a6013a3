"""Nearest statements: exact by meaning whatever the filter, and by words where figures and designations count."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.encoder import Readings
from matching.index import IndexMismatch, MeaningIndex, WordIndex, names_in, words

DIMENSIONS = 16
COSINE = Readings.plain(DIMENSIONS).within


def unit_vectors(count: int, seed: int = 0) -> np.ndarray:
    vectors = np.random.default_rng(seed).standard_normal((count, DIMENSIONS)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def index_of(ids, vectors) -> MeaningIndex:
    index = MeaningIndex("model@1", DIMENSIONS)
    index.add(np.array(ids, dtype=np.int64), vectors, "model@1")
    return index


# By meaning


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_cosines_under_a_filter_are_those_of_brute_force(data):
    count = data.draw(st.integers(1, 60))
    ids = data.draw(st.permutations(range(0, 7 * count, 7)))
    eligible = data.draw(st.lists(st.sampled_from(ids), unique=True))
    vectors, queries = unit_vectors(count, seed=count), unit_vectors(3, seed=count + 1)
    found = index_of(ids, vectors).nearness(queries, np.array(eligible, dtype=np.int64), COSINE)
    rows = [ids.index(one) for one in eligible]
    assert found.shape == (3, len(eligible))
    np.testing.assert_allclose(found, queries @ vectors[rows].T, atol=1e-6)


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_an_index_added_to_and_removed_from_answers_like_one_rebuilt(data):
    vectors, queries = unit_vectors(30), unit_vectors(2, seed=1)
    index, held = MeaningIndex("model@1", DIMENSIONS), set()
    for adds, some in data.draw(
        st.lists(st.tuples(st.booleans(), st.sets(st.integers(0, 29), min_size=1)), max_size=8)
    ):
        ids = np.array(sorted(some), dtype=np.int64)
        if adds:
            index.add(ids, vectors[ids], "model@1")
            held |= some
        else:
            index.remove(ids)
            held -= some
    eligible = np.array(sorted(held), dtype=np.int64)
    rebuilt = index_of(eligible, vectors[eligible])
    assert len(index) == len(rebuilt) == len(held)
    np.testing.assert_allclose(
        index.nearness(queries, eligible, COSINE), rebuilt.nearness(queries, eligible, COSINE), atol=1e-6
    )


def test_an_id_added_again_gets_the_new_vector_and_pushes_no_other_out():
    old, new, other = unit_vectors(3)
    index = index_of([1, 2], np.array([old, other]))
    index.add(np.array([1]), new[None], "model@1")
    assert len(index) == 2
    np.testing.assert_allclose(
        index.nearness(np.array([new, other]), np.array([1, 2]), COSINE).diagonal(), 1, atol=1e-6
    )


def test_vectors_of_another_encoder_are_refused_with_the_way_out():
    with pytest.raises(IndexMismatch, match=r"of encoder 'model@2' and the index of 'model@1'.*triveni embed"):
        index_of([1], unit_vectors(1)).add(np.array([2]), unit_vectors(1), "model@2")


@pytest.mark.parametrize("shape", [(2, DIMENSIONS), (1, DIMENSIONS + 1), (DIMENSIONS,)])
def test_vectors_of_a_wrong_shape_are_refused_and_change_nothing(shape):
    index = index_of([1], unit_vectors(1))
    with pytest.raises(IndexMismatch, match=rf"expected vectors of shape \(1, {DIMENSIONS}\)"):
        index.add(np.array([2]), np.zeros(shape, dtype=np.float32), "model@1")
    assert len(index) == 1


def test_an_eligible_statement_without_a_vector_is_told_and_not_scored_zero():
    with pytest.raises(IndexMismatch, match="no vector in the index; run `triveni embed`"):
        index_of([1], unit_vectors(1)).nearness(unit_vectors(1), np.array([1, 2]), COSINE)


def test_nothing_asked_or_nothing_eligible_is_an_empty_answer():
    index = index_of([1], unit_vectors(1))
    assert index.nearness(unit_vectors(0), np.array([1]), COSINE).shape == (0, 1)
    assert index.nearness(unit_vectors(2), np.array([], dtype=np.int64), COSINE).shape == (2, 0)


# By words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Sensors for imagers", "sensor, IMAGER"),
        ("Système réseaucentrique", "systeme reseaucentrique"),
        ("l’optique", "l'optique"),
        ("air–sea rescue", "air-sea rescue"),
        ("TRL 4–6", "TRL 4 - 6"),
    ],
)
def test_case_accents_plurals_and_typography_do_not_part_words(one, other):
    assert words(one) == words(other) != []


@pytest.mark.parametrize("designation", ["155", "4671", "6a003", "as9100", "7.62", "6000"])
def test_figures_and_designations_stay_whole(designation):
    assert words(f"Made to {designation.upper()}.") == ["made", designation]


def test_words_that_say_nothing_are_left_out_in_both_languages():
    assert words("of the and les des pour dans") == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [("155 mm shells", 0), ("certified to STANAG 4671", 1), ("germanium", 2), ("shells of 105 mm", 3)],
)
def test_a_shared_figure_or_designation_decides(query, expected):
    texts = [
        "155 mm shells",
        "UAS airworthiness to STANAG 4671",
        "Germanium optics",
        "105 mm shells",
        "STANAG 4609 video",
    ]
    assert WordIndex(texts).scores([query]).argmax() == expected


def test_a_word_said_twice_in_the_query_counts_twice():
    once, twice = WordIndex(["sonar arrays", "optical lenses"]).scores(["sonar", "sonar sonar"])
    assert twice[0] == pytest.approx(2 * once[0])
    assert once[0] > once[1] == twice[1] == 0


def test_a_rare_word_outweighs_a_common_one():
    rare, common = WordIndex(["germanium lenses", "lenses", "lenses in glass"]).scores(["germanium", "lenses"])
    assert rare[0] > common[0] > 0


def test_a_query_without_a_shared_word_scores_zero_everywhere():
    assert not WordIndex(["sonar arrays", "hulls"]).scores(["quantum key distribution", ""]).any()


@pytest.mark.parametrize("texts", [[], [""], ["of the"]])
def test_a_corpus_without_words_answers_zeros(texts):
    index = WordIndex(texts)
    assert index.scores(["sonar"]).shape == index.shares(["sonar"]).shape == (1, len(texts))
    assert not index.scores(["sonar"]).any()


VOCABULARY = st.lists(st.sampled_from("sonar hull 155 germanium lens radar drone shell".split()), max_size=8).map(
    " ".join
)


@given(st.lists(VOCABULARY, min_size=1, max_size=8), st.lists(VOCABULARY, max_size=4))
@settings(deadline=None)
def test_a_share_is_between_nothing_and_all_and_orders_as_the_score(texts, queries):
    index = WordIndex(texts)
    shares, scores = index.shares(queries), index.scores(queries)
    assert shares.shape == (len(queries), len(texts))
    assert ((shares >= 0) & (shares <= 1)).all()
    for share, score in zip(shares, scores, strict=True):
        assert (np.diff(share[np.argsort(score, kind="stable")]) >= 0).all()


@pytest.mark.parametrize(
    ("one", "other"),
    [("155mm shells", "shells of 155 mm"), ("6,000 m rated", "rated 6000m"), ("a germanium lens", "germanium lenses")],
)
def test_two_manners_of_writing_the_same_thing_meet(one, other):
    assert sorted(words(one)) == sorted(words(other))


def test_names_in_a_text_are_what_no_language_changes():
    assert (
        names_in("Le sonar KATFISH, de 300 m, selon STANAG 4671 et AS9100 (GaN)")
        == "KATFISH 300 STANAG 4671 AS9100 GaN"
    )
    assert names_in("Le sonar de la Marine") == ""
