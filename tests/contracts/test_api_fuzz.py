"""The API holds to its own description under thousands of made-up requests, good and bad: schemathesis with its checks.

``positive_data_acceptance`` is the one that is left out: what fits the description may still make no sense (a firm that
nobody knows, a market that is not held), and is then told as a problem.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import Failure
from schemathesis.generation import GenerationMode

from app.accounts import Post
from app.main import create_app
from app.permissions import Role
from tests.app.conftest import little, small_url, world  # noqa: F401  (fixtures)

LEFT_OUT = "positive_data_acceptance"

GOOD, BAD = GenerationMode.POSITIVE, GenerationMode.NEGATIVE


def operations(world) -> Iterator[Any]:  # noqa: F811
    app = create_app(world.settings, knowledge=world.knowledge, sessions=world.sessions)
    for operation in schemathesis.openapi.from_asgi("/openapi.json", app).get_all_operations():
        yield operation.ok()


def known(world) -> dict[str, Any]:  # noqa: F811
    """Ids of what there is, so that requests get past the door."""
    run = world.ask(firm="Kraken", market="PHL")["run"]["id"]
    firm = "arctic-optics-ltd"
    return {"firm_id": firm, "name_or_id": firm, "run_id": run, "market": "PHL", "place": 1, "hook_id": 1}


def fuzz(operation, mode, given_ids: dict[str, Any], count: int, key: str, seen: Counter[str]) -> list[str]:
    """Send so many requests to one operation; what does not hold is returned, each complaint once."""
    complaints: dict[str, None] = {}
    names = {parameter.name for parameter in operation.path_parameters}
    ids = {name: value for name, value in given_ids.items() if name in names} or None

    @seed(7)
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode, path_parameters=ids))
    def send(case) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        response = case.call(headers=headers)
        seen[f"{response.status_code // 100}xx"] += 1
        try:
            case.validate_response(response, headers=headers, excluded_checks=CHECKS.get_by_names([LEFT_OUT]))
        except* Failure as problems:
            for problem in problems.exceptions:
                if not (problem.title.startswith("Schema-violating") and "Authorization" in problem.message):
                    complaints[f"{operation.label}: {problem.title}: {problem.message}"] = None
                # otherwise all that was wrong was the key, and ours was sent in its place

    with suppress(Unsatisfiable):  # nothing can be wrong with a request that has no parts
        send()
    return list(complaints)


@pytest.mark.parametrize("cases", [200, pytest.param(3_000, marks=pytest.mark.slow)])
def test_no_made_up_request_breaks_the_description(world, cases: int) -> None:  # noqa: F811
    load_all_checks()
    world.client()  # the key's account is made
    key = world.key("Administrator", post=Post(Role.ADMINISTRATOR))
    ids = known(world)
    all_operations = list(operations(world))
    ways = [(mode, given_ids) for mode in (GOOD, BAD) for given_ids in ({}, ids)]
    count = -(-cases // (len(all_operations) * len(ways)))
    seen: Counter[str] = Counter()
    complaints = [
        complaint
        for operation in all_operations
        for mode, given_ids in ways
        for complaint in fuzz(operation, mode, given_ids, count, key, seen)
    ]
    assert complaints == []
    assert seen["5xx"] == 0
    assert seen["2xx"] > seen.total() / 20, f"only the doors were tried: {seen}"
