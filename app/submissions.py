"""Submissions: an association's file checked against what is on file, and accepted as a whole.

A check stores the Submission, with every row, every problem, what would change, likely duplicates and near names on the
denied-party lists, and touches no firm. Accepting it is one transaction: revisions, one change number, consents,
screening. A check is stale when anything that it compared the file with is another now; accepting twice does nothing
more.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from anyascii import anyascii
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import access, associations, audit, consents, firms, life, merges, profiles, revisions, watchlists
from app.checking import Checked, Duplicate, Elsewhere, Findings, Held, Progress, check_rows, counts, find_duplicates
from app.errors import Conflict, NotFound
from app.intake import Members, read_members
from app.life import Act, State
from app.mapping import MappingFile, as_suggested
from app.models import Firm, Submission, SubmissionRow
from app.permissions import Permission
from app.releases import WatchlistCache
from app.template import blank, form_version, needing_work
from matching.profile import Profile, slug
from matching.screening import Hit, screen_all
from matching.taxonomy import Taxonomy

MOST_HITS = 10
"""Near names that are told of one row."""


def _quietly(stage: str, done: int, total: int) -> None:
    """Tell nobody how far it is."""


@dataclass(frozen=True)
class Upload:
    """A file as it came: its bytes and name, whose firms it is about, and what a person says of its columns."""

    content: bytes
    file_name: str
    association: str
    mapping: MappingFile | None = None


@dataclass(frozen=True)
class Means:
    """What a check needs besides the database."""

    taxonomy: Taxonomy
    lists: WatchlistCache = field(default_factory=WatchlistCache)
    progress: Progress = _quietly


# --- Check ------------------------------------------------------------------------------------------


def check(session: Session, caller: access.Caller, upload: Upload, means: Means, now: datetime) -> Submission:
    """Check a file and store what would happen; touches no firm.

    The same file checked again, with nothing changed since, is answered with the Submission there is. Raises Invalid or
    TooLarge for a file that cannot be read, NotFound for an association that the caller does not answer for.
    """
    association = associations.answered_for(session, caller, upload.association)
    mapping = upload.mapping or associations.saved_mapping(session, association.id)
    held = firms.of_association(session, association.id)
    sha256 = hashlib.sha256(upload.content).hexdigest()
    basis = _basis(session, association.id, held, mapping, means)
    standing = session.scalars(
        select(Submission)
        .where(Submission.association_id == association.id, Submission.sha256 == sha256, Submission.basis == basis)
        .order_by(Submission.checked_at.desc())
    ).first()
    if standing is not None and (standing.state == "checked" or not _something(standing, Acceptance())):
        return standing
    means.progress("reading", 0, 1)
    members = read_members(upload.content, upload.file_name, means.taxonomy, mapping)
    means.progress("reading", 1, 1)
    on_file = _on_file(session, held)
    findings = check_rows(members, on_file, means.progress)
    duplicates = find_duplicates(findings, on_file, _elsewhere(session, association.id))
    means.progress("duplicates", 1, 1)
    hits, lists = _hits(session, findings, means)
    submission = Submission(
        id=str(uuid.uuid4()),
        association_id=association.id,
        file_name=upload.file_name[:300],
        sha256=sha256,
        kind=members.kind,
        mapping=mapping.model_dump(mode="json"),
        recognised=as_suggested(members.tables),
        state="checked",
        basis=basis,
        counts=counts(findings),
        left_out=[asdict(item) for item in findings.left_out],
        notes=[*findings.notes, *_about(members, means.taxonomy, lists)],
        missing=list(findings.missing),
        lists=lists,
        checked_at=now,
        checked_by=caller.name,
    )
    session.add(submission)
    session.flush()  # the rows refer to it
    _store_rows(session, submission, findings, duplicates, hits)
    audit.record(
        session,
        by=caller.name,
        action="submission.checked",
        subject=f"submission:{submission.id}",
        details={"sha256": sha256, **submission.counts},
        at=now,
    )
    return submission


def _basis(session: Session, association_id: str, held: Sequence[Firm], mapping: MappingFile, means: Means) -> str:
    """Hash of what a check rests on: the association's firms, the mapping, the taxonomy, the lists."""
    digest = hashlib.sha256(f"{association_id}\n{mapping.model_dump_json()}\n{means.taxonomy.version}\n".encode())
    digest.update(means.lists.held(session).version.encode())
    for firm in held:
        digest.update(f"{firm.id} {firm.revision}\n".encode())
    return digest.hexdigest()


def _on_file(session: Session, firms_held: Sequence[Firm]) -> list[Held]:
    """The association's firms; a record that was merged into another is only a name of that."""
    merged = merges.standing(session)
    also: dict[str, list[str]] = {}
    for firm in firms_held:
        if firm.id in merged:
            also.setdefault(merged[firm.id], []).append(firm.name)
    return [
        Held(f.id, f.revision, f.profile, archived=f.state == State.ARCHIVED, also=tuple(also.get(f.id, ())))
        for f in firms_held
        if f.id not in merged
    ]


def _elsewhere(session: Session, association_id: str) -> Elsewhere:
    """Published firms that the association does not answer for. Drafts of others are told to nobody."""
    public: dict[str, Profile] = {}
    others: dict[str, Profile] = {}
    for firm in firms.published_elsewhere(session, association_id):
        (public if firm.association_id == firms.PUBLIC_SOURCES else others)[firm.id] = firm.profile
    return Elsewhere(public, others)


def _hits(
    session: Session, findings: Findings, means: Means
) -> tuple[dict[int, tuple[Hit, ...]], dict[str, str] | None]:
    """Near names on the lists held of each row that is new or changed, by its place; and which lists those were."""
    watchlist = means.lists.held(session)
    if not watchlist.releases:
        return {}, None
    asked = {
        at: list(watchlists.names_of(c.profile)) for at, c in enumerate(findings.rows) if _goes_in(c) and c.profile
    }
    found: dict[int, tuple[Hit, ...]] = {}
    near = screen_all(list(asked.values()), watchlist, limit=MOST_HITS)
    for done, (at, hits) in enumerate(zip(asked, near, strict=True)):
        if done % 100 == 0:
            means.progress("screening", done, len(asked))
        if hits:
            found[at] = hits
    means.progress("screening", len(asked), len(asked))
    return found, {release.id: release.dated for release in watchlist.releases}


def _goes_in(checked: Checked) -> bool:
    return checked.outcome in ("new", "changed")


def _about(members: Members, taxonomy: Taxonomy, lists: Mapping[str, str] | None) -> list[str]:
    notes = []
    for table in members.tables:
        known = sum(column.key is not None for column in table.columns)
        at = ", ".join(map(str, table.header_rows))
        notes.append(f"{table.sheet.name}: header in row {at}; {known} of {len(table.columns)} columns recognised")
    if members.form and members.form != form_version(taxonomy):
        notes.append(
            "the form is an older one: `triveni template` writes the present one; this one was read nevertheless"
        )
    if lists is None:
        notes.append("no denied-party list is held: names were not screened")
    return notes


def _store_rows(
    session: Session,
    submission: Submission,
    findings: Findings,
    duplicates: Sequence[Duplicate],
    hits: Mapping[int, Sequence[Hit]],
) -> None:
    told: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for duplicate in duplicates:
        told.setdefault((duplicate.sheet, duplicate.row), []).append(asdict(duplicate))
    ids = _Ids(session, submission.association_id)
    for at, checked in enumerate(findings.rows):
        row = checked.row
        session.add(
            SubmissionRow(
                submission_id=submission.id,
                sheet=row.sheet,
                rows=list(row.rows),
                outcome=checked.outcome,
                name=row.name[:300],
                firm_id=checked.held.id if checked.held else ids.for_name(row.name) if checked.profile else None,
                cells=dict(row.cells),
                profile=checked.profile if _goes_in(checked) else None,
                changes=[asdict(change) for change in checked.changes],
                problems=[asdict(problem) for problem in row.problems],
                notes=[asdict(note) for note in row.notes],
                duplicates=told.get((row.sheet, row.rows[0]), []),
                hits=[_hit(hit) for hit in hits.get(at, ())],
            )
        )
    session.flush()


def _hit(hit: Hit) -> dict[str, Any]:
    shown = {"given": hit.given, "listed": hit.listed, "score": hit.score, "because": hit.because}
    return shown | {"code": hit.entry.code, "list": hit.list_title, "list_date": hit.list_date}


class _Ids:
    """Ids for new firms: the name and the association, so that no id tells what another association holds."""

    def __init__(self, session: Session, association_id: str) -> None:
        self._taken = set(session.scalars(select(Firm.id).where(Firm.association_id == association_id)))
        self._association = association_id

    def for_name(self, name: str) -> str:
        """A readable id that is not taken."""
        stem = f"{(slug(name) or slug(anyascii(name)) or 'firm')[:90]}-{self._association}"
        wanted = next(id_ for n in range(1, 10**6) if (id_ := stem if n == 1 else f"{stem}-{n}") not in self._taken)
        self._taken.add(wanted)
        return wanted


# --- Accept -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Acceptance:
    """How a submission is accepted.

    ``publish``: the association says that these firms agree to be shown and matched, which is recorded as their
    consent; otherwise new ones wait as submitted. ``withdraw_missing``: firms on file that the sheet does not speak of
    are withdrawn.
    """

    publish: bool = True
    withdraw_missing: bool = False


def accept(
    session: Session,
    caller: access.Caller,
    submission_id: str,
    acceptance: Acceptance,
    means: Means,
    now: datetime,
) -> Submission:
    """Take the rows of a submission that are ready onto file: all of them, or none.

    Accepting again does nothing more. Raises NotFound, and Conflict when what the check rested on has changed.
    """
    submission = read(session, caller, submission_id)
    if submission.state == "accepted":
        return submission
    change = revisions.begin(session, caller, now) if _something(submission, acceptance) else None
    held = {firm.id: firm for firm in firms.of_association(session, submission.association_id)}
    basis = _basis(
        session, submission.association_id, list(held.values()), MappingFile.model_validate(submission.mapping), means
    )
    if basis != submission.basis:
        raise Conflict(
            "the check is stale: firms, lists or sectors have changed since the file was checked",
            hint="check the same file again and accept that",
        )
    touched = []
    if change is not None:
        rows = _rows_of(session, submission.id, ("new", "changed"))
        for done, row in enumerate(rows):
            if done % 50 == 0:
                means.progress("accepting", done, len(rows))
            assert row.firm_id is not None
            assert row.profile is not None
            touched.append(_taken_in(session, change, submission, row, held.get(row.firm_id), acceptance))
        for firm_id in submission.missing if acceptance.withdraw_missing else ():
            profiles.step(session, change, held[firm_id], life.transition(held[firm_id].state, Act.WITHDRAW))
    submission.state, submission.accepted_at, submission.accepted_by = "accepted", now, caller.name
    if submission.mapping.get("columns") or submission.mapping.get("defaults"):
        associations.keep_mapping(
            session, caller, submission.association_id, MappingFile.model_validate(submission.mapping), now
        )
    audit.record(
        session,
        by=caller.name,
        action="submission.accepted",
        subject=f"submission:{submission.id}",
        details={
            "new": submission.counts["new"],
            "changed": submission.counts["changed"],
            "published": acceptance.publish,
        },
        at=now,
    )
    if touched and submission.lists is not None:
        watchlists.screen_firms(session, means.lists, caller, now, only=frozenset(touched))
    return submission


def _something(submission: Submission, acceptance: Acceptance) -> bool:
    """Whether accepting would do anything to firms."""
    changed = submission.counts["new"] + submission.counts["changed"]
    return bool(changed or (acceptance.withdraw_missing and submission.missing))


def _taken_in(
    session: Session,
    change: revisions.Change,
    submission: Submission,
    row: SubmissionRow,
    firm: Firm | None,
    acceptance: Acceptance,
) -> str:
    assert row.profile is not None
    assert row.firm_id is not None
    if firm is None:
        firm = revisions.register(session, change, row.firm_id, submission.association_id, row.profile, State.SUBMITTED)
    else:
        if firm.state == State.PUBLISHED and firm.expires_at is not None:
            firm.confirmed_at, firm.expires_at = change.at, change.at + profiles.TERM
        revisions.revise(session, change, firm, row.profile)
    if acceptance.publish and firm.state in (State.DRAFT, State.SUBMITTED, State.EXPIRED):
        _publish(session, change, submission, firm)
    return firm.id


def _publish(session: Session, change: revisions.Change, submission: Submission, firm: Firm) -> None:
    """Publish a firm on the association's word that it agrees, which is put on record."""
    for field_class, purpose in consents.missing(session, firm):
        agreement = consents.Agreement(
            field_class=field_class,
            purpose=purpose,
            given_by=f"Association {submission.association_id}, for the firm",
            given_at=change.at,
            evidence=f"declared when submission {submission.id} was accepted",
        )
        consents.give(session, firm, agreement, change.by, change.at)
    if firm.state == State.DRAFT:
        profiles.step(session, change, firm, life.transition(firm.state, Act.SUBMIT))
    act = Act.PUBLISH if firm.state == State.SUBMITTED else Act.CONFIRM
    profiles.step(session, change, firm, life.transition(firm.state, act))


# --- Read -------------------------------------------------------------------------------------------


def read(session: Session, caller: access.Caller, submission_id: str) -> Submission:
    """A submission of an association that the caller answers for; else NotFound, whether or not there is one."""
    access.require(caller, Permission.SUBMIT_FIRMS)
    submission = session.get(Submission, submission_id)
    if submission is None:
        raise _unknown(submission_id)
    try:
        associations.answered_for(session, caller, submission.association_id)
    except NotFound:
        raise _unknown(submission_id) from None
    return submission


def _unknown(submission_id: str) -> NotFound:
    return NotFound(f"there is no submission {submission_id!r} of an association that you answer for")


def _rows_of(session: Session, submission_id: str, outcomes: Sequence[str] = ()) -> Sequence[SubmissionRow]:
    wanted = select(SubmissionRow).where(SubmissionRow.submission_id == submission_id)
    if outcomes:
        wanted = wanted.where(SubmissionRow.outcome.in_(outcomes))
    return session.scalars(wanted.order_by(SubmissionRow.id)).all()


def document(session: Session, submission: Submission) -> dict[str, Any]:
    """A submission as JSON: how many rows ended how, every problem, and what was left out."""
    rows = _rows_of(session, submission.id)

    def gathered(name: str) -> list[dict[str, Any]]:
        return [item for row in rows for item in getattr(row, name)]

    def named(row: SubmissionRow) -> dict[str, Any]:
        return {"sheet": row.sheet, "row": row.rows[0], "name": row.name}

    return {
        **submission.counts,
        "problems": gathered("problems"),
        "left_out": submission.left_out,
        "notes": submission.notes,
        "row_notes": gathered("notes"),
        "changes": [named(row) | {"firm": row.firm_id, "fields": row.changes} for row in rows if row.changes],
        "missing": submission.missing,
        "duplicates": gathered("duplicates"),
        "hits": [named(row) | hit for row in rows for hit in row.hits],
        "lists": submission.lists,
        "columns": submission.recognised,
        "submission": {
            "id": submission.id,
            "association": submission.association_id,
            "file": submission.file_name,
            "sha256": submission.sha256,
            "state": submission.state,
            "checked_at": submission.checked_at,
            "accepted_at": submission.accepted_at,
        },
    }


def returned(session: Session, caller: access.Caller, submission_id: str) -> bytes:
    """The officer's own workbook back, with only the rows that need work and what to mend in each."""
    submission = read(session, caller, submission_id)
    rows = _rows_of(session, submission.id, ("problem",))
    return needing_work((row.sheet, row.rows, row.cells, row.problems) for row in rows)


@dataclass(frozen=True, slots=True)
class SubmissionLine:
    """A submission in a list."""

    id: str
    file: str
    state: str
    checked_at: datetime
    rows: int
    ready: int
    new: int
    changed: int
    unchanged: int


def list_submissions(session: Session, caller: access.Caller, association: str) -> list[SubmissionLine]:
    """The submissions of an association that the caller answers for, the last first."""
    held = associations.answered_for(session, caller, association)
    found = session.scalars(
        select(Submission).where(Submission.association_id == held.id).order_by(Submission.checked_at.desc())
    )
    return [SubmissionLine(s.id, s.file_name, s.state, s.checked_at, **s.counts) for s in found]


def form(caller: access.Caller, taxonomy: Taxonomy) -> bytes:
    """The blank form for members as a workbook."""
    access.require(caller, Permission.SUBMIT_FIRMS)
    return blank(taxonomy)
