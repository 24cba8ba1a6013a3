"""Answers for people: everything that the JSON says of a match is on the page, whatever its characters."""

from __future__ import annotations

import io
from copy import deepcopy

import pytest
from rich.console import Console

from app.printing import VERDICT_STYLES, VERDICT_WORDS, print_answer, print_evaluation
from matching.pathway import Verdict
from tests.app.world import SMALL_FIRMS
from tests.factories import profile, statement


def printed(answer, width: int = 100_000) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    print_answer(console, answer)
    return console.file.getvalue()


@pytest.fixture
def answer(world):
    return world.ask(firm="Kraken", market="PHL")


def test_a_match_is_printed_with_its_three_corners_fit_reasons_legs_and_questions(answer) -> None:
    said = printed(answer)
    for match in answer["matches"]:
        assert f"{match['rank']}. {match['innovator']['name']}  ×  {match['manufacturer']['name']}  →  " in said
        assert f"fit {match['fit']:.3f}" in said
        for signal in match["signals"]:
            assert signal["sentence"] in said
        for name in match["unknown"]:
            assert name in said
        for question in match["pathway"]["questions"]:
            assert question in said
        assert f"pathway: {match['pathway']['verdict']} (" in said
    assert "CAN → IND" in said
    assert "IND → PHL" in said


def test_every_requirement_is_printed_with_authority_citation_and_date(world) -> None:
    declared = statement("Sonar", classifications=({"regime": "ECL", "entry": "2-9.b", "standing": "declared"},))
    world.seed(*SMALL_FIRMS, profile("Declared Sonar Inc.", statements=(declared,)))
    world.embed()
    answer = world.ask(firm="Declared Sonar Inc.", limit=50)
    requirements = [r for match in answer["matches"] for leg in match["pathway"]["legs"] for r in leg["requirements"]]
    assert requirements
    said = printed(answer)
    for requirement in requirements:
        assert f"[{requirement['authority']}; {requirement['citation']}; as of {requirement['as_of']}]" in said


def test_what_was_excluded_is_printed_with_market_rules_and_reason(world) -> None:
    answer = world.ask(firm="Kraken", market="IRN")
    said = printed(answer)
    assert "No triad is left to list." in said
    for exclusion in answer["excluded"]:
        assert f"{exclusion['pairs']} pairs for Iran" in said
        assert exclusion["because"] in said
        assert all(rule in said for rule in exclusion["rules"])


def test_the_run_and_its_notes_close_the_page(answer) -> None:
    said = printed(answer)
    assert answer["run"]["id"] in said
    assert all(note in said for note in answer["run"]["notes"])


def test_square_brackets_in_what_firms_say_are_printed_and_not_obeyed(answer) -> None:
    strange = deepcopy(answer)
    strange["matches"][0]["innovator"]["name"] = "Sonar [/bold] [red]Inc."
    strange["matches"][0]["signals"][0]["sentence"] = "seeks [link=x]parts[/link]"
    strange["matches"][0]["pathway"]["questions"] = ["Is it [/dim] arms?"]
    said = printed(strange)
    assert "Sonar [/bold] [red]Inc." in said
    assert "seeks [link=x]parts[/link]" in said
    assert "Is it [/dim] arms?" in said


def test_every_verdict_has_its_words_and_its_style() -> None:
    assert set(VERDICT_WORDS) == set(VERDICT_STYLES) == {verdict.value for verdict in Verdict}


def test_an_evaluation_is_a_table_of_rankers_and_metrics() -> None:
    console = Console(file=io.StringIO(), width=120)
    report = {"queries": 3, "rankers": {"bm25": {"ndcg@10": 0.5, "mrr@10": 0.25}, "full": {"ndcg@10": 1, "mrr@10": 1}}}
    print_evaluation(console, "ventures", report)
    said = console.file.getvalue()
    assert "ventures: 3 queries" in said
    row = next(line for line in said.splitlines() if "bm25" in line)
    assert ("0.500" in row, "0.250" in row) == (True, True)
