"""Screening as a job: names and firms against the lists held, the queue of hits, decisions, and what stands.

A Clearance is a person's recorded decision on a hit: that the firm is the listed party (``true``) or is not
(``false``). One person may confirm a hit; to release one, two different persons must decide so. A decision is about
two names: when a firm or a list changes either, the near name is a new hit.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import access, audit
from app.access import Caller
from app.errors import Conflict, Invalid, NotFound
from app.models import Clearance, Firm, FirmHit, ListRelease, Screening
from app.permissions import Permission
from app.releases import WatchlistCache, hold_seeds
from matching.likeness import Kind, likeness
from matching.names import Name, UnreadableName, read_name
from matching.phrases import joined, say
from matching.profile import Profile
from matching.screening import THRESHOLD, Hit, Watchlist, screen, screen_all

CLOSED = ("released", "confirmed", "gone")
"""States of a hit that wait for nobody. The others: ``open``, and ``proposed`` (released by one person of two)."""

MOST_HITS = 500
"""Of one firm."""

Role = Literal["firm", "owner", "site"]


@dataclass(frozen=True, slots=True)
class Screened:
    """One screening as it is logged: the names, the hits, and which list of which date they were compared with."""

    id: int
    names: tuple[str, ...]
    country: str | None
    hits: tuple[Hit, ...]
    lists: Mapping[str, str]
    entries: int


@dataclass(frozen=True, slots=True)
class Rescreened:
    """What a screening of everyone did, and what a person should look at besides the queue."""

    firms: int
    new: int
    waiting: int
    gone: int
    unreadable: tuple[str, ...]
    """Firms without a name that can be compared."""
    circular: tuple[str, ...]
    """Firms that own themselves, by way of the owners on file."""


# --- Names ------------------------------------------------------------------------------------------


def screen_name(
    session: Session, cache: WatchlistCache, caller: Caller, name: str, now: datetime, country: str | None = None
) -> Screened:
    """Screen a name that belongs to no firm on file, and log that it was asked; raises Forbidden, Invalid, NotFound."""
    access.require(caller, Permission.SCREEN_NAMES)
    watchlist = _held(session, cache)
    try:
        if not read_name(name).words:
            raise Invalid(f"{name!r} is nothing but legal forms and articles, so it can be compared with no name")
        hits = screen([name], watchlist, country=country)
    except UnreadableName as problem:
        raise Invalid(str(problem)) from problem
    row = _logged(session, caller, now, watchlist, hits, names=[name], country=country)
    return Screened(row.id, (name,), country, hits, row.lists, len(watchlist.entries))


def _held(session: Session, cache: WatchlistCache) -> Watchlist:
    watchlist = cache.held(session)
    if not watchlist.releases:
        raise NotFound("no list is held: nothing can be screened", hint="run `triveni watchlists refresh`")
    return watchlist


def _logged(
    session: Session, caller: Caller, now: datetime, watchlist: Watchlist, hits: Sequence[Hit], **subject: Any
) -> Screening:
    row = Screening(
        asked_at=now,
        asked_by=caller.name,
        version=watchlist.version,
        lists={release.id: release.dated for release in watchlist.releases},
        threshold=THRESHOLD,
        found=[
            {
                "given": hit.given,
                "listed": hit.listed,
                "entry": hit.entry.id,
                "code": hit.entry.code,
                "score": hit.score,
            }
            for hit in hits
        ],
        **subject,
    )
    session.add(row)
    session.flush()
    return row


# --- Firms ------------------------------------------------------------------------------------------


Owners = Mapping[str, str | None]
"""The owner of each firm on file that is said to have one, by the firm's name."""


def names_of(profile: Profile, owners: Owners | None = None) -> dict[str, Role]:
    """Every name that a firm is screened under, and whose it is; one that is several's is first of all the firm's.

    Owners are followed through the firms on file; a circle of owners is followed once.
    """
    names: dict[str, Role] = dict.fromkeys((profile.name, *profile.aliases), "firm")
    for owner in _owners(profile, owners or {}):
        names.setdefault(owner, "owner")
    for site in profile.sites:
        names.setdefault(site.name, "site")
    return {name: role for name, role in names.items() if _has_words(name)}


def _owners(profile: Profile, owners: Owners) -> list[str]:
    """The owner, its owner, and so on; the last is the firm itself when they go in a circle."""
    chain: list[str] = []
    owner = owner_of(profile)
    while owner is not None and owner not in chain:
        chain.append(owner)
        owner = None if owner == profile.name else owners.get(owner)
    return chain


def owner_of(profile: Profile) -> str | None:
    """The owner's name; what stands in brackets is its country or exchange. A withheld name is none."""
    if not profile.parent or "name withheld" in profile.parent:
        return None
    return profile.parent.partition(" (")[0].strip() or None


def _has_words(name: str) -> bool:
    try:
        return bool(read_name(name).words)
    except UnreadableName:
        return False


def screen_firms(
    session: Session, cache: WatchlistCache, caller: Caller, now: datetime, only: Collection[str] | None = None
) -> Rescreened:
    """Screen every firm, or those of some ids, in any state, against the releases in force; new near names are queued.

    A hit whose names are no longer near, or whose party left its list, is ``gone``; the decisions on it are kept.
    """
    watchlist = _held(session, cache)
    # Not a select of access.py: nobody reads these rows, and a firm of any state is screened.
    firms = session.execute(select(Firm.id, Firm.revision, Firm.profile).order_by(Firm.id)).all()
    owners = {profile.name: owner_of(profile) for _, _, profile in firms}
    firms = firms if only is None else [firm for firm in firms if firm.id in only]
    subjects = [names_of(profile, owners) for _, _, profile in firms]
    held = {(hit.firm_id, hit.entry_id, hit.given, hit.listed): hit for hit in session.scalars(select(FirmHit))}
    seen: set[tuple[str, str, str, str]] = set()
    new = 0
    near = screen_all([list(names) for names in subjects], watchlist, limit=MOST_HITS)
    for (firm_id, revision, profile), names, hits in zip(firms, subjects, near, strict=True):
        if not names:
            continue
        subject = {"firm_id": firm_id, "revision": revision, "names": list(names), "country": profile.country}
        _logged(session, caller, now, watchlist, hits, **subject)
        for hit in hits:
            key = (firm_id, hit.entry.id, hit.given, hit.listed)
            seen.add(key)
            new += _queued(session, key, hit, names[hit.given], held.get(key), now)
    asked = {firm.id for firm in firms}
    gone = _gone(watchlist, (hit for key, hit in held.items() if key not in seen and hit.firm_id in asked))
    session.flush()
    return Rescreened(
        firms=len(firms),
        new=new,
        waiting=len(queue(session)),
        gone=gone,
        unreadable=tuple(firm_id for (firm_id, _, _), names in zip(firms, subjects, strict=True) if not names),
        circular=tuple(firm_id for firm_id, _, profile in firms if profile.name in _owners(profile, owners)),
    )


def _gone(watchlist: Watchlist, unseen: Iterable[FirmHit]) -> int:
    """Mark hits no longer near; a confirmed one stands as long as its party is listed, however it is spelled."""
    listed = {entry.id for entry in watchlist.entries}
    count = 0
    for hit in unseen:
        if hit.state in ("open", "proposed") or (hit.state == "confirmed" and hit.entry_id not in listed):
            hit.state = "gone"
            count += 1
    return count


def _queued(
    session: Session, key: tuple[str, str, str, str], hit: Hit, role: Role, held: FirmHit | None, now: datetime
) -> bool:
    """Put a hit into the queue, or refresh the one held; one that had gone waits again. True when it is new there."""
    if held is None:
        firm_id, entry_id, given, listed = key
        session.add(
            FirmHit(
                firm_id=firm_id,
                role=role,
                given=given,
                listed=listed,
                entry_id=entry_id,
                code=hit.entry.code,
                near_sha256=hashlib.sha256(f"{entry_id}\n{given}\n{listed}".encode()).hexdigest(),
                near=hit,
                first_seen=now,
                last_seen=now,
                state="open",
            )
        )
        return True
    again = held.state == "gone"
    held.near, held.role, held.last_seen = hit, role, now
    held.state = "open" if again else held.state
    return again


# --- The queue and its decisions --------------------------------------------------------------------


def queue(session: Session, *, everything: bool = False) -> Sequence[FirmHit]:
    """Hits that wait for a person, the nearest first; or all hits ever."""
    asked = select(FirmHit) if everything else select(FirmHit).where(FirmHit.state.not_in(CLOSED))
    return sorted(session.scalars(asked), key=lambda hit: (-hit.near.score, hit.id))


def decide(session: Session, hit_id: int, decision: bool, reason: str, by: str, now: datetime) -> FirmHit:
    """Record a person's decision on a hit: ``True`` confirms it, ``False`` releases it once a second person agrees.

    Raises NotFound, Invalid without a reason or a name, Conflict when the hit does not wait for this decision.
    """
    hit = session.get(FirmHit, hit_id)
    if hit is None:
        raise NotFound(f"no hit {hit_id}", hint="`triveni watchlists hits` lists those that wait")
    reason, by = reason.strip(), " ".join(by.split())
    if not reason or not by:
        raise Invalid(say("a decision needs a reason and the name of the person who decides"))
    if hit.state == "gone":
        raise Conflict(f"hit {hit_id} is gone: its names are no longer near, or the party left its list")
    hit.state = "confirmed" if decision else _released(session, hit, by)
    verdict = "true" if decision else "false"
    session.add(Clearance(hit_id=hit.id, decision=verdict, reason=reason[:2000], decided_by=by[:200], decided_at=now))
    session.flush()
    audit.record(
        session,
        by=by[:200],
        action="hit.decided",
        subject=f"hit:{hit.id}",
        details={"decision": verdict, "state": hit.state, "firm": hit.firm_id, "near": hit.near_sha256},
        at=now,
    )
    return hit


def _released(session: Session, hit: FirmHit, by: str) -> str:
    """The state after one more person decided to release: two different persons must, and until then it stands."""
    if hit.state == "released":
        raise Conflict(f"hit {hit.id} is released already")
    before = decisions(session, hit.id)
    if not before or before[-1].decision == "true":
        return "confirmed" if hit.state == "confirmed" else "proposed"
    if before[-1].decided_by.casefold() == by.casefold():
        raise Conflict(f"{by} has decided on hit {hit.id} already; a release needs a second person")
    return "released"


def decisions(session: Session, hit_id: int) -> Sequence[Clearance]:
    """All decisions on a hit, in order."""
    return session.scalars(select(Clearance).where(Clearance.hit_id == hit_id).order_by(Clearance.id)).all()


# --- What stands of a firm --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ScreeningFact:
    """Where a firm stands with one list: screened or not, against which state of it, and which hits there are."""

    list_id: str
    title: str
    dated: str
    screened_at: datetime | None
    """None: the firm, as it is described now, was not compared with this release."""
    open_hits: tuple[str, ...] = ()
    confirmed: tuple[str, ...] = ()
    """Codes of the lists on which a person has found the firm itself, or a site of it."""
    open_owner_hits: tuple[str, ...] = ()
    confirmed_owners: tuple[str, ...] = ()

    def told(self) -> str:
        """The fact in a sentence."""
        where = {"list": say(self.title), "dated": self.dated}
        if self.screened_at is None:
            return say("not screened against {list} of {dated}", **where)
        found = [
            say("{state}: {names}", state=state, names=", ".join(names))
            for state, names in (
                (say("confirmed on"), self.confirmed),
                (say("owner confirmed on"), self.confirmed_owners),
                (say("waiting for review"), (*self.open_hits, *self.open_owner_hits)),
            )
            if names
        ]
        result = joined("; ", found) if found else say("no hit waits and none is confirmed")
        return say("screened against {list} of {dated}: {result}", result=result, **where)


def standing(session: Session, firm_ids: Iterable[str]) -> Mapping[str, tuple[ScreeningFact, ...]]:
    """For each firm, one fact for each list in force; a firm that changed since it was screened is not screened."""
    wanted = sorted(set(firm_ids))
    lists = session.execute(
        select(ListRelease.list_id, ListRelease.title, ListRelease.dated)
        .where(ListRelease.current)
        .order_by(ListRelease.list_id)
    ).all()
    at = _last_screened(session, wanted)
    found: dict[tuple[str, str], list[FirmHit]] = defaultdict(list)
    for hit in session.scalars(select(FirmHit).where(FirmHit.firm_id.in_(wanted), FirmHit.state != "released")):
        found[hit.firm_id, hit.near.entry.release].append(hit)
    return {
        firm_id: tuple(
            _fact(list_id, title, dated, at.get(firm_id, {}), found[firm_id, list_id])
            for list_id, title, dated in lists
        )
        for firm_id in wanted
    }


def _fact(
    list_id: str, title: str, dated: str, at: Mapping[str, tuple[str, datetime]], hits: Sequence[FirmHit]
) -> ScreeningFact:
    compared, when = at.get(list_id, ("", None))

    def of(states: tuple[str, ...], *, owner: bool) -> list[FirmHit]:
        return [hit for hit in hits if hit.state in states and (hit.role == "owner") is owner]

    return ScreeningFact(
        list_id,
        title,
        dated,
        when if compared == dated else None,
        *(
            tuple(dict.fromkeys(hit.code if state == ("confirmed",) else hit.listed for hit in of(state, owner=owner)))
            for owner in (False, True)
            for state in (("open", "proposed"), ("confirmed",))
        ),
    )


def _last_screened(session: Session, firm_ids: Sequence[str]) -> dict[str, dict[str, tuple[str, datetime]]]:
    """For each firm whose last screening was of its present profile: list, its date, and when."""
    last = (
        select(func.max(Screening.id))
        .where(Screening.firm_id.in_(firm_ids))
        .group_by(Screening.firm_id)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Screening.firm_id, Screening.lists, Screening.asked_at)
        .join(Firm, Firm.id == Screening.firm_id)
        .where(Screening.id.in_(last), Screening.revision == Firm.revision)
    )
    return {
        firm_id: {list_id: (dated, when) for list_id, dated in lists.items()}
        for firm_id, lists, when in rows
        if firm_id is not None
    }


def result_of(facts: Sequence[ScreeningFact]) -> str:
    """The state of a screened firm in a word or two, the gravest first."""
    if any(fact.confirmed or fact.confirmed_owners for fact in facts):
        return say("on a list")
    if any(fact.open_hits or fact.open_owner_hits for fact in facts):
        return say("hits wait for review")
    return say("no hit waits") if all(fact.screened_at for fact in facts) else say("partly screened")


def screen_if_due(session: Session, folder: Path, caller: Caller, now: datetime) -> Rescreened | None:
    """Take the list releases that come with the service and screen every firm, unless all have been; None if so."""
    hold_seeds(session, folder, now)
    firm_ids = session.scalars(select(Firm.id)).all()
    facts = standing(session, firm_ids)
    if all(held and all(fact.screened_at for fact in held) for held in facts.values()):
        return None
    return screen_firms(session, WatchlistCache(), caller, now)


def lists_of(facts: Sequence[ScreeningFact], *, owners: bool = False) -> tuple[str, ...] | None:
    """A party's lists as the rules ask them: codes of confirmed hits; empty when screened and none waits.

    None is not known. With ``owners``, of the firm's owners instead of the firm.
    """
    confirmed = [code for fact in facts for code in (fact.confirmed_owners if owners else fact.confirmed)]
    if confirmed:
        return tuple(dict.fromkeys(confirmed))
    waits = any(fact.open_owner_hits if owners else fact.open_hits for fact in facts)
    return () if facts and not waits and all(fact.screened_at for fact in facts) else None


# --- Measuring --------------------------------------------------------------------------------------


def check_pairs(path: Path, threshold: float = THRESHOLD) -> dict[str, Any]:
    """Labelled name pairs (``schema``, ``name1``, ``name2``, ``is_match``) at a threshold, and over all thresholds."""
    scored = [(round(likeness(a, b, kind).score, 3), match) for a, b, kind, match in _pairs(path)]
    curve = [_figures(scored, at / 20) for at in range(10, 21)]
    return _figures(scored, threshold) | {"pairs": len(scored), "curve": curve}


def _pairs(path: Path) -> list[tuple[Name, Name, Kind, bool]]:
    try:
        table = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""))
    except (OSError, UnicodeDecodeError) as problem:
        raise Invalid(f"cannot read the pairs from {path}: {problem}") from problem
    missing = {"name1", "name2", "is_match"} - set(table.fieldnames or ())
    if missing:
        raise Invalid(f"{path}: no column {', '.join(sorted(missing))}")
    pairs = []
    try:
        for row in table:
            if row["is_match"] not in ("true", "false"):
                raise Invalid(f"{path}, line {table.line_num}: is_match is {row['is_match']!r}, expected true or false")
            kind: Kind = "vessel" if row.get("schema") == "Vessel" else "unknown"
            names = (read_name(row["name1"] or ""), read_name(row["name2"] or ""))
            pairs.append((*names, kind, row["is_match"] == "true"))
    except (UnreadableName, csv.Error) as problem:
        raise Invalid(f"{path}, line {table.line_num}: {problem}") from problem
    if not pairs:
        raise Invalid(f"{path} holds no pair")
    return pairs


def _figures(scored: Sequence[tuple[float, bool]], threshold: float) -> dict[str, float]:
    tp = sum(score >= threshold and match for score, match in scored)
    fp = sum(score >= threshold and not match for score, match in scored)
    fn = sum(score < threshold and match for score, match in scored)
    precision, recall = tp / (tp + fp) if tp + fp else 1.0, tp / (tp + fn) if tp + fn else 1.0
    return {
        "threshold": threshold,
        "tp": tp,
        "fp": fp,
        "fn": fn,
        "tn": len(scored) - tp - fp - fn,
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "f1": round(2 * precision * recall / (precision + recall), 4) if tp else 0.0,
    }


def document(screened: Screened) -> dict[str, Any]:
    """A screening as JSON."""
    return asdict(screened)


def hit_document(session: Session, hit: FirmHit) -> dict[str, Any]:
    """A hit as JSON, with all decisions on it."""
    shown = ("decision", "reason", "decided_by", "decided_at")
    return {
        "id": hit.id,
        "firm": hit.firm_id,
        "role": hit.role,
        "given": hit.given,
        "listed": hit.listed,
        "code": hit.code,
        "state": hit.state,
        "first_seen": hit.first_seen,
        "last_seen": hit.last_seen,
        "near": asdict(hit.near),
        "decisions": [{name: getattr(row, name) for name in shown} for row in decisions(session, hit.id)],
    }
