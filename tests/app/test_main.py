"""The application as a whole: one transaction a request, one shape of problem, health, and logs."""

from __future__ import annotations

import json
import re

import pytest
import structlog
from fastapi import HTTPException
from fastapi.testclient import TestClient
from sqlalchemy import event, func, select
from sqlalchemy.exc import OperationalError

from app.api.doors import BODY_LIMIT, SessionDep
from app.errors import Conflict
from app.main import configure_logs, create_app
from app.models import ApiKey, Association, MatchRun
from app.settings import Settings
from tests.app.world import World, altered_seeds


@pytest.fixture(autouse=True)
def _quiet():
    """Log as JSON, as in service, and leave the log's set-up as it was found."""
    configure_logs(Settings(log_json=True))
    yield
    structlog.reset_defaults()


def associations(world: World) -> int:
    with world.sessions() as session:
        return session.scalar(select(func.count()).select_from(Association)) or 0


def runs(world: World) -> int:
    with world.sessions() as session:
        return session.scalar(select(func.count()).select_from(MatchRun)) or 0


# One request, one transaction


class Witness:
    """Notes in which order the database commits and the answer goes out."""

    def __init__(self, world: World, app) -> None:
        self.seen: list[str] = []
        self._app = app
        event.listen(world.sessions, "after_commit", lambda session: self.seen.append("commit"))

    async def __call__(self, scope, receive, send) -> None:
        async def noting(message) -> None:
            if message["type"] == "http.response.start":
                self.seen.append(f"answer {message['status']}")
            await send(message)

        await self._app(scope, receive, noting)


def test_the_commit_happens_before_the_answer_is_sent(world) -> None:
    key = world.key()
    witness = Witness(world, create_app(world.settings, world.knowledge, world.sessions))
    client = TestClient(witness, headers={"Authorization": f"Bearer {key}"})
    assert client.post("/api/v1/matches", json={"firm": "Kraken"}).status_code == 201
    assert witness.seen == ["commit", "answer 201"]
    assert runs(world) == 1


def test_a_commit_that_fails_is_not_told_as_success(world) -> None:
    client = world.client()

    def fail(session) -> None:
        raise OperationalError("COMMIT", {}, Exception("database or disk is full"))

    event.listen(world.sessions, "before_commit", fail)
    answer = client.post("/api/v1/matches", json={"firm": "Kraken"})
    event.remove(world.sessions, "before_commit", fail)
    assert answer.status_code == 507
    assert "the disk is full" in answer.json()["detail"]
    assert runs(world) == 0


def write_then(fault):
    """A door that writes, and then goes wrong."""

    def door(session: SessionDep) -> dict[str, str]:
        session.add(Association(id="half-written", name="Half-written"))
        session.flush()
        if callable(fault):
            fault(session)
        elif fault:
            raise fault
        return {}

    return door


def write_twice(session) -> None:
    session.add(ApiKey(holder="no hash"))
    session.flush()


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Conflict("the state does not allow it"), 409),
        (HTTPException(418, "a teapot"), 418),
        (ValueError("a fault of ours"), 500),
        (write_twice, 500),
        (OperationalError("", {}, Exception("locked")), 503),
    ],
    ids=["AppError", "HTTPException", "unexpected", "IntegrityError", "OperationalError"],
)
def test_every_kind_of_error_rolls_back_and_is_a_problem_document(world, fault, status: int) -> None:
    app = create_app(world.settings, world.knowledge, world.sessions)
    before = associations(world)
    app.post("/broken")(write_then(fault))
    answer = TestClient(app).post("/broken")
    assert answer.status_code == status
    assert_problem(answer, status, "/broken")
    assert associations(world) == before


def test_the_same_door_without_a_fault_does_write(world) -> None:
    app = create_app(world.settings, world.knowledge, world.sessions)
    before = associations(world)
    app.post("/whole")(write_then(None))
    assert TestClient(app).post("/whole").status_code == 200
    assert associations(world) == before + 1


def test_what_is_asked_amiss_records_no_run(world) -> None:
    client = world.client()
    for ask in ({"firm": "nobody at all"}, {"firm": "Kraken", "market": "ZZZ"}, {"brief": {"text": ""}}, {}):
        assert client.post("/api/v1/matches", json=ask).status_code in (404, 422)
    assert runs(world) == 0


def test_a_reader_is_answered_while_somebody_writes(world) -> None:
    client = world.client()
    with world.sessions() as writer:
        writer.add(Association(id="slow", name="A slow writer"))
        writer.flush()
        assert client.get("/api/v1/firms").status_code == 200
        assert client.get("/readyz").status_code == 200


# Problems


def assert_problem(answer, status: int, path: str) -> dict:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert {"type", "title", "status", "detail", "instance"} <= set(document)
    assert (document["status"], document["instance"]) == (status, path)
    assert document["detail"]
    assert answer.headers["x-request-id"]
    assert "Traceback" not in answer.text
    return document


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/nowhere", None, 404),
        ("GET", "/api/v1/firms/nobody-at-all", None, 404),
        ("GET", "/api/v1/markets/ZZZ", None, 404),
        ("GET", "/api/v1/matches/no-such-run", None, 404),
        ("POST", "/api/v1/matches/no-such-run/replay", None, 404),
        ("GET", "/api/v1/firms?limit=0", None, 422),
        ("GET", "/api/v1/firms?country=FRA", None, 422),
        ("PUT", "/api/v1/firms", None, 405),
        ("POST", "/api/v1/matches", b"{not json", 422),
        ("POST", "/api/v1/matches", b"\xff\xfe", 422),
        ("POST", "/api/v1/matches", b"[1, 2]", 422),
        ("POST", "/api/v1/matches", b"", 422),
        ("POST", "/api/v1/matches", b'{"firm": "\\ud800"}', 422),
        ("POST", "/api/v1/matches", b'{"firm": "Kraken", "brief": {"text": "sonar"}}', 422),
        ("POST", "/api/v1/matches", b'{"firm": "' + b"K" * BODY_LIMIT + b'"}', 413),
    ],
)
def test_every_error_has_one_shape(world, method: str, path: str, body, status: int) -> None:
    headers = {"Content-Type": "application/json"}
    answer = world.client().request(method, path, content=body, headers=headers)
    assert_problem(answer, status, path.split("?", maxsplit=1)[0])


@pytest.mark.parametrize(("path", "refused"), [("/api/v1/matches", True), ("/api/v1/submissions", False)])
def test_a_sheet_may_be_larger_than_any_other_body(world, path, refused) -> None:
    answer = world.client().post(path, content=b" " * (2 * BODY_LIMIT), headers={"Content-Type": "text/csv"})
    assert (answer.status_code == 413) is refused


def test_a_body_that_declares_no_length_is_counted(world) -> None:
    def stream():
        for _ in range(3):
            yield b" " * (BODY_LIMIT // 2)

    answer = world.client().post("/api/v1/matches", content=stream(), headers={"Content-Type": "application/json"})
    assert_problem(answer, 413, "/api/v1/matches")


def test_every_door_that_takes_a_body_limits_it(world) -> None:
    """A door that forgets the limit (its router's max_body_size) would read a stream of any length."""
    client = world.client()
    taking = [
        (method, re.sub(r"\{\w+\}", "1", path))
        for path, doors in client.app.openapi()["paths"].items()
        for method, door in doors.items()
        if "application/json" in door.get("requestBody", {}).get("content", {})
    ]
    assert len(taking) >= 8
    for method, path in taking:
        stream = (b" " * (BODY_LIMIT // 2) for _ in range(3))
        answer = client.request(method, path, content=stream, headers={"Content-Type": "application/json"})
        assert_problem(answer, 413, path)


def test_a_fault_of_ours_tells_the_caller_nothing_of_its_inside(world) -> None:
    app = create_app(world.settings, world.knowledge, world.sessions)
    app.post("/broken")(write_then(ValueError("password=hunter2")))
    answer = TestClient(app).post("/broken")
    assert assert_problem(answer, 500, "/broken")["type"] == "urn:triveni:problem:internal"
    assert "hunter2" not in answer.text


def test_a_malformed_request_names_where_each_fault_is(world) -> None:
    answer = world.client().post("/api/v1/matches", json={"firm": "Kraken", "limit": 99, "lmit": 1})
    assert {fault["where"] for fault in answer.json()["faults"]} == {"body.limit", "body.lmit"}


def test_without_tables_the_answer_names_the_command_that_makes_them(settings, little, tmp_path) -> None:
    from app.db import open_engine, session_maker

    engine = open_engine(f"sqlite:///{tmp_path / 'bare.sqlite3'}")
    client = TestClient(create_app(settings, little, session_maker(engine)), headers={"Authorization": "Bearer x"})
    document = assert_problem(client.get("/api/v1/firms"), 503, "/api/v1/firms")
    assert "triveni init" in document["hint"]
    assert_problem(client.get("/readyz"), 503, "/readyz")
    engine.dispose()


def test_missing_weights_are_told_as_not_ready(world, tmp_path) -> None:
    from matching.encoder import SentenceEncoder

    class Weightless(SentenceEncoder):
        id = "hash@1"
        dimensions = 64

    client = world.knowing(encoder=Weightless(folder=tmp_path)).client()
    answer = client.post("/api/v1/matches", json={"brief": {"text": "We make sonar."}})
    document = assert_problem(answer, 503, "/api/v1/matches")
    assert "triveni doctor" in document["hint"]


def test_a_seed_file_with_a_typo_stops_the_start(tmp_path) -> None:
    from app.knowledge import SeedError

    seeds, line = altered_seeds(tmp_path, "markets/africa.yaml", "region: Africa", "region: Afrika")
    with pytest.raises(SeedError, match=rf"africa\.yaml, line {line}"):
        create_app(Settings(seeds=seeds, database_url=f"sqlite:///{tmp_path / 't.sqlite3'}"))


# Health


def test_livez_is_open_and_needs_nothing(empty) -> None:
    answer = empty.client(key=None).get("/livez")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


def test_readyz_is_open_and_counts_the_firms(world) -> None:
    answer = world.client(key=None).get("/readyz")
    assert (answer.status_code, answer.json()["status"], answer.json()["firms"]) == (200, "ready", 8)


def test_readyz_says_what_is_missing(empty) -> None:
    client = empty.client(key=None)
    assert "triveni seed" in assert_problem(client.get("/readyz"), 503, "/readyz")["hint"]
    from tests.app.world import SMALL_FIRMS

    empty.seed(*SMALL_FIRMS)
    assert "triveni embed" in assert_problem(client.get("/readyz"), 503, "/readyz")["hint"]
    empty.embed()
    assert client.get("/readyz").status_code == 200


# Logs


def logged(capsys) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if line]


def test_a_request_is_one_json_line_with_the_id_that_the_caller_is_given(world, capsys) -> None:
    client = world.client()
    capsys.readouterr()
    answer = client.get("/api/v1/sectors")
    (line,) = logged(capsys)
    assert line["request_id"] == answer.headers["x-request-id"]
    assert (line["event"], line["method"], line["path"], line["status"]) == ("request", "GET", "/api/v1/sectors", 200)
    assert (line["level"], line["ms"] > 0, line["timestamp"].endswith("Z")) == ("info", True, True)


def test_no_two_requests_share_an_id(world) -> None:
    client = world.client()
    assert len({client.get("/livez").headers["x-request-id"] for _ in range(5)}) == 5


def test_a_fault_of_ours_is_logged_whole_under_the_id_of_its_request(world, capsys) -> None:
    app = create_app(world.settings, world.knowledge, world.sessions)
    app.post("/broken")(write_then(ValueError("what went wrong")))
    answer = TestClient(app).post("/broken")
    fault, request = logged(capsys)
    assert fault["event"] == "unexpected"
    assert "ValueError: what went wrong" in fault["exception"]
    assert fault["request_id"] == request["request_id"] == answer.headers["x-request-id"]
    assert request["status"] == 500


def test_keys_and_briefs_are_not_logged(world, capsys) -> None:
    key = world.key()
    client = world.client(key=key)
    client.post("/api/v1/matches", json={"brief": {"text": "A confidential gimbal"}, "market": "PHL"})
    said = capsys.readouterr().out
    assert '"request"' in said
    assert key not in said
    assert "confidential" not in said


def test_nothing_that_is_answered_is_to_be_kept_by_a_cache(world) -> None:
    client = world.client()
    for path in ("/livez", "/api/v1/firms", "/nowhere"):
        assert client.get(path).headers["cache-control"] == "no-store"
