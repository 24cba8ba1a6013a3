"""Lists taken or refused, firms screened, hits decided by persons, and what stands of a firm."""

from __future__ import annotations

import csv
import json
import lzma
from datetime import UTC, datetime
from functools import cache

import httpx
import pytest
from sqlalchemy import func, select

from app import releases, watchlists
from app.access import CONSOLE
from app.db import transaction
from app.errors import AppError, Conflict, Forbidden, Invalid, NotFound
from app.firms import seed
from app.listings import RefusedList, condense, read_listing
from app.models import ListRelease, Screening
from app.releases import DOWNLOAD_LIMIT, Fetcher, ListSource, Origin, Wanted, WatchlistCache, hold_seeds, refresh, take
from matching.profile import slug
from matching.screening import Release, Watchlist, screen_all
from tests.app.callers import OF_ALPHA, REVIEWER
from tests.app.drawn import drawn
from tests.factories import SEEDS, SHARED, profile

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
FOLDER = SEEDS / "watchlists"
NAMES = SHARED / "data" / "screening" / "names"


def a_list(*names: str, code: str = "SDN") -> bytes:
    rows = [["id", "code", "name", "aliases", "kind", "countries", "reference"]]
    rows += [[f"test:{slug(name)}", code, name, "", "entity", "RUS", "TEST"] for name in names]
    return "\n".join(",".join(row) for row in rows).encode()


def source(**over) -> ListSource:
    given = {
        "id": "test", "title": "Test list", "publisher": "Nobody", "url": "https://lists.example/test.csv", "licence": "none",
        "layouts": ["csl_json"], "min_entries": 1, "max_entries": 100, "max_age_days": 30,
    }  # fmt: skip
    return ListSource.model_validate(given | over)


def hold(session, *names: str, dated="2026-11-20", **over) -> releases.Taken:
    return take(session, source(**over), a_list(*names), Origin("a test", dated=dated), NOW)


def on_file(session, *profiles) -> None:
    seed(session, {slug(p.name): p for p in profiles}, NOW)


def screened(session) -> watchlists.Rescreened:
    return watchlists.screen_firms(session, WatchlistCache(), CONSOLE, NOW)


# --- Lists taken and refused --------------------------------------------------------------------------


def test_a_release_is_held_with_all_that_is_known_of_it(session) -> None:
    assert hold(session, "Kraken Robotika").changed
    row = releases.current(session, "test")
    assert (row.publisher, row.licence, row.dated, row.entries) == ("Nobody", "none", "2026-11-20", 1)
    assert len(row.sha256) == 64
    assert WatchlistCache().held(session).entries[0].countries == ("RUS",)


def test_the_same_bytes_change_nothing(session) -> None:
    hold(session, "Kraken Robotika")
    assert not hold(session, "Kraken Robotika").changed
    assert session.scalar(select(func.count()).select_from(ListRelease)) == 1


def test_a_newer_release_takes_the_place_and_the_old_one_is_kept(session) -> None:
    cache = WatchlistCache()
    hold(session, "Kraken", "Zvezda")
    before = cache.held(session)
    hold(session, "Kraken", "Zvezda", "Malmyzh", dated="2026-11-24")
    assert len(cache.held(session).entries) == 3
    assert cache.held(session).version != before.version
    assert cache.held(session) is cache.held(session)
    assert session.scalar(select(func.count()).select_from(ListRelease)) == 2


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "none of the layouts"),
        (b"\xff\xfe\x00", "none of the layouts"),
        (b"a,b\n1,2", "none of the layouts"),
        (a_list("Kraken") + b",more", "cells where the header has 7"),
        (a_list("Kraken")[:-9], "6 cells|7 cells|where the header"),
        (a_list(""), "line 2: the name is empty"),
        (a_list("x" * 501), "at most 500 characters"),
        (a_list("x" * 10_485_760), "field larger than field limit"),
        (a_list(), "holds no entry"),
        (a_list("Kraken \u00e9").decode().encode("latin-1"), "not UTF-8"),
        (lzma.compress(a_list("Kraken"))[:-20], "cut short"),
        (b"\xfd7zXZ\x00nonsense", "cannot be unpacked"),
        (b'{"results": 3}', "no list"),
        (b'{"results": [3]}', "expected an object"),
        (b'{"results": [{"name": "Kraken", "source": "?"}]}', "no list code"),
        (b'{"schema": "Person", "id": ', "line 1: not JSON"),
        (b"<data-set><record>", "not XML"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><data-set><record/></data-set>', "declares entities"),
    ],
)
def test_a_malformed_list_is_told_and_the_one_held_stays(session, content, says) -> None:
    hold(session, "Kraken", "Zvezda")
    with pytest.raises(RefusedList, match=says):
        take(session, source(layouts=["csl_json", "ftm_jsonl", "sema_xml"]), content, Origin("a test"), NOW)
    assert releases.current(session, "test").entries == 2


@pytest.mark.parametrize(("count", "says"), [(5, "5 entries were read where 10 are held"), (101, "expected between")])
def test_a_list_that_halves_or_swells_is_refused(session, count, says) -> None:
    hold(session, *(f"Kraken {n}" for n in range(10)))
    with pytest.raises(RefusedList, match=says):
        hold(session, *(f"Kraken {n}" for n in range(count)))
    assert releases.current(session, "test").entries == 10


def test_a_person_may_say_that_half_is_right(session) -> None:
    hold(session, *(f"Kraken {n}" for n in range(10)))
    with pytest.raises(RefusedList, match="4 were expected"):
        take(session, source(), a_list("Kraken 1"), Origin("a test", expected=4), NOW)
    assert take(session, source(), a_list("Kraken 1"), Origin("a test", expected=1), NOW).entries == 1


def test_the_layout_of_another_list_is_refused(session) -> None:
    content = b"<data-set><record><EntityOrShip>Kraken</EntityOrShip></record></data-set>"
    with pytest.raises(RefusedList, match="layout sema_xml"):
        take(session, source(), content, Origin("a test"), NOW)


def test_layouts_of_the_publishers() -> None:
    csl = {"name": "KRAKEN", "alt_names": ["Krake"], "source": "Entity List (EL) - Bureau", "type": "Entity",
           "addresses": [{"country": "RU"}], "entity_number": 7, "programs": ["A", "B"]}  # fmt: skip
    (entry,) = read_listing(json.dumps({"results": [csl]}).encode(), "us").entries
    assert (entry.id, entry.code, entry.names, entry.countries) == ("us:EL-7", "EL", ("KRAKEN", "Krake"), ("RUS",))
    table = b'source,name,alt_names,addresses,type,programs,entity_number\n"X (SDN) - T",KRAKEN,A; B,"S 1, Omsk, RU",Vessel,P,9'
    (entry,) = read_listing(table, "us").entries
    assert (entry.kind, entry.aliases, entry.countries) == ("vessel", ("A", "B"), ("RUS",))
    sema = b"""<data-set><record><Country>Russia</Country><GivenName>Ivan</GivenName><LastName>Kraken</LastName>
        <Schedule>1</Schedule><Item>3</Item><Aliases>Vanya Kraken; Johann Kraken</Aliases></record></data-set>"""
    (entry,) = read_listing(sema, "ca").entries
    assert (entry.code, entry.kind, entry.name, len(entry.aliases)) == ("SEMA", "individual", "Ivan Kraken", 2)
    un = b"""<CONSOLIDATED_LIST dateGenerated="2026-11-20T00:00:00"><INDIVIDUALS><INDIVIDUAL><DATAID>5</DATAID>
        <FIRST_NAME>IVAN</FIRST_NAME><SECOND_NAME>KRAKEN</SECOND_NAME><INDIVIDUAL_ALIAS><ALIAS_NAME>Vanya</ALIAS_NAME>
        </INDIVIDUAL_ALIAS></INDIVIDUAL></INDIVIDUALS><ENTITIES/></CONSOLIDATED_LIST>"""
    listing = read_listing(un, "un")
    assert (listing.dated, listing.entries[0].names) == ("2026-11-20", ("IVAN KRAKEN", "Vanya"))
    ftm = {"id": "NK-1", "schema": "Company", "properties": {"name": ["Kraken"], "weakAlias": ["KR"], "country": ["ru"],
           "topics": ["sanction"]}, "datasets": ["us_ofac_sdn"]}  # fmt: skip
    passed_by = {"id": "NK-2", "schema": "Company", "properties": {"name": ["Bank"], "topics": ["fin.bank"]}}
    lines = "\n".join(map(json.dumps, [ftm, passed_by, {"id": "a", "schema": "Address"}]))
    (entry,) = read_listing(lines.encode(), "os").entries
    assert (entry.kind, entry.names, entry.countries) == ("entity", ("Kraken", "KR"), ("RUS",))
    assert read_listing(condense([entry]), "os").entries == (entry,)


# --- Fetching -----------------------------------------------------------------------------------------


def answering(*answers: httpx.Response | Exception, seen: list | None = None) -> Fetcher:
    left = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        one = left.pop(0)
        if isinstance(one, Exception):
            raise one
        return one

    return Fetcher(lambda: httpx.Client(transport=httpx.MockTransport(answer)), wait=lambda _: None)


def test_a_passing_fault_is_tried_again() -> None:
    fetcher = answering(httpx.ConnectError("no route"), httpx.Response(503), httpx.Response(200, content=b"list"))
    assert fetcher.fetch("https://lists.example/").content == b"list"


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ([httpx.Response(404)], "404"),
        ([httpx.Response(503)] * 3, "503"),
        ([httpx.ConnectError("no route")] * 3, "no route"),
    ],
)
def test_a_server_that_gives_nothing_is_told(answers, says) -> None:
    with pytest.raises(AppError, match=f"{says}.*the list held stays"):
        answering(*answers).fetch("https://lists.example/")


def test_more_than_the_limit_is_not_read() -> None:
    with pytest.raises(AppError, match="larger than 50 MB"):
        answering(httpx.Response(200, content=b"x" * (DOWNLOAD_LIMIT + 1))).fetch("https://lists.example/")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "lists").mkdir()
    text = json.dumps(source().model_dump(exclude_none=True))
    (tmp_path / "lists" / "test.yaml").write_text(text, encoding="utf-8")
    return tmp_path / "lists"


def csl(*names: str) -> bytes:
    return json.dumps({"results": [{"name": name, "source": "X (SDN) - T"} for name in names]}).encode()


def test_refresh_asks_for_what_is_new_only(sessions, folder) -> None:
    seen: list[httpx.Request] = []
    fetcher = answering(
        httpx.Response(200, content=csl("Kraken"), headers={"etag": '"1"'}), httpx.Response(304), seen=seen
    )
    (first,) = refresh(sessions, folder, Wanted(), NOW, fetcher)
    (second,) = refresh(sessions, folder, Wanted(), NOW, fetcher)
    assert first.taken.changed
    assert not second.taken.changed
    assert [request.headers.get("if-none-match") for request in seen] == [None, '"1"']


def test_refresh_tells_what_was_refused_and_keeps_the_list(sessions, folder, tmp_path) -> None:
    (tmp_path / "good.json").write_bytes(csl(*(f"Kraken {n}" for n in range(8))))
    (tmp_path / "half.json").write_bytes(csl(*(f"Kraken {n}" for n in range(4))))
    (good,) = refresh(sessions, folder, Wanted(str(tmp_path / "good.json")), NOW)
    (half,) = refresh(sessions, folder, Wanted(str(tmp_path / "half.json")), NOW)
    (gone,) = refresh(sessions, folder, Wanted(list_id="test"), NOW, answering(httpx.Response(404)))
    assert good.taken.entries == 8
    assert "4 entries were read where 8 are held" in half.problem.message
    assert "404" in gone.problem.message
    with transaction(sessions) as session:
        assert releases.current(session, "test").entries == 8
    with pytest.raises(NotFound):
        list(refresh(sessions, folder, Wanted(str(tmp_path / "nothing.json")), NOW))


# --- Firms, hits and decisions --------------------------------------------------------------------------


def test_firms_aliases_owners_and_sites_are_screened(session) -> None:
    hold(session, "Kraken Robotika", "Zvezda Malmyzh", "Orion Quasar", "Lynx Vega")
    site = {"name": "Lynx Vega yard", "kind": "plant"}
    on_file(
        session,
        profile("Kraken Robotika Inc."),
        profile("Blue", aliases=("Zvezda Malmyzh",), parent="Orion Quasar plc (GBR)", sites=(site,)),
        profile("Innocent Sensors", parent="group (name withheld; USA)"),
    )
    done = screened(session)
    assert (done.firms, done.new, done.waiting) == (3, 4, 4)
    roles = {(hit.firm_id, hit.role, hit.near.entry.name) for hit in watchlists.queue(session)}
    assert roles == {
        ("kraken-robotika-inc", "firm", "Kraken Robotika"),
        ("blue", "firm", "Zvezda Malmyzh"),
        ("blue", "owner", "Orion Quasar"),
        ("blue", "site", "Lynx Vega"),
    }
    assert session.scalar(select(func.count()).select_from(Screening)) == 3
    assert screened(session).new == 0


def test_owners_in_a_circle_are_followed_once_and_told(session) -> None:
    hold(session, "Vega Quasar")
    on_file(
        session,
        profile("Alef", parent="Bet"),
        profile("Bet", parent="Gimel"),
        profile("Gimel", parent="Alef"),
        profile("Daughter", parent="Mother"),
        profile("Mother", parent="Vega Quasar"),
        profile("Own", parent="Own"),
    )
    done = screened(session)
    assert set(done.circular) == {"alef", "bet", "gimel", "own"}
    assert {(hit.firm_id, hit.role) for hit in watchlists.queue(session)} == {
        ("daughter", "owner"),
        ("mother", "owner"),
    }


def test_a_firm_without_a_name_that_can_be_compared_is_told(session) -> None:
    hold(session, "Vega Quasar")
    on_file(session, profile("Limited"))
    assert screened(session).unreadable == ("limited",)
    (fact,) = watchlists.standing(session, ["limited"])["limited"]
    assert fact.screened_at is None


@pytest.fixture
def hit(session) -> int:
    hold(session, "Kraken Robotika")
    on_file(session, profile("Kraken Robotika Inc."))
    screened(session)
    return watchlists.queue(session)[0].id


def state_and_lists(session):
    facts = watchlists.standing(session, ["kraken-robotika-inc"])["kraken-robotika-inc"]
    hits = watchlists.queue(session, everything=True)
    return hits[0].state, watchlists.lists_of(facts)


def test_one_person_confirms(session, hit) -> None:
    assert state_and_lists(session) == ("open", None)
    watchlists.decide(session, hit, True, "same address", "Asha Rao", NOW)
    assert state_and_lists(session) == ("confirmed", ("SDN",))


def test_two_different_persons_release(session, hit) -> None:
    watchlists.decide(session, hit, False, "another country", "Asha Rao", NOW)
    assert state_and_lists(session) == ("proposed", None)
    with pytest.raises(Conflict, match="second person"):
        watchlists.decide(session, hit, False, "sure", " asha  RAO ", NOW)
    watchlists.decide(session, hit, False, "checked the register", "Jean Roy", NOW)
    assert state_and_lists(session) == ("released", ())
    assert [d.decided_by for d in watchlists.decisions(session, hit)] == ["Asha Rao", "Jean Roy"]
    with pytest.raises(Conflict, match="already"):
        watchlists.decide(session, hit, False, "again", "Third", NOW)
    assert screened(session).new == 0  # the decision stands while the names do


def test_a_confirmed_hit_stands_until_two_persons_release_it(session, hit) -> None:
    watchlists.decide(session, hit, True, "same address", "Asha Rao", NOW)
    watchlists.decide(session, hit, False, "it moved", "Jean Roy", NOW)
    assert state_and_lists(session) == ("confirmed", ("SDN",))
    watchlists.decide(session, hit, False, "agreed", "Asha Rao", NOW)
    assert state_and_lists(session)[0] == "released"


@pytest.mark.parametrize(("reason", "by"), [("", "Asha"), ("because", "  ")])
def test_a_decision_has_a_reason_and_a_person(session, hit, reason, by) -> None:
    with pytest.raises(Invalid):
        watchlists.decide(session, hit, False, reason, by, NOW)
    with pytest.raises(NotFound):
        watchlists.decide(session, 999, False, "a", "b", NOW)


def test_a_party_that_left_its_list_is_gone_and_comes_back_open(session, hit) -> None:
    hold(session, "Zvezda Malmyzh")
    assert screened(session).gone == 1
    assert state_and_lists(session) == ("gone", ())
    with pytest.raises(Conflict, match="gone"):
        watchlists.decide(session, hit, True, "a", "b", NOW)
    hold(session, "Kraken Robotika", "Zvezda Malmyzh", dated="2026-11-24")
    assert screened(session).new == 1
    assert state_and_lists(session) == ("open", None)


def test_what_was_not_compared_with_the_list_in_force_is_not_screened(session) -> None:
    hold(session, "Vega Quasar")
    on_file(session, profile("Kraken Robotika Inc."))
    assert state_of(session) == (None, "not screened against Test list of 2026-11-20")
    screened(session)
    assert state_of(session) == ((), "screened against Test list of 2026-11-20: no hit waits and none is confirmed")
    on_file(session, profile("Kraken Robotika Inc.", city="Omsk"))
    assert state_of(session)[0] is None  # the profile changed
    screened(session)
    hold(session, "Vega Quasar", "Lynx", dated="2026-11-24")
    assert state_of(session)[0] is None  # the list changed


def state_of(session):
    facts = watchlists.standing(session, ["kraken-robotika-inc"])["kraken-robotika-inc"]
    return watchlists.lists_of(facts), facts[0].told()


def test_an_owner_is_a_party_of_its_own(session) -> None:
    hold(session, "Vega Quasar")
    on_file(session, profile("Daughter", parent="Vega Quasar"))
    screened(session)
    watchlists.decide(session, watchlists.queue(session)[0].id, True, "register", "Asha", NOW)
    facts = watchlists.standing(session, ["daughter"])["daughter"]
    assert (watchlists.lists_of(facts), watchlists.lists_of(facts, owners=True)) == ((), ("SDN",))


def test_a_name_is_screened_for_those_who_may_and_for_nobody_else(session) -> None:
    hold(session, "Kraken Robotika")
    with pytest.raises(Forbidden):
        watchlists.screen_name(session, WatchlistCache(), OF_ALPHA, "Kraken", NOW)
    assert session.scalar(select(func.count()).select_from(Screening)) == 0
    assert watchlists.screen_name(session, WatchlistCache(), REVIEWER, "Robotika Kraken", NOW).hits


def test_a_name_of_nobody_on_file_is_logged_too(session) -> None:
    with pytest.raises(NotFound, match="no list is held"):
        watchlists.screen_name(session, WatchlistCache(), CONSOLE, "Kraken", NOW)
    hold(session, "Kraken Robotika")
    found = watchlists.screen_name(session, WatchlistCache(), CONSOLE, "Robotika Kraken", NOW, "CAN")
    assert [hit.listed for hit in found.hits] == ["Kraken Robotika"]
    row = session.get(Screening, found.id)
    assert (row.names, row.country, row.asked_by, row.lists) == (
        ["Robotika Kraken"],
        "CAN",
        "console",
        {"test": "2026-11-20"},
    )
    for bad in ("", "x" * 10_485_760, "Private Limited", "GmbH & Co. KG", "有限公司"):
        with pytest.raises(Invalid, match="name"):
            watchlists.screen_name(session, WatchlistCache(), CONSOLE, bad, NOW)


# --- The lists that come with the service ---------------------------------------------------------------


@cache
def held() -> Watchlist:
    releases_, entries = [], []
    for source_ in releases.read_sources(FOLDER).values():
        if source_.file:
            listing = read_listing((FOLDER / source_.file).read_bytes(), source_.id)
            entries += listing.entries
            releases_.append(
                Release(source_.id, source_.title, "", "", "", source_.dated or "", "", len(listing.entries))
            )
    return Watchlist(tuple(releases_), tuple(entries))


def test_the_seeds_are_what_their_files_say(session) -> None:
    assert hold_seeds(session, FOLDER, NOW) == 2
    assert hold_seeds(session, FOLDER, NOW) == 0
    sources = releases.read_sources(FOLDER)
    for row in releases.releases(session):
        said = sources[row.list_id]
        assert (row.sha256, row.entries, row.dated) == (said.sha256, said.entries, said.dated)
    assert len(releases.stale(session, FOLDER, NOW.date())) == 2  # of July: a deployment fetches the current ones


@pytest.mark.parametrize("number", range(12))
def test_sixty_entries_in_disguise_are_found(number) -> None:
    disguises = drawn(held().entries, seed=number, count=60)
    found = screen_all([[name] for _, _, name in disguises], held(), limit=200)
    missed = [
        (entry.name, kind, name)
        for (entry, kind, name), hits in zip(disguises, found, strict=True)
        if entry.id not in {hit.entry.id for hit in hits}
    ]
    assert len(missed) <= 2, missed


def test_few_seed_firms_have_a_hit(knowledge) -> None:
    from app.firms import read_seed_firms

    firms = read_seed_firms(SEEDS / "firms", knowledge.taxonomy)
    hits = list(screen_all([list(watchlists.names_of(profile_)) for profile_ in firms.values()], held()))
    assert sum(map(bool, hits)) <= 30, "each hit is a person's quarter of an hour"


@pytest.mark.shared
def test_name_pairs_beat_the_published_scores() -> None:
    found = watchlists.check_pairs(NAMES / "name_pairs_dev.csv")
    assert found["recall"] >= 0.86
    assert found["precision"] >= 0.9
    assert found["tp"] + found["fp"] + found["fn"] + found["tn"] == found["pairs"] == 392


@pytest.mark.shared
def test_people_on_no_list_hit_nobody() -> None:
    with (NAMES / "people_negatives_dev.csv").open(encoding="utf-8") as file:
        names = [row["full_name"] for row in csv.DictReader(file)]
    hits = sum(map(bool, screen_all([[name] for name in names], held())))
    assert hits / len(names) <= 0.005


def test_pairs_that_cannot_be_read_are_told(tmp_path) -> None:
    path = tmp_path / "pairs.csv"
    for text, says in (
        ("a,b\n1,2\n", "no column"),
        ("name1,name2,is_match\na,b,maybe\n", "line 2: is_match"),
        ("name1,name2,is_match\n,b,true\n", "line 2: the name is empty"),
        ("name1,name2,is_match\n", "no pair"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(Invalid, match=says):
            watchlists.check_pairs(path)
