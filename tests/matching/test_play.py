"""One ask in columns: what met between two firms is what a plain double loop over their statements finds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.encoder import MEANING_BACKGROUND
from matching.index import WordIndex
from matching.play import WORDS_BACKGROUND, nearest_sector, stands_out
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


def cosines(ones, others):
    """Plain cosines of texts, one by one."""
    vectors = [HashEncoder().encode(texts) for texts in (ones, others)]
    return np.array([[a @ b for b in vectors[1]] for a in vectors[0]], dtype=np.float32).reshape(len(ones), len(others))


def by_meaning(asking, needs, offering):
    """How far each offer stands out for each need by cosine, as a mapping of the two rows to the value."""
    raw = cosines([asking.texts[n] for n in needs], [offering.texts[o] for o in offering.offers])
    return by_row(stands_out(raw, MEANING_BACKGROUND), needs, offering.offers) if raw.size else {}


def by_words(asking, needs, offering):
    index = WordIndex([offering.texts[o] for o in offering.offers])
    raw = np.sqrt(index.shares([asking.texts[n] for n in needs]))
    return by_row(stands_out(raw, WORDS_BACKGROUND), needs, offering.offers) if raw.size else {}


def by_row(values, needs, offers):
    return {(int(n), int(o)): float(values[r, c]) for r, n in enumerate(needs) for c, o in enumerate(offers)}


def plain_loop(asking, needs, offering, values):
    """For each pair the best value, or None where a side has no such statement."""
    return {
        (a, b): max(
            (
                values[int(need), int(offer)]
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
    values = measure(asking, needs, offering)
    for pair, expected in plain_loop(asking, needs, offering, values).items():
        if expected is None:
            assert np.isnan(meeting.value[pair])
            assert meeting.asking[pair] == meeting.offering[pair] == -1
            continue
        need, offer = meeting.asking[pair], meeting.offering[pair]
        assert meeting.value[pair] == pytest.approx(expected, abs=1e-5)
        assert need in needs
        assert offer in offering.offers
        assert (asking.owner[need], offering.owner[offer]) == pair
        assert values[int(need), int(offer)] == pytest.approx(expected, abs=1e-5)


# Between the two sides


@given(SIDES, st.booleans())
@settings(max_examples=40, deadline=None)
def test_what_met_by_meaning_is_what_a_double_loop_finds(sides, infer):
    board = play(*sides, infer_needs=infer)
    ours, theirs = board.innovators, board.manufacturers
    assert_meets(board.capability_meaning, ours, ours.needs, theirs, by_meaning)
    assert_meets(board.return_meaning, theirs, theirs.stated_needs, ours, by_meaning)


@given(SIDES)
@settings(max_examples=40, deadline=None)
def test_what_met_by_words_is_what_a_double_loop_finds(sides):
    board = play(*sides)
    ours, theirs = board.innovators, board.manufacturers
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
    np.testing.assert_array_equal(np.isnan(meeting.value), [[True, True], [True, False]])
    assert meeting.value[1, 1] > 0.5


# Between a side and the markets


@given(firms("Works", "IND"))
@settings(max_examples=30, deadline=None)
def test_a_firm_serves_a_demand_by_its_best_offer_in_text_and_sector(made):
    wanted = (demand("Sonar hull", sectors=("subsea",)), demand("155 shell", sectors=("munitions", "uas")))
    board = play([firm()], made, (market(demands=wanted[:1]), market("VNM", "Vietnam", demands=wanted[1:])))
    side, service = board.manufacturers, board.manufacturers_serve
    near = taxonomy().closeness
    position = taxonomy().position
    offers, texts = side.offers, [asked.text for asked in wanted]
    raw = cosines(texts, [side.texts[o] for o in offers])
    shares = np.sqrt(WordIndex([side.texts[o] for o in offers]).shares(texts))
    by_text = raw
    if raw.size:
        by_text = np.maximum(stands_out(raw, MEANING_BACKGROUND, 1), stands_out(shares, WORDS_BACKGROUND, 1))
    for row, asked in enumerate(wanted):
        worth = {}
        for offer in side.offers:
            said = side.statements[offer].sectors or ("uas",)
            sector = max(near[position(one), position(other)] for one in asked.sectors for other in said)
            worth[offer] = (by_text[row, list(offers).index(offer)] + sector) / 2
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


@given(st.lists(st.floats(-1, 1, width=32), min_size=2, max_size=40))
def test_in_one_field_a_nearer_text_is_never_worth_less_and_every_value_is_0_to_1(scores):
    row = np.array([sorted(scores)], dtype=np.float32)
    values = stands_out(row, MEANING_BACKGROUND)[0]
    assert (np.diff(values) >= -1e-6).all()
    assert ((values >= 0) & (values <= 1)).all()


def test_the_same_score_is_worth_more_where_the_field_is_poorer():
    poor, rich = ([0.5] + [level] * 50 for level in (0.1, 0.4))
    values = stands_out(np.array([poor, rich], dtype=np.float32), MEANING_BACKGROUND)
    assert values[0, 0] > values[1, 0] > 0


def test_a_score_below_its_field_is_worth_nothing():
    assert stands_out(np.array([[0.0] + [0.3] * 20], dtype=np.float32), MEANING_BACKGROUND)[0, 0] == 0


def test_a_field_of_one_is_judged_against_the_background():
    plain, near = (stands_out(np.array([[score]], dtype=np.float32), MEANING_BACKGROUND)[0, 0] for score in (0.15, 0.6))
    assert plain == pytest.approx(0, abs=1e-3)
    assert near > 0.4


def test_the_field_is_the_longer_side():
    scores = np.array([[0.6], [0.1], [0.1], [0.1]], dtype=np.float32)
    np.testing.assert_allclose(
        stands_out(scores, MEANING_BACKGROUND).T, stands_out(scores.T, MEANING_BACKGROUND), atol=1e-6
    )


def test_the_nearest_of_several_sectors_counts_and_none_is_near_to_none():
    position = taxonomy().position
    held = np.zeros((2, len(taxonomy().codes)), dtype=np.bool_)
    held[0, [position("subsea"), position("munitions")]] = True
    reach = nearest_sector(held, taxonomy())
    sonar = position("subsea.sonar")
    assert reach[0, sonar] == taxonomy().closeness[position("subsea"), sonar] > 0.5
    assert not reach[1].any()


def test_naming_one_market_does_not_move_its_figure():
    markets = (
        market(demands=(demand("Sonar for coast guards"),)),
        market("VNM", "Vietnam", demands=(demand("Radar"),)),
    )
    lab, works = (
        firm("Lab", statements=(statement("Towed sonar"),)),
        firm("Works", "IND", statements=(statement("Sonar"),)),
    )
    both, one = play([lab], [works], markets), play([lab], [works], markets[:1])
    np.testing.assert_allclose(both.innovators_serve.value[:1], one.innovators_serve.value, atol=1e-6)
    np.testing.assert_allclose(both.manufacturers_serve.value[:1], one.manufacturers_serve.value, atol=1e-6)


# Across languages


def test_across_languages_only_designations_and_figures_are_shared_and_none_is_unknown() -> None:
    french = (statement("Le sonar KATFISH de 300 m pour la marine et les garde-côtes", "seeks"),)
    bare = (statement("Le sonar pour la marine et les garde-côtes", "seeks"),)
    works = firm("Works", "IND", statements=(statement("The KATFISH sonar of the marine, for depths of 300 m"),))
    other = firm("Other", "IND", statements=(statement("The sonar of the marine, for the depths"),))
    meeting = play([firm("Lab", statements=french)], [works, other]).capability_words
    order = ["other", "works"]
    assert meeting.value[0, order.index("works")] > meeting.value[0, order.index("other")]
    assert np.isnan(play([firm("Lab", statements=bare)], [works, other]).capability_words.value).all()


def test_french_meets_french_by_all_its_words() -> None:
    lab = firm("Lab", statements=(statement("Le sonar remorqué de la marine est dans la coque", "seeks"),))
    works = firm("Works", "IND", statements=(statement("La coque et le sonar remorqué pour les navires de la marine"),))
    assert play([lab], [works]).capability_words.value[0, 0] > 0
