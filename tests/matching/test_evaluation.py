"""Rankings against judgements: metrics worked out by hand, pairs that do not count, and files that do not fit."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from matching.evaluation import METRICS, Collection, CollectionError, Text, bm25_scores, measure, read_collection

HEAD = "query-id\tcorpus-id\tscore"


def write_folder(
    folder, corpus=({"_id": "a", "text": "Sonar"},), queries=({"_id": "q", "text": "Sonar"},), qrels="q\ta\t1", **files
):
    """A collection of one document and one judged query, with any part given as rows or as raw text."""
    (folder / "qrels").mkdir(exist_ok=True)
    for name, rows in (("corpus.jsonl", corpus), ("queries.jsonl", queries)):
        lines = rows if isinstance(rows, str) else "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / name).write_text(lines, encoding="utf-8")
    (folder / "qrels" / "dev.tsv").write_text(f"{HEAD}\n{qrels}\n")
    for name, content in files.items():
        (folder / f"{name}.tsv").write_text(content)
    return folder


def collection(ids: str, judgements, excluded=()) -> Collection:
    """Documents with one-letter ids and the queries that are judged."""
    return Collection(
        tuple(Text(one, one) for one in ids), tuple(Text(q, q) for q in judgements), judgements, frozenset(excluded)
    )


# Metrics


def test_one_relevant_document_in_third_place():
    found = measure(np.array([[0.9, 0.8, 0.7, 0.1]]), collection("abcd", {"q": {"c": 1}}))
    assert found == {
        "ndcg@10": pytest.approx(1 / math.log2(4), abs=1e-4),
        "recall@10": 1,
        "p@10": pytest.approx(0.1),
        "mrr@10": pytest.approx(1 / 3, abs=1e-4),
        "hits@1": 0,
        "hits@5": 1,
        "hits@10": 1,
    }


def test_graded_judgements_are_discounted_by_place():
    found = measure(np.array([[3.0, 2.0, 1.0]]), collection("abc", {"q": {"b": 2, "c": 1, "a": 0}}))
    gained = 2 / math.log2(3) + 1 / math.log2(4)
    assert found["ndcg@10"] == pytest.approx(gained / (2 + 1 / math.log2(3)), abs=1e-4)
    assert found["mrr@10"] == 0.5


def test_what_stands_beyond_the_tenth_place_does_not_count():
    scores = -np.arange(12.0)[None]
    found = measure(scores, collection("abcdefghijkl", {"q": {"k": 1, "a": 1}}))
    assert (found["recall@10"], found["p@10"]) == (0.5, 0.1)
    assert set(measure(scores, collection("abcdefghijkl", {"q": {"k": 1}})).values()) == {0.0}


def test_metrics_are_means_over_the_queries():
    found = measure(np.array([[1.0, 0.0], [1.0, 0.0]]), collection("ab", {"p": {"a": 1}, "q": {"b": 1}}))
    assert (found["hits@1"], found["hits@5"], found["mrr@10"]) == (0.5, 1, 0.75)


def test_a_pair_that_does_not_count_gives_its_place_to_the_next():
    scores = np.array([[0.9, 0.5, 0.1], [0.9, 0.5, 0.1]])
    judged = {"p": {"b": 1}, "q": {"b": 1}}
    assert measure(scores, collection("abc", judged))["hits@1"] == 0
    assert measure(scores, collection("abc", judged, excluded=[("p", "a")]))["hits@1"] == 0.5


@pytest.mark.parametrize(("ids", "first"), [("ab", "a"), ("ba", "a"), ("cab", "a")])
def test_ties_go_by_id_whatever_the_order_of_the_corpus(ids, first):
    made = collection(ids, {"q": {first: 1}})
    assert measure(np.zeros((1, len(ids))), made)["hits@1"] == 1


def test_every_metric_promised_is_there():
    assert list(METRICS) == ["ndcg@10", "recall@10", "p@10", "mrr@10", "hits@1", "hits@5", "hits@10"]


def test_the_plain_lexical_ranker_finds_the_document_with_the_words():
    made = Collection(
        (Text("a", "hull blocks"), Text("b", "towed sonar")), (Text("q", "sonar"),), {"q": {"b": 1}}, frozenset()
    )
    assert measure(bm25_scores(made), made)["hits@1"] == 1


# Reading


def test_a_folder_is_read_with_titles_records_and_excluded_pairs(tmp_path):
    corpus = (
        {"_id": 7, "title": "Towed array", "text": "A sonar", "record": {"name": "Kraken"}},
        {"_id": "b", "title": "Hull", "text": "Hulls in steel"},
        {"_id": "c", "title": None, "text": "Line\u2028separated"},
    )
    queries = ({"_id": "q", "text": "Sonar"}, {"_id": "unjudged", "text": "Radar"})
    made = read_collection(
        write_folder(tmp_path, corpus, queries, "q\t7\t2\nq\tb\t0", excluded="query-id\tcorpus-id\nq\tb\n"), "dev"
    )
    assert [one.text for one in made.corpus] == ["Towed array. A sonar", "Hulls in steel", "Line\u2028separated"]
    assert (made.corpus[0].id, made.corpus[0].record) == ("7", {"name": "Kraken"})
    assert [query.id for query in made.queries] == ["q"]
    assert made.judgements == {"q": {"7": 2, "b": 0}}
    assert made.excluded == {("q", "b")}


@pytest.mark.parametrize("missing", ["corpus.jsonl", "queries.jsonl", "qrels/dev.tsv"])
def test_a_missing_file_is_told_by_its_path(tmp_path, missing):
    (write_folder(tmp_path) / missing).unlink()
    with pytest.raises(CollectionError) as caught:
        read_collection(tmp_path, "dev")
    assert str(caught.value) == f"{tmp_path / missing} is missing; expected a folder in BEIR layout"


@pytest.mark.parametrize(
    "line", ['{"_id": "b"', '{"_id": "b"}', '{"text": "no id"}', '["a", "list"]', "17", '{"_id": "b", "text": 5}', ""]
)
def test_a_line_that_is_no_document_is_told_by_file_and_line(tmp_path, line):
    write_folder(tmp_path, corpus='{"_id": "a", "text": "Sonar"}\n' + line + '\n{"_id": "c", "text": "Hull"}\n')
    with pytest.raises(CollectionError) as caught:
        read_collection(tmp_path, "dev")
    assert str(caught.value) == f"{tmp_path / 'corpus.jsonl'}, line 2: expected a JSON object with _id and text"


@pytest.mark.parametrize("score", ["high", "1.5", ""])
def test_a_score_that_is_no_whole_number_is_told_by_file_and_line(tmp_path, score):
    write_folder(tmp_path, qrels=f"q\ta\t1\nq\tb\t{score}")
    with pytest.raises(CollectionError) as caught:
        read_collection(tmp_path, "dev")
    assert str(caught.value) == f"{tmp_path / 'qrels/dev.tsv'}, line 3: score {score!r}; expected a whole number"


def test_a_short_row_is_told_by_file_and_line_counting_blank_lines(tmp_path):
    write_folder(tmp_path, qrels="q\ta\t1\n\nq\tb")
    with pytest.raises(CollectionError) as caught:
        read_collection(tmp_path, "dev")
    assert str(caught.value) == f"{tmp_path / 'qrels/dev.tsv'}, line 4: expected 3 columns"


@pytest.mark.parametrize("file", ["qrels/dev.tsv", "excluded.tsv"])
def test_a_table_without_its_columns_is_told_with_those_expected(tmp_path, file):
    write_folder(tmp_path)
    (tmp_path / file).write_text("query\tdocument\nq\ta\n")
    with pytest.raises(CollectionError, match=r"line 1: expected the columns query-id, corpus-id") as caught:
        read_collection(tmp_path, "dev")
    assert str(caught.value).startswith(str(tmp_path / file))


def test_a_split_that_judges_no_query_is_refused(tmp_path):
    with pytest.raises(CollectionError, match=r"no query of queries.jsonl has a judgement in qrels/dev.tsv"):
        read_collection(write_folder(tmp_path, qrels="another\ta\t1"), "dev")
