"""Firms as columns: what stands in each, what unknown looks like, and which needs are concluded from a profile."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from matching.encoder import text_key
from matching.pool import Pool, embedded_text, inferred_needs
from tests.factories import HashEncoder, firm, pool, profile, readiness, statement, taxonomy

MAKER = firm(
    "Bharat Optics",
    "IND",
    roles=("manufacturer",),
    sectors=("electro_optics",),
    statements=(
        statement("Germanium lenses", sectors=("electro_optics.optical_suites",), readiness=readiness(mrl=10)),
        statement("Seeks detectors", "seeks", sectors=("electro_optics.detectors",)),
    ),
)
LAB = firm("Arctic Lab", statements=(statement("Cold-proof lidar", readiness=readiness(trl=3)),))


def codes(side: Pool, mask) -> set[str]:
    return {taxonomy().codes[column] for column in np.flatnonzero(mask)}


# Firms and statements


def test_firms_stand_by_id_whatever_the_order_they_came_in():
    assert [one.id for one in pool([MAKER, LAB]).firms] == [one.id for one in pool([LAB, MAKER]).firms]
    assert [one.id for one in pool([MAKER, LAB]).firms] == ["arctic-lab", "bharat-optics"]


def test_every_statement_knows_its_firm_and_its_vector():
    side = pool([MAKER, LAB], infer_needs=False)
    assert [(side.firms[owner].id, text) for owner, text in zip(side.owner, side.texts, strict=True)] == [
        ("arctic-lab", "Cold-proof lidar"),
        ("bharat-optics", "Germanium lenses"),
        ("bharat-optics", "Seeks detectors"),
    ]
    np.testing.assert_allclose(side.vectors, HashEncoder().encode(side.texts))


def test_rows_of_offers_and_needs_part_the_statements():
    side = pool([MAKER, LAB])
    assert sorted([*side.offers, *side.needs]) == list(range(len(side.statements)))
    assert {side.statements[row].side for row in side.offers} == {"offers"}
    assert [side.texts[row] for row in side.stated_needs] == ["Seeks detectors"]
    assert [side.texts[row] for row in side.needs] == ["Cold-proof lidar", "Seeks detectors", "Germanium lenses"]


def test_a_title_is_embedded_with_its_sentence_unless_the_sentence_has_it():
    assert embedded_text(statement("A towed array", title="Sonar")) == "Sonar. A towed array"
    assert embedded_text(statement("A SONAR towed array", title="Sonar")) == "A SONAR towed array"
    assert embedded_text(statement("A towed array")) == "A towed array"


def test_the_texts_to_embed_are_all_that_a_pool_with_inferred_needs_asks_for():
    firms = [MAKER, LAB]
    assert set(pool(firms, infer_needs=True).texts) == set(Pool.texts_of(firms))


def test_a_statement_not_yet_embedded_is_refused():
    known = {text_key("Germanium lenses"): (1, np.zeros(64, dtype=np.float32))}
    with pytest.raises(KeyError, match=text_key("Seeks detectors")):
        Pool([MAKER], taxonomy(), known)


# Columns


def test_readiness_is_the_middle_of_its_range_and_nan_where_nobody_said():
    said = statement("Radar", readiness={"trl_low": 4, "trl_high": 7, "mrl_low": None, "mrl_high": None})
    side = pool([firm(statements=(said, statement("Hulls")))], infer_needs=False)
    np.testing.assert_array_equal(side.trl, [5.5, np.nan])
    np.testing.assert_array_equal(side.mrl, [np.nan, np.nan])


def test_sectors_of_a_firm_are_its_own_and_those_of_its_statements():
    side = pool([MAKER, LAB])
    assert codes(side, side.sectors[0]) == {"uas"}
    assert codes(side, side.sectors[1]) == {
        "electro_optics",
        "electro_optics.optical_suites",
        "electro_optics.detectors",
    }


def test_statement_sectors_end_in_minus_one_and_fall_back_on_those_of_the_firm():
    said = (statement("Sonar", sectors=("subsea.sonar",)), statement("All else"))
    side = pool([firm(sectors=("uas", "space"), statements=said)], infer_needs=False)
    position = taxonomy().position
    assert side.statement_sectors.tolist() == [
        [position("subsea.sonar"), -1, -1],
        [position("uas"), position("space"), -1],
    ]


def test_a_sector_that_the_taxonomy_does_not_hold_is_refused_by_name():
    with pytest.raises(KeyError, match="drone_things"):
        _ = pool([firm(sectors=("drone_things",))]).sectors


@pytest.mark.parametrize(
    ("roles", "makes"),
    [((), False), (("innovator",), False), (("explorer", "mro"), False), (("innovator", "shipyard"), True)],
)
def test_a_firm_produces_only_with_a_role_that_makes_things(roles, makes):
    assert pool([firm(roles=roles)]).produces.tolist() == [makes]


def test_a_pool_of_no_firm_has_empty_columns():
    side = pool([])
    assert (len(side), len(side.offers), len(side.needs), len(side.sectors)) == (0, 0, 0, 0)


# The best statement of each firm


@given(st.data())
def test_the_best_of_each_firm_is_that_of_a_plain_loop(data):
    counts = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=6))
    side = pool([firm(f"Firm {n}", statements=tuple(statement(f"Thing {i}") for i in range(c))) for n, c in enumerate(counts)],
                infer_needs=False)  # fmt: skip
    rows = np.array(sorted(data.draw(st.sets(st.sampled_from(range(len(side.statements)))))), dtype=np.int64)
    # Few distinct values, so that ties are common.
    values = data.draw(arrays.arrays(np.float32, (2, len(rows)), elements=st.sampled_from([0.0, 0.25, 1.0])))
    best, which = side.best_per_firm(values, rows)
    for query in range(2):
        for at in range(len(side)):
            held = [(values[query, column], row) for column, row in enumerate(rows) if side.owner[row] == at]
            if not held:
                assert np.isnan(best[query, at])
                assert which[query, at] == -1
                continue
            top = max(value for value, _ in held)
            assert best[query, at] == top
            assert which[query, at] == min(row for value, row in held if value == top)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=6), st.integers(1, 4), st.data())
def test_the_mean_of_the_few_best_is_that_of_a_plain_loop(counts, few, data):
    side = pool([firm(f"Firm {n}", statements=tuple(statement(f"Thing {i}") for i in range(c))) for n, c in enumerate(counts)],
                infer_needs=False)  # fmt: skip
    rows = np.array(sorted(data.draw(st.sets(st.sampled_from(range(len(side.statements)))))), dtype=np.int64)
    values = data.draw(arrays.arrays(np.float32, (2, len(rows)), elements=st.sampled_from([0.0, 0.25, 1.0])))
    mean, which = side.few_best_per_firm(values, rows, few)
    for query in range(2):
        for at in range(len(side)):
            held = [values[query, column] for column, row in enumerate(rows) if side.owner[row] == at]
            found = [int(row) for row in which[:, query, at] if row >= 0]
            assert len(set(found)) == len(found) == min(few, len(held))
            assert all(side.owner[row] == at for row in found)
            if held:
                assert mean[query, at] == pytest.approx(np.mean(sorted(held, reverse=True)[:few]))
            else:
                assert np.isnan(mean[query, at])


def test_a_statement_without_sectors_is_of_the_kind_its_words_speak_of():
    said = (statement("Towed array sonar"), statement("A towed array sonar", sectors=("cyber",)), statement("Quality"))
    side = pool([firm(sectors=("uas",), statements=said)], infer_needs=False)
    assert [codes(side, row) for row in side.kinds] == [{"subsea.sonar"}, {"cyber"}, set()]


# Needs concluded from a profile


def test_an_offer_needs_a_maker_of_just_that():
    said = statement("A seeker head", arms=True, readiness=readiness(trl=4, mrl=3), sectors=("uas.payloads",),
                     classifications=({"regime": "USML", "entry": "XII(c)"},))  # fmt: skip
    (need,) = inferred_needs(profile(statements=(said,)))
    assert (need.side, need.basis) == ("seeks", "inferred")
    assert need.model_copy(update={"side": "offers", "basis": "stated"}) == said


def test_a_maker_at_full_rate_also_needs_a_plant_for_third_markets():
    said = statement("Lenses", readiness=readiness(mrl=10))
    assert [need.text for need in inferred_needs(profile(statements=(said,)))] == ["Lenses"]


def test_nothing_is_inferred_from_what_a_firm_seeks_or_a_request_says():
    assert inferred_needs(profile(statements=(statement("A maker", "seeks"),))) == ()
    assert inferred_needs(profile(provenance="request")) == ()


def test_what_only_a_buyer_could_meet_is_no_need_for_a_partner():
    asks = firm(statements=(statement("A first order", "seeks", met_by="buyer"), statement("A maker", "seeks")))
    side = pool([asks])
    assert [side.texts[row] for row in side.needs] == [side.texts[row] for row in side.stated_needs] == ["A maker"]


def test_inferred_needs_can_be_switched_off():
    assert [pool([LAB], infer_needs=on).needs.size for on in (True, False)] == [1, 0]
