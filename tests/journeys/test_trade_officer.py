"""A trade officer asks whom a Canadian firm should meet in India, and what a market wants; told once for each door."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest

from tests.app.world import World

VERDICTS = {"open", "general", "permit", "undetermined", "exceptional"}


def examine(answer: dict[str, Any], innovator: str) -> None:
    """What the officer needs of an answer: ten triads whose reasons add up, a verdict each, nothing barred."""
    listed = answer["matches"]
    assert len(listed) == 10
    assert len({match["manufacturer"]["id"] for match in listed}) == 10
    fits = [match["fit"] for match in listed]
    assert fits == sorted(fits, reverse=True)
    for match in listed:
        assert match["innovator"]["name"] == innovator
        assert match["manufacturer"]["country"] == "IND"
        assert match["market"]["name"]
        assert match["pathway"]["verdict"] in VERDICTS
        first, second = match["pathway"]["legs"]
        assert (first["from"], first["to"], second["from"]) == ("CAN", "IND", "IND")
        assert second["to"] == match["market"]["iso3"]
        weight = sum(signal["weight"] for signal in match["signals"])
        total = sum(signal["weight"] * signal["value"] for signal in match["signals"])
        assert match["fit"] == pytest.approx(total / weight, abs=1e-6)
        assert all(signal["sentence"] and signal["evidence"] for signal in match["signals"])
    assert answer["excluded"]
    for excluded in answer["excluded"]:
        assert (excluded["verdict"], bool(excluded["rules"]), bool(excluded["because"])) == ("prohibited", True, True)


def test_through_the_api(service: World) -> None:
    api = service.client()

    # The name is misspelt; the answer offers the right one.
    missed = api.get("/api/v1/firms/Kraken Robotix")
    assert missed.status_code == 404
    name = missed.json()["near"][0]
    record = api.get(f"/api/v1/firms/{name}").json()
    assert record["profile"]["provenance"] == "public_sources"

    # Whom should it meet, for whichever market?
    answer = api.post("/api/v1/matches", json={"firm": record["id"], "market": "any", "limit": 10}).json()
    examine(answer, name)
    assert any("not verified by the firms" in note for note in answer["run"]["notes"])

    # The best match's market, looked at by itself: what does it seek, and who else could serve it?
    best = answer["matches"][0]
    market = api.get(f"/api/v1/markets/{best['market']['iso3']}").json()
    assert market["demands"]
    narrowed = api.post("/api/v1/matches", json={"firm": record["id"], "market": market["iso3"], "limit": 50}).json()
    assert best["manufacturer"] in [match["manufacturer"] for match in narrowed["matches"]]
    assert {match["market"]["iso3"] for match in narrowed["matches"]} == {market["iso3"]}

    # The manufacturer's own side of it.
    mirrored = api.post(
        "/api/v1/matches", json={"firm": best["manufacturer"]["id"], "market": market["iso3"], "limit": 50}
    ).json()
    assert best["innovator"] in [match["innovator"] for match in mirrored["matches"]]

    # A week later the run is still there, and comes out the same.
    run_id = answer["run"]["id"]
    assert api.get(f"/api/v1/matches/{run_id}").json() == answer
    assert api.post(f"/api/v1/matches/{run_id}/replay").json()["same"] is True


def test_through_the_command_line(service: World, triveni) -> None:
    missed = triveni("match", "--firm", "Kraken Robotix")
    assert missed.code == 2
    assert "near names: Kraken Robotics" in missed.err

    said = triveni("match", "--firm", "Kraken Robotics", "--market", "any", "--limit", "10", "--json")
    answer = json.loads(said.out)
    name = answer["matches"][0]["innovator"]["name"]
    assert name.startswith("Kraken Robotics")
    examine(answer, name)

    again = json.loads(triveni("match", "--firm", "Kraken Robotics", "--json").out)
    assert [orjson.dumps(again[part]) for part in ("matches", "excluded")] == [
        orjson.dumps(answer[part]) for part in ("matches", "excluded")
    ]
    page = triveni("match", "--firm", "Kraken Robotics").out
    for match in answer["matches"]:
        assert match["manufacturer"]["name"] in page
    assert answer["excluded"][0]["rules"][0] in page
    assert triveni("run", answer["run"]["id"], "--replay").out.endswith("byte for byte.")


def test_what_the_philippines_seek_is_answered_with_yards_and_marine_firms(service: World, triveni) -> None:
    asked = {"demand": "offshore patrol vessels", "market": "PHL", "limit": 5}
    answer = service.client().post("/api/v1/matches", json=asked).json()
    said = json.loads(
        triveni("match", "--demand", "offshore patrol vessels", "--market", "PHL", "--limit", "5", "--json").out
    )
    assert orjson.dumps(said["matches"]) == orjson.dumps(answer["matches"])
    for match in answer["matches"]:
        assert match["market"]["iso3"] == "PHL"
        yard, firm = (profile_of(service, match[side]["id"]) for side in ("manufacturer", "innovator"))
        assert "shipyard" in yard["roles"]
        sectors = {code for s in firm["statements"] for code in (*s["sectors"], *firm["sectors"])}
        assert {code.split(".")[0] for code in sectors} & {
            "shipbuilding",
            "subsea",
            "c4isr_ai",
            "electro_optics",
            "uas",
        }


def profile_of(service: World, firm_id: str) -> dict[str, Any]:
    return service.client().get(f"/api/v1/firms/{firm_id}").json()["profile"]


def test_a_firm_that_is_not_on_file_is_briefed_in_a_paragraph(service: World, triveni, tmp_path) -> None:
    text = "We have flown a prototype uncooled infrared gimbal and look for a volume maker of optics."
    (tmp_path / "brief.txt").write_text(text, encoding="utf-8")
    asked = {"brief": {"text": text, "country": "CAN", "trl": 6, "sectors": ["electro_optics"]}, "market": "IDN"}
    answer = service.client().post("/api/v1/matches", json=asked).json()
    said = triveni(
        "match", "--brief", f"@{tmp_path / 'brief.txt'}", "--trl", "6", "--sector", "electro_optics", "--market",
        "Indonesia", "--json",
    )  # fmt: skip
    assert orjson.dumps(json.loads(said.out)["matches"]) == orjson.dumps(answer["matches"])
    assert {match["innovator"]["id"] for match in answer["matches"]} == {"brief"}
    told = [signal for match in answer["matches"] for signal in match["signals"] if signal["name"] == "sectors_close"]
    assert told
