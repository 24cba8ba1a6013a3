"""Every table, in the order of the story: associations, accounts, firms, vectors, runs, screening, decisions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Enum, ForeignKey, LargeBinary, String, UniqueConstraint, true
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Moment, Stored
from app.permissions import Role
from matching.profile import Profile
from matching.screening import Hit


class ChangeCounter(Base):
    """One row: the number of the last change to firms.

    It is raised as the last statement of a writing transaction, under its row lock, so that the order of the
    numbers is the order of the commits (a plain sequence loses rows for those who follow it).
    """

    __tablename__ = "change_counter"
    __table_args__ = (CheckConstraint("id = 1", name="only_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    number: Mapped[int] = mapped_column(default=0)
    seal: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The key under which the number is told to others: drafts and restricted fields raise it, too."""


class Association(Base):
    """An industry body that submits and answers for firms' records."""

    __tablename__ = "association"

    id: Mapped[str] = mapped_column(String(100), primary_key=True)
    name: Mapped[str] = mapped_column(String(300), unique=True)


class Account(Base):
    """A person, or a system, that may ask. It is never deleted and its name never given to another: runs bear it."""

    __tablename__ = "account"
    __table_args__ = (
        UniqueConstraint("issuer", "subject"),
        CheckConstraint("(role = 'association_officer') = (association_id IS NOT NULL)", name="association_of_officer"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    login: Mapped[str] = mapped_column(String(200), unique=True)
    """The name with case and compatibility forms folded: what is compared."""
    role: Mapped[Role] = mapped_column(Enum(Role, native_enum=False, length=30, values_callable=list))
    association_id: Mapped[str | None] = mapped_column(ForeignKey("association.id"), index=True)
    password_hash: Mapped[str | None] = mapped_column(String(300))
    """argon2id with its parameters; None: no password opens it."""
    totp_secret: Mapped[str | None] = mapped_column(String(64))
    totp_step: Mapped[int | None] = mapped_column(BigInteger)
    """The thirty seconds of the last code that was taken: a code opens once."""
    issuer: Mapped[str | None] = mapped_column(String(500))
    subject: Mapped[str | None] = mapped_column(String(300))
    """With the issuer: who this is at an OpenID provider."""
    created_at: Mapped[datetime] = mapped_column(Moment)
    disabled_at: Mapped[datetime | None] = mapped_column(Moment)


class AccountSession(Base):
    """One login: only the hash of its token is stored, and ending it here ends it everywhere."""

    __tablename__ = "account_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    by: Mapped[str] = mapped_column(String(20))
    """How it was opened: ``password``, ``code`` (password and code) or ``oidc``."""
    created_at: Mapped[datetime] = mapped_column(Moment)
    seen_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)


class LoginFailure(Base):
    """One refused login, by the hash of the name that was tried: people type passwords where names belong."""

    __tablename__ = "login_failure"

    id: Mapped[int] = mapped_column(primary_key=True)
    login_sha256: Mapped[str] = mapped_column(String(64), index=True)
    address: Mapped[str] = mapped_column(String(100), index=True)
    at: Mapped[datetime] = mapped_column(Moment, index=True)


class OidcStart(Base):
    """A login begun at an OpenID provider and not finished: what its answer is checked against."""

    __tablename__ = "oidc_start"

    state_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    nonce: Mapped[str] = mapped_column(String(64))
    verifier: Mapped[str] = mapped_column(String(128))
    started_at: Mapped[datetime] = mapped_column(Moment)


class Firm(Base):
    """A legal entity on the service, with its present profile."""

    __tablename__ = "firm"

    id: Mapped[str] = mapped_column(String(200), primary_key=True)
    association_id: Mapped[str] = mapped_column(ForeignKey("association.id"), index=True)
    name: Mapped[str] = mapped_column(String(300))
    country: Mapped[str] = mapped_column(String(3), index=True)
    state: Mapped[str] = mapped_column(String(20), default="published", index=True)
    revision: Mapped[int] = mapped_column(default=1)
    profile: Mapped[Profile] = mapped_column(Stored(Profile))
    changed_at: Mapped[datetime] = mapped_column(Moment)
    confirmed_at: Mapped[datetime | None] = mapped_column(Moment)
    """When the firm last stood by its profile."""
    expires_at: Mapped[datetime | None] = mapped_column(Moment, index=True)
    """When a published profile must have been confirmed again; None for those that follow the seed files."""
    archived_by: Mapped[str | None] = mapped_column(String(20))
    """The act that archived it: one that a person withdrew is not restored by a seeding."""


class FirmRevision(Base):
    """A profile as it stood at one change; with these a stored run can be replayed."""

    __tablename__ = "firm_revision"
    __table_args__ = (UniqueConstraint("firm_id", "revision"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    firm_id: Mapped[str] = mapped_column(ForeignKey("firm.id"), index=True)
    revision: Mapped[int]
    state: Mapped[str] = mapped_column(String(20))
    profile: Mapped[Profile] = mapped_column(Stored(Profile))
    change: Mapped[int] = mapped_column(index=True)
    recorded_at: Mapped[datetime] = mapped_column(Moment)


class Consent(Base):
    """What a firm has agreed to for one class of its fields, who said so and when; withdrawn, it is kept."""

    __tablename__ = "consent"

    id: Mapped[int] = mapped_column(primary_key=True)
    firm_id: Mapped[str] = mapped_column(ForeignKey("firm.id"), index=True)
    field_class: Mapped[str] = mapped_column(String(20))
    purpose: Mapped[str] = mapped_column(String(20))
    given_by: Mapped[str] = mapped_column(String(300))
    given_at: Mapped[datetime] = mapped_column(Moment)
    evidence: Mapped[str] = mapped_column(String(500), default="")
    recorded_by: Mapped[str] = mapped_column(String(200))
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    withdrawn_by: Mapped[str | None] = mapped_column(String(200))
    withdrawn_at: Mapped[datetime | None] = mapped_column(Moment)


class Erasure(Base):
    """That a firm was erased: by a hash of its id, so that a seeding does not bring it back."""

    __tablename__ = "erasure"

    reference: Mapped[str] = mapped_column(String(32), primary_key=True)
    change: Mapped[int] = mapped_column(index=True)
    erased_at: Mapped[datetime] = mapped_column(Moment)
    shown: Mapped[bool] = mapped_column(default=True, server_default=true())
    """Whether it was ever published, so that others may hold what it released and are told that it is gone."""


class Declaration(Base):
    """A person's word that a statement's goods fall under a control entry, and the revision of the profile it made."""

    __tablename__ = "declaration"

    id: Mapped[int] = mapped_column(primary_key=True)
    firm_id: Mapped[str] = mapped_column(ForeignKey("firm.id"), index=True)
    revision: Mapped[int]
    statement: Mapped[str] = mapped_column(String(4000))
    regime: Mapped[str] = mapped_column(String(10))
    entry: Mapped[str] = mapped_column(String(300))
    suggested: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(4000))
    declared_by: Mapped[str] = mapped_column(String(200))
    declared_at: Mapped[datetime] = mapped_column(Moment)


class FieldGrant(Base):
    """Leave for one account to read one firm's restricted fields until a day, under an agreement on record."""

    __tablename__ = "field_grant"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    firm_id: Mapped[str] = mapped_column(ForeignKey("firm.id"), index=True)
    agreement: Mapped[str] = mapped_column(String(500))
    granted_by: Mapped[str] = mapped_column(String(200))
    granted_at: Mapped[datetime] = mapped_column(Moment)
    until: Mapped[datetime] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)
    revoked_by: Mapped[str | None] = mapped_column(String(200))


class StatementVector(Base):
    """The vector of one text by one encoder; the text is known by its hash, so it is embedded once."""

    __tablename__ = "statement_vector"
    __table_args__ = (UniqueConstraint("text_sha256", "encoder"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    text_sha256: Mapped[str] = mapped_column(String(64))
    encoder: Mapped[str] = mapped_column(String(200), index=True)
    vector: Mapped[bytes] = mapped_column(LargeBinary)
    vector_sha256: Mapped[str] = mapped_column(String(64))


class ApiKey(Base):
    """A key for the API: only its hash is stored. It may do what its account may, or what its scopes leave of that."""

    __tablename__ = "api_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    """None for a key made before there were accounts: it opens nothing."""
    scopes: Mapped[list[str] | None] = mapped_column(JSON)
    holder: Mapped[str] = mapped_column(String(200))
    prefix: Mapped[str] = mapped_column(String(20), index=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)


class MatchRun(Base):
    """One ask and its answer, with who asked and the versions of everything it rests on."""

    __tablename__ = "match_run"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(Moment, index=True)
    asked_by: Mapped[str] = mapped_column(String(200))
    ask: Mapped[dict[str, Any]] = mapped_column(JSON)
    versions: Mapped[dict[str, Any]] = mapped_column(JSON)
    answer: Mapped[dict[str, Any]] = mapped_column(JSON)
    change: Mapped[int | None]
    """The number of the last change to firms when it was asked: never shown, since drafts and restricted fields
    raise it, too."""
    rests_on: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    """Firms whose restricted fields were in play, because the asker might read them then."""
    screening: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """What screening held of the firms in play; none was kept of the first runs."""


class Composition(Base):
    """One project composed for one market and its answer, with the template as it was and the versions of the rest."""

    __tablename__ = "composition"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(Moment, index=True)
    asked_by: Mapped[str] = mapped_column(String(200))
    ask: Mapped[dict[str, Any]] = mapped_column(JSON)
    project: Mapped[dict[str, Any]] = mapped_column(JSON)
    versions: Mapped[dict[str, Any]] = mapped_column(JSON)
    answer: Mapped[dict[str, Any]] = mapped_column(JSON)
    change: Mapped[int]
    """The number of the last change to firms when it was asked: never shown."""
    screening: Mapped[dict[str, Any]] = mapped_column(JSON)


class ListRelease(Base):
    """One state of one denied-party list, whole: from these every screening can be repeated."""

    __tablename__ = "list_release"
    __table_args__ = (UniqueConstraint("list_id", "sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[str] = mapped_column(String(60), index=True)
    title: Mapped[str] = mapped_column(String(300))
    publisher: Mapped[str] = mapped_column(String(300))
    url: Mapped[str] = mapped_column(String(1000))
    licence: Mapped[str] = mapped_column(String(300))
    dated: Mapped[str] = mapped_column(String(10))
    sha256: Mapped[str] = mapped_column(String(64))
    entries: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    taken_from: Mapped[str] = mapped_column(String(1000))
    taken_at: Mapped[datetime] = mapped_column(Moment)
    etag: Mapped[str | None] = mapped_column(String(300))
    current: Mapped[bool] = mapped_column(default=True, index=True)


class Screening(Base):
    """The log: who had which names compared with which list releases, and what was near. Ad-hoc names have no firm."""

    __tablename__ = "screening"

    id: Mapped[int] = mapped_column(primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(Moment, index=True)
    asked_by: Mapped[str] = mapped_column(String(200))
    firm_id: Mapped[str | None] = mapped_column(ForeignKey("firm.id"), index=True)
    revision: Mapped[int | None]
    names: Mapped[list[str]] = mapped_column(JSON)
    country: Mapped[str | None] = mapped_column(String(3))
    version: Mapped[str] = mapped_column(String(64), index=True)
    lists: Mapped[dict[str, str]] = mapped_column(JSON)
    threshold: Mapped[float]
    found: Mapped[list[dict[str, Any]]] = mapped_column(JSON)


class FirmHit(Base):
    """A near name of a firm, its owner or its site, and where its review stands."""

    __tablename__ = "firm_hit"
    __table_args__ = (UniqueConstraint("firm_id", "near_sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    firm_id: Mapped[str] = mapped_column(ForeignKey("firm.id"), index=True)
    role: Mapped[str] = mapped_column(String(10))
    given: Mapped[str] = mapped_column(String(500))
    listed: Mapped[str] = mapped_column(String(500))
    entry_id: Mapped[str] = mapped_column(String(200))
    code: Mapped[str] = mapped_column(String(60))
    near_sha256: Mapped[str] = mapped_column(String(64))
    """Of entry, name given and name listed: what a decision is about."""
    near: Mapped[Hit] = mapped_column(Stored(Hit))
    state: Mapped[str] = mapped_column(String(20), default="open", index=True)
    first_seen: Mapped[datetime] = mapped_column(Moment)
    last_seen: Mapped[datetime] = mapped_column(Moment)


class Clearance(Base):
    """A person's recorded decision on a hit; never changed, only followed by another."""

    __tablename__ = "clearance"

    id: Mapped[int] = mapped_column(primary_key=True)
    hit_id: Mapped[int] = mapped_column(ForeignKey("firm_hit.id"), index=True)
    decision: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(2000))
    decided_by: Mapped[str] = mapped_column(String(200))
    decided_at: Mapped[datetime] = mapped_column(Moment)


class Decision(Base):
    """What an officer did with a listed match of a run; never changed, only superseded by a later one."""

    __tablename__ = "decision"
    __table_args__ = (CheckConstraint("(outcome = 'declined') = (reason IS NOT NULL)", name="reason_of_declined"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("match_run.id"), index=True)
    rank: Mapped[int]
    outcome: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(30))
    note: Mapped[str] = mapped_column(String(2000), default="")
    decided_at: Mapped[datetime] = mapped_column(Moment)
    decided_by: Mapped[str] = mapped_column(String(200))


class LearnedWeights(Base):
    """One table of weights learned from decisions, with its figures, known by the hash of both; never changed."""

    __tablename__ = "learned_weights"

    version: Mapped[str] = mapped_column(String(30), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    learned: Mapped[dict[str, Any]] = mapped_column(JSON)
    learned_at: Mapped[datetime] = mapped_column(Moment)
    learned_by: Mapped[str] = mapped_column(String(200))


class WeightsSwitch(Base):
    """Which weights were switched on, when and by whom; the last row holds, and no version means the standing ones."""

    __tablename__ = "weights_switch"

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[str | None] = mapped_column(ForeignKey("learned_weights.version"))
    switched_at: Mapped[datetime] = mapped_column(Moment)
    switched_by: Mapped[str] = mapped_column(String(200))


class AuditHead(Base):
    """One row: the last event of the audit log. Its lock gives the chain one order."""

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="only_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))


class AuditEvent(Base):
    """One event, chained to the one before by its hash; triggers refuse to change or to delete it."""

    __tablename__ = "audit_event"

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Moment, index=True)
    by: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(60), index=True)
    subject: Mapped[str] = mapped_column(String(300), index=True)
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64), unique=True)


class Submission(Base):
    """A file that an association sent, as it was checked: nothing of it is on file until it is accepted."""

    __tablename__ = "submission"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    association_id: Mapped[str] = mapped_column(ForeignKey("association.id"), index=True)
    file_name: Mapped[str] = mapped_column(String(300))
    sha256: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(20))
    mapping: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What a person said of the columns."""
    recognised: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """What each column was taken for, with scores."""
    state: Mapped[str] = mapped_column(String(20), default="checked")
    basis: Mapped[str] = mapped_column(String(64))
    """Hash of all that the check compared the file with: when it is another now, the check is stale."""
    counts: Mapped[dict[str, int]] = mapped_column(JSON)
    left_out: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    notes: Mapped[list[str]] = mapped_column(JSON)
    missing: Mapped[list[str]] = mapped_column(JSON)
    """Ids of firms on file that the sheet does not speak of."""
    lists: Mapped[dict[str, str] | None] = mapped_column(JSON)
    """The denied-party lists that names were compared with, and their dates; None when none was held."""
    checked_at: Mapped[datetime] = mapped_column(Moment, index=True)
    checked_by: Mapped[str] = mapped_column(String(200))
    accepted_at: Mapped[datetime | None] = mapped_column(Moment)
    accepted_by: Mapped[str | None] = mapped_column(String(200))


class SubmissionRow(Base):
    """One row of a submission, or several that make up one firm: how it ended, and why."""

    __tablename__ = "submission_row"

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[str] = mapped_column(ForeignKey("submission.id"), index=True)
    sheet: Mapped[str] = mapped_column(String(300))
    rows: Mapped[list[int]] = mapped_column(JSON)
    outcome: Mapped[str] = mapped_column(String(20), index=True)
    name: Mapped[str] = mapped_column(String(300))
    firm_id: Mapped[str | None] = mapped_column(String(200), index=True)
    """The firm on file; of a new one the id that it gets."""
    cells: Mapped[dict[str, str]] = mapped_column(JSON)
    profile: Mapped[Profile | None] = mapped_column(Stored(Profile))
    changes: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    problems: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    notes: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    duplicates: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    hits: Mapped[list[dict[str, Any]]] = mapped_column(JSON)


class ColumnMapping(Base):
    """What an association's columns mean, as its officer last said."""

    __tablename__ = "column_mapping"

    association_id: Mapped[str] = mapped_column(ForeignKey("association.id"), primary_key=True)
    mapping: Mapped[dict[str, Any]] = mapped_column(JSON)
    saved_at: Mapped[datetime] = mapped_column(Moment)
    saved_by: Mapped[str] = mapped_column(String(200))


class FirmMerge(Base):
    """That a person took two records for one firm's: which stays, which is set aside, and whether it was undone."""

    __tablename__ = "firm_merge"

    id: Mapped[int] = mapped_column(primary_key=True)
    kept_id: Mapped[str] = mapped_column(ForeignKey("firm.id"), index=True)
    merged_id: Mapped[str] = mapped_column(ForeignKey("firm.id"), index=True)
    state_before: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(500))
    merged_at: Mapped[datetime] = mapped_column(Moment)
    merged_by: Mapped[str] = mapped_column(String(200))
    undone_at: Mapped[datetime | None] = mapped_column(Moment)
    undone_by: Mapped[str | None] = mapped_column(String(200))
