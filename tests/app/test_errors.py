"""What can go wrong, as the caller is told it."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import ArgumentError, IntegrityError, OperationalError

from app.errors import (
    AppError,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    NotReady,
    TooLarge,
    Unauthorised,
    in_plain_words,
)
from app.settings import Settings
from matching.weights import EncoderError


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        (AppError, 500, "internal"),
        (Invalid, 422, "invalid"),
        (Unauthorised, 401, "unauthorised"),
        (Forbidden, 403, "forbidden"),
        (NotFound, 404, "not-found"),
        (Conflict, 409, "conflict"),
        (TooLarge, 413, "too-large"),
        (NotReady, 503, "not-ready"),
    ],
)
def test_each_error_knows_its_status_and_its_problem_type(kind: type[AppError], status: int, code: str) -> None:
    document = kind("what went wrong").problem()
    assert document["status"] == status
    assert document["type"] == f"urn:triveni:problem:{code}"
    assert document["detail"] == "what went wrong"
    assert document["title"][0].isupper()


def test_a_problem_without_a_hint_has_no_empty_hint() -> None:
    assert set(Invalid("no").problem()) == {"type", "title", "status", "detail"}


def test_a_problem_carries_hint_instance_and_details() -> None:
    document = NotFound("no firm", hint="look again", near=["A", "B"]).problem("/api/v1/firms/x")
    assert (document["hint"], document["instance"], document["near"]) == ("look again", "/api/v1/firms/x", ["A", "B"])


def test_missing_tables_are_told_with_the_command_that_makes_them() -> None:
    told = in_plain_words(OperationalError("SELECT secret", {}, Exception("no such table: firm")))
    assert isinstance(told, NotReady)
    assert "no such table: firm" in told.message
    assert "SELECT" not in told.message
    assert "triveni init" in (told.hint or "")


def test_a_busy_database_is_told_as_busy_and_not_as_missing() -> None:
    told = in_plain_words(OperationalError("", {}, Exception("database is locked")))
    assert isinstance(told, NotReady)
    assert (told.message, told.hint) == ("the database is busy with other writers", "ask again in a moment")


def test_missing_weights_are_told_with_the_command_that_says_how_to_get_them() -> None:
    told = in_plain_words(EncoderError("the weights are not there"))
    assert isinstance(told, NotReady)
    assert (told.message, "triveni doctor" in (told.hint or "")) == ("the weights are not there", True)


def test_a_setting_that_does_not_fit_is_told_by_its_variable(monkeypatch) -> None:
    monkeypatch.setenv("TRIVENI_PORT", "x")
    with pytest.raises(ValidationError) as problem:
        Settings()
    told = in_plain_words(problem.value)
    assert isinstance(told, Invalid)
    assert told.message.startswith("TRIVENI_PORT: ")


def test_a_database_url_that_is_none_and_a_missing_driver_are_told() -> None:
    for fault in (ArgumentError("not a URL"), ModuleNotFoundError("No module named 'psycopg'", name="psycopg")):
        assert isinstance(in_plain_words(fault), NotReady)


def test_a_fault_of_our_own_is_not_talked_away() -> None:
    class Other(BaseModel):
        port: int

    with pytest.raises(ValidationError) as ours:
        Other.model_validate({"port": "x"})
    missing = ModuleNotFoundError("No module named 'numpy'", name="numpy")
    for fault in (ours.value, missing, ValueError("x"), IntegrityError("", {}, Exception())):
        assert in_plain_words(fault) is None
