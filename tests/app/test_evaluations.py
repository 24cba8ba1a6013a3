"""``triveni evaluate``: three rankers over a folder of judgements."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.progress import Progress

from app import evaluations
from app.errors import Invalid
from app.evaluations import RANKERS, evaluate_folder
from tests.factories import HashEncoder

METRICS = {"ndcg@10", "recall@10", "p@10", "mrr@10", "hits@1", "hits@5", "hits@10"}
SONAR = {"name": "Sonar Works", "country": "IND", "sectors": ["subsea"], "capabilities": ["Towed sonar arrays."]}
SHELLS = {"name": "Shell Works", "country": "IND", "sectors": ["munitions"], "capabilities": ["Artillery shells."]}


def collection(folder: Path, record=SONAR, query=None, qrels: str = "q1\tsonar\t1") -> Path:
    corpus = [
        {"_id": "sonar", "text": "Towed sonar arrays.", "record": record},
        {"_id": "shells", "text": "Artillery shells.", "record": SHELLS},
        {"_id": "plain", "text": "Patrol vessels of steel."},
    ]
    queries = [query or {"_id": "q1", "text": "A towed sonar array"}]
    (folder / "qrels").mkdir()
    for name, rows in (("corpus", corpus), ("queries", queries)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "qrels" / "dev.tsv").write_text(f"query-id\tcorpus-id\tscore\n{qrels}\n")
    return folder


@pytest.fixture(autouse=True)
def _stand_in(monkeypatch, tmp_path) -> None:
    """The encoder's stand-in at the boundary to the model, and a folder of its own for the vectors kept."""
    monkeypatch.setattr("app.knowledge.packaged_encoder", lambda folder: HashEncoder())
    monkeypatch.setattr(evaluations, "ROOT", tmp_path)


def evaluate(settings, folder: Path, *rankers: str, split: str = "dev"):
    with Progress(disable=True) as bar:
        return evaluate_folder(settings, folder, split, rankers or RANKERS, bar)


def test_every_ranker_is_measured_by_every_metric(settings, tmp_path) -> None:
    report = evaluate(settings, collection(tmp_path))
    assert report["queries"] == 1
    assert list(report["rankers"]) == list(RANKERS)
    assert {frozenset(figures) for figures in report["rankers"].values()} == {frozenset(METRICS)}


@pytest.mark.parametrize("ranker", RANKERS)
def test_each_ranker_finds_the_document_that_says_the_same(settings, tmp_path, ranker: str) -> None:
    figures = evaluate(settings, collection(tmp_path), ranker)["rankers"][ranker]
    assert (figures["hits@1"], figures["mrr@10"]) == (1.0, 1.0)


def test_full_ranks_by_the_record_where_a_document_carries_one(settings, tmp_path) -> None:
    """The texts are the same; with the records exchanged, the other document is the better answer."""
    exchanged = collection(tmp_path, record=SHELLS | {"name": "Sonar Works"})
    assert evaluate(settings, exchanged, "bm25", "full")["rankers"]["bm25"]["hits@1"] == 1.0
    assert evaluate(settings, exchanged, "full")["rankers"]["full"]["hits@1"] == 0.0


def test_a_query_may_carry_a_record(settings, tmp_path) -> None:
    seeker = {
        "name": "Deep Inc.",
        "country": "CAN",
        "technologies": [{"statement": "Sonar signal software.", "trl": 5}],
        "seeks": ["A maker of towed sonar arrays."],
    }
    folder = collection(tmp_path, query={"_id": "q1", "text": "(see the record)", "record": seeker})
    assert evaluate(settings, folder, "full")["rankers"]["full"]["hits@1"] == 1.0


def test_a_second_evaluation_embeds_nothing_and_says_the_same(settings, tmp_path, monkeypatch) -> None:
    folder = collection(tmp_path)
    first = evaluate(settings, folder, "dense", "full")

    def never(self, texts, progress=None):
        raise AssertionError(texts)

    monkeypatch.setattr(HashEncoder, "encode", never)
    assert evaluate(settings, folder, "dense", "full") == first


def test_kept_vectors_that_are_damaged_are_made_again(settings, tmp_path) -> None:
    folder = collection(tmp_path)
    first = evaluate(settings, folder, "dense")
    kept = list((tmp_path / "var").rglob("*.npz"))
    assert kept
    for path in kept:
        path.write_bytes(path.read_bytes()[:50])
    assert evaluate(settings, folder, "dense") == first


@pytest.mark.parametrize("rankers", [("bm26",), ("bm25", "best")])
def test_a_strange_ranker_is_refused_with_the_names_of_those_there_are(settings, tmp_path, rankers) -> None:
    with pytest.raises(Invalid, match=f"no such ranker: {rankers[-1]}") as told:
        evaluate(settings, collection(tmp_path), *rankers)
    assert told.value.hint == "the rankers are bm25, dense, full, challenge"


def test_a_split_that_is_not_there_is_named(settings, tmp_path) -> None:
    with pytest.raises(Invalid, match=r"qrels/test\.tsv is missing"):
        evaluate(settings, collection(tmp_path), "bm25", split="test")


def test_a_record_that_does_not_fit_names_its_document_and_field(settings, tmp_path) -> None:
    with pytest.raises(Invalid, match=r"the record of sonar: country: "):
        evaluate(settings, collection(tmp_path, record=SONAR | {"country": "India"}), "full")
