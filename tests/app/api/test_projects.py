"""The doors on projects: templates, a composition, its record, its replay, and bad asks."""

from __future__ import annotations


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
