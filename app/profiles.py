"""The life of profiles as a job: moved from state to state, confirmed every year, edited by those who answer for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app import access, consents, disclosure, grants, life, revisions, webhooks
from app.disclosure import FieldClass
from app.errors import Conflict, NotFound
from app.life import Act, State
from app.models import Firm
from app.permissions import Permission
from matching.profile import Profile

TERM = timedelta(days=365)
"""How long a profile that a firm answers for stays published before it must be confirmed again."""

NOTICE = timedelta(days=60)
"""How long before that it is told of as due."""

TOLD_BEFORE = frozenset({60, 30, 7, 1})
"""So many days before the end of a term the association's systems are told, by an `expire` that runs daily."""


@dataclass(frozen=True, slots=True)
class Due:
    """A firm whose profile must be confirmed, or was not."""

    id: str
    association: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Expired:
    """What an expiry did: firms that are published no more, and those that are due next."""

    expired: tuple[Due, ...]
    due: tuple[Due, ...]


def answered_for(session: Session, caller: access.Caller, firm_id: str) -> Firm:
    """The firm, locked, for one who may change its record; raises NotFound, whether or not there is such a firm."""
    access.require(caller, Permission.SUBMIT_FIRMS)
    wanted = access.answerable_firms(caller).where(Firm.id == firm_id).with_for_update()
    firm = session.scalar(wanted.execution_options(populate_existing=True))
    if firm is None:
        raise NotFound(f"there is no firm {firm_id!r} that you answer for", hint="give the id of the firm's record")
    return firm


def move(session: Session, caller: access.Caller, firm_id: str, act: Act, now: datetime) -> Firm:
    """Move a firm's profile by an act of its association.

    Raises NotFound, and Conflict where the table has no such way, or the firm's consent to it is missing.
    """
    firm = answered_for(session, caller, firm_id)
    way = life.transition(firm.state, act)
    if way.whose != "association":
        raise Conflict(
            f"“{act}” is not a person's act: the service does it", hint=f"open: {', '.join(life.acts(firm.state))}"
        )
    if way.on_consent:
        consents.require_publication(session, firm)
    return step(session, revisions.begin(session, caller, now), firm, way)


def step(session: Session, change: revisions.Change, firm: Firm, way: life.Transition) -> Firm:
    """Go a way of the table: the state, when the profile is due, and the revision that records it."""
    firm.state = way.after
    firm.archived_by = way.act if way.after is State.ARCHIVED else None
    if way.act in (Act.PUBLISH, Act.CONFIRM):
        firm.confirmed_at, firm.expires_at = change.at, change.at + TERM
    elif way.after is not State.PUBLISHED:
        firm.expires_at = firm.expires_at if way.after is State.EXPIRED else None
    revisions.revise(session, change, firm, firm.profile, action=_ACTIONS[way.act])
    return firm


_ACTIONS = {
    Act.SUBMIT: "firm.submitted",
    Act.RETURN: "firm.returned",
    Act.PUBLISH: "firm.published",
    Act.CONFIRM: "firm.confirmed",
    Act.EXPIRE: "firm.expired",
    Act.ARCHIVE: "firm.archived",
    Act.REOPEN: "firm.reopened",
    Act.WITHDRAW: "firm.withdrawn",
    Act.DROP: "firm.dropped",
    Act.RESTORE: "firm.restored",
}


def edit(session: Session, caller: access.Caller, firm: Firm, profile: Profile, now: datetime) -> bool:
    """Give a firm, answered for by the caller, another profile; false when it is the one held.

    An edit of a published profile is published at once, and confirms it. Raises Conflict for one that is archived, and
    for another firm's name or country: that is another firm.
    """
    if firm.state == State.ARCHIVED:
        raise Conflict(f"the profile of {firm.id} is archived: reopen it first")
    if profile.country != firm.country:
        raise Conflict(f"{firm.id} is of {firm.country}; a firm of {profile.country} is another firm")
    if profile == firm.profile:
        return False
    change = revisions.begin(session, caller, now)
    if firm.expires_at is not None and firm.state == State.PUBLISHED:
        firm.confirmed_at, firm.expires_at = now, now + TERM
    revisions.revise(session, change, firm, profile)
    return True


# --- Consent ----------------------------------------------------------------------------------------


def agree(
    session: Session, caller: access.Caller, firm_id: str, agreement: consents.Agreement, now: datetime
) -> consents.Consented:
    """Record a consent of a firm that the caller answers for; raises NotFound, Invalid, Conflict."""
    return consents.give(session, answered_for(session, caller, firm_id), agreement, caller.name, now)


def consents_of(session: Session, caller: access.Caller, firm_id: str) -> tuple[consents.Consented, ...]:
    """The consents of a firm that the caller answers for, those withdrawn included."""
    return consents.of_firm(session, answered_for(session, caller, firm_id).id)


def withdraw(session: Session, caller: access.Caller, firm_id: str, field_class: FieldClass, now: datetime) -> Firm:
    """Take back what a firm has agreed to for a class of its fields.

    Without *public* the whole profile is withdrawn: it is shown and matched no more, from the next ask on. Of another
    class its fields are blanked, and with *restricted* ones the firm's grants end; when no statement would be left,
    that withdraws the profile, too. Raises NotFound, and Conflict for a profile that is archived already.
    """
    firm = answered_for(session, caller, firm_id)
    left = disclosure.without(firm.profile, field_class)
    if field_class is FieldClass.PUBLIC or not left.statements:
        way = life.transition(firm.state, Act.WITHDRAW)
        change = revisions.begin(session, caller, now)
        consents.take_back(session, firm, tuple(consents.PURPOSES), caller.name, now)
        grants.end_of_firm(session, firm.id, caller.name, now)
        return step(session, change, firm, way)
    change = revisions.begin(session, caller, now)
    consents.take_back(session, firm, (field_class,), caller.name, now)
    if field_class is FieldClass.RESTRICTED:
        grants.end_of_firm(session, firm.id, caller.name, now)
    revisions.revise(session, change, firm, left)
    return firm


# --- The clock --------------------------------------------------------------------------------------


def expire(session: Session, caller: access.Caller, now: datetime) -> Expired:
    """Expire what was not confirmed within its term, and tell what is due within the notice.

    Profiles compiled from public sources have no term: they follow the seed files.
    """
    access.require(caller, Permission.ANSWER_FOR_ALL_FIRMS)
    late = _published(session, caller, now)
    expired = tuple(_due(firm) for firm in late)
    if late:
        change = revisions.begin(session, caller, now)
        for firm in late:
            step(session, change, firm, life.transition(firm.state, Act.EXPIRE))
            webhooks.tell(session, "firm.expired", {"firm": firm.id}, now, firm.association_id)
    soon = due(session, caller, now)
    for one in soon:
        if (one.expires_at - now).days in TOLD_BEFORE:
            data = {"firm": one.id, "expires_at": one.expires_at.isoformat(timespec="seconds")}
            webhooks.tell(session, "firm.due", data, now, one.association)
    return Expired(expired, soon)


def due(session: Session, caller: access.Caller, now: datetime) -> tuple[Due, ...]:
    """The firms that the caller answers for whose profiles must be confirmed within the notice, the soonest first."""
    access.require(caller, Permission.SUBMIT_FIRMS)
    return tuple(_due(firm) for firm in _published(session, caller, now + NOTICE))


def _published(session: Session, caller: access.Caller, until: datetime) -> Sequence[Firm]:
    late = access.answerable_firms(caller).where(Firm.state == State.PUBLISHED, Firm.expires_at <= until)
    return session.scalars(late.order_by(Firm.expires_at, Firm.id)).all()


def _due(firm: Firm) -> Due:
    assert firm.expires_at is not None  # selected by it
    return Due(firm.id, firm.association_id, firm.expires_at)
