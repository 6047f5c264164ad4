"""Made-up data sets in the form of the public ones, and the recipe folder on the import path."""

import json
import sys
from pathlib import Path

import pytest

NANO = Path(__file__).parents[2] / "recipes" / "nano"
if str(NANO) not in sys.path:
    sys.path.insert(0, str(NANO))

README = """| set | task | language | sizes | licence |
|---|---|---|---|---|
| tiny | retrieval | en | few | open |
| closed | pairs | en | few | eval |
"""
BODY = (
    "The {0} lives in the north. It eats grass and berries every day. Nobody knows how old a {0} gets. Hunters fear it."
)


def write_jsonl(path: Path, rows: list) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Six documents about animals: two for training, two for testing, one clean copy trap, one free."""
    folder = tmp_path / "data"
    animals = ["bear", "moose", "lynx", "wolf", "hare"]
    corpus = [{"_id": a, "title": a.title(), "text": BODY.format(a)} for a in animals]
    corpus.append({"_id": "copy", "title": "", "text": BODY.format("lynx").upper()})
    write_jsonl(folder / "tiny" / "corpus.jsonl", corpus)
    texts = {
        "q1": "where is the bear",
        "q2": "Who is it?",
        "q3": "lynx food",
        "q4": "copied answer",
        "q5": "where is the lynx",
        "q6": "wolf age",
    }
    write_jsonl(folder / "tiny" / "queries.jsonl", [{"_id": k, "text": v} for k, v in texts.items()])
    qrels = folder / "tiny" / "qrels"
    qrels.mkdir()
    head = "query-id\tcorpus-id\tscore\n"
    (qrels / "train.tsv").write_text(head + "q1\tbear\t1\nq2\tmoose\t1\nq3\tmoose\t1\nq4\tcopy\t1\n")
    (qrels / "test.tsv").write_text(head + "q5\tlynx\t1\n")
    (qrels / "dev.tsv").write_text(head + "q6\twolf\t1\n")
    write_jsonl(folder / "closed" / "test.jsonl", [{"sentence1": "who is it", "sentence2": "nobody", "score": 1}])
    (folder / "README.md").write_text(README)
    return folder
