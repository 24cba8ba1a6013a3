"""The API's description is committed, so that a change to it is seen in review.

Renew it with ``python -m tests.contracts.test_openapi`` after a change that is meant.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.main import create_app
from app.settings import Settings
from tests.factories import ROOT

SNAPSHOT = ROOT / "tests" / "contracts" / "openapi.json"
RENEW = "the API changed: if that is meant, run `.venv/bin/python -m tests.contracts.test_openapi` and commit the file"


def described(settings: Settings) -> dict[str, Any]:
    return create_app(settings).openapi()


def text_of(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


@pytest.fixture(scope="module")
def document(settings: Settings) -> dict[str, Any]:
    return described(settings)


LOGINS = {"POST /api/v1/sessions"}
"""Whoever logs in has no key yet."""


def operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def test_the_description_is_the_committed_one(document) -> None:
    assert SNAPSHOT.is_file(), RENEW
    held = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
    changed = sorted(
        f"{part}: {name}"
        for part in ("paths", "components")
        for name in _names(held[part]) ^ _names(document[part])
        or {n for n in _names(document[part]) if _at(held[part], n) != _at(document[part], n)}
    )
    assert changed == [], RENEW
    assert document == held, RENEW


def _names(part: dict[str, Any]) -> set[str]:
    return set(part.get("schemas", part))


def _at(part: dict[str, Any], name: str) -> Any:
    return part.get("schemas", part)[name]


def test_every_operation_documents_the_errors_it_may_answer_with(document) -> None:
    for name, operation in operations(document):
        assert {"401", "422"} <= set(operation["responses"]), name
        for status, response in operation["responses"].items():
            if status >= "400":
                assert list(response["content"]) == ["application/problem+json"], f"{name} {status}"


def test_every_operation_explains_itself(document) -> None:
    assert [name for name, operation in operations(document) if len(operation.get("description", "")) < 20] == []


def test_the_problem_document_is_described(document) -> None:
    problem = document["components"]["schemas"]["Problem"]
    assert set(problem["required"]) == {"type", "title", "status", "detail"}


def test_asking_has_an_example_of_each_kind_that_is_a_valid_ask(document) -> None:
    from app.matches import Ask

    body = document["paths"]["/api/v1/matches"]["post"]["requestBody"]["content"]["application/json"]
    asks = [Ask.model_validate(example["value"]) for example in body["examples"].values()]
    assert [ask.firm is not None for ask in asks] == [True, False, False]
    assert [ask.brief is not None for ask in asks] == [False, True, False]
    assert [ask.demand is not None for ask in asks] == [False, False, True]


def test_every_guarded_operation_names_the_key_it_needs(document) -> None:
    for name, operation in operations(document):
        guarded = name.split()[1].startswith("/api/") and name not in LOGINS
        assert bool(operation.get("security")) is guarded, name


if __name__ == "__main__":
    SNAPSHOT.write_text(text_of(described(Settings())), encoding="utf-8")
