"""A BEIR folder small enough to check by hand."""

import gzip
import json

CORPUS = [
    {"_id": "en:1", "title": "Bears", "text": "The brown bear catches salmon."},
    {"_id": "en:2", "title": "", "text": "A brown fox sleeps in the wood."},
    {"_id": "de:1", "title": "Bären", "text": "Der Braunbär fängt Lachs."},
    {"_id": "en:3", "title": "", "text": "Ferries cross the river."},
]
QUERIES = [
    {"_id": "q1", "text": "what does the brown bear catch"},
    {"_id": "q2", "text": "how to cross the river"},
    {"_id": "q3", "text": "never judged"},
]
QRELS = "query-id\tcorpus-id\tscore\nq1\ten:1\t2\nq1\ten:2\t1\nq2\ten:3\t1\n"


def write_beir(folder, *, qrels=QRELS, corpus=CORPUS, queries=QUERIES, split="test", zipped=False):
    (folder / "qrels").mkdir(parents=True, exist_ok=True)

    def write(name, text):
        if zipped:
            with gzip.open(folder / f"{name}.gz", "wt", encoding="utf-8") as file:
                file.write(text)
        else:
            (folder / name).write_text(text, encoding="utf-8")

    write("corpus.jsonl", "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in corpus))
    write("queries.jsonl", "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in queries))
    write(f"qrels/{split}.tsv", qrels)
    return folder
