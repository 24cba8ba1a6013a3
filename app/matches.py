"""The main job: an ask to a recorded run of ranked, explained triads; and the replay of a run."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

import numpy as np
import orjson
from pydantic import Field, TypeAdapter, model_validator
from sqlalchemy.orm import Session

from app import access, decisions, releases, runs, screenings
from app.candidates import CandidateCache, Candidates, gather, gone_since
from app.errors import Conflict, Invalid, NotFound
from app.firms import find_firm
from app.intake import BRIEF_LIMIT, read_brief
from app.knowledge import Knowledge
from app.models import MatchRun
from app.permissions import Permission
from app.screenings import Held, ScreeningChange
from matching.counterfactuals import Change, Counterfactual, counterfactuals
from matching.encoder import Vectors, text_key
from matching.phrases import Form, Phrase, phrasebook, say
from matching.play import Play
from matching.pool import Pool, PooledFirm, embedded_text
from matching.profile import Demand, Frozen, Market, Profile, Source
from matching.ranking import Ranking, WeightsError, check_weights, rank

INNOVATORS, MANUFACTURERS = "CAN", "IND"
ANY = "any"
LIMIT = 50


class Brief(Frozen):
    """A firm that is not on file, in free text; what is not given is inferred or unknown."""

    text: str = Field(max_length=10 * BRIEF_LIMIT)
    country: Literal["CAN", "IND"] = "CAN"
    trl: int | None = None
    sectors: tuple[str, ...] = ()


class Ask(Frozen):
    """Who should meet whom, for which market? Exactly one of ``firm``, ``brief`` and ``demand`` is given."""

    firm: Annotated[str | None, Field(max_length=300, description="Name, alias or id of a firm on file.")] = None
    brief: Annotated[Brief | None, Field(description="A firm that is not on file.")] = None
    demand: Annotated[str | None, Field(max_length=4000, description="Id of a demand held, or its text.")] = None
    market: Annotated[str, Field(description="ISO 3166-1 alpha-3 code or name of a market, or `any`.")] = ANY
    limit: Annotated[int, Field(ge=1, le=LIMIT)] = 10
    infer_needs: Annotated[bool, Field(description="Also match needs inferred from what a profile lacks.")] = True
    spread: Annotated[bool, Field(description="List no corporate group twice.")] = False
    weights: Annotated[dict[str, float] | None, Field(description="Weights that replace those in use.")] = None
    on: Annotated[date | None, Field(description="Law as of this day; today unless given.")] = None

    @model_validator(mode="after")
    def _asks_one_thing(self) -> Self:
        given = [name for name in ("firm", "brief", "demand") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of firm, brief and demand; given: {', '.join(given) or 'none'}")
        return self


@dataclass(frozen=True, slots=True)
class _Sides:
    """An ask resolved: the two pools, the markets in play and the vectors of their demands."""

    innovators: Pool
    manufacturers: Pool
    markets: tuple[Market, ...]
    demand_vectors: Vectors


def request_matches(
    session: Session,
    caller: access.Caller,
    ask: Ask,
    knowledge: Knowledge,
    cache: CandidateCache,
    now: datetime,
) -> dict[str, Any]:
    """Rank the ask, record the run and return it as the API's document.

    Raises NotFound for an unknown firm or market, Invalid for an ask that makes no sense, NotReady before seeding
    or embedding.
    """
    access.require(caller, Permission.REQUEST_MATCHES)
    candidates = cache.current(session, caller, knowledge)  # first: before seeding no name is worth looking for
    firm = find_firm(session, caller, ask.firm).id if ask.firm is not None else None
    on = ask.on or now.date()
    ask = ask.model_copy(update={"on": on, "firm": firm})
    version, in_use = decisions.weights_in_use(session, of_demand=ask.demand is not None)
    weights = _weights(ask, in_use)
    known = screenings.held(session, [one.id for one in candidates.firms], knowledge, on)
    answer = _answer(ask, knowledge, candidates, weights, known)
    run = MatchRun(
        id=str(uuid.uuid4()),
        asked_at=now,
        asked_by=caller.name,
        ask=ask.model_dump(mode="json"),
        versions=knowledge.versions
        | {
            "profiles": candidates.version,
            "weights": weights,
            "weights_version": version,
            "watchlists": lists_held(session),
        },
        answer=answer,
        change=candidates.change,
        rests_on=sorted(candidates.rests_on),
        screening=screenings.kept(known),
    )
    session.add(run)
    return _document(run, runs.released(session, caller, answer))


def with_everyone(
    session: Session, caller: access.Caller, firm: str, knowledge: Knowledge, cache: CandidateCache, now: datetime
) -> dict[str, Any]:
    """One firm's matches with every firm of the other country, each with its best market; nothing is recorded.

    The answer's shape is that of a run: ``matches`` and ``excluded``. Raises what `request_matches` raises.
    """
    candidates = cache.current(session, caller, knowledge)
    ask = Ask(firm=find_firm(session, caller, firm).id, on=now.date()).model_copy(
        update={"limit": len(candidates.firms)}
    )
    _, weights = decisions.weights_in_use(session, of_demand=False)
    known = screenings.held(session, [one.id for one in candidates.firms], knowledge, now.date())
    return runs.released(session, caller, _answer(ask, knowledge, candidates, weights, known))


def read_run(session: Session, caller: access.Caller, run_id: str, knowledge: Knowledge) -> dict[str, Any]:
    """A recorded run as the API gives it, released for whoever reads it now; raises as `tell_run` does."""
    return tell_run(session, caller, run_id, knowledge)[0]


def tell_run(
    session: Session, caller: access.Caller, run_id: str, knowledge: Knowledge
) -> tuple[dict[str, Any], dict[str, Form]]:
    """A recorded run as the API gives it, released for whoever reads it now, and the phrases of its sentences.

    One that rests on restricted fields closed to the reader is ranked anew without them. Raises NotFound for a run that
    is not recorded or not the reader's, and then Conflict when the versions that it rests on are no longer held.
    """
    run = runs.find_run(session, caller, run_id)
    answer, version = run.answer, run.versions["profiles"]
    if runs.closed(session, caller, run):
        answer, version = _ranked_again(session, caller, run, knowledge)
    shown = runs.released(session, caller, answer)
    document = _document(run, shown)
    document["run"]["versions"] = run.versions | {"profiles": version}
    return document, shown.get("phrases", {})


@dataclass(frozen=True, slots=True)
class Replayed:
    """A run ranked again: the answer, whether it is the same byte for byte, and what screening holds otherwise now.

    ``because`` says why it is another answer, as far as firms that are no longer there are why.
    """

    answer: dict[str, Any]
    same: bool
    since: tuple[ScreeningChange, ...]
    because: tuple[str, ...] = ()


def replay(session: Session, caller: access.Caller, run_id: str, knowledge: Knowledge) -> Replayed:
    """Rank a recorded ask again over the profiles and screenings as they stood, and compare the answers byte for byte.

    Raises Conflict when the rulebook, taxonomy, markets or encoder held now are not those of the run.
    """
    run = runs.find_run(session, caller, run_id)
    answer, _ = _ranked_again(session, caller, run, knowledge)
    since = _changed_since(session, caller, run, knowledge)
    same = _bytes(answer) == _bytes(run.answer)
    because = () if same else _why_another(session, caller, run)
    return Replayed(runs.released(session, caller, answer), same, since, because)


def _why_another(session: Session, caller: access.Caller, run: MatchRun) -> tuple[str, ...]:
    withdrawn, erased = gone_since(session, caller, _change_of(run))
    return tuple(
        f"{count} of the firms that could be matched then {what}"
        for count, what in (
            (withdrawn, "cannot be matched now: withdrawn, expired or dropped"),
            (erased, "may be among those erased since; what was told of them reads “(erased)”"),
        )
        if count
    )


def _ranked_again(
    session: Session, caller: access.Caller, run: MatchRun, knowledge: Knowledge
) -> tuple[dict[str, Any], str]:
    """The answer to a recorded ask over the profiles as they stood, weighed as the caller may have them; their hash."""
    _same_versions(run, knowledge)
    ask = Ask.model_validate(run.ask)
    if ask.firm is not None and ask.firm.startswith(runs.ERASED):
        raise Conflict("the firm that this run was asked for has been erased, so it cannot be ranked again")
    candidates = gather(session, caller, knowledge, at=_change_of(run))
    then = _known_then(session, run, candidates, knowledge)
    answer = _answer(ask, knowledge, candidates, run.versions["weights"], then)
    return answer, candidates.version


def _known_then(session: Session, run: MatchRun, candidates: Candidates, knowledge: Knowledge) -> Held:
    """What screening held when a run was asked; of a run of before that was kept, what it holds now."""
    if run.screening is not None:
        return screenings.recalled(run.screening)
    return _known_now(session, [firm.id for firm in candidates.firms], knowledge, run)


def _known_now(session: Session, firm_ids: Sequence[str], knowledge: Knowledge, run: MatchRun) -> Held:
    return screenings.held(session, firm_ids, knowledge, date.fromisoformat(run.ask["on"]))


def _changed_since(
    session: Session, caller: access.Caller, run: MatchRun, knowledge: Knowledge
) -> tuple[ScreeningChange, ...]:
    """Of which firms that the caller may see screening holds something else than when the run was asked."""
    if run.screening is None:
        return ()
    then = screenings.recalled(run.screening)
    seen = [firm.id for firm in session.scalars(access.visible_firms(caller)) if firm.id in then.facts]
    return screenings.changes(then, _known_now(session, seen, knowledge, run))


def _change_of(run: MatchRun) -> int:
    """The change number that a run was asked at; of runs before accounts it stands among the versions."""
    return int(run.versions["profiles"]) if run.change is None else run.change


def _bytes(answer: dict[str, Any]) -> bytes:
    return orjson.dumps(answer, option=orjson.OPT_SORT_KEYS)


def _document(run: MatchRun, answer: dict[str, Any]) -> dict[str, Any]:
    """A run with an answer as the API gives it."""
    return {
        "run": {
            "id": run.id,
            "asked_at": run.asked_at.isoformat(timespec="seconds"),
            "asked_by": run.asked_by,
            "ask": run.ask,
            "versions": run.versions,
            "pool": answer["pool"],
            "exposure": answer["exposure"],
            "notes": answer["notes"],
        },
        "matches": answer["matches"],
        "excluded": answer["excluded"],
    }


def _weights(ask: Ask, in_use: dict[str, float]) -> dict[str, float]:
    weights = in_use | (ask.weights or {})
    try:
        check_weights(weights)
    except WeightsError as problem:
        raise Invalid(str(problem)) from problem
    return weights


def lists_held(session: Session) -> dict[str, str]:
    """Each denied-party list in force, with its date and hash."""
    return {row.list_id: f"{row.dated} {row.sha256[:12]}" for row in releases.releases(session)}


def _answer(
    ask: Ask, knowledge: Knowledge, candidates: Candidates, weights: dict[str, float], known: Held
) -> dict[str, Any]:
    sides = _resolve(ask, knowledge, candidates)
    play = _play(sides, knowledge, candidates)
    assert ask.on is not None  # set when the run was asked
    one_per_pair = ask.market == ANY
    ranking = rank(
        play,
        weights,
        knowledge.rulebook,
        ask.on,
        limit=ask.limit,
        one_per_pair=one_per_pair,
        spread=ask.spread,
        lists=knowledge.control_lists,
        literacy=knowledge.literacy,
        screened=known.screened(),
        told_of=known.told_of({firm.id: firm.profile.name for firm in candidates.firms}),
    )
    answer: dict[str, Any] = _ANSWER.dump_python(ranking, mode="json", by_alias=True)
    notes = _notes(ask, sides, known)
    return answer | {
        "pool": {
            "innovators": len(sides.innovators),
            "manufacturers": len(sides.manufacturers),
            "markets": len(sides.markets),
            "markets_without_demand_held": sum(not m.demands for m in knowledge.markets.values()),
            "triads": ranking.triads,
        },
        "notes": notes,
        "phrases": phrasebook((ranking, notes)),
    }


_ANSWER = TypeAdapter(Ranking)


def _play(sides: _Sides, knowledge: Knowledge, candidates: Candidates) -> Play:
    return Play(
        sides.innovators,
        sides.manufacturers,
        sides.markets,
        sides.demand_vectors,
        candidates.index,
        knowledge.taxonomy,
        {market.iso3: market.region for market in knowledge.markets.values()},
    )


def what_if(
    session: Session, caller: access.Caller, run_id: str, place: int, knowledge: Knowledge
) -> tuple[Counterfactual, ...]:
    """The single changes that would lift the match at a place of a run, or better its verdict; each is ranked anew.

    Raises NotFound for a run or place that is not there, Invalid for a run of a brief (its firm is not on file), and
    Conflict when the rulebook or another version is no longer held.
    """
    run = runs.find_run(session, caller, run_id)
    runs.require_open(session, caller, run)
    _same_versions(run, knowledge)
    listed = next((match for match in run.answer["matches"] if match["rank"] == place), None)
    if listed is None:
        raise NotFound(f"run {run_id} lists no match {place}", hint=f"it lists {len(run.answer['matches'])}")
    ask = Ask.model_validate(run.ask)
    if ask.brief is not None:
        raise Invalid(say("the firm of a brief is not on file, so no change to its profile can be tried"))
    ask = ask.model_copy(update={"market": listed["market"]["iso3"]})
    ids = (listed["innovator"]["id"], listed["manufacturer"]["id"], listed["market"]["iso3"])
    candidates = gather(session, caller, knowledge, at=_change_of(run))

    def play_with(change: Change | None) -> Play:
        supposed = candidates
        if change is not None:
            supposed = candidates.supposing(ids[0] if change.side == "innovator" else ids[1], change.profile)
        return _play(_resolve(ask, knowledge, supposed), knowledge, supposed)

    assert ask.on is not None  # set when the run was asked
    # what screening holds now: nobody is shown a way to a firm that was found on a list since
    screened = screenings.held(session, [firm.id for firm in candidates.firms], knowledge, ask.on).screened()
    found = counterfactuals(play_with, ids, run.versions["weights"], knowledge.rulebook, ask.on, screened)
    return tuple(one for one in found if not runs.quotes_unread(session, caller, ids[:2], one.change))


def _same_versions(run: MatchRun, knowledge: Knowledge) -> None:
    """Raise Conflict unless all that the run rests on, apart from the profiles, is still held."""
    moved = sorted(name for name, version in knowledge.versions.items() if run.versions.get(name) != version)
    if moved:
        raise Conflict(
            f"run {run.id} cannot be ranked again: it rests on another version of {', '.join(moved)}",
            hint="the answer as it was given is kept: GET /api/v1/matches/{id}, or `triveni run ID`",
            versions={name: {"run": run.versions.get(name), "held": knowledge.versions[name]} for name in moved},
        )


def _notes(ask: Ask, sides: _Sides, known: Held) -> list[Phrase]:
    notes = [
        say("Profiles were compiled from public sources and not verified by the firms."),
        say("Readiness figures are estimates unless a firm has stated them."),
        say("Names were compared with the denied-party lists held; ownership was not, beyond a parent on record.")
        if known.screened()
        else say("No party has been screened against a denied-party list."),
    ]
    if ask.market == ANY:
        notes.append(say("Each pair is listed with its best market only, among those with a demand held."))
        notes.append(say("All markets held were weighed, so that the excluded ones are told."))
    if ask.brief is not None and not ask.brief.sectors:
        pool = sides.innovators if ask.brief.country == INNOVATORS else sides.manufacturers
        sectors = pool.firms[0].profile.sectors
        found = ", ".join(sectors) or say("none found")
        notes.append(say("Sectors inferred from the brief's words: {sectors}.", sectors=found))
    return notes


def _resolve(ask: Ask, knowledge: Knowledge, candidates: Candidates) -> _Sides:
    def everyone(country: str) -> Pool:
        return candidates.pool(country, knowledge.taxonomy, infer_needs=ask.infer_needs)

    if ask.demand is not None:
        market = _market_of_demand(ask, knowledge)
        return _Sides(
            everyone(INNOVATORS), everyone(MANUFACTURERS), (market,), _demand_vectors((market,), candidates, knowledge)
        )
    asking = _asking_pool(ask, knowledge, candidates)
    country = asking.firms[0].profile.country
    markets = tuple(knowledge.markets.values()) if ask.market == ANY else (knowledge.market(ask.market),)
    innovators = asking if country == INNOVATORS else everyone(INNOVATORS)
    manufacturers = asking if country == MANUFACTURERS else everyone(MANUFACTURERS)
    return _Sides(innovators, manufacturers, markets, _demand_vectors(markets, candidates, knowledge))


def _asking_pool(ask: Ask, knowledge: Knowledge, candidates: Candidates) -> Pool:
    if ask.firm is not None:
        firm = next((f for f in candidates.firms if f.id == ask.firm), None)
        if firm is None:
            raise Conflict(f"{ask.firm} is not among the firms that may be matched")
        if firm.profile.country not in (INNOVATORS, MANUFACTURERS):
            raise Invalid(f"{firm.profile.name} is of {firm.profile.country}; triads join Canada and India")
        return Pool([firm], knowledge.taxonomy, candidates.vectors, infer_needs=ask.infer_needs)
    assert ask.brief is not None  # an ask is of a firm, a brief or a demand
    profile = read_brief(
        ask.brief.text,
        knowledge.taxonomy,
        country=ask.brief.country,
        trl=ask.brief.trl,
        sectors=ask.brief.sectors,
    )
    return _guest_pool(profile, knowledge, infer_needs=ask.infer_needs)


def _guest_pool(profile: Profile, knowledge: Knowledge, *, infer_needs: bool) -> Pool:
    """The pool of one firm that is not on file: its statements are embedded here and kept nowhere."""
    texts = list(dict.fromkeys(embedded_text(statement) for statement in profile.statements))
    vectors = {
        text_key(text): (-1, vector) for text, vector in zip(texts, knowledge.encoder.encode(texts), strict=True)
    }
    guest = PooledFirm("brief", profile)
    return Pool([guest], knowledge.taxonomy, vectors, infer_needs=infer_needs, indexed=False)


def _market_of_demand(ask: Ask, knowledge: Knowledge) -> Market:
    """The market in play for a demand: with only the demand asked for, one held or one made from the text."""
    assert ask.demand is not None
    text = ask.demand.strip()
    if not text:
        raise Invalid(
            say("the demand is empty"), hint=say("give the id of a demand held, or say what the market seeks")
        )
    if text in knowledge.demands:
        market, demand = knowledge.demands[text]
        if ask.market != ANY and knowledge.market(ask.market) != market:
            raise Invalid(f"the demand {text!r} is of {market.iso3}, not of {ask.market}")
        return market.model_copy(update={"demands": (demand,)})
    if ask.market == ANY:
        raise Invalid(
            say("a demand given as text needs its market"),
            hint=say("add the market, for example --market PHL; or give a demand's id"),
        )
    market = knowledge.market(ask.market)
    sectors = tuple(suggestion.code for suggestion in knowledge.taxonomy.suggest(text))
    if not sectors:
        raise Invalid(
            say("no sector could be read from the demand {text!r}", text=text),
            hint=say("name the goods in plainer words, for example “offshore patrol vessels”"),
        )
    asked = Demand(
        id="as-asked",
        text=text,
        sectors=sectors,
        dated=str(ask.on),
        standing="inferred",
        sources=(Source(url="the ask itself"),),
    )
    return market.model_copy(update={"demands": (asked,)})


def _demand_vectors(markets: Sequence[Market], candidates: Candidates, knowledge: Knowledge) -> Vectors:
    """Vectors of all demands of the markets, in order; a text not stored is embedded here."""
    texts = [demand.text for market in markets for demand in market.demands]
    fresh = list(dict.fromkeys(text for text in texts if text_key(text) not in candidates.vectors))
    vectors = dict(zip(fresh, knowledge.encoder.encode(fresh), strict=True)) if fresh else {}
    rows = [vectors[text] if text in vectors else candidates.vectors[text_key(text)][1] for text in texts]
    return np.array(rows, dtype=np.float32).reshape(len(rows), knowledge.encoder.dimensions)
