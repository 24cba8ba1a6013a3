"""A small world for the tests of the app: eight firms, three real markets, real rules, a real database."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session, sessionmaker

from app import access, accounts, firms, keys, matches
from app.accounts import Post
from app.candidates import CandidateCache, embed_waiting
from app.db import transaction
from app.knowledge import Knowledge
from app.main import create_app
from app.matches import Ask
from app.permissions import Role
from app.settings import Settings
from matching.encoder import Progress, Vectors
from matching.profile import Profile, slug
from tests.factories import SEEDS, HashEncoder, profile, readiness, statement

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
OFFICER = Post(Role.TRADE_OFFICER)

SMALL_FIRMS = (
    profile(
        "Kraken Robotics Inc.",
        aliases=("Kraken",),
        sectors=("subsea",),
        statements=(
            statement("Synthetic aperture sonar for mine countermeasures", readiness=readiness(7)),
            statement("Seeks a maker of pressure housings in volume", "seeks"),
        ),
    ),
    profile("Laflamme Aéro Inc.", statements=(statement("Heavy-lift helicopter drones", readiness=readiness(5)),)),
    profile("Arctic Optics Ltd.", statements=(statement("Uncooled infrared gimbal for drones"),)),
    profile("Arctic Radio Ltd.", statements=(statement("Secure radio links for drones", readiness=readiness(3)),)),
    profile("Cochin Shipyard Limited", "IND", aliases=("CSL",), sectors=("shipbuilding",), statements=(
        statement("Builds offshore patrol vessels with sonar", readiness=readiness(9, 9), arms=False),)),
    profile("Bharat Electronics Limited", "IND", roles=("manufacturer",), statements=(
        statement("Radar, sonar and pressure housings in volume", readiness=readiness(9, 10)),
        statement("Seeks infrared gimbal designs", "seeks"))),
    profile("Bharat Forge Limited", "IND", statements=(statement("Forged shells and drone airframes", arms=True),)),
    profile("Munitions India Limited", "IND", sectors=("munitions",), statements=(
        statement("Artillery shells of 155 mm", readiness=readiness(9, 9), arms=True),)),
)  # fmt: skip


class CountingEncoder(HashEncoder):
    """The stand-in encoder, remembering what it was given; it may be told to break off."""

    def __init__(self, breaks_off_at_text: int | None = None) -> None:
        self.given: list[str] = []
        self._end = breaks_off_at_text

    def encode(self, texts, progress: Progress | None = None) -> Vectors:
        self.given += texts
        if self._end is not None and len(self.given) > self._end:
            raise KeyboardInterrupt
        return super().encode(texts, progress)


@dataclass
class World:
    """A database with what the service knows, and the jobs called the way doors call them."""

    settings: Settings
    sessions: sessionmaker[Session]
    knowledge: Knowledge
    cache: CandidateCache = field(default_factory=CandidateCache)

    @property
    def url(self) -> str:
        """Where its rows are kept: for commands, which open the database by themselves."""
        return str(self.sessions.kw["bind"].url.render_as_string(hide_password=False))

    def seed(self, *profiles: Profile) -> firms.Seeded:
        """Seed these besides what is published already."""
        with transaction(self.sessions) as session:
            held = {firm.id: firm.profile for firm in session.scalars(access.matchable_firms(access.CONSOLE))}
            return firms.seed(session, held | {slug(p.name): p for p in profiles}, NOW)

    def seed_only(self, *profiles: Profile) -> firms.Seeded:
        """Seed these: the others have left the seed files."""
        with transaction(self.sessions) as session:
            return firms.seed(session, {slug(p.name): p for p in profiles}, NOW)

    def revise(self, *profiles: Profile) -> firms.Seeded:
        """Seed the small world's firms again with these in place of, or beside, them: a seeding drops what it leaves out."""
        given = {p.name: p for p in (*SMALL_FIRMS, *profiles)}
        return self.seed(*given.values())

    def embed(self) -> int:
        return embed_waiting(self.sessions, self.knowledge, lambda total: lambda done: None)

    def ask(self, **given: Any) -> dict[str, Any]:
        with transaction(self.sessions) as session:
            return matches.request_matches(
                session, access.CONSOLE, Ask.model_validate(given), self.knowledge, self.cache, NOW
            )

    def replay(self, run_id: str) -> tuple[dict[str, Any], bool]:
        with transaction(self.sessions) as session:
            done = matches.replay(session, access.CONSOLE, run_id, self.knowledge)
            return done.answer, done.same

    def key(self, holder: str = "Trade officer", now: datetime | None = None, post: Post = OFFICER) -> str:
        """A live key of an account of that name, which is made where it is missing."""
        with transaction(self.sessions) as session:
            if all(account.name != holder for account in accounts.accounts(session, access.CONSOLE)):
                accounts.add(session, access.CONSOLE, holder, post, NOW)
            return keys.create_key(session, holder, now or datetime.now(UTC))

    def client(self, *, key: str | None = "") -> TestClient:
        """A client of the API in this process, with a live key unless told otherwise."""
        app = create_app(self.settings, knowledge=self.knowledge, sessions=self.sessions)
        key = self.key() if key == "" else key
        return TestClient(app, headers={"Authorization": f"Bearer {key}"} if key else {})

    def knowing(self, **other: Any) -> World:
        """The same database, seen with other knowledge."""
        return replace(self, knowledge=replace(self.knowledge, **other), cache=CandidateCache())


def few_markets(knowledge: Knowledge, *codes: str) -> Knowledge:
    """The knowledge with some of its markets only."""
    markets = {code: knowledge.markets[code] for code in codes}
    return replace(knowledge, markets=markets, demands={d.id: (m, d) for m in markets.values() for d in m.demands})


def as_bytes(answer: dict[str, Any], *parts: str) -> list[bytes]:
    """Parts of an answer as they would be sent."""
    return [orjson.dumps(answer[part]) for part in parts]


def altered_seeds(folder: Path, file: str, old: str, new: str) -> tuple[Path, int]:
    """A copy of the real seeds with one string of one file altered, and the line on which it stands."""
    seeds = folder / "seeds"
    shutil.copytree(SEEDS, seeds)
    text = (seeds / file).read_text(encoding="utf-8")
    assert text.count(old) >= 1, f"{file} no longer holds {old!r}"
    (seeds / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return seeds, text[: text.index(old)].count("\n") + 1
