"""List releases: held, fetched, taken or refused, and handed on as one Watchlist.

A release is kept whole in the database, in our condensed layout, with publisher, address, licence, date and the
SHA-256 of the bytes that were read. A file that cannot be read, that holds too few or too many entries, or that lost
more than a quarter of what is held, is refused and the list held stays: a list that silently halves is the worst that
can happen to a screening.
"""

from __future__ import annotations

import hashlib
import lzma
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

import httpx
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from app import access, audit
from app.db import transaction
from app.errors import AppError, NotFound, TooLarge
from app.knowledge import SeedError, read_yaml
from app.listings import RefusedList, condense, layout_of, read_listing
from app.models import ListRelease
from matching.profile import Frozen, Label
from matching.screening import Entry, Release, Watchlist

DOWNLOAD_LIMIT = 50 * 1024 * 1024
MOST_LOST = 0.25
ATTEMPTS = 3
WAIT = 2.0
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


class ListSource(Frozen):
    """One file of seeds/watchlists: a publisher's list, what bounds it, and the release that comes with the service."""

    id: Label
    title: Label
    publisher: Label
    url: Label
    """Where ``refresh`` fetches it."""
    licence: Label
    licence_url: Label | None = None
    layouts: tuple[str, ...] = Field(min_length=1)
    min_entries: int = Field(gt=0)
    max_entries: int = Field(gt=0)
    max_age_days: int = Field(gt=0)
    """Older than this the list is told as stale."""
    file: Label | None = None
    """The release in the repository; None: the licence or the size keeps it out, and it is fetched."""
    sha256: str | None = None
    """Of the file's content, unpacked."""
    entries: int | None = None
    dated: str | None = None
    retrieved: str | None = None
    notes: str | None = None


class Unreachable(AppError):
    """The publisher's server did not give the list; the list held stays."""

    status = 502
    code = "list-unreachable"


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of one list: taken, or the same as held."""

    list_id: str
    entries: int
    before: int | None
    dated: str
    changed: bool


def read_sources(folder: Path) -> dict[str, ListSource]:
    """All list sources by id; raises SeedError."""
    sources = {path.stem: read_yaml(path, ListSource) for path in sorted(folder.glob("*.yaml"))}
    for stem, source in sources.items():
        if source.id != stem:
            raise SeedError(f"{folder / stem}.yaml: the id {source.id!r} is not the file's name")
    return sources


def hold_seeds(session: Session, folder: Path, now: datetime) -> int:
    """Take the releases that come with the service where nothing as new is held; returns how many were taken."""
    taken = 0
    for source in read_sources(folder).values():
        held = current(session, source.id)
        if source.file is None or (held is not None and held.dated >= (source.dated or "")):
            continue
        content = (folder / source.file).read_bytes()
        found = hashlib.sha256(lzma.decompress(content)).hexdigest()
        if found != source.sha256:
            raise SeedError(f"{folder / source.file}: its SHA-256 is {found}, expected {source.sha256}")
        take(session, source, content, Origin(f"seeds/watchlists/{source.file}", dated=source.dated), now)
        taken += 1
    return taken


def current(session: Session, list_id: str) -> ListRelease | None:
    """The release of a list that is in force."""
    return session.scalar(select(ListRelease).where(ListRelease.list_id == list_id, ListRelease.current))


def releases(session: Session) -> Sequence[ListRelease]:
    """The releases in force, by list."""
    return session.scalars(select(ListRelease).where(ListRelease.current).order_by(ListRelease.list_id)).all()


def stale(session: Session, folder: Path, on: date) -> list[str]:
    """Titles of lists held that are older than agreed, or whose age cannot be told."""
    sources = read_sources(folder)
    return [
        f"{release.title} of {release.dated}"
        for release in releases(session)
        if release.list_id not in sources or _age(release.dated, on) > sources[release.list_id].max_age_days
    ]


def _age(dated: str, on: date) -> float:
    try:
        return (on - date.fromisoformat(dated)).days
    except ValueError:
        return float("inf")


# --- Taking a release -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the bytes of a release came from, the day they give the list, and what a person said to expect."""

    place: str
    dated: str | None = None
    etag: str | None = None
    expected: int | None = None
    """The number of entries a person has checked, which then overrides the bounds."""


def take(session: Session, source: ListSource, content: bytes, origin: Origin, now: datetime) -> Taken:
    """Put a new release in force; raises RefusedList, and the list held stays."""
    listing = read_listing(content, source.id)
    if listing.layout not in (*source.layouts, "condensed_csv"):
        raise RefusedList(f"this is the layout {listing.layout}, and {source.title} has {' or '.join(source.layouts)}")
    held, count = current(session, source.id), len(listing.entries)
    _check_count(source, count, held.entries if held else None, origin.expected)
    digest = hashlib.sha256(content if not content.startswith(b"\xfd7zXZ") else lzma.decompress(content)).hexdigest()
    if held is not None and held.sha256 == digest:
        return Taken(source.id, count, held.entries, held.dated, changed=False)
    if held is not None:
        held.current = False
    again = session.scalar(select(ListRelease).where(ListRelease.list_id == source.id, ListRelease.sha256 == digest))
    if again is not None:
        again.current = True
        _note(session, again, now)
        return Taken(source.id, count, held.entries if held else None, again.dated, changed=True)
    dated = origin.dated or listing.dated or now.date().isoformat()
    release = ListRelease(
        list_id=source.id,
        title=source.title,
        publisher=source.publisher,
        url=source.url,
        licence=source.licence,
        dated=dated[:10],
        sha256=digest,
        entries=count,
        content=lzma.compress(condense(listing.entries)),
        taken_from=origin.place[:1000],
        taken_at=now,
        etag=origin.etag,
    )
    session.add(release)
    session.flush()
    _note(session, release, now)
    return Taken(source.id, count, held.entries if held else None, dated[:10], changed=True)


def _note(session: Session, release: ListRelease, now: datetime) -> None:
    """The audit event of a release that is in force from now; lists are taken at the command line only."""
    audit.record(
        session,
        by=access.CONSOLE.name,
        action="list.taken",
        subject=f"list:{release.list_id}",
        details={"sha256": release.sha256, "entries": release.entries},
        at=now,
    )


def _check_count(source: ListSource, count: int, held: int | None, expected: int | None) -> None:
    if expected is not None:
        if count != expected:
            raise RefusedList(f"{source.title}: {count:,} entries were read, {expected:,} were expected")
        return
    hint = f"the list held stays; look at the file, and if it is right say so with --expect {count}"
    if not source.min_entries <= count <= source.max_entries:
        bounds = f"between {source.min_entries:,} and {source.max_entries:,}"
        raise RefusedList(f"{source.title}: {count:,} entries were read, expected {bounds}", hint=hint)
    if held is not None and count < held * (1 - MOST_LOST):
        raise RefusedList(f"{source.title}: {count:,} entries were read where {held:,} are held", hint=hint)


# --- Fetching ---------------------------------------------------------------------------------------


def source_for(sources: dict[str, ListSource], content: bytes, list_id: str | None) -> ListSource:
    """Which list some bytes are of: the one named, or the only one of that layout."""
    if list_id is not None:
        if list_id not in sources:
            raise NotFound(f"no list {list_id!r} is known", hint=f"known are {', '.join(sources)}")
        return sources[list_id]
    plain = lzma.decompress(content) if content.startswith(b"\xfd7zXZ") else content
    layout = layout_of(plain)
    fitting = [source for source in sources.values() if layout in source.layouts]
    if len(fitting) != 1:
        raise RefusedList(f"which list is this, in the layout {layout}?", hint="name it with --list ID")
    return fitting[0]


def read_file(path: Path) -> bytes:
    """The bytes of a list file; raises NotFound or TooLarge."""
    try:
        if path.stat().st_size > DOWNLOAD_LIMIT:
            raise _too_large(str(path))
        return path.read_bytes()
    except OSError as problem:
        raise NotFound(f"cannot read {path}: {problem.strerror}") from problem


def _too_large(what: str) -> TooLarge:
    return TooLarge(f"{what} is larger than {DOWNLOAD_LIMIT // 1024**2} MB; the list held stays")


@dataclass(frozen=True, slots=True)
class Fetched:
    """A list as its publisher's server gave it; no content when it is the one held."""

    content: bytes | None
    etag: str | None


@dataclass
class Fetcher:
    """Asks publishers' servers for lists: three attempts, nothing above the size limit, nothing held already."""

    client: Callable[[], httpx.Client] = field(
        default=lambda: httpx.Client(follow_redirects=True, timeout=60, headers={"User-Agent": "triveni"})
    )
    wait: Callable[[float], None] = time.sleep

    def fetch(self, url: str, etag: str | None = None) -> Fetched:
        """Fetch one list; raises Unreachable or TooLarge."""
        problem = ""
        with self.client() as client:
            for attempt in range(ATTEMPTS):
                if attempt:
                    self.wait(WAIT**attempt)
                try:
                    with self._asked(client, url, etag) as answer:
                        if answer.status_code == httpx.codes.NOT_MODIFIED:
                            return Fetched(None, etag)
                        if answer.status_code == httpx.codes.OK:
                            return Fetched(_body(answer, url), answer.headers.get("etag"))
                        problem = f"it answered {answer.status_code} {answer.reason_phrase}"
                        if answer.status_code not in PASSING:
                            break
                except (httpx.HTTPError, httpx.InvalidURL) as fault:
                    problem = str(fault) or type(fault).__name__
        raise Unreachable(f"cannot fetch {url}: {problem}; the list held stays", hint="try again, or give a file")

    @contextmanager
    def _asked(self, client: httpx.Client, url: str, etag: str | None) -> Iterator[httpx.Response]:
        with client.stream("GET", url, headers={"If-None-Match": etag} if etag else {}) as answer:
            yield answer


def _body(answer: httpx.Response, url: str) -> bytes:
    """The answer's body, given up as soon as it passes the limit."""
    body = bytearray()
    for part in answer.iter_bytes():
        body += part
        if len(body) > DOWNLOAD_LIMIT:
            raise _too_large(url)
    return bytes(body)


@dataclass(frozen=True, slots=True)
class Refreshed:
    """One list after a refresh: what was taken, or why it was not; then the list held stayed."""

    list_id: str
    taken: Taken | None
    problem: AppError | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to refresh: one list from a file or an address, or (neither given) every list from its publisher."""

    place: str | None = None
    list_id: str | None = None
    dated: str | None = None
    expected: int | None = None


def refresh(
    sessions: sessionmaker[Session], folder: Path, wanted: Wanted, now: datetime, fetcher: Fetcher | None = None
) -> Iterator[Refreshed]:
    """Take what is wanted, each list in a transaction of its own; nothing is fetched while the database is held."""
    sources, fetcher = read_sources(folder), fetcher or Fetcher()
    if wanted.place and not re.match("https?://", wanted.place):
        yield _take_apart(sessions, sources, wanted, read_file(Path(wanted.place)), None, now)
        return
    if wanted.list_id is not None and wanted.list_id not in sources:
        raise NotFound(f"no list {wanted.list_id!r} is known", hint=f"known are {', '.join(sources)}")
    chosen = [wanted.list_id] if wanted.list_id or wanted.place else list(sources)
    for list_id in chosen:
        url = wanted.place or sources[str(list_id)].url
        try:
            fetched = fetcher.fetch(url, _etag(sessions, list_id, url))
        except AppError as problem:
            yield Refreshed(list_id or url, None, problem)
            continue
        one = replace(wanted, place=url, list_id=list_id)
        if fetched.content is None:
            yield Refreshed(str(list_id), _as_held(sessions, str(list_id)))
        else:
            yield _take_apart(sessions, sources, one, fetched.content, fetched.etag, now)


def _take_apart(
    sessions: sessionmaker[Session],
    sources: dict[str, ListSource],
    wanted: Wanted,
    content: bytes,
    etag: str | None,
    now: datetime,
) -> Refreshed:
    try:
        source = source_for(sources, content, wanted.list_id)
        origin = Origin(str(wanted.place), wanted.dated, etag, wanted.expected)
        with transaction(sessions) as session:
            return Refreshed(source.id, take(session, source, content, origin, now))
    except AppError as problem:
        return Refreshed(wanted.list_id or str(wanted.place), None, problem)


def _etag(sessions: sessionmaker[Session], list_id: str | None, url: str) -> str | None:
    """The tag of the release held, if it came from this very address."""
    if list_id is None:
        return None
    with transaction(sessions, readonly=True) as session:
        held = current(session, list_id)
        return held.etag if held is not None and held.taken_from == url else None


def _as_held(sessions: sessionmaker[Session], list_id: str) -> Taken | None:
    with transaction(sessions, readonly=True) as session:
        held = current(session, list_id)
        return Taken(list_id, held.entries, held.entries, held.dated, changed=False) if held else None


# --- Handing on -------------------------------------------------------------------------------------


@dataclass
class WatchlistCache:
    """The watchlist of this process: read again only when another release is in force."""

    _held: Watchlist | None = None

    def held(self, session: Session) -> Watchlist:
        """All releases in force, with their entries and index."""
        rows = releases(session)
        facts = tuple(_release(row) for row in rows)
        if self._held is None or self._held.releases != facts:
            self._held = Watchlist(facts, tuple(_entries(rows)))
        return self._held


def _release(row: ListRelease) -> Release:
    return Release(row.list_id, row.title, row.publisher, row.url, row.licence, row.dated, row.sha256, row.entries)


def _entries(rows: Iterable[ListRelease]) -> Iterator[Entry]:
    for row in rows:
        yield from _unpacked(row.list_id, row.content)


@lru_cache(maxsize=8)
def _unpacked(list_id: str, content: bytes) -> tuple[Entry, ...]:
    return read_listing(content, list_id).entries
