"""The main job: one ask, one recorded and explained answer that can be given again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from pydantic import ValidationError
from sqlalchemy import func, select

from app import access, matches, watchlists
from app.db import transaction
from app.errors import AppError, Conflict, Invalid, NotFound, NotReady, TooLarge
from app.matches import Ask, read_run
from app.models import MatchRun
from app.releases import WatchlistCache
from tests.app.test_watchlists import hold
from tests.app.world import NOW, SMALL_FIRMS, World, as_bytes
from tests.factories import profile, statement


def a_demand(world: World, iso3: str = "PHL") -> str:
    return next(d.id for m, d in world.knowledge.demands.values() if m.iso3 == iso3)


def runs(world: World) -> int:
    with world.sessions() as session:
        return session.scalar(select(func.count()).select_from(MatchRun)) or 0


# The answer


def test_an_answer_has_the_keys_that_others_call_by(world) -> None:
    answer = world.ask(firm="Kraken")
    assert {"run", "matches", "excluded"} <= set(answer)
    assert {"id", "asked_at", "versions", "pool"} <= set(answer["run"])
    match = answer["matches"][0]
    assert {
        "rank", "innovator", "manufacturer", "market", "fit", "coverage", "signals", "mode", "pathway", "screening",
    } <= set(match)  # fmt: skip
    for side in ("innovator", "manufacturer"):
        assert {"id", "name", "country"} <= set(match[side])
    assert {"iso3", "name"} <= set(match["market"])
    assert {"name", "value", "weight", "sentence", "evidence"} <= set(match["signals"][0])
    assert {"verdict", "legs", "questions"} <= set(match["pathway"])
    assert {"from", "to", "requirements"} <= set(match["pathway"]["legs"][0])
    assert {"verdict", "because"} <= set(answer["excluded"][0])


def test_a_requirement_has_its_authority_citation_and_date(world) -> None:
    made = SMALL_FIRMS[0].model_copy(
        update={
            "statements": (
                statement("Sonar", classifications=({"regime": "ECL", "entry": "2-9.b", "standing": "declared"},)),
            )
        }
    )
    world.seed(made, *SMALL_FIRMS[1:])  # a firm that leaves the seed files is withdrawn
    world.embed()
    requirements = [
        requirement
        for match in world.ask(firm="Kraken", market="PHL")["matches"]
        for leg in match["pathway"]["legs"]
        for requirement in leg["requirements"]
    ]
    assert requirements
    for requirement in requirements:
        keys = {"rule", "outcome", "authority", "permit", "citation", "url", "as_of", "because"}
        assert keys <= set(requirement)
        assert all(requirement[key] for key in ("rule", "outcome", "authority", "citation", "as_of", "because"))


@pytest.mark.parametrize(
    "given",
    [
        {"firm": "Kraken"},
        {"firm": "Bharat Electronics Limited"},
        {"brief": {"text": "We make sonar."}, "market": "PHL"},
    ],
)
def test_fit_is_the_weighted_mean_of_the_signals_printed_and_descends(world, given) -> None:
    listed = world.ask(**given, limit=50)["matches"]
    assert len(listed) > 2
    for match in listed:
        weight = sum(signal["weight"] for signal in match["signals"])
        total = sum(signal["weight"] * signal["value"] for signal in match["signals"])
        assert match["fit"] == pytest.approx(total / weight, abs=1e-6)
    fits = [match["fit"] for match in listed]
    assert fits == sorted(fits, reverse=True)
    assert [match["rank"] for match in listed] == list(range(1, len(listed) + 1))


def test_a_canadian_firm_is_given_indian_manufacturers_and_the_other_way_round(world) -> None:
    ours, theirs = world.ask(firm="Kraken"), world.ask(firm="CSL")
    assert {m["innovator"]["name"] for m in ours["matches"]} == {"Kraken Robotics Inc."}
    assert len({m["manufacturer"]["id"] for m in ours["matches"]}) == 4
    assert {m["manufacturer"]["name"] for m in theirs["matches"]} == {"Cochin Shipyard Limited"}
    assert len({m["innovator"]["id"] for m in theirs["matches"]}) == 4


def test_nothing_prohibited_is_listed_and_what_is_excluded_is_told_with_its_rules(world) -> None:
    answer = world.ask(firm="Kraken", market="IRN", limit=50)
    assert answer["matches"] == []
    assert sum(excluded["pairs"] for excluded in answer["excluded"]) == 4
    for excluded in answer["excluded"]:
        assert (excluded["verdict"], excluded["market"]["iso3"]) == ("prohibited", "IRN")
        assert excluded["rules"]
        assert excluded["because"]
    listed = world.ask(firm="Kraken", limit=50)["matches"]
    assert listed
    assert "prohibited" not in {match["pathway"]["verdict"] for match in listed}


def test_any_market_lists_each_pair_once_and_a_named_market_only_itself(world) -> None:
    pairs = [(m["innovator"]["id"], m["manufacturer"]["id"]) for m in world.ask(firm="Kraken", limit=50)["matches"]]
    assert len(pairs) == len(set(pairs)) == 4
    assert {m["market"]["iso3"] for m in world.ask(firm="Kraken", market="Kenya")["matches"]} == {"KEN"}


def test_a_limit_cuts_the_list_and_changes_nothing_in_it(world) -> None:
    whole, cut = world.ask(firm="Kraken", limit=50)["matches"], world.ask(firm="Kraken", limit=2)["matches"]
    assert cut == whole[:2]


def test_a_demand_held_ranks_pairs_for_its_market(world) -> None:
    demand_id = a_demand(world)
    answer = world.ask(demand=demand_id)
    assert {match["market"]["iso3"] for match in answer["matches"]} == {"PHL"}
    assert len({match["innovator"]["id"] for match in answer["matches"]}) > 1
    seeks = [s for m in answer["matches"] for s in m["signals"] if s["name"] == "market_seeks_it"]
    assert {e["of"] for signal in seeks for e in signal["evidence"]} & set(world.knowledge.demands) <= {demand_id}


def test_a_demand_in_words_puts_the_shipyard_first(world) -> None:
    best = world.ask(demand="offshore patrol vessels", market="PHL")["matches"][0]
    assert best["manufacturer"]["name"] == "Cochin Shipyard Limited"


def test_a_brief_is_ranked_like_a_firm_and_is_kept_nowhere_but_in_its_run(world) -> None:
    answer = world.ask(brief={"text": "We make sonar and seek pressure housings in volume.", "trl": 4}, market="PHL")
    assert answer["matches"][0]["innovator"]["id"] == "brief"
    assert answer["matches"][0]["manufacturer"]["name"] == "Bharat Electronics Limited"
    with world.sessions() as session:
        from app.candidates import waiting_texts

        assert waiting_texts(session, world.knowledge) == []


def test_an_indian_brief_is_given_canadian_innovators(world) -> None:
    answer = world.ask(brief={"text": "We forge shells.", "country": "IND"}, market="KEN")
    assert {match["manufacturer"]["id"] for match in answer["matches"]} == {"brief"}
    assert {match["innovator"]["country"] for match in answer["matches"]} == {"CAN"}


def test_the_sectors_inferred_from_a_brief_are_told_and_given_ones_are_not(world) -> None:
    told = world.ask(brief={"text": "We make sonar."}, market="PHL")["run"]["notes"]
    given = world.ask(brief={"text": "We make sonar.", "sectors": ["subsea"]}, market="PHL")["run"]["notes"]
    assert [note for note in told if "subsea.sonar" in note]
    assert not [note for note in given if "inferred from the brief" in note]


def test_needs_that_are_only_inferred_can_be_left_out(world) -> None:
    """Laflamme states no need, so what it lacks is inferred unless only stated needs count."""
    inferred = world.ask(firm="laflamme-aero-inc", market="PHL")["matches"]
    stated = world.ask(firm="laflamme-aero-inc", market="PHL", infer_needs=False)["matches"]
    assert any(s["name"] == "capability_meets_need" for m in inferred for s in m["signals"])
    assert not any(s["name"] == "capability_meets_need" for m in stated for s in m["signals"])


def test_weights_of_the_ask_replace_the_standing_ones(world) -> None:
    only = dict.fromkeys(world.ask(firm="Kraken")["run"]["versions"]["weights"], 0.0) | {"sectors_close": 2.0}
    answer = world.ask(firm="Kraken", market="PHL", weights=only)
    assert {s["name"] for m in answer["matches"] for s in m["signals"]} == {"sectors_close"}
    assert answer["run"]["versions"]["weights"] == only


# The same again


@pytest.mark.parametrize(
    "given",
    [
        {"firm": "Kraken"},
        {"brief": {"text": "We make sonar."}},
        {"demand": "offshore patrol vessels", "market": "PHL"},
    ],
)
def test_the_same_ask_twice_gives_the_same_bytes_also_after_a_restart(world, given) -> None:
    first, second, third = world.ask(**given), world.ask(**given), world.knowing().ask(**given)
    assert as_bytes(first, "matches", "excluded") == as_bytes(second, "matches", "excluded")
    assert as_bytes(first, "matches", "excluded") == as_bytes(third, "matches", "excluded")
    assert first["run"]["id"] != second["run"]["id"]


def test_the_order_in_which_firms_were_stored_does_not_matter(world, empty) -> None:
    empty.seed(*reversed(SMALL_FIRMS))
    empty.embed()
    assert as_bytes(world.ask(firm="Kraken"), "matches") == as_bytes(empty.ask(firm="Kraken"), "matches")


def test_a_run_is_recorded_with_who_asked_what_when_and_on_which_versions(world) -> None:
    answer = world.ask(firm="kraken", limit=3)
    with world.sessions() as session:
        run = session.get_one(MatchRun, answer["run"]["id"])
        assert (run.asked_by, run.asked_at, run.ask["firm"]) == ("console", NOW, "kraken-robotics-inc")
        assert read_run(session, access.CONSOLE, run.id, world.knowledge) == answer
    assert set(answer["run"]["versions"]) >= {
        "rulebook", "taxonomy", "markets", "encoder", "watchlists", "profiles", "weights",
    }  # fmt: skip
    assert answer["run"]["asked_at"] == "2026-11-24T09:30:00+00:00"
    assert answer["run"]["ask"]["on"] == "2026-11-24"


@pytest.mark.parametrize("given", [{"firm": "Kraken"}, {"brief": {"text": "We make sonar."}}])
def test_a_run_replays_to_the_same_answer(world, given) -> None:
    answer = world.ask(**given)
    again, same = world.replay(answer["run"]["id"])
    assert same
    assert as_bytes(again, "matches", "excluded") == as_bytes(answer, "matches", "excluded")


def test_a_run_replays_over_the_profiles_as_they_stood(world) -> None:
    before = world.ask(firm="Kraken", market="PHL")
    best = before["matches"][0]["manufacturer"]["id"]
    turned = next(p for p in SMALL_FIRMS if p.name.startswith("Bharat Electronics"))
    assert best == "bharat-electronics-limited"
    world.seed(
        *(p for p in SMALL_FIRMS if p is not turned),
        turned.model_copy(update={"statements": (statement("Now bakes bread only"),), "sectors": ("munitions",)}),
        profile("Hull And Housing Works", "IND", statements=(statement("Pressure housings in volume for sonar"),)),
    )
    world.embed()
    after = world.ask(firm="Kraken", market="PHL")
    assert after["matches"] != before["matches"]
    again, same = world.replay(before["run"]["id"])
    assert same
    assert as_bytes(again, "matches") == as_bytes(before, "matches")


def test_a_run_replays_over_what_screening_held_and_tells_what_it_holds_now(world) -> None:
    def on_the_list_of(day: str, *names: str) -> None:
        with transaction(world.sessions) as session:
            hold(session, *names, dated=day)
            watchlists.screen_firms(session, WatchlistCache(), access.CONSOLE, NOW)

    def replayed(run_id: str) -> matches.Replayed:
        with transaction(world.sessions) as session:
            return matches.replay(session, access.CONSOLE, run_id, world.knowledge)

    on_the_list_of("2026-11-20", "Bharat Electronics")
    asked = world.ask(firm="Kraken", market="PHL")
    assert "bharat-electronics-limited" in {match["manufacturer"]["id"] for match in asked["matches"]}
    run_id = asked["run"]["id"]
    assert replayed(run_id).since == ()
    with transaction(world.sessions) as session:
        (hit,) = watchlists.queue(session)
        watchlists.decide(session, hit.id, True, "same address", "Asha Rao", NOW)
    assert "bharat-electronics-limited" not in {
        match["manufacturer"]["id"] for match in world.ask(firm="Kraken", market="PHL")["matches"]
    }
    done = replayed(run_id)
    assert done.same
    assert [(one.firm, one.then.split(": ")[1], one.now.split(": ")[1]) for one in done.since] == [
        ("bharat-electronics-limited", "waiting for review", "confirmed on")
    ]


def test_a_replay_that_comes_out_otherwise_says_so(world) -> None:
    run_id = world.ask(firm="Kraken")["run"]["id"]
    with world.sessions.begin() as session:
        run = session.get_one(MatchRun, run_id)
        run.answer = run.answer | {"notes": ["tampered"]}
    assert world.replay(run_id)[1] is False


@pytest.mark.parametrize("part", ["rulebook", "markets"])
def test_a_run_on_another_version_is_a_conflict_that_names_it(world, part: str) -> None:
    run_id = world.ask(firm="Kraken")["run"]["id"]
    other = (
        {"rulebook": replace(world.knowledge.rulebook, version="amended")}
        if part == "rulebook"
        else {"markets_version": "amended"}
    )
    with pytest.raises(Conflict, match=f"another version of {part}$") as told:
        world.knowing(**other).replay(run_id)
    held = told.value.details["versions"]
    assert held == {part: {"run": world.knowledge.versions[part], "held": "amended"}}


def test_an_unknown_run_is_told_where_its_id_stands(world) -> None:
    with world.sessions() as session, pytest.raises(NotFound, match="no run 'x' is recorded"):
        read_run(session, access.CONSOLE, "x", world.knowledge)


def test_the_law_is_that_of_the_day_asked_for(world) -> None:
    answer = world.ask(firm="Kraken", on=date(2026, 1, 2))
    assert answer["run"]["ask"]["on"] == "2026-01-02"


# What makes no sense


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"firm": "Kraken", "demand": "sonar"},
        {"firm": "Kraken", "brief": {"text": "sonar"}},
        {"firm": "Kraken", "brief": {"text": "sonar"}, "demand": "sonar"},
    ],
)
def test_an_ask_is_of_exactly_one_thing(given) -> None:
    with pytest.raises(ValidationError, match="give exactly one of firm, brief and demand"):
        Ask.model_validate(given)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"firm": "Kraken", "limit": 0}, "limit"),
        ({"firm": "Kraken", "limit": 51}, "limit"),
        ({"firm": "K" * 301}, "firm"),
        ({"demand": "d" * 4001}, "demand"),
        ({"firm": "\ud800"}, "firm"),
        ({"brief": {"text": "sonar", "country": "FRA"}}, "brief"),
        ({"brief": {"text": "sonar", "trl": "high"}}, "brief"),
        ({"firm": "Kraken", "lmit": 5}, "lmit"),
        ({"firm": "Kraken", "weights": {"terms_shared": "much"}}, "weights"),
        ({"firm": "Kraken", "on": "yesterday"}, "on"),
    ],
)
def test_a_field_that_does_not_fit_is_named(given, field: str) -> None:
    with pytest.raises(ValidationError) as told:
        Ask.model_validate(given)
    assert told.value.errors()[0]["loc"][0] == field


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [
        ({"firm": "Krakn Robotics"}, NotFound, "no firm 'Krakn Robotics' is on file"),
        ({"firm": "Bharat"}, Invalid, "2 firms answer"),
        ({"firm": " "}, Invalid, "name is empty"),
        ({"firm": "Kraken", "market": "Filipines"}, NotFound, "no market 'Filipines' is held"),
        ({"firm": "Kraken", "market": ""}, NotFound, "no market '' is held"),
        ({"brief": {"text": "  "}}, Invalid, "the brief is empty"),
        ({"brief": {"text": "sonar " * 16_667}}, TooLarge, "at most 20,000"),
        ({"brief": {"text": "sonar", "trl": 12}}, Invalid, "TRL 12 is off the scale"),
        ({"brief": {"text": "sonar", "sectors": ["steam_engines"]}}, Invalid, "'steam_engines'"),
        ({"demand": "  ", "market": "PHL"}, Invalid, "the demand is empty"),
        ({"demand": "offshore patrol vessels"}, Invalid, "needs its market"),
        ({"demand": "xyzzy plugh", "market": "PHL"}, Invalid, "no sector could be read"),
        ({"demand": "sonar", "market": "ZZZ"}, NotFound, "no market 'ZZZ'"),
        ({"firm": "Kraken", "weights": {"charm": 1}}, Invalid, "no such signal: charm"),
        ({"firm": "Kraken", "weights": {"terms_shared": -1}}, Invalid, "zero or more"),
        ({"firm": "Kraken", "weights": {"terms_shared": float("nan")}}, Invalid, "zero or more"),
        ({"firm": "Kraken", "weights": {"terms_shared": float("inf")}}, Invalid, "zero or more"),
    ],
)
def test_what_makes_no_sense_is_refused_in_plain_words_and_recorded_nowhere(world, given, kind, said: str) -> None:
    with pytest.raises(AppError, match=said) as told:
        world.ask(**given)
    assert type(told.value) is kind
    assert runs(world) == 0


def test_weights_that_are_all_zero_are_refused(world) -> None:
    nothing = dict.fromkeys(world.ask(firm="Kraken")["run"]["versions"]["weights"], 0)
    with pytest.raises(Invalid, match="at least one is above zero"):
        world.ask(firm="Kraken", weights=nothing)


def test_a_demand_of_another_market_is_refused(world) -> None:
    demand_id = a_demand(world, "PHL")
    with pytest.raises(Invalid, match=f"'{demand_id}' is of PHL, not of KEN"):
        world.ask(demand=demand_id, market="KEN")
    assert world.ask(demand=demand_id, market="Philippines")["matches"]


def test_a_firm_of_a_third_country_is_refused(world) -> None:
    world.seed(profile("Third Party", "FRA", statements=(statement("Radar of some kind"),)))
    world.embed()
    with pytest.raises(Invalid, match="is of FRA; triads join Canada and India"):
        world.ask(firm="Third Party")


def test_a_brief_of_exactly_the_limit_is_answered(world) -> None:
    text = ("sonar for ships " * 2000)[:19_999] + "x"
    assert world.ask(brief={"text": text}, market="PHL")["matches"]


@pytest.mark.parametrize("given", [{"firm": "Kraken"}, {"brief": {"text": "We make sonar."}}, {"demand": "sonar"}])
def test_before_seeding_every_ask_says_what_to_run(empty, given) -> None:
    with pytest.raises(NotReady, match="no firms are on file yet"):
        empty.ask(**given)


def test_a_change_that_would_lift_a_match_is_ranked_over_the_profiles_as_they_stood(world) -> None:
    answer = world.ask(firm="Laflamme", market="PHL")
    last = answer["matches"][-1]["rank"]
    with transaction(world.sessions) as session:
        found = matches.what_if(session, access.CONSOLE, answer["run"]["id"], last, world.knowledge)
    assert found
    assert all(c.place_before == last for c in found)
    assert all(c.place_after < c.place_before or c.verdict_after != c.verdict_before for c in found)


def test_a_change_is_ranked_with_what_screening_holds_of_the_firms(world, monkeypatch) -> None:
    last = world.ask(firm="Laflamme", market="PHL")["matches"][-1]
    run = world.ask(firm="Laflamme", market="PHL")["run"]["id"]
    fact = watchlists.ScreeningFact("us-sdn", "Specially Designated Nationals", "2026-07-23", NOW, (), ("SDN",))
    monkeypatch.setattr(watchlists, "standing", lambda _session, _names: {last["manufacturer"]["id"]: (fact,)})
    with transaction(world.sessions) as session:
        found = matches.what_if(session, access.CONSOLE, run, last["rank"], world.knowledge)
    assert found
    assert {(c.verdict_before, c.verdict_after) for c in found} == {("prohibited", "prohibited")}


def test_a_place_that_the_run_does_not_list_is_told(world) -> None:
    answer = world.ask(firm="Laflamme", market="PHL")
    with transaction(world.sessions) as session, pytest.raises(NotFound, match="lists no match 40"):
        matches.what_if(session, access.CONSOLE, answer["run"]["id"], 40, world.knowledge)


def test_no_change_can_be_tried_on_a_brief(world) -> None:
    answer = world.ask(brief={"text": "We fly sonar drones and look for a maker."}, market="PHL")
    with transaction(world.sessions) as session, pytest.raises(Invalid, match="not on file"):
        matches.what_if(session, access.CONSOLE, answer["run"]["id"], 1, world.knowledge)
