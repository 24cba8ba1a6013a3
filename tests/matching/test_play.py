"""One ask in columns: what met between two firms is what a plain double loop over their statements finds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.index import WordIndex
from matching.play import calibrate_cosine, calibrate_words, nearest_sector
from tests.factories import HashEncoder, demand, firm, market, play, statement, taxonomy

WORDS = "sonar hull 155 germanium lens radar drone shell seeker alloy".split()
SECTORS = ("uas.payloads", "subsea.sonar", "shipbuilding", "munitions")
PHRASES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join)


@st.composite
def firms(draw, name: str, country: str):
    """Up to three firms of up to four statements, on either side, some with sectors of their own."""
    made = []
    for number in range(draw(st.integers(1, 3))):
        said = draw(
            st.lists(st.tuples(st.sampled_from(["offers", "seeks"]), PHRASES), min_size=1, max_size=4, unique=True)
        )
        kinds = draw(st.lists(st.sampled_from([(), *((code,) for code in SECTORS)]), min_size=4, max_size=4))
        statements = tuple(statement(text, side, sectors=kind) for (side, text), kind in zip(said, kinds, strict=False))
        made.append(firm(f"{name} {number}", country, statements=statements))
    return made


SIDES = st.tuples(firms("Lab", "CAN"), firms("Works", "IND"))


def cosine(one: str, other: str) -> float:
    a, b = HashEncoder().encode([one, other])
    return float(calibrate_cosine(np.array([a @ b]))[0])


def plain_loop(asking, needs, offering, measure):
    """For each pair the best value, or None where a side has no such statement."""
    return {
        (a, b): max(
            (
                measure(asking.texts[need], offering.texts[offer])
                for need in needs
                if asking.owner[need] == a
                for offer in offering.offers
                if offering.owner[offer] == b
            ),
            default=None,
        )
        for a in range(len(asking))
        for b in range(len(offering))
    }


def assert_meets(meeting, asking, needs, offering, measure):
    """The meeting has the plain loop's values, and the rows it names are such statements and have that value."""
    assert meeting.value.shape == (len(asking), len(offering))
    for pair, expected in plain_loop(asking, needs, offering, measure).items():
        if expected is None:
            assert np.isnan(meeting.value[pair])
            assert meeting.asking[pair] == meeting.offering[pair] == -1
            continue
        need, offer = meeting.asking[pair], meeting.offering[pair]
        assert meeting.value[pair] == pytest.approx(expected, abs=1e-5)
        assert need in needs
        assert offer in offering.offers
        assert (asking.owner[need], offering.owner[offer]) == pair
        assert measure(asking.texts[need], offering.texts[offer]) == pytest.approx(expected, abs=1e-5)


# Between the two sides


@given(SIDES, st.booleans())
@settings(max_examples=40, deadline=None)
def test_what_met_by_meaning_is_what_a_double_loop_finds(sides, infer):
    board = play(*sides, infer_needs=infer)
    ours, theirs = board.innovators, board.manufacturers
    assert_meets(board.capability_meaning, ours, ours.needs, theirs, cosine)
    assert_meets(board.return_meaning, theirs, theirs.stated_needs, ours, cosine)


@given(SIDES)
@settings(max_examples=40, deadline=None)
def test_what_met_by_words_is_what_a_double_loop_finds(sides):
    board = play(*sides)
    ours, theirs = board.innovators, board.manufacturers
    index = WordIndex(theirs.texts)

    def by_words(need: str, offer: str) -> float:
        return float(calibrate_words(index.shares([need]))[0, theirs.texts.index(offer)])

    assert_meets(board.capability_words, ours, ours.needs, theirs, by_words)


@given(SIDES, st.sampled_from(["innovators", "manufacturers"]))
@settings(max_examples=40, deadline=None)
def test_a_guest_that_the_index_does_not_hold_meets_the_same(sides, guest):
    markets = (market(demands=(demand("Sonar and radar for coastal watch"), demand("155 shell"))),)
    held, visiting = play(*sides, markets), play(*sides, markets, guest=guest)
    for name in ("capability_meaning", "capability_words", "return_meaning", "innovators_serve", "manufacturers_serve"):
        one, other = getattr(held, name), getattr(visiting, name)
        np.testing.assert_allclose(other.value, one.value, atol=1e-5, err_msg=name)
        np.testing.assert_array_equal(other.offering < 0, one.offering < 0, err_msg=name)


def test_a_firm_without_needs_or_offers_meets_nobody_and_hides_nobody():
    quiet = firm("Quiet", statements=(statement("Drone sensors", "seeks"),))
    loud = firm("Loud", statements=(statement("Drone sensors"),))
    only_asks = firm("Asks", "IND", statements=(statement("Drone sensors", "seeks"),))
    makes = firm("Makes", "IND", statements=(statement("Drone sensors"),))
    meeting = play([quiet, loud], [only_asks, makes], infer_needs=False).capability_meaning
    np.testing.assert_allclose(meeting.value, [[np.nan, np.nan], [np.nan, 1]], atol=1e-6)


# Between a side and the markets


@given(firms("Works", "IND"))
@settings(max_examples=30, deadline=None)
def test_a_firm_serves_a_demand_by_its_best_offer_in_text_and_sector(made):
    wanted = (demand("Sonar hull", sectors=("subsea",)), demand("155 shell", sectors=("munitions", "uas")))
    board = play([firm()], made, (market(demands=wanted[:1]), market("VNM", "Vietnam", demands=wanted[1:])))
    side, service = board.manufacturers, board.manufacturers_serve
    index = WordIndex(side.texts)
    near = taxonomy().closeness
    position = taxonomy().position
    for row, asked in enumerate(wanted):
        shares = calibrate_words(index.shares([asked.text]))[0]
        worth = {}
        for offer in side.offers:
            said = side.statements[offer].sectors or ("uas",)
            sector = max(near[position(one), position(other)] for one in asked.sectors for other in said)
            worth[offer] = (max(cosine(asked.text, side.texts[offer]), shares[offer]) + sector) / 2
        for at in range(len(side)):
            mine = {offer: value for offer, value in worth.items() if side.owner[offer] == at}
            if not mine:
                assert np.isnan(service.value[row, at])
                continue
            assert service.value[row, at] == pytest.approx(max(mine.values()), abs=1e-5)
            assert mine[service.offering[row, at]] == pytest.approx(max(mine.values()), abs=1e-5)


def test_demands_stand_in_the_order_of_their_markets():
    board = play(
        [firm()],
        [firm()],
        (market(demands=(demand("A"),)), market("MYS"), market("VNM", demands=(demand("B"), demand("C")))),
    )
    assert [(board.markets[at].iso3, d.text) for at, d in zip(board.market_of_demand, board.demands, strict=True)] == [
        ("PHL", "A"), ("VNM", "B"), ("VNM", "C"),
    ]  # fmt: skip


def test_without_a_demand_nothing_is_served_and_nothing_breaks():
    board = play([firm()], [firm()], (market(),))
    assert board.innovators_serve.value.shape == (0, 1)


# From text to a value, and from sectors to nearness


@given(st.floats(-1, 1, width=32), st.floats(-1, 1, width=32))
def test_a_nearer_text_is_never_worth_less_and_every_value_is_0_to_1(one, other):
    low, high = calibrate_cosine(np.array(sorted((one, other)), dtype=np.float32))
    assert 0 <= low <= high <= 1


@given(st.floats(0, 1, width=32), st.floats(0, 1, width=32))
def test_more_words_shared_are_never_worth_less_and_every_value_is_0_to_1(one, other):
    low, high = calibrate_words(np.array(sorted((one, other)), dtype=np.float32))
    assert 0 <= low <= high <= 1


def test_unrelated_texts_are_worth_nothing_and_the_same_text_everything():
    assert calibrate_cosine(np.array([0.05, 1.0], dtype=np.float32)).tolist() == [0, 1]


def test_the_nearest_of_several_sectors_counts_and_none_is_near_to_none():
    position = taxonomy().position
    held = np.zeros((2, len(taxonomy().codes)), dtype=np.bool_)
    held[0, [position("subsea"), position("munitions")]] = True
    reach = nearest_sector(held, taxonomy())
    sonar = position("subsea.sonar")
    assert reach[0, sonar] == taxonomy().closeness[position("subsea"), sonar] > 0.5
    assert not reach[1].any()
