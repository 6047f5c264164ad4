"""Names of tasks over embeddings to what runs them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from embedrank.evaluation.tasks.bitext import Bitext
from embedrank.evaluation.tasks.classification import Classification
from embedrank.evaluation.tasks.clustering import Clustering
from embedrank.evaluation.tasks.pair_classification import PairClassification
from embedrank.evaluation.tasks.sts import Sts
from embedrank.evaluation.tasks.task import EmbeddingTask

TASKS: Final[Mapping[str, type[EmbeddingTask]]] = MappingProxyType(
    {
        "sts": Sts,
        "pair_classification": PairClassification,
        "classification": Classification,
        "clustering": Clustering,
        "bitext": Bitext,
    }
)
