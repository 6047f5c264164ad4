"""Make the training rows of the bundled models from the open public sets.

Usage: python recipes/nano/rows.py --data DATA_FOLDER --out ROWS_FOLDER
"""

import argparse
import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from rowmaking import supervised, weak, weak_code
from rowmaking.contamination import EvalTexts, collect_eval_texts
from rowmaking.reading import Record, is_open, read_jsonl, read_licences
from rowmaking.report import SourceCount, render_table
from rowmaking.row import Candidate, Row, tidy_row
from rowmaking.source import Source, load_sources

RowMaker = Callable[[Source, Path], Iterator[Candidate]]
WeakRowMaker = Callable[[Source, Iterable[Record]], Iterator[Candidate]]
KINDS: dict[str, RowMaker] = {
    "retrieval": supervised.retrieval_rows,
    "bitext": supervised.bitext_rows,
    "pivot_bitext": supervised.pivot_bitext_rows,
    "query_bitext": supervised.query_bitext_rows,
    "query_translation": supervised.query_translation_rows,
    "translated_retrieval": supervised.translated_retrieval_rows,
    "paraphrase": supervised.paraphrase_rows,
    "classification": supervised.classification_rows,
}
# Made from documents alone, and only from those that no evaluation query points to.
WEAK_KINDS: dict[str, WeakRowMaker] = {
    "title": weak.title_rows,
    "crop": weak.crop_rows,
    "code_name": weak_code.name_rows,
    "code_signature": weak_code.signature_rows,
    "code_comment": weak_code.comment_rows,
}


def candidates(source: Source, folder: Path, eval_texts: EvalTexts, count: SourceCount) -> Iterator[Candidate]:
    """Start the row maker of a source."""
    if source.kind in KINDS:
        return KINDS[source.kind](source, folder)
    documents, count.dropped["eval_documents_skipped"] = weak.free_documents(folder, eval_texts)
    return WEAK_KINDS[source.kind](source, documents)


def kept_rows(source: Source, folder: Path, eval_texts: EvalTexts, seen: set[int], count: SourceCount) -> list[Row]:
    """Make, decontaminate, clean and deduplicate the rows of one source, counting every drop."""
    kept: list[Row] = []
    for raw in candidates(source, folder, eval_texts, count):
        if isinstance(raw, str):
            count.dropped[raw] += 1
            continue
        reason = eval_texts.drop_reason(raw)
        row, was_cut = tidy_row(raw, code=source.code)
        reason = reason or eval_texts.drop_reason(row) or _fault(row, seen)
        if reason:
            count.dropped[reason] += 1
            continue
        seen.add(_key(row))
        count.cut += was_cut
        kept.append(row)
    return _capped(source, kept, count)


def _fault(row: Row, seen: set[int]) -> str | None:
    if not row["query"] or not row["positives"] or not all(row["positives"]):
        return "empty"
    if row["query"] in row["positives"]:
        return "query_is_positive"
    return "duplicate" if _key(row) in seen else None


def _key(row: Row) -> int:
    return hash((row["query"], *row["positives"]))


def _capped(source: Source, rows: list[Row], count: SourceCount) -> list[Row]:
    """Sample a source down to its caps; the order of rows stays."""
    order = list(range(len(rows)))
    random.Random(f"cap:{source.name}").shuffle(order)
    taken: list[int] = []
    per_lang: Counter[str] = Counter()
    for index in order:
        lang = rows[index]["lang"]
        full = source.cap and len(taken) >= source.cap
        if full or (source.cap_per_lang and per_lang[lang] >= source.cap_per_lang):
            count.dropped["over_cap"] += 1
            continue
        per_lang[lang] += 1
        taken.append(index)
    count.kept = len(taken)
    return [rows[index] for index in sorted(taken)]


def make_all(data: Path, out: Path, sources: list[Source]) -> list[SourceCount]:
    """Write one jsonl per source.

    Args:
        data: Folder of the public sets.
        out: Folder to write to; created.
        sources: The source table.

    Returns:
        The counts per source, in table order.

    Raises:
        ValueError: A source's set is not under an open licence.
    """
    licences = read_licences(data)
    for source in sources:
        if not is_open(licences.get(source.set, "")):
            raise ValueError(f"{source.name}: {source.set} is not under an open licence")
    eval_texts = collect_eval_texts(data)
    out.mkdir(parents=True, exist_ok=True)
    seen: set[int] = set()
    counts: list[SourceCount] = []
    for source in sources:
        count = SourceCount(name=source.name, licence=licences[source.set])
        rows = kept_rows(source, data / source.set, eval_texts, seen, count)
        _write(out / f"{source.name}.jsonl", rows)
        counts.append(count)
        print(f"{source.name}: {count.kept} rows", file=sys.stderr)
    return counts


def _write(path: Path, rows: list[Row]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def report_of(counts: list[SourceCount], out: Path) -> dict[str, object]:
    """Collect the counts per source and the number of rows per language."""
    by_lang: dict[str, int] = defaultdict(int)
    for count in counts:
        for row in read_jsonl(out / f"{count.name}.jsonl"):
            by_lang[str(row["lang"])] += 1
    return {
        "total": sum(c.kept for c in counts),
        "sources": {c.name: c.as_record() for c in counts},
        "languages": dict(sorted(by_lang.items(), key=lambda item: -item[1])),
    }


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder of the public sets")
    parser.add_argument("--out", type=Path, required=True, help="folder for the rows")
    default = Path(__file__).with_name("sources.yaml")
    parser.add_argument("--sources", type=Path, default=default, help="table of sources")
    arguments = parser.parse_args()
    counts = make_all(arguments.data, arguments.out, load_sources(arguments.sources))
    report = report_of(counts, arguments.out)
    (arguments.out / "report.json").write_text(json.dumps(report, indent=1) + "\n")
    print(render_table(counts))


if __name__ == "__main__":
    main()
