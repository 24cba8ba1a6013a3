"""Every door asks for a live key, and says so in its documentation."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from app import keys
from app.db import transaction
from app.main import create_app

OPEN = {"/livez", "/readyz"}
WORDS = {"name_or_id": "kraken-robotics-inc", "market": "PHL", "run_id": "some-run"}
BODIES = {
    "/api/v1/matches": {"firm": "Kraken"},
    "/api/v1/matches/{run_id}/decisions": {"rank": 1, "outcome": "met"},
}


def doors(world) -> list[tuple[str, str]]:
    """Every operation of the API, from its own description."""
    paths = create_app(world.settings, world.knowledge, world.sessions).openapi()["paths"]
    return [(method.upper(), path) for path, operations in paths.items() for method in operations]


def call(client, method: str, path: str):
    return client.request(
        method, re.sub(r"\{(\w+)\}", lambda m: WORDS.get(m.group(1), "1"), path), json=BODIES.get(path)
    )


def test_every_door_but_the_health_checks_refuses_a_caller_without_a_key(world) -> None:
    client = world.client(key=None)
    guarded = [(method, path) for method, path in doors(world) if path not in OPEN]
    assert len(guarded) >= 9
    for method, path in guarded:
        answer = call(client, method, path)
        assert answer.status_code == 401, (method, path)
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "urn:triveni:problem:unauthorised"


def test_the_health_checks_are_open(world) -> None:
    assert {world.client(key=None).get(path).status_code for path in OPEN} == {200}


@pytest.mark.parametrize("wrong", ["unknown", "expired", "revoked", "another scheme", "no scheme", "empty"])
def test_whatever_is_wrong_with_a_key_the_answer_is_the_same(world, wrong: str) -> None:
    now = datetime.now(UTC)
    key = world.key(now=now - timedelta(days=400) if wrong == "expired" else now)
    if wrong == "revoked":
        with transaction(world.sessions) as session:
            keys.revoke_key(session, key.split("_")[1], now)
    header = {
        "unknown": "Bearer triveni_00000000_nothing",
        "another scheme": f"Basic {key}",
        "no scheme": key,
        "empty": "Bearer ",
    }.get(wrong, f"Bearer {key}")
    client = world.client(key=None)
    plain, refused = (client.get("/api/v1/firms", headers=h) for h in ({}, {"Authorization": header}))
    assert refused.status_code == 401
    assert refused.json() == plain.json()
    assert refused.headers["www-authenticate"] == plain.headers["www-authenticate"]


def test_a_run_is_recorded_under_the_holder_of_the_key(world) -> None:
    answer = world.client(key=world.key("A. Officer")).post("/api/v1/matches", json={"firm": "Kraken"})
    assert answer.json()["run"]["asked_by"] == "A. Officer"


def test_a_key_is_not_taken_from_the_address(world) -> None:
    assert world.client(key=None).get(f"/api/v1/firms?key={world.key()}").status_code == 401
