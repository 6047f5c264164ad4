"""A BEIR folder as an mteb task, so that mteb's evaluator can be run on it without any network."""

from __future__ import annotations

import hashlib
import re
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
    name = "-".join(re.findall(r"\w+", f"{dataset.folder.resolve().name} {dataset.split}"))
    metadata = TaskMetadata(
        name=name,
        description=f"split {dataset.split} of the folder {dataset.folder.resolve().name}",
        type="Retrieval",
        category="t2t",
        modalities=["text"],
        dataset={"path": f"local/{name}", "revision": _revision(dataset)},
        eval_splits=[dataset.split],
        eval_langs=[_NO_LANGUAGE],
        main_score="ndcg_at_10",
    )

    class BeirTask(AbsTaskRetrieval):
        def load_data(self, num_proc: int | None = None, **kwargs: Any) -> None:
            self.dataset = {"default": {dataset.split: _split_data(dataset)}}
            self.data_loaded = True

    BeirTask.metadata = metadata
    return BeirTask()


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
