"""Pathways: the golden cases, cases worked by hand from the sources, and properties."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from matching.facts import Facts
from matching.pathway import VERDICT_OF, Pathway, Verdict, trace_pathway, worst
from matching.rulebook import load_rulebook
from matching.rules import Outcome

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT.parent / "shared" / "data" / "export-control" / "golden_cases_dev.jsonl"
RULEBOOK = load_rulebook(ROOT / "seeds" / "controls")
PATHWAY = TypeAdapter(Pathway)
TODAY = "2026-11-22"

PLAIN: dict[str, Any] = {
    "kind": "goods", "ecl": [], "usml": [], "eccn": [], "ear99": False, "scomet": [], "controlled_good": False,
    "arms": False, "prohibited_firearm": False, "itar_content": False, "us_content_pct": 0,
    "us_600_series_content": False, "us_direct_product": None, "reasons_for_control": [],
}  # fmt: skip
"""An item described in full that stands on no list."""


def facts(*route: str, on: str = TODAY, parties: Any = (), **told: Any) -> Facts:
    """A described item from Canada by India; keywords change what is told of the item or the deal."""
    deal = {k: told.pop(k) for k in ("consignee_in_india", "end_user", "service_in") if k in told}
    item = {**PLAIN, **told}
    return Facts.model_validate(
        {"on": on, "route": route, "item": item, "service_in": "CAN", "parties": parties, **deal}
    )


def on_file(market: str, **item: Any) -> Facts:
    """What is known of most firms: nearly nothing."""
    return Facts.model_validate({"on": TODAY, "route": ["CAN", "IND", market], "service_in": "CAN", "item": item})


def rules_of(pathway: Pathway, leg: int | None = None) -> set[str]:
    legs = pathway.legs if leg is None else (pathway.legs[leg],)
    return {requirement.rule for each in legs for requirement in each.requirements}


# --- Golden cases ----------------------------------------------------------------------------------


def golden() -> list[Any]:
    if not GOLDEN.exists():
        reason = f"the golden cases are not here: {GOLDEN}"
        return [pytest.param(None, marks=pytest.mark.skip(reason=reason))]
    cases = [json.loads(line) for line in GOLDEN.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [pytest.param(case, id=f"{case['id']}: {case['words']}") for case in cases]


@pytest.mark.shared
@pytest.mark.parametrize("case", golden())
def test_golden(case: dict[str, Any]) -> None:
    pathway = trace_pathway(Facts.model_validate(case["facts"]), RULEBOOK)
    expected, found = case["expected"], rules_of(pathway)
    assert pathway.verdict == expected["verdict"]
    assert set(expected["rules"]) <= found
    assert not found & set(expected.get("absent", ()))


# --- Worked by hand --------------------------------------------------------------------------------

MUNITIONS = {"ecl": ["2-10.c"], "scomet": ["6A010"], "arms": True, "controlled_good": True}
EL_OWNER = [{"name": "Consignee", "lists": [], "owners": [{"share_pct": 55, "lists": ["EL"]}]}]
RADIO = {"eccn": ["3A611.a"], "us_direct_product": ["600-series"], "reasons_for_control": ["NS1", "RS1"]}
CAMERA = {"ecl": ["1-6.A.3"], "eccn": ["6A003.b.4.b"], "scomet": ["8A6"], "us_content_pct": 100,
          "reasons_for_control": ["NS2", "RS1"]}  # fmt: skip
DRONE = {"scomet": ["5B"], "uav": True, "range_km": 20, "payload_kg": 5, "end_use": "civil"}

# (words, facts, verdict, rules that bite, rules that do not)
WORKED = [
    ("155 mm shells are munitions but no controlled good (DPA schedule s.3(1)(c))",
     facts("CAN", "IND", "PHL", ecl=["2-3"], scomet=["6A003"], arms=True, controlled_good=None),
     "permit", "CA-G2-EXPORT CA-BROKER IN-MUN", "CA-CGP"),
    ("US-origin shells under the ITAR stay controlled goods (schedule s.2)",
     facts("CAN", "IND", "PHL", ecl=["2-3"], scomet=["6A003"], arms=True, controlled_good=None, itar_content=True),
     "permit", "CA-CGP CA-US-AUTH US-ITAR-RETRANSFER US-ITAR-SEETHRU", "US-ITAR-TAA"),
    ("An RS1 thermal camera is marked for India, and for the Emirates STA is not taken for granted",
     facts("CAN", "IND", "ARE", **CAMERA),
     "permit", "CA-G1-EXPORT US-EAR-INDIA-LIC US-EAR-STA-3RD IN-DUAL", "US-EAR-CONSIGN-3RD"),
    ("A small civil drone goes on under India's general authorisation",
     facts("CAN", "IND", "KEN", **DRONE), "general", "IN-GAED", "IN-DUAL CA-UNCONTROLLED"),
    ("A drone of 60 km does not",
     facts("CAN", "IND", "KEN", **{**DRONE, "range_km": 60}), "permit", "IN-DUAL", "IN-GAED"),
    ("600-series technology follows the product to Saudi Arabia with no US part in it",
     facts("CAN", "IND", "SAU", **RADIO), "permit", "US-EAR-FDP-600 US-EAR-CONSIGN-3RD", ""),
    ("but not to the Emirates, which left D:3 and D:4 on 10 July 2026",
     facts("CAN", "IND", "ARE", **RADIO), "open", "CA-UNCONTROLLED", "US-EAR-FDP-600"),
    ("where it did follow the day before",
     facts("CAN", "IND", "ARE", on="2026-07-09", **RADIO), "permit", "US-EAR-FDP-600", ""),
    ("Anything to Iran is refused by policy", facts("CAN", "IND", "IRN"), "prohibited", "CA-SANC-IRAN CA-FACILITATE", ""),
    ("Germanium metal stands on no list held (no CCL entry either)",
     facts("CAN", "IND", "MYS", ear99=True), "open", "CA-UNCONTROLLED", ""),
    ("US-made pumps sold on go under GEP-12",
     facts("CAN", "IND", "MYS", us_content_pct=100, ear99=True), "general", "CA-5400", "CA-5400-EXPORT CA-UNCONTROLLED"),
    ("GEP-12 does not reach Syria",
     facts("CAN", "SYR", us_content_pct=100, ear99=True), "prohibited", "CA-5400-EXPORT US-E1E2", "CA-5400"),
    ("A 55 percent Entity List owner while the affiliates rule is suspended: a red flag, no block",
     facts("CAN", "IND", "IDN", on="2026-10-01", parties=EL_OWNER), "undetermined", "ALL-LIST-REVIEW", "US-EAR-AFFIL"),
    ("The same in its first weeks", facts("CAN", "IND", "IDN", on="2025-10-15", parties=EL_OWNER),
     "prohibited", "US-EAR-AFFIL", ""),
    ("Two owners of 30 percent each, both listed, add up",
     facts("CAN", "IND", "IDN", parties=[{"lists": [], "owners": [{"share_pct": 30, "lists": ["EL"]}] * 2}]),
     "prohibited", "US-EAR-AFFIL", ""),
    ("Arms for Iraq, buyer not told", facts("CAN", "IND", "IRQ", **MUNITIONS),
     "undetermined", "CA-G2-EXPORT", "CA-SANC-NONGOV UN-EMB"),
    ("Arms for a private buyer in Lebanon", facts("CAN", "IND", "LBN", **MUNITIONS, end_user={"government": False}),
     "prohibited", "CA-SANC-NONGOV UN-EMB CA-FACILITATE", ""),
    ("Arms for the Government of Lebanon, which must have said so beforehand",
     facts("CAN", "IND", "LBN", **MUNITIONS, end_user={"government": True}),
     "permit", "CA-SANC-NONGOV-PROOF IN-MUN", "CA-SANC-NONGOV UN-EMB"),
    ("Arms to South Sudan: both embargoes have exceptions", facts("CAN", "IND", "SSD", **MUNITIONS),
     "exceptional", "CA-SANC-EXCEPTIONS UN-EMB", "CA-FACILITATE"),
    ("Arms without US content to Eritrea: Canada repealed its measure in 2020, US group D:5 needs a US nexus",
     facts("CAN", "IND", "ERI", **MUNITIONS), "permit", "CA-G2-EXPORT", "US-EAR-DEMIN0-600 CA-SANC-EXCEPTIONS"),
    ("600-series parts to Eritrea meet D:5", facts("CAN", "IND", "ERI", **MUNITIONS, us_600_series_content=True),
     "exceptional", "US-EAR-DEMIN0-600", ""),
    ("Arms to Yemen: a person checks for designated persons", facts("CAN", "IND", "YEM", **MUNITIONS),
     "undetermined", "CA-SANC-SCREEN", ""),
    ("ITAR content to Cambodia before it left 126.1",
     facts("CAN", "IND", "KHM", on="2025-11-06", itar_content=True), "exceptional", "US-ITAR-1261D2", ""),
    ("and after", facts("CAN", "IND", "KHM", on="2025-11-07", itar_content=True), "permit", "US-ITAR-SEETHRU", "US-ITAR-1261D2"),
    ("A service in India may not broker arms from Canada to Kenya",
     facts("CAN", "KEN", **MUNITIONS, service_in="IND"), "prohibited", "IN-BROKER", ""),
    ("Fire-control parts back to Canada go under India's OGEL",
     facts("IND", "CAN", ecl=["2-5.a"], scomet=["6A005"], arms=True, parts_and_components=True),
     "general", "IN-OGEL-CA", "IN-MUN CA-BROKER"),
    ("GEP-41 is for the straight way to Türkiye, not by India",
     facts("CAN", "IND", "TUR", ecl=["1-1"], gep41_excluded=False), "permit", "CA-G1-EXPORT", "CA-GEP41-TUR"),
    ("Classified drawings have no agreement to travel under",
     facts("CAN", "IND", "PHL", **MUNITIONS, classified_information=True), "exceptional", "CA-SECINFO", ""),
    ("A Canadian service arranges rifles from India to Kenya, never touching Canada",
     facts("IND", "KEN", ecl=["2-1"], scomet=["6A001"], arms=True, prohibited_firearm=True),
     "prohibited", "CA-DIVERT-AF CA-AFCCL-3RD CA-BROKER IN-MUN", "CA-AFCCL-IN"),
    ("A debarred party matters where there is ITAR content",
     facts("CAN", "IND", "PHL", itar_content=True, parties=[{"lists": ["DTC"], "owners": []}]),
     "prohibited", "US-ITAR-DTC", ""),
    ("A list that this rulebook does not know counts as barring",
     facts("CAN", "IND", "PHL", parties=[{"lists": ["A-NEW-LIST"], "owners": []}]), "prohibited", "CA-SANC-LISTED", ""),
    ("Each leg is asked on its own: the last of three goes to Libya",
     facts("CAN", "IND", "ARE", "LBY", **MUNITIONS), "exceptional", "CA-SANC-EXCEPTIONS", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("told", "verdict", "bite", "absent"), [case[1:] for case in WORKED], ids=[case[0] for case in WORKED]
)
def test_worked_by_hand(told: Facts, verdict: str, bite: str, absent: str) -> None:
    pathway = trace_pathway(told, RULEBOOK)
    found = rules_of(pathway)
    assert pathway.verdict == verdict
    assert set(bite.split()) <= found
    assert not found & set(absent.split())


def test_requirements_stand_on_the_leg_they_bite() -> None:
    pathway = trace_pathway(facts("CAN", "IND", "VNM", **CAMERA, parties=EL_OWNER), RULEBOOK)
    assert [(leg.from_, leg.to) for leg in pathway.legs] == [("CAN", "IND"), ("IND", "VNM")]
    assert {"US-EAR-AFFIL", "CA-G1-EXPORT", "US-EAR-INDIA-LIC"} <= rules_of(pathway, 0)
    assert {"IN-DUAL", "US-EAR-D1-NS", "US-EAR-CONSIGN-3RD"} <= rules_of(pathway, 1)


def test_requirements_say_why_in_terms_of_the_facts() -> None:
    pathway = trace_pathway(facts("CAN", "IND", "VNM", **CAMERA), RULEBOOK)
    because = {r.rule: r.because for leg in pathway.legs for r in leg.requirements}
    assert because["IN-DUAL"] == "SCOMET entry 8A6"
    assert "the US chart marks Vietnam for NS2, RS1" in because["US-EAR-CONSIGN-3RD"]
    assert "US content by value (%): 100, above 25" in because["US-EAR-CONSIGN-3RD"]


def test_an_embargo_prints_its_instrument_and_exceptions() -> None:
    pathway = trace_pathway(facts("CAN", "IND", "SOM", **MUNITIONS), RULEBOOK)
    (why,) = [r.because for leg in pathway.legs for r in leg.requirements if r.rule == "CA-SANC-EXCEPTIONS"]
    assert why.startswith("UNA SOR/2009-92 s.3(1), 3(2) applies to Somalia; exceptions stated there: s.9(1)")


def test_a_concluded_fact_says_so() -> None:
    pathway = trace_pathway(facts("CAN", "IND", "PHL", ecl=["2-10.c"], controlled_good=None), RULEBOOK)
    (why,) = [r.because for r in pathway.legs[0].requirements if r.rule == "CA-CGP"]
    assert why == ("the item is a controlled good (concluded: the schedule to the Defence Production Act covers it)")


# --- Firms on file: nearly everything unknown ------------------------------------------------------


@pytest.mark.parametrize("market", ["PHL", "KEN", "SAU", "VNM", "TUR", "ARE"])
@pytest.mark.parametrize("arms", [None, True])
def test_little_known_is_undetermined_with_a_handful_of_questions(market: str, arms: bool | None) -> None:
    pathway = trace_pathway(on_file(market, arms=arms), RULEBOOK)
    assert pathway.verdict == "undetermined"
    assert 3 <= len(pathway.questions) <= 8
    asked = " ".join(pathway.questions)
    assert "Does the item contain any ITAR-controlled component or use ITAR technical data? (item.itar_content)" in (
        pathway.questions
    )
    assert all(path in asked for path in ("(item.ecl)", "(item.scomet)", "(item.us_content_pct)", "(parties)"))


def test_arms_to_myanmar_and_zimbabwe_and_anything_to_iran() -> None:
    for market in ("MMR", "ZWE"):
        assert trace_pathway(on_file(market, arms=True), RULEBOOK).verdict == "prohibited"
        asked = trace_pathway(on_file(market), RULEBOOK)
        assert asked.verdict == "undetermined"
        assert any("(item.arms)" in question for question in asked.questions)
    assert trace_pathway(on_file("IRN"), RULEBOOK).verdict == "prohibited"


def test_a_prohibited_pathway_asks_nothing_more() -> None:
    assert trace_pathway(on_file("MMR", arms=True), RULEBOOK).questions == ()


def test_an_unknown_rule_matters_only_where_it_would_be_worse() -> None:
    """A permit is needed anyway, so it does not matter whether US technology asks for another."""
    settled = trace_pathway(facts("CAN", "IND", "SAU", **MUNITIONS, eccn=["3A611.a"], reasons_for_control=[]), RULEBOOK)
    assert (settled.verdict, settled.questions) == ("permit", ())


def test_unknown_owners_are_asked_for() -> None:
    pathway = trace_pathway(facts("CAN", "IND", "PHL", parties=[{"name": "Yard", "lists": []}]), RULEBOOK)
    assert pathway.verdict == "undetermined"
    assert [q[-len("(parties.owners)") :] for q in pathway.questions] == ["(parties.owners)"]


@pytest.mark.parametrize("market", ["RUS", "CUB", "FRA"])
def test_a_country_without_a_row_is_never_taken_for_harmless(market: str) -> None:
    for item in ({}, {"ecl": ["1-6.A.3"], "scomet": ["8A6"]}):
        pathway = trace_pathway(facts("CAN", "IND", market, **item), RULEBOOK)
        assert pathway.verdict == "undetermined"
        assert f"The country table has no row for it. (countries.{market})" in pathway.questions[-1]


def test_palestine_without_us_groups_is_indeterminate_where_they_matter() -> None:
    pathway = trace_pathway(facts("CAN", "IND", "PSE", us_content_pct=15), RULEBOOK)
    assert pathway.verdict == "undetermined"
    assert any("(countries.PSE.us_groups)" in question for question in pathway.questions)


def test_days_before_the_rulebook_are_not_answered() -> None:
    pathway = trace_pathway(facts("CAN", "IND", "MYS", on="2019-01-01"), RULEBOOK)
    assert pathway.verdict == "undetermined"
    assert pathway.questions[-1].endswith("(on)")


# --- Verdicts --------------------------------------------------------------------------------------


def test_verdicts_are_ordered() -> None:
    order = ["open", "general", "permit", "undetermined", "exceptional", "prohibited"]
    assert [verdict.value for verdict in sorted(Verdict, reverse=True)][::-1] == order
    assert Verdict.UNDETERMINED > Verdict.PERMIT >= Verdict.PERMIT
    assert Verdict.OPEN < Verdict.GENERAL <= Verdict.GENERAL
    assert worst([]) is Verdict.OPEN
    assert worst([Verdict.GENERAL, Verdict.PROHIBITED, Verdict.PERMIT]) is Verdict.PROHIBITED


def test_every_outcome_has_a_verdict() -> None:
    assert set(VERDICT_OF) == set(Outcome)


# --- JSON ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("told", [case[1] for case in WORKED[:8]] + [on_file("PHL")])
def test_a_pathway_round_trips_through_json(told: Facts) -> None:
    pathway = trace_pathway(told, RULEBOOK)
    plain = PATHWAY.dump_python(pathway, mode="json", by_alias=True)
    assert list(plain) == ["verdict", "legs", "questions", "stale"]
    for leg in plain["legs"]:
        assert list(leg) == ["from", "to", "requirements"]
        for requirement in leg["requirements"]:
            assert list(requirement) == "rule outcome authority permit citation url as_of because stale".split()
    assert PATHWAY.validate_python(plain) == pathway
    assert PATHWAY.validate_json(json.dumps(plain)) == pathway


# --- Properties ------------------------------------------------------------------------------------

MARKETS = sorted(set(RULEBOOK.countries(date.fromisoformat(TODAY))) - {"CAN", "IND", "USA"})
DAYS = st.dates(date(2025, 1, 1), date(2027, 12, 31))
ECL = ["1-1", "1-5.D.2", "1-6.A.3", "2-1", "2-3", "2-10.c", "3-1", "5400", "5504", "5506", "6-1", "7-2", "9-6"]
SCOMET = ["0A1", "3A1", "5B", "6A001", "6A010", "7", "8A5", "8A6"]
ECCN = ["3A001", "3A090", "3A611.a", "6A003.b.4.b", "8A609.x", "9A515.x"]
LISTS = ["SDN", "EL", "MEU", "UVL", "DPL", "DTC", "SSI", "SEMA"]


def some_of(entries: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(entries), max_size=2, unique=True)


ITEMS = st.fixed_dictionaries(
    {
        "ecl": some_of(ECL),
        "scomet": some_of(SCOMET),
        "eccn": some_of(ECCN),
        "reasons_for_control": some_of(["NS1", "NS2", "RS1", "MT1", "CB1"]),
        "arms": st.booleans(),
        "prohibited_firearm": st.booleans(),
        "controlled_good": st.booleans(),
        "itar_content": st.booleans(),
        "us_600_series_content": st.booleans(),
        "us_content_pct": st.sampled_from([0, 10, 20, 30, 100]),
        "us_direct_product": st.sampled_from([False, True, ["600-series"], ["9E515"]]),
        "gep41_excluded": st.booleans(),
        "uav": st.booleans(),
        "range_km": st.sampled_from([10, 300]),
        "payload_kg": st.sampled_from([5, 50]),
        "parts_and_components": st.booleans(),
    }
)
ROUTES = st.one_of(
    st.tuples(st.just("CAN"), st.just("IND"), st.sampled_from(MARKETS)),
    st.tuples(st.just("CAN"), st.sampled_from(MARKETS)),
    st.tuples(st.just("IND"), st.sampled_from([*MARKETS, "CAN"])),
)
DEALS = st.fixed_dictionaries(
    {
        "service_in": st.sampled_from(["CAN", "IND", "USA"]),
        "end_user": st.fixed_dictionaries({"government": st.booleans()}),
        "consignee_in_india": st.fixed_dictionaries(
            {"government": st.booleans(), "controlled_by": st.sampled_from(["CAN", "IND"])}
        ),
        "parties": st.lists(
            st.fixed_dictionaries(
                {
                    "lists": some_of(LISTS),
                    "owners": st.lists(
                        st.fixed_dictionaries({"share_pct": st.sampled_from([10, 55]), "lists": some_of(LISTS)}),
                        max_size=2,
                    ),
                }
            ),
            max_size=1,
        ),
    }
)


def added_to(told: dict[str, Any], entries: dict[str, list[str]], flag: str) -> dict[str, Any]:
    """The same item with one exposure more."""
    more = dict(told)
    if flag in entries:
        more[flag] = [*told[flag], *(entry for entry in entries[flag] if entry not in told[flag])]
    elif flag == "us_content_pct":
        more[flag] = 100
    else:
        more[flag] = True
    return more


ADDABLE = ["ecl", "scomet", "reasons_for_control", "arms", "prohibited_firearm", "controlled_good", "itar_content",
           "us_600_series_content", "us_content_pct", "gep41_excluded", "us_parent_or_us_vc"]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(ROUTES, DAYS, ITEMS, DEALS, st.sampled_from(ADDABLE), st.sampled_from(ECL), st.sampled_from(SCOMET))
def test_an_added_exposure_never_improves_a_verdict(
    route: tuple[str, ...], on: date, item: Any, deal: Any, flag: str, ecl: str, scomet: str
) -> None:
    entries = {"ecl": [ecl], "scomet": [scomet], "reasons_for_control": ["NS2"]}
    before = trace_pathway(facts(*route, on=on.isoformat(), **item, **deal), RULEBOOK)
    more = added_to(item, entries, flag)
    after = trace_pathway(facts(*route, on=on.isoformat(), **more, **deal), RULEBOOK)
    assert after.verdict >= before.verdict


@settings(max_examples=100, deadline=None)
@given(ROUTES, DAYS, ITEMS, DEALS, st.sampled_from(LISTS))
def test_an_added_listing_never_improves_a_verdict(
    route: tuple[str, ...], on: date, item: Any, deal: Any, listed: str
) -> None:
    before = trace_pathway(facts(*route, on=on.isoformat(), **item, **deal), RULEBOOK)
    parties = [*deal["parties"], {"lists": [listed], "owners": []}]
    after = trace_pathway(facts(*route, on=on.isoformat(), **item, **{**deal, "parties": parties}), RULEBOOK)
    assert after.verdict >= max(before.verdict, Verdict.UNDETERMINED)


@settings(max_examples=200, deadline=None)
@given(ROUTES, DAYS, ITEMS, DEALS)
def test_a_rule_out_of_force_never_bites(route: tuple[str, ...], on: date, item: Any, deal: Any) -> None:
    found = rules_of(trace_pathway(facts(*route, on=on.isoformat(), **item, **deal), RULEBOOK))
    in_force = {rule.id for rule in RULEBOOK.rules if rule.holds(on)}
    assert found <= in_force


DECISIVE = ["ecl", "usml", "eccn", "scomet", "arms", "itar_content", "us_content_pct"]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(MARKETS), ITEMS, st.lists(st.sampled_from(DECISIVE), min_size=1, unique=True))
def test_unknown_never_yields_open(market: str, item: Any, blank: list[str]) -> None:
    plain = {**PLAIN, "us_direct_product": None}
    for base in (plain, {**plain, **item, "usml": []}):
        told = {**base, **dict.fromkeys(blank)}
        if "usml" in blank:  # no ITAR content would tell that there is no USML category
            told["itar_content"] = None
        pathway = trace_pathway(facts("CAN", "IND", market, **told), RULEBOOK)
        assert pathway.verdict != "open"


@pytest.mark.parametrize("blank", DECISIVE)
def test_each_decisive_fact_closes_an_open_pathway(blank: str) -> None:
    told = facts("CAN", "IND", "MYS", **{blank: None, **({"itar_content": None} if blank == "usml" else {})})
    pathway = trace_pathway(told, RULEBOOK)
    assert pathway.verdict == "undetermined"
    assert pathway.questions


def test_unknown_parties_close_an_open_pathway() -> None:
    assert trace_pathway(facts("CAN", "IND", "MYS", parties=None), RULEBOOK).verdict == "undetermined"


EMBARGOED = ["MMR", "ZWE", "CAF", "COD", "LBY", "SOM", "SSD", "SDN", "IRN", "IRQ", "LBN", "YEM", "SYR"]
"""The countries of embargoes.csv."""


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(EMBARGOED), DAYS, ITEMS, DEALS, st.booleans())
def test_arms_to_an_embargoed_market_never_go_under_a_permit(
    market: str, on: date, item: Any, deal: Any, by_india: bool
) -> None:
    route = ("CAN", "IND", market) if by_india else ("CAN", market)
    if market in ("IRQ", "LBN"):  # the regulation does not cover the government (SOR/2004-221 s.4, 2007-204 s.6)
        deal = {**deal, "end_user": {"government": None}}
    pathway = trace_pathway(facts(*route, on=on.isoformat(), **{**item, "arms": True}, **deal), RULEBOOK)
    assert pathway.verdict >= Verdict.UNDETERMINED


@settings(max_examples=100, deadline=None)
@given(ROUTES, DAYS, ITEMS, DEALS)
def test_the_same_facts_give_the_same_pathway(route: tuple[str, ...], on: date, item: Any, deal: Any) -> None:
    told = facts(*route, on=on.isoformat(), **item, **deal)
    again = facts(*route, on=on.isoformat(), **item, **deal)
    assert hash(told) == hash(again)
    assert trace_pathway(told, RULEBOOK) == trace_pathway(again, RULEBOOK)


@settings(max_examples=200, deadline=None)
@given(ROUTES, ITEMS, DEALS, st.lists(st.sampled_from(DECISIVE), unique=True))
def test_nothing_printed_gives_leave(route: tuple[str, ...], item: Any, deal: Any, blank: list[str]) -> None:
    told = {**item, **dict.fromkeys(blank)}
    pathway = trace_pathway(facts(*route, **told, **deal), RULEBOOK)
    printed = json.dumps(PATHWAY.dump_python(pathway, mode="json", by_alias=True))
    printed = re.sub(r"https?://\S+", "", printed)
    forbidden = r"\b(il)?legal(ly)?\b|\bcleared\b|\bapproved\b|\bpermitted\b|no licen[cs]e required"
    assert not re.search(forbidden, printed, re.IGNORECASE)


def test_the_law_of_another_day_is_replayed() -> None:
    """The affiliates rule returns on 10 November 2026: the day decides, not the clock."""
    days = [date(2026, 11, 9) + timedelta(days=n) for n in range(3)]
    verdicts = [
        trace_pathway(facts("CAN", "IND", "IDN", on=day.isoformat(), parties=EL_OWNER), RULEBOOK).verdict
        for day in days
    ]
    assert verdicts == ["undetermined", "prohibited", "prohibited"]
