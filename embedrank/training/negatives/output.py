"""From decisions to files: rows with negatives, where each negative came from, and the report."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from embedrank.training.negatives import reasons
from embedrank.training.negatives.config import MiningConfig
from embedrank.training.negatives.corpus import Corpus
from embedrank.training.negatives.decision import Decision
from embedrank.training.negatives.known_positives import KnownPositives
from embedrank.training.negatives.report import Tally
from embedrank.training.negatives.row_writing import write_rows
from embedrank.training.negatives.written import Written, written_negatives
from embedrank.training.rows import TrainingRow


def report_path(out: Path) -> Path:
    """Where the report of an output lies."""
    return out.with_name(out.name + ".report.json")


def provenance_path(out: Path) -> Path:
    """Where the origin of each negative of an output lies; one line for each row read, dropped rows included."""
    return out.with_name(out.name + ".provenance.jsonl")


def write_output(
    out: Path,
    work: Path,
    rows: Iterable[tuple[TrainingRow, Decision]],
    corpus: Corpus,
    known: KnownPositives,
    config: MiningConfig,
    *,
    encoders: Sequence[str],
    facts: Mapping[str, object],
    tell: Callable[[int], None],
) -> dict[str, object]:
    """Write the three files, each put into its place in one step, the rows last.

    Args:
        out: The file of rows.
        work: A folder on the same disk.
        rows: All rows and what was decided on each.
        corpus: The documents.
        known: All positives.
        config: What becomes of negatives that rows have already.
        encoders: Names of the encoders.
        facts: What the report shall hold beside counts.
        tell: Told the number of rows after each.

    Returns:
        The report.
    """
    tally = Tally(encoders)
    ready = work / f"finished{''.join(out.suffixes[-2:])}"
    notes = work / "provenance.jsonl"
    with notes.open("w", encoding="utf-8") as lines:

        def kept() -> Iterator[TrainingRow]:
            for number, (row, decision) in enumerate(rows, start=1):
                written = _written(row, decision, known, config)
                tally.add(decision, written)
                lines.write(json.dumps(_provenance(number, decision, written, encoders), ensure_ascii=False) + "\n")
                if decision.is_kept:
                    mined = corpus.texts(negative.place for negative in decision.negatives)
                    yield row.with_negatives((*written.kept, *mined))
                tell(number)

        write_rows(ready, kept())
    report = {**facts, **tally.report()}
    told = work / "report.json"
    told.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    for made, place in ((told, report_path(out)), (notes, provenance_path(out)), (ready, out)):
        with made.open("rb") as file:
            os.fsync(file.fileno())
        made.replace(place)
    return report


def _written(row: TrainingRow, decision: Decision, known: KnownPositives, config: MiningConfig) -> Written:
    if decision.outcome == reasons.GRADED:
        return Written(kept=row.negatives, num_replaced=0, num_wrong=0)
    return written_negatives(row, known, config)


def _provenance(number: int, decision: Decision, written: Written, encoders: Sequence[str]) -> dict[str, object]:
    if not decision.is_kept:
        return {"row": number, "outcome": decision.outcome}
    mined = [
        {
            "encoder": encoders[negative.encoder],
            "rank": negative.rank,
            "score": round(negative.score, 6),
            **({} if negative.relevance is None else {"relevance": round(negative.relevance, 6)}),
        }
        for negative in decision.negatives
    ]
    return {"row": number, "outcome": decision.outcome, "num_written": len(written.kept), "mined": mined}
