"""The database's manners: nothing half-written, readers and writers that wait instead of failing."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from app.db import open_engine, pending_migrations, transaction, upgrade
from app.errors import NotReady
from app.models import Association, ChangeCounter, Firm, MatchRun
from matching.profile import Capacity, Classification, Profile, Regime, Site, Source
from tests.factories import profile, readiness, statement

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def association(name: str = "some") -> Association:
    return Association(id=name, name=name)


def firm(made: Profile, **over) -> Firm:
    given = {"id": "x", "association_id": "some", "name": made.name, "country": made.country, "profile": made}
    return Firm(**given | {"changed_at": NOW} | over)


def names(sessions: sessionmaker[Session]) -> set[str]:
    with transaction(sessions) as session:
        return set(session.scalars(select(Association.id)))


# Transactions


def test_a_clean_exit_commits(sessions) -> None:
    with transaction(sessions) as session:
        session.add(association())
    assert names(sessions) == {"some"}


@pytest.mark.parametrize("fault", [ValueError, NotReady, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_any_exception_rolls_back_and_goes_on(sessions, fault: type[BaseException]) -> None:
    def write_and_fail() -> None:
        with transaction(sessions) as session:
            session.add(association())
            session.flush()
            raise fault("stop")

    with pytest.raises(fault):
        write_and_fail()
    assert names(sessions) == set()


def test_a_transaction_rolled_back_from_outside_keeps_nothing(engine: Engine, sessions) -> None:
    """Without BEGIN events the driver would commit the inner work by itself."""
    with engine.connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            session.add(association())
            session.commit()
        outer.rollback()
    assert names(sessions) == set()


def test_objects_stay_readable_after_the_commit(sessions) -> None:
    with transaction(sessions) as session:
        made = association("kept")
        session.add(made)
    assert made.name == "kept"


# SQLite manners


def test_foreign_keys_are_enforced(sessions) -> None:
    with pytest.raises(IntegrityError, match="FOREIGN KEY"), transaction(sessions) as session:
        session.add(firm(profile(), association_id="nobody"))


@pytest.mark.parametrize(("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("busy_timeout", 30_000)])
def test_every_connection_has_its_manners(engine: Engine, pragma: str, value) -> None:
    with engine.connect() as connection:
        assert connection.execute(text(f"PRAGMA {pragma}")).scalar() == value


def test_two_who_read_and_then_write_take_turns_and_lose_nothing(sessions) -> None:
    """With a plain BEGIN the second would fail at once: its snapshot is stale when it comes to write."""
    with transaction(sessions) as session:
        session.add(ChangeCounter(id=1, number=0))
    first_has_read = threading.Event()
    faults: list[Exception] = []

    def raise_number(*, first: bool) -> None:
        try:
            if not first:
                first_has_read.wait(5)
            with transaction(sessions) as session:
                counter = session.get_one(ChangeCounter, 1)
                first_has_read.set()
                time.sleep(0.1)
                counter.number += 1
        except Exception as fault:  # noqa: BLE001
            faults.append(fault)

    writers = [threading.Thread(target=raise_number, kwargs={"first": first}) for first in (True, False)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert faults == []
    with transaction(sessions) as session:
        assert session.get_one(ChangeCounter, 1).number == 2


def test_a_reader_does_not_wait_for_a_writer(sessions) -> None:
    with transaction(sessions) as writer:
        writer.add(association())
        writer.flush()
        started = time.monotonic()
        with transaction(sessions, readonly=True) as reader:
            assert reader.scalar(select(func.count()).select_from(Association)) == 0
        assert time.monotonic() - started < 1
    assert names(sessions) == {"some"}


def test_the_folder_of_the_database_is_made(tmp_path) -> None:
    url = f"sqlite:///{tmp_path / 'new' / 'deep' / 't.sqlite3'}"
    upgrade(url)
    assert not pending_migrations(url)


def test_a_folder_that_cannot_be_made_is_told_with_the_setting(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotReady, match="cannot be made") as told:
        open_engine(f"sqlite:///{tmp_path / 'file' / 't.sqlite3'}")
    assert "TRIVENI_DATABASE_URL" in (told.value.hint or "")


# Stored shapes


def test_a_stored_profile_comes_back_whole(sessions) -> None:
    made = profile(
        "Laflamme Aéro Inc.",
        aliases=("Laflamme",),
        lat=46.5,
        statements=(
            statement(
                readiness=readiness(4, 5),
                arms=False,
                classifications=(Classification(regime=Regime.ECL, entry="2-10.c", standing="suggested"),),
                capacities=(Capacity(what="airframes", quantity=12.5, unit="piece", per="month"),),
            ),
            statement("Cherche un partenaire « industriel »", "seeks"),
        ),
        sites=(Site(name="Usine", kind="plant", longest_hull_m=20.5),),
        sources=(Source(url="https://example.org", dated="2026"),),
        confidence="partly",
    )
    with transaction(sessions) as session:
        session.add_all([association(), firm(made)])
    with transaction(sessions) as session:
        held = session.get_one(Firm, "x").profile
    assert held == made
    assert held.model_dump_json() == made.model_dump_json()


def test_a_stored_document_that_no_longer_fits_raises_instead_of_half_reading(sessions) -> None:
    with transaction(sessions) as session:
        session.add_all([association(), firm(profile())])
        session.flush()
        session.execute(text("UPDATE firm SET profile = json_set(profile, '$.turnover', 1)"))
    with pytest.raises(ValidationError, match="turnover"), transaction(sessions) as session:
        session.get(Firm, "x")


def test_a_stored_time_keeps_its_moment_and_says_its_zone(sessions) -> None:
    ist = timezone(timedelta(hours=5, minutes=30))
    asked = datetime(2026, 11, 24, 15, 0, tzinfo=ist)
    with transaction(sessions) as session:
        session.add(MatchRun(id="r", asked_at=asked, asked_by="me", ask={}, versions={}, answer={}))
    with transaction(sessions) as session:
        held = session.get_one(MatchRun, "r").asked_at
    assert held == asked
    assert held.utcoffset() == timedelta(0)


def test_a_change_number_has_one_row_only(sessions) -> None:
    with pytest.raises(IntegrityError, match="only_row"), transaction(sessions) as session:
        session.add(ChangeCounter(id=2, number=1))
