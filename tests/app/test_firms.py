"""Firms on file: seeded all or nothing, revised when they change, found under any of their names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app import access, firms
from app.candidates import current_change
from app.db import transaction
from app.errors import Invalid, NotFound
from app.knowledge import SeedError
from app.models import Firm, FirmRevision
from matching.profile import Profile
from tests.app.world import NOW, SMALL_FIRMS, World
from tests.factories import SEEDS, profile, statement, taxonomy


def changed(made: Profile, **over) -> Profile:
    return made.model_copy(update=over)


def count(world: World, table: type = Firm) -> int:
    with world.sessions() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def line(**over) -> str:
    given = {"name": "Northern Sonar Inc.", "country": "CAN", "statements": [{"side": "offers", "text": "Sonar"}]}
    return json.dumps(given | over, ensure_ascii=False)


def seed_file(folder: Path, *lines: str) -> Path:
    (folder / "canada.jsonl").write_text("".join(f"{text}\n" for text in lines), encoding="utf-8")
    return folder


def find(world: World, name: str) -> str:
    with transaction(world.sessions, readonly=True) as session:
        return firms.find_firm(session, access.CONSOLE, name).id


# Seeding


def test_the_first_seeding_makes_every_firm_with_its_first_revision(empty) -> None:
    assert empty.seed(*SMALL_FIRMS) == firms.Seeded(new=8, changed=0, unchanged=0)
    assert (count(empty), count(empty, FirmRevision)) == (8, 8)


def test_a_second_seeding_changes_nothing(world) -> None:
    with world.sessions() as session:
        before = current_change(session)
    assert world.seed(*SMALL_FIRMS) == firms.Seeded(new=0, changed=0, unchanged=8)
    with world.sessions() as session:
        assert current_change(session) == before
    assert count(world, FirmRevision) == 8


def test_a_changed_profile_makes_a_revision_and_keeps_the_old_one(world) -> None:
    old = SMALL_FIRMS[0]
    new = changed(old, city="Mount Pearl")
    assert world.seed(new, *SMALL_FIRMS[1:]) == firms.Seeded(new=0, changed=1, unchanged=7)
    with world.sessions() as session:
        firm = session.get_one(Firm, "kraken-robotics-inc")
        rows = session.scalars(
            select(FirmRevision).where(FirmRevision.firm_id == firm.id).order_by(FirmRevision.revision)
        ).all()
        assert (firm.revision, firm.profile) == (2, new)
        assert [(row.revision, row.profile) for row in rows] == [(1, old), (2, new)]
        assert rows[0].change < rows[1].change


def test_every_seeding_that_changes_something_has_its_own_change_number(empty) -> None:
    numbers = []
    for step in range(3):
        empty.seed(changed(SMALL_FIRMS[0], city=f"City {step}"))
        with empty.sessions() as session:
            numbers.append(current_change(session))
    assert numbers == [1, 2, 3]


def test_the_seed_firms_of_the_repository_are_read(knowledge) -> None:
    profiles = firms.read_seed_firms(SEEDS / "firms", knowledge.taxonomy)
    assert len(profiles) == 210
    assert {p.country for p in profiles.values()} == {"CAN", "IND"}


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (line(country="Canada"), "country"),
        (line(contry="CAN"), "contry"),
        (line(statements=[]), "statements"),
        (line(statements=[{"side": "ofers", "text": "x"}]), "statements.0.side"),
        (line(statements=[{"side": "offers", "text": "x", "readiness": {"trl_low": 12, "trl_high": 12}}]), "trl_low"),
        (line(sectors=["steam_engines"]), "steam_engines"),
        (line(statements=[{"side": "offers", "text": "x", "sectors": ["steam_engines"]}]), "steam_engines"),
        ('{"name": "cut short', "the line"),
        ("not JSON at all", "the line"),
    ],
)
def test_a_typo_is_told_with_file_line_and_field(tmp_path, bad: str, field: str) -> None:
    folder = seed_file(tmp_path, line(name="Good One"), "", bad)
    with pytest.raises(SeedError) as told:
        firms.read_seed_firms(folder, taxonomy())
    assert told.value.message.startswith(f"{folder / 'canada.jsonl'}, line 3: ")
    assert field in told.value.message


def test_a_typo_in_the_last_line_stores_nothing_of_the_first(empty, tmp_path) -> None:
    folder = seed_file(tmp_path, line(name="Good One"), line(country="Canada"))
    with pytest.raises(SeedError), transaction(empty.sessions) as session:
        firms.seed_all(session, empty.knowledge, folder, NOW)
    assert count(empty) == 0


def test_a_firm_twice_is_refused_also_when_accents_differ(tmp_path) -> None:
    folder = seed_file(tmp_path, line(name="Laflamme Aéro"), line(name="Laflamme Aero"))
    with pytest.raises(SeedError, match=r"line 2: 'Laflamme Aero' stands twice"):
        firms.read_seed_firms(folder, taxonomy())


def test_a_line_separator_within_a_text_does_not_end_the_line(tmp_path) -> None:
    folder = seed_file(tmp_path, line(statements=[{"side": "offers", "text": "Sonar\u2028and radar"}]))
    made = firms.read_seed_firms(folder, taxonomy())["northern-sonar-inc"]
    assert made.statements[0].text == "Sonar\u2028and radar"


def test_a_file_that_is_not_utf8_is_named(tmp_path) -> None:
    (tmp_path / "canada.jsonl").write_bytes(b'{"name": "\xe9"}')
    with pytest.raises(SeedError, match=r"canada\.jsonl: byte 10 is not UTF-8"):
        firms.read_seed_firms(tmp_path, taxonomy())


def test_a_folder_without_firm_files_is_named(tmp_path) -> None:
    with pytest.raises(SeedError, match=f"no firm files in {tmp_path}"):
        firms.read_seed_firms(tmp_path, taxonomy())


# Finding


@pytest.mark.parametrize(
    "name",
    [
        "kraken-robotics-inc",
        "Kraken Robotics Inc.",
        "KRAKEN ROBOTICS INC",
        "Kraken",
        "Kraken Robotics",
        "  kraken robotics  ",
    ],
)
def test_a_firm_is_found_by_id_name_alias_and_beginning_of_its_name(world, name: str) -> None:
    assert find(world, name) == "kraken-robotics-inc"


@pytest.mark.parametrize("name", ["Laflamme Aéro Inc.", "Laflamme Aero", "laflamme aéro", "LAFLAMME AÉRO INC."])
def test_accents_and_case_do_not_matter(world, name: str) -> None:
    assert find(world, name) == "laflamme-aero-inc"


def test_an_alias_wins_over_a_beginning(world) -> None:
    world.seed(*SMALL_FIRMS, profile("CSL Group", "IND", statements=(statement("Ships"),)))
    assert find(world, "CSL") == "cochin-shipyard-limited"


def test_a_beginning_ends_at_a_word(world) -> None:
    with pytest.raises(NotFound):
        find(world, "Laflam")


@pytest.mark.parametrize(
    ("wanted", "nearest"),
    [
        ("Kraken Robtics", "Kraken Robotics Inc."),
        ("Cochin Shipyrd", "Cochin Shipyard Limited"),
        ("CSLL", "Cochin Shipyard Limited"),
    ],
)
def test_an_unknown_firm_is_answered_with_near_names(world, wanted: str, nearest: str) -> None:
    with pytest.raises(NotFound, match=f"no firm '{wanted}' is on file") as told:
        find(world, wanted)
    assert told.value.details["near"][0] == nearest
    assert nearest in (told.value.hint or "")


def test_a_name_like_none_is_told_so(world) -> None:
    with pytest.raises(NotFound) as told:
        find(world, "qqqqqqqq")
    assert (told.value.details["near"], told.value.hint) == ([], "near names: none")


def test_a_beginning_that_several_firms_share_is_refused_with_their_ids(world) -> None:
    with pytest.raises(Invalid, match="2 firms answer to 'Bharat'") as told:
        find(world, "Bharat")
    assert "bharat-electronics-limited, bharat-forge-limited" in told.value.message


@pytest.mark.parametrize("name", ["", "   "])
def test_an_empty_name_is_refused(world, name: str) -> None:
    with pytest.raises(Invalid, match="name is empty"):
        find(world, name)


def test_a_name_in_another_script_meets_no_alias_by_accident(world) -> None:
    """Both reduce to an empty slug, which must not count as equal."""
    world.seed(*SMALL_FIRMS, profile("Some Yard", "IND", aliases=("कोचीन",), statements=(statement("Ships"),)))
    with pytest.raises(NotFound):
        find(world, "भारत")


def test_a_withdrawn_firm_is_neither_found_nor_offered(world) -> None:
    with transaction(world.sessions) as session:
        session.get_one(Firm, "kraken-robotics-inc").state = "withdrawn"
    with pytest.raises(NotFound) as told:
        find(world, "Kraken Robotics Inc.")
    assert "Kraken" not in (told.value.hint or "")


def test_pages_of_firms_together_hold_each_once_in_order(world) -> None:
    seen, after = [], ""
    with transaction(world.sessions, readonly=True) as session:
        while after is not None:
            page, after = firms.list_firms(session, access.CONSOLE, None, after, 3)
            seen += [firm.id for firm in page]
    assert seen == sorted(seen)
    assert len(seen) == 8


def test_a_list_may_be_of_one_country(world) -> None:
    with transaction(world.sessions, readonly=True) as session:
        page, after = firms.list_firms(session, access.CONSOLE, "IND", "", 50)
    assert ({firm.profile.country for firm in page}, len(page), after) == ({"IND"}, 4, None)
