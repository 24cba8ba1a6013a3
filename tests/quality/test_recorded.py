"""Today's figures against the recorded ones: worse beyond noise is told, noise is not, and other queries are not compared."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.quality.recorded import RECORDED, compare, read_recorded, record

IDS = [f"q{number}" for number in range(40)]
VERSIONS = {"encoder": "hash@1", "weights": "w"}


def watched(hits: int, name: str = "ventures", ids=IDS):
    return {name: (ids, {"hits@10": np.r_[np.ones(hits), np.zeros(len(ids) - hits)]})}


def recorded(tmp_path, figures):
    path = tmp_path / "recorded.json"
    record(figures, VERSIONS, path)
    return read_recorded(path)


def test_nothing_recorded_is_nothing_to_compare(tmp_path) -> None:
    assert compare(watched(30), read_recorded(tmp_path / "none.json")) == []


@pytest.mark.parametrize(
    ("now", "worse", "better"), [(30, False, False), (29, False, False), (20, True, False), (38, False, True)]
)
def test_only_a_loss_beyond_noise_is_worse(tmp_path, now: int, worse: bool, better: bool) -> None:
    (change,) = compare(watched(now), recorded(tmp_path, watched(30)))
    assert change.difference
    assert (change.worse, change.difference.better) == (worse, better)
    assert change.difference.mean == pytest.approx((now - 30) / 40)


def test_figures_survive_the_file_to_the_fourth_decimal(tmp_path) -> None:
    ndcg = np.random.default_rng(1).random(40)
    held = recorded(tmp_path, {"sbir": (IDS, {"ndcg@10": ndcg})})
    assert held["sbir"]["figures"]["ndcg@10"] == [round(value, 4) for value in ndcg]
    (change,) = compare({"sbir": (IDS, {"ndcg@10": ndcg})}, held)
    assert change.difference
    assert (change.difference.low, change.difference.high) == (0, 0)


def test_other_queries_are_told_and_not_compared(tmp_path) -> None:
    (change,) = compare(watched(5, ids=[f"other-{one}" for one in IDS]), recorded(tmp_path, watched(30)))
    assert not change.worse
    assert "not those recorded" in str(change)


def test_a_set_that_was_not_scored_keeps_what_was_recorded(tmp_path) -> None:
    recorded(tmp_path, watched(30) | watched(10, "fr-en-law"))
    held = recorded(tmp_path, watched(31))
    assert held["ventures"]["means"] == {"hits@10": 0.775}
    assert held["fr-en-law"]["means"] == {"hits@10": 0.25}


def test_what_is_committed_holds_figures_and_no_query(tmp_path) -> None:
    held = recorded(tmp_path, watched(30))
    assert held["ventures"].keys() == {"encoder", "weights", "queries", "means", "figures"}
    assert "q17" not in (tmp_path / "recorded.json").read_text()


def test_the_committed_file_is_in_the_form_that_is_written() -> None:
    for name, entry in json.loads(RECORDED.read_text(encoding="utf-8")).items():
        for metric, figures in entry["figures"].items():
            assert entry["means"][metric] == pytest.approx(np.mean(figures), abs=1e-3), name
