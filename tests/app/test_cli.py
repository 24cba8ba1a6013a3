"""The ``triveni`` command: the API's answers for a terminal, and plain words with exit code 2 for what can be mended."""

from __future__ import annotations

import json

import orjson
import pytest
from sqlalchemy import func, select

from app.main import create_app
from app.models import Firm, StatementVector
from tests.app.test_evaluations import collection
from tests.app.world import World, altered_seeds

COMMANDS = ("init", "seed", "embed", "match", "run", "markets", "serve", "doctor", "evaluate", "pathway", "key",
            "screen", "watchlists", "decide", "weights")  # fmt: skip


@pytest.fixture
def on_world(world: World, monkeypatch) -> World:
    """The commands work on the small world's database."""
    monkeypatch.setenv("TRIVENI_DATABASE_URL", world.url)
    return world


@pytest.fixture
def fresh(monkeypatch, tmp_path) -> str:
    """The commands find no database yet."""
    url = f"sqlite:///{tmp_path / 'fresh' / 't.sqlite3'}"
    monkeypatch.setenv("TRIVENI_DATABASE_URL", url)
    return url


def refused(said, *parts: str) -> None:
    """Exit code 2, the message on the error stream, nothing on the other, and no traceback."""
    assert said.code == 2
    assert said.out == ""
    assert "Traceback" not in said.err
    for part in parts:
        assert part in said.err


def stored(world: World, table: type) -> int:
    with world.sessions() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


# Help


def test_help_names_every_command(triveni) -> None:
    said = triveni("--help")
    assert said.code == 0
    assert [name for name in COMMANDS if f" {name} " not in said.out] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(triveni, command: str) -> None:
    said = triveni(command, "--help")
    assert (said.code, said.err) == (0, "")
    assert "Usage: " in said.out


@pytest.mark.parametrize(
    "arguments", [("no-such-command",), ("match", "--firme", "x"), ("match", "--limit", "many"), ("run",)]
)
def test_a_command_line_that_does_not_fit_ends_with_2_on_the_error_stream(triveni, arguments) -> None:
    refused(triveni(*arguments), "Usage: ")


# Setting up


def test_setting_up_twice_changes_nothing_the_second_time(triveni, fresh) -> None:
    for _ in range(2):
        assert triveni("init").code == 0
    first, second = triveni("seed", "--json"), triveni("seed", "--json")
    assert json.loads(first.out) == {"new": 210, "changed": 0, "unchanged": 0, "dropped": 0, "left_out": 0}
    assert json.loads(second.out) == {"new": 0, "changed": 0, "unchanged": 210, "dropped": 0, "left_out": 0}
    assert "texts embedded with hash@1" in triveni("embed").out
    assert triveni("embed").out == "Nothing waits to be embedded."


def test_seeding_says_what_it_did(triveni, fresh) -> None:
    triveni("init")
    said = triveni("seed").out
    assert "210 new, 0 changed, 0 unchanged" in said
    assert "demands" in said


def test_a_seed_file_with_a_typo_is_told_with_its_line_and_nothing_is_stored(
    triveni, empty, monkeypatch, tmp_path
) -> None:
    monkeypatch.setenv("TRIVENI_DATABASE_URL", empty.url)
    seeds, line = altered_seeds(tmp_path, "firms/india.jsonl", '"country": "IND"', '"country": "India"')
    monkeypatch.setenv("TRIVENI_SEEDS", str(seeds))
    refused(triveni("seed"), f"india.jsonl, line {line}: country")
    assert stored(empty, Firm) == 0


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("markets/africa.yaml", "region: Africa", "region: Afrika"),
        ("controls/canada_exports.yaml", "outcome: PERMIT", "outcome: PERMITT"),
        ("sectors/sectors.csv", "\nuas,", "\nUAS!,"),
    ],
)
def test_a_rule_or_market_file_with_a_typo_is_told_with_its_file(
    triveni, on_world, monkeypatch, tmp_path, file, old, new
) -> None:
    seeds, _ = altered_seeds(tmp_path, file, old, new)
    monkeypatch.setenv("TRIVENI_SEEDS", str(seeds))
    refused(triveni("match", "--firm", "Kraken"), file.split("/")[1])


def test_without_tables_the_command_that_makes_them_is_named(triveni, fresh) -> None:
    for command in (("seed",), ("embed",), ("match", "--firm", "Kraken"), ("key", "list")):
        refused(triveni(*command), "triveni init")


def test_without_firms_the_commands_that_bring_them_are_named(triveni, fresh) -> None:
    triveni("init")
    refused(triveni("match", "--firm", "Kraken"), "no firms are on file yet", "triveni seed")


def test_firms_that_are_not_embedded_are_told_with_the_command(triveni, fresh) -> None:
    triveni("init")
    triveni("seed")
    refused(triveni("match", "--firm", "Kraken Robotics"), "have no vector of encoder hash@1", "triveni embed")


def test_a_damaged_vector_is_refused_and_embed_mends_it(triveni, on_world) -> None:
    triveni("embed")  # the demands of the markets that the small world leaves out
    with on_world.sessions.begin() as session:
        session.scalars(select(StatementVector).limit(1)).one().vector = b"damaged"
    refused(triveni("match", "--firm", "Kraken"), "is damaged", "triveni embed")
    assert triveni("embed").out.startswith("1 texts embedded")
    assert triveni("match", "--firm", "Kraken").code == 0


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("TRIVENI_PORT", "eight", "TRIVENI_PORT: "),
        ("TRIVENI_DATABASE_URL", "nonsense", "TRIVENI_DATABASE_URL"),
        ("TRIVENI_DATABASE_URL", "sqlite:////dev/null/t.sqlite3", "TRIVENI_DATABASE_URL"),
        ("TRIVENI_SEEDS", "/nowhere", "/nowhere"),
    ],
)
def test_a_setting_that_does_not_fit_is_told_in_plain_words(triveni, fresh, monkeypatch, variable, value, said) -> None:
    monkeypatch.setenv(variable, value)
    refused(triveni("init" if variable != "TRIVENI_SEEDS" else "seed"), said)


def test_the_password_of_a_database_is_never_printed(triveni, monkeypatch) -> None:
    monkeypatch.setenv("TRIVENI_DATABASE_URL", "postgresql+psycopg://u:secret@/none?host=/nowhere")
    said = triveni("init")
    refused(said)
    assert "secret" not in said.err


# Matching


def test_json_is_exactly_what_the_api_answers(triveni, on_world, knowledge) -> None:
    said = json.loads(triveni("match", "--firm", "Kraken", "--limit", "3", "--json").out)
    world = on_world.knowing()
    world.knowledge = knowledge
    answered = world.client().post("/api/v1/matches", json={"firm": "Kraken", "limit": 3}).json()
    assert orjson.dumps(said["matches"]) == orjson.dumps(answered["matches"])
    assert orjson.dumps(said["excluded"]) == orjson.dumps(answered["excluded"])
    varying = {"id", "asked_at", "asked_by"}
    assert list(said["run"]) == list(answered["run"])
    assert {k: v for k, v in said["run"].items() if k not in varying} == {
        k: v for k, v in answered["run"].items() if k not in varying
    }


def test_matches_are_printed_for_people(triveni, on_world) -> None:
    said = triveni("match", "--firm", "Kraken", "--market", "PHL")
    assert (said.code, said.err) == (0, "")
    assert "1. Kraken Robotics Inc. × " in said.out
    assert "→ Philippines" in said.out
    assert "triads weighed" in said.out


def test_the_options_of_a_brief_reach_the_ask(triveni, on_world) -> None:
    said = triveni(
        "match", "--brief", "We forge shells.", "--country", "IND", "--trl", "8", "--sector", "munitions",
        "--sector", "uas", "--market", "Kenya", "--limit", "2", "--stated-needs-only", "--json",
    )  # fmt: skip
    answer = json.loads(said.out)
    assert answer["run"]["ask"]["brief"] == {
        "text": "We forge shells.", "country": "IND", "trl": 8, "sectors": ["munitions", "uas"],
    }  # fmt: skip
    assert (answer["run"]["ask"]["infer_needs"], answer["run"]["ask"]["limit"]) == (False, 2)
    assert {match["market"]["iso3"] for match in answer["matches"]} == {"KEN"}


def test_a_brief_may_come_from_a_file(triveni, on_world, tmp_path) -> None:
    (tmp_path / "brief.txt").write_text("Nous cherchons un chantier naval. We make sonar.", encoding="utf-8")
    said = triveni("match", "--brief", f"@{tmp_path / 'brief.txt'}", "--market", "PHL", "--json")
    assert json.loads(said.out)["run"]["ask"]["brief"]["text"].startswith("Nous cherchons")


def test_a_demand_is_ranked_by_text_and_by_id(triveni, on_world) -> None:
    by_text = triveni("match", "--demand", "offshore patrol vessels", "--market", "PHL", "--limit", "1")
    assert "Cochin Shipyard Limited" in by_text.out
    held = next(d.id for m, d in on_world.knowledge.demands.values() if m.iso3 == "KEN")
    assert json.loads(triveni("match", "--demand", held, "--json").out)["matches"][0]["market"]["iso3"] == "KEN"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "exactly one of firm, brief and demand"),
        (("--firm", "Kraken", "--demand", "sonar"), "exactly one of firm, brief and demand"),
        (("--firm", "Krakn Robotics"), "Kraken Robotics Inc."),
        (("--firm", "Bharat"), "bharat-electronics-limited, bharat-forge-limited"),
        (("--firm", "[/bold] [red]"), "no firm '[/bold] [red]' is on file"),
        (("--firm", "Kraken", "--market", "Filipines"), "PHL (Philippines)"),
        (("--firm", "Kraken", "--limit", "0"), "limit"),
        (("--firm", "Kraken", "--limit", "51"), "limit"),
        (("--brief", ""), "the brief is empty"),
        (("--brief", "sonar " * 16_667), "at most 20,000"),
        (("--brief", "sonar", "--trl", "12"), "TRL 12 is off the scale"),
        (("--brief", "sonar", "--sector", "steam_engines"), "steam_engines"),
        (("--brief", "sonar", "--country", "FRA"), "brief.country"),
        (("--brief", "@/nowhere/brief.txt"), "cannot read the brief from /nowhere/brief.txt"),
        (("--demand", "patrol vessels"), "add the market"),
        (("--demand", "xyzzy plugh", "--market", "PHL"), "no sector could be read"),
    ],
)
def test_what_makes_no_sense_ends_with_2_and_plain_words(triveni, on_world, arguments, said: str) -> None:
    refused(triveni("match", *arguments), said)


def test_a_brief_file_that_is_no_text_is_refused(triveni, on_world, tmp_path) -> None:
    (tmp_path / "brief.pdf").write_bytes(b"%PDF\xff\xfe")
    refused(triveni("match", "--brief", f"@{tmp_path / 'brief.pdf'}"), "cannot read the brief from")


# Runs


def test_a_recorded_run_is_printed_and_replayed(triveni, on_world) -> None:
    answer = json.loads(triveni("match", "--firm", "Kraken", "--json").out)
    run_id = answer["run"]["id"]
    assert json.loads(triveni("run", run_id).out) == answer
    assert triveni("run", run_id, "--replay").out == "The replay gives the same answer, byte for byte."


def test_a_replay_that_differs_ends_with_1(triveni, on_world) -> None:
    from app.models import MatchRun

    run_id = json.loads(triveni("match", "--firm", "Kraken", "--json").out)["run"]["id"]
    with on_world.sessions.begin() as session:
        run = session.get_one(MatchRun, run_id)
        run.answer = run.answer | {"matches": []}
    assert triveni("run", run_id, "--replay")[:2] == (1, "The replay gives another answer.")


def test_an_unknown_run_ends_with_2(triveni, on_world) -> None:
    refused(triveni("run", "no-such-run"), "no run 'no-such-run' is recorded")


# Keys


def test_a_key_is_made_shown_once_listed_and_revoked(triveni, on_world) -> None:
    key = triveni("key", "create", "A. Officer").out
    app = create_app(on_world.settings, on_world.knowledge, on_world.sessions)
    from fastapi.testclient import TestClient

    client = TestClient(app, headers={"Authorization": f"Bearer {key}"})
    assert client.get("/api/v1/signals").status_code == 200
    listed = triveni("key", "list").out
    assert "A. Officer until" in listed
    assert key not in listed
    assert triveni("key", "revoke", key.rsplit("_", 1)[0]).out == "Revoked."
    assert client.get("/api/v1/signals").status_code == 401
    assert "A. Officer revoked" in triveni("key", "list").out


def test_an_unknown_key_is_not_revoked(triveni, on_world) -> None:
    refused(triveni("key", "revoke", "nope"), "no API key begins with 'nope'")


# The rest


def test_markets_are_listed_with_their_demands(triveni, knowledge) -> None:
    said = triveni("markets")
    assert said.code == 0
    assert [code for code in knowledge.markets if f"{code} " not in said.out] == []
    assert [demand_id for demand_id in knowledge.demands if f"{demand_id}:" not in said.out] == []


def test_the_doctor_ends_with_1_while_something_needed_is_missing(triveni, fresh) -> None:
    said = triveni("doctor")
    assert said.code == 1
    for what in ("Encoder", "Database", "PostgreSQL", "Pango", "Chromium"):
        assert what in said.out


def test_an_evaluation_is_printed_as_a_table_or_as_json(triveni, tmp_path) -> None:
    folder = collection(tmp_path)
    report = json.loads(triveni("evaluate", str(folder), "--rankers", "bm25", "--json").out)
    assert report["queries"] == 1
    assert set(report["rankers"]) == {"bm25"}
    assert "1 queries" in triveni("evaluate", str(folder), "--rankers", "bm25").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("--rankers", "bm26"), "no such ranker: bm26"), (("--split", "nope"), "nope.tsv is missing")],
)
def test_an_evaluation_that_makes_no_sense_ends_with_2(triveni, tmp_path, arguments, said: str) -> None:
    refused(triveni("evaluate", str(collection(tmp_path)), *arguments), said)


@pytest.mark.parametrize(
    ("arguments", "where"),
    [((), ("127.0.0.1", 8000)), (("--host", "0.0.0.0", "--port", "9001"), ("0.0.0.0", 9001))],
)
def test_serve_starts_the_application_where_it_is_told(triveni, on_world, monkeypatch, arguments, where) -> None:
    import structlog

    started = []
    monkeypatch.setattr("uvicorn.run", lambda app, **options: started.append((app, options)))
    assert triveni("serve", *arguments).code == 0
    structlog.reset_defaults()
    ((app, options),) = started
    assert (options["host"], options["port"]) == where
    assert "/api/v1/matches" in app.openapi()["paths"]


def test_the_glossary_explains_a_word_with_its_source(triveni) -> None:
    page = triveni("glossary", "buy and make").out
    assert "Buy and Make (Indian)" in page
    assert "[Note on the key changes of DAP-2020" in page
    assert "not verified" in triveni("glossary", "nadcap").out
    refused = triveni("glossary", "zeppelin")
    assert (refused.code, "no term holds 'zeppelin'" in refused.err) == (2, True)
