"""From an ask to a stored programme over sites on file; bad input is told and nothing is stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select

from app import access, delegations
from app.db import transaction
from app.delegation_models import Delegation, Programme
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.missions import House, ProgrammeAsk
from app.permissions import Role
from app.sites import load_sites
from matching.profile import Site
from tests.app.world import NOW, SMALL_FIRMS, World
from tests.factories import SEEDS, profile, statement


def yard(name: str, city: str, lat: float, lon: float, **over: Any):
    given = {
        "roles": ("shipyard",), "sectors": ("shipbuilding",), "ownership": "private", "city": city,
        "statements": (statement(f"Builds patrol vessels with sonar at {city}"),),
        "sites": (Site(name="Main yard", kind="shipyard", city=city, lat=lat, lon=lon),),
    } | over  # fmt: skip
    return profile(name, "IND", **given)


@pytest.fixture
def yards(world: World) -> World:
    unbuilt = Site(name="Yard (planned)", kind="shipyard", city="Kochi", lat=9.9, lon=76.3)
    unplaced = Site(name="Old yard", kind="shipyard", city="Kochi")
    world.seed(
        *SMALL_FIRMS,
        yard("West Yard", "Mumbai", 18.97, 72.85),
        yard("East Yard", "Kolkata", 22.55, 88.33),
        yard("Goa Yard", "Vasco da Gama", 15.4, 73.82, ownership="dpsu"),
        yard("South Yard", "Kochi", 9.95, 76.29, sites=(unbuilt, unplaced)),
    )
    world.embed()
    return world


def ask(**over: Any) -> ProgrammeAsk:
    given = {
        "from": date(2027, 2, 8),
        "days": 4,
        "firms": ("Kraken", "Arctic Optics Ltd."),
        "sectors": ("shipbuilding",),
    }
    return ProgrammeAsk.model_validate(given | over)


def planned(world: World, asked: ProgrammeAsk, caller: access.Caller = access.CONSOLE) -> dict[str, Any]:
    with transaction(world.sessions) as session:
        return delegations.request_programme(session, caller, asked, house(world), NOW)


def house(world: World) -> House:
    return House(world.knowledge, world.cache, load_sites(SEEDS / "sites"))


def counted(world: World) -> tuple[int, int]:
    with transaction(world.sessions) as session:
        one, other = (session.scalar(select(func.count()).select_from(table)) for table in (Delegation, Programme))
        return one or 0, other or 0


def test_the_yards_are_visited_and_the_programme_can_be_printed_again(yards: World) -> None:
    done = planned(yards, ask())
    assert {visit["city"] for visit in done["visits"]} == {"Mumbai", "Kolkata", "Vasco da Gama"}
    assert done["objective"] <= done["bound"]
    assert all(set(visit["delegates"]) <= {d["name"] for d in done["delegates"]} for visit in done["visits"])
    why = {one["site"]: one["why"] for one in done["left_out"]}
    assert "no coordinates" in why["South Yard, Old yard"]
    assert "not built yet" in why["South Yard, Yard (planned)"]
    with transaction(yards.sessions) as session:
        stored = delegations.find_programme(session, access.CONSOLE, done["programme"])
        assert delegations.document(session, stored) == done
    assert planned(yards, ask())["visits"] == done["visits"]  # the same ask, the same visits


def test_a_yard_that_needs_more_notice_than_there_is_says_until_when(yards: World) -> None:
    done = planned(yards, ask(**{"from": date(2026, 12, 21)}))  # 27 days ahead: enough for a private yard
    (goa,) = [one for one in done["left_out"] if one["site"].startswith("Goa Yard")]
    assert "42 days ahead" in goa["why"]
    assert "days later" in goa["lets_in"]


def test_republic_day_and_sunday_leave_nothing_open(yards: World) -> None:
    with pytest.raises(Conflict, match="nothing can be visited") as problem:
        planned(yards, ask(**{"from": date(2027, 1, 26)}, days=1))
    assert "Republic Day" in str(problem.value)
    assert counted(yards) == (0, 0)


def test_appointments_that_clash_are_told_and_nothing_is_stored(yards: World) -> None:
    at = {"kind": "at", "delegates": ("Delegate of Kraken Robotics Inc.",), "day": "2027-02-09", "time": "10:00"}
    wishes = [
        at | {"site": "West Yard, Main yard"},
        at | {"site": "East Yard, Main yard"},
        {"kind": "must", "firm": "Goa Yard"},
    ]
    with pytest.raises(Conflict) as problem:
        planned(yards, ask(wishes=wishes))
    assert len(problem.value.details["wishes"]) == 2
    assert "West Yard, Main yard (Mumbai) on 2027-02-09 at 10:00" in str(problem.value)
    assert counted(yards) == (0, 0)


@pytest.mark.parametrize(
    ("over", "problem", "said"),
    [
        ({"from": date(2026, 11, 1)}, Invalid, "is past"),
        ({"firms": ("Krakn",)}, NotFound, "Kraken"),
        ({"sectors": ("shipbilding",)}, Invalid, "shipbilding"),
        ({"kinds": ("mine",)}, Conflict, "no site in IND fits"),
        ({"wishes": [{"kind": "must", "site": "Nowhere, Yard"}]}, NotFound, "Nowhere"),
        (
            {"wishes": [{"kind": "never", "firm": "West Yard", "delegates": ("Nobody",)}]},
            NotFound,
            "no delegate 'Nobody'",
        ),
        ({"delegates": [{"name": "Ann", "firms": ("Laflamme",)}]}, Invalid, "does not visit"),
    ],
)
def test_what_makes_no_sense_is_told(yards: World, over, problem, said: str) -> None:
    with pytest.raises(problem) as told:
        planned(yards, ask(**over))
    assert said in f"{told.value} {told.value.hint}"


def test_published_visits_stand_when_the_delegation_is_planned_again(yards: World) -> None:
    done = planned(yards, ask())
    with transaction(yards.sessions) as session:
        delegations.publish(session, access.CONSOLE, done["programme"], NOW)
    with transaction(yards.sessions) as session:
        again = delegations.plan_again(
            session,
            access.CONSOLE,
            done["delegation"],
            ask(firms=("Kraken", "Arctic Optics Ltd.", "Laflamme")),
            house(yards),
            NOW,
        )
    assert again["number"] == 2
    kept = {(v["site_id"], v["day"], v["start"], tuple(v["delegates"])) for v in again["visits"]}
    assert {(v["site_id"], v["day"], v["start"], tuple(v["delegates"])) for v in done["visits"]} <= kept


def test_a_delegation_is_its_owners_alone(yards: World) -> None:
    lead = access.Caller("lead", Role.DELEGATION_LEAD)
    done = planned(yards, ask(), lead)
    with transaction(yards.sessions) as session:
        assert delegations.find_programme(session, lead, done["programme"]).number == 1
        with pytest.raises(NotFound):
            delegations.find_programme(session, replace(lead, name="another"), done["programme"])
        with pytest.raises(Forbidden):
            delegations.list_delegations(session, access.Caller("officer", Role.ASSOCIATION_OFFICER))


def test_the_command_plans_prints_and_prints_again(yards: World, triveni: Callable[..., Any], monkeypatch) -> None:
    monkeypatch.setenv("TRIVENI_DATABASE_URL", str(yards.sessions.kw["bind"].url))
    said = triveni("programme", "--from", "2027-02-08", "--days", "3", "--firms", "Kraken", "--sector", "shipbuilding")
    assert said.code == 0, said.err
    assert "West Yard, Main yard" in said.out
    assert "would let it in" in said.out
    listed = triveni("delegation", "list").out
    programme = said.out.split("Programme ")[1][:36]
    assert programme in listed
    assert "West Yard, Main yard" in triveni("delegation", "show", programme).out
    past = triveni("programme", "--from", "2020-02-08", "--days", "3", "--firms", "Kraken")
    assert past.code == 2
    assert "is past" in past.err
