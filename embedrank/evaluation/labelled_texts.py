"""Texts with one label each: what classifiers are trained on and clusters are held against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from embedrank.core.beir_files import read_objects
from embedrank.core.errors import DatasetError
from embedrank.evaluation.sentence_pairs import left_out_notes
from embedrank.evaluation.split_files import Sample, split_path, text_of


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledTexts:
    """One split of a folder of labelled texts.

    Attributes:
        folder: Where it was read from.
        split: Name of its file without suffix.
        texts: The texts.
        labels: One for each.
        languages: Language of each, an empty string where the file does not say.
        notes: What was left out.
    """

    folder: Path
    split: str
    texts: Sequence[str]
    labels: Sequence[str]
    languages: Sequence[str]
    notes: Sequence[str] = ()


def load_labelled(folder: Path, split: str, sample: Sample) -> LabelledTexts:
    """Read a split.

    Args:
        folder: A folder of `<split>.jsonl` with `text`, `label` (text or whole number), and perhaps `lang`.
        split: Its name without suffix.
        sample: How many texts are kept.

    Returns:
        The texts.

    Raises:
        DatasetError: If a file or field is missing, or no text is left.
    """
    path = split_path(folder, split)
    rows: list[tuple[str, str, str]] = []
    num_blank = 0
    for line, row in read_objects(path):
        text, label = text_of(path, line, row, "text"), row.get("label")
        if isinstance(label, bool) or not isinstance(label, str | int):
            fields = ", ".join(row)
            raise DatasetError(path, f"field 'label' is missing or no text or number (there are {fields})", line=line)
        if text.strip():
            rows.append((text, str(label), str(row.get("lang") or "")))
        else:
            num_blank += 1
    if not rows:
        raise DatasetError(path, "holds no labelled texts")
    kept = sample.draw(rows)
    return LabelledTexts(
        folder=folder,
        split=split,
        texts=[row[0] for row in kept],
        labels=[row[1] for row in kept],
        languages=[row[2] for row in kept],
        notes=left_out_notes(num_blank, "texts", kept=len(kept), whole=len(rows)),
    )
