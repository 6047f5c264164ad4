"""Local sets as mteb tasks, so that mteb's evaluator can be run on them without any network."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any, Final

from datasets import Dataset
from mteb.abstasks.retrieval import AbsTaskRetrieval
from mteb.abstasks.task_metadata import TaskMetadata

from embedrank.core.types import joined_text
from embedrank.evaluation.beir import BeirSet

_NO_LANGUAGE: Final = "und"  # ISO 639-3 for undetermined: a folder does not say


def beir_task(dataset: BeirSet) -> AbsTaskRetrieval:
    """Wrap a set.

    Args:
        dataset: Documents, queries and judgements.

    Returns:
        A retrieval task with nDCG@10 as its main score. Its revision is a hash of the whole set, so that results of
        other data are not taken for its own. Documents with a title are put together as everywhere in this package.
    """
    metadata = local_metadata(dataset.folder, dataset.split, "Retrieval", "ndcg_at_10", _revision(dataset))

    class BeirTask(AbsTaskRetrieval):
        def load_data(self, num_proc: int | None = None, **kwargs: Any) -> None:
            self.dataset = {"default": {dataset.split: _split_data(dataset)}}
            self.data_loaded = True

    BeirTask.metadata = metadata
    return BeirTask()


def local_metadata(folder: Path, split: str, kind: str, main_score: str, revision: str) -> TaskMetadata:
    """What mteb writes down of a task over a local set.

    Args:
        folder: The set.
        split: Name of its split.
        kind: Type of the task in mteb.
        main_score: The score that counts.
        revision: Hash of the data, so that results of other data are not taken for its own.

    Returns:
        The metadata.
    """
    name = "-".join(re.findall(r"\w+", f"{folder.resolve().name} {split}"))
    return TaskMetadata(
        name=name,
        description=f"split {split} of the folder {folder.resolve().name}",
        type=kind,  # type: ignore[arg-type]  # one of mteb's types, by its callers
        category="t2c" if kind == "Classification" else "t2t",
        modalities=["text"],
        dataset={"path": f"local/{name}", "revision": revision},
        eval_splits=[split],
        eval_langs=[_NO_LANGUAGE],
        main_score=main_score,
    )


def _split_data(dataset: BeirSet) -> Any:
    corpus = [{"id": row.id, "text": joined_text(row.title, row.text)} for row in dataset.documents]
    queries = [{"id": name, "text": text} for name, text in dataset.queries.items()]
    return {
        "corpus": Dataset.from_list(corpus),
        "queries": Dataset.from_list(queries),
        "relevant_docs": {query: dict(grades) for query, grades in dataset.qrels.items()},
        "top_ranked": None,
    }


def _revision(dataset: BeirSet) -> str:
    digest = hashlib.sha256()
    for row in dataset.documents:
        digest.update(repr((row.id, row.title, row.text)).encode())
    digest.update(repr((list(dataset.queries.items()), sorted(dataset.qrels.items()))).encode())
    return digest.hexdigest()[:40]
