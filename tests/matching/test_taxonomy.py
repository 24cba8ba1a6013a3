"""The sector tree: what it holds, how near its sectors are, what it reads in a text.

The statements below were written for these tests; none is a real firm's.
"""

from __future__ import annotations

import hashlib
import time
import unicodedata
from dataclasses import FrozenInstanceError
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from matching.taxonomy import (
    COLUMNS,
    FEEDS,
    FEEDS_IN_TWO,
    Taxonomy,
    TaxonomyError,
    UnknownSectorError,
    load_taxonomy,
)

SEEDS = Path(__file__).parents[2] / "seeds" / "sectors"

TOP = {
    "uas", "counter_uas", "electro_optics", "shipbuilding", "subsea", "critical_minerals", "munitions", "land_systems",
    "aerospace", "space", "cyber", "c4isr_ai", "cbrn", "training_simulation", "arctic_infrastructure",
    "mining_technology",
}  # fmt: skip


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    return load_taxonomy(SEEDS)


# The tree


def test_the_tree_holds_the_top_sectors_and_only_those(taxonomy):
    assert {sector.code for sector in taxonomy.sectors if sector.parent is None} == TOP


def test_every_parent_is_the_code_without_its_last_word(taxonomy):
    for sector in taxonomy.sectors:
        assert sector.level == len(sector.code.split("."))
        assert sector.parent == (sector.code.rpartition(".")[0] or None)
        assert sector.parent is None or taxonomy.sector(sector.parent).level == sector.level - 1


def test_positions_are_those_of_the_codes(taxonomy):
    assert [taxonomy.position(code) for code in taxonomy.codes] == list(range(len(taxonomy.codes)))
    assert taxonomy.sector("subsea.sonar") is taxonomy.sectors[taxonomy.position("subsea.sonar")]


def test_every_sector_is_named_and_defined_in_words_people_use(taxonomy):
    for sector in taxonomy.sectors:
        assert sector.name_en
        assert sector.name_fr
        assert sector.definition_en.endswith("."), sector.code
        assert 5 <= len(sector.terms_en) <= 25, sector.code
        assert 5 <= len(sector.terms_fr) <= 25, sector.code


def test_no_name_is_used_twice(taxonomy):
    for names in ([s.name_en for s in taxonomy.sectors], [s.name_fr for s in taxonomy.sectors]):
        assert len(names) == len(set(names))


def test_codes_of_others_keep_their_form(taxonomy):
    for sector in taxonomy.sectors:
        assert sector.naics, sector.code
        assert all(code.isdigit() and len(code) == 6 for code in sector.naics), sector.code
        assert all(code.isdigit() for code in sector.een_technology + sector.een_market), sector.code


def test_leading_zeros_of_een_keywords_are_kept(taxonomy):
    assert taxonomy.sector("electro_optics.lasers").een_technology == ("005006003",)
    assert taxonomy.sector("electro_optics.lasers").een_market == ("03005",)
    assert "01006006" in taxonomy.sector("c4isr_ai.radar").een_technology


def test_stages_run_from_exploration_to_service(taxonomy):
    assert [stage.stage for stage in taxonomy.stages] == [
        "exploration", "concentrate", "refining", "material", "component", "subsystem", "platform", "service",
    ]  # fmt: skip


def test_a_loaded_taxonomy_cannot_be_changed(taxonomy):
    with pytest.raises(FrozenInstanceError):
        taxonomy.version = "other"
    with pytest.raises(ValueError, match="read-only"):
        taxonomy.closeness[0, 0] = 0


@pytest.mark.parametrize(
    ("asked", "near"),
    [("sonar", "subsea.sonar"), ("subsea.sonars", "subsea.sonar"), ("shipbuilding.patrol_vesels", "patrol_vessels")],
)
def test_an_unknown_code_offers_the_near_ones(taxonomy, asked, near):
    with pytest.raises(UnknownSectorError) as refused:
        taxonomy.sector(asked)
    assert f"'{asked}' is not a code of the taxonomy; near it: " in str(refused.value)
    assert near in str(refused.value)
    assert isinstance(refused.value, KeyError)
    assert isinstance(refused.value, TaxonomyError)


def test_an_unknown_code_like_nothing_offers_nothing(taxonomy):
    with pytest.raises(UnknownSectorError) as refused:
        taxonomy.position("0")
    assert str(refused.value) == "'0' is not a code of the taxonomy"


# Closeness


def closeness(taxonomy: Taxonomy, one: str, other: str) -> float:
    return float(taxonomy.closeness[taxonomy.position(one), taxonomy.position(other)])


def test_closeness_is_symmetric_bounded_and_one_only_with_oneself(taxonomy):
    near = taxonomy.closeness
    assert near.dtype == np.float32
    assert near.shape == (len(taxonomy.codes),) * 2
    assert np.array_equal(near, near.T)
    assert near.min() >= 0
    assert np.array_equal(near == 1, np.eye(len(near), dtype=bool))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("subsea", "subsea.sonar", 0.8),
        ("cyber.network_defence", "cyber.identity_data", 2 / 3),
        ("critical_minerals.semiconductor_metals", "critical_minerals.semiconductor_metals.germanium", 6 / 7),
        ("critical_minerals.specialty_alloys.titanium", "critical_minerals.specialty_alloys.scandium", 3 / 4),
        ("munitions", "cyber", 0),
        ("cbrn.medical", "space.launch", 0),
    ],
)
def test_the_tree_part_is_wu_and_palmer(taxonomy, one, other, expected):
    assert closeness(taxonomy, one, other) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("critical_minerals.semiconductor_metals.germanium", "electro_optics.optical_suites", FEEDS),
        ("subsea.sonar", "shipbuilding.surface_combatants", FEEDS),
        ("shipbuilding.hulls", "shipbuilding.patrol_vessels", FEEDS),
        ("critical_minerals.refining", "electro_optics.optical_suites", FEEDS_IN_TWO),
        ("electro_optics.thermal_imaging", "munitions.precision_guided", FEEDS_IN_TWO),
        ("uas.payloads", "munitions.energetics", 0),
    ],
)
def test_the_value_chain_lifts_what_the_tree_keeps_apart(taxonomy, one, other, expected):
    assert closeness(taxonomy, one, other) == pytest.approx(expected)


def test_two_suppliers_of_one_buyer_are_not_a_chain(taxonomy):
    for supplier in ("subsea.sonar", "shipbuilding.propulsion"):
        assert taxonomy.feed_between(supplier, "shipbuilding.surface_combatants")
    assert closeness(taxonomy, "subsea.sonar", "shipbuilding.propulsion") == 0


def test_a_feed_says_why_whichever_way_it_is_asked(taxonomy):
    feed = taxonomy.feed_between("munitions.artillery_shells", "munitions.fuzes")
    assert feed is not None
    assert (feed.from_code, feed.to_code) == ("munitions.fuzes", "munitions.artillery_shells")
    assert feed.why == "Every shell needs a fuze"
    assert taxonomy.feed_between("munitions.fuzes", "cyber") is None


def test_the_chain_of_the_report_holds_link_by_link(taxonomy):
    """Concentrate to refining to germanium to optics to thermal imaging to seekers to guided munitions."""
    chain = [
        "critical_minerals.exploration", "critical_minerals.concentrate", "critical_minerals.refining",
        "critical_minerals.semiconductor_metals.germanium", "electro_optics.optical_suites",
        "electro_optics.thermal_imaging", "electro_optics.seeker_heads", "munitions.precision_guided",
    ]  # fmt: skip
    for one, other in pairwise(chain):
        assert taxonomy.feed_between(one, other), (one, other)


def test_feeds_are_enough_and_none_is_empty(taxonomy):
    assert 80 <= len(taxonomy.feeds) <= 200
    assert all(len(feed.why) > 10 for feed in taxonomy.feeds)


# Reading texts

FIRST = [
    ("uas.fixed_wing", "Our fixed-wing drone stays up for eighteen hours and needs a 200 m strip"),
    ("uas.rotary", "Rugged quadcopters that fold into a rucksack"),
    ("uas.cargo", "A heavy-lift drone that brings 80 kg of rations to mountain posts"),
    ("uas.loitering_munitions", "Loitering munition with a two-kilogram warhead and forty minutes in the air"),
    ("uas.propulsion", "Heavy-fuel engines and hybrid drone propulsion from 5 to 50 kW"),
    ("uas.autopilots", "Autopilot with GPS-denied flight and detect and avoid for unmanned aircraft"),
    ("uas.datalinks_ground", "Portable ground control station and encrypted drone datalink"),
    ("uas.aerostats", "Tethered aerostat carrying a camera for border posts"),
    ("uas.services", "We run a drone pilot school and offer drone inspection services"),
    ("counter_uas.detection", "Passive RF sensors and a radar for drone detection around airports"),
    ("counter_uas.jamming", "Backpack drone jammer covering the usual control bands"),
    ("counter_uas.hard_kill", "High-energy laser that burns small drones at one kilometre"),
    ("electro_optics.thermal_imaging", "Uncooled thermal imagers and cooled MWIR infrared cameras"),
    ("electro_optics.night_vision", "Night-vision goggles with third-generation image intensifier tubes"),
    ("electro_optics.optical_suites", "Diamond-turned infrared lenses with anti-reflection coatings"),
    ("electro_optics.gimbals", "Gyro-stabilised EO/IR gimbal of 6 kg with four cameras"),
    ("electro_optics.seeker_heads", "Imaging infrared seeker heads tested at TRL 3 in our laboratory"),
    ("electro_optics.lasers", "Eye-safe laser rangefinder and target designator"),
    ("electro_optics.detectors", "Focal plane arrays and their readout integrated circuits"),
    ("electro_optics.hyperspectral", "A hyperspectral imager that tells gases apart at five kilometres"),
    ("shipbuilding.patrol_vessels", "Offshore patrol vessels of 85 m built for coast guards"),
    ("shipbuilding.surface_combatants", "ASW corvettes and stealth frigates with 80% home content"),
    ("shipbuilding.submarines", "Builder of diesel-electric submarines with air-independent propulsion"),
    ("shipbuilding.icebreakers", "Polar Class 4 icebreakers designed for the Beaufort Sea"),
    ("shipbuilding.support_cargo", "Harbour tugs of 60 t bollard pull and ro-ro ferries"),
    ("shipbuilding.uncrewed_surface", "An uncrewed surface vessel that patrols for a month under solar power"),
    ("shipbuilding.propulsion", "Marine gearboxes, shaft lines and waterjets for fast craft"),
    ("shipbuilding.marine_electronics", "Integrated bridge system with electronic chart display (ECDIS)"),
    ("shipbuilding.deck_equipment", "Davits, towing winches and a launch and recovery system for boats"),
    ("shipbuilding.ship_repair", "Refit and ship repair under a master ship repair agreement"),
    ("subsea.sonar", "A compact towed array sonar for ships of opportunity"),
    ("subsea.auv", "Autonomous underwater vehicles that work below ice for ten days"),
    ("subsea.rov", "Inspection-class ROV and hull crawler for dams and ports"),
    ("subsea.acoustics", "Hydrophones and acoustic modems calibrated in our own tank"),
    ("subsea.survey", "Hydrographic survey and seabed mapping of coastal waters"),
    ("critical_minerals.exploration", "Mineral exploration company with drilling campaigns in two provinces"),
    ("critical_minerals.concentrate", "An open pit with flotation gives 40,000 t of copper concentrate a year"),
    ("critical_minerals.refining", "Zinc smelting and refining with solvent extraction of by-products"),
    ("critical_minerals.rare_earths", "Separation of neodymium, praseodymium and dysprosium oxides"),
    ("critical_minerals.magnets", "Sintered NdFeB permanent magnets for motors"),
    ("critical_minerals.battery_materials", "Synthetic graphite anode material and lithium hydroxide"),
    ("critical_minerals.semiconductor_metals.germanium", "Germanium dioxide recovered from zinc residues"),
    ("critical_minerals.specialty_alloys.scandium", "Aluminium-scandium master alloy from scandium oxide"),
    ("critical_minerals.recycling", "Battery recycling: black mass and e-waste become metals again"),
    ("munitions.artillery_shells", "Forges 155mm shell bodies, 60,000 a year"),
    ("munitions.small_arms_ammunition", "Small-calibre ammunition in 5.56 mm and 7.62 mm"),
    ("munitions.precision_guided", "Course-correction guidance kits for unguided bombs"),
    ("munitions.fuzes", "Electronic proximity fuzes and safe-and-arm devices"),
    ("munitions.energetics", "Nitrocellulose, solid propellant grains and high explosive fills"),
    ("munitions.naval", "Lightweight torpedoes and depth charges"),
    ("land_systems.armoured_vehicles", "8x8 armoured personnel carriers and MRAP trucks"),
    ("land_systems.power_trains", "Power packs and automatic transmissions for tracked vehicles up to 60 t"),
    ("land_systems.artillery", "Towed and mounted howitzers of 52 calibres"),
    ("land_systems.soldier_systems", "Ballistic helmets and bulletproof jackets for infantry"),
    ("aerospace.aerostructures", "Composite fuselage panels, empennage and flap track beams"),
    ("aerospace.engines", "Turbine blades and combustors for aero-engines"),
    ("aerospace.precision_parts", "CNC machining and closed-die forging to customers' drawings, NADCAP approved"),
    ("aerospace.mro", "MRO of regional aircraft and engine overhaul"),
    ("space.satellites", "Nanosatellite buses and satellite integration in a clean room"),
    ("space.propulsion", "Cryogenic rocket engines and hall thrusters"),
    ("space.earth_observation", "SAR satellite imagery and Earth observation payloads"),
    ("space.situational_awareness", "Space situational awareness: we track debris and warn of conjunctions"),
    ("cyber.secure_communications", "Encrypted messaging and secure voice for governments"),
    ("cyber.cryptography_quantum", "Quantum key distribution and post-quantum cryptography"),
    ("cyber.network_defence", "A security operations centre with intrusion detection round the clock"),
    ("c4isr_ai.command_control", "AI-driven command and control with a common operating picture"),
    ("c4isr_ai.decision_support", "Decision-support software built on predictive analytics"),
    ("c4isr_ai.radar", "AESA surveillance radar with weapon-locating mode"),
    ("c4isr_ai.electronic_warfare", "Electronic warfare suite with radar warning receiver and jammers"),
    ("c4isr_ai.tactical_communications", "Software-defined radios and MANET waveforms for brigades"),
    ("c4isr_ai.maritime_domain_awareness", "Maritime domain awareness from AIS and coastal surveillance"),
    ("c4isr_ai.navigation_pnt", "Inertial navigation systems with fibre-optic gyros"),
    ("cbrn.detection", "Chemical agent detectors and neutron dosimeters"),
    ("cbrn.protection", "Gas masks, filter canisters and CBRN suits"),
    ("cbrn.response_robotics", "Robots for explosive ordnance disposal and demining"),
    ("training_simulation.flight", "Full-flight simulators and pilot training"),
    ("training_simulation.peacekeeping", "Peacekeeping training centre for African Union contingents"),
    ("arctic_infrastructure.ports_logistics", "Deep-sea port and all-season road for Nunavut"),
    ("arctic_infrastructure.shelters_clothing", "Extreme-cold clothing and Arctic tents"),
    ("mining_technology.autonomous_vehicles", "Autonomous haul trucks and electric underground loaders"),
    ("mining_technology.geophysics", "Airborne geophysical surveys with gravity gradiometers"),
    # French
    ("subsea.sonar", "Sonars remorqués et bouées acoustiques pour la lutte anti-sous-marine"),
    ("munitions.artillery_shells", "Fabrication d'obus d'artillerie de 155 mm"),
    ("shipbuilding.icebreakers", "Conception de brise-glaces lourds de classe polaire"),
    ("shipbuilding.ship_repair", "Radoub et réparation de navires sur le Saint-Laurent"),
    ("electro_optics.thermal_imaging", "Caméras infrarouges et imagerie thermique pour patrouilleurs"),
    ("uas.loitering_munitions", "Une munition rôdeuse lancée depuis un tube"),
    ("counter_uas.detection", "Détection de drones par radar et par acoustique"),
    ("critical_minerals.rare_earths", "Séparation des terres rares lourdes, dysprosium et terbium"),
    ("critical_minerals.refining", "Affinage et récupération des métaux par hydrométallurgie"),
    ("land_systems.armoured_vehicles", "Véhicules blindés légers et transport de troupes blindé"),
    ("cyber.cryptography_quantum", "Chiffrement postquantique et distribution quantique de clés"),
    ("c4isr_ai.command_control", "Système de commandement et contrôle pour postes de commandement"),
    ("training_simulation.flight", "Simulateurs de vol et formation des équipages"),
    ("space.launch", "Un lanceur léger tiré d'un port spatial en Nouvelle-Écosse"),
    ("cbrn.protection", "Masques à gaz et combinaisons de protection"),
    ("arctic_infrastructure.construction", "Génie du pergélisol et bâtiments modulaires"),
]  # fmt: skip

AMONG_TWO = [
    ({"uas.payloads", "electro_optics.thermal_imaging"}, "Thermal camera as a drone payload"),
    ({"subsea.sonar", "shipbuilding.patrol_vessels"}, "Seeks a sonar for its new patrol vessels"),
    ({"munitions.fuzes", "munitions.artillery_shells"}, "Des fusées de proximité pour obus de 155 mm"),
    ({"c4isr_ai.data_fusion", "counter_uas"}, "Sensor fusion against hostile drones"),
    ({"critical_minerals.concentrate", "critical_minerals.refining"}, "Concentrate to be shipped to a smelter"),
    ({"land_systems.uncrewed_ground", "c4isr_ai.edge_computing"}, "Edge computing for unmanned ground vehicles"),
]  # fmt: skip


def codes(taxonomy: Taxonomy, text: str, limit: int = 3) -> list[str]:
    return [suggestion.code for suggestion in taxonomy.suggest(text, limit)]


@pytest.mark.parametrize(("expected", "text"), FIRST)
def test_the_sector_spoken_of_comes_first(taxonomy, expected, text):
    assert codes(taxonomy, text)[:1] == [expected]


@pytest.mark.parametrize(("expected", "text"), AMONG_TWO)
def test_two_sectors_spoken_of_come_first(taxonomy, expected, text):
    assert set(codes(taxonomy, text)[:2]) == expected


@pytest.mark.parametrize(
    "text", ["", "   ", "We are a family firm of thirty people in Ontario.", "J'ai l'honneur de vous écrire", "0 ; — !"]
)
def test_a_text_that_names_no_sector_suggests_none(taxonomy, text):
    assert taxonomy.suggest(text) == ()


def test_case_accents_hyphens_and_plurals_do_not_matter(taxonomy):
    wordings = [
        "Télémètre laser",
        "TELEMETRES LASERS",
        "telemetre-laser",
        unicodedata.normalize("NFD", "télémètres laser"),
    ]
    found = {tuple((s.code, s.score) for s in taxonomy.suggest(text)) for text in wordings}
    assert len(found) == 1
    assert found.pop()[0][0] == "electro_optics.lasers"


@pytest.mark.parametrize(
    ("one", "other"),
    [("lens", "lenses"), ("batterie de drone", "batteries de drones"), ("minéral critique", "minéraux critiques"),
     ("véhicule blindé", "véhicules blindés"), ("torpedo", "torpedoes"), ("refinery", "refineries")],
)  # fmt: skip
def test_plurals_meet_their_singular(taxonomy, one, other):
    assert codes(taxonomy, one) == codes(taxonomy, other) != []


def test_words_are_whole_words(taxonomy):
    assert codes(taxonomy, "laserlike sonarman radarist") == []


def test_a_phrase_does_not_run_across_a_comma_or_a_stop(taxonomy):
    assert "counter_uas" not in codes(taxonomy, "We make drones. Defence is one market.")
    assert codes(taxonomy, "We stock tank, guns")[:1] != ["land_systems.artillery"]


def test_the_longest_phrase_uses_up_its_words(taxonomy):
    assert codes(taxonomy, "anti-drone systems") == ["counter_uas"]
    assert "munitions.missiles_rockets" not in codes(taxonomy, "missile seekers")


def test_a_leaf_comes_before_its_parent_and_stands_for_it(taxonomy):
    assert codes(taxonomy, "Shipyard and shipbuilder, naval architecture; one patrol boat") == [
        "shipbuilding.patrol_vessels"
    ]


def test_the_parent_settles_a_word_that_leaves_share(taxonomy):
    assert codes(taxonomy, "Payload for an unmanned aircraft")[0] == "uas.payloads"
    assert codes(taxonomy, "optical payload of a satellite")[0] == "space.earth_observation"


def test_a_longer_phrase_weighs_more(taxonomy):
    one, two = (taxonomy.suggest(text)[0].score for text in ("torpedo", "heavyweight torpedo"))
    assert 0 < one < two < 1


def test_a_common_word_weighs_less_than_a_rare_one(taxonomy):
    common, rare = (taxonomy.suggest(text)[0].score for text in ("drone", "quadcopter"))
    assert common < rare


def test_the_words_that_met_are_those_of_the_text(taxonomy):
    (first,) = taxonomy.suggest("Des TÉLÉMÈTRES laser ; un télémètre laser.")
    assert first.words_that_met == ("TÉLÉMÈTRES laser",)
    first, *_ = taxonomy.suggest("Sonobuoys, Towed-Array Sonar")
    assert set(first.words_that_met) == {"Towed-Array", "Sonar", "Sonobuoys"}


def test_scores_fall_and_the_limit_holds(taxonomy):
    text = "Sonar, frigates, 155 mm shells, encryption, radar, quadcopters, magnets, satellites"
    found = taxonomy.suggest(text, limit=5)
    assert len(found) == 5
    assert [s.score for s in found] == sorted((s.score for s in found), reverse=True)
    assert found[:2] == taxonomy.suggest(text, limit=2)
    assert taxonomy.suggest(text, limit=0) == ()


def test_a_word_said_often_does_not_drown_the_rest(taxonomy):
    assert "subsea.sonar" in codes(taxonomy, "Torpedo. " * 30 + "Towed array sonar.")


def test_every_sector_is_found_by_its_own_terms(taxonomy):
    for sector in taxonomy.sectors:
        text = ". ".join(sector.terms_en + sector.terms_fr)
        found = codes(taxonomy, text, limit=3)
        assert any(code == sector.code or code.startswith(f"{sector.code}.") for code in found), sector.code


def test_reading_is_quick(taxonomy):
    text = ("We build patrol vessels with towed array sonar, thermal cameras and software-defined radios. " * 4)[:300]
    taxonomy.suggest(text)
    took = min(_seconds(taxonomy, text) for _ in range(5))
    assert took < 0.002
    assert _seconds(taxonomy, (text * 70)[:20_000]) < 0.1


def _seconds(taxonomy: Taxonomy, text: str) -> float:
    began = time.perf_counter()
    taxonomy.suggest(text)
    return time.perf_counter() - began


# The version


def test_the_version_is_the_hash_of_the_tables(taxonomy, tmp_path):
    digest = hashlib.sha256()
    for file in COLUMNS:
        raw = (SEEDS / file).read_bytes()
        (tmp_path / file).write_bytes(raw)
        digest.update(f"{file} {len(raw)}\n".encode() + raw)
    (tmp_path / "README.md").write_text("words about the tables are not the tables")
    assert load_taxonomy(tmp_path).version == taxonomy.version == digest.hexdigest()
    with (tmp_path / "feeds.csv").open("a") as feeds:
        feeds.write("cyber.identity_data,cbrn.medical,Records of what was given to whom\n")
    assert load_taxonomy(tmp_path).version != taxonomy.version
