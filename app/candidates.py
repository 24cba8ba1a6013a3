"""The pools and the index, kept in step with the database.

Vectors live in the database; the FAISS index and the columns are caches over them, rebuilt when the change
number has moved. A stored vector that is damaged or of another encoder is told and never used.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, func, insert, select
from sqlalchemy.orm import Session, sessionmaker

from app import access, disclosure
from app.db import transaction
from app.disclosure import Reader
from app.errors import AppError, NotReady
from app.knowledge import Knowledge
from app.library import library
from app.models import ChangeCounter, Erasure, Firm, FirmRevision, StatementVector
from matching.encoder import Encoder, Progress, Vectors, text_key
from matching.index import MeaningIndex
from matching.pool import Pool, PooledFirm, embedded_text
from matching.profile import Profile
from matching.taxonomy import Taxonomy

Held = Mapping[str, tuple[int, NDArray[np.float32]]]
"""Text hash to the vector's row id and the vector."""

EMBED_AT_ONCE = 64
"""Texts embedded and stored in one go, so that an interrupted run has lost at most these."""


class DamagedVector(AppError):
    """A stored vector does not match its checksum; nothing was ranked with it."""

    status = 503
    code = "damaged-vector"


@dataclass(frozen=True)
class Candidates:
    """What may be ranked for one reader at one change number: the firms, and the index over all statements.

    ``version`` is the hash of what is weighed of the firms; unlike the change number, which drafts and restricted
    fields raise, too, it may be told. ``rests_on`` names the firms of which the reader has more weighed, or told, than
    a stranger would.
    """

    change: int
    firms: tuple[PooledFirm, ...]
    index: MeaningIndex
    vectors: Held
    rests_on: frozenset[str] = frozenset()
    _pools: dict[tuple[str, bool], Pool] = field(default_factory=dict)

    @cached_property
    def version(self) -> str:
        """The hash of what is weighed of the firms."""
        digest = hashlib.sha256()
        for firm in sorted(self.firms, key=lambda firm: firm.id):
            digest.update(f"{firm.id}\n{firm.profile.model_dump_json()}\n".encode())
        return digest.hexdigest()[:16]

    def pool(self, country: str, taxonomy: Taxonomy, *, infer_needs: bool) -> Pool:
        """The columns of one country's firms; made once and kept."""
        key = (country, infer_needs)
        if key not in self._pools:
            firms = [firm for firm in self.firms if firm.profile.country == country]
            self._pools[key] = Pool(firms, taxonomy, self.vectors, infer_needs=infer_needs)
        return self._pools[key]

    def everyone(self, taxonomy: Taxonomy) -> Pool:
        """The columns of all firms of every country, of what anyone may read; made once and kept.

        A team tells of many firms at once, so nothing that may not be quoted has a part in it.
        """
        if ("", False) not in self._pools:
            told = [
                replace(firm, profile=disclosure.released(firm.profile, Reader.STRANGER), unread=frozenset())
                for firm in self.firms
            ]
            firms = [firm for firm in told if firm.profile.statements]
            self._pools["", False] = Pool(firms, taxonomy, self.vectors, infer_needs=False)
        return self._pools["", False]

    def supposing(self, firm_id: str, profile: Profile) -> Candidates:
        """The same candidates with one firm's profile replaced, for asking what a change would do."""
        firms = tuple(replace(firm, profile=profile) if firm.id == firm_id else firm for firm in self.firms)
        return Candidates(self.change, firms, self.index, self.vectors)


@dataclass(frozen=True)
class _Store:
    """Every vector of the encoder, and the index over them: the same for all readers."""

    vectors: Held
    index: MeaningIndex


VIEWS = 8
"""How many readers' candidates are kept: all who hold no grant share one."""


class CandidateCache:
    """The candidates of the last asks, used again while neither the firms nor the vectors have changed.

    What a firm has restricted is weighed for holders of its grant alone, so candidates are kept per reader.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._state: tuple[int, int] | None = None
        self._store: _Store | None = None
        self._views: OrderedDict[tuple[str | None, frozenset[str]], Candidates] = OrderedDict()

    def current(self, session: Session, caller: access.Caller, knowledge: Knowledge) -> Candidates:
        """The candidates for the caller, as the database has them now."""
        vectors = session.scalar(select(func.count()).select_from(StatementVector)) or 0
        state = (current_change(session), vectors)
        view = (caller.association, caller.grants)
        with self._lock:
            if self._store is None or state != self._state:
                self._views.clear()
                self._store = _store(session, knowledge.encoder)
                self._state = state
            if view not in self._views:
                self._views[view] = _gather(session, caller, knowledge, self._store)
            self._views.move_to_end(view)
            if len(self._views) > VIEWS:
                self._views.popitem(last=False)
            return self._views[view]


def current_change(session: Session) -> int:
    """The number of the last change to firms; 0 before any."""
    return session.scalar(select(ChangeCounter.number)) or 0


def gather(session: Session, caller: access.Caller, knowledge: Knowledge, at: int | None = None) -> Candidates:
    """The candidates as they stand for the caller, or as they stood at a change number.

    A firm that waits to be embedded is left out. Raises NotReady when there are no firms, when none is embedded yet or,
    of the past, one is not, and DamagedVector.
    """
    return _gather(session, caller, knowledge, None, at)


def _gather(
    session: Session, caller: access.Caller, knowledge: Knowledge, store: _Store | None, at: int | None = None
) -> Candidates:
    change = current_change(session) if at is None else at
    rows = _present(session, caller) if at is None else _as_of(session, caller, change)
    if not rows:
        raise NotReady("no firms are on file yet", hint="run `triveni seed`, then `triveni embed`")
    firms = tuple(firm for firm, _, _ in rows if firm.profile.statements)
    store = store or _store(session, knowledge.encoder)
    missing = {firm.id: waiting for firm in firms if (waiting := _waiting(firm, store.vectors))}
    # A newcomer's wait must not stop everybody else's asks; of the past, every firm is needed.
    if missing and (at is not None or len(missing) == len(firms)):
        raise NotReady(
            f"{len(set().union(*missing.values()))} statements have no vector of encoder {knowledge.encoder.id} yet",
            hint="run `triveni embed`",
        )
    firms = tuple(firm for firm in firms if firm.id not in missing)
    opened = frozenset(
        firm.id for firm, profile, reader in rows if reader is not Reader.STRANGER and disclosure.grant_matters(profile)
    )
    return Candidates(change, firms, store.index, store.vectors, opened)


def _waiting(firm: PooledFirm, held: Held) -> set[str]:
    """Texts of the firm's statements that have no vector yet."""
    texts = {embedded_text(statement) for statement in firm.profile.statements}
    return {text for text in texts if text_key(text) not in held}


def _store(session: Session, encoder: Encoder) -> _Store:
    vectors = stored_vectors(session, encoder)
    index = MeaningIndex(encoder.id, encoder.dimensions, encoder.readings)
    ids = np.array([vector_id for vector_id, _ in vectors.values()], dtype=np.int64)
    rows = np.array([vector for _, vector in vectors.values()], dtype=np.float32).reshape(len(ids), encoder.dimensions)
    index.add(ids, rows, encoder.id)
    return _Store(vectors, index)


_Row = tuple[PooledFirm, Profile, Reader]
"""A firm as it is weighed for the caller, all that it has said, and how the caller stands to it."""


def _present(session: Session, caller: access.Caller) -> list[_Row]:
    firms = session.scalars(access.matchable_firms(caller)).all()
    return [_row(caller, firm.id, firm.association_id, firm.profile, firm.revision) for firm in firms]


def _as_of(session: Session, caller: access.Caller, change: int) -> list[_Row]:
    """Each matchable firm as it stood at a change number."""
    stood = _stood(change).subquery()
    allowed = access.matchable_firms(caller).subquery()
    found = session.execute(
        select(FirmRevision, allowed.c.association_id)
        .join(stood, stood.c.id == FirmRevision.id)
        .join(allowed, allowed.c.id == FirmRevision.firm_id)
    )
    return [_row(caller, held.firm_id, association, held.profile, held.revision) for held, association in found]


def _stood(change: int) -> Select[int]:
    """The ids of the revisions that were published at a change number."""
    latest = (
        select(FirmRevision.firm_id, func.max(FirmRevision.revision).label("revision"))
        .where(FirmRevision.change <= change)
        .group_by(FirmRevision.firm_id)
        .subquery()
    )
    return (
        select(FirmRevision.id)
        .join(latest, (FirmRevision.firm_id == latest.c.firm_id) & (FirmRevision.revision == latest.c.revision))
        .where(FirmRevision.state == "published")
    )


def gone_since(session: Session, caller: access.Caller, change: int) -> tuple[int, int]:
    """How many firms that could be matched at a change number cannot be now, and how many were erased since."""
    now = access.matchable_firms(caller).with_only_columns(Firm.id)
    withdrawn = select(func.count()).where(FirmRevision.id.in_(_stood(change)), FirmRevision.firm_id.not_in(now))
    erased = select(func.count()).select_from(Erasure).where(Erasure.change > change, Erasure.shown)
    return session.scalar(withdrawn) or 0, session.scalar(erased) or 0


def _row(caller: access.Caller, firm_id: str, association_id: str, profile: Profile, revision: int) -> _Row:
    reader = access.reader_of(caller, firm_id, association_id)
    pooled = PooledFirm(firm_id, disclosure.weighed(profile, reader), revision, disclosure.unread(profile, reader))
    return pooled, profile, reader


def stored_vectors(session: Session, encoder: Encoder) -> dict[str, tuple[int, NDArray[np.float32]]]:
    """Every vector of this encoder, each checked; raises DamagedVector."""
    held = {}
    rows = session.execute(
        select(
            StatementVector.id, StatementVector.text_sha256, StatementVector.vector, StatementVector.vector_sha256
        ).where(StatementVector.encoder == encoder.id)
    )
    for row_id, key, blob, checksum in rows:
        if len(blob) != 4 * encoder.dimensions or hashlib.sha256(blob).hexdigest() != checksum:
            raise DamagedVector(
                f"the stored vector {row_id} is damaged: its bytes do not match their checksum",
                hint="run `triveni embed`: it embeds damaged vectors again",
            )
        held[key] = (row_id, np.frombuffer(blob, dtype="<f4"))
    return held


def _forget_damaged(session: Session, encoder: Encoder) -> None:
    damaged = [
        row
        for row in session.scalars(select(StatementVector).where(StatementVector.encoder == encoder.id))
        if len(row.vector) != 4 * encoder.dimensions or hashlib.sha256(row.vector).hexdigest() != row.vector_sha256
    ]
    for row in damaged:
        session.delete(row)


def waiting_texts(session: Session, knowledge: Knowledge) -> list[str]:
    """Texts of statements, demands and seats that have no vector yet, each once, in a fixed order."""
    held = set(
        session.scalars(select(StatementVector.text_sha256).where(StatementVector.encoder == knowledge.encoder.id))
    )
    texts = [
        embedded_text(statement)
        for firm in session.scalars(select(Firm).order_by(Firm.id))
        for statement in firm.profile.statements
    ]
    texts += [demand.text for _, demand in knowledge.demands.values()]
    texts += library(knowledge).texts
    return [text for text in dict.fromkeys(texts) if text_key(text) not in held]


def embed_waiting(sessions: sessionmaker[Session], knowledge: Knowledge, announce: Callable[[int], Progress]) -> int:
    """Embed every text without a vector, storing as it goes, and return how many were embedded.

    ``announce`` is told the number of texts and returns what to call as they are done. Vectors that do not match
    their checksums are forgotten first and made anew; interrupted, it goes on where it stopped.
    """
    with transaction(sessions) as session:
        _forget_damaged(session, knowledge.encoder)
        texts = waiting_texts(session, knowledge)
    progress = announce(len(texts))
    for start in range(0, len(texts), EMBED_AT_ONCE):
        chunk = texts[start : start + EMBED_AT_ONCE]
        vectors = knowledge.encoder.encode(chunk, progress)  # outside the transaction: it holds the write lock
        with transaction(sessions) as session:
            session.execute(insert(StatementVector), list(_rows_of(knowledge.encoder, chunk, vectors)))
    return len(texts)


def embed_quietly(sessions: sessionmaker[Session], knowledge: Knowledge) -> None:
    """Embed what waits, after an answer was sent: those just taken onto file are matched from the next ask on."""
    embed_waiting(sessions, knowledge, lambda _total: lambda _done: None)


def _rows_of(encoder: Encoder, texts: Sequence[str], vectors: Vectors) -> Iterator[dict[str, object]]:
    for text, vector in zip(texts, vectors, strict=True):
        blob = vector.astype("<f4").tobytes()
        yield {
            "text_sha256": text_key(text),
            "encoder": encoder.id,
            "vector": blob,
            "vector_sha256": hashlib.sha256(blob).hexdigest(),
        }
