"""The rulebook proves itself: every rule's own examples, the language's three values, facts and hash."""

from __future__ import annotations

import csv
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from matching.facts import Facts
from matching.pathway import ask_rules
from matching.predicates import Finding, Scene, every, negated, pattern_of, some, stated
from matching.rulebook import Rulebook, load_rulebook, stale
from matching.rules import Example, Language, Misread, Rule

ROOT = Path(__file__).resolve().parents[2]
CONTROLS = ROOT / "seeds" / "controls"
TABLES = ROOT.parent / "shared" / "data" / "export-control"
RULEBOOK = load_rulebook(CONTROLS)
EXAMPLES = [(rule, example) for rule in RULEBOOK.rules for example in rule.examples]


def answer(rule: Rule, facts: Facts, rulebook: Rulebook = RULEBOOK) -> str:
    _, bites, unknown = ask_rules(facts, rulebook)
    if any(met.rule.id == rule.id for met in bites):
        return "bites"
    return "unknown" if any(met.rule.id == rule.id for met in unknown) else "not"


# --- Rules test themselves -------------------------------------------------------------------------


@pytest.mark.parametrize(("rule", "example"), EXAMPLES, ids=[f"{r.id}: {e.words}" for r, e in EXAMPLES])
def test_example(rule: Rule, example: Example) -> None:
    assert answer(rule, example.given) == example.expect


@pytest.mark.shared
def test_every_rule_of_the_research_table_is_held() -> None:
    table = TABLES / "pathway_rules.csv"
    if not table.exists():
        pytest.skip(f"the research tables are not here: {table}")
    with table.open(encoding="utf-8") as file:
        wanted = {row["rule_id"] for row in csv.DictReader(file)}
    assert wanted <= {rule.id for rule in RULEBOOK.rules}


@pytest.mark.shared
def test_the_country_table_agrees_with_the_research_tables() -> None:
    if not TABLES.exists():
        pytest.skip(f"the research tables are not here: {TABLES}")
    today = RULEBOOK.countries(date(2026, 11, 22))
    with (TABLES / "countries_extended.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(today) == 83
    for row in rows:
        held = today[row["iso3"]]
        for column in ("us_fdp_600series", "us_fdp_ns", "ca_afccl_listed", "ca_gep41_eligible", "us_terror_e1"):
            assert held[column] == {"yes": True, "no": False, "": None}[row[column]], (row["iso3"], column)
        for column in ("ca_embargo_scope", "un_scope"):
            assert held[column] == row[column], (row["iso3"], column)
    with (TABLES / "countries.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            assert today[row["iso3"]]["us_groups"] == (frozenset(row["us_groups"].split(";")) - {""} or None)
            assert today[row["iso3"]]["itar_1261"] == row["itar_1261"]


def test_the_tables_agree_with_themselves() -> None:
    for table in RULEBOOK.tables:
        for iso3, row in table.items():
            groups = row["us_groups"] or frozenset()
            assert row["us_arms_embargoed_d5"] == ("D:5" in groups), iso3
            assert row["us_terror_e1"] == ("E:1" in groups), iso3
            if groups:
                reached = bool(groups & {"D:1", "D:3", "D:4", "D:5", "E:1"})
                assert row["us_fdp_600series"] == reached, iso3
                assert row["us_fdp_ns"] == bool(groups & {"D:1", "E:1"}), iso3


@pytest.mark.parametrize("rule", RULEBOOK.rules, ids=lambda rule: rule.id)
def test_rules_are_worded_as_findings_and_never_as_leave(rule: Rule) -> None:
    printed = " ".join(filter(None, (rule.title, rule.permit, rule.notes, rule.citation)))
    forbidden = r"\b(il)?legal(ly)?\b|\bcleared\b|\bapproved\b|\bpermitted\b|no licen[cs]e required"
    assert not re.search(forbidden, printed, re.IGNORECASE)


def test_unverified_marks_stay_visible() -> None:
    marked = {r.id for r in RULEBOOK.rules if "UNVERIFIED" in f"{r.citation} {r.notes}"}
    assert {"US-ITAR-SEETHRU", "US-ITAR-SME", "US-EAR-AFFIL", "CA-SANC-LISTED", "US-ITAR-1261"} <= marked


def test_orders_follow_the_research() -> None:
    """Parties, country blocks, item blocks, permits leaving Canada, brokering, United States, India (§9)."""
    order = [rule.id for rule in RULEBOOK.rules]
    expected = [
        "CA-SANC-LISTED", "CA-SANC-COUNTRY", "UN-EMB", "US-E1E2", "CA-AFCCL-IN", "CA-G2-EXPORT", "CA-BROKER",
        "US-ITAR-RETRANSFER", "US-EAR-INDIA-LIC", "IN-MUN", "CA-UNCONTROLLED",
    ]  # fmt: skip
    assert [rule for rule in order if rule in expected] == expected


def test_stale_rules_are_those_read_too_long_ago() -> None:
    on = date(2026, 11, 22)
    old = {rule.id for rule in stale(RULEBOOK, on)}
    assert "IN-GAED" in old
    assert "CA-G2-EXPORT" not in old
    stricter = load_rulebook(CONTROLS, max_age_days=10)
    assert {rule.id for rule in stale(stricter, on)} > old
    assert stricter.version != RULEBOOK.version  # its answers carry other marks
    assert all((on - rule.as_of).days > 180 for rule in stale(RULEBOOK, on))


def test_a_rule_may_have_several_periods() -> None:
    affiliates = next(rule for rule in RULEBOOK.rules if rule.id == "US-EAR-AFFIL")
    days = ["2025-09-28", "2025-09-29", "2025-11-09", "2025-11-10", "2026-11-09", "2026-11-10"]
    assert [affiliates.holds(date.fromisoformat(d)) for d in days] == [False, True, True, False, False, True]


# --- The language ----------------------------------------------------------------------------------

SCENE = Scene(Facts(on=date(2026, 1, 1), route=("CAN", "IND")), "CAN", "IND", {}, {}, {})
VALUES = st.sampled_from([True, False, None])


def told(value: bool | None) -> Finding:
    return Finding(value, ("a fact",) if value is not None else (), ("a.path",) if value is None else ())


@given(st.lists(VALUES, min_size=1, max_size=5))
def test_all_and_any_are_kleenes(values: list[bool | None]) -> None:
    tests = tuple((lambda _, v=v: told(v)) for v in values)
    assert every(tests)(SCENE).value is (False if False in values else None if None in values else True)
    assert some(tests)(SCENE).value is (True if True in values else None if None in values else False)


@given(VALUES)
def test_not_keeps_unknown_and_stated_makes_it_false(value: bool | None) -> None:
    inner = lambda _: told(value)  # noqa: E731
    assert negated(inner)(SCENE).value is (None if value is None else not value)
    assert stated(inner)(SCENE).value is (value or False)


def test_unknown_says_what_is_missing() -> None:
    asks = lambda path: lambda _: Finding(None, asks=(path,))  # noqa: E731
    assert every((asks("one"), asks("two")))(SCENE).asks == ("one",)
    assert some((asks("one"), asks("two")))(SCENE).asks == ("one", "two")


@pytest.mark.parametrize(
    ("pattern", "entry", "expected"),
    [
        ("2-1", "2-1", True),
        ("2-1", "2-1.A", True),
        ("2-1", "2-10.C", False),
        ("2-*", "2-10.C", True),
        ("2-*", "22-1", False),
        ("??6??*", "8A609.X", True),
        ("??6??*", "6A003.A", False),
        ("9?515*", "9E515", True),
        ("5504", "5504(2)(I)", True),
        ("8A5*", "8A5 PART 2", True),
    ],
)
def test_patterns_match_whole_entries(pattern: str, entry: str, expected: bool) -> None:
    assert bool(pattern_of(pattern).match(entry)) is expected


LANGUAGE = Language({}, {"us_groups": frozenset({"A:5", "D:1"}), "canadian_embargo": frozenset({"block", "none"})})
OWNERS = [{"share_pct": 30, "lists": ["EL"]}, {"share_pct": None, "lists": ["EL"]}]
CONDITIONS = [
    ({"item.ecl": []}, {"item": {"ecl": []}}, True, ()),
    ({"item.ecl": []}, {"item": {"ecl": ["2-1"]}}, False, ()),
    ({"item.ecl": []}, {}, None, ("item.ecl",)),
    ({"item.ecl": ["2-*"]}, {"item": {"ecl": ["Group-2"]}}, True, ()),
    ({"item.ecl": {"only": ["1-*"]}}, {"item": {"ecl": ["1-1", "2-1"]}}, False, ()),
    ({"item.ecl": {"only": ["1-*"]}}, {"item": {"ecl": []}}, False, ()),
    ({"item.scomet": ["6*"]}, {"item": {"scomet": ["Category 6"]}}, True, ()),
    ({"item.us_direct_product": ["*600*"]}, {"item": {"us_direct_product": "US 600-series technology"}}, True, ()),
    ({"item.us_direct_product": ["*600*"]}, {"item": {"us_direct_product": ["9E515"]}}, False, ()),
    ({"item.us_direct_product": ["*600*"]}, {"item": {"us_direct_product": False}}, False, ()),
    ({"item.arms": False}, {"item": {"arms": False}}, True, ()),
    ({"item.kind": ["technology"]}, {"item": {"kind": "goods"}}, False, ()),
    ({"item.kind": ["technology"]}, {}, None, ("item.kind",)),
    ({"item.us_content_pct": {"at_least": 25}}, {"item": {"us_content_pct": 25}}, True, ()),
    ({"item.us_content_pct": {"above": 25}}, {"item": {"us_content_pct": 25}}, False, ()),
    ({"item.range_km": {"at_most": 25}}, {"item": {"uav": {"range_km": 30, "civil": False}}}, False, ()),
    ({"item.end_use": ["military"]}, {"item": {"uav": {"civil": False}}}, True, ()),
    ({"item.end_use": ["civil"]}, {"item": {"uav": {"range_km": 3}}}, None, ("item.end_use",)),
    ({"to": ["VNM"]}, {}, True, ()),
    ({"from": ["IND"]}, {}, False, ()),
    ({"route.starts": ["CAN"]}, {}, True, ()),
    ({"route.ends": ["CAN"]}, {}, False, ()),
    ({"to.us_groups": ["D:1"]}, {}, True, ()),
    ({"to.us_groups": ["A:5"]}, {"route": ["CAN", "PSE"]}, None, ("countries.PSE.us_groups",)),
    ({"market.us_groups": ["A:5"]}, {"route": ["CAN", "RUS"]}, None, ("countries.RUS",)),
    ({"to.canadian_embargo": ["block"]}, {"route": ["CAN", "ZWE"]}, True, ()),
    ({"to.us_chart": "item.reasons_for_control"}, {}, None, ("item.reasons_for_control",)),
    ({"to.us_chart": "item.reasons_for_control"}, {"item": {"reasons_for_control": ["NS 2"]}}, True, ()),
    ({"to.us_chart": "item.reasons_for_control"}, {"item": {"reasons_for_control": ["NS"]}}, True, ()),
    ({"to.us_chart": "item.reasons_for_control"}, {"item": {"reasons_for_control": ["AT1"]}}, False, ()),
    (
        {"to.us_chart": "item.reasons_for_control"},
        {"route": ["CAN", "SYR"], "item": {"reasons_for_control": ["NS1"]}},
        None,
        ("countries.SYR.us_chart_marks",),
    ),
    ({"parties.lists": ["EL"]}, {}, None, ("parties",)),
    ({"parties.lists": ["EL"]}, {"parties": [{}]}, None, ("parties.lists",)),
    ({"parties.lists": ["EL"]}, {"parties": [{}, {"lists": ["el"]}]}, True, ()),
    ({"parties.lists": {"besides": ["EL"]}}, {"parties": [{"lists": ["EL"]}]}, False, ()),
    ({"parties.lists": {"besides": ["EL"]}}, {"parties": [{"lists": ["EL", "NEW"]}]}, True, ()),
    ({"parties.owned": {"lists": ["EL"], "at_least": 50}}, {}, None, ("parties",)),
    (
        {"parties.owned": {"lists": ["EL"], "at_least": 50}},
        {"parties": [{"owners": OWNERS}]},
        None,
        ("parties.owners",),
    ),
    ({"parties.owned": {"lists": ["EL"], "at_least": 30}}, {"parties": [{"owners": OWNERS}]}, True, ()),
    (
        {"parties.owned": {"lists": ["EL"], "at_least": 50}},
        {"parties": [{"owners": [{"share_pct": 60}]}]},
        None,
        ("parties.owners",),
    ),
    (
        {"parties.owned": {"lists": ["EL"], "at_least": 50}},
        {"parties": [{"owners": [{"share_pct": 60, "lists": []}]}]},
        False,
        (),
    ),
    ({"parties.owned": {"lists": ["EL"], "at_least": 50}}, {"parties": []}, False, ()),
    ({"on": {"from": date(2026, 11, 22)}}, {}, True, ()),
    ({"on": {"until": date(2026, 11, 21)}}, {}, False, ()),
    ({"on": {"from": date(2026, 1, 1), "until": date(2026, 12, 31)}}, {}, True, ()),
    ({"nothing_else": True}, {}, None, ()),
]


@pytest.mark.parametrize(("when", "told", "value", "asks"), CONDITIONS, ids=[str(c[:2]) for c in CONDITIONS])
def test_conditions(when: object, told: dict[str, object], value: bool | None, asks: tuple[str, ...]) -> None:
    facts = Facts.model_validate({"on": "2026-11-22", "route": ["CAN", "VNM"], **told})
    countries = RULEBOOK.countries(facts.on)
    scene = Scene(facts, facts.route[0], facts.route[-1], facts.known(), RULEBOOK.wording, countries)
    found = LANGUAGE.read(when, ())(scene)
    assert (found.value, found.asks) == (value, asks)
    assert found.words or value is None or when == {"nothing_else": True}


@pytest.mark.parametrize(
    ("when", "path", "expected"),
    [
        ("item.arms", (), "a mapping with one key"),
        ({"all": []}, ("all",), "a list of conditions"),
        ({"not": {"item.arms": 1}}, ("not", "item.arms"), "true or false"),
        ({"item.us_content_pct": {"above": "25"}}, ("item.us_content_pct", "above"), "a number"),
        ({"item.us_content_pct": {"above": True}}, ("item.us_content_pct", "above"), "a number"),
        ({"item.ecl": {"all": ["1-*"]}}, ("item.ecl",), "one of only"),
        ({"to.us_chart": "item.ecl"}, ("to.us_chart",), "one of item.reasons_for_control"),
        ({"market.us_chart": "item.reasons_for_control"}, ("market.us_chart",), "'us_chart_marks'?"),
        ({"parties.lists": {"but": ["EL"]}}, ("parties.lists",), "one of besides"),
        ({"on": {}}, ("on",), "from, until or both"),
        ({"on": {"from": "2026-01-01"}}, ("on", "from"), "a date like 2026-11-22"),
        ({"nothing_else": False}, ("nothing_else",), "true"),
    ],
)
def test_conditions_that_the_language_does_not_know(when: object, path: tuple[str, ...], expected: str) -> None:
    with pytest.raises(Misread) as caught:
        LANGUAGE.read(when, ())
    assert caught.value.path == path
    assert expected in caught.value.expected


# --- The facts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "told"),
    [
        ({"ecl": ["6A010"]}, "'6A010' is not an entry of the Export Control List"),
        ({"ecl": ["8-1"]}, "Group 8 is repealed"),
        ({"ecl": ["banana"]}, "2-10.c, 1-6.A.3 or 5504(2)(i)"),
        ({"ecl": ["5999"]}, "'5999' is not an entry"),
        ({"eccn": ["2-10.c"]}, "is not an entry of the Commerce Control List"),
        ({"scomet": ["2-10.c"]}, "is not an entry of SCOMET"),
        ({"usml": ["6A010"]}, "is not an entry of the USML"),
        ({"us_content_pct": 130}, "less than or equal to 100"),
        ({"us_direct_product": "perhaps"}, "'perhaps' names no US technology"),
        ({"colour": "green"}, "Extra inputs"),
    ],
)
def test_facts_that_no_rule_could_read_are_refused(item: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(told)):
        Facts.model_validate({"on": "2026-11-22", "route": ["CAN", "IND"], "item": item})


@pytest.mark.parametrize("route", [[], ["CAN"], ["CAN", "CAN"], ["CAN", "India"]])
def test_a_route_crosses_a_border(route: list[str]) -> None:
    with pytest.raises(ValidationError):
        Facts.model_validate({"on": "2026-11-22", "route": route})


def test_facts_are_hashable_and_null_is_absent() -> None:
    short = Facts.model_validate({"on": "2026-11-22", "route": ["CAN", "IND"]})
    nulls = {"item": None, "end_user": None, "consignee_in_india": None, "service_in": None, "parties": None}
    assert short == Facts.model_validate({"on": "2026-11-22", "route": ["CAN", "IND"], **nulls})
    assert len({short, short.model_copy()}) == 1


def test_an_unmanned_aircraft_may_be_told_at_length() -> None:
    uav = {"range_km": 20, "payload_kg": 5, "civil": True}
    facts = Facts.model_validate({"on": "2026-11-22", "route": ["IND", "KEN"], "item": {"uav": uav}})
    known = facts.known()
    assert (known["item.uav"], known["item.range_km"], known["item.end_use"]) == (True, 20, "civil")


# --- The hash --------------------------------------------------------------------------------------


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_version_is_the_contents(folder: Path) -> None:
    assert load_rulebook(folder).version == RULEBOOK.version
    assert re.fullmatch("[0-9a-f]{64}", RULEBOOK.version)


def test_comments_and_layout_do_not_change_the_version(folder: Path) -> None:
    file = folder / "india.yaml"
    file.write_text("# one more remark\n\n" + file.read_text(encoding="utf-8"), encoding="utf-8")
    assert load_rulebook(folder).version == RULEBOOK.version


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("india.yaml", "outcome: BLOCK", "outcome: REVIEW"),
        ("india.yaml", "as_of: 2026-01-20", "as_of: 2026-01-21"),
        ("countries.csv", "KEN,Kenya", "KEN,Kenya (Republic)"),
        ("embargoes.csv", "Canadian Forces", "Canadian forces"),
        ("wording.yaml", "label: ECL entry", "label: entry of the ECL"),
    ],
)
def test_any_other_change_changes_the_version(folder: Path, name: str, old: str, new: str) -> None:
    change(folder / name, old, new)
    assert load_rulebook(folder).version != RULEBOOK.version
