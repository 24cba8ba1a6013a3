"""Decisions are recorded and superseded, never changed; learned weights are switched on and back by a person."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any, get_args

import pytest
from pydantic import ValidationError
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app import access, decisions
from app.accounts import Post
from app.db import transaction
from app.decisions import OF_FIT, STANDING, Judgement, Reason
from app.errors import Conflict, NotFound
from app.models import Decision, LearnedWeights, MatchRun, WeightsSwitch
from app.permissions import Role
from matching.ranking import WEIGHTS, WEIGHTS_OF_DEMAND
from tests.app.world import NOW, World
from tests.matching.planted import STRONG, planted_runs

OFFICER = access.Caller("A. Officer", Role.ADMINISTRATOR)


def decide(world: World, run_id: str, rank: int, outcome: str, *, now=NOW, **more: Any) -> decisions.Decided:
    judgement = Judgement.model_validate({"rank": rank, "outcome": outcome} | more)
    with transaction(world.sessions) as session:
        return decisions.record(session, OFFICER, run_id, judgement, now)


def learn(world: World, *, now=NOW, keep: bool = True) -> decisions.LearnedVersion:
    with transaction(world.sessions) as session:
        return decisions.learn_weights(session, OFFICER, now, keep=keep)


def use(world: World, version: str, *, now=NOW, **how: bool) -> bool:
    with transaction(world.sessions) as session:
        return decisions.use_weights(session, OFFICER, version, now, **how)


def held(world: World) -> decisions.WeightsHeld:
    with transaction(world.sessions, readonly=True) as session:
        return decisions.weights_held(session, OFFICER)


def in_use(world: World, **of: bool) -> tuple[str, dict[str, float]]:
    with transaction(world.sessions, readonly=True) as session:
        return decisions.weights_in_use(session, **of)


def count(world: World, table: type) -> int:
    with world.sessions() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def plant(world: World, true=STRONG, number: int = 60, **how: Any) -> None:
    """Runs as they are stored, with decisions of an officer who weighs by other weights."""
    with transaction(world.sessions) as session:
        for run in planted_runs(true, number, **how):
            party = {"id": "x", "name": "X", "country": "CAN"}
            session.add(
                MatchRun(
                    id=run.id,
                    asked_at=NOW,
                    asked_by="me",
                    ask={"firm": "x", "demand": None},
                    versions={},
                    answer={
                        "matches": [
                            {
                                "rank": match.rank,
                                "innovator": party,
                                "manufacturer": party,
                                "market": {"iso3": "PHL", "name": "Philippines"},
                                "signals": [{"name": name, "value": value} for name, value in match.values.items()],
                            }
                            for match in run.matches
                        ]
                    },
                )
            )
            session.flush()
            session.add_all(
                Decision(
                    run_id=run.id,
                    rank=match.rank,
                    outcome=match.outcome,
                    reason="wrong_product" if match.outcome == "declined" else None,
                    decided_at=run.decided_at,
                    decided_by="me",
                )
                for match in run.matches
                if match.outcome
            )


@pytest.fixture
def run_id(world: World) -> str:
    return world.ask(firm="Kraken")["run"]["id"]


# Recording


def test_a_decision_is_recorded_with_who_when_and_which_match(world, run_id) -> None:
    match = world.ask(firm="Kraken")["matches"][1]
    done = decide(world, run_id, 2, "declined", reason="no_capacity", note="  Booked until 2028. ")
    assert (done.decided_at, done.decided_by, done.superseded) == (NOW, "A. Officer", False)
    assert (done.run_id, done.rank, done.outcome, done.reason) == (run_id, 2, "declined", "no_capacity")
    assert done.note == "Booked until 2028."
    assert (done.innovator, done.manufacturer, done.market) == tuple(
        match[corner]["name"] for corner in ("innovator", "manufacturer", "market")
    )


def test_a_later_decision_supersedes_the_earlier_one_and_both_are_kept(world, run_id) -> None:
    decide(world, run_id, 1, "introduced")
    decide(world, run_id, 2, "met")
    decide(world, run_id, 1, "agreement", now=NOW + timedelta(days=90))
    with transaction(world.sessions) as session:
        told = decisions.decisions_on(session, OFFICER, run_id)
    assert [(one.rank, one.outcome, one.superseded) for one in told] == [
        (1, "introduced", True),
        (2, "met", False),
        (1, "agreement", False),
    ]


def test_recording_leaves_the_run_as_it_was_answered(world, run_id) -> None:
    with world.sessions() as session:
        before = session.get_one(MatchRun, run_id).answer
    decide(world, run_id, 1, "introduced")
    with world.sessions() as session:
        assert session.get_one(MatchRun, run_id).answer == before
    assert world.replay(run_id)[1]


def test_a_run_that_is_not_recorded_and_a_place_that_it_does_not_list_are_told(world, run_id) -> None:
    with pytest.raises(NotFound, match="no run 'nowhere' is recorded"):
        decide(world, "nowhere", 1, "introduced")
    with pytest.raises(NotFound, match="lists no match 40"):
        decide(world, run_id, 40, "introduced")
    with pytest.raises(NotFound, match="no run 'nowhere' is recorded"), transaction(world.sessions) as session:
        decisions.decisions_on(session, OFFICER, "nowhere")
    assert count(world, Decision) == 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"outcome": "liked"}, "agreement"),
        ({"outcome": "declined"}, "say why it was declined, by one of too_early"),
        ({"outcome": "declined", "reason": "a hunch"}, "too_early"),
        ({"outcome": "met", "reason": "too_early"}, "a reason goes with declined, not with met"),
        ({"outcome": "declined", "reason": "other"}, "needs a note"),
        ({"outcome": "declined", "reason": "other", "note": "  "}, "needs a note"),
        ({"outcome": "met", "rank": 0}, "greater than or equal to 1"),
        ({"outcome": "met", "note": "x" * 2001}, "2000"),
        ({"outcome": "met", "mood": "good"}, "mood"),
    ],
)
def test_what_is_not_on_the_closed_list_is_refused(given, said) -> None:
    with pytest.raises(ValidationError, match=said):
        Judgement.model_validate({"rank": 1} | given)


def test_every_reason_of_the_list_is_taken(world, run_id) -> None:
    for reason in get_args(Reason):
        decide(world, run_id, 1, "declined", reason=reason, note="Said so.")
    assert count(world, Decision) == len(get_args(Reason))


@pytest.mark.parametrize(("outcome", "reason"), [("declined", None), ("met", "too_early")])
def test_the_table_too_wants_a_reason_with_declined_and_only_then(world, run_id, outcome, reason) -> None:
    row = Decision(run_id=run_id, rank=1, outcome=outcome, reason=reason, decided_at=NOW, decided_by="me")
    with pytest.raises(IntegrityError), transaction(world.sessions) as session:
        session.add(row)


# What is learned from


def judged(world: World) -> list[Any]:
    with transaction(world.sessions) as session:
        return decisions._judged_runs(session)


def test_the_printed_signals_and_the_decision_that_stands_are_what_is_learned_from(world, run_id) -> None:
    answer = world.ask(firm="Kraken")
    decide(world, run_id, 1, "introduced")
    decide(world, run_id, 1, "met", now=NOW + timedelta(days=1))
    (run,) = judged(world)
    assert (run.id, run.decided_at, run.standing) == (run_id, NOW + timedelta(days=1), WEIGHTS)
    assert [match.outcome for match in run.matches[:2]] == ["met", None]
    for match, listed in zip(run.matches, answer["matches"], strict=True):
        assert match.values == {signal["name"]: signal["value"] for signal in listed["signals"]}
        assert set(match.values).isdisjoint(listed["unknown"])


def test_a_run_of_a_demand_is_learned_from_with_the_weights_of_a_demand(world) -> None:
    demand = next(d.id for m, d in world.knowledge.demands.values() if m.iso3 == "PHL")
    decide(world, world.ask(demand=demand)["run"]["id"], 1, "introduced")
    assert judged(world)[0].standing == WEIGHTS_OF_DEMAND


@pytest.mark.parametrize("reason", get_args(Reason))
def test_only_a_refusal_that_says_something_of_fit_teaches(world, run_id, reason) -> None:
    """Permission never moves fit: a refusal over export control is recorded, and no weight is learned from it."""
    decide(world, run_id, 1, "declined", reason=reason, note="Said so.")
    assert judged(world)[0].matches[0].teaches is (reason in OF_FIT)
    assert "export_control" not in OF_FIT


# Learning


def test_too_few_decisions_are_a_conflict_that_says_how_many_there_are(world, run_id) -> None:
    decide(world, run_id, 1, "introduced")
    decide(world, run_id, 2, "declined", reason="wrong_product")
    with pytest.raises(Conflict, match="at least 100 decisions in 20 runs; there are 2 in 1") as refusal:
        learn(world)
    assert "triveni decide" in (refusal.value.hint or "")
    assert count(world, LearnedWeights) == 0


def test_learned_weights_are_stored_under_the_hash_of_their_content_and_not_switched_on(world) -> None:
    plant(world)
    made = learn(world)
    assert made.version == f"learned-{made.sha256[:12]}"
    assert not made.in_use
    assert made.learned.better
    assert made.learned.weights["readiness_complements"] > WEIGHTS["readiness_complements"]
    assert held(world).learned == (made,)
    assert in_use(world) == (STANDING, WEIGHTS)
    assert count(world, WeightsSwitch) == 0


def test_the_same_decisions_give_the_same_version_stored_once(world) -> None:
    plant(world)
    first, second = learn(world), learn(world, now=NOW + timedelta(days=1))
    assert second == first
    assert count(world, LearnedWeights) == 1


def test_other_decisions_give_another_version_and_the_first_is_kept(world) -> None:
    plant(world)
    first = learn(world)
    decide(world, "run-00003", 1, "declined", reason="wrong_product", now=NOW - timedelta(days=300))
    second = learn(world, now=NOW + timedelta(days=1))
    assert [one.version for one in held(world).learned] == [first.version, second.version]
    assert first.version != second.version


def test_a_dry_run_stores_nothing(world) -> None:
    plant(world)
    tried = learn(world, keep=False)
    assert count(world, LearnedWeights) == 0
    assert learn(world).version == tried.version


# Switching


def test_weights_are_switched_on_and_back_and_every_switch_is_kept(world) -> None:
    plant(world)
    made = learn(world)
    assert use(world, made.version)
    assert in_use(world) == (made.version, made.learned.weights)
    assert use(world, STANDING, now=NOW + timedelta(days=1))
    assert in_use(world) == (STANDING, WEIGHTS)
    told = held(world)
    assert [(one.version, one.at, one.by) for one in told.switches] == [
        (made.version, NOW, "A. Officer"),
        (STANDING, NOW + timedelta(days=1), "A. Officer"),
    ]
    assert told.in_use == STANDING
    assert not told.learned[0].in_use


def test_switching_on_what_is_on_changes_nothing(world) -> None:
    assert not use(world, STANDING)
    assert count(world, WeightsSwitch) == 0


def test_a_version_that_is_not_held_is_told(world) -> None:
    with pytest.raises(NotFound, match="no weights 'learned-000' are held"):
        use(world, "learned-000")


def test_weights_that_did_no_better_are_switched_on_only_when_insisted_on(world) -> None:
    plant(world, WEIGHTS, 40, noise=0.001)  # the officer weighs as the standing weights do
    made = learn(world)
    assert not made.learned.better
    with pytest.raises(Conflict, match="no better than the standing weights") as refusal:
        use(world, made.version)
    assert "--anyway" in (refusal.value.hint or "")
    assert in_use(world)[0] == STANDING
    assert use(world, made.version, anyway=True)
    assert in_use(world)[0] == made.version


def test_weights_learned_from_other_standing_weights_say_so(world, monkeypatch) -> None:
    plant(world)
    made = learn(world)
    monkeypatch.setitem(WEIGHTS, "market_known", 9.0)
    assert held(world).learned[0].outdated
    with pytest.raises(Conflict, match="other standing weights"):
        use(world, made.version)


def test_a_signal_that_the_code_has_gained_since_counts_with_its_standing_weight(world) -> None:
    plant(world)
    made = learn(world)
    use(world, made.version)
    with transaction(world.sessions) as session:
        row = session.get_one(LearnedWeights, made.version)
        kept = {name: weight for name, weight in row.learned["weights"].items() if name != "market_known"}
        row.learned = row.learned | {"weights": kept | {"signal_of_old": 1.0}}
    assert in_use(world) == (made.version, made.learned.weights | {"market_known": WEIGHTS["market_known"]})


def test_for_a_demand_the_learned_weights_are_raised_as_the_standing_ones_are(world) -> None:
    assert in_use(world, of_demand=True) == (STANDING, WEIGHTS_OF_DEMAND)
    plant(world)
    made = learn(world)
    use(world, made.version)
    raised = WEIGHTS_OF_DEMAND["market_seeks_it"] / WEIGHTS["market_seeks_it"]
    weights = made.learned.weights
    assert in_use(world, of_demand=True)[1] == weights | {"market_seeks_it": raised * weights["market_seeks_it"]}


# What an ask is ranked with


def test_a_run_records_the_version_and_the_weights_it_used(world) -> None:
    demand = next(d.id for m, d in world.knowledge.demands.values() if m.iso3 == "PHL")
    before = world.ask(firm="Kraken")
    assert before["run"]["versions"]["weights_version"] == STANDING
    assert before["run"]["versions"]["weights"] == WEIGHTS
    assert world.ask(demand=demand)["run"]["versions"]["weights"] == WEIGHTS_OF_DEMAND
    plant(world)
    made = learn(world)
    assert world.ask(firm="Kraken")["run"]["versions"] == before["run"]["versions"]  # nothing happens silently
    use(world, made.version)
    after = world.ask(firm="Kraken")
    assert after["run"]["versions"]["weights_version"] == made.version
    assert after["run"]["versions"]["weights"] == made.learned.weights
    assert {signal["name"]: signal["weight"] for signal in after["matches"][0]["signals"]}.items() <= (
        made.learned.weights.items()
    )


def test_fit_under_learned_weights_is_the_mean_of_what_is_printed_and_descends(world) -> None:
    plant(world)
    use(world, learn(world).version)
    listed = world.ask(firm="Kraken", limit=50)["matches"]
    assert listed
    for match in listed:
        total = sum(signal["weight"] for signal in match["signals"])
        mean = sum(signal["weight"] * signal["value"] for signal in match["signals"]) / total
        assert match["fit"] == pytest.approx(mean, abs=1e-6)
    assert all(one["fit"] >= other["fit"] for one, other in pairwise(listed))


def test_a_run_is_ranked_again_with_its_own_weights_whatever_is_in_use_now(world) -> None:
    before = world.ask(firm="Kraken")["run"]["id"]
    plant(world)
    made = learn(world)
    use(world, made.version)
    during = world.ask(firm="Kraken")["run"]["id"]
    use(world, STANDING)
    assert [world.replay(run_id)[1] for run_id in (before, during)] == [True, True]


def test_weights_of_the_ask_replace_those_in_use(world) -> None:
    plant(world)
    made = learn(world)
    use(world, made.version)
    asked = world.ask(firm="Kraken", weights={"market_known": 7.0})
    assert asked["run"]["versions"]["weights"] == made.learned.weights | {"market_known": 7.0}


# The door


def test_the_door_records_and_tells_decisions(world, run_id) -> None:
    client = world.client(key=world.key(post=Post(Role.ADMINISTRATOR)))
    at = f"/api/v1/matches/{run_id}/decisions"
    done = client.post(at, json={"rank": 1, "outcome": "declined", "reason": "too_early"})
    assert done.status_code == 201
    assert (done.json()["decided_by"], done.json()["reason"]) == ("Trade officer", "too_early")
    assert client.get(at).json() == [done.json()]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"rank": 1, "outcome": "declined"}, 422),
        ({"rank": 1, "outcome": "liked"}, 422),
        ({"rank": 44, "outcome": "met"}, 404),
        ({}, 422),
    ],
)
def test_the_door_refuses_what_is_not_a_decision(world, run_id, body, status) -> None:
    answer = world.client().post(f"/api/v1/matches/{run_id}/decisions", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert count(world, Decision) == 0


def test_the_doors_need_a_key(world, run_id) -> None:
    client = world.client(key=None)
    assert client.post(f"/api/v1/matches/{run_id}/decisions", json={"rank": 1, "outcome": "met"}).status_code == 401
    assert client.get(f"/api/v1/matches/{run_id}/decisions").status_code == 401
    assert client.get("/api/v1/weights").status_code == 401


def test_the_door_tells_the_weights_with_their_figures(world) -> None:
    plant(world)
    made = learn(world)
    told = world.client().get("/api/v1/weights").json()
    assert (told["in_use"], told["standing"], told["switches"]) == (STANDING, WEIGHTS, [])
    assert told["learned"][0]["version"] == made.version
    assert told["learned"][0]["learned"]["weights"] == made.learned.weights
    assert told["learned"][0]["learned"]["tested_on"]["runs"] == made.learned.tested_on.runs
