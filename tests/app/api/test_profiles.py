"""The life of a record through the doors: conditional edits, acts, consents, withdrawal, erasure, changes, POD."""

from __future__ import annotations

import random
import threading
from collections import Counter

import pytest
from sqlalchemy import select

from app import audit
from app.accounts import Post
from app.db import transaction
from app.models import Association, Firm, FirmRevision
from app.permissions import Role

FIRM = "arctic-optics-ltd"
PATH = f"/api/v1/firms/{FIRM}"


@pytest.fixture
def officers(world):
    """A client of the association that answers for the firm, one of another, and a trade officer's."""
    with transaction(world.sessions) as session:
        session.add_all([Association(id="alpha", name="Alpha"), Association(id="beta", name="Beta")])
        session.flush()
        session.get(Firm, FIRM).association_id = "alpha"
    own, other = (
        world.client(key=world.key(f"officer@{name}", post=Post(Role.ASSOCIATION_OFFICER, name)))
        for name in ("alpha", "beta")
    )
    return own, other, world.client()


def edited(client, **over):
    read = client.get(PATH)
    return read.json()["profile"] | over, {"If-Match": read.headers["etag"]}


def test_an_edit_needs_the_tag_of_what_was_read(officers) -> None:
    own, _, _ = officers
    body, condition = edited(own, city="Halifax")
    assert own.put(PATH, json=body).status_code == 428
    assert own.put(PATH, json=body, headers={"If-Match": '"another"'}).status_code == 412
    done = own.put(PATH, json=body, headers=condition)
    assert (done.status_code, done.json()["profile"]["city"], done.json()["revision"]) == (200, "Halifax", 2)
    assert own.put(PATH, json=body | {"city": "Sydney"}, headers=condition).status_code == 412
    assert done.headers["etag"] == own.get(PATH).headers["etag"]
    assert own.get(PATH).json()["profile"]["city"] == "Halifax"


def test_a_reader_who_has_it_already_is_told_so(officers) -> None:
    own, _, reader = officers
    tag = reader.get(PATH).headers["etag"]
    again = reader.get(PATH, headers={"If-None-Match": f'"x", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    body, condition = edited(own, city="Halifax")
    own.put(PATH, json=body, headers=condition)
    assert reader.get(PATH, headers={"If-None-Match": tag}).status_code == 200


def test_who_does_not_answer_for_a_firm_does_not_change_it(officers) -> None:
    own, other, reader = officers
    body, condition = edited(own, city="Halifax")
    for client, status in ((other, 404), (reader, 403)):
        assert client.put(PATH, json=body, headers=condition).status_code == status
        assert client.delete(PATH).status_code == status
        assert client.post(f"{PATH}/acts", json={"act": "withdraw"}).status_code == status
        assert client.post(f"{PATH}/withdrawals", json={}).status_code == status
        assert client.get(f"{PATH}/consents").status_code == status
    assert own.get(PATH).json()["revision"] == 1


def test_an_administrator_does_not_replace_what_they_do_not_see(world, officers) -> None:
    own, _, _ = officers
    body, condition = edited(own, export_notes="Delivered to a navy that wants no name")
    own.put(PATH, json=body, headers=condition)
    admin = world.client(key=world.key("Administrator", post=Post(Role.ADMINISTRATOR)))
    body, condition = edited(admin, city="Halifax")
    assert body["export_notes"] is None
    refused = admin.put(PATH, json=body, headers=condition)
    assert (refused.status_code, "would be lost" in refused.json()["detail"]) == (403, True)
    assert own.get(PATH).json()["profile"]["export_notes"].startswith("Delivered")


@pytest.mark.parametrize("over", [{"sectors": ["no.such"]}, {"statements": []}, {"color": "red"}, {"founded": 12}])
def test_an_edit_that_makes_no_sense_is_422(officers, over) -> None:
    own, _, _ = officers
    body, condition = edited(own, **over)
    assert own.put(PATH, json=body, headers=condition).status_code == 422


def test_another_firms_name_of_another_country_is_a_conflict(officers) -> None:
    own, _, _ = officers
    body, condition = edited(own, country="IND")
    assert own.put(PATH, json=body, headers=condition).status_code == 409


@pytest.mark.slow
def test_eight_writers_lose_no_update_and_every_stale_write_is_412(world, officers) -> None:
    """Each writer raises a counter in the record two hundred times; what was acknowledged is all there, once."""
    own, _, _ = officers
    body, condition = edited(own, founded=1_700)
    own.put(PATH, json=body, headers=condition)
    seen: Counter[int] = Counter()

    def write(who: int) -> None:
        rng = random.Random(who)
        for _ in range(200):
            body, condition = edited(own)
            if rng.random() < 0.1:
                condition = {"If-Match": '"0123456789abcdef0123456789abcdef"'}  # certainly stale
            # one step to and fro, so that the field's bounds hold, and a mark that each writer adds to
            body["founded"] = 1_700 + (body["founded"] - 1_700 + 1) % 300
            body["city"] = str(int(body["city"] or 0) + 1)
            status = own.put(PATH, json=body, headers=condition).status_code
            if condition["If-Match"].startswith('"0123'):
                assert status == 412
            seen[status] += 1

    writers = [threading.Thread(target=write, args=(who,)) for who in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert set(seen) == {200, 412}
    assert seen.total() == 1_600
    assert own.get(PATH).json()["profile"]["city"] == str(seen[200]), "every acknowledged edit counted once"
    with transaction(world.sessions) as session:
        revisions = session.scalars(select(FirmRevision.revision).where(FirmRevision.firm_id == FIRM)).all()
        assert sorted(revisions) == list(range(1, seen[200] + 3))
        assert audit.verify(session)[1] is None


# --- Life -------------------------------------------------------------------------------------------


def agree(client, purpose: str, field_class: str = "public", **headers):
    body = {
        "field_class": field_class,
        "purpose": purpose,
        "given_by": "Export desk",
        "given_at": "2026-01-05T00:00:00Z",
    }
    return client.post(f"{PATH}/consents", json=body, headers=headers)


def test_a_firm_is_withdrawn_and_published_again_on_consent(officers) -> None:
    own, _, reader = officers
    done = own.post(f"{PATH}/withdrawals", json={"field_class": "public"})
    assert (done.status_code, done.json()["state"]) == (201, "archived")
    assert reader.get(PATH).status_code == 404
    assert own.get(PATH).json()["state"] == "archived"
    for act in ("reopen", "submit"):
        assert own.post(f"{PATH}/acts", json={"act": act}).status_code == 201
    refused = own.post(f"{PATH}/acts", json={"act": "publish"})
    assert (refused.status_code, len(refused.json()["missing"])) == (409, 2)
    assert [agree(own, purpose).status_code for purpose in ("publication", "matching")] == [201, 201]
    assert agree(own, "matching").status_code == 409
    assert own.post(f"{PATH}/acts", json={"act": "publish"}).json()["state"] == "published"
    assert len(own.get(f"{PATH}/consents").json()) == 2
    assert reader.get(PATH).status_code == 200
    assert own.get("/api/v1/confirmations").json() == []


def test_an_act_sent_twice_with_one_key_is_done_once(officers) -> None:
    own, _, _ = officers
    headers = {"Idempotency-Key": "once"}
    answers = [own.post(f"{PATH}/withdrawals", json={}, headers=headers) for _ in range(2)]
    assert [a.status_code for a in answers] == [201, 201]
    assert answers[0].content == answers[1].content
    assert own.post(f"{PATH}/withdrawals", json={}).status_code == 409


def test_restricted_fields_alone_are_withdrawn(officers) -> None:
    own, _, reader = officers
    body, condition = edited(own, export_notes="To a navy", contacts=[{"email": "desk@arctic.example"}])
    own.put(PATH, json=body, headers=condition)
    done = own.post(f"{PATH}/withdrawals", json={"field_class": "restricted"}).json()
    assert done["state"] == "published"
    assert "profile" not in done, "who may move a record may not therefore read it"
    left = own.get(PATH).json()["profile"]
    assert (left["export_notes"], left["contacts"] != []) == (None, True)
    own.post(f"{PATH}/withdrawals", json={"field_class": "personal"})
    assert own.get(PATH).json()["profile"]["contacts"] == []
    assert reader.get(PATH).status_code == 200


def test_what_is_used_must_be_agreed_to(officers) -> None:
    own, _, _ = officers
    body, condition = edited(own, export_notes="To a navy")
    own.put(PATH, json=body, headers=condition)
    for act in ("withdraw", "reopen", "submit"):
        own.post(f"{PATH}/acts", json={"act": act})
    for purpose in ("publication", "matching"):
        agree(own, purpose)
    refused = own.post(f"{PATH}/acts", json={"act": "publish"})
    assert refused.json()["missing"] == [{"field_class": "restricted", "purpose": "disclosure"}]
    agree(own, "disclosure", "restricted")
    assert own.post(f"{PATH}/acts", json={"act": "publish"}).status_code == 201


def test_a_firm_is_erased(officers) -> None:
    own, _, reader = officers
    done = own.delete(PATH)
    assert (done.status_code, done.json()["reference"]) == (200, audit.reference("firm", FIRM))
    assert own.get(PATH).status_code == reader.get(PATH).status_code == own.delete(PATH).status_code == 404


# --- Systems that keep a copy -----------------------------------------------------------------------


def follow(client, since: str = "", limit: int = 3) -> tuple[list[dict], str]:
    found = []
    while True:
        page = client.get("/api/v1/changes", params={"since": since, "limit": limit}).json()
        found += page["changes"]
        since = page["next"]
        if not page["more"]:
            return found, since


def test_a_copy_is_kept_by_following_the_changes(officers) -> None:
    own, _, reader = officers
    found, since = follow(reader)
    assert sorted(one["firm"] for one in found) == sorted(f["id"] for f in reader.get("/api/v1/firms").json()["firms"])
    assert follow(reader, since) == ([], since)
    body, condition = edited(own, city="Halifax")
    own.put(PATH, json=body, headers=condition)
    found, since = follow(reader, since)
    assert [(one["firm"], one["gone"], one["profile"]["city"]) for one in found] == [(FIRM, False, "Halifax")]
    own.post(f"{PATH}/withdrawals", json={})
    found, since = follow(reader, since)
    assert [(one["firm"], one["gone"], one["profile"]) for one in found] == [(FIRM, True, None)]
    own.delete(PATH)
    found, since = follow(reader, since)
    assert [(one["firm"], one["reference"]) for one in found] == [(None, audit.reference("firm", FIRM))]
    assert follow(reader, since) == ([], since)
    assert FIRM not in {one["firm"] for one in follow(reader)[0]}


def test_restricted_edits_and_drafts_move_nothing_that_others_read(world, officers) -> None:
    own, other, reader = officers
    body, condition = edited(own, city="Halifax")
    own.put(PATH, json=body, headers=condition)
    before = [client.get("/api/v1/changes?limit=500").content for client in (other, reader)]
    tag = reader.get(PATH).headers["etag"]
    _, since = follow(reader)
    for number in range(20):
        body, condition = edited(own, export_notes=f"Delivered {number}")
        assert own.put(PATH, json=body, headers=condition).status_code == 200
    assert [client.get("/api/v1/changes?limit=500").content for client in (other, reader)] == before
    assert reader.get(PATH).headers["etag"] == tag
    assert follow(reader, since) == ([], since)
    assert [one["firm"] for one in follow(own, since)[0]] == [FIRM], "its own association sees it"


@pytest.mark.parametrize("token", ["x", "AAAA", "é", "-" * 32, "7"])
def test_a_token_that_was_not_given_out_is_422(officers, token: str) -> None:
    _, _, reader = officers
    assert reader.get("/api/v1/changes", params={"since": token}).status_code == 422


def test_runs_are_listed_page_by_page_to_their_asker(officers) -> None:
    _, other, reader = officers
    made = [reader.post("/api/v1/matches", json={"firm": "Kraken", "limit": 1}).json()["run"]["id"] for _ in range(5)]
    seen, after = [], ""
    while after is not None:
        page = reader.get("/api/v1/matches", params={"after": after, "limit": 2}).json()
        seen += [run["id"] for run in page["runs"]]
        after = page["next_after"]
    assert sorted(seen) == sorted(made)
    assert other.get("/api/v1/matches").status_code == 403
    assert reader.get("/api/v1/matches", params={"after": "none"}).status_code == 404


def test_a_profile_goes_to_the_network_with_what_stands_against_it(officers) -> None:
    _, _, reader = officers
    answer = reader.post(f"{PATH}/pod", json={"type": "TO", "targets": ["CAN"]}).json()
    assert answer["eligible"] is False
    assert {"weapons", "size", "own country", "partnership", "rights"} <= {o["rule"] for o in answer["obstacles"]}
    assert reader.post(f"{PATH}/pod", json={"type": "XX"}).status_code == 422


# --- Audit ------------------------------------------------------------------------------------------


def test_the_log_is_read_and_verified_by_those_who_may(world, officers) -> None:
    _, _, reader = officers
    assert reader.get("/api/v1/audit/events").status_code == 403
    assert reader.get("/api/v1/audit/verification").status_code == 403
    client = world.client(key=world.key("Reviewer", post=Post(Role.COMPLIANCE_REVIEWER)))
    seen, after = [], 0
    while after is not None:
        page = client.get("/api/v1/audit/events", params={"after": after, "limit": 4}).json()
        seen += [event["seq"] for event in page["events"]]
        after = page["next_after"]
    assert seen == list(range(1, len(seen) + 1))
    of_firm = client.get("/api/v1/audit/events", params={"subject": f"firm:{FIRM}"}).json()["events"]
    assert [event["action"] for event in of_firm] == ["firm.registered"]
    told = client.get("/api/v1/audit/verification").json()
    assert (told["holds"], told["fault"], told["head"]["seq"]) == (True, None, len(seen))
    anchor = f"{len(seen) + 1}:{'1' * 64}"
    assert client.get("/api/v1/audit/verification", params={"anchor": anchor}).json()["fault"]["wrong"] == "truncated"
    assert client.get("/api/v1/audit/verification", params={"anchor": "x:y"}).status_code == 422
