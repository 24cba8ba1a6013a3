"""Who asks, what they may do, and the only selects that say whose firms they may see and be matched with.

Default deny. How a door and a job use this:

* A door asks for ``CallerDep`` (``app.api.doors``), which is the holder of a live key or session, and hands it on.
* The function of a noun module that does the job begins with ``require(caller, Permission.…)``. Whoever may not is told
  403. A record that the caller may not see is answered with NotFound, in the words for one that does not exist.
* Firms come from `visible_firms`, `matchable_firms` or `answerable_firms`, never from ``select(Firm)``; and what a
  reader gets of one is `released(firm, caller)`, never ``firm.profile``.
* A record of an association is guarded by `answers_for`; a run belongs to its asker (``app.runs``).

The console is the person at the command line of the machine that holds the database: an administrator, recorded under
that name. An administrator may do everything except read what a firm has released to nobody: that takes a grant.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, false, or_, select, true
from sqlalchemy.orm import Session

from app import disclosure
from app.disclosure import Reader
from app.errors import Forbidden
from app.models import Firm
from app.permissions import PERMISSIONS, Permission, Role
from matching.profile import Profile


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever asks, as they stood when they asked: without a role they may do nothing."""

    name: str
    """The account's name: runs are recorded under it, and belong to it."""
    role: Role | None = None
    association: str | None = None
    """Id of the association that an association officer answers for."""
    scopes: frozenset[Permission] | None = None
    """What a key is narrowed to; None: all that its account may."""
    grants: frozenset[str] = frozenset()
    """Ids of the firms whose restricted fields the caller may read, by grants live at the time of the request."""

    @property
    def permissions(self) -> frozenset[Permission]:
        """What the caller may do."""
        held = PERMISSIONS[self.role] if self.role is not None else frozenset()
        return held if self.scopes is None else held & self.scopes


CONSOLE = Caller("console", Role.ADMINISTRATOR)
"""The person at the command line of the machine that holds the database."""


def require(caller: Caller, permission: Permission) -> None:
    """Raise Forbidden, naming what is missing, unless the caller may do this."""
    if permission in caller.permissions:
        return
    held = caller.role is not None and permission in PERMISSIONS[caller.role]
    roles = ", ".join(role for role, may in PERMISSIONS.items() if permission in may)
    raise Forbidden(
        f"this needs the permission {permission}, which this {'key' if held else 'account'} does not have",
        hint="use a key that has it among its scopes" if held else f"roles that have it: {roles}",
        permission=permission.value,
    )


def answers_for(caller: Caller, association_id: str | None) -> bool:
    """Whether the caller is of the association that answers for a record."""
    return caller.association is not None and caller.association == association_id


def visible_firms(caller: Caller) -> Select[Firm]:
    """The firms whose released record the caller may read: published ones, and its own association's in any state."""
    return select(Firm).where(or_(Firm.state == "published", _own(caller)))


def matchable_firms(caller: Caller) -> Select[Firm]:  # noqa: ARG001  (whoever asks, a draft is matched with nobody)
    """The firms that may be ranked for the caller; by what of them, ``app.candidates`` says."""
    return select(Firm).where(Firm.state == "published")


def answerable_firms(caller: Caller) -> Select[Firm]:
    """The firms, in any state, whose records the caller may change: its own association's, or an administrator's all.

    Who may change a record may not therefore read it: show `released` here, too.
    """
    everyone = Permission.ANSWER_FOR_ALL_FIRMS in caller.permissions
    may = everyone or Permission.SUBMIT_FIRMS in caller.permissions
    return select(Firm).where(true() if everyone else _own(caller) if may else false())


def _own(caller: Caller) -> ColumnElement[bool]:
    return Firm.association_id == caller.association if caller.association is not None else false()


def reader_of(caller: Caller, firm_id: str, association_id: str) -> Reader:
    """How the caller stands to a firm of that association."""
    if answers_for(caller, association_id):
        return Reader.ANSWERING
    return Reader.GRANTED if firm_id in caller.grants else Reader.STRANGER


def released(firm: Firm, caller: Caller) -> Profile:
    """The firm's profile as the caller may read it; every reader goes through here (see ``app.disclosure``)."""
    return disclosure.released(firm.profile, reader_of(caller, firm.id, firm.association_id))


def opened(session: Session, caller: Caller, firm_ids: Collection[str]) -> frozenset[str]:
    """Which of these firms have their restricted fields open to the caller: by a grant, or as its own association's."""
    own = select(Firm.id).where(_own(caller), Firm.id.in_(firm_ids))
    return (caller.grants & set(firm_ids)) | set(session.scalars(own))
