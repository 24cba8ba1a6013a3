"""The access truth table: every route, for every kind of caller, answers with the status that ``access.yaml`` says.

The same requests show that nothing leaks: strings that stand in restricted and personal fields and in a draft, and nowhere
else, are in no answer, header or log but those of the association that answers for the firm.
A route without a row fails, and so does a row without its route. To add one, see the top of the file; what a row must
find in the database is made by a function of ``MADE``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import update
from starlette.routing import Mount, Route

from app import access, accounts, grants, keys, sessions
from app.access import Caller
from app.accounts import Post
from app.db import open_engine, session_maker, transaction
from app.main import PAGES, create_app
from app.models import Firm, FirmRevision
from app.permissions import Role
from app.web.pages import COOKIE
from tests.app.world import World
from tests.databases import Databases
from tests.factories import ROOT, profile, statement

FILE = ROOT / "tests" / "contracts" / "access.yaml"
TABLE: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))

POSTS = {
    "association": Post(Role.ASSOCIATION_OFFICER, "alpha"),
    "other association": Post(Role.ASSOCIATION_OFFICER, "beta"),
    "trade officer": Post(Role.TRADE_OFFICER),
    "delegation lead": Post(Role.DELEGATION_LEAD),
    "reviewer": Post(Role.COMPLIANCE_REVIEWER),
    "administrator": Post(Role.ADMINISTRATOR),
}
CALLERS = ("anonymous", *POSTS)

DRAFT, OWN = "alpha-drafts-ltd", "alpha-optics-ltd"
"""A draft and a published firm of the association alpha."""


CANARY = "zq7canary"
"""In every restricted and personal field of Alpha's firms, and in every text of its draft."""

CANARIES = (CANARY, "73.25", "Alpha Drafts Ltd.", "alpha-drafts.example")

_CLOSED: dict[str, Any] = {
    "provenance": "firm",
    "export_notes": f"Delivered under {CANARY}",
    "exposure": {
        "us_parent_or_us_vc": True,
        "us_parent_or_us_vc_source": f"{CANARY} filing",
        "us_content_pct": 73.25,
        "itar_content": True,
        "us_600_series_content": True,
        "us_direct_product": (f"600-series {CANARY}",),
        "sources": ({"url": f"https://{CANARY}.example"},),
        "notes": f"Licence {CANARY}",
    },
    "contacts": ({"name": f"Asha {CANARY}", "email": f"{CANARY}@alpha.example", "phone": CANARY, "role": CANARY},),
    "reviewer_notes": (f"Ask about {CANARY}",),
}

_SECRET = statement(f"Radar, sonar and pressure housings in volume, {CANARY}", release="restricted")

_FIRMS = {
    DRAFT: profile(
        "Alpha Drafts Ltd.",
        statements=(statement(f"A draft about {CANARY}"), _SECRET),
        aliases=(f"{CANARY} Drafts",),
        city=CANARY,
        region=CANARY,
        website="https://alpha-drafts.example",
        parent=f"{CANARY} Holdings",
        sites=({"name": f"{CANARY} yard", "kind": "shipyard", "city": CANARY},),
        certifications=(f"AS9100 {CANARY}",),
        summary_fr=f"Un brouillon {CANARY}",
        sources=({"url": f"https://{CANARY}.example/draft"},),
        **_CLOSED,
    ),
    OWN: profile(
        "Alpha Optics Ltd.",
        statements=(
            statement(
                "Optics for drones",
                components=({"name": f"Seeker {CANARY}", "us_origin": True, "share_pct": 73.25},),
            ),
            _SECRET,
        ),
        **_CLOSED,
    ),
}


def caller(name: str) -> Caller:
    post = POSTS[name]
    return Caller(name, post.role, post.association)


def _run(world: World) -> str:
    """A run of the trade officer."""
    from app import matches

    with transaction(world.sessions) as session:
        asked = matches.Ask(firm="kraken-robotics-inc", market="PHL", limit=3)
        answer = matches.request_matches(
            session, caller("trade officer"), asked, world.knowledge, world.cache, datetime.now(UTC)
        )
    return str(answer["run"]["id"])


def _introduction(world: World) -> str:
    """One that the trade officer has proposed, of a firm of the association alpha and one of none."""
    from app import brokering, introductions, matches, watchlists
    from app.pairs import Room
    from app.releases import WatchlistCache
    from tests.app.test_watchlists import hold

    now = datetime.now(UTC)
    officer, reviewer = (
        Room(caller(name), world.knowledge, world.cache, now.date()) for name in ("trade officer", "reviewer")
    )
    with transaction(world.sessions) as session:
        hold(session, "Vega Quasar")
        watchlists.screen_firms(session, WatchlistCache(), access.CONSOLE, now)
        asked = matches.Ask(firm=OWN, market="PHL", limit=1)
        answer = matches.request_matches(session, officer.caller, asked, world.knowledge, world.cache, now)
        run_id = str(answer["run"]["id"])
        review = brokering.Review(rank=1, decision="proceed", reason="Read with counsel")
        brokering.review(session, run_id, review, reviewer, now)
        made = introductions.propose(session, run_id, introductions.Proposal(rank=1), officer, now)
    return str(made.id)


def _soon(_: World) -> str:
    """A day within any term."""
    return (datetime.now(UTC) + timedelta(days=30)).isoformat()


def _grant(world: World) -> str:
    """A grant of Alpha on its published firm to the trade officer."""
    with transaction(world.sessions) as session:
        given = {"account": "trade officer", "firm": OWN, "agreement": "Arrangement 7", "until": _soon(world)}
        granting = grants.Granting.model_validate(given)
        return str(grants.grant(session, caller("association"), granting, datetime.now(UTC)).id)


def _composition(world: World) -> str:
    """A composition of the trade officer."""
    from app import projects

    with transaction(world.sessions) as session:
        asked = projects.CompositionAsk(template="cbrn-kit", market="PHL", swaps=0, alternatives=0)
        answer = projects.compose(
            session, caller("trade officer"), asked, world.knowledge, world.cache, datetime.now(UTC)
        )
    return str(answer["run"]["id"])


def _hook(world: World) -> str:
    """A webhook of the trade officer."""
    from app import webhooks
    from app.outbound import Outbound

    with transaction(world.sessions) as session:
        wanted = webhooks.Subscription(url="https://hooks.example.org/in", events=("firm.changed",))
        return str(webhooks.subscribe(session, caller("trade officer"), wanted, Outbound(), datetime.now(UTC)).id)


def _submission(world: World) -> str:
    """A file of the association alpha, checked."""
    from app import submissions

    content = b'[{"name": "Alpha Sonar Ltd.", "country": "CAN", "offers": "Sonar"}, {"name": "No Country"}]'
    means = submissions.Means(world.knowledge.taxonomy)
    with transaction(world.sessions) as session:
        upload = submissions.Upload(content, "firms.json", "alpha")
        return submissions.check(session, caller("association"), upload, means, datetime.now(UTC)).id


def _merge(world: World) -> str:
    """A draft of alpha merged into its published firm."""
    from app import merges

    with transaction(world.sessions) as session:
        made = merges.merge(session, caller("association"), OWN, DRAFT, "one firm", datetime.now(UTC))
    return str(made.id)


MADE: dict[str, Callable[[World], str]] = {
    "run": _run,
    "composition": _composition,
    "soon": _soon,
    "grant": _grant,
    "introduction": _introduction,
    "hook": _hook,
    "submission": _submission,
    "merge": _merge,
}
"""What ``<name>`` stands for in the table: made in the database of the request, and only where it is used."""


@dataclass(frozen=True)
class Row:
    """One request of the table and the status that each caller gets."""

    operation: str
    case: str
    path: str
    body: Any
    form: dict[str, str] | None
    expect: dict[str, int]

    def __str__(self) -> str:
        return f"{self.operation} ({self.case})" if self.case else self.operation


def rows() -> Iterator[Row]:
    for operation, cases in TABLE["routes"].items():
        template = operation.split()[1]
        for case in cases:
            words = TABLE["words"] | case.get("words", {})
            path = re.sub(r"\{(\w+)(?::\w+)?\}", lambda m, words=words: str(words[m.group(1)]), template)
            assert len(case["expect"]) == len(CALLERS), f"{operation}: expected a status for each of {CALLERS}"
            expect = dict(zip(CALLERS, case["expect"], strict=True))
            yield Row(
                operation,
                case.get("case", ""),
                path + case.get("query", ""),
                case.get("body"),
                case.get("form"),
                expect,
            )


ROWS = list(rows())


@dataclass(frozen=True)
class Prepared:
    """The small world with the associations alpha and beta, and an account with a key for every kind of caller."""

    url: str
    keys: dict[str, str]
    cookies: dict[str, str]
    world: World


@pytest.fixture(scope="module")
def prepared(small_url: str, databases: Databases, settings, little, tmp_path_factory) -> Prepared:
    url = databases.copy(small_url, tmp_path_factory.mktemp("table"))
    engine = open_engine(url)
    world = World(settings, session_maker(engine), little)
    world.seed(*[firm.profile for firm in _held(world)], *_FIRMS.values())
    now = datetime.now(UTC)
    with transaction(world.sessions) as session:
        for name in ("Alpha", "Beta"):
            accounts.add_association(session, access.CONSOLE, name, now)
        for firm_id in _FIRMS:
            session.get_one(Firm, firm_id).association_id = "alpha"
        session.get_one(Firm, DRAFT).state = "draft"
        # As if it had never been anything else: what was once published may be told as gone.
        session.execute(update(FirmRevision).where(FirmRevision.firm_id == DRAFT).values(state="draft"))
        made, cookies = {}, {}
        for name, post in POSTS.items():
            accounts.add(session, access.CONSOLE, name, post, now)
            made[name] = keys.create_key(session, name, now)
            cookies[name] = sessions.open_session(session, accounts.find(session, name), "test", now).token
    world.embed()
    engine.dispose()
    return Prepared(url, made, cookies, world)


def _held(world: World) -> list[Firm]:
    with world.sessions() as session:
        return list(session.scalars(access.visible_firms(access.CONSOLE)))


Ask = Callable[[Row], dict[str, Response]]


@pytest.fixture
def ask(prepared: Prepared, databases: Databases, tmp_path: Path) -> Iterator[Ask]:
    """Sends one row as every caller; where it may change something, each to a database of its own."""
    engines = []

    def opened() -> World:
        engine = open_engine(databases.copy(prepared.url, tmp_path))
        engines.append(engine)
        return World(prepared.world.settings, session_maker(engine), prepared.world.knowledge)

    def send(row: Row) -> dict[str, Response]:
        method = row.operation.split()[0]
        answers, door = {}, None
        for name in CALLERS:
            if door is None or method != "GET":
                door = _Door(opened(), row)
            headers = {}
            if name in prepared.keys:
                headers = {"Authorization": f"Bearer {prepared.keys[name]}"}
                headers["Cookie"] = f"{COOKIE}={prepared.cookies[name]}"
            answers[name] = door.client.request(method, door.path, json=door.body, data=row.form, headers=headers)
        return answers

    yield send
    for engine in engines:
        engine.dispose()


class _Door:
    """The application over one database, and a row's request with what it names made there."""

    def __init__(self, world: World, row: Row) -> None:
        made = {word: MADE[word](world) for word in re.findall(r"<(\w+)>", f"{row.path} {row.body}")}
        self.path, self.body = _filled(row.path, made), _filled(row.body, made)
        app = create_app(world.settings, world.knowledge, world.sessions)
        self.client = TestClient(app, follow_redirects=False)


def _filled(given: Any, made: dict[str, str]) -> Any:
    if isinstance(given, str):
        return re.sub(r"<(\w+)>", lambda m: made[m.group(1)], given)
    if isinstance(given, list):
        return [_filled(part, made) for part in given]
    return {key: _filled(part, made) for key, part in given.items()} if isinstance(given, dict) else given


def test_every_route_has_its_rows_and_every_row_its_route(settings, little) -> None:
    app = create_app(settings, little)
    routes = {
        f"{method} {path}" for path, methods in app.openapi()["paths"].items() for method in map(str.upper, methods)
    }
    pages = {
        f"{method} {route.path}"
        for route in [*app.routes, *(route for router in PAGES for route in router.routes)]
        if isinstance(route, APIRoute | Route) and not isinstance(route, Mount)
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert set(TABLE["routes"]) == routes | pages


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_each_caller_gets_what_the_table_says_and_nothing_that_is_not_released(ask: Ask, row: Row, capfd) -> None:
    answers = ask(row)
    assert {name: answer.status_code for name, answer in answers.items()} == row.expect
    logged = "".join(capfd.readouterr())
    assert "request" in logged
    assert [canary for canary in CANARIES if canary in logged] == []
    for name, answer in answers.items():
        if name != "association":
            told = f"{answer.text}\n{dict(answer.headers)}"
            assert [canary for canary in CANARIES if canary in told] == [], name


def test_the_canaries_are_there_to_be_found(ask: Ask) -> None:
    """What the association reads of its own firms holds every one of them; otherwise nothing would be shown above."""
    wanted = [row for row in ROWS if row.operation == "GET /api/v1/firms/{name_or_id}"]
    told = "".join(ask(row)["association"].text for row in wanted)
    assert [canary for canary in CANARIES if canary not in told] == []
    assert told.count(CANARY) >= 30


def test_the_table_has_a_row_that_lets_in_and_one_that_refuses_each_caller() -> None:
    for name in CALLERS:
        statuses = {row.expect[name] // 100 for row in ROWS}
        assert {2, 4} <= statuses, name
