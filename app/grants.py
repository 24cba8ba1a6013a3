"""Grants: leave for one account to read a firm's restricted fields, until a day, under an agreement on record.

What a bilateral arrangement on information security asks to be known of every disclosure is what a grant records: who
may read, of which firm, until when, under which agreement, and who said so. A grant, and its end, is in the audit log.
Only the association that answers for a firm grants its fields: no role reads them by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AwareDatetime, Field
from sqlalchemy import or_, select, true
from sqlalchemy.orm import Session

from app import access, accounts, audit
from app.access import Caller
from app.chain import Detail
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.models import Account, FieldGrant, Firm
from app.permissions import Permission
from matching.profile import Frozen, Label

LONGEST = timedelta(days=730)
"""No grant is for longer: whoever still needs it is granted it anew."""


class Granting(Frozen):
    """A grant as an association officer gives it."""

    account: Annotated[str, Field(max_length=200, description="Name of the account that may read.")]
    firm: Annotated[str, Field(max_length=200, description="Id of the firm whose restricted fields it may read.")]
    agreement: Annotated[Label, Field(description="The agreement under which they are disclosed: its name and number.")]
    until: Annotated[AwareDatetime, Field(description="From then on they are closed again.")]


@dataclass(frozen=True, slots=True)
class Granted:
    """One grant on record, live or ended."""

    id: int
    account: str
    firm: str
    agreement: str
    granted_by: str
    granted_at: datetime
    until: datetime
    revoked_at: datetime | None
    revoked_by: str | None
    live: bool


def grant(session: Session, caller: Caller, granting: Granting, now: datetime) -> Granted:
    """Grant an account the restricted fields of a firm of one's own association, from its next request on.

    Raises Forbidden, NotFound for an unknown account or a firm that the caller may not see, Invalid for a day that is
    past or too far, and Conflict for a disabled account.
    """
    firm = _answered_for(session, caller, granting.firm)
    account = accounts.find(session, granting.account)
    if account.disabled_at is not None:
        raise Conflict(f"the account {account.name!r} is disabled")
    if not now < granting.until <= now + LONGEST:
        raise Invalid(f"a grant ends within {LONGEST.days} days from now", hint="grant it anew when it has ended")
    held = FieldGrant(
        account_id=account.id,
        firm_id=firm.id,
        agreement=granting.agreement,
        granted_by=caller.name,
        granted_at=now,
        until=granting.until,
    )
    session.add(held)
    session.flush()
    _note(session, held, "grant.given", caller.name, now)
    return _told(held, account, now)


def revoke(session: Session, caller: Caller, grant_id: int, now: datetime) -> Granted:
    """End a grant on a firm of one's own association at once; one that has ended stays as it is. Raises NotFound."""
    access.require(caller, Permission.GRANT_RESTRICTED)
    held = session.get(FieldGrant, grant_id)
    firm = None if held is None else session.get(Firm, held.firm_id)
    if held is None or firm is None or not access.answers_for(caller, firm.association_id):
        raise NotFound(f"no grant {grant_id} is on record", hint="GET /api/v1/grants lists those you may see")
    _end(session, held, caller.name, now)
    return _told(held, session.get_one(Account, held.account_id), now)


def end_of_firm(session: Session, firm_id: str, by: str, now: datetime) -> int:
    """End every live grant on a firm, which has taken back its consent to them; returns how many."""
    live = session.scalars(select(FieldGrant).where(FieldGrant.firm_id == firm_id, FieldGrant.until > now)).all()
    return sum(_end(session, held, by, now) for held in live)


def _end(session: Session, held: FieldGrant, by: str, now: datetime) -> bool:
    if held.revoked_at is not None:
        return False
    held.revoked_at, held.revoked_by = now, by
    _note(session, held, "grant.revoked", by, now)
    session.flush()
    return True


def grants(session: Session, caller: Caller, now: datetime) -> list[Granted]:
    """The grants that the caller may know of, in order: those on its association's firms, and those it holds.

    An auditor may know of all.
    """
    of_own_firms = FieldGrant.firm_id.in_(select(Firm.id).where(Firm.association_id == caller.association))
    own = Account.login == accounts.login_of(caller.name)
    seen = true() if Permission.READ_AUDIT in caller.permissions else or_(of_own_firms, own)
    found = select(FieldGrant, Account).join(Account, Account.id == FieldGrant.account_id).where(seen)
    return [_told(held, account, now) for held, account in session.execute(found.order_by(FieldGrant.id))]


def _answered_for(session: Session, caller: Caller, firm_id: str) -> Firm:
    access.require(caller, Permission.GRANT_RESTRICTED)
    firm = session.scalar(access.visible_firms(caller).where(Firm.id == firm_id))
    if firm is None:
        raise NotFound(f"no firm {firm_id!r} is on file", hint="give the id of the firm's record")
    if not access.answers_for(caller, firm.association_id):
        raise Forbidden(f"another association answers for {firm_id}", hint="it alone grants its restricted fields")
    return firm


def _note(session: Session, held: FieldGrant, action: str, by: str, now: datetime) -> None:
    details: dict[str, Detail] = {
        "account": held.account_id,
        "firm": held.firm_id,
        "until": held.until.date().isoformat(),
    }
    audit.record(session, by=by, action=action, subject=f"grant:{held.id}", details=details, at=now)


def _told(held: FieldGrant, account: Account, now: datetime) -> Granted:
    return Granted(
        id=held.id,
        account=account.name,
        firm=held.firm_id,
        agreement=held.agreement,
        granted_by=held.granted_by,
        granted_at=held.granted_at,
        until=held.until,
        revoked_at=held.revoked_at,
        revoked_by=held.revoked_by,
        live=held.revoked_at is None and held.until > now,
    )
