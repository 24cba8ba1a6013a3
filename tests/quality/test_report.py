"""The report over a small collection, with the encoder's stand-in: every part is there and says what was measured."""

from __future__ import annotations

import json

import numpy as np
import pytest
from rich.progress import Progress

from app import evaluations
from app.evaluations import Embedder, Trial
from matching.evaluation import read_collection
from matching.ranking import OF_MARKETS, WEIGHTS
from tests.app.test_evaluations import collection
from tests.quality.judgements import Judged, Judgement
from tests.quality.known_wrong import _as_python
from tests.quality.report import Findings, as_json, markdown, table
from tests.quality.sets import COMPARED, Kind, Scored, broadest_first, each_left_out, score, together

KIND = Kind("ventures", ("hits@1", "mrr@10"), ("hits@1",), {"easy": ("easy", frozenset({"true"}))})


@pytest.fixture
def folder(tmp_path):
    made = collection(tmp_path, qrels="q1\tsonar\t1")
    (made / "query_meta.tsv").write_text("query-id\teasy\nq1\ttrue\n")
    return made


@pytest.fixture
def embed(knowledge, tmp_path, monkeypatch):
    monkeypatch.setattr(evaluations, "ROOT", tmp_path)
    return Embedder(knowledge.encoder, Progress(disable=True))


@pytest.fixture
def scored(folder, knowledge, embed) -> Scored:
    made = score(KIND, folder, knowledge, embed, also_slow=False)
    assert made is not None
    return made


@pytest.fixture
def found(scored) -> Findings:
    judged = [
        Judged(Judgement("asker", "good", "bad", "Good makes it"), 0.6, 0.4),
        Judged(Judgement("asker", "fair", "poor", "Fair has a yard"), 0.2, 0.3),
    ]
    held = {"held": np.array([1.0, 0.0])}
    judgements = Scored(
        Kind("judgements", ("held",), ("held",)), ("1", "2"), {"full": held}, dict.fromkeys(scored.without, held), {}
    )
    return Findings({"encoder": "hash@1", "weights": "w"}, [scored], ["fr-en-law"], judgements, judged, [])


def test_every_ranker_and_every_signal_left_out_has_figures_for_each_query(scored) -> None:
    assert tuple(scored.rankers) == COMPARED
    assert set(scored.without) == set(WEIGHTS) - OF_MARKETS
    assert {
        len(figures) for each in (*scored.rankers.values(), *scored.without.values()) for figures in each.values()
    } == {1}
    assert scored.slices["easy"].tolist() == [True]


def test_each_left_out_leaves_out_one() -> None:
    for name, less in each_left_out(WEIGHTS).items():
        assert set(less) == set(WEIGHTS) - {name}
        assert all(less[other] == WEIGHTS[other] for other in less)
    assert set(each_left_out({"terms_shared": 1.0, "sectors_close": 0.0, "market_known": 2.0})) == {"terms_shared"}


def test_the_list_without_a_query_is_the_same_for_all_and_goes_by_breadth(folder, knowledge, embed) -> None:
    broad = {
        "name": "Broad",
        "country": "IND",
        "sectors": ["uas", "subsea"],
        "capabilities": ["Drones.", "Hulls.", "Radars."],
    }
    lines = (folder / "corpus.jsonl").read_text() + json.dumps({"_id": "broad", "text": "x", "record": broad}) + "\n"
    (folder / "corpus.jsonl").write_text(lines)
    queries = (folder / "queries.jsonl").read_text() + json.dumps({"_id": "q2", "text": "Artillery"}) + "\n"
    (folder / "queries.jsonl").write_text(queries)
    (folder / "qrels" / "dev.tsv").write_text("query-id\tcorpus-id\tscore\nq1\tsonar\t1\nq2\tshells\t1\n")
    scores = broadest_first(Trial(read_collection(folder, "dev"), knowledge, embed))
    assert scores.shape == (2, 4)
    assert (scores[0] == scores[1]).all()
    assert scores[0].argmax() == 3


def test_a_slow_set_is_scored_once_its_texts_are_embedded_or_when_asked_for(folder, knowledge, embed) -> None:
    slow = Kind("law", KIND.shown, KIND.watched, slow=True)
    assert score(slow, folder, knowledge, embed, also_slow=False) is None
    assert score(slow, folder, knowledge, embed, also_slow=True) is not None
    assert score(slow, folder, knowledge, embed, also_slow=False) is not None


def test_two_sets_together_are_all_their_queries(scored) -> None:
    both = together("both", [scored, scored])
    assert len(both.ids) == len(both.rankers["full"]["hits@1"]) == 2


def test_the_table_of_readme_has_a_column_for_each_ranker_and_the_best_in_bold(scored) -> None:
    lines = table([scored]).splitlines()
    assert lines[0] == "| set | metric | no query | bm25 | dense | full |"
    assert lines[1] == "|---|---|---|---|---|---|"
    assert lines[2] == "| ventures (1 queries) | hits@1 | 0.000 | **1.000** | **1.000** | **1.000** |"


def test_the_report_has_every_part(found) -> None:
    told = markdown(found)
    for part in ("Every ranker", "paired by query", "Slices", "left out once", "Judgements", "recorded figures"):
        assert f"{part}" in told
    assert "**Not scored:** fr-en-law" in told
    assert "ventures: easy (1)" in told
    assert "1 of 2 hold (50.0%)" in told
    assert "Fair has a yard" in told
    assert "Good makes it" not in told
    for name in found.judgements.without:
        assert f"without {name} (weight {WEIGHTS[name]:g})" in told


def test_the_json_says_the_same(found) -> None:
    told = json.loads(json.dumps(as_json(found)))
    ventures = told["sets"]["ventures"]
    assert ventures["rankers"]["full"]["hits@1"] == {"mean": 1.0, "low": 1.0, "high": 1.0}
    assert ventures["full_against"]["no query"]["hits@1"]["mean"] == 1.0
    assert ventures["slices"]["easy"]["queries"] == 1
    assert [one["better"] for one in told["judgements"]["wrong"]] == ["fair"]
    assert told["judgements"]["rankers"]["full"]["held"]["mean"] == 0.5


def test_the_list_of_what_is_known_wrong_is_written_as_python() -> None:
    known = {("asker", "good", "bad"): "terms_shared 0.50 against unknown"}
    names: dict[str, object] = {}
    exec(_as_python(known), names)
    assert names["KNOWN_WRONG"] == known
