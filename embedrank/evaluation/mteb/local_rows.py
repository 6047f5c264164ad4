"""Folders of pairs and of labelled texts as mteb tasks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from datasets import Dataset, DatasetDict
from mteb.abstasks.abstask import AbsTask
from mteb.abstasks.classification import AbsTaskClassification
from mteb.abstasks.pair_classification import AbsTaskPairClassification
from mteb.abstasks.sts import AbsTaskSTS

from embedrank.evaluation.labelled_texts import LabelledTexts
from embedrank.evaluation.mteb.local import local_metadata
from embedrank.evaluation.sentence_pairs import SentencePairs


def pairs_task(pairs: SentencePairs, *, is_binary: bool) -> AbsTask:
    """Wrap scored pairs, all languages together.

    Args:
        pairs: A split.
        is_binary: Whether scores are labels, 0 or 1; else they are graded similarities.

    Returns:
        A task of pair classification, or of similarity.
    """
    scores = {"labels": [int(score) for score in pairs.scores]} if is_binary else {"score": list(pairs.scores)}
    columns: dict[str, Any] = {"sentence1": list(pairs.first), "sentence2": list(pairs.second), **scores}
    kind, main = ("PairClassification", "max_ap") if is_binary else ("STS", "cosine_spearman")
    base: type[AbsTask] = AbsTaskPairClassification if is_binary else AbsTaskSTS
    content = Dataset.from_dict(columns)

    class PairsTask(base):  # type: ignore[misc, valid-type]  # one of two classes
        metadata = local_metadata(pairs.folder, pairs.split, kind, main, _revision(columns.values()))

        def load_data(self, num_proc: int | None = None, **kwargs: Any) -> None:
            self.dataset = DatasetDict({pairs.split: content})
            self.data_loaded = True

    return PairsTask()


def labels_task(train: LabelledTexts, measured: LabelledTexts) -> AbsTask:
    """Wrap labelled texts, all languages together.

    Args:
        train: What a classifier learns from.
        measured: What it is measured on.

    Returns:
        A task of classification.
    """
    numbers = {label: number for number, label in enumerate(sorted({*train.labels, *measured.labels}))}
    columns = {
        texts.split: {"text": list(texts.texts), "label": [numbers[label] for label in texts.labels]}
        for texts in (train, measured)
    }
    revision = _revision([column for part in columns.values() for column in part.values()])
    content = {split: Dataset.from_dict(part) for split, part in columns.items()}

    class LabelsTask(AbsTaskClassification):
        metadata = local_metadata(measured.folder, measured.split, "Classification", "accuracy", revision)
        train_split = train.split

        def load_data(self, num_proc: int | None = None, **kwargs: Any) -> None:
            self.dataset = DatasetDict(content)
            self.data_loaded = True

    return LabelsTask()


def _revision(columns: Iterable[object]) -> str:
    digest = hashlib.sha256()
    for column in columns:
        digest.update(repr(column).encode())
    return digest.hexdigest()[:40]
