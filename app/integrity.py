"""Is the database whole? Its pages, keys, vectors, revisions, index and audit log, each checked against another.

`examine` reads everything and changes nothing. What is wrong is told with how to mend it; what merely waits, such as
texts without a vector, is not wrong.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from sqlalchemy import ForeignKeyConstraint, Select, and_, func, not_, select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session, aliased

from app import audit
from app.candidates import current_change, stored_vectors, waiting_texts
from app.chain import Head
from app.db import Base, known_migrations
from app.knowledge import Knowledge
from app.models import Firm, FirmRevision, StatementVector
from matching.index import MeaningIndex

SELF_QUERIES = 500
"""How many vectors, drawn evenly over all, must find themselves; each is compared with every other."""
NEAR = 1e-4
"""Of an inner product: two texts of the same words may have the same vector, and single precision rounds."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing checked: whether it holds, in a sentence, and how to mend it where it does not."""

    what: str
    state: Literal["ok", "waits", "wrong"]
    says: str
    mend: str | None = None


def examine(session: Session, knowledge: Knowledge | None, anchors: Iterable[Head] = ()) -> Iterator[Check]:
    """Every check, the deepest first; without knowledge those that need an encoder are left out.

    Nothing is checked after pages that are not whole or tables of an earlier release: the rest cannot be read then.
    """
    pages = _pages(session)
    yield pages
    if pages.state == "wrong":
        return
    tables = _tables(session)
    yield tables
    if tables.state != "ok":
        return
    yield _references(session)
    yield _revisions(session)
    vectors = _vectors(session)
    yield vectors
    yield _log(session, anchors)
    if knowledge is None or vectors.state == "wrong":
        return
    yield _waiting(session, knowledge)
    yield _index(session, knowledge)


def _pages(session: Session) -> Check:
    what = "Pages of the database"
    if session.get_bind().dialect.name != "sqlite":
        on = session.connection().exec_driver_sql("SHOW data_checksums").scalar_one()
        return Check(what, "ok", f"PostgreSQL keeps them; its page checksums are {on}")
    try:
        told = [str(line) for line in session.connection().exec_driver_sql("PRAGMA integrity_check").scalars()]
    except DatabaseError as problem:  # so damaged that it cannot even be checked
        told = [str(problem.orig)]
    if told == ["ok"]:
        return Check(what, "ok", "each is whole, and every index agrees with its table")
    return Check(what, "wrong", "; ".join(told[:3]), "restore a backup: `triveni restore FILE --replace`")


def _tables(session: Session) -> Check:
    known = known_migrations()
    held = session.scalar(text("SELECT version_num FROM alembic_version"))
    if held == known[0]:
        return Check("Tables", "ok", f"as this release has them (migration {held})")
    if held in known:
        return Check("Tables", "waits", f"of an earlier release (migration {held})", "run `triveni init`")
    return Check("Tables", "wrong", f"of another release (migration {held})", "use the release that made them")


def _references(session: Session) -> Check:
    what = "References between tables"
    broken = {
        f"{table.name}.{', '.join(constraint.column_keys)}": count
        for table in Base.metadata.sorted_tables
        for constraint in sorted(table.foreign_key_constraints, key=lambda c: str(c.name))
        if (count := session.scalar(_orphans(constraint)) or 0)
    }
    if not broken:
        return Check(what, "ok", "every row that another refers to is there")
    told = "; ".join(f"{count} rows of {where} refer to nothing" for where, count in broken.items())
    return Check(what, "wrong", told, "restore a backup: `triveni restore FILE --replace`")


def _orphans(constraint: ForeignKeyConstraint) -> Select[int]:
    """How many rows refer, by this constraint, to a row that is not there."""
    child, parent = constraint.table, constraint.referred_table.alias()
    meets = and_(*(element.parent == parent.c[element.column.name] for element in constraint.elements))
    given = and_(*(element.parent.is_not(None) for element in constraint.elements))
    return select(func.count()).select_from(child).where(given, not_(select(1).where(meets).exists()))


def _revisions(session: Session) -> Check:
    """A firm stands as its last revision says, none of its revisions is missing, and every change is numbered."""
    what = "Firms and their revisions"
    last = aliased(FirmRevision)
    held = select(Firm.id, Firm.revision, Firm.state, Firm.profile, last.state, last.profile).join_from(
        Firm, last, (last.firm_id == Firm.id) & (last.revision == Firm.revision), isouter=True
    )
    tally = select(FirmRevision.firm_id, func.count()).group_by(FirmRevision.firm_id)
    counted = dict(session.execute(tally).all())
    wrong, firms = [], 0
    for firm_id, revision, state, profile, last_state, last_profile in session.execute(held):
        firms += 1
        if (state, profile) != (last_state, last_profile) or counted.get(firm_id) != revision:
            wrong.append(firm_id)
    changes = session.scalar(select(func.max(FirmRevision.change))) or 0
    if changes > current_change(session):
        wrong.append(f"change {changes}, which is beyond the change number {current_change(session)}")
    if wrong:
        told = f"{len(wrong)} do not stand as their revisions say, the first {wrong[0]}"
        return Check(what, "wrong", told, "restore a backup: `triveni restore FILE --replace`")
    return Check(what, "ok", f"{firms} firms, each as its last revision; change number {current_change(session)}")


def _vectors(session: Session) -> Check:
    """Every vector of every encoder against its checksum."""
    what = "Vectors"
    rows = session.execute(select(StatementVector.id, StatementVector.vector, StatementVector.vector_sha256))
    held, damaged = 0, []
    for row_id, blob, checksum in rows.yield_per(1000):
        held += 1
        if hashlib.sha256(blob).hexdigest() != checksum:
            damaged.append(row_id)
    if damaged:
        told = f"{len(damaged)} of {held} do not match their checksums, the first in row {damaged[0]}"
        return Check(what, "wrong", told, "run `triveni embed`: it embeds damaged vectors again")
    return Check(what, "ok", f"{held}, each as its checksum says")


def _log(session: Session, anchors: Iterable[Head]) -> Check:
    head, fault = audit.verify(session, anchors)
    if fault is not None:
        return Check("Audit log", "wrong", f"{fault.wrong}: {fault.says}", "keep this database, and restore a backup")
    return Check("Audit log", "ok", f"{head.seq} events, each as it was written; head {head.seq}:{head.hash}")


def _waiting(session: Session, knowledge: Knowledge) -> Check:
    waiting, encoder = len(waiting_texts(session, knowledge)), knowledge.encoder.id
    if waiting:
        return Check("Encoder", "waits", f"{waiting} texts have no vector of {encoder} yet", "run `triveni embed`")
    return Check("Encoder", "ok", f"every text has its vector of {encoder}")


def _index(session: Session, knowledge: Knowledge) -> Check:
    """The index as an ask would have it: every vector under its id, and each that is asked for finds itself."""
    encoder = knowledge.encoder
    vectors = stored_vectors(session, encoder)
    if not vectors:
        return Check("Index", "waits", f"there are no vectors of {encoder.id}", "run `triveni embed`")
    ids = np.array([row_id for row_id, _ in vectors.values()], dtype=np.int64)
    rows = np.array([vector for _, vector in vectors.values()], dtype=np.float32)
    index = MeaningIndex(encoder.id, encoder.dimensions, encoder.readings)
    index.add(ids, rows, encoder.id)
    asked = np.unique(np.linspace(0, len(ids) - 1, min(SELF_QUERIES, len(ids)), dtype=np.int64))
    found = index.nearness(rows[asked], ids, encoder.readings.across)
    own = found[np.arange(len(asked)), asked]
    lost = ids[asked][(own < found.max(axis=1) - NEAR) | (own <= 0)]
    if len(index) != len(ids) or len(lost):
        told = f"it holds {len(index)} of {len(ids)} vectors, and {len(lost)} do not find themselves"
        return Check("Index", "wrong", told, "run `triveni embed`, and `triveni verify` again")
    return Check("Index", "ok", f"made from {len(ids)} vectors; {len(asked)} asked for, each found itself")
