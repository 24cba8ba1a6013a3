"""The JSON doors of submissions: a file as the body, its acceptance, the workbooks."""

from __future__ import annotations

import io

import openpyxl
import pytest
from fastapi.testclient import TestClient

from app import access, accounts, keys
from app.accounts import Post
from app.db import transaction
from app.permissions import Role
from tests.app import messy
from tests.app.world import NOW, World


@pytest.fixture
def officer(world: World) -> TestClient:
    """A client with the key of an officer of Alpha."""
    from datetime import UTC, datetime

    now = datetime.now(UTC)
    with transaction(world.sessions) as session:
        accounts.add_association(session, access.CONSOLE, "Alpha", NOW)
        accounts.add(session, access.CONSOLE, "officer", Post(Role.ASSOCIATION_OFFICER, "alpha"), now)
        key = keys.create_key(session, "officer", now)
    return world.client(key=key)


def send(client: TestClient, content: bytes, **query: str):
    return client.post(
        "/api/v1/submissions", params={"association": "alpha", "file_name": "members.xlsx"} | query, content=content
    )


def test_a_file_is_checked_accepted_and_read_as_firms(officer: TestClient) -> None:
    checked = send(officer, messy.french_headers())
    assert checked.status_code == 201
    body = checked.json()
    assert (body["rows"], body["ready"], body["submission"]["state"]) == (3, 3, "checked")
    assert officer.get("/api/v1/firms/optique-boreale-inc-alpha").status_code == 404
    path = f"/api/v1/submissions/{body['submission']['id']}"
    done = officer.post(f"{path}/acceptance", json={"publish": True})
    assert (done.status_code, done.json()["submission"]["state"]) == (200, "accepted")
    assert officer.get("/api/v1/firms/optique-boreale-inc-alpha").json()["state"] == "published"
    assert [line["state"] for line in officer.get("/api/v1/submissions?association=alpha").json()] == ["accepted"]


def test_what_is_no_spreadsheet_is_a_problem_document(officer: TestClient) -> None:
    refused = send(officer, messy.picture_renamed())
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    assert "PNG picture" in refused.json()["detail"]
    assert send(officer, messy.zip_bomb()).status_code == 413
    assert send(officer, bytes(10_000_001)).status_code == 413


def test_the_form_and_the_returned_rows_are_workbooks(officer: TestClient) -> None:
    body = send(officer, messy.trl_as_people_write_it()).json()
    returned = officer.get(f"/api/v1/submissions/{body['submission']['id']}/returned")
    form = officer.get("/api/v1/submissions-form")
    for answer in (returned, form):
        assert answer.headers["content-type"].endswith("spreadsheetml.sheet")
    assert openpyxl.load_workbook(io.BytesIO(returned.content)).worksheets[0].max_row == 3
    assert send(officer, form.content).json()["rows"] == 0


def test_a_saved_mapping_is_used_for_the_next_file(officer: TestClient) -> None:
    mapping = {"columns": {"Zorp": "name", "Blarg": "offers"}, "defaults": {"country": "CAN"}}
    assert officer.put("/api/v1/associations/alpha/mapping", json=mapping).status_code == 200
    assert officer.get("/api/v1/associations/alpha/mapping").json() == mapping
    assert send(officer, b"Zorp,Blarg\nAurora,Cameras\n").json()["ready"] == 1
    assert officer.put("/api/v1/associations/alpha/mapping", json={"columns": {"Zorp": "shoe"}}).status_code == 422
