"""A profile for the Enterprise Europe Network: what it becomes, and each reason why it would not be taken."""

from __future__ import annotations

import pytest

from app.pod import KEYWORDS, Wanted, pod_export
from tests.factories import profile, readiness, statement, taxonomy

COMMERCIAL = ("Commercial agreement with technical assistance",)


def civil(**over):
    given = {
        "employees_band": "11-50",
        "sectors": ("subsea",),
        "statements": (statement("Surveys the sea bed by sonar", arms=False, readiness=readiness(7)),),
    }
    return profile("Northern Sensors Inc.", **given | over)


def wanted(**over) -> Wanted:
    given = {"type": "TO", "partnerships": COMMERCIAL, "targets": ("DEU", "IND"), "rights": "Secret know-how"}
    return Wanted.model_validate(given | over)


def against(firm=None, **over) -> list[str]:
    export = pod_export(firm or civil(), wanted(**over), taxonomy())
    assert export.eligible is (export.obstacles == ())
    return [obstacle.rule for obstacle in export.obstacles]


def test_a_civil_offer_of_a_small_firm_meets_nothing_and_says_what_a_person_must_confirm() -> None:
    export = pod_export(civil(), wanted(), taxonomy())
    assert (export.eligible, export.obstacles) == (True, ())
    assert any("export consultant" in line for line in export.to_confirm)
    assert export.profile["profileType"] == {"code": "TO"}
    assert export.profile["partnerOrganisationCountry"] == "CA"
    assert export.profile["stageOfDevelopment"] == "Available for demonstration"
    assert export.profile["stageDerivedFromTrl"] is True
    assert all(keyword.isdecimal() for keyword in export.profile["technologyKeywords"])
    assert len(export.profile["technologyKeywords"]) <= KEYWORDS


@pytest.mark.parametrize(
    ("statement_over", "sectors", "certain"),
    [
        ({"arms": True}, ("subsea",), True),
        ({"arms": False, "classifications": ({"regime": "ECL", "entry": "2-1.a"},)}, ("subsea",), True),
        ({"arms": False, "classifications": ({"regime": "SCOMET", "entry": "6A001"},)}, ("subsea",), True),
        ({"arms": False, "classifications": ({"regime": "USML", "entry": "XI(a)"},)}, ("subsea",), True),
        ({"arms": False}, ("munitions",), True),
        ({"arms": None}, ("subsea",), False),
    ],
)
def test_weapons_are_not_taken_and_not_knowing_is_no_pass(statement_over, sectors, certain) -> None:
    firm = civil(sectors=sectors, statements=(statement("A thing", readiness=readiness(7), **statement_over),))
    first = next(o for o in pod_export(firm, wanted(), taxonomy()).obstacles if o.rule == "weapons")
    assert first.certain is certain


def test_dual_use_entries_are_no_weapons() -> None:
    entry = {"regime": "ECL", "entry": "1-6.A.1"}
    assert (
        against(civil(statements=(statement("Sonar", arms=False, readiness=readiness(7), classifications=(entry,)),)))
        == []
    )


@pytest.mark.parametrize(
    ("band", "parent", "rules"),
    [("51-200", None, []), ("501-1000", None, ["size"]), ("201-500", None, ["size"]), (None, None, ["size"]),
     ("11-50", "A Group plc", ["size"])],
)  # fmt: skip
def test_only_small_firms_offer(band, parent, rules) -> None:
    assert against(civil(employees_band=band, parent=parent)) == rules


def test_a_large_firm_may_publish_a_request() -> None:
    firm = civil(employees_band="5000+", statements=(statement("Seeks sonar housings", "seeks", arms=False),))
    assert against(firm, type="TR") == []
    assert against(firm, type="TO") == ["size", "content", "stage"]


@pytest.mark.parametrize(
    ("over", "rules"),
    [
        ({"targets": ("CAN",)}, ["own country"]),
        ({"targets": ()}, []),
        ({"rights": None}, ["rights"]),
        ({"partnerships": ()}, ["partnership"]),
        ({"partnerships": ("Joint venture",)}, ["partnership"]),
        ({"type": "BO", "partnerships": ("Supplier agreement",), "rights": None}, []),
        (
            {"technology_keywords": ("02009005", "02008008", "02009006", "02007011", "02007010", "09001007")},
            ["keywords"],
        ),
        ({"market_keywords": ("sonar",)}, ["keywords"]),
    ],
)
def test_each_choice_is_held_against_the_closed_lists(over, rules) -> None:
    assert against(**over) == rules


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("x" * 501, ["summary", "title"]),
        ("x" * 300, ["title"]),
        ("Northern Sensors Inc. surveys the sea bed", ["anonymity"]),
        ("Sonar, see www.sonar.example", ["anonymity"]),
        ("Sonar under patent no. 77", ["anonymity"]),
        ("Sonar under US 7,123,456 B2", ["anonymity"]),
    ],
)
def test_the_text_is_short_and_anonymous(text, rules) -> None:
    firm = civil(statements=(statement(text, arms=False, readiness=readiness(7)),))
    assert against(firm) == rules
    if rules == ["anonymity"]:
        assert against(firm, anonymous=False) == []


@pytest.mark.parametrize(
    ("low", "high", "stage"),
    [(1, 2, "Concept stage"), (3, 3, "Under development"), (4, 5, "Lab tested"), (6, 8, "Available for demonstration"),
     (9, 9, "Already on the market"), (5, 6, None), (None, None, None)],
)  # fmt: skip
def test_a_range_of_readiness_tells_one_stage_or_none(low, high, stage) -> None:
    ready = {"trl_low": low, "trl_high": high}
    export = pod_export(civil(statements=(statement("Sonar", arms=False, readiness=ready),)), wanted(), taxonomy())
    assert export.profile["stageOfDevelopment"] == stage
    assert ("stage" in [o.rule for o in export.obstacles]) is (stage is None)
