"""What is set up on this machine, what is missing, and how to get it."""

from __future__ import annotations

import ctypes.util
import importlib.util
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from app.errors import AppError
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: is it there, in plain words, and how to mend it."""

    what: str
    state: Literal["ok", "optional", "missing"]
    says: str
    mend: str | None = None


def examine(settings: Settings) -> Iterator[Finding]:
    """Findings, the needed first; looks at files and packages and changes nothing."""
    yield _model(settings)
    yield from _knowledge(settings)
    database = _database(settings)
    yield database
    if database.state == "ok":
        yield _lists(settings)
    yield _postgresql()
    yield _library("Pango (PDF briefings)", "pango-1.0", "apt-get install libpango-1.0-0 libpangoft2-1.0-0")
    browsers = ("chromium", "chromium-browser", "google-chrome")
    yield _program("Chromium (browser tests)", browsers, "apt-get install chromium")


def _model(settings: Settings) -> Finding:
    from matching.encoder import NamedEncoder, packaged_encoder
    from matching.weights import EncoderError

    if importlib.util.find_spec("torch") is None:
        return Finding("Encoder", "missing", "torch is not installed", "run `make setup`")
    try:
        encoder = NamedEncoder(settings.encoder) if settings.encoder else packaged_encoder(settings.model_folder)
        encoder.check()
    except (EncoderError, OSError) as problem:
        return Finding("Encoder", "missing", str(problem), "run `make setup`")
    return Finding("Encoder", "ok", f"{encoder.id}, weights checked")


def _knowledge(settings: Settings) -> Iterator[Finding]:
    from app.knowledge import load_knowledge
    from matching.rulebook import stale

    try:
        knowledge = load_knowledge(settings)
    except AppError as problem:
        yield Finding("Rules and markets", "missing", problem.message, "mend the file at the line named")
        return
    old = stale(knowledge.rulebook, datetime.now(UTC).date())
    yield Finding(
        "Rules and markets",
        "ok",
        f"{len(knowledge.rulebook.rules)} rules, {len(knowledge.markets)} markets, {len(knowledge.demands)} demands",
    )
    if old:
        yield Finding(
            "Age of the rules",
            "optional",
            f"{len(old)} rules were read over {settings.rule_max_age_days} days ago, and every verdict they touch is "
            "marked stale: " + ", ".join(f"{rule.id} ({rule.as_of})" for rule in old),
            "read the instrument again and renew as_of in seeds/controls",
        )


def _database(settings: Settings) -> Finding:
    from sqlalchemy import func, make_url, select
    from sqlalchemy.exc import SQLAlchemyError

    from app.candidates import waiting_texts
    from app.db import open_engine, pending_migrations, session_maker, transaction
    from app.knowledge import load_knowledge
    from app.models import Firm

    mend = "check TRIVENI_DATABASE_URL, run `triveni init`"
    try:
        url = make_url(settings.database_url)
        if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
            return Finding("Database", "missing", "it has not been made yet", "run `triveni init`")  # nor is it here
        if pending_migrations(settings.database_url):
            return Finding("Database", "missing", "its tables are not up to date", "run `triveni init`")
        engine = open_engine(settings.database_url)
        with transaction(session_maker(engine), readonly=True) as session:
            firms = session.scalar(select(func.count()).select_from(Firm)) or 0
            waiting = len(waiting_texts(session, load_knowledge(settings)))
        engine.dispose()
    except (SQLAlchemyError, AppError, ModuleNotFoundError) as problem:
        return Finding("Database", "missing", f"it does not answer: {problem}", mend)
    if not firms:
        return Finding("Database", "missing", "no firms are on file", "run `triveni seed`, then `triveni embed`")
    if waiting:
        return Finding("Database", "missing", f"{waiting} texts wait to be embedded", "run `triveni embed`")
    return Finding("Database", "ok", f"{firms} firms on file, every statement embedded")


def _lists(settings: Settings) -> Finding:
    from sqlalchemy.exc import SQLAlchemyError

    from app.db import open_engine, session_maker
    from app.releases import releases, stale

    what = "Denied-party lists"
    try:
        with session_maker(open_engine(settings.database_url))() as session:
            held = [f"{row.title} of {row.dated}" for row in releases(session)]
            old = stale(session, settings.seeds / "watchlists", datetime.now(UTC).date())
    except (SQLAlchemyError, AppError) as problem:
        return Finding(what, "missing", f"cannot be read: {problem}", "run `triveni init`, then `triveni seed`")
    if not held:
        return Finding(what, "missing", "none is held", "run `triveni seed`")
    if old:
        return Finding(
            what, "optional", f"older than agreed: {'; '.join(old)}", "run `triveni watchlists refresh FILE|URL`"
        )
    return Finding(what, "ok", "; ".join(held))


def _postgresql() -> Finding:
    what = "PostgreSQL (several processes)"
    if importlib.util.find_spec("psycopg") is None:
        says = "its driver is not installed; SQLite serves one process"
        return Finding(what, "optional", says, "pip install 'triveni[postgres]'")
    return Finding(what, "ok", "the driver psycopg is installed; set TRIVENI_DATABASE_URL to use a server")


def _library(what: str, name: str, mend: str) -> Finding:
    found = ctypes.util.find_library(name)
    return Finding(what, "ok", f"found as {found}") if found else Finding(what, "optional", "not found", mend)


def _program(what: str, names: tuple[str, ...], mend: str) -> Finding:
    found = next((path for path in map(shutil.which, names) if path), None)
    return Finding(what, "ok", f"found at {found}") if found else Finding(what, "optional", "not found", mend)
