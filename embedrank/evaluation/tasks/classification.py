"""Classification: how well do simple classifiers over the vectors do, with few examples a label?"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np

from embedrank.core.errors import DatasetError
from embedrank.core.types import FloatArray
from embedrank.evaluation.labelled_texts import LabelledTexts, load_labelled
from embedrank.evaluation.prompted_encoder import PromptedEncoder
from embedrank.evaluation.split_files import Sample, split_names
from embedrank.evaluation.tasks.task import Measured, by_language

SAMPLES_PER_LABEL: Final = 8
NUM_DRAWS: Final = 10
NUM_NEIGHBOURS: Final = 5
MAX_ITERATIONS: Final = 100
_TRAIN: Final = "train"


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """Texts to label, and draws of labelled ones to learn from.

    Attributes:
        texts: The measured split.
        train: The texts of `train` that some draw uses.
        draws: Places in `train`, for each draw.
        seed: Of draws and classifiers.
    """

    texts: LabelledTexts
    train: LabelledTexts
    draws: Sequence[Sequence[int]]
    seed: int

    name: ClassVar[str] = "classification"
    benchmark_type: ClassVar[str] = "Classification"
    main_metric: ClassVar[str] = "accuracy"

    @classmethod
    def load(cls, folder: Path, split: str, sample: Sample) -> Classification:
        """Read a split of `text`, `label`, and draw examples of each label (and language) from `train`.

        Args:
            folder: The folder.
            split: Name of the measured file without suffix.
            sample: How many texts are measured; its seed draws the examples too.

        Returns:
            The task.

        Raises:
            DatasetError: If a file cannot be used, there is no other split to learn from, or it has one label only.
        """
        texts = load_labelled(folder, split, sample)
        if split == _TRAIN or _TRAIN not in split_names(folder):
            raise DatasetError(folder, f"classification of {split!r} needs a file train.jsonl to learn from")
        whole = load_labelled(folder, _TRAIN, Sample())
        if len(set(whole.labels)) < 2:
            raise DatasetError(folder, "train.jsonl has one label only, so that there is nothing to tell apart")
        draws = [_drawn(whole, sample.seed + draw, set(texts.languages)) for draw in range(NUM_DRAWS)]
        used = sorted({place for draw in draws for place in draw})
        new_place = {old: new for new, old in enumerate(used)}
        train = LabelledTexts(
            folder=folder,
            split=_TRAIN,
            texts=[whole.texts[place] for place in used],
            labels=[whole.labels[place] for place in used],
            languages=[whole.languages[place] for place in used],
            notes=whole.notes,
        )
        places = [[new_place[place] for place in draw] for draw in draws]
        return cls(texts=texts, train=train, draws=places, seed=sample.seed)

    @property
    def num_texts(self) -> int:
        """Different texts."""
        return len({*self.texts.texts, *self.train.texts})

    def measure(self, encoder: PromptedEncoder) -> Measured:
        """Logistic regression and nearest neighbours, mean over the draws.

        Args:
            encoder: Reads examples and texts alike.

        Returns:
            `accuracy` and `macro_f1` of logistic regression, `knn_accuracy` and `knn_macro_f1` of nearest neighbours.

        Source:
            mteb, AbsTaskClassification: 8 examples a label, 10 draws, logistic regression of at most 100 steps
        """
        num_texts = len(self.texts.texts)
        vectors_TD = encoder.instructed([*self.texts.texts, *self.train.texts])
        measured_ND, train_MD = vectors_TD[:num_texts], vectors_TD[num_texts:]
        labels = np.asarray(self.texts.labels)

        def mean_over_draws(rows: Sequence[int]) -> Mapping[str, float]:
            language = self.texts.languages[rows[0]]
            found = []
            for number, draw in enumerate(self.draws):
                own = [place for place in draw if self.train.languages[place] == language]
                answers = np.asarray([self.train.labels[place] for place in own])
                found.append(
                    classified(train_MD[own], answers, measured_ND[list(rows)], labels[list(rows)], self.seed + number)
                )
            return {name: float(np.mean([scores[name] for scores in found])) for name in found[0]}

        metrics, languages = by_language(self.texts.languages, mean_over_draws)
        counts = {"num_texts": num_texts, "num_labels": len({*self.texts.labels, *self.train.labels})}
        notes = [*self.texts.notes, *(f"train: {note}" for note in self.train.notes)]
        return Measured(metrics=metrics, counts=counts, by_language=languages, notes=notes)


def classified(train_MD: FloatArray, answers: Any, texts_ND: FloatArray, labels: Any, seed: int) -> dict[str, float]:
    """Train both classifiers on M examples and judge them on N texts.

    Args:
        train_MD: Vectors of the examples.
        answers: Their labels.
        texts_ND: Vectors of the texts.
        labels: Their labels.
        seed: Of the classifiers.

    Returns:
        Accuracy and macro F1 of each.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import accuracy_score, f1_score
    from sklearn.neighbors import KNeighborsClassifier

    neighbours = KNeighborsClassifier(n_neighbors=min(NUM_NEIGHBOURS, len(answers)), metric="cosine")
    classifiers = {"": LogisticRegression(max_iter=MAX_ITERATIONS, random_state=seed), "knn_": neighbours}
    scores = {}
    for prefix, classifier in classifiers.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # the benchmark stops there, converged or not
            said = classifier.fit(train_MD, answers).predict(texts_ND)
        scores[f"{prefix}accuracy"] = float(accuracy_score(labels, said))
        scores[f"{prefix}macro_f1"] = float(f1_score(labels, said, average="macro", zero_division=0))
    return scores


def _drawn(train: LabelledTexts, seed: int, languages: set[str]) -> list[int]:
    """Places of some texts of each label, in each of the languages."""
    taken: dict[tuple[str, str], int] = {}
    drawn = []
    for place in np.random.default_rng(seed).permutation(len(train.texts)).tolist():
        group = (train.languages[place], train.labels[place])
        if group[0] in languages and taken.get(group, 0) < SAMPLES_PER_LABEL:
            taken[group] = taken.get(group, 0) + 1
            drawn.append(place)
    return drawn
