"""Firms on file: take in the seed profiles, find a firm by name or id, read it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import access, audit
from app.errors import Invalid, NotFound
from app.knowledge import Knowledge, SeedError, near
from app.models import Association, ChangeCounter, Firm, FirmRevision
from matching.profile import Profile, slug
from matching.taxonomy import Taxonomy, TaxonomyError

PUBLIC_SOURCES = "public-sources"
"""The association under which profiles compiled from public sources stand until a firm answers for its own."""


@dataclass(frozen=True, slots=True)
class Seeded:
    """What a seeding did: firms new, firms changed, firms as they were."""

    new: int
    changed: int
    unchanged: int


def read_seed_firms(folder: Path, taxonomy: Taxonomy) -> dict[str, Profile]:
    """All seed profiles by id, checked before any is stored; raises SeedError with file, line and field."""
    profiles: dict[str, Profile] = {}
    files = sorted(folder.glob("*.jsonl"))
    if not files:
        raise SeedError(f"no firm files in {folder}: expected seeds/firms/*.jsonl")
    for path in files:
        for number, profile in _profiles(path):
            firm_id = slug(profile.name)
            if firm_id in profiles:
                raise SeedError(f"{path}, line {number}: {profile.name!r} stands twice; expected each firm once")
            _check_sectors(profile, taxonomy, f"{path}, line {number}")
            profiles[firm_id] = profile
    return profiles


def _profiles(path: Path) -> Iterator[tuple[int, Profile]]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")  # not splitlines(): a JSON string may hold U+2028
    except UnicodeDecodeError as problem:
        raise SeedError(f"{path}: byte {problem.start} is not UTF-8") from problem
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield number, Profile.model_validate_json(line)
        except ValidationError as problem:
            first = problem.errors()[0]
            at = ".".join(str(part) for part in first["loc"]) or "the line"
            raise SeedError(
                f"{path}, line {number}: {at}: {first['msg']} (found {str(first['input'])[:80]!r})"
            ) from problem


def _check_sectors(profile: Profile, taxonomy: Taxonomy, where: str) -> None:
    try:
        for code in (*profile.sectors, *(code for s in profile.statements for code in s.sectors)):
            taxonomy.sector(code)
    except TaxonomyError as problem:
        raise SeedError(f"{where}: {problem}") from problem


def seed(
    session: Session, profiles: dict[str, Profile], now: datetime, caller: access.Caller = access.CONSOLE
) -> Seeded:
    """Store the profiles compiled from public sources; a profile that has not changed is left alone."""
    if session.get(Association, PUBLIC_SOURCES) is None:
        session.add(Association(id=PUBLIC_SOURCES, name="Compiled from public sources, not verified by the firms"))
        session.flush()  # the firms refer to it
    held = {firm.id: firm for firm in session.scalars(select(Firm).where(Firm.association_id == PUBLIC_SOURCES))}
    new = [firm_id for firm_id in profiles if firm_id not in held]
    changed = [firm_id for firm_id in profiles if firm_id in held and held[firm_id].profile != profiles[firm_id]]
    if new or changed:
        change = _next_change(session)
        for firm_id in new:
            _record(session, _registered(session, firm_id, profiles[firm_id], now), change, caller, now)
        for firm_id in changed:
            _revise(held[firm_id], profiles[firm_id], now)
            _record(session, held[firm_id], change, caller, now)
    return Seeded(len(new), len(changed), len(profiles) - len(new) - len(changed))


def _next_change(session: Session) -> int:
    """Raise the change number; its row lock orders writers, so that numbers are in order of commit."""
    number = session.scalar(
        update(ChangeCounter).values(number=ChangeCounter.number + 1).returning(ChangeCounter.number)
    )
    if number is not None:
        return int(number)
    session.add(ChangeCounter(id=1, number=1))
    session.flush()  # the lock is taken by the row itself
    return 1


def _registered(session: Session, firm_id: str, profile: Profile, now: datetime) -> Firm:
    firm = Firm(
        id=firm_id,
        association_id=PUBLIC_SOURCES,
        name=profile.name,
        country=profile.country,
        state="published",
        revision=1,
        profile=profile,
        changed_at=now,
    )
    session.add(firm)
    session.flush()  # the revision refers to the firm
    return firm


def _revise(firm: Firm, profile: Profile, now: datetime) -> None:
    firm.profile, firm.name, firm.country = profile, profile.name, profile.country
    firm.revision += 1
    firm.changed_at = now


def _record(session: Session, firm: Firm, change: int, caller: access.Caller, now: datetime) -> None:
    session.add(
        FirmRevision(
            firm_id=firm.id,
            revision=firm.revision,
            state=firm.state,
            profile=firm.profile,
            change=change,
            recorded_at=now,
        )
    )
    audit.record(
        session,
        by=caller.name,
        action="firm.revised" if firm.revision > 1 else "firm.registered",
        subject=f"firm:{firm.id}",
        details={"revision": firm.revision, "state": firm.state, "change": change, "sha256": _sha256(firm.profile)},
        at=now,
    )


def _sha256(profile: Profile) -> str:
    return hashlib.sha256(profile.model_dump_json().encode()).hexdigest()


def find_firm(session: Session, caller: access.Caller, name_or_id: str) -> Firm:
    """The one visible firm of that id, name or alias, or whose name begins so; case and accents aside.

    Raises NotFound with near names, and Invalid when several firms answer to it.
    """
    if not name_or_id.strip():
        raise Invalid("the firm's name is empty", hint="give a name or an id, for example “Kraken Robotics”")
    firms = session.scalars(access.visible_firms(caller).order_by(Firm.id)).all()
    wanted = slug(name_or_id)
    for answers in (
        lambda firm: wanted == firm.id,
        lambda firm: wanted and wanted in {slug(alias) for alias in firm.profile.aliases},
        lambda firm: wanted and firm.id.startswith(f"{wanted}-"),
    ):
        found = [firm for firm in firms if answers(firm)]
        if len(found) == 1:
            return found[0]
        if found:
            raise Invalid(
                f"{len(found)} firms answer to {name_or_id!r}: {', '.join(firm.id for firm in found)}",
                hint="give the id of the one you mean",
            )
    names = {name: firm.name for firm in firms for name in (firm.name, *firm.profile.aliases)}
    raise NotFound(
        f"no firm {name_or_id!r} is on file",
        hint="near names: " + (", ".join(near(name_or_id, names)) or "none"),
        near=near(name_or_id, names),
    )


def seed_all(session: Session, knowledge: Knowledge, folder: Path, now: datetime) -> Seeded:
    """Read every seed profile, then store them: all or nothing."""
    return seed(session, read_seed_firms(folder, knowledge.taxonomy), now)


def list_firms(
    session: Session, caller: access.Caller, country: str | None, after: str, limit: int
) -> tuple[Sequence[Firm], str | None]:
    """A page of visible firms in order of id, after the given id, and the id to continue after; None at the end."""
    chosen = access.visible_firms(caller).where(Firm.id > after).order_by(Firm.id).limit(limit + 1)
    if country is not None:
        chosen = chosen.where(Firm.country == country)
    found = session.scalars(chosen).all()
    page = found[:limit]
    return page, page[-1].id if len(found) > limit else None
