"""Associations as those who send files: for whom a caller answers, and what the columns of their sheets mean."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import access, accounts, firms
from app.errors import Invalid, NotFound
from app.intake import check_mapping
from app.mapping import MappingFile
from app.models import Association, ColumnMapping
from app.permissions import Permission
from matching.taxonomy import Taxonomy

UNNAMED = "Unnamed"
"""Whose firms a file speaks of where the command line does not say and no association is known."""


def answered_for(session: Session, caller: access.Caller, name_or_id: str) -> Association:
    """The association of that name or id, if the caller answers for its firms; else NotFound, in the same words."""
    access.require(caller, Permission.SUBMIT_FIRMS)
    found = session.scalar(
        select(Association).where((Association.id == name_or_id) | (func.lower(Association.name) == name_or_id.lower()))
    )
    everyone = Permission.ANSWER_FOR_ALL_FIRMS in caller.permissions
    if found is None or found.id == firms.PUBLIC_SOURCES or not (everyone or access.answers_for(caller, found.id)):
        raise NotFound(
            f"there is no association {name_or_id!r} that you answer for",
            hint="give the name or the id of your association",
        )
    return found


def association_at_console(session: Session, name: str | None, now: datetime) -> Association:
    """The association that the person at the command line means: made when it is new; the only one when none is named.

    Raises Invalid when none is named and there are several.
    """
    known = session.scalars(select(Association).where(Association.id != firms.PUBLIC_SOURCES)).all()
    if name is None:
        if len(known) > 1:
            named = ", ".join(association.name for association in known)
            raise Invalid(f"whose firms are these? There are several associations: {named}", hint="give --association")
        return known[0] if known else association_at_console(session, UNNAMED, now)
    wanted = name.strip()
    for association in known:
        if wanted.casefold() in (association.id.casefold(), association.name.casefold()):
            return association
    return accounts.add_association(session, access.CONSOLE, wanted, now)


def saved_mapping(session: Session, association_id: str) -> MappingFile:
    """What the association's columns mean, as was last said; nothing where nobody said."""
    saved = session.get(ColumnMapping, association_id)
    return MappingFile.model_validate(saved.mapping) if saved else MappingFile()


def read_mapping(session: Session, caller: access.Caller, association: str) -> MappingFile:
    """The same, for one who answers for the association."""
    return saved_mapping(session, answered_for(session, caller, association).id)


def change_mapping(
    session: Session,
    caller: access.Caller,
    association: str,
    mapping: MappingFile,
    taxonomy: Taxonomy,
    now: datetime,
) -> MappingFile:
    """Keep what an association's columns mean for its next sheets; raises Invalid for columns that are not known."""
    check_mapping(mapping, taxonomy)
    keep_mapping(session, caller, answered_for(session, caller, association).id, mapping, now)
    return mapping


def keep_mapping(
    session: Session, caller: access.Caller, association_id: str, mapping: MappingFile, now: datetime
) -> None:
    """Keep a mapping that was checked already."""
    said = mapping.model_dump(mode="json")
    session.merge(ColumnMapping(association_id=association_id, mapping=said, saved_at=now, saved_by=caller.name))
