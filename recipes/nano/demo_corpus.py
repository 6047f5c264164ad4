"""Build the bundled demo corpus from hand-picked evaluation documents of open sets.

Usage: python recipes/nano/demo_corpus.py --data DATA_FOLDER --out embedrank/data/demo
"""

import argparse
import json
from collections import Counter
from html import unescape
from pathlib import Path
from typing import Any

import yaml
from rowmaking.reading import BeirSet, Record, is_open, is_train, load_beir, read_licences, read_qrels
from rowmaking.row import tidy_code, tidy_prose

CODE_SETS = frozenset({"docstring_mined", "exercism", "tldr"})
ATTRIBUTION_HEAD = """# Attribution of the demo corpus

These documents and questions are excerpts of public data sets. White space was normalised and HTML
character references were resolved; nothing else was changed.
Each document names its set in the field `source`. They are under the licences below, not under this project's own;
share-alike licences (CC BY-SA) hold for further copies of those documents.

| set | authors | source | licence | documents | queries |
|---|---|---|---|---|---|
"""


def pick_documents(name: str, picks: Record, beir: BeirSet, *, max_chars: int) -> list[Record]:
    """Return the chosen documents of one set in corpus form.

    Raises:
        ValueError: A document is too long, or may have been seen in training.
    """
    barred = {d for split, path in beir.qrels.items() if is_train(split) for _, d, _ in read_qrels(path)}
    allowed = beir.eval_positive_ids()
    tidy = tidy_code if name in CODE_SETS else tidy_prose
    rows: list[Record] = []
    for key in map(str, picks["documents"]):
        document = beir.corpus[key]
        text = tidy(unescape(str(document["text"])) if tidy is tidy_prose else str(document["text"]))
        if len(text) > max_chars:
            raise ValueError(f"{name} {key}: {len(text)} characters")
        if key in barred or key not in allowed:
            raise ValueError(f"{name} {key}: not only an evaluation document")
        lang = str(document.get("lang") or picks.get("lang") or key.split(":")[0])
        title = str(document.get("title") or "")
        rows.append({"_id": f"{name}/{key}", "title": title, "text": text, "lang": lang, "source": name})
    return rows


def pick_queries(name: str, picks: Record, beir: BeirSet) -> list[Record]:
    """Return the chosen queries of one set in BEIR form."""
    rows: list[Record] = []
    for key in map(str, picks["queries"]):
        query = beir.queries[key]
        lang = "en" if name in ("docstring_mined", "exercism") else str(query.get("lang") or picks.get("lang") or "")
        rows.append({"_id": f"{name}/{key}", "text": tidy_prose(str(query["text"])), "lang": lang, "source": name})
    return rows


def pick_qrels(name: str, documents: list[Record], queries: list[Record], beir: BeirSet) -> list[tuple[str, str]]:
    """Return the relevant pairs among the chosen queries and documents, from all evaluation splits.

    Raises:
        ValueError: A query has no relevant document among the chosen ones.
    """
    chosen = {row["_id"] for row in documents}
    pairs: set[tuple[str, str]] = set()
    for split, path in beir.qrels.items():
        for query_id, document_id, score in read_qrels(path) if not is_train(split) else []:
            if score > 0 and f"{name}/{document_id}" in chosen:
                pairs.add((f"{name}/{query_id}", f"{name}/{document_id}"))
    wanted = [row["_id"] for row in queries]
    missing = set(wanted) - {q for q, _ in pairs}
    if missing:
        raise ValueError(f"queries without a document: {sorted(missing)}")
    return [(q, d) for q in wanted for d in sorted(d for p, d in pairs if p == q)]


def attribution_of(sets: dict[str, Record], documents: list[Record], queries: list[Record], beirs: Record) -> str:
    """Write the attribution page: one line a set, and one a repository where the licence is per repository."""
    num_documents = Counter(row["source"] for row in documents)
    num_queries = Counter(row["source"] for row in queries)
    lines: list[str] = []
    for name, picks in sets.items():
        cells = [
            f"{picks['title']} (`{name}`)",
            picks.get("authors", "see below"),
            picks.get("repository", "see below"),
        ]
        cells += [picks["licence"], str(num_documents[name]), str(num_queries[name])]
        lines.append("| " + " | ".join(cells) + " |")
    lines.append(f"| total | | | | {len(documents)} | {len(queries)} |")
    for name, picks in sets.items():
        if "repositories" in picks:
            lines += ["", *_repository_lines(name, picks, beirs[name])]
    return ATTRIBUTION_HEAD + "\n".join(lines) + "\n"


def _repository_lines(name: str, picks: Record, beir: BeirSet) -> list[str]:
    used = Counter(str(beir.corpus[key]["repo"]) for key in picks["documents"])
    unknown = used.keys() - picks["repositories"].keys()
    if unknown:
        raise ValueError(f"{name}: no licence given for {sorted(unknown)}")
    lines = [f"## Repositories in `{name}`", "", "| repository | licence, holder | documents |", "|---|---|---|"]
    table = picks["repositories"]
    return lines + [f"| https://github.com/{repo} | {table[repo]} | {used[repo]} |" for repo in table if used[repo]]


def build(data: Path, out: Path, plan: dict[str, Any]) -> tuple[int, int]:
    """Write the corpus, queries, qrels, attribution and showcase.

    Args:
        data: Folder of the public sets.
        out: Folder to write to; created.
        plan: The picks, as in `demo_corpus.yaml`.

    Returns:
        Number of documents and of queries.

    Raises:
        ValueError: A set is not open, or a pick does not hold what the demo promises.
    """
    licences, beirs = read_licences(data), {name: load_beir(data / name) for name in plan["sets"]}
    documents: list[Record] = []
    queries: list[Record] = []
    pairs: list[tuple[str, str]] = []
    for name, picks in plan["sets"].items():
        if not is_open(licences.get(name, "")):
            raise ValueError(f"{name} is not under an open licence")
        own_documents = pick_documents(name, picks, beirs[name], max_chars=plan["max_chars"])
        own_queries = pick_queries(name, picks, beirs[name])
        pairs += pick_qrels(name, own_documents, own_queries, beirs[name])
        documents += own_documents
        queries += own_queries
    (out / "qrels").mkdir(parents=True, exist_ok=True)
    _write_jsonl(out / "corpus.jsonl", documents)
    _write_jsonl(out / "queries.jsonl", queries)
    lines = [f"{q}\t{d}\t1" for q, d in pairs]
    (out / "qrels" / "test.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *lines]) + "\n")
    (out / "ATTRIBUTION.md").write_text(attribution_of(plan["sets"], documents, queries, beirs), encoding="utf-8")
    showcase = showcase_of(plan["showcase"], queries)
    (out / "showcase.json").write_text(json.dumps(showcase, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return len(documents), len(queries)


def showcase_of(picks: list[Record], queries: list[Record]) -> list[Record]:
    """Add the text of each showcased query to its reason."""
    texts = {row["_id"]: row["text"] for row in queries}
    return [{"query_id": p["query_id"], "query": texts[p["query_id"]], "reason": p["reason"]} for p in picks]


def _write_jsonl(path: Path, rows: list[Record]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder of the public sets")
    parser.add_argument("--out", type=Path, required=True, help="folder for the demo corpus")
    parser.add_argument("--plan", type=Path, default=Path(__file__).with_name("demo_corpus.yaml"), help="the picks")
    arguments = parser.parse_args()
    plan = yaml.safe_load(arguments.plan.read_text(encoding="utf-8"))
    num_documents, num_queries = build(arguments.data, arguments.out, plan)
    print(f"{num_documents} documents, {num_queries} queries in {arguments.out}")


if __name__ == "__main__":
    main()
