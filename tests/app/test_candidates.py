"""Vectors in the database, the index as a cache: embedded once, checked, and never of another encoder."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import func, select

from app import access
from app.candidates import (
    EMBED_AT_ONCE,
    CandidateCache,
    DamagedVector,
    current_change,
    gather,
    stored_vectors,
    waiting_texts,
)
from app.db import transaction
from app.errors import NotReady
from app.firms import read_seed_firms, seed
from app.library import library
from app.models import Firm, FirmRevision, StatementVector
from matching.encoder import text_key
from tests.app.world import NOW, SMALL_FIRMS, CountingEncoder, World
from tests.factories import SEEDS, HashEncoder, profile, statement


def gathered(world: World, at: int | None = None):
    with transaction(world.sessions, readonly=True) as session:
        return gather(session, access.CONSOLE, world.knowledge, at)


def damage(world: World, how: str) -> int:
    with transaction(world.sessions) as session:
        row = session.scalars(select(StatementVector).order_by(StatementVector.id)).first()
        assert row is not None
        if how == "a bit flipped":
            row.vector = bytes([row.vector[0] ^ 1]) + row.vector[1:]
        elif how == "cut short":
            row.vector = row.vector[:-4]
        else:
            row.vector_sha256 = "0" * 64
        return row.id


# Embedding


def test_every_statement_and_every_demand_is_embedded_once(empty) -> None:
    encoder = CountingEncoder()
    counted = empty.knowing(encoder=encoder)
    counted.seed(*SMALL_FIRMS)
    done = counted.embed()
    texts = [s.text for p in SMALL_FIRMS for s in p.statements] + [d.text for _, d in empty.knowledge.demands.values()]
    texts += library(empty.knowledge).texts
    assert sorted(encoder.given) == sorted(set(texts))
    assert done == len(encoder.given)


def test_a_second_embedding_embeds_nothing(world) -> None:
    encoder = CountingEncoder()
    assert world.knowing(encoder=encoder).embed() == 0
    assert encoder.given == []


def test_a_text_that_two_firms_share_has_one_vector(empty) -> None:
    same = statement("The very same words")
    empty.seed(profile("One", statements=(same,)), profile("Two", "IND", statements=(same,)))
    empty.embed()
    with empty.sessions() as session:
        held = session.scalars(
            select(StatementVector).where(StatementVector.text_sha256 == text_key("The very same words"))
        ).all()
    assert len(held) == 1


def test_only_the_changed_statement_waits_after_a_revision(world) -> None:
    first = SMALL_FIRMS[0]
    world.revise(first.model_copy(update={"statements": (*first.statements, statement("Autonomous gliders"))}))
    with world.sessions() as session:
        assert waiting_texts(session, world.knowledge) == ["Autonomous gliders"]


def test_an_interrupted_embedding_keeps_what_was_done_and_goes_on_from_there(empty, knowledge) -> None:
    real = World(empty.settings, empty.sessions, knowledge)
    with transaction(real.sessions) as session:
        seed(session, read_seed_firms(SEEDS / "firms", knowledge.taxonomy), NOW)
        texts = waiting_texts(session, knowledge)
    assert len(texts) > 3 * EMBED_AT_ONCE
    broken = CountingEncoder(breaks_off_at_text=2 * EMBED_AT_ONCE)
    with pytest.raises(KeyboardInterrupt):
        real.knowing(encoder=broken).embed()
    with real.sessions() as session:
        assert session.scalar(select(func.count()).select_from(StatementVector)) == 2 * EMBED_AT_ONCE
    rest = CountingEncoder()
    assert real.knowing(encoder=rest).embed() == len(texts) - 2 * EMBED_AT_ONCE
    assert broken.given[: 2 * EMBED_AT_ONCE] + rest.given == texts
    assert len(gathered(real).firms) == 210


def test_progress_is_announced_with_the_total_and_ends_there(empty) -> None:
    from app.candidates import embed_waiting

    empty.seed(*SMALL_FIRMS)
    told: list[int] = []
    embed_waiting(empty.sessions, empty.knowledge, lambda total: told.append(-total) or told.append)
    assert told[0] < 0
    assert sum(told) == 0


def test_a_stored_vector_is_that_of_the_encoder_bit_for_bit(world) -> None:
    text = SMALL_FIRMS[0].statements[0].text
    with world.sessions() as session:
        _, vector = stored_vectors(session, world.knowledge.encoder)[text_key(text)]
    assert np.array_equal(vector, HashEncoder().encode([text])[0])


# Not ready


def test_without_firms_the_commands_that_bring_them_are_named(empty) -> None:
    with pytest.raises(NotReady, match="no firms are on file yet") as told:
        gathered(empty)
    assert (told.value.hint or "").count("triveni") == 2


def test_firms_that_are_not_embedded_are_counted_and_the_command_is_named(empty) -> None:
    empty.seed(*SMALL_FIRMS)
    with pytest.raises(NotReady, match=r"^10 statements have no vector of encoder hash@1 yet$") as told:
        gathered(empty)
    assert "triveni embed" in (told.value.hint or "")


def test_vectors_of_another_encoder_are_not_used(world) -> None:
    other = CountingEncoder()
    other.id = "another@2"
    with pytest.raises(NotReady, match="encoder another@2"):
        gathered(world.knowing(encoder=other))


def test_vectors_of_two_encoders_stand_side_by_side_and_do_not_mix(world) -> None:
    other = CountingEncoder()
    other.id = "another@2"
    changed = world.knowing(encoder=other)
    assert changed.embed() > 0
    ours, theirs = gathered(world).vectors, gathered(changed).vectors
    assert {row for row, _ in ours.values()} & {row for row, _ in theirs.values()} == set()
    assert ours.keys() == theirs.keys()


# Damage


@pytest.mark.parametrize("how", ["a bit flipped", "cut short", "checksum lost"])
def test_a_damaged_vector_is_refused_with_its_hint_and_embed_mends_it(world, how: str) -> None:
    before = world.ask(firm="Kraken")["matches"]
    row = damage(world, how)
    with pytest.raises(DamagedVector, match=f"vector {row} is damaged") as told:
        gathered(world)
    assert told.value.status == 503
    assert "triveni embed" in (told.value.hint or "")
    assert world.embed() == 1
    assert world.knowing().ask(firm="Kraken")["matches"] == before


def test_damage_to_another_encoders_vector_stops_nobody(world) -> None:
    with transaction(world.sessions) as session:
        session.add(StatementVector(text_sha256="0" * 64, encoder="another@2", vector=b"??", vector_sha256="no"))
    assert len(gathered(world).firms) == 8


# The cache


def current(world: World, cache: CandidateCache):
    with transaction(world.sessions, readonly=True) as session:
        return cache.current(session, access.CONSOLE, world.knowledge)


def test_the_candidates_are_kept_while_nothing_changes(world) -> None:
    cache = CandidateCache()
    assert current(world, cache) is current(world, cache)


def test_a_revision_is_seen_by_the_next_ask(world) -> None:
    cache = CandidateCache()
    before = current(world, cache)
    world.seed(SMALL_FIRMS[0].model_copy(update={"city": "Elsewhere"}))
    after = current(world, cache)
    assert after.change == before.change + 1
    assert next(f for f in after.firms if f.id == "kraken-robotics-inc").profile.city == "Elsewhere"


def test_firms_seeded_before_and_embedded_after_the_first_ask_are_seen(empty) -> None:
    empty.seed(*SMALL_FIRMS)
    with pytest.raises(NotReady):
        current(empty, empty.cache)
    empty.embed()
    assert len(current(empty, empty.cache).firms) == 8


def test_the_firms_can_be_gathered_as_they_stood(world) -> None:
    with world.sessions() as session:
        before = current_change(session)
    world.seed(SMALL_FIRMS[0].model_copy(update={"city": "Elsewhere"}), profile("New One", statements=(statement(),)))
    world.embed()
    then, now = gathered(world, at=before), gathered(world)
    assert len(now.firms) == len(then.firms) + 1
    cities = [next(f.profile.city for f in c.firms if f.id == "kraken-robotics-inc") for c in (then, now)]
    assert cities == [None, "Elsewhere"]


def test_a_withdrawn_firm_is_no_candidate(world) -> None:
    with transaction(world.sessions) as session:
        session.get_one(Firm, "arctic-radio-ltd").state = "withdrawn"
    assert "arctic-radio-ltd" not in {firm.id for firm in gathered(world).firms}


def test_a_firm_that_was_withdrawn_at_the_time_was_no_candidate_then(world) -> None:
    first = SMALL_FIRMS[0]
    with transaction(world.sessions) as session:
        for revision, state in ((2, "withdrawn"), (3, "published")):
            session.add(
                FirmRevision(
                    firm_id="kraken-robotics-inc",
                    revision=revision,
                    state=state,
                    profile=first,
                    change=revision,
                    recorded_at=NOW,
                )
            )
    there = ["kraken-robotics-inc" in {firm.id for firm in gathered(world, at=change).firms} for change in (1, 2, 3)]
    assert there == [True, False, True]


def test_the_pool_of_a_country_is_made_once(world) -> None:
    candidates = gathered(world)
    one, two = (candidates.pool("IND", world.knowledge.taxonomy, infer_needs=True) for _ in range(2))
    assert one is two
    assert {firm.profile.country for firm in one.firms} == {"IND"}


def test_a_newcomer_that_waits_to_be_embedded_stops_nobody_elses_ask(world) -> None:
    newcomer = profile("Newcomer Radar Ltd.", statements=(statement("Passive radar never seen before"),))
    world.revise(newcomer)
    with transaction(world.sessions) as session:
        held = gather(session, access.CONSOLE, world.knowledge)
    assert "newcomer-radar-ltd" not in {firm.id for firm in held.firms}
    assert len(held.firms) == 8
    world.embed()
    with transaction(world.sessions) as session:
        assert "newcomer-radar-ltd" in {firm.id for firm in gather(session, access.CONSOLE, world.knowledge).firms}
