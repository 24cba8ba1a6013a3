"""A request sent again with its Idempotency-Key has one effect: one by one, and a thousand at a time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app import idempotency
from app.db import transaction
from app.errors import Invalid
from app.models import Decision, MatchRun
from app.system_models import IdempotentAnswer
from tests.app.world import NOW

KEY = {"Idempotency-Key": "0b9a2c5e"}


def counted(session, request, made, now=NOW):
    return idempotency.once(session, request, lambda: made.append(1) or {"n": len(made)}, now)


def test_the_same_request_is_answered_as_it_was(sessions) -> None:
    made: list[int] = []
    request = idempotency.request_of("A", "k", "POST", "/x", b"{}")
    for again in (False, True, True):
        with transaction(sessions) as session:
            assert counted(session, request, made) == ({"n": 1}, again)
    assert made == [1]


def test_another_body_address_or_method_under_the_same_key_is_refused(sessions) -> None:
    made: list[int] = []
    with transaction(sessions) as session:
        counted(session, idempotency.request_of("A", "k", "POST", "/x", b"{}"), made)
        for method, target, body in (("POST", "/x", b"[]"), ("POST", "/y", b"{}"), ("PUT", "/x", b"{}")):
            with pytest.raises(Invalid, match="another request"):
                counted(session, idempotency.request_of("A", "k", method, target, body), made)
    assert made == [1]


def test_a_key_is_its_callers_and_lives_a_day(sessions) -> None:
    made: list[int] = []
    one, other = (idempotency.request_of(caller, "k", "POST", "/x", b"{}") for caller in "AB")
    with transaction(sessions) as session:
        assert counted(session, one, made) == ({"n": 1}, False)
        assert counted(session, other, made) == ({"n": 2}, False)
        assert counted(session, one, made, NOW + timedelta(hours=25)) == ({"n": 3}, False)
        assert len(session.scalars(select(IdempotentAnswer)).all()) == 1


def test_what_failed_leaves_no_key_behind(sessions) -> None:
    request = idempotency.request_of("A", "k", "POST", "/x", b"{}")
    with pytest.raises(ZeroDivisionError), transaction(sessions) as session:
        idempotency.once(session, request, lambda: 1 / 0, NOW)
    made: list[int] = []
    with transaction(sessions) as session:
        assert counted(session, request, made) == ({"n": 1}, False)


@pytest.mark.parametrize("bad", ["", "x" * 201, "a\nb"])
def test_a_key_that_is_none_is_refused(bad: str) -> None:
    with pytest.raises(Invalid):
        idempotency.request_of("A", bad, "POST", "/x", b"")


def test_a_run_is_recorded_once_and_answered_the_same(world) -> None:
    client = world.client()
    first, second = (client.post("/api/v1/matches", json={"firm": "Kraken"}, headers=KEY) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert (first.headers.get("idempotent-replayed"), second.headers.get("idempotent-replayed")) == (None, "true")
    assert client.post("/api/v1/matches", json={"firm": "Arctic Optics"}, headers=KEY).status_code == 422
    assert client.post("/api/v1/matches", json={"firm": "Kraken"}).status_code == 201
    with transaction(world.sessions) as session:
        assert session.scalar(select(func.count()).select_from(MatchRun)) == 2


@pytest.mark.slow
def test_a_thousand_requests_at_once_with_one_key_have_one_effect(world) -> None:
    client = world.client()
    run = client.post("/api/v1/matches", json={"firm": "Kraken", "market": "PHL"}).json()["run"]["id"]
    start = threading.Barrier(16)

    def decide(number: int) -> tuple[int, bytes]:
        if number < 16:
            start.wait()  # no request is over before sixteen have begun
        body = {"rank": 1, "outcome": "met"}
        answer = client.post(f"/api/v1/matches/{run}/decisions", json=body, headers=KEY)
        return answer.status_code, answer.content

    with ThreadPoolExecutor(16) as pool:
        answers = set(pool.map(decide, range(1_000)))
    assert len(answers) == 1
    assert answers.pop()[0] == 201
    with transaction(world.sessions) as session:
        assert session.scalar(select(func.count()).select_from(Decision)) == 1
