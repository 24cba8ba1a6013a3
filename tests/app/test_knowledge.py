"""What the service knows: every seed file checked with file and line, and a version that follows the content."""

from __future__ import annotations

import re

import pytest
from pydantic import BaseModel, ValidationError

from app.errors import NotFound
from app.knowledge import SeedError, invalid_from, load_knowledge, load_markets, near
from app.settings import Settings
from tests.app.world import altered_seeds
from tests.factories import SEEDS, HashEncoder, taxonomy

MARKETS = "markets/southeast_asia.yaml"


def complaint(seeds) -> str:
    with pytest.raises(SeedError) as told:
        load_knowledge(Settings(seeds=seeds), encoder=HashEncoder())
    return told.value.message


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (MARKETS, "  region: Southeast Asia", "  region: South East Asia", "Southeast Asia"),
        (MARKETS, "  memberships: [", "  membershps: [", "membershps"),
        (MARKETS, "    dated: ", "    dated: [", "not YAML"),
        (MARKETS, "- iso3: IDN", "- iso3: Indonesia", "iso3"),
        (MARKETS, '    dated: "', "    dated: 2025 # ", "string"),
        ("controls/canada_exports.yaml", "outcome: PERMIT", "outcome: PERMITT", "PERMITT"),
        ("controls/canada_exports.yaml", "    citation: ", "    citaton: ", "citation"),
        ("controls/canada_exports.yaml", "leg: CAN->any", "leg: CAN->", "leg"),
        ("sectors/sectors.csv", "\nuas,", "\nUAS!,", "code"),
        ("controls/headings.csv", "9A012,,UAS (unmanned aerial)", "9A012,,UAS", "UAS (unmanned aerial)"),
        ("controls/headings.csv", "sonar,no,1-6.A.1", "sonar,maybe,1-6.A.1", "yes or no"),
        ("controls/headings.csv", "guns,yes,2-2", "guns,yes,6A002", "one of ECCN or SCOMET"),
        ("controls/entries.csv", "ECL,2-9,", "ECL,2-10,", "each entry once"),
    ],
)  # fmt: skip
def test_a_typo_stops_the_loading_with_file_line_and_what_was_expected(tmp_path, file, old, new, expected) -> None:
    seeds, line = altered_seeds(tmp_path, file, old, new)
    said = complaint(seeds)
    assert file.split("/")[1] in said
    told_lines = [int(number) for number in re.findall(r"(?:line |:)(\d+)", said)]
    # A key that is missing or new is told at the line of the mapping it should stand in; CSV's first row counts.
    assert any(abs(told - line) <= 8 for told in told_lines), f"expected about line {line}: {said}"
    assert expected.casefold() in said.casefold()


def test_a_value_that_does_not_fit_is_told_on_its_very_line(tmp_path) -> None:
    seeds, line = altered_seeds(tmp_path, MARKETS, "region: Southeast Asia", "region: Atlantis")
    assert f"southeast_asia.yaml, line {line}: markets." in complaint(seeds)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("- iso3: IDN", "- iso3: PHL", "'PHL' stands already in"),
        ("sectors: [", "sectors: [steam_engines, ", "demand "),
    ],
)
def test_a_market_twice_and_an_unknown_sector_are_refused(tmp_path, old, new, said) -> None:
    seeds, _ = altered_seeds(tmp_path, MARKETS, old, new)
    assert said in complaint(seeds)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"as_of: \x00", b"markets: [}"])
def test_a_file_that_is_not_yaml_in_utf8_is_named(tmp_path, content: bytes) -> None:
    (tmp_path / "damaged.yaml").write_bytes(content)
    with pytest.raises(SeedError, match=r"damaged\.yaml, line 1: not YAML in UTF-8"):
        load_markets(tmp_path, taxonomy())


def test_an_empty_market_file_says_what_is_missing(tmp_path) -> None:
    (tmp_path / "empty.yaml").write_text("")
    with pytest.raises(SeedError, match=r"empty\.yaml, line 1: "):
        load_markets(tmp_path, taxonomy())


@pytest.mark.parametrize("missing", ["markets", "controls", "sectors"])
def test_a_folder_of_seeds_that_is_not_there_is_named(tmp_path, missing: str) -> None:
    for folder in {"markets", "controls", "sectors"} - {missing}:
        (tmp_path / folder).symlink_to(SEEDS / folder)
    assert str(tmp_path / missing) in complaint(tmp_path)


def test_markets_stand_in_order_of_their_codes(knowledge) -> None:
    assert list(knowledge.markets) == sorted(knowledge.markets)
    assert len(knowledge.markets) >= 50


@pytest.mark.parametrize("name", ["PHL", "phl", " PHL ", "Philippines", "philippines"])
def test_a_market_is_known_by_code_and_by_name(knowledge, name: str) -> None:
    assert knowledge.market(name).iso3 == "PHL"


def test_a_market_is_known_by_its_french_name(knowledge) -> None:
    assert knowledge.market("Algérie").iso3 == "DZA"


def test_an_unknown_market_is_answered_with_near_names(knowledge) -> None:
    with pytest.raises(NotFound, match="no market 'Filipines' is held") as told:
        knowledge.market("Filipines")
    assert "PHL (Philippines)" in (told.value.hint or "")


def test_every_demand_is_found_by_its_id_with_its_market(knowledge) -> None:
    for demand_id, (market, demand) in knowledge.demands.items():
        assert demand.id == demand_id
        assert demand in market.demands


def test_near_names_are_few_and_the_nearest_comes_first() -> None:
    names = {name: name for name in ("Kraken Robotics", "Kraken", "Karma Robotics", "Cochin Shipyard")}
    found = near("kraken robotcs", names, limit=2)
    assert found[0] == "Kraken Robotics"
    assert len(found) == 2
    assert near("zzzz", names) == []


def test_the_version_of_the_markets_follows_their_content_and_nothing_else(tmp_path, knowledge) -> None:
    seeds, _ = altered_seeds(tmp_path, MARKETS, "- iso3: IDN\n", "- iso3: IDN # a note\n")
    changed = load_knowledge(Settings(seeds=seeds), encoder=HashEncoder()).versions
    assert {name for name, version in knowledge.versions.items() if changed[name] != version} == {"markets"}


def test_the_same_seeds_have_the_same_versions_wherever_they_lie(tmp_path, knowledge) -> None:
    (tmp_path / "elsewhere").symlink_to(SEEDS)
    assert load_knowledge(Settings(seeds=tmp_path / "elsewhere"), encoder=HashEncoder()).versions == knowledge.versions


def test_a_request_that_does_not_fit_names_each_field() -> None:
    class Shape(BaseModel):
        trl: int
        name: str

    with pytest.raises(ValidationError) as problem:
        Shape.model_validate({"trl": "x"})
    said = invalid_from(problem.value, "this ask makes no sense").message
    assert said.startswith("this ask makes no sense: trl: ")
    assert "name: Field required" in said
