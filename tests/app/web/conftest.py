"""Browsers without a browser: clients that have signed in, over the small world."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient

from app import access, accounts
from app.accounts import Post
from app.db import transaction
from app.main import create_app
from app.permissions import Role
from tests.app.world import World

PASSWORD = "correct horse battery staple"

Visitor = Callable[..., TestClient]


@pytest.fixture
def visitor(world: World) -> Visitor:
    """Makes a client of the pages: signed in with a role, or nobody in particular."""
    app = create_app(world.settings, knowledge=world.knowledge, sessions=world.sessions)

    def visit(role: Role | None = Role.TRADE_OFFICER) -> TestClient:
        client = TestClient(app, base_url="https://testserver", follow_redirects=True)
        if role is not None:
            name = f"{role.value}@pages.example"
            with transaction(world.sessions) as session:
                if all(account.name != name for account in accounts.accounts(session, access.CONSOLE)):
                    association = None
                    if role is Role.ASSOCIATION_OFFICER:
                        association = accounts.add_association(session, access.CONSOLE, "Pages", datetime.now(UTC)).id
                    accounts.create(
                        session, access.CONSOLE, name, Post(role, association), datetime.now(UTC),
                        password=PASSWORD, with_code=False,
                    )  # fmt: skip
            signed_in = client.post("/en/sign-in", data={"name": name, "password": PASSWORD})
            assert signed_in.status_code == 200, signed_in.text
        return client

    return visit
