"""Ask, read a run, rank it again, through the door."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest

from tests.app.world import World


@pytest.fixture
def client(world: World):
    return world.client()


def test_an_ask_is_answered_with_201_and_a_run_that_can_be_read_back_byte_for_byte(client) -> None:
    asked = client.post("/api/v1/matches", json={"firm": "Kraken", "limit": 3})
    assert asked.status_code == 201
    read = client.get(f"/api/v1/matches/{asked.json()['run']['id']}")
    assert read.status_code == 200
    assert read.content == asked.content


def test_the_door_drops_and_adds_nothing(world: World) -> None:
    inside = world.ask(firm="Kraken")
    outside = world.client().post("/api/v1/matches", json={"firm": "Kraken"}).json()
    assert orjson.dumps(outside["matches"]) == orjson.dumps(inside["matches"])
    assert orjson.dumps(outside["excluded"]) == orjson.dumps(inside["excluded"])
    assert outside["run"].keys() == inside["run"].keys()


def test_the_same_request_twice_has_the_same_matches_to_the_byte(client) -> None:
    one, two = (client.post("/api/v1/matches", json={"firm": "Kraken"}).json() for _ in range(2))
    assert orjson.dumps(one["matches"]) == orjson.dumps(two["matches"])
    assert orjson.dumps(one["excluded"]) == orjson.dumps(two["excluded"])


def test_a_run_is_ranked_again_and_found_the_same(client) -> None:
    asked = client.post("/api/v1/matches", json={"brief": {"text": "We make sonar."}, "market": "PHL"}).json()
    again = client.post(f"/api/v1/matches/{asked['run']['id']}/replay").json()
    assert again == {
        "same": True,
        "since": [],
        "because": [],
        "matches": asked["matches"],
        "excluded": asked["excluded"],
    }


def test_a_run_on_an_amended_rulebook_is_a_conflict(world: World, client) -> None:
    run_id = client.post("/api/v1/matches", json={"firm": "Kraken"}).json()["run"]["id"]
    amended = world.knowing(rulebook=replace(world.knowledge.rulebook, version="amended")).client()
    answer = amended.post(f"/api/v1/matches/{run_id}/replay")
    assert (answer.status_code, answer.json()["versions"]["rulebook"]["held"]) == (409, "amended")
    assert amended.get(f"/api/v1/matches/{run_id}").status_code == 200


@pytest.mark.parametrize(
    ("ask", "status", "said"),
    [
        ({}, 422, "exactly one of firm, brief and demand"),
        ({"firm": "Kraken", "demand": "sonar"}, 422, "exactly one of firm, brief and demand"),
        ({"firm": "Krakn Robotics"}, 404, "no firm 'Krakn Robotics'"),
        ({"firm": "Bharat"}, 422, "2 firms answer"),
        ({"firm": "Kraken", "market": "Filipines"}, 404, "no market 'Filipines'"),
        ({"brief": {"text": ""}}, 422, "the brief is empty"),
        ({"brief": {"text": "sonar " * 16_667}}, 413, "at most 20,000"),
        ({"brief": {"text": "sonar", "trl": 12}}, 422, "TRL 12 is off the scale"),
        ({"brief": {"text": "sonar", "sectors": ["steam_engines"]}}, 422, "steam_engines"),
        ({"demand": "patrol vessels"}, 422, "needs its market"),
        ({"demand": "xyzzy plugh", "market": "PHL"}, 422, "no sector could be read"),
        ({"firm": "Kraken", "limit": 0}, 422, "limit"),
        ({"firm": "Kraken", "limit": 51}, 422, "limit"),
        ({"firm": "Kraken", "weights": {"charm": 1}}, 422, "no such signal: charm"),
        ({"firm": "Kraken", "weights": {"terms_shared": -1}}, 422, "zero or more"),
    ],
)
def test_what_makes_no_sense_is_refused_in_plain_words(client, ask, status: int, said: str) -> None:
    answer = client.post("/api/v1/matches", json=ask)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert said in answer.json()["detail"]


def test_near_names_come_as_a_list_too(client) -> None:
    near = client.post("/api/v1/matches", json={"firm": "Krakn Robotics"}).json()["near"]
    assert near[0] == "Kraken Robotics Inc."


def test_a_brief_of_exactly_the_limit_is_answered(client) -> None:
    text = ("sonar for ships " * 2000)[:19_999] + "x"
    assert client.post("/api/v1/matches", json={"brief": {"text": text}, "market": "PHL"}).status_code == 201


def test_a_day_before_the_rules_begin_is_undetermined_and_no_error(client) -> None:
    answer = client.post("/api/v1/matches", json={"firm": "Kraken", "market": "PHL", "on": "1999-12-31"})
    assert answer.status_code == 201
    assert {match["pathway"]["verdict"] for match in answer.json()["matches"]} <= {"undetermined"}


def test_before_seeding_the_answer_is_503_with_the_commands(empty: World) -> None:
    answer = empty.client().post("/api/v1/matches", json={"firm": "Kraken"})
    assert answer.status_code == 503
    assert "triveni seed" in answer.json()["hint"]
