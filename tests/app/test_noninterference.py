"""Non-interference: what a firm restricts, and what it drafts, changes no byte for those who may not read it.

Five hundred random edits are made the way the service makes them (a numbered change, a revision, an embedding). After each
all that is weighed for a stranger is compared; after every 25 a record and an answer; after every 250 all that the API
tells of firms and matches, to each kind of reader. The words of the edits are those of the small world, so that they would
move ranks if they were weighed.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event

from app import access, accounts, grants, keys, revisions
from app.accounts import Post
from app.candidates import CandidateCache, gather
from app.db import transaction
from app.main import create_app
from app.models import Firm
from app.permissions import Role
from matching.pool import PooledFirm
from matching.profile import Contact, Exposure, Profile, Statement
from tests.app.callers import OF_ALPHA, TRADE_OFFICER
from tests.app.world import NOW, World
from tests.factories import profile, statement

EDITS, ASK_EVERY, FULL_EVERY = 500, 25, 250

WORDS = (
    "sonar radar pressure housings infrared gimbal drones airframes shells patrol vessels optics radio volume".split()
)

OWN, PLANT, DRAFT = "alpha-optics-ltd", "alpha-works-ltd", "alpha-drafts-ltd"

READERS = {
    "trade officer": Post(Role.TRADE_OFFICER),
    "delegation lead": Post(Role.DELEGATION_LEAD),
    "reviewer": Post(Role.COMPLIANCE_REVIEWER),
    "administrator": Post(Role.ADMINISTRATOR),
    "other association": Post(Role.ASSOCIATION_OFFICER, "beta"),
}


@pytest.fixture
def alpha(world: World) -> World:
    """An association with an innovator, a plant and a draft, and an account with a key for each reader."""
    engine = world.sessions.kw["bind"]
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    engine.dispose()  # hundreds of commits, and none of them has to outlive this test
    world.revise(
        profile(
            "Alpha Optics Ltd.", provenance="firm", statements=(statement("Optics and infrared gimbal for drones"),)
        ),
        profile(
            "Alpha Works Ltd.", "IND", provenance="firm", statements=(statement("Housings and airframes in volume"),)
        ),
        profile("Alpha Drafts Ltd.", "IND", provenance="firm", statements=(statement("Sonar housings in volume"),)),
    )
    with transaction(world.sessions) as session:
        for name in ("Alpha", "Beta"):
            accounts.add_association(session, access.CONSOLE, name, NOW)
        for firm_id in (OWN, PLANT, DRAFT):
            session.get_one(Firm, firm_id).association_id = "alpha"
        session.get_one(Firm, DRAFT).state = "draft"
        for name, post in READERS.items():
            accounts.add(session, access.CONSOLE, name, post, NOW)
    world.embed()
    return world


@pytest.fixture
def readers(alpha: World) -> dict[str, TestClient]:
    """A client of one running service for each reader, and one for nobody."""
    app = create_app(alpha.settings, alpha.knowledge, alpha.sessions)
    with transaction(alpha.sessions) as session:
        held = {name: keys.create_key(session, name, datetime.now(UTC)) for name in READERS}
    clients = {name: TestClient(app, headers={"Authorization": f"Bearer {key}"}) for name, key in held.items()}
    return clients | {"nobody": TestClient(app)}


def sentence(chance: random.Random) -> str:
    return " ".join(chance.sample(WORDS, 5))


def secret(chance: random.Random) -> Statement:
    return statement(
        sentence(chance),
        chance.choice(["offers", "seeks"]),
        release="restricted",
        arms=chance.choice([True, False, None]),
        classifications=({"regime": "ECL", "entry": "2-1"},) if chance.random() < 0.3 else (),
        capacities=({"what": "housings", "quantity": chance.randint(1, 999), "unit": "pieces"},),
    )


def exposure(chance: random.Random, held: Exposure) -> Exposure:
    changed = {
        "us_parent_or_us_vc": chance.choice([True, False, None]),
        "us_content_pct": chance.choice([None, 0, 12.5, 80]),
        "itar_content": chance.choice([True, False, None]),
        "notes": sentence(chance),
    }
    return held.model_copy(update={name: changed[name] for name in chance.sample(sorted(changed), 2)})


def restricted_edit(chance: random.Random, held: Profile) -> dict[str, Any]:
    """Another value of one thing that a stranger may not read."""
    closed = [s for s in held.statements if s.release == "restricted"]
    others = tuple(s for s in held.statements if s.release != "restricted")
    part = {"name": chance.choice(WORDS), "us_origin": chance.choice([True, False])}
    return chance.choice(
        [
            lambda: {"statements": (*held.statements, secret(chance))},
            lambda: {"statements": (*others, *closed[1:])},
            lambda: {"statements": (secret(chance), *others)},
            lambda: {"statements": tuple(s.model_copy(update={"components": (part,)}) for s in held.statements)},
            lambda: {"exposure": exposure(chance, held.exposure)},
            lambda: {"export_notes": sentence(chance)},
            lambda: {"contacts": (Contact(name=sentence(chance)),)},
            lambda: {"reviewer_notes": (sentence(chance),)},
            lambda: {
                "unchecked_fields": tuple(chance.sample(["exposure.itar_content", "export_notes", "contacts"], 2))
            },
        ]
    )()


def draft_edit(chance: random.Random) -> dict[str, Any]:
    """Anything at all of a draft."""
    return chance.choice(
        [
            lambda: {"name": f"Alpha {chance.choice(WORDS)} Drafts"},
            lambda: {"aliases": (f"Kraken {chance.choice(WORDS)}",)},
            lambda: {"statements": tuple(statement(sentence(chance)) for _ in range(chance.randint(1, 3)))},
            lambda: {"sectors": chance.choice([("uas",), ("subsea",), ("munitions",)])},
            lambda: {"parent": "Bharat Electronics Limited"},
            lambda: {"certifications": ("AS9100",)},
        ]
    )()


def edit(world: World, chance: random.Random) -> str:
    """One edit, made as the service makes it; what was edited."""
    firm_id = chance.choice([OWN, PLANT, DRAFT])
    with transaction(world.sessions) as session:
        firm = session.get_one(Firm, firm_id)
        changed = draft_edit(chance) if firm_id == DRAFT else restricted_edit(chance, firm.profile)
        altered = Profile.model_validate(firm.profile.model_dump() | _plain(changed))
        change = revisions.begin(session, OF_ALPHA, NOW)
        revisions.revise(session, change, firm, altered)
    world.embed()
    return f"{firm_id}: {', '.join(changed)}"


def _plain(changed: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = Profile.model_construct(**changed).model_dump(include=set(changed), warnings=False)
    return plain


MASKED = re.compile(rb'"(id|asked_at|decided_at)": ?("[0-9a-f-]{36}"|"20[^"]*"|\d+)')
"""What differs between two identical requests: the ids and times of runs."""


def told(client: TestClient, method: str, path: str, body: Any = None) -> bytes:
    answer = client.request(method, path, json=body)
    headers = {name: value for name, value in answer.headers.items() if name not in ("x-request-id", "content-length")}
    return b"\n".join(
        [str(answer.status_code).encode(), str(sorted(headers.items())).encode(), _masked(answer.content)]
    )


def _masked(content: bytes) -> bytes:
    return MASKED.sub(rb'"\1":0', content)


RECORD = ("GET", f"/api/v1/firms/{OWN}", None)
ASK = ("POST", "/api/v1/matches", {"firm": OWN, "market": "PHL", "limit": 50})

FULL: tuple[tuple[str, str, Any], ...] = (
    RECORD,
    ASK,
    ("GET", "/api/v1/firms", None),
    ("GET", "/readyz", None),
    ("GET", f"/api/v1/firms/{PLANT}", None),
    ("GET", f"/api/v1/firms/{DRAFT}", None),
    ("GET", "/api/v1/firms/Alpha Draft", None),
    ("GET", "/api/v1/firms/Kraken", None),
    ("GET", "/api/v1/firms?country=IND&limit=2", None),
    ("GET", f"/api/v1/firms/{OWN}/classifications", None),
    ("POST", "/api/v1/matches", {"firm": "kraken-robotics-inc", "market": "any", "limit": 50}),
    ("POST", "/api/v1/matches", {"firm": "bharat-electronics-limited", "market": "PHL", "limit": 50}),
    ("POST", "/api/v1/matches", {"firm": DRAFT, "market": "PHL"}),
    ("POST", "/api/v1/matches", {"demand": "offshore patrol vessels", "market": "PHL", "limit": 50}),
    ("POST", "/api/v1/matches", {"brief": {"text": "Sonar and infrared gimbal"}, "market": "PHL", "limit": 50}),
    ("GET", "/api/v1/weights", None),
    ("GET", "/api/v1/grants", None),
)


def everything(readers: dict[str, TestClient], run_id: str) -> Iterator[tuple[str, bytes]]:
    of_run = (
        ("GET", f"/api/v1/matches/{run_id}", None),
        ("POST", f"/api/v1/matches/{run_id}/replay", None),
        ("GET", f"/api/v1/matches/{run_id}/matches/1/counterfactuals", None),
        ("GET", f"/api/v1/matches/{run_id}/decisions", None),
    )
    for name, client in readers.items():
        for method, path, body in (*FULL, *of_run):
            yield f"{name}: {method} {path} {body}", told(client, method, path, body)


def weighed_for_a_stranger(world: World) -> list[PooledFirm]:
    """All that a ranking for a stranger is made from, but the numbers of revisions, which it does not read."""
    with transaction(world.sessions, readonly=True) as session:
        firms = gather(session, TRADE_OFFICER, world.knowledge).firms
    return [replace(firm, revision=0) for firm in firms]


def test_no_edit_of_what_is_closed_changes_a_byte(alpha: World, readers: dict[str, TestClient]) -> None:
    chance = random.Random(20261124)
    officer = readers["trade officer"]
    run_id = officer.post("/api/v1/matches", json={"firm": OWN, "market": "PHL", "limit": 50}).json()["run"]["id"]
    before = dict(everything(readers, run_id))
    record, answer, weighed = told(officer, *RECORD), told(officer, *ASK), weighed_for_a_stranger(alpha)
    assert (record[:3], answer[:3]) == (b"200", b"201")
    for number in range(1, EDITS + 1):
        edited = f"edit {number} ({edit(alpha, chance)}) shows"
        assert weighed_for_a_stranger(alpha) == weighed, edited
        if number % ASK_EVERY == 0:
            assert told(officer, *RECORD) == record, edited
            assert told(officer, *ASK) == answer, edited
        if number % FULL_EVERY == 0:
            for asked, now in everything(readers, run_id):
                assert now == before[asked], f"an edit before {number} shows in {asked}"


def test_the_edits_would_show_if_they_were_weighed(alpha: World) -> None:
    """The same edits move ranks for those who may read them: so the bytes above hold still for a reason."""
    chance = random.Random(20261124)
    until = datetime.now(UTC) + timedelta(days=3)
    with transaction(alpha.sessions) as session:
        for firm_id in (OWN, PLANT):
            granting = grants.Granting(account="trade officer", firm=firm_id, agreement="Arrangement 7", until=until)
            grants.grant(session, OF_ALPHA, granting, datetime.now(UTC))
    seen = set()
    cache = CandidateCache()
    for _ in range(20):
        edit(alpha, chance)
        with transaction(alpha.sessions, readonly=True) as session:
            granted = accounts.caller_for(session, accounts.find(session, "trade officer"), datetime.now(UTC))
            seen.add(cache.current(session, granted, alpha.knowledge).version)
            assert cache.current(session, TRADE_OFFICER, alpha.knowledge).rests_on == frozenset()
    assert len(seen) > 5
