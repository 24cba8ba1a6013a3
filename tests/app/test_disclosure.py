"""What a firm lets be known: every field has a class, and each reader gets what it says."""

from __future__ import annotations

import pytest

from app import disclosure
from app.disclosure import CLASSES, FieldClass, Reader
from matching.profile import Exposure, Profile, Statement
from tests.factories import profile, statement

CONTACT = {"name": "Asha Rao", "email": "asha@example.org"}
SAID = profile(
    provenance="firm",
    statements=(
        statement("Open", components=({"name": "A seeker of US origin", "us_origin": True},)),
        statement("Matched unread", release="matchable"),
        statement("Under grant", release="restricted"),
    ),
    export_markets=("PHL",),
    export_notes="Delivered to a navy",
    exposure={"itar_content": True, "us_content_pct": 30, "controlled_goods_registered": True, "notes": "n"},
    contacts=(CONTACT,),
    unchecked_fields=("city", "export_notes", "exposure.us_content_pct", "exposure"),
    reviewer_notes=("Ask about the owner",),
)


def texts(held: Profile) -> list[str]:
    return [s.text for s in held.statements]


def test_every_field_of_a_profile_and_of_its_exposure_has_a_class() -> None:
    """A new field is read by nobody else until it is given one: this fails first."""
    named = {name for name in Profile.model_fields if name != "exposure"}
    named |= {f"exposure.{name}" for name in Exposure.model_fields}
    assert {name for name in CLASSES if not name.startswith("statements.")} == named
    parts = {name.partition(".")[2] for name in CLASSES if name.startswith("statements.")}
    assert parts < set(Statement.model_fields)


def test_a_stranger_reads_what_is_public() -> None:
    read = disclosure.released(SAID, Reader.STRANGER)
    assert texts(read) == ["Open"]
    assert read.statements[0].components == ()
    assert (read.export_markets, read.export_notes, read.contacts, read.reviewer_notes) == ((), None, (), ())
    assert read.exposure == Exposure(controlled_goods_registered=True)
    assert read.unchecked_fields == ("city",)
    assert (read.name, read.country, read.sectors) == (SAID.name, SAID.country, SAID.sectors)


def test_a_grant_opens_what_is_restricted_and_nothing_personal() -> None:
    assert disclosure.released(SAID, Reader.GRANTED) == SAID.model_copy(
        update={"contacts": (), "unchecked_fields": SAID.unchecked_fields}
    )


def test_the_firms_association_reads_everything() -> None:
    assert disclosure.released(SAID, Reader.ANSWERING) == SAID


def test_what_is_matchable_is_weighed_unread_and_what_is_restricted_is_not() -> None:
    weighed = disclosure.weighed(SAID, Reader.STRANGER)
    assert [(s.text, s.release) for s in weighed.statements] == [("Open", "public"), ("Matched unread", "matchable")]
    assert weighed.export_markets == ("PHL",)
    assert disclosure.unread(SAID, Reader.STRANGER) == {"export_markets"}
    assert weighed.exposure == Exposure(controlled_goods_registered=True)


@pytest.mark.parametrize("reader", [Reader.GRANTED, Reader.ANSWERING])
def test_whoever_may_read_it_has_it_weighed_and_told(reader: Reader) -> None:
    weighed = disclosure.weighed(SAID, reader)
    assert [s.release for s in weighed.statements] == ["public"] * 3
    assert disclosure.unread(SAID, reader) == set()
    assert weighed.exposure == SAID.exposure


@pytest.mark.parametrize("reader", Reader)
def test_what_is_personal_is_never_weighed(reader: Reader) -> None:
    assert disclosure.weighed(SAID, reader).contacts == ()


def test_what_public_sources_say_is_public_but_marks_and_persons_are_kept() -> None:
    compiled = SAID.model_copy(update={"provenance": "public_sources"})
    read = disclosure.released(compiled, Reader.STRANGER)
    assert read.exposure == SAID.exposure
    assert read.export_markets == ("PHL",)
    assert (texts(read), read.contacts) == (["Open"], ())
    assert disclosure.unread(compiled, Reader.STRANGER) == set()


@pytest.mark.parametrize(
    ("over", "matters"),
    [
        ({}, False),
        ({"contacts": (CONTACT,)}, False),
        ({"export_markets": ("PHL",)}, True),
        ({"exposure": {"itar_content": True}}, True),
        ({"exposure": {"controlled_goods_registered": True}}, False),
        ({"statements": (statement(release="matchable"),)}, True),
        ({"statements": (statement(release="restricted"),)}, True),
    ],
)
def test_a_grant_matters_where_something_is_not_public(over, matters: bool) -> None:
    assert disclosure.grant_matters(profile(provenance="firm", **over)) is matters


def test_the_classes_are_the_four_of_the_house() -> None:
    assert [held.value for held in FieldClass] == ["public", "matchable", "restricted", "personal"]
