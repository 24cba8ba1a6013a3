"""Every door asks for a live key, and says so in its documentation."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app import access, accounts, keys, sessions
from app.accounts import Post
from app.db import transaction
from app.main import create_app
from app.models import AccountSession, LoginFailure
from app.permissions import Role
from tests.app.world import NOW

OPEN = {"/livez", "/readyz"}
WORDS = {"name_or_id": "kraken-robotics-inc", "market": "PHL", "run_id": "some-run"}
BODIES = {
    "/api/v1/grants": {"account": "x", "firm": "y", "agreement": "z", "until": "2030-01-01T00:00:00Z"},
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
    open_doors = OPEN | {"POST /api/v1/sessions"}
    guarded = [(method, path) for method, path in doors(world) if not {path, f"{method} {path}"} & open_doors]
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


def test_a_session_opens_the_doors_until_it_is_ended(world) -> None:
    with transaction(world.sessions) as session:
        made = accounts.create(session, access.CONSOLE, "Asha", Post(Role.TRADE_OFFICER), NOW, with_code=False)
    client = world.client(key=None)
    given = {"name": "asha", "password": made.password}
    opened = client.post("/api/v1/sessions", json=given)
    assert opened.status_code == 201
    bearer = {"Authorization": f"Bearer {opened.json()['token']}"}
    me = client.get("/api/v1/session", headers=bearer).json()
    assert (me["name"], me["role"], me["grants"]) == ("Asha", "trade_officer", [])
    assert client.post("/api/v1/matches", json={"firm": "Kraken"}, headers=bearer).json()["run"]["asked_by"] == "Asha"
    other = {"Authorization": f"Bearer {client.post('/api/v1/sessions', json=given).json()['token']}"}
    assert client.delete("/api/v1/session", headers=bearer).json() == {"ended": 1}
    assert [client.get("/api/v1/session", headers=h).status_code for h in (bearer, other)] == [401, 200]
    assert client.delete("/api/v1/sessions", headers=other).json() == {"ended": 1}
    assert client.get("/api/v1/session", headers=other).status_code == 401


def test_a_readers_session_is_kept_awake_by_its_use(world) -> None:
    with transaction(world.sessions) as session:
        account = accounts.add(session, access.CONSOLE, "Asha", Post(Role.TRADE_OFFICER), NOW)
        idle = datetime.now(UTC) - sessions.IDLE_LIFE + timedelta(minutes=1)
        token = sessions.open_session(session, account, "password", idle).token
    client = world.client(key=None)
    assert client.get("/api/v1/session", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    with world.sessions() as session:
        (seen,) = session.scalars(select(AccountSession.seen_at))
        assert datetime.now(UTC) - seen < timedelta(minutes=1)


def test_a_refused_login_is_401_and_counted(world) -> None:
    client = world.client(key=None)
    answers = [client.post("/api/v1/sessions", json={"name": "x", "password": "y"}) for _ in range(7)]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    with world.sessions() as session:
        assert len(session.scalars(select(LoginFailure)).all()) == 7
