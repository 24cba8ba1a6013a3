"""Sites, holidays and ways: the seed files hold, and what is not known says so."""

from __future__ import annotations

from datetime import date

import httpx
import pytest

from app.errors import NotReady
from app.firms import read_seed_firms
from app.models import Firm
from app.sites import HostSite, Router, holiday, load_sites, stop_of, time_zone
from matching.travel import Point, ways
from tests.factories import SEEDS, taxonomy

HELD = load_sites(SEEDS / "sites")


def seed_sites() -> list[HostSite]:
    found = []
    for firm_id, profile in read_seed_firms(SEEDS / "firms", taxonomy()).items():
        firm = Firm(id=firm_id, name=profile.name, country=profile.country, profile=profile)
        found += [site for site in HELD.of_firm(firm) if isinstance(site, HostSite)]
    return found


def test_every_seed_site_has_a_custom_that_says_it_is_an_estimate_and_a_region() -> None:
    sites = seed_sites()
    assert len(sites) > 200
    assert {site.custom.standing for site in sites} == {"estimate"}
    assert all(len(site.custom.basis) > 40 for site in sites)
    assert [site.city for site in sites if site.region is None] == []
    assert {time_zone(site) for site in sites if site.country == "IND"} == {"Asia/Kolkata"}
    helsinki = next(site for site in sites if site.city == "Helsinki")
    assert (helsinki.country, helsinki.custom.id) == ("FI", "elsewhere")
    bengaluru = next(site for site in sites if site.firm_id == "cae-inc")
    assert bengaluru.country == "IND"


def test_holidays_are_national_and_of_the_region() -> None:
    assert holiday("IND", "IN-KL", date(2027, 1, 26)) == "Republic Day"
    assert "Shivaji" in (holiday("IND", "IN-MH", date(2027, 2, 19)) or "")
    assert holiday("IND", "IN-KL", date(2027, 2, 19)) is None
    assert holiday("CAN", "CA-NS", date(2027, 7, 1)) == "Canada Day"
    assert holiday("FI", "FI-18", date(2027, 12, 6)) is None  # not held


def test_a_stop_is_closed_on_its_weekly_day_and_on_holidays_and_says_why() -> None:
    goa = next(site for site in seed_sites() if site.firm_id == "goa-shipyard-limited")
    stop = stop_of(goa, date(2027, 1, 23), 4)  # Saturday to Tuesday, Republic Day
    assert [opening is None for opening in stop.openings] == [True, True, False, True, False]
    assert "Saturday" in stop.closed_because[0]
    assert "Republic Day" in stop.closed_because[3]
    assert (stop.lead_days("IND"), stop.lead_days("CAN")) == (21, 42)


def test_a_routing_service_gives_road_minutes_and_its_failure_is_told() -> None:
    places = [Point(18.97, 72.85), Point(19.27, 72.98), Point(22.55, 88.33)]
    table = ways(places, HELD.airports)

    def answer(request: httpx.Request) -> httpx.Response:
        assert "72.85,18.97;72.98,19.27" in str(request.url)
        return httpx.Response(200, json={"durations": [[0, 3000, 9e5], [3000, 0, 9e5], [9e5, 9e5, 0]]})

    better = Router("http://routing", httpx.Client(transport=httpx.MockTransport(answer))).better(places, table)
    assert better[0][1].minutes == 50
    assert better[0][2].minutes <= table[0][2].minutes + 50  # by air still
    broken = httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(500)))
    with pytest.raises(NotReady, match="routing service"):
        Router("http://routing", broken).better(places, table)
