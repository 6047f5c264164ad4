"""Rows from labelled training splits: retrieval, bitext, paraphrase and classification."""

import random
from collections import defaultdict
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from rowmaking.reading import (
    BeirSet,
    Record,
    document_text,
    is_train,
    load_beir,
    read_jsonl,
    read_qrels,
    split_files,
)
from rowmaking.row import Candidate, Row
from rowmaking.source import Source

PARAPHRASE_MIN_SCORE = 4.0
WRONG_LABEL_NEGATIVES = 4


def new_row(source: Source, query: str, positives: list[str], *, lang: str = "") -> Row:
    """Start a row of a source; an empty `lang` takes the source's."""
    return Row(
        task=source.task,
        instruction=source.instruction,
        query=query,
        positives=positives,
        negatives=[],
        source=source.name,
        lang=lang or source.lang,
    )


def retrieval_rows(source: Source, folder: Path) -> Iterator[Candidate]:
    """Yield rows of the training qrels; several relevant documents are dealt out in chunks."""
    beir = load_beir(folder)
    for split, path in beir.qrels.items():
        if is_train(split) and fnmatch(split, source.splits):
            for query_id, scores in _by_query(path).items():
                yield from _query_rows(source, beir, query_id, scores)


def _by_query(path: Path) -> dict[str, dict[str, int]]:
    grouped: dict[str, dict[str, int]] = defaultdict(dict)
    for query_id, document_id, score in read_qrels(path):
        grouped[query_id][document_id] = score
    return grouped


def _query_rows(source: Source, beir: BeirSet, query_id: str, scores: dict[str, int]) -> Iterator[Candidate]:
    query = beir.queries[query_id]
    relevant = [d for d, score in scores.items() if score >= source.min_score]
    wrong = [d for d, score in scores.items() if score == 0][: source.num_negatives]
    if source.generic_above and len(relevant) > source.generic_above:
        yield "too_generic"
        return
    for start in range(0, len(relevant), source.max_positives):
        chunk = [beir.corpus[d] for d in relevant[start : start + source.max_positives]]
        lang = str(query.get("lang") or chunk[0].get("lang") or "")
        row = new_row(source, str(query["text"]), [document_text(d) for d in chunk], lang=lang)
        row["instruction"] = str(query.get("instruction") or source.instruction)
        row["negatives"] = [document_text(beir.corpus[d]) for d in wrong]
        yield row


def bitext_rows(source: Source, folder: Path) -> Iterator[Row]:
    """Yield translation pairs, the direction alternating from row to row."""
    for index, record in enumerate(train_records(folder)):
        first, second = str(record["sentence1"]), str(record["sentence2"])
        if index % 2:
            first, second = second, first
        yield new_row(source, first, [second], lang=str(record["lang"]))


def pivot_bitext_rows(source: Source, folder: Path) -> Iterator[Row]:
    """Yield pairs of two languages that share an English sentence, direction alternating."""
    by_lang: dict[str, dict[int, str]] = defaultdict(dict)
    for record in train_records(folder):
        by_lang[str(record["lang"])][int(record["id"])] = str(record["sentence1"])
    for left, right in source.pairs:
        for index, key in enumerate(sorted(by_lang[left].keys() & by_lang[right].keys())):
            first, second = by_lang[left][key], by_lang[right][key]
            if index % 2:
                first, second = second, first
            yield new_row(source, first, [second], lang=f"{left}-{right}")


def query_bitext_rows(source: Source, folder: Path) -> Iterator[Row]:
    """Yield pairs of training queries that are translations of each other (id `lang:key`)."""
    texts = train_queries_by_lang(folder)
    for left, right in source.pairs:
        for index, key in enumerate(sorted(texts[left].keys() & texts[right].keys())):
            first, second = texts[left][key], texts[right][key]
            if index % 2:
                first, second = second, first
            yield new_row(source, first, [second], lang=f"{left}-{right}")


def train_queries_by_lang(folder: Path) -> dict[str, dict[str, str]]:
    """The training queries of a set whose query ids are `lang:key`: language to key to text."""
    texts: dict[str, dict[str, str]] = defaultdict(dict)
    beir = load_beir(folder)
    for split, path in beir.qrels.items():
        if is_train(split):
            for query_id in _by_query(path):
                lang, key = query_id.split(":", 1)
                texts[lang][key] = str(beir.queries[query_id]["text"])
    return texts


def query_translation_rows(source: Source, folder: Path) -> Iterator[Row]:
    """Yield (query, human translation) pairs of training queries, direction alternating."""
    for index, (query, _) in enumerate(_translated_queries(folder)):
        first, second = str(query["text"]), str(query["translation"])
        if index % 2:
            first, second = second, first
        yield new_row(source, first, [second], lang=str(query["lang"]))


def translated_retrieval_rows(source: Source, folder: Path) -> Iterator[Row]:
    """Yield the human translation of each training query with the query's documents."""
    for query, documents in _translated_queries(folder):
        texts = [document_text(d) for d in documents][: source.max_positives]
        yield new_row(source, str(query["translation"]), texts, lang=str(documents[0]["lang"]))


def _translated_queries(folder: Path) -> Iterator[tuple[Record, list[Record]]]:
    beir = load_beir(folder)
    for split, path in beir.qrels.items():
        if is_train(split):
            for query_id, scores in _by_query(path).items():
                query = beir.queries[query_id]
                if query.get("translation"):
                    yield query, [beir.corpus[d] for d, score in scores.items() if score > 0]


def paraphrase_rows(source: Source, folder: Path) -> Iterator[Candidate]:
    """Yield sentence pairs whose similarity is high enough to call them paraphrases."""
    for record in train_records(folder):
        if float(record["score"]) >= PARAPHRASE_MIN_SCORE:
            yield new_row(source, str(record["sentence1"]), [str(record["sentence2"])])
        else:
            yield "not_a_paraphrase"


def classification_rows(source: Source, folder: Path) -> Iterator[Candidate]:
    """Yield texts with another text of the same label, and texts of other labels as negatives."""
    records = list(train_records(folder))
    rng = random.Random(f"classification:{source.name}")
    by_label: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        by_label[str(record["label"])].append(record)
    for record in records:
        same = rng.choice(by_label[str(record["label"])])
        if same.get("id", same["text"]) == record.get("id", record["text"]):
            yield "drew_itself"
            continue
        row = new_row(source, str(record["text"]), [str(same["text"])], lang=str(record.get("lang") or ""))
        others = [r for r in rng.sample(records, 12) if r["label"] != record["label"]]
        row["negatives"] = [str(r["text"]) for r in others[:WRONG_LABEL_NEGATIVES]]
        yield row


def train_records(folder: Path) -> Iterator[Record]:
    """Yield the records of the training splits of a set of pairs or labelled texts."""
    for split, path in split_files(folder, suffix=".jsonl").items():
        if is_train(split):
            yield from read_jsonl(path)
