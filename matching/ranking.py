"""Where the parts meet: weights, fit, verdict, and the explained list.

Fit is the weighted mean of the signals that are known; it is computed from the very figures that are
printed. The verdict gates and annotates: a prohibited triad is told apart and never listed, and no verdict
moves a fit. Ties are broken by coverage and then by ids, so that the same ask always gives the same list.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from matching import makers, signals, sites
from matching.control_lists import ControlLists
from matching.design_out import requirements_of
from matching.literacy import CertificateGap, Literacy, TermShown, beside
from matching.modes import Suggestion, suggest_mode
from matching.pathway import Pathway, Verdict
from matching.phrases import Phrase, joined, say
from matching.play import Play
from matching.pool import PooledFirm
from matching.profile import Iso3
from matching.rulebook import Rulebook
from matching.rules import Outcome
from matching.signals import Evidence, Measured, Triad
from matching.suppositions import Supposition, Suppositions
from matching.transfer import Permission, Screened

Weights = Mapping[str, float]

SIGNALS: dict[str, Callable[[Play], Measured]] = {
    signal.__name__: signal
    for signal in (
        signals.capability_meets_need,
        signals.terms_shared,
        signals.several_offers_meet_need,
        signals.kind_of_goods_close,
        signals.need_met_in_return,
        signals.sectors_close,
        signals.feeds_value_chain,
        signals.readiness_complements,
        makers.makes_in_quantity,
        makers.works_broadly,
        makers.track_record,
        sites.site_suits,
        makers.certificate_held,
        signals.market_seeks_it,
        signals.market_known,
    )
}

WEIGHTS: dict[str, float] = {
    "capability_meets_need": 3.0,
    "terms_shared": 3.0,
    "several_offers_meet_need": 1.0,
    "kind_of_goods_close": 1.5,
    "need_met_in_return": 0.5,
    "sectors_close": 1.0,
    "feeds_value_chain": 1.5,
    "readiness_complements": 1.0,
    "makes_in_quantity": 0.5,
    "works_broadly": 0.5,
    "track_record": 1.0,
    "site_suits": 0.75,
    "certificate_held": 0.25,
    "market_seeks_it": 2.0,
    "market_known": 0.5,
}
"""How much each reason counts when a firm asks."""

WEIGHTS_OF_DEMAND: dict[str, float] = WEIGHTS | {"market_seeks_it": 8.0}
"""When a market's demand is what is asked for, serving it outweighs every other reason."""


OF_MARKETS = frozenset({"market_seeks_it", "market_known"})
"""Signals that are about the third corner of the triad."""


class WeightsError(ValueError):
    """A weight names no signal, or is negative, or all are zero."""


@dataclass(frozen=True, slots=True)
class Party:
    """A firm as a match names it."""

    id: str
    name: str
    country: Iso3


@dataclass(frozen=True, slots=True)
class Destination:
    """A market as a match names it."""

    iso3: Iso3
    name: str


@dataclass(frozen=True, slots=True)
class RunnerUp:
    """The pair's next best market, and what decided against it."""

    market: Destination
    fit: float
    because: str


@dataclass(frozen=True, slots=True)
class Signal:
    """One reason to pair: value 0-1, weight, sentence, and the facts that met."""

    name: str
    value: float
    weight: float
    sentence: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Screening:
    """What is known of a party and the denied-party lists."""

    party: str
    result: str
    because: str
    stale: tuple[str, ...] = ()
    """The stale mark: denied-party lists it was compared with that are older than agreed."""


@dataclass(frozen=True, slots=True)
class Match:
    """One ranked triad, explained. ``fit`` is the weighted mean of ``signals``; ``unknown`` names those left out."""

    rank: int
    innovator: Party
    manufacturer: Party
    market: Destination
    runner_up: RunnerUp | None
    """For an ask of any market: why this market and not its neighbour."""
    fit: float
    coverage: float
    signals: tuple[Signal, ...]
    unknown: tuple[str, ...]
    mode: str
    mode_because: str
    pathway: Pathway
    suppositions: tuple[Supposition, ...]
    """For an undetermined pathway: what it would be under each plausible classification."""
    screening: tuple[Screening, ...]
    certificates: tuple[CertificateGap, ...]
    """Certificates that the market, the programme or the trade asks for, with what is on record; they move nothing."""
    terms: tuple[TermShown, ...]
    """Glossary entries that apply; they move nothing."""


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Triads that rules prohibit, told together: which market, how many pairs, which rules, and why by the first."""

    market: Destination
    pairs: int
    verdict: str
    rules: tuple[str, ...]
    because: str


@dataclass(frozen=True, slots=True)
class Exposures:
    """How unevenly a list's attention is shared among the firms it names: Gini, 0 even, towards 1 one firm's."""

    innovators: float
    manufacturers: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """The list, what was excluded, how many triads were weighed, and how attention is shared."""

    matches: tuple[Match, ...]
    excluded: tuple[Exclusion, ...]
    triads: int
    exposure: Exposures


def check_weights(weights: Weights) -> None:
    """Raise WeightsError unless every weight names a signal, none is negative and one is above zero."""
    strangers = sorted(set(weights) - set(SIGNALS))
    if strangers:
        raise WeightsError(f"no such signal: {', '.join(strangers)}; the signals are {', '.join(SIGNALS)}")
    if not all(0 <= weight < math.inf for weight in weights.values()) or not any(weights.values()):
        raise WeightsError("weights are zero or more, and at least one is above zero")


class Board:
    """Every triad's values, fit and coverage, each of shape (innovators, manufacturers, markets).

    Without a market in play the last axis has length 1 and the market's signals are unknown.
    """

    def __init__(self, play: Play, weights: Weights) -> None:
        asked = [n for n in SIGNALS if weights.get(n, 0) > 0 and (play.markets or n not in OF_MARKETS)]
        self.weights = {name: float(weights[name]) for name in asked}
        self.measured = {name: SIGNALS[name](play) for name in asked}
        # Rounded once, here: the figures printed are the figures added.
        self._values = {name: np.round(m.values.astype(np.float64), 4) for name, m in self.measured.items()}
        shape = (len(play.innovators), len(play.manufacturers), max(1, len(play.markets)))
        total, known = np.zeros(shape), np.zeros(shape)
        for name, weight in self.weights.items():
            present = ~np.isnan(self._values[name])
            total += weight * np.where(present, self._values[name], 0.0)
            known += weight * present
        fit = np.zeros_like(total)
        np.divide(total, known, out=fit, where=known > 0)
        self.fit = np.round(fit, 6)
        self.coverage = np.round(known / sum(self.weights.values()), 4)

    def value(self, name: str, triad: Triad) -> float:
        """One signal's value for one triad; NaN when unknown."""
        values = self._values[name]
        return float(values[tuple(min(i, n - 1) for i, n in zip(triad, values.shape, strict=True))])

    def told(self, triad: Triad) -> tuple[tuple[Signal, ...], tuple[str, ...]]:
        """The signals that one triad's fit is the weighted mean of, in words, and the names of those unknown."""
        known, unknown = [], []
        for name, weight in self.weights.items():
            value = self.value(name, triad)
            if np.isnan(value):
                unknown.append(name)
                continue
            told = self.measured[name].tell(triad)
            known.append(Signal(name, value, weight, told.sentence, told.evidence))
        return tuple(known), tuple(unknown)


def fit(play: Play, weights: Weights) -> NDArray[np.float64]:
    """The fit of every pair without a market, shape (innovators, manufacturers)."""
    return Board(play, weights).fit[:, :, 0]


def rank(  # noqa: PLR0913 (the manner of listing is said by name)
    play: Play,
    weights: Weights,
    rulebook: Rulebook,
    on: date,
    *,
    limit: int,
    one_per_pair: bool = False,
    spread: bool = False,
    lists: ControlLists | None = None,
    screened: Mapping[str, Screened] | None = None,
    told_of: Mapping[str, Screening] | None = None,
    literacy: Literacy | None = None,
) -> Ranking:
    """The best triads of a play, explained, and those that a rule prohibits.

    Every triad is weighed; sentences are written for the listed ones only. ``one_per_pair`` is for an ask of any
    market: each pair is listed once, with its best market among those that have said what they seek. ``spread`` lists
    no corporate group twice on the side that is not asking. ``lists`` are the control lists, for the
    suppositions. Raises WeightsError.
    """
    check_weights(weights)
    board = Board(play, weights)
    permission = Permission(play, rulebook, on, screened)
    suppositions = None if lists is None else Suppositions(lists, play.taxonomy, rulebook)
    barred = permission.verdicts() == Verdict.PROHIBITED.rank
    may_list = ~barred
    rivals = np.zeros_like(may_list)
    if one_per_pair:
        may_list &= np.array([bool(market.demands) for market in play.markets], dtype=np.bool_)
        every, may_list = may_list, _best_market_only(board, may_list)
        rivals = every & ~may_list
    ordered = _in_order(board, may_list)
    listed = (_one_per_group(ordered, play) if spread else ordered)[:limit]
    return Ranking(
        matches=tuple(
            _explain(place, triad, board, play, (permission, suppositions, told_of or {}, rivals, literacy))
            for place, triad in enumerate(listed, start=1)
        ),
        excluded=_exclusions(play, permission, barred),
        triads=board.fit.size,
        exposure=Exposures(
            innovators=gini([play.innovators.firms[triad[0]].id for triad in listed]),
            manufacturers=gini([play.manufacturers.firms[triad[1]].id for triad in listed]),
        ),
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one triad stands: its place among those that may be listed (from 1), its fit and its verdict."""

    place: int
    fit: float
    verdict: Verdict
    requirements: int
    """What its pathway asks for, each rule on each leg."""


def standing(
    play: Play,
    ids: tuple[str, str, str],
    weights: Weights,
    rulebook: Rulebook,
    on: date,
    screened: Mapping[str, Screened] | None = None,
) -> Standing:
    """The standing of the triad of these firm ids and market code among all that may be listed for that market.

    ``screened`` says by firm id on which denied-party lists a firm stands. Raises KeyError when it is not in play.
    """
    triad = _positions(play, ids)
    board = Board(play, weights)
    permission = Permission(play, rulebook, on, screened)
    market = triad[2]
    may_list = permission.verdicts()[:, :, market] != Verdict.PROHIBITED.rank
    better = may_list & (board.fit[:, :, market] > board.fit[triad])
    pathway = permission.pathway(triad)
    asked = len(requirements_of(pathway))
    return Standing(1 + int(better.sum()), float(board.fit[triad]), pathway.verdict, asked)


def _positions(play: Play, ids: tuple[str, str, str]) -> Triad:
    columns = (
        [firm.id for firm in play.innovators.firms],
        [firm.id for firm in play.manufacturers.firms],
        [market.iso3 for market in play.markets],
    )
    innovator, manufacturer, market = ({known: i for i, known in enumerate(names)} for names in columns)
    return innovator[ids[0]], manufacturer[ids[1]], market[ids[2]]


def _best_market_only(board: Board, may_list: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Of each pair's markets that may be listed, only the best; the first code wins among equals."""
    if not may_list.size:
        return may_list
    merit = np.where(may_list, board.fit + board.coverage * 1e-9, -1.0)
    best: NDArray[np.bool_] = np.arange(merit.shape[2]) == merit.argmax(axis=2)[:, :, None]
    return may_list & best


def _one_per_group(ordered: Sequence[Triad], play: Play) -> list[Triad]:
    """The triads in their order without those that repeat a corporate group on a side with a choice."""
    sides = [(0, play.innovators), (1, play.manufacturers)]
    seen: set[tuple[int, str]] = set()
    kept = []
    for triad in ordered:
        groups = {(side, group_of(pool.firms[triad[side]])) for side, pool in sides if len(pool) > 1}
        if not groups & seen:
            seen |= groups
            kept.append(triad)
    return kept


def group_of(firm: PooledFirm) -> str:
    """The parent, as far as it is on record; else the firm itself."""
    return (firm.profile.parent or firm.id).casefold()


def gini(names: Sequence[str]) -> float:
    """Gini coefficient of attention among the firms named in a list, a place counting 1 / log2(1 + place).

    The discount is that of nDCG (Järvelin & Kekäläinen 2002); attention in rankings as in Singh & Joachims 2018.
    """
    attention: dict[str, float] = {}
    for place, name in enumerate(names, start=1):
        attention[name] = attention.get(name, 0.0) + 1 / float(np.log2(1 + place))
    shares = np.sort(np.array(list(attention.values())))
    if not len(shares):
        return 0.0
    ranks = np.arange(1, len(shares) + 1)
    return round(float((2 * ranks - len(shares) - 1) @ shares / (len(shares) * shares.sum())), 4)


def _in_order(board: Board, may_list: NDArray[np.bool_]) -> list[Triad]:
    """Triads that may be listed, by fit, then coverage, then the ids of firms and market."""
    innovator, manufacturer, market = np.nonzero(may_list)
    at = (innovator, manufacturer, market)
    order = np.lexsort((market, manufacturer, innovator, -board.coverage[at], -board.fit[at]))
    return [(int(innovator[i]), int(manufacturer[i]), int(market[i])) for i in order]


def _explain(
    place: int,
    triad: Triad,
    board: Board,
    play: Play,
    around: tuple[Permission, Suppositions | None, Mapping[str, Screening], NDArray[np.bool_], Literacy | None],
) -> Match:
    permission, suppositions, told_of, rivals, literacy = around
    innovator, manufacturer = (
        pool.firms[firm] for pool, firm in zip((play.innovators, play.manufacturers), triad, strict=False)
    )
    market = play.markets[triad[2]]
    known, unknown = board.told(triad)
    suggestion = _mode(triad, play)
    pathway = permission.pathway(triad)
    supposed: tuple[Supposition, ...] = ()
    if suppositions is not None and pathway.verdict is Verdict.UNDETERMINED:
        supposed = suppositions.of(permission.facts(triad), permission.text(triad), permission.sectors(triad))
    certificates, terms = beside(triad, play, suggestion.mode, pathway, literacy)
    return Match(
        rank=place,
        innovator=_party(innovator),
        manufacturer=_party(manufacturer),
        market=Destination(market.iso3, market.name),
        runner_up=_runner_up(triad, rivals, board, play),
        fit=float(board.fit[triad]),
        coverage=float(board.coverage[triad]),
        signals=known,
        unknown=unknown,
        mode=suggestion.mode.value,
        mode_because=suggestion.because,
        pathway=pathway,
        suppositions=supposed,
        screening=tuple(
            told_of.get(firm.id)
            or Screening(firm.profile.name, say("not screened"), say("not compared with any list held"))
            for firm in (innovator, manufacturer)
        ),
        certificates=certificates,
        terms=terms,
    )


def _runner_up(triad: Triad, rivals: NDArray[np.bool_], board: Board, play: Play) -> RunnerUp | None:
    pair = triad[:2]
    if not rivals[pair].any():
        return None
    next_best = int(np.where(rivals[pair], board.fit[pair], -1.0).argmax())
    rival, here = play.markets[next_best], play.markets[triad[2]]
    told = []
    for name in board.weights:
        ours, theirs = board.value(name, triad), board.value(name, (*pair, next_best))
        if name in OF_MARKETS and not (ours == theirs or (np.isnan(ours) and np.isnan(theirs))):
            told.append(
                say("{signal} {ours} against {theirs}", signal=say(name), ours=_figure(ours), theirs=_figure(theirs))
            )
    because = joined("; ", told) if told else say("equal in every signal, so the order of their codes decides")
    return RunnerUp(
        Destination(rival.iso3, rival.name),
        float(board.fit[(*pair, next_best)]),
        say("{here} stands before {rival}: {because}.", here=say(here.name), rival=say(rival.name), because=because),
    )


def _figure(value: float) -> Phrase:
    return say("unknown") if np.isnan(value) else say("{figure:.2f}", figure=value)


def _mode(triad: Triad, play: Play) -> Suggestion:
    pair = triad[:2]
    # Where no statements met, each firm's first stands for it.
    technology, product = (
        int(rows[pair]) if rows[pair] >= 0 else int(np.searchsorted(pool.owner, firm))
        for rows, pool, firm in (
            (play.capability_meaning.asking, play.innovators, triad[0]),
            (play.capability_meaning.offering, play.manufacturers, triad[1]),
        )
    )
    return suggest_mode(
        play.innovators.firms[triad[0]].profile,
        play.manufacturers.firms[triad[1]].profile,
        play.innovators.statements[technology],
        play.manufacturers.statements[product],
        play.taxonomy,
    )


def _party(firm: PooledFirm) -> Party:
    return Party(firm.id, firm.profile.name, firm.profile.country)


def _exclusions(play: Play, permission: Permission, barred: NDArray[np.bool_]) -> tuple[Exclusion, ...]:
    """Barred triads, told once for each market and set of rules that bit, with an example of why."""
    told: dict[tuple[int, tuple[str, ...]], tuple[int, str]] = {}
    for triad in zip(*np.nonzero(barred), strict=True):
        pathway = permission.pathway((int(triad[0]), int(triad[1]), int(triad[2])))
        blocks = [r for leg in pathway.legs for r in leg.requirements if r.outcome is Outcome.BLOCK]
        key = (int(triad[2]), tuple(dict.fromkeys(r.rule for r in blocks)))
        because = say("{because} ({citation})", because=blocks[0].because, citation=blocks[0].citation)
        pairs, first_because = told.get(key, (0, because))
        told[key] = (pairs + 1, first_because)
    return tuple(
        Exclusion(
            market=Destination(play.markets[market].iso3, play.markets[market].name),
            pairs=pairs,
            verdict=Verdict.PROHIBITED.value,
            rules=rules,
            because=because,
        )
        for (market, rules), (pairs, because) in sorted(told.items())
    )
