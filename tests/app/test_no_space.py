"""A full disk and a database that can only be read: a clear answer, nothing half kept, and work goes on afterwards."""

from __future__ import annotations

import pytest
import structlog
from sqlalchemy import event, func, select

from app.main import configure_logs
from app.models import MatchRun
from app.settings import Settings
from tests.app.world import World


@pytest.fixture(autouse=True)
def _quiet():
    """Log as JSON, as in service: a traceback for a person's eyes takes seconds."""
    configure_logs(Settings(log_json=True))
    yield
    structlog.reset_defaults()


ASK = {"firm": "Kraken", "market": "PHL"}


def runs(world: World) -> int:
    with world.sessions() as session:
        return session.scalar(select(func.count()).select_from(MatchRun)) or 0


@pytest.mark.parametrize(
    ("limit", "status", "code"),
    [("PRAGMA max_page_count=1", 507, "no-space"), ("PRAGMA query_only=ON", 503, "not-ready")],
    ids=["disk full", "read only"],
)
def test_writes_are_refused_clearly_and_taken_again_without_a_restart(world, limit, status, code) -> None:
    client = world.client()
    engine = world.sessions.kw["bind"]
    engine.dispose()

    def bound(connection, record) -> None:
        connection.execute(limit)

    event.listen(engine, "connect", bound)
    accepted, refused = 0, None
    while refused is None:  # the free pages of the file are used up first
        assert accepted < 40, "nothing was refused"
        answer = client.post("/api/v1/matches", json=ASK)
        accepted, refused = (accepted + 1, None) if answer.status_code == 201 else (accepted, answer)
    event.remove(engine, "connect", bound)
    engine.dispose()  # the limit was each connection's
    assert int(refused.headers["Retry-After"]) > 0
    problem = refused.json()
    assert (problem["status"], problem["type"]) == (status, f"urn:triveni:problem:{code}")
    assert "nothing of this was kept" in problem["detail"]
    assert runs(world) == accepted
    assert client.post("/api/v1/matches", json=ASK).status_code == 201
    assert runs(world) == accepted + 1
