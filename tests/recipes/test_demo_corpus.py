"""The bundled demo corpus is whole, attributed, and small; and the builder refuses what was trained on."""

import json
from collections import Counter
from pathlib import Path

import demo_corpus
import pytest
import yaml
from rowmaking.reading import read_jsonl

DEMO = Path(__file__).parents[2] / "embedrank" / "data" / "demo"
PLAN = yaml.safe_load(Path(demo_corpus.__file__).with_name("demo_corpus.yaml").read_text())


def read(name: str) -> dict:
    return {row["_id"]: row for row in read_jsonl(DEMO / name)}


def qrels() -> list:
    return [line.split("\t") for line in (DEMO / "qrels" / "test.tsv").read_text().splitlines()[1:]]


def test_every_qrel_names_a_query_and_a_document_and_every_query_has_one():
    corpus, queries = read("corpus.jsonl"), read("queries.jsonl")
    assert {q for q, _, _ in qrels()} == set(queries)
    assert {d for _, d, _ in qrels()} <= set(corpus)


def test_corpus_has_about_200_short_documents_in_many_languages():
    corpus = read("corpus.jsonl")
    assert 180 <= len(corpus) <= 220
    assert all(set(row) == {"_id", "title", "text", "lang", "source"} for row in corpus.values())
    assert max(len(row["text"]) for row in corpus.values()) <= PLAN["max_chars"]
    assert len({row["lang"] for row in corpus.values()}) >= 15


def test_some_queries_ask_in_another_language_than_their_document():
    corpus, queries = read("corpus.jsonl"), read("queries.jsonl")
    assert sum(queries[q]["lang"] != corpus[d]["lang"] for q, d, _ in qrels()) >= 15


def test_attribution_states_licence_and_count_of_every_set():
    page = (DEMO / "ATTRIBUTION.md").read_text()
    for name, number in Counter(row["source"] for row in read("corpus.jsonl").values()).items():
        (line,) = [x for x in page.splitlines() if f"(`{name}`)" in x]
        assert PLAN["sets"][name]["licence"] in line
        assert f"| {number} |" in line
    for repository in PLAN["sets"]["docstring_mined"]["repositories"]:
        assert f"https://github.com/{repository} |" in page


def test_showcase_has_five_known_queries_with_reasons():
    queries, showcase = read("queries.jsonl"), json.loads((DEMO / "showcase.json").read_text())
    assert len(showcase) == 5
    assert all(queries[s["query_id"]]["text"] == s["query"] and s["reason"] for s in showcase)


def plan_for(documents: list, queries: list) -> dict:
    picks = {"title": "T", "authors": "A", "repository": "R", "licence": "MIT", "lang": "en"}
    return {"max_chars": 400, "sets": {"tiny": {**picks, "documents": documents, "queries": queries}}, "showcase": []}


def test_builder_takes_evaluation_documents(data, tmp_path):
    assert demo_corpus.build(data, tmp_path / "demo", plan_for(["lynx", "wolf"], ["q5"])) == (2, 1)
    assert (tmp_path / "demo" / "qrels" / "test.tsv").read_text().endswith("tiny/q5\ttiny/lynx\t1\n")


def test_builder_refuses_a_training_document_and_a_query_without_one(data, tmp_path):
    with pytest.raises(ValueError, match="not only an evaluation document"):
        demo_corpus.build(data, tmp_path, plan_for(["bear"], []))
    with pytest.raises(ValueError, match="without a document"):
        demo_corpus.build(data, tmp_path, plan_for(["wolf"], ["q5"]))
