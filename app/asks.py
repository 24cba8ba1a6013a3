"""Asks as a person works with them: one's list, an answer as it is read, asking again, what moved and why, exports."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from defusedcsv import csv as safe_csv
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import access, decisions, matches, runs
from app.candidates import CandidateCache
from app.decisions import Decided
from app.errors import Invalid, NotFound
from app.geography import firm_point
from app.knowledge import Knowledge
from app.matches import Ask
from app.models import Firm, MatchRun
from app.permissions import Permission
from app.pictures import Point, Spot
from matching.pathway import Verdict
from matching.phrases import Form, say
from matching.profile import Profile

LISTED = 50
"""Asks of one's list, the last ones."""

MOST_COMPARED = 4

MOST_NAMES = 1000
"""Names offered while one types; beyond it the browser would carry more than it shows."""


@dataclass(frozen=True, slots=True)
class AskLine:
    """One ask of a list: what was asked, when, and how many matches were listed."""

    id: str
    asked_at: datetime
    ask: Mapping[str, Any]
    subject: str
    listed: int


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer as a reader has it: the API's document, how its sentences were made, and the firms that it names."""

    document: dict[str, Any]
    phrases: Mapping[str, Form]
    firms: Mapping[str, Profile]
    """Released profiles by firm id; the firm of a brief has none."""
    decided: Mapping[int, Decided]
    """The standing decision by rank."""
    subject: str

    @property
    def matches(self) -> list[dict[str, Any]]:
        """The listed matches."""
        found: list[dict[str, Any]] = self.document["matches"]
        return found

    def match(self, place: int) -> dict[str, Any]:
        """The match at a place; raises NotFound."""
        for match in self.matches:
            if match["rank"] == place:
                return match
        raise NotFound(
            say("this answer lists no match {place}", place=place),
            hint=say("it lists {count}", count=len(self.matches)),
        )


def asks_of(session: Session, caller: access.Caller) -> list[AskLine]:
    """The caller's last asks, the newest first."""
    access.require(caller, Permission.REQUEST_MATCHES)
    asked = session.scalars(
        select(MatchRun).where(MatchRun.asked_by == caller.name).order_by(MatchRun.asked_at.desc()).limit(LISTED)
    ).all()
    names = _names(session, caller, [run.ask["firm"] for run in asked if run.ask["firm"]])
    return [
        AskLine(
            run.id,
            run.asked_at,
            run.ask,
            _subject(run.ask, names),
            len(run.answer["matches"]),
        )
        for run in asked
    ]


def names_to_ask_for(session: Session, caller: access.Caller) -> list[str]:
    """Names of the firms that one may ask for, to choose from while typing; none when there are too many to offer."""
    access.require(caller, Permission.REQUEST_MATCHES)
    names = sorted(session.scalars(access.visible_firms(caller).with_only_columns(Firm.name).limit(MOST_NAMES + 1)))
    return names if len(names) <= MOST_NAMES else []


def _names(session: Session, caller: access.Caller, ids: Iterable[str]) -> dict[str, str]:
    wanted = sorted(set(ids))
    return {f.id: f.name for f in session.scalars(access.visible_firms(caller).where(Firm.id.in_(wanted)))}


def _subject(ask: Mapping[str, Any], names: Mapping[str, str]) -> str:
    if ask["firm"]:
        return names.get(ask["firm"], str(ask["firm"]))
    return str(ask["demand"] or ask["brief"]["text"])


def read_answer(session: Session, caller: access.Caller, run_id: str, knowledge: Knowledge) -> Answered:
    """A recorded answer with the firms that it names and what was decided; raises as reading a run does."""
    document, phrases = matches.tell_run(session, caller, run_id, knowledge)
    asked = document["run"]["ask"]
    named = {match[side]["id"] for match in document["matches"] for side in ("innovator", "manufacturer")}
    named |= {asked["firm"]} if asked["firm"] else set()
    visible = session.scalars(access.visible_firms(caller).where(Firm.id.in_(sorted(named))))
    firms = {firm.id: access.released(firm, caller) for firm in visible}
    return Answered(
        document,
        phrases,
        firms,
        {d.rank: d for d in decisions.decisions_on(session, caller, run_id) if not d.superseded},
        _subject(asked, {firm_id: profile.name for firm_id, profile in firms.items()}),
    )


# --- Choosing among the listed ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Choice:
    """What a reader wants to see of a list: some verdicts, modes or markets (all when empty), and the order."""

    verdicts: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    markets: tuple[str, ...] = ()
    by_verdict: bool = False

    def of(self, listed: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The chosen matches; by verdict and then fit where that is wanted, else as ranked."""
        kept = [
            match
            for match in listed
            if (not self.verdicts or match["pathway"]["verdict"] in self.verdicts)
            and (not self.modes or match["mode"] in self.modes)
            and (not self.markets or match["market"]["iso3"] in self.markets)
        ]
        if self.by_verdict:
            kept.sort(key=lambda match: (Verdict(match["pathway"]["verdict"]).rank, match["rank"]))
        return kept


@dataclass(frozen=True, slots=True)
class Facets:
    """What a list can be narrowed to: the verdicts, modes and markets that occur in it."""

    verdicts: tuple[str, ...]
    modes: tuple[str, ...]
    markets: tuple[tuple[str, str], ...]


def facets(listed: Sequence[Mapping[str, Any]]) -> Facets:
    """The facets of a list; verdicts from best to worst."""
    return Facets(
        tuple(sorted({m["pathway"]["verdict"] for m in listed}, key=lambda verdict: Verdict(verdict).rank)),
        tuple(sorted({m["mode"] for m in listed})),
        tuple(sorted({(m["market"]["iso3"], m["market"]["name"]) for m in listed}, key=lambda market: market[1])),
    )


def readiness(
    answered: Answered, match: Mapping[str, Any]
) -> tuple[tuple[str, int, float], tuple[str, int, float]] | None:
    """The two readiness figures that met, each with its scale and the scale's last level; None when one is unknown."""
    told = next((s["sentence"] for s in match["signals"] if s["name"] == "readiness_complements"), None)
    figures = answered.phrases.get(told, {}).get("with", {}) if told else {}
    if "trl" not in figures or "mrl" not in figures:
        return None
    from_trl = "no MRL on record" in str(told)
    making = ("TRL", 9, figures["mrl"]) if from_trl else ("MRL", 10, figures["mrl"])
    return ("TRL", 9, figures["trl"]), making


def spots(
    answered: Answered, match: Mapping[str, Any], market_points: Mapping[str, Point], market_name: str
) -> list[Spot]:
    """The corners of a match whose place is known, in the order of the pathway."""
    found = [
        (kind, match[side]["name"], firm_point(answered.firms.get(match[side]["id"])))
        for kind, side in (("i", "innovator"), ("m", "manufacturer"))
    ]
    found.append(("k", market_name, market_points.get(match["market"]["iso3"])))
    return [Spot(at, name, kind) for kind, name, at in found if at is not None]


def compared(answered: Answered, places: Sequence[int]) -> list[dict[str, Any]]:
    """Two to four matches of an answer to lay side by side; raises Invalid and NotFound."""
    chosen = list(dict.fromkeys(places))
    if not 2 <= len(chosen) <= MOST_COMPARED:
        raise Invalid(
            say("{count} matches are chosen; two to {most} can be compared", count=len(chosen), most=MOST_COMPARED),
            hint=say("tick the matches in the list, then choose Compare"),
        )
    return [answered.match(place) for place in chosen]


# --- Asking again -----------------------------------------------------------------------------------


def ask_again(
    session: Session,
    caller: access.Caller,
    run_id: str,
    weights: Mapping[str, float] | None,
    knowledge: Knowledge,
    cache: CandidateCache,
    now: datetime,
) -> str:
    """Ask the same again over what is held today, with other weights if given; the new run's id. Raises as an ask does.

    The day of the law is today's.
    """
    ask = Ask.model_validate(runs.find_run(session, caller, run_id).ask)
    changes: dict[str, Any] = {"on": None} | ({"weights": dict(weights)} if weights is not None else {})
    answer = matches.request_matches(session, caller, ask.model_copy(update=changes), knowledge, cache, now)
    return str(answer["run"]["id"])


@dataclass(frozen=True, slots=True)
class Push:
    """One signal that moved a fit: its value and weight before and after, and by how much it changed the fit."""

    signal: str
    value_before: float | None
    value_after: float | None
    weight_before: float
    weight_after: float
    change: float


@dataclass(frozen=True, slots=True)
class Move:
    """One triad in two answers: its places, fits and verdicts, and what pushed it. None: not listed."""

    innovator: str
    manufacturer: str
    market: Mapping[str, str]
    place_before: int | None
    place_after: int | None
    fit_before: float | None
    fit_after: float | None
    verdict_before: str | None
    verdict_after: str | None
    pushes: tuple[Push, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Moved:
    """What differs between two answers to one question: which versions moved, and each triad that did."""

    versions: tuple[str, ...]
    """Names of what is held in another version now: rulebook, profiles, weights…"""
    weights: Mapping[str, tuple[float, float]]
    moves: tuple[Move, ...]
    still: int
    """Triads listed in both at the same place, with the same fit and verdict."""


def moved(before: Mapping[str, Any], after: Mapping[str, Any]) -> Moved:
    """Compare two documents of runs, triad by triad; those gained or risen first."""
    old, new = ({_triad(match): match for match in document["matches"]} for document in (before, after))
    moves = [_move(old.get(triad), new.get(triad)) for triad in dict.fromkeys([*new, *old])]
    changed = [move for move in moves if _differs(move)]
    versions = before["run"]["versions"], after["run"]["versions"]
    weights = versions[0]["weights"], versions[1]["weights"]
    return Moved(
        versions=tuple(
            name for name in versions[1] if name != "weights" and versions[0].get(name) != versions[1][name]
        ),
        weights={
            name: (weights[0].get(name, 0.0), weight)
            for name, weight in weights[1].items()
            if weights[0].get(name, 0.0) != weight
        },
        moves=tuple(changed),
        still=len(moves) - len(changed),
    )


def _triad(match: Mapping[str, Any]) -> tuple[str, str, str]:
    return match["innovator"]["id"], match["manufacturer"]["id"], match["market"]["iso3"]


def _differs(move: Move) -> bool:
    return (move.place_before, move.fit_before, move.verdict_before) != (
        move.place_after,
        move.fit_after,
        move.verdict_after,
    )


def _move(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> Move:
    either = new or old
    assert either is not None
    return Move(
        either["innovator"]["name"],
        either["manufacturer"]["name"],
        either["market"],
        old["rank"] if old else None,
        new["rank"] if new else None,
        old["fit"] if old else None,
        new["fit"] if new else None,
        old["pathway"]["verdict"] if old else None,
        new["pathway"]["verdict"] if new else None,
        _pushes(old, new) if old and new else (),
    )


def _pushes(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Push, ...]:
    """The signals whose share of the fit changed, the strongest first; their changes add up to the fit's."""
    shares = [_shares(match["signals"]) for match in (old, new)]
    found = []
    for name in dict.fromkeys([*shares[0], *shares[1]]):
        value_before, weight_before, share_before = shares[0].get(name, (None, 0.0, 0.0))
        value_after, weight_after, share_after = shares[1].get(name, (None, 0.0, 0.0))
        change = round(share_after - share_before, 4)
        if change:
            found.append(Push(name, value_before, value_after, weight_before, weight_after, change))
    return tuple(sorted(found, key=lambda push: -abs(push.change)))


def _shares(signals: Sequence[Mapping[str, Any]]) -> dict[str, tuple[float, float, float]]:
    total = sum(signal["weight"] for signal in signals) or 1.0
    return {s["name"]: (s["value"], s["weight"], s["value"] * s["weight"] / total) for s in signals}


# --- Out --------------------------------------------------------------------------------------------

COLUMNS = (
    "place innovator manufacturer market market_name fit coverage mode verdict requirements questions why unknown "
    "run asked_at law_as_of"
).split()


def as_csv(answered: Answered) -> bytes:
    """The list as CSV for a spreadsheet: no cell is taken for a formula; UTF-8 with a mark, which Excel needs."""
    out = io.StringIO()
    writer = safe_csv.writer(out, quoting=csv.QUOTE_MINIMAL)
    writer.writerow(COLUMNS)
    run = answered.document["run"]
    for match in answered.matches:
        needs = [need for leg in match["pathway"]["legs"] for need in leg["requirements"]]
        writer.writerow(
            [
                match["rank"],
                match["innovator"]["name"],
                match["manufacturer"]["name"],
                match["market"]["iso3"],
                match["market"]["name"],
                match["fit"],
                match["coverage"],
                match["mode"],
                match["pathway"]["verdict"],
                "; ".join(f"{need['rule']} ({need['citation']})" for need in needs),
                "; ".join(match["pathway"]["questions"]),
                " ".join(signal["sentence"] for signal in match["signals"]),
                "; ".join(match["unknown"]),
                run["id"],
                run["asked_at"],
                run["ask"]["on"],
            ]
        )
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def as_json(answered: Answered) -> bytes:
    """The answer exactly as the API gives it."""
    return orjson.dumps(answered.document, option=orjson.OPT_INDENT_2)
