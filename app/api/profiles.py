"""The life of a firm's record: replace it, move it, agree to its use, withdraw it, erase it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Path, Query

from app import changes, erasure, firms, profiles
from app.api.doors import (
    BODY_LIMIT,
    CONDITIONAL,
    CallerDep,
    HouseDep,
    NowDep,
    OnceDep,
    ReplaceDep,
    SessionDep,
)
from app.candidates import embed_quietly
from app.changes import Changes
from app.consents import Agreement, Consented
from app.disclosure import FieldClass
from app.erasure import Erased
from app.firms import FirmRecord, FirmState
from app.life import Act
from app.pod import PodExport, Wanted
from app.profiles import Due
from matching.profile import Frozen, Profile

router = APIRouter(prefix="/api/v1", tags=["profiles"], max_body_size=BODY_LIMIT)

FirmId = Annotated[str, Path(max_length=200, description="The firm's id.")]


class Move(Frozen):
    """What is done with a profile; README draws the table of what may be done when."""

    act: Act


class Withdrawal(Frozen):
    """The class of fields that may be used no more; without *public* the whole profile is withdrawn."""

    field_class: FieldClass = FieldClass.PUBLIC


@router.put("/firms/{firm_id}", responses=CONDITIONAL)
def replace_firm(  # noqa: PLR0913, PLR0917 (what a door is given is its parameters)
    firm_id: FirmId,
    profile: Profile,
    session: SessionDep,
    caller: CallerDep,
    house: HouseDep,
    at: NowDep,
    tagged: ReplaceDep,
    after: BackgroundTasks,
) -> FirmRecord:
    """Replace the profile of a firm that you answer for, if it is still the one that you have read (If-Match)."""
    after.add_task(embed_quietly, house.sessions, house.knowledge)
    done = firms.replace(session, caller, firm_id, profile, tagged.if_match, house.knowledge, at)
    return tagged(done)  # type: ignore[no-any-return]


@router.delete("/firms/{firm_id}")
def erase_firm(firm_id: FirmId, session: SessionDep, caller: CallerDep, house: HouseDep, at: NowDep) -> Erased:
    """Erase a firm that you answer for: rows, revisions, vectors, hits, consents, and what runs quote of it.

    It cannot be undone. The audit log and the list of changes name the firm by a hash of its id from then on.
    """
    return erasure.erase(session, caller, firm_id, house.knowledge, at)


@router.post("/firms/{firm_id}/acts", status_code=201)
def move_firm(
    firm_id: FirmId, move: Move, session: SessionDep, caller: CallerDep, at: NowDep, once: OnceDep
) -> FirmState:
    """Submit, return, publish, confirm, archive, reopen or withdraw a profile that you answer for."""
    return once(lambda: firms.move(session, caller, firm_id, move.act, at))  # type: ignore[no-any-return]


@router.get("/firms/{firm_id}/consents")
def list_consents(firm_id: FirmId, session: SessionDep, caller: CallerDep) -> list[Consented]:
    """All consents on record of a firm that you answer for, those withdrawn included."""
    return list(profiles.consents_of(session, caller, firm_id))


@router.post("/firms/{firm_id}/consents", status_code=201)
def record_consent(
    firm_id: FirmId, agreement: Agreement, session: SessionDep, caller: CallerDep, at: NowDep, once: OnceDep
) -> Consented:
    """Record what a firm has agreed to for one class of its fields: what for, who said so and when."""
    return once(lambda: profiles.agree(session, caller, firm_id, agreement, at))  # type: ignore[no-any-return]


@router.post("/firms/{firm_id}/withdrawals", status_code=201)
def withdraw_firm(
    firm_id: FirmId, withdrawal: Withdrawal, session: SessionDep, caller: CallerDep, at: NowDep, once: OnceDep
) -> FirmState:
    """Take a firm's consent back: it is shown and matched no more at once, or some of its fields are blanked."""
    field_class = withdrawal.field_class
    return once(lambda: firms.withdraw(session, caller, firm_id, field_class, at))  # type: ignore[no-any-return]


@router.get("/confirmations")
def list_due(session: SessionDep, caller: CallerDep, at: NowDep) -> list[Due]:
    """The firms that you answer for whose profiles must be confirmed within 60 days, the soonest first."""
    return list(profiles.due(session, caller, at))


@router.post("/firms/{name_or_id}/pod")
def pod(
    name_or_id: Annotated[str, Path(max_length=300)],
    wanted: Wanted,
    session: SessionDep,
    caller: CallerDep,
    house: HouseDep,
) -> PodExport:
    """A profile in the shape of the Enterprise Europe Network's database, and every reason why it would not be taken.

    What the network asks and no profile holds is given with the request; what is missing is named, never made up.
    """
    return firms.pod(session, caller, name_or_id, wanted, house.knowledge)


@router.get("/changes")
def list_changes(
    session: SessionDep,
    caller: CallerDep,
    since: Annotated[str, Query(max_length=500, description="`next` of your last answer; all firms without it.")] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
) -> Changes:
    """The firms that have changed, for you, since you last asked: for systems that keep a copy.

    Each comes once, as it is now, in the order of the last changes; a firm that you may read no more is told as gone,
    and must be removed from the copy. Go on with `next`, at once while there is `more`. Begin anew when a grant of
    yours begins or ends.
    """
    return changes.changes_since(session, caller, since, limit)
