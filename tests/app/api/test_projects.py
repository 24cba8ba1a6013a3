"""The doors on projects: templates, a composition, its record, its replay, and bad asks."""

from __future__ import annotations

from tests.app.world import SMALL_FIRMS
from tests.factories import profile, statement


def test_templates_are_listed_with_their_seats(world) -> None:
    held = world.client().get("/api/v1/projects").json()
    assert len(held) == 13
    vessel = next(one for one in held if one["id"] == "patrol-vessel")
    assert vessel["seats"][0]["role"] == "builder"
    assert vessel["sources"]


def test_a_project_is_composed_recorded_and_made_again(world) -> None:
    client = world.client()
    made = client.post("/api/v1/compositions", json={"template": "patrol-vessel", "market": "PHL"})
    assert made.status_code == 201
    answer = made.json()
    assert {"seats", "legs", "weakest", "objective", "bound", "forbidden_by"} <= set(answer)
    assert {"role", "firm", "empty_because", "reason", "fit", "alternatives"} <= set(answer["seats"][0])
    run_id = answer["run"]["id"]
    assert client.get(f"/api/v1/compositions/{run_id}").json() == answer
    assert client.post(f"/api/v1/compositions/{run_id}/replay").json() == {"same": True}
    assert answer["run"]["versions"]["weights"]


def test_bad_asks_are_problem_documents(world) -> None:
    client = world.client()
    assert client.post("/api/v1/compositions", json={"template": "airship", "market": "PHL"}).status_code == 404
    assert client.post("/api/v1/compositions", json={"template": "cbrn-kit", "market": "any"}).status_code == 422
    assert client.post("/api/v1/compositions", json={"template": "cbrn-kit"}).status_code == 422
    assert client.get("/api/v1/compositions/none").status_code == 404
    assert world.client(key=None).get("/api/v1/projects").status_code == 401


def test_what_may_be_matched_and_not_read_has_no_part_in_a_team(world) -> None:
    closed = statement(
        "Builds offshore patrol vessels at the xylophone yard",
        sectors=("shipbuilding.patrol_vessels",),
        release="matchable",
    )
    opened = statement("Repairs boats", sectors=("shipbuilding.ship_repair",))
    yard = profile(
        "Quagmire Yard Ltd.", "IND", roles=("shipyard",), sectors=("shipbuilding",), statements=(closed, opened)
    )
    world.seed(*SMALL_FIRMS, yard)
    world.embed()
    client = world.client()
    answer = client.post("/api/v1/compositions", json={"template": "patrol-vessel", "market": "PHL"}).json()
    assert "xylophone" not in str(answer)
    lead = next(seat for seat in answer["seats"] if seat["role"] == "builder")
    assert lead["firm"] is None or lead["firm"]["name"] != "Quagmire Yard Ltd."
