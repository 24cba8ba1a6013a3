"""``triveni decide`` and ``triveni weights``: what the doors do, for a terminal, and plain words with exit code 2."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from app import decisions
from app.decisions import STANDING, Reason
from app.models import LearnedWeights
from matching.ranking import WEIGHTS
from tests.app.test_decisions import count, held, in_use, plant
from tests.app.world import World


@pytest.fixture
def run_id(world: World) -> str:
    return world.ask(firm="Kraken")["run"]["id"]


@pytest.fixture
def on_world(world: World, monkeypatch) -> World:
    """The commands work on the small world's database."""
    monkeypatch.setenv("TRIVENI_DATABASE_URL", world.url)
    return world


def test_decide_records_and_tells_what_it_supersedes(triveni, on_world, run_id) -> None:
    first = triveni("decide", run_id, "1", "--outcome", "introduced")
    assert (first.code, first.err) == (0, "")
    assert first.out.startswith("Recorded: Kraken Robotics Inc. × ")
    second = triveni("decide", run_id, "1", "--outcome", "declined", "--reason", "ownership")
    assert "declined (ownership)." in second.out
    assert "It supersedes “introduced” of " in second.out
    assert "by console" in second.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere", "1", "--outcome", "met"), "no run 'nowhere' is recorded"),
        (("RUN", "44", "--outcome", "met"), "lists no match 44"),
        (("RUN", "1", "--outcome", "liked"), "outcome"),
        (("RUN", "1", "--outcome", "declined"), "say why it was declined"),
        (("RUN", "1", "--outcome", "declined", "--reason", "other"), "needs a note"),
    ],
)
def test_decide_says_in_plain_words_what_is_wrong(triveni, on_world, run_id, arguments, said) -> None:
    refused = triveni("decide", *(run_id if part == "RUN" else part for part in arguments))
    assert (refused.code, refused.out) == (2, "")
    assert said in refused.err


def test_help_names_every_outcome_and_reason(triveni, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    told = triveni("decide", "--help").out
    assert [word for word in (*get_args(Reason), *get_args(decisions.Outcome)) if word not in told] == []


def test_weights_are_learned_listed_used_and_taken_back(triveni, on_world, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert "In use: standing." in triveni("weights", "list").out
    assert triveni("weights", "learn").code == 2
    plant(on_world)
    tried = triveni("weights", "learn", "--dry-run")
    assert "nothing was stored" in tried.out
    assert count(on_world, LearnedWeights) == 0
    made = triveni("weights", "learn").out
    version = held(on_world).learned[0].version
    for part in ("standing", "learned", "difference", "readiness_complements", f"triveni weights use {version}"):
        assert part in made
    assert in_use(on_world)[0] == STANDING
    switched = triveni("weights", "use", version).out
    assert f"Switched from standing to {version}; `triveni weights use standing` goes back." in switched
    assert "in use already" in triveni("weights", "use", version).out
    assert f"In use: {version}." in triveni("weights", "list").out
    assert "These weights are in use already." in triveni("weights", "learn").out
    assert "goes back" in triveni("weights", "use", "standing").out
    assert in_use(on_world) == (STANDING, WEIGHTS)


def test_the_json_of_the_command_is_that_of_the_door(triveni, on_world) -> None:
    plant(on_world)
    made = json.loads(triveni("weights", "learn", "--json").out)
    told = json.loads(triveni("weights", "list", "--json").out)
    assert told == on_world.client().get("/api/v1/weights").json()
    assert told["learned"] == [made]


def test_using_what_is_not_held_ends_with_2(triveni, on_world) -> None:
    refused = triveni("weights", "use", "learned-000")
    assert (refused.code, "triveni weights list" in refused.err) == (2, True)


def test_weights_learned_from_other_standing_weights_are_told_so(triveni, on_world, monkeypatch) -> None:
    plant(on_world)
    triveni("weights", "learn")
    monkeypatch.setitem(WEIGHTS, "market_known", 9.0)
    assert "standing weights have changed since: learn again" in triveni("weights", "list").out
