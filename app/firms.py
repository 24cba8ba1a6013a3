"""Firms on file: take in the seed profiles, find a firm by name or id, read it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import access, audit, disclosure, life, profiles, revisions
from app.disclosure import FieldClass, Reader
from app.errors import Forbidden, Invalid, NotFound
from app.knowledge import Knowledge, SeedError, near
from app.life import Act, State
from app.models import Association, Declaration, Erasure, Firm, FirmRevision
from app.permissions import Permission
from app.pod import PodExport, Wanted, pod_export
from app.tags import require_match, tag_of
from matching.phrases import say
from matching.profile import Classification, Profile, Regime, slug
from matching.taxonomy import Taxonomy, TaxonomyError

PUBLIC_SOURCES = "public-sources"
"""The association under which profiles compiled from public sources stand until a firm answers for its own."""


@dataclass(frozen=True, slots=True)
class Seeded:
    """What a seeding did: how many firms are new, changed, and as they were.

    ``dropped`` ones have left the seed files; ``left_out`` ones stand there, and were withdrawn or erased.
    """

    new: int
    changed: int
    unchanged: int
    dropped: int = 0
    left_out: int = 0


def read_seed_firms(folder: Path, taxonomy: Taxonomy) -> dict[str, Profile]:
    """All seed profiles by id, checked before any is stored; raises SeedError with file, line and field."""
    found: dict[str, Profile] = {}
    files = sorted(folder.glob("*.jsonl"))
    if not files:
        raise SeedError(f"no firm files in {folder}: expected seeds/firms/*.jsonl")
    for path in files:
        for number, profile in _profiles(path):
            firm_id = slug(profile.name)
            if firm_id in found:
                raise SeedError(f"{path}, line {number}: {profile.name!r} stands twice; expected each firm once")
            _check_sectors(profile, taxonomy, f"{path}, line {number}")
            found[firm_id] = profile
    return found


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
    session: Session, compiled: dict[str, Profile], now: datetime, caller: access.Caller = access.CONSOLE
) -> Seeded:
    """Store the profiles compiled from public sources; a profile that has not changed is left alone.

    A firm that has left the seed files is withdrawn from matching, and restored when it comes back. One that a person
    has withdrawn, or had erased, stays so.
    """
    if session.get(Association, PUBLIC_SOURCES) is None:
        session.add(Association(id=PUBLIC_SOURCES, name="Compiled from public sources, not verified by the firms"))
        session.flush()  # the firms refer to it
    held = {firm.id: firm for firm in session.scalars(select(Firm).where(Firm.association_id == PUBLIC_SOURCES))}
    compiled = _keeping_declared(session, compiled)
    wanted = {firm_id: profile for firm_id, profile in compiled.items() if _may_be_seeded(held.get(firm_id))}
    erased = set(session.scalars(select(Erasure.reference)))
    wanted = {i: profile for i, profile in wanted.items() if i in held or audit.reference("firm", i) not in erased}
    new = [firm_id for firm_id in wanted if firm_id not in held]
    changed = [i for i in wanted if i in held and (held[i].profile != wanted[i] or held[i].archived_by == Act.DROP)]
    gone = [firm for firm_id, firm in held.items() if firm_id not in compiled and firm.state == State.PUBLISHED]
    if new or changed or gone:
        change = revisions.begin(session, caller, now)
        for firm_id in new:
            revisions.register(session, change, firm_id, PUBLIC_SOURCES, wanted[firm_id], State.PUBLISHED)
        for firm_id in changed:
            _renew(session, change, held[firm_id], wanted[firm_id])
        for firm in gone:
            profiles.step(session, change, firm, life.transition(firm.state, Act.DROP))
    kept = len(wanted) - len(new) - len(changed)
    return Seeded(len(new), len(changed), kept, len(gone), len(compiled) - len(wanted))


def _may_be_seeded(held: Firm | None) -> bool:
    return held is None or held.state == State.PUBLISHED or held.archived_by == Act.DROP


def _keeping_declared(session: Session, profiles: dict[str, Profile]) -> dict[str, Profile]:
    """The profiles with what persons have declared of statements that are still there: a seeding takes nothing back."""
    declared: dict[str, list[tuple[str, Classification]]] = {}
    for row in session.scalars(select(Declaration).order_by(Declaration.id)):
        entry = Classification(regime=Regime(row.regime), entry=row.entry)
        declared.setdefault(row.firm_id, []).append((row.statement, entry))
    return profiles | {
        firm_id: with_declared(profiles[firm_id], entries)
        for firm_id, entries in declared.items()
        if firm_id in profiles
    }


def with_declared(profile: Profile, declared: Iterable[tuple[str, Classification]]) -> Profile:
    """The profile with entries declared of the statements of these texts, in place of suggestions of the same entry."""
    for text, entry in declared:
        suggestion = entry.model_copy(update={"standing": "suggested"})
        profile = profile.model_copy(
            update={
                "statements": tuple(
                    said.model_copy(
                        update={
                            "classifications": (
                                *(c for c in said.classifications if c not in (suggestion, entry)),
                                entry,
                            )
                        }
                    )
                    if said.text == text
                    else said
                    for said in profile.statements
                )
            }
        )
    return profile


def _renew(session: Session, change: revisions.Change, firm: Firm, profile: Profile) -> None:
    firm.profile, firm.name, firm.country = profile, profile.name, profile.country
    if firm.archived_by == Act.DROP:
        profiles.step(session, change, firm, life.transition(firm.state, Act.RESTORE))
    else:
        revisions.revise(session, change, firm, profile)


def of_association(session: Session, association_id: str) -> Sequence[Firm]:
    """Every firm that an association has on file, in any state, in order of id."""
    return session.scalars(select(Firm).where(Firm.association_id == association_id).order_by(Firm.id)).all()


def published_elsewhere(session: Session, association_id: str) -> Sequence[Firm]:
    """Published firms that another association answers for, or none does; to compare with, not to show."""
    return session.scalars(select(Firm).where(Firm.association_id != association_id, Firm.state == "published")).all()


def find_firm(session: Session, caller: access.Caller, name_or_id: str) -> Firm:
    """The one visible firm of that id, name or alias, or whose name begins so; case and accents aside.

    Raises NotFound with near names, and Invalid when several firms answer to it.
    """
    access.require(caller, Permission.READ_FIRMS)
    if not name_or_id.strip():
        raise Invalid(say("the firm's name is empty"), hint=say("give a name or an id, for example “Kraken Robotics”"))
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
                say(
                    "{count} firms answer to {name!r}: {ids}",
                    count=len(found),
                    name=name_or_id,
                    ids=", ".join(firm.id for firm in found),
                ),
                hint=say("give the id of the one you mean"),
            )
    names = {name: firm.name for firm in firms for name in (firm.name, *firm.profile.aliases)}
    raise NotFound(
        say("no firm {name!r} is on file", name=name_or_id),
        hint=say("near names: {names}", names=", ".join(near(name_or_id, names)) or say("none")),
        near=near(name_or_id, names),
    )


def seed_all(session: Session, knowledge: Knowledge, folder: Path, now: datetime) -> Seeded:
    """Read every seed profile, then store them: all or nothing."""
    return seed(session, read_seed_firms(folder, knowledge.taxonomy), now)


@dataclass(frozen=True, slots=True)
class FirmRecord:
    """A firm as a reader may have it.

    ``revision`` counts the changes to what this reader may read: a number that others' drafts or restricted fields
    moved would tell of them. For the firm's own association it is the revision on record. ``state`` likewise.
    """

    id: str
    revision: int
    state: str
    profile: Profile


@dataclass(frozen=True, slots=True)
class FirmState:
    """Where a firm stands now: for one who has moved it, who may not therefore read it."""

    id: str
    revision: int
    state: str


def read_firm(session: Session, caller: access.Caller, name_or_id: str) -> FirmRecord:
    """The released record of one visible firm; raises as `find_firm` does."""
    return record_of(session, find_firm(session, caller, name_or_id), caller)


def replace(
    session: Session,
    caller: access.Caller,
    firm_id: str,
    profile: Profile,
    if_match: str | None,
    knowledge: Knowledge,
    now: datetime,
) -> FirmRecord:
    """Replace the profile of a firm that the caller answers for, if it is still the one that was read.

    Raises NotFound, Stale, Unconditional, Invalid for a sector that is not held, Conflict where `profiles.edit` does,
    and Forbidden for who may not read the whole record: they would blank what they do not see.
    """
    firm = profiles.answered_for(session, caller, firm_id)
    held = record_of(session, firm, caller)
    if held.profile != firm.profile:
        raise Forbidden("parts of this record are not open to you, and would be lost if you replaced it")
    require_match(tag_of(held), if_match)
    try:
        _check_sectors(profile, knowledge.taxonomy, "the profile")
    except SeedError as problem:
        raise Invalid(problem.message) from problem
    profiles.edit(session, caller, firm, profile, now)
    return record_of(session, firm, caller)


def move(session: Session, caller: access.Caller, firm_id: str, act: Act, now: datetime) -> FirmState:
    """Move a profile by an act of its association; raises as `profiles.move` does."""
    return _state_of(session, profiles.move(session, caller, firm_id, act, now), caller)


def withdraw(
    session: Session, caller: access.Caller, firm_id: str, field_class: FieldClass, now: datetime
) -> FirmState:
    """Take back what a firm has agreed to for a class of its fields; raises as `profiles.withdraw` does."""
    return _state_of(session, profiles.withdraw(session, caller, firm_id, field_class, now), caller)


def _state_of(session: Session, firm: Firm, caller: access.Caller) -> FirmState:
    record = record_of(session, firm, caller)
    return FirmState(record.id, record.revision, record.state)


def pod(session: Session, caller: access.Caller, name_or_id: str, wanted: Wanted, knowledge: Knowledge) -> PodExport:
    """What the caller may read of a firm as a profile of the Enterprise Europe Network, and what stands against it."""
    return pod_export(read_firm(session, caller, name_or_id).profile, wanted, knowledge.taxonomy)


def record_of(session: Session, firm: Firm, caller: access.Caller) -> FirmRecord:
    """A visible firm as the caller may have it."""
    return records_of(session, [firm], caller)[0]


def records_of(session: Session, firms: Sequence[Firm], caller: access.Caller) -> list[FirmRecord]:
    """Visible firms as the caller may have them, in the order given."""
    readers = {firm.id: access.reader_of(caller, firm.id, firm.association_id) for firm in firms}
    others = [firm_id for firm_id, reader in readers.items() if reader is not Reader.ANSWERING]
    published = FirmRevision.firm_id.in_(others) & (FirmRevision.state == "published")
    told: dict[str, list[Profile]] = defaultdict(list)
    for held in session.scalars(select(FirmRevision).where(published).order_by(FirmRevision.revision)):
        told[held.firm_id].append(disclosure.released(held.profile, readers[held.firm_id]))
    # Of its own firms an association is told the revision on record.
    seen = {firm_id: sum(1 for _ in groupby(told[firm_id])) for firm_id in others}
    return [
        FirmRecord(
            firm.id,
            seen.get(firm.id, firm.revision),
            firm.state,
            access.released(firm, caller),
        )
        for firm in firms
    ]


def list_firms(
    session: Session, caller: access.Caller, country: str | None, after: str, limit: int
) -> tuple[list[FirmRecord], str | None]:
    """A page of visible firms in order of id, after the given id, and the id to continue after; None at the end."""
    access.require(caller, Permission.READ_FIRMS)
    chosen = access.visible_firms(caller).where(Firm.id > after).order_by(Firm.id).limit(limit + 1)
    if country is not None:
        chosen = chosen.where(Firm.country == country)
    found = session.scalars(chosen).all()
    page = records_of(session, found[:limit], caller)
    return page, page[-1].id if len(found) > limit else None


def counts(session: Session) -> dict[str, int]:
    """How many published firms are on file in each of the two countries; a count names nobody."""
    held = dict(
        session.execute(
            select(Firm.country, func.count()).where(Firm.state == "published").group_by(Firm.country)
        ).all()
    )
    return {"canada": held.get("CAN", 0), "india": held.get("IND", 0)}


def search(
    session: Session, caller: access.Caller, name: str, country: str | None, limit: int = 25
) -> list[FirmRecord]:
    """Visible firms whose name or alias is near what is looked for, the nearest first."""
    access.require(caller, Permission.READ_FIRMS)
    chosen = access.visible_firms(caller).order_by(Firm.id)
    if country is not None:
        chosen = chosen.where(Firm.country == country)
    firms = {firm.id: firm for firm in session.scalars(chosen)}
    names = {alias: firm.id for firm in firms.values() for alias in (firm.name, *access.released(firm, caller).aliases)}
    return [record_of(session, firms[firm_id], caller) for firm_id in near(name, names, limit)]
