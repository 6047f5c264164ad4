"""Clustering: do texts of one label lie together?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np

from embedrank.core.errors import DatasetError
from embedrank.core.types import FloatArray
from embedrank.evaluation.labelled_texts import LabelledTexts, load_labelled
from embedrank.evaluation.prompted_encoder import PromptedEncoder
from embedrank.evaluation.split_files import Sample
from embedrank.evaluation.tasks.task import Measured, by_language

NUM_DRAWS: Final = 10
MOST_TEXTS: Final = 2048
BATCH_SIZE: Final = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Clustering:
    """Texts to be grouped.

    Attributes:
        texts: With the labels that the groups are held against.
        seed: Of draws and clusters.
    """

    texts: LabelledTexts
    seed: int

    name: ClassVar[str] = "clustering"
    benchmark_type: ClassVar[str] = "Clustering"
    main_metric: ClassVar[str] = "v_measure"

    @classmethod
    def load(cls, folder: Path, split: str, sample: Sample) -> Clustering:
        """Read a split of `text`, `label`.

        Args:
            folder: The folder.
            split: Name of the file without suffix.
            sample: How many texts are kept; its seed draws from them too.

        Returns:
            The task.

        Raises:
            DatasetError: If the file cannot be used or has one label only.
        """
        texts = load_labelled(folder, split, sample)
        if len(set(texts.labels)) < 2:
            raise DatasetError(folder, f"{split!r} has one label only, so that there is nothing to tell apart")
        return cls(texts=texts, seed=sample.seed)

    @property
    def num_texts(self) -> int:
        """Different texts."""
        return len(set(self.texts.texts))

    def measure(self, encoder: PromptedEncoder) -> Measured:
        """V-measure of mini-batch k-means with as many clusters as labels, over several draws.

        Args:
            encoder: Reads all texts alike.

        Returns:
            `v_measure`, its mean over the draws, and `v_measure_std`, 0..1.

        Source:
            mteb, AbsTaskClustering; Rosenberg and Hirschberg, "V-Measure", EMNLP 2007
        """
        vectors_ND, labels = encoder.instructed(self.texts.texts), np.asarray(self.texts.labels)

        def over_draws(rows: Sequence[int]) -> Mapping[str, float]:
            return clustered(vectors_ND[list(rows)], labels[list(rows)], seed=self.seed)

        metrics, languages = by_language(self.texts.languages, over_draws)
        counts = {"num_texts": len(labels), "num_labels": len(set(self.texts.labels))}
        return Measured(metrics=metrics, counts=counts, by_language=languages, notes=self.texts.notes)


def clustered(vectors_ND: FloatArray, labels: Any, *, seed: int) -> dict[str, float]:
    """Cluster draws of N texts, with replacement, and hold the clusters against the labels.

    Args:
        vectors_ND: Unit rows.
        labels: One for each.
        seed: The same seed gives the same figures.

    Returns:
        `v_measure` and `v_measure_std`.
    """
    from sklearn.cluster import MiniBatchKMeans
    from sklearn.metrics import v_measure_score

    scores = []
    for draw in range(NUM_DRAWS):
        generator = np.random.default_rng(seed + draw)
        rows = generator.integers(0, len(labels), size=min(len(labels), MOST_TEXTS))
        num_clusters = len(np.unique(labels[rows]))
        means = MiniBatchKMeans(num_clusters, batch_size=BATCH_SIZE, n_init=1, random_state=seed + draw)
        scores.append(float(v_measure_score(labels[rows], means.fit_predict(vectors_ND[rows]))))
    return {"v_measure": float(np.mean(scores)), "v_measure_std": float(np.std(scores))}
