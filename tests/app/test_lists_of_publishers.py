"""UN and OpenSanctions files, in their publishers' layouts and with invented parties, through ``watchlists refresh``."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from app import watchlists
from app.cli_screening import screen_app, watchlists_app
from app.firms import read_seed_firms
from app.releases import read_sources
from matching.screening import screen_all
from tests.app.test_cli_screening import make_house, said
from tests.app.test_watchlists import held
from tests.factories import SEEDS, profile

UN_PARTY = """<INDIVIDUAL>
  <DATAID>{number}</DATAID><VERSIONNUM>1</VERSIONNUM><FIRST_NAME>{first}</FIRST_NAME><SECOND_NAME>{second}</SECOND_NAME>
  <THIRD_NAME/><UN_LIST_TYPE>Invented</UN_LIST_TYPE><REFERENCE_NUMBER>XXi.{number}</REFERENCE_NUMBER>
  <LISTED_ON>2026-01-01</LISTED_ON><NAME_ORIGINAL_SCRIPT>{script}</NAME_ORIGINAL_SCRIPT>
  <COMMENTS1>Synthetic: no such person.</COMMENTS1><NATIONALITY><VALUE>Atlantis</VALUE></NATIONALITY>
  <LIST_TYPE><VALUE>UN List</VALUE></LIST_TYPE><LAST_DAY_UPDATED><VALUE/></LAST_DAY_UPDATED>
  <INDIVIDUAL_ALIAS><QUALITY>Good</QUALITY><ALIAS_NAME>{alias}</ALIAS_NAME></INDIVIDUAL_ALIAS>
  <INDIVIDUAL_ALIAS><QUALITY/><ALIAS_NAME/></INDIVIDUAL_ALIAS>
  <INDIVIDUAL_ADDRESS><COUNTRY>Atlantis</COUNTRY></INDIVIDUAL_ADDRESS><SORT_KEY/><SORT_KEY_LAST_MOD/>
</INDIVIDUAL>"""
UN_BODY = """<ENTITY>
  <DATAID>{number}</DATAID><FIRST_NAME>{name}</FIRST_NAME><UN_LIST_TYPE>Invented</UN_LIST_TYPE>
  <REFERENCE_NUMBER>XXe.{number}</REFERENCE_NUMBER><LISTED_ON>2026-01-01</LISTED_ON>
  <ENTITY_ALIAS><QUALITY>a.k.a.</QUALITY><ALIAS_NAME>{alias}</ALIAS_NAME></ENTITY_ALIAS>
  <ENTITY_ADDRESS><STREET/><CITY>Nowhere</CITY><COUNTRY>Atlantis</COUNTRY></ENTITY_ADDRESS>
</ENTITY>"""


def un_file(people: int = 3) -> bytes:
    persons = "".join(
        UN_PARTY.format(number=n, first=f"ZORBLAX{n}", second="QUUXIAN", script="زوربلاكس", alias=f"Abu Quux{n}")
        for n in range(people)
    )
    bodies = UN_BODY.format(number=900, name="ZORBLAX TRADING HOUSE", alias="Zorblaxco")
    return (
        '<?xml version="1.0" encoding="UTF-8"?><CONSOLIDATED_LIST xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'dateGenerated="2026-11-20T23:03:01.123Z"><INDIVIDUALS>{persons}</INDIVIDUALS><ENTITIES>{bodies}</ENTITIES>'
        "</CONSOLIDATED_LIST>"
    ).encode()


def ftm_file(parties: int = 4) -> bytes:
    def entity(number: int, schema: str, **said: list[str]) -> str:
        given = {"id": f"NK-invented{number}", "caption": "x", "schema": schema, "properties": said,
                 "datasets": ["invented_list"], "referents": [], "target": True, "first_seen": "2026-01-01"}  # fmt: skip
        return json.dumps(given)

    lines = [
        entity(n, "Company", name=[f"Zorblax Works {n}"], previousName=[f"Old Quuxian {n}"], topics=["sanction"])
        for n in range(parties)
    ]
    lines.append(entity(98, "Sanction", program=["X"]))
    lines.append(entity(99, "Company", name=["Honest Bakers"], topics=["corp.public"]))
    return "\n".join(lines).encode()


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The two publishers' own sources with smaller bounds, and a firm near an invented party of each."""
    sources = read_sources(SEEDS / "watchlists")
    small = [sources[name].model_copy(update={"min_entries": 2}) for name in ("un_sc", "opensanctions")]
    return make_house(tmp_path, monkeypatch, small, profile("Zorblax Trading House Ltd."), profile("Old Quuxian 2"))


def refreshed(house: Path, content: bytes, code: int = 0) -> str:
    (house / "list").write_bytes(content)
    return said(watchlists_app, "refresh", house / "list", code=code)


def test_the_list_of_the_united_nations_from_a_file_to_a_hit(house: Path) -> None:
    assert "un_sc: 4 entries of 2026-11-20" in refreshed(house, un_file())
    told = json.loads(said(watchlists_app, "hits", "--json"))
    assert {(hit["firm"], hit["code"], hit["near"]["entry"]["reference"]) for hit in told} >= {
        ("zorblax-trading-house-ltd", "UNSC", "XXe.900 Atlantis")
    }
    near = json.loads(said(screen_app, "abu quux1", "--json"))
    assert near["hits"][0]["entry"]["name"] == "ZORBLAX1 QUUXIAN"
    assert "as held" in refreshed(house, un_file())


def test_opensanctions_from_a_file_to_a_hit(house: Path) -> None:
    assert "opensanctions: 4 entries" in refreshed(house, ftm_file())
    told = json.loads(said(watchlists_app, "hits", "--json"))
    assert ("old-quuxian-2", "Old Quuxian 2") in {(hit["firm"], hit["listed"]) for hit in told}
    assert json.loads(said(screen_app, "Honest Bakers", "--json"))["hits"] == []


@pytest.mark.parametrize(
    ("good", "bad", "says"),
    [
        (un_file(9), un_file(2), "3 entries were read where 10 are held"),
        (un_file(9), un_file(0), "expected between"),
        (un_file(9), un_file(9)[:-30], "not XML"),
        (un_file(9), un_file(9).replace(b"ZORBLAX TRADING HOUSE", b""), "ENTITY 1: the name is empty"),
        (ftm_file(9), ftm_file(4), "4 entries were read where 9 are held"),
        (ftm_file(9), ftm_file(9)[:-5], "not JSON"),
        (ftm_file(9), ftm_file(9).replace(b'"properties": {', b'"properties": [{', 1), "not JSON"),
    ],
)
def test_a_list_that_halves_or_breaks_is_refused_and_the_one_held_stays(house: Path, good, bad, says) -> None:
    refreshed(house, good)
    before = json.loads(said(watchlists_app, "list", "--json"))["held"]
    assert says in refreshed(house, bad, code=2)
    assert json.loads(said(watchlists_app, "list", "--json"))["held"] == before


# --- The seed firms, each hit read by a person --------------------------------------------------------------


def test_every_hit_of_the_seed_firms_was_read(knowledge) -> None:
    """Each was read in November 2026 against the entry's kind, countries and programme (tests/app/hits_read.csv).

    A hit that is new, or gone, must be read again. The readings release nothing: that takes two persons in the queue.
    """
    with (Path(__file__).parent / "hits_read.csv").open(encoding="utf-8") as file:
        read = {(row["firm"], row["given"], row["entry"]): row for row in csv.DictReader(file)}
    firms = read_seed_firms(SEEDS / "firms", knowledge.taxonomy)
    owners = {one.name: watchlists.owner_of(one) for one in firms.values()}
    subjects = [list(watchlists.names_of(one, owners)) for one in firms.values()]
    found = {
        (firm_id, hit.given, hit.entry.id)
        for firm_id, hits in zip(firms, screen_all(subjects, held(), limit=500), strict=True)
        for hit in hits
    }
    assert found == set(read)
    assert {row["reading"] for row in read.values()} == {"another party", "look first"}
    assert all(len(row["because"]) > 20 for row in read.values())


def test_the_firm_that_the_press_reports_carries_an_open_note_and_no_hit(knowledge) -> None:
    firm = read_seed_firms(SEEDS / "firms", knowledge.taxonomy)["lokesh-machines-limited"]
    (note,) = firm.reviewer_notes
    assert note.startswith("Open: reported by the press (2024, https://")
    assert any(source.url in note for source in firm.sources)
    assert list(screen_all([list(watchlists.names_of(firm))], held())) == [()]
