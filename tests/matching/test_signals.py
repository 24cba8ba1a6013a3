"""Each reason to pair: what raises and lowers it, when it is unknown, and the words and facts it is told by."""

from __future__ import annotations

import inspect
import re

import numpy as np
import pytest

from matching import makers, signals
from matching.ranking import SIGNALS
from tests.factories import demand, firm, market, play, readiness, statement

SEEKER = statement(
    "A germanium seeker head for drones", readiness=readiness(trl=4), sectors=("electro_optics.seeker_heads",)
)
LENSES = statement(
    "Germanium lenses for seeker heads", readiness=readiness(mrl=9), sectors=("electro_optics.optical_suites",)
)
LAB = firm("Arctic Optics", sectors=(), statements=(SEEKER,), export_markets=("VNM",))
WORKS = firm(
    "Bharat Lenses", "IND", sectors=(), roles=("manufacturer",), ownership="private", certifications=("AS9100D", "ISO 9001"), export_markets=("PHL",),
    statements=(LENSES, statement("Seeks seeker head designs", "seeks")),
)  # fmt: skip
WANTS = market(demands=(demand("Radar for coastal watch", sectors=("c4isr_ai",)), demand("Drones with a seeker head")))
EVERY = sorted(set(SIGNALS) - {"site_suits"})  # that one has a file of its own: it asks for a yard or a refinery


def value(name: str, innovator=LAB, manufacturer=WORKS, markets=(WANTS,), **how) -> float:
    """The signal's value for one pair and the first market."""
    return float(SIGNALS[name](play([innovator], [manufacturer], markets, **how)).values.flat[0])


def told(name: str, innovator=LAB, manufacturer=WORKS, markets=(WANTS,), **how) -> signals.Told:
    return SIGNALS[name](play([innovator], [manufacturer], markets, **how)).tell((0, 0, 0))


def lab(text: str = SEEKER.text, side: str = "offers", **over):
    return firm("Arctic Optics", statements=(statement(text, side, **over),))


def works(text: str = LENSES.text, side: str = "offers", *, said=None, **over):
    return firm("Bharat Lenses", "IND", statements=(statement(text, side, **(said or {})),), **over)


# What holds of every signal


@pytest.mark.parametrize("name", EVERY)
def test_the_docstring_is_one_sentence_about_firms_or_markets(name):
    sentence = inspect.getdoc(SIGNALS[name])
    assert re.fullmatch(r"[A-Z][^\n]*\.", sentence)
    assert re.search(r"innovator|manufacturer|firm|market|maker", sentence)


@pytest.mark.parametrize("name", EVERY)
def test_values_are_0_to_1_and_broadcast_over_the_triads(name):
    firms = [LAB, lab("Sonar", readiness=readiness(trl=9))], [WORKS, works("Hulls"), works(side="seeks")]
    markets = (WANTS, market("VNM", "Vietnam"))
    values = SIGNALS[name](play(*firms, markets)).values
    known = values[~np.isnan(values)]
    assert np.broadcast_shapes(values.shape, (2, 3, 2)) == (2, 3, 2)
    assert known.size
    assert ((known >= 0) & (known <= 1 + 1e-6)).all()


@pytest.mark.parametrize("name", EVERY)
def test_a_sentence_names_whom_it_is_about_and_ends(name):
    about = {
        "makes_in_quantity": {"Bharat Lenses"},
        "certificate_held": {"Bharat Lenses"},
        "market_seeks_it": {"Arctic Optics", "Bharat Lenses", "Philippines"},
        "market_known": {"Bharat Lenses", "Philippines"},
        "works_broadly": {"Bharat Lenses"},
        "track_record": {"Bharat Lenses"},
    }.get(name, {"Arctic Optics", "Bharat Lenses"})
    sentence = told(name).sentence
    assert {one for one in about if one in sentence} == about
    assert sentence.endswith(".")
    assert not re.search(r"\b(nan|None)\b", sentence)


@pytest.mark.parametrize("name", EVERY)
def test_the_evidence_quotes_what_stands_in_the_profiles_or_the_demand(name):
    said = {
        "arctic-optics": [LAB.profile.model_dump_json()],
        "bharat-lenses": [WORKS.profile.model_dump_json()],
        "drones-with-a-seeker-head": [WANTS.demands[1].text],
    }
    evidence = told(name).evidence
    assert evidence
    for fact in evidence:
        quoted = re.split(r": |, |its roles include |MRL |TRL |a range of ", fact.fact)[-1]
        assert any(quoted in document for document in said[fact.of]), fact


# Needs and capabilities


def test_a_maker_of_the_thing_outranks_one_of_another_thing():
    assert value("capability_meets_need") > value(
        "capability_meets_need", manufacturer=works("Steel hulls of patrol vessels")
    )
    assert value("terms_shared") > value("terms_shared", manufacturer=works("Steel hulls of patrol vessels"))


@pytest.mark.parametrize("name", ["capability_meets_need", "terms_shared", "readiness_complements"])
def test_without_a_need_or_an_offer_there_is_nothing_known_to_meet(name):
    assert np.isnan(value(name, infer_needs=False))
    assert np.isnan(value(name, manufacturer=works(side="seeks")))


def test_a_maker_of_the_kind_sought_outranks_one_of_another_kind_whatever_the_words():
    def kind(*codes: str) -> float:
        return value("kind_of_goods_close", manufacturer=works("Quality work", said={"sectors": codes}))

    assert kind("electro_optics.seeker_heads") == 1
    assert 1 > kind("electro_optics.optical_suites") > kind("cyber") == 0


def test_kinds_read_from_a_firm_whose_sectors_were_read_too_say_nothing_new():
    guest = works("Germanium lenses", sectors=("electro_optics",), inferred_fields=("sectors",))
    assert np.isnan(value("kind_of_goods_close", manufacturer=guest))


def test_a_range_that_bears_the_match_out_outranks_one_lucky_sentence():
    lucky = firm("Lucky", "IND", statements=(LENSES, statement("Steel hulls"), statement("Cyber training")))
    deep = firm(
        "Deep", "IND", statements=(LENSES, statement("Germanium domes for seeker heads"), statement("Seeker optics"))
    )
    values = SIGNALS["several_offers_meet_need"](play([LAB], [deep, lucky])).values[0, :, 0]
    assert values[0] > values[1]
    said = SIGNALS["several_offers_meet_need"](play([LAB], [deep, lucky])).tell((0, 0, 0))
    assert said.sentence.startswith("3 of Deep's offers")
    assert len(said.evidence) == 4


def test_an_inferred_need_is_told_as_inferred_and_a_stated_one_is_not():
    inferred = told("capability_meets_need")
    assert "inferred: it states no such need" in inferred.sentence
    assert [fact.basis for fact in inferred.evidence] == ["inferred", "stated"]
    stated = told("capability_meets_need", lab("A maker of germanium lenses", "seeks"))
    assert "is looking for “A maker of germanium lenses”" in stated.sentence
    assert "inferred" not in stated.sentence


def test_a_long_statement_is_cut_at_a_word_and_quoted_whole_as_evidence():
    text = "germanium lenses " * 20
    said = told("capability_meets_need", manufacturer=works(text))
    assert "lenses…”" in said.sentence or "germanium…”" in said.sentence
    assert said.evidence[1].fact == text.strip()


def test_terms_shared_are_listed_as_written_whatever_their_endings():
    said = told("terms_shared", lab("Optics (germanium), to STANAG 4671"), works("STANAG 4671: optic in germanium"))
    assert "share the terms Optics, germanium, STANAG, 4671 in" in said.sentence


def test_that_no_term_is_shared_is_said():
    said = told("terms_shared", lab("Sonar arrays"), works("Steel hulls"))
    assert "share no uncommon term" in said.sentence
    assert value("terms_shared", lab("Sonar arrays"), works("Steel hulls")) == 0


def test_only_what_the_manufacturer_states_it_seeks_is_met_in_return():
    seeks = works("Designs of germanium seeker heads", "seeks")
    assert value("need_met_in_return", manufacturer=seeks) > value(
        "need_met_in_return", manufacturer=works("Cyber training", "seeks")
    )
    assert np.isnan(value("need_met_in_return", manufacturer=works()))  # its offers imply needs, but it states none


# Sectors


def test_the_same_sector_is_closer_than_one_that_feeds_it_and_that_than_a_stranger():
    def closeness(sector: str) -> float:
        return value("sectors_close", firm(sectors=("electro_optics.optical_suites",)), firm(sectors=(sector,)))

    same, fed, stranger = map(
        closeness, ("electro_optics.optical_suites", "critical_minerals.semiconductor_metals.germanium", "cyber")
    )
    assert same > fed > stranger


@pytest.mark.parametrize("silent", ["innovator", "manufacturer"])
def test_a_firm_without_a_sector_on_record_is_unknown_and_not_far(silent):
    assert np.isnan(value("sectors_close", **{silent: firm(sectors=())}))


@pytest.mark.parametrize(
    ("sector", "words"),
    [("uas", "both work in"), ("uas.payloads", "that stand close"), ("cyber", "that do not meet")],
)
def test_how_near_the_sectors_stand_is_said_as_it_is(sector, words):
    assert (
        words in told("sectors_close", firm("Lab", sectors=("uas",)), firm("Works", "IND", sectors=(sector,))).sentence
    )


# Readiness


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ((4, 9), (4, 5)),  # the abler maker
        ((4, 9), (9, 9)),  # technology in service needs a maker less
        ((6, 4), (6, 2)),
    ],
)
def test_early_technology_meets_an_able_maker(better, worse):
    def at(trl: int, mrl: int) -> float:
        return value(
            "readiness_complements", lab(readiness=readiness(trl=trl)), works(said={"readiness": readiness(mrl=mrl)})
        )

    assert at(*better) > at(*worse)


def test_readiness_is_unknown_unless_both_sides_have_said():
    assert np.isnan(value("readiness_complements", lab()))
    assert np.isnan(value("readiness_complements", manufacturer=works()))


def test_a_maker_without_mrl_is_read_from_its_trl_and_that_is_said():
    by_trl = works(said={"readiness": readiness(trl=9)})
    assert value("readiness_complements", manufacturer=by_trl) == value("readiness_complements")
    said = told("readiness_complements", manufacturer=by_trl)
    assert "no MRL on record, read from TRL" in said.sentence
    assert "read from TRL" not in told("readiness_complements").sentence


def test_an_estimated_readiness_is_shown_as_estimated():
    guessed = lab(readiness={"trl_low": 4, "trl_high": 4, "basis": "estimate from product in service"})
    assert [fact.basis for fact in told("readiness_complements", guessed).evidence] == ["estimated", "stated"]


@pytest.mark.parametrize(("trl", "mrl"), [(2, 4), (5, 6), (8, 8)])
def test_each_form_of_co_operation_asks_for_its_own_mrl_and_no_more(trl, mrl):
    def at(level: int) -> float:
        return value(
            "readiness_complements", lab(readiness=readiness(trl=trl)), works(said={"readiness": readiness(mrl=level)})
        )

    assert at(mrl) == at(10) > at(mrl - 1)
    assert f"asks for MRL {mrl}" in told("readiness_complements", lab(readiness=readiness(trl=trl))).sentence


# Production and certificates


@pytest.mark.parametrize(
    "fact",
    [
        {"roles": ("shipyard",)},
        {"sites": ({"name": "Pune works", "kind": "plant"},)},
        {"said": {"capacities": ({"what": "lenses", "quantity": 40000, "unit": "pieces"},)}},
        {"employees_band": "5000+"},
        {"ownership": "listed"},
        {"ownership": "dpsu"},
    ],
)
def test_every_sign_of_production_raises_and_is_told(fact):
    without = {"roles": ("innovator",)}
    assert value("makes_in_quantity", manufacturer=works(**(without | fact))) > value(
        "makes_in_quantity", manufacturer=works(**without)
    )
    assert told("makes_in_quantity", manufacturer=works(**(without | fact))).evidence


def test_of_production_nothing_on_record_is_unknown_and_a_mere_office_is_none():
    assert np.isnan(value("makes_in_quantity", manufacturer=works()))
    office = works(sites=({"name": "Delhi", "kind": "office"},))
    assert value("makes_in_quantity", manufacturer=office) == 0
    assert "no sign of series production" in told("makes_in_quantity", manufacturer=office).sentence


def test_roles_unknown_do_not_hide_the_size_on_record():
    unknown, none = works(employees_band="5000+"), works(employees_band="5000+", roles=("innovator",))
    assert value("makes_in_quantity", manufacturer=unknown) == value("makes_in_quantity", manufacturer=none) > 0


def test_standing_grows_with_each_mark_and_an_order_abroad_never_lowers_it():
    marks = [
        {"ownership": "startup"},
        {"ownership": "listed"},
        {"ownership": "listed", "export_markets": ("PHL",)},
    ]
    values = [value("track_record", manufacturer=works(**mark)) for mark in marks]
    assert values == sorted(values)
    assert values[0] == 0
    assert "a start-up with no order abroad" in told("track_record", manufacturer=works(**marks[0])).sentence
    assert np.isnan(value("track_record", manufacturer=works()))
    assert np.isnan(value("track_record", manufacturer=works(export_markets=("PHL",))))


def test_a_certificate_speaks_for_a_firm_and_its_absence_says_nothing():
    assert value("certificate_held") == 1
    assert np.isnan(value("certificate_held", manufacturer=works()))
    assert "AS9100D; ISO 9001" in told("certificate_held").sentence


# Markets


def test_a_market_that_asks_for_it_outranks_one_that_asks_for_something_else():
    other = market("VNM", "Vietnam", demands=(demand("Cyber training", sectors=("cyber",)),))
    assert value("market_seeks_it") > value("market_seeks_it", markets=(other,))


def test_a_market_without_a_demand_held_is_unknown():
    values = SIGNALS["market_seeks_it"](play([LAB], [WORKS], (market("VNM"), WANTS))).values
    assert np.isnan(values[0, 0]).tolist() == [True, False]


def test_of_several_demands_the_one_that_fits_is_told_with_its_source_and_standing():
    said = told("market_seeks_it")
    assert "“Drones with a seeker head” (https://example.org/demand, 2026-01)" in said.sentence
    assert [fact.basis for fact in said.evidence] == ["reported", "stated", "stated"]


def test_a_source_without_an_address_is_told_by_what_it_is():
    paper = demand("Drones", sources=({"what": "Ministry white paper"},))
    assert "(Ministry white paper, 2026-01)" in told("market_seeks_it", markets=(market(demands=(paper,)),)).sentence


def test_a_sale_in_the_market_outranks_one_in_its_region_and_elsewhere_says_nothing():
    def sold(*countries: str) -> float:
        return value(
            "market_known",
            lab(),
            works(export_markets=countries),
            (WANTS, market("VNM"), market("KEN", region="Africa")),
        )

    assert sold("PHL") > sold("VNM") > 0
    assert np.isnan(sold("KEN"))
    assert np.isnan(sold("FRA"))  # of no market held
    assert np.isnan(sold())


def test_the_firm_that_has_sold_there_is_the_one_named():
    markets = (WANTS, market("VNM", "Vietnam"))
    tell = SIGNALS["market_known"](play([LAB], [WORKS], markets)).tell
    assert tell((0, 0, 0)).sentence == "Bharat Lenses has a reported order or delivery in Philippines."
    assert tell((0, 0, 1)).sentence == "Arctic Optics has a reported order or delivery in Vietnam."
    near = SIGNALS["market_known"](play([lab()], [WORKS], (markets[1], WANTS))).tell
    assert near((0, 0, 0)).sentence.endswith("elsewhere in the region (Southeast Asia).")


def test_breadth_grows_with_the_trades_and_one_trade_is_none() -> None:
    several = [
        firm(f"Works {n}", "IND", sectors=codes, statements=(statement(f"Makes {n}", sectors=codes[:1]),))
        for n, codes in enumerate([("uas",), ("uas", "subsea"), ("uas", "subsea", "munitions", "cyber", "space")])
    ]
    guest = firm("Works 3", "IND", sectors=("uas",), inferred_fields=("sectors",))
    values = makers.works_broadly(play([firm("Lab")], [*several, guest])).values[0, :, 0]
    assert values[0] == 0 < values[1] < values[2] == 1
    assert np.isnan(values[3]), "sectors read from a text say nothing of breadth"
