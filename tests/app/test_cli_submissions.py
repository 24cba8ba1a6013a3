"""``triveni submit`` and ``triveni template`` at a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest

from tests.app import messy
from tests.app.world import World


@pytest.fixture
def on_world(world: World, monkeypatch) -> World:
    monkeypatch.setenv("TRIVENI_DATABASE_URL", world.url)
    return world


@pytest.fixture
def sheet(tmp_path: Path) -> str:
    path = tmp_path / "members.xlsx"
    path.write_bytes(messy.title_notes_totals_blank_rows())
    return str(path)


def test_submit_prints_the_json_of_the_interface(on_world, triveni, sheet) -> None:
    said = triveni("submit", sheet, "--json")
    assert said.code == 0
    document = json.loads(said.out)
    assert {key: document[key] for key in ("rows", "ready", "new", "changed", "unchanged")} == {
        "rows": 3, "ready": 2, "new": 2, "changed": 0, "unchanged": 0,
    }  # fmt: skip
    assert {"sheet", "row", "column", "value", "message"} <= set(document["problems"][0])
    assert all({"what", "where", "why"} <= set(item) for item in document["left_out"])


def test_submit_tells_a_person_what_to_mend_and_that_nothing_is_on_file(on_world, triveni, sheet) -> None:
    said = triveni("submit", sheet, "--association", "Northern Defence Association")
    assert said.code == 0
    for part in (
        "2 of 3 rows are ready",
        "Members!E10",
        "#REF!",
        "write the value",
        "a total",
        "Nothing is on file yet",
    ):
        assert part in said.out


def test_accept_twice_and_the_rows_that_need_work(on_world, triveni, sheet, tmp_path) -> None:
    assert "Accepted" in triveni("submit", sheet, "--accept").out
    again = triveni("submit", sheet, "--accept", "--returned", str(tmp_path / "back.xlsx"))
    assert "2 unchanged" in again.out
    assert openpyxl.load_workbook(tmp_path / "back.xlsx").worksheets[0].max_row == 2


def test_a_mapping_file_says_what_the_columns_are(on_world, triveni, tmp_path) -> None:
    (tmp_path / "odd.csv").write_text("Zorp,Blarg\nAurora Photonics,Cameras\n", encoding="utf-8")
    (tmp_path / "map.json").write_text(
        '{"columns": {"Zorp": "name", "Blarg": "offers"}, "defaults": {"country": "CAN"}}', encoding="utf-8"
    )
    said = triveni("submit", str(tmp_path / "odd.csv"), "--mapping", str(tmp_path / "map.json"), "--json")
    assert json.loads(said.out)["ready"] == 1
    (tmp_path / "map.json").write_text('{"kolumns": {}}', encoding="utf-8")
    assert triveni("submit", str(tmp_path / "odd.csv"), "--mapping", str(tmp_path / "map.json")).code == 2


@pytest.mark.parametrize("name", ["picture_renamed", "zip_bomb", "password", "truncated"])
def test_what_is_refused_is_said_plainly_with_exit_code_2(on_world, triveni, tmp_path, name: str) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(getattr(messy, name)())
    said = triveni("submit", str(path), "--json")
    assert (said.code, said.out) == (2, "")
    assert "triveni: the" in said.err
    assert "Traceback" not in said.err


def test_a_file_that_is_not_there_is_said(on_world, triveni, tmp_path) -> None:
    said = triveni("submit", str(tmp_path / "none.xlsx"))
    assert said.code == 2
    assert "cannot read" in said.err


def test_the_form_is_written_and_read_back(on_world, triveni, tmp_path) -> None:
    assert triveni("template", "-o", str(tmp_path / "form.xlsx")).code == 0
    document = json.loads(triveni("submit", str(tmp_path / "form.xlsx"), "--json").out)
    assert (document["rows"], document["left_out"]) == (0, [])


def test_merges_at_the_console(on_world, triveni, tmp_path) -> None:
    (tmp_path / "a.csv").write_text("Company,Country,Products\nKraken Robotics,Canada,Sonar\n", encoding="utf-8")
    triveni("submit", str(tmp_path / "a.csv"), "--association", "Alpha", "--accept")
    assert "kraken-robotics-inc" in triveni("merges", "near", "kraken-robotics-alpha").out
    made = triveni("merges", "make", "kraken-robotics-alpha", "kraken-robotics-inc", "--reason", "one firm")
    assert "merge 1" in made.out
    assert "kraken-robotics-inc" in triveni("merges", "list", "kraken-robotics-alpha").out
    assert triveni("merges", "undo", "1").code == 0
    assert triveni("merges", "undo", "1").code == 2
