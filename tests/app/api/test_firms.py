"""Read the firms on file through the door."""

from __future__ import annotations

import pytest

from matching.profile import Profile
from tests.app.world import SMALL_FIRMS, World


@pytest.fixture
def client(world: World):
    return world.client()


def test_firms_are_listed_in_order_with_what_a_list_shows(client) -> None:
    page = client.get("/api/v1/firms").json()
    assert [firm["id"] for firm in page["firms"]] == sorted(firm["id"] for firm in page["firms"])
    assert page["firms"][0] == {
        "id": "arctic-optics-ltd",
        "name": "Arctic Optics Ltd.",
        "country": "CAN",
        "sectors": ["uas"],
    }
    assert page["next_after"] is None


@pytest.mark.parametrize("limit", [1, 3, 4, 8, 200])
def test_walking_the_pages_meets_every_firm_once_and_ends(client, limit: int) -> None:
    seen, after, pages = [], "", 0
    while after is not None:
        page = client.get("/api/v1/firms", params={"limit": limit, "after": after}).json()
        seen += [firm["id"] for firm in page["firms"]]
        after = page["next_after"]
        pages += 1
    assert len(seen) == len(set(seen)) == 8
    assert pages == -(-8 // limit), "the last page knows that it is the last"


def test_firms_of_one_country(client) -> None:
    firms = client.get("/api/v1/firms", params={"country": "IND"}).json()["firms"]
    assert {firm["country"] for firm in firms} == {"IND"}
    assert len(firms) == 4


@pytest.mark.parametrize("name", ["kraken-robotics-inc", "Kraken", "KRAKEN ROBOTICS INC."])
def test_a_firm_is_read_under_any_of_its_names_with_its_whole_profile(client, name: str) -> None:
    record = client.get(f"/api/v1/firms/{name}").json()
    assert (record["id"], record["revision"]) == ("kraken-robotics-inc", 1)
    assert Profile.model_validate(record["profile"]) == SMALL_FIRMS[0]


def test_a_name_with_accents_is_read(client) -> None:
    assert client.get("/api/v1/firms/Laflamme Aéro").json()["id"] == "laflamme-aero-inc"


def test_an_unknown_firm_is_404_with_near_names_and_an_ambiguous_one_422(client) -> None:
    unknown, ambiguous = client.get("/api/v1/firms/Cochin Shipyrd"), client.get("/api/v1/firms/Arctic")
    assert (unknown.status_code, unknown.json()["near"]) == (404, ["Cochin Shipyard Limited"])
    assert (ambiguous.status_code, "arctic-optics-ltd" in ambiguous.json()["detail"]) == (422, True)


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=many", "country=can", f"after={'x' * 201}"])
def test_a_query_that_does_not_fit_is_422(client, query: str) -> None:
    assert client.get(f"/api/v1/firms?{query}").status_code == 422
